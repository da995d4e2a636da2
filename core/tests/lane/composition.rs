//! What a lane is composed of: every network to its own end, capacitors, converting pairs, frozen receivers.

use crate::prepared;
use lightlane::Run;
use lightlane::lane::{
    Aggressor, AggressorKind, Block, Channel, CrosstalkPath, Lane, Networks, PreparedLane, SignalForm, preset,
};
use lightlane::medium::Network;
use lightlane::medium::electrical::{Lumped, Trace};
use lightlane::receiver::{Dfe, Ffe, Receiver};
use lightlane::report::LaneReport;
use lightlane::system::compare;
use lightlane::transmitter::Transmitter;
use num_complex::Complex64;
use std::path::Path;
use std::sync::Arc;

fn trace(length_m: f64, skew_s: f64) -> Block {
    Block::Trace(Trace { length_m, skew_s, ..Trace::default() })
}

fn loss_at_nyquist_db(medium: Vec<Block>) -> (f64, Vec<String>) {
    let lane = prepared(&Lane { medium, ..Lane::default() }).unwrap();
    let k = (53.125e9 / lane.channel.grid().step_hz()).round() as usize;
    (-20.0 * lane.channel.at(k).norm().log10(), lane.warnings)
}

#[test]
fn a_silent_aggressor_changes_nothing_wherever_its_file_ends() {
    let freq_hz: Vec<f64> = (0..=1100).map(|k| k as f64 * 1e8).collect();
    let thru = Trace { length_m: 0.12, ..Trace::default() }.network(&freq_hz).unwrap();
    let ber = |end_hz: Option<f64>| {
        let mut networks = Networks::default();
        let mut channel = |network: Network| Channel {
            digest: Some(networks.insert(Arc::new(network))),
            ..Channel::default()
        };
        let mut lane = preset("copper-c2m").unwrap();
        lane.receiver.noise_v2_per_hz *= 100.0;
        lane.medium[1] = Block::Channel(channel(thru.clone()));
        lane.aggressors.clear();
        if let Some(end_hz) = end_hz {
            let freq_hz: Vec<f64> = freq_hz.iter().copied().filter(|f| *f <= end_hz).collect();
            let s = vec![Complex64::ZERO; 4 * freq_hz.len()];
            let silent = channel(Network::new(freq_hz, s, vec![100.0; 2]).unwrap());
            let kind = AggressorKind::Fext;
            lane.aggressors = vec![Aggressor {
                channel: CrosstalkPath::Channel(silent),
                kind,
                amplitude_v: None,
                place: None,
            }];
        }
        let lane = PreparedLane::new(&lane, &mut networks, Path::new("."), &Run::default()).unwrap();
        lane.analyze(&Run::default()).unwrap().ber
    };
    let alone = ber(None);
    for end_hz in [110e9, 60e9, 40e9] {
        assert_eq!(ber(Some(end_hz)), alone, "{end_hz:e} Hz");
    }
}

#[test]
fn coupling_capacitors_take_no_notch_out_of_the_baseline() {
    let ideal = Lane {
        transmitter: Transmitter { amplitude_v: 0.4, ..Transmitter::default() },
        receiver: Receiver { noise_v2_per_hz: 2e-14, ..Receiver::default() },
        ..Lane::default()
    };
    let coupled = |series_c_f| {
        let capacitor = Block::Lumped(Lumped { series_c_f: Some(series_c_f), ..Lumped::default() });
        let lane = prepared(&Lane { medium: vec![capacitor], ..ideal.clone() }).unwrap();
        lane.analyze(&Run::default()).unwrap()
    };
    let wire = prepared(&ideal).unwrap().analyze(&Run::default()).unwrap();
    for series_c_f in [1e-4, 1e-7] {
        let r = coupled(series_c_f);
        // The corner of 100 nF in 200 ohm is 8 kHz. What is left is the ripple of a rectangle cut at 1.5 times the
        // symbol rate, which an ideal medium has not: 10 % of an error ratio near 1e-7.
        assert!((r.ber / wire.ber - 1.0).abs() < 0.1, "{series_c_f:e} F: {:e} {:e}", r.ber, wire.ber);
        assert!(r.warnings.iter().any(|w| w.contains("blocks 0 Hz")), "{:?}", r.warnings);
    }
    // 10 fF in 200 ohm is a corner of 80 GHz: it stays as it is, and says so.
    assert!(coupled(1e-14).warnings.iter().any(|w| w.contains("baseline wander")));
}

