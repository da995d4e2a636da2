//! The electrode of a travelling-wave modulator, matched at its end.
//!
//! ```text
//! H(f) = (1 − e^−ψ)/ψ,   ψ = α L + j 2π f Δn L/c
//! ```
//!
//! | symbol | name | unit |
//! |---|---|---|
//! | α L | loss of the drive's amplitude over the length: loss in dB times ln 10/20 | Np |
//! | Δn | group index of the light minus the index of the electrical wave, or the reverse | 1 |
//!
//! The light sums the drive that it meets along its way. A matched source and end: the standing wave of a mismatched
//! one is not modelled. Reference: R. C. Alferness, IEEE Trans. Microw. Theory Tech. 30 (1982) 1121.

use crate::error::{Result, require};
use crate::units::SPEED_OF_LIGHT_M_PER_S;
use num_complex::Complex64;
use std::f64::consts::{LN_10, TAU};

/// Response of the phase shift to the drive's amplitude at the start of the electrode, 1 at 0 Hz without loss.
///
/// `rf_loss_db` is that of the whole length at `freq_hz`, electrical dB.
///
/// ```
/// use lightlane::medium::optics::travelling_wave_response;
/// // 6.41 dB of loss alone cost 3 dB.
/// let h = travelling_wave_response(50e9, 3e-3, 0.0, 6.41)?;
/// assert!((20.0 * h.norm().log10() + 3.01).abs() < 0.01);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Parameter`] for a negative length or loss, or a frequency or index that is not finite.
pub fn travelling_wave_response(
    freq_hz: f64,
    length_m: f64,
    index_mismatch: f64,
    rf_loss_db: f64,
) -> Result<Complex64> {
    require::finite("freq_hz", freq_hz)?;
    require::non_negative("length_m", length_m)?;
    require::finite("index_mismatch", index_mismatch)?;
    require::non_negative("rf_loss_db", rf_loss_db)?;
    Ok(matched_wave(freq_hz, length_m, index_mismatch, rf_loss_db))
}

/// [`travelling_wave_response`] of numbers that are known to be in their domains.
pub(super) fn matched_wave(freq_hz: f64, length_m: f64, index_mismatch: f64, rf_loss_db: f64) -> Complex64 {
    let walk_off = TAU * freq_hz * index_mismatch * length_m / SPEED_OF_LIGHT_M_PER_S;
    let psi = Complex64::new(rf_loss_db * LN_10 / 20.0, walk_off);
    if psi.norm() < 1e-3 {
        // The quotient would lose digits that four terms of its series keep.
        return 1.0 - psi * (0.5 - psi * (1.0 / 6.0 - psi / 24.0));
    }
    (1.0 - (-psi).exp()) / psi
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walk_off_alone_reaches_3_db_where_it_is_published() {
        let (length, mismatch) = (3e-3, 0.4);
        let f = 1.3916 * SPEED_OF_LIGHT_M_PER_S / (0.5 * TAU * mismatch * length);
        let h = travelling_wave_response(f, length, mismatch, 0.0).unwrap();
        // Five digits, as printed, times the slope of 0.54.
        assert!((h.norm_sqr() - 0.5).abs() < 3e-5);
        assert_eq!(travelling_wave_response(0.0, length, mismatch, 0.0).unwrap(), 1.0.into());
    }

    #[test]
    fn it_is_the_sum_of_what_the_light_meets() {
        for (f, mismatch, loss_db) in
            [(40e9, 0.3, 4.0), (1e6, 0.2, 1e-3), (80e9, -0.8, 0.0), (50e9, 0.0, 12.0)]
        {
            let (length, n) = (5e-3, 20_000);
            let at = |z: f64| {
                Complex64::from_polar(
                    10f64.powf(-loss_db / 20.0 * z),
                    -TAU * f * mismatch * length * z / SPEED_OF_LIGHT_M_PER_S,
                )
            };
            let sum: Complex64 = (0..n).map(|i| at((f64::from(i) + 0.5) / f64::from(n))).sum();
            let h = travelling_wave_response(f, length, mismatch, loss_db).unwrap();
            // Midpoints: second order in a step of 5e-5.
            assert!((h - sum / f64::from(n)).norm() < 1e-8);
        }
        assert!(travelling_wave_response(1e9, -1.0, 0.0, 0.0).is_err());
    }
}
