//! Responses at the samples of a waveform, whatever their own number of samples a symbol.
//!
//! A response that lacks a sample which the waveform has is interpolated by its own Fourier transform: exact, because every
//! response comes from a transform of the same band.

use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::receiver::sampling::Instant;
use crate::response::{PhaseResponse, PulseResponse, real_transforms};
use num_complex::Complex64;

/// Fewest samples a symbol: the signal of a lane reaches 1.5 times the symbol rate.
const MIN_SAMPLES_PER_SYMBOL: usize = 4;
/// Most samples a symbol that hold both the lane's and the waveform's.
const MAX_COMMON: usize = 1024;
/// Share of a noise's variance that may lie outside trimmed responses; the variance at each phase is restored.
const NOISE_SHARE: f64 = 1e-6;
/// Zeros beside a response before it is interpolated, symbols: its ends ring that far.
const GUARD: usize = 16;

/// Samples of the waveform among those of the lane.
pub(crate) struct Raster {
    /// Samples a symbol that hold those of the lane and of the waveform.
    fine: usize,
    /// Samples a symbol of the waveform.
    pub(crate) samples: usize,
    /// Sampling instant, fine samples after the centre of the symbol.
    at: isize,
}

impl Raster {
    /// `samples` samples a symbol on responses of `grid`, whose settled instant is `at`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for too few samples, or so many that no common grid is reasonable.
    pub(crate) fn new(grid: &Grid, samples: usize, at: Instant) -> Result<Self> {
        let m = grid.samples_per_symbol();
        let fine = lcm(m, samples);
        if samples < MIN_SAMPLES_PER_SYMBOL || fine > MAX_COMMON {
            let requirement = format!(
                "at least {MIN_SAMPLES_PER_SYMBOL}, with a multiple of the lane's {m} up to {MAX_COMMON} in common"
            );
            return Err(Error::parameter("samples_per_symbol", samples, requirement));
        }
        Ok(Self { fine, samples, at: at.position * (fine / at.samples_per_symbol) as isize })
    }

    /// The grid of the link at the fine samples: the same frequencies and more.
    ///
    /// # Errors
    /// Those of [`Grid::new`].
    pub(crate) fn grid(&self, grid: &Grid) -> Result<Grid> {
        let n_symbols = grid.n_samples() / grid.samples_per_symbol();
        if n_symbols * grid.samples_per_symbol() == grid.n_samples() {
            return Grid::new(grid.symbol_rate(), self.fine, n_symbols * self.fine);
        }
        // Not a whole number of symbols: the period is what must stay.
        let n_samples = grid.n_samples() * (self.fine / grid.samples_per_symbol());
        Grid::new(grid.symbol_rate(), self.fine, n_samples)
    }

    /// Time of phase `p` after the centre of the symbol, UI.
    pub(crate) fn ui(&self, p: usize) -> f64 {
        (self.at as f64 + (p * self.fine / self.samples) as f64) / self.fine as f64
    }

    /// A response whose value `position` fine samples after the centre of its event is `value`, 0 outside `low..high`.
    fn response(&self, low: isize, high: isize, value: impl Fn(isize) -> f64) -> PhaseResponse {
        let (m, stride) = (self.fine as isize, (self.fine / self.samples) as isize);
        let first = (low - self.at - m).div_euclid(m).min(0);
        let last = (high - self.at).div_euclid(m).max(0);
        let phases = (0..self.samples as isize)
            .map(|p| (first..=last).map(|j| value(self.at + p * stride + j * m)).collect())
            .collect();
        PhaseResponse { phases, main: -first as usize }
    }

    /// A pulse.
    pub(crate) fn pulse(&self, pulse: &PulseResponse) -> PhaseResponse {
        let times = self.fine / pulse.samples_per_symbol();
        let low = pulse.first() * times as isize;
        let v = if times == 1 {
            pulse.v().to_vec()
        } else {
            interpolated(pulse.v(), times, GUARD * pulse.samples_per_symbol())
        };
        let at = |position: isize| usize::try_from(position - low).ok().and_then(|i| v.get(i).copied());
        self.response(low, low + v.len() as isize, |position| at(position).unwrap_or(0.0))
    }

