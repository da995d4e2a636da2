//! A block of the waveform, a function of its position alone.

use super::plan::{Aggressor, JitterStream, Plan};
use crate::engine::time_domain::block::{ORIGIN, PHASE_BLOCK, resize};
use crate::response::JitterModel;
use crate::simd;

/// A block: `symbols.len()` symbols, and their waveform in the order of time.
#[derive(Debug, Default, Clone)]
pub(super) struct Block {
    pub(super) symbols: Vec<u8>,
    pub(super) v: Vec<f32>,
}

#[derive(Default)]
struct Buffers {
    symbols: Vec<u8>,
    levels: Vec<f32>,
    /// Phase by phase.
    waveform: Vec<f32>,
    draws: Vec<f32>,
    work: Vec<f32>,
    bytes: Vec<u8>,
    words: Vec<u32>,
}

impl Plan {
    /// The `n` symbols from number `first` of the run, which may be before its start.
    pub(super) fn block(&self, first: i64, n: usize) -> Block {
        let mut b = Buffers::default();
        let at = ORIGIN.wrapping_add_signed(first);
        let width = self.back + n + self.ahead;
        resize(&mut b.symbols, width);
        resize(&mut b.levels, width);
        b.waveform = vec![0.0; n * self.samples_per_symbol];
        let bits = self.modulation.bits_per_symbol() as u32;
        self.symbols.symbols(bits, at - self.back as u64, &mut b.symbols);
        simd::lookup(self.level, &b.symbols, &self.levels, &mut b.levels);
        let from = self.offset(self.signal.reach().0);
        self.signal.add(self.level, &b.levels[from..], &mut b.waveform, (0, n));
        self.add_noise(at, n, &mut b);
        for aggressor in &self.aggressors {
            self.add_crosstalk(aggressor, at, n, &mut b);
        }
        if let Some(jitter) = &self.jitter {
            self.add_jitter(jitter, at, n, &mut b);
        }
        let m = self.samples_per_symbol;
        let mut v = vec![0.0; n * m];
        for (p, phase) in b.waveform.chunks_exact(n).enumerate() {
            for (sample, y) in v[p..].iter_mut().step_by(m).zip(phase) {
                *sample = *y;
            }
        }
        Block { symbols: b.symbols[self.back..self.back + n].to_vec(), v }
    }

    /// Index in the block's symbols of the symbol `back` before it.
    fn offset(&self, back: i64) -> usize {
        (self.back as i64 - back) as usize
    }

    fn add_noise(&self, at: u64, n: usize, b: &mut Buffers) {
        for stream in &self.noise {
            let (back, length) = (stream.response.reach().0, stream.response.events(n));
            resize(&mut b.draws, length);
            stream.draws.normals(at.wrapping_add_signed(-back), &mut b.draws);
            if let Some(weight) = &stream.weight {
                resize(&mut b.work, length);
                let from = self.offset(back);
                simd::lookup(self.level, &b.symbols[from..from + length], weight, &mut b.work);
                simd::multiply(self.level, &b.work, &mut b.draws);
            }
            stream.response.add(self.level, &b.draws, &mut b.waveform, (0, n));
        }
    }

    fn add_crosstalk(&self, aggressor: &Aggressor, at: u64, n: usize, b: &mut Buffers) {
        let longest = &aggressor.phases[aggressor.phases.len() - 1];
        let (back, length) = (longest.reach().0, longest.events(n));
        resize(&mut b.bytes, length);
        resize(&mut b.work, length);
        aggressor.symbols.symbols(aggressor.bits, at.wrapping_add_signed(-back), &mut b.bytes);
        simd::lookup(self.level, &b.bytes, &aggressor.levels, &mut b.work);
        if let [response] = &aggressor.phases[..] {
            response.add(self.level, &b.work, &mut b.waveform, (0, n));
            return;
        }
        let first_block = at / PHASE_BLOCK;
        let blocks = (at + n as u64 - 1) / PHASE_BLOCK - first_block + 1;
        resize(&mut b.words, blocks as usize);
        aggressor.phase_draws.words(first_block, &mut b.words);
        let mut done = 0;
        for (word, block) in b.words.iter().zip(first_block..) {
            let end = (((block + 1) * PHASE_BLOCK - at) as usize).min(n);
            let phase = (u64::from(*word) * aggressor.phases.len() as u64) >> 32;
            let response = &aggressor.phases[phase as usize];
            // Without a delay the response is a symbol shorter.
            let skip = (back - response.reach().0) as usize;
            response.add(self.level, &b.work[skip..], &mut b.waveform, (done, end));
            done = end;
        }
    }

    fn add_jitter(&self, jitter: &JitterStream, at: u64, n: usize, b: &mut Buffers) {
        for (order, response) in (1..).zip(&jitter.orders) {
            let (back, events) = (response.reach().0, response.events(n));
            let first = at.wrapping_add_signed(-back);
            self.timing_errors(jitter, first, events, b);
            // (−δ)^n/n! by repeated products of −δ/n.
            resize(&mut b.work, events);
            b.work.fill(1.0);
            for n in 1..=order {
                b.work.iter_mut().zip(&b.draws).for_each(|(w, d)| *w *= -d / n as f32);
            }
            match jitter.model {
                JitterModel::Com => {
                    let from = self.offset(back);
                    simd::multiply(self.level, &b.levels[from..from + events], &mut b.work);
                }
                JitterModel::Edge => {
                    // Transmitted levels from one before the first event, then their differences.
                    resize(&mut b.draws, events + 1);
                    b.draws.fill(0.0);
                    let from = self.offset(back + 1 + jitter.transmit.back());
                    jitter.transmit.add(self.level, &b.levels[from..], &mut b.draws);
                    b.work.iter_mut().zip(b.draws.windows(2)).for_each(|(w, x)| *w *= x[1] - x[0]);
                }
            }
            response.add(self.level, &b.work, &mut b.waveform, (0, n));
        }
    }

    /// δ of the events from number `first` of the streams, UI.
    fn timing_errors(&self, jitter: &JitterStream, first: u64, events: usize, b: &mut Buffers) {
        resize(&mut b.draws, events);
        jitter.gaussian.normals(first, &mut b.draws);
        b.draws.iter_mut().for_each(|d| *d *= jitter.rj_ui);
        if jitter.dd_ui > 0.0 {
            resize(&mut b.bytes, events);
            jitter.sign.symbols(1, first, &mut b.bytes);
            for (d, sign) in b.draws.iter_mut().zip(&b.bytes) {
                *d += if *sign == 1 { jitter.dd_ui } else { -jitter.dd_ui };
            }
        }
        if jitter.dcd_ui > 0.0 {
            for (d, number) in b.draws.iter_mut().zip(first..) {
                *d += if number.is_multiple_of(2) { 0.5 * jitter.dcd_ui } else { -0.5 * jitter.dcd_ui };
            }
        }
    }
}
