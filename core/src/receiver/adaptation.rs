//! Configuration of an adaptive run of a lane, and where its taps start.
//!
//! ```text
//! r = samples before the FFE / rms      a = level / outer level, both about their mean
//! z_k = Σ_i c_i r_(k+pre−i) − Σ_j d_j a_(k−j)
//! ```
//!
//! In these units the trace of R, which bounds the step by 2/trace R, is the number of FFE taps plus that of DFE taps
//! times the power of the levels (5/9 of PAM4), and d is relative to the cursor as the DFE's own taps are.

use crate::error::{Error, Result, require};
use crate::receiver::lms::{DIVERGENCE, Filter, Limits, Lms, LmsUpdate, Slicer};
use crate::receiver::sequence::{disturbance_v2, levels_v, variance};
use crate::receiver::{Dfe, Equalizer, Ffe, Receiver};
use crate::response::{DecisionModel, SlicerSignal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How taps follow the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// By error times sample, every symbol.
    #[default]
    Lms,
    /// By the signs of both, every symbol.
    SignSign,
    /// By the sum of error times sample, once a block.
    Block,
}

/// Taps from which adaptation starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The lane's own: those of least mean-square error, or those given.
    #[default]
    Lane,
    /// A wire: the main tap alone, at unit cursor.
    Wire,
}

/// Adaptation of a lane's FFE and DFE while it runs: trained, then by its own decisions.
///
/// Samples are in units of their rms and levels in units of the outer one, so that steps below 2 over the number of taps
/// are stable on average.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Adaptation {
    /// Step size; 0 freezes the taps.
    pub step: f64,
    /// "lms", "sign_sign" or "block".
    pub algorithm: Algorithm,
    /// Symbols of a block; of no effect unless the algorithm is "block".
    pub block_symbols: usize,
    /// Taps to start from: "lane", those of least mean-square error or those given, or "wire", the main tap alone.
    pub start: Start,
    /// Symbols that are known, before those that count.
    pub training_symbols: u64,
    /// Symbols decided after the training, before those that count.
    pub settling_symbols: u64,
    /// Freeze the taps when counting begins.
    pub freeze: bool,
    /// Symbols of one entry of the convergence trace.
    pub trace_symbols: usize,
}

/// Most symbols before the count: the trace of them is kept.
const MAX_SETTLING: u64 = 100_000_000;

impl Default for Adaptation {
    fn default() -> Self {
        Self {
            step: 1e-3,
            algorithm: Algorithm::Lms,
            block_symbols: 32,
            start: Start::Lane,
            training_symbols: 50_000,
            settling_symbols: 50_000,
            freeze: false,
            trace_symbols: 1024,
        }
    }
}

impl Adaptation {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the field.
    pub fn validate(&self) -> Result<()> {
        require::non_negative("adaptation.step", self.step)?;
        for (name, value) in [("block_symbols", self.block_symbols), ("trace_symbols", self.trace_symbols)] {
            if value == 0 {
                return Err(Error::parameter(format!("adaptation.{name}"), value, "at least 1"));
            }
        }
        let symbols =
            [("training_symbols", self.training_symbols), ("settling_symbols", self.settling_symbols)];
        match symbols.into_iter().find(|(_, n)| *n > MAX_SETTLING) {
            Some((name, n)) => {
                Err(Error::parameter(format!("adaptation.{name}"), n, format!("at most {MAX_SETTLING}")))
            }
            None => Ok(()),
        }
    }

    /// Symbols before those that count.
    pub(crate) fn before(&self) -> u64 {
        self.training_symbols + self.settling_symbols
    }

    /// How taps follow the error, as the equalizer has it.
    fn update(&self) -> LmsUpdate {
        match self.algorithm {
            Algorithm::Lms => LmsUpdate::Lms,
            Algorithm::SignSign => LmsUpdate::SignSign,
            Algorithm::Block => LmsUpdate::Block(self.block_symbols),
        }
    }
}

/// The equalizer of a lane, about to adapt: its taps in units of the samples' rms and the outer level.
#[derive(Debug, Clone)]
pub struct AdaptiveEqualizer {
    lms: Lms,
    limits: Limits,
    /// Rms of the samples before the FFE, V, and their mean.
    rms_v: f64,
    mean_v: f64,
    /// Response before the FFE, in units of the taps, and its main index.
    response: Vec<f64>,
    main: usize,
    /// Levels about their mean, over the outer one.
    levels: Vec<f64>,
    receiver: Receiver,
}

