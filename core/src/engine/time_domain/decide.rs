//! Decisions and their feedback.
//!
//! The slicer's input at symbol k is z_k = g_k + Σ_j dfe[j] e_(k−1−j), where g is what it would be if every past
//! decision were right and e the level sent minus the level decided. While the last errors are all 0 the feedback is
//! exactly g, so a block is sliced at once; from an error on, symbols are taken one by one until the history is right
//! again. The decisions are those of the serial loop, bit by bit.

use crate::simd::{self, Level};

/// What decides: thresholds, and the feedback of the levels decided.
pub(super) struct Slicer<'a> {
    pub(super) level: Level,
    pub(super) levels: &'a [f32; 4],
    pub(super) thresholds: &'a [f32],
    pub(super) dfe: &'a [f32],
}

/// Decision errors that the feedback still remembers, the latest first.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct History {
    errors: Vec<f32>,
}

impl History {
    /// No error among the last `taps` decisions.
    pub(super) fn right(taps: usize) -> Self {
        Self { errors: vec![0.0; taps] }
    }

    pub(super) fn is_right(&self) -> bool {
        self.errors.iter().all(|e| *e == 0.0)
    }

    pub(super) fn feedback(&self, dfe: &[f32]) -> f32 {
        dfe.iter().zip(&self.errors).map(|(tap, e)| tap * e).sum()
    }

    pub(super) fn push(&mut self, error: f32) {
        if let Some(last) = self.errors.last_mut() {
            *last = error;
            self.errors.rotate_right(1);
        }
    }
}

/// Decides a block of values `g` into `decisions` and calls `wrong(index, sent, decided)` for each wrong symbol, in order.
pub(super) fn decide(
    slicer: &Slicer<'_>,
    g: &[f32],
    sent: &[u8],
    decisions: &mut [u8],
    history: &mut History,
    mut wrong: impl FnMut(usize, u8, u8),
) {
    simd::count_greater(slicer.level, g, slicer.thresholds, decisions);
    let mut at = 0;
    while at < g.len() {
        let decided = if history.is_right() {
            let Some(ahead) = first_difference(&sent[at..], &decisions[at..]) else { return };
            at += ahead;
            decisions[at]
        } else {
            decisions[at] = decide_one(slicer, g[at], history);
            decisions[at]
        };
        let true_symbol = sent[at];
        history.push(slicer.levels[usize::from(true_symbol)] - slicer.levels[usize::from(decided)]);
        if decided != true_symbol {
            wrong(at, true_symbol, decided);
        }
        at += 1;
    }
}

/// One decision with the history as it is.
pub(super) fn decide_one(slicer: &Slicer<'_>, g: f32, history: &History) -> u8 {
    let z = g + history.feedback(slicer.dfe);
    slicer.thresholds.iter().map(|t| u8::from(z > *t)).sum()
}

/// Index of the first byte in which they differ.
fn first_difference(a: &[u8], b: &[u8]) -> Option<usize> {
    const STEP: usize = 32;
    let n = a.len().min(b.len());
    let mut at = 0;
    while at + STEP <= n && a[at..at + STEP] == b[at..at + STEP] {
        at += STEP;
    }
    (at..n).find(|i| a[*i] != b[*i])
}
