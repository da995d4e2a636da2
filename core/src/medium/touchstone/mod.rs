//! Touchstone 1.x and 2.x files, read and written.
//!
//! Written from the published specifications, version 1.1 and 2.0/2.1 of the IBIS Open Forum. Scattering parameters
//! in all three formats and four units; `Full`, `Lower` and `Upper` matrices; both two-port orders; one reference
//! impedance a port; mixed-mode data, which is brought to single-ended port order; noise data and information
//! blocks are skipped. Other parameter types (Y, Z, G, H) are refused by name. [`Network::read`] and
//! [`Network::read_bytes`] read, [`Network::write`] writes.
//!
//! Every error names the line. Memory is bounded by a small multiple of the file's size, and a compressed file by
//! a stated ratio.
//!
//! [`Network::read`]: crate::medium::Network::read
//! [`Network::read_bytes`]: crate::medium::Network::read_bytes
//! [`Network::write`]: crate::medium::Network::write

mod cursor;
mod data;
mod decode;
mod header;
mod layout;
mod mixed_order;
#[doc(hidden)]
pub mod number;
mod options;
mod read;
mod write;

pub use options::{Format, FrequencyUnit, Version};
