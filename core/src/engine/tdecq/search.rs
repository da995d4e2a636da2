//! Main tap, timing and taps of the reference equalizer.
//!
//! Timing is scanned by least mean squares, which needs correlations only; from its best place the taps descend on the
//! allowed noise itself, and the timing follows by parabolas.

use super::config::TdecqConfig;
use super::error_ratio::Target;
use super::filter::Filtered;
use super::moments::{Moments, Reference};
use super::objective::{Evaluation, Objective, Sets, Weights, product};
use crate::error::{Error, Result};
use crate::run::Run;
use crate::simd::Level;
use nalgebra::{DMatrix, DVector};
use std::cell::RefCell;
use std::rc::Rc;

/// Noise, over the OMA, that the least squares expect: a typical load.
const EXPECTED_NOISE: f64 = 0.035;
/// Sharpness of the smooth maximum of the two sides in the search.
const SIDES_POWER: f64 = 16.0;
/// Most steps of a descent, and the gain below which it ends, in ln σ_G: 1e-4 is 0.0004 dB.
#[derive(Clone, Copy)]
struct Effort {
    steps: usize,
    gain: f64,
}

/// Of the comparisons of main taps and times, and of the last descent.
const FIRST: Effort = Effort { steps: 6, gain: 1e-3 };
const LAST: Effort = Effort { steps: 40, gain: 3e-5 };
/// Main taps are followed up while a descent leaves them within this of the best, in ln σ_G: 0.17 dB, more than timing changes
/// their order by.
const FOLLOWED: f64 = 0.04;
/// Step of the timing, UI, before a parabola places it.
const TIMING_STEP_UI: f64 = 0.04;
/// The steps of an equalizer that cannot follow the timing, whose cost has an edge where the other histogram becomes the
/// worse one.
const FIXED_STEPS_UI: [f64; 3] = [TIMING_STEP_UI, 0.01, 0.0025];

/// The signal at the search's disposal.
pub(super) struct Signal<'a> {
    filtered: &'a Filtered,
    /// Units of `filtered` an OMA.
    oma: f64,
    /// Levels of the symbols sent, -1/2 to 1/2 and of mean 0, one a symbol of the waveform.
    levels: &'a [f32],
    /// Samples of `filtered` from a symbol's first to where it correlates best.
    centre: isize,
    reference: Reference,
    rho: &'a [f64],
    config: &'a TdecqConfig,
    level: Level,
    /// E a_i².
    level_power: f64,
    /// E a_i a_(i-1), the seam left out.
    level_next: f64,
}

/// A setting and what it allows.
pub(super) struct Found {
    pub(super) weights: Weights,
    /// Centre of the two histograms, UI after the first sample of a symbol.
    pub(super) time_ui: f64,
    pub(super) sets: Rc<Sets>,
    pub(super) evaluation: Evaluation,
}

impl<'a> Signal<'a> {
    pub(super) fn new(
        filtered: &'a Filtered,
        oma: f64,
        levels: &'a [f32],
        centre: isize,
        rho: &'a [f64],
        config: &'a TdecqConfig,
    ) -> Result<Self> {
        let n = levels.len();
        let level_power = product(levels, levels) / n as f64;
        let level_next = product(&levels[1..], &levels[..n - 1]) / n as f64;
        let level = Level::detect()?;
        let reference = Reference::new(level, levels, config.n_taps());
        Ok(Self { filtered, oma, levels, centre, reference, rho, config, level, level_power, level_next })
    }

    fn n_taps(&self) -> usize {
        self.config.n_taps()
    }

    /// The best setting.
    pub(super) fn search(&self, run: &Run) -> Result<Found> {
        let mut starts = self.scan(run)?;
        starts.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut begun: Vec<Found> = Vec::with_capacity(starts.len());
        for (_, weights, time_ui) in starts {
            // Main taps that begin at one time share its samples.
            let shared = begun.iter().find(|b| b.time_ui.to_bits() == time_ui.to_bits());
            let sets = shared.map_or_else(|| Rc::new(self.sets(time_ui)), |b| Rc::clone(&b.sets));
            begun.push(self.descend_in(sets, weights, time_ui, FIRST, run)?);
        }
        let least = begun.iter().map(|b| b.evaluation.cost).fold(f64::INFINITY, f64::min);
        let mut best: Option<Found> = None;
        for made in begun.into_iter().filter(|b| b.evaluation.cost <= least + FOLLOWED) {
            let made = if self.config.optimize_timing { self.follow(made, run)? } else { made };
            if best.as_ref().is_none_or(|b| made.evaluation.cost < b.evaluation.cost) {
                best = Some(made);
            }
        }
        let best = best.ok_or_else(|| Error::Convergence {
            method: "search for the main tap of TDECQ".into(),
            figure: "least cost of the main taps".into(),
            value: least,
            limit: f64::MAX,
            iterations: self.config.main_taps().count(),
        })?;
        self.descend_in(best.sets, best.weights, best.time_ui, LAST, run)
    }

