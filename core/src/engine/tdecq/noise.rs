//! Noise behind the reference filter and the equalizer.
//!
//! ```text
//! C_eq² = ∫ N(f) |H_eq(f)|² df = Σ_i Σ_j c_i c_j ρ(i − j)      ρ(m) = ∫ |H|² cos(2πfmT) df / ∫ |H|² df
//! ```
//!
//! N is the unit-area shape that white noise has behind the filter, so neighbouring taps see correlated noise: adding
//! squares of the taps would be wrong.

use crate::medium::optics::BesselThomson;
use std::f64::consts::TAU;

/// |H|² of a fourth-order filter is below 2e-6 here, in bandwidths.
const TOP: f64 = 8.0;

/// Correlation ρ(0..n_lags) of filtered white noise at whole symbols; `bandwidth` is over the symbol rate.
pub(super) fn correlation(bandwidth: f64, n_lags: usize) -> Vec<f64> {
    let mut rho = vec![0.0; n_lags];
    if bandwidth.is_infinite() {
        rho[0] = 1.0;
        return rho;
    }
    let filter = BesselThomson::new(4, 1.0);
    // Simpson's rule with at least 32 steps a turn of the fastest cosine.
    let turns = TOP * bandwidth * n_lags as f64;
    let steps = ((32.0 * turns) as usize).clamp(2048, 1 << 20).next_multiple_of(2);
    for i in 0..=steps {
        let x = TOP * i as f64 / steps as f64;
        let weight = if i == 0 || i == steps { 1.0 } else { 2.0 * (1 + i % 2) as f64 };
        let density = weight * filter.at(x).norm_sqr();
        // cos mθ from the two before it.
        let cosine = (TAU * x * bandwidth).cos();
        let (mut before, mut now) = (cosine, 1.0);
        for r in &mut rho {
            *r += density * now;
            (before, now) = (now, 2.0 * cosine * now - before);
        }
    }
    let total = rho[0];
    rho.iter_mut().for_each(|r| *r /= total);
    rho
}

/// ρ c, whose product with c is C_eq².
pub(super) fn correlated(rho: &[f64], taps: &[f64]) -> Vec<f64> {
    (0..taps.len()).map(|i| taps.iter().enumerate().map(|(j, c)| c * rho[i.abs_diff(j)]).sum()).collect()
}

/// C_eq: rms noise behind the equalizer over that before it.
///
/// ```
/// let c = lightlane::engine::tdecq::noise_enhancement(&[-0.1, 1.2, -0.1], 0.5);
/// assert!((c - 1.2042).abs() < 1e-4);
/// ```
///
/// `bandwidth_over_rate` is the 3 dB bandwidth of the fourth-order Bessel–Thomson filter over the symbol rate.
pub fn noise_enhancement(taps: &[f64], bandwidth_over_rate: f64) -> f64 {
    if taps.is_empty() {
        return 0.0;
    }
    let rho = correlation(bandwidth_over_rate, taps.len());
    enhancement(&rho, taps)
}

/// C_eq of a known correlation.
pub(super) fn enhancement(rho: &[f64], taps: &[f64]) -> f64 {
    correlated(rho, taps).iter().zip(taps).map(|(r, c)| r * c).sum::<f64>().sqrt()
}
