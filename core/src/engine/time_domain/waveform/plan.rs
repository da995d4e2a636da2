//! A waveform model made ready: checked, in single precision, streams assigned.

use super::response::{Reach, Responses};
use crate::engine::time_domain::branch::{Branch, alphabet, to_f32};
use crate::engine::time_domain::interference::Products;
use crate::engine::time_domain::plan::expect_len;
use crate::engine::time_domain::relay::{Hop, Substitutes};
use crate::error::{Error, Result, require};
use crate::modulation::Modulation;
use crate::random::{Purpose, Stream};
use crate::response::{
    CrosstalkPhase, CrosstalkRule, JitterModel, PhaseResponse, WaveformCrosstalk, WaveformJitter,
    WaveformModel, WaveformNoise, WaveformTable,
};
use crate::simd::{Level, PolyphaseSum};

/// Streams of one source of noise: more than a symbol has samples there cannot be.
const MAX_STREAMS: usize = 1024;
/// Symbols synthesized at once, about: several transforms, for each of which the spectra of all responses would have to be
/// read again.
const BLOCK: usize = 8192;

/// Everything that a block of the waveform needs.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) level: Level,
    pub(super) samples_per_symbol: usize,
    pub(super) modulation: Modulation,
    pub(super) symbols: Stream,
    /// Symbols that are sent in the place of drawn ones.
    pub(super) altered: Substitutes,
    pub(super) levels: [f32; 4],
    /// Every stream but those of [`Alignment::FreeRunning`].
    pub(super) sum: PolyphaseSum,
    pub(super) signal: Reach,
    pub(super) table: Option<Table>,
    pub(super) noise: Vec<NoiseStream>,
    pub(super) echoes: Vec<Echo>,
    pub(super) aggressors: Vec<Aggressor>,
    pub(super) jitter: Option<JitterStream>,
    /// Symbols needed before the first and after the last of a block.
    pub(super) back: usize,
    pub(super) ahead: usize,
    /// Symbols synthesized at once: whole transforms.
    pub(super) block: usize,
}

/// The table of a nonlinear signal.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) memory: usize,
    pub(super) after: usize,
    /// All phases of a word in a row.
    pub(super) rows: Vec<f32>,
    /// What words and remainder leave, all phases of a symbol in a row, and the symbol of it that goes with number 0.
    pub(super) residual: Vec<f32>,
    pub(super) residual_first: u64,
}

/// One stream of independent normals.
#[derive(Debug, Clone)]
pub(super) struct NoiseStream {
    pub(super) draws: Stream,
    /// √factor of each symbol; `None` when stationary.
    pub(super) weight: Option<[f32; 4]>,
    pub(super) response: Reach,
}

/// One echo of the light.
#[derive(Debug, Clone)]
pub(super) struct Echo {
    pub(super) products: Products,
    pub(super) response: Reach,
}

/// One aggressor.
#[derive(Debug, Clone)]
pub(super) struct Aggressor {
    pub(super) bits: u32,
    pub(super) levels: [f32; 4],
    pub(super) symbols: Stream,
    pub(super) alignment: Alignment,
}

/// Phase of an aggressor.
#[derive(Debug, Clone)]
pub(super) enum Alignment {
    /// One phase, which its response has.
    Fixed(Reach),
    /// A new phase every so many symbols: its waveform is made on its own and then delayed.
    FreeRunning { sum: PolyphaseSum, reach: Reach, phase_draws: Stream },
}

/// Timing errors of the transmitter.
#[derive(Debug, Clone)]
pub(super) struct JitterStream {
    pub(super) model: JitterModel,
    pub(super) gaussian: Stream,
    pub(super) sign: Stream,
    pub(super) rj_ui: f32,
    pub(super) dd_ui: f32,
    pub(super) dcd_ui: f32,
    pub(super) orders: Vec<Reach>,
    pub(super) transmit: Branch,
}

