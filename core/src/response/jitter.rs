//! Jitter of the transmitter: what moves, and by how much.

use crate::error::{Result, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a timing error moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JitterModel {
    /// Each transition moves on its own: (x_m − x_(m−1)) δ_m T_b h(t), x the symbols after the transmit FFE.
    #[default]
    Edge,
    /// Whole symbols move, as COM has it: Σ a_m δ_m h_J(t), h_J the derivative of the pulse.
    Com,
}

/// Transmitter jitter, untracked by the clock recovery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Jitter {
    /// Random jitter, UI rms.
    pub rj_ui: f64,
    /// Dual-Dirac jitter A_DD, UI: each event is early or late by this much.
    pub dd_ui: f64,
    /// What moves: "edge" (each transition on its own) or "com" (whole symbols). They differ by 1.6 to 1.7 in rms on real channels.
    pub model: JitterModel,
}

impl Default for Jitter {
    fn default() -> Self {
        Self { rj_ui: 0.0, dd_ui: 0.0, model: JitterModel::Edge }
    }
}

impl Jitter {
    /// Checks every field.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] for a negative value or one above 0.5 UI, where the linearized model has no meaning.
    pub fn validate(&self) -> Result<()> {
        require::within("jitter.rj_ui", self.rj_ui, 0.0, 0.5)?;
        require::within("jitter.dd_ui", self.dd_ui, 0.0, 0.5)?;
        Ok(())
    }
}
