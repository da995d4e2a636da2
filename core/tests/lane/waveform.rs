//! The waveform mode against the statistical engine and the baud mode, lane by lane.

use crate::{prepared, segments};
use lightlane::Run;
use lightlane::engine::time_domain::{Simulation, simulate, simulate_sequence};
use lightlane::lane::{Block, Lane, SignalForm, preset, preset_names};
use lightlane::receiver::{Adc, ClockRecovery, Mlsd, MlsdSetting};
use lightlane::response::{CrosstalkPhase, CrosstalkRule, Jitter, JitterModel};

/// Symbols of a run: some hundred errors at 1e-3, a few seconds.
const N_SYMBOLS: u64 = 200_000;
/// With right feedback the engines share everything but the sampling error and what trimming leaves out: 1e-6 of a
/// pulse's energy. With it the chain of decision errors is up to 15 % low, as in the comparison of the baud mode.
const WITHOUT_FEEDBACK: f64 = 0.03;
const WITH_FEEDBACK: f64 = 0.15;
/// A step's error is not quite independent of the signal where steps are as wide as the noise.
const CONVERTER: f64 = 0.02;

fn agrees(label: &str, lane: &Lane, tolerance: f64) {
    let lane = prepared(lane).unwrap();
    let report = lane.analyze(&Run::default()).unwrap();
    assert!(report.ber > 1e-4 && report.ber < 0.2, "{label}: {:.2e} cannot be counted here", report.ber);
    let simulation = Simulation { n_symbols: N_SYMBOLS, ..Simulation::default() };
    let found = lane.simulate_waveform(None, &simulation).unwrap();
    let baud = simulate(&report.model, &simulation).unwrap();
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
    assert!(
        (found.counts.ber() - baud.ber()).abs() < half,
        "{label}: baud {:.4e}, waveform {:.4e}",
        baud.ber(),
        found.counts.ber()
    );
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
        let lane = lane("copper-c2m", 150.0, |lane| {
            without_feedback(lane);
            lane.transmitter.jitter = jitter(model);
            lane.crosstalk_phase = CrosstalkPhase::Rule(CrosstalkRule::Uniform);
        });
        agrees(label, &lane, WITHOUT_FEEDBACK);
    }
}

#[test]
fn on_copper_with_feedback() {
    agrees("copper-kr1", &lane("copper-kr1", 5.0, |_| {}), WITH_FEEDBACK);
}

/// Sinusoidal and even-odd jitter, alone and with the draws whose response they move.
#[test]
fn on_copper_with_jitter_that_symbols_share() {
    // An integer number of periods of the sinusoid in a run.
    let sj_hz = 106.25e9 / 2000.0;
    for model in [JitterModel::Edge, JitterModel::Com] {
        for (label, jitter) in [
            ("sinusoidal", Jitter { sj_ui: 0.1, sj_hz, ..Jitter::default() }),
            ("even-odd", Jitter { dcd_ui: 0.15, ..Jitter::default() }),
            (
                "all",
                Jitter { sj_ui: 0.05, sj_hz, dcd_ui: 0.06, rj_ui: 0.02, dd_ui: 0.02, ..Jitter::default() },
            ),
        ] {
            let lane = lane("copper-c2m", 150.0, |lane| {
                without_feedback(lane);
                lane.transmitter.jitter = Some(Jitter { model, ..jitter.clone() });
            });
            agrees(&format!("{label}, {model:?}"), &lane, WITHOUT_FEEDBACK);
        }
    }
}

/// The waveform mode quantizes every sample; the others add a uniform of the step's width for every tap of the FFE.
#[test]
fn on_copper_with_a_converter() {
    for (bits, noise) in [(6, 100.0), (5, 80.0), (4, 40.0)] {
        let lane = lane("copper-c2m", noise, |lane| {
            without_feedback(lane);
            lane.receiver.adc_bits = Some(bits);
        });
        agrees(&format!("{bits} bits"), &lane, CONVERTER);
    }
}

#[test]
fn on_an_ideal_lane_whose_noise_is_white() {
    let mut lane = Lane::default();
    // (5/9) amplitude²/σ² of 16 dB.
    let sigma2 = 5.0 / 9.0 * lane.transmitter.amplitude_v.powi(2) / 10f64.powf(1.6);
    lane.receiver.noise_v2_per_hz = 2.0 * sigma2 / lane.symbol_rate_hz;
    agrees("ideal", &lane, WITHOUT_FEEDBACK);
}

