//! Jitter of the transmitter: what moves, and by how much.

use crate::error::{Error, Result, require};
use crate::grid::SymbolRate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a timing error moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JitterModel {
    /// Each transition moves on its own: (x_m − x_(m−1)) δ_m T_b h(t), x the symbols after the transmit FFE.
    #[default]
    Edge,
    /// Whole symbols move, as COM has it: Σ a_m δ_m h_J(t), h_J the derivative of the pulse.
    Com,
}

/// Transmitter jitter. Random, dual-Dirac and even-odd jitter are what clock recovery leaves; a sinusoid and a frequency of
/// the transmitter's own may be tracked by it in the waveform mode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Jitter {
    /// Random jitter, UI rms.
    pub rj_ui: f64,
    /// Dual-Dirac jitter A_DD, UI: each event is early or late by this much.
    pub dd_ui: f64,
    /// Sinusoidal jitter, UI, zero to peak: the transmitter's clock swings by it, slowly, so that successive symbols
    /// have it in common. With half of `dcd_ui` at most 0.2 but in the waveform mode, whose clock recovery may track it.
    pub sj_ui: f64,
    /// Frequency of the sinusoidal jitter, Hz, at most a thousandth of the symbol rate.
    pub sj_hz: f64,
    /// Duty-cycle distortion (even-odd jitter), UI: even symbols or transitions are late and odd ones early by half of
    /// it.
    pub dcd_ui: f64,
    /// Frequency of the transmitter's clock beyond the receiver's, parts per million; clock recovery must be on and has
    /// acquired it. Only the waveform mode of the time domain has it.
    pub frequency_offset_ppm: f64,
    /// Spread spectrum: the transmitter's clock is slower by 0 to this many parts per million and back, in straight lines,
    /// `ssc_hz` times a second. Clock recovery must be on. Only the waveform mode of the time domain has it.
    pub ssc_ppm: f64,
    /// Frequency of the spreading, Hz, at most a thousandth of the symbol rate.
    pub ssc_hz: f64,
    /// What moves: "edge" (each transition on its own) or "com" (whole symbols). They differ by 1.6 to 1.7 in rms on real channels.
    pub model: JitterModel,
}

/// Largest timing error of the series, UI.
const MAX_SERIES_UI: f64 = 0.2;
/// Highest frequency of sinusoidal jitter over the symbol rate: it is constant over a response.
pub(crate) const MAX_SINUSOID: f64 = 1e-3;
/// Largest sinusoidal jitter: masks of jitter tolerance end at 5 UI.
const MAX_SINUSOID_UI: f64 = 16.0;

/// Largest offset and spreading: the widest of any standard is 5600 parts per million.
const MAX_OFFSET_PPM: f64 = 1e4;

impl Default for Jitter {
    fn default() -> Self {
        Self {
            rj_ui: 0.0,
            dd_ui: 0.0,
            sj_ui: 0.0,
            sj_hz: 0.0,
            dcd_ui: 0.0,
            frequency_offset_ppm: 0.0,
            ssc_ppm: 0.0,
            ssc_hz: 0.0,
            model: JitterModel::Edge,
        }
    }
}

impl Jitter {
    /// Checks every field.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] for a negative value, one above 0.5 UI, where the linearized model has no meaning (16 UI of
    /// the sinusoid, which may be tracked), or a frequency outside its domain.
    pub fn validate(&self) -> Result<()> {
        require::within("jitter.rj_ui", self.rj_ui, 0.0, 0.5)?;
        require::within("jitter.dd_ui", self.dd_ui, 0.0, 0.5)?;
        require::within("jitter.dcd_ui", self.dcd_ui, 0.0, 0.5)?;
        require::within("jitter.sj_ui", self.sj_ui, 0.0, MAX_SINUSOID_UI)?;
        require::non_negative("jitter.sj_hz", self.sj_hz)?;
        if self.sj_ui > 0.0 && self.sj_hz == 0.0 {
            return Err(Error::parameter("jitter.sj_hz", self.sj_hz, "above 0 where sj_ui is"));
        }
        let offset = ("jitter.frequency_offset_ppm", self.frequency_offset_ppm);
        require::within(offset.0, offset.1, -MAX_OFFSET_PPM, MAX_OFFSET_PPM)?;
        require::within("jitter.ssc_ppm", self.ssc_ppm, 0.0, MAX_OFFSET_PPM)?;
        require::non_negative("jitter.ssc_hz", self.ssc_hz)?;
        if self.ssc_ppm > 0.0 && self.ssc_hz == 0.0 {
            return Err(Error::parameter("jitter.ssc_hz", self.ssc_hz, "above 0 where ssc_ppm is"));
        }
        Ok(())
    }

    /// The same with the transmitter at the receiver's frequency.
    #[must_use]
    pub fn without_drift(&self) -> Self {
        Self { frequency_offset_ppm: 0.0, ssc_ppm: 0.0, ssc_hz: 0.0, ..self.clone() }
    }

    /// The same without sinusoidal and even-odd jitter.
    #[must_use]
    pub fn without_series(&self) -> Self {
        Self { sj_ui: 0.0, sj_hz: 0.0, dcd_ui: 0.0, ..self.clone() }
    }

    /// Checks what the engines with one value a symbol make of sinusoidal and even-odd jitter: a series to third order,
    /// whose next term is (2π f d)⁴/24 of the signal at frequency f, 0.7 % at half the symbol rate for 0.2 UI.
    ///
    /// # Errors
    /// [`Error::Parameter`] for more than 0.2 UI of both together, or a sinusoid faster than a thousandth of the symbol
    /// rate.
    pub fn check_series(&self, symbol_rate: SymbolRate) -> Result<()> {
        for (name, value) in [("frequency_offset_ppm", self.frequency_offset_ppm), ("ssc_ppm", self.ssc_ppm)]
        {
            if value != 0.0 {
                let requirement = "0 here: only simulate(mode=\"waveform\") has it";
                return Err(Error::parameter(format!("transmitter.jitter.{name}"), value, requirement));
            }
        }
        let requirement = |what: &str| format!("{what} here: only simulate(mode=\"waveform\") has more");
        if self.sj_ui + 0.5 * self.dcd_ui > MAX_SERIES_UI {
            let (name, value) =
                if self.sj_ui >= 0.5 * self.dcd_ui { ("sj_ui", self.sj_ui) } else { ("dcd_ui", self.dcd_ui) };
            let most = format!("at most {MAX_SERIES_UI} UI together with half of dcd_ui");
            return Err(Error::parameter(format!("transmitter.jitter.{name}"), value, requirement(&most)));
        }
        if self.sj_ui > 0.0 {
            require::within("transmitter.jitter.sj_hz", self.sj_hz, 0.0, MAX_SINUSOID * symbol_rate.hz())?;
        }
        Ok(())
    }
}
