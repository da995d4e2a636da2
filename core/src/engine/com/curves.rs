//! Curves behind the figures of a case, for plots.

use super::config::ComConfig;
use super::decision::Decision;
use super::distribution::Lattice;
use serde::Serialize;

/// Symbols before and after the cursor of which every sample is kept.
const BEFORE_UI: usize = 20;
const AFTER_UI: usize = 100;

/// Pulse and distribution of a case; the curves are not serialized.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaseCurves {
    /// Samples of `pulse_v` a symbol.
    pub samples_per_symbol: usize,
    /// Sample of the cursor.
    pub cursor_index: usize,
    /// Pulse behind transmitter, channel and CTLE, the DFE not applied, V.
    #[serde(skip)]
    pub pulse_v: Vec<f64>,
    /// Every sample one symbol apart, the equalizer applied and the cursor at `cursor_symbol`, V.
    #[serde(skip)]
    pub equalized_v: Vec<f64>,
    /// Place of the cursor in `equalized_v`.
    pub cursor_symbol: usize,
    /// Width of a bin of `probability`, V.
    pub bin_v: f64,
    /// Probability of noise and interference, a bin each, symmetric about its middle bin at 0 V.
    #[serde(skip)]
    pub probability: Vec<f64>,
}

impl CaseCurves {
    /// Of the pulse behind transmitter, channel and CTLE, and what the DFE leaves of it at the sampling times.
    pub(super) fn new(
        config: &ComConfig,
        shaped: &[f64],
        equalized_v: Vec<f64>,
        decision: &Decision,
        noise: &Lattice,
    ) -> Self {
        let m = config.samples_per_symbol;
        let before = BEFORE_UI.min(decision.at / m);
        let first = decision.at - before * m;
        let end = (decision.at + AFTER_UI * m).min(shaped.len());
        let pulse_v = shaped[first..end].to_vec();
        Self {
            samples_per_symbol: m,
            cursor_index: before * m,
            pulse_v,
            equalized_v,
            cursor_symbol: decision.at / m,
            bin_v: noise.step_v,
            probability: noise.p.clone(),
        }
    }
}
