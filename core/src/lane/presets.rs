//! The shipped lanes and the grades of their values.

use crate::error::{Error, Result};
use crate::lane::Lane;
use crate::ledger::{Assumption, Grade};
use crate::medium::electrical::{Package, Side, Trace};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

const DATA: &str = include_str!("../../data/lanes.toml");

/// Numbers that nobody supports with a source in a lane that is not a preset's.
const UNSUPPORTED: &str = "chosen for the preset; no public source";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    source: BTreeMap<String, String>,
    shared: Map<String, Value>,
    evidence: BTreeMap<Grade, BTreeMap<String, Vec<String>>>,
    lane: Vec<Map<String, Value>>,
}

fn document() -> Result<Document> {
    toml::from_str(DATA).map_err(|e| broken(&e.to_string()))
}

fn broken(reason: &str) -> Error {
    Error::parameter("data/lanes.toml", reason, "a list of lanes")
}

/// Names of the shipped lanes.
///
/// # Errors
/// If the shipped table cannot be read, which a test excludes.
pub fn preset_names() -> Result<Vec<String>> {
    Ok(document()?
        .lane
        .iter()
        .filter_map(|l| l.get("name").and_then(Value::as_str).map(String::from))
        .collect())
}

/// One sentence on a shipped lane.
///
/// # Errors
/// [`Error::Unknown`] with the nearest name.
pub fn preset_summary(name: &str) -> Result<String> {
    let table = table(&document()?, name)?;
    Ok(table.get("summary").and_then(Value::as_str).unwrap_or_default().to_string())
}

/// A shipped lane.
///
/// # Errors
/// [`Error::Unknown`] with the nearest name.
///
/// ```
/// let lane = lightlane::lane::preset("copper-kr1")?;
/// assert_eq!(lane.symbol_rate_hz, 106.25e9);
/// assert_eq!(lane.aggressors.len(), 4);
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn preset(name: &str) -> Result<Lane> {
    let document = document()?;
    let mut table = table(&document, name)?;
    table.remove("summary");
    table.remove("assumed");
    for (key, value) in &document.shared {
        table.entry(key.clone()).or_insert_with(|| value.clone());
    }
    if let Some(Value::Array(blocks)) = table.get_mut("medium") {
        for block in blocks {
            expand(block)?;
        }
    }
    let lane: Lane = serde_json::from_value(Value::Object(table)).map_err(|e| broken(&e.to_string()))?;
    lane.validate()?;
    Ok(lane)
}

fn table(document: &Document, name: &str) -> Result<Map<String, Value>> {
    let names = || document.lane.iter().filter_map(|l| l.get("name").and_then(Value::as_str));
    let found = document.lane.iter().find(|l| l.get("name").and_then(Value::as_str) == Some(name));
    found.cloned().ok_or_else(|| Error::unknown("lane", name, names()))
}

/// Replaces `preset = "…"` in a block by the values of its table; what stands beside it wins.
fn expand(block: &mut Value) -> Result<()> {
    let Value::Object(fields) = block else { return Ok(()) };
    let Some(Value::String(name)) = fields.remove("preset") else { return Ok(()) };
    let side = || {
        fields
            .get("side")
            .and_then(Value::as_str)
            .map_or(Side::Tx, |s| if s == "rx" { Side::Rx } else { Side::Tx })
    };
    let values = match fields.get("kind").and_then(Value::as_str) {
        Some("package") => serde_json::to_value(Package::preset(&name, side())?),
        Some("trace") => serde_json::to_value(Trace::preset(&name, 0.0)?),
        _ => return Err(broken("preset in a block that has none")),
    };
    if let Ok(Value::Object(values)) = values {
        for (key, value) in values {
            fields.entry(key).or_insert(value);
        }
    }
    fields.retain(|_, v| !v.is_null());
    Ok(())
}

