//! Jitter of the transmitter: what moves, and by how much.

use crate::error::{Error, Result, require};
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

/// Transmitter jitter, untracked by the clock recovery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Jitter {
    /// Random jitter, UI rms.
    pub rj_ui: f64,
    /// Dual-Dirac jitter A_DD, UI: each event is early or late by this much.
    pub dd_ui: f64,
    /// Sinusoidal jitter, UI, zero to peak: the transmitter's clock swings by it. Only the waveform mode of the time
    /// domain has it.
    pub sj_ui: f64,
    /// Frequency of the sinusoidal jitter, Hz, at most a thousandth of the symbol rate.
    pub sj_hz: f64,
    /// Duty-cycle distortion (even-odd jitter), UI: even symbols or transitions are late and odd ones early by half of
    /// it. Only the waveform mode of the time domain has it.
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
    /// [`crate::Error::Parameter`] for a negative value or one above 0.5 UI, where the linearized model has no meaning.
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

    /// The same without what only the waveform mode of the time domain has.
    #[must_use]
    pub fn without_waveform_only(&self) -> Self {
        let Self { rj_ui, dd_ui, model, .. } = *self;
        Self { rj_ui, dd_ui, model, ..Self::default() }
    }

    /// Whether only the waveform mode of the time domain can have it.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the first field that the engines with one value a symbol cannot honour.
    pub fn refuse_waveform_only(&self) -> Result<()> {
        for (name, value) in [
            ("sj_ui", self.sj_ui),
            ("dcd_ui", self.dcd_ui),
            ("frequency_offset_ppm", self.frequency_offset_ppm),
            ("ssc_ppm", self.ssc_ppm),
        ] {
            if value != 0.0 {
                let requirement = "0 here: only simulate(mode=\"waveform\") has it";
                return Err(Error::parameter(format!("transmitter.jitter.{name}"), value, requirement));
            }
        }
        Ok(())
    }
}
