//! A record after the receiver's filters, its linear pulse, and its table at the slicer.
//!
//! The linear pulse is the least-squares response of the record at every phase: cross-correlation with the symbols,
//! divided by their autocorrelation, which the finite period keeps from being a delta. Equalizer, CTLE search and sampling
//! phase are adapted to it, with what it leaves of the record counted as noise; the model takes the table.

use crate::error::{Error, Result};
use crate::receiver::front_end::FrontEnd;
use crate::receiver::input::column;
use crate::receiver::raster::Raster;
use crate::receiver::slicer::Settled;
use crate::response::{
    FitWindow, PhaseResponse, PulseResponse, Record, RecordFit, RecordFitter, Residual, SlicerSignal,
    WaveformTable, real_transforms,
};
use crate::run::Run;
use nalgebra::{Cholesky, DMatrix};
use num_complex::Complex64;
use realfft::{ComplexToReal, RealToComplex};
use std::f64::consts::TAU;
use std::sync::Arc;

/// Longest linear pulse of a record, in symbols.
const MAX_PULSE: usize = 128;
/// Symbols around the cursor that the linear remainder of the table covers.
const REMAINDER_PRE: usize = 24;
const REMAINDER_POST: usize = 72;
/// Symbols of the shortest and of the longest word that is tried when none is asked for.
const FEWEST: usize = 4;
const MOST: usize = 8;
/// Harmonics that are turned from one sine.
const TURNS: usize = 64;
/// Share of the half-eye above which the unexplained part is handed to the engines, sample by sample.
const RESIDUAL_LIMIT: f64 = 0.05;

/// A record at the FFE's input.
pub(crate) struct RecordInput {
    /// One period, all phases, without its mean: it only moves the thresholds.
    v: Vec<f64>,
    samples_per_symbol: usize,
    symbols: Vec<u8>,
    levels: Vec<f64>,
    /// Levels of the period without their mean.
    centred: Vec<f64>,
    /// Their spectrum.
    spectrum: Vec<Complex64>,
    /// Numbers of symbols that a word may have, ascending.
    memories: Vec<usize>,
    /// Best linear response.
    pub(crate) pulse: PulseResponse,
}

/// The fit that was chosen.
struct BestFit<'a> {
    fitter: RecordFitter<'a>,
    fit: RecordFit,
    residual: Residual,
    /// Largest magnitude of what is left, over the half-eye.
    share: f64,
}

impl RecordInput {
    pub(crate) fn new(record: &Record, levels: &[f64], front: &FrontEnd) -> Result<Self> {
        record.validate(levels.len())?;
        let m = record.samples_per_symbol;
        if !m.is_multiple_of(2) {
            return Err(Error::parameter(
                "record.samples_per_symbol",
                m,
                "even, so that a sample is at the centre",
            ));
        }
        let n = record.symbols.len();
        let v = filtered(&record.v, record.symbol_rate.hz() / n as f64, front);
        let of = |s: &u8| levels[*s as usize];
        let mean = record.symbols.iter().map(of).sum::<f64>() / n as f64;
        let centred: Vec<f64> = record.symbols.iter().map(|s| of(s) - mean).collect();
        let spectrum = Transform::new(n).forward(&centred);
        let pulse = fitted_pulse(&v, &spectrum, record)?;
        Ok(Self {
            v,
            samples_per_symbol: m,
            symbols: record.symbols.clone(),
            levels: levels.to_vec(),
            centred,
            spectrum,
            memories: memories(record),
            pulse,
        })
    }

    /// One sample a symbol, `position` samples after each symbol's centre.
    fn sampled(&self, position: isize) -> Vec<f64> {
        let (m, n) = (self.samples_per_symbol, self.v.len() as isize);
        let first = position + (m / 2) as isize;
        (0..self.symbols.len() as isize)
            .map(|k| self.v[(k * m as isize + first).rem_euclid(n) as usize])
            .collect()
    }

