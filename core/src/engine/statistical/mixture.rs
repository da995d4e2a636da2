//! The slicer's voltage for each level as a mixture of [remainder + Gaussian], and its tails.

use super::word::Component;
use crate::density::{Density, SigmaWeights, Tail, TailTable};
use std::sync::Mutex;

/// One Gaussian of a mixture at a given noise scale.
#[derive(Debug, Clone, Copy)]
struct Term {
    mean_v: f64,
    sigma_v: f64,
    weight: f64,
    columns: Option<SigmaWeights>,
}

/// The levels' mixtures of one condition at one noise scale.
pub(super) struct Part<'a> {
    /// One for each level, or a single one for all.
    tails: &'a [Tail],
    tables: Option<&'a [Mutex<TailTable>]>,
    levels: Vec<Vec<Term>>,
}

/// What belongs to a level, of one for each or a single one for all.
fn of_level<T>(all: &[T], level: usize) -> &T {
    &all[level.min(all.len() - 1)]
}

/// The levels' mixtures over equally likely conditions, ready to be asked for tails.
pub(super) struct Mixture<'a> {
    parts: Vec<Part<'a>>,
}

/// Which side of a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Above,
    Below,
}

impl<'a> Part<'a> {
    /// Gaussian noise scaled by `scale` in amplitude. With tables tails are interpolated, without them they are summed
    /// exactly.
    pub(super) fn new(
        tails: &'a [Tail],
        tables: Option<&'a [Mutex<TailTable>]>,
        components: &[Vec<Component>],
        scale: f64,
    ) -> Self {
        let terms = |(level, components): (usize, &Vec<Component>)| {
            let mut guard = tables.map(|t| lock(of_level(t, level)));
            let mut last: Option<(f64, SigmaWeights)> = None;
            let mut term = |c: &Component| {
                let sigma_v = (c.noise_v2 * scale * scale + c.held_v2).sqrt();
                let columns = guard.as_mut().map(|t| match last {
                    Some((known, weights)) if known == sigma_v => weights,
                    _ => {
                        let weights = t.weights(sigma_v);
                        last = Some((sigma_v, weights));
                        weights
                    }
                });
                Term { mean_v: c.mean_v, sigma_v, weight: c.weight, columns }
            };
            components.iter().map(&mut term).collect()
        };
        let levels = components.iter().enumerate().map(terms).collect();
        Self { tails, tables, levels }
    }

    fn density(&self, level: usize) -> &'a Density {
        of_level(self.tails, level).density()
    }

    fn mean_v(&self, level: usize) -> f64 {
        self.levels[level].iter().map(|t| t.weight * t.mean_v).sum::<f64>() + self.density(level).mean_v()
    }

    fn gaussian_v2(&self, level: usize) -> f64 {
        self.levels[level].iter().map(|t| t.weight * t.sigma_v * t.sigma_v).sum()
    }

    /// E[z²] of a level about `centre_v`: interference, jitter and noise.
    fn square_v2(&self, level: usize, centre_v: f64) -> f64 {
        let density = self.density(level);
        let about = density.mean_v() - centre_v;
        let own: f64 = self.levels[level].iter().map(|t| t.weight * (t.mean_v + about).powi(2)).sum();
        own + self.gaussian_v2(level) + density.variance_v2().max(0.0)
    }

    /// P(z > t) or P(z < t) of a level.
    fn beyond(&self, level: usize, threshold_v: f64, side: Side) -> f64 {
        let terms = &self.levels[level];
        let tail = of_level(self.tails, level);
        match self.tables {
            None => terms
                .iter()
                .map(|t| {
                    let d = threshold_v - t.mean_v;
                    t.weight
                        * match side {
                            Side::Above => tail.upper(d, t.sigma_v),
                            Side::Below => tail.lower(d, t.sigma_v),
                        }
                })
                .sum(),
            Some(tables) => {
                let mut table = lock(of_level(tables, level));
                terms
                    .iter()
                    .filter_map(|t| t.columns.as_ref().map(|c| (t, c)))
                    .map(|(t, columns)| {
                        let d = threshold_v - t.mean_v;
                        let ln_p = match side {
                            Side::Above => table.ln_upper(d, columns),
                            Side::Below => table.ln_lower(d, columns),
                        };
                        t.weight * ln_p.exp()
                    })
                    .sum()
            }
        }
    }
}

