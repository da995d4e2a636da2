//! What arrives at the FFE's input at every sample: the input of the time-domain engine's waveform mode.
//!
//! Everything that the link adds up is a sum of events, one a symbol, each with its own response:
//!
//! ```text
//! y(kT + t_s + pT/M) = Σ_events Σ_j phases[p][j] x_(k − (j − main))
//! ```
//!
//! so that phase 0 is the sampling instant t_s that the receiver settled on, and a column of phases is one symbol.

use crate::grid::SymbolRate;
use crate::modulation::Modulation;
use crate::response::{CrosstalkPhase, JitterModel};
use std::f64::consts::TAU;

/// Response to one event a symbol, at every phase of a symbol.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseResponse {
    /// One row a phase, all of one length: `phases[p][j]` is what symbol k − (j − main) leaves at phase p of symbol k.
    pub phases: Vec<Vec<f64>>,
    /// Index of the symbol's own column.
    pub main: usize,
}

/// The received waveform after front end and CTLE, and the symbol-spaced stages that follow it.
#[derive(Debug, Clone, PartialEq)]
pub struct WaveformModel {
    /// Symbol rate.
    pub symbol_rate: SymbolRate,
    /// The alphabet.
    pub modulation: Modulation,
    /// Level of each symbol, ascending.
    pub levels: Vec<f64>,
    /// Samples a symbol.
    pub samples_per_symbol: usize,
    /// Response to one symbol, transmit FFE included, V per unit of level.
    pub signal: PhaseResponse,
    /// The signal of a nonlinear link, of which `signal` is the best linear response; `None` for a linear one.
    pub table: Option<WaveformTable>,
    /// Noise sources.
    pub noise: Vec<WaveformNoise>,
    /// Light that interferes with the signal's own.
    pub interference: Vec<WaveformInterference>,
    /// Aggressors.
    pub crosstalk: Vec<WaveformCrosstalk>,
    /// Alignment of the aggressors.
    pub crosstalk_phase: CrosstalkPhase,
    /// Transmitter jitter from event to event.
    pub jitter: Option<WaveformJitter>,
    /// Sinusoidal jitter, UI zero to peak: symbol k is late by sj_ui sin(2π sj_hz k T_b). It moves the instants at which
    /// the waveform is sampled, noise with it, as if constant over a response.
    pub sj_ui: f64,
    /// Frequency of the sinusoidal jitter, Hz.
    pub sj_hz: f64,
    /// Frequency of the transmitter's clock beyond the receiver's, parts per million.
    pub frequency_offset_ppm: f64,
    /// Spread spectrum, parts per million: the transmitter's clock is slower by 0 to this much, along a triangle.
    pub ssc_ppm: f64,
    /// Frequency of the triangle, Hz.
    pub ssc_hz: f64,
    /// Standard deviation of everything at the FFE's input, V, averaged over the phases.
    pub rms_v: f64,
    /// Receive FFE in time order; a single 1 without.
    pub ffe: Vec<f64>,
    /// Index of its main tap.
    pub ffe_pre: usize,
    /// Decision feedback, V per unit of level; entry j multiplies the decision j + 1 symbols ago.
    pub dfe: Vec<f64>,
    /// Decision thresholds, ascending, V.
    pub thresholds_v: Vec<f64>,
}

impl WaveformModel {
    /// Sine and cosine of the sinusoidal jitter at symbol `k`.
    pub fn sinusoid(&self, k: i64) -> (f64, f64) {
        let turns = (k as f64 * self.sj_hz / self.symbol_rate.hz()).fract();
        (TAU * turns).sin_cos()
    }

