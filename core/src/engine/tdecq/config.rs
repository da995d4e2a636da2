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

    /// What of a preset is not in a published standard, as sentences.
    pub fn preset_assumptions(name: &str) -> &'static [&'static str] {
        const ADJUSTMENT: &str = "threshold_adjustment = 0.01: assumed";
        const LIMIT: &str = "dfe_limit = 0.5: assumed";
        const SUM: &str = "FFE taps minus the DFE tap sum to 1, so that a steady level is kept: assumed";
        const DRAFT: &str = "802.3dj is a draft: 15 taps, at most 3 before the main one, and a DFE tap";
        match name {
            "802.3bs-d2.2" => {
                &["draft 2.2: filter at 0.728 of the symbol rate, main taps 1 to 3", ADJUSTMENT]
            }
            "802.3cu" => &[ADJUSTMENT, "main_tap_max = 2: assumed"],
            "802.3dj" => &[DRAFT, ADJUSTMENT, LIMIT, SUM, "target_ser = 4.8e-4: assumed"],
            "802.3dj-inner-fec" => &[DRAFT, ADJUSTMENT, LIMIT, SUM],
            _ => &[],
        }
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
