//! The waveform mode: clock recovery against closed forms, and what its counts must not depend on.

use lightlane::engine::time_domain::{ClockReport, Simulation, simulate_waveform};
use lightlane::grid::SymbolRate;
use lightlane::modulation::Modulation;
use lightlane::receiver::{Adc, ClockDetector, ClockMode, ClockRecovery, Receiver};
use lightlane::response::{CrosstalkPhase, PhaseResponse, WaveformModel, WaveformNoise};
use lightlane::{Error, Run};
use std::f64::consts::TAU;

const M: usize = 32;
const RATE_HZ: f64 = 1e9;

/// The pulse `h`, time in UI, sampled from `start_ui` on; its main symbol is the one whose own sample is h(start).
fn response(start_ui: f64, before: usize, after: usize, h: impl Fn(f64) -> f64) -> PhaseResponse {
    let phases = (0..M)
        .map(|p| {
            let at = start_ui + p as f64 / M as f64;
            (0..=before + after).map(|j| h(at + j as f64 - before as f64)).collect()
        })
        .collect();
    PhaseResponse { phases, main: before }
}

fn nrz(signal: PhaseResponse, sigma: f64) -> WaveformModel {
    // White from symbol to symbol, constant within one: what a hold would leave.
    let hold = PhaseResponse { phases: vec![vec![sigma]; M], main: 0 };
    WaveformModel {
        symbol_rate: SymbolRate::new(RATE_HZ).unwrap(),
        modulation: Modulation::Nrz,
        levels: vec![-1.0, 1.0],
        samples_per_symbol: M,
        signal,
        table: None,
        noise: vec![WaveformNoise { name: "thermal".into(), streams: vec![hold], factor: None }],
        interference: vec![],
        crosstalk: vec![],
        crosstalk_phase: CrosstalkPhase::default(),
        jitter: None,
        sj_ui: 0.0,
        sj_hz: 0.0,
        frequency_offset_ppm: 0.0,
        ssc_ppm: 0.0,
        ssc_hz: 0.0,
        rms_v: 1.0,
        ffe: vec![1.0],
        ffe_pre: 0,
        dfe: vec![],
        thresholds_v: vec![0.0],
    }
}

/// 1 − e^(−t/τ) over the symbol, then its decay.
fn one_pole(tau: f64) -> impl Fn(f64) -> f64 {
    move |t| {
        if t <= 0.0 {
            0.0
        } else if t < 1.0 {
            1.0 - (-t / tau).exp()
        } else {
            ((1.0 - t) / tau).exp() - (-t / tau).exp()
        }
    }
}

fn tracking(bandwidth_hz: f64) -> Receiver {
    let clock = ClockRecovery { bandwidth_hz, damping: 1.5, latency_ui: 0, ..ClockRecovery::default() };
    Receiver { clock_recovery: Some(clock), ..Receiver::default() }
}

fn clock(model: &WaveformModel, receiver: &Receiver) -> ClockReport {
    let simulation = Simulation { n_symbols: 200_000, ..Simulation::default() };
    simulate_waveform(model, receiver, &simulation).unwrap().clock.unwrap()
}

#[test]
fn mueller_muller_locks_at_its_closed_form_point() {
    for tau in [0.4f64, 0.7] {
        // Sampled from the end of the symbol on: t0 = T + τ ln(1 + e^(−T/τ) − e^(−2T/τ)).
        let e = (-1.0 / tau).exp();
        let exact = tau * (1.0 + e - e * e).ln();
        let mut receiver = tracking(1e6);
        if let Some(clock) = &mut receiver.clock_recovery {
            clock.start_ui = -0.2;
        }
        let found = clock(&nrz(response(1.0, 2, 30, one_pole(tau)), 0.02), &receiver);
        // The kink of the pulse lies between samples: its interpolation is a few thousandths of a symbol off.
        assert!((found.lock_phase_ui - exact).abs() < 0.006, "{tau}: {} for {exact}", found.lock_phase_ui);
        assert!(found.time_to_lock > 0 && found.n_slips == 0, "{found:?}");
    }
}

