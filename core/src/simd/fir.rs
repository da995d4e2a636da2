//! Finite impulse response over a block.

use super::Level;
use fearless_simd::{dispatch, f32x4, prelude::*};

/// Adds a convolution to `output`: `output[n] += Σ_i taps[i] · input[n + taps.len() − 1 − i]`.
///
/// `input` is the block preceded by its history, so it is at least `output.len() + taps.len() − 1` long. Each output
/// is summed in one order of the taps whatever its place in the block, so a result does not depend on where blocks
/// begin; the order follows the vector width. No taps add nothing.
///
/// # Panics
/// When `input` is too short: a caller's bug.
pub fn fir_add(level: Level, input: &[f32], taps: &[f32], output: &mut [f32]) {
    if taps.is_empty() || output.is_empty() {
        return;
    }
    assert!(input.len() >= output.len() + taps.len() - 1, "the input of a FIR must hold its history");
    dispatch!(level.inner, simd => body(simd, input, taps, output));
}

/// Vectors of outputs that stay in registers while the taps pass over them: enough to hide the latency of the
/// multiply-add, and with four taps and a window they fit the sixteen registers of SSE2 and AVX2.
const ROWS: usize = 8;

#[inline(always)]
fn body<S: Simd>(simd: S, input: &[f32], taps: &[f32], output: &mut [f32]) {
    let width = S::f32s::LEN;
    let mut done = 0;
    while output.len() - done >= ROWS * width {
        tile::<S, ROWS>(simd, &input[done..], taps, &mut output[done..done + ROWS * width]);
        done += ROWS * width;
    }
    while output.len() - done >= width {
        tile::<S, 1>(simd, &input[done..], taps, &mut output[done..done + width]);
        done += width;
    }
    if done > 0 && done < output.len() {
        // The last few outputs are the end of a vector whose other lanes are done and are thrown away.
        let first = output.len() - width;
        let mut last = [0.0; MAX_WIDTH];
        let last = &mut last[..width];
        last.copy_from_slice(&output[first..]);
        tile::<S, 1>(simd, &input[first..], taps, last);
        output[done..].copy_from_slice(&last[done - first..]);
    } else {
        for n in done..output.len() {
            output[n] = single(simd, &input[n..], taps, output[n]);
        }
    }
}

/// Most lanes of a vector.
const MAX_WIDTH: usize = 16;

/// `R` vectors of outputs.
///
/// Output n needs input n + j with tap T − 1 − j. Offsets j, j + W, j + 2W, … (W the width) of all rows read the same
/// windows, so a window loaded once serves up to four taps: one load a multiply-add would be the limit otherwise.
#[inline(always)]
fn tile<S: Simd, const R: usize>(simd: S, input: &[f32], taps: &[f32], output: &mut [f32]) {
    let width = S::f32s::LEN;
    let mut sums = [S::f32s::splat(simd, 0.0); R];
    for r in 0..R {
        sums[r] = S::f32s::from_slice(simd, &output[r * width..(r + 1) * width]);
    }
    // Taps left, and how far their windows have moved.
    let mut left = taps;
    let mut at = 0;
    left = groups::<S, R, 4>(simd, input, left, &mut at, &mut sums);
    left = groups::<S, R, 2>(simd, input, left, &mut at, &mut sums);
    left = groups::<S, R, 1>(simd, input, left, &mut at, &mut sums);
    for (j, tap) in left.iter().rev().enumerate() {
        let tap = S::f32s::splat(simd, *tap);
        let window = &input[at + j..at + j + R * width];
        for r in 0..R {
            let x = S::f32s::from_slice(simd, &window[r * width..(r + 1) * width]);
            sums[r] = x.mul_add(tap, sums[r]);
        }
    }
    for r in 0..R {
        sums[r].store_slice(&mut output[r * width..(r + 1) * width]);
    }
}

/// The last taps in groups of `Q` times the width, as many as there are; returns the others.
#[inline(always)]
fn groups<'a, S: Simd, const R: usize, const Q: usize>(
    simd: S,
    input: &[f32],
    taps: &'a [f32],
    at: &mut usize,
    sums: &mut [S::f32s; R],
) -> &'a [f32] {
    let width = S::f32s::LEN;
    let mut left = taps;
    while left.len() >= Q * width {
        let (others, group) = left.split_at(left.len() - Q * width);
        let windows = &input[*at..*at + (R + Q) * width - 1];
        for (p, window) in windows.windows((R + Q - 1) * width).enumerate() {
            let mut tap = [S::f32s::splat(simd, 0.0); Q];
            for q in 0..Q {
                tap[q] = S::f32s::splat(simd, group[(Q - q) * width - 1 - p]);
            }
            for m in 0..R + Q - 1 {
                let x = S::f32s::from_slice(simd, &window[m * width..(m + 1) * width]);
                for q in 0..Q {
                    if m >= q && m - q < R {
                        sums[m - q] = x.mul_add(tap[q], sums[m - q]);
                    }
                }
            }
        }
        *at += Q * width;
        left = others;
    }
    left
}

/// One output by the same instruction in the same order, so that it is rounded as the others are.
#[inline(always)]
fn single<S: Simd>(simd: S, input: &[f32], taps: &[f32], start: f32) -> f32 {
    let width = S::f32s::LEN;
    let mut sum = f32x4::splat(simd, start);
    let mut add = |j: usize| {
        let tap = f32x4::splat(simd, taps[taps.len() - 1 - j]);
        sum = f32x4::splat(simd, input[j]).mul_add(tap, sum);
    };
    let mut at = 0;
    for group in [4, 2, 1] {
        while taps.len() - at >= group * width {
            for p in 0..width {
                (0..group).for_each(|q| add(at + p + q * width));
            }
            at += group * width;
        }
    }
    (at..taps.len()).for_each(&mut add);
    sum.as_slice()[0]
}
