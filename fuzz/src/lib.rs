//! Oracles shared by the property tests and the libFuzzer targets.

pub mod captured;
pub mod configuration;
pub mod detector;
pub mod equalizer;
pub mod touchstone;
