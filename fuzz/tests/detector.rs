//! Sequence detection and adaptation inside a lane under nasty responses.

use lightlane::modulation::Modulation;
use lightlane_fuzz::detector::InLane;
use proptest::prelude::*;

/// Responses built to be nasty: plain, all zero, one symbol, near-cancelling, huge and tiny.
fn response() -> impl Strategy<Value = Vec<f64>> {
    let plain = prop::collection::vec(-1.0..1.0f64, 1..6);
    let cancelling = (1e-12..1e-2f64, 2usize..6)
        .prop_map(|(e, n)| (0..n).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 + e }).collect());
    let scaled = (prop::collection::vec(-1.0..1.0f64, 1..5), -9i32..9)
        .prop_map(|(v, e)| v.iter().map(|x| x * 10f64.powi(e)).collect());
    prop_oneof![4 => plain, 1 => Just(vec![0.0, 0.0]), 1 => Just(vec![1.0]), 2 => cancelling, 2 => scaled]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn detection_and_adaptation_are_sound_or_refuse(
        cursors in response(),
        dfe in prop_oneof![3 => prop::collection::vec(-1.0..1.0f64, 0..4), 1 => prop::collection::vec(-1e3..1e3f64, 1..4)],
        sigma_v in prop_oneof![Just(0.0), 1e-6..1.0f64, 1.0..1e3f64],
        correlation in -0.45..0.45f64,
        four in any::<bool>(),
        whitening_taps in 0usize..3,
        ffe in response(),
        step in prop_oneof![Just(0.0), 1e-5..0.1f64, 1.0..1e6f64],
    ) {
        let modulation = if four { Modulation::Pam4 } else { Modulation::Nrz };
        InLane { cursors, dfe, sigma_v, correlation, modulation, whitening_taps, ffe, step }.check();
    }

    #[test]
    fn any_bytes_are_answered_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Some(lane) = InLane::from_bytes(&bytes) {
            lane.check();
        }
    }
}

#[test]
fn a_trellis_without_events_errs_never() {
    // Feedback of nothing, a cursor far above the noise: no event is near enough to be kept.
    InLane {
        cursors: vec![523.8],
        dfe: vec![0.0, 0.0],
        sigma_v: 1e-6,
        correlation: 0.0,
        modulation: Modulation::Pam4,
        whitening_taps: 0,
        ffe: vec![0.0],
        step: 0.0,
    }
    .check();
}
