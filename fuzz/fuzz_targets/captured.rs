//! Bytes as captured samples and what is to be done with them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lightlane_fuzz::captured::Captured;

fuzz_target!(|data: &[u8]| {
    if let Some(captured) = Captured::from_bytes(data) {
        captured.check();
    }
});