/// Grade and source of a lane's settings outside its medium, for those that it shares with the preset it is closest to. A
/// lane that shares fewer than half of them with any preset rests on its author alone.
pub(super) fn settings(lane: &Lane) -> Result<Vec<Assumption>> {
    let leaves = settings_of(lane)?;
    let (mut closest, mut closest_name): (Vec<(String, Value)>, _) = (Vec::new(), String::new());
    for name in preset_names()? {
        let known: BTreeMap<String, Value> = settings_of(&preset(&name)?)?.into_iter().collect();
        let shared: Vec<_> =
            leaves.iter().filter(|(path, value)| known.get(path) == Some(value)).cloned().collect();
        if shared.len() > closest.len() {
            (closest, closest_name) = (shared, name);
        }
    }
    if 2 * closest.len() < leaves.len() {
        return Ok(Vec::new());
    }
    let document = document()?;
    let own = table(&document, &closest_name)?;
    let assumed: Vec<_> = assumed(&own).collect();
    let graded = closest.into_iter().map(|(path, value)| {
        let unsupported = assumed.iter().any(|pattern| matches(pattern, &path));
        let (grade, source) =
            if unsupported { (Grade::Assumed, UNSUPPORTED.into()) } else { document.support(&path) };
        Assumption { path, value: value.to_string(), grade, source }
    });
    Ok(graded.collect())
}

/// Patterns of the settings of a lane that the evidence does not cover.
fn assumed(table: &Map<String, Value>) -> impl Iterator<Item = &str> {
    table.get("assumed").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Grade and source of a setting of the shipped lanes, by its path.
pub(super) fn support(path: &str) -> Result<(Grade, String)> {
    Ok(document()?.support(path))
}

fn settings_of(lane: &Lane) -> Result<Vec<(String, Value)>> {
    let all = numbers(lane)?;
    Ok(all.into_iter().filter(|(path, _)| !path.starts_with("medium.")).collect())
}

impl Document {
    fn support(&self, path: &str) -> (Grade, String) {
        for (grade, by_source) in &self.evidence {
            for (source, patterns) in by_source {
                if patterns.iter().any(|p| matches(p, path)) {
                    return (*grade, self.source.get(source).cloned().unwrap_or_else(|| source.clone()));
                }
            }
        }
        (Grade::Assumed, UNSUPPORTED.into())
    }
}

/// Whether a dotted path fits a pattern whose `*` stands for one part.
fn matches(pattern: &str, path: &str) -> bool {
    let (a, b): (Vec<_>, Vec<_>) = (pattern.split('.').collect(), path.split('.').collect());
    a.len() == b.len() && a.iter().zip(&b).all(|(p, q)| *p == "*" || p == q)
}

/// Every number of a configuration with its path; elements of a list by name where they have one.
pub(super) fn numbers(config: &impl Serialize) -> Result<Vec<(String, Value)>> {
    let value = serde_json::to_value(config).map_err(|e| Error::parameter("lane", e, "writable"))?;
    let mut out = Vec::new();
    walk("", &value, &mut out);
    Ok(out)
}

fn walk(path: &str, value: &Value, out: &mut Vec<(String, Value)>) {
    let join = |key: &str| if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| walk(&join(k), v, out)),
        Value::Array(list) => {
            for (i, v) in list.iter().enumerate() {
                let name = v.get("name").and_then(Value::as_str).map_or_else(|| i.to_string(), String::from);
                walk(&join(&name), v, out);
            }
        }
        Value::Number(_) => out.push((path.to_string(), value.clone())),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_lane_calls_assumed_is_one_of_its_settings_and_no_longer_supported() {
        let document = document().unwrap();
        for name in preset_names().unwrap() {
            let (lane, table) = (preset(&name).unwrap(), table(&document, &name).unwrap());
            let (paths, graded) = (settings_of(&lane).unwrap(), settings(&lane).unwrap());
            for pattern in assumed(&table) {
                assert!(paths.iter().any(|(path, _)| matches(pattern, path)), "{name}: {pattern}");
                for found in graded.iter().filter(|g| matches(pattern, &g.path)) {
                    assert_eq!(found.grade, Grade::Assumed, "{name}: {}", found.path);
                }
            }
        }
    }
}
