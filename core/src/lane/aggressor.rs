//! An aggressor: another lane's transmitter, seen through a crosstalk path.

use crate::error::{Result, require};
use crate::lane::block::{Channel, Synthetic};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which end the aggressor sits at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AggressorKind {
    /// Far end: it transmits beside the victim's transmitter, with the same FFE.
    #[default]
    Fext,
    /// Near end: it transmits beside the victim's receiver, without FFE (Annex 93A).
    Next,
}

/// The crosstalk path of an aggressor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CrosstalkPath {
    /// A measured or simulated network: aggressor's driver on the left, victim's receiver on the right.
    Channel(Channel),
    /// A path of a synthetic channel.
    Synthetic(Synthetic),
}

/// One aggressor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Aggressor {
    /// Crosstalk path; it takes the place of a channel block of the medium, so the packages around it stay, and disturbs
    /// the segment that this block is in.
    #[schemars(extend("x-positional" = true))]
    pub channel: CrosstalkPath,
    /// "fext" or "next".
    #[serde(default)]
    pub kind: AggressorKind,
    /// Amplitude of the aggressor, V zero to peak, differential; None is that of the victim's segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amplitude_v: Option<f64>,
    /// Name of the channel block whose place it takes. None is the only one that the medium has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

impl Aggressor {
    /// Checks every field.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] for an amplitude that is not positive, or those of the path.
    pub fn validate(&self) -> Result<()> {
        if let Some(a) = self.amplitude_v {
            require::non_negative("amplitude_v", a)?;
        }
        match &self.channel {
            CrosstalkPath::Channel(c) => c.validate(),
            CrosstalkPath::Synthetic(s) => s.validate(),
        }
    }
}