/// The sequence behind the waveform is that of the baud mode: the same count within both runs' intervals, fewer errors
/// than decision feedback on the same samples, and the same for any number of threads; with a clock that follows too.
#[test]
fn on_copper_with_sequence_detection() {
    for (name, noise, whitening_taps) in [("copper-kr1", 5.0, 0), ("copper-c2m", 150.0, 1)] {
        let lane = lane(name, noise, |lane| {
            lane.receiver.mlsd = MlsdSetting::Detector(Mlsd { whitening_taps });
        });
        let ready = prepared(&lane).unwrap();
        let report = ready.analyze(&Run::default()).unwrap();
        let simulation = Simulation { n_symbols: 2 * N_SYMBOLS, ..Simulation::default() };
        let found = ready.simulate_waveform(None, &simulation).unwrap();
        let detector = &report.detection.as_ref().unwrap().detector;
        let baud = simulate_sequence(&report.model, detector, &simulation).unwrap();
        let dfe = found.dfe.clone().unwrap();
        for (what, waveform, baud) in
            [("sequence", &found.counts, &baud.counts), ("feedback", &dfe, &baud.dfe)]
        {
            let (low, high) = baud.ber_interval(0.9999).unwrap();
            let half = 0.5 * (high - low) * baud.variance_inflation().sqrt() * 2f64.sqrt();
            let label = format!("{name}, {what}: baud {:.4e}, waveform {:.4e}", baud.ber(), waveform.ber());
            assert!((waveform.ber() - baud.ber()).abs() < half, "{label}");
            assert!(waveform.n_symbols == simulation.n_symbols && waveform.n_bit_errors > 100, "{label}");
        }
        assert!(found.counts.n_bit_errors < dfe.n_bit_errors, "{name}");
        let run = Run::with_threads(Some(1)).unwrap();
        let again = ready.simulate_waveform(None, &Simulation { run, ..simulation.clone() }).unwrap();
        assert_eq!((again.counts, again.dfe), (found.counts.clone(), found.dfe));
        let mut tracked = lane.clone();
        tracked.receiver.clock_recovery = Some(ClockRecovery::default());
        let followed = prepared(&tracked).unwrap().simulate_waveform(None, &simulation).unwrap();
        let ratio = followed.counts.ber() / found.counts.ber();
        // A loop that follows noise jitters by some hundredths of a UI.
        assert!((0.8..2.0).contains(&ratio), "{name}: {ratio}");
        let stopped = Simulation { stop_at_bit_errors: Some(20), ..simulation };
        let stopped = ready.simulate_waveform(None, &stopped).unwrap();
        assert!(stopped.counts.n_bit_errors >= 20 && stopped.counts.n_symbols < 2 * N_SYMBOLS);
        assert_eq!(stopped.counts.n_symbols, stopped.dfe.unwrap().n_symbols);
    }
}

#[test]
fn what_only_one_mode_has_is_refused_by_the_others() {
    let base = preset("copper-c2m").unwrap();
    let mut tracked = base.clone();
    tracked.receiver.clock_recovery = Some(ClockRecovery::default());
    let mut swinging = base.clone();
    swinging.transmitter.jitter = Some(Jitter { sj_ui: 0.3, sj_hz: 1e6, ..Jitter::default() });
    let mut mismatched = base;
    mismatched.receiver.adc = Some(Adc { interleave: 4, offset_v: 1e-3, ..Adc::default() });
    let simulation = Simulation { n_symbols: 1000, ..Simulation::default() };
    for (lane, field) in [
        (tracked, "receiver.clock_recovery ="),
        (swinging, "transmitter.jitter.sj_ui ="),
        (mismatched, "receiver.adc.offset_v ="),
    ] {
        let lane = prepared(&lane).unwrap();
        let text = lane.analyze(&Run::default()).unwrap_err().to_string();
        assert!(text.starts_with(field), "{text}");
        assert!(lane.simulate_waveform(Some(8), &simulation).is_ok(), "{field}");
    }
}

#[test]
fn on_light_in_its_linear_form_with_noise_that_follows_the_level() {
    let lane = lane("cpo-dr1-mzm", 1.0, |lane| {
        lane.signal_form = SignalForm::Linear;
        without_feedback(lane);
        for block in &mut lane.medium {
            if let Block::Optics(optics) = block {
                optics.laser.rin_per_hz *= 8.0;
            }
        }
    });
    agrees("cpo-dr1-mzm, RIN", &lane, WITHOUT_FEEDBACK);
}

