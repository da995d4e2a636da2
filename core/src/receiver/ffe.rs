//! Configuration of the receive FFE.

use crate::error::{Error, Result, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Symbol-spaced feed-forward equalizer: `pre + 1 + post` taps around the main one and floating groups after them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ffe {
    /// Taps before the main tap: they act on symbols still to come.
    pub pre: usize,
    /// Taps after the main tap.
    pub post: usize,
    /// Groups of floating taps.
    pub floating_groups: usize,
    /// Taps in a floating group; none are used without groups.
    pub floating_taps: usize,
    /// Farthest floating tap, UI after the main tap.
    pub floating_span_ui: usize,
    /// Largest magnitude of a tap relative to the main tap; "inf" is no limit.
    #[serde(with = "crate::ledger::float_or_inf")]
    #[schemars(with = "f64")]
    pub tap_limit: f64,
    /// Largest magnitude of a floating tap relative to the main tap; "inf" is no limit.
    #[serde(with = "crate::ledger::float_or_inf")]
    #[schemars(with = "f64")]
    pub floating_limit: f64,
    /// Fixed taps in time order, the main one at index `pre`, zeros between fixed and floating ones. None adapts.
    pub taps: Option<Vec<f64>>,
}

/// Longest FFE, floating span included.
pub(crate) const MAX_TAPS: usize = 256;

impl Default for Ffe {
    fn default() -> Self {
        Self {
            pre: 4,
            post: 11,
            floating_groups: 0,
            floating_taps: 4,
            floating_span_ui: 80,
            tap_limit: f64::INFINITY,
            floating_limit: 0.05,
            taps: None,
        }
    }
}

impl Ffe {
    /// `pre` + 1 + `post` adaptive taps without limits.
    pub fn new(pre: usize, post: usize) -> Self {
        Self { pre, post, ..Self::default() }
    }

    /// Fixed taps, the main one at index `pre`.
    pub fn fixed(taps: Vec<f64>, pre: usize) -> Self {
        let post = taps.len().saturating_sub(pre + 1);
        Self { pre, post, taps: Some(taps), ..Self::default() }
    }

    /// Whether there are floating taps to place.
    pub(crate) fn floats(&self) -> bool {
        self.floating_groups * self.floating_taps > 0
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the field.
    pub fn validate(&self) -> Result<()> {
        let length = self.pre.saturating_add(self.post).saturating_add(1);
        if length > MAX_TAPS {
            return Err(Error::parameter(
                "receiver.ffe.post",
                self.post,
                format!("few enough for {MAX_TAPS} taps in all"),
            ));
        }
        for (name, value) in [("tap_limit", self.tap_limit), ("floating_limit", self.floating_limit)] {
            if value.is_nan() || value <= 0.0 {
                return Err(Error::parameter(format!("receiver.ffe.{name}"), value, "above 0, or \"inf\""));
            }
        }
        if self.floating_groups > 16 || self.floating_taps > 64 {
            let value = format!("{} groups of {}", self.floating_groups, self.floating_taps);
            return Err(Error::parameter(
                "receiver.ffe.floating_groups",
                value,
                "at most 16 groups of at most 64 taps",
            ));
        }
        if self.floats() {
            let needed = self.post + self.floating_groups * self.floating_taps;
            let room = MAX_TAPS - 1 - self.pre;
            if self.floating_span_ui < needed || self.floating_span_ui > room {
                let requirement = format!("between {needed}, where the groups just fit, and {room}");
                return Err(Error::parameter(
                    "receiver.ffe.floating_span_ui",
                    self.floating_span_ui,
                    requirement,
                ));
            }
        }
        let Some(taps) = &self.taps else { return Ok(()) };
        if taps.len() <= self.pre || taps.len() > MAX_TAPS {
            let requirement = format!("more than pre = {} taps and at most {MAX_TAPS}", self.pre);
            return Err(Error::parameter("receiver.ffe.taps", format!("{} taps", taps.len()), requirement));
        }
        for (i, &tap) in taps.iter().enumerate() {
            require::finite(&format!("receiver.ffe.taps.{i}"), tap)?;
        }
        if taps.iter().all(|t| *t == 0.0) {
            return Err(Error::parameter("receiver.ffe.taps", "all 0", "at least one tap that is not 0"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_may_be_infinite_in_toml_and_json() {
        let ffe = Ffe { floating_groups: 2, floating_taps: 4, ..Ffe::new(6, 8) };
        assert!(ffe.validate().is_ok());
        let json = serde_json::to_string(&ffe).unwrap();
        assert!(json.contains("\"tap_limit\":\"inf\""), "{json}");
        assert_eq!(serde_json::from_str::<Ffe>(&json).unwrap(), ffe);
        assert_eq!(toml::from_str::<Ffe>(&toml::to_string(&ffe).unwrap()).unwrap(), ffe);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let bad = [
            (Ffe { tap_limit: 0.0, ..Ffe::default() }, "tap_limit"),
            (Ffe { post: 400, ..Ffe::default() }, "post"),
            (
                Ffe { floating_groups: 2, floating_taps: 4, floating_span_ui: 12, ..Ffe::default() },
                "floating_span_ui",
            ),
            (Ffe::fixed(vec![1.0], 1), "taps"),
            (Ffe::fixed(vec![0.0, 0.0], 0), "taps"),
            (Ffe::fixed(vec![1.0, f64::NAN], 0), "taps.1"),
        ];
        for (ffe, field) in bad {
            let text = ffe.validate().unwrap_err().to_string();
            assert!(text.starts_with(&format!("receiver.ffe.{field} =")), "{text}");
        }
    }
}
