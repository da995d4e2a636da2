//! Sixteen trellises of PAM4 side by side.
//!
//! A state is the last symbols, the newest as its lowest digit; a window is a state with a symbol appended. From the
//! states that differ only in their oldest symbol p one survives; p, two bits, is what is kept of it.

use super::{LANES, Row};
use crate::simd::Level;
use fearless_simd::{dispatch, prelude::*};
use std::ops::Range;

/// Sizes of trellis there are instances of.
pub const VITERBI_STATES: [usize; 3] = [4, 16, 64];
/// Most states of them.
const MAX_STATES: usize = 64;

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
        states <= MAX_STATES
            && outputs.len() == 4 * states
            && survivors.len() == samples.len() * states.div_ceil(16),
        "rows of a trellis must fit its states"
    );
    // e² and −2 e of each window.
    let mut branches = [[0.0; 2]; 4 * MAX_STATES];
    let branches = &mut branches[..outputs.len()];
    branches.iter_mut().zip(outputs).for_each(|(branch, e)| *branch = [e * e, -2.0 * e]);
    match states {
        4 => dispatch!(level.inner, simd => body::<_, 4, 1>(simd, samples, branches, metrics, survivors)),
        16 => dispatch!(level.inner, simd => body::<_, 16, 1>(simd, samples, branches, metrics, survivors)),
        64 => dispatch!(level.inner, simd => body::<_, 64, 4>(simd, samples, branches, metrics, survivors)),
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
    let branches = &branches[..4 * STATES];
    // A vector of lanes at a time: the metrics of four states stay in registers.
    for lanes in (0..LANES).step_by(S::f32s::LEN).map(|first| first..first + S::f32s::LEN) {
        let mut even = [S::f32s::splat(simd, 0.0); STATES];
        for (m, row) in even.iter_mut().zip(metrics.iter()) {
            *m = S::f32s::from_slice(simd, &row.0[lanes.clone()]);
        }
        let mut odd = even;
        // Two steps a turn, there and back, so that no metrics are moved.
        let (pairs, last) = samples.as_chunks::<2>();
        let (kept_pairs, kept_last) = survivors.split_at_mut(2 * WORDS * pairs.len());
        for (k, (rows, kept)) in pairs.iter().zip(kept_pairs.chunks_exact_mut(2 * WORDS)).enumerate() {
            let (first, second) = kept.split_at_mut(WORDS);
            step::<S, STATES, WORDS>(
                simd,
                &rows[0].0[lanes.clone()],
                branches,
                &even,
                &mut odd,
                first,
                &lanes,
            );
            step::<S, STATES, WORDS>(
                simd,
                &rows[1].0[lanes.clone()],
                branches,
                &odd,
                &mut even,
                second,
                &lanes,
            );
            if (2 * k + 2).is_multiple_of(RENORMALIZE) {
                let reference = even[0];
                for m in &mut even {
                    *m -= reference;
                }
            }
        }
        if let [row] = last {
            step::<S, STATES, WORDS>(
                simd,
                &row.0[lanes.clone()],
                branches,
                &even,
                &mut odd,
                kept_last,
                &lanes,
            );
            even = odd;
        }
        for (m, row) in even.iter().zip(metrics.iter_mut()) {
            m.store_slice(&mut row.0[lanes.clone()]);
        }
    }
}

/// One sample of a vector of lanes.
#[inline(always)]
fn step<S: Simd, const STATES: usize, const WORDS: usize>(
    simd: S,
    sample: &[f32],
    branches: &[[f32; 2]],
    old: &[S::f32s; STATES],
    new: &mut [S::f32s; STATES],
    kept: &mut [Row<u32>],
    lanes: &Range<usize>,
) {
    let stride = STATES / 4;
    let y = S::f32s::from_slice(simd, sample);
    let mut words = [S::u32s::splat(simd, 0); WORDS];
    for group in 0..stride {
        for a in 0..4 {
            let to = group * 4 + a;
            // The branch does not wait for the metrics of the step before; the chain is an addition and two minima.
            let candidate = |p: usize| {
                let from = p * stride + group;
                let [square, slope] = branches[from * 4 + a];
                old[from] + y.mul_add(S::f32s::splat(simd, slope), S::f32s::splat(simd, square))
            };
            let (c0, c1, c2, c3) = (candidate(0), candidate(1), candidate(2), candidate(3));
            let (low, high) = (c0.min(c1), c2.min(c3));
            new[to] = low.min(high);
            let index = |p: u32| S::u32s::splat(simd, p << (2 * (to % 16)));
            let of_low = c1.simd_lt(c0).select(index(1), index(0));
            let of_high = c3.simd_lt(c2).select(index(3), index(2));
            words[to / 16] |= high.simd_lt(low).select(of_high, of_low);
        }
    }
    for (kept, word) in kept.iter_mut().zip(words) {
        word.store_slice(&mut kept.0[lanes.clone()]);
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
