//! Second moments of an equalizer's input and the normal equations they give.
//!
//! ```text
//! y_k = Σ_n h[n] a_(k−n) + noise        z_k = Σ_i w_i y_(k−o_i) − Σ_j b_j a_(k−j)
//! R_ij = E[y y'] at lag o_i − o_j       u_n[i] = h[n − o_i]
//! min_b E|z − a|²:  (R − Σ_j u_j u_j') w = u_0,  b_j = u_j·w
//! ```
//!
//! Kept in units where the power of the symbols and the largest |h| are 1, so that neither a microvolt nor a kilovolt
//! reaches the limits of the arithmetic.

use crate::error::{Error, Result};
use nalgebra::{Cholesky, DMatrix, DVector, Dyn, SymmetricEigen};

/// Second moments at one sampling phase.
#[derive(Debug, Clone)]
pub(crate) struct Moments {
    /// E[y_k y_(k+l)], l = 0, 1, …
    auto: Vec<f64>,
    /// h, entry `main` being n = 0.
    response: Vec<f64>,
    main: isize,
    /// Unit of y.
    scale: f64,
}

impl Moments {
    /// Moments of a response in white symbols of power `power`, with noise of the given autocorrelation.
    pub(crate) fn of_response(
        response: &[f64],
        main: isize,
        noise: &[f64],
        power: f64,
        lags: usize,
    ) -> Result<Self> {
        let peak = response.iter().fold(0.0f64, |p, v| p.max(v.abs()));
        let normal: Vec<f64> = response.iter().map(|v| v / peak).collect();
        let mut moments = Self::new(normal, main, Vec::new(), peak * power.sqrt())?;
        moments.auto = autocorrelation(&moments.response, lags);
        moments.add_noise(noise)?;
        Ok(moments)
    }

    fn new(response: Vec<f64>, main: isize, auto: Vec<f64>, scale: f64) -> Result<Self> {
        if !scale.is_normal() || response.iter().any(|v| !v.is_finite()) {
            let requirement = "finite and not 0 everywhere, times a positive signal power";
            return Err(Error::parameter("pulse", format!("{scale:e} at its peak"), requirement));
        }
        Ok(Self { auto, response, main, scale })
    }

    fn add_noise(&mut self, noise: &[f64]) -> Result<()> {
        for (r, n) in self.auto.iter_mut().zip(noise) {
            *r += n / self.scale / self.scale;
            if !r.is_finite() {
                return Err(Error::parameter("noise_autocorrelation", n, "finite beside the pulse's energy"));
            }
        }
        Ok(())
    }

    /// Unit of y: taps found here are divided by it (times the rms level) to act on volts.
    pub(crate) fn scale(&self) -> f64 {
        self.scale
    }

    /// h[n], 0 outside.
    pub(crate) fn response_at(&self, n: isize) -> f64 {
        usize::try_from(n + self.main).ok().and_then(|i| self.response.get(i)).copied().unwrap_or(0.0)
    }

    /// u_n for taps at `offsets`.
    pub(crate) fn column(&self, n: isize, offsets: &[isize]) -> DVector<f64> {
        DVector::from_iterator(offsets.len(), offsets.iter().map(|o| self.response_at(n - o)))
    }

    /// R for taps at `offsets`.
    pub(crate) fn matrix(&self, offsets: &[isize]) -> DMatrix<f64> {
        DMatrix::from_fn(offsets.len(), offsets.len(), |i, j| {
            self.auto.get(offsets[i].abs_diff(offsets[j])).copied().unwrap_or(0.0)
        })
    }
}

/// Σ x[n] x[n + l] for l < `lags`.
pub(crate) fn autocorrelation(x: &[f64], lags: usize) -> Vec<f64> {
    (0..lags).map(|l| x.iter().zip(x.get(l..).unwrap_or(&[])).map(|(a, b)| a * b).sum()).collect()
}

/// Subtracts u u' from R.
pub(crate) fn subtract_outer(matrix: &mut DMatrix<f64>, u: &DVector<f64>) {
    matrix.ger(-1.0, u, u, 1.0);
}