    /// Cursors of the linear pulse with the index of n = 0, and the autocorrelation of what the pulse leaves
    /// unexplained, V². The record's own autocorrelation would carry the accidental one of its finite sequence.
    pub(crate) fn linear_part(&self, position: isize, lags: usize) -> (Vec<f64>, usize, Vec<f64>) {
        let (response, main) = column(&self.pulse, position);
        let n = self.symbols.len();
        let mut placed = vec![0.0; n];
        for (i, h) in response.iter().enumerate() {
            placed[(i as isize - main as isize).rem_euclid(n as isize) as usize] += h;
        }
        let transform = Transform::new(n);
        let left = transform
            .forward(&self.sampled(position))
            .iter()
            .zip(transform.forward(&placed))
            .zip(&self.spectrum)
            .map(|((y, h), a)| Complex64::new((y - h * a).norm_sqr() / n as f64, 0.0))
            .collect();
        let mut auto = transform.inverse(left);
        auto.truncate(lags);
        (response, main, auto)
    }

    /// Table, wanted power and intersymbol interference (after decision feedback), V².
    pub(crate) fn table(
        &self,
        settled: &Settled,
        cursor: f64,
        dfe: &[f64],
    ) -> Result<(SlicerSignal, f64, f64)> {
        let y = self.sampled(settled.at.position);
        let z = self.through(&y, settled);
        let (wanted, isi) = self.by_level(&z, dfe);
        let half_eye = self.half_eye(cursor);
        let best = self.smallest(&z, |residual| residual.max_abs / half_eye)?;
        let BestFit { fit, residual, share: residual_ratio, .. } = best;
        let signal = SlicerSignal::Table {
            table: fit.table,
            memory: fit.window.memory,
            after: fit.window.after,
            cursors: fit.cursors,
            main: fit.main,
            residual_v: if residual_ratio > RESIDUAL_LIMIT { residual.samples } else { Vec::new() },
            residual_ratio,
        };
        Ok((signal, wanted, isi))
    }

