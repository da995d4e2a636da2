//! The statistical engine: error ratios from probability densities, to 1e-18 and below.
//!
//! ```text
//! P(error | level) = Σ_words P(word) Σ_r p(r) [ Q((t_hi − μ_word − r)/σ_word) + Q((μ_word + r − t_lo)/σ_word) ]
//! ```
//!
//! The words are those of the symbols that decide about the noise (and of a nonlinear table); r is everything
//! bounded: the other symbols, crosstalk, dual-Dirac jitter, a converter's steps, interference of the light, whose density
//! is that of the level. Exact for independent equally likely symbols, except
//! that
//!
//! * a symbol outside the word has its share of a symbol-dependent noise independent of its share of r,
//! * random jitter of what is outside the word enters by its mean variance,
//! * an edge's dual-Dirac jitter outside the word is independent of the symbols,
//! * interference of the light that comes with another symbol is independent of that symbol's own interference.
//!
//! Sinusoidal and even-odd jitter are common to successive symbols: error ratios are the mean of those of models in
//! which they stand still ([`DecisionModel::jitter_at_rest`]), each with its own propagation of errors.
//!
//! Decision errors propagate by an exact Markov chain where successive decisions share nothing but their feedback, and by
//! drawn bursts, good to 1 or 2 %, where they share noise or interference.
//!
//! A detector of sequences has the union bound of its error events instead (`sequence.rs` says what is bound and what is
//! model), and never more than the decision feedback that it replaces.

mod alphabet;
mod bursts;
mod chain;
mod condition;
mod correlation;
mod eye;
mod eye_figures;
mod interference;
mod jitter;
mod margin;
mod mixture;
mod operating;
mod prepared;
mod remainder;
mod sequence;
mod thresholds;
mod word;

pub use eye::{Eye, level_densities};
pub use eye_figures::Contour;
pub(crate) use margin::height;
pub use margin::{Margin, joint_margin_db};
pub use operating::OperatingMargin;
pub use prepared::Prepared;

use crate::error::Result;
use crate::response::DecisionModel;
use crate::run::Run;

/// Error ratios at the slicer, before FEC, for independent uniform symbols.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorRatios {
    /// Symbol error ratio, decision errors propagating.
    pub ser: f64,
    /// Bit error ratio after Gray decoding, decision errors propagating.
    pub ber: f64,
    /// Symbol error ratio of each level, ascending; their mean is `ser`.
    pub ser_by_level: Vec<f64>,
    /// Decision thresholds, ascending, V.
    pub thresholds_v: Vec<f64>,
    /// Symbol error ratio with correct feedback.
    pub genie_ser: f64,
    /// Bit error ratio with correct feedback.
    pub genie_ber: f64,
    /// Probability that the symbol after a wrong one is wrong; without feedback symbols count as independent and it
    /// is the symbol error ratio.
    pub continue_probability: f64,
}

/// Error ratios of a model. Use [`Prepared`] to ask for more than one figure.
///
/// # Errors
/// [`crate::Error::Parameter`] for a model whose fields do not fit each other, [`crate::Error::Interrupted`].
pub fn error_ratios(model: &DecisionModel, run: &Run) -> Result<ErrorRatios> {
    Ok(Prepared::new(model, run)?.ratios(1.0))
}
