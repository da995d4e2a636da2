//! The sequence detector of a lane: what the samples before decision feedback look like for every recent history.
//!
//! ```text
//! y_k = Σ_m w_m z_(k−m)        z_k = L(a_k) + Σ_j d_j a_(k−j) + disturbance,   w = (1, −p_1, …, −p_n)
//! ```
//!
//! The FFE shapes the pulse to 1 + Σ b_j D^j, b the taps that the DFE would feed back; a trellis over that response
//! replaces the feedback. p predicts the disturbance from its past, so that what is left is white as far as n taps
//! can make it, and least squares is then maximum likelihood; it lengthens the response by n. G. D. Forney, IEEE
//! Trans. Inf. Theory 18 (1972) 363; J. D. Coker et al., IEEE Trans. Magn. 34 (1998) 110.

use crate::error::{Error, Result};
use crate::receiver::moments::autocorrelation;
use crate::receiver::sample::largest;
use crate::response::{DecisionModel, JitterModel, SlicerSignal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most symbols that a state of the trellis of a lane holds: 4, 16 or 64 states of PAM4.
pub const MAX_MEMORY: usize = 3;

/// Sequence detection in the place of decision feedback.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Mlsd {
    /// Taps of the filter that predicts the noise from its past and so whitens it; each lengthens the trellis's memory
    /// by a symbol as each tap of the DFE does. The two together are at most 3.
    pub whitening_taps: usize,
}

impl Mlsd {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the field.
    pub fn validate(&self) -> Result<()> {
        if self.whitening_taps >= MAX_MEMORY {
            let requirement = format!("below {MAX_MEMORY}: one symbol of memory is the DFE's");
            return Err(Error::parameter("receiver.mlsd.whitening_taps", self.whitening_taps, requirement));
        }
        Ok(())
    }
}

/// Whether and how a sequence is detected: `true`, `false` or a configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum MlsdSetting {
    /// Detection without whitening, or none.
    Switch(bool),
    /// Detection as configured.
    Detector(Mlsd),
}

impl Default for MlsdSetting {
    fn default() -> Self {
        Self::Switch(false)
    }
}

impl MlsdSetting {
    /// The configuration, if there is detection.
    pub fn config(&self) -> Option<Mlsd> {
        match self {
            Self::Switch(false) => None,
            Self::Switch(true) => Some(Mlsd::default()),
            Self::Detector(mlsd) => Some(mlsd.clone()),
        }
    }
}

/// A trellis over the residual response of a [`DecisionModel`], and the filter before it.
#[derive(Debug, Clone, PartialEq)]
pub struct SequenceDetector {
    /// Mean sample of each symbol with its neighbours averaged out, V: the newest symbol's share.
    pub levels_v: Vec<f64>,
    /// Level of each symbol, as the feedback takes it.
    pub levels: Vec<f64>,
    /// Response to past symbols, V per unit of level; entry j belongs to the symbol j + 1 ago.
    pub feedback: Vec<f64>,
    /// Filter before the trellis, 1 first; a single 1 without whitening.
    pub whitening: Vec<f64>,
}

