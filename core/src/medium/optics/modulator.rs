//! The modulator of an optical section.

use super::mach_zehnder::MachZehnder;
use super::sidebands::Sidebands;
use crate::error::Result;
use num_complex::Complex64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What turns a voltage into light: a linear response on the drive, then the field that it gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Modulator {
    /// Mach–Zehnder at quadrature.
    MachZehnder(MachZehnder),
}

impl Default for Modulator {
    fn default() -> Self {
        Self::MachZehnder(MachZehnder::default())
    }
}

impl From<MachZehnder> for Modulator {
    fn from(device: MachZehnder) -> Self {
        Self::MachZehnder(device)
    }
}

impl Modulator {
    /// Checks the device.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] naming the field.
    pub fn validate(&self) -> Result<()> {
        match self {
            Self::MachZehnder(m) => m.validate(),
        }
    }

    /// Its kind, as written in a configuration.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::MachZehnder(_) => "mach_zehnder",
        }
    }

    /// Settled power out over power in at `v` volts from the bias point.
    pub fn transmission(&self, v: f64) -> f64 {
        match self {
            Self::MachZehnder(m) => m.transmission(v),
        }
    }

    /// Derivative of the settled transmission, 1/V.
    pub fn slope_per_v(&self, v: f64) -> f64 {
        match self {
            Self::MachZehnder(m) => m.slope_per_v(v),
        }
    }

    /// Response on the drive voltage, 1 at 0 Hz.
    pub fn response(&self, freq_hz: f64) -> Complex64 {
        match self {
            Self::MachZehnder(m) => m.response(freq_hz),
        }
    }

    /// Whether the drive reaches the light without any speed limit.
    pub fn is_unlimited(&self) -> bool {
        match self {
            Self::MachZehnder(m) => m.is_unlimited(),
        }
    }

    /// Whether the light follows the drive behind [`Modulator::response`] instant by instant.
    pub fn is_memoryless(&self) -> bool {
        match self {
            Self::MachZehnder(_) => true,
        }
    }

    /// Field out over field in for one period of a drive that repeats for ever, `drive_v` behind
    /// [`Modulator::response`]; its square is the power.
    pub fn field(&self, drive_v: &[f64], _sample_rate_hz: f64) -> Vec<Complex64> {
        match self {
            Self::MachZehnder(m) => drive_v.iter().map(|v| m.field(*v)).collect(),
        }
    }

    /// Sidebands of a drive of 1 V at `freq_hz` around the bias point, behind [`Modulator::response`].
    pub fn sidebands(&self, _freq_hz: f64) -> Sidebands {
        match self {
            Self::MachZehnder(m) => Sidebands::memoryless(m.relative_field_slope_per_v(0.0)),
        }
    }

    /// Response of relative power at the output to that at the input, at the bias point, 1 at 0 Hz: what a resonator does
    /// to the intensity noise of a laser.
    pub fn intensity_response(&self, _freq_hz: f64) -> Complex64 {
        match self {
            Self::MachZehnder(_) => Complex64::new(1.0, 0.0),
        }
    }

    /// What a user should know when `input_w` enters it and the symbols settle to `output_w`.
    pub fn warnings(&self, _input_w: f64, _output_w: &[f64]) -> Vec<String> {
        match self {
            Self::MachZehnder(_) => Vec::new(),
        }
    }
}
