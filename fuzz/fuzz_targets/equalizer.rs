//! Bytes as an equalizer to solve; perturbations are left to the property tests.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lightlane_fuzz::equalizer::Problem;

fuzz_target!(|data: &[u8]| {
    if let Some(problem) = Problem::from_bytes(data) {
        problem.check(&[]);
    }
});
