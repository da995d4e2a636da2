//! Even-odd jitter along bursts and error events, against counting: successive decisions see responses of their own, and
//! a burst passes through both.

use crate::engines::{MODEL_TOLERANCE, N_SYMBOLS, countable, engines_agree, thermal};
use crate::prepared;
use lightlane::Run;
use lightlane::engine::time_domain::{
    RareSimulation, Simulation, simulate, simulate_rare, simulate_sequence,
};
use lightlane::lane::{Lane, preset};
use lightlane::receiver::{Mlsd, MlsdSetting};
use lightlane::response::{DecisionModel, Jitter, JitterModel};

/// A copper preset with so much even-odd jitter, and the noise that makes errors countable.
fn lane(name: &str, dcd_ui: f64, model: JitterModel) -> Lane {
    let mut lane = preset(name).unwrap();
    let others = lane.transmitter.jitter.clone().unwrap_or_default();
    lane.transmitter.jitter = Some(Jitter { dcd_ui, model, ..others });
    let factor = countable(&lane);
    thermal(&lane, factor)
}

#[test]
fn bursts_alternate_with_the_jitter() {
    for (name, dcd_ui, model) in [
        ("copper-kr1", 0.05, JitterModel::Edge),
        ("copper-kr1", 0.1, JitterModel::Com),
        ("copper-kr1", 0.15, JitterModel::Edge),
        ("copper-c2m", 0.15, JitterModel::Com),
    ] {
        let lane = lane(name, dcd_ui, model);
        let label = format!("{name}, dcd_ui = {dcd_ui}, {model:?}");
        engines_agree(&label, &lane, MODEL_TOLERANCE);
        let report = prepared(&lane).unwrap().analyze(&Run::default()).unwrap();
        // Feedback errors are what this is about.
        assert!(report.ber > 1.2 * report.ber_ideal_feedback, "{label}");
        let drawn = RareSimulation { n_draws: 40_000, ..RareSimulation::default() };
        let rare = simulate_rare(&report.model, &drawn).unwrap();
        let truth = counted(&report.model, 4 * N_SYMBOLS);
        // Where a hundredth of the symbols are wrong bursts meet each other: what 40 decisions before a draw see of it.
        let error = (rare.ber.ratio / truth.0).ln();
        assert!(
            error.abs() < MODEL_TOLERANCE + 4.0 * (rare.ber.relative_error.powi(2) + truth.1.powi(2)).sqrt(),
            "{label}: {:?} for {truth:?}",
            rare.ber
        );
    }
}

/// Counted bit error ratio and its relative deviation.
fn counted(model: &DecisionModel, n_symbols: u64) -> (f64, f64) {
    let counts = simulate(model, &Simulation { n_symbols, ..Simulation::default() }).unwrap();
    (counts.ber(), (counts.variance_inflation() / counts.n_bit_errors as f64).sqrt())
}

/// What a detector does not know of the other parity's response is interference that alternates along an event.
#[test]
fn error_events_alternate_with_the_jitter() {
    for (name, model, whitening_taps) in [
        ("copper-kr1", JitterModel::Edge, 0),
        ("copper-c2m", JitterModel::Com, 1),
        ("copper-c2m", JitterModel::Edge, 1),
    ] {
        let mut lane = lane(name, 0.05, model);
        lane.receiver.mlsd = MlsdSetting::Detector(Mlsd { whitening_taps });
        let report = prepared(&lane).unwrap().analyze(&Run::default()).unwrap();
        let detector = &report.detection.as_ref().unwrap().detector;
        let simulation = Simulation { n_symbols: 3 * N_SYMBOLS, ..Simulation::default() };
        let counts = simulate_sequence(&report.model, detector, &simulation).unwrap().counts;
        let ratio = counts.ber() / report.ber;
        let label = format!("{name}, {model:?}, {whitening_taps} whitening taps");
        // Those of copper without such jitter, 0.65 to 0.95, and the sampling error of a thousand.
        assert!((0.55..1.0).contains(&ratio), "{label}: {ratio}, {} errors", counts.n_bit_errors);
    }
    let mut lane = lane("copper-kr1", 0.06, JitterModel::Com);
    lane.receiver.mlsd = MlsdSetting::Switch(true);
    let text = prepared(&lane).unwrap().analyze(&Run::default()).unwrap_err().to_string();
    assert!(text.starts_with("transmitter.jitter.dcd_ui = 0.06: must be at most 0.05"), "{text}");
}
