//! Folds over the ledgers: energy and latency.
