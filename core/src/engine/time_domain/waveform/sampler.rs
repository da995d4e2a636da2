//! The receiver behind the waveform, symbol by symbol: sample, convert, FFE, DFE, decide, recover the clock.

use super::clock::Clock;
use super::source::Source;
use crate::error::{Error, Result};
use crate::random::{Purpose, Stream};
use crate::receiver::{Adc, Quantizer, Receiver};
use crate::response::WaveformModel;
use crate::simd::Level;
use std::f64::consts::TAU;

/// One sub-converter.
#[derive(Debug, Clone, Copy)]
struct SubConverter {
    gain: f32,
    offset_v: f32,
    skew_ui: f64,
}

/// What became of one symbol.
pub(super) struct Decision {
    /// Symbol of the transmitter that was sampled.
    pub(super) sampled: i64,
    pub(super) decided: u8,
}

/// State of the receiver.
pub(super) struct Sampler<'a> {
    model: &'a WaveformModel,
    thresholds: Vec<f32>,
    levels: Vec<f32>,
    ffe: Vec<(usize, f32)>,
    dfe: Vec<f32>,
    /// The latest columns, newest at `newest`.
    ring: Vec<Vec<f32>>,
    /// Time of each column's middle.
    times: Vec<f64>,
    newest: usize,
    /// Levels decided, the latest first.
    decided: Vec<f32>,
    converters: Vec<SubConverter>,
    quantizer: Option<Quantizer>,
    pub(super) clock: Option<Clock>,
    /// The slicer's input around the last symbol decided.
    pub(super) column: Vec<f32>,
    pub(super) n_clipped: u64,
}

impl<'a> Sampler<'a> {
    /// A receiver before its first symbol.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a clock recovery that cannot lock, or a converter out of proportion.
    pub(super) fn new(
        model: &'a WaveformModel,
        receiver: &Receiver,
        seed: u64,
        level: Level,
    ) -> Result<Self> {
        let m = model.samples_per_symbol;
        let clock = receiver.clock_recovery.as_ref().map(|config| Clock::new(config, model)).transpose()?;
        let to_f32 = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<_>>();
        let taps = to_f32(&model.ffe);
        Ok(Self {
            thresholds: to_f32(&model.thresholds_v),
            levels: to_f32(&model.levels),
            ring: vec![vec![0.0; m]; taps.len()],
            times: vec![0.0; taps.len()],
            ffe: taps.into_iter().enumerate().filter(|(_, t)| *t != 0.0).collect(),
            dfe: to_f32(&model.dfe),
            newest: 0,
            decided: vec![0.0; model.dfe.len()],
            converters: converters(receiver.adc.as_ref(), model, seed, level)?,
            quantizer: receiver.quantizer(model.rms_v),
            clock,
            column: vec![0.0; m],
            n_clipped: 0,
            model,
        })
    }

    /// Feedback as if every past decision was right.
    pub(super) fn start(&mut self, source: &mut Source<'_>, symbol: i64) -> Result<()> {
        source.reach(symbol)?;
        for (j, level) in (1..).zip(&mut self.decided) {
            *level = self.levels[usize::from(source.symbol(symbol - j))];
        }
        Ok(())
    }

    /// Takes the column of symbol `k` and decides the one `ffe_pre` before it.
    pub(super) fn step(&mut self, source: &mut Source<'_>, k: i64) -> Result<Decision> {
        self.take(source, k)?;
        let n = self.ring.len();
        self.column.fill(0.0);
        for (i, tap) in &self.ffe {
            let y = &self.ring[(self.newest + n - i) % n];
            self.column.iter_mut().zip(y).for_each(|(z, y)| *z += tap * y);
        }
        let middle = self.column.len() / 2;
        // The edge half a symbol before, without the feedback that belongs to the symbol.
        let edge = self.column[0];
        let feedback: f32 = self.dfe.iter().zip(&self.decided).map(|(d, a)| d * a).sum();
        self.column.iter_mut().for_each(|z| *z -= feedback);
        let z = self.column[middle];
        let decided = self.thresholds.iter().map(|t| u8::from(z > *t)).sum::<u8>();
        let level = self.levels[usize::from(decided)];
        if let Some(last) = self.decided.last_mut() {
            *last = level;
            self.decided.rotate_right(1);
        }
        if let Some(clock) = &mut self.clock {
            clock.update(f64::from(z), f64::from(edge), f64::from(level));
        }
        let time = self.times[(self.newest + n - self.model.ffe_pre.min(n - 1)) % n];
        Ok(Decision { sampled: time.round() as i64, decided })
    }

    fn take(&mut self, source: &mut Source<'_>, k: i64) -> Result<()> {
        let n = self.ring.len();
        self.newest = (self.newest + 1) % n;
        let phase_ui = self.clock.as_ref().map_or(0.0, Clock::phase_ui);
        let mut time = k as f64 + phase_ui;
        if self.model.sj_ui > 0.0 {
            let turns = (k as f64 * self.model.sj_hz / self.model.symbol_rate.hz()).fract();
            let late = self.model.sj_ui * (TAU * turns).sin();
            time -= late;
            if let Some(clock) = &mut self.clock {
                clock.follow(late);
            }
        }
        source.reach(time.ceil() as i64 + 1)?;
        let column = &mut self.ring[self.newest];
        self.times[self.newest] = time;
        let turn = k.rem_euclid(self.converters.len().max(1) as i64) as usize;
        match self.converters.get(turn) {
            None => source.column(time, column),
            Some(sub) => {
                source.column(time + sub.skew_ui, column);
                column.iter_mut().for_each(|y| *y = *y * sub.gain + sub.offset_v);
            }
        }
        if let Some(quantizer) = &self.quantizer {
            self.n_clipped += u64::from(quantizer.clips(f64::from(column[column.len() / 2])));
            column.iter_mut().for_each(|y| *y = quantizer.quantize(f64::from(*y)) as f32);
        }
        Ok(())
    }

    /// Symbols from the first column to the first symbol that every tap of the FFE sees.
    pub(super) fn lead(&self) -> i64 {
        self.ring.len() as i64
    }
}

/// Largest skew, UI: the columns reach no further.
const MAX_SKEW_UI: f64 = 0.5;

fn converters(
    adc: Option<&Adc>,
    model: &WaveformModel,
    seed: u64,
    level: Level,
) -> Result<Vec<SubConverter>> {
    let Some(adc) = adc else { return Ok(Vec::new()) };
    let mut draws = vec![0.0; 3 * adc.interleave];
    Stream::new(level, seed, Purpose::Converter, 0).normals(0, &mut draws);
    let mut converters = Vec::with_capacity(adc.interleave);
    for draw in draws.chunks_exact(3) {
        let skew_ui = f64::from(draw[2]) * adc.skew_s * model.symbol_rate.hz();
        if skew_ui.abs() > MAX_SKEW_UI {
            let requirement =
                format!("below {MAX_SKEW_UI} UI at every sub-converter; one drew {skew_ui:.2} UI");
            return Err(Error::parameter("receiver.adc.skew_s", adc.skew_s, requirement));
        }
        converters.push(SubConverter {
            gain: 1.0 + draw[0] * adc.gain_mismatch as f32,
            offset_v: draw[1] * adc.offset_v as f32,
            skew_ui,
        });
    }
    Ok(converters)
}