#[test]
fn skews_in_a_row_add_with_their_signs() {
    let straight = loss_at_nyquist_db(vec![trace(0.1, 0.0)]).0;
    let opposite = loss_at_nyquist_db(vec![trace(0.05, 5e-12), trace(0.05, -5e-12)]);
    let same = loss_at_nyquist_db(vec![trace(0.05, 5e-12), trace(0.05, 5e-12)]).0;
    let single = loss_at_nyquist_db(vec![trace(0.1, 10e-12)]).0;
    // Legs 5 ps apart between the two skews see their own reflections and the common mode's other impedance: up to 1 dB.
    assert!((opposite.0 - straight).abs() < 1.0, "{} {straight}", opposite.0);
    // cos(π f 10 ps) is -20 dB here, so that a tenth of the wave decides: 3 dB.
    assert!((same - single).abs() < 3.0, "{same} {single}");
    assert!(same > straight + 10.0);
    assert!(opposite.1.iter().any(|w| w.contains("convert modes")), "{:?}", opposite.1);
}

#[test]
fn the_linear_form_reports_what_it_leaves() {
    let mut lane = preset("cpo-dr1-mzm").unwrap();
    lane.signal_form = SignalForm::Linear;
    for block in &mut lane.medium {
        if let Block::Optics(optics) = block {
            optics.driver.swing_v = 4.5;
        }
    }
    let r = prepared(&lane).unwrap().analyze(&Run::default()).unwrap();
    assert!(r.nonlinear_residual.unwrap() > 0.05);
    assert!(r.warnings.iter().any(|w| w.contains("linear form")), "{:?}", r.warnings);
}

fn compared(lanes: &[(String, Lane)]) -> lightlane::system::Comparison {
    compare(lanes, &mut Networks::default(), Path::new("."), &Run::default()).unwrap()
}

#[test]
fn a_frozen_receiver_adapts_to_the_other_media() {
    let frozen = |name: &str| -> LaneReport {
        prepared(&preset(name).unwrap()).unwrap().analyze(&Run::default()).unwrap()
    };
    let copper = frozen("copper-c2m");
    let c =
        compared(&[("copper".into(), copper.lane.clone()), ("cpo".into(), preset("cpo-dr1-mzm").unwrap())]);
    // The frozen lane repeats its own figure to rounding.
    assert!((c.same_serdes[0].report.ber / copper.ber - 1.0).abs() < 1e-6);
    // The other adapts; its CTLE keeps the copper's gains, which costs some margin but not the eye.
    assert!(c.same_serdes[1].report.margin_db > 0.0, "{}", c.same_serdes[1].report.margin_db);
    assert!(c.warnings.iter().any(|w| w.contains("frozen")), "{:?}", c.warnings);
}

#[test]
fn the_last_rung_is_the_lanes_own_equalizer() {
    let mut lane = preset("copper-kr1").unwrap();
    lane.receiver.ffe = Some(Ffe { pre: 8, post: 60, ..Ffe::default() });
    lane.receiver.dfe = Some(Dfe { taps: 2, ..Dfe::default() });
    lane.ber_limit = Some(1e-30);
    let c = compared(&[("a".into(), lane.clone()), ("b".into(), lane)]);
    assert_eq!(c.equal_margin[0].report.equalizer.ffe.len(), 69);
}

#[test]
fn a_rung_that_is_the_lanes_own_and_fails_is_passed_by() {
    let mut lane = preset("copper-kr1").unwrap();
    lane.receiver.ffe = Some(Ffe { pre: 1, post: 2, ..Ffe::default() });
    lane.receiver.dfe = None;
    let c = compared(&[("a".into(), lane.clone()), ("b".into(), lane)]);
    assert!(c.same_serdes[0].report.margin_db < 0.0, "{}", c.same_serdes[0].report.margin_db);
    let cheapest = &c.equal_margin[0].report;
    assert!(cheapest.margin_db >= 0.0 && cheapest.equalizer.ffe.len() > 4, "{}", cheapest.margin_db);
}

#[test]
fn what_changes_nothing_is_said() {
    use lightlane::modulation::Modulation;
    use lightlane::response::Jitter;
    let says = |lane: &Lane, what: &str| {
        let warnings = prepared(lane).unwrap().warnings;
        assert!(warnings.iter().any(|w| w.starts_with(what)), "{what}: {warnings:?}");
    };
    let mut nrz = preset("copper-c2m").unwrap();
    nrz.modulation = Modulation::Nrz;
    says(&nrz, "transmitter.level_mismatch = 0.95");
    let mut ideal = Lane::default();
    ideal.transmitter.jitter = Some(Jitter { rj_ui: 0.01, ..Jitter::default() });
    says(&ideal, "transmitter.jitter");
    let mut wide = Lane::default();
    wide.receiver.bandwidth_hz = Some(1e15);
    says(&wide, "receiver.bandwidth_hz = 1e15");
    for name in ["", "0", "a.b"] {
        let block = Block::Trace(Trace { name: Some(name.into()), ..Trace::default() });
        let error = prepared(&Lane { medium: vec![block], ..Lane::default() }).unwrap_err().to_string();
        assert!(error.starts_with("medium.0.name ="), "{error}");
    }
}
