//! Annex 178A of draft D3.3 against PyChOpMarg 3.4.0, on the shared channels.

mod common;

use common::reference;
use lightlane::Run;
use lightlane::engine::com::{Com, ComConfig, FixedEqualizer, com};
use lightlane::medium::Network;
use serde_json::{Map, Value, json};

/// The keywords of 200GBASE-KR1 with package A2, as PyChOpMarg's `ieee_8023dj_d3p3` has them; the grid of the reference
/// entries.
fn keywords() -> Map<String, Value> {
    let die = "[4e-5 9e-5 1.1e-4; 4e-5 9e-5 1.1e-4]";
    let mut map = json!({
        "release": "d3.3", "f_b": 106.25, "Delta_f": 0.01, "L": 4, "M": 32, "DER_0": 2e-4, "T_r": 0.004, "R_LM": 0.95,
        "A_v": 0.385, "A_fe": 0.385, "A_ne": 0.481, "A_DD": 0.02, "sigma_RJ": 0.01, "SNR_TX": 33.5, "eta_0": 7.5e-9,
        "f_r": 0.55, "R_0": 46.25, "R_d": 46.25, "C_d": die, "L_s": "[0.13 0.15 0.14; 0.13 0.15 0.14]",
        "C_b": 3e-5, "C_p": 4e-5, "package_tl_gamma0_a1_a2": "[5e-4 8.9e-4 2e-4]", "package_tl_tau": 6.141e-3,
        "package_Z_c": "[87.5 87.5; 92.5 92.5]", "c(0)": 0.54,
        "f_z": 42.5, "f_p1": 42.5, "f_p2": 106.25, "f_HP_PZ": 1.328125,
        "g_DC": [0, -3, -6, -9], "g_DC_HP": [0, -2], "N_b": 1, "b_max(1)": 0.85, "b_min(1)": 0,
    });
    let more = json!({
        "ffe_pre_tap_len": 6, "ffe_post_tap_len": 8, "ffe_pre_tap1_max": 0.7, "ffe_post_tap1_max": 0.7,
        "ffe_tapn_max": 0.7, "N_bg": 2, "N_bf": 4, "N_f": 80, "bmaxg": 0.05, "N_qb": 6, "P_qc": 1e-7, "MLSD": 1,
        "add_rx_noise": 3,
    });
    let map = map.as_object_mut().expect("a mapping");
    map.extend(more.as_object().expect("a mapping").clone());
    for path in ["TX", "RX", "FEXT", "NEXT"] {
        map.insert(format!("z_p ({path})"), json!("[12; 1.8]"));
    }
    map.clone()
}

struct Case {
    thru: Network,
    expected: Value,
}

impl Case {
    fn load(id: &str) -> Option<Self> {
        let (thru, reference) = reference(id)?;
        let entries = reference["com"].as_array().expect("entries");
        let entry = entries.iter().find(|e| e["config"] == "d33_KR_A2").expect("an entry");
        Some(Self { thru, expected: entry["results"].clone() })
    }

    fn com(&self, fixed: &FixedEqualizer) -> Com {
        let config = ComConfig::from_keywords(&keywords()).expect("keywords");
        com(&self.thru, &[], &[], &config, fixed, &Run::default()).expect("a good channel")
    }
}

fn close(what: &str, value: f64, expected: &Value, limit: f64) {
    let expected = expected.as_f64().expect("a number");
    assert!((value - expected).abs() <= limit, "{what}: {value} instead of {expected}");
}

fn is_that_of_pychopmarg(id: &str, found: &Com, expected: &Value) {
    let (r, w) = (expected, &found.worst);
    eprintln!("{id}: {w:?}\n{:?}", found.warnings);
    close(&format!("{id} COM_DFE"), w.com_dfe_db, &r["COM_DFE"], 0.1);
    close(&format!("{id} COM"), w.com_db, &r["COM_dB"], 0.1);
    close(&format!("{id} MLSD gain"), w.mlsd_gain_db, &r["delta_COM_mlsd"], 0.15);
    close(&format!("{id} FOM"), w.fom_db, &r["FOM_dB"], 0.02);
    for (what, value, key) in [
        ("A_s", w.signal_v, "As_V"),
        ("A_ni", w.noise_v, "Ani_V"),
        ("thermal", w.noise_budget.thermal_v, "sigma_N_V"),
        ("transmitter", w.noise_budget.transmitter_v, "sigma_Tx_V"),
        ("interference", w.noise_budget.isi_v, "sigma_ISI_V"),
        ("quantizer", w.noise_budget.quantizer_v, "sigma_Q_V"),
    ] {
        let expected = r[key].as_f64().expect("a number");
        close(&format!("{id} {what}"), value, &r[key], 3e-3 * expected);
    }
}

#[test]
fn a_fixed_equalizer_gives_the_com_of_pychopmarg() {
    for id in ["c2c_12db", "c2m_z100_14db"] {
        let Some(case) = Case::load(id) else { return };
        let r = &case.expected;
        let map = json!({
            "ctle_gdc_db": r["g_DC_dB"], "ctle_gdc2_db": r["g_DC_HP_dB"], "tx_ffe": {},
            "rx_ffe": r["rx_ffe"], "rx_ffe_pre": 6, "dfe": r["dfe"],
        });
        let fixed = FixedEqualizer::from_json(map.as_object().expect("a mapping")).expect("a setting");
        is_that_of_pychopmarg(id, &case.com(&fixed), r);
    }
}

#[test]
fn the_search_finds_the_receiver_of_pychopmarg() {
    for id in ["c2c_12db", "c2m_z100_14db"] {
        let Some(case) = Case::load(id) else { return };
        let r = &case.expected;
        let found = case.com(&FixedEqualizer::default());
        is_that_of_pychopmarg(id, &found, r);
        let equalizer = &found.worst.equalizer;
        assert_eq!(found.worst.n_candidates, 8);
        close(id, equalizer.ctle_gdc_db, &r["g_DC_dB"], 0.0);
        close(id, equalizer.ctle_gdc2_db, &r["g_DC_HP_dB"], 0.0);
        for (i, (tap, expected)) in
            equalizer.rx_ffe.iter().zip(r["rx_ffe"].as_array().expect("taps")).enumerate()
        {
            // PyChOpMarg's search takes the quantizer's step from a grid of 2,001 points, up to 0.6 % too large: its
            // noise enters every tap.
            close(&format!("{id} tap {i}"), *tap, expected, 2e-3);
        }
    }
}
