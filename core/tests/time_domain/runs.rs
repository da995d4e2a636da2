//! How a run of the time-domain engine is run: threads, cancellation, progress, bad input.

use lightlane::engine::time_domain::{MAX_SYMBOLS, Simulation, simulate};
use lightlane::grid::SymbolRate;
use lightlane::modulation::Modulation;
use lightlane::response::{
    CrosstalkPhase, DecisionModel, SlicerCrosstalk, SlicerNoise, SlicerSignal, SymbolNoise,
};
use lightlane::{Error, Run};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

fn model() -> DecisionModel {
    DecisionModel {
        symbol_rate: SymbolRate::new(106.25e9).unwrap(),
        modulation: Modulation::Pam4,
        levels: vec![-3.0, -1.0, 1.0, 3.0],
        signal: SlicerSignal::Linear { cursors: vec![0.1, 1.0, 0.8, 0.1], main: 1 },
        dfe: vec![0.8, 0.1],
        noise: SlicerNoise { autocorrelation_v2: vec![0.16, 0.03], ..SlicerNoise::default() },
        crosstalk: vec![SlicerCrosstalk {
            name: "fext".into(),
            levels: vec![-3.0, -1.0, 1.0, 3.0],
            phases: vec![vec![0.02, 0.01], vec![0.0, 0.03]],
        }],
        crosstalk_phase: CrosstalkPhase::default(),
        jitter: None,
        thresholds_v: Some(vec![-2.0, 0.0, 2.0]),
    }
}

fn with_threads(threads: usize) -> Run {
    Run::with_threads(Some(threads)).unwrap()
}

#[test]
fn counts_do_not_depend_on_threads() {
    let counts = [1, 2, 3].map(|threads| {
        let simulation =
            Simulation { n_symbols: 500_000, seed: 7, run: with_threads(threads), ..Simulation::default() };
        simulate(&model(), &simulation).unwrap()
    });
    assert!(counts[0].n_symbol_errors > 10_000);
    assert_eq!(counts[0], counts[1]);
    assert_eq!(counts[0], counts[2]);
    let other =
        simulate(&model(), &Simulation { n_symbols: 500_000, seed: 8, ..Simulation::default() }).unwrap();
    assert_ne!(counts[0], other);
}

#[test]
fn a_raised_flag_interrupts() {
    let run = with_threads(1);
    run.cancel_flag().store(true, Ordering::Relaxed);
    let simulation = Simulation { n_symbols: 1000, seed: 1, run, ..Simulation::default() };
    assert_eq!(simulate(&model(), &simulation), Err(Error::Interrupted));
    // Raised from the progress callback of a run that would take hours.
    for threads in [1, 2] {
        let run = with_threads(threads);
        let flag = run.cancel_flag();
        let run = run.with_progress(move |_, _| flag.store(true, Ordering::Relaxed));
        let simulation = Simulation { n_symbols: 1 << 40, seed: 1, run, ..Simulation::default() };
        assert_eq!(simulate(&model(), &simulation), Err(Error::Interrupted));
    }
}

#[test]
fn progress_reaches_the_total() {
    let (seen, calls) = (Arc::new(Mutex::new((0, 0))), Arc::new(AtomicU64::new(0)));
    let (seen_by, calls_by) = (Arc::clone(&seen), Arc::clone(&calls));
    let run = with_threads(2).with_progress(move |done, total| {
        let mut seen = seen_by.lock().unwrap();
        *seen = (done.max(seen.0), total);
        calls_by.fetch_add(1, Ordering::Relaxed);
    });
    simulate(&model(), &Simulation { n_symbols: 200_000, seed: 1, run, ..Simulation::default() }).unwrap();
    assert_eq!(*seen.lock().unwrap(), (200_000, 200_000));
    // One call a segment of 65,536 symbols.
    assert_eq!(calls.load(Ordering::Relaxed), 4);
}

/// The name of the field that the error blames.
fn blamed(change: impl FnOnce(&mut DecisionModel)) -> String {
    let mut model = model();
    change(&mut model);
    match simulate(&model, &Simulation { n_symbols: 1000, ..Simulation::default() }) {
        Err(Error::Parameter { name, .. }) => name,
        other => panic!("not a parameter error: {other:?}"),
    }
}

#[test]
fn bad_models_name_their_field() {
    assert_eq!(blamed(|m| m.thresholds_v = None), "thresholds_v");
    assert_eq!(blamed(|m| m.thresholds_v = Some(vec![0.0])), "thresholds_v");
    assert_eq!(blamed(|m| m.thresholds_v = Some(vec![0.0, -1.0, 2.0])), "thresholds_v");
    assert_eq!(blamed(|m| m.thresholds_v = Some(vec![0.0, f64::NAN, 2.0])), "thresholds_v");
    assert_eq!(blamed(|m| m.levels = vec![-1.0, 1.0]), "levels");
    assert_eq!(blamed(|m| m.levels[2] = f64::INFINITY), "levels[2]");
    assert_eq!(blamed(|m| m.dfe[1] = f64::NAN), "signal.cursors[3]");
    let linear = |cursors, main| SlicerSignal::Linear { cursors, main };
    assert_eq!(blamed(|m| m.signal = linear(vec![1.0, f64::NAN], 0)), "signal.cursors[1]");
    assert_eq!(blamed(|m| m.signal = linear(vec![1e300], 0)), "signal.cursors[0]");
    assert_eq!(blamed(|m| m.signal = linear(vec![1.0], 1)), "signal.main");
    let table = |n: usize, memory, after| SlicerSignal::Table {
        table: vec![0.5; n],
        memory,
        after,
        cursors: vec![],
        main: 0,
        residual_v: vec![],
        residual_ratio: 0.0,
    };
    assert_eq!(blamed(|m| m.signal = table(17, 2, 0)), "signal.table");
    assert_eq!(blamed(|m| m.signal = table(1, 0, 0)), "signal.table");
    assert_eq!(blamed(|m| m.signal = table(16, usize::MAX, 0)), "signal.table");
    assert_eq!(blamed(|m| m.signal = table(16, 2, 2)), "signal.after");
    assert_eq!(blamed(|m| m.noise.autocorrelation_v2[0] = -1.0), "noise.autocorrelation_v2[0]");
    assert_eq!(blamed(|m| m.crosstalk[0].phases.clear()), "crosstalk[0].phases");
    assert_eq!(blamed(|m| m.crosstalk[0].phases[1].push(0.0)), "crosstalk[0].phases");
    assert_eq!(blamed(|m| m.crosstalk[0].levels.push(5.0)), "crosstalk[0].levels");
    assert_eq!(blamed(|m| m.crosstalk_phase = CrosstalkPhase::PhaseUi(f64::NAN)), "crosstalk_phase");
    let noise = SymbolNoise {
        name: "shot".into(),
        energy_v2: vec![0.01],
        main: 0,
        factor: vec![1.0, 2.0],
        response: vec![0.1],
        steps: 1,
    };
    assert_eq!(blamed(|m| m.noise.by_symbol = vec![noise]), "noise.by_symbol[0].factor");
}

#[test]
fn bad_lengths_are_refused() {
    for n_symbols in [0, MAX_SYMBOLS + 1, u64::MAX] {
        let simulation = Simulation { n_symbols, ..Simulation::default() };
        assert!(
            matches!(simulate(&model(), &simulation), Err(Error::Parameter { name, .. }) if name == "n_symbols")
        );
    }
}
