//! A decision model made ready: checked, in single precision, feedback folded in, streams assigned.

use super::branch::{Branch, alphabet, to_f32};
use super::decide::Slicer;
use super::shaping::shaping_filter;
use super::symbol_noise::{NoiseBranch, branches};
use crate::error::{Error, Result, require};
use crate::modulation::Modulation;
use crate::random::{Purpose, Stream};
use crate::response::{
    CrosstalkPhase, CrosstalkRule, DecisionModel, JitterModel, SlicerCrosstalk, SlicerJitter, SlicerSignal,
};
use crate::simd::Level;

/// What the ends of a linear response may add up to, relative to the largest cursor, and be left out: about what
/// single precision rounds away.
const NEGLIGIBLE: f64 = 1e-6;

/// Everything that a block needs, shared by all threads.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) level: Level,
    pub(super) modulation: Modulation,
    pub(super) symbols: Stream,
    pub(super) levels: [f32; 4],
    pub(super) thresholds: Vec<f32>,
    /// The linear signal with ideal feedback subtracted.
    pub(super) signal: Branch,
    pub(super) table: Option<Table>,
    pub(super) noise: Stream,
    pub(super) shaping: Vec<f32>,
    pub(super) by_symbol: Vec<NoiseBranch>,
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
    pub(super) response: Branch,
    /// Transmit FFE, for edges.
    pub(super) transmit: Branch,
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
            levels,
            thresholds: to_f32("thresholds_v", thresholds_v)?,
            signal: linear_signal(model)?,
            table: table(model, seed, level)?,
            noise: Stream::new(level, seed, Purpose::Noise, 0),
            shaping: to_f32("noise", &shaping_filter(&model.noise.autocorrelation_v2)?)?,
            by_symbol: by_symbol.collect::<Result<Vec<_>>>()?.concat(),
            aggressors: aggressors(model, seed, level)?,
            jitter: model.jitter.as_ref().map(|j| jitter(j, seed, level)).transpose()?.flatten(),
            dfe: to_f32("dfe", &model.dfe)?,
            back: 0,
            ahead: 0,
        };
        plan.set_margins();
        Ok(plan)
    }

    /// What decides.
    pub(super) fn slicer(&self) -> Slicer<'_> {
        Slicer { level: self.level, levels: &self.levels, thresholds: &self.thresholds, dfe: &self.dfe }
    }

    fn set_margins(&mut self) {
        let mut reach = vec![(self.signal.back(), self.signal.ahead)];
        reach.extend(self.by_symbol.iter().map(|b| (b.filter.back(), b.filter.ahead)));
        if let Some(table) = &self.table {
            reach.push(((table.memory - 1 - table.after) as i64, table.after as i64));
        }
        if let Some(jitter) = &self.jitter {
            // An edge also needs the level before it.
            let (before, after) = (1 + jitter.transmit.back(), jitter.transmit.ahead);
            reach.push((jitter.response.back() + before, jitter.response.ahead + after));
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

fn jitter(jitter: &SlicerJitter, seed: u64, level: Level) -> Result<Option<JitterBranch>> {
    require::non_negative("jitter.rj_ui", jitter.rj_ui)?;
    require::non_negative("jitter.dd_ui", jitter.dd_ui)?;
    let largest = jitter.response.iter().fold(0.0, |a: f64, c| a.max(c.abs()));
    let response = Branch::new("jitter.response", &jitter.response, jitter.main, NEGLIGIBLE * largest)?;
    if response.taps.is_empty() || (jitter.rj_ui == 0.0 && jitter.dd_ui == 0.0) {
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
        response,
        transmit,
    }))
}
