//! Sequence detection behind the sampler: what the FFE made of the waveform, kept until its trellis can decide it.

use super::sampler::Batch;
use crate::engine::time_domain::relay::Altered;
use crate::engine::time_domain::sequence::{Buffers, Trellis};
use crate::engine::time_domain::tally::{Tally, Total};
use crate::engine::time_domain::{Codewords, Counts};
use crate::error::Result;
use crate::modulation::Modulation;
use crate::simd::Level;
use crate::simd::lanes::LANES;

/// Symbols detected at once; no longer than the longest burst.
const PIECE: i64 = 32_768;

/// Symbols on their way through the trellis, and the errors of those that are decided.
pub(super) struct Detected<'a> {
    trellis: &'a Trellis,
    modulation: Modulation,
    level: Level,
    /// Samples before decision feedback and symbols sent, from symbol number `from` on.
    samples: Vec<f32>,
    sent: Vec<u8>,
    from: i64,
    /// Symbol that is detected next.
    next: i64,
    keep: bool,
    total: Total,
    buffers: Buffers,
}

impl<'a> Detected<'a> {
    /// Detection from symbol 0 on, of samples that begin at symbol `from`.
    ///
    /// # Errors
    /// Those of the layout of the codewords.
    pub(super) fn new(
        trellis: &'a Trellis,
        from: i64,
        (codewords, keep_errors): (Option<Codewords>, bool),
        modulation: Modulation,
        level: Level,
    ) -> Result<Self> {
        let total = Total::new(codewords, modulation)?;
        Ok(Self {
            trellis,
            modulation,
            level,
            samples: Vec::new(),
            sent: Vec::new(),
            from,
            next: 0,
            keep: keep_errors || codewords.is_some(),
            total: if keep_errors { total.keep_errors() } else { total },
            buffers: Buffers::default(),
        })
    }

    /// Symbols that a trellis needs before the first that it decides.
    pub(super) fn lead(trellis: &Trellis) -> u64 {
        (trellis.overlap + trellis.order()) as u64
    }

    /// Symbols that it needs after the last.
    pub(super) fn tail(&self) -> i64 {
        (self.trellis.overlap + LANES) as i64
    }

    /// Bit errors so far.
    pub(super) fn bit_errors(&self) -> u64 {
        self.total.bit_errors()
    }

    /// Takes a batch, and detects the symbols that it completes.
    pub(super) fn take(&mut self, batch: &Batch) {
        self.samples.extend_from_slice(&batch.equalized);
        self.sent.extend_from_slice(&batch.sent);
        while self.from + self.samples.len() as i64 >= self.next + PIECE + self.tail() {
            self.detect(self.next + PIECE);
        }
    }

    /// Detects what is left before symbol `end`, with its tail taken, and counts; its errors, where they are kept.
    pub(super) fn counts(mut self, end: i64) -> (Counts, Vec<Altered>) {
        while self.next < end {
            self.detect(end.min(self.next + PIECE));
        }
        let errors = self.total.take_errors();
        (self.total.counts(self.modulation, self.level.name()), errors)
    }

    /// Detects the symbols before number `end`.
    fn detect(&mut self, end: i64) {
        let count = (end - self.next) as usize;
        let lead = Self::lead(self.trellis) as usize;
        let first = (self.next - self.from) as usize;
        let piece = count.div_ceil(LANES);
        let begin = first - lead;
        self.buffers.y.clear();
        self.buffers.y.extend(&self.samples[begin..first + piece * LANES + self.trellis.overlap]);
        self.trellis.whiten(&mut self.buffers.y);
        self.trellis.detect(self.level, piece, &mut self.buffers);
        let mut tally = Tally::new(self.next as u64, self.keep);
        let sent = &self.sent[first..first + count];
        self.trellis.differences(piece, sent, &self.buffers, |k, sent, decided| {
            let bits = self.modulation.bit_errors(sent, decided);
            tally.wrong(self.next as u64 + k as u64, sent, decided, bits);
        });
        self.total.add(tally, end as u64);
        self.next = end;
        // What the next piece does not reach back to.
        let done = (end - self.from) as usize - lead;
        self.samples.drain(..done);
        self.sent.drain(..done);
        self.from += done as i64;
    }
}