#[test]
fn the_lock_is_unbiased_on_equalized_samples() {
    // A pole at τ = T: on raw samples the detector locks 0.21 UI late. A zero-forcing FFE, or feedback of the first
    // postcursor, leaves the neighbours of the sample at the pulse's end at 0.
    let tau = 1.0;
    let e = (-1.0f64 / tau).exp();
    let raw = nrz(response(1.0, 2, 30, one_pole(tau)), 0.01);
    let late = clock(&raw, &tracking(1e6)).lock_phase_ui;
    assert!((late - (1.0 + e - e * e).ln()).abs() < 0.01, "{late}");
    let by_ffe = WaveformModel { ffe: vec![1.0, -e], ..raw.clone() };
    let by_dfe = WaveformModel { dfe: (1..12).map(|j| (1.0 - e) * e.powi(j)).collect(), ..raw };
    for (label, model) in [("ffe", by_ffe), ("dfe", by_dfe)] {
        let phase = clock(&model, &tracking(1e6)).lock_phase_ui;
        // The pulse has its kink there: noise pushes harder from one side, by less than its own deviation.
        assert!(phase.abs() < 0.02, "{label}: {phase}");
    }
}

/// A smooth pulse without much interference.
fn gaussian(t: f64) -> f64 {
    (-t * t / (2.0 * 0.4 * 0.4)).exp()
}

#[test]
fn what_is_left_of_sinusoidal_jitter_is_that_of_a_second_order_loop() {
    let bandwidth = 1e6;
    let still = nrz(response(0.0, 4, 4, gaussian), 0.01);
    let own = clock(&still, &tracking(bandwidth)).untracked_ui;
    let (amplitude, natural) = (0.06, TAU * bandwidth / 3.0);
    let mut before = 0.0;
    for sj_hz in [0.15e6, 0.3e6, 1e6] {
        let model = WaveformModel { sj_ui: amplitude, sj_hz, ..still.clone() };
        let left = clock(&model, &tracking(bandwidth)).untracked_ui;
        let omega = TAU * sj_hz;
        let real = natural * natural - omega * omega;
        let exact = omega * omega / (real.powi(2) + (3.0 * natural * omega).powi(2)).sqrt();
        let measured = (left * left - own * own).max(0.0).sqrt() * 2f64.sqrt() / amplitude;
        // The detector's slope grows by 2 % over 0.06 UI, and the loop's own noise is that of one run.
        assert!((measured / exact - 1.0).abs() < 0.1, "{sj_hz:e}: {measured} for {exact}");
        assert!(measured > before);
        before = measured;
    }
    // A loop of a third of the bandwidth leaves more of the same jitter, so tolerates less.
    let model = WaveformModel { sj_ui: amplitude, sj_hz: 0.3e6, ..still };
    let wide = clock(&model, &tracking(bandwidth)).untracked_ui;
    assert!(clock(&model, &tracking(bandwidth / 3.0)).untracked_ui > 1.5 * wide);
}

#[test]
fn the_loop_follows_the_jitter_as_its_closed_form_says() {
    let bandwidth = 1e6;
    let still = nrz(response(0.0, 4, 4, gaussian), 0.01);
    let receiver = tracking(bandwidth);
    let config = receiver.clock_recovery.clone().unwrap();
    for sj_hz in [0.2e6, 0.5e6, 1e6] {
        let model = WaveformModel { sj_ui: 0.05, sj_hz, ..still.clone() };
        let measured = clock(&model, &receiver).transfer.unwrap();
        // 200,000 symbols are 40 periods and more; the detector's slope grows by 2 % over 0.05 UI.
        assert!((measured / config.transfer(sj_hz) - 1.0).abs() < 0.06, "{sj_hz:e}: {measured}");
    }
    assert_eq!(clock(&still, &receiver).transfer, None);
}

#[test]
fn a_frequency_of_the_transmitter_is_followed_and_refused_without_a_loop() {
    let still = nrz(response(0.0, 4, 4, gaussian), 0.05);
    let bandwidth = 1e6;
    let offset = WaveformModel { frequency_offset_ppm: -300.0, ..still.clone() };
    // 1000 ppm at 2 kHz: the ramp of the frequency is 2 · 1e-3 · 2e-6 UI a symbol squared, which a loop of natural
    // frequency ω_n T_b = 2π · 1e-3/3 follows with an error of its ratio to (ω_n T_b)², 9e-4 UI.
    let spread = WaveformModel { ssc_ppm: 1000.0, ssc_hz: 2e3, ..still.clone() };
    for (label, model) in [("offset", &offset), ("spread", &spread)] {
        // 200 UI are lost or gained over the run, and none of them is a slip.
        let found = clock(model, &tracking(bandwidth));
        assert!(found.lock_phase_ui.abs() < 0.01 && found.n_slips == 0, "{label}: {found:?}");
        let simulation = Simulation { n_symbols: 200_000, ..Simulation::default() };
        let counts = simulate_waveform(model, &tracking(bandwidth), &simulation).unwrap().counts;
        assert_eq!(counts.n_bit_errors, 0, "{label}");
        for receiver in [Receiver::default(), {
            let mut frozen = tracking(bandwidth);
            if let Some(clock) = &mut frozen.clock_recovery {
                clock.mode = ClockMode::Frozen;
            }
            frozen
        }] {
            let text = simulate_waveform(model, &receiver, &simulation).unwrap_err().to_string();
            assert!(text.starts_with("transmitter.jitter."), "{text}");
        }
    }
    // A triangle of 1 UI a symbol at its top: a quarter of the area by a quarter of the period, half by half of it.
    let steep = WaveformModel { ssc_ppm: 1e6, ssc_hz: RATE_HZ / 1000.0, ..still };
    for (k, late, drift) in
        [(0, 0.0, 0.0), (250, 62.5, 0.5), (500, 250.0, 1.0), (1000, 500.0, 0.0), (-500, -250.0, 1.0)]
    {
        let (late_ui, drift_ui) = steep.drift_ui(k);
        assert!(
            (late_ui - late).abs() < 1e-9 && (drift_ui - drift).abs() < 1e-9,
            "{k}: {late_ui} {drift_ui}"
        );
    }
}

