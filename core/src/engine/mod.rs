//! The engines: statistical and time domain.

pub mod salz;
pub mod statistical;
pub mod time_domain;
