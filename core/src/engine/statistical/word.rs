//! Which symbols are taken one by one, and what each of their words means to the slicer.
//!
//! ```text
//! z | word = mean(word) + r + n,   var n = σ₀² + Σ_in ν_i factor[a_i] + V_out (noise) + V_held(word) (jitter, folded)
//! ```
//!
//! Symbols enter the word when they decide about the variance; the rest of them enters r, their share of a
//! symbol-dependent variance as two values V_out with the mean, variance and skewness that it has.

use super::alphabet::{Alphabet, Response, two_points};
use super::jitter::Event;
use crate::response::{DecisionModel, SlicerSignal};

/// How much is enumerated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Budget {
    /// Words, when the words alone are enumerated.
    pub(super) words: usize,
    /// Words, when they hold every symbol that matters and nothing is left to approximate; and words times signs.
    pub(super) components: usize,
}

/// The word and the dual-Dirac events that are enumerated with it.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// Lags of the word, most significant digit first.
    pub(super) lags: Vec<isize>,
    /// Events whose sign is enumerated.
    pub(super) signed: Vec<usize>,
}

/// One Gaussian of a level's mixture, before the remainder is added.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Component {
    pub(super) mean_v: f64,
    /// Gaussian noise, which a margin scales.
    pub(super) noise_v2: f64,
    /// Gaussian variance that is held: random jitter and folded cursors.
    pub(super) held_v2: f64,
    pub(super) weight: f64,
}

/// A share of the variance below this decides nothing.
const IRRELEVANT: f64 = 1e-9;

impl Plan {
    /// Chooses the word.
    pub(super) fn new(model: &DecisionModel, alphabet: &Alphabet, events: &[Event], budget: Budget) -> Self {
        let m = alphabet.size();
        let mut lags: Vec<isize> = match &model.signal {
            SlicerSignal::Linear { .. } => vec![0],
            SlicerSignal::Table { memory, after, .. } => {
                let oldest = (*memory - 1 - *after) as isize;
                (-(*after as isize)..=oldest).rev().collect()
            }
        };
        let (rj, dd) = model.jitter.as_ref().map_or((0.0, 0.0), |j| (j.rj_ui, j.dd_ui));
        let total = model.noise.mean_variance_v2()
            + (rj * rj + dd * dd) * events.iter().map(|e| e.energy(alphabet)).sum::<f64>();
        let ranked = ranking(model, alphabet, events, rj * rj + dd * dd);
        let relevant: Vec<isize> = ranked
            .iter()
            .filter(|(lag, score)| *score > IRRELEVANT * total && !lags.contains(lag))
            .map(|(lag, _)| *lag)
            .collect();
        let size = |n: usize| (m as f64).powi(n as i32);
        let signs = if dd > 0.0 { 16.0 } else { 1.0 };
        let everything = size(lags.len() + relevant.len()) * signs;
        let limit = if everything <= budget.components as f64 {
            budget.components as f64
        } else {
            (budget.components as f64 / signs).min(budget.words as f64)
        };
        for lag in relevant {
            if size(lags.len() + 1) <= limit {
                lags.push(lag);
            }
        }
        // An event belongs to the word when nearly all of what it moves is known.
        let mut signed: Vec<(usize, f64)> = Vec::new();
        if dd > 0.0 {
            for (i, event) in events.iter().enumerate() {
                let energy = event.energy(alphabet);
                if dd * dd * energy > 1e-4 * total && event.unknown(&lags, alphabet).1 <= 0.1 * energy {
                    signed.push((i, energy));
                }
            }
            signed.sort_by(|a, b| b.1.total_cmp(&a.1));
            let room = (budget.components as f64 / size(lags.len())).log2().floor().clamp(0.0, 6.0);
            signed.truncate(room as usize);
        }
        Self { lags, signed: signed.into_iter().map(|s| s.0).collect() }
    }
}

/// Lags by how much of the variance depends on their symbol, largest first.
fn ranking(
    model: &DecisionModel,
    alphabet: &Alphabet,
    events: &[Event],
    jitter_ui2: f64,
) -> Vec<(isize, f64)> {
    let mut scores = std::collections::BTreeMap::<isize, f64>::new();
    for source in &model.noise.by_symbol {
        let low = source.factor.iter().copied().fold(f64::INFINITY, f64::min);
        let high = source.factor.iter().copied().fold(0.0, f64::max);
        for (i, energy) in source.energy_v2.iter().enumerate() {
            *scores.entry(i as isize - source.main as isize).or_default() += energy * (high - low);
        }
    }
    for event in events {
        for (lag, weight) in &event.terms {
            *scores.entry(*lag).or_default() += jitter_ui2 * weight * weight * alphabet.variance;
        }
    }
    let mut ranked: Vec<_> = scores.into_iter().filter(|s| s.1 > 0.0).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.abs().cmp(&b.0.abs())));
    ranked
}

/// Variance that the symbol at `lag` brings, by symbol, V².
fn noise_of(model: &DecisionModel, lag: isize, symbols: usize) -> Vec<f64> {
    let mut v2 = vec![0.0; symbols];
    for source in &model.noise.by_symbol {
        let at = usize::try_from(lag + source.main as isize).ok();
        if let Some(energy) = at.and_then(|i| source.energy_v2.get(i)) {
            v2.iter_mut().zip(&source.factor).for_each(|(v, f)| *v += energy * f);
        }
    }
    v2
}

