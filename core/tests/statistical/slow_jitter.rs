//! Jitter that successive symbols share, and a converter's steps, against averages over every value that they take.

use crate::brute::{assert_close, enumerate, linear};
use lightlane::Run;
use lightlane::engine::statistical::{ErrorRatios, error_ratios};
use lightlane::response::{DecisionModel, JitterModel, SlicerJitter, UniformNoise};
use std::f64::consts::TAU;

const LEVELS: [f64; 4] = [-0.9, -0.35, 0.3, 1.0];
const THRESHOLDS: [f64; 3] = [-0.31, -0.01, 0.33];
const CURSORS: [f64; 4] = [0.02, 0.5, 0.06, -0.01];

fn ratios(model: &DecisionModel) -> ErrorRatios {
    error_ratios(model, &Run::default()).unwrap()
}

fn model(v2: f64) -> DecisionModel {
    let mut model = linear(&LEVELS, &CURSORS, 1);
    model.noise.autocorrelation_v2 = vec![v2];
    model.thresholds_v = Some(THRESHOLDS.to_vec());
    model
}

/// Responses r₁, r₂, r₃ to an event and its neighbours.
fn jitter(model: JitterModel) -> SlicerJitter {
    SlicerJitter {
        model,
        response: vec![0.4, 0.15, -0.5],
        higher_orders: vec![vec![0.3, -2.0, 0.5], vec![-1.0, 0.7, 2.0]],
        main: 1,
        transmit_taps: vec![1.0, -0.1],
        ..SlicerJitter::default()
    }
}

/// Error ratio by brute force when event number n − k = 1, 0, −1 is early by `early(n - k)`; the pattern is a_(k+1) …
fn truth(jitter: &SlicerJitter, v2: f64, early: impl Fn(i32) -> f64) -> f64 {
    // Edges n = k + 1 … k − 1 of x_n = a_n − 0.1 a_(n−1) reach back to a_(k−3).
    enumerate(4, 5, 1, &THRESHOLDS, |s| {
        let a: Vec<f64> = s.iter().map(|s| LEVELS[*s]).collect();
        let mut mean: f64 = a.iter().zip(CURSORS).map(|(a, c)| a * c).sum();
        let x = |i: usize| a[i] - 0.1 * a[i + 1];
        for i in 0..3 {
            let d = early(1 - i as i32);
            let moved = if jitter.model == JitterModel::Com { a[i] } else { x(i) - x(i + 1) };
            let [r2, r3] = [jitter.higher_orders[0][i], jitter.higher_orders[1][i]];
            mean += moved * (d * jitter.response[i] + d * d / 2.0 * r2 + d * d * d / 6.0 * r3);
        }
        (mean, v2)
    })
    .0
}

#[test]
fn a_slow_sinusoid_is_the_mean_over_its_phases() {
    for (kind, v2) in [(JitterModel::Com, 1.5e-3), (JitterModel::Edge, 1.5e-3), (JitterModel::Com, 3e-4)] {
        let mut model = model(v2);
        let jitter = SlicerJitter { sj_ui: 0.08, sj_hz: 1e6, ..jitter(kind) };
        // 200 phases: exact to rounding for a periodic function this smooth.
        let mean =
            (0..200).map(|i| truth(&jitter, v2, |_| -0.08 * (TAU * f64::from(i) / 200.0).sin())).sum::<f64>()
                / 200.0;
        let without = ratios(&model).ser;
        model.jitter = Some(jitter);
        let found = ratios(&model);
        assert_close(found.ser, mean, 1e-6, "SER");
        assert!(found.ser > 1.2 * without, "{kind:?}: {:e} {without:e}", found.ser);
        // Successive symbols see the same phase: an error makes the next more likely than errors are.
        assert!(found.continue_probability > 1.01 * found.ser);
    }
}

#[test]
fn even_and_odd_decisions_have_error_ratios_of_their_own() {
    let v2 = 1.5e-3;
    for kind in [JitterModel::Com, JitterModel::Edge] {
        let mut model = model(v2);
        let jitter = SlicerJitter { dcd_ui: 0.1, ..jitter(kind) };
        let of =
            |even: bool| truth(&jitter, v2, |n| if (n.rem_euclid(2) == 0) == even { -0.05 } else { 0.05 });
        let mean = 0.5 * (of(true) + of(false));
        model.jitter = Some(jitter);
        assert_close(ratios(&model).ser, mean, 1e-6, "SER");
    }
}

#[test]
fn a_converter_adds_a_uniform_for_each_tap() {
    // Two taps of 1 and −0.4 and steps of 1.2 deviations of the noise: means over both uniforms by 400 midpoints each.
    let (v2, step) = (4e-4f64, 0.024);
    let mut model = model(v2);
    model.noise.uniform =
        vec![UniformNoise { name: "adc".into(), response: vec![step, -0.4 * step], main: 0 }];
    let points = 60;
    let at = |i: i32| (f64::from(i) + 0.5) / f64::from(points) - 0.5;
    let mut truth = 0.0;
    for i in 0..points {
        for j in 0..points {
            let shift = step * at(i) - 0.4 * step * at(j);
            let of_pattern =
                |s: &[usize]| (s.iter().zip(CURSORS).map(|(s, c)| LEVELS[*s] * c).sum::<f64>() + shift, v2);
            truth += enumerate(4, 4, 1, &THRESHOLDS, of_pattern).0;
        }
    }
    truth /= f64::from(points * points);
    let found = ratios(&model).ser;
    // The midpoints' own variance is 1/3600 short, and sixteen values stand for a uniform.
    assert_close(found, truth, 3e-3, "SER");
    // As a Gaussian it would be told to be worse.
    let mut gaussian = model.clone();
    gaussian.noise.uniform.clear();
    gaussian.noise.autocorrelation_v2[0] += step * step * 1.16 / 12.0;
    assert!(ratios(&gaussian).ser > 1.02 * found, "{:e} {found:e}", ratios(&gaussian).ser);
}
