//! One stream of LMS, every symbol.
//!
//! ```text
//! z_k = c_k·r_k − d_k·a_k     g_k = step (z_k − level_k)     c_(k+1) = c_k − g_k r_k     d_(k+1) = d_k + g_k a_k
//! c_(k+1)·r_(k+1) = c_k·r_(k+1) − g_k r_k·r_(k+1)
//! ```
//!
//! A stream waits for its own decisions. By the second line the sums over the taps are made while the decision before is
//! still open, so that a symbol waits for a product and the slicer, not for a sum over all taps. With one tap of
//! feedback the product is all that is left,
//!
//! ```text
//! z_(k+1) = p − e_k q     e_k = z_k − a_k     p = c_k·r_(k+1) − d_k a_k     q = step (r_k·r_(k+1) + a_(k−1) a_k)
//! ```

use super::Level;
use fearless_simd::{dispatch, f64x4, f64x8, prelude::*};

/// The levels of the alphabet.
const LEVELS: [f64; 4] = [-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0];

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
    let rest = Rest { known, levels, soft, decisions };
    // Usual lengths have an instance whose taps stay in registers.
    dispatch!(level.inner, simd => match (ffe.len(), dfe.len()) {
        (8, 1) => in_registers::<_, 2>(simd, *step, ffe, dfe, samples, rest),
        (16, 1) => in_registers::<_, 4>(simd, *step, ffe, dfe, samples, rest),
        (24, 1) => in_registers::<_, 6>(simd, *step, ffe, dfe, samples, rest),
        _ => body(simd, *step, ffe, dfe, samples, rest),
    });
}

/// What belongs to the symbols of a call.
struct Rest<'a> {
    known: &'a [u8],
    levels: &'a mut [f64],
    soft: &'a mut [f64],
    decisions: &'a mut [u8],
}

impl Rest<'_> {
    /// Decision and level of symbol `k`, whose slicer input is `z`.
    #[inline(always)]
    fn decide(&mut self, k: usize, z: f64) -> f64 {
        let s = slice(1.5 * z + 2.0);
        self.soft[k] = z;
        self.decisions[k] = s;
        LEVELS[usize::from(self.known.get(k).copied().unwrap_or(s)) & 3]
    }
}

/// The symbol of v = 1.5 z + 2.
#[inline(always)]
fn slice(v: f64) -> u8 {
    u8::from(v >= 1.0) + u8::from(v >= 2.0) + u8::from(v >= 3.0)
}

/// The one of four values, by ascending symbol, that belongs to v = 1.5 z + 2.
#[inline(always)]
fn pick<S: Simd>(v: f64x4<S>, [a, b, c, d]: [f64x4<S>; 4]) -> f64x4<S> {
    let (low, high) = (v.simd_ge(1.0).select(b, a), v.simd_ge(3.0).select(d, c));
    v.simd_ge(2.0).select(high, low)
}

#[inline(always)]
fn body<S: Simd>(simd: S, step: f64, c: &mut [f64], d: &mut [f64], r: &[f64], mut rest: Rest<'_>) {
    let (n, m, count) = (c.len(), d.len(), rest.soft.len());
    if count == 0 {
        return;
    }
    let mut filtered = dot(simd, c, &r[..n]);
    for k in 0..count {
        let now = &r[k..k + n];
        let next = if k + 1 < count { &r[k + 1..k + 1 + n] } else { now };
        let (ahead, overlap) = (dot(simd, c, next), dot(simd, now, next));
        let mut z = filtered;
        for (d, a) in d.iter().zip(&rest.levels[k..k + m]) {
            z -= d * a;
        }
        let level = rest.decide(k, z);
        let g = step * (z - level);
        filtered = ahead - g * overlap;
        add(simd, -g, now, c);
        for (d, a) in d.iter_mut().zip(&rest.levels[k..k + m]) {
            *d += g * a;
        }
        rest.levels[k + m] = level;
    }
}