    /// Least-squares taps of every main tap at its best timing: mean squared error, taps, UI.
    fn scan(&self, run: &Run) -> Result<Vec<(f64, Weights, f64)>> {
        let m = self.filtered.samples_per_symbol as isize;
        let reach = if self.config.optimize_timing { m / 2 } else { 0 };
        let mut best: Vec<Option<(f64, Weights, f64)>> = vec![None; self.n_taps()];
        // At least eight places a symbol: the descent follows from there.
        for offset in (self.centre - reach..=self.centre + reach).step_by((m / 8).max(1) as usize) {
            run.check()?;
            let moments = self.moments(offset);
            for main in self.config.main_taps() {
                let Some((error, weights)) = self.least_squares(&moments, main) else { continue };
                if best[main].as_ref().is_none_or(|(e, _, _)| error < *e) {
                    best[main] = Some((error, weights, offset as f64 / m as f64));
                }
            }
        }
        Ok(best.into_iter().flatten().collect())
    }

    fn moments(&self, offset: isize) -> Moments {
        self.reference.moments(&self.filtered.column(offset), self.oma)
    }

    /// Σ c − d = 1 with least E(z − a)² + σ² C_eq².
    fn least_squares(&self, moments: &Moments, main: usize) -> Option<(f64, Weights)> {
        let taps = self.n_taps();
        let size = taps + self.config.dfe_taps;
        let mut normal = DMatrix::zeros(size, size);
        let mut right = DVector::zeros(size);
        let mut sum = DVector::from_element(size, 1.0);
        for i in 0..taps {
            for j in 0..taps {
                normal[(i, j)] =
                    moments.auto[i.abs_diff(j)] + EXPECTED_NOISE.powi(2) * self.rho[i.abs_diff(j)];
            }
            right[i] = moments.cross(i as isize - main as isize);
        }
        if size > taps {
            for i in 0..taps {
                // The column of the feedback is −a_(i−1).
                normal[(i, taps)] = -moments.cross(i as isize - main as isize - 1);
                normal[(taps, i)] = normal[(i, taps)];
            }
            normal[(taps, taps)] = self.level_power;
            right[taps] = -self.level_next;
            sum[taps] = -1.0;
        }
        let x = if let Some(given) = self.given_weights(main) {
            let mut x = given.taps;
            x.extend((size > taps).then_some(given.feedback));
            DVector::from_vec(x)
        } else {
            let cholesky = normal.clone().cholesky()?;
            let (free, along) = (cholesky.solve(&right), cholesky.solve(&sum));
            &free + &along * ((1.0 - sum.dot(&free)) / sum.dot(&along))
        };
        let error = self.level_power - 2.0 * right.dot(&x) + (&normal * &x).dot(&x);
        let feedback = if size > taps { x[taps] } else { 0.0 };
        let weights = Weights { taps: x.as_slice()[..taps].to_vec(), main, feedback };
        error.is_finite().then(|| (error, self.within_limits(weights)))
    }

    /// The taps that the configuration fixes, and the feedback that their sum leaves.
    fn given_weights(&self, main: usize) -> Option<Weights> {
        let taps = self.config.taps.clone()?;
        let feedback = if self.config.dfe_taps > 0 { taps.iter().sum::<f64>() - 1.0 } else { 0.0 };
        Some(Weights { taps, main, feedback })
    }

    /// The same weights with the feedback inside its limit; the main tap keeps the sum.
    fn within_limits(&self, mut weights: Weights) -> Weights {
        if self.config.taps.is_some() {
            return weights;
        }
        let limit = 0.99 * self.config.dfe_limit;
        let kept = weights.feedback.clamp(-limit, limit);
        weights.taps[weights.main] += kept - weights.feedback;
        weights.feedback = kept;
        weights
    }

