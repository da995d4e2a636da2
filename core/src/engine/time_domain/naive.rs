//! The same run as one serial loop, and the slicer's input in double precision: the references of the engine's tests.

use super::block::{ORIGIN, PHASE_BLOCK, Workspace};
use super::decide::{History, decide_one};
use super::interference::PHASE_SYMBOLS;
use super::plan::Plan;
use super::tally::{Tally, Total};
use super::{Counts, Simulation, check_simulation};
use crate::error::Result;
use crate::random::{Purpose, Stream};
use crate::response::{CrosstalkPhase, CrosstalkRule, DecisionModel, JitterModel, SlicerSignal};
use crate::simd::Level;
use std::f64::consts::TAU;

/// [`super::simulate`] with every decision taken one after the other.
///
/// # Errors
/// As [`super::simulate`].
pub fn simulate(model: &DecisionModel, simulation: &Simulation) -> Result<Counts> {
    check_simulation(simulation)?;
    let level = Level::detect()?;
    let plan = Plan::new(model, simulation.seed, level)?;
    let mut ws = Workspace::default();
    let mut history = History::right(plan.dfe.len());
    let mut tally = Tally::new(0, simulation.codewords.is_some());
    let mut total = Total::new(simulation.codewords, model.modulation)?;
    // An odd block length, so that nothing lines up with the engine's own blocks.
    let block = 1003;
    for first in (0..simulation.n_symbols).step_by(block) {
        let n = block.min((simulation.n_symbols - first) as usize);
        plan.evaluate(first, n, &mut ws);
        for i in 0..n {
            let sent = ws.symbols[plan.back + i];
            let decided = decide_one(&plan.slicer(), ws.z[i], &history);
            history.push(plan.levels[usize::from(sent)] - plan.levels[usize::from(decided)]);
            if sent != decided {
                tally.wrong(first + i as u64, sent, decided, model.modulation.bit_errors(sent, decided));
            }
        }
    }
    total.add(tally, simulation.n_symbols);
    Ok(total.counts(model.modulation, level.name()))
}

/// The slicer's input in single precision, as the engine has it with right past decisions, and the symbols sent.
///
/// # Errors
/// As [`super::simulate`].
pub fn slicer_input(model: &DecisionModel, seed: u64, first: u64, n: usize) -> Result<(Vec<f32>, Vec<u8>)> {
    let plan = Plan::new(model, seed, Level::detect()?)?;
    let mut ws = Workspace::default();
    plan.evaluate(first, n, &mut ws);
    Ok((ws.z, ws.symbols[plan.back..plan.back + n].to_vec()))
}

