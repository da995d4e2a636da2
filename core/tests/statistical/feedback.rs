//! Error propagation against the published chain and against simulation.

use crate::brute::{assert_close, linear, q};
use lightlane::Run;
use lightlane::engine::statistical::error_ratios;
use lightlane::response::DecisionModel;

const LEVELS: [f64; 4] = [-3.0, -1.0, 1.0, 3.0];

/// 1 + aD with one feedback tap that is exactly a; x = 1/σ.
fn duobinary(a: f64, x: f64, rho: f64) -> DecisionModel {
    let mut model = linear(&LEVELS, &[1.0, a], 0);
    model.dfe = vec![a];
    model.noise.autocorrelation_v2 = vec![1.0 / (x * x), rho / (x * x)];
    model.thresholds_v = Some(vec![-2.0, 0.0, 2.0]);
    model
}

/// The chain of e ∈ {−6, −4, … 6}: SER, BER and probability of continuing.
fn chain(a: f64, x: f64) -> (f64, f64, f64) {
    let gray = |i: usize| i ^ (i >> 1);
    let upper = |t: f64| if t == f64::INFINITY { 0.0 } else { q(t * x) };
    // P(decided, sent | error before).
    let p = |sent: usize, decided: usize, e: f64| {
        let z = LEVELS[sent] + a * e;
        let low = if decided == 0 { f64::NEG_INFINITY } else { LEVELS[decided] - 1.0 };
        let high = if decided == 3 { f64::INFINITY } else { LEVELS[decided] + 1.0 };
        // By whichever tail is small.
        if low > z {
            upper(low - z) - upper(high - z)
        } else if high < z {
            upper(z - high) - upper(z - low)
        } else {
            1.0 - upper(z - low) - upper(high - z)
        }
    };
    let error = |i: usize| 2.0 * i as f64 - 6.0;
    let mut matrix = [[0.0; 7]; 7];
    let mut bits = [0.0; 7];
    for (i, row) in matrix.iter_mut().enumerate() {
        for sent in 0..4 {
            for decided in 0..4 {
                let w = 0.25 * p(sent, decided, error(i));
                row[3 + sent - decided] += w;
                bits[i] += w * f64::from((gray(sent) ^ gray(decided)).count_ones()) / 2.0;
            }
        }
    }
    let mut share = [0.0; 7];
    share[3] = 1.0;
    for _ in 0..20_000 {
        let mut next = [0.0; 7];
        for i in 0..7 {
            for j in 0..7 {
                next[j] += share[i] * matrix[i][j];
            }
        }
        share = next;
    }
    let wrong = |row: &[f64; 7]| (0..7).filter(|j| *j != 3).map(|j| row[j]).sum::<f64>();
    let ser = wrong(&share);
    let ber = share.iter().zip(bits).map(|(s, b)| s * b).sum();
    let again: f64 = (0..7).filter(|i| *i != 3).map(|i| share[i] * wrong(&matrix[i])).sum();
    (ser, ber, again / ser)
}

#[test]
fn the_chain_of_one_plus_a_d() {
    for a in [0.3, 0.5, 0.8, 1.0] {
        for x in [1.5, 2.5, 4.0, 7.0] {
            let r = error_ratios(&duobinary(a, x, 0.0), &Run::default()).unwrap();
            let (ser, ber, again) = chain(a, x);
            // Both sum the same tails; the stationary vectors are converged to rounding.
            assert_close(r.ser, ser, 1e-9, "SER");
            assert_close(r.ber, ber, 1e-9, "BER");
            assert_close(r.continue_probability, again, 1e-9, "continuing");
            assert_close(r.genie_ser, 1.5 * q(x), 1e-9, "genie SER");
        }
    }
}

#[test]
fn the_limits_of_one_plus_a_d_at_high_snr() {
    let at = |a: f64, x: f64| {
        let r = error_ratios(&duobinary(a, x, 0.0), &Run::default()).unwrap();
        (r.continue_probability, r.ser / r.genie_ser)
    };
    // Limits as SNR grows, reached within 1e-6 at x = 7 (exp of minus 24).
    let (again, ratio) = at(1.0, 7.0);
    assert!((again - 0.75).abs() < 1e-6 && (ratio - 4.0).abs() < 1e-5);
    let (again, ratio) = at(0.5, 7.0);
    assert!((again - 0.375).abs() < 1e-6 && (ratio - 1.6).abs() < 1e-5);
    assert!(at(0.3, 9.0).0 < 1e-3);
    // 3.92 at 16 dB, printed to two decimals.
    let (_, ratio) = at(1.0, (10f64.powf(1.6) / 5.0).sqrt());
    assert!((ratio - 3.92).abs() < 0.01, "{ratio}");
}

