//! Probability densities on a uniform voltage grid.
//!
//! A noiseless disturbance (intersymbol interference, crosstalk, dual-Dirac jitter) is a sum of independent discrete
//! variables. Its density is built by convolution, cursor by cursor in ascending order, on a support that grows; the
//! Gaussian noise is never put on the grid but joins as the exact tail of every bin.
//!
//! ```text
//! P(r + n > d) = Σ_i p[i] Q((d − v_i)/s),   s² = σ² − grid_v2
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | p\[i\] | probability of bin i, v_i = first_v + i step_v | 1 |
//! | grid_v2 | variance that depositing on the grid added | V² |
//! | grid_v4 | fourth cumulant that it added | V⁴ |

mod convolve;
mod eye_kernel;
mod gaussian;
mod tail;
mod tail_table;

pub use convolve::{convolve_deltas, convolve_deltas_naive};
pub use eye_kernel::{EyeWorkspace, convolve_nearest, convolve_nearest_naive};
pub use gaussian::{ln_q, normal_pdf, q};
pub use tail::Tail;
pub use tail_table::{SigmaWeights, TailTable};

/// A discrete density on a uniform grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Density {
    /// Distance of the bins, V.
    pub step_v: f64,
    /// Voltage of bin 0; not necessarily a multiple of the step.
    pub first_v: f64,
    /// Probability of each bin, dimensionless (not per volt).
    pub p: Vec<f64>,
    /// Variance that the grid added to the true density's, V²; whoever adds a Gaussian takes it off its variance.
    pub grid_v2: f64,
    /// Fourth cumulant that the grid added to the true density's, V⁴.
    pub grid_v4: f64,
}

impl Density {
    /// All probability at 0 V.
    pub fn at_zero(step_v: f64) -> Self {
        Self { step_v, first_v: 0.0, p: vec![1.0], grid_v2: 0.0, grid_v4: 0.0 }
    }

    /// Voltage of bin `i`.
    pub fn voltage_v(&self, i: usize) -> f64 {
        self.first_v + i as f64 * self.step_v
    }

    /// Σ p.
    pub fn total(&self) -> f64 {
        self.p.iter().sum()
    }

    /// Mean, V.
    pub fn mean_v(&self) -> f64 {
        self.p.iter().enumerate().map(|(i, p)| p * self.voltage_v(i)).sum::<f64>() / self.total()
    }

    /// Variance of what the density stands for, the grid's own share taken off, V².
    pub fn variance_v2(&self) -> f64 {
        let mean = self.mean_v();
        let raw = self.p.iter().enumerate().map(|(i, p)| p * (self.voltage_v(i) - mean).powi(2)).sum::<f64>();
        raw / self.total() - self.grid_v2
    }

    /// The same density, `shift_v` higher.
    #[must_use]
    pub fn shifted(mut self, shift_v: f64) -> Self {
        self.first_v += shift_v;
        self
    }

    /// The density of ±x with equal probability, x of this density.
    #[must_use]
    pub fn with_random_sign(&self) -> Self {
        // Both halves lie on multiples of the step only if bin 0 does, which holds for every density built by
        // convolution; a shifted one is snapped, which is below the deposit's own error for a zero-mean result.
        let first = (self.first_v / self.step_v).round() as i64;
        let last = first + self.p.len() as i64 - 1;
        let reach = first.abs().max(last.abs());
        let mut p = vec![0.0; (2 * reach + 1) as usize];
        for (i, x) in self.p.iter().enumerate() {
            let k = first + i as i64;
            p[(reach + k) as usize] += 0.5 * x;
            p[(reach - k) as usize] += 0.5 * x;
        }
        Self { first_v: -(reach as f64) * self.step_v, p, ..self.clone() }
    }

    /// The mean of several densities on one step, as of a mixture. Grid shares are averaged: exact when equal.
    ///
    /// Bins are aligned to the nearest multiple of the step.
    #[must_use]
    pub fn mixture(parts: &[Self]) -> Self {
        let Some(head) = parts.first() else { return Self::at_zero(1.0) };
        let index = |d: &Self| (d.first_v / head.step_v).round() as i64;
        let first = parts.iter().map(index).min().unwrap_or(0);
        let end = parts.iter().map(|d| index(d) + d.p.len() as i64).max().unwrap_or(1);
        let weight = 1.0 / parts.len() as f64;
        let mut p = vec![0.0; (end - first) as usize];
        for part in parts {
            let at = (index(part) - first) as usize;
            for (out, x) in p[at..].iter_mut().zip(&part.p) {
                *out += weight * x;
            }
        }
        let mean = |f: fn(&Self) -> f64| parts.iter().map(f).sum::<f64>() * weight;
        Self {
            step_v: head.step_v,
            first_v: first as f64 * head.step_v,
            p,
            grid_v2: mean(|d| d.grid_v2),
            grid_v4: mean(|d| d.grid_v4),
        }
    }
}
