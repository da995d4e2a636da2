//! A decision model made ready: checked, in single precision, feedback folded in, streams assigned.

use super::branch::{Branch, alphabet, to_f32};
use super::decide::Slicer;
use super::interference::Echo;
use super::relay::{Hop, Substitutes};
use super::shaping::shaping_filter;
use super::symbol_noise::{NoiseBranch, branches};
use crate::error::{Error, Result, require};
use crate::grid::SymbolRate;
use crate::modulation::Modulation;
use crate::random::{Purpose, Stream};
use crate::response::{
    CrosstalkPhase, CrosstalkRule, DecisionModel, JitterModel, MAX_SINUSOID, SlicerCrosstalk, SlicerJitter,
    SlicerSignal,
};
use crate::simd::Level;
use std::f64::consts::TAU;

/// What the ends of a linear response may add up to, relative to the largest cursor, and be left out: about what
/// single precision rounds away.
const NEGLIGIBLE: f64 = 1e-6;

/// Everything that a block needs, shared by all threads.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) level: Level,
    pub(super) modulation: Modulation,
    pub(super) symbols: Stream,
    /// Symbols that are sent in the place of drawn ones.
    pub(super) altered: Substitutes,
    pub(super) levels: [f32; 4],
    pub(super) thresholds: Vec<f32>,
    /// The linear signal with ideal feedback subtracted.
    pub(super) signal: Branch,
    pub(super) table: Option<Table>,
    pub(super) noise: Stream,
    pub(super) shaping: Vec<f32>,
    pub(super) by_symbol: Vec<NoiseBranch>,
    /// Uniform white noises between −1/2 and 1/2 and their responses.
    pub(super) uniform: Vec<(Stream, Branch)>,
    pub(super) echoes: Vec<Echo>,
    pub(super) aggressors: Vec<Aggressor>,
    pub(super) jitter: Option<JitterBranch>,
    pub(super) dfe: Vec<f32>,
    /// Symbols needed before the first and after the last of a block.
    pub(super) back: usize,
    pub(super) ahead: usize,
}

/// The table of a nonlinear signal.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) values: Vec<f32>,
    pub(super) memory: usize,
    pub(super) after: usize,
    pub(super) residual: Vec<f32>,
    pub(super) residual_draws: Stream,
}

/// One aggressor.
#[derive(Debug, Clone)]
pub(super) struct Aggressor {
    pub(super) bits: u32,
    pub(super) levels: [f32; 4],
    pub(super) symbols: Stream,
    pub(super) phase_draws: Stream,
    /// One response a phase; a single one when the phase is fixed.
    pub(super) phases: Vec<Vec<f32>>,
}

/// Jitter: events of their own timing error, weighted by what moves.
#[derive(Debug, Clone)]
pub(super) struct JitterBranch {
    pub(super) model: JitterModel,
    pub(super) gaussian: Stream,
    pub(super) sign: Stream,
    pub(super) rj_ui: f32,
    pub(super) dd_ui: f32,
    pub(super) slow: SlowJitter,
    /// Responses to the powers of a timing error over their factorials; the first alone without slow jitter.
    pub(super) orders: Vec<Branch>,
    /// Transmit FFE, for edges.
    pub(super) transmit: Branch,
}

/// Timing errors that are no draws.
#[derive(Debug, Clone, Copy)]
pub(super) struct SlowJitter {
    pub(super) sj_ui: f64,
    /// Turns of the sinusoid a symbol.
    pub(super) turns: f64,
    pub(super) dcd_ui: f64,
}

impl SlowJitter {
    /// Whether there is any.
    pub(super) fn is_some(&self) -> bool {
        self.sj_ui > 0.0 || self.dcd_ui > 0.0
    }

    /// d^n/n! of event number `number`, `random` UI of it linearized.
    pub(super) fn power(&self, order: u32, number: i64, random: f32) -> f32 {
        let d = self.early_ui(number);
        // Of (d + ε)^n/n! everything but higher powers of ε.
        let (power, linear) = match order {
            1 => (d, 1.0),
            2 => (0.5 * d * d, d),
            _ => (d * d * d / 6.0, 0.5 * d * d),
        };
        (power + linear * f64::from(random)) as f32
    }

