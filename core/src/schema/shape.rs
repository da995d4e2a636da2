//! What one schema says: its reference, options, words, types, bounds.

use super::tree::{Data, Node};
use serde_json::{Value, json};

/// The name of the definition that a schema refers to.
pub(super) fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

/// The choices of a union.
pub(super) fn options(schema: &Value) -> Option<&Vec<Value>> {
    schema.get("anyOf").or_else(|| schema.get("oneOf"))?.as_array()
}

/// The words a schema allows, if it is a choice of words.
pub(super) fn words(schema: &Value) -> Option<Vec<&str>> {
    if let Some(one) = schema.get("const") {
        return one.as_str().map(|w| vec![w]);
    }
    if let Some(list) = schema.get("enum").and_then(Value::as_array) {
        return Some(list.iter().filter_map(Value::as_str).collect());
    }
    options(schema)?.iter().map(words).collect::<Option<Vec<_>>>().map(|w| w.concat())
}

/// The JSON types a schema allows.
pub(super) fn types(schema: &Value) -> impl Iterator<Item = &str> {
    let (one, many) = match schema.get("type") {
        Some(Value::String(t)) => (Some(t.as_str()), None),
        Some(Value::Array(list)) => (None, Some(list)),
        _ => (None, None),
    };
    one.into_iter().chain(many.into_iter().flatten().filter_map(Value::as_str))
}

/// A schema that says nothing, such as that of arbitrary JSON.
pub(super) fn is_free(schema: &Value) -> bool {
    schema == &json!(true) || schema.as_object().is_some_and(|o| !o.contains_key("type"))
}

/// The whole number of a node within the schema's bounds.
pub(super) fn integer(schema: &Value, node: &Node) -> Option<Value> {
    let i = match &node.data {
        Data::Integer(i) => *i,
        // 2^53 is where a number stops telling whole numbers apart.
        Data::Number(x) if x.fract() == 0.0 && x.abs() <= 9_007_199_254_740_992.0 => *x as i64,
        Data::Text(t) => t.trim().parse().ok()?,
        _ => return None,
    };
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let low = bound("minimum").is_none_or(|b| i as f64 >= b);
    let high = bound("maximum").is_none_or(|b| i as f64 <= b);
    (low && high).then(|| json!(i))
}

/// What a schema asks for, as a phrase that follows "must be".
pub(super) fn describe(schema: &Value) -> String {
    if let Some(words) = words(schema) {
        return one_of(&words);
    }
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let each = types(schema).map(|t| match (t, bound("minimum"), bound("maximum")) {
        ("integer", Some(low), Some(high)) => format!("a whole number between {low} and {high}"),
        ("integer", Some(low), None) => format!("a whole number of at least {low}"),
        ("integer", ..) => "a whole number".into(),
        ("number", ..) => "a number".into(),
        ("string", ..) => "a text".into(),
        ("boolean", ..) => "true or false".into(),
        ("array", ..) => "a list".into(),
        ("object", ..) => "a table".into(),
        _ => "none".into(),
    });
    let all = each.collect::<Vec<String>>().join(" or ");
    if all.is_empty() { "a table".into() } else { all }
}

/// A choice of words, as a phrase that follows "must be".
pub(super) fn one_of(words: &[&str]) -> String {
    match words {
        [one] => format!("{one:?}"),
        _ => format!("one of {}", words.iter().map(|w| format!("{w:?}")).collect::<Vec<_>>().join(", ")),
    }
}
