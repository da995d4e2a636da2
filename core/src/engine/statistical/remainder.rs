//! Everything bounded that is not in the word: the other symbols, crosstalk, dual-Dirac jitter, a converter's steps, the
//! table's residual, interference of the light.

use super::alphabet::{Alphabet, Response};
use super::interference::Echoes;
use super::jitter::Event;
use super::word::Plan;
use crate::density::{Density, EyeWorkspace, convolve_deltas, convolve_nearest};
use crate::response::{CrosstalkPhase, CrosstalkRule, DecisionModel, SlicerCrosstalk, SlicerSignal};

/// The smallest cursors are folded into the Gaussian variance as long as what the fold loses is negligible: their mean
/// and variance are kept, the sum of their fourth cumulants stays below this share of the variance's square, which
/// moves a tail at x sigma by x⁴/24 of it (2e-7 at 1e-15). That is about cursors below a thousandth of sigma, of which
/// a long record has many: each would cost a pass and a third of a squared step of the grid's own variance.
const FOLDED: f64 = 1e-9;
/// The grid's own variance, taken off the Gaussian's, is at most this share of it.
const GRID_SHARE: f64 = 0.25;
/// The same for dual-Dirac events, which are many, tiny and each multiplied by symbols of their own.
const FOLDED_JITTER: f64 = 1e-4;
/// Phases that an average over a free-running aggressor uses at most. The density varies over the phase as the
/// aggressor's cumulants do, with a few harmonics of the symbol rate, which 16 equidistant phases average exactly.
const PHASES: usize = 16;
/// Values that stand for a uniform: a sixteenth of a width of two deviations of the noise is finer than any grid needs.
const PARTS: usize = 16;
/// A residual of the table above this share of the half-eye is convolved.
const RESIDUAL: f64 = 0.05;
/// Cursors up to this share of the noise may be rounded to a bin for an eye.
const SMALL: f64 = 0.25;
/// Most bins of a density.
const MAX_BINS: f64 = 32768.0;

/// Equally likely values of independent variables.
type Sets = Vec<Vec<f64>>;

/// The parts of the remainder, before a grid is chosen.
#[derive(Debug, Clone)]
pub(super) struct Remainder {
    sets: Sets,
    /// Aggressors of unknown phase: `[aggressor][phase]`.
    floating: Vec<Vec<Sets>>,
    /// Sums that come with a random sign.
    signed: Vec<Sets>,
    residual_v: Vec<f64>,
    echoes: Echoes,
    /// Standard deviation of the Gaussian noise, V.
    sigma_v: f64,
    /// Mean of what was folded, V.
    shift_v: f64,
    /// Variance of what was folded, V².
    pub(super) folded_v2: f64,
}

/// How fine a grid may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Bins a sigma at most.
    pub(super) finest: usize,
    /// Variables times bins.
    pub(super) work: f64,
    /// Bins.
    pub(super) bins: f64,
}

/// How densities are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernel {
    /// Double precision, three moments kept.
    Exact,
    /// Single precision, nearest bin, for what is small against the noise; the few larger ones exactly.
    Eye,
}

