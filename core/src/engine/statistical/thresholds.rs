//! Decision thresholds of least symbol error ratio.

use super::mixture::{Mixture, Side};
use crate::engine::golden_section::golden_section;

/// Probability below which two thresholds are as good as each other.
const NOTHING: f64 = 1e-280;

/// Thresholds between adjacent levels, ascending, V, each minimizing P(z > t | lower) + P(z < t | upper): for equally
/// likely symbols the crossing of the two levels' densities.
///
/// A scan finds the basin (a closed eye has several), a golden section the neighbourhood, a secant on the logarithm of
/// the two densities' ratio the place.
pub(super) fn optimum(mixture: &Mixture<'_>) -> Vec<f64> {
    let mut thresholds: Vec<f64> = (0..mixture.size() - 1).map(|level| between(mixture, level)).collect();
    // Hopelessly closed eyes may cross; decisions need them ascending.
    thresholds.sort_by(f64::total_cmp);
    thresholds
}

fn between(mixture: &Mixture<'_>, level: usize) -> f64 {
    const SCAN: usize = 20;
    let (a, b) = (mixture.mean_v(level), mixture.mean_v(level + 1));
    let (low, high) = (a.min(b), a.max(b));
    let cost = |t: f64| mixture.beyond(level, t, Side::Above) + mixture.beyond(level + 1, t, Side::Below);
    let at = |i: f64| low + (high - low) * i / SCAN as f64;
    let scan: Vec<f64> = (0..=SCAN).map(|i| cost(at(i as f64))).collect();
    let least = scan.iter().copied().fold(f64::INFINITY, f64::min);
    if least <= NOTHING {
        // A plateau of no errors at all: its middle.
        let first = scan.iter().position(|c| *c <= NOTHING).unwrap_or(0);
        let last = scan.iter().rposition(|c| *c <= NOTHING).unwrap_or(SCAN);
        return at(0.5 * (first + last) as f64);
    }
    let best = scan.iter().position(|c| *c == least).unwrap_or(SCAN / 2) as f64;
    let bracket = (at((best - 1.0).max(0.0)), at((best + 1.0).min(SCAN as f64)));
    let sigma = mixture.gaussian_v2(level).min(mixture.gaussian_v2(level + 1)).sqrt();
    let near = golden_section(bracket, (1e-2 * sigma).max(1e-9 * (high - low)), cost);
    crossing(mixture, level, near, sigma).unwrap_or(near)
}

/// Where the densities of two levels are equal, near `start`; `None` if it is not within a quarter of a sigma.
fn crossing(mixture: &Mixture<'_>, level: usize, start: f64, sigma: f64) -> Option<f64> {
    let h = 0.05 * sigma;
    let slope = |level: usize, t: f64, side: Side| {
        mixture.beyond(level, t + h, side) - mixture.beyond(level, t - h, side)
    };
    let ratio = |t: f64| (-slope(level, t, Side::Above)).ln() - slope(level + 1, t, Side::Below).ln();
    let (mut a, mut b) = (start, start + 0.02 * sigma);
    let (mut fa, mut fb) = (ratio(a), ratio(b));
    for _ in 0..6 {
        let next = b - fb * (b - a) / (fb - fa);
        // A tail without slope gives a NaN.
        if next.is_nan() || (next - start).abs() > 0.25 * sigma {
            return None;
        }
        (a, fa) = (b, fb);
        b = next;
        if (b - a).abs() < 1e-7 * sigma {
            return Some(b);
        }
        fb = ratio(b);
    }
    None
}
