//! The photodiode.

use super::driver::{bandwidth, saturation};
use super::filter::one_pole;
use crate::error::{Result, require};
use num_complex::Complex64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A p-i-n photodiode: responsivity R, saturation I = R P/(1 + R P/I_sat), one pole, dark current.
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
    /// Current I_sat that no power exceeds, A: at this linear current half of it flows; `"inf"` for none.
    #[serde(with = "crate::ledger::float_or_inf")]
    #[schemars(with = "f64")]
    pub saturation_a: f64,
}

impl Default for Photodiode {
    fn default() -> Self {
        Self {
            responsivity_a_per_w: 0.9,
            bandwidth_hz: 65e9,
            dark_current_a: 10e-9,
            saturation_a: f64::INFINITY,
        }
    }
}

impl Photodiode {
    /// Checks every field.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] for a responsivity, bandwidth or saturation that is not positive, or a negative dark
    /// current.
    pub fn validate(&self) -> Result<()> {
        require::positive("responsivity_a_per_w", self.responsivity_a_per_w)?;
        bandwidth("bandwidth_hz", self.bandwidth_hz)?;
        require::non_negative("dark_current_a", self.dark_current_a)?;
        saturation("saturation_a", self.saturation_a)
    }

    /// Photocurrent, A, of `power_w`, without dark current and before its bandwidth.
    ///
    /// ```
    /// use lightlane::medium::optics::Photodiode;
    /// let diode = Photodiode { saturation_a: 9e-3, ..Photodiode::default() };
    /// assert!((diode.current_a(10e-3) - 4.5e-3).abs() < 1e-12);
    /// ```
    pub fn current_a(&self, power_w: f64) -> f64 {
        let linear = self.responsivity_a_per_w * power_w;
        linear / (1.0 + linear / self.saturation_a)
    }

    /// Slope of the current over that of a diode that does not saturate.
    pub fn relative_slope(&self, power_w: f64) -> f64 {
        (1.0 + self.responsivity_a_per_w * power_w / self.saturation_a).powi(-2)
    }

    /// Its response at `freq_hz`, 1 at 0 Hz.
    pub fn response(&self, freq_hz: f64) -> Complex64 {
        one_pole(freq_hz, self.bandwidth_hz)
    }
}
