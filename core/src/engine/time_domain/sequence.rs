//! Sequence detection of a run, and decision feedback on the same samples.
//!
//! ```text
//! segment of the run     ├ piece 0 ┼ piece 1 ┼ … ┼ piece 15 ┤
//! lane i      ├── warm-up ──┼── piece i ──┼── tail ──┤
//! ```
//!
//! A segment's pieces go through the trellis side by side, each with a warm-up from an unknown state and a tail that is
//! cut off. Both are so long that the path of the whole run is found: where the pieces lie does not matter. Symbols
//! before the first and after the last of the run are drawn as any others, so that the run has no ends either.

use super::block::{ORIGIN, Workspace};
use super::branch::to_f32;
use super::decide::{History, decide};
use super::relay::Hop;
use super::tally::{Tally, Total};
use super::{Counts, Job, Segment, Simulation, run_cut};
use crate::error::{Error, Result};
use crate::receiver::SequenceDetector;
use crate::response::DecisionModel;
use crate::simd::Level;
use crate::simd::lanes::{LANES, Row, VITERBI_STATES, viterbi, viterbi_trace};

/// Warm-up and tail, in symbols for each of memory: error events of 1 + D, the longest there are short of a spectral
/// null, reach it with a probability of (3/4)^128 = 1e-16.
const OVERLAP: usize = 128;
/// Noiseless sample of a window that no sequence has, in largest samples.
const EXCLUDED: f32 = 1e15;

/// Errors of a run with sequence detection.
#[derive(Debug, Clone, PartialEq)]
pub struct SequenceCounts {
    /// Errors of the detected sequence.
    pub counts: Counts,
    /// Errors of decision feedback on the same samples.
    pub dfe: Counts,
}

/// Simulates the model, detects the sequence, and counts its errors and those of decision feedback on the same samples.
///
/// ```
/// use lightlane::engine::time_domain::{Simulation, simulate_sequence};
/// use lightlane::receiver::{Mlsd, SequenceDetector};
/// # use lightlane::grid::SymbolRate;
/// # use lightlane::modulation::Modulation;
/// # use lightlane::response::{CrosstalkPhase, DecisionModel, SlicerNoise, SlicerSignal};
/// # let model = DecisionModel {
/// #     symbol_rate: SymbolRate::new(50e9)?,
/// #     modulation: Modulation::Nrz,
/// #     levels: vec![-1.0, 1.0],
/// #     signal: SlicerSignal::Linear { cursors: vec![0.1, 0.1], main: 0 },
/// #     dfe: vec![0.1],
/// #     noise: SlicerNoise { autocorrelation_v2: vec![0.05 * 0.05], ..SlicerNoise::default() },
/// #     crosstalk: vec![],
/// #     crosstalk_phase: CrosstalkPhase::default(),
/// #     jitter: None,
/// #     thresholds_v: Some(vec![0.0]),
/// # };
/// // 1 + D at 6 dB: a sequence detector makes a third of the errors of decision feedback.
/// let detector = SequenceDetector::new(&model, &Mlsd::default())?;
/// let simulation = Simulation { n_symbols: 100_000, ..Simulation::default() };
/// let run = simulate_sequence(&model, &detector, &simulation)?;
/// assert!(3 * run.counts.n_bit_errors < run.dfe.n_bit_errors);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// As [`super::simulate`], and [`Error::Parameter`] for a detector of other than 1 to 3 symbols of memory.
pub fn simulate_sequence(
    model: &DecisionModel,
    detector: &SequenceDetector,
    simulation: &Simulation,
) -> Result<SequenceCounts> {
    simulate_sequence_cut(model, detector, simulation, super::CUT)
}

pub(super) fn simulate_sequence_cut(
    model: &DecisionModel,
    detector: &SequenceDetector,
    simulation: &Simulation,
    cut: super::Cut,
) -> Result<SequenceCounts> {
    let trellis = Trellis::new(model.levels.len(), detector)?;
    let (dfe, sequence) = run_cut(model, Some(&trellis), simulation, cut, &Hop::default())?;
    let counts = |total: Total| Ok::<_, Error>(total.counts(model.modulation, Level::detect()?.name()));
    Ok(SequenceCounts { counts: counts(sequence)?, dfe: counts(dfe)? })
}

/// A detector made ready for the kernels.
#[derive(Debug, Clone)]
pub(super) struct Trellis {
    states: usize,
    /// Noiseless sample of each window of four-valued symbols, the newest as the lowest digit, times `scale`.
    outputs: Vec<f32>,
    scale: f32,
    feedback: Vec<f32>,
    whitening: Vec<f32>,
    /// Symbols of warm-up, and of the tail.
    pub(super) overlap: usize,
}

