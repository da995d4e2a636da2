//! Sums of products in double precision.

use super::Level;
use fearless_simd::{dispatch, prelude::*};

/// Σ x y over the shorter of the two, in eight running sums, so that none waits for one adder. Not dispatched: for rows
/// too short to be worth it.
pub(crate) fn dot(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len().min(y.len());
    let mut sums = [0.0; 8];
    let (xs, ys) = (x[..n].chunks_exact(8), y[..n].chunks_exact(8));
    let rest: f64 = xs.remainder().iter().zip(ys.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in xs.zip(ys) {
        for i in 0..8 {
            sums[i] += x[i] * y[i];
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// Lags whose sums are made together: a sample is loaded once for all of them.
const LAGS: usize = 8;

/// `r[k]` = Σ `x[n] x[n + k]`, 0 from the length of `x` on.
///
/// ```
/// use lightlane::simd::{Level, autocorrelate};
/// let mut r = [0.0; 4];
/// autocorrelate(Level::detect()?, &[1.0, 2.0, 3.0], &mut r);
/// assert_eq!(r, [14.0, 8.0, 3.0, 0.0]);
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn autocorrelate(level: Level, x: &[f64], r: &mut [f64]) {
    dispatch!(level.inner, simd => body(simd, x, r));
}

#[inline(always)]
fn body<S: Simd>(simd: S, x: &[f64], r: &mut [f64]) {
    let width = S::f64s::LEN;
    for (block, r) in r.chunks_mut(LAGS).enumerate() {
        let first = block * LAGS;
        // Samples that have a partner at every lag of the block, in whole vectors.
        let whole = x.len().saturating_sub(first + LAGS - 1) / width * width;
        let mut sums = [S::f64s::splat(simd, 0.0); LAGS];
        for n in (0..whole).step_by(width) {
            let now = S::f64s::from_slice(simd, &x[n..n + width]);
            let later = &x[n + first..n + first + width + LAGS - 1];
            for k in 0..LAGS {
                sums[k] = now.mul_add(S::f64s::from_slice(simd, &later[k..k + width]), sums[k]);
            }
        }
        for (k, r) in r.iter_mut().enumerate() {
            let rest = x.get(first + k + whole..).unwrap_or_default();
            *r = sums[k].as_slice().iter().sum::<f64>() + dot(&x[whole.min(x.len())..], rest);
        }
    }
}
