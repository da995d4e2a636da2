//! Tails of a discrete density plus a Gaussian, by the exact sum over the bins that matter.

use super::{Density, normal_pdf, q};

/// Bins a block; a block is summed bin by bin only if its bound says that it matters.
const BLOCK: usize = 32;
/// Share of the answer that all neglected blocks together may have; they still enter by their middle value.
const NEGLECTED: f64 = 1e-9;

/// A density prepared for tail sums: P(r + n > d) and P(r + n < d), n Gaussian.
#[derive(Debug, Clone)]
pub struct Tail {
    density: Density,
    blocks: Vec<f64>,
}

/// The Gaussian as the grid must see it: its variance without the grid's share, and the correction for the grid's
/// fourth cumulant κ, Q(y) − κ/(24 s⁴) (y³ − 3y) φ(y), the next term of the Gram–Charlier series.
#[derive(Debug, Clone, Copy)]
pub(super) struct GridGaussian {
    pub(super) sigma_v: f64,
    fourth: f64,
}

impl GridGaussian {
    pub(super) fn new(density: &Density, sigma_v: f64) -> Self {
        let sigma_v = (sigma_v * sigma_v - density.grid_v2).max(0.0).sqrt();
        let fourth = if sigma_v > 0.0 { density.grid_v4 / (24.0 * sigma_v.powi(4)) } else { 0.0 };
        Self { sigma_v, fourth }
    }

    /// Tail beyond y sigma.
    pub(super) fn q(&self, y: f64) -> f64 {
        let plain = q(y);
        // Below 1e-10 of the tail the correction is not worth its exponential.
        if (self.fourth * y * y * y * y).abs() < 1e-10 || !y.is_finite() {
            return plain;
        }
        let corrected = plain - self.fourth * y * (y * y - 3.0) * normal_pdf(y);
        if corrected > 0.0 { corrected } else { plain }
    }
}

impl Tail {
    /// Prepares a density.
    pub fn new(density: Density) -> Self {
        let blocks = density.p.chunks(BLOCK).map(|b| b.iter().sum()).collect();
        Self { density, blocks }
    }

    /// The density.
    pub fn density(&self) -> &Density {
        &self.density
    }

    /// P(r + n > d), n of standard deviation `sigma_v`.
    pub fn upper(&self, d_v: f64, sigma_v: f64) -> f64 {
        self.sum(d_v, sigma_v, 1.0)
    }

    /// P(r + n < d), n of standard deviation `sigma_v`.
    pub fn lower(&self, d_v: f64, sigma_v: f64) -> f64 {
        self.sum(d_v, sigma_v, -1.0)
    }

    /// Σ p Q(side (d − v)/s), every bin.
    #[doc(hidden)]
    pub fn sum_naive(&self, d_v: f64, sigma_v: f64, side: f64) -> f64 {
        let g = GridGaussian::new(&self.density, sigma_v);
        let y = |i| side * (d_v - self.density.voltage_v(i)) / g.sigma_v;
        self.density.p.iter().enumerate().map(|(i, p)| p * g.q(y(i))).sum()
    }

    fn sum(&self, d_v: f64, sigma_v: f64, side: f64) -> f64 {
        let g = GridGaussian::new(&self.density, sigma_v);
        let n = self.density.p.len();
        if g.sigma_v == 0.0 {
            return self.without_noise(d_v, side);
        }
        let y = |i: usize| side * (d_v - self.density.voltage_v(i)) / g.sigma_v;
        if n <= BLOCK {
            return self.density.p.iter().enumerate().map(|(i, p)| p * g.q(y(i))).sum();
        }
        let edge: Vec<f64> = (0..=self.blocks.len()).map(|b| g.q(y((b * BLOCK).min(n - 1)))).collect();
        let least: f64 = self.blocks.iter().zip(edge.windows(2)).map(|(m, e)| m * e[0].min(e[1])).sum();
        let allowed = NEGLECTED * least / self.blocks.len() as f64;
        let mut sum = 0.0;
        for (b, m) in self.blocks.iter().enumerate() {
            let (low, high) = (edge[b].min(edge[b + 1]), edge[b].max(edge[b + 1]));
            if low >= 1.0 || m * (high - low) < allowed {
                sum += m * 0.5 * (low + high);
            } else {
                let end = ((b + 1) * BLOCK).min(n);
                sum += (b * BLOCK..end).map(|i| self.density.p[i] * g.q(y(i))).sum::<f64>();
            }
        }
        sum
    }

