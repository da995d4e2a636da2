//! Kernels on columns: all samples of a symbol at once.
//!
//! Most bodies are plain loops without branches: compiled inside a dispatched context they vectorize at its width.

use super::Level;
use fearless_simd::{dispatch, prelude::*};

/// `output[k · width + p] += table[rows[k] · width + p]`, over the shorter of the two.
pub fn add_rows(level: Level, table: &[f32], width: usize, rows: &[u32], output: &mut [f32]) {
    dispatch!(level.inner, _simd => add_rows_body(table, width, rows, output));
}

#[inline(always)]
fn add_rows_body(table: &[f32], width: usize, rows: &[u32], output: &mut [f32]) {
    for (y, row) in output.chunks_exact_mut(width).zip(rows) {
        for (y, t) in y.iter_mut().zip(&table[*row as usize * width..][..width]) {
            *y += t;
        }
    }
}

/// `output[n] += Σ taps[i] · input[n + (taps − 1 − i) · stride]`: the same FIR on every phase of interleaved samples. The
/// input holds `taps` − 1 columns more than the output.
pub fn strided_fir_add(level: Level, input: &[f32], taps: &[f32], stride: usize, output: &mut [f32]) {
    dispatch!(level.inner, simd => strided_fir_body(simd, input, taps, stride, output));
}

/// Vectors of a tile, whose sums stay in registers over all taps.
const VECTORS: usize = 8;

#[inline(always)]
fn strided_fir_body<S: Simd>(simd: S, input: &[f32], taps: &[f32], stride: usize, output: &mut [f32]) {
    let width = S::f32s::LEN;
    let tile = VECTORS * width;
    let mut at = 0;
    let mut tiles = output.chunks_exact_mut(tile);
    for output in tiles.by_ref() {
        let mut sums = [S::f32s::splat(simd, 0.0); VECTORS];
        for v in 0..VECTORS {
            sums[v] = S::f32s::from_slice(simd, &output[v * width..(v + 1) * width]);
        }
        for (i, tap) in taps.iter().rev().enumerate() {
            let x = &input[at + i * stride..][..tile];
            let tap = S::f32s::splat(simd, *tap);
            for v in 0..VECTORS {
                sums[v] = S::f32s::from_slice(simd, &x[v * width..(v + 1) * width]).mul_add(tap, sums[v]);
            }
        }
        for v in 0..VECTORS {
            sums[v].store_slice(&mut output[v * width..(v + 1) * width]);
        }
        at += tile;
    }
    for (n, y) in (at..).zip(tiles.into_remainder()) {
        for (i, tap) in taps.iter().rev().enumerate() {
            *y += tap * input[n + i * stride];
        }
    }
}

/// `output[k · width + p]` is the sample at position `at[k].0 + at[k].1 + p`, the second part below 1, by third-order
/// interpolation between those of `samples`: it reads from one before the first to two after the last.
pub fn interpolate(level: Level, samples: &[f32], at: &[(usize, f32)], width: usize, output: &mut [f32]) {
    dispatch!(level.inner, _simd => interpolate_body(samples, at, width, output));
}

#[inline(always)]
fn interpolate_body(samples: &[f32], at: &[(usize, f32)], width: usize, output: &mut [f32]) {
    for (y, (whole, part)) in output.chunks_exact_mut(width).zip(at) {
        let [a, b, c, d] = lagrange(*part);
        let w = &samples[whole - 1..whole + width + 2];
        for (p, y) in y.iter_mut().enumerate() {
            *y = a * w[p] + b * w[p + 1] + c * w[p + 2] + d * w[p + 3];
        }
    }
}

/// Weights of the samples at −1, 0, 1, 2 for the value at `x`: third-order Lagrange interpolation.
#[inline(always)]
pub fn lagrange(x: f32) -> [f32; 4] {
    let (l, r, s) = (x + 1.0, x - 1.0, x - 2.0);
    [-x * r * s / 6.0, l * r * s / 2.0, -l * x * s / 2.0, l * x * r / 6.0]
}