    /// By how much the event `number` symbols after the run's first is early, UI.
    pub(super) fn early_ui(&self, number: i64) -> f64 {
        let half = if number.rem_euclid(2) == 0 { 0.5 * self.dcd_ui } else { -0.5 * self.dcd_ui };
        let swing = if self.sj_ui > 0.0 {
            self.sj_ui * (TAU * (number as f64 * self.turns).fract()).sin()
        } else {
            0.0
        };
        -(swing + half)
    }
}

impl Plan {
    /// Checks the model and prepares it.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the field that does not fit; [`Error::Convergence`] for a noise that cannot be.
    pub(super) fn new(model: &DecisionModel, seed: u64, level: Level) -> Result<Self> {
        let m = model.modulation.n_levels();
        expect_len("levels", model.levels.len(), m)?;
        let levels = alphabet("levels", &model.levels)?;
        let Some(thresholds_v) = &model.thresholds_v else {
            return Err(Error::parameter("thresholds_v", "None", format!("{} voltages", m - 1)));
        };
        expect_len("thresholds_v", thresholds_v.len(), m - 1)?;
        if !thresholds_v.is_sorted() {
            return Err(Error::parameter("thresholds_v", format!("{thresholds_v:?}"), "ascending"));
        }
        for (i, source) in model.noise.by_symbol.iter().enumerate() {
            expect_len(&format!("noise.by_symbol[{i}].factor"), source.factor.len(), m)?;
        }
        let by_symbol = model.noise.by_symbol.iter().enumerate().map(|(i, s)| branches(level, seed, i, s));
        let mut plan = Self {
            level,
            modulation: model.modulation,
            symbols: Stream::new(level, seed, Purpose::Symbols, 0),
            altered: Substitutes::default(),
            levels,
            thresholds: to_f32("thresholds_v", thresholds_v)?,
            signal: linear_signal(model)?,
            table: table(model, seed, level)?,
            noise: Stream::new(level, seed, Purpose::Noise, 0),
            shaping: to_f32("noise", &shaping_filter(&model.noise.autocorrelation_v2)?)?,
            by_symbol: by_symbol.collect::<Result<Vec<_>>>()?.concat(),
            uniform: model
                .noise
                .uniform
                .iter()
                .enumerate()
                .map(|(i, u)| {
                    let draws = Stream::new(level, seed, Purpose::Uniform, i as u32);
                    Ok((draws, Branch::new(&format!("noise.uniform[{i}]"), &u.response, u.main, 0.0)?))
                })
                .collect::<Result<_>>()?,
            echoes: model
                .noise
                .interference
                .iter()
                .enumerate()
                .map(|(i, source)| Echo::new(level, seed, i, source, m))
                .collect::<Result<_>>()?,
            aggressors: aggressors(model, seed, level)?,
            jitter: model
                .jitter
                .as_ref()
                .map(|j| jitter(j, model.symbol_rate, seed, level))
                .transpose()?
                .flatten(),
            dfe: to_f32("dfe", &model.dfe)?,
            back: 0,
            ahead: 0,
        };
        plan.set_margins();
        Ok(plan)
    }

