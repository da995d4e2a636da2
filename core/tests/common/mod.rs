//! Reference data beside the project.

use lightlane::medium::network::Network;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A path in the folder of shared reference data, or nothing with the reason on standard error.
pub(crate) fn shared(inside: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(inside);
    if path.exists() {
        return Some(path);
    }
    // Not eprintln, which a passing test swallows.
    let _ = writeln!(std::io::stderr(), "skipped: {} is absent", path.display());
    None
}

/// The thru channel and its reference values.
pub(crate) fn reference(id: &str) -> Option<(Network, Value)> {
    let json = std::fs::read_to_string(shared(&format!("reference/{id}.json"))?).expect("readable");
    let reference: Value = serde_json::from_str(&json).expect("JSON");
    let file = shared(&format!("channels/{}", reference["thru"].as_str().expect("thru")))?;
    Some((Network::read(file).expect("a valid channel"), reference))
}
