//! The receiver behind the waveform: sample, convert, FFE, DFE, decide, recover the clock.
//!
//! Only the instants that decisions and clock need are sampled here; the eye is made of the rest afterwards. Without
//! clock recovery all instants are known, so that a batch is sampled, filtered and sliced at once, and feedback runs
//! serially from an error on only. With it, or with taps that adapt, symbols are taken one by one.

use super::adapt::{Adaptive, BATCH};
use super::clock::Clock;
use super::converter::Converter;
use super::source::Source;
use crate::engine::time_domain::branch::{alphabet, to_f32};
use crate::engine::time_domain::decide::{History, Slicer, decide};
use crate::error::Result;
use crate::receiver::Receiver;
use crate::response::WaveformModel;
use crate::simd::{self, Level};

/// Symbols of the waveform that must follow an instant: half a column, its interpolation and a skew.
const MARGIN: f64 = 2.0;
/// Symbols of the waveform kept before the oldest instant, for the same.
const BEHIND: i64 = 3;

/// State of the receiver, and what its last batch of decisions left.
pub(super) struct Sampler<'a> {
    model: &'a WaveformModel,
    level: Level,
    thresholds: Vec<f32>,
    levels: [f32; 4],
    pub(super) ffe: Vec<f32>,
    /// The same, the oldest sample's tap first.
    reversed: Vec<f32>,
    pub(super) dfe: Vec<f32>,
    negative_dfe: Vec<f32>,
    pub(super) converter: Converter,
    pub(super) clock: Option<Clock>,
    /// The equalizer, where it adapts; `ffe` and `dfe` are what it was up to some thousand symbols before, `reversed` and
    /// `negative_dfe` those of the model.
    pub(super) adaptive: Option<Adaptive<'a>>,
    /// Number of the first symbol of the run, at most 0.
    begin: i64,
    pub(super) n_clipped: u64,
    pub(super) batch: Batch,
    /// Whether what the FFE made of each sample is kept, for a detector.
    pub(super) keeps_equalized: bool,
    /// Whether the transmitter's frequency is another than the receiver's.
    drifts: bool,
    history: History,
    at: Vec<(usize, f32)>,
    z: Vec<f32>,
}

/// Decisions in a row. What reaches back holds so many values before those of the batch.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Column of `offsets_ui[0]`, one less than the FFE has taps before the newest of the first decision.
    pub(super) first_column: i64,
    /// Sampling instant of each column, UI after its symbol.
    pub(super) offsets_ui: Vec<f64>,
    /// What the converter made of it.
    y: Vec<f32>,
    /// Half a symbol before, where the clock needs it.
    edges: Vec<f32>,
    /// What the FFE made of it at each decision, where that is kept.
    pub(super) equalized: Vec<f32>,
    /// Symbols sampled and decided.
    pub(super) sent: Vec<u8>,
    pub(super) decided: Vec<u8>,
    /// Their levels, with as many before as the DFE has taps.
    sent_levels: Vec<f32>,
    pub(super) decided_levels: Vec<f32>,
}

impl<'a> Sampler<'a> {
    /// A receiver before its first symbol.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] for a clock recovery that cannot lock, or a converter out of proportion.
    pub(super) fn new(
        model: &'a WaveformModel,
        receiver: &Receiver,
        seed: u64,
        level: Level,
    ) -> Result<Self> {
        let clock = receiver.clock_recovery.as_ref().map(|config| Clock::new(config, model)).transpose()?;
        let ffe = to_f32("ffe", &model.ffe)?;
        Ok(Self {
            model,
            level,
            thresholds: to_f32("thresholds_v", &model.thresholds_v)?,
            levels: alphabet("levels", &model.levels)?,
            reversed: ffe.iter().rev().copied().collect(),
            ffe,
            negative_dfe: model.dfe.iter().map(|d| -*d as f32).collect(),
            dfe: to_f32("dfe", &model.dfe)?,
            converter: Converter::new(receiver, model, seed, level)?,
            clock,
            adaptive: None,
            begin: 0,
            n_clipped: 0,
            batch: Batch::default(),
            keeps_equalized: false,
            drifts: drifts(model),
            history: History::right(model.dfe.len()),
            at: Vec::new(),
            z: Vec::new(),
        })
    }

