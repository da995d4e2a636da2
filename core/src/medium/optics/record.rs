//! Waveforms of a periodic symbol sequence, by way of their exact spectrum.
//!
//! ```text
//! V(f_j) = X[j mod N] M sinc(f_j T) e^{−jπ f_j T} H(f_j),   f_j = j/(N T)
//! ```
//!
//! X is the discrete spectrum of the N symbols, M the samples a symbol, sinc the spectrum of a one-symbol rectangle that
//! starts at the symbol's first sample; H's constant beyond its band is carried in closed form, edges at half height.
//! Nothing is truncated or windowed: the result is the steady state of the sequence sent for ever.

use crate::response::ChannelResponse;
use num_complex::Complex64;
use realfft::{RealFftPlanner, RealToComplex};
use rustfft::FftPlanner;
use std::f64::consts::PI;
use std::sync::Arc;

/// A response on the frequencies j/(N T) of a record: `h[j]`, and `beyond` above.
pub(super) struct Resampled {
    h: Vec<Complex64>,
    beyond: f64,
}

impl Resampled {
    /// The response on the record's frequencies: its impulse response, N symbols of which follow each other as the
    /// periodic sequence makes them, transformed at the record's step. The impulse response starts an eighth of its
    /// window before its peak, as in [`crate::response::PulseResponse::trimmed`].
    pub(super) fn new(response: &ChannelResponse, n_symbols: usize) -> Self {
        let (grid, beyond) = (response.grid(), response.beyond());
        let decaying: Vec<Complex64> = response.h().iter().map(|v| v - beyond).collect();
        if decaying.iter().all(|v| v.norm() == 0.0) {
            return Self { h: Vec::new(), beyond };
        }
        // The fewest samples a symbol that hold the band and divide the window into a whole number of samples.
        let per_symbol = grid.samples_per_symbol();
        let unit = per_symbol / gcd(per_symbol, grid.n_samples());
        let mut m = unit;
        while m < per_symbol && grid.n_samples() * m / per_symbol < 2 * decaying.len() {
            m += unit;
        }
        let m = m.min(per_symbol);
        let n = grid.n_samples() * m / per_symbol;

        let mut planner = RealFftPlanner::<f64>::new();
        let mut spectrum = vec![Complex64::new(0.0, 0.0); n / 2 + 1];
        let used = decaying.len().min(spectrum.len());
        spectrum[..used].copy_from_slice(&decaying[..used]);
        let impulse = inverse(&mut planner, &mut spectrum, n);

        let peak = (0..n).fold(0, |best, i| if impulse[i].abs() > impulse[best].abs() { i } else { best });
        let period = n_symbols * m;
        let mut folded = vec![0.0; period];
        for i in 0..n {
            // Time peak − n/8 + i, reduced to the window for reading and to the period for writing.
            let read = (peak + n - n / 8 + i) % n;
            let write = (peak as isize - (n / 8) as isize + i as isize).rem_euclid(period as isize);
            folded[write as usize] += impulse[read];
        }
        let h =
            forward(&planner.plan_fft_forward(period), &mut folded).into_iter().map(|v| v + beyond).collect();
        Self { h, beyond }
    }

    /// H at frequency j/(N T).
    pub(super) fn at(&self, j: usize) -> Complex64 {
        self.h.get(j).copied().unwrap_or(Complex64::new(self.beyond, 0.0))
    }

    /// H above every stored frequency.
    pub(super) fn beyond(&self) -> f64 {
        self.beyond
    }

    /// Stored frequencies.
    pub(super) fn len(&self) -> usize {
        self.h.len()
    }
}

/// One period of N symbols of M samples each; sample i of symbol k at index kM + i, the symbol starting at i = 0.
pub(super) struct RecordGrid {
    n_symbols: usize,
    samples_per_symbol: usize,
    step_hz: f64,
    planner: RealFftPlanner<f64>,
}

impl RecordGrid {
    pub(super) fn new(n_symbols: usize, samples_per_symbol: usize, symbol_rate_hz: f64) -> Self {
        let step_hz = symbol_rate_hz / n_symbols as f64;
        Self { n_symbols, samples_per_symbol, step_hz, planner: RealFftPlanner::new() }
    }

