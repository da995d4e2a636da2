//! Rare events: against closed forms, the statistical engine, plain counting, and their own stated error.

use crate::{ideal, q};
use lightlane::engine::statistical::{self, ErrorRatios, Prepared};
use lightlane::engine::time_domain::{RareCounts, RareSimulation, Simulation, simulate, simulate_rare};
use lightlane::lane::{Block, Lane, Networks, PreparedLane, preset};
use lightlane::modulation::Modulation;
use lightlane::receiver;
use lightlane::response::{
    CrosstalkPhase, CrosstalkRule, DecisionModel, JitterModel, SlicerCrosstalk, SlicerJitter, SlicerSignal,
    SymbolNoise,
};
use lightlane::{Error, Run};

fn with(n_draws: u64, seed: u64) -> RareSimulation {
    RareSimulation { n_draws, seed, ..RareSimulation::default() }
}

/// Levels ±1, ±3 and thresholds −2, 0, 2 with noise of that deviation.
fn pam4(sigma: f64) -> DecisionModel {
    ideal(Modulation::Pam4, sigma)
}

#[test]
fn white_noise_has_its_closed_form_down_to_1e_15() {
    for (x, n_draws) in [(2.0, 20_000), (5.0, 20_000), (7.0, 20_000), (8.0, 20_000)] {
        let found = simulate_rare(&pam4(1.0 / x), &with(n_draws, 3)).unwrap();
        let (low, high) = found.ser.interval(0.9999).unwrap();
        let exact = 1.5 * q(x);
        assert!(low < exact && exact < high, "{x}: {:e} for {exact:e}", found.ser.ratio);
        let bits = 0.75 * q(x) + 0.5 * q(3.0 * x) - 0.25 * q(5.0 * x);
        let (low, high) = found.ber.interval(0.9999).unwrap();
        assert!(low < bits && bits < high, "{x}: {:e} for {bits:e}", found.ber.ratio);
        // The best mean shift has a relative variance of 1.25 x a draw.
        assert!(found.ser.relative_error < 1.5 * (1.25 * x / n_draws as f64).sqrt(), "{x}: {found:?}");
    }
}

/// Everything that a model can have but feedback.
fn everything() -> DecisionModel {
    let cursors = vec![-0.03, 1.0, 0.08, -0.05, 0.03, 0.02, -0.01];
    let mut model = pam4(0.06);
    model.signal = SlicerSignal::Linear { cursors, main: 1 };
    model.noise.autocorrelation_v2 = vec![0.0036, 0.001, -0.0005];
    model.noise.by_symbol.push(SymbolNoise {
        name: "rin".into(),
        energy_v2: vec![1e-4, 2e-3, 5e-4],
        main: 1,
        factor: vec![0.2, 0.5, 1.0, 1.8],
        response: vec![1e-2, 2e-3f64.sqrt(), 5e-4f64.sqrt()],
        steps: 1,
    });
    model.noise.interference.push(crate::interference::echo(0.002, &[0.05, 1.0, -0.02], 1));
    model.crosstalk.push(SlicerCrosstalk {
        name: "fext".into(),
        levels: vec![-3.0, -1.0, 1.0, 3.0],
        phases: (0..8).map(|p| vec![0.005, 0.01 + 0.002 * f64::from(p), -0.01]).collect(),
    });
    model.crosstalk_phase = CrosstalkPhase::Rule(CrosstalkRule::Uniform);
    model.jitter = Some(SlicerJitter {
        model: JitterModel::Com,
        rj_ui: 0.01,
        dd_ui: 0.02,
        response: vec![0.3, 0.2, -0.8],
        main: 1,
        transmit_taps: vec![1.0],
        transmit_main: 0,
        ..SlicerJitter::default()
    });
    model
}

#[test]
fn everything_together_agrees_with_the_statistical_engine_at_1e_12() {
    let edges = {
        let mut model = everything();
        let jitter = model.jitter.as_mut().unwrap();
        (jitter.model, jitter.transmit_taps, jitter.transmit_main) = (JitterModel::Edge, vec![-0.1, 0.9], 1);
        jitter.rj_ui = 0.005;
        jitter.dd_ui = 0.005;
        model
    };
    for (label, model) in [("com", everything()), ("edge", edges)] {
        let exact = statistical::error_ratios(&model, &Run::default()).unwrap();
        assert!(exact.ser < 1e-6, "{label}: {:e}", exact.ser);
        let found = simulate_rare(&model, &with(200_000, 5)).unwrap();
        // The statistical engine takes symbols outside its word as independent of their share of a symbol-dependent
        // noise and edges outside it as independent of the symbols: some percent at these ratios.
        let error = (found.ser.ratio / exact.ser).ln();
        assert!(
            error.abs() < 0.05 + 4.0 * found.ser.relative_error,
            "{label}: {:e} for {:e}, {found:?}",
            found.ser.ratio,
            exact.ser
        );
        assert!(found.ser.relative_error < 0.03, "{label}: {found:?}");
    }
}