impl Trellis {
    /// The trellis of a detector for so many levels.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a detector of other than 1 to 3 symbols of memory, or of other levels.
    pub(super) fn new(levels: usize, detector: &SequenceDetector) -> Result<Self> {
        let memory = detector.memory();
        // Two-valued symbols take the states of four-valued ones of which half are out of reach.
        let states = u32::try_from(memory).ok().and_then(|m| 4usize.checked_pow(m)).unwrap_or(usize::MAX);
        if !VITERBI_STATES.contains(&states) {
            let requirement = "1, 2 or 3 symbols, for 4, 16 or 64 states";
            return Err(Error::parameter("memory of the sequence detector", memory, requirement));
        }
        if detector.levels.len() != levels || detector.levels_v.len() != levels {
            let value = format!("{} levels", detector.levels.len());
            return Err(Error::parameter("sequence detector", value, format!("{levels} levels")));
        }
        let window = |w: usize| -> Vec<usize> { (0..=memory).map(|i| w >> (2 * i) & 3).collect() };
        let possible = |w: &[usize]| w.iter().all(|s| *s < levels);
        let outputs: Vec<f64> = (0..4 * states)
            .map(|w| if possible(&window(w)) { detector.output(&window(w)) } else { f64::INFINITY })
            .collect();
        let largest = outputs.iter().filter(|e| e.is_finite()).fold(0.0f64, |m, e| m.max(e.abs()));
        let scale = if largest > 0.0 { 1.0 / largest } else { 1.0 };
        let scaled = |e: &f64| if e.is_finite() { (e * scale) as f32 } else { EXCLUDED };
        Ok(Self {
            states,
            outputs: outputs.iter().map(scaled).collect(),
            scale: to_f32("scale of the sequence detector", &[scale])?[0],
            feedback: to_f32("feedback of the sequence detector", &detector.feedback)?,
            whitening: to_f32("whitening of the sequence detector", &detector.whitening)?,
            overlap: OVERLAP * memory,
        })
    }
}

/// Buffers of one thread; they grow to the size of a segment once.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// Slicer's input with right feedback, and the symbols, from `lead` before the segment.
    g: Vec<f32>,
    sent: Vec<u8>,
    /// What the trellis sees, from the warm-up of the first piece on.
    pub(super) y: Vec<f32>,
    rows: Vec<Row>,
    survivors: Vec<Row<u32>>,
    decided: Vec<[u8; LANES]>,
    decisions: Vec<u8>,
}

impl Job<'_> {
    /// A segment with its sequence detected, feedback beginning from its warm-up.
    pub(super) fn detected_segment(
        &self,
        trellis: &Trellis,
        index: u64,
        ws: &mut Workspace,
    ) -> Result<Segment> {
        let (first, end) = (index * self.cut.segment, self.end(index));
        let count = (end - first) as usize;
        let (taps, whitening) = (trellis.feedback.len(), trellis.whitening.len());
        let warm_up = self.cut.warm_up.min(first) as usize;
        let lead = (trellis.overlap + whitening - 1 + taps).max(warm_up);
        let piece = count.div_ceil(LANES);
        let width = lead + piece * LANES + trellis.overlap;
        let mut buffers = std::mem::take(&mut ws.sequence);
        self.collect(ORIGIN + first - lead as u64, width, &mut buffers, ws)?;
        let (keep, modulation) = (self.keep, self.plan.modulation);

        let (mut tally, mut history) = (Tally::new(first, keep), History::right(taps));
        buffers.decisions.resize(width, 0);
        let mut feed = |range: std::ops::Range<usize>, tally: Option<&mut Tally>| {
            let (g, sent) = (&buffers.g[range.clone()], &buffers.sent[range.clone()]);
            let decisions = &mut buffers.decisions[range];
            match tally {
                Some(tally) => decide(&self.plan.slicer(), g, sent, decisions, &mut history, |i, s, d| {
                    tally.wrong(first + i as u64, s, d, modulation.bit_errors(s, d));
                }),
                None => decide(&self.plan.slicer(), g, sent, decisions, &mut history, |_, _, _| {}),
            }
            history.clone()
        };
        let start = feed(lead - warm_up..lead, None);
        let history = feed(lead..lead + count, Some(&mut tally));

        let mut found = Tally::new(first, keep);
        trellis.samples(&self.plan.levels, lead, &mut buffers);
        trellis.detect(self.plan.level, piece, &mut buffers);
        trellis.differences(piece, &buffers.sent[lead..lead + count], &buffers, |k, sent, decided| {
            found.wrong(first + k as u64, sent, decided, modulation.bit_errors(sent, decided));
        });
        ws.sequence = buffers;
        self.report(count as u64);
        Ok(Segment { tally, sequence: Some(found), start, end: history })
    }

    /// Evaluates the run from a position of its streams on.
    fn collect(&self, at: u64, width: usize, buffers: &mut Buffers, ws: &mut Workspace) -> Result<()> {
        buffers.g.clear();
        buffers.sent.clear();
        for done in (0..width).step_by(self.cut.block) {
            self.simulation.run.check()?;
            let n = (width - done).min(self.cut.block);
            self.plan.evaluate_at(at + done as u64, n, ws);
            buffers.g.extend_from_slice(&ws.z);
            buffers.sent.extend_from_slice(&ws.symbols[self.plan.back..self.plan.back + n]);
        }
        Ok(())
    }
}

