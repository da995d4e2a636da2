//! Annex 93A against release 4.50 of the reference code, on the shared channels.

mod common;

use common::{reference, shared};
use lightlane::Run;
use lightlane::engine::com::{Com, ComConfig, FixedEqualizer, com};
use lightlane::medium::Network;
use serde_json::{Value, json};

const CHANNELS: [&str; 3] = ["c2c_12db", "c2m_z100_14db", "dpo_4in"];

struct Case {
    thru: Network,
    fext: Vec<Network>,
    next: Vec<Network>,
    config: ComConfig,
    expected: Value,
}

impl Case {
    fn load(id: &str) -> Option<Self> {
        let (thru, reference) = reference(id)?;
        let entries = reference["com"].as_array().expect("entries");
        let entry = entries.iter().find(|e| e["config"] == "cfgKR100").expect("an entry");
        let read = |role: &str| Network::read(shared(&format!("channels/{id}__{role}.s4p.gz"))?).ok();
        let aggressors = |kind: &str| {
            let names = entry["aggressors"].as_array().expect("a list").iter().filter_map(Value::as_str);
            names.filter(|n| n.starts_with(kind)).map(read).collect::<Option<Vec<_>>>()
        };
        let keywords = reference["configs"]["cfgKR100"]["keywords"].as_object().expect("a mapping");
        Some(Self {
            thru,
            fext: aggressors("FEXT")?,
            next: aggressors("NEXT")?,
            config: ComConfig::from_keywords(keywords).expect("keywords of the workbook"),
            expected: entry["results"].clone(),
        })
    }

    fn com(&self, fixed: &FixedEqualizer) -> Com {
        com(&self.thru, &self.fext, &self.next, &self.config, fixed, &Run::default()).expect("a good channel")
    }

    /// FOM of the terms that the reference code prints for its final setting. The one it prints beside them is of its
    /// search, which estimates crosstalk otherwise: 0.04 dB lower on `c2m_z100_14db`, whose crosstalk is strong.
    fn printed_fom_db(&self) -> f64 {
        let number = |key: &str| self.expected[key].as_f64().expect("a number");
        let terms = ["sgm_N", "sgm_TX", "sgm_isi", "sgm_xt", "sgm_rjit", "sgm_p_DD"];
        let noise_v2: f64 = terms.iter().map(|key| number(key).powi(2)).sum();
        10.0 * ((1e-3 * number("available_signal_after_eq_mV")).powi(2) / noise_v2).log10()
    }

    /// The setting that the reference code found: taps c(-2), c(-1), c(0), c(1).
    fn fixed(&self) -> FixedEqualizer {
        let r = &self.expected;
        let tap = |i: usize| r["TXLE_taps"][i].clone();
        let map = json!({
            "ctle_gdc_db": r["CTLE_DC_gain_dB"], "ctle_gdc2_db": r["g_DC_HP"],
            "tx_ffe": {"-2": tap(0), "-1": tap(1), "1": tap(3)},
        });
        FixedEqualizer::from_json(map.as_object().expect("a mapping")).expect("a setting")
    }
}

fn close(what: &str, value: f64, expected: &Value, limit: f64) {
    let expected = expected.as_f64().expect("a number");
    assert!((value - expected).abs() <= limit, "{what}: {value} instead of {expected}");
}

#[test]
fn a_fixed_equalizer_gives_the_com_of_release_4_50() {
    for id in CHANNELS {
        let Some(case) = Case::load(id) else { return };
        let found = case.com(&case.fixed());
        let (r, w) = (&case.expected, &found.worst);
        eprintln!("{id}: {w:?}\n{:?}", found.warnings);
        // The contract: A_ni is known to a bin of 10 µV, up to 0.01 dB, on either side.
        close(&format!("{id} COM"), w.com_db, &r["COM_dB"], 0.02);
        close(&format!("{id} FOM"), w.fom_db, &json!(case.printed_fom_db()), 0.01);
        for (what, value, key, scale) in [
            ("A_s", w.signal_v, "available_signal_after_eq_mV", 1e3),
            ("thermal", w.noise_budget.thermal_v, "sgm_N", 1.0),
            ("transmitter", w.noise_budget.transmitter_v, "sgm_TX", 1.0),
            ("interference", w.noise_budget.isi_v, "sgm_isi", 1.0),
        ] {
            let expected = r[key].as_f64().expect("a number");
            close(&format!("{id} {what}"), value * scale, &r[key], 3e-3 * expected);
        }
    }
}

#[test]
fn the_search_finds_the_setting_of_release_4_50() {
    for id in CHANNELS {
        let Some(case) = Case::load(id) else { return };
        let found = case.com(&FixedEqualizer::default());
        let (w, fixed) = (&found.worst, case.fixed());
        close(&format!("{id} COM"), w.com_db, &case.expected["COM_dB"], 0.05);
        assert_eq!(Some(w.equalizer.ctle_gdc_db), fixed.ctle_gdc_db, "{id}");
        assert_eq!(Some(w.equalizer.ctle_gdc2_db), fixed.ctle_gdc2_db, "{id}");
        for (place, c) in fixed.tx_ffe.expect("taps") {
            let tap = w.equalizer.tx_ffe.get(&place).copied().unwrap_or(0.0);
            assert!((tap - c).abs() < 1e-9, "{id} c({place}) = {tap} instead of {c}");
        }
        // What is found is what fixing it gives.
        let again = case.com(&FixedEqualizer {
            ctle_gdc_db: Some(w.equalizer.ctle_gdc_db),
            ctle_gdc2_db: Some(w.equalizer.ctle_gdc2_db),
            tx_ffe: Some(w.equalizer.tx_ffe.iter().map(|(k, v)| (*k, *v)).collect()),
            dfe: Some(w.equalizer.dfe.clone()),
            sampling_offset: Some(0),
            ..FixedEqualizer::default()
        });
        assert_eq!(again.worst.com_db, w.com_db);
    }
}

#[test]
fn erl_and_the_figures_of_the_files_are_those_of_release_4_50() {
    for id in CHANNELS {
        let Some(case) = Case::load(id) else { return };
        let found = case.com(&case.fixed());
        let r = &case.expected;
        let [left, right] = found.reflections.as_ref().expect("TDR is 1 in the keywords");
        let erl = |v: Option<f64>| v.expect("ERL is 1 in the keywords");
        // The contract is 0.1 dB; the sum of reflections is known to a bin of 0.1 mV/V, the last bin of both.
        close(&format!("{id} ERL11"), erl(left.erl_db), &r["ERL11"], 1e-6);
        close(&format!("{id} ERL22"), erl(right.erl_db), &r["ERL22"], 1e-6);
        close(&format!("{id} ERL"), erl(found.erl_db), &r["ERL"], 1e-6);
        // Printed with 10 digits; the code solves for its fit by an inverse that is nearly singular, f being in Hz.
        close(&format!("{id} FOM_ILD"), found.fom_ild_db.expect("a long file"), &r["FOM_ILD"], 2e-5);
        close(&format!("{id} ICN"), 1e3 * found.icn_v.expect("a long file"), &r["ICN_mV"], 1e-6);
        let losses = found.losses.as_ref().expect("a long file");
        let nyquist_db = losses.nyquist_loss_db.expect("a file beyond half the symbol rate");
        // Interpolated in decibels here, in their complex value or magnitude there.
        close(&format!("{id} loss"), nyquist_db, &r["IL_dB_channel_only_at_Fnq"], 1e-4);
    }
}
