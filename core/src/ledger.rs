//! A value that knows where it comes from.

use crate::error::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How well a value is supported by public evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Printed in a public standard listing, paper, data sheet or press statement that was read.
    Sourced,
    /// A draft value, or one recovered from a secondary public source.
    Draft,
    /// Assumed: no public source was found.
    Assumed,
}

impl Grade {
    /// The word used in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sourced => "sourced",
            Self::Draft => "draft",
            Self::Assumed => "assumed",
        }
    }
}

/// Which corner of its range a preset describes; comparing different corners warns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Corner {
    /// The worst case a specification allows.
    Limit,
    /// What a typical part does.
    Typical,
}

/// A value with its range, unit, grade and source.
///
/// ```
/// use lightlane::ledger::{Grade, Graded};
/// let v = Graded::new("pcb_loss", 59.0, 45.0, 80.0, "dB/m", Grade::Assumed, "general knowledge")?;
/// assert_eq!(v.scaled("loss", 0.1, "dB").value, 5.9);
/// # Ok::<(), lightlane::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Graded {
    /// Name, unique in its ledger.
    pub name: String,
    /// Central value, in `unit`.
    pub value: f64,
    /// Low end of the range.
    pub low: f64,
    /// High end of the range.
    pub high: f64,
    /// SI unit, "1" for a pure number.
    pub unit: String,
    /// Support by evidence.
    pub grade: Grade,
    /// Where it comes from; never empty.
    pub source: String,
}

impl Graded {
    /// A value with its range and origin.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless low ≤ value ≤ high, all finite, and `source` says something.
    pub fn new(
        name: &str,
        value: f64,
        low: f64,
        high: f64,
        unit: &str,
        grade: Grade,
        source: &str,
    ) -> Result<Self> {
        if !(low <= value && value <= high && low.is_finite() && high.is_finite()) {
            return Err(Error::parameter(name, value, format!("within its own range, {low} to {high}")));
        }
        if source.trim().is_empty() {
            return Err(Error::parameter(format!("{name}.source"), "empty", "the origin of the value"));
        }
        Ok(Self { name: name.into(), value, low, high, unit: unit.into(), grade, source: source.into() })
    }

    /// The same evidence, times a positive factor, under another name and unit.
    #[must_use]
    pub fn scaled(&self, name: &str, factor: f64, unit: &str) -> Self {
        let (a, b) = (self.low * factor, self.high * factor);
        Self {
            name: name.into(),
            value: self.value * factor,
            low: a.min(b),
            high: a.max(b),
            unit: unit.into(),
            ..self.clone()
        }
    }
}

/// One leaf of a configuration that rests on evidence weaker than a source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assumption {
    /// Path of the leaf in the configuration, for example `receiver.noise_v2_per_hz`.
    pub path: String,
    /// Its value as written in TOML.
    pub value: String,
    /// Support by evidence.
    pub grade: Grade,
    /// Where the value comes from.
    pub source: String,
}

/// Serde form of a number that may be infinite: the string `"inf"` stands for infinity, since JSON has none.
pub mod float_or_inf {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(f64),
        Text(String),
    }

    /// Writes `"inf"`, `"-inf"` or the number.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        match *value {
            v if v == f64::INFINITY => to.serialize_str("inf"),
            v if v == f64::NEG_INFINITY => to.serialize_str("-inf"),
            v => to.serialize_f64(v),
        }
    }

    /// Reads what [`serialize`] writes; TOML's own `inf` is accepted too.
    ///
    /// # Errors
    /// Another word, or NaN.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        match Either::deserialize(from)? {
            Either::Number(v) if v.is_nan() => Err(D::Error::custom("nan: must be a number or \"inf\"")),
            Either::Number(v) => Ok(v),
            Either::Text(t) if t == "inf" => Ok(f64::INFINITY),
            Either::Text(t) if t == "-inf" => Ok(f64::NEG_INFINITY),
            Either::Text(t) => Err(D::Error::custom(format!("{t:?}: must be a number or \"inf\""))),
        }
    }
}

/// Serde form of an optional number that may be infinite, as [`float_or_inf`] writes it.
pub mod optional_float_or_inf {
    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    struct Given(#[serde(with = "super::float_or_inf")] f64);

    /// Writes nothing, `"inf"`, `"-inf"` or the number.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(value: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(v) => super::float_or_inf::serialize(v, to),
            None => to.serialize_none(),
        }
    }

    /// Reads what [`serialize`] writes.
    ///
    /// # Errors
    /// Another word, or NaN.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
        Ok(Option::<Given>::deserialize(from)?.map(|v| v.0))
    }
}
