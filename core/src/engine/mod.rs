//! The engines: channel operating margin, statistical and time domain.

pub mod com;
pub mod salz;
pub mod statistical;
pub mod time_domain;