    /// Distance of its frequencies, Hz.
    pub(super) fn step_hz(&self) -> f64 {
        self.step_hz
    }

    fn n_samples(&self) -> usize {
        self.n_symbols * self.samples_per_symbol
    }

    /// The waveform of one-symbol rectangles of height `x[k]` through H; `h(j)` is H at frequency j, 0 from `stored` on
    /// when `beyond` is 0 and `beyond` there otherwise.
    pub(super) fn waveform(
        &mut self,
        x: &[f64],
        stored: usize,
        beyond: f64,
        h: impl Fn(usize) -> Complex64,
    ) -> Vec<f64> {
        let (n, m, total) = (self.n_symbols, self.samples_per_symbol, self.n_samples());
        let symbols = forward(&self.planner.plan_fft_forward(n), &mut x.to_vec());
        let mut spectrum = vec![Complex64::new(0.0, 0.0); total / 2 + 1];
        for (j, out) in spectrum.iter_mut().enumerate().take(stored) {
            let r = j % n;
            let line = if r <= n / 2 { symbols[r] } else { symbols[n - r].conj() };
            let u = PI * j as f64 / n as f64;
            let (sin, cos) = u.sin_cos();
            let sinc = if j == 0 { 1.0 } else { sin / u };
            *out = line * Complex64::new(cos, -sin) * (h(j) - beyond) * (m as f64 * sinc);
        }
        let mut v =
            if stored > 0 { inverse(&mut self.planner, &mut spectrum, total) } else { vec![0.0; total] };
        if beyond != 0.0 {
            for k in 0..n {
                let before = x[(k + n - 1) % n];
                v[k * m] += 0.5 * beyond * (before + x[k]);
                v[k * m + 1..(k + 1) * m].iter_mut().for_each(|v| *v += beyond * x[k]);
            }
        }
        v
    }

    /// The waveform through H.
    pub(super) fn filtered(&mut self, v: &[f64], h: impl Fn(usize) -> Complex64) -> Vec<f64> {
        let total = self.n_samples();
        let mut spectrum = forward(&self.planner.plan_fft_forward(total), &mut v.to_vec());
        for (j, s) in spectrum.iter_mut().enumerate() {
            *s *= h(j);
        }
        inverse(&mut self.planner, &mut spectrum, total)
    }

    /// The field turned by `phase_s2` f² at every offset f from the carrier.
    pub(super) fn dispersed(&self, field: &mut [Complex64], phase_s2: f64) {
        let total = field.len();
        let mut planner = FftPlanner::new();
        let forward = planner.plan_fft_forward(total);
        let inverse = planner.plan_fft_inverse(total);
        let mut scratch =
            vec![Complex64::ZERO; forward.get_inplace_scratch_len().max(inverse.get_inplace_scratch_len())];
        forward.process_with_scratch(field, &mut scratch);
        let scale = 1.0 / total as f64;
        for (j, e) in field.iter_mut().enumerate() {
            // Above the middle lie the negative offsets.
            let offset_hz = j.min(total - j) as f64 * self.step_hz;
            *e *= Complex64::from_polar(scale, phase_s2 * offset_hz * offset_hz);
        }
        inverse.process_with_scratch(field, &mut scratch);
    }
}

fn forward(plan: &Arc<dyn RealToComplex<f64>>, v: &mut [f64]) -> Vec<Complex64> {
    let mut out = plan.make_output_vec();
    // Lengths come from the same plan, so this cannot fail.
    let _ = plan.process(v, &mut out);
    out
}