impl Plan {
    /// The plan of a hop: draws of its own, symbols those that the hop before it decided.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub(super) fn of_hop(model: &WaveformModel, seed: u64, hop: &Hop<'_>, level: Level) -> Result<Self> {
        let mut plan = Self::new(model, hop.seed(seed), level)?;
        plan.symbols = Stream::new(level, seed, Purpose::Symbols, 0);
        plan.altered = hop.substitutes();
        Ok(plan)
    }

    /// Checks the model and prepares it.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the field that does not fit.
    pub(super) fn new(model: &WaveformModel, seed: u64, level: Level) -> Result<Self> {
        let m = model.samples_per_symbol;
        expect_len("levels", model.levels.len(), model.modulation.n_levels())?;
        check("signal", &model.signal, m)?;
        let mut responses = Responses::default();
        let signal = match &model.table {
            None => responses.push("signal", &model.signal, 0)?,
            Some(table) => {
                check("table.remainder", &table.remainder, m)?;
                responses.push("table.remainder", &table.remainder, 0)?
            }
        };
        let residual_draws = Stream::new(level, seed, Purpose::Residual, 0);
        let table =
            model.table.as_ref().map(|t| word_table(t, m, model.modulation, &residual_draws)).transpose()?;
        let mut noise = Vec::new();
        for (i, source) in model.noise.iter().enumerate() {
            noise.extend(noise_streams(source, i, model, seed, level, &mut responses)?);
        }
        let mut echoes = Vec::new();
        for (i, source) in model.interference.iter().enumerate() {
            let name = format!("interference[{i}]");
            check(&name, &source.response, m)?;
            expect_len(&format!("{name}.field"), source.field.len(), model.levels.len())?;
            let products = Products::new(level, seed, i, &source.field, &source.interferer)?;
            echoes.push(Echo { products, response: responses.push(&name, &source.response, 0)? });
        }
        let mut aggressors = Vec::new();
        for (i, source) in model.crosstalk.iter().enumerate() {
            aggressors.push(aggressor(source, i, model, seed, level, &mut responses)?);
        }
        let jitter = match &model.jitter {
            Some(source) => jitter(source, m, seed, level, &mut responses)?,
            None => None,
        };
        let sum = responses.sum(level);
        let mut plan = Self {
            level,
            samples_per_symbol: m,
            modulation: model.modulation,
            symbols: Stream::new(level, seed, Purpose::Symbols, 0),
            altered: Substitutes::default(),
            levels: alphabet("levels", &model.levels)?,
            block: sum.hop() * (BLOCK / sum.hop()).max(1),
            sum,
            signal,
            table,
            noise,
            echoes,
            aggressors,
            jitter,
            back: 0,
            ahead: 0,
        };
        plan.set_margins();
        Ok(plan)
    }

    fn set_margins(&mut self) {
        let of = |r: &Reach| (r.back, r.ahead);
        let mut reach = vec![of(&self.signal)];
        reach.extend(self.noise.iter().filter(|n| n.weight.is_some()).map(|n| of(&n.response)));
        reach.extend(self.echoes.iter().map(|e| of(&e.response)));
        reach.extend(self.table.iter().map(|t| ((t.memory - 1 - t.after) as i64, t.after as i64)));
        if let Some(jitter) = &self.jitter {
            // An edge also needs the level before it.
            let (before, after) = (1 + jitter.transmit.back(), jitter.transmit.ahead);
            reach.extend(jitter.orders.iter().map(|o| (o.back + before, o.ahead + after)));
        }
        self.back = reach.iter().map(|r| r.0).max().unwrap_or(0).max(0) as usize;
        self.ahead = reach.iter().map(|r| r.1).max().unwrap_or(0).max(0) as usize;
    }
}

fn check(name: &str, response: &PhaseResponse, m: usize) -> Result<()> {
    expect_len(&format!("{name}.phases"), response.phases.len(), m)?;
    let length = response.phases.first().map_or(0, Vec::len);
    if length == 0 || response.phases.iter().any(|p| p.len() != length) {
        let requirement = "at least one symbol long, all of one length";
        return Err(Error::parameter(format!("{name}.phases"), format!("{length} symbols"), requirement));
    }
    if response.main >= length {
        return Err(Error::parameter(format!("{name}.main"), response.main, format!("below {length}")));
    }
    Ok(())
}

fn word_table(table: &WaveformTable, m: usize, modulation: Modulation, draws: &Stream) -> Result<Table> {
    let words = u32::try_from(table.memory).ok().and_then(|memory| modulation.n_levels().checked_pow(memory));
    if table.memory == 0 || table.after >= table.memory {
        return Err(Error::parameter("table.after", table.after, format!("below memory = {}", table.memory)));
    }
    expect_len("table.values", table.values.len(), m)?;
    let mut rows = vec![0.0; m * table.values[0].len()];
    for (p, values) in table.values.iter().enumerate() {
        if words != Some(values.len()) {
            let requirement = format!("{} to the power of memory = {}", modulation.n_levels(), table.memory);
            let name = format!("table.values[{p}]");
            return Err(Error::parameter(name, format!("{} words", values.len()), requirement));
        }
        let values = to_f32(&format!("table.values[{p}]"), values)?;
        rows[p..].iter_mut().step_by(m).zip(&values).for_each(|(row, v)| *row = *v);
    }
    if !table.residual_v.len().is_multiple_of(m) {
        let value = format!("{} samples", table.residual_v.len());
        return Err(Error::parameter("table.residual_v", value, format!("whole symbols of {m} samples")));
    }
    let residual = to_f32("table.residual_v", &table.residual_v)?;
    let mut word = [0];
    draws.words(0, &mut word);
    Ok(Table { memory: table.memory, after: table.after, rows, residual, residual_first: u64::from(word[0]) })
}

