//! Noise of the optical receiver, as one-sided current densities.

use crate::units::{BOLTZMANN_J_PER_K, ELEMENTARY_CHARGE_C};

/// Shot noise √(2 q I), A/√Hz.
pub fn shot_noise_a_per_rthz(current_a: f64) -> f64 {
    (2.0 * ELEMENTARY_CHARGE_C * current_a).sqrt()
}

/// Noise of a resistor, √(4 k T / R), A/√Hz. A resistor is not a TIA: an amplifier's noise is a figure of its own.
pub fn thermal_noise_a_per_rthz(resistance_ohm: f64, temperature_k: f64) -> f64 {
    (4.0 * BOLTZMANN_J_PER_K * temperature_k / resistance_ohm).sqrt()
}

/// Relative intensity noise I √RIN, A/√Hz, at the current of the level.
pub fn rin_noise_a_per_rthz(current_a: f64, rin_per_hz: f64) -> f64 {
    current_a * rin_per_hz.sqrt()
}

/// Noise of a level, A rms: √((i_n² + 2 q I + RIN I²) B). RIN acts at the level, not at the average.
///
/// ```
/// use lightlane::medium::optics::level_noise_a;
/// // Thermal noise alone is i_n √B: 20 pA/√Hz in 25 GHz.
/// assert!((level_noise_a(0.0, 20e-12, 1e-14, 25e9) - 3.1623e-6).abs() < 1e-10);
/// ```
pub fn level_noise_a(current_a: f64, noise_a_per_rthz: f64, rin_per_hz: f64, noise_bandwidth_hz: f64) -> f64 {
    let density = noise_a_per_rthz.powi(2)
        + shot_noise_a_per_rthz(current_a).powi(2)
        + rin_noise_a_per_rthz(current_a, rin_per_hz).powi(2);
    (density * noise_bandwidth_hz).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::power_ratio;

    // The expected values are published to four digits.
    #[test]
    fn densities_at_one_milliampere() {
        assert!((shot_noise_a_per_rthz(1e-3) - 17.90e-12).abs() < 0.005e-12);
        assert!((rin_noise_a_per_rthz(1e-3, power_ratio(-145.0)) - 56.23e-12).abs() < 0.005e-12);
        assert!((thermal_noise_a_per_rthz(50.0, 300.0) - 18.20e-12).abs() < 0.005e-12);
    }
}
