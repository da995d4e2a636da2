//! The waveform mode against the statistical engine and the baud mode, lane by lane.

use crate::prepared;
use lightlane::engine::time_domain::{Simulation, simulate};
use lightlane::lane::{Lane, preset};
use lightlane::response::{CrosstalkPhase, CrosstalkRule, Jitter, JitterModel};
use lightlane::{Run, receiver::Receiver};

/// Symbols of a run: some hundred errors at 1e-3, a few seconds.
const N_SYMBOLS: u64 = 200_000;
/// With right feedback the engines share everything but the sampling error and what trimming leaves out: 1e-6 of a
/// pulse's energy. With it the chain of decision errors is up to 15 % low, as in the comparison of the baud mode.
const WITHOUT_FEEDBACK: f64 = 0.03;
const WITH_FEEDBACK: f64 = 0.15;

fn agrees(label: &str, lane: &Lane, tolerance: f64) {
    let lane = prepared(lane).unwrap();
    let report = lane.analyze(&Run::default()).unwrap();
    assert!(report.ber > 1e-4 && report.ber < 0.2, "{label}: {:.2e} cannot be counted here", report.ber);
    let simulation = Simulation { n_symbols: N_SYMBOLS, ..Simulation::default() };
    let found = lane.simulate_waveform(None, &simulation).unwrap();
    let baud = simulate(&report.model, &simulation).unwrap();
    println!("{label}: model {:.4e} waveform {:.4e} baud {:.4e}", report.ber, found.counts.ber(), baud.ber());
    assert!(
        found.counts.agrees_with(report.ber, 0.9999, tolerance).unwrap(),
        "{label}: predicted {:.4e}, counted {:.4e} ({} errors)",
        report.ber,
        found.counts.ber(),
        found.counts.n_bit_errors
    );
    let (low, high) = baud.ber_interval(0.9999).unwrap();
    let widen = baud.variance_inflation().sqrt();
    let half = 0.5 * (high - low) * widen * 2f64.sqrt();
    assert!((found.counts.ber() - baud.ber()).abs() < half, "{label}: the modes differ");
}

fn lane(name: &str, noise: f64, change: impl Fn(&mut Lane)) -> Lane {
    let mut lane = preset(name).unwrap();
    lane.receiver.noise_v2_per_hz *= noise;
    change(&mut lane);
    lane
}

fn without_feedback(lane: &mut Lane) {
    lane.receiver.dfe = None;
}

fn jitter(model: JitterModel) -> Option<Jitter> {
    Some(Jitter { rj_ui: 0.02, dd_ui: 0.03, model, ..Jitter::default() })
}

#[test]
fn on_copper_with_jitter_and_crosstalk() {
    for (label, model) in [("edge", JitterModel::Edge), ("com", JitterModel::Com)] {
        let lane = lane("copper-c2m", 40.0, |lane| {
            without_feedback(lane);
            lane.transmitter.jitter = jitter(model);
            lane.crosstalk_phase = CrosstalkPhase::Rule(CrosstalkRule::Uniform);
        });
        agrees(label, &lane, WITHOUT_FEEDBACK);
    }
}
