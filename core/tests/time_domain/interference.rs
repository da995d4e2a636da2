//! Interference of the light: counted, and at ratios too small to count, against the statistical engine.

use super::*;
use lightlane::Run;
use lightlane::engine::statistical;
use lightlane::engine::time_domain::{RareSimulation, simulate_rare, simulate_sequence};
use lightlane::receiver::{Mlsd, SequenceDetector};
use lightlane::response::SlicerInterference;

/// Light of 6 dB of extinction ratio beside levels −3 to 3.
pub(crate) fn echo(x: f64, cursors: &[f64], main: usize) -> SlicerInterference {
    let field = [2.0f64, 4.0, 6.0, 8.0].map(f64::sqrt).to_vec();
    let response = cursors.iter().map(|c| 2.0 * x * c).collect();
    SlicerInterference { name: "mpi".into(), interferer: field.clone(), field, response, main }
}

fn with_echoes(sigma: f64, cursors: &[f64], main: usize) -> DecisionModel {
    let mut model = ideal(Modulation::Pam4, sigma);
    model.signal = SlicerSignal::Linear { cursors: cursors.to_vec(), main };
    model.noise.interference = vec![echo(0.02, cursors, main), echo(0.01, cursors, main)];
    model
}

#[test]
fn counts_are_those_of_the_bounded_law() {
    for (label, mut model) in [
        ("clean", with_echoes(0.25, &[1.0], 0)),
        ("cursors", with_echoes(0.25, &[-0.04, 1.0, 0.06, 0.03], 1)),
        ("feedback", with_echoes(0.25, &[0.03, 1.0, 0.5], 1)),
    ] {
        if label == "feedback" {
            model.dfe = vec![0.5];
        }
        let exact = statistical::error_ratios(&model, &Run::default()).unwrap();
        let counts = run(&model, 2_000_000, 5);
        assert!(exact.ber > 2e-4 && exact.ber < 0.02, "{label}: {:e}", exact.ber);
        // Of the interval, and the 2 % of drawn bursts and of neighbours that are taken as independent.
        assert!(
            counts.agrees_with(exact.ber, CONFIDENCE, 0.02).unwrap(),
            "{label}: {:e} for {:e}",
            counts.ber(),
            exact.ber
        );
        let silent = DecisionModel {
            noise: SlicerNoise { interference: vec![], ..model.noise.clone() },
            ..model.clone()
        };
        let without = statistical::error_ratios(&silent, &Run::default()).unwrap();
        assert!(exact.ber > 1.2 * without.ber, "{label}: {:e} {:e}", exact.ber, without.ber);
    }
}

#[test]
fn rare_events_agree_at_1e_12() {
    // With decision feedback the ripple of the last symbol's light is not tilted, and the stated error is large.
    for (label, sigma) in [("clean", 0.088), ("quieter", 0.08)] {
        let model = with_echoes(sigma, &[1.0], 0);
        let exact = statistical::error_ratios(&model, &Run::default()).unwrap();
        assert!(exact.ser < 1e-9 && exact.ser > 1e-16, "{label}: {:e}", exact.ser);
        let simulation = RareSimulation { n_draws: 200_000, seed: 5, ..RareSimulation::default() };
        let found = simulate_rare(&model, &simulation).unwrap();
        let error = (found.ser.ratio / exact.ser).ln();
        assert!(found.ser.relative_error < 0.1, "{label}: {found:?}");
        assert!(
            error.abs() < 0.05 + 4.0 * found.ser.relative_error,
            "{label}: {:e} for {:e}, {found:?}",
            found.ser.ratio,
            exact.ser
        );
    }
}

#[test]
fn a_sequence_is_detected_within_its_bound() {
    let mut model = with_echoes(0.3, &[1.0, 0.5], 0);
    model.dfe = vec![0.5];
    let detector = SequenceDetector::new(&model, &Mlsd::default()).unwrap();
    let prepared = statistical::Prepared::with_detector(&model, &detector, &Run::default()).unwrap();
    let bound = prepared.ratios(1.0).ser;
    let simulation = Simulation { n_symbols: 2_000_000, seed: 5, ..Simulation::default() };
    let counted = simulate_sequence(&model, &detector, &simulation).unwrap();
    let ratio = counted.counts.ser() / bound;
    // A union bound is 0.65 to 0.95 of what is counted in white noise; a fifth for the levels that the echo's light
    // tells apart and the bound does not.
    assert!(ratio > 0.5 && ratio < 1.15, "{ratio} of {bound:e}");
}
