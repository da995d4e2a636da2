//! A document as a tree that remembers its lines, whatever language it was written in.

use serde_json::Value;
use toml_edit::Item;

/// A value and the one-based line it stands on; line 0 where the document has none worth naming.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) data: Data,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub(super) enum Data {
    Null,
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
}

impl Node {
    /// The tree of a JSON value, which has no lines.
    pub(super) fn from_json(value: &Value) -> Self {
        let data = match value {
            Value::Null => Data::Null,
            Value::Bool(b) => Data::Bool(*b),
            Value::Number(n) => {
                n.as_i64().map_or_else(|| Data::Number(n.as_f64().unwrap_or(f64::NAN)), Data::Integer)
            }
            Value::String(s) => Data::Text(s.clone()),
            Value::Array(list) => Data::List(list.iter().map(Self::from_json).collect()),
            Value::Object(map) => {
                Data::Table(map.iter().map(|(k, v)| (k.clone(), Self::from_json(v))).collect())
            }
        };
        Self { line: 0, data }
    }

    /// The tree of a parsed TOML item of `text`; `line` is that of the key above it.
    pub(super) fn from_toml(text: &str, item: &Item, line: usize) -> Self {
        let data = match item {
            Item::None => Data::Null,
            Item::Value(value) => return Self::from_toml_value(text, value, line),
            Item::Table(table) => return Self::from_table(text, table, line),
            Item::ArrayOfTables(tables) => Data::List(
                tables
                    .iter()
                    .map(|t| Self::from_table(text, t, t.span().map_or(line, |s| line_of(text, s.start))))
                    .collect(),
            ),
        };
        Self { line, data }
    }

    fn from_table(text: &str, table: &dyn toml_edit::TableLike, line: usize) -> Self {
        let entries = table.iter().map(|(key, item)| {
            let at = table.key(key).and_then(toml_edit::Key::span).or_else(|| item.span());
            let line = at.map_or(line, |s| line_of(text, s.start));
            (key.to_string(), Self::from_toml(text, item, line))
        });
        Self { line, data: Data::Table(entries.collect()) }
    }

    fn from_toml_value(text: &str, value: &toml_edit::Value, line: usize) -> Self {
        let data = match value {
            toml_edit::Value::String(s) => Data::Text(s.value().clone()),
            toml_edit::Value::Integer(i) => Data::Integer(*i.value()),
            toml_edit::Value::Float(f) => Data::Number(*f.value()),
            toml_edit::Value::Boolean(b) => Data::Bool(*b.value()),
            toml_edit::Value::Datetime(d) => Data::Text(d.value().to_string()),
            toml_edit::Value::Array(list) => Data::List(
                list.iter()
                    .map(|v| {
                        Self::from_toml_value(text, v, v.span().map_or(line, |s| line_of(text, s.start)))
                    })
                    .collect(),
            ),
            toml_edit::Value::InlineTable(table) => return Self::from_table(text, table, line),
        };
        Self { line, data }
    }

    /// The value as it would be written, cut to a length that fits a message.
    pub(super) fn shown(&self) -> String {
        let whole = match &self.data {
            Data::Null => "none".into(),
            Data::Bool(b) => b.to_string(),
            Data::Integer(i) => i.to_string(),
            Data::Number(x) => x.to_string(),
            Data::Text(t) => format!("{t:?}"),
            Data::List(list) => format!("a list of {}", list.len()),
            Data::Table(_) => "a table".into(),
        };
        if whole.chars().count() <= 60 {
            whole
        } else {
            whole.chars().take(57).chain("...".chars()).collect()
        }
    }

    /// The line of the deepest node on the dotted `path` below this one.
    pub(super) fn line_at(&self, path: &str) -> usize {
        let mut node = self;
        for step in path.split('.') {
            let below = match &node.data {
                Data::Table(entries) => entries.iter().find(|(k, _)| k == step).map(|(_, n)| n),
                Data::List(list) => step.parse().ok().and_then(|k: usize| list.get(k)),
                _ => None,
            };
            match below {
                Some(n) => node = n,
                None => break,
            }
        }
        node.line
    }
}

/// The one-based line of a byte offset.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes().iter().take(offset).filter(|b| **b == b'\n').count()
}
