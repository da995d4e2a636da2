//! The waveform as an endless record that is synthesized ahead of its reader.

use super::block::Workspace;
use super::plan::Plan;
use crate::engine::time_domain::lock;
use crate::error::Result;
use crate::run::Run;
use rayon::prelude::*;
use std::sync::Mutex;

/// A window of the waveform that moves ahead.
pub(super) struct Source<'a> {
    plan: &'a Plan,
    run: &'a Run,
    workspaces: Vec<Mutex<Workspace>>,
    /// Symbol at which the window begins.
    first: i64,
    symbols: Vec<u8>,
    v: Vec<f32>,
}

impl<'a> Source<'a> {
    /// A record that is read from symbol `start` on.
    pub(super) fn new(plan: &'a Plan, run: &'a Run, start: i64) -> Self {
        let first = start.div_euclid(plan.block as i64) * plan.block as i64;
        let workspaces = (0..run.threads()).map(|_| Mutex::default()).collect();
        Self { plan, run, workspaces, first, symbols: Vec::new(), v: Vec::new() }
    }

    /// Symbol after the last of the window.
    pub(super) fn end(&self) -> i64 {
        self.first + self.symbols.len() as i64
    }

    /// Drops what lies before symbol `from` and synthesizes the next blocks, no more than it takes to reach symbol `wanted`.
    /// They begin at multiples of a block, however many there are at a time.
    ///
    /// # Errors
    /// [`crate::Error::Interrupted`].
    pub(super) fn advance(&mut self, from: i64, wanted: i64) -> Result<()> {
        self.run.check()?;
        let (block, m) = (self.plan.block, self.plan.samples_per_symbol);
        let drop = ((from - self.first).max(0) as usize).min(self.symbols.len());
        self.symbols.drain(..drop);
        self.v.drain(..drop * m);
        self.first += drop as i64;
        let (next, kept) = (self.end(), self.symbols.len());
        let threads = self.run.threads();
        let most = if threads == 1 { 1 } else { 2 * threads };
        let blocks = ((wanted - next).max(1) as usize).div_ceil(block).min(most);
        self.symbols.resize(kept + blocks * block, 0);
        self.v.resize((kept + blocks * block) * m, 0.0);
        let (symbols, v) = (&mut self.symbols[kept..], &mut self.v[kept * m..]);
        let parts = symbols.par_chunks_mut(block).zip(v.par_chunks_mut(block * m)).enumerate();
        parts.for_each(|(i, (symbols, v))| {
            let thread = rayon::current_thread_index().unwrap_or(0) % threads;
            self.plan.block(next + (i * block) as i64, symbols, v, &mut lock(&self.workspaces[thread]));
        });
        Ok(())
    }

    /// Symbol number `k`, which the window holds.
    pub(super) fn symbol(&self, k: i64) -> u8 {
        self.symbols[(k - self.first) as usize]
    }

    /// The symbols from number `k` on, so many of them, which the window holds.
    pub(super) fn symbols(&self, k: i64, n: usize) -> &[u8] {
        &self.symbols[(k - self.first) as usize..][..n]
    }

    /// Samples of the window.
    pub(super) fn samples(&self) -> &[f32] {
        &self.v
    }

    /// Place in the window of the instant `offset_ui` after symbol `k`: a sample, and the part of one beyond it.
    pub(super) fn place(&self, k: i64, offset_ui: f64) -> (usize, f32) {
        // Apart from the symbol, so that rounding does not depend on where the window begins.
        let m = self.plan.samples_per_symbol;
        let offset = offset_ui * m as f64;
        let whole = offset.floor();
        (((k - self.first) * m as i64 + whole as i64) as usize, (offset - whole) as f32)
    }
}
