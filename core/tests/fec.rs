//! Figures of the codes against published values and 60-digit arithmetic.

use lightlane::fec::{Code, Fec, ber_after, ber_limit, codeword_error_ratio, frame_loss_ratio};

fn close(got: f64, expected: f64, relative: f64) -> bool {
    (got / expected - 1.0).abs() <= relative
}

#[test]
fn published_figures_of_kp4() {
    let p = codeword_error_ratio(2.4e-4, Code::Kp4, 1, 0.0, false).expect("valid");
    // Five printed digits.
    assert!(close(p, 8.1516e-13, 1e-5), "{p:e}");
    // 802.3 prints two digits: half a unit of the second is 5 %, of 9.2 0.6 %.
    for (interleave, printed) in [(1, 9.2e-13), (2, 1.7e-12), (4, 3.4e-12)] {
        let lost = frame_loss_ratio(2.4e-4, Code::Kp4, interleave, 0.0, false).expect("valid");
        assert!(close(lost, printed, 0.03), "I = {interleave}: {lost:e}");
        assert!(close(lost, p * (1.0 + 8.0 * interleave as f64) / 8.0, 1e-15));
    }
    // Annex 174A: 1.45e-11 is the codeword error ratio of the whole path's 2.921e-4.
    let path = codeword_error_ratio(2.921e-4, Code::Kp4, 1, 0.0, false).expect("valid");
    assert!(close(path, 1.455e-11, 5e-4), "{path:e}");
}

/// (code, BER, codeword error ratio, BER after), binomial sums in 60-digit arithmetic.
const INDEPENDENT: [(Code, f64, f64, f64); 7] = [
    (Code::Kp4, 1e-8, 2.25018182098784e-82, 6.61818340896256e-85),
    (Code::Kp4, 1e-5, 2.13966977430762e-34, 6.2946546924742e-37),
    (Code::Kp4, 2.4e-4, 8.15157339933046e-13, 2.41209388955577e-15),
    (Code::Kp4, 1e-3, 1.53025859280605e-4, 4.64119159983213e-7),
    (Code::Kp4, 5e-3, 0.990676420845923, 4.97536631673099e-3),
    (Code::Kp4, 0.02, 1.0, 0.02),
    (Code::Kr4, 2.4e-5, 1.39823717064776e-12, 2.12248393132471e-15),
];

#[test]
fn independent_errors_equal_long_arithmetic() {
    for (code, ber, codewords, after) in INDEPENDENT {
        // 16 logarithms times 16, and logs of some 500: 1e-12 relative covers their rounding in f64.
        let p = codeword_error_ratio(ber, code, 1, 0.0, false).expect("valid");
        assert!(close(p, codewords, 1e-12), "{code:?} {ber:e}: {p:e}");
        let b = ber_after(ber, code, 1, 0.0, false).expect("valid");
        assert!(close(b, after, 1e-12), "{code:?} {ber:e}: {b:e}");
        assert_eq!(codeword_error_ratio(ber, code, 8, 0.0, false), Ok(p), "independent bits know no order");
    }
}

/// (code, BER, depth, continuation, precoding, codeword error ratio, BER after): symbol kernels by enumeration of the
/// 32 error patterns of a symbol, all 544 steps in 60-digit arithmetic.
const BURSTS: [(Code, f64, usize, f64, bool, f64, f64); 6] = [
    (Code::Kp4, 2.4e-4, 1, 0.75, false, 5.20772439877075e-8, 3.9391090028406e-10),
    (Code::Kp4, 2.4e-4, 4, 0.75, false, 4.55054500129154e-18, 3.35446172196104e-20),
    (Code::Kp4, 2.4e-4, 4, 0.75, true, 3.19941083470468e-18, 1.1717111900674e-20),
    (Code::Kp4, 2.4e-4, 1, 0.0, true, 1.67790222783057e-8, 8.35790262294405e-11),
    (Code::Kr4, 1e-5, 2, 0.5, true, 7.40049633422805e-15, 1.61835596389088e-17),
    (Code::Kp4, 1e-7, 4, 0.75, true, 6.88433659048642e-54, 2.51507069758277e-56),
];

