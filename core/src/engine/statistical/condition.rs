//! One model in which everything slow stands still: its densities, and error ratios at any noise.

use super::ErrorRatios;
use super::alphabet::{Alphabet, Response};
use super::bursts::{Added, Bursts, Crossing, DRAWS, SEARCH_DRAWS, STRETCH};
use super::chain::{self, Chain};
use super::correlation::Correlation;
use super::jitter;
use super::mixture::{Mixture, Part, Side, merged};
use super::prepared::Effort;
use super::remainder::{Kernel, Limits, Remainder};
use super::sequence::{Sequence, SequenceRatios};
use super::word::{Budget, Component, Plan, components};
use crate::density::{Density, Tail, TailTable};
use crate::error::Result;
use crate::receiver::SequenceDetector;
use crate::response::{AtRest, DecisionModel};
use crate::run::Run;
use crate::simd::Level;
use crate::units::{amplitude_db, amplitude_ratio};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Mixtures of at most this many Gaussians are summed exactly, larger ones interpolated.
const EXACT: usize = 8;
/// Fewest stretches that one of many conditions draws: together they are as many as a single one's.
const FEWEST_DRAWS: usize = 250;

/// A model with its words enumerated and its remainder convolved.
#[derive(Debug)]
pub(super) struct Condition {
    model: DecisionModel,
    components: Vec<Vec<Component>>,
    merged: Vec<Vec<Component>>,
    /// One for each level, or a single one for all.
    tails: Vec<Tail>,
    tables: Vec<Mutex<TailTable>>,
    exact: bool,
    /// What successive decisions have in common.
    correlation: Correlation,
    /// What the decisions between see, where even-odd jitter makes them differ.
    between: Option<(DecisionModel, Correlation)>,
    /// Detection in the place of the feedback.
    sequence: Option<Sequence>,
    /// What propagation adds, over the symbol error ratio with correct feedback, by the noise in whole decibels: drawn
    /// once each, interpolated between, so that a search for a margin meets a smooth curve.
    added: Mutex<BTreeMap<i64, Added>>,
    /// How many conditions share the draws of a report.
    siblings: usize,
    level: Level,
    /// Polled before bursts are drawn.
    run: Run,
}

/// What all conditions of a model have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Common<'a> {
    pub(super) alphabet: &'a Alphabet,
    pub(super) thresholds_v: &'a [f64],
    pub(super) noise_scale: f64,
}

impl Condition {
    /// Computes the densities on a grid that resolves the noise times `scale`.
    ///
    /// # Errors
    /// [`crate::Error::Interrupted`], and what [`Level::detect`] returns.
    pub(super) fn new(
        at_rest: AtRest,
        alphabet: &Alphabet,
        siblings: usize,
        detector: Option<&SequenceDetector>,
        scale: f64,
        effort: Effort,
        run: &Run,
    ) -> Result<Self> {
        run.check()?;
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
        let AtRest { model, between } = at_rest;
        let response = Response::of(&model);
        let events = model.jitter.as_ref().map(jitter::events).unwrap_or_default();
        let plan = Plan::new(&model, alphabet, &events, budget);
        let gaussian_v2 = model.noise.mean_variance_v2() * scale * scale;
        let remainder = Remainder::new(&model, alphabet, &response, &plan, &events, gaussian_v2);
        run.check()?;
        let components = components(&model, alphabet, &response, &plan, &events, remainder.folded_v2);
        let v2 = |c: &Component| c.noise_v2 * scale * scale + c.held_v2;
        let narrowest = components.iter().flatten().map(v2).fold(f64::INFINITY, f64::min).sqrt();
        let spacing = spacing_v(&components);
        let exact = remainder.is_empty() || components.iter().map(Vec::len).sum::<usize>() <= EXACT;
        if !exact {
            limits.finest = limits.finest.min(if effort == Effort::Eye { 16 } else { 32 });
        }
        let step_v = remainder.step_v(narrowest, spacing, &limits);
        run.check()?;
        let densities = remainder.densities(step_v, kernel);
        run.check()?;
        let table = |density: &Density| Mutex::new(TailTable::new(density.clone(), narrowest, nodes));
        let tables = densities.iter().map(table).collect();
        let tails = densities.into_iter().map(Tail::new).collect();
        let merged = merged(&components);
        let correlation = Correlation::of(&model, alphabet, &response, STRETCH);
        let between = between.map(|m| {
            let correlation = Correlation::of(&m, alphabet, &Response::of(&m), STRETCH);
            (m, correlation)
        });
        let sequence = detector
            .map(|d| {
                let own = (&model, &correlation);
                let other = between.as_ref().map_or(own, |(m, c)| (m, c));
                Sequence::new([own, other], d, alphabet, scale, run)
            })
            .transpose()?;
        Ok(Self {
            model,
            components,
            merged,
            tails,
            tables,
            exact,
            correlation,
            between,
            sequence,
            added: Mutex::default(),
            siblings,
            level: Level::detect()?,
            run: run.clone(),
        })
    }

