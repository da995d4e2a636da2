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
use crate::receiver::{Adaptation, AdaptiveEqualizer, LMS_BLOCK, Receiver};
use crate::response::DecisionModel;
use crate::simd::Level;

/// What an adaptive run leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct AdaptiveCounts {
    /// Errors of the symbols that count.
    pub counts: Counts,
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
    let mut filter = equalizer.filter();
    let (mean_v, per_v) = equalizer.unit();
    let before = adaptation.training_symbols + adaptation.settling_symbols;
    let (behind, modulation, n) = (filter.behind(), model.modulation, simulation.n_symbols);
    let mut ws = Workspace::default();
    let mut total = Total::new(simulation.codewords, modulation)?;
    let (mut trace, mut in_block, mut energy, mut counted) = (Vec::new(), (0.0, 0), 0.0, 0u64);
    // Symbol `at` of the run is symbol at − before of those that count.
    let mut at = 0;
    while at < before + n {
        simulation.run.check()?;
        if at == before && adaptation.freeze {
            filter.freeze();
        }
        // A block never crosses the begin of the count.
        let end = (at + LMS_BLOCK as u64).min(if at < before { before } else { before + n });
        let count = (end - at) as usize;
        plan.evaluate_at(ORIGIN + at - before - behind as u64, count + filter.width() - 1, &mut ws);
        filter.load_window(ws.z.iter().map(|z| (f64::from(*z) - mean_v) * per_v));
        let sent = &ws.symbols[plan.back + behind..plan.back + behind + count];
        let mut tally = Tally::new(at.saturating_sub(before), simulation.codewords.is_some());
        for (k, sent) in sent.iter().enumerate() {
            let known = (at + (k as u64) < adaptation.training_symbols).then_some(*sent);
            let (_, decided, e) = filter.symbol(k, known);
            if e.is_nan() || e.abs() > filter.limit {
                return Err(Error::Convergence {
                    method: "adaptation of the receiver".into(),
                    figure: format!("error of symbol {}", at + k as u64),
                    value: e,
                    limit: filter.limit,
                    iterations: (at + k as u64) as usize,
                });
            }
            filter.adapt(k, e);
            if at < before {
                in_block = (in_block.0 + e * e, in_block.1 + 1);
                if in_block.1 == adaptation.trace_symbols {
                    trace.push((in_block.0 / in_block.1 as f64).sqrt());
                    in_block = (0.0, 0);
                }
                continue;
            }
            energy += e * e;
            if decided != *sent {
                tally.wrong(at - before + k as u64, *sent, decided, modulation.bit_errors(*sent, decided));
            }
        }
        filter.keep_history(count);
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
    let (ffe, dfe) = filter.taps();
    let (ffe, dfe, receiver) = equalizer.exported(&ffe, &dfe);
    Ok(AdaptiveCounts {
        counts: total.counts(modulation, level.name()),
        ffe,
        dfe,
        receiver,
        error_rms: (energy / counted as f64).sqrt(),
        error_rms_trace: trace,
    })
}
