//! Interference, symbol-dependent noise, tables, crosstalk and jitter against the enumeration of all patterns.

use crate::brute::{assert_close, by_symbol, enumerate, linear, sum};
use lightlane::Run;
use lightlane::engine::statistical::error_ratios;
use lightlane::engine::time_domain::{Simulation, simulate};
use lightlane::response::{
    CrosstalkPhase, CrosstalkRule, DecisionModel, JitterModel, SlicerCrosstalk, SlicerJitter, SlicerSignal,
};

const LEVELS: [f64; 4] = [-1.0, -0.37, 0.29, 1.03];
const CURSORS: [f64; 7] = [0.006, -0.021, 0.5, 0.034, -0.017, 0.011, 0.004];
const THRESHOLDS: [f64; 3] = [-0.33, -0.03, 0.345];
const ENERGY: [f64; 7] = [0.01, 0.07, 1.0, 0.11, 0.03, 0.006, 0.002];
const FACTOR: [f64; 4] = [0.1, 0.7, 2.2, 4.6];

/// Variances that give symbol error ratios from about 1e-2 down to 1e-14.
const VARIANCES: [f64; 4] = [3.3e-3, 1e-3, 4e-4, 2.2e-4];

fn ratios(model: &DecisionModel) -> (f64, f64) {
    let r = error_ratios(model, &Run::default()).unwrap();
    (r.ser, r.ber)
}

#[test]
fn all_patterns_of_seven_cursors_with_noise_by_symbol() {
    for v2 in VARIANCES {
        let mut model = linear(&LEVELS, &CURSORS, 2);
        model.noise.autocorrelation_v2 = vec![0.4 * v2];
        model.noise.by_symbol = vec![by_symbol(&ENERGY.map(|e| 0.3 * v2 * e), 2, &FACTOR)];
        model.thresholds_v = Some(THRESHOLDS.to_vec());
        let truth = enumerate(4, 7, 2, &THRESHOLDS, |s| {
            let extra: f64 = s.iter().zip(ENERGY).map(|(s, e)| e * FACTOR[*s]).sum();
            (sum(&CURSORS, &LEVELS, s), v2 * (0.4 + 0.3 * extra))
        });
        let (ser, ber) = ratios(&model);
        assert_close(ser, truth.0, 1e-6, "SER");
        assert_close(ber, truth.1, 1e-6, "BER");

        // Planted faults that the gate must see: the noise of the decided symbol alone (with the others at their
        // mean), and a one-sided density taken as two-sided.
        let mean_factor = FACTOR.iter().sum::<f64>() / 4.0;
        let own = enumerate(4, 7, 2, &THRESHOLDS, |s| {
            let others = (ENERGY.iter().sum::<f64>() - 1.0) * mean_factor;
            (sum(&CURSORS, &LEVELS, s), v2 * (0.4 + 0.3 * (FACTOR[s[2]] + others)))
        });
        let doubled = enumerate(4, 7, 2, &THRESHOLDS, |s| {
            let extra: f64 = s.iter().zip(ENERGY).map(|(s, e)| e * FACTOR[*s]).sum();
            (sum(&CURSORS, &LEVELS, s), 2.0 * v2 * (0.4 + 0.3 * extra))
        });
        assert!((own.0 / truth.0 - 1.0).abs() > 1e-3, "{:e}", own.0 / truth.0 - 1.0);
        assert!(doubled.0 / truth.0 > 1.5);
    }
}

#[test]
fn all_patterns_of_seven_cursors_by_convolution() {
    for v2 in VARIANCES {
        let mut model = linear(&LEVELS, &CURSORS, 2);
        model.noise.autocorrelation_v2 = vec![v2];
        model.thresholds_v = Some(THRESHOLDS.to_vec());
        let truth = enumerate(4, 7, 2, &THRESHOLDS, |s| (sum(&CURSORS, &LEVELS, s), v2));
        let (ser, ber) = ratios(&model);
        assert_close(ser, truth.0, 1e-6, "SER");
        assert_close(ber, truth.1, 1e-6, "BER");
    }
}

#[test]
fn all_patterns_of_twelve_binary_cursors() {
    let cursors = [0.004, -0.013, 0.4, 0.045, -0.031, 0.022, 0.015, -0.009, 0.0071, 0.0032, -0.0023, 0.0014];
    for v2 in [2e-2, 6e-3, 2.2e-3] {
        for dependent in [false, true] {
            let (levels, factor) = ([-0.9, 1.1], [0.5, 1.5]);
            let mut model = linear(&levels, &cursors, 2);
            model.thresholds_v = Some(vec![0.05]);
            let energy = cursors.map(|c| v2 * (c / 0.4).powi(2));
            if dependent {
                model.noise.by_symbol = vec![by_symbol(&energy, 2, &factor)];
            } else {
                model.noise.autocorrelation_v2 = vec![v2];
            }
            let truth = enumerate(2, 12, 2, &[0.05], |s| {
                let own: f64 = s.iter().zip(energy).map(|(s, e)| e * factor[*s]).sum();
                (sum(&cursors, &levels, s), if dependent { own } else { v2 })
            });
            assert_close(ratios(&model).0, truth.0, 1e-6, "SER");
        }
    }
}