    /// Samples of the two histograms around a time. Two instants in each have the mean and the variance of its width.
    fn sets(&self, time_ui: f64) -> Sets {
        let spread = 0.5 * self.config.histogram_width_ui / 3f64.sqrt();
        let half = 0.5 * self.config.histogram_spacing_ui;
        let side = |centre: f64| {
            let inverse = (1.0 / self.oma) as f32;
            self.filtered.at([centre - spread, centre + spread]).map(|mut column| {
                column.iter_mut().for_each(|y| *y *= inverse);
                column
            })
        };
        let [a, b] = side(time_ui - half);
        let [c, d] = side(time_ui + half);
        let before = if self.config.dfe_taps > 0 {
            let mut before = self.levels.to_vec();
            before.rotate_right(1);
            before
        } else {
            Vec::new()
        };
        Sets::new(self.level, [a, b, c, d], self.n_taps(), before)
    }

    fn target(&self) -> Target {
        Target {
            ser: self.config.target_ser,
            adjustment: self.config.threshold_adjustment,
            power: SIDES_POWER,
        }
    }

    /// Taps of least cost over the sets of one timing.
    fn descend_in(
        &self,
        sets: Rc<Sets>,
        weights: Weights,
        time_ui: f64,
        effort: Effort,
        run: &Run,
    ) -> Result<Found> {
        let objective = RefCell::new(Objective::new(&sets, self.rho, self.target(), EXPECTED_NOISE));
        let main = weights.main;
        let start = self.free(&weights);
        let evaluate = |x: &DVector<f64>| {
            run.check()?;
            let evaluation = objective.borrow_mut().evaluate(&self.weights(x, main));
            Ok((evaluation.cost, evaluation))
        };
        let gradient = |x: &DVector<f64>, at: &Evaluation| {
            let weights = self.weights(x, main);
            let (by_tap, by_feedback) = objective.borrow().gradient(&weights, at);
            let mut g = DVector::zeros(x.len());
            let others = (0..by_tap.len()).filter(|j| *j != main);
            others.enumerate().for_each(|(i, j)| g[i] = by_tap[j] - by_tap[main]);
            if self.config.dfe_taps > 0 {
                // d = limit tanh(x/limit)
                let ratio = weights.feedback / self.config.dfe_limit;
                g[x.len() - 1] = (by_feedback + by_tap[main]) * (1.0 - ratio * ratio);
            }
            g
        };
        let (x, evaluation) = if start.is_empty() {
            let (_, evaluation) = evaluate(&start)?;
            (start, evaluation)
        } else {
            let inverse = self.curvature(time_ui, main);
            let (x, _, evaluation) =
                super::descent::descend(start, inverse, effort.steps, effort.gain, evaluate, gradient)?;
            (x, evaluation)
        };
        let weights = self.weights(&x, main);
        drop(objective);
        Ok(Found { weights, time_ui, sets, evaluation })
    }

    /// Follows the timing downhill by a parabola through three descents.
    fn follow(&self, begun: Found, run: &Run) -> Result<Found> {
        let steps: &[f64] = if self.config.taps.is_some() { &FIXED_STEPS_UI } else { &[TIMING_STEP_UI] };
        steps.iter().try_fold(begun, |best, step| self.follow_by(best, *step, run))
    }

    fn follow_by(&self, begun: Found, step: f64, run: &Run) -> Result<Found> {
        let mut best = begun;
        let beside = |time_ui: f64, from: &Found| {
            self.descend_in(Rc::new(self.sets(time_ui)), from.weights.clone(), time_ui, FIRST, run)
        };
        let (mut left, mut right) =
            (beside(best.time_ui - step, &best)?, beside(best.time_ui + step, &best)?);
        // Downhill until the best lies between; beyond half a symbol another main tap takes over.
        for _ in 0..12 {
            if left.evaluation.cost < best.evaluation.cost {
                let next = beside(left.time_ui - step, &left)?;
                (left, best, right) = (next, left, best);
            } else if right.evaluation.cost < best.evaluation.cost {
                let next = beside(right.time_ui + step, &right)?;
                (left, best, right) = (best, right, next);
            } else {
                break;
            }
        }
        let costs = [&left, &best, &right].map(|f| f.evaluation.cost);
        let bend = costs[0] - 2.0 * costs[1] + costs[2];
        let shift = if bend > 0.0 { (0.5 * (costs[0] - costs[2]) / bend).clamp(-1.0, 1.0) } else { 0.0 };
        if shift.abs() > 0.05 {
            let vertex = beside(best.time_ui + shift * step, &best)?;
            if vertex.evaluation.cost < best.evaluation.cost {
                best = vertex;
            }
        }
        Ok(best)
    }