/// What a lane's slicer sees, thresholds found, with the Gaussian noise that gives a symbol error ratio of 1e-12, and
/// that engine's error ratios.
fn at_1e_12(lane: &Lane) -> (DecisionModel, ErrorRatios) {
    let mut networks = Networks::default();
    let prepared =
        PreparedLane::new(lane, &mut networks, std::path::Path::new("."), &Run::default()).unwrap();
    let mut model = receiver::equalize(&prepared.link, &lane.receiver, &Run::default()).unwrap().model;
    let statistics = Prepared::new(&model, &Run::default()).unwrap();
    model.thresholds_v = Some(statistics.thresholds_v().to_vec());
    let (mut low, mut high) = (0.1f64, 10.0);
    for _ in 0..20 {
        let middle = (low * high).sqrt();
        if statistics.ratios(middle).genie_ser < 1e-12 { low = middle } else { high = middle }
    }
    for r in &mut model.noise.autocorrelation_v2 {
        *r *= low * low;
    }
    for source in &mut model.noise.by_symbol {
        source.energy_v2.iter_mut().for_each(|e| *e *= low * low);
        source.response.iter_mut().for_each(|r| *r *= low);
    }
    let ratios = statistical::error_ratios(&model, &Run::default()).unwrap();
    assert!((1e-13..1e-11).contains(&ratios.ser), "{:e}", ratios.ser);
    (model, ratios)
}

/// What is left is the sampling error, and what the statistical engine allows itself.
fn agree(found: &RareCounts, exact: &ErrorRatios, tolerance: f64) {
    for (ratio, exact) in [(found.ser, exact.ser), (found.ber, exact.ber)] {
        let error = (ratio.ratio / exact).ln();
        assert!(error.abs() < tolerance + 4.0 * ratio.relative_error, "{ratio:?} for {exact:e}");
        assert!(ratio.relative_error < 0.03, "{ratio:?}");
    }
}

#[test]
fn a_copper_lane_without_feedback_agrees_at_1e_12() {
    let mut lane = preset("copper-c2m").unwrap();
    lane.receiver.dfe = None;
    let (model, exact) = at_1e_12(&lane);
    // The engines share nothing but the model, and the statistical one is exact here.
    agree(&simulate_rare(&model, &with(100_000, 7)).unwrap(), &exact, 0.0);
}

#[test]
fn a_copper_lane_with_feedback_agrees_at_1e_12() {
    let (model, exact) = at_1e_12(&preset("copper-kr1").unwrap());
    assert!(exact.ser > 1.2 * exact.genie_ser);
    // The statistical engine draws its bursts: 2 %.
    agree(&simulate_rare(&model, &with(100_000, 7)).unwrap(), &exact, 0.02);
}

#[test]
fn an_optical_table_with_noise_by_level_agrees_at_1e_12() {
    let mut lane = preset("cpo-dr1-mzm").unwrap();
    for block in &mut lane.medium {
        if let Block::Optics(optics) = block {
            optics.laser.rin_per_hz *= 2.0;
        }
    }
    let (model, exact) = at_1e_12(&lane);
    assert!(matches!(model.signal, SlicerSignal::Table { .. }) && !model.noise.by_symbol.is_empty());
    // Symbols outside the word have their share of the noise independent of their share of the signal.
    agree(&simulate_rare(&model, &with(100_000, 7)).unwrap(), &exact, 0.03);
}

#[test]
fn propagated_errors_are_those_of_the_closed_form() {
    // 1 + aD at a = 1: an error goes on with probability 3/4 at high SNR, so errors are 4 times those with correct
    // feedback and bursts of mean length 4; at a = 0.5 1.6 times.
    for (a, factor) in [(1.0, 4.0), (0.5, 1.6)] {
        let mut model = pam4(1.0 / 7.0);
        model.signal = SlicerSignal::Linear { cursors: vec![1.0, a], main: 0 };
        model.dfe = vec![a];
        let found = simulate_rare(&model, &with(100_000, 11)).unwrap();
        let exact = factor * 1.5 * q(7.0);
        let (low, high) = found.ser.interval(0.9999).unwrap();
        assert!(
            low < exact && exact < high,
            "{a}: {:e} ± {} for {exact:e}",
            found.ser.ratio,
            found.ser.relative_error
        );
    }
}

