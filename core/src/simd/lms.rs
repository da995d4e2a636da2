//! One stream of LMS, every symbol.
//!
//! ```text
//! z_k = c_k·r_k − d_k·a_k     g_k = step (z_k − level_k)     c_(k+1) = c_k − g_k r_k     d_(k+1) = d_k + g_k a_k
//! c_(k+1)·r_(k+1) = c_k·r_(k+1) − g_k r_k·r_(k+1)
//! ```
//!
//! A stream waits for its own decisions. By the second line the sums over the taps are made while the decision before is
//! still open, so that a symbol waits for a product and the slicer, not for a sum over all taps.

use super::Level;
use fearless_simd::{dispatch, f64x8, prelude::*};

/// Taps and step of an equalizer, the oldest sample's tap first.
#[derive(Debug)]
pub struct LmsTaps<'a> {
    /// Step size.
    pub step: f64,
    /// FFE.
    pub ffe: &'a mut [f64],
    /// DFE.
    pub dfe: &'a mut [f64],
}

/// Equalizes as many symbols as `soft` holds: `soft` becomes the slicer's input, `decisions` the slicer's own.
///
/// `samples` begins one less than the FFE has taps before the newest sample of the first symbol. `levels` holds those of
/// the symbols before, as many as the DFE has taps, then room for the block's; the level of a symbol is that of `known`
/// while it lasts, else that of its decision. PAM4 of levels −1, −1/3, 1/3, 1.
///
/// # Panics
/// For slices too short for that: a caller's bug.
pub fn lms(
    level: Level,
    taps: &mut LmsTaps<'_>,
    samples: &[f64],
    known: &[u8],
    levels: &mut [f64],
    soft: &mut [f64],
    decisions: &mut [u8],
) {
    let LmsTaps { step, ffe, dfe } = taps;
    let n = soft.len();
    assert!(samples.len() + 1 >= n + ffe.len() && decisions.len() >= n, "samples for every symbol");
    assert!(levels.len() >= n + dfe.len(), "room for every level");
    dispatch!(level.inner, simd => body(simd, *step, ffe, dfe, samples, known, levels, soft, decisions));
}

#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "those of the kernel, taken apart")]
fn body<S: Simd>(
    simd: S,
    step: f64,
    c: &mut [f64],
    d: &mut [f64],
    r: &[f64],
    known: &[u8],
    a: &mut [f64],
    soft: &mut [f64],
    decisions: &mut [u8],
) {
    const LEVELS: [f64; 4] = [-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0];
    let (n, m, count) = (c.len(), d.len(), soft.len());
    if count == 0 {
        return;
    }
    let mut filtered = dot(simd, c, &r[..n]);
    for k in 0..count {
        let now = &r[k..k + n];
        let next = if k + 1 < count { &r[k + 1..k + 1 + n] } else { now };
        let (ahead, overlap) = (dot(simd, c, next), dot(simd, now, next));
        let mut z = filtered;
        for (d, a) in d.iter().zip(&a[k..k + m]) {
            z -= d * a;
        }
        let v = 1.5 * z + 2.0;
        let s = u8::from(v >= 1.0) + u8::from(v >= 2.0) + u8::from(v >= 3.0);
        let level = LEVELS[usize::from(known.get(k).copied().unwrap_or(s)) & 3];
        let g = step * (z - level);
        filtered = ahead - g * overlap;
        let step = f64x8::splat(simd, -g);
        let (mut cs, rs) = (c.chunks_exact_mut(LANES), now.chunks_exact(LANES));
        let rest = rs.remainder();
        for (c, r) in cs.by_ref().zip(rs) {
            f64x8::from_slice(simd, r).mul_add(step, f64x8::from_slice(simd, c)).store_slice(c);
        }
        for (c, r) in cs.into_remainder().iter_mut().zip(rest) {
            *c -= g * r;
        }
        for (d, a) in d.iter_mut().zip(&a[k..k + m]) {
            *d += g * a;
        }
        a[k + m] = level;
        soft[k] = z;
        decisions[k] = s;
    }
}

/// Σ x y in eight sums, so that the additions do not wait for one another.
#[inline(always)]
fn dot<S: Simd>(simd: S, x: &[f64], y: &[f64]) -> f64 {
    let (xs, ys) = (x.chunks_exact(LANES), y[..x.len()].chunks_exact(LANES));
    let mut rest = 0.0;
    for (x, y) in xs.remainder().iter().zip(ys.remainder()) {
        rest += x * y;
    }
    let mut sums = f64x8::splat(simd, 0.0);
    for (x, y) in xs.zip(ys) {
        sums = f64x8::from_slice(simd, x).mul_add(f64x8::from_slice(simd, y), sums);
    }
    let sums = sums.as_slice();
    let four: [f64; 4] = std::array::from_fn(|i| sums[i] + sums[i + 4]);
    (four[0] + four[2]) + (four[1] + four[3]) + rest
}

const LANES: usize = 8;
