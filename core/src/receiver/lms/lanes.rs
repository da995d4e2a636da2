//! Sixteen adaptive equalizers side by side: segments of a record, lanes of a cable or seeds of a study.

use super::{Lms, LmsUpdate, check_training, diverged};
use crate::error::{Error, Result};
use crate::modulation::Modulation;
use crate::receiver::sample::largest;
use crate::run::Run;
use crate::simd::Level;
use crate::simd::lanes::{LANES, LmsRows, LmsRowsSums, LmsRowsUpdate, Row, lms};

/// Symbols of a block: the unit of cancelling and of sums in single precision.
const BLOCK: usize = 1024;

/// What a run of [`Lms::run_lanes`] leaves, a row a symbol or tap.
#[derive(Debug, Clone, PartialEq)]
pub struct LmsLanesRun {
    /// Decisions, 0 to 3.
    pub decisions: Vec<[u8; LANES]>,
    /// Slicer inputs.
    pub soft: Vec<Row>,
    /// FFE taps after the last symbol, in time order.
    pub ffe: Vec<Row>,
    /// DFE taps after the last symbol; entry j multiplies the decision j + 1 symbols ago.
    pub dfe: Vec<Row>,
    /// Root mean square of all errors of a stream.
    pub error_rms: [f64; LANES],
}

impl Lms {
    /// Equalizes sixteen records of the same length, each from the same initial taps and adapting on its own.
    ///
    /// As [`Lms::run`] in single precision: slicer inputs and taps follow the serial run within 1e-4 while decisions
    /// agree, and a decision on a threshold may fall either way; by signs, also where a sample or an error is within
    /// rounding of 0. A tap stops moving where a change is below 6e-8 of it.
    ///
    /// # Errors
    /// As [`Lms::run`].
    pub fn run_lanes(
        &self,
        samples: &[Row],
        training: &[[u8; LANES]],
        n_training: usize,
        run: &Run,
    ) -> Result<LmsLanesRun> {
        self.validate()?;
        if samples.is_empty() {
            return Err(Error::parameter("samples", "0 samples", "at least 1 sample"));
        }
        check_training(training.as_flattened(), training.len(), n_training)?;
        let magnitude = magnitude(samples)?;
        // Squares of errors are summed in single precision.
        let limit = self.error_limit(magnitude).min(1e15);
        let simd = Level::detect()?;
        let reversed = |taps: &[f64]| taps.iter().rev().map(|t| Row::splat(*t as f32)).collect::<Vec<_>>();
        let (mut ffe, mut dfe) = (reversed(&self.ffe), reversed(&self.dfe));
        let (n, behind, m) = (samples.len(), ffe.len() - 1, dfe.len());
        let groups = self.groups_reversed();
        let block = if let LmsUpdate::Block(symbols) = self.update { symbols } else { 1 };
        let mut sums = LmsRowsSums::new(block, ffe.len(), m);
        let mut window = vec![Row::default(); behind + BLOCK];
        let mut levels = vec![Row::default(); m + BLOCK];
        let mut known = Vec::with_capacity(BLOCK);
        let mut soft = vec![Row::default(); n];
        let mut decisions = Vec::with_capacity(n);
        let mut total = [0.0; LANES];
        for (b, soft) in soft.chunks_mut(BLOCK).enumerate() {
            run.check()?;
            let (first, count) = (b * BLOCK, soft.len());
            // Row t is sample first + pre − behind + t, zero outside the record.
            let from = first + self.pre;
            let before = behind.saturating_sub(from).min(behind + count);
            let ahead = &samples[(from + before).saturating_sub(behind).min(n)..];
            let (zeros, rows) = window[..behind + count].split_at_mut(before);
            let inside = rows.len().min(ahead.len());
            zeros.fill(Row::default());
            rows[..inside].copy_from_slice(&ahead[..inside]);
            rows[inside..].fill(Row::default());
            known.clear();
            let trained = &training[first.min(n_training)..(first + count).min(n_training)];
            let table = Modulation::Pam4.levels();
            known.extend(trained.iter().map(|row| Row(row.map(|s| table[usize::from(s)] as f32))));
            let (mut energy, mut worst) = (Row::default(), Row::default());
            let mut taps = LmsRows {
                step: self.step as f32,
                update: match self.update {
                    LmsUpdate::Lms => LmsRowsUpdate::Plain,
                    LmsUpdate::SignSign => LmsRowsUpdate::SignSign,
                    LmsUpdate::Block(_) => LmsRowsUpdate::Block(&mut sums),
                },
                groups: &groups,
                ffe: &mut ffe,
                dfe: &mut dfe,
            };
            lms(
                simd,
                &mut taps,
                &window[..behind + count],
                &known,
                &mut levels[..m + count],
                soft,
                &mut energy,
                &mut worst,
            );
            for lane in 0..LANES {
                let (e, sum) = (f64::from(worst.0[lane]), f64::from(energy.0[lane]));
                if !sum.is_finite() || e > limit {
                    let figure = format!("largest error of stream {lane}");
                    return Err(diverged(
                        &figure,
                        if sum.is_finite() { e } else { sum },
                        limit,
                        first + count,
                    ));
                }
                total[lane] += sum;
            }
            decisions.extend(soft.iter().map(|row| row.0.map(slice)));
            levels.copy_within(count..count + m, 0);
            run.report((first + count) as u64, n as u64);
        }
        if let Some(tap) = ffe.iter().chain(&dfe).flat_map(|r| r.0).find(|t| !t.is_finite()) {
            return Err(diverged("tap", f64::from(tap), f64::from(f32::MAX), n));
        }
        ffe.reverse();
        dfe.reverse();
        let error_rms = total.map(|sum| (sum / n as f64).sqrt());
        Ok(LmsLanesRun { decisions, soft, ffe, dfe, error_rms })
    }
}

/// clip(⌊1.5 z + 2⌋, 0, 3) by comparisons, which become vector code on every processor.
fn slice(z: f32) -> u8 {
    let v = z * 1.5 + 2.0;
    u8::from(v >= 1.0) + u8::from(v >= 2.0) + u8::from(v >= 3.0)
}

/// Largest magnitude of all samples.
fn magnitude(samples: &[Row]) -> Result<f64> {
    let mut lanes = [0.0f32; LANES];
    let mut finite = true;
    for row in samples {
        for (largest, x) in lanes.iter_mut().zip(row.0) {
            finite &= x.abs() <= f32::MAX;
            *largest = largest.max(x.abs());
        }
    }
    if !finite {
        for (k, row) in samples.iter().enumerate() {
            largest(&format!("samples[{k}]"), &row.0)?;
        }
    }
    Ok(f64::from(lanes.into_iter().fold(0.0, f32::max)))
}
