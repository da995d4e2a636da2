//! The time-domain engine against closed forms and brute force.

mod feedback;
mod interference;
mod noise;
mod precision;
mod rare;
mod runs;
mod sequence;
mod waveform;

use lightlane::engine::time_domain::{Counts, Simulation, naive, simulate};
use lightlane::grid::SymbolRate;
use lightlane::modulation::Modulation;
use lightlane::response::{
    CrosstalkPhase, CrosstalkRule, DecisionModel, JitterModel, SlicerCrosstalk, SlicerJitter, SlicerNoise,
    SlicerSignal, SymbolNoise, UniformNoise,
};

/// Confidence of every interval: one failure in 10,000 for a seed not yet tried; seeds are fixed.
const CONFIDENCE: f64 = 0.9999;

/// Tail of the standard normal.
fn q(x: f64) -> f64 {
    0.5 * libm::erfc(x / std::f64::consts::SQRT_2)
}

/// Levels −3, −1, 1, 3 (NRZ: −1, 1), unit cursor, white noise of that deviation, thresholds midway.
fn ideal(modulation: Modulation, sigma: f64) -> DecisionModel {
    let (levels, thresholds) = match modulation {
        Modulation::Nrz => (vec![-1.0, 1.0], vec![0.0]),
        Modulation::Pam4 => (vec![-3.0, -1.0, 1.0, 3.0], vec![-2.0, 0.0, 2.0]),
    };
    DecisionModel {
        symbol_rate: SymbolRate::new(106.25e9).unwrap(),
        modulation,
        levels,
        signal: SlicerSignal::Linear { cursors: vec![1.0], main: 0 },
        dfe: vec![],
        noise: SlicerNoise {
            autocorrelation_v2: vec![sigma * sigma],
            budget_v: vec![("thermal".into(), sigma)],
            ..SlicerNoise::default()
        },
        crosstalk: vec![],
        crosstalk_phase: CrosstalkPhase::default(),
        jitter: None,
        thresholds_v: Some(thresholds),
    }
}

fn run(model: &DecisionModel, n_symbols: u64, seed: u64) -> Counts {
    simulate(model, &Simulation { n_symbols, seed, ..Simulation::default() }).unwrap()
}

fn assert_within(value: f64, (low, high): (f64, f64), what: &str) {
    assert!(low <= value && value <= high, "{what}: {value:.4e} outside {low:.4e}..{high:.4e}");
}

/// Probability that level index `sent` at `z` plus noise is decided as `decided`.
fn decide_probability(z: f64, sigma: f64, thresholds: &[f64], decided: usize) -> f64 {
    let above = |t: Option<&f64>| t.map_or(0.0, |t| q((t - z) / sigma));
    let low = if decided == 0 { 1.0 } else { above(thresholds.get(decided - 1)) };
    low - above(thresholds.get(decided))
}

/// A noise that a response of three symbols, eight steps each, brings to the slicer.
fn symbol_noise() -> SymbolNoise {
    let response: Vec<f64> = (0..24).map(|i| 0.1 * (f64::from(i) * 0.25).sin() + 0.02).collect();
    SymbolNoise {
        name: "rin".into(),
        energy_v2: response.chunks(8).map(|c| c.iter().map(|v| v * v).sum()).collect(),
        main: 1,
        factor: vec![0.1, 0.4, 1.0, 2.5],
        response,
        steps: 8,
    }
}

#[test]
fn pam4_in_white_noise() {
    for (sigma, n) in [(0.40, 1_000_000), (0.31, 2_000_000)] {
        let x = 1.0 / sigma;
        let counts = run(&ideal(Modulation::Pam4, sigma), n, 11);
        let ser = 1.5 * q(x);
        let ber = 0.75 * q(x) + 0.5 * q(3.0 * x) - 0.25 * q(5.0 * x);
        assert_eq!((counts.n_symbols, counts.n_bits), (n, 2 * n));
        assert_within(ser, counts.ser_interval(CONFIDENCE).unwrap(), "SER");
        assert_within(ber, counts.ber_interval(CONFIDENCE).unwrap(), "BER");
        assert!(counts.agrees_with(ber, CONFIDENCE, 0.0).unwrap());
        assert!(!counts.agrees_with(1.3 * ber, CONFIDENCE, 0.0).unwrap());
        let total: u64 = counts.burst_lengths.iter().enumerate().map(|(l, b)| l as u64 * b).sum();
        assert_eq!(total, counts.n_symbol_errors);
    }
}

#[test]
fn nrz_in_white_noise() {
    let counts = run(&ideal(Modulation::Nrz, 1.0 / 3.0), 1_000_000, 3);
    assert_eq!(counts.n_bits, counts.n_symbols);
    assert_within(q(3.0), counts.ber_interval(CONFIDENCE).unwrap(), "BER");
}

#[test]
fn unequal_levels_and_thresholds_off_centre() {
    let sigma = 0.35;
    let mut model = ideal(Modulation::Pam4, sigma);
    model.levels = vec![-3.0, -1.2, 0.7, 3.0];
    let thresholds = vec![-2.05, -0.3, 1.9];
    model.thresholds_v = Some(thresholds.clone());
    let counts = run(&model, 1_000_000, 4);
    let right: f64 = (0..4).map(|s| decide_probability(model.levels[s], sigma, &thresholds, s)).sum();
    assert_within(1.0 - right / 4.0, counts.ser_interval(CONFIDENCE).unwrap(), "SER");
}

#[test]
fn a_link_that_is_wrong_throughout_keeps_its_memory() {
    let mut model = ideal(Modulation::Pam4, 0.0);
    model.signal = SlicerSignal::Linear { cursors: vec![-1.0], main: 0 };
    let n = 200_000;
    let counts = run(&model, n, 1);
    assert_eq!((counts.ser(), counts.n_symbol_errors), (1.0, n));
    assert_eq!(counts.burst_lengths[Counts::MAX_BURST], 3);
    assert_eq!(counts.burst_lengths.len(), Counts::MAX_BURST + 1);
    assert_eq!(counts.burst_lengths[n as usize - 3 * Counts::MAX_BURST], 1);
}
