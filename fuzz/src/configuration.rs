//! Oracles of the configuration reader: a document is an answer that survives writing, or an error that says where.

use lightlane::lane::registry;
use lightlane::quantity::parse_quantity;

/// Names whose units cover every branch of the unit parser.
const NAMES: [&str; 8] = [
    "length_m",
    "noise_a_per_rthz",
    "launch_power_dbm",
    "power_w",
    "rin_per_hz",
    "conductivity_s_per_m",
    "temperature_k",
    "dk",
];

/// Reads `text` as a lane; what is accepted must read back the same after being written.
///
/// # Panics
/// If an accepted lane does not round-trip.
pub fn reads_or_refuses(text: &str) {
    let registry = registry();
    match registry.from_toml("Lane", text) {
        Ok(lane) => {
            let written = registry.to_toml("Lane", &lane).expect("an accepted lane can be written");
            assert_eq!(registry.from_toml("Lane", &written), Ok(lane), "{written}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Reads `text` as a quantity of several names.
///
/// # Panics
/// If the answer is not a number.
pub fn reads_quantity(text: &str) {
    for name in NAMES {
        assert!(!parse_quantity(text, name).is_ok_and(f64::is_nan), "{text:?} as {name}");
    }
}
