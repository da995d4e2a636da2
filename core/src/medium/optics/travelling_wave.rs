//! Modulation by an electrical wave that travels beside the light.

use crate::units::SPEED_OF_LIGHT_M_PER_S;
use num_complex::Complex64;
use std::f64::consts::{LN_10, TAU};

/// Response of a matched travelling-wave electrode.
pub fn travelling_wave_response(
    freq_hz: f64,
    length_m: f64,
    index_mismatch: f64,
    rf_loss_db: f64,
) -> Complex64 {
    let x = Complex64::new(
        rf_loss_db * LN_10 / 20.0,
        TAU * freq_hz * index_mismatch * length_m / SPEED_OF_LIGHT_M_PER_S,
    );
    if x.norm() < 1e-4 { 1.0 - 0.5 * x } else { (1.0 - (-x).exp()) / x }
}
