//! Configuration of the decision-feedback equalizer.

use crate::error::{Error, Result, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Decision feedback: tap j subtracts `values[j]` cursors of the decision j + 1 symbols ago.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Dfe {
    /// Taps.
    pub taps: usize,
    /// Largest tap relative to the cursor; "inf" is no limit.
    #[serde(with = "crate::ledger::float_or_inf")]
    #[schemars(with = "f64")]
    pub limit: f64,
    /// Smallest tap relative to the cursor. None is -limit.
    pub minimum: Option<f64>,
    /// Fixed taps relative to the cursor. None adapts.
    pub values: Option<Vec<f64>>,
}

/// Longest DFE.
const MAX_TAPS: usize = 64;

impl Default for Dfe {
    fn default() -> Self {
        Self { taps: 1, limit: 0.85, minimum: None, values: None }
    }
}

impl Dfe {
    /// `taps` adaptive taps without limits.
    pub fn unlimited(taps: usize) -> Self {
        Self { taps, limit: f64::INFINITY, ..Self::default() }
    }

    /// Fixed taps, relative to the cursor.
    pub fn fixed(values: Vec<f64>) -> Self {
        Self { taps: values.len(), limit: f64::INFINITY, minimum: None, values: Some(values) }
    }

    /// Smallest and largest tap, relative to the cursor.
    pub fn range(&self) -> (f64, f64) {
        (self.minimum.unwrap_or(-self.limit), self.limit)
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the field.
    pub fn validate(&self) -> Result<()> {
        if self.taps > MAX_TAPS {
            return Err(Error::parameter("receiver.dfe.taps", self.taps, format!("at most {MAX_TAPS}")));
        }
        if self.limit.is_nan() || self.limit < 0.0 {
            return Err(Error::parameter("receiver.dfe.limit", self.limit, "at least 0, or \"inf\""));
        }
        if let Some(minimum) = self.minimum
            && (minimum.is_nan() || minimum > self.limit)
        {
            return Err(Error::parameter(
                "receiver.dfe.minimum",
                minimum,
                format!("at most the limit, {}", self.limit),
            ));
        }
        let Some(values) = &self.values else { return Ok(()) };
        if values.len() != self.taps {
            let requirement = format!("{} values, as many as taps", self.taps);
            return Err(Error::parameter(
                "receiver.dfe.values",
                format!("{} values", values.len()),
                requirement,
            ));
        }
        for (i, &value) in values.iter().enumerate() {
            require::finite(&format!("receiver.dfe.values.{i}"), value)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_is_symmetric_unless_a_minimum_is_given() {
        assert_eq!(Dfe::default().range(), (-0.85, 0.85));
        assert_eq!(Dfe { minimum: Some(0.0), ..Dfe::default() }.range(), (0.0, 0.85));
        assert_eq!(Dfe::unlimited(2).range(), (f64::NEG_INFINITY, f64::INFINITY));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let bad = [
            Dfe { taps: 65, ..Dfe::default() },
            Dfe { limit: -0.1, ..Dfe::default() },
            Dfe { limit: f64::NAN, ..Dfe::default() },
            Dfe { minimum: Some(1.0), ..Dfe::default() },
            Dfe { taps: 2, ..Dfe::fixed(vec![0.1]) },
            Dfe::fixed(vec![f64::INFINITY]),
        ];
        for dfe in bad {
            assert!(dfe.validate().unwrap_err().to_string().starts_with("receiver.dfe."), "{dfe:?}");
        }
        assert!(Dfe::fixed(vec![]).validate().is_ok());
    }
}