impl Remainder {
    /// Collects the parts; `gaussian_v2` is the variance against which folding is judged.
    pub(super) fn new(
        model: &DecisionModel,
        alphabet: &Alphabet,
        response: &Response,
        plan: &Plan,
        events: &[Event],
        gaussian_v2: f64,
    ) -> Self {
        let dd = model.jitter.as_ref().map_or(0.0, |j| j.dd_ui);
        let outside = |lag: isize| !plan.lags.contains(&lag);
        // A whole-symbol event outside the word moves a symbol that is convolved anyway: take both together.
        let joint = |event: &Event| event.terms.len() == 1 && outside(event.terms[0].0);
        let moved = |lag: isize| {
            let own = events.iter().filter(|e| dd > 0.0 && joint(e) && e.terms[0].0 == lag);
            own.map(|e| dd * e.terms[0].1).sum::<f64>()
        };
        let mut sets: Sets = response
            .lags()
            .map(|(lag, _)| lag)
            .chain(events.iter().filter(|e| dd > 0.0 && joint(e)).map(|e| e.terms[0].0))
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .filter(|lag| outside(*lag))
            .map(|lag| {
                let (g, j) = (response.at(lag), moved(lag));
                let with = |c: f64| alphabet.levels.iter().map(move |a| c * a);
                if j == 0.0 { with(g).collect() } else { with(g - j).chain(with(g + j)).collect() }
            })
            .collect();
        sets.extend(model.noise.uniform.iter().flat_map(|u| u.response.iter().map(|w| uniform(*w))));
        let (mut shift_v, mut folded_v2) = fold(&mut sets, FOLDED * gaussian_v2 * gaussian_v2);
        let mut signed: Vec<Sets> = Vec::new();
        if dd > 0.0 {
            for (i, event) in events.iter().enumerate() {
                if !plan.signed.contains(&i) && !joint(event) {
                    let term = |w: f64| alphabet.levels.iter().map(|a| dd * w * a).collect();
                    signed.push(event.terms.iter().map(|t| term(t.1)).collect());
                }
            }
            let energy = |s: &Sets| {
                let (mean, variance) =
                    s.iter().map(|v| moments(v)).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
                mean * mean + variance
            };
            signed.sort_by(|a, b| energy(a).total_cmp(&energy(b)));
            let mut sum = 0.0;
            signed.retain(|s| {
                sum += energy(s);
                let keep = sum > FOLDED_JITTER * gaussian_v2;
                if !keep {
                    folded_v2 += energy(s);
                }
                keep
            });
        }
        let mut floating = Vec::new();
        for aggressor in &model.crosstalk {
            let mut phases = phases_of(aggressor, model.crosstalk_phase);
            let budget = FOLDED * gaussian_v2 * gaussian_v2 / model.crosstalk.len() as f64;
            let (shift, v2) = fold_phases(&mut phases, budget);
            shift_v += shift;
            folded_v2 += v2;
            if phases.len() == 1 {
                sets.append(&mut phases[0]);
            } else if !phases.is_empty() {
                floating.push(phases);
            }
        }
        let residual_v = match &model.signal {
            SlicerSignal::Table { residual_v, residual_ratio, .. } if *residual_ratio > RESIDUAL => {
                residual_v.clone()
            }
            _ => Vec::new(),
        };
        sets.retain(|s| s.iter().any(|v| *v != 0.0));
        let echoes = Echoes::new(model, plan.lags.contains(&0), FOLDED * gaussian_v2 * gaussian_v2);
        folded_v2 += echoes.folded_v2;
        let sigma_v = gaussian_v2.sqrt();
        Self { sets, floating, signed, residual_v, echoes, sigma_v, shift_v, folded_v2 }
    }

    /// Nothing but a number.
    pub(super) fn is_empty(&self) -> bool {
        self.count() == 0 && self.residual_v.is_empty()
    }

    /// Number of variables, those of one phase for each aggressor.
    fn count(&self) -> usize {
        let most = |phases: &Vec<Sets>| phases.iter().map(Vec::len).max().unwrap_or(0);
        self.sets.len()
            + self.floating.iter().map(most).sum::<usize>()
            + self.signed.iter().map(Vec::len).sum::<usize>()
            + self.echoes.count()
    }

    /// Width of the support, V.
    fn reach_v(&self) -> f64 {
        let largest = |v: &Vec<f64>| v.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        let sum = |s: &Sets| s.iter().map(largest).sum::<f64>();
        let most = |phases: &Vec<Sets>| phases.iter().map(sum).fold(0.0, f64::max);
        let parts = sum(&self.sets)
            + self.floating.iter().map(most).sum::<f64>()
            + self.signed.iter().map(sum).sum::<f64>()
            + largest(&self.residual_v)
            + self.echoes.bound_v();
        2.0 * parts
    }

    /// Step of the grid for the narrowest Gaussian that will be added: as fine a share of it as the work allows.
    pub(super) fn step_v(&self, sigma_v: f64, scale_v: f64, limits: &Limits) -> f64 {
        let reach = self.reach_v();
        // Densities are convolved with densities at a cost of bins times bins.
        let products = !(self.floating.is_empty()
            && self.signed.is_empty()
            && self.residual_v.is_empty()
            && self.echoes.is_empty());
        let most = if products { MAX_BINS / 4.0 } else { MAX_BINS };
        if self.is_empty() {
            return if sigma_v > 0.0 { sigma_v / 64.0 } else { scale_v / 8192.0 };
        }
        if sigma_v > 0.0 {
            // Every variable adds a third of a squared step.
            let coarsest = (self.count() as f64 / (3.0 * GRID_SHARE)).sqrt().max(8.0);
            let mut division = limits.finest as f64;
            while division > coarsest {
                let bins = reach * division / sigma_v;
                if self.count() as f64 * bins <= limits.work && bins <= limits.bins.min(0.5 * most) {
                    return sigma_v / division;
                }
                division *= 0.5;
            }
            if reach * coarsest / sigma_v <= most {
                return sigma_v / coarsest;
            }
        }
        reach / most
    }

    /// The density of each level on a grid; a single one where all have the same.
    pub(super) fn densities(&self, step_v: f64, kernel: Kernel) -> Vec<Density> {
        let common = self.common(step_v, kernel);
        if self.echoes.is_empty() {
            return vec![common];
        }
        self.echoes.densities(step_v).iter().map(|own| common.convolved(own)).collect()
    }

