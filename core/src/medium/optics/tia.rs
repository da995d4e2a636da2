//! The transimpedance amplifier.

use super::compression::gain_for;
use super::driver::{bandwidth, saturation};
use super::filter::BesselThomson;
use crate::error::{Result, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A transimpedance amplifier with automatic gain: a 4th-order Bessel–Thomson low-pass with noise at its input, then
/// `saturation_v` tanh(v / `saturation_v`) around the mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tia {
    /// Input-referred noise current, one-sided, A/√Hz.
    pub noise_a_per_rthz: f64,
    /// 3 dB bandwidth of the 4th-order Bessel–Thomson response, Hz; `"inf"` for none.
    #[serde(with = "crate::ledger::float_or_inf")]
    #[schemars(with = "f64")]
    pub bandwidth_hz: f64,
    /// Settled outer level to outer level at the output, peak to peak, V: the gain is set to reach it.
    pub output_swing_v: f64,
    /// Largest transimpedance, Ω; beyond it the output swing falls.
    pub gain_max_ohm: f64,
    /// Output at which it saturates, V zero to peak; `"inf"` for a linear amplifier.
    #[serde(with = "crate::ledger::float_or_inf")]
    #[schemars(with = "f64")]
    pub saturation_v: f64,
}

impl Default for Tia {
    fn default() -> Self {
        Self {
            noise_a_per_rthz: 16e-12,
            bandwidth_hz: 55e9,
            output_swing_v: 0.5,
            gain_max_ohm: 5e3,
            saturation_v: f64::INFINITY,
        }
    }
}

impl Tia {
    /// Checks every field.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] for negative noise, or a bandwidth, swing, gain or saturation that is not
    /// positive.
    pub fn validate(&self) -> Result<()> {
        require::non_negative("noise_a_per_rthz", self.noise_a_per_rthz)?;
        bandwidth("bandwidth_hz", self.bandwidth_hz)?;
        require::positive("output_swing_v", self.output_swing_v)?;
        require::positive("gain_max_ohm", self.gain_max_ohm)?;
        saturation("saturation_v", self.saturation_v)
    }

    /// Small-signal transimpedance, Ω, that turns a settled swing of current, symmetric about its mean, into
    /// `output_swing_v`, and whether it had to stop at the largest one or at 90 % of the saturated output.
    pub fn gain_ohm(&self, input_swing_a: f64) -> (f64, bool) {
        let (wanted, saturated) = gain_for(input_swing_a, self.output_swing_v, self.saturation_v);
        if wanted > self.gain_max_ohm * (1.0 + 1e-9) {
            (self.gain_max_ohm, true)
        } else {
            (wanted, saturated)
        }
    }

    /// Its response, 1 at 0 Hz.
    pub fn response(&self) -> BesselThomson {
        BesselThomson::new(4, self.bandwidth_hz)
    }
}
