//! Optical connectors.

use crate::error::{Result, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A mated fibre connector, by its loss alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Connector {
    /// Insertion loss, optical dB.
    pub loss_db: f64,
}

impl Default for Connector {
    fn default() -> Self {
        Self { loss_db: 0.25 }
    }
}

impl Connector {
    /// Checks the loss.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] for a negative loss: nothing here amplifies.
    pub fn validate(&self) -> Result<()> {
        require::non_negative("loss_db", self.loss_db).map(drop)
    }
}
