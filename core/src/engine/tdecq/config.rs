//! What a TDECQ measurement assumes: reference filter and equalizer, target, timing and thresholds.
//!
//! | preset | filter over symbol rate | FFE | main tap | DFE | thresholds | target SER | grade |
//! |---|---|---|---|---|---|---|---|
//! | `802.3bs` | 0.5 | 5 | 1 to 3 | – | nominal | 4.8e-4 | sourced: Clause 121 |
//! | `802.3bs-d2.2` | 0.728 | 5 | 2 to 4 | – | ±1 % | 4.8e-4 | draft 2.2, adjustment assumed |
//! | `802.3cu` | 0.5 | 5 | 1 to 3 | – | ±1 % | 4.8e-4 | adjustment and range of main taps assumed |
//! | `802.3dj` | 0.5 | 15 | 1 to 4 | 1 | ±1 % | 4.8e-4 | draft; adjustment, DFE limit, target assumed |
//! | `802.3dj-inner-fec` | 0.5 | 15 | 1 to 4 | 1 | ±1 % | 9.6e-3 | draft; adjustment, DFE limit assumed |

use crate::error::{Error, Result, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most taps of the feed-forward equalizer.
const MAX_TAPS: usize = 64;
/// Histograms may be adjusted within this share of the OMA: beyond it thresholds would meet.
const MAX_ADJUSTMENT: f64 = 0.15;
/// Largest target: a symbol that is guessed is wrong three times in four.
const MAX_TARGET: f64 = 0.5;
const MIN_TARGET: f64 = 1e-12;

/// Reference receiver and rules of TDECQ, TECQ and SECQ; `TdecqConfig.preset` has those of the standards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TdecqConfig {
    /// Taps of the feed-forward equalizer, one symbol apart.
    pub ffe_taps: usize,
    /// Number of the main tap, counted from 1; the taps before it act on symbols still to come. None searches.
    pub main_tap: Option<usize>,
    /// First main tap of the search.
    pub main_tap_min: usize,
    /// Last main tap of the search; taps beyond the equalizer's are left out.
    pub main_tap_max: usize,
    /// Taps of the decision feedback: 0 or 1. Feedback is of the symbols sent, so without error propagation.
    pub dfe_taps: usize,
    /// Largest magnitude of the feedback, relative to the signal.
    pub dfe_limit: f64,
    /// 3 dB bandwidth of the reference filter, a fourth-order Bessel–Thomson, Hz. None is `bandwidth_ratio` times the
    /// symbol rate.
    pub bandwidth_hz: Option<f64>,
    /// 3 dB bandwidth over the symbol rate where `bandwidth_hz` is None.
    pub bandwidth_ratio: f64,
    /// Symbol error ratio that the added noise brings the worse histogram to.
    pub target_ser: f64,
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
            main_tap_min: 1,
            main_tap_max: 3,
            dfe_taps: 0,
            dfe_limit: 0.5,
            bandwidth_hz: None,
            bandwidth_ratio: 0.5,
            target_ser: 4.8e-4,
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
    /// assert_eq!((dj.ffe_taps, dj.main_tap_max, dj.dfe_taps), (15, 4, 1));
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    pub fn preset(name: &str) -> Result<Self> {
        let adjusted = Self { threshold_adjustment: 0.01, ..Self::default() };
        let dj = Self { ffe_taps: 15, main_tap_max: 4, dfe_taps: 1, ..adjusted.clone() };
        match name {
            "802.3bs" => Ok(Self::default()),
            "802.3bs-d2.2" => {
                Ok(Self { bandwidth_ratio: 0.728, main_tap_min: 2, main_tap_max: 4, ..adjusted })
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
                &["draft 2.2: filter at 0.728 of the symbol rate, main taps 2 to 4", ADJUSTMENT]
            }
            "802.3cu" => &[ADJUSTMENT, "main_tap_max = 3: assumed"],
            "802.3dj" => &[DRAFT, ADJUSTMENT, LIMIT, SUM, "target_ser = 4.8e-4: assumed"],
            "802.3dj-inner-fec" => &[DRAFT, ADJUSTMENT, LIMIT, SUM],
            _ => &[],
        }
    }

    /// 3 dB bandwidth over the symbol rate.
    pub(super) fn bandwidth_over_rate(&self, symbol_rate_hz: f64) -> f64 {
        self.bandwidth_hz.map_or(self.bandwidth_ratio, |hz| hz / symbol_rate_hz)
    }

    /// Main taps to try, counted from 0.
    pub(super) fn main_taps(&self) -> std::ops::Range<usize> {
        match self.main_tap {
            Some(tap) => tap - 1..tap,
            None => self.main_tap_min - 1..self.main_tap_max.min(self.ffe_taps),
        }
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
        if let Some(tap) = self.main_tap {
            count("main_tap", tap, 1, self.ffe_taps)?;
        }
        count("main_tap_min", self.main_tap_min, 1, self.ffe_taps)?;
        count("main_tap_max", self.main_tap_max, self.main_tap_min, MAX_TAPS)?;
        count("dfe_taps", self.dfe_taps, 0, 1)?;
        require::within("dfe_limit", self.dfe_limit, 1e-6, 1.0)?;
        if let Some(bandwidth_hz) = self.bandwidth_hz
            && (bandwidth_hz.is_nan() || bandwidth_hz <= 0.0)
        {
            return Err(Error::parameter("bandwidth_hz", bandwidth_hz, "above 0"));
        }
        require::within("bandwidth_ratio", self.bandwidth_ratio, 0.05, 100.0)?;
        require::within("target_ser", self.target_ser, MIN_TARGET, MAX_TARGET)?;
        require::within("threshold_adjustment", self.threshold_adjustment, 0.0, MAX_ADJUSTMENT)?;
        require::within("histogram_width_ui", self.histogram_width_ui, 0.0, 0.5)?;
        require::within("histogram_spacing_ui", self.histogram_spacing_ui, 0.0, 0.5)?;
        Ok(())
    }
}