/// The same for 4 `V` taps and one of feedback. What a symbol waits for stays in vectors, the same in every lane.
#[inline(always)]
fn in_registers<S: Simd, const V: usize>(
    simd: S,
    step: f64,
    ffe: &mut [f64],
    dfe: &mut [f64],
    r: &[f64],
    rest: Rest<'_>,
) {
    let Rest { known, levels, soft, decisions } = rest;
    let count = soft.len();
    if count == 0 {
        return;
    }
    let splat = |x: f64| f64x4::splat(simd, x);
    let load = |x: &[f64]| -> [f64x4<S>; V] {
        std::array::from_fn(|i| f64x4::from_slice(simd, &x[4 * i..4 * (i + 1)]))
    };
    let (scale, offset, minus_step) = (splat(1.5), splat(2.0), splat(-step));
    let alphabet = LEVELS.map(splat);
    let (mut c, mut d, mut before) = (load(ffe), splat(dfe[0]), splat(levels[0]));
    let mut now = load(r);
    let mut z = (-d).mul_add(before, dot_all(simd, &c, &now));
    let mut v = z.mul_add(scale, offset);
    for k in 0..count {
        let next = if k + 1 < count { load(&r[k + 1..]) } else { now };
        let (ahead, overlap) = (dot_all(simd, &c, &next), dot_all(simd, &now, &next));
        // The errors of all four levels are there as soon as the decision is.
        let (level, error) = match known.get(k) {
            Some(s) => {
                let level = alphabet[usize::from(*s) & 3];
                (level, z - level)
            }
            None => (pick(v, alphabet), pick(v, alphabet.map(|level| z - level))),
        };
        (soft[k], decisions[k], levels[k + 1]) =
            (z.as_slice()[0], slice(v.as_slice()[0]), level.as_slice()[0]);
        let minus_g = error * minus_step;
        let p = (-d).mul_add(level, ahead);
        let q = before.mul_add(level, overlap) * minus_step;
        for i in 0..V {
            c[i] = now[i].mul_add(minus_g, c[i]);
        }
        d -= minus_g * before;
        z = q.mul_add(error, p);
        // Not of z, which would be waited for.
        v = (q * scale).mul_add(error, p.mul_add(scale, offset));
        (before, now) = (level, next);
    }
    for (i, c) in c.iter().enumerate() {
        c.store_slice(&mut ffe[4 * i..4 * (i + 1)]);
    }
    dfe[0] = d.as_slice()[0];
}

/// Σ x y in every lane.
#[inline(always)]
fn dot_all<S: Simd, const V: usize>(simd: S, x: &[f64x4<S>; V], y: &[f64x4<S>; V]) -> f64x4<S> {
    let mut sums = [f64x4::splat(simd, 0.0); 2];
    for i in 0..V {
        sums[i % 2] = x[i].mul_add(y[i], sums[i % 2]);
    }
    let four = sums[0] + sums[1];
    let two = four + four.slide::<2>(four);
    two + two.slide_within_blocks::<1>(two)
}

/// c += a x.
#[inline(always)]
fn add<S: Simd>(simd: S, a: f64, x: &[f64], c: &mut [f64]) {
    let factor = f64x8::splat(simd, a);
    let (mut cs, xs) = (c.chunks_exact_mut(LANES), x.chunks_exact(LANES));
    let rest = xs.remainder();
    for (c, x) in cs.by_ref().zip(xs) {
        f64x8::from_slice(simd, x).mul_add(factor, f64x8::from_slice(simd, c)).store_slice(c);
    }
    for (c, x) in cs.into_remainder().iter_mut().zip(rest) {
        *c += a * x;
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
    total(sums.as_slice()) + rest
}

#[inline(always)]
fn total(sums: &[f64]) -> f64 {
    let four: [f64; 4] = std::array::from_fn(|i| sums[i] + sums[i + 4]);
    (four[0] + four[2]) + (four[1] + four[3])
}

const LANES: usize = 8;
