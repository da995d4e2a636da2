//! The eye: densities of every level at many sampling phases.

use super::alphabet::Alphabet;
use super::mixture::{Mixture, Side};
use super::prepared::{Effort, Prepared};
use crate::density::Density;
use crate::error::{Error, Result};
use crate::response::DecisionModel;
use crate::run::Run;
use rayon::prelude::*;
use std::cmp::Ordering;

/// Voltage bins of an eye.
const BINS: usize = 256;
/// How far an eye reaches beyond its outer levels, in their standard deviations.
const REACH: f64 = 7.0;

/// Densities over one symbol, correct feedback assumed.
///
/// Phases are prepared by the eye's own kernel (nearest bin, words of up to 256 patterns): contours are good to about
/// 1 % of a standard deviation, which error ratios at one phase should not be read from.
#[derive(Debug, Clone, PartialEq)]
pub struct Eye {
    /// Sampling phase, UI from the decision instant, one a model.
    pub offsets_ui: Vec<f64>,
    /// Edges of the voltage bins, ascending, V.
    pub edges_v: Vec<f64>,
    /// Probability density, 1/V, phase by phase, all levels together: `density[phase * bins + bin]`.
    pub density_per_v: Vec<f64>,
    /// Tails at the edges, phase by phase.
    pub(super) tails: Vec<PhaseTails>,
    /// Number of levels.
    pub(super) levels: usize,
}

/// ln P(z > edge) and ln P(z < edge), `[level][edge]`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PhaseTails {
    pub(super) above: Vec<Vec<f64>>,
    pub(super) below: Vec<Vec<f64>>,
}

impl PhaseTails {
    fn new(mixture: &Mixture<'_>, edges_v: &[f64]) -> Self {
        let (mut above, mut below) = (Vec::new(), Vec::new());
        for level in 0..mixture.size() {
            let (mut up, mut down) = (Vec::with_capacity(edges_v.len()), Vec::with_capacity(edges_v.len()));
            let mean = mixture.mean_v(level);
            for t in edges_v {
                // The small tail is computed, the other is what it leaves of 1.
                let side = if *t > mean { Side::Above } else { Side::Below };
                let small = mixture.beyond(level, *t, side).clamp(1e-300, 1.0);
                let (a, b) = (small.ln(), (1.0 - small).max(1e-300).ln());
                let (a, b) = if side == Side::Above { (a, b) } else { (b, a) };
                up.push(a);
                down.push(b);
            }
            above.push(up);
            below.push(down);
        }
        Self { above, below }
    }

    /// Probability of each bin for one level.
    pub(super) fn bins(&self, level: usize) -> impl Iterator<Item = f64> + '_ {
        let (up, down) = (&self.above[level], &self.below[level]);
        (0..up.len() - 1).map(move |i| {
            // Differences of whichever tail is small.
            let p = if down[i + 1] < up[i] {
                down[i + 1].exp() - down[i].exp()
            } else {
                up[i].exp() - up[i + 1].exp()
            };
            p.max(0.0)
        })
    }
}

impl Eye {
    /// An eye from models of one lane at several phases, `offsets_ui` from the decision instant.
    ///
    /// # Errors
    /// [`Error::Parameter`] for no models, a different number of offsets, alphabets that differ, or offsets that do
    /// not ascend; those of the models; [`Error::Interrupted`].
    pub fn from_models(models: &[DecisionModel], offsets_ui: &[f64], run: &Run) -> Result<Self> {
        if models.is_empty() || offsets_ui.len() != models.len() {
            return Err(Error::parameter(
                "offsets_ui",
                format!("{} values", offsets_ui.len()),
                format!(
                    "one value for each model, of which there must be at least one (here {})",
                    models.len()
                ),
            ));
        }
        if let Some(i) = offsets_ui.windows(2).position(|w| w[0].partial_cmp(&w[1]) != Some(Ordering::Less)) {
            return Err(Error::parameter(
                "offsets_ui",
                offsets_ui[i + 1],
                format!("above {}", offsets_ui[i]),
            ));
        }
        let levels = models[0].levels.len();
        if let Some(other) = models.iter().find(|m| m.levels.len() != levels) {
            return Err(Error::parameter("models", other.levels.len(), format!("all of {levels} levels")));
        }
        let prepared: Vec<Prepared> = run.install(|| {
            models
                .par_iter()
                .map(|m| Prepared::for_scale(m, None, 1.0, Effort::Eye, run))
                .collect::<Result<_>>()
        })?;
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for p in &prepared {
            let (l, h) = reach(&p.sketch());
            (low, high) = (low.min(l), high.max(h));
        }
        let edges_v = edges(low, high, BINS);
        let tails: Vec<PhaseTails> = run.install(|| {
            let one = |p: &Prepared| run.check().map(|()| PhaseTails::new(&p.sketch(), &edges_v));
            prepared.par_iter().map(one).collect::<Result<_>>()
        })?;
        let width = edges_v[1] - edges_v[0];
        let mut density_per_v = vec![0.0; models.len() * BINS];
        for (phase, row) in tails.iter().zip(density_per_v.chunks_mut(BINS)) {
            for level in 0..levels {
                for (out, p) in row.iter_mut().zip(phase.bins(level)) {
                    *out += p / (width * levels as f64);
                }
            }
        }
        Ok(Self { offsets_ui: offsets_ui.to_vec(), edges_v, density_per_v, tails, levels })
    }

    /// Number of voltage bins.
    pub fn bins(&self) -> usize {
        self.edges_v.len() - 1
    }

    /// Bits that differ between two symbols, over bits a symbol.
    pub(super) fn bit_share(&self, sent: usize, decided: usize) -> f64 {
        Alphabet::bit_distance(sent, decided) / (self.levels as f64).log2()
    }
}

/// Voltages between which everything lies that is not exceedingly rare.
fn reach(mixture: &Mixture<'_>) -> (f64, f64) {
    let ends = (0..mixture.size()).map(|l| (mixture.mean_v(l), REACH * mixture.deviation_v(l)));
    ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), (mean, d)| (a.min(mean - d), b.max(mean + d)))
}

fn edges(low: f64, high: f64, bins: usize) -> Vec<f64> {
    let (low, high) = if high > low { (low, high) } else { (low - 1.0, low + 1.0) };
    (0..=bins).map(|i| low + (high - low) * i as f64 / bins as f64).collect()
}

/// Density of the slicer's voltage for each level, noise included, correct feedback assumed, in `bins` bins over one
/// common range; bin i holds the probability of an interval of `step_v` around `voltage_v(i)`.
///
/// # Errors
/// [`Error::Parameter`] for fewer than 2 bins; those of [`Prepared::new`].
pub fn level_densities(model: &DecisionModel, bins: usize, run: &Run) -> Result<Vec<Density>> {
    if bins < 2 {
        return Err(Error::parameter("bins", bins, "at least 2"));
    }
    let prepared = Prepared::new(model, run)?;
    let mixture = prepared.sketch();
    let (low, high) = reach(&mixture);
    let edges_v = edges(low, high, bins);
    let step_v = edges_v[1] - edges_v[0];
    let tails = PhaseTails::new(&mixture, &edges_v);
    Ok((0..mixture.size())
        .map(|level| Density {
            step_v,
            first_v: edges_v[0] + 0.5 * step_v,
            p: tails.bins(level).collect(),
            grid_v2: 0.0,
            grid_v4: 0.0,
        })
        .collect())
}