/// Where errors can be counted the intervals hold what they promise, over independent runs, with and without feedback.
#[test]
fn intervals_cover_what_counting_finds() {
    let mut fed_back = pam4(0.36);
    fed_back.signal = SlicerSignal::Linear { cursors: vec![0.05, 1.0, 0.6, -0.08], main: 1 };
    fed_back.dfe = vec![0.6];
    fed_back.noise.autocorrelation_v2 = vec![0.1, 0.03];
    let mut plain = everything();
    plain.noise.autocorrelation_v2.iter_mut().for_each(|r| *r *= 30.0);
    for (label, model) in [("feedback", fed_back), ("everything", plain)] {
        let counted =
            simulate(&model, &Simulation { n_symbols: 8_000_000, ..Simulation::default() }).unwrap();
        let truth = counted.ser();
        let own = (counted.variance_inflation() / counted.n_symbol_errors as f64).sqrt();
        assert!(own < 0.012, "{label}: {truth:e} ± {own}");
        const RUNS: u64 = 200;
        let (mut covered, mut mean) = (0, 0.0);
        for seed in 0..RUNS {
            let found = simulate_rare(&model, &with(400, seed)).unwrap();
            // Few draws, so that the error of the count does not matter beside their own.
            assert!(found.ser.relative_error > 3.0 * own, "{label}: {found:?}");
            let (low, high) = found.ser.interval(0.95).unwrap();
            covered += u64::from(low < truth && truth < high);
            mean += found.ser.ratio / RUNS as f64;
        }
        // 190 of 200 are expected; the standard deviation is 3.1, and a skewed sample of 400 costs up to a percent.
        assert!((176..=200).contains(&covered), "{label}: {covered}");
        // Unbiased: the mean of 80,000 draws.
        assert!((mean / truth - 1.0).abs() < 0.03, "{label}: {mean:e} for {truth:e}");
    }
}

#[test]
fn estimates_do_not_depend_on_threads_and_runs_stop_when_asked() {
    let mut model = pam4(0.2);
    model.signal = SlicerSignal::Linear { cursors: vec![1.0, 0.5], main: 0 };
    model.dfe = vec![0.5];
    let on = |threads| RareSimulation { run: Run::with_threads(Some(threads)).unwrap(), ..with(20_000, 2) };
    let one = simulate_rare(&model, &on(1)).unwrap();
    assert_eq!(one, simulate_rare(&model, &on(2)).unwrap());
    assert_ne!(one.ser, simulate_rare(&model, &with(20_000, 3)).unwrap().ser);
    let stopped = with(1 << 50, 1);
    stopped.run.cancel_flag().store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(simulate_rare(&model, &stopped), Err(Error::Interrupted));
    for n_draws in [0, 1, 383, (1 << 53) + 1] {
        let text = simulate_rare(&model, &with(n_draws, 1)).unwrap_err().to_string();
        assert!(text.starts_with("n_draws ="), "{text}");
    }
    let mut bad = model.clone();
    bad.noise.autocorrelation_v2 = vec![f64::NAN];
    assert!(simulate_rare(&bad, &with(100, 1)).is_err());
    // Nothing disturbs it: no error, and nothing known but that a ratio lies between 0 and 1.
    let still = simulate_rare(&pam4(0.0), &with(400, 1)).unwrap();
    assert!(still.ser.ratio == 0.0 && still.ser.interval(0.95).unwrap() == (0.0, 1.0));
    assert!(one.ser.interval(1.0).is_err() && one.ser.interval(f64::NAN).is_err());
}

#[test]
fn bursts_that_do_not_end_are_named() {
    // Sixty taps of the cursor's size: once wrong, wrong for as long as anyone waits.
    let mut model = pam4(0.2);
    model.signal = SlicerSignal::Linear { cursors: vec![1.0; 61], main: 0 };
    model.dfe = vec![1.0; 60];
    let text = simulate_rare(&model, &with(2_000, 1)).unwrap_err().to_string();
    assert!(text.starts_with("bursts of decision errors:"), "{text}");
}
