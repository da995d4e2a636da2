//! Prints the schema of every configuration struct: what `tools/generate_config.py` reads.

use lightlane::lane::registry;
use serde_json::json;
use std::io::Write;

fn main() -> std::io::Result<()> {
    let schema = json!({"kinds": registry().names().collect::<Vec<_>>(), "$defs": registry().definitions()});
    writeln!(std::io::stdout(), "{schema:#}")
}
