//! The field behind a ring whose detuning varies, vectorized along time.
//!
//! ```text
//! z = −decay + jθ̄    b₁ = e^z b₀ + j into [ φ₁(z) s̄ + (φ₂(z) − φ₁(z)/2)(s₁ − s₀) + j (θ₁ − θ₀)/12 · e^(z/2) (s₀ + s₁)/2 ]
//! out = s + j b
//! ```
//!
//! θ̄ and s̄ are means over the step of the cubic through four samples, (9, 19, −5, 1)/24 of them from the next one
//! back. Only the recursion in b waits for its last result; the coefficients of a block are made side by side before it
//! runs. Sine and cosine are Taylor polynomials on ±π/4, of an error below rounding.

use super::Level;
use fearless_simd::{dispatch, prelude::*};
use num_complex::Complex64;
use std::f64::consts::{FRAC_2_PI, FRAC_PI_2};

/// Samples whose coefficients are made at a time.
pub const RING_BLOCK: usize = 64;

/// π/2 beyond double precision.
const FRAC_PI_2_REST: f64 = 6.123_233_995_736_766e-17;

/// What is constant over the steps of a [`ring`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RingRates {
    /// Decay of the field in a step, g h; above 0.
    pub decay: f64,
    /// Coupling into the ring and out in a step, 2 g_e h.
    pub into: f64,
}

/// Light in front of a ring.
#[derive(Debug, Clone, Copy)]
pub enum RingLight<'a> {
    /// A field of 1.
    Constant,
    /// Real and imaginary parts, arranged as the phases are.
    Varying(&'a [f64], &'a [f64]),
}

/// Fills `out` with the field behind the ring and moves `b` on by as many steps.
///
/// `theta` holds the phase of the detuning in a step, from two samples before that of `out[0]` to one beyond a whole
/// number of blocks, [`ring_window`] in all; a varying light is as long.
///
/// # Panics
/// When the lengths do not fit together: a caller's bug.
pub fn ring(
    level: Level,
    rates: RingRates,
    theta: &[f64],
    light: RingLight<'_>,
    b: &mut Complex64,
    out: &mut [Complex64],
) {
    assert!(theta.len() == ring_window(out.len()), "phases of whole blocks and their neighbours");
    dispatch!(level.inner, simd => match light {
        RingLight::Constant => body::<_, false>(simd, rates, theta, [&[], &[]], b, out),
        RingLight::Varying(re, im) => {
            assert!(re.len() == theta.len() && im.len() == theta.len(), "light as long as the phases");
            body::<_, true>(simd, rates, theta, [re, im], b, out);
        }
    });
}

/// Length of what [`ring`] reads for so many samples.
pub fn ring_window(samples: usize) -> usize {
    samples.next_multiple_of(RING_BLOCK) + 3
}

#[inline(always)]
fn body<S: Simd, const LIT: bool>(
    simd: S,
    rates: RingRates,
    theta: &[f64],
    light: [&[f64]; 2],
    b: &mut Complex64,
    out: &mut [Complex64],
) {
    let [mut whole_re, mut whole_im, mut fed_re, mut fed_im] = [[0.0; RING_BLOCK]; 4];
    let (mut b_re, mut b_im) = (b.re, b.im);
    for (k, out) in out.chunks_mut(RING_BLOCK).enumerate() {
        let from = k * RING_BLOCK;
        let mut i = 0;
        while i < RING_BLOCK {
            let to = i + S::f64s::LEN;
            let [w_re, w_im, f_re, f_im] = coefficients::<S, LIT>(simd, rates, theta, light, from + i);
            w_re.store_slice(&mut whole_re[i..to]);
            w_im.store_slice(&mut whole_im[i..to]);
            f_re.store_slice(&mut fed_re[i..to]);
            f_im.store_slice(&mut fed_im[i..to]);
            i = to;
        }
        for (i, out) in out.iter_mut().enumerate() {
            let (s_re, s_im) =
                if LIT { (light[0][from + i + 2], light[1][from + i + 2]) } else { (1.0, 0.0) };
            *out = Complex64::new(s_re - b_im, s_im + b_re);
            let next_re = (fed_re[i] + whole_re[i] * b_re) - whole_im[i] * b_im;
            b_im = (fed_im[i] + whole_re[i] * b_im) + whole_im[i] * b_re;
            b_re = next_re;
        }
    }
    *b = Complex64::new(b_re, b_im);
}

