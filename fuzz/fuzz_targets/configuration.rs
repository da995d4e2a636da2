//! Bytes as the TOML of a lane, and as a quantity.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lightlane_fuzz::configuration::{reads_or_refuses, reads_quantity};

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        reads_or_refuses(text);
        reads_quantity(text);
    }
});
