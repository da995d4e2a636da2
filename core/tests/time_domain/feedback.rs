//! Decision feedback against its error chain and the serial loop.

use super::*;
use lightlane::Run;
use lightlane::engine::statistical::error_ratios;
use lightlane::engine::time_domain::{RareSimulation, simulate_rare};

/// Error chain of a one-tap DFE on 1 + aD: e_k = a_k − decision is Markov on −6, −4, …, 6.
struct Chain {
    /// transition[from][to], from and to in steps of one level, −3..=3.
    transition: [[f64; 7]; 7],
    /// Mean bit errors of a symbol whose predecessor left that error.
    bits: [f64; 7],
    stationary: [f64; 7],
}

fn chain(a: f64, sigma: f64) -> Chain {
    let model = ideal(Modulation::Pam4, sigma);
    let thresholds = model.thresholds_v.unwrap();
    let (mut transition, mut bits) = ([[0.0; 7]; 7], [0.0; 7]);
    for from in 0..7 {
        for sent in 0..4usize {
            let z = model.levels[sent] + a * 2.0 * (from as f64 - 3.0);
            for decided in 0..4usize {
                let p = 0.25 * decide_probability(z, sigma, &thresholds, decided);
                transition[from][3 + sent - decided] += p;
                bits[from] += p * f64::from(Modulation::Pam4.bit_errors(sent as u8, decided as u8));
            }
        }
    }
    let mut stationary = [1.0 / 7.0; 7];
    for _ in 0..1000 {
        let mut next = [0.0; 7];
        for (from, p) in stationary.iter().enumerate() {
            next.iter_mut().zip(&transition[from]).for_each(|(n, t)| *n += p * t);
        }
        stationary = next;
    }
    Chain { transition, bits, stationary }
}

impl Chain {
    /// Probability that a symbol begins a run of exactly `length` wrong ones.
    fn run_of(&self, length: usize) -> f64 {
        let mut wrong: Vec<f64> = (0..7)
            .map(|to| if to == 3 { 0.0 } else { self.stationary[3] * self.transition[3][to] })
            .collect();
        for _ in 1..length {
            wrong = (0..7)
                .map(|to| if to == 3 { 0.0 } else { (0..7).map(|f| wrong[f] * self.transition[f][to]).sum() })
                .collect();
        }
        wrong.iter().zip(&self.transition).map(|(p, t)| p * t[3]).sum()
    }
}

#[test]
fn decision_feedback_follows_the_error_chain() {
    for (a, sigma, n) in [(1.0, 0.40, 1_000_000), (0.7, 0.38, 1_000_000), (0.5, 0.40, 500_000)] {
        let mut model = ideal(Modulation::Pam4, sigma);
        model.signal = SlicerSignal::Linear { cursors: vec![1.0, a], main: 0 };
        model.dfe = vec![a];
        let counts = run(&model, n, 21);
        let chain = chain(a, sigma);
        let ber = chain.stationary.iter().zip(&chain.bits).map(|(p, b)| p * b).sum::<f64>() / 2.0;
        assert!(
            counts.agrees_with(ber, CONFIDENCE, 0.0).unwrap(),
            "a = {a}: {:.4e} for {ber:.4e}",
            counts.ber()
        );
        assert!(!counts.agrees_with(1.3 * ber, CONFIDENCE, 0.0).unwrap());
        // Right neighbours, wrong neighbours: the genie's rate is far outside.
        assert!(!counts.agrees_with(0.75 * q(1.0 / sigma), CONFIDENCE, 0.0).unwrap());
        // Runs are independent of each other, so their numbers are Poisson.
        for length in 1..12 {
            let wanted = chain.run_of(length) * n as f64;
            let counted = counts.burst_lengths.get(length).copied().unwrap_or(0) as f64;
            assert!(
                (counted - wanted).abs() <= 5.0 * wanted.sqrt() + 1.0,
                "a = {a}, L = {length}: {counted} {wanted}"
            );
        }
    }
}

#[test]
fn the_engine_is_the_serial_loop() {
    // Heavy feedback at a high error ratio: histories are wrong at most seams.
    let mut model = ideal(Modulation::Pam4, 0.6);
    model.signal = SlicerSignal::Linear { cursors: vec![0.05, 1.0, 0.7, -0.4, 0.3], main: 1 };
    model.dfe = vec![0.7, -0.4, 0.25];
    for n_symbols in [1, 1000, 65_536, 200_001] {
        let simulation = Simulation { n_symbols, seed: 9, ..Simulation::default() };
        let counts = simulate(&model, &simulation).unwrap();
        assert_eq!(counts, naive::simulate(&model, &simulation).unwrap());
    }
}

/// 1 + aD at a = 0.5 with neighbouring noise correlated by ±0.3: counted, and by weighted draws where nothing could be
/// counted, both engines propagate the same errors; a chain of independent noise would be far off.
#[test]
fn correlated_noise_propagates_errors_as_the_statistical_engine_says() {
    let model = |x: f64, rho: f64| {
        let mut model = ideal(Modulation::Pam4, 1.0 / x);
        model.signal = SlicerSignal::Linear { cursors: vec![1.0, 0.5], main: 0 };
        model.dfe = vec![0.5];
        model.noise.autocorrelation_v2 = vec![1.0 / (x * x), rho / (x * x)];
        model
    };
    let predicted = |x: f64, rho: f64| error_ratios(&model(x, rho), &Run::default()).unwrap();
    for rho in [0.3, -0.3] {
        let counts = run(&model(2.6, rho), 4_000_000, 21);
        let expected = predicted(2.6, rho);
        // The statistical engine draws its bursts: 2 %.
        assert!(counts.agrees_with(expected.ber, CONFIDENCE, 0.02).unwrap(), "{rho}: {:e}", counts.ber());
        let runs: u64 = counts.burst_lengths.iter().sum();
        let again = 1.0 - runs as f64 / counts.n_symbol_errors as f64;
        // About 30,000 errors, a tenth or more of them followed by another: 2 % of sampling.
        assert!((again / expected.continue_probability - 1.0).abs() < 0.06, "{rho}: {again} {expected:?}");
        let independent = predicted(2.6, 0.0).continue_probability;
        assert!((independent / again - 1.0).abs() > 0.25, "{rho}: {independent} {again}");
        let rare = RareSimulation { n_draws: 50_000, seed: 3, ..RareSimulation::default() };
        let found = simulate_rare(&model(6.5, rho), &rare).unwrap().ser;
        let error = (found.ratio / predicted(6.5, rho).ser).ln();
        assert!(error.abs() < 0.02 + 4.0 * found.relative_error, "{rho}: {found:?}");
    }
}