    /// A periodic response at fine samples of which at most [`NOISE_SHARE`] of the energy is left out, at both ends
    /// together; `part` of a symbol late.
    pub(crate) fn trimmed(&self, v: &[f64], (part, parts): (usize, usize)) -> PhaseResponse {
        let delay = (part * self.fine / parts) as isize;
        let n = v.len() as isize;
        let at = |position: isize| v[position.rem_euclid(n) as usize];
        let total: f64 = v.iter().map(|x| x * x).sum();
        let (mut low, mut high, mut left) = (-n / 2, n - n / 2, 0.0);
        while low < high - 1 {
            let (head, tail) = (at(low).powi(2), at(high - 1).powi(2));
            left += head.min(tail);
            if left > NOISE_SHARE * total {
                break;
            }
            if head <= tail { low += 1 } else { high -= 1 }
        }
        let inside = |position: isize| (low..high).contains(&position);
        self.response(low + delay, high + delay, |position| {
            if inside(position - delay) { at(position - delay) } else { 0.0 }
        })
    }
}

/// `times` as many samples of the same band, the given ones among them.
fn interpolated(v: &[f64], times: usize, guard: usize) -> Vec<f64> {
    let n = (v.len() + guard).next_multiple_of(2);
    let (forward, _) = real_transforms(n);
    let (_, inverse) = real_transforms(n * times);
    let mut padded = v.to_vec();
    padded.resize(n, 0.0);
    let (mut narrow, mut wide) = (forward.make_output_vec(), inverse.make_input_vec());
    // The lengths are the plans' own, and the two imaginary parts are 0, so neither can fail.
    let _ = forward.process(&mut padded, &mut narrow);
    wide.fill(Complex64::ZERO);
    wide[..narrow.len()].copy_from_slice(&narrow);
    // The highest frequency stands for both of its signs.
    wide[n / 2] *= 0.5;
    wide[0].im = 0.0;
    let mut out = inverse.make_output_vec();
    let _ = inverse.process(&mut wide, &mut out);
    out.truncate((v.len() - 1) * times + 1);
    out.iter_mut().for_each(|x| *x /= n as f64);
    out
}

fn lcm(a: usize, b: usize) -> usize {
    let (mut x, mut y) = (a, b.max(1));
    while y > 0 {
        (x, y) = (y, x % y);
    }
    (a / x).saturating_mul(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::SymbolRate;
    use std::f64::consts::TAU;

    #[test]
    fn a_band_limited_pulse_is_interpolated_exactly() -> Result<()> {
        // A Gaussian of σ = 0.3 UI: 5e-20 of it is above the 8 cycles a symbol that 16 samples hold.
        let f = |t: f64| (-t * t / (2.0 * 0.09)).exp() * (TAU * 0.3 * t).cos();
        let rate = SymbolRate::new(1e9)?;
        let pulse = PulseResponse::new(rate, 16, -80, (-80..96).map(|i| f(f64::from(i) / 16.0)).collect())?;
        let grid = Grid::new(rate, 16, 1024)?;
        for samples in [8, 12, 16, 32, 48] {
            let raster = Raster::new(&grid, samples, Instant { position: 3, samples_per_symbol: 16 })?;
            let response = raster.pulse(&pulse);
            for (p, row) in response.phases.iter().enumerate() {
                for (j, v) in row.iter().enumerate() {
                    let t = 3.0 / 16.0 + p as f64 / samples as f64 + j as f64 - response.main as f64;
                    assert!((v - f(t)).abs() < 1e-12, "{samples} {p} {j}: {v} {}", f(t));
                }
            }
        }
        for samples in [3, 0, 47, 5000] {
            let at = Instant { position: 0, samples_per_symbol: 16 };
            let refused = Raster::new(&grid, samples, at).map(|r| r.fine);
            assert_eq!(refused.is_ok(), samples == 47, "{samples}: {refused:?}");
        }
        Ok(())
    }
}