/// Counted symbol error ratio, share of errors after errors, and number of errors, with noise of lag-one
/// correlation rho (a moving average of two).
fn simulate(model: &DecisionModel, a: &[f64], x: f64, rho: f64, n: usize) -> (f64, f64, f64) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    };
    let mut normal = {
        let mut u = move || uniform();
        move || {
            let r = (-2.0 * u().ln()).sqrt();
            let angle = std::f64::consts::TAU * u();
            (r * angle.cos(), u())
        }
    };
    let t = model.thresholds_v.clone().unwrap();
    // n_k = c0 w_k + c1 w_(k−1) with c0² + c1² = 1 and c0 c1 = rho.
    let c0 = (0.5 * (1.0 + (1.0 - 4.0 * rho * rho).sqrt())).sqrt();
    let c1 = rho / c0;
    let (mut w, mut e) = (0.0, [0.0; 2]);
    let (mut errors, mut again, mut before) = (0.0, 0.0, false);
    for _ in 0..n {
        let (fresh, choice) = normal();
        let sent = (choice * 4.0) as usize;
        let z = LEVELS[sent] + a.iter().zip(e).map(|(a, e)| a * e).sum::<f64>() + (c0 * fresh + c1 * w) / x;
        w = fresh;
        let decided = t.iter().filter(|t| z > **t).count();
        e = [LEVELS[sent] - LEVELS[decided], e[0]];
        let wrong = sent != decided;
        errors += f64::from(u8::from(wrong));
        again += f64::from(u8::from(wrong && before));
        before = wrong;
    }
    (errors / n as f64, again / errors, errors)
}

#[test]
fn coloured_noise_and_two_taps_against_simulation() {
    let n = 400_000;
    for (dfe, x, rho) in [
        (vec![0.5], 2.2, 0.3),
        (vec![0.5], 2.2, -0.3),
        (vec![0.9], 2.2, -0.3),
        (vec![0.6, 0.4], 2.2, 0.0),
        (vec![0.6, 0.4], 2.2, 0.3),
    ] {
        let mut model = linear(&LEVELS, &[&[1.0], &dfe[..]].concat(), 0);
        model.dfe = dfe.clone();
        model.noise.autocorrelation_v2 = vec![1.0 / (x * x), rho / (x * x)];
        model.thresholds_v = Some(vec![-2.0, 0.0, 2.0]);
        let r = error_ratios(&model, &Run::default()).unwrap();
        let (ser, again, errors) = simulate(&model, &dfe, x, rho, n);
        // Four standard deviations of the count, doubled in variance for bursts of up to 4 on average, and 1 % for
        // the bursts drawn.
        let tolerance = 4.0 * (4.0 / errors).sqrt() + 0.01;
        assert_close(r.ser, ser, tolerance, &format!("SER {dfe:?} {rho}"));
        assert_close(r.continue_probability, again, 2.0 * tolerance, &format!("continuing {dfe:?} {rho}"));
    }
}

#[test]
fn drawn_bursts_are_those_of_the_chain() {
    // A correlation just large enough for bursts to be drawn and too small to change them: the exact chain is the
    // reference, from common errors to rare ones.
    for a in [0.5, 0.8, 1.0] {
        for x in [1.5, 2.5, 4.0, 7.0] {
            let r = error_ratios(&duobinary(a, x, 2e-4), &Run::default()).unwrap();
            let (ser, ber, again) = chain(a, x);
            // 8,000 bursts whose length has a deviation of up to its mean: 1.2 %, some three times that for safety.
            assert_close(r.ser, ser, 0.04, &format!("SER {a} {x}"));
            assert_close(r.ber, ber, 0.04, &format!("BER {a} {x}"));
            // A share p of n draws has a deviation of sqrt((1 - p)/(p n)), 1.4 % at p = 3/8: four times that.
            assert_close(r.continue_probability, again, 0.06, &format!("continuing {a} {x}"));
        }
    }
}

#[test]
fn correlation_alone_does_not_change_the_ratio() {
    // A feedback tap far too small to matter: the ratio must be the one with correct feedback.
    for rho in [-0.4, 0.3, 0.45] {
        let r = error_ratios(&duobinary(1e-9, 3.0, rho), &Run::default()).unwrap();
        // Only differences from correct feedback are drawn, and there are none.
        assert_close(r.ser, r.genie_ser, 1e-6, "SER");
    }
}
