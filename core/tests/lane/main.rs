//! Gates of the whole lane: the shared pulse references, the engines against each other, bad input.

mod adaptive;
mod bad_input;
mod composition;
mod engines;
mod even_odd;
mod pulses;
mod waveform;

use lightlane::lane::{Lane, Networks, PreparedLane};
use lightlane::{Result, Run};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder of shared reference data, or nothing with the reason on standard error, captured or not.
fn shared(inside: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(inside);
    if path.exists() {
        return Some(path);
    }
    // Not eprintln, which a passing test swallows.
    let _ = writeln!(std::io::stderr(), "skipped: {} is absent", path.display());
    None
}

fn prepared(lane: &Lane) -> Result<PreparedLane> {
    PreparedLane::new(lane, &mut Networks::default(), Path::new("."), &Run::default())
}
