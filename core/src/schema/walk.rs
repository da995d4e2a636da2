//! The walk of a document along a schema.

use super::shape::{describe, integer, is_free, one_of, options, reference, types, words};
use super::tree::{Data, Node};
use crate::error::{Error, Result, nearest_name};
use crate::quantity::parse_quantity;
use serde_json::{Map, Value, json};

/// Deserializes and validates a finished table of the named definition, or passes it through.
pub(super) type Check<'a> = dyn Fn(&str, Value) -> Result<Value> + 'a;

pub(super) struct Walker<'a> {
    pub(super) definitions: &'a Map<String, Value>,
    pub(super) check: &'a Check<'a>,
}

impl Walker<'_> {
    /// A node as the named definition. `path` is where it stands, `name` the last key of it that is not an index.
    pub(super) fn definition(&self, definition: &str, node: &Node, path: &str, name: &str) -> Result<Value> {
        let Some(schema) = self.definitions.get(definition) else {
            return Err(Error::unknown(
                "definition",
                definition,
                self.definitions.keys().map(String::as_str),
            ));
        };
        let value = self.value(schema, &channel(schema, node), path, name)?;
        (self.check)(definition, value).map_err(|e| locate(e, node, path, definition))
    }

    fn value(&self, schema: &Value, node: &Node, path: &str, name: &str) -> Result<Value> {
        if let Some(definition) = reference(schema) {
            return self.definition(definition, node, path, name);
        }
        if let Some(options) = options(schema) {
            return self.union(options, node, path, name);
        }
        if let Some(words) = words(schema) {
            return self.word(&words, node, path);
        }
        let accepts = |kind: &str| types(schema).any(|t| t == kind);
        match &node.data {
            Data::Null if accepts("null") => Ok(Value::Null),
            Data::Bool(b) if accepts("boolean") => Ok(json!(b)),
            Data::Text(t) if accepts("string") => Ok(json!(t)),
            Data::List(list) if accepts("array") => self.list(schema, list, node, path, name),
            Data::Table(entries) if accepts("object") => self.table(schema, entries, node, path),
            Data::Integer(_) | Data::Number(_) | Data::Text(_) if accepts("number") => {
                let x = match &node.data {
                    Data::Integer(i) => *i as f64,
                    Data::Number(x) => *x,
                    Data::Text(t) => parse_quantity(t, name).map_err(|e| self.replace_name(e, node, path))?,
                    _ => f64::NAN,
                };
                match x {
                    x if x.is_nan() => Err(refuse(node, path, "a number")),
                    x if x.is_infinite() => Ok(json!(if x > 0.0 { "inf" } else { "-inf" })),
                    x => Ok(json!(x)),
                }
            }
            Data::Integer(_) | Data::Number(_) | Data::Text(_) if accepts("integer") => {
                integer(schema, node).ok_or_else(|| refuse(node, path, &describe(schema)))
            }
            _ if types(schema).next().is_none() && is_free(schema) => Ok(plain(node)),
            _ => Err(refuse(node, path, &describe(schema))),
        }
    }

    fn list(&self, schema: &Value, list: &[Node], node: &Node, path: &str, name: &str) -> Result<Value> {
        let count = |key: &str| schema.get(key).and_then(Value::as_u64).map(|n| n as usize);
        let (least, most) = (count("minItems").unwrap_or(0), count("maxItems").unwrap_or(usize::MAX));
        if list.len() < least || list.len() > most {
            let wanted = if least == most {
                format!("a list of {least}")
            } else {
                format!("a list of at least {least}")
            };
            return Err(refuse(node, path, &wanted));
        }
        let free = json!(true);
        let leading = schema.get("prefixItems").and_then(Value::as_array);
        let each = list.iter().enumerate().map(|(k, n)| {
            let item = leading.and_then(|l| l.get(k)).or_else(|| schema.get("items")).unwrap_or(&free);
            self.value(item, n, &join(path, &k.to_string()), name)
        });
        each.collect()
    }

    fn table(&self, schema: &Value, entries: &[(String, Node)], node: &Node, path: &str) -> Result<Value> {
        let properties = schema.get("properties").and_then(Value::as_object);
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        let others = schema.get("additionalProperties").filter(|s| !s.is_boolean());
        let mut result = Map::new();
        for (key, below) in entries {
            let inner = properties
                .and_then(|p| p.get(key))
                // The only patterns that schemas of maps have are those of whole-number keys.
                .or_else(|| patterns.filter(|_| key.parse::<i64>().is_ok()).and_then(|p| p.values().next()))
                .or(others);
            let at = join(path, key);
            match inner {
                Some(inner) => {
                    // A map's values are of the map's own quantity: {-1 = 0.04} under `ffe` has no unit.
                    let name = if properties.is_some_and(|p| p.contains_key(key)) { key } else { path };
                    result.insert(key.clone(), self.value(inner, below, &at, name)?);
                }
                None if patterns.is_some() => {
                    let key = Node { line: below.line, data: Data::Text(key.clone()) };
                    return Err(refuse(&key, &format!("key of {path}"), "a whole number"));
                }
                None => {
                    let known = properties.into_iter().flat_map(|p| p.keys().map(String::as_str));
                    return Err(unknown_key(below, path, key, known));
                }
            }
        }
        for required in
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
        {
            if !result.contains_key(required) {
                let missing = Node { line: node.line, data: Data::Null };
                return Err(refuse(&missing, &join(path, required), "given"));
            }
        }
        Ok(Value::Object(result))
    }

    fn word(&self, words: &[&str], node: &Node, path: &str) -> Result<Value> {
        match &node.data {
            Data::Text(t) if words.contains(&t.as_str()) => Ok(json!(t)),
            Data::Text(t) => Err(unknown_word(node, path, t, words)),
            _ => Err(refuse(node, path, &one_of(words))),
        }
    }

    fn union(&self, options: &[Value], node: &Node, path: &str, name: &str) -> Result<Value> {
        if let Some((tag, tagged)) = self.tagged(options) {
            if let Data::Table(entries) = &node.data {
                return self.tagged_table(tag, &tagged, entries, node, path, name);
            }
            // A bare text where a channel may stand is the path of its file.
            let named = tagged.iter().find(|(_, o)| reference(o).is_some_and(|d| self.is_channel(d)));
            if let (Data::Text(_), Some((word, option))) = (&node.data, named) {
                let value = self.definition(reference(option).unwrap_or_default(), node, path, name)?;
                return Ok(with_tag(tag, word, value));
            }
        }
        let known: Vec<&str> = options.iter().filter_map(|o| words(self.resolved(o))).flatten().collect();
        if let Data::Text(t) = &node.data
            && known.contains(&t.as_str())
        {
            return Ok(json!(t));
        }
        let kind = kind_of(&node.data);
        let fits = |o: &&Value| {
            let o = self.resolved(o);
            let textual = matches!(node.data, Data::Text(_)) && o.get("x-native").is_some();
            textual || self.accepts(o, kind) && words(o).is_none()
        };
        let mut refusal = None;
        for option in options.iter().filter(fits) {
            match self.value(option, node, path, name) {
                Ok(value) => return Ok(value),
                Err(e) => refusal = Some(refusal.unwrap_or(e)),
            }
        }
        match (&node.data, refusal) {
            (Data::Text(t), _) if !known.is_empty() => Err(unknown_word(node, path, t, &known)),
            (_, Some(refusal)) => Err(refusal),
            _ => {
                let wanted: Vec<String> = options.iter().map(|o| describe(self.resolved(o))).collect();
                Err(refuse(node, path, &wanted.join(" or ")))
            }
        }
    }

    /// The key that tells the options apart, and each option under its word; tables without such a key are left out.
    fn tagged<'s>(&'s self, among: &'s [Value]) -> Option<(&'s str, Vec<(&'s str, &'s Value)>)> {
        let tag_of = |o: &'s Value| {
            let properties = o.get("properties")?.as_object()?;
            properties.iter().find_map(|(key, p)| Some((key.as_str(), p.get("const")?.as_str()?)))
        };
        let flat: Vec<(&str, &str, &Value)> = among
            .iter()
            .flat_map(|o| options(self.resolved(o)).map_or_else(|| vec![o], |inner| inner.iter().collect()))
            .filter_map(|o| tag_of(o).map(|(key, word)| (key, word, o)))
            .collect();
        let tag = flat.first()?.0;
        Some((tag, flat.into_iter().map(|(_, word, o)| (word, o)).collect()))
    }

    fn tagged_table(
        &self,
        tag: &str,
        tagged: &[(&str, &Value)],
        entries: &[(String, Node)],
        node: &Node,
        path: &str,
        name: &str,
    ) -> Result<Value> {
        let words: Vec<&str> = tagged.iter().map(|(word, _)| *word).collect();
        let at = join(path, tag);
        let Some((_, chosen)) = entries.iter().find(|(key, _)| key == tag) else {
            let missing = Node { line: node.line, data: Data::Null };
            return Err(refuse(&missing, &at, &one_of(&words)));
        };
        self.word(&words, chosen, &at)?;
        let Data::Text(word) = &chosen.data else { return Err(refuse(chosen, &at, &one_of(&words))) };
        let Some((_, option)) = tagged.iter().find(|(w, _)| w == word) else {
            return Err(unknown_word(chosen, &at, word, &words));
        };
        match reference(option) {
            Some(definition) => {
                let rest = entries.iter().filter(|(key, _)| key != tag).cloned().collect();
                let rest = Node { line: node.line, data: Data::Table(rest) };
                Ok(with_tag(tag, word, self.definition(definition, &rest, path, name)?))
            }
            None => self.table(option, entries, node, path),
        }
    }

    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        reference(schema).and_then(|d| self.definitions.get(d)).unwrap_or(schema)
    }

    fn is_channel(&self, definition: &str) -> bool {
        self.definitions.get(definition).is_some_and(|d| d.get("x-native").is_some())
    }

    fn accepts(&self, schema: &Value, kind: &str) -> bool {
        match options(schema) {
            Some(inner) => inner.iter().any(|o| self.accepts(self.resolved(o), kind)),
            // A text may be a number with a unit, a whole number may be any number and the reverse.
            None => types(schema).any(|t| {
                t == kind || matches!((t, kind), ("number" | "integer", "string" | "number" | "integer"))
            }),
        }
    }

    fn replace_name(&self, error: Error, node: &Node, path: &str) -> Error {
        match error {
            Error::Parameter { requirement, .. } => refuse(node, path, &requirement),
            other => other,
        }
    }
}