    fn without_noise(&self, d_v: f64, side: f64) -> f64 {
        let beyond = |i: usize| side * (self.density.voltage_v(i) - d_v) > 0.0;
        self.density.p.iter().enumerate().filter(|(i, _)| beyond(*i)).map(|(_, p)| p).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::convolve_deltas;

    /// Σ over all patterns of Q: nothing of the grid in it.
    fn exact(cursors: &[f64], levels: &[f64], d: f64, sigma: f64) -> f64 {
        let n = levels.len();
        let words = n.pow(cursors.len() as u32);
        let value = |mut w: usize| {
            cursors.iter().fold(0.0, |sum, c| {
                let l = levels[w % n];
                w /= n;
                sum + c * l
            })
        };
        (0..words).map(|w| q((d - value(w)) / sigma)).sum::<f64>() / words as f64
    }

    const LEVELS: [f64; 4] = [-1.0, -0.36, 0.31, 1.02];
    const CURSORS: [f64; 6] = [0.061, -0.043, 0.027, -0.012, 0.008, 0.0031];

    fn sets() -> Vec<Vec<f64>> {
        CURSORS.iter().map(|c| LEVELS.iter().map(|l| l * c).collect()).collect()
    }

    #[test]
    fn tails_equal_the_enumeration_of_all_patterns() {
        let sigma = 0.03;
        let tail = Tail::new(convolve_deltas(&sets(), sigma / 128.0));
        for d in [0.0, 0.1, 0.2, 0.3, 0.35] {
            let (up, low) =
                (exact(&CURSORS, &LEVELS, d, sigma), exact(&CURSORS.map(|c| -c), &LEVELS, d, sigma));
            // Six cursors at 1e-3 (x/128)^4 each, x below 12: under 5e-7.
            assert!(
                (tail.upper(d, sigma) / up - 1.0).abs() < 5e-7,
                "{d}: {}",
                tail.upper(d, sigma) / up - 1.0
            );
            assert!((tail.lower(-d, sigma) / low - 1.0).abs() < 5e-7);
        }
    }

    #[test]
    fn the_error_falls_with_the_fourth_power_of_the_step() {
        let (sigma, d) = (0.03, 0.3);
        let truth = exact(&CURSORS, &LEVELS, d, sigma);
        let error = |division: f64| {
            // Three nearby grids, since the sign of the remainder is an accident of the fractions.
            [1.0, 1.013, 1.029]
                .iter()
                .map(|k| {
                    let t = Tail::new(convolve_deltas(&sets(), sigma / division * k));
                    (t.upper(d, sigma) / truth - 1.0).abs()
                })
                .fold(0.0, f64::max)
        };
        assert!(error(16.0) < 2e-3 && error(64.0) < 1e-2 * error(16.0), "{} {}", error(16.0), error(64.0));
    }

    #[test]
    fn neglected_blocks_do_not_show() {
        let sigma = 0.01;
        let tail = Tail::new(convolve_deltas(&sets(), sigma / 64.0));
        for d in [-0.3, -0.05, 0.0, 0.02, 0.11, 0.24] {
            let naive = tail.sum_naive(d, sigma, 1.0);
            assert!((tail.upper(d, sigma) / naive - 1.0).abs() < 2.0 * NEGLECTED, "{d}");
        }
    }

    #[test]
    fn without_noise_a_tail_is_a_sum_of_probabilities() {
        let tail = Tail::new(Density { grid_v2: 0.0, ..convolve_deltas(&[vec![-0.5, 0.5]], 0.01) });
        assert!((tail.upper(0.2, 0.0) - 0.5).abs() < 1e-15);
        assert_eq!(tail.upper(0.6, 0.0), 0.0);
        assert!((tail.lower(0.6, 0.0) - 1.0).abs() < 1e-15);
    }
}