impl Trellis {
    /// What the trellis sees: the feedback given back, and the disturbance whitened.
    fn samples(&self, levels: &[f32; 4], lead: usize, buffers: &mut Buffers) {
        let (taps, order) = (self.feedback.len(), self.order());
        let Buffers { g, sent, y, .. } = buffers;
        let past = lead - self.overlap - order;
        y.clear();
        y.extend(g[past..].iter().enumerate().map(|(k, g)| {
            let before = sent[past + k - taps..past + k].iter().rev();
            g + self.feedback.iter().zip(before).map(|(d, s)| d * levels[usize::from(*s)]).sum::<f32>()
        }));
        self.whiten(y);
    }

    /// Symbols before a sample that its filter reaches back to.
    pub(super) fn order(&self) -> usize {
        self.whitening.len() - 1
    }

    /// Filters and scales samples; the filter's own past, at their begin, goes.
    pub(super) fn whiten(&self, y: &mut Vec<f32>) {
        let order = self.order();
        for k in 0..y.len() - order {
            let filtered: f32 = self.whitening.iter().enumerate().map(|(m, w)| w * y[k + order - m]).sum();
            y[k] = filtered * self.scale;
        }
        y.truncate(y.len() - order);
    }

    /// Calls `wrong(place, sent, decided)` for every difference of what was detected from the symbols sent, in order.
    pub(super) fn differences(
        &self,
        piece: usize,
        sent: &[u8],
        buffers: &Buffers,
        mut wrong: impl FnMut(usize, u8, u8),
    ) {
        let rows = &buffers.decided[self.overlap..self.overlap + piece];
        for lane in 0..LANES {
            let from = (lane * piece).min(sent.len());
            for (k, (row, sent)) in
                rows.iter().zip(&sent[from..]).enumerate().filter(|(_, (r, s))| r[lane] != **s)
            {
                wrong(from + k, *sent, row[lane]);
            }
        }
    }

    /// Decides every piece with its warm-up and tail.
    pub(super) fn detect(&self, level: Level, piece: usize, buffers: &mut Buffers) {
        let length = piece + 2 * self.overlap;
        let Buffers { y, rows, survivors, decided, .. } = buffers;
        rows.resize(length, Row::default());
        for (lane, stream) in (0..LANES).map(|lane| (lane, &y[lane * piece..lane * piece + length])) {
            rows.iter_mut().zip(stream).for_each(|(row, y)| row.0[lane] = *y);
        }
        survivors.resize(length * self.states.div_ceil(16), Row::default());
        decided.resize(length, [0; LANES]);
        let mut metrics = vec![Row::default(); self.states];
        viterbi(level, rows, &self.outputs, &mut metrics, survivors);
        let mut state = std::array::from_fn(|lane| {
            let metric = |s: &u32| metrics[*s as usize].0[lane];
            (0..self.states as u32).min_by(|a, b| metric(a).total_cmp(&metric(b))).unwrap_or(0)
        });
        viterbi_trace(level, self.states, survivors, &mut state, decided);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Cut;
    use super::*;
    use crate::grid::SymbolRate;
    use crate::modulation::Modulation;
    use crate::receiver::Mlsd;
    use crate::response::{CrosstalkPhase, SlicerNoise, SlicerSignal};
    use crate::run::Run;

    #[test]
    fn counts_do_not_depend_on_the_cut() -> Result<()> {
        for (taps, whitening_taps) in [(vec![1.0], 0), (vec![0.9, -0.4], 1)] {
            let mut cursors = vec![0.05, 1.0];
            cursors.extend(&taps);
            let model = DecisionModel {
                symbol_rate: SymbolRate::new(106.25e9)?,
                modulation: Modulation::Pam4,
                levels: vec![-3.0, -1.0, 1.0, 3.0],
                signal: SlicerSignal::Linear { cursors, main: 1 },
                dfe: taps,
                noise: SlicerNoise { autocorrelation_v2: vec![0.3, 0.1], ..SlicerNoise::default() },
                crosstalk: vec![],
                crosstalk_phase: CrosstalkPhase::default(),
                jitter: None,
                thresholds_v: Some(vec![-2.0, 0.0, 2.0]),
            };
            let detector = SequenceDetector::new(&model, &Mlsd { whitening_taps })?;
            let simulation = Simulation { n_symbols: 150_000, ..Simulation::default() };
            let counts = simulate_sequence(&model, &detector, &simulation)?;
            assert!(counts.counts.ser() > 0.01);
            for cut in [
                Cut { segment: 1024, block: 1024, warm_up: 0 },
                Cut { segment: 4096, block: 100, warm_up: 16 },
                Cut { segment: 65_536, block: 65_536, warm_up: 256 },
            ] {
                assert_eq!(counts, simulate_sequence_cut(&model, &detector, &simulation, cut)?, "{cut:?}");
            }
            let run = Run::with_threads(Some(1))?;
            assert_eq!(counts, simulate_sequence(&model, &detector, &Simulation { run, ..simulation })?);
        }
        Ok(())
    }
}
