//! Tails of one discrete density for many thresholds and many Gaussians: interpolation of ln P.
//!
//! A lane with symbol-dependent noise asks for the same remainder's tail at thousands of distances d, each with a
//! standard deviation of its own. ln P(r + n > d) is smooth in d on the scale of σ and nearly a parabola in 1/σ, so it is
//! computed on a lattice (d at multiples of σ/8, say, σ in steps of a tenth of its logarithm), only where it is
//! asked for, and interpolated with six points in each direction. On a lattice of whole bins a node is one dot product
//! of the density with a table of Q. The interpolation is good to 1e-6 of P where the density is narrower than the
//! noise, and to 1e-4 in the knees where a tail passes from one lump of a discrete density to the next.

use super::Density;
use super::tail::GridGaussian;
use crate::simd::dot;

/// ln of the smallest probability kept; below it the table says this.
const LN_FLOOR: f64 = -690.0;
/// Sigma columns a unit of ln σ.
const COLUMNS_PER_E: f64 = 10.0;
/// Column of the reference sigma.
const CENTRE: i64 = 200;
/// Points of the interpolation.
const POINTS: usize = 6;

/// ln P on its lattice, filled as it is asked.
#[derive(Debug, Clone)]
pub struct TailTable {
    density: Density,
    /// cumulative[i] = Σ p[..i], and the same from the other end.
    below: Vec<f64>,
    above: Vec<f64>,
    /// Bins a node.
    stride: i64,
    sigma_v: f64,
    columns: Vec<Option<Box<Column>>>,
}

/// Where a standard deviation lies among the columns.
#[derive(Debug, Clone, Copy)]
pub struct SigmaWeights {
    first: usize,
    weights: [f64; POINTS],
}

#[derive(Debug, Clone)]
struct Column {
    /// rising[j] = Q((reach − j) h): the weight of bin i in P(r + n > d), d at bin k, is rising[i − k + reach].
    rising: Vec<f64>,
    /// The same the other way round, for P(r + n < d).
    falling: Vec<f64>,
    reach: i64,
    upper: Nodes,
    lower: Nodes,
}

#[derive(Debug, Clone, Default)]
struct Nodes {
    base: i64,
    ln_p: Vec<f64>,
}

impl TailTable {
    /// A table for standard deviations around `sigma_v`, with `nodes` lattice points to that sigma (8 for figures, 3
    /// for pictures); it serves any other sigma, at its best within a factor of 5, and `sigma_v` itself fastest.
    pub fn new(density: Density, sigma_v: f64, nodes: f64) -> Self {
        let running = |p: &mut dyn Iterator<Item = &f64>| {
            let mut sums = vec![0.0];
            let mut sum = 0.0;
            for x in p {
                sum += x;
                sums.push(sum);
            }
            sums
        };
        let below = running(&mut density.p.iter());
        let above = running(&mut density.p.iter().rev());
        let stride = (sigma_v / (nodes * density.step_v)).round().clamp(1.0, 1e6) as i64;
        let sigma_v = if sigma_v > 0.0 { sigma_v } else { density.step_v };
        Self { density, below, above, stride, sigma_v, columns: vec![None; 2 * CENTRE as usize] }
    }

