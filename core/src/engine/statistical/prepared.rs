//! A model whose densities are computed, ready for error ratios at any noise.

use super::ErrorRatios;
use super::alphabet::{Alphabet, Response};
use super::chain::{Chain, Stationary};
use super::jitter;
use super::mixture::{Mixture, merged};
use super::remainder::{Kernel, Limits, RESIDUAL, Remainder};
use super::thresholds;
use super::word::{Budget, Component, Plan, components};
use crate::density::{Tail, TailTable};
use crate::error::Result;
use crate::response::{DecisionModel, SlicerSignal};
use crate::run::Run;
use std::sync::Mutex;

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
    /// Lag-one covariance of the Gaussian noise averaged over the symbols, V².
    lag_one_v2: f64,
    /// Interference that two successive decisions share.
    shared: Shared,
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
        Self::for_scale(model, 1.0, Effort::Figures, run)
    }

    /// The same with a grid that resolves the noise times `scale`.
    pub(super) fn for_scale(model: &DecisionModel, scale: f64, effort: Effort, run: &Run) -> Result<Self> {
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
            None => thresholds::optimum(&Mixture::new(&tail, Some(&table), &merged, 1.0, 1.0)),
        };
        run.check()?;
        let lag_one_v2 = lag_one_v2(model);
        let shared = Shared::of(model, &alphabet, &response);
        let model = model.clone();
        Ok(Self {
            model,
            alphabet,
            components,
            merged,
            tail,
            table,
            thresholds_v,
            exact,
            lag_one_v2,
            shared,
            scale,
        })
    }

    /// The model.
    pub fn model(&self) -> &DecisionModel {
        &self.model
    }

    /// Decision thresholds, ascending, V: the model's, or those of least symbol error ratio.
    pub fn thresholds_v(&self) -> &[f64] {
        &self.thresholds_v
    }

    /// Whether the residual of a nonlinear table was large enough to be convolved, which deserves a warning.
    pub fn residual_convolved(&self) -> bool {
        matches!(&self.model.signal, SlicerSignal::Table { residual_ratio, .. } if *residual_ratio > RESIDUAL)
    }

    /// Mixture at a noise scale, exact where that is cheap.
    pub(super) fn mixture(&self, noise_scale: f64) -> Mixture<'_> {
        let table = (!self.exact).then_some(&self.table);
        Mixture::new(&self.tail, table, &self.components, noise_scale, 1.0)
    }

    /// Mixture of fewer Gaussians, interpolated: for curves.
    pub(super) fn sketch(&self) -> Mixture<'_> {
        Mixture::new(&self.tail, Some(&self.table), &self.merged, 1.0, 1.0)
    }

    /// P(decision | level) with correct feedback, `[level][decision]`.
    pub fn decision_probabilities(&self, noise_scale: f64) -> Vec<Vec<f64>> {
        self.mixture(noise_scale).decisions(&self.thresholds_v, 0.0)
    }

    /// Error ratios with every Gaussian noise `noise_scale` times as large in amplitude; intersymbol interference,
    /// crosstalk, jitter and thresholds are held.
    pub fn ratios(&self, noise_scale: f64) -> ErrorRatios {
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
        let mut ratios = ErrorRatios {
            ser: genie_ser,
            ber: genie_ber,
            ser_by_level: by_level,
            thresholds_v: self.thresholds_v.clone(),
            genie_ser,
            genie_ber,
            continue_probability: genie_ser,
        };
        if genie_ser > 0.0 && self.model.dfe.iter().any(|d| *d != 0.0) {
            self.propagate(noise_scale, &mut ratios);
        }
        ratios
    }

    /// Replaces the figures of correct feedback by those of the stationary chain.
    fn propagate(&self, noise_scale: f64, ratios: &mut ErrorRatios) {
        let m = self.alphabet.size() as f64;
        let mean = |f: &dyn Fn(&Component) -> f64| {
            self.merged.iter().flatten().map(|c| c.weight * f(c)).sum::<f64>() / m
        };
        let gaussian_v2 = mean(&|c| c.noise_v2 * noise_scale * noise_scale + c.held_v2);
        let rho = if gaussian_v2 > 0.0 {
            ((self.lag_one_v2 * noise_scale * noise_scale + self.shared.lag_one_v2) / gaussian_v2)
                .clamp(-0.99, 0.99)
        } else {
            0.0
        };
        // A remainder that is one number makes every tail one Q, exactly; otherwise the chain asks for so many that
        // they are interpolated.
        let table = (self.tail.density().p.len() > 1).then_some(&self.table);
        let of = |share: f64| Mixture::new(&self.tail, table, &self.merged, noise_scale, share);
        let chain = |dfe: &[f64]| -> Stationary {
            Chain {
                alphabet: &self.alphabet,
                thresholds_v: &self.thresholds_v,
                dfe,
                mixture: &of(1.0),
                conditional: &of(1.0 - rho * rho),
                rho,
                precursor: self.shared.precursor,
                sigma_v: gaussian_v2.sqrt(),
                long_errors: self.merged.iter().map(Vec::len).sum::<usize>() <= 64,
            }
            .stationary()
        };
        let with = chain(&self.model.dfe);
        // Merging and interpolation touch both equally: the exact figures are scaled by what propagation adds.
        let p = of(1.0).decisions(&self.thresholds_v, 0.0);
        let wrong = |level: usize| {
            p[level].iter().enumerate().filter(|(d, _)| *d != level).map(|(_, q)| q).sum::<f64>()
        };
        let reference: f64 = (0..p.len()).map(wrong).sum::<f64>() / m;
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

/// What successive decisions have in common beside the noise.
#[derive(Debug, Clone, Copy)]
struct Shared {
    /// Covariance of interference and crosstalk at successive symbols, V². The two decided symbols themselves are left
    /// out: the chain knows the first by its error, the second by `precursor`.
    lag_one_v2: f64,
    /// Response to the next symbol, V per unit of level.
    precursor: f64,
}

impl Shared {
    fn of(model: &DecisionModel, alphabet: &Alphabet, response: &Response) -> Self {
        let slopes = word_slopes(model, alphabet);
        let at =
            |lag: isize| response.at(lag) + slopes.iter().filter(|s| s.0 == lag).map(|s| s.1).sum::<f64>();
        let (first, last) = response.lags().fold((-9, 9), |(a, b), (lag, _)| (a.min(lag), b.max(lag)));
        let pairs = (first..last).filter(|lag| *lag != 0 && *lag != -1).map(|lag| at(lag) * at(lag + 1));
        let own = alphabet.variance * pairs.sum::<f64>();
        let crosstalk = model.crosstalk.iter().map(|aggressor| {
            let n = aggressor.levels.len().max(1) as f64;
            let mean = aggressor.levels.iter().sum::<f64>() / n;
            let power = aggressor.levels.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / n;
            let overlap = |p: &Vec<f64>| p.windows(2).map(|w| w[0] * w[1]).sum::<f64>();
            power * aggressor.phases.iter().map(overlap).sum::<f64>() / aggressor.phases.len().max(1) as f64
        });
        Self { lag_one_v2: own + crosstalk.sum::<f64>(), precursor: at(-1) }
    }
}

/// Slope of a table by each symbol of its word, as lag and V per unit of level; nothing for a linear signal. The
/// feedback is no part of the table.
fn word_slopes(model: &DecisionModel, alphabet: &Alphabet) -> Vec<(isize, f64)> {
    let SlicerSignal::Table { table, memory, after, .. } = &model.signal else { return Vec::new() };
    let m = alphabet.size();
    (0..*memory)
        .map(|place| {
            let digit = |word: usize| word / m.pow(place as u32) % m;
            let sum: f64 =
                table.iter().enumerate().map(|(w, v)| v * (alphabet.levels[digit(w)] - alphabet.mean)).sum();
            // Place 0 is the newest symbol of the word, `after` symbols after the cursor.
            (place as isize - *after as isize, sum / (table.len() as f64 * alphabet.variance))
        })
        .collect()
}

/// Covariance of the Gaussian noise at successive symbols, V²: stationary, and by symbol at its mean factor.
fn lag_one_v2(model: &DecisionModel) -> f64 {
    let stationary = model.noise.autocorrelation_v2.get(1).copied().unwrap_or(0.0);
    let by_symbol = model.noise.by_symbol.iter().map(|s| {
        let overlap: f64 =
            s.response.iter().zip(s.response.iter().skip(s.steps.max(1))).map(|(a, b)| a * b).sum();
        overlap * s.factor.iter().sum::<f64>() / s.factor.len().max(1) as f64
    });
    stationary + by_symbol.sum::<f64>()
}
