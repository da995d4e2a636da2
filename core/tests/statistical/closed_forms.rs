//! White noise on an ideal medium, where everything has a closed form.

use crate::brute::{assert_close, linear, q};
use lightlane::Run;
use lightlane::engine::statistical::{Prepared, error_ratios};

/// The x with a·Q(x) = p.
fn inverse(p: f64, a: f64) -> f64 {
    let (mut low, mut high) = (-1.0, 40.0);
    for _ in 0..200 {
        let mid = 0.5 * (low + high);
        if a * q(mid) > p { low = mid } else { high = mid }
    }
    0.5 * (low + high)
}

#[test]
fn pam4_in_white_noise_from_1e_1_to_1e_15() {
    for given in [false, true] {
        for exponent in 1..=15 {
            let x = inverse(10f64.powi(-exponent), 1.5);
            let mut model = linear(&[-3.0, -1.0, 1.0, 3.0], &[0.1], 0);
            model.noise.autocorrelation_v2 = vec![(0.1 / x).powi(2)];
            model.thresholds_v = given.then(|| vec![-0.2, 0.0, 0.2]);
            let r = error_ratios(&model, &Run::default()).unwrap();
            // 1e-6 relative; with thresholds that the engine found as with those given.
            assert_close(r.ser, 1.5 * q(x), 1e-6, "SER");
            assert_close(r.ber, 0.75 * q(x) + 0.5 * q(3.0 * x) - 0.25 * q(5.0 * x), 1e-6, "BER");
            // A level's own ratio feels a threshold to first order, x times its error of 1e-6 σ.
            assert_close(r.ser_by_level[1], 2.0 * r.ser_by_level[0], 2e-5, "inner and outer levels");
        }
    }
}

#[test]
fn nrz_in_white_noise_from_1e_1_to_1e_15() {
    for exponent in 1..=15 {
        let x = inverse(10f64.powi(-exponent), 1.0);
        let mut model = linear(&[-1.0, 1.0], &[0.3], 0);
        model.noise.autocorrelation_v2 = vec![(0.3 / x).powi(2)];
        let r = error_ratios(&model, &Run::default()).unwrap();
        assert_close(r.ser, q(x), 1e-6, "SER");
        assert_close(r.ber, q(x), 1e-6, "BER");
    }
}

#[test]
fn a_bit_error_ratio_of_2_4e_4_needs_17_655_db() {
    let model = {
        let mut m = linear(&[-3.0, -1.0, 1.0, 3.0], &[1.0], 0);
        m.noise.autocorrelation_v2 = vec![5.0 / 10f64.powf(1.7655)];
        m
    };
    let r = error_ratios(&model, &Run::default()).unwrap();
    // The three digits after the point of the figure: 0.0005 dB are 0.15 % of the ratio.
    assert_close(r.ber, 2.4e-4, 2e-3, "BER");
}

#[test]
fn one_sided_density_taken_as_two_sided_fails_the_gate() {
    // Planted fault: a noise too large by √2 in amplitude must be seen at every ratio.
    for exponent in [1, 4, 15] {
        let x = inverse(10f64.powi(-exponent), 1.5);
        let mut model = linear(&[-3.0, -1.0, 1.0, 3.0], &[0.1], 0);
        model.noise.autocorrelation_v2 = vec![2.0 * (0.1 / x).powi(2)];
        let r = error_ratios(&model, &Run::default()).unwrap();
        assert!(r.ser / (1.5 * q(x)) > 1.5, "{exponent}");
    }
}

#[test]
fn margin_is_the_ratio_of_the_two_arguments() {
    let run = Run::default();
    for (exponent, limit) in [(9, 1e-4_f64), (2, 1e-4), (4, 1e-12)] {
        let x = inverse(10f64.powi(-exponent), 1.0);
        let mut model = linear(&[-1.0, 1.0], &[0.3], 0);
        model.noise.autocorrelation_v2 = vec![(0.3 / x).powi(2)];
        let m = Prepared::new(&model, &run).unwrap().margin_db(limit, &run).unwrap();
        let expected = 20.0 * (x / inverse(limit, 1.0)).log10();
        // The search stops at 1e-7 dB.
        assert!((m.margin_db - expected).abs() < 1e-6, "{} {expected}", m.margin_db);
        assert!(!m.fails_without_noise);
    }
}

#[test]
fn margins_without_an_end() {
    let run = Run::default();
    let mut open = linear(&[-1.0, 1.0], &[1.0, 0.3], 0);
    let m = Prepared::new(&open, &run).unwrap().margin_db(1e-6, &run).unwrap();
    assert_eq!(m.margin_db, f64::INFINITY);
    open.noise.autocorrelation_v2 = vec![0.01];
    assert!(Prepared::new(&open, &run).unwrap().margin_db(1e-6, &run).unwrap().margin_db.is_finite());
    let mut closed = linear(&[-1.0, 1.0], &[1.0, 0.8, -0.7], 0);
    closed.noise.autocorrelation_v2 = vec![0.01];
    let m = Prepared::new(&closed, &run).unwrap().margin_db(1e-6, &run).unwrap();
    assert_eq!(m.margin_db, f64::NEG_INFINITY);
    assert!(m.fails_without_noise);
}

#[test]
fn without_noise_an_open_eye_has_no_errors() {
    let r =
        error_ratios(&linear(&[-3.0, -1.0, 1.0, 3.0], &[0.02, 1.0, 0.1, -0.05], 1), &Run::default()).unwrap();
    assert_eq!((r.ser, r.ber), (0.0, 0.0));
    for (t, expected) in r.thresholds_v.iter().zip([-2.0, 0.0, 2.0]) {
        assert!((t - expected).abs() < 0.5);
    }
}