    /// Weights of the columns for a standard deviation. σ enters as 1/σ, in which ln P is nearly a parabola.
    ///
    /// A Gaussian narrower than four bins, once the grid's share is off, cannot be interpolated and is taken as four
    /// bins wide: below the resolution of the density it makes no difference.
    pub fn weights(&mut self, sigma_v: f64) -> SigmaWeights {
        let sigma_v =
            sigma_v.max((self.density.grid_v2.max(0.0) + 16.0 * self.density.step_v.powi(2)).sqrt());
        let position = (COLUMNS_PER_E * (sigma_v / self.sigma_v).ln()).floor();
        let position = if position.is_finite() { position as i64 } else { -CENTRE };
        let first = (position + CENTRE - 2).clamp(0, 2 * CENTRE - POINTS as i64) as usize;
        let sigma_of = |j: usize| self.sigma_v * ((j as f64 - CENTRE as f64) / COLUMNS_PER_E).exp();
        let nodes: [f64; POINTS] = std::array::from_fn(|j| 1.0 / sigma_of(first + j));
        let x = (1.0 / sigma_v).clamp(nodes[POINTS - 1], nodes[0]);
        let weights: [f64; POINTS] = std::array::from_fn(|j| {
            (0..POINTS).filter(|k| *k != j).map(|k| (x - nodes[k]) / (nodes[j] - nodes[k])).product()
        });
        // A sigma that is a column's own, as of noise that no symbol changes, needs that column alone.
        for (j, weight) in weights.iter().enumerate() {
            if *weight != 0.0 && self.columns[first + j].is_none() {
                self.columns[first + j] = Some(Box::new(Column::new(&self.density, sigma_of(first + j))));
            }
        }
        SigmaWeights { first, weights }
    }

    /// ln P(r + n > d).
    pub fn ln_upper(&mut self, d_v: f64, sigma: &SigmaWeights) -> f64 {
        self.interpolate(d_v, sigma, true)
    }

    /// ln P(r + n < d).
    pub fn ln_lower(&mut self, d_v: f64, sigma: &SigmaWeights) -> f64 {
        self.interpolate(d_v, sigma, false)
    }

    fn interpolate(&mut self, d_v: f64, sigma: &SigmaWeights, upper: bool) -> f64 {
        let spacing = self.density.step_v * self.stride as f64;
        // A lattice index beyond this is hopelessly far into a tail (or the tail's complement) of any density.
        let x = ((d_v - self.density.first_v) / spacing).clamp(-1e7, 1e7);
        let cell = x.floor();
        let along = lagrange(x - cell);
        let first = cell as i64 - 2;
        let Self { density, below, above, stride, columns, .. } = self;
        let mut ln_p = 0.0;
        for (column, weight) in columns[sigma.first..].iter_mut().zip(&sigma.weights) {
            let Some(column) = column.as_mut().filter(|_| *weight != 0.0) else { continue };
            let Column { rising, falling, reach, upper: up, lower: low } = &mut **column;
            let nodes = if upper { up } else { low };
            let values = nodes.six(first, |node| {
                let k = node * *stride;
                let p = if upper {
                    tail(&density.p, rising, k - *reach) + suffix(above, k + *reach)
                } else {
                    tail(&density.p, falling, k - *reach) + prefix(below, k - *reach)
                };
                if p > 0.0 { p.ln().max(LN_FLOOR) } else { LN_FLOOR }
            });
            ln_p += weight * values.iter().zip(&along).map(|(v, a)| v * a).sum::<f64>();
        }
        ln_p.min(0.0)
    }
}

impl Column {
    fn new(density: &Density, sigma_v: f64) -> Self {
        let g = GridGaussian::new(density, sigma_v);
        // A Gaussian narrower than a hundredth of a bin is a step.
        let h = density.step_v / g.sigma_v.max(0.01 * density.step_v);
        // Q(38.5) is the last double above 0.
        let reach = (38.5 / h).ceil() as i64;
        let falling: Vec<f64> = (-reach..=reach).map(|m| g.q(m as f64 * h)).collect();
        let rising = falling.iter().rev().copied().collect();
        Self { rising, falling, reach, upper: Nodes::default(), lower: Nodes::default() }
    }
}

impl Nodes {
    /// The six values from node `first` on, computed where they are not yet known.
    fn six(&mut self, first: i64, compute: impl Fn(i64) -> f64) -> [f64; POINTS] {
        let end = first + POINTS as i64;
        if self.ln_p.is_empty() {
            self.base = first;
        }
        if first < self.base {
            let missing = (self.base - first) as usize;
            self.ln_p.splice(0..0, std::iter::repeat_n(f64::NAN, missing));
            self.base = first;
        }
        if end > self.base + self.ln_p.len() as i64 {
            self.ln_p.resize((end - self.base) as usize, f64::NAN);
        }
        std::array::from_fn(|j| {
            let value = &mut self.ln_p[(first - self.base) as usize + j];
            if value.is_nan() {
                *value = compute(first + j as i64);
            }
            *value
        })
    }
}

