//! The built-in values of `data/system.toml`, in SI units with their range, grade and source.

use crate::error::{Error, Result};
use crate::ledger::{Grade, Graded};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

const DOCUMENT: &str = include_str!("../../data/system.toml");

/// Units of the document, their SI form, and the factor between.
const UNITS: [(&str, &str, f64); 9] = [
    ("pJ/bit", "J/bit", 1e-12),
    ("pJ/bit/dB", "J/bit/dB", 1e-12),
    ("pJ/bit/tap", "J/bit/tap", 1e-12),
    ("dB/mm", "dB/m", 1e3),
    ("ns", "s", 1e-9),
    ("dB", "dB", 1.0),
    ("dBm", "dBm", 1.0),
    ("bit", "bit", 1.0),
    ("1", "1", 1.0),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    sources: BTreeMap<String, String>,
    values: BTreeMap<String, RawValue>,
    architectures: BTreeMap<String, ArchitecturePreset>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawValue {
    value: f64,
    low: f64,
    high: f64,
    unit: String,
    grade: Grade,
    source: Vec<String>,
    #[serde(default)]
    note: String,
}

/// An architecture as the document has it; lengths and losses are of one end.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ArchitecturePreset {
    pub(super) medium: MediumKind,
    pub(super) package_mm: f64,
    pub(super) pcb_mm: f64,
    pub(super) flyover_mm: f64,
    #[serde(default)]
    pub(super) cable_m: f64,
    #[serde(default)]
    pub(super) cable_loss_db: f64,
    pub(super) extra_losses: Vec<String>,
    pub(super) energy_parts: Vec<String>,
    pub(super) dsp_modules: usize,
    pub(super) host_serdes: bool,
    #[serde(default)]
    pub(super) host_extra_loss_equivalent_db: f64,
    pub(super) grade: Grade,
    pub(super) source: Vec<String>,
}

/// What carries the signal between the ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum MediumKind {
    Copper,
    Optical,
}

/// Values and architectures, read once.
pub(super) struct SystemData {
    values: BTreeMap<String, Graded>,
    pub(super) architectures: BTreeMap<String, ArchitecturePreset>,
    sources: BTreeMap<String, String>,
}

impl SystemData {
    fn parse(text: &str) -> Result<Self> {
        let document: Document = toml::from_str(text).map_err(|e| Error::Document {
            line: e.span().map_or(0, |s| text[..s.start].lines().count() + 1),
            name: "system.toml".into(),
            value: e.message().into(),
            requirement: "a system preset".into(),
        })?;
        let mut data = Self {
            values: BTreeMap::new(),
            architectures: document.architectures,
            sources: document.sources,
        };
        for (name, raw) in document.values {
            let known = UNITS.iter().find(|(unit, ..)| *unit == raw.unit);
            let (_, unit, factor) =
                known.ok_or_else(|| Error::unknown("unit", &raw.unit, UNITS.map(|(unit, ..)| unit)))?;
            let mut source = data.source_text(&raw.source)?;
            if !raw.note.is_empty() {
                source = format!("{source}: {}", raw.note);
            }
            let value = Graded::new(&name, raw.value, raw.low, raw.high, &raw.unit, raw.grade, &source)?;
            data.values.insert(name.clone(), value.scaled(&name, *factor, unit));
        }
        Ok(data)
    }

    /// Sources by key, joined.
    pub(super) fn source_text(&self, keys: &[String]) -> Result<String> {
        let text = |key: &String| {
            let known = || Error::unknown("source", key, self.sources.keys().map(String::as_str));
            self.sources.get(key).map(String::as_str).ok_or_else(known)
        };
        Ok(keys.iter().map(text).collect::<Result<Vec<_>>>()?.join("; "))
    }

    pub(super) fn value(&self, name: &str) -> Result<&Graded> {
        let unknown = || Error::unknown("value", name, self.values.keys().map(String::as_str));
        self.values.get(name).ok_or_else(unknown)
    }
}

/// The built-in data.
pub(super) fn system_data() -> Result<&'static SystemData> {
    static DATA: OnceLock<Result<SystemData>> = OnceLock::new();
    DATA.get_or_init(|| SystemData::parse(DOCUMENT)).as_ref().map_err(Clone::clone)
}

/// A built-in value by name, in SI units.
///
/// # Errors
/// [`Error::Unknown`] with the nearest name.
///
/// ```
/// let slope = lightlane::system::system_value("serdes_slope")?;
/// assert!((slope.value - 0.055e-12).abs() < 1e-27 && slope.unit == "J/bit/dB");
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn system_value(name: &str) -> Result<Graded> {
    system_data()?.value(name).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_whole() {
        let data = system_data().expect("built-in");
        for value in data.values.values() {
            assert!(value.low <= value.value && value.value <= value.high && !value.source.is_empty());
            assert!(UNITS.iter().any(|(_, si, _)| *si == value.unit));
        }
        for a in data.architectures.values() {
            for name in a.extra_losses.iter().chain(&a.energy_parts) {
                // Lasers are not values of their own: they follow from the optical budget.
                assert!(name.starts_with("laser_") || data.value(name).is_ok(), "{name}");
            }
            assert!(!data.source_text(&a.source).expect("listed").is_empty());
        }
    }

    #[test]
    fn a_broken_document_is_refused_at_its_line() {
        let e = |text: &str| SystemData::parse(text).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(e("[sources]\n[values]\n[architectures]\nx = 1\n").contains("line"), "{}", e("x"));
        let unit = "[sources]\nA = \"a\"\n[architectures]\n[values.v]\nvalue = 1.0\nlow = 1.0\nhigh = 1.0\nunit = \"pJ/bt\"\ngrade = \"assumed\"\nsource = [\"A\"]\n";
        assert!(e(unit).contains("did you mean \"pJ/bit\""), "{}", e(unit));
        assert!(e(&unit.replace("pJ/bt", "pJ/bit").replace("[\"A\"]", "[\"B\"]")).contains("source"));
        assert!(e(&unit.replace("pJ/bt", "pJ/bit").replace("low = 1.0", "low = 2.0")).contains("range"));
    }
}
