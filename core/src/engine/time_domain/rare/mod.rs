//! Error ratios too small to count: importance sampling of the decisions that the time-domain engine takes.
//!
//! ```text
//! SER = 1/M Σ_(level, side) E[ errors of the burst that starts with this crossing ]
//!     = 1/M Σ_(level, side) E_λ[ e^(K(λ) − λ x) · errors ]
//! ```
//!
//! Every wrong decision belongs to one burst: from an error after as many right decisions as the feedback remembers,
//! until that many are right again. Draws are those of the baud mode (symbols, aggressors, jitter, noise), taken from
//! the law whose mean lies on the threshold (everything that enters the decision is exponentially tilted) and weighted
//! by the exact likelihood ratio, which is bounded where the threshold is crossed. The decisions before and after it
//! are taken as in the baud mode, their feedback that of the decisions. The estimate is unbiased but for what the 40
//! decisions before the crossing leave out: bursts that were already longer (0.75^40 = 1e-5 of the error ratio itself).
//!
//! No density of the statistical engine enters: the two are independent. The relative error of the estimate is that of
//! its own draws; see J. A. Bucklew, Introduction to Rare Event Simulation (2004), chapters 4 and 5.

mod law;
mod pair;
mod stretch;

use super::{MAX_SYMBOLS, lock};
use crate::error::{Error, Result, require};
use crate::medium::optics::inverse_q;
use crate::response::DecisionModel;
use crate::run::Run;
use crate::simd::Level;
use law::Law;
use pair::Pair;
use rayon::prelude::*;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use stretch::Stretch;

/// Draws of a task: cancelling waits for one.
const TASK: u64 = 256;
/// Share of the draws that only tells where the others are worth most; they do not enter the estimate.
const PILOT: f64 = 0.05;
/// Fewest draws of a level and side, of the pilot and of the estimate.
const FEWEST: u64 = 64;
/// Position of the pilot's draws in their streams.
const PILOT_AT: u64 = 1 << 52;
/// Share of the errors that may lie in bursts longer than a stretch.
const UNFINISHED: f64 = 0.01;

/// How much to draw, and from which seed.
#[derive(Debug, Clone)]
pub struct RareSimulation {
    /// Crossings to draw, at most 2⁵³ and at least 64 for each level and each side on which it may be left. The relative error falls with its root: 1e5 give about a percent at any error ratio.
    pub n_draws: u64,
    /// Seed of every draw.
    pub seed: u64,
    /// Threads, cancellation and progress, the latter in draws.
    pub run: Run,
}

impl Default for RareSimulation {
    fn default() -> Self {
        Self { n_draws: 100_000, seed: 1, run: Run::default() }
    }
}

/// An error ratio from weighted draws.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RareRatio {
    /// The estimate.
    pub ratio: f64,
    /// Its standard deviation over itself, from the spread of the draws; infinite when none of them was an error.
    pub relative_error: f64,
}

/// What a rare-event run found.
#[derive(Debug, Clone, PartialEq)]
pub struct RareCounts {
    /// Symbol error ratio, decision errors propagating.
    pub ser: RareRatio,
    /// Bit error ratio after Gray decoding, decision errors propagating.
    pub ber: RareRatio,
    /// Draws that the estimate rests on.
    pub n_draws: u64,
    /// Decisions that were taken, those before and after the crossings included.
    pub n_symbols: u64,
    /// Draws that were errors.
    pub n_errors: u64,
    /// SIMD level that the run used.
    pub simd_level: &'static str,
}

impl RareRatio {
    /// Independent errors that counting would need for the same relative error.
    pub fn effective_errors(&self) -> f64 {
        self.relative_error.powi(-2)
    }

    /// Interval at that confidence, of a normal law of the logarithm; 0 to 1 when no draw was an error.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless 0 < confidence < 1.
    pub fn interval(&self, confidence: f64) -> Result<(f64, f64)> {
        require::within("confidence", confidence, 0.0, 1.0)?;
        if confidence == 0.0 || confidence == 1.0 {
            return Err(Error::parameter("confidence", confidence, "above 0 and below 1"));
        }
        if !self.relative_error.is_finite() {
            return Ok((0.0, 1.0));
        }
        // Variance of the logarithm of a log-normal quantity with that relative error.
        let spread = self.relative_error.powi(2).ln_1p().sqrt() * inverse_q(0.5 * (1.0 - confidence))?;
        Ok((self.ratio * (-spread).exp(), (self.ratio * spread.exp()).min(1.0)))
    }
}