    /// The density of everything that no level has of its own.
    fn common(&self, step_v: f64, kernel: Kernel) -> Density {
        let mut workspace = EyeWorkspace::default();
        let mut convolve = |sets: &Sets| match kernel {
            Kernel::Exact => convolve_deltas(sets, step_v),
            Kernel::Eye => {
                let small = |s: &Vec<f64>| s.iter().all(|v| v.abs() <= SMALL * self.sigma_v);
                let (small, large): (Sets, Sets) = sets.iter().cloned().partition(small);
                convolve_nearest(&small, step_v, &mut workspace).with_deltas(&large)
            }
        };
        let mut density = convolve(&self.sets);
        for phases in &self.floating {
            let parts: Vec<Density> = phases.iter().map(&mut convolve).collect();
            density = density.convolved(&Density::mixture(&parts));
        }
        for sets in &self.signed {
            density = density.convolved(&convolve_deltas(sets, step_v).with_random_sign());
        }
        if !self.residual_v.is_empty() {
            density = density.convolved(&Density::from_samples(&self.residual_v, step_v));
        }
        density.shifted(self.shift_v)
    }
}

/// Equally likely values for a uniform of that width: middles of its parts, spread so that the variance is exact.
fn uniform(width_v: f64) -> Vec<f64> {
    let n = PARTS as f64;
    let unit = width_v / n / (1.0 - 1.0 / (n * n)).sqrt();
    (0..PARTS).map(|i| unit * (i as f64 + 0.5 - 0.5 * n)).collect()
}

/// Mean and variance of equally likely values.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n)
}

/// Bound of a set's fourth cumulant: no distribution on equally likely values within ±c has more than 2 c⁴ beside a
/// variance near c².
fn fourth(v2: f64) -> f64 {
    2.0 * v2 * v2
}

/// Takes out the smallest sets up to a total fourth cumulant; returns the mean and variance taken.
fn fold(sets: &mut Sets, budget_v4: f64) -> (f64, f64) {
    sets.sort_by(|a, b| moments(a).1.total_cmp(&moments(b).1));
    let (mut taken, mut shift, mut folded, mut lost) = (0, 0.0, 0.0, 0.0);
    for (mean, v2) in sets.iter().map(|s| moments(s)) {
        lost += fourth(v2);
        if lost > budget_v4 {
            break;
        }
        taken += 1;
        shift += mean;
        folded += v2;
    }
    sets.drain(..taken);
    (shift, folded)
}

/// The same for every phase of an aggressor, as many in each, so that the grid's share is one for all.
fn fold_phases(phases: &mut [Sets], budget_v4: f64) -> (f64, f64) {
    for sets in phases.iter_mut() {
        sets.sort_by(|a, b| moments(a).1.total_cmp(&moments(b).1));
    }
    let fits = |sets: &Sets| {
        let mut sum = 0.0;
        sets.iter()
            .take_while(|s| {
                sum += fourth(moments(s).1);
                sum <= budget_v4
            })
            .count()
    };
    let count = phases.iter().map(fits).min().unwrap_or(0);
    let n = phases.len().max(1) as f64;
    let (mut shift, mut folded) = (0.0, 0.0);
    for sets in phases.iter_mut() {
        for (mean, v2) in sets.drain(..count).map(|s| moments(&s)) {
            shift += mean / n;
            folded += v2 / n;
        }
    }
    (shift, folded)
}

/// The phases that an alignment rule asks for.
fn phases_of(aggressor: &SlicerCrosstalk, rule: CrosstalkPhase) -> Vec<Sets> {
    let n = aggressor.phases.len();
    let set = |phase: &Vec<f64>| -> Sets {
        phase.iter().map(|c| aggressor.levels.iter().map(|a| c * a).collect()).collect()
    };
    let energy = |phase: &Vec<f64>| phase.iter().map(|c| c * c).sum::<f64>();
    match rule {
        CrosstalkPhase::Rule(CrosstalkRule::Uniform) => {
            // Equidistant: every second phase as long as enough are left.
            let mut stride = 1;
            while n / stride > PHASES && n.is_multiple_of(2 * stride) {
                stride *= 2;
            }
            aggressor.phases.iter().step_by(stride).map(set).collect()
        }
        CrosstalkPhase::Rule(CrosstalkRule::Worst) => {
            let worst = aggressor.phases.iter().max_by(|a, b| energy(a).total_cmp(&energy(b)));
            worst.map(set).into_iter().collect()
        }
        CrosstalkPhase::PhaseUi(ui) => {
            let at = (ui.rem_euclid(1.0) * n as f64).round() as usize;
            aggressor.phases.get(at % n.max(1)).map(set).into_iter().collect()
        }
    }
}
