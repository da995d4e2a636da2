//! Pulses behind the CTLE, one row a sampling phase, and their autocorrelations at whole symbols.
//!
//! ```text
//! p(t) = A Σ_f H(f) H_ctf(f) M sinc(f T_b) e^{j2πft}             zero-phase rectangle of one symbol
//! R_m[k] = Σ_n p[m + nM] p[m + (n + k)M],   R'_m[k] the same of the slope h_J
//! ```
//!
//! The pulse of a transmitter setting is Σ c(i) p(t - iT_b); with a[d] = Σ c(i) c(i + d) its autocorrelation is
//! Σ_d a[d] R_m[k - d], so that a candidate never sees the pulse as a whole.

use crate::engine::com::pulse::{MAX_LAG, Taps};
use crate::receiver::CtleStage;
use crate::simd::{self, Level};
use num_complex::Complex64;
use realfft::{ComplexToReal, RealFftPlanner};
use std::f64::consts::{PI, TAU};
use std::sync::Arc;

/// Symbols before an impulse response: the taps move the pulse by up to 6, the rectangle by half of one.
pub(super) const ROOM: usize = 10;
/// Time constants of the slowest pole that the grid goes on after the longest impulse response: e^-30 is 1e-13.
pub(super) const TAIL: f64 = 30.0;
/// Symbols on whose samples the peak of a setting is looked for, before and after that of the plain pulse.
const PEAK_WINDOW: usize = 12;
/// Share of the peak below which the ends of a pulse are not looked at.
const NEGLIGIBLE: f64 = 1e-13;

/// The frequency grid that all paths of a case share.
pub(super) struct Grid {
    level: Level,
    pub(super) per_symbol: usize,
    symbols: usize,
    sample_s: f64,
    inverse: Arc<dyn ComplexToReal<f64>>,
    forward: Arc<dyn realfft::RealToComplex<f64>>,
    /// |H_r|².
    receiver: Vec<f64>,
    /// Transform of a rectangle of one symbol, M sinc(f T_b).
    rectangle: Vec<f64>,
}

impl Grid {
    /// A grid for impulse responses of up to `longest` samples behind poles from `slowest_hz` on.
    pub(super) fn new(
        longest: usize,
        slowest_hz: f64,
        sample_s: f64,
        per_symbol: usize,
        receiver: impl Fn(f64) -> Complex64,
        level: Level,
    ) -> Self {
        let tail = TAIL / (TAU * slowest_hz * sample_s);
        let needed = longest.div_ceil(per_symbol) + 2 * ROOM + (tail / per_symbol as f64).ceil() as usize;
        let symbols = smooth(needed);
        let n = symbols * per_symbol;
        let mut planner = RealFftPlanner::new();
        let step_hz = 1.0 / (n as f64 * sample_s);
        let rectangle = |k: usize| {
            let x = PI * k as f64 / symbols as f64;
            per_symbol as f64 * if k == 0 { 1.0 } else { x.sin() / x }
        };
        Self {
            level,
            per_symbol,
            symbols,
            sample_s,
            inverse: planner.plan_fft_inverse(n),
            forward: planner.plan_fft_forward(n),
            receiver: (0..=n / 2).map(|k| receiver(k as f64 * step_hz).norm_sqr()).collect(),
            rectangle: (0..=n / 2).map(rectangle).collect(),
        }
    }

    fn len(&self) -> usize {
        self.symbols * self.per_symbol
    }

    fn frequency_hz(&self, k: usize) -> f64 {
        k as f64 / (self.len() as f64 * self.sample_s)
    }

    /// Spectrum of an impulse response that begins after the room.
    pub(super) fn spectrum(&self, impulse: &[f64]) -> Vec<Complex64> {
        let start = ROOM * self.per_symbol;
        let mut padded = vec![0.0; self.len()];
        padded[start..start + impulse.len()].copy_from_slice(impulse);
        let mut out = self.forward.make_output_vec();
        // The lengths are those of the plan.
        let _ = self.forward.process(&mut padded, &mut out);
        out
    }

    /// H_ctf on the grid.
    pub(super) fn ctle(&self, stage: CtleStage) -> Vec<Complex64> {
        (0..=self.len() / 2).map(|k| stage.response(self.frequency_hz(k))).collect()
    }