#[test]
fn bursts_equal_long_arithmetic() {
    for (code, ber, depth, a, precoding, codewords, after) in BURSTS {
        // Hundreds of sums of positive products: 1e-11 relative.
        let p = codeword_error_ratio(ber, code, depth, a, precoding).expect("valid");
        assert!(close(p, codewords, 1e-11), "{ber:e} {depth} {a} {precoding}: {p:e}");
        let b = ber_after(ber, code, depth, a, precoding).expect("valid");
        assert!(close(b, after, 1e-11), "{ber:e} {depth} {a} {precoding}: {b:e}");
    }
}

#[test]
fn figures_rise_with_the_error_ratio_and_stay_inside_0_to_1() {
    for (depth, a, precoding) in
        [(1, 0.0, false), (1, 0.0, true), (4, 0.75, false), (1, 0.75, true), (2, 1.0, false)]
    {
        let mut last = [-1.0; 3];
        for i in 0..=96 {
            let ber = 10f64.powf(-12.0 + i as f64 / 8.0).min(0.2);
            let now = [codeword_error_ratio, ber_after, frame_loss_ratio]
                .map(|f| f(ber, Code::Kp4, depth, a, precoding).expect("valid"));
            for (n, l) in now.iter().zip(last) {
                assert!(*n >= l && (0.0..=1.0).contains(n), "BER {ber:e}, {depth} {a} {precoding}: {now:?}");
            }
            last = now;
        }
    }
}

#[test]
fn the_ends_of_the_range() {
    for precoding in [false, true] {
        for a in [0.0, 0.5, 1.0] {
            assert_eq!(codeword_error_ratio(0.0, Code::Kp4, 4, a, precoding), Ok(0.0));
            assert_eq!(ber_after(0.0, Code::Kp4, 4, a, precoding), Ok(0.0));
            for ber in [0.5, 1.0] {
                let p = codeword_error_ratio(ber, Code::Kp4, 4, a, precoding).expect("valid");
                assert!(p.is_finite() && (0.0..=1.0).contains(&p));
            }
        }
    }
    assert_eq!(codeword_error_ratio(1.0, Code::Kp4, 1, 0.0, false), Ok(1.0));
    assert_eq!(ber_after(0.5, Code::Kp4, 1, 0.0, false), Ok(0.5));
}

#[test]
fn the_limit_inverts_the_figure() {
    for code in [Code::Kp4, Code::Kr4] {
        for target in [1e-300, 1e-30, 1e-15, 1e-12, 1e-3, 0.4] {
            let limit = ber_limit(code, target).expect("valid");
            let back = ber_after(limit, code, 1, 0.0, false).expect("valid");
            // The last digit of the limit times the slope of up to 16 decades a decade, and the figure's own 1e-12.
            assert!(close(back, target, 1e-11), "{code:?} {target:e}: {back:e}");
        }
    }
    assert_eq!(Fec::None.ber_limit(), Ok(1e-12));
    assert_eq!(Fec::Kp4.ber_limit(), ber_limit(Code::Kp4, 1e-15));
}

#[test]
fn bad_arguments_are_named() {
    for bad in [-1e-9, 1.0 + 1e-9, f64::NAN, f64::INFINITY] {
        let e = codeword_error_ratio(bad, Code::Kp4, 1, 0.0, false).expect_err("out of range").to_string();
        assert!(e.starts_with("ber = "), "{e}");
        assert!(ber_after(1e-4, Code::Kp4, 1, bad, false).is_err());
    }
    assert!(frame_loss_ratio(1e-4, Code::Kp4, 0, 0.0, false).is_err());
    for bad in [0.0, 0.6, f64::NAN, -1e-15] {
        assert!(ber_limit(Code::Kp4, bad).is_err());
    }
}
