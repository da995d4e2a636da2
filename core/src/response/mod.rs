//! Responses in frequency and time, and the waist between medium and receiver.
//!
//! ```text
//! ChannelResponse ──► PulseResponse ──► LinkResponse (what reaches the receiver) ──► receiver ──► DecisionModel (what the slicer sees) ──► engines
//! ```

mod at_rest;
mod channel;
mod decision;
mod interference;
mod jitter;
mod link;
mod noise;
mod periodic;
mod pulse;
mod pulse_train;
mod record_fit;
mod waveform;

pub use at_rest::AtRest;
pub(crate) use channel::real_transforms;
pub use channel::{ChannelResponse, inverse_transform};
pub use decision::{
    DecisionModel, SlicerCrosstalk, SlicerJitter, SlicerNoise, SlicerSignal, SymbolNoise, UniformNoise,
};
pub use interference::{Interference, SlicerInterference};
pub(crate) use jitter::MAX_SINUSOID;
pub use jitter::{Jitter, JitterModel};
pub use link::{Crosstalk, CrosstalkPhase, CrosstalkRule, LinkResponse, Record, Signal};
pub use noise::{LevelLaw, NoiseKind, NoiseSource, Plane};
pub use pulse::PulseResponse;
pub use pulse_train::{pulse_train, pulse_train_into, pulse_train_len};
pub use record_fit::{FitWindow, LinearPulse, RecordFit, RecordFitter, Residual, linear_pulse, record_fit};
pub use waveform::{
    PhaseResponse, WaveformCrosstalk, WaveformInterference, WaveformJitter, WaveformModel, WaveformNoise,
    WaveformTable,
};