/// A text in the place of a channel stands for the table that names its file.
fn channel(schema: &Value, node: &Node) -> Node {
    match (&node.data, schema.get("x-native").and_then(Value::as_str)) {
        (Data::Text(_), Some(field)) => {
            Node { line: node.line, data: Data::Table(vec![(field.into(), node.clone())]) }
        }
        _ => node.clone(),
    }
}

fn with_tag(tag: &str, word: &str, value: Value) -> Value {
    let mut tagged = Map::from_iter([(tag.to_string(), json!(word))]);
    if let Value::Object(fields) = value {
        tagged.extend(fields);
    }
    Value::Object(tagged)
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.into() } else { format!("{path}.{key}") }
}

fn kind_of(data: &Data) -> &'static str {
    match data {
        Data::Null => "null",
        Data::Bool(_) => "boolean",
        Data::Integer(_) => "integer",
        Data::Number(_) => "number",
        Data::Text(_) => "string",
        Data::List(_) => "array",
        Data::Table(_) => "object",
    }
}

fn plain(node: &Node) -> Value {
    match &node.data {
        Data::Null => Value::Null,
        Data::Bool(b) => json!(b),
        Data::Integer(i) => json!(i),
        Data::Number(x) => json!(x),
        Data::Text(t) => json!(t),
        Data::List(list) => list.iter().map(plain).collect(),
        Data::Table(entries) => Value::Object(entries.iter().map(|(k, n)| (k.clone(), plain(n))).collect()),
    }
}

