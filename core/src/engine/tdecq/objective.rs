//! The noise that a setting of the equalizer allows, and its gradient.
//!
//! ```text
//! z_i = Σ_j c_j y_(i−j+main) − d a_(i−1)      Σ c_j − d = 1      cost = −ln σ_G = −ln s + ln C_eq
//! ```
//!
//! The sum keeps a steady level where it is, feedback included. At the load s the error ratio stays at its target, so
//! d ln s = −(∂ ln SER/∂c dc)/(∂ ln SER/∂ ln s); thresholds are at their best place and contribute nothing.

use super::error_ratio::{Histograms, LEAST_NOISE, Load, Target};
use super::histogram::{self, Filling, bin_of};
use super::noise::{correlated, enhancement};
use crate::simd::{self, Level};

/// Weights of the equalizer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weights {
    /// c_j; the first acts on the newest sample.
    pub(super) taps: Vec<f64>,
    /// Index of the main tap.
    pub(super) main: usize,
    /// d, 0 without feedback.
    pub(super) feedback: f64,
}

/// Samples of the two histograms, two instants each, in units of the OMA from the average.
pub(super) struct Sets {
    pub(super) level: Level,
    /// Left, left, right, right; each continued for any main tap.
    padded: [Vec<f32>; 4],
    /// Level of the symbol before, -1/2 to 1/2; empty without feedback.
    before: Vec<f32>,
    n: usize,
}

impl Sets {
    /// Sets of columns of one sample a symbol; `before` is empty without feedback.
    pub(super) fn new(level: Level, columns: [Vec<f32>; 4], n_taps: usize, before: Vec<f32>) -> Self {
        let n = columns[0].len();
        let padded = columns.map(|column| padded(&column, n_taps));
        Self { level, padded, before, n }
    }

    /// Samples behind the equalizer, of one of the four columns.
    pub(super) fn equalized(&self, column: usize, weights: &Weights, out: &mut Vec<f32>) {
        self.through(&self.padded[column], weights, out);
    }

    /// Samples behind the equalizer of any other column, in the same units.
    pub(super) fn equalized_other(&self, column: &[f32], weights: &Weights, out: &mut Vec<f32>) {
        self.through(&padded(column, weights.taps.len()), weights, out);
    }

    fn through(&self, y: &[f32], weights: &Weights, out: &mut Vec<f32>) {
        let y = for_main(y, weights);
        out.resize(y.len() + 1 - weights.taps.len(), 0.0);
        self.block(y, &single(&weights.taps), weights.feedback as f32, 0, out);
    }

    /// Samples behind the equalizer from the symbol `first` on; `y` begins with what the last tap has for it.
    fn block(&self, y: &[f32], taps: &[f32], feedback: f32, first: usize, out: &mut [f32]) {
        out.fill(0.0);
        if let Some(before) = self.before.get(first..) {
            out.iter_mut().zip(before).for_each(|(z, a)| *z = -feedback * a);
        }
        simd::fir_add(self.level, y, taps, out);
    }
}

/// Weights in the precision of the samples.
fn single(taps: &[f64]) -> Vec<f32> {
    taps.iter().map(|c| *c as f32).collect()
}

/// A column continued around the turn by all taps but one at both ends, so that every tap of any main tap has its samples.
fn padded(column: &[f32], n_taps: usize) -> Vec<f32> {
    let beyond = n_taps - 1;
    [&column[column.len() - beyond..], column, &column[..beyond]].concat()
}

/// What the taps of a main tap act on: it begins `taps - 1 - main` symbols early and ends `main` late.
fn for_main<'a>(padded: &'a [f32], weights: &Weights) -> &'a [f32] {
    let beyond = weights.taps.len() - 1;
    &padded[weights.main..padded.len() - (beyond - weights.main)]
}

/// One evaluation: what it allows, and by what it falls.
pub(super) struct Evaluation {
    pub(super) load: Load,
    pub(super) enhancement: f64,
    pub(super) histograms: Histograms,
    pub(super) cost: f64,
}

/// Symbols that are treated at a time: their samples stay near the processor.
const BLOCK: usize = 4096;

/// Cost of weights over given sets.
pub(super) struct Objective<'a> {
    pub(super) sets: &'a Sets,
    pub(super) rho: &'a [f64],
    pub(super) target: Target,
    /// Places of the equalized samples of each column among the bins.
    places: [Vec<i32>; 4],
    guess: f64,
}

impl<'a> Objective<'a> {
    pub(super) fn new(sets: &'a Sets, rho: &'a [f64], target: Target, guess: f64) -> Self {
        let places = [(); 4].map(|()| vec![0; sets.n]);
        Self { sets, rho, target, places, guess }
    }

    /// The two histograms of samples behind the equalizer.
    fn histograms(&mut self, weights: &Weights) -> Histograms {
        let sets = self.sets;
        let (taps, feedback) = (single(&weights.taps), weights.feedback as f32);
        let mut z = [0.0; BLOCK];
        let mut sides = [Filling::new(), Filling::new()];
        for (column, places) in self.places.iter_mut().enumerate() {
            let y = for_main(&sets.padded[column], weights);
            for (block, places) in places.chunks_mut(BLOCK).enumerate() {
                let (first, z) = (block * BLOCK, &mut z[..places.len()]);
                sets.block(&y[first..], &taps, feedback, first, z);
                histogram::places(sets.level, z, places);
                sides[column / 2].add(places);
            }
        }
        Histograms::new(sides.map(|side| side.over(2 * sets.n)))
    }

