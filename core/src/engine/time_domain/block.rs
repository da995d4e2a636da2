//! The slicer's input over a block, while every past decision is right.
//!
//! A block is a function of its position alone: whatever a filter needs of the past is drawn again, so blocks may be
//! evaluated in any order, of any length, by any thread, and every value is the same to the last bit.

use super::branch::Branch;
use super::interference::ProductBuffers;
use super::plan::{Aggressor, JitterBranch, Plan, Table};
use super::sequence::Buffers;
use crate::response::JitterModel;
use crate::simd;

/// Position of the run's first symbol in its streams: filters reach back before it.
pub(super) const ORIGIN: u64 = 1 << 40;
/// Symbols for which a free-running aggressor keeps one phase. Phases of different blocks are independent and uniform,
/// so that each symbol sees a uniform phase; a block is longer than any burst that matters, and short enough that a
/// run of 1e6 symbols averages over 15,000 phases.
pub(super) const PHASE_BLOCK: u64 = 64;

/// Buffers of one thread. They grow to the size of a block once.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    /// The slicer's input.
    pub(super) z: Vec<f32>,
    /// Symbols, `Plan::back` before the block to `Plan::ahead` after it.
    pub(super) symbols: Vec<u8>,
    pub(super) decisions: Vec<u8>,
    pub(super) sequence: Buffers,
    levels: Vec<f32>,
    work: Vec<f32>,
    draws: Vec<f32>,
    bytes: Vec<u8>,
    words: Vec<u32>,
    products: ProductBuffers,
}

impl Plan {
    /// Fills `z` and `symbols` for the `n` symbols from number `first` of the run.
    pub(super) fn evaluate(&self, first: u64, n: usize, ws: &mut Workspace) {
        self.evaluate_at(ORIGIN + first, n, ws);
    }

    /// The same from a position of the streams, which begin long before the run.
    pub(super) fn evaluate_at(&self, at: u64, n: usize, ws: &mut Workspace) {
        let width = self.back + n + self.ahead;
        let bits = self.modulation.bits_per_symbol() as u32;
        resize(&mut ws.symbols, width);
        resize(&mut ws.levels, width);
        resize(&mut ws.z, n);
        ws.z.fill(0.0);
        self.symbols.symbols(bits, at - self.back as u64, &mut ws.symbols);
        self.altered.put(at - self.back as u64, &mut ws.symbols);
        simd::lookup(self.level, &ws.symbols, &self.levels, &mut ws.levels);
        if let Some(table) = &self.table {
            self.add_table(table, at, ws);
        }
        let from = self.offset(self.signal.back());
        self.signal.add(self.level, &ws.levels[from..], &mut ws.z);
        self.add_stationary_noise(at, n, ws);
        self.add_symbol_noise(at, n, ws);
        self.add_interference(at, n, ws);
        self.add_uniform_noise(at, n, ws);
        for aggressor in &self.aggressors {
            self.add_crosstalk(aggressor, at, n, ws);
        }
        if let Some(jitter) = &self.jitter {
            self.add_jitter(jitter, at, n, ws);
        }
    }

    /// Index in `symbols` of the symbol `back` before the block.
    fn offset(&self, back: i64) -> usize {
        (self.back as i64 - back) as usize
    }

    fn add_table(&self, table: &Table, at: u64, ws: &mut Workspace) {
        let bits = self.modulation.bits_per_symbol() as u32;
        let before = table.memory - 1 - table.after;
        let mask = table.values.len() - 1;
        let from = self.back - before;
        let (start, rest) = ws.symbols[from..].split_at(table.memory - 1);
        let mut word = start.iter().fold(0, |word: usize, s| word << bits | usize::from(*s));
        for (z, s) in ws.z.iter_mut().zip(rest) {
            word = (word << bits | usize::from(*s)) & mask;
            *z += table.values[word];
        }
        if !table.residual.is_empty() {
            resize(&mut ws.words, ws.z.len());
            table.residual_draws.words(at, &mut ws.words);
            let count = table.residual.len() as u64;
            for (z, w) in ws.z.iter_mut().zip(&ws.words) {
                *z += table.residual[((u64::from(*w) * count) >> 32) as usize];
            }
        }
    }

    fn add_stationary_noise(&self, at: u64, n: usize, ws: &mut Workspace) {
        if self.shaping.is_empty() {
            return;
        }
        let history = self.shaping.len() - 1;
        resize(&mut ws.draws, n + history);
        self.noise.normals(at - history as u64, &mut ws.draws);
        simd::fir_add(self.level, &ws.draws, &self.shaping, &mut ws.z);
    }

    fn add_symbol_noise(&self, at: u64, n: usize, ws: &mut Workspace) {
        for branch in self.by_symbol.iter().filter(|b| !b.filter.taps.is_empty()) {
            let length = branch.filter.input_len(n);
            resize(&mut ws.draws, length);
            resize(&mut ws.work, length);
            branch.noise.normals(shifted(at, branch.filter.back()), &mut ws.draws);
            let from = self.offset(branch.filter.back());
            simd::lookup(self.level, &ws.symbols[from..from + length], &branch.weight, &mut ws.work);
            simd::multiply(self.level, &ws.work, &mut ws.draws);
            branch.filter.add(self.level, &ws.draws, &mut ws.z);
        }
    }

