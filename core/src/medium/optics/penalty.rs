//! Power penalties: how much more modulation a given error ratio asks for beside an unwanted noise.
//!
//! ```text
//! penalty = −5 log10(1 − (6 Q σ/OMA)²)          Q of SER/1.5: three eyes of OMA/3, half an eye from level to threshold
//! ```
//!
//! in optical dB, for Gaussian noise in proportion to the modulation beside one that is not. Noise of the top level
//! alone is charged to all levels here, which bounds its penalty from above.

use super::pam::inverse_q;
use super::reflection::mpi_rms;
use crate::error::{Error, Result, require};
use crate::units::{power_db, power_ratio};

/// Penalty, optical dB, of Gaussian noise of rms `sigma_over_oma` times the outer OMA at a PAM4 symbol error ratio;
/// infinite where no modulation is enough.
///
/// ```
/// use lightlane::medium::optics::noise_penalty_db;
/// assert!((noise_penalty_db(0.02, 4.8e-4)? - 0.3990).abs() < 5e-5);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for a negative noise or an error ratio above 0.75.
pub fn noise_penalty_db(sigma_over_oma: f64, ser: f64) -> Result<f64> {
    require::non_negative("sigma_over_oma", sigma_over_oma)?;
    let left = 1.0 - (6.0 * q_of(ser)? * sigma_over_oma).powi(2);
    // Minus a logarithm of 1 would be a negative zero.
    Ok(if left > 0.0 { (-0.5 * power_db(left)).max(0.0) } else { f64::INFINITY })
}

/// Penalty, optical dB, of relative intensity noise at the top level: σ = P3 √(RIN B), charged to every level.
///
/// ```
/// use lightlane::medium::optics::{noise_penalty_db, rin_penalty_db};
/// // A dark lowest level: OMA is the top level, and −140 dB/Hz in 40 GHz is 2 % of it.
/// assert_eq!(rin_penalty_db(1e-14, f64::INFINITY, 40e9, 1e-4)?, noise_penalty_db(0.02, 1e-4)?);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for a negative RIN or bandwidth, an extinction ratio not above 0 dB, or an error ratio
/// above 0.75.
pub fn rin_penalty_db(
    rin_per_hz: f64,
    extinction_ratio_db: f64,
    noise_bandwidth_hz: f64,
    ser: f64,
) -> Result<f64> {
    require::non_negative("rin_per_hz", rin_per_hz)?;
    require::non_negative("noise_bandwidth_hz", noise_bandwidth_hz)?;
    noise_penalty_db(top_over_oma(extinction_ratio_db)? * (rin_per_hz * noise_bandwidth_hz).sqrt(), ser)
}

/// Penalty, optical dB, of multipath interference at the top level, its ripple taken as Gaussian of the same rms. The
/// true one is bounded, so this is an upper bound at low error ratios.
///
/// ```
/// use lightlane::medium::optics::mpi_penalty_db;
/// assert!(mpi_penalty_db(&[-55.0; 4], 4.0, 4.8e-4, &[0.0])? < 1e-5);
/// assert!(mpi_penalty_db(&[-26.0; 4], 4.0, 4.8e-4, &[0.0])? > 0.1);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// As [`mpi_rms`] and [`noise_penalty_db`]; [`Error::Parameter`] for an extinction ratio not above 0 dB.
pub fn mpi_penalty_db(
    reflectances_db: &[f64],
    extinction_ratio_db: f64,
    ser: f64,
    loss_between_db: &[f64],
) -> Result<f64> {
    let ripple = mpi_rms(reflectances_db, loss_between_db)?;
    noise_penalty_db(top_over_oma(extinction_ratio_db)? * ripple, ser)
}

/// P3/OMA = r/(r − 1).
fn top_over_oma(extinction_ratio_db: f64) -> Result<f64> {
    if extinction_ratio_db > 0.0 {
        return Ok(1.0 / (1.0 - power_ratio(-extinction_ratio_db)));
    }
    Err(Error::parameter("extinction_ratio_db", extinction_ratio_db, "above 0"))
}

/// Distance from level to threshold in sigmas.
fn q_of(ser: f64) -> Result<f64> {
    inverse_q(require::within("ser", ser, 1.5e-300, 0.75)? / 1.5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::medium::optics::{Thresholds, pam4_ser};

    #[test]
    fn the_penalty_is_the_modulation_that_restores_the_error_ratio() {
        let (own, relative) = (1.0, 0.025);
        let ser = |oma: f64| {
            let sigma = f64::hypot(own, relative * oma);
            let levels = [0.0, oma / 3.0, oma / 1.5, oma];
            pam4_ser(levels, [sigma; 4], Thresholds::Midpoint).unwrap().ser
        };
        let without = 30.0;
        let levels = [0.0, without / 3.0, without / 1.5, without];
        let target = pam4_ser(levels, [own; 4], Thresholds::Midpoint).unwrap().ser;
        let (mut low, mut high) = (without, 10.0 * without);
        for _ in 0..100 {
            let middle = 0.5 * (low + high);
            if ser(middle) > target { low = middle } else { high = middle }
        }
        // Bisection to rounding; the error ratio's own inverse is good to 1e-10.
        let found = 10.0 * (low / without).log10();
        assert!((noise_penalty_db(relative, target).unwrap() - found).abs() < 1e-8);
    }

    #[test]
    fn ends_are_zero_and_infinity() {
        assert_eq!(noise_penalty_db(0.0, 1e-6).unwrap().to_bits(), 0f64.to_bits());
        assert_eq!(noise_penalty_db(0.1, 1e-6).unwrap(), f64::INFINITY);
        assert_eq!(mpi_penalty_db(&[-26.0], 4.0, 1e-4, &[0.0]).unwrap(), 0.0);
        assert!(rin_penalty_db(1e-14, 0.0, 4e10, 1e-4).is_err());
        assert!(noise_penalty_db(0.01, 0.9).unwrap_err().to_string().starts_with("ser = 0.9"));
        assert!(noise_penalty_db(-0.01, 1e-4).is_err());
    }

    #[test]
    fn a_lower_extinction_ratio_weighs_the_top_level_more() {
        let at = |er: f64| rin_penalty_db(1e-14, er, 30e9, 4.8e-4).unwrap();
        // 3.0103 dB is a ratio of 2: the top level is twice the OMA, its noise as that of four times the RIN.
        let four = rin_penalty_db(4e-14, f64::INFINITY, 30e9, 4.8e-4).unwrap();
        assert!((at(10.0 * 2f64.log10()) - four).abs() < 1e-12);
        assert!(at(3.5) > at(6.0) && at(6.0) > at(f64::INFINITY));
    }
}
