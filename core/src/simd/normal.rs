//! Random words to standard normals.
//!
//! ```text
//! u = (w₀ + ½) / 2³²    θ = 2π w₁ / 2³²    z₀ = √(−2 ln u) cos θ    z₁ = √(−2 ln u) sin θ      (Box–Muller)
//! ```
//!
//! Logarithm, sine and cosine are the polynomials of S. L. Moshier's Cephes library (single precision, errors of a few
//! 1e-7). Only IEEE operations are used and none is fused, so that a normal is the same number at every level.

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

#[inline(always)]
fn body<S: Simd>(simd: S, words: &[u32], output: &mut [f32]) {
    let pairs = words.chunks_exact(2 * PHILOX_LANES).zip(output.chunks_exact_mut(2 * PHILOX_LANES));
    for (words, output) in pairs {
        let (w0, w1) = words.split_at(PHILOX_LANES);
        let (z0, z1) = output.split_at_mut(PHILOX_LANES);
        let width = S::f32s::LEN;
        let words = w0.chunks_exact(width).zip(w1.chunks_exact(width));
        let normals = z0.chunks_exact_mut(width).zip(z1.chunks_exact_mut(width));
        for ((w0, w1), (z0, z1)) in words.zip(normals) {
            let radius = radius(simd, S::u32s::from_slice(simd, w0));
            let (cos, sin) = cos_sin(simd, S::u32s::from_slice(simd, w1));
            (radius * cos).store_slice(z0);
            (radius * sin).store_slice(z1);
        }
    }
}

/// √(−2 ln u).
#[inline(always)]
fn radius<S: Simd>(simd: S, word: S::u32s) -> S::f32s {
    /// Coefficients of (ln(1 + m) − m + m²/2) / m³ for √½ − 1 ≤ m ≤ √2 − 1, highest power first.
    const LN: [f32; 9] = [
        7.037_683_6e-2,
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_8e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333e-1,
    ];
    /// Bits of √½: subtracting them before the exponent is taken centres the mantissa on 1.
    const HALF_ROOT: u32 = 0x3F35_04F3;
    let uniform: S::f32s = (word.to_float::<S::f32s>() + 0.5) * (1.0 / WORDS);
    let shifted: S::u32s = uniform.bitcast::<S::u32s>() - S::u32s::splat(simd, HALF_ROOT);
    let exponent: S::i32s = shifted.bitcast::<S::i32s>() >> 23;
    let mantissa = (shifted & 0x007F_FFFF) + S::u32s::splat(simd, HALF_ROOT);
    let m: S::f32s = mantissa.bitcast::<S::f32s>() - 1.0;
    let square = m * m;
    // Estrin's order: independent products, so that the polynomial is not a chain of sixteen operations.
    let pair = |i: usize| m * LN[i] + LN[i + 1];
    let fourth = square * square;
    let low = pair(5) * square + pair(7);
    let high = pair(1) * square + pair(3);
    let p = (fourth * LN[0] + high) * fourth + low;
    let ln = m + (p * m * square - square * 0.5) + exponent.to_float::<S::f32s>() * std::f32::consts::LN_2;
    (ln * -2.0).sqrt()
}

/// Cosine and sine of the angle w / 2³² turns: the nearest quarter turn, and what
/// remains within ±π/4.
#[inline(always)]
fn cos_sin<S: Simd>(simd: S, word: S::u32s) -> (S::f32s, S::f32s) {
    const SIN: [f32; 3] = [-1.951_529_6e-4, 8.332_161e-3, -1.666_665_5e-1];
    const COS: [f32; 3] = [2.443_315_7e-5, -1.388_731_6e-3, 4.166_664_6e-2];
    const SIGN: u32 = 0x8000_0000;
    let within: S::i32s = (word << 2).bitcast();
    let x = within.to_float::<S::f32s>() * (std::f32::consts::FRAC_PI_2 / WORDS);
    let square = x * x;
    let sin = ((square * SIN[0] + SIN[1]) * square + SIN[2]) * square * x + x;
    let cos = ((square * COS[0] + COS[1]) * square + COS[2]) * square * square - square * 0.5 + 1.0;
    // Nearest quarter turn, in the two highest bits.
    let quarter = word + S::u32s::splat(simd, 0x2000_0000);
    let odd = (quarter & 0x4000_0000).simd_eq(S::u32s::splat(simd, 0x4000_0000));
    let (c, s) = (odd.select(sin, cos), odd.select(cos, sin));
    let cos_sign = (quarter ^ (quarter << 1)) & SIGN;
    let sin_sign = quarter & SIGN;
    ((c.bitcast::<S::u32s>() ^ cos_sign).bitcast(), (s.bitcast::<S::u32s>() ^ sin_sign).bitcast())
}
