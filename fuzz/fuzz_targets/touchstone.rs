//! The first byte picks the name that the bytes are read under, none among them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lightlane_fuzz::touchstone::{NAMES, reads_or_refuses, scans_like_std};

fuzz_target!(|data: &[u8]| {
    if let Some((first, rest)) = data.split_first() {
        reads_or_refuses(rest, NAMES[usize::from(*first) % NAMES.len()]);
        scans_like_std(rest);
    }
});