/// Estimates the error ratios of a model by importance sampling.
///
/// ```
/// use lightlane::density::q;
/// use lightlane::engine::time_domain::{RareSimulation, simulate_rare};
/// use lightlane::grid::SymbolRate;
/// use lightlane::modulation::Modulation;
/// use lightlane::response::{CrosstalkPhase, DecisionModel, SlicerNoise, SlicerSignal};
///
/// // NRZ in white noise at a distance of 7 sigma: 1.28e-12.
/// let model = DecisionModel {
///     symbol_rate: SymbolRate::new(50e9)?,
///     modulation: Modulation::Nrz,
///     levels: vec![-1.0, 1.0],
///     signal: SlicerSignal::Linear { cursors: vec![0.07], main: 0 },
///     dfe: vec![],
///     noise: SlicerNoise { autocorrelation_v2: vec![0.01 * 0.01], ..SlicerNoise::default() },
///     crosstalk: vec![],
///     crosstalk_phase: CrosstalkPhase::default(),
///     jitter: None,
///     thresholds_v: Some(vec![0.0]),
/// };
/// let found = simulate_rare(&model, &RareSimulation { n_draws: 20_000, ..RareSimulation::default() })?;
/// let (low, high) = found.ser.interval(0.9999)?;
/// assert!(low < q(7.0) && q(7.0) < high && found.ser.relative_error < 0.03);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for more than 2⁵³ draws or fewer than 64 for each level, side and value of slow jitter, and what [`super::simulate`] refuses of a model;
/// [`Error::Convergence`] where bursts of decision errors do not end; [`Error::Interrupted`].
pub fn simulate_rare(model: &DecisionModel, simulation: &RareSimulation) -> Result<RareCounts> {
    let n_draws = simulation.n_draws;
    if !(1..=MAX_SYMBOLS).contains(&n_draws) {
        return Err(Error::parameter("n_draws", n_draws, "between 1 and 2^53"));
    }
    let level = Level::detect()?;
    // Slow jitter stands still over a burst: every value that it takes has laws of its own.
    let models = model.jitter_at_rest();
    let pairs = models.iter().map(|m| Pair::new(m, simulation.seed, level)).collect::<Result<Vec<_>>>()?;
    let laws = laws(&pairs, simulation.seed);
    let least = FEWEST * laws.len() as u64;
    if n_draws < least {
        let requirement =
            format!("at least {least}: {FEWEST} for each of the {} ways to leave a level", laws.len());
        return Err(Error::parameter("n_draws", n_draws, requirement));
    }
    simulation.run.install(|| Job { laws: &laws, simulation, done: AtomicU64::new(0) }.run(level))
}

/// Every level and the side on which it may be left, of every plan.
fn laws(pairs: &[Pair], seed: u64) -> Vec<Law<'_>> {
    let crossings = pairs.iter().flat_map(|pair| {
        let m = pair.own.modulation.n_levels();
        (0..m).flat_map(move |level| {
            let above = (level + 1 < m).then_some((pair, level, level, true));
            let below = level.checked_sub(1).map(|threshold| (pair, level, threshold, false));
            above.into_iter().chain(below)
        })
    });
    crossings
        .enumerate()
        .map(|(number, (pair, sent, threshold, above))| Law::new(pair, seed, number, sent, threshold, above))
        .collect()
}

/// Sums over the draws of one law.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    n: u64,
    n_errors: u64,
    n_symbols: u64,
    symbols: [f64; 2],
    bits: [f64; 2],
    /// Wrong symbols of bursts that had not ended with their stretch.
    unfinished: f64,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.n += other.n;
        self.n_errors += other.n_errors;
        self.n_symbols += other.n_symbols;
        for i in 0..2 {
            self.symbols[i] += other.symbols[i];
            self.bits[i] += other.bits[i];
        }
        self.unfinished += other.unfinished;
    }

    /// Mean of a quantity and variance of that mean, from its sum and the sum of its squares.
    fn mean(&self, [sum, squares]: [f64; 2]) -> (f64, f64) {
        let n = self.n.max(1) as f64;
        let mean = sum / n;
        (mean, (squares / n - mean * mean).max(0.0) / (n - 1.0).max(1.0))
    }
}