/// `values[n] = step (⌊values[n]/step⌋ + 1/2)`, kept within ±`top`.
pub fn quantize(level: Level, step: f32, top: f32, values: &mut [f32]) {
    dispatch!(level.inner, _simd => quantize_body(step, top, values));
}

#[inline(always)]
fn quantize_body(step: f32, top: f32, values: &mut [f32]) {
    let inverse = 1.0 / step;
    for v in values {
        *v = (step * ((*v * inverse).floor() + 0.5)).clamp(-top, top);
    }
}

/// `output[n]` is 1 plus the number of the bin of `values[n]`, ⌊scale · value⌋ + `bins`/2; 0 below the first bin and
/// `bins` + 1 above the last. Over the shorter of the two.
pub fn bins(level: Level, values: &[f32], scale: f32, bins: u16, output: &mut [u16]) {
    dispatch!(level.inner, simd => bins_body(simd, values, scale, bins, output));
}

#[inline(always)]
fn bins_body<S: Simd>(simd: S, values: &[f32], scale: f32, bins: u16, output: &mut [u16]) {
    let (offset, top, width) = (f32::from(bins / 2) + 1.0, f32::from(bins) + 1.0, S::f32s::LEN);
    // A cast that saturates does not become vector code.
    for (n, v) in output.chunks_exact_mut(width).zip(values.chunks_exact(width)) {
        let bin = (S::f32s::from_slice(simd, v) * scale + offset).max(0.0).min(top).to_int::<S::i32s>();
        n.iter_mut().zip(bin.as_slice()).for_each(|(n, bin)| *n = *bin as u16);
    }
    let at = output.len().min(values.len()) / width * width;
    for (n, v) in output[at..].iter_mut().zip(&values[at..]) {
        *n = (v * scale + offset).clamp(0.0, top) as i32 as u16;
    }
}

/// Bits of a place below its bin.
pub const PLACE_BITS: u32 = 19;

/// `output[n]` is the place of `values[n]` among bins, ⌊2^19 · scale · (value − low)⌋ kept within whole bins 0 to `last`: the
/// bin stands above the lowest [`PLACE_BITS`] bits, which are how much of the way to the next bin is gone. Over the shorter
/// of the two; `last` is below 4096.
///
/// ```
/// use lightlane::simd::{Level, PLACE_BITS, places};
/// let mut output = [0; 3];
/// places(Level::detect()?, &[-9.0, 0.375, 9.0], -1.0, 2.0, 7, &mut output);
/// assert_eq!(output.map(|p| p >> PLACE_BITS), [0, 2, 7]);
/// assert_eq!(output[1] & ((1 << PLACE_BITS) - 1), (0.75 * f64::from(1 << PLACE_BITS)) as i32);
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn places(level: Level, values: &[f32], low: f32, scale: f32, last: u16, output: &mut [i32]) {
    dispatch!(level.inner, simd => places_body(simd, values, low, scale, last, output));
}

#[inline(always)]
fn places_body<S: Simd>(simd: S, values: &[f32], low: f32, scale: f32, last: u16, output: &mut [i32]) {
    let width = S::f32s::LEN;
    let (unit, top) = ((1 << PLACE_BITS) as f32, f32::from(last));
    let n = values.len().min(output.len());
    let (mut vs, mut ps) = (values[..n].chunks_exact(width), output[..n].chunks_exact_mut(width));
    for (v, p) in vs.by_ref().zip(ps.by_ref()) {
        let at = (S::f32s::from_slice(simd, v) - S::f32s::splat(simd, low)) * S::f32s::splat(simd, scale);
        // Explicitly, because a conversion in plain Rust also looks after numbers that no integer holds. What is not a
        // number goes to the first bin.
        let kept = at.max_precise(S::f32s::splat(simd, 0.0)).min(S::f32s::splat(simd, top));
        (kept * S::f32s::splat(simd, unit)).to_int::<S::i32s>().store_slice(p);
    }
    for (v, p) in vs.remainder().iter().zip(ps.into_remainder()) {
        *p = (((v - low) * scale).max(0.0).min(top) * unit) as i32;
    }
}
