//! A filter that gives white noise the autocorrelation asked for.
//!
//! ```text
//! S(ω) = r₀ + 2 Σ r_l cos ωl    h = F⁻¹ √S (zero phase)   or   h = F⁻¹ exp F{folded cepstrum of √S} (minimum phase)
//! ```
//!
//! Zero phase is short for smooth spectra; minimum phase is exact and finite for the noise of a finite FFE, whose
//! spectrum may have nulls that make the zero-phase filter long (A. Oppenheim, R. Schafer, Discrete-Time Signal
//! Processing, 3rd ed., 13.5). Both are truncated until their own autocorrelation misses the one asked for by more
//! than [`TOLERANCE`] of the variance at some lag; the shorter is used, scaled to the exact variance.

use crate::error::{Error, Result};
use num_complex::Complex64;
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

/// Largest error of the autocorrelation at any lag, relative to the variance. What it changes in an error ratio is
/// second order: the variance is exact, and neighbours only meet in a decision through its feedback.
pub(super) const TOLERANCE: f64 = 5e-4;
/// Longest filter: more taps than this cost more than all the rest of a symbol.
const MAX_TAPS: usize = 4096;

/// Taps h with Σ_n h[n] h[n + l] = autocorrelation[l].
///
/// # Errors
/// [`Error::Parameter`] for a value that is not finite or a variance below 0; [`Error::Convergence`] when no filter of
/// 4,096 taps comes within the tolerance, which says that the sequence is not the autocorrelation of a noise.
pub(super) fn shaping_filter(autocorrelation: &[f64]) -> Result<Vec<f64>> {
    const NAME: &str = "noise.autocorrelation_v2";
    if let Some(i) = autocorrelation.iter().position(|r| !r.is_finite()) {
        return Err(Error::parameter(format!("{NAME}[{i}]"), autocorrelation[i], "finite"));
    }
    let variance = autocorrelation.first().copied().unwrap_or(0.0);
    if variance < 0.0 || (variance == 0.0 && autocorrelation.iter().any(|r| *r != 0.0)) {
        return Err(Error::parameter(
            format!("{NAME}[0]"),
            variance,
            "the variance: at least as large as any other",
        ));
    }
    if variance == 0.0 {
        return Ok(Vec::new());
    }
    if autocorrelation.len() > MAX_TAPS {
        return Err(Error::parameter(
            NAME,
            format!("{} lags", autocorrelation.len()),
            format!("at most {MAX_TAPS} lags"),
        ));
    }
    Shaper::new(autocorrelation, variance).shortest()
}

struct Shaper {
    n: usize,
    forward: Arc<dyn Fft<f64>>,
    inverse: Arc<dyn Fft<f64>>,
    /// Asked for, relative to the variance; zero past its end.
    wanted: Vec<f64>,
    variance: f64,
}

impl Shaper {
    fn new(autocorrelation: &[f64], variance: f64) -> Self {
        // Eight times the longest filter's reach keeps the wrap-around of a slow decay far below the tolerance.
        let n = (16 * autocorrelation.len()).next_power_of_two().clamp(8192, 16 * MAX_TAPS);
        let mut planner = FftPlanner::new();
        let mut wanted = vec![0.0; n / 2];
        wanted.iter_mut().zip(autocorrelation).for_each(|(w, r)| *w = r / variance);
        Self {
            n,
            forward: planner.plan_fft_forward(n),
            inverse: planner.plan_fft_inverse(n),
            wanted,
            variance,
        }
    }

    fn shortest(&self) -> Result<Vec<f64>> {
        let spectrum = self.spectrum();
        let zero = self.inverse_real(spectrum.iter().map(|s| Complex64::from(s.max(0.0).sqrt())));
        let minimum = self.minimum_phase(&spectrum);
        let limit = MAX_TAPS.min(self.n / 4);
        let mut best = f64::INFINITY;
        let mut taps = 1;
        while taps <= limit {
            let centred: Vec<f64> = (0..taps | 1).map(|i| zero[(self.n + i - taps / 2) % self.n]).collect();
            for mut filter in [centred, minimum[..taps].to_vec()] {
                let error = self.normalize(&mut filter);
                if error <= TOLERANCE {
                    return Ok(filter);
                }
                best = best.min(error);
            }
            taps += 1.max(taps / 4);
        }
        Err(Error::Convergence {
            method: "shaping filter of the stationary noise".into(),
            figure: "error of the autocorrelation over the variance".into(),
            value: best,
            limit: TOLERANCE,
            iterations: limit,
        })
    }

    /// The density on n frequencies, relative to a unit variance.
    fn spectrum(&self) -> Vec<f64> {
        let mut work = vec![Complex64::ZERO; self.n];
        for (lag, r) in self.wanted.iter().enumerate() {
            work[lag].re = *r;
            work[(self.n - lag) % self.n].re = *r;
        }
        self.forward.process(&mut work);
        work.iter().map(|s| s.re).collect()
    }

