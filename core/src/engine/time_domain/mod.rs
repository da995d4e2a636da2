//! The time-domain engine at one value a symbol: draws symbols and noise, decides, counts.
//!
//! ```text
//! z_k = Σ_i c_i a_(k−(i−main)) − Σ_j d_j â_(k−1−j) + n_k + Σ_s √f_s[a] ∗ w_s + Σ_e r_e ∗ (√P[a] √P'[b_e] cos θ_e) + u ∗ v + Σ_x h_x ∗ b_x + Σ r ∗ (δ · moved)
//! ```
//!
//! | term | what | how |
//! |---|---|---|
//! | c, or table and c | signal | word lookup and FIR of the levels |
//! | d | decision feedback | true decisions: errors propagate |
//! | n | stationary Gaussian noise | white noise through a filter that gives it its autocorrelation |
//! | w_s | Gaussian noise whose variance follows the symbols | weighted white noise, a few FIRs a source |
//! | e | interference of the light | product of two symbols' fields, a new phase every 256 symbols |
//! | v | a converter's steps | uniform, independent of the signal, through the FFE: clipping is left out |
//! | b_x | aggressors | own random symbols; uniform phase: a new one every 64 symbols |
//! | δ | jitter | each symbol or transition: rj · N(0, 1) ± dd, linear; sj sin(2π f t) and ± dcd/2 to third order |
//!
//! Every draw is a function of (seed, purpose, stream, position), and blocks are evaluated from their position alone,
//! so the decisions are those of one serial loop over the whole run: the counts depend neither on the number of
//! threads nor on how the run is cut. Nothing is kept per symbol. Arithmetic is in single precision, whose rounding
//! (1e-6 of the signal) is far below any noise that makes errors countable.
//!
//! Normals end at 6.76 σ ([`crate::simd::NORMAL_LIMIT`]): a link whose errors need rarer events shows none here.

mod adaptive;
mod binomial;
mod block;
mod branch;
mod codewords;
mod counts;
mod decide;
mod interference;
#[doc(hidden)]
pub mod naive;
mod plan;
mod rare;
mod relay;
mod sequence;
mod shaping;
mod symbol_noise;
mod tally;
mod waveform;

pub use adaptive::{Adapted, AdaptiveCounts, simulate_adaptive};
pub use binomial::clopper_pearson;
pub use codewords::{CodewordErrors, Codewords};
pub use counts::Counts;
pub use rare::{RareCounts, RareRatio, RareSimulation, simulate_rare};
pub use relay::{Altered, HopModel, RelayCounts, WaveformHop, simulate_relay, simulate_waveform_relay};
pub use sequence::{SequenceCounts, simulate_sequence};
pub use waveform::{
    ClockReport, EyeDensity, WaveformCounts, simulate_waveform, simulate_waveform_adaptive,
    simulate_waveform_sequence,
};

use crate::error::{Error, Result};
use crate::response::DecisionModel;
use crate::run::Run;
use crate::simd::Level;
use block::Workspace;
use decide::{History, decide};
use plan::Plan;
use rayon::prelude::*;
use relay::Hop;
use sequence::Trellis;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use tally::{Tally, Total};

/// Most symbols of a run: beyond 2⁵³ a count is no longer exact as a floating-point number.
pub const MAX_SYMBOLS: u64 = 1 << 53;

/// How long to simulate, and from which seed.
#[derive(Debug, Clone)]
pub struct Simulation {
    /// Symbols to compare, 1 to 2⁵³.
    pub n_symbols: u64,
    /// Seed of every draw.
    pub seed: u64,
    /// Stop at the end of the segment (65,536 symbols, 32,768 of a waveform, 4096 while taps adapt) in which the bit errors
    /// reach this number; `None` for a run of
    /// `n_symbols`. The error ratio of a run stopped at N errors is too high by 1/N on average.
    pub stop_at_bit_errors: Option<u64>,
    /// Count wrong symbols by codeword.
    pub codewords: Option<Codewords>,
    /// Threads, cancellation and progress, the latter in symbols.
    pub run: Run,
}

impl Default for Simulation {
    fn default() -> Self {
        Self { n_symbols: 1_000_000, seed: 1, stop_at_bit_errors: None, codewords: None, run: Run::default() }
    }
}

/// How a run is cut. The counts do not depend on it.
#[derive(Debug, Clone, Copy)]
struct Cut {
    /// Symbols that one task takes; a multiple of the window of the clustering statistic and no longer than the
    /// longest burst.
    segment: u64,
    /// Symbols evaluated at once: large enough to hide the cost of a call, small enough for the cache.
    block: usize,
    /// Symbols decided before a segment, so that its feedback almost surely starts from the true history.
    warm_up: u64,
}

const CUT: Cut = Cut { segment: 65_536, block: 8192, warm_up: 256 };

