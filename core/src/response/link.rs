//! The waist: what reaches the receiver, before any receiver filter.

use crate::error::{Error, Result};
use crate::grid::{Grid, SymbolRate};
use crate::modulation::Modulation;
use crate::response::{ChannelResponse, Interference, Jitter, NoiseSource};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything that arrives at the receiver's input. Both engines see the lane only through this.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkResponse {
    /// Grid of every response and density in it.
    pub grid: Grid,
    /// The alphabet.
    pub modulation: Modulation,
    /// Level of each symbol, ascending, in the unit that the signal's response takes (V at the transmitter); the
    /// outer ones are ±amplitude.
    pub levels: Vec<f64>,
    /// The wanted signal.
    pub signal: Signal,
    /// Noise sources.
    pub noise: Vec<NoiseSource>,
    /// Light that interferes with the signal's own: bounded and slow, so no noise with a density.
    pub interference: Vec<Interference>,
    /// Aggressors.
    pub crosstalk: Vec<Crosstalk>,
    /// Alignment of the aggressors with the victim.
    pub crosstalk_phase: CrosstalkPhase,
    /// Transmitter jitter.
    pub jitter: Option<Jitter>,
}

/// The two forms of the wanted signal.
#[derive(Debug, Clone, PartialEq)]
pub enum Signal {
    /// Levels, a symbol-spaced transmit FFE and one response: superposition holds.
    Linear {
        /// Transmitter output to receiver input.
        response: ChannelResponse,
        /// Transmit FFE, in time order.
        ffe: Vec<f64>,
        /// Index of the FFE's main tap.
        ffe_main: usize,
    },
    /// One period of the noiseless waveform of a known sequence: no superposition is assumed.
    Record(Record),
}

/// One period of the noiseless waveform at the receiver's input.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Symbol rate.
    pub symbol_rate: SymbolRate,
    /// Symbols of the period, a de Bruijn sequence.
    pub symbols: Vec<u8>,
    /// Its order: every word of this many symbols occurs exactly once a period.
    pub order: usize,
    /// Symbols around the cursor that the table of the slicer resolves exactly, m ≤ order − 2; `None` takes the fewest
    /// that leave little unexplained.
    pub memory: Option<usize>,
    /// Samples a symbol.
    pub samples_per_symbol: usize,
    /// Waveform, V; sample i of symbol k at index k · samples_per_symbol + i, whose time is the start of symbol k at
    /// the transmitter plus i samples, so that the symbol's centre is at i = samples_per_symbol / 2.
    pub v: Vec<f64>,
    /// Transmit FFE that shaped it, in time order; empty for none. Jitter moves its transitions.
    pub ffe: Vec<f64>,
    /// Index of the FFE's main tap.
    pub ffe_main: usize,
    /// Small-signal response from the transmitter's output to the receiver's input, used for jitter and for a first
    /// choice of the equalizer.
    pub small_signal: ChannelResponse,
}

impl Record {
    /// Checks lengths, symbols and memory.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the field that does not fit.
    pub fn validate(&self, n_levels: usize) -> Result<()> {
        if self.v.len() != self.symbols.len() * self.samples_per_symbol || self.v.is_empty() {
            return Err(Error::parameter(
                "record.v",
                format!("{} samples", self.v.len()),
                format!("{} symbols of {} samples", self.symbols.len(), self.samples_per_symbol),
            ));
        }
        if let Some(i) = self.v.iter().position(|x| !x.is_finite()) {
            return Err(Error::parameter(format!("record.v[{i}]"), self.v[i], "finite"));
        }
        if let Some(s) = self.symbols.iter().find(|s| **s as usize >= n_levels) {
            return Err(Error::parameter("record.symbols", s, format!("below {n_levels}")));
        }
        if !self.ffe.is_empty() && self.ffe_main >= self.ffe.len() {
            return Err(Error::parameter(
                "record.ffe_main",
                self.ffe_main,
                format!("below {}", self.ffe.len()),
            ));
        }
        let most = self.order.saturating_sub(2);
        let given = self.memory.unwrap_or(1);
        if given == 0 || given > most {
            let requirement = format!("between 1 and {most}, two less than the order");
            return Err(Error::parameter("record.memory", given, requirement));
        }
        Ok(())
    }
}

/// One aggressor.
#[derive(Debug, Clone, PartialEq)]
pub struct Crosstalk {
    /// Its name in reports.
    pub name: String,
    /// Aggressor transmitter output to victim receiver input.
    pub response: ChannelResponse,
    /// Level of each symbol, ascending, V.
    pub levels: Vec<f64>,
    /// Its transmit FFE, in time order; empty for none.
    pub ffe: Vec<f64>,
    /// Index of the FFE's main tap.
    pub ffe_main: usize,
}

/// Alignment of aggressor symbols with the victim's sampling instant: `"uniform"`, `"worst"` or a phase in UI.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum CrosstalkPhase {
    /// One of the two rules.
    Rule(CrosstalkRule),
    /// A fixed phase, UI after the aggressor's own alignment with the victim's transmitter.
    PhaseUi(f64),
}

/// Rules of alignment that are not one phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CrosstalkRule {
    /// Averaged over a free-running aggressor: every phase is equally likely.
    Uniform,
    /// The phase of largest energy: the standards' bound.
    Worst,
}

impl Default for CrosstalkPhase {
    fn default() -> Self {
        Self::Rule(CrosstalkRule::Uniform)
    }
}
