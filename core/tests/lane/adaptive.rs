//! Equalizers that adapt inside a lane, against the closed-form taps and the fixed equalizer's count.

use crate::prepared;
use lightlane::engine::time_domain::{AdaptiveCounts, Simulation, WaveformCounts, simulate};
use lightlane::lane::{Lane, preset};
use lightlane::receiver::{Adaptation, Algorithm, ClockDetector, ClockRecovery, Dfe, Ffe, Start};
use lightlane::{Error, Result, Run};

/// A copper lane whose taps have no limits, so that the closed form is what adaptation tends to.
fn lane(ffe: Ffe) -> Lane {
    let mut lane = preset("copper-c2m").unwrap();
    lane.receiver.noise_v2_per_hz *= 60.0;
    lane.receiver.ffe = Some(ffe);
    lane.receiver.dfe = Some(Dfe::unlimited(1));
    lane
}

fn adapt(lane: &Lane, adaptation: &Adaptation, n_symbols: u64) -> Result<AdaptiveCounts> {
    let simulation = Simulation { n_symbols, seed: 5, ..Simulation::default() };
    prepared(lane).unwrap().simulate_adaptive(adaptation, &simulation)
}

/// Largest difference of taps, those of both main taps being 1.
fn distance(found: &AdaptiveCounts, ffe: &[f64], dfe: &[f64]) -> f64 {
    let pairs = found.adapted.ffe.iter().zip(ffe).chain(found.adapted.dfe.iter().zip(dfe));
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn every_algorithm_and_start_reaches_the_closed_form() {
    // Without FFE taps after the main one, which could do the feedback's work: the two are told apart by noise alone,
    // and no adaptation from a wire does so in a run of this length.
    let lane = lane(Ffe::new(5, 0));
    let report = prepared(&lane).unwrap().analyze(&Run::default()).unwrap();
    let (ffe, dfe) = (&report.equalizer.ffe, &report.equalizer.dfe);
    // Gradient noise leaves taps within about sqrt(step mse) of the optimum, per tap; the sign's step is absolute.
    for (algorithm, step, tolerance) in
        [(Algorithm::Lms, 3e-4, 0.006), (Algorithm::Block, 3e-4, 0.006), (Algorithm::SignSign, 3e-5, 0.02)]
    {
        for start in [Start::Lane, Start::Wire] {
            let adaptation = Adaptation {
                algorithm,
                step,
                start,
                training_symbols: 150_000,
                settling_symbols: 20_000,
                ..Adaptation::default()
            };
            let found = adapt(&lane, &adaptation, 200_000).unwrap();
            let distance = distance(&found, ffe, dfe);
            assert!(
                distance < tolerance,
                "{algorithm:?} from {start:?}: {distance} {:?} {ffe:?}",
                found.adapted.ffe
            );
            let trace = &found.adapted.error_rms_trace;
            assert_eq!(trace.len(), 170_000 / 1024);
            if start == Start::Wire {
                assert!(trace[0] > 1.5 * trace[trace.len() - 1], "{algorithm:?}: {trace:?}");
            }
            // Its decisions are as good as those of the taps it tends to: within the interval and a fifth for taps that
            // stray and levels that are decided midway.
            let agrees = found.counts.agrees_with(report.ber, 0.9999, 0.2).unwrap();
            assert!(agrees, "{algorithm:?} from {start:?}: {} {}", found.counts.ber(), report.ber);
        }
    }
}

#[test]
fn taps_are_exported_resumed_and_frozen() {
    let lane = lane(Ffe::new(3, 6));
    let wire = Adaptation { start: Start::Wire, settling_symbols: 0, ..Adaptation::default() };
    let first = adapt(&lane, &wire, 1000).unwrap();
    let exported = Lane { receiver: first.adapted.receiver.clone(), ..lane.clone() };
    let report = prepared(&exported).unwrap().analyze(&Run::default()).unwrap();
    assert_eq!((&report.equalizer.ffe, &report.equalizer.dfe), (&first.adapted.ffe, &first.adapted.dfe));
    // Frozen, they stay; to rounding, as they go through the lane's units.
    let frozen =
        Adaptation { step: 0.0, training_symbols: 0, settling_symbols: 300, ..Adaptation::default() };
    let held = adapt(&exported, &frozen, 100_000).unwrap();
    assert!(distance(&held, &first.adapted.ffe, &first.adapted.dfe) < 1e-12);
    // The engine with fixed taps counts the same errors but for the thresholds, which are the optimal ones there.
    let simulation = Simulation { n_symbols: 100_000, seed: 5, ..Simulation::default() };
    let fixed = simulate(&report.model, &simulation).unwrap();
    let ratio = held.counts.ber() / fixed.ber();
    assert!((0.9..1.2).contains(&ratio), "{ratio}");
    // Frozen from the count on: whatever its length.
    let adaptation = Adaptation { freeze: true, ..wire };
    let (short, long) = (adapt(&lane, &adaptation, 1).unwrap(), adapt(&lane, &adaptation, 20_000).unwrap());
    assert_eq!((short.adapted.ffe, short.adapted.dfe), (long.adapted.ffe, long.adapted.dfe));
}

#[test]
fn floating_taps_adapt_at_their_places() {
    let floating =
        Ffe { floating_groups: 2, floating_taps: 3, floating_limit: f64::INFINITY, ..Ffe::new(4, 4) };
    let mut lane = lane(floating);
    lane.receiver.dfe = None;
    let report = prepared(&lane).unwrap().analyze(&Run::default()).unwrap();
    let adaptation =
        Adaptation { step: 3e-4, training_symbols: 200_000, start: Start::Wire, ..Adaptation::default() };
    let found = adapt(&lane, &adaptation, 1000).unwrap();
    assert_eq!(found.adapted.ffe.len(), report.equalizer.ffe.len());
    for (i, tap) in report.equalizer.ffe.iter().enumerate().skip(9) {
        assert_eq!(*tap == 0.0, found.adapted.ffe[i] == 0.0, "tap {i}");
    }
    let distance = distance(&found, &report.equalizer.ffe, &report.equalizer.dfe);
    assert!(distance < 0.006, "{distance} {:?} {:?}", found.adapted.ffe, report.equalizer.ffe);
}

#[test]
fn the_count_does_not_depend_on_threads() {
    let lane = lane(Ffe::new(3, 6));
    let prepared = prepared(&lane).unwrap();
    let adaptation = Adaptation { training_symbols: 5000, settling_symbols: 0, ..Adaptation::default() };
    let counts = |threads| {
        let run = Run::with_threads(Some(threads)).unwrap();
        let simulation = Simulation { n_symbols: 70_000, run, ..Simulation::default() };
        prepared.simulate_adaptive(&adaptation, &simulation).unwrap()
    };
    assert_eq!(counts(1), counts(2));
}

#[test]
fn divergence_and_what_cannot_adapt_are_named() {
    let lane = lane(Ffe::new(3, 6));
    let error = adapt(&lane, &Adaptation { step: 5.0, ..Adaptation::default() }, 1000).unwrap_err();
    let Error::Convergence { method, figure, value, limit, .. } = &error else { panic!("{error}") };
    assert!(method == "adaptation of the receiver" && figure.starts_with("error of symbol"), "{error}");
    assert!(value.abs() > *limit || value.is_nan(), "{error}");
    let mut bare = lane.clone();
    (bare.receiver.ffe, bare.receiver.dfe) = (None, None);
    let refused = |lane: &Lane, adaptation: Adaptation| adapt(lane, &adaptation, 10).unwrap_err().to_string();
    assert!(refused(&bare, Adaptation::default()).starts_with("receiver.ffe = None"));
    assert!(
        refused(&lane, Adaptation { trace_symbols: 0, ..Adaptation::default() })
            .starts_with("adaptation.trace")
    );
    assert!(
        refused(&lane, Adaptation { step: f64::NAN, ..Adaptation::default() }).starts_with("adaptation.step")
    );
    let mut detecting = lane;
    detecting.receiver.mlsd = lightlane::receiver::MlsdSetting::Switch(true);
    assert!(refused(&detecting, Adaptation::default()).starts_with("receiver.mlsd = true"));
}

/// The same equalizer behind a waveform.
fn adapt_waveform(lane: &Lane, adaptation: &Adaptation, n_symbols: u64) -> Result<WaveformCounts> {
    let simulation = Simulation { n_symbols, seed: 5, ..Simulation::default() };
    prepared(lane).unwrap().simulate_waveform_adaptive(Some(8), adaptation, &simulation)
}

#[test]
fn a_waveform_teaches_the_closed_form() {
    let lane = lane(Ffe::new(5, 0));
    let report = prepared(&lane).unwrap().analyze(&Run::default()).unwrap();
    let adaptation = Adaptation {
        step: 3e-4,
        start: Start::Wire,
        training_symbols: 100_000,
        settling_symbols: 20_000,
        ..Adaptation::default()
    };
    let found = adapt_waveform(&lane, &adaptation, 100_000).unwrap();
    let learnt = found.adapted.as_ref().unwrap();
    let pairs =
        learnt.ffe.iter().zip(&report.equalizer.ffe).chain(learnt.dfe.iter().zip(&report.equalizer.dfe));
    let distance = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    // As in the other mode: gradient noise.
    assert!(distance < 0.006, "{distance} {learnt:?}");
    assert_eq!((found.settling_symbols, learnt.error_rms_trace.len()), (120_000, 120_000 / 1024));
    assert!(learnt.error_rms_trace[0] > 1.5 * learnt.error_rms, "{learnt:?}");
    let agrees = found.counts.agrees_with(report.ber, 0.9999, 0.2).unwrap();
    assert!(agrees, "{} {}", found.counts.ber(), report.ber);
    // The eye is that of the taps learnt: open about the levels, at the size that the lane's own taps give it.
    let simulation = Simulation { n_symbols: 100_000, seed: 5, ..Simulation::default() };
    let fixed = prepared(&lane).unwrap().simulate_waveform(Some(8), &simulation).unwrap();
    let rms = |counts: &WaveformCounts| {
        let (eye, phases) = (&counts.eye, counts.eye.phase_ui.len());
        let column = eye.counts.iter().skip(phases / 2).step_by(phases);
        let (mut n, mut square) = (0.0, 0.0);
        for (count, edges) in column.zip(eye.edges_v.windows(2)) {
            n += *count as f64;
            square += *count as f64 * (0.5 * (edges[0] + edges[1])).powi(2);
        }
        (square / n).sqrt()
    };
    // Taps within 0.006 of each other, of which the main one is 1.
    assert!((rms(&found) / rms(&fixed) - 1.0).abs() < 0.02, "{} {}", rms(&found), rms(&fixed));
}

#[test]
fn taps_and_clock_act_together() {
    // The edges of the bang-bang detector have no feedback: it needs a quieter lane without, and counts nothing there.
    for (detector, quieter) in [(ClockDetector::MuellerMuller, 1.0), (ClockDetector::BangBang, 60.0)] {
        let mut lane = lane(Ffe::new(3, 6));
        lane.receiver.noise_v2_per_hz /= quieter;
        if quieter > 1.0 {
            lane.receiver.dfe = None;
        }
        lane.receiver.clock_recovery = Some(ClockRecovery { detector, ..ClockRecovery::default() });
        let simulation = Simulation { n_symbols: 200_000, seed: 5, ..Simulation::default() };
        let fixed = prepared(&lane).unwrap().simulate_waveform(Some(8), &simulation).unwrap();
        let held = Adaptation { step: 0.0, ..Adaptation::default() };
        let still = adapt_waveform(&lane, &held, 200_000).unwrap();
        let moving = adapt_waveform(&lane, &Adaptation { step: 1e-4, ..held }, 200_000).unwrap();
        let phase = |counts: &WaveformCounts| counts.clock.unwrap().lock_phase_ui;
        // Taps that stand still are the fixed equalizer but for levels that are decided midway.
        assert!((phase(&still) - phase(&fixed)).abs() < 0.003, "{} {}", phase(&still), phase(&fixed));
        let errors = |counts: &WaveformCounts| counts.counts.n_bit_errors as f64;
        let ratio = (errors(&still) + 1.0) / (errors(&fixed) + 1.0);
        assert!((0.85..1.25).contains(&ratio), "{detector:?}: {ratio}");
        // Where the clock locks elsewhere than the taps were made for, they follow: never worse than those that do not,
        // but for gradient noise. The clock does not follow them.
        assert!((phase(&moving) - phase(&still)).abs() < 0.003, "{} {}", phase(&moving), phase(&still));
        let ratio = (errors(&moving) + 1.0) / (errors(&still) + 1.0);
        assert!(ratio < 1.1, "{detector:?}: {ratio}");
        assert_eq!((moving.clock.unwrap().n_slips, still.adapted.unwrap().error_rms_trace.len()), (0, 97));
        // What was learnt keeps the clock.
        assert_eq!(moving.adapted.unwrap().receiver.clock_recovery, lane.receiver.clock_recovery);
    }
}

#[test]
fn an_adaptive_waveform_does_not_depend_on_threads_and_names_divergence() {
    let mut lane = lane(Ffe::new(3, 6));
    lane.receiver.clock_recovery = Some(ClockRecovery::default());
    let prepared = prepared(&lane).unwrap();
    let adaptation = Adaptation { training_symbols: 5000, settling_symbols: 0, ..Adaptation::default() };
    let counts = |threads, adaptation: &Adaptation| {
        let run = Run::with_threads(Some(threads)).unwrap();
        let simulation = Simulation { n_symbols: 40_000, run, ..Simulation::default() };
        prepared.simulate_waveform_adaptive(Some(8), adaptation, &simulation)
    };
    // Not shown when they differ: they are long.
    assert!(counts(1, &adaptation) == counts(2, &adaptation));
    let error = counts(1, &Adaptation { step: 5.0, ..adaptation }).unwrap_err();
    assert!(
        matches!(&error, Error::Convergence { method, .. } if method == "adaptation of the receiver"),
        "{error}"
    );
}