/// Simulates the model and counts its errors.
///
/// ```
/// use lightlane::engine::time_domain::{Simulation, simulate};
/// use lightlane::grid::SymbolRate;
/// use lightlane::modulation::Modulation;
/// use lightlane::response::{CrosstalkPhase, DecisionModel, SlicerNoise, SlicerSignal};
///
/// // NRZ in white noise at 6 dB: the error ratio is Q(2) = 0.02275.
/// let model = DecisionModel {
///     symbol_rate: SymbolRate::new(50e9)?,
///     modulation: Modulation::Nrz,
///     levels: vec![-1.0, 1.0],
///     signal: SlicerSignal::Linear { cursors: vec![0.1], main: 0 },
///     dfe: vec![],
///     noise: SlicerNoise { autocorrelation_v2: vec![0.05 * 0.05], ..SlicerNoise::default() },
///     crosstalk: vec![],
///     crosstalk_phase: CrosstalkPhase::default(),
///     jitter: None,
///     thresholds_v: Some(vec![0.0]),
/// };
/// let counts = simulate(&model, &Simulation { n_symbols: 100_000, ..Simulation::default() })?;
/// let (low, high) = counts.ber_interval(0.9999)?;
/// assert!(low < 0.02275 && 0.02275 < high);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for a count outside 1..=2⁵³, a model without thresholds or one whose parts do not fit,
/// [`Error::Convergence`] for a noise autocorrelation that no noise has, [`Error::Interrupted`] when the run is
/// cancelled, and what [`Level::detect`] returns.
pub fn simulate(model: &DecisionModel, simulation: &Simulation) -> Result<Counts> {
    simulate_cut(model, simulation, CUT)
}

fn simulate_cut(model: &DecisionModel, simulation: &Simulation, cut: Cut) -> Result<Counts> {
    let (total, _) = run_cut(model, None, simulation, cut, &Hop::default())?;
    Ok(total.counts(model.modulation, Level::detect()?.name()))
}

/// Errors of decision feedback, and those of a sequence where one is detected.
fn run_cut(
    model: &DecisionModel,
    trellis: Option<&Trellis>,
    simulation: &Simulation,
    cut: Cut,
    hop: &Hop<'_>,
) -> Result<(Total, Total)> {
    check_simulation(simulation)?;
    let plan = Plan::of_hop(model, simulation.seed, hop, Level::detect()?)?;
    let keep = hop.keep || simulation.codewords.is_some();
    let job = Job { plan: &plan, trellis, simulation, cut, keep, done: AtomicU64::new(0) };
    simulation.run.install(|| job.run(hop.keep))
}

/// Refuses a run without symbols, or of more than a double counts.
pub(crate) fn check_simulation(simulation: &Simulation) -> Result<()> {
    let n_symbols = simulation.n_symbols;
    if !(1..=MAX_SYMBOLS).contains(&n_symbols) {
        return Err(Error::parameter("n_symbols", n_symbols, "between 1 and 2^53"));
    }
    if simulation.stop_at_bit_errors == Some(0) {
        return Err(Error::parameter("stop_at_bit_errors", 0, "at least 1"));
    }
    Ok(())
}

/// One run in progress.
struct Job<'a> {
    plan: &'a Plan,
    trellis: Option<&'a Trellis>,
    simulation: &'a Simulation,
    cut: Cut,
    /// Tallies keep their wrong decisions.
    keep: bool,
    done: AtomicU64,
}

/// What a segment leaves: its errors, and the histories at its ends.
struct Segment {
    tally: Tally,
    /// Errors of the sequence; none without detection.
    sequence: Option<Tally>,
    start: History,
    end: History,
}

