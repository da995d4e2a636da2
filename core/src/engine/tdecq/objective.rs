//! The noise that a setting of the equalizer allows, and its gradient.
//!
//! ```text
//! z_i = Σ_j c_j y_(i−j+main) − d a_(i−1)      Σ c_j − d = 1      cost = −ln σ_G = −ln s + ln C_eq
//! ```
//!
//! The sum keeps a steady level where it is, feedback included. At the load s the error ratio stays at its target, so
//! d ln s = −(∂ ln SER/∂c dc)/(∂ ln SER/∂ ln s); thresholds are at their best place and contribute nothing.

use super::error_ratio::{BINS, Histograms, LEAST_NOISE, Load, Target, place};
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
    level: Level,
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
        out.clear();
        out.resize(y.len() + 1 - weights.taps.len(), 0.0);
        let taps: Vec<f32> = weights.taps.iter().map(|c| *c as f32).collect();
        simd::fir_add(self.level, y, &taps, out);
        let d = weights.feedback as f32;
        out.iter_mut().zip(&self.before).for_each(|(z, a)| *z -= d * a);
    }

    /// The two histograms of samples behind the equalizer.
    fn histograms(&self, z: &[Vec<f32>; 4]) -> Histograms {
        let share = 1.0 / (2.0 * self.n as f64);
        let side = |columns: [&Vec<f32>; 2]| {
            let mut counts = vec![0.0f32; BINS];
            let mut sums = vec![0.0f64; BINS];
            for column in columns {
                // Single precision would lose single samples among millions.
                for block in column.chunks(1 << 16) {
                    for x in block {
                        let (bin, f) = place(*x);
                        counts[bin] += 1.0 - f;
                        counts[bin + 1] += f;
                    }
                    sums.iter_mut().zip(&mut counts).for_each(|(s, c)| {
                        *s += f64::from(*c);
                        *c = 0.0;
                    });
                }
            }
            sums.iter_mut().for_each(|s| *s *= share);
            sums
        };
        Histograms { sides: [side([&z[0], &z[1]]), side([&z[2], &z[3]])] }
    }
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

/// Cost of weights over given sets. Buffers grow once.
pub(super) struct Objective<'a> {
    pub(super) sets: &'a Sets,
    pub(super) rho: &'a [f64],
    pub(super) target: Target,
    z: [Vec<f32>; 4],
    guess: f64,
}

impl<'a> Objective<'a> {
    pub(super) fn new(sets: &'a Sets, rho: &'a [f64], target: Target, guess: f64) -> Self {
        Self { sets, rho, target, z: Default::default(), guess }
    }

    /// The cost alone.
    pub(super) fn evaluate(&mut self, weights: &Weights) -> Evaluation {
        for (column, z) in self.z.iter_mut().enumerate() {
            self.sets.equalized(column, weights, z);
        }
        let histograms = self.sets.histograms(&self.z);
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
        let last = weights.taps.len() - 1;
        let (mut by_tap, mut by_feedback) = (vec![0.0; weights.taps.len()], 0.0);
        // What turns a change of ln SER into one of the cost: of ln s, or of the excess while the eye is closed.
        let closed = at.load.noise <= LEAST_NOISE * (1.0 + 1e-9);
        let factor = if closed { 1.0 } else { 1.0 / at.load.slope };
        let mut steps: Vec<f32> = Vec::with_capacity(self.sets.n);
        for (column, z) in self.z.iter().enumerate() {
            let weight = at.load.weights[column / 2] / (2.0 * self.sets.n as f64) * factor;
            steps.clear();
            steps.extend(z.iter().map(|z| slopes[place(*z).0]));
            let y = for_main(&self.sets.padded[column], weights);
            for (j, g) in by_tap.iter_mut().enumerate() {
                *g += weight * product(&steps, &y[last - j..]);
            }
            if !self.sets.before.is_empty() {
                by_feedback -= weight * product(&steps, &self.sets.before);
            }
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