    /// Mixture at a noise scale, exact where that is cheap.
    pub(super) fn part(&self, noise_scale: f64) -> Part<'_> {
        let tables = (!self.exact).then_some(&self.tables[..]);
        Part::new(&self.tails, tables, &self.components, noise_scale)
    }

    /// Mixture of fewer Gaussians, interpolated: for curves.
    pub(super) fn sketch(&self) -> Part<'_> {
        Part::new(&self.tails, Some(&self.tables), &self.merged, 1.0)
    }

    /// 20 log10 of the detector's least distance over the slicer's; `None` without a detector.
    pub(super) fn detection_gain_db(&self) -> Option<f64> {
        self.sequence.as_ref().map(|s| s.gain)
    }

    /// Error ratios with every Gaussian noise `noise_scale` times as large in amplitude; of a detector, the union of
    /// its error events or the figures of decision feedback where the union is no better.
    pub(super) fn ratios(&self, common: Common<'_>) -> ErrorRatios {
        let Some(sequence) = &self.sequence else { return self.feedback_ratios(common) };
        let mut ratios = self.correct_feedback(common);
        let bound = sequence.ratios(common.noise_scale);
        // Feedback errors only add to those of the slicer: where the bound is below these it need not be known.
        if bound.ser > ratios.genie_ser {
            ratios = self.feedback_ratios(common);
        }
        if bound.ser < ratios.ser {
            let SequenceRatios { ser, ber, ser_by_level, continue_probability } = bound;
            ratios = ErrorRatios { ser, ber, ser_by_level, continue_probability, ..ratios };
        }
        ratios
    }

    /// Error ratios of decision feedback.
    pub(super) fn feedback_ratios(&self, common: Common<'_>) -> ErrorRatios {
        let mut ratios = self.correct_feedback(common);
        if ratios.genie_ser > 0.0 && self.model.dfe.iter().any(|d| *d != 0.0) {
            self.propagate(common, &mut ratios);
        }
        ratios
    }

    /// Figures of a slicer whose feedback is right.
    fn correct_feedback(&self, common: Common<'_>) -> ErrorRatios {
        let m = common.alphabet.size();
        let mixture = Mixture::new(vec![self.part(common.noise_scale)]);
        let p = mixture.decisions(common.thresholds_v, 0.0);
        let mut by_level = vec![0.0; m];
        let mut genie_ber = 0.0;
        for (sent, row) in p.iter().enumerate() {
            for (decided, q) in row.iter().enumerate().filter(|(d, _)| *d != sent) {
                by_level[sent] += q;
                genie_ber += q * Alphabet::bit_distance(sent, decided) / (m as f64 * common.alphabet.bits());
            }
        }
        let genie_ser = by_level.iter().sum::<f64>() / m as f64;
        ErrorRatios {
            ser: genie_ser,
            ber: genie_ber,
            ser_by_level: by_level,
            thresholds_v: common.thresholds_v.to_vec(),
            genie_ser,
            genie_ber,
            continue_probability: genie_ser,
        }
    }

    /// Replaces the figures of correct feedback by those of the true one.
    fn propagate(&self, common: Common<'_>, ratios: &mut ErrorRatios) {
        let noise_scale = common.noise_scale;
        // The chain knows one kind of decision.
        let alike = self.between.is_none();
        if alike && self.model.dfe.len() <= chain::MEMORY && self.correlation.is_white(noise_scale) {
            self.propagate_chain(common, ratios);
            return;
        }
        let m = common.alphabet.size() as f64;
        let db = amplitude_db(noise_scale);
        let (low, share) = (db.floor(), db - db.floor());
        let mut added = Added::zero(common.alphabet.size());
        added.add(&self.relative(low as i64, common), 1.0 - share);
        if share > 0.0 {
            added.add(&self.relative(low as i64 + 1, common), share);
        }
        for (p, x) in ratios.ser_by_level.iter_mut().zip(&added.symbols) {
            *p = (*p + m * x * ratios.genie_ser).clamp(0.0, 1.0);
        }
        ratios.ser = ratios.ser_by_level.iter().sum::<f64>() / m;
        let bits = added.bits * ratios.genie_ser / common.alphabet.bits();
        ratios.ber = (ratios.genie_ber + bits).clamp(0.0, 1.0);
        if ratios.ser > 0.0 {
            ratios.continue_probability = (added.pairs * ratios.genie_ser / ratios.ser).clamp(0.0, 1.0);
        }
    }

    /// What propagation adds at a noise in whole decibels, over the symbol error ratio with correct feedback.
    ///
    /// Of a cancelled run nothing: whoever asked checks the run before the figures are used.
    fn relative(&self, db: i64, common: Common<'_>) -> Added {
        if self.run.check().is_err() {
            return Added::zero(common.alphabet.size());
        }
        let draws = (if db == 0 { DRAWS } else { SEARCH_DRAWS } / self.siblings).max(FEWEST_DRAWS);
        let mut known = self.added.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .entry(db)
            .or_insert_with(|| self.draw(Common { noise_scale: amplitude_ratio(db as f64), ..common }, draws))
            .clone()
    }

    fn draw(&self, common: Common<'_>, draws: usize) -> Added {
        let Common { alphabet, thresholds_v, noise_scale } = common;
        let m = alphabet.size();
        let mixture = Mixture::new(vec![self.part(noise_scale)]);
        let mut crossings = Vec::new();
        for level in 0..m {
            let mut crossing = |threshold: usize, side| {
                let probability = mixture.beyond(level, thresholds_v[threshold], side);
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
            alphabet,
            thresholds_v,
            dfe: &self.model.dfe,
            own: (&self.model.signal, &self.correlation),
            between: self.between.as_ref().map(|(model, correlation)| (&model.signal, correlation)),
            noise_scale,
            deviation: v2.iter().map(deviation).collect(),
            level: self.level,
        };
        relative.add(&bursts.added(ser, &crossings, draws), 1.0 / ser);
        relative
    }

    /// Figures of the stationary chain of decision errors.
    fn propagate_chain(&self, common: Common<'_>, ratios: &mut ErrorRatios) {
        let Common { alphabet, thresholds_v, noise_scale } = common;
        // A remainder that is one number makes every tail one Q, exactly; otherwise the chain asks for so many that
        // they are interpolated.
        let tables = self.tails.iter().any(|t| t.density().p.len() > 1).then_some(&self.tables[..]);
        let mixture = Mixture::new(vec![Part::new(&self.tails, tables, &self.merged, noise_scale)]);
        let with = Chain {
            alphabet,
            thresholds_v,
            dfe: &self.model.dfe,
            mixture: &mixture,
            long_errors: self.merged.iter().map(Vec::len).sum::<usize>() <= 64,
        }
        .stationary();
        // Merging and interpolation touch both equally: the exact figures are scaled by what propagation adds.
        let p = mixture.decisions(thresholds_v, 0.0);
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
