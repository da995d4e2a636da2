//! The photodiode.

use super::driver::bandwidth;
use super::filter::one_pole;
use crate::error::{Result, require};
use num_complex::Complex64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A p-i-n photodiode: responsivity, one pole, dark current. It does not saturate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Photodiode {
    /// Current per optical power, A/W.
    pub responsivity_a_per_w: f64,
    /// 3 dB bandwidth of the single pole that signal, RIN and shot noise pass, Hz; `"inf"` for none.
    #[serde(with = "crate::ledger::float_or_inf")]
    #[schemars(with = "f64")]
    pub bandwidth_hz: f64,
    /// Dark current, A; it adds shot noise.
    pub dark_current_a: f64,
}

impl Default for Photodiode {
    fn default() -> Self {
        Self { responsivity_a_per_w: 0.9, bandwidth_hz: 65e9, dark_current_a: 10e-9 }
    }
}

impl Photodiode {
    /// Checks every field.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] for a responsivity or bandwidth that is not positive, or a negative dark current.
    pub fn validate(&self) -> Result<()> {
        require::positive("responsivity_a_per_w", self.responsivity_a_per_w)?;
        bandwidth("bandwidth_hz", self.bandwidth_hz)?;
        require::non_negative("dark_current_a", self.dark_current_a).map(drop)
    }

    /// Its response at `freq_hz`, 1 at 0 Hz.
    pub fn response(&self, freq_hz: f64) -> Complex64 {
        one_pole(freq_hz, self.bandwidth_hz)
    }
}
