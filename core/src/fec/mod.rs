//! Forward error correction: what a code makes of an error ratio.
