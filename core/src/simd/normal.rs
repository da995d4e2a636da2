//! Random words to standard normals.
//!
//! ```text
//! u = (w₀ + ½) / 2³²    θ = 2π w₁ / 2³²    z₀ = √(−2 ln u) cos θ    z₁ = √(−2 ln u) sin θ      (Box–Muller)
//! ```
//!
//! Logarithm, sine and cosine are minimax polynomials, found by iteratively reweighted least squares (Lawson) on the
//! stated intervals: the errors left are 4e-8 of ln u, 7e-8 of the cosine and 2e-9 of the sine, below the rounding of
//! single precision. Multiplications and additions are fused where the level can, so the last bits of a normal differ
//! between `portable` and the others; its words do not.

use super::Level;
use super::philox::{PHILOX_GROUP, PHILOX_LANES};
use fearless_simd::{dispatch, prelude::*};

/// No normal exceeds this: √(−2 ln 2⁻³³) from 32-bit uniforms. The tail beyond it, 1.4e-11 of the draws, is missing,
/// and the last of the tail is coarse (the second largest radius is 6.60): below an error ratio of 1e-9 a counted
/// error says little, and the statistical engine is the tool.
pub const NORMAL_LIMIT: f64 = 6.764;

/// Number of 32-bit words, a power of two and so exact.
const WORDS: f32 = (1u64 << 32) as f32;

/// A normal for each word, by groups of [`PHILOX_GROUP`]: outputs 0 and 1 of a counter make one pair, 2 and 3 another.
///
/// # Panics
/// When the lengths differ or are not whole groups: a caller's bug.
pub fn normals(level: Level, words: &[u32], output: &mut [f32]) {
    assert!(
        words.len() == output.len() && words.len().is_multiple_of(PHILOX_GROUP),
        "normals come in whole groups"
    );
    dispatch!(level.inner, simd => body(simd, words, output));
}

/// Vectors at a time: their chains of dependent operations fill each other's gaps, and they share constants.
const TOGETHER: usize = 4;

#[inline(always)]
fn body<S: Simd>(simd: S, words: &[u32], output: &mut [f32]) {
    let pairs = words.chunks_exact(2 * PHILOX_LANES).zip(output.chunks_exact_mut(2 * PHILOX_LANES));
    for (words, output) in pairs {
        let (w0, w1) = words.split_at(PHILOX_LANES);
        let (z0, z1) = output.split_at_mut(PHILOX_LANES);
        let width = S::f32s::LEN;
        let words = w0.chunks_exact(TOGETHER * width).zip(w1.chunks_exact(TOGETHER * width));
        let normals = z0.chunks_exact_mut(TOGETHER * width).zip(z1.chunks_exact_mut(TOGETHER * width));
        for ((w0, w1), (z0, z1)) in words.zip(normals) {
            let load =
                |words: &[u32], i: usize| S::u32s::from_slice(simd, &words[i * width..(i + 1) * width]);
            let radius: [S::f32s; TOGETHER] = std::array::from_fn(|i| radius(simd, load(w0, i)));
            let turned: [_; TOGETHER] = std::array::from_fn(|i| cos_sin(simd, load(w1, i)));
            for i in 0..TOGETHER {
                let (cos, sin) = turned[i];
                (radius[i] * cos).store_slice(&mut z0[i * width..(i + 1) * width]);
                (radius[i] * sin).store_slice(&mut z1[i * width..(i + 1) * width]);
            }
        }
    }
}

/// √(−2 ln u).
#[inline(always)]
fn radius<S: Simd>(simd: S, word: S::u32s) -> S::f32s {
    /// Coefficients of −2 (ln(1 + m) − m) / m² for √½ − 1 ≤ m ≤ √2 − 1, lowest power first.
    const LN: [f32; 7] =
        [1.000_011_7, -0.666_705_2, 0.499_229_3, -0.397_765_55, 0.346_519_9, -0.326_712_83, 0.200_692_3];
    /// Bits of √½: subtracting them before the exponent is taken centres the mantissa on 1.
    const HALF_ROOT: u32 = 0x3F35_04F3;
    let splat = |value: f32| S::f32s::splat(simd, value);
    let uniform = word.to_float::<S::f32s>().mul_add(splat(1.0 / WORDS), splat(0.5 / WORDS));
    let shifted: S::u32s = uniform.bitcast::<S::u32s>() - S::u32s::splat(simd, HALF_ROOT);
    let exponent: S::i32s = shifted.bitcast::<S::i32s>() >> 23;
    let mantissa = (shifted & 0x007F_FFFF) + S::u32s::splat(simd, HALF_ROOT);
    let m: S::f32s = mantissa.bitcast::<S::f32s>() - 1.0;
    let square = m * m;
    // Estrin's order: independent products, so that the polynomial is not one chain.
    let pair = |i: usize| m.mul_add(splat(LN[i + 1]), splat(LN[i]));
    let high = square.mul_add(splat(LN[6]), pair(4));
    let p = (square * square).mul_add(high, square.mul_add(pair(2), pair(0)));
    let whole = exponent.to_float::<S::f32s>() * (-2.0 * std::f32::consts::LN_2);
    square.mul_add(p, m.mul_add(splat(-2.0), whole)).sqrt()
}

/// Cosine and sine of the angle w / 2³² turns: the nearest quarter turn, and what remains within ±π/4.
#[inline(always)]
fn cos_sin<S: Simd>(simd: S, word: S::u32s) -> (S::f32s, S::f32s) {
    /// Coefficients of (sin x / x − 1) / x² and of (cos x − 1 + x²/2) / x⁴ in x², highest power first.
    const SIN: [f32; 3] = [-1.949_563_6e-4, 8.331_979e-3, -1.666_665e-1];
    const COS: [f32; 2] = [-1.365_245e-3, 4.166_128e-2];
    const SIGN: u32 = 0x8000_0000;
    let splat = |value: f32| S::f32s::splat(simd, value);
    let within: S::i32s = (word << 2).bitcast();
    let x = within.to_float::<S::f32s>() * (std::f32::consts::FRAC_PI_2 / WORDS);
    let square = x * x;
    let odd_terms = square.mul_add(splat(SIN[0]), splat(SIN[1])).mul_add(square, splat(SIN[2]));
    let sin = (odd_terms * square).mul_add(x, x);
    let even_terms = square.mul_add(splat(COS[0]), splat(COS[1])).mul_add(square, splat(-0.5));
    let cos = even_terms.mul_add(square, splat(1.0));
    // Nearest quarter turn, in the two highest bits.
    let quarter = word + S::u32s::splat(simd, 0x2000_0000);
    let odd = (quarter & 0x4000_0000).simd_eq(S::u32s::splat(simd, 0x4000_0000));
    let (c, s) = (odd.select(sin, cos), odd.select(cos, sin));
    let cos_sign = (quarter ^ (quarter << 1)) & SIGN;
    let sin_sign = quarter & SIGN;
    ((c.bitcast::<S::u32s>() ^ cos_sign).bitcast(), (s.bitcast::<S::u32s>() ^ sin_sign).bitcast())
}
