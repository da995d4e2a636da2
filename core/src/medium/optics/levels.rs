//! Optical levels: modulation amplitude, average power, extinction ratio, RIN conventions.
//!
//! ```text
//! r = P3/P0   OMA = P3 − P0   P_avg = (P3 + P0)/2   OMA = 2 P_avg (r − 1)/(r + 1)
//! ```

use crate::units::power_ratio;

/// Outer optical modulation amplitude, W, of a signal of given average power and extinction ratio.
pub fn oma_w(average_power_w: f64, extinction_ratio_db: f64) -> f64 {
    2.0 * average_power_w * contrast(extinction_ratio_db)
}

/// Average power, W, of a signal of given outer OMA and extinction ratio.
pub fn average_power_w(oma_w: f64, extinction_ratio_db: f64) -> f64 {
    0.5 * oma_w / contrast(extinction_ratio_db)
}

/// The four equally spaced PAM4 levels, W, ascending.
///
/// ```
/// let p = lightlane::medium::optics::pam4_levels_w(1e-3, 10.0 * 4f64.log10());
/// assert!((p[3] / p[0] - 4.0).abs() < 1e-12 && ((p[3] + p[0]) / 2.0 - 1e-3).abs() < 1e-15);
/// ```
pub fn pam4_levels_w(average_power_w: f64, extinction_ratio_db: f64) -> [f64; 4] {
    let half = 0.5 * oma_w(average_power_w, extinction_ratio_db);
    [-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0].map(|a| average_power_w + a * half)
}

/// The laser's own RIN, 1/Hz, from a standard's RIN_OMA (1/Hz), which refers the noise to the OMA:
/// RIN = RIN_OMA ((r − 1)/(r + 1))².
pub fn rin_from_rin_oma(rin_oma_per_hz: f64, extinction_ratio_db: f64) -> f64 {
    rin_oma_per_hz * contrast(extinction_ratio_db).powi(2)
}

/// (r − 1)/(r + 1), 1 for an infinite ratio.
pub(super) fn contrast(extinction_ratio_db: f64) -> f64 {
    // In terms of 1/r, so that an infinite ratio needs no case of its own.
    let inverse = power_ratio(-extinction_ratio_db);
    (1.0 - inverse) / (1.0 + inverse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::power_db;

    #[test]
    fn amplitude_and_average_are_inverse() {
        for er in [0.1, 3.5, 8.0, f64::INFINITY] {
            // Two multiplications and two divisions: rounding only.
            assert!((average_power_w(oma_w(1.7e-3, er), er) - 1.7e-3).abs() < 1e-17);
        }
        assert_eq!(oma_w(1e-3, f64::INFINITY), 2e-3);
    }

    #[test]
    fn a_rin_oma_of_minus_139_at_3_5_db_is_a_laser_at_minus_147_3() {
        let rin = rin_from_rin_oma(power_ratio(-139.0), 3.5);
        // The published figure has one decimal.
        assert!((power_db(rin) + 147.3).abs() < 0.06, "{}", power_db(rin));
    }
}
