//! Densities of the interference of the light, level by level.
//!
//! ```text
//! shift | level s = cos θ Y_s,   Y_s = r_0 √P_s √P'_b + Σ_(i≠0) r_i (√P_a √P'_b)_i,   θ uniform over 2π
//! ```
//!
//! Given Y the shift has the arcsine law between ±Y. It is taken at Chebyshev's nodes Y cos(π (2n + 1)/2N), equally
//! likely, which have its first 2N − 1 moments and lie within the bound; a tail that varies as e^(λ cos θ) keeps a relative
//! 2 I_2N(λ)/I_0(λ) of error, below 1e-10 for the N taken. Echoes are independent of each other and each is convolved
//! with the level's density: nothing is Gaussian, and nothing lies beyond the sum of the bounds.

use crate::density::{Density, convolve_deltas};
use crate::response::{DecisionModel, SlicerInterference};

/// Fewest nodes of the phase.
const FEWEST_NODES: f64 = 8.0;
/// Nodes a step of the grid, of which at least 32 are a deviation of the noise: 8 for a deviation of amplitude, where λ is
/// about 9.
const NODES_PER_STEP: f64 = 0.25;
/// Most nodes, of an echo that no noise hides.
const MOST_NODES: f64 = 4096.0;
/// Steps of the output's grid in one of the grid of Y, whose points are then few.
const COARSER: f64 = 2.0;
/// Fourth cumulant of cos θ Z for a Gaussian Z of variance v, over v²: 3 E[cos⁴] − 3 E[cos²]².
const KURTOSIS: f64 = 0.375;

/// Every echo of a model.
#[derive(Debug, Clone, Default)]
pub(super) struct Echoes {
    sources: Vec<Echo>,
    /// Variance of what is folded into the Gaussian noise, V².
    pub(super) folded_v2: f64,
}

/// One echo.
#[derive(Debug, Clone)]
struct Echo {
    /// Y of the decided symbol for each level and each symbol of the interferer, V; one row where no symbol is decided.
    own: Vec<Vec<f64>>,
    /// Mean of what the other symbols bring to Y, V.
    mean_v: f64,
    /// What each of them brings about its mean, equally likely values.
    others: Vec<Vec<f64>>,
}

impl Echoes {
    /// The echoes of a model; `decided` says whether the symbol at the cursor is known by its level. The smallest
    /// contributions of other symbols are folded into a Gaussian, their fourth cumulants up to `budget_v4`.
    pub(super) fn new(model: &DecisionModel, decided: bool, budget_v4: f64) -> Self {
        let mut echoes = Self::default();
        let share = budget_v4 / model.noise.interference.len().max(1) as f64;
        for source in &model.noise.interference {
            let (echo, folded_v2) = Echo::new(source, decided, share);
            echoes.sources.push(echo);
            echoes.folded_v2 += folded_v2;
        }
        echoes.sources.retain(|e| e.bound_v() > 0.0);
        echoes
    }

    /// No interference at all.
    pub(super) fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Variables that each add a third of a squared step of the grid: a phase, and what is spread on the grid of Y.
    pub(super) fn count(&self) -> usize {
        let spread = (0.5 * COARSER * COARSER).ceil() as usize;
        self.sources.iter().map(|e| 1 + spread * e.others.len()).sum()
    }

    /// Largest shift, V.
    pub(super) fn bound_v(&self) -> f64 {
        self.sources.iter().map(Echo::bound_v).sum()
    }

    /// Density of the sum of all echoes for each level; a single one where no symbol is decided.
    pub(super) fn densities(&self, step_v: f64) -> Vec<Density> {
        let mut levels: Vec<Density> = Vec::new();
        for echo in &self.sources {
            let others = convolve_deltas(&echo.others, COARSER * step_v);
            let own = echo.own.iter().map(|own| echo.density(own, &others, step_v));
            levels = if levels.is_empty() {
                own.collect()
            } else {
                own.zip(&levels).map(|(own, sum)| sum.convolved(&own)).collect()
            };
        }
        levels
    }
}

impl Echo {
    fn new(source: &SlicerInterference, decided: bool, budget_v4: f64) -> (Self, f64) {
        let (mean, square) = source.product_moments();
        let variance = square - mean * mean;
        let own = if decided { source.response[source.main] } else { 0.0 };
        let is_own = |i: usize| decided && i == source.main;
        let others = source.response.iter().enumerate().filter(|(i, _)| !is_own(*i)).map(|(_, r)| *r);
        let mut others: Vec<f64> = others.filter(|r| *r != 0.0).collect();
        let mean_v = mean * others.iter().sum::<f64>();
        others.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
        // What is folded is cos θ times nearly a Gaussian, whose variance is half of that.
        let (mut folded, mut taken) = (0.0, 0);
        for r in &others {
            let more = folded + variance * r * r;
            if KURTOSIS * more * more > budget_v4 {
                break;
            }
            (folded, taken) = (more, taken + 1);
        }
        let about = |r: &f64| -> Vec<f64> {
            let products = source.field.iter().flat_map(|f| source.interferer.iter().map(move |g| f * g));
            products.map(|q| r * (q - mean)).collect()
        };
        let fields = if decided { &source.field[..] } else { &[0.0] };
        let echo = Self {
            own: fields.iter().map(|f| source.interferer.iter().map(|g| own * f * g).collect()).collect(),
            mean_v,
            others: others[taken..].iter().map(about).collect(),
        };
        (echo, 0.5 * folded)
    }