/// Mixtures of every level: `[level][component]`, the weights of a level sum to 1.
pub(super) fn components(
    model: &DecisionModel,
    alphabet: &Alphabet,
    response: &Response,
    plan: &Plan,
    events: &[Event],
    folded_v2: f64,
) -> Vec<Vec<Component>> {
    let m = alphabet.size();
    let stationary = model.noise.autocorrelation_v2.first().copied().unwrap_or(0.0);
    let outside = outside_noise(model, plan, m, stationary);
    let linear: Vec<Vec<f64>> =
        plan.lags.iter().map(|lag| alphabet.levels.iter().map(|a| response.at(*lag) * a).collect()).collect();
    let noise: Vec<Vec<f64>> = plan.lags.iter().map(|lag| noise_of(model, *lag, m)).collect();
    let (rj, dd) = model.jitter.as_ref().map_or((0.0, 0.0), |j| (j.rj_ui, j.dd_ui));
    let moving: Vec<Moving> = events.iter().map(|e| Moving::new(e, plan, alphabet)).collect();
    let cursor = plan.lags.iter().position(|lag| *lag == 0).unwrap_or(0);
    let (table, table_digits) = match &model.signal {
        SlicerSignal::Table { table, memory, .. } => (table.as_slice(), *memory),
        SlicerSignal::Linear { .. } => (&[][..], 0),
    };
    let words = m.pow(plan.lags.len() as u32);
    let signs = 1_usize << plan.signed.len();
    let weight = m as f64 / (words * signs) as f64;
    let mut mixtures = vec![Vec::with_capacity(words / m * signs * outside.len()); m];
    let mut digits = vec![0; plan.lags.len()];
    let mut symbols = vec![0.0; plan.lags.len()];
    for word in 0..words {
        let mut rest = word;
        for at in (0..digits.len()).rev() {
            digits[at] = rest % m;
            symbols[at] = alphabet.levels[digits[at]];
            rest /= m;
        }
        let sum = |parts: &[Vec<f64>]| parts.iter().zip(&digits).map(|(p, d)| p[*d]).sum::<f64>();
        let mut mean_v = sum(&linear);
        if !table.is_empty() {
            mean_v += table[digits[..table_digits].iter().fold(0, |index, d| index * m + d)];
        }
        let in_word = stationary + sum(&noise);
        let moved: Vec<f64> = moving.iter().map(|e| e.amplitude(&symbols)).collect();
        let random: f64 = moving.iter().zip(&moved).map(|(e, a)| a * a + e.unknown_variance).sum();
        let signed: f64 = plan.signed.iter().map(|i| moving[*i].unknown_variance).sum();
        let held_v2 = folded_v2 + rj * rj * random + dd * dd * signed;
        for sign in 0..signs {
            let shift: f64 = plan
                .signed
                .iter()
                .enumerate()
                .map(|(bit, i)| if sign >> bit & 1 == 1 { dd * moved[*i] } else { -dd * moved[*i] })
                .sum();
            for (v2, share) in &outside {
                mixtures[digits[cursor]].push(Component {
                    mean_v: mean_v + shift,
                    noise_v2: in_word + v2,
                    held_v2,
                    weight: weight * share,
                });
            }
        }
    }
    mixtures
}

/// The variance of the symbols outside the word: one value, or two when it varies noticeably.
fn outside_noise(model: &DecisionModel, plan: &Plan, m: usize, stationary: f64) -> Vec<(f64, f64)> {
    let lags = model
        .noise
        .by_symbol
        .iter()
        .flat_map(|s| (0..s.energy_v2.len()).map(|i| i as isize - s.main as isize))
        .collect::<std::collections::BTreeSet<_>>();
    let (mut mean, mut variance, mut third) = (0.0, 0.0, 0.0);
    for lag in lags.into_iter().filter(|lag| !plan.lags.contains(lag)) {
        let v2 = noise_of(model, lag, m);
        let own = v2.iter().sum::<f64>() / m as f64;
        mean += own;
        variance += v2.iter().map(|x| (x - own).powi(2)).sum::<f64>() / m as f64;
        third += v2.iter().map(|x| (x - own).powi(3)).sum::<f64>() / m as f64;
    }
    let deviation = variance.sqrt();
    if deviation <= 1e-4 * (mean + stationary).max(f64::MIN_POSITIVE) {
        return vec![(mean, 1.0)];
    }
    two_points(mean, deviation, third / variance.powf(1.5)).iter().map(|(v2, p)| (v2.max(0.0), *p)).collect()
}

/// An event split into the symbols of the word and the others.
struct Moving {
    known: Vec<(usize, f64)>,
    unknown_mean: f64,
    unknown_variance: f64,
}

impl Moving {
    fn new(event: &Event, plan: &Plan, alphabet: &Alphabet) -> Self {
        let at = |lag: isize| plan.lags.iter().position(|l| *l == lag);
        let known = event.terms.iter().filter_map(|(lag, w)| at(*lag).map(|i| (i, *w))).collect();
        let (unknown_mean, unknown_variance) = event.unknown(&plan.lags, alphabet);
        Self { known, unknown_mean, unknown_variance }
    }

    /// E[Σ weight a | word].
    fn amplitude(&self, symbols: &[f64]) -> f64 {
        self.unknown_mean + self.known.iter().map(|(i, w)| w * symbols[*i]).sum::<f64>()
    }
}