    fn inverse_real(&self, spectrum: impl Iterator<Item = Complex64>) -> Vec<f64> {
        let mut work: Vec<Complex64> = spectrum.collect();
        self.inverse.process(&mut work);
        work.iter().map(|h| h.re / self.n as f64).collect()
    }

    fn minimum_phase(&self, spectrum: &[f64]) -> Vec<f64> {
        // A floor 100 dB below the peak: a null has no logarithm, and what it hides is far below the tolerance.
        let floor = 1e-10 * spectrum.iter().copied().fold(0.0, f64::max);
        let cepstrum = self.inverse_real(spectrum.iter().map(|s| Complex64::from(0.5 * s.max(floor).ln())));
        let half = self.n / 2;
        let mut work: Vec<Complex64> = (0..self.n)
            .map(|i| {
                cepstrum[i] * if i == 0 || i == half { 1.0 } else { 2.0 * f64::from(u8::from(i < half)) }
            })
            .map(Complex64::from)
            .collect();
        self.forward.process(&mut work);
        self.inverse_real(work.into_iter().map(Complex64::exp))
    }

    /// Scales the filter to the variance; returns the largest error of its autocorrelation over the variance.
    fn normalize(&self, filter: &mut [f64]) -> f64 {
        let mut work = vec![Complex64::ZERO; self.n];
        work.iter_mut().zip(filter.iter()).for_each(|(w, h)| w.re = *h);
        self.forward.process(&mut work);
        let reached = self.inverse_real(work.iter().map(|h| Complex64::from(h.norm_sqr())));
        let energy = reached[0];
        if energy <= 0.0 {
            return f64::INFINITY;
        }
        let scale = (self.variance / energy).sqrt();
        filter.iter_mut().for_each(|h| *h *= scale);
        reached.iter().zip(&self.wanted).map(|(r, w)| (r / energy - w).abs()).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn autocorrelation(taps: &[f64], lags: usize) -> Vec<f64> {
        (0..lags).map(|l| taps.iter().skip(l).zip(taps).map(|(a, b)| a * b).sum()).collect()
    }

    fn check(wanted: &[f64]) -> usize {
        let taps = shaping_filter(wanted).unwrap();
        let reached = autocorrelation(&taps, wanted.len().max(taps.len()));
        // The variance is exact to rounding of sums over up to a few hundred taps.
        assert!((reached[0] / wanted[0] - 1.0).abs() < 1e-12);
        for (l, r) in reached.iter().enumerate() {
            let asked = wanted.get(l).copied().unwrap_or(0.0);
            assert!((r - asked).abs() <= 1.001 * TOLERANCE * wanted[0], "lag {l}: {r} for {asked}");
        }
        taps.len()
    }

    #[test]
    fn white_noise_needs_one_tap() {
        assert_eq!(shaping_filter(&[4.0]).unwrap(), [2.0]);
        assert_eq!(shaping_filter(&[4.0, 0.0, 0.0]).unwrap(), [2.0]);
        assert_eq!(shaping_filter(&[]).unwrap(), [] as [f64; 0]);
        assert_eq!(shaping_filter(&[0.0, 0.0]).unwrap(), [] as [f64; 0]);
    }

    #[test]
    fn spectra_with_nulls_and_slow_decay_are_met() {
        // (1 + D)² has a double null at the Nyquist frequency; a pole at 0.9 decays slowly.
        assert!(check(&autocorrelation(&[1e-3, 2e-3, 1e-3], 3)) < 60);
        let slow: Vec<f64> = (0..200).map(|l| 1e-6 * 0.9_f64.powi(l)).collect();
        assert!(check(&slow) < 120);
        // An arbitrary FFE of 12 taps.
        let ffe = [0.02, -0.1, 0.15, -0.3, 1.0, -0.4, 0.1, 0.05, -0.03, 0.02, 0.01, -0.02];
        assert!(check(&autocorrelation(&ffe, 12)) < 40);
    }

    #[test]
    fn what_is_not_an_autocorrelation_is_refused() {
        // S(π) = 1 − 2 < 0: no noise has a neighbour correlation of 1 without correlating further.
        assert!(matches!(shaping_filter(&[1.0, 1.0]), Err(Error::Convergence { .. })));
        assert!(matches!(shaping_filter(&[-1.0]), Err(Error::Parameter { .. })));
        assert!(matches!(shaping_filter(&[0.0, 1.0]), Err(Error::Parameter { .. })));
        assert!(matches!(shaping_filter(&[1.0, f64::NAN]), Err(Error::Parameter { .. })));
    }
}
