//! What the slicer sees: the common input of the engines.
//!
//! ```text
//! z_k = signal(a_k and its neighbours) − Σ_j dfe[j] â_(k−1−j) + crosstalk + jitter + noise
//! ```
//!
//! a are the levels of the symbols, â those of the decisions. Index conventions: a response sampled once a symbol is a
//! vector g with a main index c, and contributes Σ_i g[i] a_(k − (i − c)): entries before c are precursors (symbols
//! still to come), entries after it postcursors.

use crate::grid::SymbolRate;
use crate::modulation::Modulation;
use crate::response::{CrosstalkPhase, JitterModel, SlicerInterference};

/// The slicer's input, one value a symbol, in volts.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionModel {
    /// Symbol rate.
    pub symbol_rate: SymbolRate,
    /// The alphabet.
    pub modulation: Modulation,
    /// Level of each symbol, ascending; dimensionless or V, as the cursors take it.
    pub levels: Vec<f64>,
    /// The wanted signal and its intersymbol interference.
    pub signal: SlicerSignal,
    /// Decision feedback, V per unit of level; entry j multiplies the decision j + 1 symbols ago.
    pub dfe: Vec<f64>,
    /// Noise.
    pub noise: SlicerNoise,
    /// Aggressors, all with the same alignment rule.
    pub crosstalk: Vec<SlicerCrosstalk>,
    /// Alignment of the aggressors.
    pub crosstalk_phase: CrosstalkPhase,
    /// Transmitter jitter.
    pub jitter: Option<SlicerJitter>,
    /// Decision thresholds, ascending, V; `None` asks the statistical engine for the optimum.
    pub thresholds_v: Option<Vec<f64>>,
}

/// The two forms of the wanted signal at the slicer.
#[derive(Debug, Clone, PartialEq)]
pub enum SlicerSignal {
    /// `Σ_i cursors[i] a_(k − (i − main))`, before decision feedback.
    Linear {
        /// Response, V per unit of level.
        cursors: Vec<f64>,
        /// Index of the cursor.
        main: usize,
    },
    /// `table[word] + Σ_i cursors[i] a_(k − (i − main)) + u`, before decision feedback.
    Table {
        /// One entry a word of `memory` symbols, V. The word's oldest symbol is its most significant digit.
        table: Vec<f64>,
        /// Symbols in a word.
        memory: usize,
        /// Symbols of the word that come after the cursor (precursors): the word covers a_(k − (memory − 1 − after))
        /// to a_(k + after).
        after: usize,
        /// Linear remainder outside the word; entries inside it are 0.
        cursors: Vec<f64>,
        /// Index of the cursor in `cursors`.
        main: usize,
        /// Samples of u, what table and remainder leave unexplained on a record, V; empty when it is negligible.
        residual_v: Vec<f64>,
        /// max |u| on an independent random record over the half-eye.
        residual_ratio: f64,
    },
}

/// Noise at the slicer: `σ² = stationary + Σ sources Σ_i energy[i] · factor[symbol k − (i − main)]`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SlicerNoise {
    /// Autocorrelation of the stationary Gaussian noise, lags 0, 1, … in symbols, V².
    pub autocorrelation_v2: Vec<f64>,
    /// Noises whose variance follows the symbols.
    pub by_symbol: Vec<SymbolNoise>,
    /// Noises that are uniform and white before the FFE.
    pub uniform: Vec<UniformNoise>,
    /// Light that interferes with the signal's own: bounded, each with a slow phase of its own. It is held where a margin
    /// lets the Gaussian noise grow.
    pub interference: Vec<SlicerInterference>,
    /// Standard deviation of each source averaged over the symbols, V, by name.
    pub budget_v: Vec<(String, f64)>,
}