    /// First symbol of the waveform that [`Sampler::start`] at `first` reads, and the one after its last.
    pub(super) fn reach(&self, first: i64) -> (i64, i64) {
        // The clock may start half a symbol away, and sinusoidal jitter swings farther.
        let swing = self.model.sj_ui.ceil() as i64 + BEHIND;
        let past = (self.ffe.len() + self.dfe.len()) as i64;
        (first - past - swing, first + self.model.ffe_pre as i64 + swing)
    }

    /// Fills the history of the FFE, and that of the feedback as if every decision before `first` was right.
    pub(super) fn start(&mut self, source: &Source<'_>, first: i64) {
        let past = self.ffe.len() as i64 - 1;
        let column = first + self.model.ffe_pre as i64 - past;
        let (phase_ui, edges) = self.clock.as_ref().map_or((0.0, false), |c| (c.phase_ui(), c.needs_edges()));
        for k in column..column + past {
            self.take(source, k, phase_ui - self.late_ui(k), edges);
        }
        let before = |j: i64| source.symbol(first - j);
        for j in (1..=self.dfe.len() as i64).rev() {
            let level = self.levels[usize::from(before(j))];
            self.batch.sent_levels.push(level);
            self.batch.decided_levels.push(level);
        }
        self.begin = first;
        if let Some(adaptive) = &mut self.adaptive {
            self.batch.y.iter().for_each(|y| adaptive.push(*y));
            adaptive.remember((1..=self.dfe.len() as i64).rev().map(before));
        }
    }

    /// Decides the symbols from number `first` up to `end` of which the source has everything; how many these were.
    ///
    /// # Errors
    /// [`crate::Error::Convergence`] when taps that adapt diverge.
    pub(super) fn run(&mut self, source: &Source<'_>, first: i64, end: i64) -> Result<usize> {
        self.batch.keep(self.ffe.len() - 1, self.dfe.len());
        self.batch.first_column = first + self.model.ffe_pre as i64 + 1 - self.ffe.len() as i64;
        let (mut clock, mut adaptive) = (self.clock.take(), self.adaptive.take());
        let done = match (&mut clock, &mut adaptive) {
            (None, None) => {
                self.run_at_once(source, first, end);
                Ok(())
            }
            (clock, Some(adaptive)) => self.run_adapting(source, first, end, clock.as_mut(), adaptive),
            (Some(clock), None) => {
                self.run_serially(source, first, end, clock);
                Ok(())
            }
        };
        (self.clock, self.adaptive) = (clock, adaptive);
        done.map(|()| self.batch.decided.len())
    }

    /// Errors are counted from here on.
    pub(super) fn settled(&mut self) {
        self.n_clipped = 0;
        if let Some(clock) = &mut self.clock {
            clock.settled();
        }
    }

    /// First symbol of the waveform that batches after the last still need.
    pub(super) fn holds(&self) -> i64 {
        let (n, past) = (self.batch.offsets_ui.len(), self.ffe.len() - 1);
        let next = self.batch.first_column + n as i64;
        let phase_ui = self.clock.as_ref().map_or(0.0, Clock::phase_ui);
        let mut oldest = next as f64 + phase_ui - self.late_ui(next);
        for i in n - past..n {
            oldest = oldest.min((self.batch.first_column + i as i64) as f64 + self.batch.offsets_ui[i]);
        }
        oldest.floor() as i64 - BEHIND
    }

    /// How late the transmitter is at column `k`, UI: sinusoidal jitter, and what its frequency adds up to.
    fn late_ui(&self, k: i64) -> f64 {
        let swing = if self.model.sj_ui == 0.0 { 0.0 } else { self.model.sj_ui * self.model.sinusoid(k).0 };
        if self.drifts { swing + self.model.drift_ui(k).0 } else { swing }
    }

    /// Samples column `k`, with the instant half a symbol before it where the clock needs that.
    fn take(&mut self, source: &Source<'_>, k: i64, offset_ui: f64, edge: bool) {
        let at = offset_ui + self.converter.skew_ui(k);
        let sample = |late_ui: f64| {
            let (whole, x) = source.place(k, at + late_ui);
            let w = &source.samples()[whole - 1..whole + 3];
            simd::lagrange(x).iter().zip(w).map(|(a, v)| a * v).sum::<f32>()
        };
        let (y, clips) = self.converter.convert(k, sample(0.0));
        self.n_clipped += u64::from(clips);
        self.batch.offsets_ui.push(offset_ui);
        self.batch.y.push(y);
        if edge {
            self.batch.edges.push(self.converter.convert(k, sample(-0.5)).0);
        }
    }

