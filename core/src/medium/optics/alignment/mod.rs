//! How well an array of fibres sits before its modes: statistics of the coupling loss.
//!
//! ```text
//! offset of fibre i = (X + e_x, Y + x_i θ + e_y)        x_i = (i − (n − 1)/2) pitch
//! loss = (10/ln 10) d²/w² dB                            equal modes, no gap, no tilt
//! ```
//!
//! X, Y and θ are common to the array, e_x and e_y each fibre's own; all are normal with mean 0, X and Y alike, and e_x and
//! e_y. One fibre's d is Rayleigh, so its loss in dB is exponential ([`alignment_mean_loss_db`]). The fibres of an array
//! share X, Y and θ and are not independent ([`Alignment::array_yield`]). Unequal modes, gap and tilt have no closed form:
//! [`Alignment::losses`] draws them through the whole overlap of the [`super::Coupler`].
//!
//! | symbol | name | unit |
//! |---|---|---|
//! | w | mode radius, half of MFD | m |
//! | σ of e, of X and Y, of θ | `sigma_fiber_m`, `sigma_common_m`, `sigma_rotation_rad` | m, m, rad |
//!
//! θ is small: x_i θ stands for x_i sin θ, and x_i (1 − cos θ) is left out. Thermal expansion is not modelled.

mod array_yield;
mod closed_form;
mod losses;
mod quadrature;

pub use closed_form::{alignment_mean_loss_db, alignment_sigma_m};
pub use losses::{ArrayLosses, WorstLosses};

use crate::error::{Error, Result, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Largest number of fibres of an array: each is integrated over and drawn.
const MOST_FIBERS: usize = 4096;

/// Errors of placing an array of fibres, as standard deviations of normal laws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Alignment {
    /// Offset of each fibre by itself, per axis, m.
    pub sigma_fiber_m: f64,
    /// Offset common to the array, per axis, m.
    pub sigma_common_m: f64,
    /// Rotation of the array about its centre, in the plane of the modes, rad.
    pub sigma_rotation_rad: f64,
    /// Tilt of the array's axes, per plane, rad, added to that of the coupler.
    pub sigma_tilt_rad: f64,
    /// Error of the array's gap, m, added to that of the coupler; what would be less than contact is contact.
    pub sigma_gap_m: f64,
    /// Fibres of an array.
    pub n_fibers: usize,
    /// Distance of neighbouring fibres, m.
    pub pitch_m: f64,
}

impl Default for Alignment {
    fn default() -> Self {
        Self {
            sigma_fiber_m: 0.2e-6,
            sigma_common_m: 0.0,
            sigma_rotation_rad: 0.0,
            sigma_tilt_rad: 0.0,
            sigma_gap_m: 0.0,
            n_fibers: 1,
            pitch_m: 127e-6,
        }
    }
}

impl Alignment {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a negative or infinite deviation, a rotation or tilt above 0.1 rad, where angles are no
    /// longer small, no fibre or more than 4096, or a pitch that is not positive.
    pub fn validate(&self) -> Result<()> {
        require::non_negative("sigma_fiber_m", self.sigma_fiber_m)?;
        require::non_negative("sigma_common_m", self.sigma_common_m)?;
        require::within("sigma_rotation_rad", self.sigma_rotation_rad, 0.0, 0.1)?;
        require::within("sigma_tilt_rad", self.sigma_tilt_rad, 0.0, 0.1)?;
        require::non_negative("sigma_gap_m", self.sigma_gap_m)?;
        if !(1..=MOST_FIBERS).contains(&self.n_fibers) {
            return Err(Error::parameter("n_fibers", self.n_fibers, format!("between 1 and {MOST_FIBERS}")));
        }
        require::positive("pitch_m", self.pitch_m).map(drop)
    }

    /// Place of fibre i along the array, from its centre, m.
    fn place_m(&self, i: usize) -> f64 {
        (i as f64 - 0.5 * (self.n_fibers - 1) as f64) * self.pitch_m
    }
}