/// e^z and what the light adds, real and imaginary, of the steps that begin at the third sample from `at` on.
#[inline(always)]
fn coefficients<S: Simd, const LIT: bool>(
    simd: S,
    rates: RingRates,
    theta: &[f64],
    light: [&[f64]; 2],
    at: usize,
) -> [S::f64s; 4] {
    let splat = |v: f64| S::f64s::splat(simd, v);
    let load = |x: &[f64], i: usize| S::f64s::from_slice(simd, &x[at + i..at + i + S::f64s::LEN]);
    // The mean over the step, and the change.
    let step = |x: &[f64]| {
        let (after, before) = (load(x, 3), load(x, 2));
        let older = load(x, 1).mul_add(splat(-5.0), load(x, 0));
        let mean = after.mul_add(splat(9.0), before.mul_add(splat(19.0), older)) * (1.0 / 24.0);
        (mean, after - before)
    };
    let (theta, turn) = step(theta);
    let (cos, sin) = cos_sin(simd, theta * 0.5);
    let half = splat((-0.5 * rates.decay).exp());
    let (half_re, half_im) = (half * cos, half * sin);
    // e^z − 1 without the difference of two close numbers.
    let less_re = (half_im * half_im).mul_add(splat(-2.0), splat((-rates.decay).exp_m1()));
    let whole_im = half_re * half_im * 2.0;
    let whole_re = less_re + splat(1.0);
    // φ₁ = (e^z − 1) z*/|z|².
    let decay = splat(rates.decay);
    let inverse = splat(1.0) / theta.mul_add(theta, splat(rates.decay * rates.decay));
    let phi_re = theta.mul_add(whole_im, -(decay * less_re)) * inverse;
    let phi_im = -(theta.mul_add(less_re, decay * whole_im)) * inverse;
    let bend = turn * (1.0 / 12.0);
    let (bend_re, bend_im) = (-(bend * half_im), bend * half_re);
    let (drive_re, drive_im) = if LIT {
        let ((mean_re, change_re), (mean_im, change_im)) = (step(light[0]), step(light[1]));
        // φ₂ − φ₁/2 = ((φ₁ − 1) z* / |z|²) − φ₁/2; where |z| is small the first terms of its series.
        let away = phi_re - splat(1.0);
        let long_re = theta.mul_add(phi_im, -(decay * away)).mul_add(inverse, phi_re * -0.5);
        let long_im = (-(theta.mul_add(away, decay * phi_im))).mul_add(inverse, phi_im * -0.5);
        let square_re = decay.mul_add(decay, -(theta * theta));
        let square_im = decay * theta * -2.0;
        let short_re = (decay * (1.0 / 12.0)) - square_re * (1.0 / 24.0);
        let short_im = -(theta * (1.0 / 12.0)) - square_im * (1.0 / 24.0);
        // The third term, z³/80, is 1e-11 of what the light adds at most; the quotient keeps as many digits.
        let small = inverse.simd_gt(splat(1e6));
        let (lean_re, lean_im) = (small.select(short_re, long_re), small.select(short_im, long_im));
        // s₀ + s₁ over 2.
        let middle = |x: &[f64]| (load(x, 2) + load(x, 3)) * 0.5;
        let (middle_re, middle_im) = (middle(light[0]), middle(light[1]));
        let product = |(a, b): (S::f64s, S::f64s), (c, d): (S::f64s, S::f64s)| {
            (a.mul_add(c, -(b * d)), a.mul_add(d, b * c))
        };
        let (a_re, a_im) = product((phi_re, phi_im), (mean_re, mean_im));
        let (c_re, c_im) = product((lean_re, lean_im), (change_re, change_im));
        let (d_re, d_im) = product((bend_re, bend_im), (middle_re, middle_im));
        (a_re + c_re + d_re, a_im + c_im + d_im)
    } else {
        (phi_re + bend_re, phi_im + bend_im)
    };
    let into = splat(rates.into);
    [whole_re, whole_im, -(into * drive_im), into * drive_re]
}

/// Cosine and sine of any angle: the nearest quarter turn, and what remains within ±π/4.
#[inline(always)]
fn cos_sin<S: Simd>(simd: S, x: S::f64s) -> (S::f64s, S::f64s) {
    /// Coefficients of (sin x − x)/x³ and (cos x − 1)/x² in x², highest power first.
    const SIN: [f64; 7] = [
        -1.0 / 1_307_674_368_000.0,
        1.0 / 6_227_020_800.0,
        -1.0 / 39_916_800.0,
        1.0 / 362_880.0,
        -1.0 / 5_040.0,
        1.0 / 120.0,
        -1.0 / 6.0,
    ];
    const COS: [f64; 8] = [
        1.0 / 20_922_789_888_000.0,
        -1.0 / 87_178_291_200.0,
        1.0 / 479_001_600.0,
        -1.0 / 3_628_800.0,
        1.0 / 40_320.0,
        -1.0 / 720.0,
        1.0 / 24.0,
        -0.5,
    ];
    let splat = |v: f64| S::f64s::splat(simd, v);
    let turns = x.mul_add(splat(FRAC_2_PI), splat(0.5)).floor();
    let r = turns.mul_add(splat(-FRAC_PI_2_REST), turns.mul_add(splat(-FRAC_PI_2), x));
    let square = r * r;
    let horner = |c: &[f64]| {
        let mut sum = splat(c[0]);
        for v in &c[1..] {
            sum = sum.mul_add(square, splat(*v));
        }
        sum
    };
    let sin = (horner(&SIN) * square).mul_add(r, r);
    let cos = horner(&COS).mul_add(square, splat(1.0));
    // Quarter turns modulo four, in halves: what is odd changes places, what is beyond half a turn changes sign.
    let quarter = turns - (turns * 0.25).floor() * 4.0;
    let upper = (quarter * 0.5).floor();
    let odd = quarter - upper * 2.0;
    let is_odd = odd.simd_gt(splat(0.5));
    let sign_sin = upper.mul_add(splat(-2.0), splat(1.0));
    let sign_cos = sign_sin * odd.mul_add(splat(-2.0), splat(1.0));
    (is_odd.select(sin, cos) * sign_cos, is_odd.select(cos, sin) * sign_sin)
}