fn refuse(node: &Node, path: &str, requirement: &str) -> Error {
    if node.line == 0 {
        return Error::parameter(path, node.shown(), requirement);
    }
    Error::Document {
        line: node.line,
        name: path.into(),
        value: node.shown(),
        requirement: requirement.into(),
    }
}

fn unknown_key<'a>(
    node: &Node,
    path: &str,
    key: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Error {
    if node.line == 0 {
        let name = if path.is_empty() { "key".into() } else { format!("key of {path}") };
        return Error::unknown(name, key, known);
    }
    let requirement = match nearest_name(key, known.clone()) {
        Some(nearest) => format!("a known key, did you mean {nearest:?}?"),
        None => one_of(&known.collect::<Vec<_>>()),
    };
    refuse(node, &join(path, key), &requirement)
}

fn unknown_word(node: &Node, path: &str, word: &str, words: &[&str]) -> Error {
    let hint = match nearest_name(word, words.iter().copied()) {
        Some(nearest) => format!(", did you mean {nearest:?}?"),
        None => String::new(),
    };
    refuse(node, path, &format!("{}{hint}", one_of(words)))
}

/// An error of a struct's own validation, told by its path in the whole and by its line.
fn locate(error: Error, node: &Node, path: &str, definition: &str) -> Error {
    match error {
        Error::Parameter { name, value, requirement } => {
            // Some structs name themselves before their field; their place in the whole does that already.
            let place = path.rsplit('.').next().unwrap_or_default();
            let (first, rest) = name.split_once('.').unwrap_or((&name, ""));
            let itself = first == place || first.replace('_', "") == definition.to_lowercase();
            let name = if itself && !rest.is_empty() { rest.to_string() } else { name };
            let line = node.line_at(&name);
            let name = join(path, &name);
            match line {
                0 => Error::Parameter { name, value, requirement },
                line => Error::Document { line, name, value, requirement },
            }
        }
        Error::Unknown { name, value, nearest } => Error::Unknown { name: join(path, &name), value, nearest },
        other => other,
    }
}
