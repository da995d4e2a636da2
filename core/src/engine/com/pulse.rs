//! Pulse responses behind the CTLE, and everything about them that is quadratic in the transmitter's taps.
//!
//! The pulse of a transmitter setting is Σ c(i) p(t - iT_b). Its energy at a sampling phase m, which is what
//! interference, crosstalk and jitter ask for, is a quadratic form of the taps,
//!
//! ```text
//! E_m = Σ_ij c(i) c(j) R_m[|i - j|],   R_m[d] = Σ_k p[m + kM] p[m + (k + d)M]
//! ```
//!
//! so that a candidate costs a few products instead of a pass over 5,000 symbols.

use crate::receiver::CtleStage;
use crate::units::amplitude_ratio;
use std::f64::consts::TAU;

/// Zero symbols before and after a pulse, room for the taps to move it.
const ROOM: usize = 8;
/// Largest distance of two taps, UI: c(-6) to c(3).
pub(super) const MAX_LAG: usize = 9;

/// A transmitter setting: place in UI and value of each tap, the main one too.
pub(super) type Taps = Vec<(i32, f64)>;

/// The pulse of the transmitter without its FFE.
pub(super) struct Pulse {
    pub(super) v: Vec<f64>,
    per_symbol: usize,
    energy: Vec<[f64; MAX_LAG + 1]>,
    slope_energy: Vec<[f64; MAX_LAG + 1]>,
}

impl Pulse {
    /// The plain sum of `per_symbol` samples of the impulse response behind the CTLE: no centring (release 4.50).
    pub(super) fn new(
        impulse: &[f64],
        stage: CtleStage,
        sample_s: f64,
        per_symbol: usize,
        amplitude_v: f64,
    ) -> Self {
        let filtered = ctle(impulse, stage, sample_s);
        let symbols = filtered.len().div_ceil(per_symbol);
        let mut v = vec![0.0; (symbols + 2 * ROOM) * per_symbol];
        let mut sum = 0.0;
        for (i, x) in filtered.iter().enumerate() {
            sum += x;
            if i >= per_symbol {
                sum -= filtered[i - per_symbol];
            }
            v[ROOM * per_symbol + i] = amplitude_v * sum;
        }
        let energy = (0..per_symbol).map(|m| lags(&v, m, per_symbol, |i| v[i])).collect();
        let slope_energy =
            (0..per_symbol).map(|m| lags(&v, m, per_symbol, |i| slope(&v, i, per_symbol))).collect();
        Self { v, per_symbol, energy, slope_energy }
    }

    /// Σ c(i) p at the time of sample `at`.
    pub(super) fn at(&self, taps: &Taps, at: usize) -> f64 {
        taps.iter()
            .map(|(place, c)| c * self.sample(at as i64 - i64::from(*place) * self.per_symbol as i64))
            .sum()
    }

    fn sample(&self, at: i64) -> f64 {
        usize::try_from(at).ok().and_then(|i| self.v.get(i)).copied().unwrap_or(0.0)
    }

    /// The pulse of a transmitter setting, as long as the plain one.
    pub(super) fn shaped(&self, taps: &Taps) -> Vec<f64> {
        let mut out = vec![0.0; self.v.len()];
        for (place, c) in taps {
            let shift = place.unsigned_abs() as usize * self.per_symbol;
            let n = self.v.len() - shift;
            let (to, from) = if *place >= 0 { (shift, 0) } else { (0, shift) };
            for (o, x) in out[to..to + n].iter_mut().zip(&self.v[from..from + n]) {
                *o += c * x;
            }
        }
        out
    }

    /// Σ over symbols of the square of the shaped pulse at a phase, V².
    pub(super) fn energy_v2(&self, taps: &Taps, phase: usize) -> f64 {
        quadratic(&self.energy[phase], taps)
    }

    /// Σ over symbols of the square of its slope, V² per UI².
    pub(super) fn slope_energy_v2(&self, taps: &Taps, phase: usize) -> f64 {
        quadratic(&self.slope_energy[phase], taps)
    }

    /// Largest energy over all phases, and its phase.
    pub(super) fn worst_phase(&self, taps: &Taps) -> (usize, f64) {
        (0..self.per_symbol)
            .map(|m| (m, self.energy_v2(taps, m)))
            .fold((0, f64::NEG_INFINITY), |best, new| if new.1 > best.1 { new } else { best })
    }
}

/// Slope of a pulse, V per UI: the central difference of neighbouring samples (93A-28).
pub(super) fn slope(v: &[f64], i: usize, per_symbol: usize) -> f64 {
    let before = if i > 0 { v[i - 1] } else { 0.0 };
    let after = v.get(i + 1).copied().unwrap_or(0.0);
    0.5 * per_symbol as f64 * (after - before)
}

