//! The modulator's driver amplifier.

use super::compression::gain_for;
use super::filter::BesselThomson;
use crate::error::{Error, Result, require};
use crate::units::{amplitude_db, amplitude_ratio};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An amplifier of limited gain: a 4th-order Bessel–Thomson low-pass with noise at its input, then `saturation_v`
/// tanh(v / `saturation_v`). Where its gain or its output is used up the swing falls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Driver {
    /// Settled outer level to outer level at the modulator, peak to peak, V: the gain is set to reach it.
    pub swing_v: f64,
    /// Largest voltage gain, dB.
    pub gain_max_db: f64,
    /// Noise at the input, one-sided, V²/Hz; it is amplified with the signal.
    pub input_noise_v2_per_hz: f64,
    /// 3 dB bandwidth of the 4th-order Bessel–Thomson response, Hz; `"inf"` for none.
    #[serde(with = "crate::ledger::float_or_inf")]
    #[schemars(with = "f64")]
    pub bandwidth_hz: f64,
    /// Output at which it saturates, V zero to peak; `"inf"` for a linear amplifier.
    #[serde(with = "crate::ledger::float_or_inf")]
    #[schemars(with = "f64")]
    pub saturation_v: f64,
}

impl Default for Driver {
    fn default() -> Self {
        Self {
            swing_v: 2.5,
            gain_max_db: 20.0,
            input_noise_v2_per_hz: 2.5e-17,
            bandwidth_hz: 60e9,
            saturation_v: f64::INFINITY,
        }
    }
}

impl Driver {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a swing, bandwidth or saturation that is not positive, negative noise, or a gain that is
    /// not finite.
    pub fn validate(&self) -> Result<()> {
        require::positive("swing_v", self.swing_v)?;
        require::within("gain_max_db", self.gain_max_db, -100.0, 100.0)?;
        require::non_negative("input_noise_v2_per_hz", self.input_noise_v2_per_hz)?;
        bandwidth("bandwidth_hz", self.bandwidth_hz)?;
        saturation("saturation_v", self.saturation_v)
    }

    /// Small-signal voltage gain that turns a settled swing at the input, symmetric about 0, into `swing_v`, and whether it
    /// had to stop at the largest gain or at 90 % of the saturated output.
    pub fn gain(&self, input_swing_v: f64) -> (f64, bool) {
        let (wanted, saturated) = gain_for(input_swing_v, self.swing_v, self.saturation_v);
        // A gain that only rounding carries over the limit is not a limited one.
        if amplitude_db(wanted) > self.gain_max_db + 1e-9 {
            (amplitude_ratio(self.gain_max_db), true)
        } else {
            (wanted, saturated)
        }
    }

    /// Its response, 1 at 0 Hz.
    pub fn response(&self) -> BesselThomson {
        BesselThomson::new(4, self.bandwidth_hz)
    }
}

/// A bandwidth is positive; infinite means no filter.
pub(super) fn bandwidth(name: &str, value: f64) -> Result<()> {
    if value > 0.0 { Ok(()) } else { Err(Error::parameter(name, value, "above 0, or \"inf\" for no filter")) }
}

/// A saturated output is positive; infinite means a linear device.
pub(super) fn saturation(name: &str, value: f64) -> Result<()> {
    if value > 0.0 { Ok(()) } else { Err(Error::parameter(name, value, "above 0, or \"inf\" for none")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gain_reaches_the_swing_or_stops_at_its_limit() {
        let driver = Driver { swing_v: 2.0, gain_max_db: 20.0, ..Driver::default() };
        assert_eq!(driver.gain(0.5), (4.0, false));
        assert_eq!(driver.gain(0.2), (10.0, false));
        let (gain, limited) = driver.gain(0.1);
        // 20 dB is a factor of 10 up to rounding of the power function.
        assert!(limited && (gain - 10.0).abs() < 1e-12);
    }
}
