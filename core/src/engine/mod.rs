//! The engines: statistical and time domain.