fn lags(v: &[f64], phase: usize, per_symbol: usize, value: impl Fn(usize) -> f64) -> [f64; MAX_LAG + 1] {
    let samples: Vec<f64> = (phase..v.len()).step_by(per_symbol).map(value).collect();
    std::array::from_fn(|d| samples.iter().zip(&samples[d.min(samples.len())..]).map(|(a, b)| a * b).sum())
}

fn quadratic(r: &[f64; MAX_LAG + 1], taps: &Taps) -> f64 {
    let mut sum = 0.0;
    for (i, a) in taps {
        for (j, b) in taps {
            sum += a * b * r[i.abs_diff(*j) as usize];
        }
    }
    sum
}

/// The CTLE as the release applies it: each section by the bilinear transform, along the impulse response.
fn ctle(impulse: &[f64], stage: CtleStage, sample_s: f64) -> Vec<f64> {
    let wide = [
        (amplitude_ratio(stage.gdc_db), stage.zero_hz, stage.pole1_hz),
        (1.0, f64::INFINITY, stage.pole2_hz),
    ];
    let low = (amplitude_ratio(stage.gdc2_db), stage.low_frequency_hz, stage.low_frequency_hz);
    wide.into_iter().chain([low]).fold(impulse.to_vec(), |x, (gain, zero_hz, pole_hz)| {
        section(&x, gain, 1.0 / zero_hz, 1.0 / pole_hz, sample_s)
    })
}

/// (gain + jf zero_s)/(1 + jf pole_s) with jf → (1 - z⁻¹)/(1 + z⁻¹)/(π sample_s).
fn section(x: &[f64], gain: f64, zero_s: f64, pole_s: f64, sample_s: f64) -> Vec<f64> {
    let k = 2.0 / (TAU * sample_s);
    let a0 = 1.0 + k * pole_s;
    let (b0, b1, a1) = ((gain + k * zero_s) / a0, (gain - k * zero_s) / a0, (1.0 - k * pole_s) / a0);
    let (mut before, mut out) = (0.0, 0.0);
    x.iter()
        .map(|v| {
            out = b0 * v + b1 * before - a1 * out;
            before = *v;
            out
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAGE: CtleStage = CtleStage {
        gdc_db: -6.0,
        gdc2_db: -2.0,
        zero_hz: 21.25e9,
        pole1_hz: 21.25e9,
        pole2_hz: 53.125e9,
        low_frequency_hz: 0.664e9,
    };

    fn pulse() -> Pulse {
        let impulse: Vec<f64> =
            (0..4000).map(|i| (f64::from(i) / 40.0).powi(2) * (-f64::from(i) / 60.0).exp() / 1e3).collect();
        Pulse::new(&impulse, STAGE, 1.0 / (53.125e9 * 32.0), 32, 0.4)
    }

    #[test]
    fn the_ctle_has_the_response_of_its_formula() {
        let sample_s = 1.0 / (53.125e9 * 32.0);
        let mut impulse = vec![0.0; 1 << 15];
        impulse[0] = 1.0;
        let y = ctle(&impulse, STAGE, sample_s);
        for f in [0.0, 0.1e9, 1e9, 13e9, 26e9] {
            let sum: num_complex::Complex64 = y
                .iter()
                .enumerate()
                .map(|(i, v)| num_complex::Complex64::from_polar(*v, -TAU * f * sample_s * i as f64))
                .sum();
            // The bilinear transform warps f by (πfT)²/3, 8e-4 at 26 GHz.
            assert!((sum - STAGE.response(f)).norm() < 1e-3, "{f}: {sum} {}", STAGE.response(f));
        }
    }

    #[test]
    fn energies_of_a_setting_are_those_of_its_pulse() {
        let (pulse, taps) = (pulse(), vec![(-2, 0.04), (-1, -0.2), (0, 0.7), (1, 0.06)]);
        let shaped = pulse.shaped(&taps);
        for phase in [0, 7, 31] {
            let direct: f64 = shaped.iter().skip(phase).step_by(32).map(|v| v * v).sum();
            let slopes: f64 = (phase..shaped.len()).step_by(32).map(|i| slope(&shaped, i, 32).powi(2)).sum();
            // Sums of a hundred products in another order; a pulse cut off at the end leaves no more.
            assert!((pulse.energy_v2(&taps, phase) / direct - 1.0).abs() < 1e-9);
            assert!((pulse.slope_energy_v2(&taps, phase) / slopes - 1.0).abs() < 1e-9);
        }
        assert_eq!(pulse.at(&taps, 700), shaped[700]);
    }
}
