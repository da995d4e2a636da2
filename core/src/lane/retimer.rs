//! A retimer: a receiver that decides and a transmitter that sends the decisions anew.

use crate::error::Result;
use crate::receiver::{Ctle, Dfe, Ffe, Receiver, Setting, SettingRange};
use crate::response::{Jitter, JitterModel};
use crate::transmitter::{TransmitFfe, Transmitter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A retimer in a medium: it ends one segment of the lane and starts the next.
///
/// Noise, interference and jitter end at its slicer; its wrong decisions are sent on. It does not decode: codes run from end
/// to end, and so does precoding. Its delay and energy are those of the ledger.
///
/// The defaults are a signal processor in a module: receiver and transmitter of the shipped lanes, which are the reference
/// ones of 802.3dj (`core/data/lanes.toml`). A receiver or transmitter that is given has the defaults of its own class, which
/// are ideal, where it leaves a field out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retimer {
    /// Unique name in the medium, for parameter paths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Ends the segment before it.
    pub receiver: Receiver,
    /// Starts the segment after it.
    pub transmitter: Transmitter,
}

impl Default for Retimer {
    fn default() -> Self {
        let range = |min, max, step| Setting::Range(SettingRange { min, max, step });
        Self {
            name: None,
            receiver: Receiver {
                noise_v2_per_hz: 7.5e-18,
                bandwidth_hz: Some(58.4375e9),
                termination_ohm: 92.5,
                ctle: Some(Ctle {
                    gdc_db: range(-20.0, 0.0, 1.0),
                    gdc2_db: range(-6.0, 0.0, 1.0),
                    ..Ctle::default()
                }),
                ffe: Some(Ffe {
                    pre: 6,
                    post: 8,
                    floating_groups: 2,
                    floating_taps: 4,
                    floating_span_ui: 80,
                    tap_limit: 0.7,
                    floating_limit: 0.05,
                    ..Ffe::default()
                }),
                dfe: Some(Dfe { taps: 1, limit: 0.85, minimum: Some(0.0), ..Dfe::default() }),
                ..Receiver::default()
            },
            transmitter: Transmitter {
                amplitude_v: 0.413,
                ffe: Some(TransmitFfe::from_offsets([(-1, -0.06)])),
                snr_db: Some(33.0),
                level_mismatch: 0.95,
                transition_s: Some(4e-12),
                termination_ohm: 92.5,
                jitter: Some(Jitter {
                    rj_ui: 0.01,
                    dd_ui: 0.02,
                    model: JitterModel::Com,
                    ..Jitter::default()
                }),
                ..Transmitter::default()
            },
        }
    }
}

impl Retimer {
    /// Checks receiver and transmitter.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] naming the field.
    pub fn validate(&self) -> Result<()> {
        self.receiver.validate()?;
        self.transmitter.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::preset;

    #[test]
    fn the_defaults_are_those_of_the_shipped_lanes() {
        let (lane, retimer) = (preset("copper-c2m").unwrap(), Retimer::default());
        assert_eq!((retimer.receiver, retimer.transmitter), (lane.receiver, lane.transmitter));
    }
}
