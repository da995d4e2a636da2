//! What successive slicer inputs have in common: the interference of each symbol, and autocovariances of the rest.

use super::alphabet::{Alphabet, Response};
use super::jitter;
use crate::response::{DecisionModel, SlicerJitter, SlicerSignal};

/// Lags of the symbols whose interference is kept symbol by symbol, the word of any table among them; what lies further
/// away enters the autocovariance.
const FIRST_LAG: isize = -16;
const LAST_LAG: isize = 24;
/// Share of the standard deviation below which a correlation changes no decision that could be noticed.
const NEGLIGIBLE: f64 = 1e-4;

/// The common parts of a model's slicer inputs.
#[derive(Debug, Clone)]
pub(super) struct Correlation {
    /// Lag of `linear[0]`.
    pub(super) first: isize,
    /// Linear response by lag after feedback (a table's remainder), V per unit of level.
    pub(super) linear: Vec<f64>,
    /// The same with the slopes of a table: the linear part of everything but the cursor.
    pub(super) slopes: Vec<f64>,
    /// Response at the cursor, the slope of a table included.
    pub(super) cursor: f64,
    /// Mean of crosstalk and of interference from afar, V.
    pub(super) offset_v: f64,
    /// Autocovariance of the Gaussian noise, lags 0, 1, …, V².
    pub(super) noise_v2: Vec<f64>,
    /// Autocovariance of what does not grow with the noise: crosstalk, jitter, a converter's steps, interference of the
    /// light and interference from afar, V².
    pub(super) held_v2: Vec<f64>,
}

impl Correlation {
    /// Gathers the parts up to a lag of `reach` symbols.
    pub(super) fn of(model: &DecisionModel, alphabet: &Alphabet, response: &Response, reach: usize) -> Self {
        let linear: Vec<f64> = (FIRST_LAG..=LAST_LAG).map(|lag| response.at(lag)).collect();
        let mut slopes = linear.clone();
        for (lag, slope) in word_slopes(model, alphabet) {
            slopes[(lag - FIRST_LAG) as usize] += slope;
        }
        let cursor = std::mem::take(&mut slopes[-FIRST_LAG as usize]);
        let mut held_v2 = vec![0.0; reach + 1];
        let mut add = |power: f64, r: &[f64]| {
            for (lag, v2) in held_v2.iter_mut().enumerate() {
                *v2 += power * overlap(r, lag);
            }
        };
        // Each side of the window on its own: the two are never seen by decisions that are close to each other.
        let far = |keep: &dyn Fn(isize) -> bool| -> Vec<f64> {
            response.lags().filter(|(lag, _)| keep(*lag)).map(|(_, g)| g).collect()
        };
        let (before, after) = (far(&|lag| lag < FIRST_LAG), far(&|lag| lag > LAST_LAG));
        add(alphabet.variance, &before);
        add(alphabet.variance, &after);
        let mut offset_v = alphabet.mean * before.iter().chain(&after).sum::<f64>();
        for aggressor in &model.crosstalk {
            let n = aggressor.levels.len().max(1) as f64;
            let mean = aggressor.levels.iter().sum::<f64>() / n;
            let power = aggressor.levels.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / n;
            for phase in &aggressor.phases {
                add(power / aggressor.phases.len() as f64, phase);
                offset_v += mean * phase.iter().sum::<f64>() / aggressor.phases.len() as f64;
            }
        }
        for uniform in &model.noise.uniform {
            add(1.0 / 12.0, &uniform.response);
        }
        if let Some(jitter) = &model.jitter {
            add(jitter_power(jitter, alphabet), &jitter.response);
        }
        for echo in &model.noise.interference {
            held_v2.iter_mut().enumerate().for_each(|(lag, v2)| *v2 += echo.covariance_v2(lag));
        }
        Self { first: FIRST_LAG, linear, slopes, cursor, offset_v, noise_v2: noise_v2(model, reach), held_v2 }
    }

    /// Whether successive decisions have nothing in common: then the chain of the last errors is exact.
    pub(super) fn is_white(&self, noise_scale: f64) -> bool {
        let v2 = self.gaussian_v2(noise_scale);
        let limit = NEGLIGIBLE * v2[0].sqrt();
        v2[1..].iter().all(|x| x.abs() <= NEGLIGIBLE * v2[0]) && self.slopes.iter().all(|g| g.abs() <= limit)
    }

    /// Autocovariance of noise and what is taken as noise, V².
    pub(super) fn gaussian_v2(&self, noise_scale: f64) -> Vec<f64> {
        let scale = noise_scale * noise_scale;
        self.noise_v2.iter().zip(&self.held_v2).map(|(n, h)| n * scale + h).collect()
    }
}

/// Variance that a timing error brings, over the square of its response. Every timing error belongs to one symbol or edge
/// and is independent of the others: what two decisions share is one error, through the response at two places.
pub(super) fn jitter_power(jitter: &SlicerJitter, alphabet: &Alphabet) -> f64 {
    let power = jitter.rj_ui * jitter.rj_ui + jitter.dd_ui * jitter.dd_ui;
    let total: f64 = jitter::events(jitter).iter().map(|e| e.energy(alphabet)).sum();
    let energy = overlap(&jitter.response, 0);
    if energy > 0.0 { power * total / energy } else { 0.0 }
}

/// Σ r[i] r[i + lag].
pub(super) fn overlap(r: &[f64], lag: usize) -> f64 {
    r.iter().zip(r.iter().skip(lag)).map(|(a, b)| a * b).sum()
}

/// Autocovariance of the Gaussian noise, V²: stationary, and by symbol at its mean factor.
fn noise_v2(model: &DecisionModel, reach: usize) -> Vec<f64> {
    let stationary = &model.noise.autocorrelation_v2;
    let mut v2: Vec<f64> = (0..=reach).map(|lag| stationary.get(lag).copied().unwrap_or(0.0)).collect();
    for source in &model.noise.by_symbol {
        let mean = source.factor.iter().sum::<f64>() / source.factor.len().max(1) as f64;
        // The energies are what the variance is made of; the response adds how it is correlated.
        v2[0] += mean * source.energy_v2.iter().sum::<f64>();
        for (lag, v2) in v2.iter_mut().enumerate().skip(1) {
            *v2 += mean * overlap(&source.response, lag * source.steps.max(1));
        }
    }
    v2
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