    fn run_serially(&mut self, source: &Source<'_>, first: i64, end: i64, clock: &mut Clock) {
        let (taps, pre, edges) = (self.ffe.len(), self.model.ffe_pre, clock.needs_edges());
        let window_end = source.end() as f64;
        for k in first..end {
            let column = k + pre as i64;
            let late_ui = self.late_ui(column);
            let offset_ui = clock.phase_ui() - late_ui;
            if column as f64 + offset_ui + MARGIN > window_end {
                break;
            }
            clock.follow(late_ui, self.model.sinusoid(column));
            self.take(source, column, offset_ui, edges);
            let newest = self.batch.y.len();
            let mut z = dot(&self.reversed, &self.batch.y[newest - taps..]);
            let edge = if edges { dot(&self.reversed, &self.batch.edges[newest - taps..]) } else { 0.0 };
            if self.keeps_equalized {
                self.batch.equalized.push(z);
            }
            let decided = &self.batch.decided_levels;
            let past = &decided[decided.len() - self.dfe.len()..];
            z -= self.dfe.iter().zip(past.iter().rev()).map(|(d, a)| d * a).sum::<f32>();
            let symbol = self.thresholds.iter().map(|t| u8::from(z > *t)).sum::<u8>();
            let level = self.levels[usize::from(symbol)];
            clock.update(f64::from(z), f64::from(edge), f64::from(level));
            self.batch.decided.push(symbol);
            self.batch.decided_levels.push(level);
            self.batch.sent.push(source.symbol(k + self.batch.offsets_ui[newest - 1 - pre].round() as i64));
        }
    }

    fn run_adapting(
        &mut self,
        source: &Source<'_>,
        first: i64,
        end: i64,
        mut clock: Option<&mut Clock>,
        adaptive: &mut Adaptive<'a>,
    ) -> Result<()> {
        let (taps, pre) = (self.ffe.len(), self.model.ffe_pre);
        let edges = clock.as_ref().is_some_and(|c| c.needs_edges());
        let window_end = source.end() as f64;
        if first == self.begin || first.rem_euclid(BATCH) == 0 {
            let (ffe, dfe) = adaptive.taps();
            self.ffe = to_f32("ffe", &ffe)?;
            self.dfe = to_f32("dfe", &dfe)?;
        }
        for k in first..end.min((first.div_euclid(BATCH) + 1) * BATCH) {
            let column = k + pre as i64;
            let late_ui = self.late_ui(column);
            let offset_ui = clock.as_ref().map_or(0.0, |c| c.phase_ui()) - late_ui;
            if column as f64 + offset_ui + MARGIN > window_end {
                break;
            }
            self.take(source, column, offset_ui, edges);
            let newest = self.batch.y.len();
            adaptive.push(self.batch.y[newest - 1]);
            let sent = source.symbol(k + self.batch.offsets_ui[newest - 1 - pre].round() as i64);
            let decided = adaptive.decide((k - self.begin) as u64, sent)?;
            let level = self.levels[usize::from(decided.followed)];
            if let Some(clock) = &mut clock {
                clock.follow(late_ui, self.model.sinusoid(column));
                let levels = &self.batch.decided_levels;
                let past = levels[levels.len() - self.negative_dfe.len()..].iter().rev();
                let fed = self.negative_dfe.iter().zip(past).map(|(d, a)| d * a).sum::<f32>();
                let z = dot(&self.reversed, &self.batch.y[newest - taps..]) + fed;
                let edge = if edges { dot(&self.reversed, &self.batch.edges[newest - taps..]) } else { 0.0 };
                clock.update(f64::from(z), f64::from(edge), f64::from(level));
            }
            self.batch.decided.push(decided.symbol);
            self.batch.decided_levels.push(level);
            self.batch.sent.push(sent);
        }
        adaptive.end_batch();
        Ok(())
    }

    /// Whether every column is sampled at the instant of its symbol.
    pub(super) fn is_steady(&self) -> bool {
        self.clock.is_none() && self.model.sj_ui == 0.0 && !self.drifts && !self.converter.skews()
    }