#[test]
fn bang_bang_and_frozen_loops_hold_a_symmetric_pulse_at_its_centre() {
    let model = nrz(response(0.0, 4, 4, gaussian), 0.05);
    for (detector, mode) in [
        (ClockDetector::BangBang, ClockMode::On),
        (ClockDetector::BangBang, ClockMode::Frozen),
        (ClockDetector::MuellerMuller, ClockMode::Frozen),
    ] {
        let mut receiver = tracking(1e6);
        if let Some(clock) = &mut receiver.clock_recovery {
            (clock.detector, clock.mode, clock.start_ui) = (detector, mode, 0.15);
        }
        let found = clock(&model, &receiver);
        // Symmetric: both detectors have their null at the centre; a frozen phase keeps the noise of one instant.
        assert!(found.lock_phase_ui.abs() < 0.03, "{detector:?} {mode:?}: {found:?}");
        assert_eq!(found.n_slips, 0);
    }
}

#[test]
fn counts_depend_on_neither_threads_nor_time() {
    let mut model = nrz(response(0.0, 4, 4, gaussian), 0.35);
    (model.sj_ui, model.sj_hz) = (0.1, 1e5);
    let adc = Adc { interleave: 4, gain_mismatch: 0.05, offset_v: 0.05, skew_s: 3e-11, ..Adc::default() };
    let receiver = Receiver { adc_bits: Some(5), adc: Some(adc), ..tracking(1e6) };
    let with = |threads, n_symbols| {
        let run = Run::with_threads(Some(threads)).unwrap();
        simulate_waveform(&model, &receiver, &Simulation { n_symbols, seed: 5, run, ..Simulation::default() })
            .unwrap()
    };
    let one = with(1, 50_000);
    assert!(one.counts.n_bit_errors > 10 && one.eye.n_outside < 50_000);
    assert_eq!(one, with(2, 50_000));
    assert_eq!(one.eye.counts.iter().sum::<u64>() + one.eye.n_outside, 50_000 * M as u64);
}

#[test]
fn runs_stop_when_asked_and_refuse_what_they_cannot_do() {
    let model = nrz(response(0.0, 4, 4, gaussian), 0.1);
    let stopped = Simulation { n_symbols: 1 << 50, ..Simulation::default() };
    stopped.run.cancel_flag().store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(simulate_waveform(&model, &Receiver::default(), &stopped), Err(Error::Interrupted));
    let refused = |model: &WaveformModel, receiver: &Receiver| {
        simulate_waveform(model, receiver, &Simulation::default()).unwrap_err().to_string()
    };
    let fast = WaveformModel { sj_ui: 0.1, sj_hz: 1e8, ..model.clone() };
    assert!(refused(&fast, &Receiver::default()).starts_with("transmitter.jitter.sj_hz ="));
    let skewed = Adc { interleave: 8, skew_s: 1e-8, ..Adc::default() };
    let receiver = Receiver { adc: Some(skewed), ..Receiver::default() };
    assert!(refused(&model, &receiver).starts_with("receiver.adc.skew_s ="));
    assert!(refused(&model, &tracking(1e9)).starts_with("receiver.clock_recovery.bandwidth_hz ="));
    let flat = WaveformModel { signal: response(0.0, 4, 4, |_| 0.0), ..model };
    assert!(refused(&flat, &tracking(1e6)).starts_with("receiver.clock_recovery.detector ="));
}
