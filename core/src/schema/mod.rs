//! One reader for every configuration: unknown keys with the nearest known one, parameter paths, texts with units,
//! lines of a document, and each struct's own validation.
//!
//! The schema of the Rust structs drives it, so a struct that derives `Serialize`, `Deserialize` and `JsonSchema`
//! and has a `validate` needs nothing more than to be listed as a [`Kind`]. What comes out is canonical: every
//! field present, numbers in the unit of their name, infinity spelled `"inf"`.
//!
//! ```
//! use lightlane::schema::{Kind, Registry};
//! #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema, Default)]
//! #[serde(deny_unknown_fields, default)]
//! struct Line { length_m: f64 }
//! let registry = Registry::new(vec![Kind::of(|l: &Line| {
//!     lightlane::error::require::non_negative("length_m", l.length_m).map(drop)
//! })]);
//! assert_eq!(registry.from_toml("Line", "length_m = '150 mm'")?["length_m"], 0.15);
//! let wrong = registry.from_toml("Line", "lenght_m = 1").unwrap_err();
//! assert_eq!(wrong.to_string(), "line 1: lenght_m = 1: must be a known key, did you mean \"length_m\"?");
//! # Ok::<(), lightlane::Error>(())
//! ```

mod shape;
mod tree;
mod walk;

use crate::error::{Error, Result};
use schemars::{JsonSchema, SchemaGenerator};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use tree::{Node, line_of};
use walk::Walker;

/// A configuration struct as the reader knows it: its name, its schema, and how to deserialize and validate it.
pub struct Kind {
    name: String,
    define: fn(&mut SchemaGenerator),
    read: Box<dyn Fn(Value) -> Result<Value> + Send + Sync>,
}

impl Kind {
    /// The kind of a struct, named by its schema (the struct's own name), with its validation.
    pub fn of<T>(validate: impl Fn(&T) -> Result<()> + Send + Sync + 'static) -> Self
    where
        T: Serialize + DeserializeOwned + JsonSchema,
    {
        let name = T::schema_name().into_owned();
        let what = name.clone();
        let read = move |value: Value| {
            let unfit = |e: serde_json::Error| Error::parameter("", what.as_str(), e.to_string());
            let config: T = serde_json::from_value(value).map_err(unfit)?;
            validate(&config)?;
            serde_json::to_value(&config).map_err(unfit)
        };
        let define = |generator: &mut SchemaGenerator| drop(generator.subschema_for::<T>());
        Self { name, define, read: Box::new(read) }
    }

    /// Deserializes and validates a value whose keys and texts have been settled; names stay as the struct has them.
    fn read(&self, value: Value) -> Result<Value> {
        match (self.read)(value.clone()) {
            // Serde reports no field; the only text a number may still be is "inf", so that field is the culprit.
            Err(Error::Parameter { name, value: _, requirement }) if name.is_empty() => {
                Err(infinite_field(&value).map_or_else(
                    || Error::parameter(self.name.as_str(), "its fields", requirement),
                    |(name, text)| Error::parameter(name, text, "finite"),
                ))
            }
            other => other,
        }
    }
}

/// Gives the options of tagged choices back the names of the structs they hold.
///
/// The schema generator writes a struct that refuses unknown fields into each choice that holds it, which loses the
/// name; an option that has a definition's properties beside its tag is that definition.
fn name_options(definitions: &mut Map<String, Value>) {
    let structs: Vec<(String, Value)> = definitions
        .iter()
        .filter_map(|(name, d)| Some((name.clone(), d.get("properties")?.clone())))
        .collect();
    for options in definitions.values_mut().filter_map(|d| d.get_mut("oneOf")?.as_array_mut()) {
        for option in options {
            let Some(mut properties) = option.get("properties").and_then(Value::as_object).cloned() else {
                continue;
            };
            let Some(tag) =
                properties.iter().find(|(_, p)| p.get("const").is_some()).map(|(key, _)| key.clone())
            else {
                continue;
            };
            let Some(own) = properties.shift_remove(&tag) else { continue };
            let word = own["const"].as_str().unwrap_or_default().replace('_', "");
            let same = |(name, p): &&(String, Value)| {
                p.as_object() == Some(&properties) && (name.to_lowercase() == word || !properties.is_empty())
            };
            let named = structs.iter().filter(same).max_by_key(|(name, _)| name.to_lowercase() == word);
            if let Some((name, _)) = named {
                *option = json!({
                    "type": "object", "properties": {tag.clone(): own}, "required": [tag],
                    "$ref": format!("#/$defs/{name}"),
                });
            }
        }
    }
}

fn infinite_field(value: &Value) -> Option<(&str, &str)> {
    value.as_object()?.iter().find_map(|(name, v)| {
        v.as_str().filter(|t| matches!(*t, "inf" | "-inf")).map(|text| (name.as_str(), text))
    })
}

/// Every kind of configuration, and the definitions of their schemas.
pub struct Registry {
    kinds: BTreeMap<String, Kind>,
    definitions: Map<String, Value>,
}

impl Registry {
    /// A registry of these kinds.
    pub fn new(kinds: Vec<Kind>) -> Self {
        let mut generator = SchemaGenerator::default();
        for kind in &kinds {
            (kind.define)(&mut generator);
        }
        let mut definitions = generator.take_definitions(true);
        name_options(&mut definitions);
        Self { kinds: kinds.into_iter().map(|k| (k.name.clone(), k)).collect(), definitions }
    }

