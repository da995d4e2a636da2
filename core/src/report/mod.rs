//! What an analysis tells.

mod adaptive;
mod alignment;
mod analyze;
mod attenuated;
mod eye;
mod jitter;
mod lane_report;
mod levels;
mod light;
mod loss;
mod monotone;
mod operating;
mod penalties;
mod relay;
mod segments;
mod sensitivity;
mod stressed;
mod waveform;

pub use alignment::{AlignmentStudy, AlignmentYield, alignment_yield};
pub use jitter::{JitterTolerance, JitterTransfer, jitter_mask_ui};
pub use lane_report::{Detection, LaneReport};
pub use levels::{level_noise_v, levels_v};
pub use loss::{electrical_loss_db, loss_at_db};
pub use operating::LaneMargin;
pub use penalties::{Penalty, PenaltyCause, PowerPenalties, power_penalties};
pub use relay::LaneWaveform;
pub use sensitivity::{ReceivedLight, Sensitivity, sensitivity};
pub use stressed::{Stress, StressedSensitivity, stressed_sensitivity};

pub(crate) use segments::{Analysis, join};