    /// The plan of a hop: draws of its own, symbols those that the hop before it decided.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub(super) fn of_hop(model: &DecisionModel, seed: u64, hop: &Hop<'_>, level: Level) -> Result<Self> {
        let mut plan = Self::new(model, hop.seed(seed), level)?;
        plan.symbols = Stream::new(level, seed, Purpose::Symbols, 0);
        plan.altered = hop.substitutes();
        Ok(plan)
    }

    /// What decides.
    pub(super) fn slicer(&self) -> Slicer<'_> {
        Slicer { level: self.level, levels: &self.levels, thresholds: &self.thresholds, dfe: &self.dfe }
    }

    fn set_margins(&mut self) {
        let mut reach = vec![(self.signal.back(), self.signal.ahead)];
        reach.extend(self.by_symbol.iter().map(|b| (b.filter.back(), b.filter.ahead)));
        reach.extend(self.echoes.iter().map(|e| (e.filter.back(), e.filter.ahead)));
        if let Some(table) = &self.table {
            reach.push(((table.memory - 1 - table.after) as i64, table.after as i64));
        }
        if let Some(jitter) = &self.jitter {
            // An edge also needs the level before it.
            let (before, after) = (1 + jitter.transmit.back(), jitter.transmit.ahead);
            reach.extend(jitter.orders.iter().map(|o| (o.back() + before, o.ahead + after)));
        }
        self.back = reach.iter().map(|r| r.0).max().unwrap_or(0).max(0) as usize;
        self.ahead = reach.iter().map(|r| r.1).max().unwrap_or(0).max(0) as usize;
    }
}

pub(super) fn expect_len(name: &str, length: usize, wanted: usize) -> Result<()> {
    if length == wanted {
        Ok(())
    } else {
        Err(Error::parameter(name, format!("{length} values"), format!("{wanted} values")))
    }
}

/// Cursors minus feedback: what the slicer sees while every past decision is right.
fn linear_signal(model: &DecisionModel) -> Result<Branch> {
    let (cursors, main) = model.signal.cursors();
    if main >= cursors.len() && !cursors.is_empty() {
        return Err(Error::parameter("signal.main", main, format!("below {}", cursors.len())));
    }
    let main = if cursors.is_empty() { 0 } else { main };
    let mut merged = cursors.to_vec();
    merged.resize(merged.len().max(main + 1 + model.dfe.len()), 0.0);
    for (j, tap) in model.dfe.iter().enumerate() {
        merged[main + 1 + j] -= tap;
    }
    let amplitude = model.levels.iter().fold(0.0, |a: f64, l| a.max(l.abs()));
    let largest = match &model.signal {
        SlicerSignal::Linear { cursors, .. } => cursors.iter().fold(0.0, |a: f64, c| a.max(c.abs())),
        SlicerSignal::Table { table, .. } => table.iter().fold(0.0, |a: f64, v| a.max(v.abs())) / amplitude,
    };
    Branch::new("signal.cursors", &merged, main, if largest.is_finite() { NEGLIGIBLE * largest } else { 0.0 })
}

fn table(model: &DecisionModel, seed: u64, level: Level) -> Result<Option<Table>> {
    let SlicerSignal::Table { table, memory, after, residual_v, .. } = &model.signal else { return Ok(None) };
    let words = u32::try_from(*memory).ok().and_then(|m| model.modulation.n_levels().checked_pow(m));
    if *memory == 0 || words != Some(table.len()) {
        let requirement = format!("{} to the power of memory = {memory} words", model.modulation.n_levels());
        return Err(Error::parameter("signal.table", format!("{} words", table.len()), requirement));
    }
    if after >= memory {
        return Err(Error::parameter("signal.after", after, format!("below memory = {memory}")));
    }
    if u32::try_from(residual_v.len()).is_err() {
        return Err(Error::parameter(
            "signal.residual_v",
            format!("{} samples", residual_v.len()),
            "below 2³² samples",
        ));
    }
    Ok(Some(Table {
        values: to_f32("signal.table", table)?,
        memory: *memory,
        after: *after,
        residual: to_f32("signal.residual_v", residual_v)?,
        residual_draws: Stream::new(level, seed, Purpose::Residual, 0),
    }))
}