/// The waveform's table is before the FFE, whose every tap then sees a nonlinear sample of its own; that of the other
/// engines is after it and leaves more unexplained.
const RECORD: f64 = 0.05;

#[test]
fn on_light_as_a_record_with_noise_of_either_kind() {
    // Thermal noise of the receiver, and the laser's intensity noise, which follows the symbol on the line.
    let thermal = lane("cpo-dr1-mzm", 80.0, without_feedback);
    agrees("cpo-dr1-mzm, thermal", &thermal, RECORD);
    // The ring's table leaves just over 5 % of the half-eye at its worst, that of the linear module twice as much: it is
    // replayed.
    agrees("cpo-dr1, thermal", &lane("cpo-dr1", 80.0, without_feedback), RECORD);
    agrees("lpo-dr1, thermal", &lane("lpo-dr1", 20.0, without_feedback), RECORD);
    let rin = lane("cpo-dr1-mzm", 1.0, |lane| {
        without_feedback(lane);
        for block in &mut lane.medium {
            if let Block::Optics(optics) = block {
                optics.laser.rin_per_hz *= 8.0;
            }
        }
    });
    agrees("cpo-dr1-mzm, RIN", &rin, RECORD);
}

#[test]
fn every_preset_runs_at_32_samples_a_symbol() {
    let simulation = Simulation { n_symbols: 2000, ..Simulation::default() };
    for name in preset_names().unwrap() {
        let lane = segments(&preset(&name).unwrap()).unwrap();
        let found = lane.simulate_waveform(Some(32), &simulation).unwrap().lane;
        assert_eq!((found.counts.n_symbols, found.eye.phase_ui.len()), (2000, 32), "{name}");
        // A preset meets its limit before the code, a few errors in 1e4 bits at most.
        assert!(found.counts.n_bit_errors < 20, "{name}: {}", found.counts.n_bit_errors);
    }
}

#[test]
fn samples_a_symbol_do_not_move_the_errors() {
    // The same noise and symbols at 16 and at 48 samples a symbol: phase 0 is the same instant.
    let lane = prepared(&lane("cpo-dr1-mzm", 80.0, without_feedback)).unwrap();
    let simulation = Simulation { n_symbols: 40_000, ..Simulation::default() };
    let of = |samples| lane.simulate_waveform(Some(samples), &simulation).unwrap().counts;
    let (coarse, fine) = (of(16), of(48));
    assert!(coarse.n_bit_errors > 50);
    // Single precision decides a sample at a threshold otherwise once in 1e5.
    assert!(coarse.n_bit_errors.abs_diff(fine.n_bit_errors) <= 2, "{coarse:?} {fine:?}");
}

#[test]
fn the_jitter_that_a_lane_tolerates_falls_to_what_its_loop_does_not_follow() {
    let mut lane = lane("copper-c2m", 60.0, without_feedback);
    let clock = ClockRecovery { bandwidth_hz: 20e6, latency_ui: 16, ..ClockRecovery::default() };
    lane.receiver.clock_recovery = Some(clock.clone());
    let lane = prepared(&lane).unwrap();
    let simulation = Simulation { n_symbols: 50_000, ..Simulation::default() };
    let frequencies = [4e6, 20e6, 100e6];
    let transfer = lane.jitter_transfer(&frequencies, 0.03, &simulation).unwrap();
    for t in &transfer {
        // Adapted taps bend the detector's slope by about a tenth, and the loop has a latency.
        assert!((t.gain / t.model - 1.0).abs() < 0.2, "{t:?}");
    }
    let tolerance = lane.jitter_tolerance(&frequencies, 2e-3, &simulation).unwrap();
    let [slow, middle, fast] = [0, 1, 2].map(|i| tolerance[i].amplitude_ui);
    assert!(slow > 1.5 * middle && middle > fast && fast > 0.02, "{tolerance:?}");
    assert!(tolerance.iter().all(|t| t.ber <= 2e-3));
    let refused =
        |limit: f64| lane.jitter_tolerance(&frequencies, limit, &simulation).unwrap_err().to_string();
    // Too rare to count, and missed without any jitter.
    assert!(refused(1e-9).starts_with("ber_limit ="), "{}", refused(1e-9));
    assert!(refused(2.1e-4).starts_with("ber_limit ="), "{}", refused(2.1e-4));
    let without = prepared(&preset("copper-c2m").unwrap()).unwrap();
    let text = without.jitter_tolerance(&frequencies, 1e-3, &simulation).unwrap_err().to_string();
    assert!(text.starts_with("receiver.clock_recovery ="), "{text}");
}
