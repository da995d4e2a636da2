//! The modulator of an optical section.

use super::mach_zehnder::MachZehnder;
use crate::error::Result;
use num_complex::Complex64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What turns a voltage into light: a linear response on the drive, then a power transfer without memory.
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

    /// Power out over power in at `v` volts from the bias point.
    pub fn transmission(&self, v: f64) -> f64 {
        match self {
            Self::MachZehnder(m) => m.transmission(v),
        }
    }

    /// Derivative of the transmission, 1/V.
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
            Self::MachZehnder(m) => m.bandwidth_hz.is_infinite(),
        }
    }

    /// Largest drive from the bias point, V, up to which more voltage means more light.
    pub fn monotonic_limit_v(&self) -> f64 {
        match self {
            Self::MachZehnder(m) => 0.5 * m.v_pi_v,
        }
    }
}