impl<'a> Mixture<'a> {
    /// The mean of at least one condition.
    pub(super) fn new(parts: Vec<Part<'a>>) -> Self {
        Self { parts }
    }

    fn mean(&self, of: impl Fn(&Part<'a>) -> f64) -> f64 {
        self.parts.iter().map(of).sum::<f64>() / self.parts.len() as f64
    }

    /// Number of levels.
    pub(super) fn size(&self) -> usize {
        self.parts.first().map_or(0, |p| p.levels.len())
    }

    /// Mean of a level, V.
    pub(super) fn mean_v(&self, level: usize) -> f64 {
        self.mean(|p| p.mean_v(level))
    }

    /// Mean Gaussian variance of a level, V².
    pub(super) fn gaussian_v2(&self, level: usize) -> f64 {
        self.mean(|p| p.gaussian_v2(level))
    }

    /// Standard deviation of a level: interference, jitter and noise, V.
    pub(super) fn deviation_v(&self, level: usize) -> f64 {
        let mean_v = self.mean_v(level);
        self.mean(|p| p.square_v2(level, mean_v)).sqrt()
    }

    /// P(z > t) or P(z < t) of a level.
    pub(super) fn beyond(&self, level: usize, threshold_v: f64, side: Side) -> f64 {
        self.mean(|p| p.beyond(level, threshold_v, side))
    }

    /// P(decision | level), thresholds ascending, every threshold `shift_v` lower (the signal higher) than given.
    pub(super) fn decisions(&self, thresholds_v: &[f64], shift_v: f64) -> Vec<Vec<f64>> {
        let m = self.size();
        let mut p = vec![vec![0.0; m]; m];
        for (level, row) in p.iter_mut().enumerate() {
            let tail = |i: usize, side| self.beyond(level, thresholds_v[i] - shift_v, side);
            let mut outer = 0.0;
            for d in (level + 1..m).rev() {
                let beyond = tail(d - 1, Side::Above);
                row[d] = (beyond - outer).max(0.0);
                outer = beyond;
            }
            let mut wrong = outer;
            outer = 0.0;
            for d in 0..level {
                let beyond = tail(d, Side::Below);
                row[d] = (beyond - outer).max(0.0);
                outer = beyond;
            }
            wrong += outer;
            row[level] = (1.0 - wrong).max(0.0);
        }
        p
    }
}

fn lock(table: &Mutex<TailTable>) -> std::sync::MutexGuard<'_, TailTable> {
    // The table is a cache: a thread that died while filling it leaves at worst unknown nodes behind.
    table.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A smaller mixture with the same mean and variance in every cell of a quarter of a sigma and 5 % of sigma: what a
/// search or a chain of decision errors needs. A cell of u = x/4 at a tail of x sigma keeps u⁴/2880 of its own shape
/// unrepresented, 3e-4 at 4 sigma.
pub(super) fn merged(components: &[Vec<Component>]) -> Vec<Vec<Component>> {
    let merge = |level: &Vec<Component>| -> Vec<Component> {
        if level.len() <= 64 {
            return level.clone();
        }
        let narrowest = level.iter().map(|c| c.noise_v2 + c.held_v2).fold(f64::INFINITY, f64::min);
        if narrowest <= 0.0 {
            return level.clone();
        }
        let cell_v = 0.25 * narrowest.sqrt();
        let mut cells = std::collections::BTreeMap::<(i64, i64), [f64; 5]>::new();
        for c in level {
            let v2 = c.noise_v2 + c.held_v2;
            let key = ((c.mean_v / cell_v).floor() as i64, (10.0 * (v2 / narrowest).ln()).floor() as i64);
            let sums = cells.entry(key).or_default();
            for (sum, x) in sums.iter_mut().zip([1.0, c.mean_v, c.mean_v * c.mean_v, c.noise_v2, c.held_v2]) {
                *sum += c.weight * x;
            }
        }
        cells
            .into_values()
            .map(|[weight, mean, square, noise, held]| {
                let mean_v = mean / weight;
                let spread = (square / weight - mean_v * mean_v).max(0.0);
                Component { mean_v, noise_v2: noise / weight, held_v2: held / weight + spread, weight }
            })
            .collect()
    };
    components.iter().map(merge).collect()
}