impl SequenceDetector {
    /// The detector for what a slicer sees: its response is the cursor and what the feedback would cancel.
    ///
    /// ```
    /// use lightlane::receiver::{Mlsd, SequenceDetector};
    /// # use lightlane::grid::SymbolRate;
    /// # use lightlane::modulation::Modulation;
    /// # use lightlane::response::{CrosstalkPhase, DecisionModel, SlicerNoise, SlicerSignal};
    /// # let model = DecisionModel {
    /// #     symbol_rate: SymbolRate::new(50e9)?,
    /// #     modulation: Modulation::Nrz,
    /// #     levels: vec![-1.0, 1.0],
    /// #     signal: SlicerSignal::Linear { cursors: vec![0.1, 0.05], main: 0 },
    /// #     dfe: vec![0.05],
    /// #     noise: SlicerNoise { autocorrelation_v2: vec![1e-4, 5e-5], ..SlicerNoise::default() },
    /// #     crosstalk: vec![],
    /// #     crosstalk_phase: CrosstalkPhase::default(),
    /// #     jitter: None,
    /// #     thresholds_v: None,
    /// # };
    /// // Noise that correlates by one half from symbol to symbol is predicted by half of its last value.
    /// let detector = SequenceDetector::new(&model, &Mlsd { whitening_taps: 1 })?;
    /// assert_eq!(detector.whitening, [1.0, -0.5]);
    /// assert_eq!((detector.memory(), detector.states()), (2, 4));
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] without feedback taps, for a trellis of more than [`MAX_MEMORY`] symbols, or a model with
    /// values that are not finite.
    pub fn new(model: &DecisionModel, config: &Mlsd) -> Result<Self> {
        check_memory(model.dfe.len(), config, model.levels.len())?;
        let detector = Self {
            levels_v: levels_v(model),
            levels: model.levels.clone(),
            feedback: model.dfe.clone(),
            whitening: predictor(&unknown_v2(model, config.whitening_taps), config.whitening_taps),
        };
        for part in [&detector.levels_v, &detector.levels, &detector.feedback, &detector.whitening] {
            largest("response of the sequence detector", part)?;
        }
        Ok(detector)
    }

    /// Symbols that a state holds.
    pub fn memory(&self) -> usize {
        self.feedback.len() + self.whitening.len() - 1
    }

    /// States of the trellis.
    pub fn states(&self) -> usize {
        self.levels.len().pow(self.memory() as u32)
    }

    /// Noiseless sample y of a window of symbols, the newest first, V; `window` has [`SequenceDetector::memory`] + 1.
    pub fn output(&self, window: &[usize]) -> f64 {
        let sample = |at: usize| {
            let past = self.feedback.iter().enumerate().map(|(j, d)| d * self.levels[window[at + 1 + j]]);
            self.levels_v[window[at]] + past.sum::<f64>()
        };
        self.whitening.iter().enumerate().map(|(m, w)| w * sample(m)).sum()
    }

    /// What sending `sent` and deciding `decided` changes in the samples y from the symbol's own on, V.
    pub fn difference(&self, sent: usize, decided: usize) -> Vec<f64> {
        let step = self.levels[decided] - self.levels[sent];
        let mut plain = vec![self.levels_v[decided] - self.levels_v[sent]];
        plain.extend(self.feedback.iter().map(|d| d * step));
        let mut out = vec![0.0; self.memory() + 1];
        for (m, w) in self.whitening.iter().enumerate() {
            for (o, x) in out[m..].iter_mut().zip(&plain) {
                *o += w * x;
            }
        }
        out
    }
}

/// Refuses a trellis that does not exist or is too large.
pub(crate) fn check_memory(dfe_taps: usize, config: &Mlsd, levels: usize) -> Result<()> {
    if dfe_taps == 0 {
        let requirement = "1 to 3 with mlsd: the feedback taps are the response that its trellis is made of";
        return Err(Error::parameter("receiver.dfe.taps", 0, requirement));
    }
    let memory = dfe_taps + config.whitening_taps;
    if memory > MAX_MEMORY {
        let most = levels.pow(MAX_MEMORY as u32);
        let requirement = format!(
            "at most {most}: dfe.taps = {dfe_taps} and whitening_taps = {} make at most {MAX_MEMORY}",
            config.whitening_taps
        );
        return Err(Error::parameter("receiver.mlsd", format!("{levels}^{memory} states"), requirement));
    }
    Ok(())
}

/// Mean of the slicer's input before feedback for each symbol, its neighbours' mean included but that of the feedback.
pub(crate) fn levels_v(model: &DecisionModel) -> Vec<f64> {
    let n = model.levels.len();
    let mean = |levels: &[f64]| levels.iter().sum::<f64>() / levels.len().max(1) as f64;
    let own = mean(&model.levels);
    let (cursors, main) = model.signal.cursors();
    let sum = |x: &[f64]| x.iter().sum::<f64>();
    let aggressors = model.crosstalk.iter().map(|x| {
        let all: f64 = x.phases.iter().map(|p| sum(p)).sum();
        mean(&x.levels) * all / x.phases.len().max(1) as f64
    });
    let offset = aggressors.sum::<f64>() - own * sum(&model.dfe);
    match &model.signal {
        SlicerSignal::Linear { .. } => {
            let cursor = cursors.get(main).copied().unwrap_or(0.0);
            let others = own * (sum(cursors) - cursor);
            model.levels.iter().map(|l| l * cursor + others + offset).collect()
        }
        SlicerSignal::Table { table, after, .. } => {
            // The cursor's digit repeats every n^after words.
            let place = n.pow(*after as u32);
            let mut sums = vec![0.0; n];
            for (word, v) in table.iter().enumerate() {
                sums[word / place % n] += v;
            }
            let words = (table.len() / n).max(1) as f64;
            sums.iter().map(|s| s / words + own * sum(cursors) + offset).collect()
        }
    }
}

/// Autocovariance of everything that is not in the detector's response, V²: residual interference too, a table's by its
/// linear remainder.
fn unknown_v2(model: &DecisionModel, lags: usize) -> Vec<f64> {
    let power = variance(&model.levels);
    let interference = autocorrelation(&residual(model), lags + 1);
    disturbance_v2(model, lags).iter().zip(&interference).map(|(v2, r)| v2 + power * r).collect()
}

