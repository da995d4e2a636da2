//! Finite impulse response over a block.

use super::Level;
use fearless_simd::{dispatch, f32x4, prelude::*};

/// Adds a convolution to `output`: `output[n] += Σ_i taps[i] · input[n + taps.len() − 1 − i]`.
///
/// `input` is the block preceded by its history, so it is at least `output.len() + taps.len() − 1` long. Each output
/// is summed in the order of the taps whatever its place in the block, so a result does not depend on where blocks
/// begin. No taps add nothing.
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

/// Output-stationary: a tile of outputs stays in registers while the taps pass over it. Eight vectors hide the
/// latency of the multiply-add; smaller tiles finish the block with the same arithmetic.
#[inline(always)]
fn body<S: Simd>(simd: S, input: &[f32], taps: &[f32], output: &mut [f32]) {
    let mut done = 0;
    tiles::<S, 8>(simd, input, taps, output, &mut done);
    tiles::<S, 2>(simd, input, taps, output, &mut done);
    tiles::<S, 1>(simd, input, taps, output, &mut done);
    for n in done..output.len() {
        // One lane of the same instruction, so that the last few outputs are rounded as the others are.
        let mut sum = f32x4::splat(simd, output[n]);
        for (tap, x) in taps.iter().zip(input[n..n + taps.len()].iter().rev()) {
            sum = f32x4::splat(simd, *x).mul_add(f32x4::splat(simd, *tap), sum);
        }
        output[n] = sum.as_slice()[0];
    }
}

#[inline(always)]
fn tiles<S: Simd, const R: usize>(
    simd: S,
    input: &[f32],
    taps: &[f32],
    output: &mut [f32],
    done: &mut usize,
) {
    let width = S::f32s::LEN;
    let tile = R * width;
    while output.len() - *done >= tile {
        let rows = &mut output[*done..*done + tile];
        let mut sums = [S::f32s::splat(simd, 0.0); R];
        for r in 0..R {
            sums[r] = S::f32s::from_slice(simd, &rows[r * width..(r + 1) * width]);
        }
        let history = &input[*done..*done + tile + taps.len() - 1];
        for (tap, window) in taps.iter().zip(history.windows(tile).rev()) {
            let tap = S::f32s::splat(simd, *tap);
            for r in 0..R {
                let x = S::f32s::from_slice(simd, &window[r * width..(r + 1) * width]);
                sums[r] = x.mul_add(tap, sums[r]);
            }
        }
        for r in 0..R {
            sums[r].store_slice(&mut rows[r * width..(r + 1) * width]);
        }
        *done += tile;
    }
}
