//! Noise whose variance follows the symbols, as few branches of independent white noise.
//!
//! With R the response as a matrix (one row a symbol, one column a step within the symbol) and w_(m,p) independent
//! standard normals, the noise at symbol k is
//!
//! ```text
//! n_k = Σ_m √factor[a_m] Σ_p R[k − m + main, p] w_(m,p)
//! ```
//!
//! so its covariance for given symbols is Σ_m factor[a_m] (R Rᵀ)[k − m + main, k' − m + main]. Any matrix with the
//! same R Rᵀ has the same law: R V, V the eigenvectors of RᵀR, puts almost all of it into the few columns that a
//! band-limited response needs, and each column left is one branch: white noise, weighted by √factor of its symbol,
//! filtered at the symbol rate.

use super::branch::{Branch, alphabet};
use crate::error::{Error, Result};
use crate::random::{Purpose, Stream};
use crate::response::SymbolNoise;
use crate::simd::Level;
use nalgebra::DMatrix;

/// Share of the energy that may be left out with the last columns; each symbol's energy is restored afterwards.
const NEGLIGIBLE: f64 = 1e-4;
/// How far the energy of the response may be from the energies stated, relative to their sum.
const ENERGY_TOLERANCE: f64 = 0.01;
/// Most steps a symbol: the eigenproblem grows with their cube.
const MAX_STEPS: usize = 256;

/// One column of one source.
#[derive(Debug, Clone)]
pub(super) struct NoiseBranch {
    pub(super) noise: Stream,
    /// √factor of each symbol.
    pub(super) weight: [f32; 4],
    pub(super) filter: Branch,
}

/// The branches of source number `index`.
///
/// # Errors
/// [`Error::Parameter`] naming the field that does not fit.
pub(super) fn branches(
    level: Level,
    seed: u64,
    index: usize,
    source: &SymbolNoise,
) -> Result<Vec<NoiseBranch>> {
    let name = format!("noise.by_symbol[{index}]");
    let n = source.energy_v2.len();
    if source.steps == 0 || source.steps > MAX_STEPS {
        return Err(Error::parameter(
            format!("{name}.steps"),
            source.steps,
            format!("between 1 and {MAX_STEPS}"),
        ));
    }
    if source.response.len() != n * source.steps {
        let length = format!("{} samples", source.response.len());
        return Err(Error::parameter(
            format!("{name}.response"),
            length,
            format!("{n} symbols of {} steps", source.steps),
        ));
    }
    if let Some(i) = source.response.iter().position(|r| !r.is_finite()) {
        return Err(Error::parameter(format!("{name}.response[{i}]"), source.response[i], "finite"));
    }
    if let Some(i) = source.energy_v2.iter().position(|e| !e.is_finite() || *e < 0.0) {
        let field = format!("{name}.energy_v2[{i}]");
        return Err(Error::parameter(field, source.energy_v2[i], "finite and at least 0"));
    }
    if let Some(i) = source.factor.iter().position(|f| !f.is_finite() || *f < 0.0) {
        return Err(Error::parameter(
            format!("{name}.factor[{i}]"),
            source.factor[i],
            "finite and at least 0",
        ));
    }
    let roots: Vec<f64> = source.factor.iter().map(|f| f.sqrt()).collect();
    let weight = alphabet(&format!("{name}.factor"), &roots)?;
    let total: f64 = source.energy_v2.iter().sum();
    let response = DMatrix::from_row_slice(n, source.steps, &source.response);
    if (response.norm_squared() - total).abs() > ENERGY_TOLERANCE * total {
        return Err(Error::parameter(
            format!("{name}.response"),
            format!("an energy of {:.6e} V²", response.norm_squared()),
            format!("of the energy {total:.6e} V² that energy_v2 states"),
        ));
    }
    columns(&response, &source.energy_v2)
        .into_iter()
        .enumerate()
        .map(|(q, column)| {
            // Ends that hold 1e-5 of the column's norm leave out less than 1e-8 of the variance or so.
            let negligible = 1e-5 * column.iter().map(|v| v * v).sum::<f64>().sqrt();
            Ok(NoiseBranch {
                noise: Stream::new(level, seed, Purpose::SymbolNoise, (index * MAX_STEPS + q) as u32),
                weight,
                filter: Branch::new(&name, &column, source.main, negligible)?,
            })
        })
        .collect()
}

/// Columns of R V in falling order of energy, as many as matter, each row scaled to its energy.
fn columns(response: &DMatrix<f64>, energy: &[f64]) -> Vec<Vec<f64>> {
    let total: f64 = energy.iter().sum();
    if total == 0.0 {
        return Vec::new();
    }
    let eigen = (response.transpose() * response).symmetric_eigen();
    let mut order: Vec<usize> = (0..eigen.eigenvalues.len()).collect();
    order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
    let rotated = response * &eigen.eigenvectors;
    let mut left = total;
    let mut kept = Vec::new();
    for column in order {
        if left <= NEGLIGIBLE * total {
            break;
        }
        left -= eigen.eigenvalues[column];
        kept.push(rotated.column(column).iter().copied().collect::<Vec<f64>>());
    }
    for (row, wanted) in energy.iter().enumerate() {
        let reached: f64 = kept.iter().map(|c| c[row] * c[row]).sum();
        // A row whose own energy was left out with the last columns cannot be restored, and does not matter.
        if reached > 0.5 * wanted {
            kept.iter_mut().for_each(|c| c[row] *= (wanted / reached).sqrt());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A response of 16 steps a symbol, smooth over a few symbols, as a receiver filter leaves it.
    fn source() -> SymbolNoise {
        let steps = 16;
        let response: Vec<f64> = (0..24 * steps)
            .map(|i| {
                let t = (i as f64 + 0.5) / steps as f64 - 4.0;
                1e-3 * (-t * t).exp() - 2e-4 * (-(t - 3.0) * (t - 3.0) / 4.0).exp()
            })
            .collect();
        let energy_v2 = response.chunks(steps).map(|c| c.iter().map(|v| v * v).sum()).collect();
        SymbolNoise {
            name: "rin".into(),
            energy_v2,
            main: 4,
            factor: vec![0.1, 0.5, 1.0, 2.0],
            response,
            steps,
        }
    }

    #[test]
    fn a_few_columns_keep_the_covariance() {
        let source = source();
        let response = DMatrix::from_row_slice(24, 16, &source.response);
        let columns = columns(&response, &source.energy_v2);
        assert!(columns.len() <= 4, "{} columns", columns.len());
        let total: f64 = source.energy_v2.iter().sum();
        for i in 0..24 {
            for j in 0..24 {
                let wanted = (response.row(i) * response.row(j).transpose())[0];
                let reached: f64 = columns.iter().map(|c| c[i] * c[j]).sum();
                // The columns left out hold 1e-4 of the energy.
                assert!((wanted - reached).abs() < 2e-4 * total, "{i} {j}");
            }
        }
    }

    #[test]
    fn a_response_that_contradicts_its_energy_is_refused() {
        let level = Level::detect().unwrap();
        let mut wrong = source();
        wrong.energy_v2.iter_mut().for_each(|e| *e *= 2.0);
        let error = branches(level, 1, 0, &wrong).unwrap_err().to_string();
        assert!(error.starts_with("noise.by_symbol[0].response = an energy of"), "{error}");
        let mut short = source();
        short.response.pop();
        assert!(branches(level, 1, 0, &short).is_err());
        let mut negative = source();
        negative.factor[1] = -1.0;
        assert!(branches(level, 1, 0, &negative).is_err());
    }
}
