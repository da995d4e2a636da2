//! Reads a table of graded values: `[name.key] value, low, high, unit, grade, source`.
//!
//! `value` may be a list; its elements become `key.0`, `key.1`, ... and share unit, grade and source. A table may
//! take over another's entries with `like = "name"`.

use crate::error::{Error, Result};
use crate::ledger::{Grade, Graded};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    One(f64),
    List(Vec<f64>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    value: Value,
    low: Option<f64>,
    high: Option<f64>,
    unit: String,
    grade: Grade,
    source: String,
}

#[derive(Deserialize)]
struct Section {
    like: Option<String>,
    #[serde(flatten)]
    entries: BTreeMap<String, Entry>,
}

/// The graded values of one preset.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    values: Vec<Graded>,
}

fn read(document: &str) -> Result<BTreeMap<String, Section>> {
    toml::from_str(document).map_err(|e| Error::Document {
        line: e.span().map_or(0, |s| document[..s.start.min(document.len())].lines().count()),
        name: "preset table".into(),
        value: e.message().into(),
        requirement: "a table of graded values".into(),
    })
}

impl Table {
    /// Names of all presets.
    pub(super) fn names(document: &str) -> Result<Vec<String>> {
        Ok(read(document)?.into_keys().collect())
    }

    /// The preset `name`; `kind` says in the error what sort of name it is.
    pub(super) fn named(document: &str, kind: &str, name: &str) -> Result<Self> {
        let all = read(document)?;
        let find = |wanted: &str| {
            all.get(wanted).ok_or_else(|| Error::unknown(kind, wanted, all.keys().map(String::as_str)))
        };
        let mut line = vec![find(name)?];
        while let Some(parent) = line.last().and_then(|s| s.like.as_deref()) {
            if line.len() > all.len() {
                return Err(Error::parameter(format!("{name}.like"), parent, "free of circles"));
            }
            line.push(find(parent)?);
        }
        let entries: BTreeMap<&String, &Entry> = line.iter().rev().flat_map(|s| &s.entries).collect();
        let mut values = Vec::new();
        for (key, entry) in entries {
            match &entry.value {
                Value::One(v) => values.push(entry.graded(key, *v)?),
                Value::List(list) => {
                    for (i, v) in list.iter().enumerate() {
                        values.push(entry.graded(&format!("{key}.{i}"), *v)?);
                    }
                }
            }
        }
        Ok(Self { values })
    }

    /// One value.
    pub(super) fn value(&self, name: &str) -> Result<f64> {
        self.values
            .iter()
            .find(|g| g.name == name)
            .map(|g| g.value)
            .ok_or_else(|| Error::unknown("value", name, self.values.iter().map(|g| g.name.as_str())))
    }

    /// The elements of a list, in order; empty if there are none.
    pub(super) fn list(&self, name: &str) -> Vec<f64> {
        (0..).map_while(|i| self.value(&format!("{name}.{i}")).ok()).collect()
    }

    /// Every value.
    pub(super) fn values(&self) -> &[Graded] {
        &self.values
    }
}

impl Entry {
    fn graded(&self, name: &str, value: f64) -> Result<Graded> {
        let (low, high) = (self.low.unwrap_or(value), self.high.unwrap_or(value));
        Graded::new(name, value, low, high, &self.unit, self.grade, &self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"
[a.x]
value = [1.0, 2.0]
unit = "m"
grade = "assumed"
source = "test"
[b]
like = "a"
[b.y]
value = 3
unit = "1"
grade = "sourced"
source = "test"
"#;

    #[test]
    fn lists_and_inheritance() {
        let b = Table::named(DOCUMENT, "preset", "b").unwrap();
        assert_eq!((b.list("x"), b.value("y").unwrap()), (vec![1.0, 2.0], 3.0));
        assert_eq!(Table::names(DOCUMENT).unwrap(), ["a", "b"]);
    }

    #[test]
    fn errors_name_the_nearest_and_the_line() {
        assert!(Table::named(DOCUMENT, "preset", "c").is_err());
        assert!(Table::named("[a]\nlike = \"a\"", "preset", "a").is_err());
        let error = Table::named("[a.x]\nvalu = 1\n", "preset", "a").unwrap_err();
        assert!(matches!(error, Error::Document { line: 1.., .. }), "{error}");
    }
}