/// The slicer's input in double precision by the sums of [`DecisionModel`], from the same draws.
///
/// # Errors
/// As [`super::simulate`].
pub fn slicer_input_f64(model: &DecisionModel, seed: u64, first: u64, n: usize) -> Result<Vec<f64>> {
    let level = Level::detect()?;
    let plan = Plan::new(model, seed, level)?;
    let twin = Twin { model, level, seed, start: ORIGIN + first - REACH, count: n + 2 * REACH as usize };
    let symbols = twin.symbols(Purpose::Symbols, 0, model.levels.len());
    let a: Vec<f64> = symbols.iter().map(|s| model.levels[*s]).collect();
    let here = REACH as usize..REACH as usize + n;
    let mut z = vec![0.0; n];
    let (cursors, main) = model.signal.cursors();
    for (z, k) in z.iter_mut().zip(here.clone()) {
        *z += convolve(cursors, main, &a, k);
        *z -= model.dfe.iter().enumerate().map(|(j, d)| d * a[k - 1 - j]).sum::<f64>();
        if let SlicerSignal::Table { table, memory, after, .. } = &model.signal {
            let word = &symbols[k + after + 1 - memory..=k + after];
            *z += table[word.iter().fold(0, |w, s| w * model.levels.len() + s)];
        }
    }
    let white = twin.normals(Purpose::Noise, 0);
    let shaping: Vec<f64> = plan.shaping.iter().map(|t| f64::from(*t)).collect();
    for (z, k) in z.iter_mut().zip(here.clone()) {
        *z += convolve(&shaping, 0, &white, k);
    }
    for branch in &plan.by_symbol {
        let mut white = vec![0.0; twin.count];
        let mut draws = vec![0.0; twin.count];
        branch.noise.normals(twin.start, &mut draws);
        for (w, (x, s)) in white.iter_mut().zip(draws.iter().zip(&symbols)) {
            *w = f64::from(*x) * f64::from(branch.weight[*s]);
        }
        for (z, k) in z.iter_mut().zip(here.clone()) {
            let terms = branch.filter.taps.iter().enumerate();
            *z += terms
                .map(|(i, t)| f64::from(*t) * white[(k as i64 + branch.filter.ahead - i as i64) as usize])
                .sum::<f64>();
        }
    }
    for (i, uniform) in model.noise.uniform.iter().enumerate() {
        let mut words = vec![0; twin.count];
        Stream::new(level, seed, Purpose::Uniform, i as u32).words(twin.start, &mut words);
        let v: Vec<f64> = words.iter().map(|w| f64::from(*w) / 4_294_967_296.0 - 0.5).collect();
        for (z, k) in z.iter_mut().zip(here.clone()) {
            *z += convolve(&uniform.response, uniform.main, &v, k);
        }
    }
    for (e, echo) in model.noise.interference.iter().enumerate() {
        let b = twin.symbols(Purpose::InterferenceSymbols, e as u32, echo.interferer.len());
        let phases = Stream::new(level, seed, Purpose::InterferencePhase, e as u32);
        let event = |k: usize| {
            let mut word = [0];
            phases.words((twin.start + k as u64) / PHASE_SYMBOLS, &mut word);
            let cos = (TAU * (f64::from(word[0]) + 0.5) / 4_294_967_296.0).cos();
            cos * echo.field[symbols[k]] * echo.interferer[b[k]]
        };
        let events: Vec<f64> = (0..twin.count).map(event).collect();
        for (z, k) in z.iter_mut().zip(here.clone()) {
            *z += convolve(&echo.response, echo.main, &events, k);
        }
    }
    for (x, crosstalk) in model.crosstalk.iter().enumerate() {
        let b = twin.symbols(Purpose::CrosstalkSymbols, x as u32, crosstalk.levels.len());
        let b: Vec<f64> = b.iter().map(|s| crosstalk.levels[*s]).collect();
        for (z, k) in z.iter_mut().zip(here.clone()) {
            let phase = twin.phase(x as u32, k, crosstalk.phases.len());
            *z += convolve(&crosstalk.phases[phase], 0, &b, k);
        }
    }
    if let Some(jitter) = &model.jitter {
        let gaussian = twin.normals(Purpose::RandomJitter, 0);
        let sign = twin.symbols(Purpose::DualDirac, 0, 2);
        let random = |k: usize| jitter.rj_ui * gaussian[k] + jitter.dd_ui * (2.0 * sign[k] as f64 - 1.0);
        let early = |k: usize| {
            let number = (twin.start + k as u64) as f64 - ORIGIN as f64;
            let swing = jitter.sj_ui * (TAU * jitter.sj_hz / model.symbol_rate.hz() * number).sin();
            let half = if number.rem_euclid(2.0) == 0.0 { 0.5 } else { -0.5 };
            -(swing + half * jitter.dcd_ui)
        };
        let sent = |k: usize| convolve(&jitter.transmit_taps, jitter.transmit_main, &a, k);
        let orders = std::iter::once(&jitter.response).chain(&jitter.higher_orders);
        for (order, response) in orders.enumerate() {
            let delta = |k: usize| {
                let d = early(k);
                match order {
                    0 => d + random(k),
                    1 => d * d / 2.0 + d * random(k),
                    _ => d * d * d / 6.0 + d * d / 2.0 * random(k),
                }
            };
            let moved: Vec<f64> = (0..twin.count)
                .map(|k| match jitter.model {
                    _ if k < REACH as usize / 2 || k + REACH as usize / 2 > twin.count => 0.0,
                    JitterModel::Com => a[k] * delta(k),
                    JitterModel::Edge => (sent(k) - sent(k - 1)) * delta(k),
                })
                .collect();
            for (z, k) in z.iter_mut().zip(here.clone()) {
                *z += convolve(response, jitter.main, &moved, k);
            }
        }
    }
    Ok(z)
}

/// How far the responses of a test may reach, in symbols, to each side.
const REACH: u64 = 1024;

/// Draws of a stretch of the run that begins [`REACH`] symbols early.
struct Twin<'a> {
    model: &'a DecisionModel,
    level: Level,
    seed: u64,
    start: u64,
    count: usize,
}

impl Twin<'_> {
    fn symbols(&self, purpose: Purpose, stream: u32, n_levels: usize) -> Vec<usize> {
        let mut symbols = vec![0; self.count];
        let bits = if n_levels == 2 { 1 } else { 2 };
        Stream::new(self.level, self.seed, purpose, stream).symbols(bits, self.start, &mut symbols);
        symbols.into_iter().map(usize::from).collect()
    }

    fn normals(&self, purpose: Purpose, stream: u32) -> Vec<f64> {
        let mut normals = vec![0.0; self.count];
        Stream::new(self.level, self.seed, purpose, stream).normals(self.start, &mut normals);
        normals.into_iter().map(f64::from).collect()
    }

    fn phase(&self, stream: u32, k: usize, n_phases: usize) -> usize {
        match self.model.crosstalk_phase {
            CrosstalkPhase::PhaseUi(phase_ui) => (phase_ui * n_phases as f64).round() as usize % n_phases,
            CrosstalkPhase::Rule(CrosstalkRule::Uniform) => {
                let draws = Stream::new(self.level, self.seed, Purpose::CrosstalkPhase, stream);
                let mut word = [0];
                draws.words((self.start + k as u64) / PHASE_BLOCK, &mut word);
                (f64::from(word[0]) / 4_294_967_296.0 * n_phases as f64) as usize
            }
            CrosstalkPhase::Rule(CrosstalkRule::Worst) => 0,
        }
    }
}

/// Σ_i response[i] x_(k − (i − main)).
fn convolve(response: &[f64], main: usize, x: &[f64], k: usize) -> f64 {
    response.iter().enumerate().map(|(i, r)| r * x[k + main - i]).sum()
}
