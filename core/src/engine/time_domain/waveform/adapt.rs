//! An equalizer that adapts behind converter and clock, symbol by symbol.
//!
//! The clock goes by the taps that the run was set up with and by the symbols that the adaptive ones decide. Behind
//! those themselves it would have nothing to hold on to: taps of least error make up for any shift of the sampling
//! instant, and both would wander.

use crate::engine::time_domain::adaptive::{Adapted, Adapting};
use crate::error::Result;
use crate::receiver::{Adaptation, AdaptiveEqualizer, LMS_BLOCK};

/// Most symbols of a batch, which never goes beyond a multiple of it: the eye is that of the taps there.
pub(super) const BATCH: i64 = LMS_BLOCK as i64;

/// A decision of the adaptive equalizer.
pub(super) struct Decided {
    pub(super) symbol: u8,
    /// The symbol that taps and feedback go by: the one sent during training.
    pub(super) followed: u8,
}

/// The equalizer of a sampler.
pub(super) struct Adaptive<'a> {
    equalizer: &'a AdaptiveEqualizer,
    adapting: Adapting,
    mean_v: f64,
    per_v: f64,
    /// V at the slicer of an outer level, and per unit of level.
    outer_v: f64,
    cursor_v: f64,
    /// Symbols decided in the batch.
    count: usize,
}

impl<'a> Adaptive<'a> {
    /// Before its first sample; `before` symbols come before those that count. The slicer's input has `cursor_v` per unit
    /// of level and `outer` is the outer one.
    pub(super) fn new(
        equalizer: &'a AdaptiveEqualizer,
        adaptation: &Adaptation,
        before: u64,
        outer: f64,
        cursor_v: f64,
    ) -> Self {
        let (mean_v, per_v) = equalizer.unit();
        let adapting = Adapting::new(equalizer, adaptation, before);
        Self { equalizer, adapting, mean_v, per_v, outer_v: outer * cursor_v, cursor_v, count: 0 }
    }

    /// Takes the sample of the next column.
    pub(super) fn push(&mut self, y: f32) {
        self.adapting.filter().push((f64::from(y) - self.mean_v) * self.per_v);
    }

    /// Begins as if the decisions on `symbols`, the oldest first, had been right.
    pub(super) fn remember(&mut self, symbols: impl Iterator<Item = u8>) {
        self.adapting.filter().remember(symbols);
    }

    /// Decides symbol `at` of the run, whose newest sample was pushed last.
    ///
    /// # Errors
    /// As [`Adapting::symbol`].
    pub(super) fn decide(&mut self, at: u64, sent: u8) -> Result<Decided> {
        let (symbol, followed) = self.adapting.symbol(at, self.count, sent)?;
        self.count += 1;
        Ok(Decided { symbol, followed })
    }

    /// Ends a batch.
    pub(super) fn end_batch(&mut self) {
        let count = std::mem::take(&mut self.count);
        let filter = self.adapting.filter();
        filter.keep_history(count);
        filter.keep_samples();
    }

    /// FFE and DFE as they are: V a V before the FFE, and V per unit of level.
    pub(super) fn taps(&mut self) -> (Vec<f64>, Vec<f64>) {
        let (per_v, outer_v, cursor_v) = (self.per_v, self.outer_v, self.cursor_v);
        let (mut ffe, mut dfe) = self.adapting.filter().taps();
        ffe.iter_mut().for_each(|c| *c *= per_v * outer_v);
        dfe.iter_mut().for_each(|d| *d *= cursor_v);
        (ffe, dfe)
    }

    /// What was learnt, `counted` symbols having counted.
    pub(super) fn adapted(self, counted: u64) -> Adapted {
        self.adapting.adapted(self.equalizer, counted)
    }
}
