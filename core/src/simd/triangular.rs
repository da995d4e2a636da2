//! Triangular systems with many right-hand sides.
//!
//! Rows of right-hand sides are columns of many systems: a few vectors of them stay in registers while the rows before, or
//! behind, are taken out.

use super::Level;
use fearless_simd::{dispatch, prelude::*};

/// A lower triangular matrix, rows of `width` values of which those up to the diagonal count.
#[derive(Debug, Clone, Copy)]
pub struct Lower<'a> {
    /// The rows, one after the other.
    pub values: &'a [f64],
    /// Values from the beginning of a row to that of the next.
    pub width: usize,
}

/// Rows `from` on of `rows`, each of `columns` values, become those of L⁻¹ times what they were; the rows before are so
/// already.
///
/// ```text
/// x_i = (b_i − Σ_(k<i) l_ik x_k)/l_ii
/// ```
///
/// ```
/// use lightlane::simd::{Level, Lower, substitute};
/// let l = Lower { values: &[2.0, 0.0, 1.0, 4.0], width: 2 };
/// let mut rows = [6.0, 11.0];
/// substitute(Level::detect()?, l, 1, 0, &mut rows);
/// assert_eq!(rows, [3.0, 2.0]);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Panics
/// When the matrix has fewer rows than there are: a caller's bug.
pub fn substitute(level: Level, l: Lower<'_>, columns: usize, from: usize, rows: &mut [f64]) {
    if columns > 0 {
        dispatch!(level.inner, simd => substitute_body(simd, l, columns, from, rows));
    }
}

/// `rows` become those of L'⁻¹ times what they were, L' the transpose.
///
/// ```text
/// x_i = (b_i − Σ_(k>i) l_ki x_k)/l_ii
/// ```
///
/// ```
/// use lightlane::simd::{Level, Lower, substitute_back};
/// let l = Lower { values: &[2.0, 0.0, 1.0, 4.0], width: 2 };
/// let mut rows = [8.0, 8.0];
/// substitute_back(Level::detect()?, l, 1, &mut rows);
/// assert_eq!(rows, [3.0, 2.0]);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Panics
/// When the matrix has fewer rows than there are: a caller's bug.
pub fn substitute_back(level: Level, l: Lower<'_>, columns: usize, rows: &mut [f64]) {
    if columns > 0 {
        dispatch!(level.inner, simd => back_body(simd, l, columns, rows));
    }
}

/// Vectors of columns that stay in registers together.
const VECTORS: usize = 4;

#[inline(always)]
fn substitute_body<S: Simd>(simd: S, l: Lower<'_>, columns: usize, from: usize, rows: &mut [f64]) {
    for i in from..rows.len() / columns {
        let (done, row) = rows.split_at_mut(i * columns);
        // Those to the left of the diagonal.
        let factors = &l.values[i * l.width..=i * l.width + i];
        take_out(simd, done, &factors[..i], 1, 1.0 / factors[i], &mut row[..columns]);
    }
}

#[inline(always)]
fn back_body<S: Simd>(simd: S, l: Lower<'_>, columns: usize, rows: &mut [f64]) {
    let n = rows.len() / columns;
    for i in (0..n).rev() {
        let (before, done) = rows[..n * columns].split_at_mut((i + 1) * columns);
        // Those below the diagonal.
        let factors = l.values.get((i + 1) * l.width + i..).unwrap_or_default();
        let scale = 1.0 / l.values[i * l.width + i];
        take_out(simd, done, factors, l.width, scale, &mut before[i * columns..]);
    }
}

/// `row` = `scale` (`row` − Σ factor · other), the factor of other k at `factors[k · stride]`.
#[inline(always)]
fn take_out<S: Simd>(simd: S, others: &[f64], factors: &[f64], stride: usize, scale: f64, row: &mut [f64]) {
    let width = S::f64s::LEN;
    let columns = row.len();
    let mut at = 0;
    while columns - at >= VECTORS * width {
        take_out_vectors::<S, VECTORS>(simd, others, factors, stride, scale, at, row);
        at += VECTORS * width;
    }
    while columns - at >= width {
        take_out_vectors::<S, 1>(simd, others, factors, stride, scale, at, row);
        at += width;
    }
    for c in at..columns {
        for k in 0..others.len() / columns {
            row[c] -= factors[k * stride] * others[k * columns + c];
        }
        row[c] *= scale;
    }
}

#[inline(always)]
fn take_out_vectors<S: Simd, const V: usize>(
    simd: S,
    others: &[f64],
    factors: &[f64],
    stride: usize,
    scale: f64,
    at: usize,
    row: &mut [f64],
) {
    let width = S::f64s::LEN;
    let columns = row.len();
    let row = &mut row[at..at + V * width];
    let mut sums = [S::f64s::splat(simd, 0.0); V];
    for v in 0..V {
        sums[v] = S::f64s::from_slice(simd, &row[v * width..(v + 1) * width]);
    }
    // Plain indices: a call within the loop, of an iterator that is not inlined, would spill the sums.
    for k in 0..others.len() / columns {
        let other = &others[k * columns + at..k * columns + at + V * width];
        let factor = S::f64s::splat(simd, -factors[k * stride]);
        for v in 0..V {
            let x = S::f64s::from_slice(simd, &other[v * width..(v + 1) * width]);
            sums[v] = x.mul_add(factor, sums[v]);
        }
    }
    let scale = S::f64s::splat(simd, scale);
    for v in 0..V {
        (sums[v] * scale).store_slice(&mut row[v * width..(v + 1) * width]);
    }
}
