//! What lies between transmitter and receiver: networks read from files, electrical blocks, optics.

pub mod electrical;
pub mod network;
pub mod optics;
pub mod touchstone;

pub use network::Network;
