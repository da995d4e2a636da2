//! An equalizer that adapts behind converter and clock, symbol by symbol.
//!
//! The clock follows what the FFE and DFE of the moment make of the samples, scaled to the cursor of the taps that the
//! run was set up with, and the symbols that the taps follow. Both loops act on the same samples: taps can take up a
//! shift of the sampling instant, and the clock one of the taps.

use crate::engine::time_domain::adaptive::{Adapted, Adapting};
use crate::error::Result;
use crate::receiver::{Adaptation, AdaptiveEqualizer, LMS_BLOCK};

/// Most symbols of a batch.
pub(super) const BATCH: i64 = LMS_BLOCK as i64;

/// A decision of the adaptive equalizer.
pub(super) struct Decided {
    /// Slicer input, V.
    pub(super) z_v: f64,
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
        let (z, symbol, followed) = self.adapting.symbol(at, self.count, sent)?;
        self.count += 1;
        Ok(Decided { z_v: z * self.outer_v, symbol, followed })
    }

    /// What the FFE makes of samples between symbols, V at the slicer.
    pub(super) fn between(&mut self, edges: &[f32]) -> f64 {
        let (mean_v, per_v) = (self.mean_v, self.per_v);
        let samples = edges.iter().map(|y| (f64::from(*y) - mean_v) * per_v);
        self.adapting.filter().weigh(samples) * self.outer_v
    }

    /// Ends a batch, and what FFE and DFE are after it: V a V before the FFE, and V per unit of level.
    pub(super) fn end_batch(&mut self) -> (Vec<f64>, Vec<f64>) {
        let count = std::mem::take(&mut self.count);
        let (per_v, outer_v, cursor_v) = (self.per_v, self.outer_v, self.cursor_v);
        let filter = self.adapting.filter();
        filter.keep_history(count);
        filter.keep_samples();
        let (mut ffe, mut dfe) = filter.taps();
        ffe.iter_mut().for_each(|c| *c *= per_v * outer_v);
        dfe.iter_mut().for_each(|d| *d *= cursor_v);
        (ffe, dfe)
    }

    /// What was learnt, `counted` symbols having counted.
    pub(super) fn adapted(self, counted: u64) -> Adapted {
        self.adapting.adapted(self.equalizer, counted)
    }
}
