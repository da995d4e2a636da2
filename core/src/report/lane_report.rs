//! The result of an analysis.

use crate::fec::Figures;
use crate::lane::Lane;
use crate::ledger::Assumption;
use crate::receiver::{Equalizer, SequenceDetector};
use crate::response::{ChannelResponse, DecisionModel, PulseResponse};

/// A sequence detector beside the decision feedback that it replaces.
#[derive(Debug, Clone, PartialEq)]
pub struct Detection {
    /// The detector.
    pub detector: SequenceDetector,
    /// What it gains over the slicer with correct feedback where errors are rare, dB: least distance of its error
    /// events over that of the slicer, in standard deviations of what disturbs them.
    pub gain_db: f64,
    /// Symbol error ratio of decision feedback.
    pub dfe_ser: f64,
    /// Bit error ratio of decision feedback.
    pub dfe_ber: f64,
}

/// What the statistical engine and the code make of a lane.
///
/// Of a lane with retimers `ser`, `ber`, `margin_db` and `after_fec` are those of all segments together (see
/// [`PreparedSegments::analyze`](crate::lane::PreparedSegments::analyze)), `electrical_loss_db` and `nonlinear_residual` the
/// largest of any segment, `stages` and `warnings` those of all; what describes a slicer, an equalizer or a response is that
/// of the segment with the largest error ratio.
#[derive(Debug, Clone)]
pub struct LaneReport {
    /// The lane with everything automatic resolved: analysing or simulating it again gives the same figures.
    pub lane: Lane,
    /// Symbol error ratio before FEC.
    pub ser: f64,
    /// Bit error ratio before FEC, after Gray decoding.
    pub ber: f64,
    /// What `ber` is: "model", or "bound" with sequence detection, whose union of error events it is.
    pub ber_kind: &'static str,
    /// Bit error ratio with perfect decisions in the feedback.
    pub ber_ideal_feedback: f64,
    /// Probability that a wrong decision is followed by another one.
    pub burst_continuation: f64,
    /// Signal to noise at the slicer, dB: `10 log10(E[signal²]/σ²)`, σ² the sum of squares of the budget.
    pub snr_db: f64,
    /// dB (20 log10) by which all Gaussian noise may grow until `ber` is `ber_limit`.
    pub margin_db: f64,
    /// The error ratio that the margin is taken to.
    pub ber_limit: f64,
    /// What the code leaves; without a code the error ratio itself, and NaN for codewords and frames.
    pub after_fec: Figures,
    /// What each level looks like at the slicer, V, ascending.
    pub levels_v: Vec<f64>,
    /// Standard deviation of the noise of each level, averaged over its neighbours, V.
    pub level_noise_v: Vec<f64>,
    /// Decision thresholds, ascending, V.
    pub thresholds_v: Vec<f64>,
    /// max |u| over the half-eye: what the table of an optical lane leaves unexplained, at the slicer, or what its linear
    /// form does, before equalization. `None` for copper.
    pub nonlinear_residual: Option<f64>,
    /// V rms at the slicer by source.
    pub noise_budget: Vec<(String, f64)>,
    /// Transfer from transmitter to receiver input; small-signal across optics.
    pub channel: ChannelResponse,
    /// Pulse at the receiver's input after its front-end filter, before CTLE and FFE, V for the transmitted amplitude.
    pub pulse: PulseResponse,
    /// Pulse after CTLE and FFE, V for the transmitted amplitude.
    pub equalized_pulse: PulseResponse,
    /// The equalizer found.
    pub equalizer: Equalizer,
    /// Sequence detection in the place of the feedback, and the figures of that feedback; `None` without.
    pub detection: Option<Detection>,
    /// What the slicer sees: input of eye, bathtub and simulation.
    pub model: DecisionModel,
    /// Loss at the Nyquist frequency that the SerDes equalizes, dB.
    pub electrical_loss_db: f64,
    /// Optical path, stage by stage; empty for copper.
    pub stages: Vec<crate::medium::optics::Stage>,
    /// What was assumed or is close to a limit of the model.
    pub warnings: Vec<String>,
    /// Numbers of the configuration that rest on assumptions.
    pub assumptions: Vec<Assumption>,
    /// The report of each segment, in the signal's order, as if it were the lane; empty without retimers.
    pub segments: Vec<LaneReport>,
    /// The segment with the largest error ratio, which every figure of a slicer, an equalizer or a response is of; `None`
    /// without retimers.
    pub worst_segment: Option<usize>,
}
