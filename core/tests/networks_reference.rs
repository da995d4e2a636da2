//! The shared reference channels against scikit-rf 2.2.0 (mixed mode, loss, passivity, reciprocity) and against the
//! IEEE 370 reference code (causality).

mod common;

use common::{reference, shared};
use lightlane::medium::Network;
use lightlane::medium::network::{PairOrigin, PortPairs};
use num_complex::Complex64;

const CHANNELS: [&str; 5] = ["c2c_12db", "c2m_z100_14db", "cable1_rx", "dpo_4in", "pychopmarg_example2"];
/// Same formulas in double precision on the same numbers: what differs is the order of a few dozen roundings. The
/// smallest spot value is 1e-4 of the entries it is a difference of, so 1e-9 leaves three decades.
const RELATIVE: f64 = 1e-9;

fn close(what: &str, value: f64, expected: f64) {
    let limit = RELATIVE * expected.abs();
    assert!((value - expected).abs() <= limit, "{what}: {value} instead of {expected}");
}

#[test]
fn mixed_mode_values_are_those_of_scikit_rf() {
    for id in CHANNELS {
        let Some((network, reference)) = reference(id) else { return };
        let mixed = network.mixed_mode(None).expect("4-port");
        let chosen = mixed.port_pairs().expect("kept");
        assert_eq!((chosen.pairs, chosen.origin), (PortPairs::DEFAULT, PairOrigin::Guessed), "{id}");
        let dd = network.differential(None).expect("4-port");
        assert_eq!(dd.z0_ohm(), [100.0, 100.0]);
        let spots = reference["mixed_mode"]["spots"].as_array().expect("spots");
        assert!(!spots.is_empty());
        for spot in spots {
            let f = spot["f_Hz"].as_f64().expect("f_Hz");
            let k = network.freq_hz().iter().position(|g| (g - f).abs() < 1.0).expect("a grid point");
            for (name, out, input) in [
                ("Sdd11", 0, 0),
                ("Sdd21", 1, 0),
                ("Sdd12", 0, 1),
                ("Sdd22", 1, 1),
                ("Scc21", 3, 2),
                ("Scd21", 3, 0),
                ("Sdc21", 1, 2),
                ("Scd11", 2, 0),
            ] {
                let part = |p: &str| spot[name][p].as_f64().expect("a number");
                let expected = Complex64::new(part("re"), part("im"));
                let value = mixed.at(k, out, input);
                let error = (value - expected).norm();
                // Modes are differences of entries of order 1, of which 1e-15 is rounding.
                assert!(
                    error <= RELATIVE * expected.norm() + 1e-15,
                    "{id} {name} at {f}: {value} {expected}"
                );
                if out < 2 && input < 2 {
                    assert_eq!(value, dd.at(k, out, input));
                }
            }
        }
    }
}

#[test]
fn insertion_loss_passivity_and_reciprocity_are_those_of_scikit_rf() {
    for id in CHANNELS {
        let Some((network, reference)) = reference(id) else { return };
        for (key, f) in [("13.2812_GHz", 13.28125e9), ("26.5625_GHz", 26.5625e9), ("53.125_GHz", 53.125e9)] {
            match reference["insertion_loss_dB"][key].as_f64() {
                Some(expected) => close(key, network.insertion_loss_db(&[f]).expect("inside")[0], expected),
                None => assert!(network.insertion_loss_db(&[f]).is_err(), "{id} ends below {key}"),
            }
        }
        let quality = network.quality().expect("converges");
        let checks = &reference["network_checks"];
        let expected = |key: &str| checks[key].as_f64().expect("a number");
        close("max_singular_value", quality.max_singular_value, expected("max_singular_value"));
        close("f_at_max", quality.max_singular_value_freq_hz, expected("f_at_max_Hz"));
        // A difference of entries of order 1: their rounding, 1e-16, stands against values down to 2e-6.
        let error = (quality.reciprocity_error - expected("max_reciprocity_error")).abs();
        assert!(error <= RELATIVE * expected("max_reciprocity_error") + 1e-15, "{id}");
        assert!(quality.passive);
        // These are good channels; what arrives early is interpolation, windowing and measurement noise.
        assert!(quality.causality_error < 1e-3, "{id}: {}", quality.causality_error);
        eprintln!("{id}: {quality:?}");
    }
}

#[test]
fn crosstalk_is_that_of_scikit_rf() {
    for id in CHANNELS {
        let Some((_, reference)) = reference(id) else { return };
        let Some(aggressors) = reference["crosstalk"].as_object() else { continue };
        for (role, values) in aggressors {
            let Some(file) = shared(&format!("channels/{id}__{role}.s4p.gz")) else { return };
            let dd = Network::read(file).and_then(|n| n.differential(None)).expect("4-port");
            let chosen = dd.port_pairs().expect("kept");
            assert_eq!(
                (chosen.pairs, chosen.origin),
                (PortPairs::DEFAULT, PairOrigin::Guessed),
                "{id} {role}"
            );
            for (key, f) in [("5", 5e9), ("13.2812", 13.28125e9), ("26.5625", 26.5625e9), ("40", 40e9)] {
                let Some(expected) = values[format!("Sdd21_dB_{key}_GHz")].as_f64() else { continue };
                // Differences of entries 1e3 times larger: 1e-9 of the amplitude is 1e-8 dB.
                let loss = dd.insertion_loss_db(&[f]).expect("inside")[0];
                assert!((loss + expected).abs() < 1e-7, "{id} {role} {key}: {loss} {expected}");
            }
        }
    }
}

#[test]
fn the_causality_measure_is_that_of_the_ieee_370_code() {
    let Some((network, _)) = reference("cable1_rx") else { return };
    let quality = network.quality().expect("converges");
    // IEEE 370 code and openSNPQual, published with this file: 97.717362, six decimals.
    let percent = quality.causality_quality_percent;
    assert!((percent - 97.717_362).abs() < 1e-6, "{percent}");
}

#[test]
fn a_file_written_in_any_form_is_read_back() {
    use lightlane::medium::touchstone::{Format, FrequencyUnit, Version};
    let Some((network, _)) = reference("cable1_rx") else { return };
    for (format, unit, version) in [
        (Format::Ri, FrequencyUnit::GHz, Version::V2),
        (Format::Ma, FrequencyUnit::Hz, Version::V1),
        (Format::Db, FrequencyUnit::MHz, Version::V1),
    ] {
        let text = network.to_touchstone(format, unit, version).expect("one reference");
        let back = Network::read_bytes(text.as_bytes(), None).expect("own output");
        assert_eq!(back.n_ports(), 4);
        // The contract of the writer.
        for (a, b) in network.s().iter().zip(back.s()) {
            assert!((a - b).norm() < 1e-12);
        }
        for (a, b) in network.freq_hz().iter().zip(back.freq_hz()) {
            assert!((a - b).abs() <= 1e-15 * a);
        }
    }
}