/// One run in progress.
struct Job<'a> {
    laws: &'a [Law<'a>],
    simulation: &'a RareSimulation,
    done: AtomicU64,
}

impl Job<'_> {
    fn run(&self, level: Level) -> Result<RareCounts> {
        let (n_draws, n_laws) = (self.simulation.n_draws, self.laws.len() as u64);
        let pilot = ((PILOT * n_draws as f64) as u64 / n_laws).max(FEWEST);
        let spread: Vec<f64> = self
            .sums(PILOT_AT, &vec![pilot; self.laws.len()])?
            .iter()
            .map(|s| s.mean(s.bits).1.sqrt())
            .collect();
        let total: f64 = spread.iter().sum();
        let share = |s: &f64| if total > 0.0 { s / total } else { 1.0 / n_laws as f64 };
        let allotted: Vec<u64> =
            spread.iter().map(|s| ((share(s) * n_draws as f64) as u64).max(FEWEST)).collect();
        let sums = self.sums(0, &allotted)?;
        let modulation = self.laws[0].plan.modulation;
        let levels = modulation.n_levels() as f64;
        // Each level is left on two sides but the outer ones.
        let conditions = self.laws.len() as f64 / (2.0 * levels - 2.0);
        let units = conditions * levels;
        let ratio = |of: &dyn Fn(&Sums) -> [f64; 2], unit: f64| {
            let (mean, variance) = sums
                .iter()
                .map(|s| s.mean(of(s)))
                .fold((0.0, 0.0), |(m, v), (mean, variance)| (m + mean, v + variance));
            let relative_error = if mean > 0.0 { variance.sqrt() / mean } else { f64::INFINITY };
            RareRatio { ratio: mean / unit, relative_error }
        };
        let mut all = Sums::default();
        sums.iter().for_each(|s| all.add(s));
        let wrong: f64 = sums.iter().map(|s| s.symbols[0] / s.n as f64).sum();
        let unfinished: f64 = sums.iter().map(|s| s.unfinished / s.n as f64).sum();
        if unfinished > UNFINISHED * wrong {
            return Err(Error::Convergence {
                method: "bursts of decision errors".into(),
                figure: "share of the errors in bursts that do not end".into(),
                value: unfinished / wrong,
                limit: UNFINISHED,
                iterations: stretch::AFTER,
            });
        }
        Ok(RareCounts {
            ser: ratio(&|s| s.symbols, units),
            ber: ratio(&|s| s.bits, units * modulation.bits_per_symbol() as f64),
            n_draws: all.n,
            n_symbols: all.n_symbols,
            n_errors: all.n_errors,
            simd_level: level.name(),
        })
    }

    /// Sums of each law over its draws, the first of them number `first`; added in order, whatever the threads.
    fn sums(&self, first: u64, allotted: &[u64]) -> Result<Vec<Sums>> {
        let run = &self.simulation.run;
        let threads = run.threads();
        let stretches: Vec<_> = (0..threads).map(|_| Mutex::new(Stretch::default())).collect();
        let total: u64 = allotted.iter().sum();
        let mut found = Vec::with_capacity(allotted.len());
        for (law, n) in self.laws.iter().zip(allotted) {
            let task = |index: u64| -> Result<Sums> {
                run.check()?;
                let thread = rayon::current_thread_index().unwrap_or(0) % threads;
                let mut stretch = lock(&stretches[thread]);
                let mut sums = Sums::default();
                for draw in index * TASK..((index + 1) * TASK).min(*n) {
                    law.draw(first + draw, &mut stretch, &mut sums);
                }
                if first == 0 {
                    let done = self.done.fetch_add(sums.n, Ordering::Relaxed) + sums.n;
                    run.report(done, total);
                }
                Ok(sums)
            };
            let mut sum = Sums::default();
            let wave = 64 * threads as u64;
            let n_tasks = n.div_ceil(TASK);
            for start in (0..n_tasks).step_by(wave as usize) {
                let range = start..(start + wave).min(n_tasks);
                let parts: Result<Vec<Sums>> = range.into_par_iter().map(task).collect();
                parts?.iter().for_each(|part| sum.add(part));
            }
            found.push(sum);
        }
        Ok(found)
    }
}