    /// The fit of the fewest symbols whose share of the half-eye left unexplained is below the limit, or else of those that
    /// leave the smallest one.
    fn smallest(&self, z: &[f64], share: impl Fn(&Residual) -> f64) -> Result<BestFit<'_>> {
        let mut best: Option<BestFit<'_>> = None;
        for &memory in &self.memories {
            let fitter = RecordFitter::new(&self.symbols, &self.levels, self.window(memory, z))?;
            let fit = fitter.fit(z)?;
            let residual = fit.residual(z, &self.symbols)?;
            let share = share(&residual);
            if best.as_ref().is_none_or(|b| share < b.share) {
                best = Some(BestFit { fitter, fit, residual, share });
            }
            if share <= RESIDUAL_LIMIT {
                break;
            }
        }
        best.ok_or_else(|| Error::parameter("record.memory", 0, "at least 1"))
    }

    /// Words of `memory` symbols, as many of them after the cursor as explain most, and the remainder around them.
    fn window(&self, memory: usize, z: &[f64]) -> FitWindow {
        let n = z.len();
        FitWindow {
            memory,
            after: self.best_after(z, memory),
            pre: REMAINDER_PRE.min(n / 8).max(memory),
            post: REMAINDER_POST.min(n / 4).max(memory),
        }
    }

    /// Table and remainder at every phase of the raster, and what they leave; `cursor` is the response at the slicer.
    ///
    /// # Errors
    /// Those of [`RecordFitter::new`]; [`Error::Interrupted`].
    pub(crate) fn waveform(
        &self,
        settled: &Settled,
        raster: &Raster,
        cursor: f64,
        run: &Run,
    ) -> Result<WaveformTable> {
        let record = Transform::new(self.v.len()).forward(&self.v);
        let of_symbols = Transform::new(self.symbols.len());
        let at = |p: usize| self.resampled(&record, raster.ui(p), &of_symbols);
        let half_eye = self.half_eye(cursor);
        let unexplained =
            |left: &[f64]| self.through(left, settled).iter().fold(0.0f64, |m, v| m.max(v.abs())) / half_eye;
        // The middle of the eye is where decisions are made.
        let best = self.smallest(&at(0), |residual| unexplained(&residual.samples))?;
        let BestFit { fitter, fit: RecordFit { window, .. }, share: residual_ratio, .. } = best;
        let (mut values, mut phases) = (Vec::new(), Vec::new());
        let samples = if residual_ratio > RESIDUAL_LIMIT { self.symbols.len() * raster.samples } else { 0 };
        let mut residual_v = vec![0.0; samples];
        for p in 0..raster.samples {
            run.check()?;
            let y = at(p);
            let fit = fitter.fit(&y)?;
            if samples > 0 {
                let left = fit.residual(&y, &self.symbols)?.samples;
                residual_v[p..].iter_mut().step_by(raster.samples).zip(left).for_each(|(r, v)| *r = v);
            }
            values.push(fit.table);
            phases.push(fit.cursors);
        }
        Ok(WaveformTable {
            memory: window.memory,
            after: window.after,
            values,
            remainder: PhaseResponse { phases, main: window.pre },
            residual_ratio,
            residual_v,
        })
    }

    /// One sample a symbol, `ui` after each symbol's centre: the record's own harmonics, delayed and folded to the symbol
    /// rate.
    fn resampled(&self, record: &[Complex64], ui: f64, of_symbols: &Transform) -> Vec<f64> {
        let n = self.symbols.len();
        let mut folded = vec![Complex64::ZERO; n / 2 + 1];
        let turns = (ui + 0.5) / n as f64;
        let turn = |k: usize| Complex64::from_polar(1.0, TAU * (k as f64 * turns).fract());
        // A sine for every harmonic would be most of the time.
        let steps: [Complex64; TURNS] = std::array::from_fn(turn);
        let mut from = Complex64::ONE;
        for (k, x) in record.iter().enumerate() {
            if k % TURNS == 0 {
                from = turn(k);
            }
            let x = x * (from * steps[k % TURNS]);
            // Harmonic k and its mirror −k, each at its place modulo the symbols; a place above the middle is that of the
            // mirror.
            let place = k % n;
            if place <= n / 2 {
                folded[place] += x;
            }
            let mirror = (n - place) % n;
            if mirror <= n / 2 && k != 0 && 2 * k != self.v.len() {
                folded[mirror] += x.conj();
            }
        }
        let scale = n as f64 / self.v.len() as f64;
        folded.iter_mut().for_each(|x| *x *= scale);
        of_symbols.inverse(folded)
    }

    /// Through the FFE: tap i looks i − pre symbols back.
    fn through(&self, y: &[f64], settled: &Settled) -> Vec<f64> {
        let n = y.len();
        let mut z = vec![0.0; n];
        for (i, tap) in settled.ffe.iter().enumerate().filter(|(_, t)| **t != 0.0) {
            let shift = (settled.pre as isize - i as isize).rem_euclid(n as isize) as usize;
            for (out, v) in z.iter_mut().zip(y[shift..].iter().chain(&y[..shift])) {
                *out += tap * v;
            }
        }
        z
    }

    /// Half the distance of the closest levels at the slicer, V.
    fn half_eye(&self, cursor: f64) -> f64 {
        let spacing = self.levels.windows(2).map(|w| w[1] - w[0]).fold(f64::INFINITY, f64::min);
        0.5 * spacing * cursor.abs()
    }

    /// Variance of the mean by level, and mean variance within a level, after decision feedback.
    fn by_level(&self, z: &[f64], dfe: &[f64]) -> (f64, f64) {
        let n = z.len();
        let mut sums = vec![(0.0, 0.0, 0.0f64); self.levels.len()];
        for k in 0..n {
            let fed: f64 =
                dfe.iter().enumerate().map(|(j, d)| d * self.centred[(k + n - (j + 1) % n) % n]).sum();
            let left = z[k] - fed;
            let (count, sum, square) = &mut sums[self.symbols[k] as usize];
            *count += 1.0;
            *sum += left;
            *square += left * left;
        }
        let total: f64 = sums.iter().map(|s| s.1).sum::<f64>() / n as f64;
        let between: f64 =
            sums.iter().map(|(c, s, _)| if *c > 0.0 { s * s / c } else { 0.0 }).sum::<f64>() / n as f64;
        let all: f64 = sums.iter().map(|s| s.2).sum::<f64>() / n as f64;
        (between - total * total, (all - between).max(0.0))
    }

    /// Precursors of the word: as many as leave the least unexplained by the word alone.
    fn best_after(&self, z: &[f64], memory: usize) -> usize {
        let (n, base) = (z.len(), self.levels.len());
        let words = base.pow(memory as u32);
        // The word that ends at each symbol; a word with `after` precursors ends at k + after.
        let mut word = 0;
        let mut ending = vec![0; n];
        for k in 0..n + memory {
            word = (word * base + self.symbols[k % n] as usize) % words;
            ending[k % n] = word;
        }
        let explained = |after: usize| -> f64 {
            let mut sums = vec![(0.0f64, 0.0f64); words];
            for (k, z) in z.iter().enumerate() {
                let (count, sum) = &mut sums[ending[(k + after) % n]];
                *count += 1.0;
                *sum += z;
            }
            sums.iter().map(|(c, s)| if *c > 0.0 { s * s / c } else { 0.0 }).sum()
        };
        let mut best = (0.0, 0);
        for after in 0..memory {
            let e = explained(after);
            if e > best.0 {
                best = (e, after);
            }
        }
        best.1
    }
}

