//! The reader of configurations, on structs with every shape that the real ones have.

use lightlane::error::require;
use lightlane::schema::{Kind, Registry};
use lightlane::{Error, Result};
use proptest::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Line {
    /// Length, m.
    length_m: f64,
    #[serde(with = "lightlane::ledger::float_or_inf")]
    #[schemars(with = "f64")]
    ratio_db: f64,
    name: Option<String>,
}

impl Default for Line {
    fn default() -> Self {
        Self { length_m: 0.1, ratio_db: f64::INFINITY, name: None }
    }
}

impl Line {
    fn validate(&self) -> Result<()> {
        require::non_negative("length_m", self.length_m).map(drop)
    }
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-native" = "path"))]
struct File {
    path: Option<String>,
    #[serde(default)]
    sha256: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Block {
    Line(Line),
    Network(File),
    /// Nothing at all.
    Ideal,
    Shunt {
        shunt_f: f64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Code {
    #[default]
    None,
    /// With a doc.
    Kp4,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Word {
    Uniform,
    Worst,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Phase {
    Named(Word),
    Fixed(f64),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Whole {
    symbol_rate_hz: f64,
    taps: Option<BTreeMap<i32, f64>>,
    medium: Vec<Block>,
    line: Option<Line>,
    code: Code,
    phase: Phase,
    levels_v: Option<[f64; 4]>,
    count: usize,
    on: bool,
}

impl Default for Whole {
    fn default() -> Self {
        Self {
            symbol_rate_hz: 1e9,
            taps: None,
            medium: vec![],
            line: None,
            code: Code::None,
            phase: Phase::Named(Word::Uniform),
            levels_v: None,
            count: 1,
            on: false,
        }
    }
}

fn registry() -> Registry {
    Registry::new(vec![Kind::of(Line::validate), Kind::of(|_: &File| Ok(())), Kind::of(|_: &Whole| Ok(()))])
}

fn toml_error(text: &str) -> String {
    registry().from_toml("Whole", text).map_or_else(|e| e.to_string(), |v| format!("accepted as {v}"))
}

fn json_error(value: serde_json::Value) -> String {
    registry()
        .from_json("Whole", &value.to_string())
        .map_or_else(|e| e.to_string(), |v| format!("accepted as {v}"))
}

const FULL: &str = r#"
symbol_rate_hz = "106.25 GBd"
taps = { -1 = -0.2, 1 = 0.05 }
code = "kp4"
phase = 0.25
levels_v = ["-100 mV", -0.03, 0.03, 0.1]
count = 4
on = true
[line]
length_m = "150 mm"
[[medium]]
kind = "line"
length_m = 1
ratio_db = inf
name = "host"
[[medium]]
kind = "network"
path = "thru.s4p"
[[medium]]
kind = "ideal"
[[medium]]
kind = "shunt"
shunt_f = "40 fF"
"#;

#[test]
fn sugar_becomes_canonical_and_round_trips() -> Result<()> {
    let registry = registry();
    let value = registry.from_toml("Whole", FULL)?;
    assert_eq!(
        value,
        json!({
            "symbol_rate_hz": 106.25e9,
            "taps": {"-1": -0.2, "1": 0.05},
            "medium": [
                {"kind": "line", "length_m": 1.0, "ratio_db": "inf", "name": "host"},
                {"kind": "network", "path": "thru.s4p", "sha256": null},
                {"kind": "ideal"},
                {"kind": "shunt", "shunt_f": 40e-15},
            ],
            "line": {"length_m": 0.15, "ratio_db": "inf", "name": null},
            "code": "kp4", "phase": 0.25, "levels_v": [-0.1, -0.03, 0.03, 0.1], "count": 4, "on": true,
        })
    );
    let text = registry.to_toml("Whole", &value)?;
    assert_eq!(registry.from_toml("Whole", &text)?, value);
    assert_eq!(registry.from_json("Whole", &value.to_string())?, value);
    Ok(())
}

#[test]
fn a_bare_text_is_the_path_of_a_channel() -> Result<()> {
    let value = registry().from_toml("Whole", "medium = ['a.s4p']")?;
    assert_eq!(value["medium"], json!([{"kind": "network", "path": "a.s4p", "sha256": null}]));
    Ok(())
}

#[test]
fn errors_in_toml_name_line_path_and_nearest() {
    let medium = "\"line\", \"network\", \"ideal\", \"shunt\"";
    for (text, message) in [
        ("cuont = 3", "line 1: cuont = 3: must be a known key, did you mean \"count\"?".to_string()),
        (
            "count = 1\n[line]\n\nlenght_m = 2",
            "line 4: line.lenght_m = 2: must be a known key, did you mean \"length_m\"?".into(),
        ),
        (
            "[[medium]]\nkind = 'line'\n[[medium]]\nkind = 'line'\nlength = 3",
            "line 5: medium.1.length = 3: must be a known key, did you mean \"length_m\"?".into(),
        ),
        (
            "medium = [\n {kind = 'ideal'},\n {kind = 'lime'}]",
            format!("line 3: medium.1.kind = \"lime\": must be one of {medium}, did you mean \"line\"?"),
        ),
        ("medium = [{}]", format!("line 1: medium.0.kind = none: must be one of {medium}")),
        (
            "code = 'kp5'",
            "line 1: code = \"kp5\": must be one of \"none\", \"kp4\", did you mean \"kp4\"?".into(),
        ),
        (
            "phase = 'worts'",
            "line 1: phase = \"worts\": must be one of \"uniform\", \"worst\", did you mean \"worst\"?"
                .into(),
        ),
        ("symbol_rate_hz = nan", "line 1: symbol_rate_hz = NaN: must be a number".into()),
        (
            "symbol_rate_hz = '3 mm'",
            "line 1: symbol_rate_hz = \"3 mm\": must be a number, or a text with a unit that converts to Hz"
                .into(),
        ),
        ("symbol_rate_hz = inf", "line 1: symbol_rate_hz = inf: must be finite".into()),
        ("count = -1", "line 1: count = -1: must be a whole number of at least 0".into()),
        ("on = 'yes'", "line 1: on = \"yes\": must be true or false".into()),
        ("levels_v = [1, 2]", "line 1: levels_v = a list of 2: must be a list of 4".into()),
        ("taps = {x = 1}", "line 1: key of taps = \"x\": must be a whole number".into()),
        ("\n[line]\nlength_m = -1", "line 3: line.length_m = -1: must be finite and at least 0".into()),
        ("line = 3", "line 1: line = 3: must be a table or none".into()),
    ] {
        assert_eq!(toml_error(text), message, "{text}");
    }
    assert!(toml_error("a = = 3").starts_with("line 1: document = \"a = = 3\": must be valid TOML ("));
}

#[test]
fn errors_in_json_name_path_and_nearest() {
    for (value, message) in [
        (json!({"cuont": 3}), "key = \"cuont\": unknown, did you mean \"count\"?"),
        (json!({"line": {"lenght_m": 3}}), "key of line = \"lenght_m\": unknown, did you mean \"length_m\"?"),
        (json!({"line": {"length_m": -3}}), "line.length_m = -3: must be finite and at least 0"),
        (json!({"line": {"length_m": "inf"}}), "line.length_m = inf: must be finite"),
        (json!({"symbol_rate_hz": null}), "symbol_rate_hz = none: must be a number"),
        (json!({"symbol_rate_hz": true}), "symbol_rate_hz = true: must be a number"),
    ] {
        assert_eq!(json_error(value.clone()), message, "{value}");
    }
    assert!(matches!(registry().from_json("Whole", "{"), Err(Error::Document { line: 1, .. })));
    assert_eq!(
        registry().from_json("Hole", "{}").map_err(|e| e.to_string()),
        Err("kind = \"Hole\": unknown, did you mean \"Whole\"?".into())
    );
}

proptest! {
    /// Arbitrary damage to a good document is an answer or one of our errors, never a panic.
    #[test]
    fn damaged_documents_are_answered(cut in 0usize..FULL.len(), insert in ".{0,6}", drop in 0usize..12) {
        prop_assume!(FULL.is_char_boundary(cut));
        let rest = FULL[cut..].chars().skip(drop).collect::<String>();
        let _ = registry().from_toml("Whole", &format!("{}{insert}{rest}", &FULL[..cut]));
    }

    #[test]
    fn numbers_survive_toml_bit_for_bit(x in proptest::num::f64::NORMAL, count in 0usize..1_000_000) {
        let registry = registry();
        let value = registry.from_json("Whole", &json!({"symbol_rate_hz": x, "count": count}).to_string());
        let value = value.map_err(|e| TestCaseError::fail(e.to_string()))?;
        let text = registry.to_toml("Whole", &value).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(registry.from_toml("Whole", &text), Ok(value));
    }
}
