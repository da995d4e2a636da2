//! What a user can pass to a lane: each mistake gets one error that names it.

use crate::prepared;
use lightlane::lane::{Block, Channel, Lane, Networks, PreparedLane, Synthetic, preset};
use lightlane::medium::Network;
use lightlane::medium::electrical::Trace;
use lightlane::{Error, Run};
use num_complex::Complex64;
use std::path::Path;
use std::sync::Arc;

fn with_network(freq_hz: Vec<f64>) -> Result<PreparedLane, Error> {
    let thru = [0.0, 0.8, 0.8, 0.0].map(|v| Complex64::new(v, 0.0));
    let s = freq_hz.iter().flat_map(|_| thru).collect();
    let network = Network::new(freq_hz, s, vec![100.0; 2]).unwrap();
    let mut networks = Networks::default();
    let digest = networks.insert(Arc::new(network));
    let lane = Lane {
        medium: vec![Block::Channel(Channel { digest: Some(digest), ..Channel::default() })],
        ..Lane::default()
    };
    PreparedLane::new(&lane, &mut networks, Path::new("."), &Run::default())
}

fn message(result: Result<PreparedLane, Error>) -> String {
    result.map(|_| ()).unwrap_err().to_string()
}

#[test]
fn a_grid_that_cannot_serve_the_symbol_rate_says_what_would() {
    let one = message(with_network(vec![1e9]));
    assert!(one.contains("points = 1") && one.contains("at least 2 points"), "{one}");
    let short = message(with_network((0..200).map(|k| k as f64 * 1e8).collect()));
    assert!(short.contains("highest frequency") && short.contains("3.1875e10 Hz"), "{short}");
    let coarse = message(with_network((0..20).map(|k| k as f64 * 5e9).collect()));
    assert!(coarse.contains("frequency step") && coarse.contains("3.3203e9 Hz"), "{coarse}");
}

#[test]
fn an_impulse_longer_than_its_window_is_refused() {
    // 20 ns of delay spread in a window of 10 ns: two echoes that wrap around.
    let freq_hz: Vec<f64> = (0..1100).map(|k| k as f64 * 1e8).collect();
    let echo = |f: f64| {
        let turn = |t: f64| Complex64::from_polar(1.0, -std::f64::consts::TAU * f * t);
        0.5 * turn(1e-9) + 0.4 * turn(9.5e-9)
    };
    let s = freq_hz
        .iter()
        .flat_map(|f| [Complex64::default(), echo(*f), echo(*f), Complex64::default()])
        .collect();
    let mut networks = Networks::default();
    let digest = networks.insert(Arc::new(Network::new(freq_hz, s, vec![100.0; 2]).unwrap()));
    let block = Block::Channel(Channel { digest: Some(digest), ..Channel::default() });
    let mut lane = Lane { medium: vec![block], ..Lane::default() };
    lane.receiver.bandwidth_hz = Some(58e9);
    let prepared = PreparedLane::new(&lane, &mut networks, Path::new("."), &Run::default());
    let error = prepared.and_then(|p| p.analyze(&Run::default()).map(|_| ())).unwrap_err();
    assert!(matches!(error, Error::Window { .. }), "{error}");
}

#[test]
fn mistakes_name_their_place() {
    let lane =
        Lane { medium: vec![Block::Trace(Trace { length_m: -1.0, ..Trace::default() })], ..Lane::default() };
    let error = message(prepared(&lane));
    assert!(error.starts_with("medium.0.length_m = -1"), "{error}");
    let slip = Synthetic { recipe: "synthetic-c2m-16dB".into(), ..Synthetic::default() };
    let error = message(prepared(&Lane { medium: vec![Block::Synthetic(slip)], ..Lane::default() }));
    assert!(error.contains("medium.0") && error.contains("did you mean \"synthetic-c2m-16db\""), "{error}");
    let mut lane = preset("copper-kr1").unwrap();
    lane.medium.remove(1);
    let error = message(prepared(&lane));
    assert!(error.contains("aggressors") && error.contains("exactly one"), "{error}");
    assert_eq!(preset("cpo-dr2").unwrap_err(), Error::unknown("lane", "cpo-dr2", ["cpo-dr1"]));
}

#[test]
fn a_stopped_run_returns_at_once() {
    let run = Run::default();
    run.cancel_flag().store(true, std::sync::atomic::Ordering::Relaxed);
    let lane = preset("copper-c2m").unwrap();
    let stopped = PreparedLane::new(&lane, &mut Networks::default(), Path::new("."), &run);
    assert_eq!(stopped.map(|_| ()).unwrap_err(), Error::Interrupted);
}