/// Numbers of symbols that a word of the slicer's table may have: the given one, or from four to what the record resolves.
fn memories(record: &Record) -> Vec<usize> {
    let most = record.order.saturating_sub(2);
    record.memory.map_or_else(|| (FEWEST.min(most)..=most.min(MOST)).collect(), |m| vec![m])
}

/// Real transforms of one length.
struct Transform {
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
}

impl Transform {
    fn new(n: usize) -> Self {
        let (forward, inverse) = real_transforms(n);
        Self { forward, inverse }
    }

    fn forward(&self, x: &[f64]) -> Vec<Complex64> {
        let mut input = x.to_vec();
        let mut out = self.forward.make_output_vec();
        // The lengths are the plan's own, so this cannot fail.
        let _ = self.forward.process(&mut input, &mut out);
        out
    }

    /// The inverse of `forward`.
    fn inverse(&self, mut x: Vec<Complex64>) -> Vec<f64> {
        let n = self.inverse.len();
        // A real signal has real spectra at 0 and, for even n, at the highest frequency; realfft refuses anything else.
        x[0].im = 0.0;
        if n.is_multiple_of(2)
            && let Some(last) = x.last_mut()
        {
            last.im = 0.0;
        }
        let mut out = self.inverse.make_output_vec();
        let _ = self.inverse.process(&mut x, &mut out);
        out.iter_mut().for_each(|v| *v /= n as f64);
        out
    }
}

/// The record through the filters, at its own harmonics, without its mean.
fn filtered(v: &[f64], step_hz: f64, front: &FrontEnd) -> Vec<f64> {
    let transform = Transform::new(v.len());
    let mut x = transform.forward(v);
    x[0] = Complex64::new(0.0, 0.0);
    for (k, value) in x.iter_mut().enumerate().skip(1) {
        *value *= front.response(k as f64 * step_hz);
    }
    transform.inverse(x)
}

/// Least-squares linear response at every phase, over the window that holds most of the correlation; `a` is the
/// spectrum of the symbols.
fn fitted_pulse(v: &[f64], a: &[Complex64], record: &Record) -> Result<PulseResponse> {
    let (m, n) = (record.samples_per_symbol, record.symbols.len());
    let transform = Transform::new(n);
    // Σ_k y_(k + d) a_k for every d.
    let correlate = |y: &[Complex64]| transform.inverse(y.iter().zip(a).map(|(y, a)| y * a.conj()).collect());
    let phases: Vec<Vec<f64>> = (0..m)
        .map(|i| correlate(&transform.forward(&(0..n).map(|k| v[k * m + i]).collect::<Vec<_>>())))
        .collect();
    let energy = |d: usize| phases.iter().map(|p| p[d] * p[d]).sum::<f64>();
    let peak = (0..n).max_by(|x, y| energy(*x).total_cmp(&energy(*y))).unwrap_or(0);
    let symbols = MAX_PULSE.min(n / 2);
    let before = symbols / 4;
    let auto = correlate(a);
    let normal = DMatrix::from_fn(symbols, symbols, |i, j| auto[i.abs_diff(j)]);
    let Some(factor) = Cholesky::new(normal) else {
        let requirement = "a sequence whose symbols can be told apart";
        return Err(Error::parameter("record.symbols", format!("{n} symbols"), requirement));
    };
    let rhs = DMatrix::from_fn(symbols, m, |d, i| phases[i][(peak + n + d - before) % n]);
    let response = factor.solve(&rhs);
    // Lags in the upper half of the period are negative ones.
    let lag = if peak > n / 2 { peak as isize - n as isize } else { peak as isize };
    let first = (lag - before as isize) * m as isize - (m / 2) as isize;
    let samples = (0..symbols * m).map(|i| response[(i / m, i % m)]).collect();
    let pulse = PulseResponse::new(record.symbol_rate, m, first, samples)?;
    if pulse.v().iter().all(|p| *p == 0.0) {
        return Err(Error::parameter(
            "record.v",
            "no part that follows the symbols",
            "a response to its symbols",
        ));
    }
    Ok(pulse)
}