impl Job<'_> {
    /// Segments in parallel, wave by wave, joined in order.
    ///
    /// A segment starts from the history that its warm-up found. Where that is not the one in which the segment before
    /// it ended, it is decided again from the right one, so that the whole is one serial run.
    fn run(&self, keep_errors: bool) -> Result<(Total, Total)> {
        let run = &self.simulation.run;
        let threads = run.threads();
        let n_segments = self.simulation.n_symbols.div_ceil(self.cut.segment);
        // Enough segments a wave that threads seldom wait for its end; the results of a wave are small.
        let wave = 16 * threads as u64;
        let workspaces: Vec<_> = (0..threads).map(|_| Mutex::new(Workspace::default())).collect();
        let segment = |index| {
            let thread = rayon::current_thread_index().unwrap_or(0) % threads;
            let ws = &mut lock(&workspaces[thread]);
            match self.trellis {
                Some(trellis) => self.detected_segment(trellis, index, ws),
                None => self.segment(index, None, ws),
            }
        };
        let new = || {
            let total = Total::new(self.simulation.codewords, self.plan.modulation)?;
            Ok::<_, Error>(if keep_errors { total.keep_errors() } else { total })
        };
        let (mut total, mut sequence) = (new()?, new()?);
        let mut history = History::right(self.plan.dfe.len());
        for first in (0..n_segments).step_by(wave as usize) {
            let range = first..(first + wave).min(n_segments);
            let done: Result<Vec<Segment>> = range.clone().into_par_iter().map(segment).collect();
            for (index, mut part) in range.zip(done?) {
                if let Some(found) = part.sequence.take() {
                    sequence.add(found, self.end(index));
                }
                if part.start != history {
                    part = self.segment(index, Some(history), &mut lock(&workspaces[0]))?;
                }
                history = part.end;
                total.add(part.tally, self.end(index));
                let counted = if self.trellis.is_some() { &sequence } else { &total };
                if self.simulation.stop_at_bit_errors.is_some_and(|n| counted.bit_errors() >= n) {
                    return Ok((total, sequence));
                }
            }
        }
        Ok((total, sequence))
    }

    /// Symbol after the last of a segment.
    fn end(&self, index: u64) -> u64 {
        ((index + 1) * self.cut.segment).min(self.simulation.n_symbols)
    }

    fn segment(&self, index: u64, start: Option<History>, ws: &mut Workspace) -> Result<Segment> {
        let (first, end) = (index * self.cut.segment, self.end(index));
        let taps = self.plan.dfe.len();
        let repeated = start.is_some();
        let mut tally = Tally::new(first, self.keep);
        let start = match start {
            Some(history) => history,
            None => {
                let mut history = History::right(taps);
                let warm_up = if taps == 0 { 0 } else { self.cut.warm_up.min(first) };
                self.decide_range(first - warm_up, first, &mut history, ws, |_, _, _| {})?;
                history
            }
        };
        let mut history = start.clone();
        let modulation = self.plan.modulation;
        self.decide_range(first, end, &mut history, ws, |k, sent, decided| {
            tally.wrong(k, sent, decided, modulation.bit_errors(sent, decided));
        })?;
        if !repeated {
            self.report(end - first);
        }
        Ok(Segment { tally, sequence: None, start, end: history })
    }

    /// Tells that so many symbols more are done.
    fn report(&self, symbols: u64) {
        let done = self.done.fetch_add(symbols, Ordering::Relaxed) + symbols;
        self.simulation.run.report(done, self.simulation.n_symbols);
    }

    fn decide_range(
        &self,
        first: u64,
        end: u64,
        history: &mut History,
        ws: &mut Workspace,
        mut wrong: impl FnMut(u64, u8, u8),
    ) -> Result<()> {
        let mut at = first;
        while at < end {
            self.simulation.run.check()?;
            let n = (end - at).min(self.cut.block as u64) as usize;
            self.plan.evaluate(at, n, ws);
            ws.decisions.resize(n, 0);
            let sent = &ws.symbols[self.plan.back..self.plan.back + n];
            decide(&self.plan.slicer(), &ws.z, sent, &mut ws.decisions, history, |i, s, d| {
                wrong(at + i as u64, s, d);
            });
            at += n as u64;
        }
        Ok(())
    }
}

/// Each thread has a workspace of its own, so the lock is free; one left by a panic is as good as new.
fn lock<T>(workspace: &Mutex<T>) -> MutexGuard<'_, T> {
    workspace.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::SymbolRate;
    use crate::modulation::Modulation;
    use crate::response::{CrosstalkPhase, SlicerCrosstalk, SlicerNoise, SlicerSignal};

    #[test]
    fn counts_do_not_depend_on_the_cut() -> Result<()> {
        let model = DecisionModel {
            symbol_rate: SymbolRate::new(106.25e9)?,
            modulation: Modulation::Pam4,
            levels: vec![-3.0, -1.0, 1.0, 3.0],
            signal: SlicerSignal::Linear { cursors: vec![0.1, 1.0, 0.9, 0.5, 0.1], main: 1 },
            dfe: vec![0.9, 0.5],
            noise: SlicerNoise { autocorrelation_v2: vec![0.25, 0.1], ..SlicerNoise::default() },
            crosstalk: vec![SlicerCrosstalk {
                name: "fext".into(),
                levels: vec![-1.0, 1.0],
                phases: vec![vec![0.02, 0.01], vec![0.0, 0.03]],
            }],
            crosstalk_phase: CrosstalkPhase::default(),
            jitter: None,
            thresholds_v: Some(vec![-2.0, 0.0, 2.0]),
        };
        let simulation = Simulation { n_symbols: 150_000, ..Simulation::default() };
        let counts = simulate(&model, &simulation)?;
        assert!(counts.ser() > 0.1);
        // Without a warm-up nearly every segment starts from a wrong history and is decided again.
        for cut in [
            Cut { segment: 1024, block: 1024, warm_up: 0 },
            Cut { segment: 4096, block: 100, warm_up: 16 },
            Cut { segment: 65_536, block: 65_536, warm_up: 256 },
        ] {
            assert_eq!(counts, simulate_cut(&model, &simulation, cut)?, "{cut:?}");
        }
        Ok(())
    }
}