#[test]
fn feedback_removes_its_cursors() {
    let mut model = linear(&LEVELS, &CURSORS, 2);
    model.noise.autocorrelation_v2 = vec![2e-3];
    model.thresholds_v = Some(THRESHOLDS.to_vec());
    model.dfe = vec![0.034, -0.01];
    let mut left = CURSORS;
    left[3] -= 0.034;
    left[4] += 0.01;
    let truth = enumerate(4, 7, 2, &THRESHOLDS, |s| (sum(&left, &LEVELS, s), 2e-3));
    let r = error_ratios(&model, &Run::default()).unwrap();
    assert_close(r.genie_ser, truth.0, 1e-6, "genie SER");
    // Wrong decisions against those counted with the same feedback.
    let n_symbols = 4_000_000;
    let counts = simulate(&model, &Simulation { n_symbols, ..Simulation::default() }).unwrap();
    let (low, high) = counts.ser_interval(0.9999).unwrap();
    // 1 % for the bursts drawn, which a feedback as small as this hardly needs.
    assert!(low < 1.01 * r.ser && 0.99 * r.ser < high, "{} {low} {high}", r.ser);
}

/// A table that no response can express, over symbols k−1, k, k+1, with a linear remainder around it.
fn nonlinear(symbols: [usize; 3]) -> f64 {
    let [old, own, new] = symbols.map(|s| LEVELS[s]);
    0.5 * own - 0.03 * own.powi(3) + 0.03 * old * own + 0.02 * new - 0.015 * new * new
}

#[test]
fn a_table_with_a_linear_remainder() {
    let remainder = [0.006, 0.0, 0.0, 0.0, -0.017, 0.011, 0.004];
    let table: Vec<f64> = (0..64).map(|w| nonlinear([w / 16, w / 4 % 4, w % 4])).collect();
    for v2 in VARIANCES {
        for dependent in [false, true] {
            let mut model = linear(&LEVELS, &[], 0);
            model.signal = SlicerSignal::Table {
                table: table.clone(),
                memory: 3,
                after: 1,
                cursors: remainder.to_vec(),
                main: 2,
                residual_v: Vec::new(),
                residual_ratio: 0.0,
            };
            model.thresholds_v = Some(THRESHOLDS.to_vec());
            let factor = if dependent { FACTOR } else { [1.0; 4] };
            if dependent {
                model.noise.by_symbol = vec![by_symbol(&ENERGY.map(|e| v2 * e), 2, &factor)];
            } else {
                model.noise.autocorrelation_v2 = vec![v2 * ENERGY.iter().sum::<f64>()];
            }
            let truth = enumerate(4, 7, 2, &THRESHOLDS, |s| {
                let variance: f64 = s.iter().zip(ENERGY).map(|(s, e)| v2 * e * factor[*s]).sum();
                (nonlinear([s[3], s[2], s[1]]) + sum(&remainder, &LEVELS, s), variance)
            });
            let (ser, ber) = ratios(&model);
            // With all seven symbols in the word every Gaussian is exact; a convolved remainder is interpolated,
            // which is stated as good to 1e-5 here.
            let tolerance = if dependent { 1e-6 } else { 1e-5 };
            assert_close(ser, truth.0, tolerance, "SER");
            assert_close(ber, truth.1, tolerance, "BER");
        }
    }
}

#[test]
fn noise_of_symbols_outside_the_word_enters_by_two_values() {
    // Nine symbols with noise, of which the word holds six.
    let energy = [0.008, 0.02, 1.0, 0.05, 0.03, 0.02, 0.012, 0.008];
    let cursors = [0.006, -0.021, 0.5, 0.034, -0.017, 0.011, 0.004, 0.003];
    let v2 = 2.4e-4;
    let mut model = linear(&LEVELS, &cursors, 2);
    model.noise.by_symbol = vec![by_symbol(&energy.map(|e| v2 * e), 2, &FACTOR)];
    model.thresholds_v = Some(THRESHOLDS.to_vec());
    let truth = enumerate(4, 8, 2, &THRESHOLDS, |s| {
        (sum(&cursors, &LEVELS, s), s.iter().zip(energy).map(|(s, e)| v2 * e * FACTOR[*s]).sum())
    });
    let (ser, _) = ratios(&model);
    // What is left is the correlation of the two weakest symbols' noise with their own interference.
    assert_close(ser, truth.0, 1e-2, "SER");
}

