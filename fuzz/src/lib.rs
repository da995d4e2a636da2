//! Oracles shared by the property tests and the libFuzzer targets.