    /// Samples the columns from that of symbol `first` up to that of `end`, as far as the source has them; how many.
    fn sample_at_once(&mut self, source: &Source<'_>, first: i64, end: i64) -> usize {
        let (past, pre) = (self.ffe.len() - 1, self.model.ffe_pre as i64);
        let (column, end) = (first + pre, end + pre);
        if self.is_steady() {
            let n = (end.min(source.end() + 1 - MARGIN as i64) - column).max(0) as usize;
            let samples = source.samples()[source.place(column, 0.0).0..].iter();
            self.batch.offsets_ui.resize(past + n, 0.0);
            self.batch.y.extend(samples.step_by(self.model.samples_per_symbol).take(n));
            return n;
        }
        self.at.clear();
        for column in column..end {
            let offset_ui = -self.late_ui(column);
            if column as f64 + offset_ui + MARGIN > source.end() as f64 {
                break;
            }
            self.batch.offsets_ui.push(offset_ui);
            self.at.push(source.place(column, offset_ui + self.converter.skew_ui(column)));
        }
        self.batch.y.resize(past + self.at.len(), 0.0);
        simd::interpolate(self.level, source.samples(), &self.at, 1, &mut self.batch.y[past..]);
        self.at.len()
    }

    fn run_at_once(&mut self, source: &Source<'_>, first: i64, end: i64) {
        let (past, pre) = (self.ffe.len() - 1, self.model.ffe_pre);
        let n = self.sample_at_once(source, first, end);
        let steady = self.is_steady();
        let batch = &mut self.batch;
        let y = &mut batch.y[past..];
        self.converter.scale(first + pre as i64, 1, y);
        self.n_clipped += self.converter.clipped(y);
        self.converter.quantize(y);
        if steady {
            batch.sent.extend_from_slice(source.symbols(first, n));
        } else {
            let offsets = &batch.offsets_ui[past - pre..past - pre + n];
            batch.sent.extend((first..).zip(offsets).map(|(k, o)| source.symbol(k + o.round() as i64)));
        }
        append_levels(self.level, &batch.sent, &self.levels, &mut batch.sent_levels);
        // What the slicer sees while every past decision is right.
        self.z.clear();
        self.z.resize(n, 0.0);
        simd::fir_add(self.level, &batch.y, &self.ffe, &mut self.z);
        if self.keeps_equalized {
            batch.equalized.extend_from_slice(&self.z);
        }
        if !self.dfe.is_empty() {
            simd::fir_add(self.level, &batch.sent_levels, &self.negative_dfe, &mut self.z);
        }
        batch.decided.resize(n, 0);
        let slicer =
            Slicer { level: self.level, levels: &self.levels, thresholds: &self.thresholds, dfe: &self.dfe };
        let (z, sent) = (&self.z, &batch.sent);
        decide(&slicer, z, sent, &mut batch.decided, &mut self.history, |_, _, _| {});
        append_levels(self.level, &batch.decided, &self.levels, &mut batch.decided_levels);
    }
}

/// Puts the levels of symbols behind those that are there.
fn append_levels(level: Level, symbols: &[u8], levels: &[f32; 4], output: &mut Vec<f32>) {
    let first = output.len();
    output.resize(first + symbols.len(), 0.0);
    simd::lookup(level, symbols, levels, &mut output[first..]);
}

/// Whether the transmitter's frequency is another than the receiver's.
pub(super) fn drifts(model: &WaveformModel) -> bool {
    model.frequency_offset_ppm != 0.0 || model.ssc_ppm != 0.0
}

impl Batch {
    /// Forgets the last batch but for what the next one reaches back to.
    fn keep(&mut self, columns: usize, decisions: usize) {
        let columns = self.y.len() - columns;
        self.offsets_ui.drain(..columns);
        self.y.drain(..columns);
        self.edges.drain(..columns.min(self.edges.len()));
        for levels in [&mut self.sent_levels, &mut self.decided_levels] {
            levels.drain(..levels.len().saturating_sub(decisions));
        }
        self.equalized.clear();
        self.sent.clear();
        self.decided.clear();
    }
}

/// Σ x y in eight running sums, so that it does not wait for one adder.
fn dot(x: &[f32], y: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    let (xs, ys) = (x.chunks_exact(8), y[..x.len()].chunks_exact(8));
    let tail: f32 = xs.remainder().iter().zip(ys.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in xs.zip(ys) {
        for i in 0..8 {
            sums[i] += a[i] * b[i];
        }
    }
    sums.iter().sum::<f32>() + tail
}