impl AdaptiveEqualizer {
    /// The equalizer of `resolved`, found as `equalizer`, on `input`: what its FFE's input sees at the same instants.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an adaptation outside its domain, a receiver without FFE and DFE, one that detects
    /// sequences, or an input that carries nothing.
    pub fn new(
        adaptation: &Adaptation,
        equalizer: &Equalizer,
        resolved: &Receiver,
        input: &DecisionModel,
    ) -> Result<Self> {
        adaptation.validate()?;
        if resolved.ffe.is_none() && resolved.dfe.is_none() {
            return Err(Error::parameter("receiver.ffe", "None", "an FFE or a DFE that adapts"));
        }
        if resolved.mlsd.config().is_some() {
            let requirement = "false while taps adapt: they follow decisions of the slicer";
            return Err(Error::parameter("receiver.mlsd", "true", requirement));
        }
        let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len().max(1) as f64;
        let centre = mean(&input.levels);
        let outer = input.levels.iter().fold(0.0f64, |m, l| m.max((l - centre).abs()));
        let (response, main) = linear_response(input);
        let energy: f64 = response.iter().map(|h| h * h).sum();
        let rms_v = (variance(&input.levels) * energy + disturbance_v2(input, 0)[0]).sqrt();
        if !(rms_v.is_normal() && outer > 0.0) {
            return Err(Error::parameter("rms before the FFE", rms_v, "above 0 V"));
        }
        let unit = outer / rms_v;
        let response: Vec<f64> = response.iter().map(|h| h * unit).collect();
        let dense = if equalizer.ffe.is_empty() { vec![1.0] } else { equalizer.ffe.clone() };
        let pre = equalizer.ffe_pre;
        let cursor = |c: &[f64]| cursor(c, pre, &response, main);
        let (mut ffe, dfe) = match adaptation.start {
            Start::Lane => (dense.clone(), equalizer.dfe.clone()),
            Start::Wire => {
                let mut wire = vec![0.0; dense.len()];
                wire[pre] = 1.0;
                (wire, vec![0.0; equalizer.dfe.len()])
            }
        };
        let gain = cursor(&ffe);
        if !gain.is_normal() {
            return Err(Error::parameter("cursor of the first taps", gain, "not 0"));
        }
        ffe.iter_mut().for_each(|c| *c /= gain);
        let (positions, limits) = places(resolved, &dense, pre);
        let lms = Lms {
            ffe,
            pre,
            positions: Some(positions),
            dfe,
            step: adaptation.step,
            update: adaptation.update(),
            trace_block: adaptation.trace_symbols,
        };
        lms.validate()?;
        Ok(Self {
            lms,
            limits,
            rms_v,
            mean_v: mean(&levels_v(input)),
            response,
            main,
            levels: input.levels.iter().map(|l| (l - centre) / outer).collect(),
            receiver: resolved.clone(),
        })
    }

    /// A sample in V in units of the taps.
    pub(crate) fn unit(&self) -> (f64, f64) {
        (self.mean_v, 1.0 / self.rms_v)
    }

    /// The filter, ready to run. An error that many times the largest of a start is divergence.
    pub(crate) fn filter(&self) -> Filter {
        // Samples beyond ten standard deviations do not happen.
        let limit = self.lms.error_limit(10.0).max(DIVERGENCE);
        Filter::with(&self.lms, limit, Slicer::new(&self.levels), Some(self.limits.clone()))
    }

    /// Taps as a lane has them: the main FFE tap 1, DFE taps relative to the cursor, and a receiver frozen with them.
    pub(crate) fn exported(&self, ffe: &[f64], dfe: &[f64]) -> (Vec<f64>, Vec<f64>, Receiver) {
        let main = ffe[self.lms.pre].abs();
        let ffe_out: Vec<f64> = ffe.iter().map(|c| if main > 0.0 { c / main } else { *c }).collect();
        let cursor = cursor(ffe, self.lms.pre, &self.response, self.main);
        let dfe_out: Vec<f64> = dfe.iter().map(|d| if cursor == 0.0 { *d } else { d / cursor }).collect();
        let receiver = Receiver {
            ffe: self.receiver.ffe.as_ref().map(|f| Ffe { taps: Some(ffe_out.clone()), ..f.clone() }),
            dfe: self.receiver.dfe.as_ref().map(|d| Dfe { values: Some(dfe_out.clone()), ..d.clone() }),
            ..self.receiver.clone()
        };
        (ffe_out, dfe_out, receiver)
    }
}

/// Indices of the FFE's taps, and the limits of all.
fn places(receiver: &Receiver, dense: &[f64], pre: usize) -> (Vec<usize>, Limits) {
    let fixed = receiver.ffe.as_ref().map_or(1, |f| f.pre + 1 + f.post);
    let positions = (0..dense.len()).filter(|i| *i < fixed || dense[*i] != 0.0).collect();
    let limit = |i: usize| match &receiver.ffe {
        Some(f) if i != pre => {
            if i < fixed {
                f.tap_limit
            } else {
                f.floating_limit
            }
        }
        _ => f64::INFINITY,
    };
    let ffe = (0..dense.len()).map(limit).collect();
    let dfe = receiver.dfe.as_ref().map_or((f64::NEG_INFINITY, f64::INFINITY), Dfe::range);
    (positions, Limits { ffe, dfe })
}

/// Response before the FFE, V per unit of level, and its main index; that of a table by its slopes.
fn linear_response(input: &DecisionModel) -> (Vec<f64>, usize) {
    let (cursors, main) = input.signal.cursors();
    let (mut response, mut main) = (cursors.to_vec(), main);
    let SlicerSignal::Table { table, memory, after, .. } = &input.signal else { return (response, main) };
    // Room for the symbols of the word on either side.
    let front = after.saturating_sub(main);
    response.splice(0..0, std::iter::repeat_n(0.0, front));
    main += front;
    response.resize(response.len().max(main + memory - after), 0.0);
    let m = input.levels.len();
    let centre = input.levels.iter().sum::<f64>() / m as f64;
    let power = variance(&input.levels) * table.len() as f64;
    for place in 0..*memory {
        let level = |word: usize| input.levels[word / m.pow(place as u32) % m] - centre;
        let sum: f64 = table.iter().enumerate().map(|(word, v)| v * level(word)).sum();
        // Place 0 is the newest symbol of the word, `after` symbols after the cursor.
        response[main + place - after] += sum / power;
    }
    (response, main)
}

/// Response to a symbol at its own decision.
fn cursor(c: &[f64], pre: usize, response: &[f64], main: usize) -> f64 {
    // Tap i sees the sample pre − i symbols later, in which the symbol has had as many symbols more.
    let tap =
        |(i, c): (usize, &f64)| (main + pre).checked_sub(i).and_then(|j| response.get(j)).map(|h| c * h);
    c.iter().enumerate().filter_map(tap).sum()
}
