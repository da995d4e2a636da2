//! Serial algorithms over sixteen streams at once.
//!
//! What waits for its own last result, such as an adaptive filter or a trellis, cannot use a vector along time. Sixteen
//! independent streams can: a [`Row`] holds the same instant of each, so every load is whole and aligned.

mod lms;
#[doc(hidden)]
pub mod naive;
mod viterbi;

pub use lms::{LmsRows, LmsRowsSums, LmsRowsUpdate, lms};
pub use viterbi::{VITERBI_STATES, viterbi, viterbi_trace};

/// Streams side by side.
pub const LANES: usize = 16;

/// One instant of each stream; aligned so that no load crosses a cache line.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C, align(64))]
pub struct Row<T = f32>(pub [T; LANES]);

impl<T: Copy> Row<T> {
    /// The same value in every stream.
    pub const fn splat(value: T) -> Self {
        Self([value; LANES])
    }

    /// One stream of many rows.
    pub fn lane(rows: &[Self], lane: usize) -> Vec<T> {
        rows.iter().map(|row| row.0[lane]).collect()
    }
}

impl Row<f32> {
    /// Rows of streams; each of them has `n` samples at least.
    ///
    /// # Panics
    /// When a stream is shorter: a caller's bug.
    pub fn interleave(streams: &[&[f32]; LANES], n: usize) -> Vec<Self> {
        let mut rows = vec![Self::default(); n];
        Self::interleave_into(streams, &mut rows);
        rows
    }

    /// Fills `rows` with the beginnings of streams, which are as long at least: fresh memory for each group of
    /// segments would cost as much as a trellis of four states.
    ///
    /// # Panics
    /// When a stream is shorter: a caller's bug.
    pub fn interleave_into(streams: &[&[f32]; LANES], rows: &mut [Self]) {
        // Squares of sixteen, so that both sides stay in the first-level cache.
        for (i, rows) in rows.chunks_mut(LANES).enumerate() {
            let (from, n) = (i * LANES, rows.len());
            for (lane, stream) in streams.iter().enumerate() {
                for (row, x) in rows.iter_mut().zip(&stream[from..from + n]) {
                    row.0[lane] = *x;
                }
            }
        }
    }
}