    /// The cost alone.
    pub(super) fn evaluate(&mut self, weights: &Weights) -> Evaluation {
        let histograms = self.histograms(weights);
        let load = histograms.load(&self.target, self.guess);
        self.guess = load.noise;
        let enhancement = enhancement(self.rho, &weights.taps);
        // A closed eye is opened first: the excess falls until it is 0.
        let cost = load.excess - load.noise.ln() + enhancement.ln();
        Evaluation { load, enhancement, histograms, cost }
    }

    /// d cost/d c_j for every tap as if it stood alone, then d cost/d d, after `evaluate` of the same weights.
    pub(super) fn gradient(&self, weights: &Weights, at: &Evaluation) -> (Vec<f64>, f64) {
        let slopes = Histograms::slopes(&at.load);
        let (mut by_tap, mut by_feedback) = (vec![0.0; weights.taps.len()], 0.0);
        // What turns a change of ln SER into one of the cost: of ln s, or of the excess while the eye is closed.
        let closed = at.load.noise <= LEAST_NOISE * (1.0 + 1e-9);
        let factor = if closed { 1.0 } else { 1.0 / at.load.slope };
        let mut steps = [0.0; BLOCK];
        let mut lags = vec![0.0; weights.taps.len()];
        for (column, places) in self.places.iter().enumerate() {
            let weight = at.load.weights[column / 2] / (2.0 * self.sets.n as f64) * factor;
            let y = for_main(&self.sets.padded[column], weights);
            let mut fed = [0.0];
            lags.fill(0.0);
            for (block, places) in places.chunks(BLOCK).enumerate() {
                let (first, steps) = (block * BLOCK, &mut steps[..places.len()]);
                steps.iter_mut().zip(places).for_each(|(s, place)| *s = slopes[bin_of(*place)]);
                simd::correlate_add(self.sets.level, steps, &y[first..], &mut lags);
                if !self.sets.before.is_empty() {
                    simd::correlate_add(self.sets.level, steps, &self.sets.before[first..], &mut fed);
                }
            }
            // The last tap acts on the first of the samples.
            by_tap.iter_mut().zip(lags.iter().rev()).for_each(|(g, l)| *g += weight * l);
            by_feedback -= weight * fed[0];
        }
        let noise = correlated(self.rho, &weights.taps);
        let square = at.enhancement * at.enhancement;
        by_tap.iter_mut().zip(noise).for_each(|(g, r)| *g += r / square);
        (by_tap, by_feedback)
    }
}

/// Σ x y over the shorter, in eight running sums that are gathered in double precision a block at a time.
pub(super) fn product(x: &[f32], y: &[f32]) -> f64 {
    let mut total = 0.0;
    for (x, y) in x.chunks(4096).zip(y[..x.len().min(y.len())].chunks(4096)) {
        let mut sums = [0.0f32; 8];
        let (x8, y8) = (x.chunks_exact(8), y.chunks_exact(8));
        let rest: f32 = x8.remainder().iter().zip(y8.remainder()).map(|(a, b)| a * b).sum();
        for (a, b) in x8.zip(y8) {
            for i in 0..8 {
                sums[i] += a[i] * b[i];
            }
        }
        total += sums.iter().map(|s| f64::from(*s)).sum::<f64>() + f64::from(rest);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::super::noise::correlation;
    use super::*;

    #[test]
    fn the_gradient_is_the_slope_of_the_cost() {
        // A pattern of some thousand symbols with interference, told apart by a small generator.
        let mut state = 1u32;
        let levels: Vec<f32> = (0..6001)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 30) as f32 / 3.0 - 0.5
            })
            .collect();
        let n = levels.len();
        let column = |a: f32, b: f32| -> Vec<f32> {
            (0..n).map(|i| levels[i] + a * levels[(i + 1) % n] + b * levels[(i + n - 1) % n]).collect()
        };
        let mut before = levels.clone();
        before.rotate_right(1);
        let columns = [column(0.02, 0.1), column(0.03, 0.09), column(0.05, 0.08), column(0.06, 0.07)];
        let sets = Sets::new(Level::detect().unwrap(), columns, 3, before);
        let rho = correlation(0.5, 3);
        let target = Target { ser: 4.8e-4, adjustment: 0.0, power: 16.0 };
        let mut objective = Objective::new(&sets, &rho, target, 0.03);
        let at = Weights { taps: vec![-0.04, 1.13, -0.07], main: 1, feedback: 0.02 };
        let evaluation = objective.evaluate(&at);
        let (by_tap, by_feedback) = objective.gradient(&at, &evaluation);
        let h = 1e-3;
        let mut slope = |change: &dyn Fn(&mut Weights, f64)| {
            let mut cost = |by: f64| {
                let mut weights = at.clone();
                change(&mut weights, by);
                objective.evaluate(&weights).cost
            };
            (cost(h) - cost(-h)) / (2.0 * h)
        };
        let slopes: Vec<f64> = (0..3).map(|j| slope(&move |w: &mut Weights, by| w.taps[j] += by)).collect();
        let fed = slope(&|w: &mut Weights, by| w.feedback += by);
        // The difference spans several bins of the histogram, within which the gradient is constant.
        for (g, s) in by_tap.iter().chain([&by_feedback]).zip(slopes.iter().chain([&fed])) {
            assert!((g - s).abs() < 0.03 * (1.0 + s.abs()), "{by_tap:?} {by_feedback} {slopes:?} {fed}");
        }
    }
}
