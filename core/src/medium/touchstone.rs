//! Touchstone 1.x and 2.x files, read and written.
