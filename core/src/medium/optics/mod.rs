//! Optical devices, one file each, and the optical section of a lane built of them.