fn aggressors(model: &DecisionModel, seed: u64, level: Level) -> Result<Vec<Aggressor>> {
    let prepare = |(i, crosstalk): (usize, &SlicerCrosstalk)| {
        let name = format!("crosstalk[{i}]");
        let n = crosstalk.phases.len();
        if n == 0 || crosstalk.phases.iter().any(|p| p.len() != crosstalk.phases[0].len()) {
            return Err(Error::parameter(
                format!("{name}.phases"),
                format!("{n} phases"),
                "at least one, all of one length",
            ));
        }
        let energy = |p: &Vec<f64>| p.iter().map(|v| v * v).sum::<f64>();
        let chosen = match model.crosstalk_phase {
            CrosstalkPhase::Rule(CrosstalkRule::Uniform) => None,
            CrosstalkPhase::Rule(CrosstalkRule::Worst) => {
                // The first of equals, so that the choice does not depend on the order of a search.
                (0..n)
                    .rev()
                    .max_by(|a, b| energy(&crosstalk.phases[*a]).total_cmp(&energy(&crosstalk.phases[*b])))
            }
            CrosstalkPhase::PhaseUi(phase_ui) => {
                require::finite("crosstalk_phase", phase_ui)?;
                // A whole UI later is the same set of symbols.
                Some((phase_ui * n as f64).round().rem_euclid(n as f64) as usize)
            }
        };
        let phases = match chosen {
            None => &crosstalk.phases[..],
            Some(phase) => &crosstalk.phases[phase..=phase],
        };
        Ok(Aggressor {
            bits: if crosstalk.levels.len() == 2 { 1 } else { 2 },
            levels: alphabet(&format!("{name}.levels"), &crosstalk.levels)?,
            symbols: Stream::new(level, seed, Purpose::CrosstalkSymbols, i as u32),
            phase_draws: Stream::new(level, seed, Purpose::CrosstalkPhase, i as u32),
            phases: phases.iter().map(|p| to_f32(&format!("{name}.phases"), p)).collect::<Result<_>>()?,
        })
    };
    model.crosstalk.iter().enumerate().map(prepare).collect()
}

fn jitter(
    jitter: &SlicerJitter,
    symbol_rate: SymbolRate,
    seed: u64,
    level: Level,
) -> Result<Option<JitterBranch>> {
    for (name, value) in
        [("rj_ui", jitter.rj_ui), ("dd_ui", jitter.dd_ui), ("sj_ui", jitter.sj_ui), ("dcd_ui", jitter.dcd_ui)]
    {
        require::non_negative(&format!("jitter.{name}"), value)?;
    }
    let slow =
        SlowJitter { sj_ui: jitter.sj_ui, turns: jitter.sj_hz / symbol_rate.hz(), dcd_ui: jitter.dcd_ui };
    if slow.sj_ui > 0.0 {
        require::within("jitter.sj_hz", jitter.sj_hz, 0.0, MAX_SINUSOID * symbol_rate.hz())?;
    }
    let order = |response: &Vec<f64>| {
        let largest = response.iter().fold(0.0, |a: f64, c| a.max(c.abs()));
        Branch::new("jitter.response", response, jitter.main, NEGLIGIBLE * largest)
    };
    let mut orders = vec![order(&jitter.response)?];
    if slow.is_some() {
        for higher in &jitter.higher_orders {
            expect_len("jitter.higher_orders", higher.len(), jitter.response.len())?;
            orders.push(order(higher)?);
        }
    }
    if orders[0].taps.is_empty() || (jitter.rj_ui == 0.0 && jitter.dd_ui == 0.0 && !slow.is_some()) {
        return Ok(None);
    }
    let (taps, main) = match jitter.model {
        JitterModel::Com => (&[1.0][..], 0),
        JitterModel::Edge => (&jitter.transmit_taps[..], jitter.transmit_main),
    };
    let transmit = Branch::new("jitter.transmit_taps", taps, main, 0.0)?;
    if transmit.taps.is_empty() {
        return Err(Error::parameter("jitter.transmit_taps", "none", "at least one tap that is not 0"));
    }
    Ok(Some(JitterBranch {
        model: jitter.model,
        gaussian: Stream::new(level, seed, Purpose::RandomJitter, 0),
        sign: Stream::new(level, seed, Purpose::DualDirac, 0),
        rj_ui: jitter.rj_ui as f32,
        dd_ui: jitter.dd_ui as f32,
        slow,
        orders,
        transmit,
    }))
}