    fn add_interference(&self, at: u64, n: usize, ws: &mut Workspace) {
        for echo in self.echoes.iter().filter(|e| !e.filter.taps.is_empty()) {
            let (back, length) = (echo.filter.back(), echo.filter.input_len(n));
            resize(&mut ws.draws, length);
            let from = self.offset(back);
            let sent = &ws.symbols[from..from + length];
            echo.products.draw(shifted(at, back), sent, &mut ws.products, &mut ws.draws);
            echo.filter.add(self.level, &ws.draws, &mut ws.z);
        }
    }

    fn add_uniform_noise(&self, at: u64, n: usize, ws: &mut Workspace) {
        for (draws, response) in &self.uniform {
            let length = response.input_len(n);
            resize(&mut ws.words, length);
            resize(&mut ws.draws, length);
            draws.words(shifted(at, response.back()), &mut ws.words);
            ws.draws.iter_mut().zip(&ws.words).for_each(|(u, word)| *u = centred(*word));
            response.add(self.level, &ws.draws, &mut ws.z);
        }
    }

    fn add_crosstalk(&self, aggressor: &Aggressor, at: u64, n: usize, ws: &mut Workspace) {
        let length = aggressor.phases[0].len();
        if length == 0 {
            return;
        }
        resize(&mut ws.bytes, n + length - 1);
        resize(&mut ws.work, n + length - 1);
        aggressor.symbols.symbols(aggressor.bits, at - (length as u64 - 1), &mut ws.bytes);
        simd::lookup(self.level, &ws.bytes, &aggressor.levels, &mut ws.work);
        if let [response] = &aggressor.phases[..] {
            simd::fir_add(self.level, &ws.work, response, &mut ws.z);
            return;
        }
        let first_block = at / PHASE_BLOCK;
        let blocks = (at + n as u64 - 1) / PHASE_BLOCK - first_block + 1;
        resize(&mut ws.words, blocks as usize);
        aggressor.phase_draws.words(first_block, &mut ws.words);
        let mut done = 0;
        for (word, block) in ws.words.iter().zip(first_block..) {
            let end = (((block + 1) * PHASE_BLOCK - at) as usize).min(n);
            let phase = (u64::from(*word) * aggressor.phases.len() as u64) >> 32;
            let response = &aggressor.phases[phase as usize];
            simd::fir_add(self.level, &ws.work[done..end + length - 1], response, &mut ws.z[done..end]);
            done = end;
        }
    }

    fn add_jitter(&self, jitter: &JitterBranch, at: u64, n: usize, ws: &mut Workspace) {
        for (order, response) in (1..).zip(&jitter.orders) {
            let events = response.input_len(n);
            let first = shifted(at, response.back());
            self.draw_jitter(jitter, first, events, ws);
            if jitter.slow.is_some() {
                for (d, number) in ws.draws.iter_mut().zip(first..) {
                    *d = jitter.slow.power(order, number.wrapping_sub(ORIGIN) as i64, *d);
                }
            }
            self.multiply_by_moved(jitter, response, ws);
            response.add(self.level, &ws.draws, &mut ws.z);
        }
    }

    /// Timing errors that are draws, of the events from number `first` of the streams, UI.
    fn draw_jitter(&self, jitter: &JitterBranch, first: u64, events: usize, ws: &mut Workspace) {
        resize(&mut ws.draws, events);
        jitter.gaussian.normals(first, &mut ws.draws);
        ws.draws.iter_mut().for_each(|d| *d *= jitter.rj_ui);
        if jitter.dd_ui > 0.0 {
            resize(&mut ws.bytes, events);
            jitter.sign.symbols(1, first, &mut ws.bytes);
            for (d, sign) in ws.draws.iter_mut().zip(&ws.bytes) {
                *d += if *sign == 1 { jitter.dd_ui } else { -jitter.dd_ui };
            }
        }
    }

    /// Multiplies the timing errors in `draws` by what they move.
    fn multiply_by_moved(&self, jitter: &JitterBranch, response: &Branch, ws: &mut Workspace) {
        let events = ws.draws.len();
        match jitter.model {
            JitterModel::Com => {
                let from = self.offset(response.back());
                simd::multiply(self.level, &ws.levels[from..from + events], &mut ws.draws);
            }
            JitterModel::Edge => {
                // Transmitted levels from one before the first event, then their differences.
                resize(&mut ws.work, events + 1);
                ws.work.fill(0.0);
                let from = self.offset(response.back() + 1 + jitter.transmit.back());
                jitter.transmit.add(self.level, &ws.levels[from..], &mut ws.work);
                for (d, x) in ws.draws.iter_mut().zip(ws.work.windows(2)) {
                    *d *= x[1] - x[0];
                }
            }
        }
    }
}

/// A word as a number between −1/2 and 1/2.
pub(super) fn centred(word: u32) -> f32 {
    ((f64::from(word) + 0.5) / 4_294_967_296.0 - 0.5) as f32
}

/// Position `back` symbols before `at`.
fn shifted(at: u64, back: i64) -> u64 {
    at.wrapping_add_signed(-back)
}

/// Sets the length without touching what is there: every user overwrites all of it.
pub(super) fn resize<T: Copy + Default>(buffer: &mut Vec<T>, length: usize) {
    buffer.resize(length, T::default());
}
