//! Kernels that treat each sample on its own.
//!
//! The bodies are plain loops without branches: compiled inside a dispatched context they vectorize at its width.

use super::Level;
use fearless_simd::{dispatch, f32x4, prelude::*};

/// `y[n] += a · x[n]`, over the shorter of the two.
pub fn axpy(level: Level, a: f32, x: &[f32], y: &mut [f32]) {
    dispatch!(level.inner, simd => axpy_body(simd, a, x, y));
}

#[inline(always)]
fn axpy_body<S: Simd>(simd: S, a: f32, x: &[f32], y: &mut [f32]) {
    let width = S::f32s::LEN;
    let factor = S::f32s::splat(simd, a);
    let n = x.len().min(y.len());
    let (mut xs, mut ys) = (x[..n].chunks_exact(width), y[..n].chunks_exact_mut(width));
    for (x, y) in xs.by_ref().zip(ys.by_ref()) {
        let sum = S::f32s::from_slice(simd, x).mul_add(factor, S::f32s::from_slice(simd, y));
        sum.store_slice(y);
    }
    for (x, y) in xs.remainder().iter().zip(ys.into_remainder()) {
        let sum = f32x4::splat(simd, *x).mul_add(f32x4::splat(simd, a), f32x4::splat(simd, *y));
        *y = sum.as_slice()[0];
    }
}

/// `y[n] *= x[n]`, over the shorter of the two.
pub fn multiply(level: Level, x: &[f32], y: &mut [f32]) {
    dispatch!(level.inner, _simd => multiply_body(x, y));
}

#[inline(always)]
fn multiply_body(x: &[f32], y: &mut [f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y *= x;
    }
}

/// `output[n] = table[symbols[n] & 3]`, over the shorter of the two.
pub fn lookup(level: Level, symbols: &[u8], table: &[f32; 4], output: &mut [f32]) {
    dispatch!(level.inner, _simd => lookup_body(symbols, table, output));
}

#[inline(always)]
fn lookup_body(symbols: &[u8], table: &[f32; 4], output: &mut [f32]) {
    // Masks instead of an indexed load, which would become a gather, and of selections, which compare first.
    let [a, b, c, d] = table.map(f32::to_bits);
    for (y, s) in output.iter_mut().zip(symbols) {
        let s = u32::from(*s);
        let odd = (s & 1).wrapping_neg();
        let upper = (s >> 1 & 1).wrapping_neg();
        let (low, high) = (a ^ (a ^ b) & odd, c ^ (c ^ d) & odd);
        *y = f32::from_bits(low ^ (low ^ high) & upper);
    }
}

/// `decisions[n]` is the number of `thresholds` below `x[n]`, over the shorter of the two.
pub fn count_greater(level: Level, x: &[f32], thresholds: &[f32], decisions: &mut [u8]) {
    dispatch!(level.inner, _simd => count_greater_body(x, thresholds, decisions));
}

#[inline(always)]
fn count_greater_body(x: &[f32], thresholds: &[f32], decisions: &mut [u8]) {
    match *thresholds {
        [a, b, c] => {
            for (d, x) in decisions.iter_mut().zip(x) {
                *d = u8::from(*x > a) + u8::from(*x > b) + u8::from(*x > c);
            }
        }
        _ => {
            for (d, x) in decisions.iter_mut().zip(x) {
                *d = thresholds.iter().map(|t| u8::from(x > t)).sum();
            }
        }
    }
}

/// `output[n] = (words[n] >> shift) & mask`, over the shorter of the two.
pub fn unpack(level: Level, words: &[u32], shift: u32, mask: u8, output: &mut [u8]) {
    dispatch!(level.inner, _simd => unpack_body(words, shift, mask, output));
}

#[inline(always)]
fn unpack_body(words: &[u32], shift: u32, mask: u8, output: &mut [u8]) {
    for (y, w) in output.iter_mut().zip(words) {
        *y = (w >> shift) as u8 & mask;
    }
}
