//! Rings as filters: the all-pass ring in transmission, the leakage of neighbours through a drop ring.
//!
//! ```text
//! all-pass:  T = (a² − 2 r a cos φ + r²)/(1 − 2 r a cos φ + r² a²)
//! leakage:   1/(1 + (2 Δf/FWHM)²)
//! ```
//!
//! | symbol | name | unit |
//! |---|---|---|
//! | r | self-coupling of the bus, amplitude | 1 |
//! | a | amplitude left after one round trip | 1 |
//! | φ | phase of one round trip, 0 on resonance | rad |
//!
//! Reference: W. Bogaerts et al., Laser Photonics Rev. 6 (2012) 47. The leakage holds near one resonance: neighbours
//! beyond half the free spectral range meet the next one. Powers of different wavelengths add; light of the same
//! wavelength interferes instead.

use crate::error::{Error, Result, require};
use crate::units::power_db;

/// Power transmission of an all-pass ring.
///
/// ```
/// use lightlane::medium::optics::ring_transmission;
/// // Critically coupled: dark on resonance.
/// assert_eq!(ring_transmission(0.0, 0.98, 0.98)?, 0.0);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for amplitudes outside 0 to 1 or a phase that is not finite.
pub fn ring_transmission(phase_rad: f64, self_coupling: f64, round_trip_amplitude: f64) -> Result<f64> {
    require::finite("phase_rad", phase_rad)?;
    let r = require::within("self_coupling", self_coupling, 0.0, 1.0)?;
    let a = require::within("round_trip_amplitude", round_trip_amplitude, 0.0, 1.0)?;
    if r == 1.0 {
        // No light enters the ring; with a = 1 too, the quotient would have no value on resonance.
        return Ok(1.0);
    }
    // 2 r a (1 − cos φ) apart, so that near resonance no digits cancel.
    let away = 4.0 * r * a * (0.5 * phase_rad).sin().powi(2);
    Ok(((a - r).powi(2) + away) / ((1.0 - r * a).powi(2) + away))
}

/// Crosstalk of a neighbouring wavelength through a single drop ring, optical dB, negative.
///
/// ```
/// // 200 GHz beside a ring of Q 5000 at 1310 nm.
/// let leak = lightlane::medium::optics::wdm_crosstalk_db(200e9, 45.77e9)?;
/// assert!((leak + 18.89).abs() < 5e-3);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for a spacing of 0 or not finite (light of the same wavelength interferes), or a linewidth that
/// is not positive.
pub fn wdm_crosstalk_db(spacing_hz: f64, linewidth_hz: f64) -> Result<f64> {
    require::finite("spacing_hz", spacing_hz)?;
    require::positive("linewidth_hz", linewidth_hz)?;
    if spacing_hz == 0.0 {
        return Err(Error::parameter("spacing_hz", 0, "other than 0: the same wavelength interferes"));
    }
    Ok(power_db(leak(spacing_hz, linewidth_hz)))
}

/// Power of light `spacing_hz` beside a drop ring's resonance that it drops over that on resonance.
pub(super) fn leak(spacing_hz: f64, linewidth_hz: f64) -> f64 {
    1.0 / (1.0 + (2.0 * spacing_hz / linewidth_hz).powi(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::medium::optics::RingModulator;
    use std::f64::consts::TAU;

    #[test]
    fn near_resonance_a_ring_is_the_coupled_mode_one() {
        // A round trip of 0.5 ps, its rates small beside it: r = e^{−g_e t}, a = e^{−g_i t}.
        let ring = RingModulator { q_total: 8000.0, q_intrinsic: 20_000.0, ..RingModulator::default() };
        let round_trip_s = 0.5e-12;
        let rate = |q: f64| 0.5 * TAU * ring.resonance_hz() / q;
        let (lost, all) = (rate(20_000.0), rate(8000.0));
        let (a, r) = ((-lost * round_trip_s).exp(), (-(all - lost) * round_trip_s).exp());
        for detuning in [0.0, 5e9, 20e9, -60e9] {
            let t = ring_transmission(TAU * detuning * round_trip_s, r, a).unwrap();
            let lorentzian = RingModulator { detuning_hz: detuning, ..ring.clone() }.transmission(0.0);
            // Of the order (g t)², (0.045)² here.
            assert!((t - lorentzian).abs() < 2e-3, "{detuning}: {t} {lorentzian}");
        }
    }

    #[test]
    fn a_lossless_ring_passes_all_and_the_textbook_form_agrees() {
        for phase in [0.0f64, 0.1, 3.0, 6.0] {
            assert!((ring_transmission(phase, 0.9, 1.0).unwrap() - 1.0).abs() < 1e-15);
            assert_eq!(ring_transmission(phase, 1.0, 1.0).unwrap(), 1.0);
            let (r, a, c) = (0.92, 0.97, phase.cos());
            let printed = (a * a - 2.0 * r * a * c + r * r) / (1.0 - 2.0 * r * a * c + r * r * a * a);
            // The printed form cancels four digits on resonance.
            assert!((ring_transmission(phase, r, a).unwrap() - printed).abs() < 1e-12);
        }
        assert!(ring_transmission(0.0, 1.2, 0.9).is_err() && wdm_crosstalk_db(0.0, 1e9).is_err());
    }
}
