//! Optical devices, one file each, and the optical section of a lane built of them.
//!
//! ```text
//! transmitter ─ host path ─► driver ─► modulator ─► path (couplers, fibre, connectors) ─► photodiode ─► TIA ─ module path ─► receiver
//!                             laser ─────┘
//! ```
//!
//! Light is described by its power in one polarization and one wavelength: interference of reflections, polarization
//! and back-reflection into the laser are not modelled. Optical decibels are of power, MFD is a diameter, OMA is level
//! 3 minus level 0, noise densities are one-sided.

mod alignment;
mod connector;
mod coupler;
mod de_bruijn;
mod defaults;
mod driver;
mod fiber;
mod filter;
mod laser;
mod levels;
mod link;
mod link_noise;
mod mach_zehnder;
mod modulator;
mod noise;
mod operating_point;
mod pam;
mod photodiode;
mod record;
mod section;
mod tia;

pub use alignment::{Alignment, ArrayLosses, WorstLosses, alignment_mean_loss_db, alignment_sigma_m};
pub use connector::Connector;
pub use coupler::{Coupler, coupling_loss_db, fresnel_reflectance};
pub use defaults::graded_defaults;
pub use driver::Driver;
pub use fiber::Fiber;
pub use filter::{BesselThomson, FilterKind, noise_bandwidth_hz, one_pole};
pub use laser::Laser;
pub use levels::{average_power_w, oma_w, pam4_levels_w, rin_from_rin_oma};
pub use link::{OpticalLink, OpticalSettings, Transmit, optical_link};
pub use link_noise::LevelLight;
pub use mach_zehnder::MachZehnder;
pub use modulator::Modulator;
pub use noise::{level_noise_a, rin_noise_a_per_rthz, shot_noise_a_per_rthz, thermal_noise_a_per_rthz};
pub use operating_point::{DriveFigures, Stage, TiaFigures};
pub use pam::{PamErrors, Thresholds, inverse_q, pam4_ser, sensitivity_oma_w};
pub use photodiode::Photodiode;
pub use section::{OpticalPart, Optics};
pub use tia::Tia;
