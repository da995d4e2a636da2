//! Levels, Gray coding, precoding and test patterns.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The alphabet of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Modulation {
    /// Two levels, one bit a symbol.
    Nrz,
    /// Four levels, two Gray-coded bits a symbol.
    #[default]
    Pam4,
}