    /// Autocorrelation of receiver noise of one-sided density `eta` at whole symbols: η_0/2 ∫ |H_r H_ctf|² e^{j2πfkT_b} df.
    pub(super) fn receiver_lags(&self, ctle: &[Complex64], eta_v2_per_hz: f64, n_lags: usize) -> Vec<f64> {
        let density =
            ctle.iter().zip(&self.receiver).map(|(h, r)| Complex64::from(h.norm_sqr() * r)).collect();
        let scale = 0.5 * eta_v2_per_hz / (self.sample_s * self.len() as f64);
        let r = self.backward(density);
        (0..n_lags).map(|k| r.get(k * self.per_symbol).map_or(0.0, |v| scale * v)).collect()
    }

    /// The pulse of a path.
    pub(super) fn pulse(&self, spectrum: &[Complex64], ctle: &[Complex64], amplitude_v: f64) -> Pulse {
        let scale = amplitude_v / self.len() as f64;
        let shaped =
            spectrum.iter().zip(ctle).zip(&self.rectangle).map(|((h, c), r)| h * c * (scale * r)).collect();
        Pulse::new(self.backward(shaped), self.per_symbol, self.level)
    }

    fn backward(&self, mut spectrum: Vec<Complex64>) -> Vec<f64> {
        let end = spectrum.len() - 1;
        spectrum[0].im = 0.0;
        spectrum[end].im = 0.0;
        let mut out = self.inverse.make_output_vec();
        let _ = self.inverse.process(&mut spectrum, &mut out);
        out
    }
}

/// The next length that a Fourier transform likes: 2^a times 1, 3 or 5.
fn smooth(least: usize) -> usize {
    [2, 6, 10]
        .into_iter()
        .map(|mut n: usize| {
            while n < least {
                n *= 2;
            }
            n
        })
        .min()
        .unwrap_or(least)
}

/// A pulse behind the CTLE without the transmitter's FFE.
pub(super) struct Pulse {
    level: Level,
    per_symbol: usize,
    symbols: usize,
    v: Vec<f64>,
    /// `v` again, one row a phase.
    by_phase: Vec<f64>,
    pub(super) peak: usize,
    /// Symbols outside of which nothing is left of the pulse.
    support: std::ops::Range<usize>,
}

impl Pulse {
    fn new(v: Vec<f64>, per_symbol: usize, level: Level) -> Self {
        let symbols = v.len() / per_symbol;
        let by_phase = (0..per_symbol).flat_map(|m| v.iter().skip(m).step_by(per_symbol)).copied().collect();
        let peak = largest(&v);
        let floor = NEGLIGIBLE * v[peak].abs();
        let first = v.iter().position(|x| x.abs() > floor).unwrap_or(0) / per_symbol;
        let last = v.iter().rposition(|x| x.abs() > floor).unwrap_or(0) / per_symbol;
        Self { level, per_symbol, symbols, v, by_phase, peak, support: first..last + 1 }
    }

    fn row(&self, phase: usize) -> &[f64] {
        &self.by_phase[phase * self.symbols..(phase + 1) * self.symbols]
    }

    /// R_m at lags 0 to `n_lags` - 1, one row a phase.
    pub(super) fn lags(&self, n_lags: usize) -> Table {
        Table::new(self.level, self.per_symbol, n_lags, |phase| &self.row(phase)[self.support.clone()])
    }

    /// R' of the slopes, V² per UI².
    pub(super) fn slope_lags(&self, n_lags: usize) -> Table {
        Table::new(self.level, self.per_symbol, n_lags, |phase| self.slopes(phase, self.support.clone()))
    }

    /// Slopes of the pulse at a phase, V per UI (178A-23).
    fn slopes(&self, phase: usize, symbols: std::ops::Range<usize>) -> Vec<f64> {
        let m = self.per_symbol;
        symbols
            .map(|n| {
                let i = n * m + phase;
                let before = if i > 0 { self.v[i - 1] } else { 0.0 };
                0.5 * m as f64 * (self.v.get(i + 1).copied().unwrap_or(0.0) - before)
            })
            .collect()
    }

    /// `out[j]` is the sample of symbol `from` + j at a phase of the pulse that the taps shape.
    pub(super) fn window(&self, taps: &Taps, phase: usize, from: i64, out: &mut [f64]) {
        out.fill(0.0);
        let row = self.row(phase);
        for (place, c) in taps {
            let start = from - i64::from(*place);
            let skip = (-start).clamp(0, out.len() as i64) as usize;
            let first = (start + skip as i64) as usize;
            if let Some(source) = row.get(first..) {
                for (o, x) in out[skip..].iter_mut().zip(source) {
                    *o += c * x;
                }
            }
        }
    }

