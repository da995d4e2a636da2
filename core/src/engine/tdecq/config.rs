//! What a TDECQ measurement assumes: reference filter and equalizer, target, timing and thresholds.
//!
//! Main taps are indices into the taps, so that position 3 of five is 2.
//!
//! | preset | filter over symbol rate | FFE | main tap | DFE | thresholds | target SER | grade |
//! |---|---|---|---|---|---|---|---|
//! | `802.3bs` | 0.5 | 5 | 0 to 2 | – | nominal | 4.8e-4 | sourced: Clause 121 |
//! | `802.3bs-d2.2` | 0.728 | 5 | 1 to 3 | – | ±1 % | 4.8e-4 | draft 2.2, adjustment assumed |
//! | `802.3cu` | 0.5 | 5 | 0 to 2 | – | ±1 % | 4.8e-4 | adjustment and range of main taps assumed |
//! | `802.3dj` | 0.5 | 15 | 0 to 3 | 1 | ±1 % | 4.8e-4 | draft; adjustment, DFE limit, target assumed |
//! | `802.3dj-inner-fec` | 0.5 | 15 | 0 to 3 | 1 | ±1 % | 9.6e-3 | draft; adjustment, DFE limit assumed |

use crate::error::{Error, Result, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most taps of the feed-forward equalizer.
const MAX_TAPS: usize = 64;
/// Thresholds may be adjusted within this share of the OMA: beyond it thresholds would meet.
const MAX_ADJUSTMENT: f64 = 0.15;
/// Largest target: a symbol that is guessed is wrong three times in four.
const MAX_TARGET: f64 = 0.5;
const MIN_TARGET: f64 = 1e-12;
/// Rounding that the sum of given taps may show.
const SUM_TOLERANCE: f64 = 1e-6;

/// Reference receiver and rules of TDECQ, TECQ and SECQ; `TdecqConfig.preset` has those of the standards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TdecqConfig {
    /// Taps of the feed-forward equalizer, one symbol apart; where `taps` is given, its length counts instead.
    pub ffe_taps: usize,
    /// Index of the main tap within the taps; the taps before it act on symbols still to come. None takes the best, or
    /// the largest of given `taps`.
    pub main_tap: Option<usize>,
    /// First index of the search for the main tap.
    pub main_tap_min: usize,
    /// Last index of that search; those beyond the equalizer's are left out.
    pub main_tap_max: usize,
    /// Taps of the decision feedback: 0 or 1. Feedback is of the symbols sent, so without error propagation.
    pub dfe_taps: usize,
    /// Largest magnitude of the feedback, relative to the signal.
    pub dfe_limit: f64,
    /// Taps to use as they are, of sum 1, or 1 plus the feedback's where `dfe_taps` is 1. None takes those of least TDECQ.
    pub taps: Option<Vec<f64>>,
    /// 3 dB bandwidth of the reference filter, a fourth-order Bessel–Thomson, Hz. None is `bandwidth_ratio` times the
    /// symbol rate.
    pub bandwidth_hz: Option<f64>,
    /// 3 dB bandwidth over the symbol rate where `bandwidth_hz` is None.
    pub bandwidth_ratio: f64,
    /// Symbol error ratio that the added noise brings the worse histogram to.
    pub target_ser: f64,
    /// Noise of the instrument within the reference filter (σ_S), W rms.
    pub instrument_noise_w: f64,
    /// How far each threshold may leave its nominal place, over the OMA.
    pub threshold_adjustment: f64,
    /// Width of a histogram, UI.
    pub histogram_width_ui: f64,
    /// Time between the centres of the two histograms, UI.
    pub histogram_spacing_ui: f64,
    /// Whether the common timing of the histograms is searched too; otherwise it is where the signal and its
    /// symbols correlate best.
    pub optimize_timing: bool,
}

impl Default for TdecqConfig {
    fn default() -> Self {
        Self {
            ffe_taps: 5,
            main_tap: None,
            main_tap_min: 0,
            main_tap_max: 2,
            dfe_taps: 0,
            dfe_limit: 0.5,
            taps: None,
            bandwidth_hz: None,
            bandwidth_ratio: 0.5,
            target_ser: 4.8e-4,
            instrument_noise_w: 0.0,
            threshold_adjustment: 0.0,
            histogram_width_ui: 0.04,
            histogram_spacing_ui: 0.1,
            optimize_timing: true,
        }
    }
}

