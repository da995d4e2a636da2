//! The eye from decisions made: every phase sampled, converted and filtered, less the feedback of the levels decided.

use super::eye::{BINS, EyeDensity};
use super::sampler::Sampler;
use super::source::Source;
use crate::engine::time_domain::lock;
use crate::simd::{self, Level};
use rayon::prelude::*;
use std::sync::Mutex;

/// Symbols of a piece: all phases of them stay in the nearest cache.
const PIECE: usize = 128;
/// Counters of a phase: the bins and what lies below and above them.
const ROW: usize = BINS + 2;

/// Counts by phase, on several threads.
pub(super) struct EyeImage {
    level: Level,
    phases: usize,
    scale: f32,
    counters: Vec<Mutex<Counter>>,
}

/// Counts and buffers of one thread.
#[derive(Debug, Default)]
struct Counter {
    at: Vec<(usize, f32)>,
    columns: Vec<f32>,
    z: Vec<f32>,
    feedback: Vec<f32>,
    bins: Vec<u16>,
    /// By phase, then bin. Small counters keep all of them in the nearest cache.
    recent: Vec<u32>,
    symbols: u32,
    total: Vec<u64>,
}

impl EyeImage {
    /// An empty image for that many threads.
    pub(super) fn new(eye: &EyeDensity, level: Level, threads: usize) -> Self {
        let counters = (0..threads).map(|_| Mutex::default()).collect();
        Self { level, phases: eye.phase_ui.len(), scale: eye.scale(), counters }
    }

    /// Adds the symbols of the last batch.
    pub(super) fn add(&self, source: &Source<'_>, sampler: &Sampler<'_>) {
        let n = sampler.batch.decided.len();
        let piece = |first: usize| {
            let thread = rayon::current_thread_index().unwrap_or(0) % self.counters.len();
            let mut counter = lock(&self.counters[thread]);
            self.evaluate(source, sampler, (first, n.min(first + PIECE)), &mut counter);
            counter.count(self.level, self.scale, self.phases);
        };
        (0..n).into_par_iter().step_by(PIECE).for_each(piece);
    }

    /// The slicer's input at every phase of a range of the batch.
    fn evaluate(
        &self,
        source: &Source<'_>,
        sampler: &Sampler<'_>,
        (first, end): (usize, usize),
        c: &mut Counter,
    ) {
        let (batch, m, past) = (&sampler.batch, self.phases, sampler.ffe.len() - 1);
        let column = batch.first_column + first as i64;
        let width = end - first + past;
        let columns = if sampler.converter.is_ideal() && sampler.is_steady() {
            // The waveform as it is.
            &source.samples()[source.place(column, 0.0).0 - m / 2..][..width * m]
        } else {
            c.at.clear();
            for (k, offset_ui) in (column..).zip(&batch.offsets_ui[first..end + past]) {
                let (whole, part) = source.place(k, offset_ui + sampler.converter.skew_ui(k));
                c.at.push((whole - m / 2, part));
            }
            c.columns.resize(width * m, 0.0);
            simd::interpolate(self.level, source.samples(), &c.at, m, &mut c.columns);
            sampler.converter.scale(column, m, &mut c.columns);
            sampler.converter.quantize(&mut c.columns);
            &c.columns[..]
        };
        let n = end - first;
        c.feedback.clear();
        c.feedback.resize(n, 0.0);
        if !sampler.dfe.is_empty() {
            let levels = &batch.decided_levels[first..];
            simd::fir_add(self.level, levels, &sampler.dfe, &mut c.feedback);
        }
        c.z.resize(n * m, 0.0);
        for (z, feedback) in c.z.chunks_exact_mut(m).zip(&c.feedback) {
            z.fill(-feedback);
        }
        simd::strided_fir_add(self.level, columns, &sampler.ffe, m, &mut c.z);
    }

    /// Moves all counts into the density.
    pub(super) fn finish(self, eye: &mut EyeDensity) {
        let phases = self.phases;
        for counter in self.counters {
            let mut c = counter.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
            c.flush();
            for (p, row) in c.total.chunks_exact(ROW).enumerate() {
                eye.n_outside += row[0] + row[ROW - 1];
                for (bin, count) in row[1..=BINS].iter().enumerate() {
                    eye.counts[bin * phases + p] += count;
                }
            }
        }
    }
}

impl Counter {
    /// Counts what was evaluated.
    fn count(&mut self, level: Level, scale: f32, phases: usize) {
        self.bins.resize(self.z.len(), 0);
        simd::bins(level, &self.z, scale, BINS as u16, &mut self.bins);
        self.recent.resize(phases * ROW, 0);
        let symbols = (self.z.len() / phases) as u32;
        if self.symbols.checked_add(symbols).is_none() {
            self.flush();
        }
        self.symbols += symbols;
        for column in self.bins.chunks_exact(phases) {
            for (row, bin) in self.recent.chunks_exact_mut(ROW).zip(column) {
                row[usize::from(*bin)] += 1;
            }
        }
    }

    fn flush(&mut self) {
        self.total.resize(self.recent.len(), 0);
        for (total, recent) in self.total.iter_mut().zip(&mut self.recent) {
            *total += u64::from(std::mem::take(recent));
        }
        self.symbols = 0;
    }
}
