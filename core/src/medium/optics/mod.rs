//! Optical devices, one file each, and the optical section of a lane built of them.
//!
//! ```text
//! transmitter ─ host path ─► driver ─► modulator ─► path (couplers, fibre, connectors) ─► photodiode ─► TIA ─ module path ─► receiver
//!                             laser ─────┘
//! ```
//!
//! Light is a complex field e^{+jωt} of one polarization at one wavelength, relative to its carrier; echoes of reflections
//! interfere with it, other wavelengths add their power. Polarization-dependent loss and back-reflection into the laser are
//! not modelled. Optical decibels are of power, MFD is a diameter, OMA is level
//! 3 minus level 0, noise densities are one-sided.

mod alignment;
mod bend;
mod chain;
mod compression;
mod connector;
mod coupler;
mod de_bruijn;
mod defaults;
mod dgd;
mod driver;
mod eam;
mod evanescent_coupler;
mod fiber;
mod filter;
mod grating_coupler;
mod guide;
mod laser;
mod levels;
mod light_waveform;
mod link;
mod link_noise;
mod mach_zehnder;
mod marcuse;
mod modulator;
mod module;
mod noise;
mod operating_point;
mod pam;
mod penalty;
mod photodiode;
mod record;
mod reflection;
mod reflections;
mod ring;
mod ring_field;
mod section;
mod sidebands;
mod tia;
mod travelling_wave;
mod wavelengths;
mod wdm;

pub use alignment::{Alignment, ArrayLosses, WorstLosses, alignment_mean_loss_db, alignment_sigma_m};
pub use bend::{bend_loss_db, bend_loss_limit_db, bend_strain};
pub use connector::Connector;
pub use coupler::{Coupler, coupling_loss_db, fresnel_reflectance};
pub use defaults::graded_defaults;
pub use dgd::{dgd_exceedance, dgd_response};
pub use driver::Driver;
pub use eam::Eam;
pub use evanescent_coupler::EvanescentCoupler;
pub use fiber::Fiber;
pub use filter::{BesselThomson, FilterKind, noise_bandwidth_hz, one_pole};
pub use grating_coupler::GratingCoupler;
pub use guide::{directional_coupler, taper_residual};
pub use laser::Laser;
pub use levels::{average_power_w, oma_w, pam4_levels_w, rin_from_rin_oma};
pub use light_waveform::{LightWaveform, light_waveform};
pub use link::{OpticalLink, OpticalSettings, Transmit, optical_link};
pub use link_noise::LevelLight;
pub use mach_zehnder::MachZehnder;
pub use marcuse::bend_loss_marcuse_db_per_m;
pub use modulator::Modulator;
pub use module::ModuleKind;
pub use noise::{level_noise_a, rin_noise_a_per_rthz, shot_noise_a_per_rthz, thermal_noise_a_per_rthz};
pub use operating_point::{DriveFigures, Stage, TiaFigures};
pub use pam::{PamErrors, Thresholds, inverse_q, pam4_ser, sensitivity_oma_w};
pub use penalty::{mpi_penalty_db, noise_penalty_db, rin_penalty_db};
pub use photodiode::Photodiode;
pub use reflection::mpi_rms;
pub use ring::RingModulator;
pub use section::{OpticalPart, Optics};
pub use sidebands::Sidebands;
pub use tia::Tia;
pub use travelling_wave::travelling_wave_response;
pub use wavelengths::Wavelengths;
pub use wdm::{ring_transmission, wdm_crosstalk_db};
