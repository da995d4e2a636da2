//! Sums of products, gathered in double precision.

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

/// Terms that are summed in single precision before they are gathered in double.
const GATHERED: usize = 4096;

/// `r[k] += Σ x[n] y[n + k]`: how `x` correlates with `y` at lags of whole samples. `y` holds `r.len() − 1` samples more than
/// `x`.
///
/// ```
/// use lightlane::simd::{Level, correlate_add};
/// let mut r = [0.0; 2];
/// correlate_add(Level::detect()?, &[1.0, 2.0], &[3.0, 4.0, 5.0], &mut r);
/// assert_eq!(r, [11.0, 14.0]);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Panics
/// When `y` is too short: a caller's bug.
pub fn correlate_add(level: Level, x: &[f32], y: &[f32], r: &mut [f64]) {
    if x.is_empty() || r.is_empty() {
        return;
    }
    assert!(y.len() >= x.len() + r.len() - 1, "a correlation needs a partner of every sample at every lag");
    dispatch!(level.inner, simd => correlate_body(simd, x, y, r));
}

#[inline(always)]
fn correlate_body<S: Simd>(simd: S, x: &[f32], y: &[f32], r: &mut [f64]) {
    for (block, x) in x.chunks(GATHERED).enumerate() {
        let mut y = &y[block * GATHERED..];
        let mut r = &mut *r;
        while r.len() >= LAGS {
            let (now, later) = r.split_at_mut(LAGS);
            correlate_lags::<S, LAGS>(simd, x, y, now);
            (y, r) = (&y[LAGS..], later);
        }
        for (k, r) in r.chunks_mut(1).enumerate() {
            correlate_lags::<S, 1>(simd, x, &y[k..], r);
        }
    }
}

/// `L` lags together.
#[inline(always)]
fn correlate_lags<S: Simd, const L: usize>(simd: S, x: &[f32], y: &[f32], r: &mut [f64]) {
    let width = S::f32s::LEN;
    let whole = x.len() / width * width;
    let mut sums = [S::f32s::splat(simd, 0.0); L];
    for n in (0..whole).step_by(width) {
        let now = S::f32s::from_slice(simd, &x[n..n + width]);
        let later = &y[n..n + width + L - 1];
        for k in 0..L {
            sums[k] = now.mul_add(S::f32s::from_slice(simd, &later[k..k + width]), sums[k]);
        }
    }
    for k in 0..L {
        let rest: f32 = x[whole..].iter().zip(&y[whole + k..]).map(|(x, y)| x * y).sum();
        r[k] += sums[k].as_slice().iter().map(|s| f64::from(*s)).sum::<f64>() + f64::from(rest);
    }
}
