//! A block of the waveform, a function of its position alone.

use super::plan::{Aggressor, Alignment, JitterStream, Plan, Table};
use crate::engine::time_domain::block::{ORIGIN, PHASE_BLOCK, resize};
use crate::engine::time_domain::interference::ProductBuffers;
use crate::response::JitterModel;
use crate::simd::{self, SumWorkspace};

/// Buffers of one thread. They grow to the size of a block once.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    symbols: Vec<u8>,
    levels: Vec<f32>,
    draws: Vec<f32>,
    work: Vec<f32>,
    bytes: Vec<u8>,
    words: Vec<u32>,
    products: ProductBuffers,
    sum: SumWorkspace,
    /// Of an aggressor that runs free.
    aside: SumWorkspace,
    waveform: Vec<f32>,
}

impl Plan {
    /// The symbols from number `first` of the run, which may be before its start, and their waveform.
    pub(super) fn block(&self, first: i64, symbols: &mut [u8], waveform: &mut [f32], ws: &mut Workspace) {
        let (at, n) = (ORIGIN.wrapping_add_signed(first), symbols.len());
        let width = self.back + n + self.ahead;
        resize(&mut ws.symbols, width);
        resize(&mut ws.levels, width);
        let bits = self.modulation.bits_per_symbol() as u32;
        self.symbols.symbols(bits, at - self.back as u64, &mut ws.symbols);
        self.altered.put(at - self.back as u64, &mut ws.symbols);
        simd::lookup(self.level, &ws.symbols, &self.levels, &mut ws.levels);
        symbols.copy_from_slice(&ws.symbols[self.back..self.back + n]);
        let (from, events) = (self.offset(self.signal.back), self.signal.events(n));
        self.sum.transform(self.signal.stream, &ws.levels[from..from + events], &mut ws.sum);
        self.add_noise(at, n, ws);
        self.add_interference(at, n, ws);
        for aggressor in &self.aggressors {
            if let Alignment::Fixed(reach) = &aggressor.alignment {
                self.draw_aggressor(aggressor, at.wrapping_add_signed(-reach.back), reach.events(n), ws);
                self.sum.transform(reach.stream, &ws.work, &mut ws.sum);
            }
        }
        if let Some(jitter) = &self.jitter {
            self.add_jitter(jitter, at, n, ws);
        }
        self.sum.synthesize(&mut ws.sum, waveform);
        if let Some(table) = &self.table {
            self.add_table(table, at, n, waveform, ws);
        }
        for aggressor in &self.aggressors {
            self.add_free_running(aggressor, at, n, waveform, ws);
        }
    }

    /// Index in the block's symbols of the symbol `back` before it.
    fn offset(&self, back: i64) -> usize {
        (self.back as i64 - back) as usize
    }

    /// The value of each word at every phase, and what words leave.
    fn add_table(&self, table: &Table, at: u64, n: usize, waveform: &mut [f32], ws: &mut Workspace) {
        let bits = self.modulation.bits_per_symbol();
        let words = 1u32 << (bits * table.memory);
        let before = table.memory - 1 - table.after;
        let from = self.offset(before as i64);
        let mut word = 0;
        resize(&mut ws.words, n);
        for (i, symbol) in ws.symbols[from..from + n + table.memory - 1].iter().enumerate() {
            word = (word << bits | u32::from(*symbol)) & (words - 1);
            if let Some(k) = (i + 1).checked_sub(table.memory) {
                ws.words[k] = word;
            }
        }
        let m = self.samples_per_symbol;
        simd::add_rows(self.level, &table.rows, m, &ws.words, waveform);
        let period = table.residual.len() / m;
        let mut done = 0;
        while period > 0 && done < n {
            let from = (at.wrapping_add(table.residual_first + done as u64) % period as u64) as usize;
            let count = (n - done).min(period - from);
            let source = &table.residual[from * m..(from + count) * m];
            simd::axpy(self.level, 1.0, source, &mut waveform[done * m..(done + count) * m]);
            done += count;
        }
    }

    fn add_noise(&self, at: u64, n: usize, ws: &mut Workspace) {
        for stream in &self.noise {
            let (back, events) = (stream.response.back, stream.response.events(n));
            resize(&mut ws.draws, events);
            stream.draws.normals(at.wrapping_add_signed(-back), &mut ws.draws);
            if let Some(weight) = &stream.weight {
                resize(&mut ws.work, events);
                let from = self.offset(back);
                simd::lookup(self.level, &ws.symbols[from..from + events], weight, &mut ws.work);
                simd::multiply(self.level, &ws.work, &mut ws.draws);
            }
            self.sum.transform(stream.response.stream, &ws.draws, &mut ws.sum);
        }
    }

