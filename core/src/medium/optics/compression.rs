//! Soft limiting of an amplifier's output.
//!
//! ```text
//! out = A tanh(in/A),   d out/d in = 1 − (out/A)²
//! ```
//!
//! A is the saturated output, zero to peak; infinite for a linear amplifier. The limit acts after the amplifier's own
//! filter, instant by instant: recovery from overload is not modelled.

/// Share of the saturated output up to which a gain is raised to reach a swing.
const REACH: f64 = 0.9;

/// Output for `v` at the input times the gain.
pub(super) fn compressed(v: f64, saturation: f64) -> f64 {
    if saturation.is_infinite() { v } else { saturation * (v / saturation).tanh() }
}

/// Slope of [`compressed`].
pub(super) fn compressed_slope(v: f64, saturation: f64) -> f64 {
    if saturation.is_infinite() { 1.0 } else { 1.0 - (v / saturation).tanh().powi(2) }
}

/// Gain that turns a swing into `output_swing`, both peak to peak and symmetric about 0, and whether the saturation
/// keeps it from reaching it.
pub(super) fn gain_for(input_swing: f64, output_swing: f64, saturation: f64) -> (f64, bool) {
    if saturation.is_infinite() {
        return (output_swing / input_swing, false);
    }
    let share = 0.5 * output_swing / saturation;
    (2.0 * saturation * share.min(REACH).atanh() / input_swing, share > REACH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gain_compensates_the_compression() {
        let (gain, saturated) = gain_for(0.8, 2.0, 1.5);
        assert!(!saturated);
        // Rounding of atanh and tanh.
        assert!((compressed(0.4 * gain, 1.5) - 1.0).abs() < 1e-15);
        assert!((compressed_slope(0.4 * gain, 1.5) - (1.0 - (1.0f64 / 1.5).powi(2))).abs() < 1e-14);
        let (gain, saturated) = gain_for(0.8, 3.1, 1.5);
        assert!(saturated && (compressed(0.4 * gain, 1.5) - 0.9 * 1.5).abs() < 1e-14);
        assert_eq!(gain_for(0.8, 2.0, f64::INFINITY), (2.5, false));
        assert_eq!((compressed(7.0, f64::INFINITY), compressed_slope(7.0, f64::INFINITY)), (7.0, 1.0));
    }
}
