//! Sixteen trellises of PAM4 side by side.
//!
//! A state is the last symbols, the newest as its lowest digit; a window is a state with a symbol appended. From the
//! states that differ only in their oldest symbol p one survives; p, two bits, is what is kept of it.

use super::{LANES, Row};
use crate::simd::Level;
use fearless_simd::{dispatch, f32x16, prelude::*, u32x16};

/// Sizes of trellis there are instances of.
pub const VITERBI_STATES: [usize; 3] = [4, 16, 64];

/// Steps after which metrics are brought back to zero: the sums stay small enough for single precision.
const RENORMALIZE: usize = 32;

/// Advances the metrics of every state over `samples`, a step a row.
///
/// `outputs` is the noiseless sample y of each window, 4 a state. Metrics are Σ (y² − 2 y sample) but for a constant.
/// A step leaves `states`/16 rows of survivors, at least one: those of state s are bits 2 (s mod 16) and above of row
/// s / 16.
///
/// # Panics
/// When the number of metrics is none of [`VITERBI_STATES`] or lengths do not fit together: a caller's bug.
pub fn viterbi(
    level: Level,
    samples: &[Row],
    outputs: &[f32],
    metrics: &mut [Row],
    survivors: &mut [Row<u32>],
) {
    let states = metrics.len();
    assert!(
        outputs.len() == 4 * states && survivors.len() == samples.len() * states.div_ceil(16),
        "rows of a trellis must fit its states"
    );
    // e² and −2 e of each window.
    let branches: Vec<[f32; 2]> = outputs.iter().map(|e| [e * e, -2.0 * e]).collect();
    match states {
        4 => dispatch!(level.inner, simd => body::<_, 4, 1>(simd, samples, &branches, metrics, survivors)),
        16 => dispatch!(level.inner, simd => body::<_, 16, 1>(simd, samples, &branches, metrics, survivors)),
        64 => dispatch!(level.inner, simd => body::<_, 64, 4>(simd, samples, &branches, metrics, survivors)),
        _ => panic!("a trellis in lanes has 4, 16 or 64 states"),
    }
}

#[inline(always)]
fn body<S: Simd, const STATES: usize, const WORDS: usize>(
    simd: S,
    samples: &[Row],
    branches: &[[f32; 2]],
    metrics: &mut [Row],
    survivors: &mut [Row<u32>],
) {
    let stride = STATES / 4;
    let mut old = [f32x16::splat(simd, 0.0); STATES];
    for (m, row) in old.iter_mut().zip(metrics.iter()) {
        *m = f32x16::from_slice(simd, &row.0);
    }
    let branches = &branches[..4 * STATES];
    for (k, (row, kept)) in samples.iter().zip(survivors.chunks_exact_mut(WORDS)).enumerate() {
        let y = f32x16::from_slice(simd, &row.0);
        let mut new = old;
        let mut words = [u32x16::splat(simd, 0); WORDS];
        for group in 0..stride {
            for a in 0..4 {
                let to = group * 4 + a;
                let candidate = |p: usize| {
                    let from = p * stride + group;
                    let [square, slope] = branches[from * 4 + a];
                    y.mul_add(f32x16::splat(simd, slope), old[from] + square)
                };
                let mut least = candidate(0);
                let mut oldest = u32x16::splat(simd, 0);
                for p in 1..4 {
                    let metric = candidate(p);
                    let better = metric.simd_lt(least);
                    oldest = better.select(u32x16::splat(simd, (p as u32) << (2 * (to % 16))), oldest);
                    least = better.select(metric, least);
                }
                new[to] = least;
                words[to / 16] |= oldest;
            }
        }
        old = new;
        if k % RENORMALIZE == RENORMALIZE - 1 {
            let reference = old[0];
            for m in &mut old {
                *m -= reference;
            }
        }
        for (kept, word) in kept.iter_mut().zip(words) {
            word.store_slice(&mut kept.0);
        }
    }
    for (m, row) in old.iter().zip(metrics.iter_mut()) {
        m.store_slice(&mut row.0);
    }
}

/// Follows the survivors back from `ends`, leaving the symbol of each step and, in `ends`, the states before the first.
///
/// # Panics
/// When the lengths do not fit together: a caller's bug.
pub fn viterbi_trace(
    level: Level,
    states: usize,
    survivors: &[Row<u32>],
    ends: &mut [u32; LANES],
    decisions: &mut [[u8; LANES]],
) {
    let words = states.div_ceil(16);
    assert!(survivors.len() == words * decisions.len(), "one row of decisions a step");
    dispatch!(level.inner, _simd => trace_body(states, words, survivors, ends, decisions));
}

#[inline(always)]
fn trace_body(
    states: usize,
    words: usize,
    survivors: &[Row<u32>],
    ends: &mut [u32; LANES],
    decisions: &mut [[u8; LANES]],
) {
    let oldest_digit = (states / 4).trailing_zeros();
    let mut state = *ends;
    for (kept, decided) in survivors.chunks_exact(words).zip(decisions.iter_mut()).rev() {
        if let [word] = kept {
            // One word a step: the same arithmetic in every lane, without a look-up.
            for lane in 0..LANES {
                let s = state[lane];
                decided[lane] = (s & 3) as u8;
                state[lane] = s >> 2 | (word.0[lane] >> (2 * s) & 3) << oldest_digit;
            }
        } else {
            for lane in 0..LANES {
                let s = state[lane];
                let word = kept[(s / 16) as usize].0[lane];
                decided[lane] = (s & 3) as u8;
                state[lane] = s >> 2 | (word >> (2 * (s % 16)) & 3) << oldest_digit;
            }
        }
    }
    *ends = state;
}
