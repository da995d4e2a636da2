//! Curves behind the figures of a case, for plots.

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
    /// Pulse behind transmitter, channel and CTLE, V.
    #[serde(skip)]
    pub pulse_v: Vec<f64>,
    /// Every sample one symbol apart behind the receiver's FFE and DFE, the cursor at `cursor_symbol`, V.
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
    /// Of the pulse behind transmitter, channel and CTLE, `m` samples a symbol, and its sample of the cursor; of what the
    /// equalizer leaves of it at the sampling times, and the place of the cursor there; and of noise and interference.
    pub(super) fn new(
        m: usize,
        (shaped, at): (&[f64], usize),
        (equalized_v, cursor_symbol): (Vec<f64>, usize),
        noise: &Lattice,
    ) -> Self {
        let before = BEFORE_UI.min(at / m);
        let end = (at + AFTER_UI * m).min(shaped.len());
        Self {
            samples_per_symbol: m,
            cursor_index: before * m,
            pulse_v: shaped[at - before * m..end].to_vec(),
            equalized_v,
            cursor_symbol,
            bin_v: noise.step_v,
            probability: noise.p.clone(),
        }
    }
}