impl TdecqConfig {
    /// Names of the presets.
    pub const NAMES: [&'static str; 5] =
        ["802.3bs", "802.3bs-d2.2", "802.3cu", "802.3dj", "802.3dj-inner-fec"];

    /// The rules of a standard; see the table of this module for what each rests on.
    ///
    /// # Errors
    /// [`Error::Unknown`] with the nearest name.
    ///
    /// ```
    /// use lightlane::engine::tdecq::TdecqConfig;
    /// let dj = TdecqConfig::preset("802.3dj")?;
    /// assert_eq!((dj.ffe_taps, dj.main_tap_max, dj.dfe_taps), (15, 3, 1));
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    pub fn preset(name: &str) -> Result<Self> {
        let adjusted = Self { threshold_adjustment: 0.01, ..Self::default() };
        let dj = Self { ffe_taps: 15, main_tap_max: 3, dfe_taps: 1, ..adjusted.clone() };
        match name {
            "802.3bs" => Ok(Self::default()),
            "802.3bs-d2.2" => {
                Ok(Self { bandwidth_ratio: 0.728, main_tap_min: 1, main_tap_max: 3, ..adjusted })
            }
            "802.3cu" => Ok(adjusted),
            "802.3dj" => Ok(dj),
            "802.3dj-inner-fec" => Ok(Self { target_ser: 9.6e-3, ..dj }),
            _ => Err(Error::unknown("config", name, Self::NAMES)),
        }
    }

    /// What of the rules is not in a published standard, as sentences: each leaf that still has a preset's assumed value.
    ///
    /// ```
    /// use lightlane::engine::tdecq::TdecqConfig;
    /// assert!(TdecqConfig::default().assumptions().is_empty());
    /// let mut dj = TdecqConfig::preset("802.3dj")?;
    /// assert!(dj.assumptions().contains(&"dfe_limit = 0.5: assumed"));
    /// dj.dfe_limit = 0.4;
    /// assert_eq!(dj.assumptions().len(), 4);
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    pub fn assumptions(&self) -> Vec<&'static str> {
        let is = |value: f64, assumed: f64| value.to_bits() == assumed.to_bits();
        let (adjusted, fed_back) = (self.threshold_adjustment > 0.0, self.dfe_taps > 0);
        let filter = self.bandwidth_hz.is_none() && is(self.bandwidth_ratio, 0.728);
        // Given taps leave the rules of their number and main one without effect.
        let range = self.taps.is_none().then_some((self.main_tap_min, self.main_tap_max));
        let many = self.taps.is_none() && self.ffe_taps == 15;
        let draft = match (filter, range == Some((1, 3))) {
            (true, true) => Some("draft 2.2: filter at 0.728 of the symbol rate, main taps 1 to 3"),
            (true, false) => Some("draft 2.2: filter at 0.728 of the symbol rate"),
            (false, true) => Some("draft 2.2: main taps 1 to 3"),
            (false, false) => None,
        };
        let later = match (many, fed_back, range == Some((0, 3))) {
            (true, true, true) => {
                Some("802.3dj is a draft: 15 taps, at most 3 before the main one, and a DFE tap")
            }
            (true, true, false) => Some("802.3dj is a draft: 15 taps and a DFE tap"),
            (true, false, true) => Some("802.3dj is a draft: 15 taps, at most 3 before the main one"),
            (true, false, false) => Some("802.3dj is a draft: 15 taps"),
            (false, true, true) => {
                Some("802.3dj is a draft: at most 3 taps before the main one, and a DFE tap")
            }
            (false, true, false) => Some("802.3dj is a draft: a DFE tap"),
            (false, false, _) => None,
        };
        let rules = [
            (is(self.threshold_adjustment, 0.01), "threshold_adjustment = 0.01: assumed"),
            // Clause 121 has that range too, but no adjustment.
            (adjusted && !fed_back && range == Some((0, 2)), "main_tap_max = 2: assumed"),
            (fed_back && is(self.dfe_limit, 0.5), "dfe_limit = 0.5: assumed"),
            (fed_back, "FFE taps minus the DFE tap sum to 1, so that a steady level is kept: assumed"),
            (fed_back && is(self.target_ser, 4.8e-4), "target_ser = 4.8e-4: assumed"),
        ];
        let assumed = rules.into_iter().filter_map(|(holds, sentence)| holds.then_some(sentence));
        draft.into_iter().chain(later).chain(assumed).collect()
    }

    /// 3 dB bandwidth over the symbol rate.
    pub(super) fn bandwidth_over_rate(&self, symbol_rate_hz: f64) -> f64 {
        self.bandwidth_hz.map_or(self.bandwidth_ratio, |hz| hz / symbol_rate_hz)
    }

    /// Taps of the equalizer, given or not.
    pub(super) fn n_taps(&self) -> usize {
        self.taps.as_ref().map_or(self.ffe_taps, Vec::len)
    }

