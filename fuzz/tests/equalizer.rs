//! The MMSE equalizer under random, nasty and malformed problems.

use lightlane_fuzz::equalizer::Problem;
use proptest::prelude::*;

/// Pulses built to be nasty: near-cancelling, with far echoes, tiny or huge, or one symbol long.
fn pulse() -> impl Strategy<Value = Vec<f64>> {
    let plain = prop::collection::vec(-1.0..1.0f64, 1..24);
    let cancelling = (1e-14..1e-2f64, 2usize..12)
        .prop_map(|(e, n)| (0..n).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 + e }).collect::<Vec<f64>>());
    let echo = (1usize..40, -0.99..0.99f64).prop_map(|(at, height)| {
        let mut v = vec![0.0; at + 1];
        v[0] = 1.0;
        v[at] = height;
        v
    });
    let scaled = (prop::collection::vec(-1.0..1.0f64, 1..12), -120i32..120)
        .prop_map(|(v, e)| v.iter().map(|x| x * 10f64.powi(e)).collect::<Vec<f64>>());
    prop_oneof![plain, cancelling, echo, scaled, Just(vec![1.0])]
}

fn problem() -> impl Strategy<Value = Problem> {
    let noise = prop_oneof![
        Just(vec![]),
        prop::collection::vec(-0.3..0.3f64, 1..5),
        prop::collection::vec(-1e-7..1e-7f64, 1..3),
    ];
    (pulse(), noise, 1usize..32, 0usize..32, 0usize..8, 0.1..5.0f64).prop_map(
        |(pulse, noise, ffe_taps, pre, dfe_taps, signal_power)| {
            // Noise in proportion to the pulse, so that a scaled problem is the same problem.
            let peak = pulse.iter().fold(0.0f64, |m, v| m.max(v.abs()));
            let noise = noise.iter().map(|v| v * peak).collect();
            Problem { pulse, noise, ffe_taps, pre: pre % ffe_taps, dfe_taps, signal_power }
        },
    )
}

fn perturbations(count: usize) -> impl Strategy<Value = Vec<Vec<f64>>> {
    let one = (prop::collection::vec(-1.0..1.0f64, 40), -6i32..1)
        .prop_map(|(v, e)| v.iter().map(|x| x * 10f64.powi(e)).collect());
    prop::collection::vec(one, count)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_perturbation_beats_the_taps(problem in problem(), changes in perturbations(20)) {
        problem.check(&changes);
    }

    #[test]
    fn any_bytes_are_answered_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Some(problem) = Problem::from_bytes(&bytes) {
            problem.check(&[]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_thousand_perturbations_do_not_beat_the_taps(problem in problem(), changes in perturbations(1000)) {
        problem.check(&changes);
    }
}

/// Noise of 5e-257: squared it is 0, and so it was to the equalizer but not to what its answer was held against.
#[test]
fn noise_that_no_autocorrelation_has_is_none() {
    let bytes = [
        1, 35, 0, 255, 255, 255, 255, 218, 0, 0, 0, 0, 0, 0, 21, 218, 0, 0, 218, 0, 39, 74, 74, 185, 185,
        185, 10, 185, 10,
    ];
    let problem = Problem::from_bytes(&bytes).unwrap();
    assert_eq!(problem.noise, [0.0]);
    problem.check(&[]);
}