/// Mean square of levels about their mean.
pub(crate) fn variance(levels: &[f64]) -> f64 {
    let n = levels.len().max(1) as f64;
    let mean = levels.iter().sum::<f64>() / n;
    levels.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / n
}

/// Autocovariance of noise, crosstalk and jitter, V², lags 0 to `lags`.
pub(crate) fn disturbance_v2(model: &DecisionModel, lags: usize) -> Vec<f64> {
    let mut v2: Vec<f64> =
        (0..=lags).map(|l| model.noise.autocorrelation_v2.get(l).copied().unwrap_or(0.0)).collect();
    let mut add = |power: f64, response: &[f64], steps: usize| {
        for (lag, v2) in v2.iter_mut().enumerate() {
            let shifted = response.get(lag * steps..).unwrap_or(&[]);
            *v2 += power * response.iter().zip(shifted).map(|(a, b)| a * b).sum::<f64>();
        }
    };
    for source in &model.noise.by_symbol {
        let mean = source.factor.iter().sum::<f64>() / source.factor.len().max(1) as f64;
        add(mean, &source.response, source.steps.max(1));
    }
    for aggressor in &model.crosstalk {
        let share = variance(&aggressor.levels) / aggressor.phases.len().max(1) as f64;
        aggressor.phases.iter().for_each(|phase| add(share, phase, 1));
    }
    if let Some(jitter) = &model.jitter {
        let taps = autocorrelation(&jitter.transmit_taps, 2);
        let moved = match jitter.model {
            JitterModel::Com => variance(&model.levels),
            JitterModel::Edge => 2.0 * variance(&model.levels) * (taps[0] - taps[1]),
        };
        add((jitter.rj_ui.powi(2) + jitter.dd_ui.powi(2)) * moved, &jitter.response, 1);
    }
    v2
}

/// The response to symbols that the detector does not know of, by symbols, the cursor 0.
fn residual(model: &DecisionModel) -> Vec<f64> {
    let (cursors, main) = model.signal.cursors();
    let mut left = cursors.to_vec();
    left.resize(left.len().max(main + 1 + model.dfe.len()), 0.0);
    if let SlicerSignal::Linear { .. } = &model.signal {
        left[main] = 0.0;
        for (j, tap) in model.dfe.iter().enumerate() {
            left[main + 1 + j] -= tap;
        }
    }
    left
}

/// (1, −p_1, …, −p_n): p predicts a sequence of that autocovariance from its past with least error, by Levinson's
/// recursion. A sequence that is predicted perfectly, or none, ends it early.
fn predictor(v2: &[f64], taps: usize) -> Vec<f64> {
    let mut w = vec![0.0; taps + 1];
    w[0] = 1.0;
    let mut error = v2.first().copied().unwrap_or(0.0);
    for m in 1..=taps {
        if error <= f64::EPSILON * v2[0] || error <= 0.0 {
            break;
        }
        let reflection = -(0..m).map(|i| w[i] * v2[m - i]).sum::<f64>() / error;
        let before = w.clone();
        for i in 1..=m {
            w[i] = before[i] + reflection * before[m - i];
        }
        error *= 1.0 - reflection * reflection;
    }
    w
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_predictor_whitens_an_autoregressive_noise() {
        // n_k = 0.8 n_(k−1) − 0.3 n_(k−2) + white: by Yule and Walker r_1 = 0.8/1.3 r_0, r_2 = 0.8 r_1 − 0.3 r_0.
        let r1 = 0.8 / 1.3;
        let w = predictor(&[1.0, r1, 0.8 * r1 - 0.3, 0.0], 2);
        assert!((w[1] + 0.8).abs() < 1e-14 && (w[2] - 0.3).abs() < 1e-14);
        assert_eq!(predictor(&[0.0, 0.0], 1), [1.0, 0.0]);
        assert_eq!(predictor(&[1.0, 1.0, 1.0], 2), [1.0, -1.0, 0.0]);
    }

    #[test]
    fn a_trellis_too_large_is_named() {
        let whitening = |whitening_taps| Mlsd { whitening_taps };
        assert!(check_memory(3, &whitening(0), 4).is_ok());
        let e = check_memory(3, &whitening(1), 4).unwrap_err().to_string();
        assert!(e.starts_with("receiver.mlsd = 4^4 states: must be at most 64"), "{e}");
        assert!(
            check_memory(0, &whitening(1), 4).unwrap_err().to_string().starts_with("receiver.dfe.taps = 0")
        );
        assert!(whitening(3).validate().is_err());
    }
}
