//! Errors of one segment, and how segments join.

use super::codewords::{Codewords, Sorter};
use super::counts::Counts;
use super::relay::Altered;
use crate::error::Result;
use crate::modulation::Modulation;

/// Symbols in a window of the clustering statistic.
pub(super) const WINDOW: u64 = 1024;

/// Errors of a segment of the run, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    symbol_errors: u64,
    bit_errors: u64,
    /// Runs that touch neither end.
    bursts: Vec<u64>,
    /// Length of the run that begins with the first symbol.
    leading: u64,
    /// Length of the run in progress and its end.
    open: u64,
    open_end: u64,
    /// Bit errors in the current window.
    window: u64,
    window_errors: u64,
    squares: u128,
    first: u64,
    /// Every wrong decision, when codewords are counted or a hop follows: place, sent and decided.
    kept: Option<Vec<(u64, u8, u8)>>,
}

impl Tally {
    /// A segment from symbol `first` on; `keep` its wrong decisions for the codewords or the next hop.
    pub(super) fn new(first: u64, keep: bool) -> Self {
        Self { first, kept: keep.then(Vec::new), ..Self::default() }
    }

    /// Decision `k` gave `decided` for `sent`, wrong by that many bits. Calls come in order of k.
    pub(super) fn wrong(&mut self, k: u64, sent: u8, decided: u8, bits: u32) {
        if let Some(kept) = &mut self.kept {
            kept.push((k, sent, decided));
        }
        self.symbol_errors += 1;
        self.bit_errors += u64::from(bits);
        if k / WINDOW != self.window {
            self.close_window();
            self.window = k / WINDOW;
        }
        self.window_errors += u64::from(bits);
        if self.open > 0 && self.open_end == k {
            self.open += 1;
        } else {
            self.close_run();
            self.open = 1;
        }
        self.open_end = k + 1;
    }

    fn close_window(&mut self) {
        self.squares += u128::from(self.window_errors) * u128::from(self.window_errors);
        self.window_errors = 0;
    }

    fn close_run(&mut self) {
        if self.open == 0 {
            return;
        }
        if self.open_end - self.open == self.first {
            self.leading = self.open;
        } else {
            count_burst(&mut self.bursts, self.open);
        }
        self.open = 0;
    }
}

/// Adds segments, in order, to the counts of the run.
#[derive(Debug)]
pub(super) struct Total {
    n_symbols: u64,
    sum: Tally,
    codewords: Option<Sorter>,
    /// Every wrong decision, when they are asked for.
    errors: Option<Vec<Altered>>,
    /// Length of the run that reaches the end of what has been added.
    carry: u64,
}

impl Total {
    /// Nothing yet.
    ///
    /// # Errors
    /// Those of the layout of the codewords.
    pub(super) fn new(codewords: Option<Codewords>, modulation: Modulation) -> Result<Self> {
        let codewords = codewords.map(|layout| Sorter::new(layout, modulation)).transpose()?;
        Ok(Self { n_symbols: 0, sum: Tally::default(), codewords, errors: None, carry: 0 })
    }

    /// Keeps every wrong decision of the segments that keep theirs.
    pub(super) fn keep_errors(mut self) -> Self {
        self.errors = Some(Vec::new());
        self
    }

    /// The wrong decisions that were kept.
    pub(super) fn take_errors(&mut self) -> Vec<Altered> {
        self.errors.take().unwrap_or_default()
    }

    /// Bit errors so far.
    pub(super) fn bit_errors(&self) -> u64 {
        self.sum.bit_errors
    }

    /// Adds the segment that ends before symbol `end`.
    pub(super) fn add(&mut self, mut tally: Tally, end: u64) {
        self.n_symbols = end;
        if let (Some(sorter), Some(kept)) = (&mut self.codewords, &tally.kept) {
            kept.iter().for_each(|(k, sent, decided)| sorter.wrong(*k, *sent, *decided));
        }
        if let (Some(errors), Some(kept)) = (&mut self.errors, &tally.kept) {
            errors.extend(kept.iter().map(|(place, sent, symbol)| Altered {
                place: *place,
                sent: *sent,
                symbol: *symbol,
            }));
        }
        tally.close_window();
        let trailing = if tally.open_end == end { tally.open } else { 0 };
        if trailing == 0 {
            tally.close_run();
        }
        self.sum.symbol_errors += tally.symbol_errors;
        self.sum.bit_errors += tally.bit_errors;
        self.sum.squares += tally.squares;
        if trailing == end - tally.first {
            self.extend(trailing);
            return;
        }
        self.extend(tally.leading);
        self.close();
        if self.sum.bursts.len() < tally.bursts.len() {
            self.sum.bursts.resize(tally.bursts.len(), 0);
        }
        self.sum.bursts.iter_mut().zip(&tally.bursts).for_each(|(sum, n)| *sum += n);
        self.carry = trailing;
    }

    fn extend(&mut self, length: u64) {
        const LIMIT: u64 = Counts::MAX_BURST as u64;
        self.carry += length;
        while self.carry > LIMIT {
            count_burst(&mut self.sum.bursts, LIMIT);
            self.carry -= LIMIT;
        }
    }

    fn close(&mut self) {
        if self.carry > 0 {
            count_burst(&mut self.sum.bursts, self.carry);
        }
        self.carry = 0;
    }

    /// The counts of the run.
    pub(super) fn counts(mut self, modulation: Modulation, simd_level: &'static str) -> Counts {
        self.close();
        if self.sum.bursts.is_empty() {
            self.sum.bursts.push(0);
        }
        Counts {
            n_symbols: self.n_symbols,
            n_bits: self.n_symbols * modulation.bits_per_symbol() as u64,
            n_symbol_errors: self.sum.symbol_errors,
            n_bit_errors: self.sum.bit_errors,
            burst_lengths: self.sum.bursts,
            squared_window_bit_errors: self.sum.squares,
            codewords: self.codewords.map(|sorter| sorter.errors(self.n_symbols)),
            simd_level,
        }
    }
}

/// A segment is no longer than the longest burst, so `length` is a small index.
fn count_burst(bursts: &mut Vec<u64>, length: u64) {
    let length = length as usize;
    if bursts.len() <= length {
        bursts.resize(length + 1, 0);
    }
    bursts[length] += 1;
}