/// Σ_i p[i] weight[i − start], over the bins that both have.
fn tail(p: &[f64], weight: &[f64], start: i64) -> f64 {
    let from = start.clamp(0, p.len() as i64);
    let to = (start + weight.len() as i64).clamp(from, p.len() as i64);
    let a = &p[from as usize..to as usize];
    let b = if a.is_empty() { &[] } else { &weight[(from - start) as usize..(to - start) as usize] };
    dot(a, b)
}

/// Σ p above bin `last`.
fn suffix(above: &[f64], last: i64) -> f64 {
    let n = above.len() as i64 - 1;
    above[(n - 1 - last).clamp(0, n) as usize]
}

/// Σ p below bin `start`.
fn prefix(below: &[f64], start: i64) -> f64 {
    below[start.clamp(0, below.len() as i64 - 1) as usize]
}

/// Lagrange weights of the points −2 … 3 at 0 ≤ f < 1.
fn lagrange(f: f64) -> [f64; POINTS] {
    let (a, b, c, d, e, g) = (f + 2.0, f + 1.0, f, f - 1.0, f - 2.0, f - 3.0);
    let (ab, cd, eg) = (a * b, c * d, e * g);
    [
        -b * cd * eg / 120.0,
        a * cd * eg / 24.0,
        -ab * d * eg / 12.0,
        ab * c * eg / 12.0,
        -ab * cd * g / 24.0,
        ab * cd * e / 120.0,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::{Tail, convolve_deltas, ln_q};

    #[test]
    fn without_a_remainder_the_table_is_q() {
        let mut table = TailTable::new(Density::at_zero(0.001), 0.03, 8.0);
        for (d, sigma) in [(0.1, 0.03), (-0.02, 0.031), (0.4, 0.047), (0.9, 0.0333), (0.05, 0.09)] {
            let w = table.weights(sigma);
            // Six-point interpolation in a lattice of σ/8 and ln σ/10.
            assert!((table.ln_upper(d, &w) - ln_q(d / sigma)).abs() < 1e-6, "{d} {sigma}");
            assert!((table.ln_lower(-d, &w) - ln_q(d / sigma)).abs() < 1e-6);
        }
    }

    #[test]
    fn the_table_equals_the_exact_sums() {
        let sets: Vec<Vec<f64>> = (0..40)
            .map(|i| 0.04 * 0.9_f64.powi(i) * if i % 2 == 0 { -1.0 } else { 1.0 })
            .map(|c| [-1.0, -0.4, 0.3, 1.0].iter().map(|l| l * c).collect())
            .collect();
        let sigma = 0.02;
        let density = convolve_deltas(&sets, sigma / 32.0);
        let tail = Tail::new(density.clone());
        let mut table = TailTable::new(density, sigma, 8.0);
        for i in 0..60 {
            let (d, s) = (-0.1 + 0.0113 * f64::from(i), sigma * (0.98 + 0.013 * f64::from(i)));
            let w = table.weights(s);
            let (up, low) = (
                table.ln_upper(d, &w) - tail.upper(d, s).ln(),
                table.ln_lower(d, &w) - tail.lower(d, s).ln(),
            );
            assert!(up.abs() < 2e-5 && low.abs() < 2e-5, "{d} {s}: {up:e} {low:e}");
        }
    }

    #[test]
    fn far_away_it_says_certain_or_impossible() {
        let mut table = TailTable::new(Density::at_zero(0.001), 0.03, 8.0);
        let w = table.weights(0.03);
        assert_eq!(table.ln_upper(-1e6, &w), 0.0);
        assert!(table.ln_upper(1e6, &w) <= LN_FLOOR + 1e-6);
    }
}
