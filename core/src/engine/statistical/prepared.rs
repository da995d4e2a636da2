//! A model whose densities are computed, ready for error ratios at any noise.

use super::ErrorRatios;
use super::alphabet::{Alphabet, Response};
use super::bursts::{Added, Bursts, Crossing, DRAWS, SEARCH_DRAWS, STRETCH};
use super::chain::{self, Chain};
use super::correlation::Correlation;
use super::jitter;
use super::mixture::{Mixture, Side, merged};
use super::remainder::{Kernel, Limits, Remainder};
use super::sequence::{Sequence, SequenceRatios};
use super::thresholds;
use super::word::{Budget, Component, Plan, components};
use crate::density::{Tail, TailTable};
use crate::error::Result;
use crate::receiver::SequenceDetector;
use crate::response::DecisionModel;
use crate::run::Run;
use crate::simd::Level;
use crate::units::{amplitude_db, amplitude_ratio};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Mixtures of at most this many Gaussians are summed exactly, larger ones interpolated.
const EXACT: usize = 8;

/// A [`DecisionModel`] with its words enumerated, its remainder convolved and its thresholds found.
#[derive(Debug)]
pub struct Prepared {
    pub(super) model: DecisionModel,
    pub(super) alphabet: Alphabet,
    components: Vec<Vec<Component>>,
    merged: Vec<Vec<Component>>,
    tail: Tail,
    table: Mutex<TailTable>,
    thresholds_v: Vec<f64>,
    exact: bool,
    /// What successive decisions have in common.
    correlation: Correlation,
    /// What propagation adds, over the symbol error ratio with correct feedback, by the noise in whole decibels: drawn
    /// once each, interpolated between, so that a search for a margin meets a smooth curve.
    added: Mutex<BTreeMap<i64, Added>>,
    /// Detection in the place of the feedback.
    detector: Option<SequenceDetector>,
    sequence: Option<Sequence>,
    level: Level,
    /// Noise scale that the grid was made for.
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

    /// The same with a grid that resolves the noise times `scale`.
    pub(super) fn for_scale(
        model: &DecisionModel,
        detector: Option<&SequenceDetector>,
        scale: f64,
        effort: Effort,
        run: &Run,
    ) -> Result<Self> {
        run.check()?;
        let alphabet = Alphabet::of(model)?;
        let (budget, kernel, nodes, mut limits) = match effort {
            Effort::Figures => (
                Budget { words: 4096, components: 16384 },
                Kernel::Exact,
                8.0,
                Limits { finest: 256, work: 4e5, bins: 16384.0 },
            ),
            Effort::Eye => (
                Budget { words: 256, components: 1024 },
                Kernel::Eye,
                3.0,
                Limits { finest: 64, work: 1e6, bins: 4096.0 },
            ),
        };
        let response = Response::of(model);
        let events = model.jitter.as_ref().map(jitter::events).unwrap_or_default();
        let plan = Plan::new(model, &alphabet, &events, budget);
        let gaussian_v2 = model.noise.mean_variance_v2() * scale * scale;
        let remainder = Remainder::new(model, &alphabet, &response, &plan, &events, gaussian_v2);
        run.check()?;
        let components = components(model, &alphabet, &response, &plan, &events, remainder.folded_v2);
        let v2 = |c: &Component| c.noise_v2 * scale * scale + c.held_v2;
        let narrowest = components.iter().flatten().map(v2).fold(f64::INFINITY, f64::min).sqrt();
        let spacing = spacing_v(&components);
        let exact = remainder.is_empty() || components.iter().map(Vec::len).sum::<usize>() <= EXACT;
        if !exact {
            limits.finest = limits.finest.min(if effort == Effort::Eye { 16 } else { 32 });
        }
        let step_v = remainder.step_v(narrowest, spacing, &limits);
        run.check()?;
        let density = remainder.density(step_v, kernel);
        run.check()?;
        let table = Mutex::new(TailTable::new(density.clone(), narrowest, nodes));
        let tail = Tail::new(density);
        let merged = merged(&components);
        let thresholds_v = match &model.thresholds_v {
            Some(t) => t.clone(),
            None => thresholds::optimum(&Mixture::new(&tail, Some(&table), &merged, 1.0)),
        };
        run.check()?;
        let correlation = Correlation::of(model, &alphabet, &response, STRETCH);
        let sequence = detector
            .map(|d| Sequence::new(model, d, &alphabet, &response, &correlation, scale, run))
            .transpose()?;
        let (model, detector) = (model.clone(), detector.cloned());
        Ok(Self {
            model,
            alphabet,
            components,
            merged,
            tail,
            table,
            thresholds_v,
            exact,
            correlation,
            added: Mutex::default(),
            detector,
            sequence,
            level: Level::detect()?,
            scale,
        })
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
    /// both in standard deviations of what disturbs them: what detection gains where errors are rare. 10 log10(1 + a²)
    /// on 1 + aD in white noise; `None` without a detector.
    pub fn detection_gain_db(&self) -> Option<f64> {
        self.sequence.as_ref().map(|s| s.gain)
    }

    /// Decision thresholds, ascending, V: the model's, or those of least symbol error ratio.
    pub fn thresholds_v(&self) -> &[f64] {
        &self.thresholds_v
    }

    /// Mixture at a noise scale, exact where that is cheap.
    pub(super) fn mixture(&self, noise_scale: f64) -> Mixture<'_> {
        let table = (!self.exact).then_some(&self.table);
        Mixture::new(&self.tail, table, &self.components, noise_scale)
    }