#[test]
fn an_aggressor_of_unknown_phase_is_a_mixture() {
    let phases = vec![vec![0.03, 0.05, -0.01], vec![0.045, 0.02, 0.015]];
    let aggressor = SlicerCrosstalk { name: "fext".into(), levels: vec![-0.8, -0.3, 0.25, 0.9], phases };
    let cursors = [0.5, 0.04];
    let v2 = 6e-4;
    let truth_at = |p: usize| {
        enumerate(4, 5, 0, &THRESHOLDS, |s| {
            let x = sum(&aggressor.phases[p], &aggressor.levels, &s[2..]);
            (sum(&cursors, &LEVELS, s) + x, v2)
        })
        .0
    };
    let mut model = linear(&LEVELS, &cursors, 0);
    model.noise.autocorrelation_v2 = vec![v2];
    model.thresholds_v = Some(THRESHOLDS.to_vec());
    model.crosstalk = vec![aggressor.clone()];
    for (rule, expected) in [
        (CrosstalkPhase::Rule(CrosstalkRule::Uniform), 0.5 * (truth_at(0) + truth_at(1))),
        (CrosstalkPhase::Rule(CrosstalkRule::Worst), truth_at(0)),
        (CrosstalkPhase::PhaseUi(0.5), truth_at(1)),
        (CrosstalkPhase::PhaseUi(-1.0), truth_at(0)),
    ] {
        model.crosstalk_phase = rule;
        assert_close(ratios(&model).0, expected, 1e-6, "SER");
    }
}

#[test]
fn whole_symbol_jitter() {
    let cursors = [0.02, 0.5, 0.06];
    let slope = [0.4, 0.15, -0.5];
    let (rj, dd, v2) = (0.02, 0.03, 1e-3);
    let mut model = linear(&LEVELS, &cursors, 1);
    model.noise.autocorrelation_v2 = vec![v2];
    model.thresholds_v = Some(THRESHOLDS.to_vec());
    model.jitter = Some(SlicerJitter {
        model: JitterModel::Com,
        rj_ui: rj,
        dd_ui: dd,
        response: slope.to_vec(),
        main: 1,
        transmit_taps: vec![1.0],
        transmit_main: 0,
        ..SlicerJitter::default()
    });
    let truth: f64 = (0..8)
        .map(|signs: usize| {
            let sign = |i: usize| if signs >> i & 1 == 1 { dd } else { -dd };
            enumerate(4, 3, 1, &THRESHOLDS, |s| {
                let a = [LEVELS[s[0]], LEVELS[s[1]], LEVELS[s[2]]];
                let mean: f64 = (0..3).map(|i| a[i] * (cursors[i] + slope[i] * sign(i))).sum();
                (mean, v2 + rj * rj * (0..3).map(|i| (a[i] * slope[i]).powi(2)).sum::<f64>())
            })
            .0
        })
        .sum();
    assert_close(ratios(&model).0, truth / 8.0, 1e-6, "SER");
}

#[test]
fn edge_jitter_after_a_transmit_filter() {
    // Edges n = k and n = k + 1 of x_n = a_n − 0.1 a_(n−1): four symbols, k + 1 … k − 2.
    let (rj, dd, v2) = (0.015, 0.02, 1e-3);
    let response = [-0.45, 0.5];
    let cursors = [0.02, 0.5, 0.06];
    let mut model = linear(&LEVELS, &cursors, 1);
    model.noise.autocorrelation_v2 = vec![v2];
    model.thresholds_v = Some(THRESHOLDS.to_vec());
    model.jitter = Some(SlicerJitter {
        model: JitterModel::Edge,
        rj_ui: rj,
        dd_ui: dd,
        response: response.to_vec(),
        main: 1,
        transmit_taps: vec![1.0, -0.1],
        transmit_main: 0,
        ..SlicerJitter::default()
    });
    let truth: f64 = (0..4)
        .map(|signs: usize| {
            let sign = |i: usize| if signs >> i & 1 == 1 { dd } else { -dd };
            enumerate(4, 4, 1, &THRESHOLDS, |s| {
                let a = [LEVELS[s[0]], LEVELS[s[1]], LEVELS[s[2]], LEVELS[s[3]]];
                // Symbols a[0] = a_(k+1) … a[3] = a_(k−2); entry i of the response is the edge n = k − (i − 1).
                let x = |i: usize| a[i] - 0.1 * a[i + 1];
                let edge = [response[0] * (x(0) - x(1)), response[1] * (x(1) - x(2))];
                let mean: f64 = (0..3).map(|i| a[i] * cursors[i]).sum();
                let moved: f64 = (0..2).map(|i| edge[i] * sign(i)).sum();
                (mean + moved, v2 + rj * rj * edge.iter().map(|e| e * e).sum::<f64>())
            })
            .0
        })
        .sum();
    assert_close(ratios(&model).0, truth / 4.0, 1e-6, "SER");
}
