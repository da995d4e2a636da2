//! Where the optics sit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the optics sit, as far as energy goes: it changes nothing that the signal sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModuleKind {
    /// A front-panel module: its laser inside, its own controller.
    Pluggable,
    /// An engine beside or on the switch's package: its laser outside.
    #[default]
    Engine,
}
