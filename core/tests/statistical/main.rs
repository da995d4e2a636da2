//! Gates of the statistical engine: closed forms, enumeration of all patterns, Markov chains, invariances.

mod brute;
mod closed_forms;
mod eye;
mod feedback;
mod interference;
mod light;
mod operating;
mod properties;
mod slow_jitter;