    /// Largest |Y|, V.
    fn bound_v(&self) -> f64 {
        let largest = |x: &Vec<f64>| x.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        let own = self.own.iter().map(largest).fold(0.0, f64::max);
        own + self.mean_v.abs() + self.others.iter().map(largest).sum::<f64>()
    }

    /// Density of cos θ (own + mean + others).
    fn density(&self, own: &[f64], others: &Density, step_v: f64) -> Density {
        let share = 1.0 / own.len() as f64;
        let mut points = Vec::new();
        for own in own {
            for (i, p) in others.p.iter().enumerate() {
                let y = (own + self.mean_v + others.voltage_v(i)).abs();
                // Even, so that no node is at the middle and half of them mirror the others.
                let half = 0.5 * (FEWEST_NODES + NODES_PER_STEP * y / step_v).min(MOST_NODES);
                let nodes = 2 * half.ceil() as usize;
                let weight = share * p / nodes as f64;
                points.extend((0..nodes).map(|n| (y * node(n, nodes), weight)));
            }
        }
        let mut density = Density::from_points(&points, step_v);
        // What the grid of Y added is halved by the phase.
        density.grid_v2 += 0.5 * others.grid_v2;
        density
    }
}

/// Chebyshev's node number n of N.
fn node(n: usize, nodes: usize) -> f64 {
    (std::f64::consts::PI * (2 * n + 1) as f64 / (2 * nodes) as f64).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(response: &[f64], main: usize) -> SlicerInterference {
        SlicerInterference {
            name: "mpi".into(),
            field: vec![0.7, 0.9, 1.1, 1.3],
            interferer: vec![0.7, 0.9, 1.1, 1.3],
            response: response.to_vec(),
            main,
        }
    }

    fn echoes(sources: &[SlicerInterference], decided: bool, budget_v4: f64) -> Echoes {
        let all = sources.iter().map(|s| Echo::new(s, decided, budget_v4));
        let (sources, folded): (Vec<_>, Vec<f64>) = all.unzip();
        Echoes { sources, folded_v2: folded.iter().sum() }
    }

    #[test]
    fn each_level_has_the_variance_and_the_bound_of_its_light() {
        let (one, two) = (source(&[0.02, 0.2, -0.03, 0.01], 1), source(&[0.1], 0));
        let step = 0.002;
        for budget in [0.0, 1e-9] {
            let found = echoes(&[one.clone(), two.clone()], true, budget);
            let densities = found.densities(step);
            for (s, d) in densities.iter().enumerate() {
                let exact = one.variance_v2(Some(s)) + two.variance_v2(Some(s));
                assert!((d.total() - 1.0).abs() < 1e-12 && d.mean_v().abs() < 1e-12);
                // Moments are exact on the grid; products of a few hundred terms round.
                assert!((d.variance_v2() + found.folded_v2 - exact).abs() < 1e-9 * exact, "{s} {budget}");
                let largest = 1.3 * (0.2 * one.field[s] + 0.1 * two.field[s]) + 0.06 * 1.69;
                // Each deposit reaches two steps further, of its own grid.
                let reach = d.voltage_v(0).abs().max(d.voltage_v(d.p.len() - 1).abs());
                assert!(reach < largest + 20.0 * step, "{s}: {reach} {largest}");
            }
            assert_eq!(found.folded_v2 > 0.0, budget > 0.0);
        }
        // Without a decided symbol it is one density, of the mean variance.
        let free = echoes(&[one.clone(), two.clone()], false, 0.0).densities(step);
        assert_eq!(free.len(), 1);
        let exact = one.variance_v2(None) + two.variance_v2(None);
        assert!((free[0].variance_v2() - exact).abs() < 1e-9 * exact);
    }

    #[test]
    fn one_echo_of_one_level_has_the_arcsine_law() {
        let mut constant = source(&[0.1], 0);
        constant.interferer = vec![1.0, 1.0];
        let step = 1e-4;
        let d = &echoes(&[constant], true, 0.0).densities(step)[3];
        let a = 0.13;
        for v in [-0.12, -0.05, 0.0, 0.03, 0.1, 0.125] {
            let below: f64 = (0..d.p.len()).filter(|i| d.voltage_v(*i) < v).map(|i| d.p[i]).sum();
            let exact = 0.5 + (v / a).asin() / std::f64::consts::PI;
            // A bin of 1e-4 and nodes four bins apart: 3e-3 of the density 1/(π a) each way.
            assert!((below - exact).abs() < 5e-3, "{v}: {below} {exact}");
        }
    }
}