    /// Main taps to try.
    pub(super) fn main_taps(&self) -> std::ops::RangeInclusive<usize> {
        if let Some(tap) = self.main_tap {
            return tap..=tap;
        }
        if let Some(taps) = &self.taps {
            // The error ratio is the same for any: only what counts as the middle of the timing moves.
            let largest =
                (0..taps.len()).max_by(|i, j| taps[*i].abs().total_cmp(&taps[*j].abs())).unwrap_or(0);
            return largest..=largest;
        }
        self.main_tap_min..=self.main_tap_max.min(self.ffe_taps - 1)
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the field.
    pub fn validate(&self) -> Result<()> {
        let count = |name: &str, value: usize, low: usize, high: usize| {
            if (low..=high).contains(&value) {
                return Ok(());
            }
            Err(Error::parameter(name, value, format!("between {low} and {high}")))
        };
        count("ffe_taps", self.ffe_taps, 1, MAX_TAPS)?;
        count("dfe_taps", self.dfe_taps, 0, 1)?;
        require::within("dfe_limit", self.dfe_limit, 1e-6, 1.0)?;
        if let Some(taps) = &self.taps {
            self.validate_taps(taps)?;
        }
        if let Some(tap) = self.main_tap {
            count("main_tap", tap, 0, self.n_taps() - 1)?;
        }
        count("main_tap_min", self.main_tap_min, 0, self.ffe_taps - 1)?;
        count("main_tap_max", self.main_tap_max, self.main_tap_min, MAX_TAPS - 1)?;
        if let Some(bandwidth_hz) = self.bandwidth_hz
            && (bandwidth_hz.is_nan() || bandwidth_hz <= 0.0)
        {
            return Err(Error::parameter("bandwidth_hz", bandwidth_hz, "above 0"));
        }
        require::within("bandwidth_ratio", self.bandwidth_ratio, 0.05, 100.0)?;
        require::within("target_ser", self.target_ser, MIN_TARGET, MAX_TARGET)?;
        require::non_negative("instrument_noise_w", self.instrument_noise_w)?;
        require::within("threshold_adjustment", self.threshold_adjustment, 0.0, MAX_ADJUSTMENT)?;
        require::within("histogram_width_ui", self.histogram_width_ui, 0.0, 0.5)?;
        require::within("histogram_spacing_ui", self.histogram_spacing_ui, 0.0, 0.5)?;
        Ok(())
    }

    fn validate_taps(&self, taps: &[f64]) -> Result<()> {
        if !(1..=MAX_TAPS).contains(&taps.len()) {
            let value = format!("{} values", taps.len());
            return Err(Error::parameter("taps", value, format!("between 1 and {MAX_TAPS} values")));
        }
        if let Some(i) = taps.iter().position(|c| !c.is_finite()) {
            return Err(Error::parameter(format!("taps[{i}]"), taps[i], "finite"));
        }
        // A feedback of size x takes x of the sum, so that a steady level is kept.
        let feedback = taps.iter().sum::<f64>() - 1.0;
        let allowed = if self.dfe_taps > 0 { self.dfe_limit } else { 0.0 };
        if feedback.abs() > allowed + SUM_TOLERANCE {
            let requirement = if self.dfe_taps > 0 {
                format!("of sum 1 within dfe_limit = {}", self.dfe_limit)
            } else {
                "of sum 1".into()
            };
            return Err(Error::parameter("taps", format!("{taps:?} of sum {}", feedback + 1.0), requirement));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assumptions_of_presets_are_those_of_their_table() {
        const ADJUSTMENT: &str = "threshold_adjustment = 0.01: assumed";
        const DRAFT: &str = "802.3dj is a draft: 15 taps, at most 3 before the main one, and a DFE tap";
        const LIMIT: &str = "dfe_limit = 0.5: assumed";
        const SUM: &str = "FFE taps minus the DFE tap sum to 1, so that a steady level is kept: assumed";
        let of = |name: &str| TdecqConfig::preset(name).unwrap().assumptions();
        assert!(of("802.3bs").is_empty());
        let draft = "draft 2.2: filter at 0.728 of the symbol rate, main taps 1 to 3";
        assert_eq!(of("802.3bs-d2.2"), [draft, ADJUSTMENT]);
        assert_eq!(of("802.3cu"), [ADJUSTMENT, "main_tap_max = 2: assumed"]);
        assert_eq!(of("802.3dj"), [DRAFT, ADJUSTMENT, LIMIT, SUM, "target_ser = 4.8e-4: assumed"]);
        assert_eq!(of("802.3dj-inner-fec"), [DRAFT, ADJUSTMENT, LIMIT, SUM]);
    }

    #[test]
    fn a_changed_leaf_takes_its_own_assumption_only() {
        let dj = TdecqConfig::preset("802.3dj").unwrap();
        let without = |changed: TdecqConfig| {
            let left = changed.assumptions();
            let gone: Vec<_> = dj.assumptions().into_iter().filter(|a| !left.contains(a)).collect();
            assert_eq!(gone.len(), 1, "{gone:?}");
            gone[0]
        };
        assert!(without(TdecqConfig { dfe_limit: 0.4, ..dj.clone() }).starts_with("dfe_limit"));
        assert!(without(TdecqConfig { target_ser: 1e-3, ..dj.clone() }).starts_with("target_ser"));
        assert!(without(TdecqConfig { threshold_adjustment: 0.02, ..dj.clone() }).starts_with("threshold"));
        assert!(without(TdecqConfig { ffe_taps: 9, ..dj.clone() }).starts_with("802.3dj is a draft"));
        // Neither the instrument nor a fixed main tap is a rule.
        let same = TdecqConfig { instrument_noise_w: 1e-6, main_tap: Some(2), ..dj.clone() };
        assert_eq!(same.assumptions(), dj.assumptions());
        // What is left of a draft still says so.
        let d22 = TdecqConfig { main_tap_max: 2, ..TdecqConfig::preset("802.3bs-d2.2").unwrap() };
        assert_eq!(d22.assumptions()[0], "draft 2.2: filter at 0.728 of the symbol rate");
    }
}
