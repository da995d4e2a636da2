//! What an analysis tells.

mod adaptive;
mod analyze;
mod eye;
mod jitter;
mod lane_report;
mod levels;
mod loss;
mod operating;
mod relay;
mod segments;
mod waveform;

pub use jitter::{JitterTolerance, JitterTransfer, jitter_mask_ui};
pub use lane_report::{Detection, LaneReport};
pub use levels::{level_noise_v, levels_v};
pub use loss::{electrical_loss_db, loss_at_db};
pub use operating::LaneMargin;
pub use relay::LaneWaveform;

pub(crate) use segments::{Analysis, join};