    fn add_interference(&self, at: u64, n: usize, ws: &mut Workspace) {
        for echo in &self.echoes {
            let (back, events) = (echo.response.back, echo.response.events(n));
            resize(&mut ws.draws, events);
            let from = self.offset(back);
            let sent = &ws.symbols[from..from + events];
            echo.products.draw(at.wrapping_add_signed(-back), sent, &mut ws.products, &mut ws.draws);
            self.sum.transform(echo.response.stream, &ws.draws, &mut ws.sum);
        }
    }

    /// Levels of an aggressor's symbols into `work`.
    fn draw_aggressor(&self, aggressor: &Aggressor, first: u64, events: usize, ws: &mut Workspace) {
        resize(&mut ws.bytes, events);
        resize(&mut ws.work, events);
        aggressor.symbols.symbols(aggressor.bits, first, &mut ws.bytes);
        simd::lookup(self.level, &ws.bytes, &aggressor.levels, &mut ws.work);
    }

    /// An aggressor that takes a new phase from time to time: its waveform, late by so many samples.
    fn add_free_running(
        &self,
        aggressor: &Aggressor,
        at: u64,
        n: usize,
        waveform: &mut [f32],
        ws: &mut Workspace,
    ) {
        let Alignment::FreeRunning { sum, reach, phase_draws } = &aggressor.alignment else { return };
        let m = self.samples_per_symbol;
        // One symbol more in front, of which late samples of the first are taken.
        let (first, events) = (at.wrapping_add_signed(-reach.back - 1), reach.events(n + 1));
        self.draw_aggressor(aggressor, first, events, ws);
        resize(&mut ws.waveform, (n + 1) * m);
        sum.transform(0, &ws.work, &mut ws.aside);
        sum.synthesize(&mut ws.aside, &mut ws.waveform);
        let first_block = at / PHASE_BLOCK;
        let blocks = (at + n as u64 - 1) / PHASE_BLOCK - first_block + 1;
        resize(&mut ws.words, blocks as usize);
        phase_draws.words(first_block, &mut ws.words);
        let mut done = 0;
        for (word, block) in ws.words.iter().zip(first_block..) {
            let end = (((block + 1) * PHASE_BLOCK - at) as usize).min(n);
            let late = ((u64::from(*word) * m as u64) >> 32) as usize;
            let source = &ws.waveform[(done + 1) * m - late..(end + 1) * m - late];
            simd::axpy(self.level, 1.0, source, &mut waveform[done * m..end * m]);
            done = end;
        }
    }

    fn add_jitter(&self, jitter: &JitterStream, at: u64, n: usize, ws: &mut Workspace) {
        for (order, response) in (1..).zip(&jitter.orders) {
            let (back, events) = (response.back, response.events(n));
            let first = at.wrapping_add_signed(-back);
            self.timing_errors(jitter, first, events, ws);
            // (−δ)^n/n! by repeated products of −δ/n.
            resize(&mut ws.work, events);
            ws.work.fill(1.0);
            for n in 1..=order {
                ws.work.iter_mut().zip(&ws.draws).for_each(|(w, d)| *w *= -d / n as f32);
            }
            match jitter.model {
                JitterModel::Com => {
                    let from = self.offset(back);
                    simd::multiply(self.level, &ws.levels[from..from + events], &mut ws.work);
                }
                JitterModel::Edge => {
                    // Transmitted levels from one before the first event, then their differences.
                    resize(&mut ws.draws, events + 1);
                    ws.draws.fill(0.0);
                    let from = self.offset(back + 1 + jitter.transmit.back());
                    jitter.transmit.add(self.level, &ws.levels[from..], &mut ws.draws);
                    ws.work.iter_mut().zip(ws.draws.windows(2)).for_each(|(w, x)| *w *= x[1] - x[0]);
                }
            }
            self.sum.transform(response.stream, &ws.work, &mut ws.sum);
        }
    }

    /// δ of the events from number `first` of the streams, UI.
    fn timing_errors(&self, jitter: &JitterStream, first: u64, events: usize, ws: &mut Workspace) {
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
        if jitter.dcd_ui > 0.0 {
            for (d, number) in ws.draws.iter_mut().zip(first..) {
                *d += if number.is_multiple_of(2) { 0.5 * jitter.dcd_ui } else { -0.5 * jitter.dcd_ui };
            }
        }
    }
}