/// The inverse of [`forward`], 1/n included.
fn inverse(planner: &mut RealFftPlanner<f64>, spectrum: &mut [Complex64], n: usize) -> Vec<f64> {
    // A real signal has real spectra at 0 and, for even n, at the highest frequency; realfft refuses anything else.
    spectrum[0].im = 0.0;
    if n.is_multiple_of(2)
        && let Some(last) = spectrum.last_mut()
    {
        last.im = 0.0;
    }
    let plan = planner.plan_fft_inverse(n);
    let mut out = plan.make_output_vec();
    let _ = plan.process(spectrum, &mut out);
    out.iter_mut().for_each(|v| *v /= n as f64);
    out
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::{Grid, SymbolRate};

    fn channel(grid: Grid) -> ChannelResponse {
        // A one-pole line with 3.3 symbols of delay, cut at 1.2 times the symbol rate.
        let rate = grid.symbol_rate().hz();
        ChannelResponse::from_fn(grid, 1.2 * rate, |f| {
            Complex64::cis(-2.0 * PI * f * 3.3 / rate) / Complex64::new(1.0, f / (0.4 * rate))
        })
    }

    #[test]
    fn the_waveform_is_the_superposition_of_the_lanes_pulses() {
        let rate = SymbolRate::new(100e9).unwrap();
        let grid = Grid::new(rate, 8, 8 * 200).unwrap();
        let response = channel(grid);
        let pulse = response.pulse();
        let n = 512;
        let x: Vec<f64> = (0..n).map(|k| (((k * k * 7 + 3 * k) % 11) as f64 - 5.0) / 5.0).collect();
        let resampled = Resampled::new(&response, n);
        let mut record = RecordGrid::new(n, 8, rate.hz());
        let v = record.waveform(&x, resampled.len(), 0.0, |j| resampled.at(j));
        for i in [0, 3, 777, 2048, 4095] {
            // Symbol k's centre is at sample 8k + 4; its pulse is cut half a window around its peak, at +3 symbols.
            let mut direct = 0.0;
            for k in 0..n as isize {
                let mut d = (i as isize - 8 * k - 4).rem_euclid(8 * n as isize);
                if d > 8 * 256 {
                    d -= 8 * n as isize;
                }
                if (-8 * 25 + 27..8 * 175 + 27).contains(&d) {
                    direct += x[k as usize] * pulse.at(d);
                }
            }
            // The band ends at a step of 0.3, whose ripple falls as 1/t and reaches the ends of the window at 1e-4.
            assert!((v[i] - direct).abs() < 2e-3, "{i}: {} {direct}", v[i]);
        }
    }

    #[test]
    fn an_ideal_response_gives_the_levels_themselves() {
        let rate = SymbolRate::new(100e9).unwrap();
        let grid = Grid::new(rate, 8, 8 * 64).unwrap();
        let resampled = Resampled::new(&ChannelResponse::ideal(grid).scaled(0.5), 16);
        assert_eq!((resampled.len(), resampled.beyond()), (0, 0.5));
        let x: Vec<f64> = (0..16).map(f64::from).collect();
        let mut record = RecordGrid::new(16, 4, rate.hz());
        let v = record.waveform(&x, 0, 0.5, |j| resampled.at(j));
        assert_eq!(v[4 * 3..4 * 4], [1.25, 1.5, 1.5, 1.5]);
        let w = record.filtered(&v, |_| Complex64::new(2.0, 0.0));
        // A forward and an inverse transform of 64 points round.
        assert!((w[4 * 3 + 2] - 2.0 * 1.5).abs() < 1e-13);
    }

    #[test]
    fn dispersion_turns_each_offset_by_its_square_and_keeps_the_energy() {
        let record = RecordGrid::new(16, 8, 100e9);
        let tone = |k: i32| -> Vec<Complex64> {
            (0..128).map(|i| Complex64::cis(2.0 * PI * f64::from(k * i) / 128.0)).collect()
        };
        for k in [-20, -1, 0, 3, 40] {
            let mut field = tone(k);
            record.dispersed(&mut field, 3e-23);
            let turn = Complex64::cis(3e-23 * (f64::from(k) * 100e9 / 16.0).powi(2));
            for (e, before) in field.iter().zip(tone(k)) {
                // Two transforms of 128 points.
                assert!((e - before * turn).norm() < 1e-12, "{k}");
            }
        }
    }

    #[test]
    fn a_record_shorter_than_the_response_folds_it() {
        // The gain at 0 Hz and at every frequency the two grids share is the response's own.
        let rate = SymbolRate::new(100e9).unwrap();
        let grid = Grid::new(rate, 8, 8 * 200).unwrap();
        let response = channel(grid);
        let resampled = Resampled::new(&response, 50);
        for j in 0..50 {
            assert!((resampled.at(j) - response.at(4 * j)).norm() < 1e-12, "{j}");
        }
    }
}
