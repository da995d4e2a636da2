//! Lightlane simulates one 200 Gb/s PAM4 lane through copper or co-packaged optics, and the system built of such
//! lanes: channel response, equalization, error ratio before and after FEC, energy and latency.
//!
//! ```text
//! medium ──► ChannelResponse ──► PulseResponse ──► LinkResponse ──► receiver ──► engine ──► error ratios ──► FEC ──► report
//! ```
//!
//! Units are SI and stand in the name (`freq_hz`, `length_m`); decibels appear only in names that end in `_db` or
//! `_dbm`. The time convention is e^{+jωt} and spectral densities are one-sided.

pub mod density;
pub mod engine;
pub mod error;
pub mod fec;
pub mod grid;
pub mod lane;
pub mod ledger;
pub mod medium;
pub mod modulation;
pub mod quantity;
pub mod random;
pub mod receiver;
pub mod report;
pub mod response;
pub mod run;
pub mod schema;
pub mod simd;
pub mod system;
pub mod transmitter;
pub mod units;

pub use error::{Error, Result};
pub use run::Run;
