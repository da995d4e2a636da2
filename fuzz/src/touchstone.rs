//! Oracles of the Touchstone reader.

use lightlane::medium::Network;
use lightlane::medium::touchstone::number::{scan, scan_slowly};
use lightlane::medium::touchstone::{Format, FrequencyUnit, Version};

/// File names a reader may be told.
pub const NAMES: [Option<&str>; 5] = [None, Some("x.s1p"), Some("x.s2p"), Some("x.s4p"), Some("x.ts")];
/// Formats a file may be written in.
pub const FORMATS: [Format; 3] = [Format::Ri, Format::Ma, Format::Db];
/// Units a file may be written in.
pub const UNITS: [FrequencyUnit; 4] =
    [FrequencyUnit::Hz, FrequencyUnit::KHz, FrequencyUnit::MHz, FrequencyUnit::GHz];

/// Any bytes are either refused with an error, or read as a network that is sound and can be written and read back.
///
/// # Panics
/// If the reader breaks this.
pub fn reads_or_refuses(bytes: &[u8], name: Option<&str>) {
    match Network::read_bytes(bytes, name) {
        Ok(network) => {
            assert!(network.s().iter().all(|v| v.is_finite()));
            assert!(network.freq_hz().windows(2).all(|w| w[0] < w[1]));
            round_trip(&network, Format::Ri, FrequencyUnit::Hz, Version::V2);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// The fast scan and the standard parser give the same bits and length, or both refuse.
///
/// # Panics
/// If they differ.
pub fn scans_like_std(token: &[u8]) {
    let bits = |found: Option<(f64, usize)>| found.map(|(value, length)| (value.to_bits(), length));
    assert_eq!(bits(scan(token, 0)), bits(scan_slowly(token, 0)), "{:?}", String::from_utf8_lossy(token));
}

/// What is written is read back: to 1e-12 of the parameters (relative to 1 or to the value, if larger) and two
/// roundings of the frequencies.
///
/// # Panics
/// If it is not.
pub fn round_trip(network: &Network, format: Format, unit: FrequencyUnit, version: Version) {
    let Ok(text) = network.to_touchstone(format, unit, version) else {
        assert!(version == Version::V1 && network.z0_ohm().iter().any(|z| *z != network.z0_ohm()[0]));
        return;
    };
    let name = format!("x.s{}p", network.n_ports());
    let back = match Network::read_bytes(text.as_bytes(), Some(&name)) {
        Ok(back) => back,
        Err(error) => panic!("{error}\n{text}"),
    };
    assert_eq!(back.z0_ohm(), network.z0_ohm());
    assert_eq!(back.s().len(), network.s().len());
    for (a, b) in back.s().iter().zip(network.s()) {
        assert!((a - b).norm() <= 1e-12 * b.norm().max(1.0), "{a} {b}");
    }
    for (a, b) in back.freq_hz().iter().zip(network.freq_hz()) {
        assert!((a - b).abs() <= 4.0 * f64::EPSILON * b, "{a} {b}");
    }
}
