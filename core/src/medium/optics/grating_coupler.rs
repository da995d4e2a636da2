//! The grating coupler between a chip and fibre above it.
//!
//! ```text
//! loss(λ, d) = peak + 1 dB · (2 (λ − λ_c)/B_1dB)² + overlap of two equal Gaussian modes at offset d
//! ```
//!
//! A Gaussian passband, as gratings have near their centre: B_3dB = √3 B_1dB. Modulation at 100 GBd spans half a
//! nanometre, over which the loss is constant. The angle of the fibre is part of the centre wavelength: leaning it
//! moves the passband, by some nanometres a degree, and not the loss at the new centre. One polarization.

use super::coupler::coupling_loss_db;
use crate::error::{Result, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A grating coupler, by its passband and the offset of the fibre.
///
/// ```
/// let port = lightlane::medium::optics::GratingCoupler::default();
/// assert!((port.loss_db(1310e-9) - 2.5).abs() < 1e-12);
/// assert!((port.loss_db(1325e-9) - 3.5).abs() < 1e-12);
/// assert!((port.bandwidth_3db_m() - 52e-9).abs() < 0.1e-9);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GratingCoupler {
    /// Loss at the centre, fibre aligned, optical dB.
    pub peak_loss_db: f64,
    /// Wavelength of least loss, m.
    pub centre_wavelength_m: f64,
    /// Full width of the passband at 1 dB more than the least loss, m.
    pub bandwidth_1db_m: f64,
    /// Mode field diameter of fibre and grating, m.
    pub mfd_m: f64,
    /// Offset of the fibre from its best place in x, m.
    pub offset_x_m: f64,
    /// Offset of the fibre from its best place in y, m.
    pub offset_y_m: f64,
}

impl Default for GratingCoupler {
    fn default() -> Self {
        Self {
            peak_loss_db: 2.5,
            centre_wavelength_m: 1310e-9,
            bandwidth_1db_m: 30e-9,
            mfd_m: 9.2e-6,
            offset_x_m: 0.0,
            offset_y_m: 0.0,
        }
    }
}

impl GratingCoupler {
    /// Checks every field.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] for a negative loss, a centre outside 0.8 to 2 µm, a bandwidth or diameter that is
    /// not positive, or an offset that is not finite.
    pub fn validate(&self) -> Result<()> {
        require::non_negative("peak_loss_db", self.peak_loss_db)?;
        require::within("centre_wavelength_m", self.centre_wavelength_m, 0.8e-6, 2e-6)?;
        require::positive("bandwidth_1db_m", self.bandwidth_1db_m)?;
        require::positive("mfd_m", self.mfd_m)?;
        require::finite("offset_x_m", self.offset_x_m)?;
        require::finite("offset_y_m", self.offset_y_m).map(drop)
    }

    /// Loss at a wavelength, optical dB.
    pub fn loss_db(&self, wavelength_m: f64) -> f64 {
        let away = 2.0 * (wavelength_m - self.centre_wavelength_m) / self.bandwidth_1db_m;
        // Equal modes without a gap: the overlap knows neither the wavelength nor which direction is which.
        let offset_m = self.offset_x_m.hypot(self.offset_y_m);
        self.peak_loss_db
            + away * away
            + coupling_loss_db(self.mfd_m, None, offset_m, 0.0, 0.0, self.centre_wavelength_m, 1.0)
    }

    /// Full width of the passband at 3 dB more than the least loss, m.
    pub fn bandwidth_3db_m(&self) -> f64 {
        3f64.sqrt() * self.bandwidth_1db_m
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passband_and_offset_add_to_the_peak() {
        let port = GratingCoupler { offset_x_m: 3e-6, offset_y_m: -4e-6, ..GratingCoupler::default() };
        // exp(−d²/w²) at 5 µm with w = 4.6 µm.
        let offset = 10.0 / std::f64::consts::LN_10 * (5.0f64 / 4.6).powi(2);
        assert!((port.loss_db(1310e-9) - 2.5 - offset).abs() < 1e-12);
        let edge = 1310e-9 + 0.5 * port.bandwidth_3db_m();
        assert!((port.loss_db(edge) - 5.5 - offset).abs() < 1e-12);
        assert!(GratingCoupler { bandwidth_1db_m: 0.0, ..port }.validate().is_err());
    }
}