    /// The schema definitions of all kinds and of what they hold, by name.
    pub fn definitions(&self) -> &Map<String, Value> {
        &self.definitions
    }

    /// Names of the kinds, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(String::as_str)
    }

    /// Reads a JSON text as one kind.
    ///
    /// # Errors
    /// [`Error::Document`] for a text that is not JSON; [`Error::Unknown`] for an unknown kind, key or word;
    /// [`Error::Parameter`], with the path of the field, for a value outside its domain.
    pub fn from_json(&self, kind: &str, text: &str) -> Result<Value> {
        let value: Value = serde_json::from_str(text).map_err(|e| Error::Document {
            line: e.line(),
            name: "document".into(),
            value: format!("{kind} in JSON"),
            requirement: format!("valid JSON ({e})"),
        })?;
        self.read(kind, &Node::from_json(&value))
    }

    /// Reads a TOML text as one kind.
    ///
    /// # Errors
    /// [`Error::Document`] with the line, for whatever is wrong with the text; [`Error::Unknown`] for an unknown kind.
    pub fn from_toml(&self, kind: &str, text: &str) -> Result<Value> {
        let document = toml_edit::Document::parse(text).map_err(|e| {
            let line = e.span().map_or(1, |s| line_of(text, s.start));
            Error::Document {
                line,
                name: "document".into(),
                value: format!("{:?}", text.lines().nth(line - 1).unwrap_or("").trim()),
                requirement: format!("valid TOML ({})", e.message().replace('\n', ", ")),
            }
        })?;
        self.read(kind, &Node::from_toml(text, document.as_item(), 1))
    }

    /// Writes a canonical value as TOML; fields that are none are left out.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a value that TOML cannot hold.
    pub fn to_toml(&self, kind: &str, value: &Value) -> Result<String> {
        let text = toml::to_string(&without_nulls(value));
        text.map_err(|e| Error::parameter(kind, "its value", format!("expressible in TOML ({e})")))
    }

    fn read(&self, kind: &str, node: &Node) -> Result<Value> {
        if !self.kinds.contains_key(kind) {
            return Err(Error::unknown("kind", kind, self.names()));
        }
        let check = |name: &str, value: Value| match self.kinds.get(name) {
            Some(kind) => kind.read(value),
            None => Ok(value),
        };
        Walker { definitions: &self.definitions, check: &check }.definition(kind, node, "", "")
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), without_nulls(v))).collect(),
        ),
        Value::Array(list) => Value::Array(list.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}
