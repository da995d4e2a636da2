//! A number that is fixed, searched over a range, or left to the receiver.

use crate::error::{Error, Result, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A setting: a number, a range `{min, max, step}` to search, or `"auto"` for the stage's own range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Setting {
    /// This value.
    Value(f64),
    /// The best value of a range.
    Range(SettingRange),
    /// The best value of the stage's own range.
    Word(SettingWord),
}

/// The word that leaves a setting to the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettingWord {
    /// Search the stage's own range.
    Auto,
}

/// A range of equally spaced values, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingRange {
    /// Lowest value.
    pub min: f64,
    /// Highest value.
    pub max: f64,
    /// Step, above 0.
    pub step: f64,
}

/// More values than this in one range are a mistake of the step.
const MAX_VALUES: usize = 1000;

impl Setting {
    /// Leaves the value to the receiver.
    pub const AUTO: Self = Self::Word(SettingWord::Auto);

    /// Every value to try, `auto` standing for "auto".
    ///
    /// # Errors
    /// [`Error::Parameter`] named `name` for a range that is empty, not finite or has more than 1,000 values.
    pub fn values(self, name: &str, auto: SettingRange) -> Result<Vec<f64>> {
        let range = match self {
            Self::Value(value) => return require::finite(name, value).map(|v| vec![v]),
            Self::Range(range) => range,
            Self::Word(SettingWord::Auto) => auto,
        };
        let SettingRange { min, max, step } = range;
        let intervals = (max - min) / step;
        if !(min.is_finite()
            && max.is_finite()
            && step > 0.0
            && intervals >= 0.0
            && intervals < MAX_VALUES as f64)
        {
            let requirement = format!("min <= max, step above 0 and at most {MAX_VALUES} values");
            return Err(Error::parameter(name, format!("{min} to {max} by {step}"), requirement));
        }
        // The end belongs to the range although (max − min)/step is rarely an integer in binary.
        let count = (intervals + 1e-6).floor() as usize;
        Ok((0..=count).map(|i| min + i as f64 * step).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTO: SettingRange = SettingRange { min: -2.0, max: 0.0, step: 1.0 };

    #[test]
    fn a_range_includes_its_end() {
        let range = SettingRange { min: 0.0, max: 0.3, step: 0.1 };
        assert_eq!(Setting::Range(range).values("x", AUTO).unwrap().len(), 4);
        assert_eq!(Setting::AUTO.values("x", AUTO).unwrap(), vec![-2.0, -1.0, 0.0]);
        assert_eq!(Setting::Value(3.5).values("x", AUTO).unwrap(), vec![3.5]);
    }

    #[test]
    fn each_form_has_its_own_spelling() {
        let read = |text: &str| serde_json::from_str::<Setting>(text);
        assert_eq!(read("\"auto\"").unwrap(), Setting::AUTO);
        assert_eq!(read("-3.0").unwrap(), Setting::Value(-3.0));
        assert_eq!(read("{\"min\":-2.0,\"max\":0.0,\"step\":1.0}").unwrap(), Setting::Range(AUTO));
        assert!(read("\"automatic\"").is_err());
        assert!(read("{\"min\":-2.0,\"max\":0.0,\"stop\":1.0}").is_err());
    }

    #[test]
    fn endless_ranges_are_refused() {
        for (min, max, step) in [(0.0, 1.0, 0.0), (1.0, 0.0, 0.1), (0.0, 1.0, 1e-9), (0.0, f64::NAN, 0.1)] {
            assert!(Setting::Range(SettingRange { min, max, step }).values("x", AUTO).is_err());
        }
        assert!(Setting::Value(f64::INFINITY).values("x", AUTO).is_err());
    }
}
