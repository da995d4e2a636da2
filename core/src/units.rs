//! Named conversions between ratios, decibels and powers, and the physical constants.
//!
//! Optical decibels are of power, 10 log10; electrical decibels are of amplitude, 20 log10. Neither is ever
//! written as bare arithmetic elsewhere in the crate.

/// Speed of light in vacuum, m/s (exact, SI).
pub const SPEED_OF_LIGHT_M_PER_S: f64 = 299_792_458.0;
/// Elementary charge, C (exact, SI 2019).
pub const ELEMENTARY_CHARGE_C: f64 = 1.602_176_634e-19;
/// Boltzmann constant, J/K (exact, SI 2019).
pub const BOLTZMANN_J_PER_K: f64 = 1.380_649e-23;
/// Vacuum permittivity, F/m (CODATA 2018).
pub const VACUUM_PERMITTIVITY_F_PER_M: f64 = 8.854_187_812_8e-12;
/// Vacuum permeability, H/m (CODATA 2018).
pub const VACUUM_PERMEABILITY_H_PER_M: f64 = 1.256_637_062_12e-6;

/// Power ratio of a decibel figure: 10^(dB/10).
///
/// ```
/// assert!((lightlane::units::power_ratio(3.0) - 1.995_262).abs() < 1e-6);
/// ```
pub fn power_ratio(db: f64) -> f64 {
    10f64.powf(db / 10.0)
}

/// Amplitude ratio of a decibel figure: 10^(dB/20).
///
/// ```
/// assert!((lightlane::units::amplitude_ratio(-6.0) - 0.501_187).abs() < 1e-6);
/// ```
pub fn amplitude_ratio(db: f64) -> f64 {
    10f64.powf(db / 20.0)
}

/// Decibels of a power ratio: 10 log10.
pub fn power_db(ratio: f64) -> f64 {
    10.0 * ratio.log10()
}

/// Decibels of an amplitude ratio: 20 log10.
pub fn amplitude_db(ratio: f64) -> f64 {
    20.0 * ratio.log10()
}

/// Watts of a power in dBm.
///
/// ```
/// assert!((lightlane::units::dbm_to_w(0.0) - 1e-3).abs() < 1e-18);
/// ```
pub fn dbm_to_w(dbm: f64) -> f64 {
    1e-3 * power_ratio(dbm)
}

/// Power in dBm of watts.
pub fn w_to_dbm(w: f64) -> f64 {
    power_db(w / 1e-3)
}
