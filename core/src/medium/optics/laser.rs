//! The continuous-wave laser and how its light is shared.

use crate::error::{Error, Result, require};
use crate::units::{power_db, power_ratio};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A continuous-wave laser. Linewidth is left out: it matters only through interference of reflections.
///
/// ```
/// let laser = lightlane::medium::optics::Laser { lanes_per_laser: 4, feed_loss_db: 2.3, ..Default::default() };
/// assert!((laser.split_loss_db() - 8.3206).abs() < 1e-4);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Laser {
    /// Power in the laser's own output, W.
    pub power_w: f64,
    /// Wavelength in vacuum, m.
    pub wavelength_m: f64,
    /// Relative intensity noise of the laser itself, 1/Hz, one-sided (−145 dB/Hz is 3.16e-15). Standards quote RIN_OMA, which is larger: see `rin_from_rin_oma`.
    pub rin_per_hz: f64,
    /// Lanes that share the laser equally.
    pub lanes_per_laser: usize,
    /// Loss from the laser's output to the modulators beyond the equal split (fibre, connectors, coupling, excess of the splitter), dB.
    pub feed_loss_db: f64,
}

impl Default for Laser {
    fn default() -> Self {
        Self {
            power_w: 0.01,
            wavelength_m: 1310e-9,
            rin_per_hz: 3.162_277_660_168_379_5e-15,
            lanes_per_laser: 1,
            feed_loss_db: 0.0,
        }
    }
}

impl Laser {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] for power that is not positive, a wavelength outside 0.8 to 2 µm (a slip of units), a
    /// negative RIN or loss, or no lane at all.
    pub fn validate(&self) -> Result<()> {
        require::positive("power_w", self.power_w)?;
        require::within("wavelength_m", self.wavelength_m, 0.8e-6, 2e-6)?;
        require::non_negative("rin_per_hz", self.rin_per_hz)?;
        if self.lanes_per_laser == 0 {
            return Err(Error::parameter("lanes_per_laser", 0, "at least 1"));
        }
        require::non_negative("feed_loss_db", self.feed_loss_db)?;
        Ok(())
    }

    /// Loss from the laser's output to one modulator, dB.
    pub fn split_loss_db(&self) -> f64 {
        self.feed_loss_db + power_db(self.lanes_per_laser as f64)
    }

    /// Power that enters one modulator, W.
    pub fn lane_power_w(&self) -> f64 {
        self.power_w * power_ratio(-self.split_loss_db())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_feed_budget_comes_out() {
        // 20 dBm − 0.5 (fibre) − 1.5 (coupling) − 6.02 (four lanes) − 0.3 (splitter) = 11.68 dBm.
        let laser = Laser { power_w: 0.1, lanes_per_laser: 4, feed_loss_db: 2.3, ..Laser::default() };
        // The budget itself is given to two decimals.
        assert!((crate::units::w_to_dbm(laser.lane_power_w()) - 11.68).abs() < 0.005);
    }

    #[test]
    fn a_power_of_zero_is_refused_and_no_rin_is_not() {
        assert!(Laser { power_w: 0.0, ..Laser::default() }.validate().is_err());
        assert!(Laser { rin_per_hz: 0.0, power_w: 1e-12, ..Laser::default() }.validate().is_ok());
    }
}
