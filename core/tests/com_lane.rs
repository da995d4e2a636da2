//! One margin for both worlds: what Annex 93A says of a channel, the lane's engine says of the same pulse and noise.

use lightlane::Run;
use lightlane::engine::com::{ComConfig, FixedEqualizer, NamedConfig, com};
use lightlane::engine::statistical::Prepared;
use lightlane::grid::SymbolRate;
use lightlane::medium::electrical::Trace;
use lightlane::modulation::Modulation;
use lightlane::response::{CrosstalkPhase, DecisionModel, SlicerNoise, SlicerSignal};
use serde_json::json;

#[test]
fn the_engine_of_lanes_has_the_margin_of_annex_93a_on_the_same_pulse() {
    let freq_hz: Vec<f64> = (0..=6000).map(|k| f64::from(k) * 10e6).collect();
    let trace = Trace { length_m: 0.15, ..Trace::default() };
    let thru = trace.network(&freq_hz).expect("a trace");
    let mut keywords = NamedConfig::new("802.3ck-c2c@4.50").expect("shipped").keywords;
    // The engine holds jitter in another form and has no level mismatch of the signal alone: both off.
    for (name, value) in [("A_DD", 0.0), ("sigma_RJ", 0.0), ("R_LM", 1.0), ("z_p select", 1.0)] {
        keywords.insert(name.into(), json!(value));
    }
    let config = ComConfig::from_keywords(&keywords).expect("keywords");
    let fixed = json!({"ctle_gdc_db": -4.0, "ctle_gdc2_db": -1.0, "tx_ffe": {"-1": -0.1}});
    let fixed = FixedEqualizer::from_json(fixed.as_object().expect("a mapping")).expect("a setting");
    let found = com(&thru, &[], &[], &config, &fixed, &Run::default()).expect("a channel").worst;
    let budget = found.noise_budget;
    let curves = &found.curves;
    let model = DecisionModel {
        symbol_rate: SymbolRate::new(53.125e9).expect("a rate"),
        modulation: Modulation::Pam4,
        levels: vec![-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0],
        signal: SlicerSignal::Linear { cursors: curves.equalized_v.clone(), main: curves.cursor_symbol },
        dfe: Vec::new(),
        noise: SlicerNoise {
            autocorrelation_v2: vec![budget.thermal_v.powi(2) + budget.transmitter_v.powi(2)],
            ..SlicerNoise::default()
        },
        crosstalk: Vec::new(),
        crosstalk_phase: CrosstalkPhase::default(),
        jitter: None,
        thresholds_v: None,
    };
    let prepared = Prepared::new(&model, &Run::default()).expect("a model");
    let margin = prepared.operating_margin(1e-5, &Run::default()).expect("a margin");
    assert!((margin.signal_v / found.signal_v - 1.0).abs() < 1e-3, "{margin:?} {}", found.signal_v);
    // A_ni is known to a bin, 0.01 dB, and samples below a bin are left out there.
    assert!((margin.com_db - found.com_db).abs() < 0.03, "{} {}", margin.com_db, found.com_db);
}
