//! From one row a phase to the order of time.

use super::Level;
use fearless_simd::{dispatch, f32x4, prelude::*};

/// Phases interleaved at a time: a cache line of each symbol.
pub(super) const PHASES: usize = 16;
/// Samples between the rows of two phases beyond their symbols: rows a multiple of a page apart would fall into the same
/// few sets of the first-level cache.
pub(super) const PITCH: usize = 16;

/// Writes `phases.1` rows, at most [`PHASES`], `pitch` apart, as the phases from `phases.0` of each symbol.
pub(super) fn interleave(
    level: Level,
    rows: &[f32],
    pitch: usize,
    phases: (usize, usize),
    sps: usize,
    waveform: &mut [f32],
) {
    dispatch!(level.inner, simd => body(simd, rows, pitch, phases, sps, waveform));
}

#[inline(always)]
fn body<S: Simd>(
    simd: S,
    rows: &[f32],
    pitch: usize,
    (first, phases): (usize, usize),
    sps: usize,
    waveform: &mut [f32],
) {
    // Squares of four phases and symbols by shuffles, what is left one by one.
    let n = waveform.len() / sps;
    let (squares, whole) = (phases / 4, n - n % 4);
    for (k, symbols) in (0..).step_by(4).zip(waveform.chunks_exact_mut(4 * sps)) {
        let [s0, s1, s2, s3] = quarters(symbols, sps);
        for q in 0..squares {
            let row = |p: usize| {
                let at = (4 * q + p) * pitch + k;
                f32x4::from_slice(simd, &rows[at..at + 4])
            };
            let (a, b, c, d) = (row(0), row(1), row(2), row(3));
            let (low, high) = (a.zip_low(c), a.zip_high(c));
            let (low2, high2) = (b.zip_low(d), b.zip_high(d));
            let at = first + 4 * q..first + 4 * q + 4;
            low.zip_low(low2).store_slice(&mut s0[at.clone()]);
            low.zip_high(low2).store_slice(&mut s1[at.clone()]);
            high.zip_low(high2).store_slice(&mut s2[at.clone()]);
            high.zip_high(high2).store_slice(&mut s3[at]);
        }
    }
    for p in 0..phases {
        let from = if p < 4 * squares { whole } else { 0 };
        let row = &rows[p * pitch + from..p * pitch + n];
        let samples = waveform[from * sps..].iter_mut().skip(first + p).step_by(sps);
        samples.zip(row).for_each(|(w, r)| *w = *r);
    }
}

#[inline(always)]
fn quarters(symbols: &mut [f32], sps: usize) -> [&mut [f32]; 4] {
    let (a, rest) = symbols.split_at_mut(sps);
    let (b, rest) = rest.split_at_mut(sps);
    let (c, d) = rest.split_at_mut(sps);
    [a, b, c, d]
}
