//! Folds over the ledgers: energy per bit and latency.
//!
//! A lane or an architecture keeps a *path* (segments: loss, length, dielectric constant, delay) and *parts*
//! (energies, efficiencies, delays), each entry a [`crate::ledger::Graded`] value with its range and source. Every
//! figure is a fold over them, so that changing one trace length moves loss, energy and latency together.
//!
//! Energies are per net payload bit for **one end** (transmitter and receiver) of a full-duplex lane: the transmitter
//! at one end of a one-way lane and the receiver at its other end together are one end of two-way traffic.
//!
//! The plain equations stand in [`energy_j_per_bit`], [`end_energy`], [`laser_power`], [`latency`] and their
//! neighbours; [`lane_ledger`] charges the parts that a lane simulates and [`architecture_ledger`] those of a named
//! architecture. Values, ranges and sources: `data/system.toml`.

mod architecture;
mod comparison;
mod delay;
mod entries;
mod fold;
mod lane_ledger;
mod laser;
mod power;
mod terms;
mod values;
mod winner;

pub use architecture::{architecture_ledger, architecture_names};
pub use comparison::{ComparedLane, Comparison, compare, equalizer_taps, ledger_of};
pub use delay::{Latency, LatencyInput, fec_block_s, latency};
pub use fold::Ranged;
pub use lane_ledger::{
    ElectricalSegment, EqualizerTaps, LaneLedgerInput, ModulatorKind, OpticsInput, lane_ledger,
};
pub use laser::{
    ELS_CLASSES_DBM, ELS_TOLERANCE_DB, LaserBudget, LaserPower, els_class_dbm, laser_power,
    wall_plug_efficiency,
};
pub use power::{
    EndEnergy, TapEnergies, TraceCost, end_energy, energy_j_per_bit, max_trace_m, rack_power_w,
    ring_tuning_j_per_bit, serdes_energy_j_per_bit, serdes_tap_energy_j_per_bit, trace_cost,
};
pub use terms::{Ledger, Term};
pub use values::system_value;
pub use winner::{Flip, LedgerFigure, flips};