    /// How late symbol `k` is for the receiver's nominal clock, by the transmitter's frequency, UI; and by how much more the
    /// next one is.
    ///
    /// ```text
    /// late_k = −Σ_(n<k) δ_n     δ_n = offset − ssc tri(n ssc_hz T_b),  tri from 0 to 1 and back once a period
    /// ```
    pub fn drift_ui(&self, k: i64) -> (f64, f64) {
        let (offset, spread) = (1e-6 * self.frequency_offset_ppm, 1e-6 * self.ssc_ppm);
        if spread == 0.0 {
            return (-offset * k as f64, -offset);
        }
        let period = self.symbol_rate.hz() / self.ssc_hz;
        let turns = k as f64 / period;
        let part = turns - turns.floor();
        // The triangle and its integral.
        let (value, area) = if part < 0.5 {
            (2.0 * part, part * part)
        } else {
            (2.0 - 2.0 * part, 0.5 - (1.0 - part).powi(2))
        };
        let slow = period * (0.5 * turns.floor() + area);
        (spread * slow - offset * k as f64, spread * value - offset)
    }
}

/// Noiseless signal of a nonlinear link at every phase: the value of the word of symbols around the cursor, and a linear
/// response to the symbols outside it.
///
/// ```text
/// y(kT + t_s + pT/M) = values[p][word_k] + Σ_j remainder.phases[p][j] a_(k − (j − main))
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct WaveformTable {
    /// Symbols in a word.
    pub memory: usize,
    /// Symbols of the word that come after the cursor.
    pub after: usize,
    /// One row a phase, one entry a word, V; the word's oldest symbol is its most significant digit.
    pub values: Vec<Vec<f64>>,
    /// Linear response, V per unit of level; 0 inside the word.
    pub remainder: PhaseResponse,
    /// Largest magnitude of what both leave unexplained, after the FFE at the sampling instant, over the half-eye.
    pub residual_ratio: f64,
    /// What both leave unexplained, V: one period of the record, phase p of symbol k at k S + p; empty where it is small.
    /// It is replayed from a drawn symbol on: its size and its own course are the record's, the symbols others.
    pub residual_v: Vec<f64>,
}

/// One source of noise: independent standard normals, one a symbol and stream, through the stream's response.
#[derive(Debug, Clone, PartialEq)]
pub struct WaveformNoise {
    /// Its name.
    pub name: String,
    /// One response a stream. A stationary density needs as many streams as it has samples a symbol at its own
    /// bandwidth: they are the samples of one white noise.
    pub streams: Vec<PhaseResponse>,
    /// Factor of the variance while each symbol is on the line; `None` for a stationary noise.
    pub factor: Option<Vec<f64>>,
}

/// One echo of the light: event n is cos θ times the product of the symbol's field and that of a symbol of the
/// interferer.
#[derive(Debug, Clone, PartialEq)]
pub struct WaveformInterference {
    /// Its name.
    pub name: String,
    /// Root of the light of each symbol.
    pub field: Vec<f64>,
    /// Root of the interfering light of each of its symbols.
    pub interferer: Vec<f64>,
    /// Response at cos θ = 1, V per product.
    pub response: PhaseResponse,
}

/// One aggressor, aligned with the victim's sampling instant as its transmitter is.
#[derive(Debug, Clone, PartialEq)]
pub struct WaveformCrosstalk {
    /// Name.
    pub name: String,
    /// Level of each of its symbols.
    pub levels: Vec<f64>,
    /// Response to one of its symbols, V per unit of level.
    pub response: PhaseResponse,
}

/// Timing errors of the transmitter as a Taylor series: event n adds Σ_i `orders[i]` (−δ_n)^(i+1)/(i+1)! x_n.
///
/// Three orders leave (2πf δ T)⁴/24 of the component at frequency f: 1e-4 at the Nyquist frequency and δ = 0.07 UI.
#[derive(Debug, Clone, PartialEq)]
pub struct WaveformJitter {
    /// What moves.
    pub model: JitterModel,
    /// Random jitter, UI rms.
    pub rj_ui: f64,
    /// Dual-Dirac jitter, UI.
    pub dd_ui: f64,
    /// Even-odd jitter: even events are late and odd ones early by half of it, UI.
    pub dcd_ui: f64,
    /// Derivatives of the response by time in UI, the first of them first, V per UI^order and unit of level.
    pub orders: Vec<PhaseResponse>,
    /// Transmit FFE in time order for `Edge`, whose events are the transitions of the levels after it; a single 1 for
    /// `Com`.
    pub transmit_taps: Vec<f64>,
    /// Index of its main tap.
    pub transmit_main: usize,
}
