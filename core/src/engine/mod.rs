//! The engines: channel operating margin, eye closure of captured waveforms, statistical and time domain.

pub mod com;
mod golden_section;
pub mod salz;
pub mod statistical;
pub mod tdecq;
pub mod time_domain;