/// A factored symmetric, positive semidefinite matrix.
pub(crate) enum Factor {
    /// Regular.
    Cholesky(Cholesky<f64, Dyn>),
    /// Singular to rounding: eigenvectors, and reciprocals of the eigenvalues that are not 0.
    Pseudo(DMatrix<f64>, DVector<f64>),
}

impl Factor {
    /// Factors a matrix; where it is singular to rounding its pseudo-inverse is used, which gives the shortest of the
    /// equally good tap vectors.
    pub(crate) fn new(matrix: DMatrix<f64>) -> Result<Self> {
        let n = matrix.nrows();
        let largest = matrix.diagonal().iter().fold(0.0f64, |m, v| m.max(*v));
        // Rounding of the sums behind each entry, by the usual bound for n accumulated products.
        let rounding = 8.0 * n as f64 * f64::EPSILON;
        if let Some(cholesky) = Cholesky::new(matrix.clone())
            && cholesky.l_dirty().diagonal().iter().all(|d| d * d > rounding * largest)
        {
            return Ok(Self::Cholesky(cholesky));
        }
        const ITERATIONS: usize = 10_000;
        let failed = |figure: &str, value: f64, limit: f64| Error::Convergence {
            method: "eigenvalues of the equalizer's normal equations".into(),
            figure: figure.into(),
            value,
            limit,
            iterations: ITERATIONS,
        };
        let eigen = SymmetricEigen::try_new(matrix, f64::EPSILON, ITERATIONS)
            .ok_or_else(|| failed("off-diagonal remainder", f64::INFINITY, f64::EPSILON))?;
        let top = eigen.eigenvalues.iter().fold(0.0f64, |m, v| m.max(*v));
        let bottom = eigen.eigenvalues.iter().fold(0.0f64, |m, v| m.min(*v));
        if !top.is_finite() {
            return Err(failed("largest eigenvalue", top, f64::MAX));
        }
        // No sum of signal and noise has a negative power in any direction.
        if -bottom > 1e-6 * top {
            let requirement = "a positive semidefinite sequence, as every autocorrelation is";
            return Err(Error::parameter(
                "noise_autocorrelation",
                format!("a power of {bottom:e}"),
                requirement,
            ));
        }
        let inverse = eigen.eigenvalues.map(|v| if v > rounding * top { 1.0 / v } else { 0.0 });
        Ok(Self::Pseudo(eigen.eigenvectors, inverse))
    }

    /// Solution for one right-hand side.
    pub(crate) fn solve(&self, rhs: &DVector<f64>) -> DVector<f64> {
        match self {
            Self::Cholesky(cholesky) => cholesky.solve(rhs),
            Self::Pseudo(vectors, inverse) => vectors * vectors.tr_mul(rhs).component_mul(inverse),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_singular_matrix_gives_the_shortest_solution() {
        let factor = Factor::new(DMatrix::from_row_slice(2, 2, &[1.0, 1.0, 1.0, 1.0])).unwrap();
        let w = factor.solve(&DVector::from_vec(vec![2.0, 2.0]));
        assert!((w[0] - 1.0).abs() < 1e-14 && (w[1] - 1.0).abs() < 1e-14);
    }

    #[test]
    fn an_indefinite_matrix_is_refused() {
        assert!(Factor::new(DMatrix::from_row_slice(2, 2, &[1.0, 2.0, 2.0, 1.0])).is_err());
    }

    #[test]
    fn scale_does_not_matter() {
        let h = [0.1, 1.0, -0.3];
        let small: Vec<f64> = h.iter().map(|v| v * 1e-150).collect();
        let a = Moments::of_response(&h, 1, &[0.01], 1.0, 3).unwrap();
        let b = Moments::of_response(&small, 1, &[0.01e-300], 1.0, 3).unwrap();
        let offsets = [-1, 0, 1];
        assert!((a.matrix(&offsets) - b.matrix(&offsets)).amax() < 1e-14);
        assert!(Moments::of_response(&[0.0], 0, &[], 1.0, 1).is_err());
        assert!(Moments::of_response(&h, 1, &[], 0.0, 1).is_err());
    }
}