/// A noise of independent values, uniform between −1/2 and 1/2, one a symbol, through a response: what a converter's steps
/// leave behind an FFE. It is held where a margin lets the Gaussian noise grow.
#[derive(Debug, Clone, PartialEq)]
pub struct UniformNoise {
    /// Name in the budget.
    pub name: String,
    /// Width of the uniform times each tap, V.
    pub response: Vec<f64>,
    /// Index of the value taken with the cursor.
    pub main: usize,
}

/// A Gaussian noise that enters with a variance set by the symbol on the line.
#[derive(Debug, Clone, PartialEq)]
pub struct SymbolNoise {
    /// Name in the budget.
    pub name: String,
    /// Variance that the noise entered during one symbol leaves at the slicer, for factor 1, V²; entry i belongs to
    /// symbol k − (i − main).
    pub energy_v2: Vec<f64>,
    /// Index of the cursor's own symbol.
    pub main: usize,
    /// Factor of each symbol of the alphabet.
    pub factor: Vec<f64>,
    /// Impulse response from the plane to the slicer, √(density/2)-weighted, `steps` samples a symbol, so that the sum
    /// of squares over symbol i is `energy_v2[i]`: what the time domain needs to give the noise its correlation.
    pub response: Vec<f64>,
    /// Samples of `response` a symbol.
    pub steps: usize,
}

/// One aggressor at the slicer.
#[derive(Debug, Clone, PartialEq)]
pub struct SlicerCrosstalk {
    /// Name.
    pub name: String,
    /// Level of each of its symbols.
    pub levels: Vec<f64>,
    /// Response sampled once a symbol, for every phase of the grid: `phases[p]` is what arrives when the aggressor is
    /// p / phases.len() UI late, V per unit of level. All phases have the same length.
    pub phases: Vec<Vec<f64>>,
}

/// Jitter at the slicer: random and dual-Dirac linearized, sinusoidal and even-odd to third order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SlicerJitter {
    /// What moves.
    pub model: JitterModel,
    /// Random jitter, UI rms.
    pub rj_ui: f64,
    /// Dual-Dirac jitter, UI.
    pub dd_ui: f64,
    /// V per UI and unit of level. `Com`: `Σ_i response[i] a_(k−(i−main)) δ_(k−(i−main))`. `Edge`: entry i multiplies
    /// (x_n − x_(n−1)) δ_n with n = k − (i − main), x the levels after `transmit_taps`.
    pub response: Vec<f64>,
    /// First and second derivative of `response` by time in UI, of its length; empty without `sj_ui` and `dcd_ui`.
    pub higher_orders: Vec<Vec<f64>>,
    /// Index of the cursor's own symbol (or leading edge).
    pub main: usize,
    /// Sinusoidal jitter, UI zero to peak: event n is late by sj_ui sin(2π sj_hz n T_b).
    pub sj_ui: f64,
    /// Its frequency, Hz.
    pub sj_hz: f64,
    /// Even-odd jitter, UI: events of even number are late by half of it, odd ones early.
    pub dcd_ui: f64,
    /// Transmit FFE in time order (a single 1 without), for `Edge`; for `Com` it is part of `response`.
    pub transmit_taps: Vec<f64>,
    /// Index of its main tap: `x_n = Σ_i transmit_taps[i] a_(n − (i − transmit_main))`.
    pub transmit_main: usize,
}

impl SlicerNoise {
    /// Variance of the Gaussian noise averaged over equally likely symbols, V².
    pub fn mean_variance_v2(&self) -> f64 {
        let stationary = self.autocorrelation_v2.first().copied().unwrap_or(0.0);
        let by_symbol: f64 = self
            .by_symbol
            .iter()
            .map(|s| s.energy_v2.iter().sum::<f64>() * s.factor.iter().sum::<f64>() / s.factor.len() as f64)
            .sum();
        stationary + by_symbol
    }
}

impl SlicerSignal {
    /// Linear cursors and the main index: the whole response, or the remainder outside the table's word.
    pub fn cursors(&self) -> (&[f64], usize) {
        match self {
            Self::Linear { cursors, main } | Self::Table { cursors, main, .. } => (cursors, *main),
        }
    }
}