fn noise_streams(
    source: &WaveformNoise,
    index: usize,
    model: &WaveformModel,
    seed: u64,
    level: Level,
    responses: &mut Responses,
) -> Result<Vec<NoiseStream>> {
    let name = format!("noise[{index}]");
    if source.streams.len() > MAX_STREAMS {
        let value = format!("{} streams", source.streams.len());
        return Err(Error::parameter(format!("{name}.streams"), value, format!("at most {MAX_STREAMS}")));
    }
    let (weight, purpose) = match &source.factor {
        None => (None, Purpose::Noise),
        Some(factor) => {
            expect_len(&format!("{name}.factor"), factor.len(), model.levels.len())?;
            let roots: Vec<f64> = factor.iter().map(|f| f.sqrt()).collect();
            (Some(alphabet(&format!("{name}.factor"), &roots)?), Purpose::SymbolNoise)
        }
    };
    let stream = |(q, response): (usize, &PhaseResponse)| {
        check(&name, response, model.samples_per_symbol)?;
        let number = (index * MAX_STREAMS + q) as u32;
        let draws = Stream::new(level, seed, purpose, number);
        Ok(NoiseStream { draws, weight, response: responses.push(&name, response, 0)? })
    };
    source.streams.iter().enumerate().map(stream).collect()
}

fn aggressor(
    source: &WaveformCrosstalk,
    index: usize,
    model: &WaveformModel,
    seed: u64,
    level: Level,
    responses: &mut Responses,
) -> Result<Aggressor> {
    let (name, m) = (format!("crosstalk[{index}]"), model.samples_per_symbol);
    check(&name, &source.response, m)?;
    let late = match model.crosstalk_phase {
        CrosstalkPhase::Rule(CrosstalkRule::Uniform) => None,
        CrosstalkPhase::Rule(CrosstalkRule::Worst) => Some(worst(&source.response, model)),
        CrosstalkPhase::PhaseUi(phase_ui) => {
            require::finite("crosstalk_phase", phase_ui)?;
            // A whole UI later is the same set of symbols.
            Some((phase_ui * m as f64).round().rem_euclid(m as f64) as usize)
        }
    };
    let alignment = match late {
        Some(late) => Alignment::Fixed(responses.push(&name, &source.response, late)?),
        None => {
            let mut own = Responses::default();
            let reach = own.push(&name, &source.response, 0)?;
            let phase_draws = Stream::new(level, seed, Purpose::CrosstalkPhase, index as u32);
            Alignment::FreeRunning { sum: own.sum(level), reach, phase_draws }
        }
    };
    Ok(Aggressor {
        bits: if source.levels.len() == 2 { 1 } else { 2 },
        levels: alphabet(&format!("{name}.levels"), &source.levels)?,
        symbols: Stream::new(level, seed, Purpose::CrosstalkSymbols, index as u32),
        alignment,
    })
}

/// Delay in samples of most energy at the slicer, through the FFE.
fn worst(response: &PhaseResponse, model: &WaveformModel) -> usize {
    let m = response.phases.len();
    let energy = |late: usize| -> f64 {
        let row = &response.phases[(m - late) % m];
        let mut through = vec![0.0; row.len() + model.ffe.len() - 1];
        for (i, tap) in model.ffe.iter().enumerate() {
            through[i..].iter_mut().zip(row).for_each(|(o, h)| *o += tap * h);
        }
        through.iter().map(|v| v * v).sum()
    };
    // The first of equals.
    (0..m).rev().max_by(|a, b| energy(*a).total_cmp(&energy(*b))).unwrap_or(0)
}

fn jitter(
    jitter: &WaveformJitter,
    m: usize,
    seed: u64,
    level: Level,
    responses: &mut Responses,
) -> Result<Option<JitterStream>> {
    for (name, value) in [("rj_ui", jitter.rj_ui), ("dd_ui", jitter.dd_ui), ("dcd_ui", jitter.dcd_ui)] {
        require::non_negative(&format!("jitter.{name}"), value)?;
    }
    if jitter.rj_ui == 0.0 && jitter.dd_ui == 0.0 && jitter.dcd_ui == 0.0 {
        return Ok(None);
    }
    for order in &jitter.orders {
        check("jitter.orders", order, m)?;
    }
    let (taps, main) = match jitter.model {
        JitterModel::Com => (&[1.0][..], 0),
        JitterModel::Edge => (&jitter.transmit_taps[..], jitter.transmit_main),
    };
    let transmit = Branch::new("jitter.transmit_taps", taps, main, 0.0)?;
    if transmit.taps.is_empty() {
        return Err(Error::parameter("jitter.transmit_taps", "none", "at least one tap that is not 0"));
    }
    let orders =
        jitter.orders.iter().map(|o| responses.push("jitter.orders", o, 0)).collect::<Result<_>>()?;
    Ok(Some(JitterStream {
        model: jitter.model,
        gaussian: Stream::new(level, seed, Purpose::RandomJitter, 0),
        sign: Stream::new(level, seed, Purpose::DualDirac, 0),
        rj_ui: jitter.rj_ui as f32,
        dd_ui: jitter.dd_ui as f32,
        dcd_ui: jitter.dcd_ui as f32,
        orders,
        transmit,
    }))
}