    /// The whole pulse of a setting.
    pub(super) fn shaped(&self, taps: &Taps) -> Vec<f64> {
        let mut out = vec![0.0; self.v.len()];
        for (place, c) in taps {
            let shift = (place.unsigned_abs() as usize * self.per_symbol).min(out.len());
            let n = out.len() - shift;
            let (to, from) = if *place >= 0 { (shift, 0) } else { (0, shift) };
            for (o, x) in out[to..to + n].iter_mut().zip(&self.v[from..from + n]) {
                *o += c * x;
            }
        }
        out
    }

    /// Sample of the largest value of the pulse that the taps shape; None if it is not above 0.
    pub(super) fn shaped_peak(&self, taps: &Taps) -> Option<usize> {
        let reach = PEAK_WINDOW * self.per_symbol;
        let (low, high) = (self.peak.saturating_sub(reach), (self.peak + reach).min(self.v.len()));
        let mut out = vec![0.0; high - low];
        for (place, c) in taps {
            let start = low as i64 - i64::from(*place) * self.per_symbol as i64;
            let skip = (-start).clamp(0, out.len() as i64) as usize;
            if let Some(source) = self.v.get((start + skip as i64) as usize..) {
                for (o, x) in out[skip..].iter_mut().zip(source) {
                    *o += c * x;
                }
            }
        }
        let best = largest(&out);
        (out[best] > 0.0).then_some(low + best)
    }
}

/// Index of the largest value, the first of equals.
fn largest(v: &[f64]) -> usize {
    v.iter().enumerate().fold((0, f64::NEG_INFINITY), |b, (i, x)| if *x > b.1 { (i, *x) } else { b }).0
}

/// Autocorrelations at lags of whole symbols, one row a sampling phase.
pub(super) struct Table {
    n_lags: usize,
    values: Vec<f64>,
}

impl Table {
    fn new<X: AsRef<[f64]>>(level: Level, phases: usize, n_lags: usize, row: impl Fn(usize) -> X) -> Self {
        let mut values = vec![0.0; phases * n_lags];
        for (phase, r) in values.chunks_exact_mut(n_lags).enumerate() {
            simd::autocorrelate(level, row(phase).as_ref(), r);
        }
        Self { n_lags, values }
    }

    pub(super) fn row(&self, phase: usize) -> &[f64] {
        &self.values[phase * self.n_lags..(phase + 1) * self.n_lags]
    }

    /// `self` + `factor` · `other`.
    pub(super) fn plus(&self, factor: f64, other: &Self) -> Self {
        let values = self.values.iter().zip(&other.values).map(|(v, o)| v + factor * o).collect();
        Self { n_lags: self.n_lags, values }
    }

    /// Energy of the shaped pulse at a phase.
    pub(super) fn energy(&self, phase: usize, products: &Products) -> f64 {
        let row = self.row(phase);
        products.iter().zip(row).map(|(a, r)| a * r).sum::<f64>()
            + products[1..].iter().zip(&row[1..]).map(|(a, r)| a * r).sum::<f64>()
    }

    /// Phase of the largest energy (178A-20).
    pub(super) fn worst_phase(&self, products: &Products) -> usize {
        let phases = self.values.len() / self.n_lags;
        largest(&(0..phases).map(|m| self.energy(m, products)).collect::<Vec<_>>())
    }

    /// `out[k]` += autocorrelation of the shaped pulse at a phase.
    pub(super) fn add_shaped(&self, phase: usize, products: &Products, out: &mut [f64]) {
        let row = self.row(phase);
        for (d, a) in products.iter().enumerate().filter(|p| *p.1 != 0.0) {
            for (o, r) in out.iter_mut().zip(&row[d..]) {
                *o += a * r;
            }
            if d > 0 {
                // R is even.
                for (k, o) in out.iter_mut().enumerate().take(d) {
                    *o += a * row[d - k];
                }
                if out.len() > d {
                    for (o, r) in out[d..].iter_mut().zip(row) {
                        *o += a * r;
                    }
                }
            }
        }
    }
}

/// a[d] = Σ c(i) c(i + d), the autocorrelation of a transmitter setting.
pub(super) type Products = [f64; MAX_LAG + 1];

/// a[d] of a setting.
pub(super) fn products(taps: &Taps) -> Products {
    let mut a = [0.0; MAX_LAG + 1];
    for (i, x) in taps {
        for (j, y) in taps {
            if j >= i {
                a[j.abs_diff(*i) as usize] += x * y;
            }
        }
    }
    a
}
