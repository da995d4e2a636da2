//! Small dense complex matrices, row-major in slices: the few operations that networks need at every frequency.

use nalgebra::DMatrix;
use num_complex::Complex64;

/// C = A B, A `rows`×`inner`, B `inner`×`columns`.
pub(super) fn multiply(a: &[Complex64], b: &[Complex64], inner: usize, columns: usize) -> Vec<Complex64> {
    let rows = a.len() / inner;
    let mut c = vec![Complex64::ZERO; rows * columns];
    for r in 0..rows {
        for k in 0..inner {
            let factor = a[r * inner + k];
            for j in 0..columns {
                c[r * columns + j] += factor * b[k * columns + j];
            }
        }
    }
    c
}

/// Transposes a square matrix in place.
pub(super) fn transpose(a: &mut [Complex64], n: usize) {
    for r in 0..n {
        for c in 0..r {
            a.swap(r * n + c, c * n + r);
        }
    }
}

/// Solves A X = B, A `n`×`n`, B `n`×`columns`, by elimination with partial pivoting.
///
/// A singular A is met where a wave is trapped between two total reflections. If B excites no trapped wave the
/// solution of least norm is the answer (the limit of vanishing loss); otherwise there is none.
pub(super) fn solve(a: &[Complex64], b: &[Complex64], n: usize, columns: usize) -> Option<Vec<Complex64>> {
    let mut lu = a.to_vec();
    let mut x = b.to_vec();
    let scale = a.iter().map(|v| v.norm()).fold(0.0, f64::max);
    let smallest = scale * n as f64 * 4.0 * f64::EPSILON;
    for column in 0..n {
        let size = |r: usize| lu[r * n + column].norm();
        let pivot = (column..n).max_by(|p, q| size(*p).total_cmp(&size(*q)))?;
        if size(pivot) <= smallest {
            return solve_singular(a, b, n, columns);
        }
        for j in 0..n {
            lu.swap(pivot * n + j, column * n + j);
        }
        for j in 0..columns {
            x.swap(pivot * columns + j, column * columns + j);
        }
        let inverse = lu[column * n + column].inv();
        for r in column + 1..n {
            let factor = lu[r * n + column] * inverse;
            if factor == Complex64::ZERO {
                continue;
            }
            for j in column..n {
                let above = lu[column * n + j];
                lu[r * n + j] -= factor * above;
            }
            for j in 0..columns {
                let above = x[column * columns + j];
                x[r * columns + j] -= factor * above;
            }
        }
    }
    for r in (0..n).rev() {
        let inverse = lu[r * n + r].inv();
        for j in 0..columns {
            let mut sum = x[r * columns + j];
            for k in r + 1..n {
                sum -= lu[r * n + k] * x[k * columns + j];
            }
            x[r * columns + j] = sum * inverse;
        }
    }
    x.iter().all(|v| v.is_finite()).then_some(x)
}

/// The least-norm solution, if B lies in the range of A.
fn solve_singular(a: &[Complex64], b: &[Complex64], n: usize, columns: usize) -> Option<Vec<Complex64>> {
    let matrix = DMatrix::from_row_slice(n, n, a);
    let right = DMatrix::from_row_slice(n, columns, b);
    let svd = matrix.clone().try_svd(true, true, f64::EPSILON, 1000)?;
    let largest = svd.singular_values.max();
    let x = svd.solve(&right, largest.max(1.0) * n as f64 * 8.0 * f64::EPSILON).ok()?;
    // Rounding of the data itself is what a right side in the range may miss by.
    if (&matrix * &x - &right).norm() > 1e-12 * right.norm() {
        return None;
    }
    Some(x.transpose().iter().copied().collect())
}

/// Largest singular value, or `None` if the iteration does not settle.
pub(super) fn largest_singular_value(a: &[Complex64], n: usize) -> Option<f64> {
    let svd = DMatrix::from_row_slice(n, n, a).try_svd(false, false, f64::EPSILON, 1000)?;
    Some(svd.singular_values.max())
}

/// An upper bound of the largest singular value: the root of the largest absolute row sum of Aᴴ A.
pub(super) fn singular_value_bound(a: &[Complex64], n: usize) -> f64 {
    let mut largest: f64 = 0.0;
    for i in 0..n {
        let mut row = 0.0;
        for j in 0..n {
            let dot: Complex64 = (0..n).map(|k| a[k * n + i].conj() * a[k * n + j]).sum();
            row += dot.norm();
        }
        largest = largest.max(row);
    }
    largest.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn c(re: f64, im: f64) -> Complex64 {
        Complex64::new(re, im)
    }

    #[test]
    fn solves_what_it_multiplied() {
        // A zero first pivot forces an exchange of rows.
        let a = [
            c(0.0, 0.0),
            c(1.0, 2.0),
            c(3.0, 0.0),
            c(2.0, -1.0),
            c(0.5, 0.0),
            c(1.0, 1.0),
            c(0.0, 1.0),
            c(4.0, 0.0),
            c(-1.0, 0.0),
        ];
        let x = [c(1.0, -1.0), c(2.0, 0.5), c(-3.0, 0.25), c(0.0, 1.0), c(1.5, 0.0), c(2.0, 2.0)];
        let solved = solve(&a, &multiply(&a, &x, 3, 2), 3, 2).expect("regular");
        // a handful of roundings at condition number below 10
        solved.iter().zip(&x).for_each(|(s, x)| assert!((s - x).norm() < 1e-14));
    }

    #[test]
    fn a_singular_system_is_solved_only_if_it_can_be() {
        let a = [c(1.0, 0.0), c(1.0, 0.0), c(1.0, 0.0), c(1.0, 0.0)];
        let x = solve(&a, &[c(2.0, 0.0), c(2.0, 0.0)], 2, 1).expect("in the range");
        x.iter().for_each(|v| assert!((v - 1.0).norm() < 1e-12));
        assert_eq!(solve(&a, &[c(1.0, 0.0), c(-1.0, 0.0)], 2, 1), None);
        assert_eq!(solve(&[Complex64::ZERO], &[Complex64::ZERO], 1, 1), Some(vec![Complex64::ZERO]));
    }

    #[test]
    fn singular_values_of_a_known_matrix() {
        // [[3, 0], [4, 5]] has singular values 3 sqrt 5 and sqrt 5.
        let a = [c(3.0, 0.0), c(0.0, 0.0), c(4.0, 0.0), c(5.0, 0.0)];
        let largest = largest_singular_value(&a, 2).expect("converges");
        assert!((largest - 45f64.sqrt()).abs() < 1e-13);
        assert!(singular_value_bound(&a, 2) >= largest);
    }
}
