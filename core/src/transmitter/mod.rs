//! Transmitter: levels, feed-forward equalizer, noise and jitter.
