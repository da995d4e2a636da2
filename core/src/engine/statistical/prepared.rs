//! A model whose densities are computed, ready for error ratios at any noise.

use super::ErrorRatios;
use super::alphabet::Alphabet;
use super::condition::{Common, Condition};
use super::mixture::Mixture;
use super::thresholds;
use crate::error::Result;
use crate::receiver::SequenceDetector;
use crate::response::DecisionModel;
use crate::run::Run;
use rayon::prelude::*;

/// A [`DecisionModel`] with its words enumerated, its remainder convolved and its thresholds found.
#[derive(Debug)]
pub struct Prepared {
    pub(super) model: DecisionModel,
    alphabet: Alphabet,
    /// One for each value of what is slow, equally likely.
    conditions: Vec<Condition>,
    thresholds_v: Vec<f64>,
    /// Detection in the place of the feedback.
    detector: Option<SequenceDetector>,
    /// Noise scale that the grids were made for.
    pub(super) scale: f64,
}

/// How carefully a model is prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// For error ratios.
    Figures,
    /// For one phase of an eye.
    Eye,
}

impl Prepared {
    /// Computes densities and thresholds.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] for a model whose fields do not fit each other, [`crate::Error::Interrupted`].
    pub fn new(model: &DecisionModel, run: &Run) -> Result<Self> {
        Self::for_scale(model, None, 1.0, Effort::Figures, run)
    }

    /// The same for a receiver that detects sequences: its figures are the bound of [`Prepared::ratios`].
    ///
    /// # Errors
    /// As [`Prepared::new`].
    pub fn with_detector(model: &DecisionModel, detector: &SequenceDetector, run: &Run) -> Result<Self> {
        Self::for_scale(model, Some(detector), 1.0, Effort::Figures, run)
    }

    /// The same with grids that resolve the noise times `scale`.
    pub(super) fn for_scale(
        model: &DecisionModel,
        detector: Option<&SequenceDetector>,
        scale: f64,
        effort: Effort,
        run: &Run,
    ) -> Result<Self> {
        run.check()?;
        let alphabet = Alphabet::of(model)?;
        let models = model.jitter_at_rest();
        let siblings = models.len();
        let one = |m| Condition::new(m, &alphabet, siblings, detector, scale, effort, run);
        let conditions: Vec<Condition> =
            run.install(|| models.into_par_iter().map(one).collect::<Result<_>>())?;
        let thresholds_v = match &model.thresholds_v {
            Some(t) => t.clone(),
            None => thresholds::optimum(&sketch(&conditions)),
        };
        run.check()?;
        let (model, detector) = (model.clone(), detector.cloned());
        Ok(Self { model, alphabet, conditions, thresholds_v, detector, scale })
    }

    /// The model.
    pub fn model(&self) -> &DecisionModel {
        &self.model
    }

    /// The sequence detector, if there is one.
    pub fn detector(&self) -> Option<&SequenceDetector> {
        self.detector.as_ref()
    }

    /// 20 log10 of the least distance of the detector's error events over that of the slicer with correct feedback,
    /// both in standard deviations of what disturbs them: what detection gains where errors are rare, at the jitter where
    /// it gains least. 10 log10(1 + a²) on 1 + aD in white noise; `None` without a detector.
    pub fn detection_gain_db(&self) -> Option<f64> {
        self.conditions.iter().filter_map(Condition::detection_gain_db).reduce(f64::min)
    }

    /// Decision thresholds, ascending, V: the model's, or those of least symbol error ratio.
    pub fn thresholds_v(&self) -> &[f64] {
        &self.thresholds_v
    }

    /// Mixture of fewer Gaussians, interpolated: for curves.
    pub(super) fn sketch(&self) -> Mixture<'_> {
        sketch(&self.conditions)
    }

    /// P(decision | level) with correct feedback, `[level][decision]`.
    pub fn decision_probabilities(&self, noise_scale: f64) -> Vec<Vec<f64>> {
        self.mixture(noise_scale).decisions(&self.thresholds_v, 0.0)
    }

    /// Densities of the levels with correct feedback, summed without interpolation.
    pub(super) fn mixture(&self, noise_scale: f64) -> Mixture<'_> {
        Mixture::new(self.conditions.iter().map(|c| c.part(noise_scale)).collect())
    }

    /// Error ratios with every Gaussian noise `noise_scale` times as large in amplitude; intersymbol interference,
    /// crosstalk, jitter, a converter's steps and thresholds are held.
    ///
    /// Of a sequence detector: the union of its error events, or the figures of decision feedback where the union is
    /// no better.
    pub fn ratios(&self, noise_scale: f64) -> ErrorRatios {
        self.mean(noise_scale, Condition::ratios)
    }

    /// The same of decision feedback, whether or not there is a detector in its place.
    pub fn feedback_ratios(&self, noise_scale: f64) -> ErrorRatios {
        self.mean(noise_scale, Condition::feedback_ratios)
    }

    /// Figures of each condition, averaged.
    fn mean(&self, noise_scale: f64, of: impl Fn(&Condition, Common<'_>) -> ErrorRatios) -> ErrorRatios {
        let common = Common { alphabet: &self.alphabet, thresholds_v: &self.thresholds_v, noise_scale };
        let found: Vec<ErrorRatios> = self.conditions.iter().map(|c| of(c, common)).collect();
        let mean = |of: &dyn Fn(&ErrorRatios) -> f64| found.iter().map(of).sum::<f64>() / found.len() as f64;
        let ser = mean(&|r| r.ser);
        // Of two successive symbols: both see the same value of what is slow.
        let both = mean(&|r| r.ser * r.continue_probability);
        ErrorRatios {
            ser,
            ber: mean(&|r| r.ber),
            ser_by_level: (0..self.alphabet.size()).map(|l| mean(&|r| r.ser_by_level[l])).collect(),
            thresholds_v: self.thresholds_v.clone(),
            genie_ser: mean(&|r| r.genie_ser),
            genie_ber: mean(&|r| r.genie_ber),
            continue_probability: if ser > 0.0 { both / ser } else { mean(&|r| r.continue_probability) },
        }
    }
}

fn sketch(conditions: &[Condition]) -> Mixture<'_> {
    Mixture::new(conditions.iter().map(Condition::sketch).collect())
}
