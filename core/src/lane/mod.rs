//! What a lane is made of and how it is composed.

mod aggressor;
mod assumptions;
mod block;
mod compose;
mod grid;
mod kinds;
mod prepare;
mod presets;
mod retimer;
mod section;
mod segments;

pub use aggressor::{Aggressor, AggressorKind, CrosstalkPath};
pub use assumptions::assumptions;
pub use block::{Block, Channel, Networks, Synthetic};
pub use kinds::registry;
pub use prepare::PreparedLane;
pub use presets::{preset, preset_names, preset_summary};
pub use retimer::Retimer;
pub use segments::{MAX_RETIMERS, PreparedSegments};

use crate::error::{Error, Result, require};
use crate::fec::Fec;
use crate::grid::SymbolRate;
use crate::ledger::Corner;
use crate::modulation::Modulation;
use crate::receiver::Receiver;
use crate::response::CrosstalkPhase;
use crate::transmitter::Transmitter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most words of a record's table: a record of sixteen times as many symbols is 4 million samples.
const MAX_WORDS: usize = 1 << 14;

/// How an optical section is represented at the waist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignalForm {
    /// The noiseless waveform of a de Bruijn sequence: nonlinear, with memory.
    #[default]
    Record,
    /// Four levels and one pulse: faster, and wrong by as much as the report's residual says.
    Linear,
}

/// One lane: transmitter, medium, aggressors, receiver and code. The code runs from end to end, whatever retimers there are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Lane {
    /// Label in tables and plots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Symbols per second, Hz.
    pub symbol_rate_hz: f64,
    /// "pam4" or "nrz".
    pub modulation: Modulation,
    /// Transmitter.
    pub transmitter: Transmitter,
    /// What lies between transmitter and receiver, in the signal's order; retimers divide it into segments, each with at
    /// most one optical section. Empty is an ideal connection.
    pub medium: Vec<Block>,
    /// Aggressors; each takes the place of a channel block of the medium.
    pub aggressors: Vec<Aggressor>,
    /// Alignment of the aggressors: "uniform", "worst" or a phase in UI.
    pub crosstalk_phase: CrosstalkPhase,
    /// Receiver.
    pub receiver: Receiver,
    /// Forward error correction: "none" or "kp4".
    pub fec: Fec,
    /// Codewords interleaved on the lane.
    pub interleave: usize,
    /// 1/(1+D) precoding.
    pub precoding: bool,
    /// Error ratio before FEC that the margin is taken to; None is the code's own limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ber_limit: Option<f64>,
    /// How an optical section is represented: "record" or "linear".
    pub signal_form: SignalForm,
    /// Symbols around the cursor that a record's table resolves exactly, at most 7 of PAM4 and 14 of NRZ; None takes the fewest, from 4 up to 6 and 8, that leave at most 5 % of the half-eye unexplained, or else those that leave least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record_memory: Option<usize>,
    /// Corner that the values describe, "limit" or "typical"; comparing different corners warns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corner: Option<Corner>,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            name: None,
            symbol_rate_hz: 106.25e9,
            modulation: Modulation::Pam4,
            transmitter: Transmitter::default(),
            medium: Vec::new(),
            aggressors: Vec::new(),
            crosstalk_phase: CrosstalkPhase::default(),
            receiver: Receiver::default(),
            fec: Fec::Kp4,
            interleave: 1,
            precoding: false,
            ber_limit: None,
            signal_form: SignalForm::Record,
            record_memory: None,
            corner: None,
        }
    }
}

impl Lane {
    /// Checks every field that can be checked without reading a file.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the field's path, its value and the requirement.
    pub fn validate(&self) -> Result<()> {
        self.symbol_rate()?;
        self.transmitter.validate()?;
        self.receiver.validate()?;
        for (i, block) in self.medium.iter().enumerate() {
            block.validate().map_err(|e| e.within(&format!("medium.{i}")))?;
        }
        self.check_segments()?;
        for (i, aggressor) in self.aggressors.iter().enumerate() {
            aggressor.validate().map_err(|e| e.within(&format!("aggressors.{i}")))?;
        }
        if let CrosstalkPhase::PhaseUi(phase) = self.crosstalk_phase {
            require::finite("crosstalk_phase", phase)?;
        }
        if !(1..=64).contains(&self.interleave) {
            return Err(Error::parameter("interleave", self.interleave, "between 1 and 64 codewords"));
        }
        if let Some(limit) = self.ber_limit
            && !(limit > 0.0 && limit < 0.5)
        {
            return Err(Error::parameter("ber_limit", limit, "above 0 and below 0.5"));
        }
        if let Some(memory) = self.record_memory {
            let most = MAX_WORDS.ilog(self.modulation.levels().len()) as usize;
            if !(1..=most).contains(&memory) {
                return Err(Error::parameter("record_memory", memory, format!("between 1 and {most}")));
            }
        }
        self.check_names()
    }

    /// The symbol rate.
    ///
    /// # Errors
    /// As [`SymbolRate::new`].
    pub fn symbol_rate(&self) -> Result<SymbolRate> {
        SymbolRate::new(self.symbol_rate_hz)
    }

    /// The error ratio that the margin is taken to.
    ///
    /// # Errors
    /// Those of the code's own limit.
    pub fn resolved_ber_limit(&self) -> Result<f64> {
        self.ber_limit.map_or_else(|| self.fec.ber_limit(), Ok)
    }

    /// Bits per second on the line, code included.
    pub fn line_rate_bps(&self) -> f64 {
        self.symbol_rate_hz * self.modulation.bits_per_symbol() as f64
    }

    fn check_names(&self) -> Result<()> {
        let mut seen = std::collections::HashSet::new();
        for (i, name) in self.medium.iter().enumerate().filter_map(|(i, b)| b.name().map(|n| (i, n))) {
            // A path of parameters names a block by its name or its index, with dots between the parts.
            if name.is_empty() || name.contains('.') || name.bytes().all(|b| b.is_ascii_digit()) {
                let requirement = "a word without dots that is not a number";
                return Err(Error::parameter(format!("medium.{i}.name"), format!("{name:?}"), requirement));
            }
            if !seen.insert(name) {
                return Err(Error::parameter(format!("medium.{i}.name"), name, "unique in the medium"));
            }
        }
        Ok(())
    }
}