    /// Every tap but the main one, and what the feedback is the hyperbolic tangent of; nothing of given taps.
    fn free(&self, weights: &Weights) -> DVector<f64> {
        if self.config.taps.is_some() {
            return DVector::zeros(0);
        }
        let limit = self.config.dfe_limit;
        let taps = weights.taps.iter().enumerate().filter(|(j, _)| *j != weights.main).map(|(_, c)| *c);
        let feedback = (self.config.dfe_taps > 0)
            .then(|| limit * (weights.feedback / limit).clamp(-0.999, 0.999).atanh());
        DVector::from_vec(taps.chain(feedback).collect())
    }

    fn weights(&self, x: &DVector<f64>, main: usize) -> Weights {
        if let Some(given) = self.given_weights(main) {
            return given;
        }
        let limit = self.config.dfe_limit;
        let n = self.n_taps();
        let feedback = if self.config.dfe_taps > 0 { limit * (x[n - 1] / limit).tanh() } else { 0.0 };
        let mut taps: Vec<f64> = x.as_slice()[..n - 1].to_vec();
        let others: f64 = taps.iter().sum();
        taps.insert(main, 1.0 + feedback - others);
        Weights { taps, main, feedback }
    }

    /// A guess of the inverse second derivative: the cost grows by half the interference's power over the noise's.
    fn curvature(&self, time_ui: f64, main: usize) -> DMatrix<f64> {
        let offset = (time_ui * self.filtered.samples_per_symbol as f64).round() as isize;
        let moments = self.moments(offset);
        let (taps, size) = (self.n_taps(), self.n_taps() - 1 + self.config.dfe_taps);
        let noise = (1.5 * EXPECTED_NOISE).powi(2);
        let auto = |i: usize, j: usize| moments.auto[i.abs_diff(j)] + noise * self.rho[i.abs_diff(j)];
        let places: Vec<usize> = (0..taps).filter(|j| *j != main).collect();
        let mut second = DMatrix::zeros(size, size);
        for (a, i) in places.iter().enumerate() {
            for (b, j) in places.iter().enumerate() {
                second[(a, b)] = auto(*i, *j) - auto(*i, main) - auto(main, *j) + auto(main, main);
            }
            if size >= taps {
                // The feedback moves y_main − a_(i−1).
                let with = auto(*i, main) - auto(main, main);
                second[(a, size - 1)] =
                    with - moments.cross(*i as isize - main as isize - 1) + moments.cross(-1);
                second[(size - 1, a)] = second[(a, size - 1)];
            }
        }
        if size >= taps {
            second[(size - 1, size - 1)] =
                auto(main, main) - 2.0 * moments.cross(-1) + self.level_power + 1e-6;
        }
        let inverse = second.cholesky().map(|c| c.inverse() * noise);
        inverse.unwrap_or_else(|| DMatrix::identity(size, size) * noise)
    }
}

#[cfg(test)]
mod tests {
    use super::super::capture::{Capture, Waveform};
    use super::*;

    #[test]
    fn no_main_tap_with_finite_taps_is_an_error() {
        let symbols = crate::modulation::prbs13q(None).unwrap();
        let waveform_w: Vec<f64> = symbols.iter().flat_map(|s| [f64::from(*s); 2]).collect();
        let given = Waveform {
            waveform_w: &waveform_w,
            samples_per_symbol: 2,
            symbol_rate_hz: 1e9,
            symbols: Some(&symbols),
        };
        let (config, run) = (TdecqConfig::default(), Run::default());
        let capture = Capture::new(&given, 0.0).unwrap();
        let filtered = Filtered::new(&capture, 0.5, &run).unwrap();
        let levels: Vec<f32> = symbols.iter().map(|s| f32::from(*s) / 3.0 - 0.5).collect();
        let rho = super::super::noise::correlation(0.5, config.n_taps());
        let found = |oma: f64| Signal::new(&filtered, oma, &levels, 0, &rho, &config)?.search(&run);
        assert!(found(1.0).is_ok());
        assert!(matches!(found(f64::NAN), Err(Error::Convergence { iterations: 3, .. })));
    }
}
