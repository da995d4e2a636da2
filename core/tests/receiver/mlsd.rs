//! Sequence detection against every sequence, its closed forms, and itself in segments.

use crate::lms::record;
use lightlane::Run;
use lightlane::modulation::Modulation;
use lightlane::receiver::{mlsd, mlsd_lanes};
use proptest::prelude::*;

/// Σ (y − response · levels)² of a sequence, zeros before it.
fn distance(samples: &[f64], response: &[f64], modulation: Modulation, symbols: &[u8]) -> f64 {
    let levels = modulation.levels();
    let at = |k: usize| -> f64 {
        (0..response.len().min(k + 1)).map(|m| response[m] * levels[usize::from(symbols[k - m])]).sum()
    };
    (0..samples.len()).map(|k| (samples[k] - at(k)).powi(2)).sum()
}

fn q(x: f64) -> f64 {
    // Craig's form: (1/π) ∫ exp(−x²/2 sin²θ) over 0..π/2, midpoints; relative error far below 1e-6.
    let n = 2000;
    let step = std::f64::consts::FRAC_PI_2 / f64::from(n);
    let term = |i: i32| (-x * x / (2.0 * ((f64::from(i) + 0.5) * step).sin().powi(2))).exp();
    (0..n).map(term).sum::<f64>() * step / std::f64::consts::PI
}

/// Symbol errors of a decision feedback equalizer with its own decisions on 1 + aD.
fn dfe_errors(samples: &[f32], a: f64, symbols: &[u8]) -> usize {
    let mut past = 0.0;
    let mut errors = 0;
    for (y, s) in samples.iter().zip(symbols) {
        let z = f64::from(*y) - a * past;
        let decision = (1.5 * z + 2.0).floor().clamp(0.0, 3.0);
        past = decision * 2.0 / 3.0 - 1.0;
        errors += usize::from(decision as u8 != *s);
    }
    errors
}

fn differences(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).filter(|(a, b)| a != b).count()
}

#[test]
fn error_ratios_on_1_plus_ad_lie_under_the_union_bound_and_above_half_of_it() {
    let n = 200_000;
    // Noise for an error ratio of a few 1e-3, in units of half the distance of levels.
    for (a, sigma) in [(0.25, 0.36), (0.5, 0.38), (0.8, 0.39), (1.0, 0.4)] {
        let (symbols, samples) = record(n, &[1.0, a], 0, (sigma / 3.0) as f32, 11);
        let decisions = mlsd(&samples, &[1.0, a], Modulation::Pam4, &Run::default()).unwrap();
        let errors = differences(&decisions, &symbols);
        // Alternating events of L symbols: d² = 4 (1 + (L − 1)(1 − a)² + a²), 2 L (3/4)^L symbol errors each.
        let bound: f64 = (1..200)
            .map(|l| {
                let l = f64::from(l);
                let d = (4.0 * (1.0 + (l - 1.0) * (1.0 - a).powi(2) + a * a)).sqrt();
                2.0 * l * 0.75f64.powf(l) * q(d / (2.0 * sigma))
            })
            .sum();
        let ratio = errors as f64 / n as f64 / bound;
        assert!(errors > 200, "{a}: {errors} errors are too few to judge");
        assert!(ratio < 1.0 && ratio > 0.5, "{a}: {ratio} of the bound {bound:e}");
        let feedback = dfe_errors(&samples, a, &symbols);
        assert!(errors <= feedback, "{a}: {errors} against {feedback}");
        if a >= 0.5 {
            // Gain 10 log10(1 + a²) of 1 dB and more: at these ratios less than half the errors.
            assert!(2 * errors < feedback, "{a}: {errors} against {feedback}");
        }
    }
}

#[test]
fn short_and_degenerate_records_are_answered() {
    let run = Run::default();
    let detect = |y: &[f64], h: &[f64]| mlsd(y, h, Modulation::Pam4, &run);
    assert_eq!(detect(&[], &[1.0]).unwrap(), [0u8; 0]);
    assert_eq!(detect(&[0.4], &[1.0, 0.5, 0.2, 0.1]).unwrap(), [2]);
    assert_eq!(detect(&[-0.4, 0.9], &[-1.0]).unwrap(), [2, 0]);
    assert_eq!(detect(&[0.4; 9], &[0.0]).unwrap().len(), 9);
    // Far beyond and far below what can be squared.
    assert_eq!(detect(&[1e300, -1e300], &[1e300]).unwrap(), [3, 0]);
    assert_eq!(detect(&[1e-300, -1e-300], &[1e-300]).unwrap(), [3, 0]);
    assert_eq!(detect(&[f64::MAX, -f64::MAX], &[5e-324, f64::MAX]).unwrap().len(), 2);
    assert!(detect(&[f64::NAN], &[1.0]).is_err());
    assert!(detect(&[1.0], &[]).is_err());
    assert!(mlsd_lanes(&[1.0], &[1.0; 6], &run).is_err());
    assert!(mlsd_lanes(&[f32::NAN], &[1.0, 1.0], &run).is_err());
    // Paths of 1 − D never meet: no segment knows its level, and the record is detected as a whole.
    let y = vec![0.0f32; 20_000];
    assert_eq!(mlsd_lanes(&y, &[1.0, -1.0], &run).unwrap().len(), y.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_is_more_likely(
        samples in prop::collection::vec(-2.0..2.0f64, 1..6),
        response in prop::collection::vec(-1.0..1.0f64, 1..5),
        modulation in prop::sample::select(&[Modulation::Pam4, Modulation::Nrz][..]),
    ) {
        let found = mlsd(&samples, &response, modulation, &Run::default()).unwrap();
        let n = modulation.n_levels();
        let least = (0..n.pow(samples.len() as u32))
            .map(|i| {
                let symbols: Vec<u8> = (0..samples.len() as u32).map(|k| (i / n.pow(k) % n) as u8).collect();
                distance(&samples, &response, modulation, &symbols)
            })
            .fold(f64::INFINITY, f64::min);
        // A few squares below 40.
        prop_assert!(distance(&samples, &response, modulation, &found) <= least + 1e-12);
    }

    #[test]
    fn segments_leave_no_seam(
        n in 1usize..60_000,
        tail in prop::collection::vec(-0.6..0.6f64, 1..4),
        sigma in 0.0..0.3f32,
        seed: u64,
    ) {
        let response = [&[1.0], tail.as_slice()].concat();
        let (_, samples) = record(n, &response, 0, sigma, seed);
        let whole = mlsd(&samples, &response, Modulation::Pam4, &Run::default()).unwrap();
        let parts = mlsd_lanes(&samples, &response, &Run::default()).unwrap();
        let exact: Vec<f64> = samples.iter().map(|y| f64::from(*y)).collect();
        let cost = |symbols: &[u8]| distance(&exact, &response, Modulation::Pam4, symbols);
        // Single precision may take the other of two sequences equal to 1e-5; one seam gone wrong costs 1e-2 and more.
        prop_assert!((cost(&parts) - cost(&whole)).abs() < 1e-4, "{} differ", differences(&parts, &whole));
        prop_assert!(differences(&parts, &whole) <= 40);
    }
}