    /// Mixture of fewer Gaussians, interpolated: for curves.
    pub(super) fn sketch(&self) -> Mixture<'_> {
        Mixture::new(&self.tail, Some(&self.table), &self.merged, 1.0)
    }

    /// P(decision | level) with correct feedback, `[level][decision]`.
    pub fn decision_probabilities(&self, noise_scale: f64) -> Vec<Vec<f64>> {
        self.mixture(noise_scale).decisions(&self.thresholds_v, 0.0)
    }

    /// Error ratios with every Gaussian noise `noise_scale` times as large in amplitude; intersymbol interference,
    /// crosstalk, jitter and thresholds are held.
    ///
    /// Of a sequence detector: the union of its error events, or the figures of decision feedback where the union is
    /// no better.
    pub fn ratios(&self, noise_scale: f64) -> ErrorRatios {
        let Some(sequence) = &self.sequence else { return self.feedback_ratios(noise_scale) };
        let mut ratios = self.correct_feedback(noise_scale);
        let bound = sequence.ratios(noise_scale);
        // Feedback errors only add to those of the slicer: where the bound is below these it need not be known.
        if bound.ser > ratios.genie_ser {
            ratios = self.feedback_ratios(noise_scale);
        }
        if bound.ser < ratios.ser {
            let SequenceRatios { ser, ber, ser_by_level, continue_probability } = bound;
            ratios = ErrorRatios { ser, ber, ser_by_level, continue_probability, ..ratios };
        }
        ratios
    }

    /// The same of decision feedback, whether or not there is a detector in its place.
    pub fn feedback_ratios(&self, noise_scale: f64) -> ErrorRatios {
        let mut ratios = self.correct_feedback(noise_scale);
        if ratios.genie_ser > 0.0 && self.model.dfe.iter().any(|d| *d != 0.0) {
            self.propagate(noise_scale, &mut ratios);
        }
        ratios
    }

    /// Figures of a slicer whose feedback is right.
    fn correct_feedback(&self, noise_scale: f64) -> ErrorRatios {
        let m = self.alphabet.size();
        let p = self.decision_probabilities(noise_scale);
        let mut by_level = vec![0.0; m];
        let mut genie_ber = 0.0;
        for (sent, row) in p.iter().enumerate() {
            for (decided, q) in row.iter().enumerate().filter(|(d, _)| *d != sent) {
                by_level[sent] += q;
                genie_ber += q * Alphabet::bit_distance(sent, decided) / (m as f64 * self.alphabet.bits());
            }
        }
        let genie_ser = by_level.iter().sum::<f64>() / m as f64;
        ErrorRatios {
            ser: genie_ser,
            ber: genie_ber,
            ser_by_level: by_level,
            thresholds_v: self.thresholds_v.clone(),
            genie_ser,
            genie_ber,
            continue_probability: genie_ser,
        }
    }

    /// Replaces the figures of correct feedback by those of the true one.
    fn propagate(&self, noise_scale: f64, ratios: &mut ErrorRatios) {
        if self.model.dfe.len() <= chain::MEMORY && self.correlation.is_white(noise_scale) {
            self.propagate_chain(noise_scale, ratios);
            return;
        }
        let m = self.alphabet.size() as f64;
        let db = amplitude_db(noise_scale);
        let (low, share) = (db.floor(), db - db.floor());
        let mut added = Added::zero(self.alphabet.size());
        added.add(&self.relative(low as i64), 1.0 - share);
        if share > 0.0 {
            added.add(&self.relative(low as i64 + 1), share);
        }
        for (p, x) in ratios.ser_by_level.iter_mut().zip(&added.symbols) {
            *p = (*p + m * x * ratios.genie_ser).clamp(0.0, 1.0);
        }
        ratios.ser = ratios.ser_by_level.iter().sum::<f64>() / m;
        let bits = added.bits * ratios.genie_ser / self.alphabet.bits();
        ratios.ber = (ratios.genie_ber + bits).clamp(0.0, 1.0);
        if ratios.ser > 0.0 {
            ratios.continue_probability = (added.pairs * ratios.genie_ser / ratios.ser).clamp(0.0, 1.0);
        }
    }

    /// What propagation adds at a noise in whole decibels, over the symbol error ratio with correct feedback.
    fn relative(&self, db: i64) -> Added {
        let mut known = self.added.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .entry(db)
            .or_insert_with(|| {
                self.draw(amplitude_ratio(db as f64), if db == 0 { DRAWS } else { SEARCH_DRAWS })
            })
            .clone()
    }

    fn draw(&self, noise_scale: f64, draws: usize) -> Added {
        let m = self.alphabet.size();
        let mixture = self.mixture(noise_scale);
        let mut crossings = Vec::new();
        for level in 0..m {
            let mut crossing = |threshold: usize, side| {
                let probability = mixture.beyond(level, self.thresholds_v[threshold], side);
                crossings.push(Crossing { level, threshold, side, probability });
            };
            if level + 1 < m {
                crossing(level, Side::Above);
            }
            if level > 0 {
                crossing(level - 1, Side::Below);
            }
        }
        let ser = crossings.iter().map(|c| c.probability).sum::<f64>() / m as f64;
        let mut relative = Added::zero(m);
        if ser <= 0.0 {
            return relative;
        }
        let v2: Vec<f64> = (0..m).map(|level| mixture.gaussian_v2(level)).collect();
        let mean_v2 = v2.iter().sum::<f64>() / m as f64;
        let deviation = |v2: &f64| if mean_v2 > 0.0 { (v2 / mean_v2).sqrt() } else { 1.0 };
        let bursts = Bursts {
            alphabet: &self.alphabet,
            thresholds_v: &self.thresholds_v,
            dfe: &self.model.dfe,
            signal: &self.model.signal,
            correlation: &self.correlation,
            noise_scale,
            deviation: v2.iter().map(deviation).collect(),
            level: self.level,
        };
        relative.add(&bursts.added(ser, &crossings, draws), 1.0 / ser);
        relative
    }

    /// Figures of the stationary chain of decision errors.
    fn propagate_chain(&self, noise_scale: f64, ratios: &mut ErrorRatios) {
        // A remainder that is one number makes every tail one Q, exactly; otherwise the chain asks for so many that
        // they are interpolated.
        let table = (self.tail.density().p.len() > 1).then_some(&self.table);
        let mixture = Mixture::new(&self.tail, table, &self.merged, noise_scale);
        let with = Chain {
            alphabet: &self.alphabet,
            thresholds_v: &self.thresholds_v,
            dfe: &self.model.dfe,
            mixture: &mixture,
            long_errors: self.merged.iter().map(Vec::len).sum::<usize>() <= 64,
        }
        .stationary();
        // Merging and interpolation touch both equally: the exact figures are scaled by what propagation adds.
        let p = mixture.decisions(&self.thresholds_v, 0.0);
        let wrong = |level: usize| {
            p[level].iter().enumerate().filter(|(d, _)| *d != level).map(|(_, q)| q).sum::<f64>()
        };
        let reference: f64 = (0..p.len()).map(wrong).sum::<f64>() / p.len() as f64;
        if reference <= 0.0 {
            return;
        }
        let correction = ratios.genie_ser / reference;
        ratios.ser = with.ser * correction;
        ratios.ber = with.ber * correction;
        ratios.ser_by_level = with.ser_by_level.iter().map(|x| x * correction).collect();
        ratios.continue_probability = with.continue_probability;
    }
}

/// Smallest distance of adjacent levels' means, V; a scale for a grid when there is no noise.
fn spacing_v(components: &[Vec<Component>]) -> f64 {
    let mean = |level: &Vec<Component>| level.iter().map(|c| c.weight * c.mean_v).sum::<f64>();
    let means: Vec<f64> = components.iter().map(mean).collect();
    let least = means.windows(2).map(|w| (w[1] - w[0]).abs()).fold(f64::INFINITY, f64::min);
    if least > 0.0 && least.is_finite() { least } else { 1.0 }
}
