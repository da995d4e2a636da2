//! Bytes as a lane whose receiver detects sequences, and adapts.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lightlane_fuzz::detector::InLane;

fuzz_target!(|data: &[u8]| {
    if let Some(lane) = InLane::from_bytes(data) {
        lane.check();
    }
});
