//! Captured samples that are random, nasty and malformed.

use lightlane_fuzz::captured::Captured;
use proptest::prelude::*;

/// Numbers built to be nasty: plain, all zero, tiny, huge, one of a kind.
fn numbers(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<f64>> {
    let plain = prop::collection::vec(-2.0..2.0f64, count.clone());
    let zero = prop::collection::vec(Just(0.0), count.clone());
    let scaled = (prop::collection::vec(-2.0..2.0f64, count), -300i32..300)
        .prop_map(|(v, e)| v.iter().map(|x| x * 10f64.powi(e)).collect());
    let one = (-2.0..2.0f64).prop_map(|x| vec![x]);
    // Taps that cancel but for their last digits.
    let cancelling = (1e-14..1e-2f64, 2usize..6)
        .prop_map(|(e, n)| (0..n).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 + e }).collect());
    prop_oneof![3 => plain, 1 => zero, 2 => scaled, 1 => one, 1 => cancelling]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_answered_is_right(
        samples in numbers(0..40),
        response in numbers(0..6),
        training in prop::collection::vec(0u8..4, 0..40),
        pre in 0usize..6,
        dfe_taps in 0usize..4,
        step in prop_oneof![Just(0.0), 1e-4..0.5f64, 1.0..1e9f64],
    ) {
        Captured { samples, response, training, pre, dfe_taps, step }.check();
    }

    #[test]
    fn any_bytes_are_answered_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Some(captured) = Captured::from_bytes(&bytes) {
            captured.check();
        }
    }
}
