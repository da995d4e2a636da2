//! Named laminates and foils: data with grade and source.

use super::presets::Table;
use crate::error::Result;
use crate::ledger::Graded;

const DATA: &str = include_str!("../../../data/materials.toml");

/// A laminate with its foil, as a list of graded values.
#[derive(Debug, Clone, PartialEq)]
pub struct Material {
    table: Table,
}

impl Material {
    /// Names of all laminates.
    ///
    /// # Errors
    /// If the shipped table cannot be read, which a test excludes.
    pub fn names() -> Result<Vec<String>> {
        Table::names(DATA)
    }

    /// A laminate by name.
    ///
    /// # Errors
    /// [`crate::Error::Unknown`], with the nearest name.
    ///
    /// ```
    /// use lightlane::medium::electrical::Material;
    /// assert_eq!(Material::named("megtron8")?.value("dk")?, 3.13);
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    pub fn named(name: &str) -> Result<Self> {
        Table::named(DATA, "material", name).map(|table| Self { table })
    }

    /// One value: `dk`, `df`, `reference_freq_hz`, `width_m`, `thickness_m`, `conductivity_s_per_m`,
    /// `current_crowding` or `roughness_rz_m`.
    ///
    /// # Errors
    /// [`crate::Error::Unknown`], with the nearest name.
    pub fn value(&self, name: &str) -> Result<f64> {
        self.table.value(name)
    }

    /// Every value with its range, grade and source.
    pub fn values(&self) -> &[Graded] {
        self.table.values()
    }
}
