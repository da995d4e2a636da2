//! Evanescent coupling between a chip and a glass waveguide beside it, and the way through the glass.
//!
//! ```text
//! adiabatic taper:      1 − exp(−2π κ²/|sweep|)
//! directional coupler:  κ² sin²(√(κ² + D²) L)/(κ² + D²)
//! ```
//!
//! of the power, as in [`super::taper_residual`] and [`super::directional_coupler`], then `waveguide_loss_db_per_m` over
//! `waveguide_length_m`: a glass bridge. κ is taken as constant over the wavelengths of a lane; a taper hardly depends
//! on it, a directional coupler does.

use super::guide::{directional_coupler, taper_residual};
use crate::error::{Error, Result, require};
use crate::units::power_db;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An evanescent coupler: an adiabatic taper, or a directional coupler when there is no sweep.
///
/// ```
/// use lightlane::medium::optics::EvanescentCoupler;
/// // 2 % stay behind, and 2 cm of glass take 0.3 dB.
/// assert!((EvanescentCoupler::default().loss_db() - 0.3864).abs() < 1e-4);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EvanescentCoupler {
    /// Coupling of the two guides, 1/m.
    pub coupling_per_m: f64,
    /// Change of the difference of the propagation constants along the taper, 1/m²; 0 is a directional coupler.
    pub sweep_per_m2: f64,
    /// Half the difference of the propagation constants of a directional coupler, 1/m.
    pub detuning_per_m: f64,
    /// Length of a directional coupler, m; none is that of the first complete transfer, π/(2 √(κ² + D²)).
    pub coupling_length_m: Option<f64>,
    /// Length of the glass waveguide behind it, m.
    pub waveguide_length_m: f64,
    /// Attenuation of the glass waveguide, optical dB/m.
    pub waveguide_loss_db_per_m: f64,
    /// Loss beyond these (scattering, mode mismatch at the ends), optical dB.
    pub excess_loss_db: f64,
}

impl Default for EvanescentCoupler {
    fn default() -> Self {
        Self {
            coupling_per_m: 5000.0,
            sweep_per_m2: 4e7,
            detuning_per_m: 0.0,
            coupling_length_m: None,
            waveguide_length_m: 0.02,
            waveguide_loss_db_per_m: 15.0,
            excess_loss_db: 0.0,
        }
    }
}

impl EvanescentCoupler {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a coupling that is not positive, a sweep that is not finite, a taper with the detuning or length of a
    /// directional coupler, a negative length or loss, or guides that transfer less than a millionth of the power.
    pub fn validate(&self) -> Result<()> {
        require::positive("coupling_per_m", self.coupling_per_m)?;
        require::finite("detuning_per_m", self.detuning_per_m)?;
        let length_m = require::non_negative("coupling_length_m", self.coupling_length_m.unwrap_or(0.0))?;
        if require::finite("sweep_per_m2", self.sweep_per_m2)? != 0.0 {
            if self.detuning_per_m != 0.0 {
                return Err(Error::parameter("detuning_per_m", self.detuning_per_m, "0 with a sweep"));
            }
            if self.coupling_length_m.is_some() {
                return Err(Error::parameter("coupling_length_m", length_m, "none with a sweep"));
            }
        }
        require::non_negative("waveguide_length_m", self.waveguide_length_m)?;
        require::non_negative("waveguide_loss_db_per_m", self.waveguide_loss_db_per_m)?;
        require::non_negative("excess_loss_db", self.excess_loss_db)?;
        let transfer = self.transfer()?;
        if transfer < 1e-6 {
            let requirement = format!(
                "such that 1e-6 of the power changes guides at least; detuning, length and sweep leave {transfer:.1e}"
            );
            return Err(Error::parameter("coupling_per_m", self.coupling_per_m, requirement));
        }
        Ok(())
    }

    /// Share of the power that changes guides.
    ///
    /// # Errors
    /// As [`EvanescentCoupler::validate`] for the guides themselves.
    pub fn transfer(&self) -> Result<f64> {
        if self.sweep_per_m2 != 0.0 {
            return Ok(1.0 - taper_residual(self.coupling_per_m, self.sweep_per_m2)?);
        }
        let complete = std::f64::consts::FRAC_PI_2 / self.coupling_per_m.hypot(self.detuning_per_m);
        let length = self.coupling_length_m.unwrap_or(complete);
        directional_coupler(self.coupling_per_m, self.detuning_per_m, length)
    }

    /// Loss, optical dB, of a coupler that [`EvanescentCoupler::validate`] accepts; infinite for another.
    pub fn loss_db(&self) -> f64 {
        self.excess_loss_db + self.waveguide_loss_db_per_m * self.waveguide_length_m
            - power_db(self.transfer().unwrap_or(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directional(coupling: f64, detuning: f64, length: Option<f64>) -> EvanescentCoupler {
        EvanescentCoupler {
            coupling_per_m: coupling,
            sweep_per_m2: 0.0,
            detuning_per_m: detuning,
            coupling_length_m: length,
            waveguide_length_m: 0.0,
            ..EvanescentCoupler::default()
        }
    }

    #[test]
    fn a_complete_transfer_loses_nothing_and_a_detuned_one_what_stays() {
        assert!(directional(2e3, 0.0, None).loss_db().abs() < 1e-12);
        // D = κ: half at most.
        assert!((directional(2e3, 2e3, None).loss_db() - 10.0 * 2f64.log10()).abs() < 1e-12);
        let half = std::f64::consts::FRAC_PI_4 / 2e3;
        assert!((directional(2e3, 0.0, Some(half)).loss_db() - 10.0 * 2f64.log10()).abs() < 1e-12);
    }

    #[test]
    fn a_faster_taper_leaves_more_behind() {
        let at = |sweep| EvanescentCoupler { sweep_per_m2: sweep, ..EvanescentCoupler::default() };
        assert!(at(2e7).loss_db() < at(4e7).loss_db() && at(4e7).loss_db() < at(-8e7).loss_db());
    }

    #[test]
    fn what_cannot_be_is_named() {
        let text = |c: EvanescentCoupler| c.validate().unwrap_err().to_string();
        directional(2e3, 0.0, None).validate().unwrap();
        EvanescentCoupler::default().validate().unwrap();
        let whole_beat = std::f64::consts::PI / 2e3;
        let back = text(directional(2e3, 0.0, Some(whole_beat)));
        assert!(back.starts_with("coupling_per_m = 2000: must be such that 1e-6 of the power"), "{back}");
        let taper = EvanescentCoupler { detuning_per_m: 1.0, ..EvanescentCoupler::default() };
        assert!(text(taper).starts_with("detuning_per_m = 1: must be 0 with a sweep"));
        assert!(
            text(EvanescentCoupler { sweep_per_m2: f64::NAN, ..Default::default() })
                .starts_with("sweep_per_m2")
        );
        assert!(
            text(EvanescentCoupler { coupling_length_m: Some(1e-3), ..Default::default() })
                .contains("none with")
        );
    }
}
