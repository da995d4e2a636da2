//! A run whose FFE and DFE adapt: one serial loop behind samples that are functions of their position.
//!
//! ```text
//! samples before the FFE ──► FFE ──► − DFE ──► slicer ──► count        before the count: training, then decisions
//!                             ▲         ▲         │
//!                             └──── taps ◄── error┘
//! ```

use super::block::{ORIGIN, Workspace};
use super::plan::Plan;
use super::tally::{Tally, Total};
use super::{Counts, Simulation, check_simulation};
use crate::error::{Error, Result};
use crate::receiver::{Adaptation, AdaptiveEqualizer, Filter, LMS_BLOCK, Receiver};
use crate::response::DecisionModel;
use crate::simd::Level;

/// What an adaptive run leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct AdaptiveCounts {
    /// Errors of the symbols that count.
    pub counts: Counts,
    /// What the equalizer learnt.
    pub adapted: Adapted,
}

/// What an equalizer learnt in a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Adapted {
    /// FFE taps after the last symbol, in time order, the main one 1 in magnitude.
    pub ffe: Vec<f64>,
    /// DFE taps after the last symbol, relative to the cursor.
    pub dfe: Vec<f64>,
    /// The receiver frozen with these taps, for another run or an analysis.
    pub receiver: Receiver,
    /// Rms error over the symbols that count, in outer levels.
    pub error_rms: f64,
    /// The same over each `trace_symbols` of the training and settling before them: how it converged.
    pub error_rms_trace: Vec<f64>,
}

/// An equalizer on its way through a run: decides, adapts, notes its errors.
pub(super) struct Adapting {
    filter: Filter,
    /// Symbols that are known, of those before the count, and whether the taps are frozen with the count.
    training: u64,
    before: u64,
    freeze: bool,
    trace_symbols: usize,
    trace: Vec<f64>,
    /// Energy and symbols of the entry of the trace that is not full, and energy of those that count.
    in_block: (f64, usize),
    energy: f64,
}

impl Adapting {
    /// At the first symbol, `before` of them before those that count.
    pub(super) fn new(equalizer: &AdaptiveEqualizer, adaptation: &Adaptation, before: u64) -> Self {
        Self {
            filter: equalizer.filter(),
            training: adaptation.training_symbols,
            before,
            freeze: adaptation.freeze,
            trace_symbols: adaptation.trace_symbols,
            trace: Vec::new(),
            in_block: (0.0, 0),
            energy: 0.0,
        }
    }

    pub(super) fn filter(&mut self) -> &mut Filter {
        &mut self.filter
    }

    /// Decision on symbol `at` of the run, which is symbol `k` of the filter's block, and the symbol that feedback and
    /// error go by.
    ///
    /// # Errors
    /// [`Error::Convergence`] when the error crosses the line.
    pub(super) fn symbol(&mut self, at: u64, k: usize, sent: u8) -> Result<(u8, u8)> {
        if at == self.before && self.freeze {
            self.filter.freeze();
        }
        let known = (at < self.training).then_some(sent);
        let (_, decided, e) = self.filter.symbol(k, known);
        if e.is_nan() || e.abs() > self.filter.limit {
            return Err(Error::Convergence {
                method: "adaptation of the receiver".into(),
                figure: format!("error of symbol {at}"),
                value: e,
                limit: self.filter.limit,
                iterations: at as usize,
            });
        }
        self.filter.adapt(k, e);
        if at >= self.before {
            self.energy += e * e;
        } else {
            self.in_block = (self.in_block.0 + e * e, self.in_block.1 + 1);
            if self.in_block.1 == self.trace_symbols {
                self.trace.push((self.in_block.0 / self.in_block.1 as f64).sqrt());
                self.in_block = (0.0, 0);
            }
        }
        Ok((decided, known.unwrap_or(decided)))
    }

    /// What was learnt, `counted` symbols having counted.
    pub(super) fn adapted(self, equalizer: &AdaptiveEqualizer, counted: u64) -> Adapted {
        let (ffe, dfe) = self.filter.taps();
        let (ffe, dfe, receiver) = equalizer.exported(&ffe, &dfe);
        let error_rms = (self.energy / counted as f64).sqrt();
        Adapted { ffe, dfe, receiver, error_rms, error_rms_trace: self.trace }
    }
}

/// Adapts an equalizer on the samples of `input`, what its FFE sees, and counts the errors of its decisions.
///
/// Levels are decided midway between their nominal values, as an adaptive receiver does; the thresholds of an analysis
/// are optimal for its taps. The run is serial and does not depend on the number of threads.
///
/// # Errors
/// As [`super::simulate`]; [`Error::Convergence`] with the error that crossed the line when the taps diverge.
pub fn simulate_adaptive(
    input: &DecisionModel,
    equalizer: &AdaptiveEqualizer,
    adaptation: &Adaptation,
    simulation: &Simulation,
) -> Result<AdaptiveCounts> {
    check_simulation(simulation)?;
    adaptation.validate()?;
    let level = Level::detect()?;
    // No threshold of the input is used: decisions are those of the equalizer.
    let model = DecisionModel { thresholds_v: Some(vec![0.0; input.levels.len() - 1]), ..input.clone() };
    let plan = Plan::new(&model, simulation.seed, level)?;
    let (mean_v, per_v) = equalizer.unit();
    let before = adaptation.before();
    let mut adapting = Adapting::new(equalizer, adaptation, before);
    let (behind, width) = (adapting.filter.behind(), adapting.filter.width());
    let (modulation, n) = (model.modulation, simulation.n_symbols);
    let mut ws = Workspace::default();
    let mut total = Total::new(simulation.codewords, modulation)?;
    let mut counted = 0;
    // Symbol `at` of the run is symbol at − before of those that count.
    let mut at = 0;
    while at < before + n {
        simulation.run.check()?;
        // A block never crosses the begin of the count.
        let end = (at + LMS_BLOCK as u64).min(if at < before { before } else { before + n });
        let count = (end - at) as usize;
        plan.evaluate_at(ORIGIN + at - before - behind as u64, count + width - 1, &mut ws);
        adapting.filter.load_window(ws.z.iter().map(|z| (f64::from(*z) - mean_v) * per_v));
        let sent = &ws.symbols[plan.back + behind..plan.back + behind + count];
        let mut tally = Tally::new(at.saturating_sub(before), simulation.codewords.is_some());
        for (k, sent) in sent.iter().enumerate() {
            let (decided, _) = adapting.symbol(at + k as u64, k, *sent)?;
            if at >= before && decided != *sent {
                tally.wrong(at - before + k as u64, *sent, decided, modulation.bit_errors(*sent, decided));
            }
        }
        adapting.filter.keep_history(count);
        at = end;
        if at > before {
            counted = at - before;
            total.add(tally, counted);
            simulation.run.report(counted, n);
            if simulation.stop_at_bit_errors.is_some_and(|n| total.bit_errors() >= n) {
                break;
            }
        }
    }
    Ok(AdaptiveCounts {
        counts: total.counts(modulation, level.name()),
        adapted: adapting.adapted(equalizer, counted),
    })
}
