//! Inputs shared by the benchmarks.

pub mod chain;
pub mod statistical;
