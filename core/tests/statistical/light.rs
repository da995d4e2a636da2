//! Interference of the light: its bounded law, level by level.

use crate::brute::{assert_close, linear, q};
use lightlane::Run;
use lightlane::engine::statistical::{Prepared, error_ratios};
use lightlane::response::{DecisionModel, SlicerInterference};

const LEVELS: [f64; 4] = [-3.0, -1.0, 1.0, 3.0];
/// Light of an extinction ratio of 4 (6 dB), slope 1 by the levels.
const LIGHT: [f64; 4] = [2.0, 4.0, 6.0, 8.0];

fn echo(x: f64, cursors: &[f64], main: usize) -> SlicerInterference {
    let field: Vec<f64> = LIGHT.iter().map(|p| p.sqrt()).collect();
    SlicerInterference {
        name: "mpi".into(),
        interferer: field.clone(),
        field,
        response: cursors.iter().map(|c| 2.0 * x * c).collect(),
        main,
    }
}

fn model(sigma: f64, echoes: &[SlicerInterference]) -> DecisionModel {
    let mut m = linear(&LEVELS, &[1.0], 0);
    m.noise.autocorrelation_v2 = vec![sigma * sigma];
    m.noise.interference = echoes.to_vec();
    m.thresholds_v = Some(vec![-2.0, 0.0, 2.0]);
    m
}

/// Symbol error ratio by level of a clean symbol with one echo, by a rule of 4096 phases: exact to rounding for tails that
/// vary as e^(λ cos θ) with λ of some hundred.
fn by_phases(x: f64, sigma: f64) -> Vec<f64> {
    let n = 4096;
    let mut errors = vec![0.0; 4];
    for (s, error) in errors.iter_mut().enumerate() {
        for other in LIGHT {
            for turn in 0..n {
                let cos = (std::f64::consts::TAU * (turn as f64 + 0.5) / n as f64).cos();
                let z = LEVELS[s] + 2.0 * x * (LIGHT[s] * other).sqrt() * cos;
                let above = if s < 3 { q((LEVELS[s] + 1.0 - z) / sigma) } else { 0.0 };
                let below = if s > 0 { q((z - LEVELS[s] + 1.0) / sigma) } else { 0.0 };
                *error += (above + below) / (4 * n) as f64;
            }
        }
    }
    errors
}

#[test]
fn one_echo_is_the_mean_over_phase_and_symbol() {
    for (x, sigma) in [(0.005, 0.3), (0.005, 0.12), (0.02, 0.12), (0.03, 0.08)] {
        let found = error_ratios(&model(sigma, &[echo(x, &[1.0], 0)]), &Run::default()).unwrap();
        let exact = by_phases(x, sigma);
        // The grid leaves 1e-3 (x/256)^4 at x of some ten deviations, the exact sums 1e-9.
        for (level, wanted) in exact.iter().enumerate() {
            assert_close(found.ser_by_level[level], *wanted, 2e-4, &format!("{x} {sigma} level {level}"));
        }
        assert_close(found.ser, exact.iter().sum::<f64>() / 4.0, 2e-4, "SER");
    }
}

#[test]
fn two_echoes_and_neighbours_are_every_phase_and_symbol() {
    // Cursor and one postcursor; the echo of the postcursor's symbol has its own product.
    let (x, sigma, cursors) = ([0.02, 0.012], 0.16, [1.0, 0.05]);
    let mut m = linear(&LEVELS, &cursors, 0);
    m.noise.autocorrelation_v2 = vec![sigma * sigma];
    m.noise.interference = x.map(|x| echo(x, &cursors, 0)).to_vec();
    m.thresholds_v = Some(vec![-2.0, 0.0, 2.0]);
    let found = error_ratios(&m, &Run::default()).unwrap();
    // Sixteen phases are exact to 1e-10 for tails that vary as e^(12 cos θ).
    let n = 16;
    let cosines: Vec<f64> =
        (0..n).map(|i| (std::f64::consts::PI * (f64::from(i) + 0.5) / f64::from(n)).cos()).collect();
    // Shift of one echo for own symbol s and the one before it, over its symbols and phases.
    let shifts = |x: f64, s: usize, before: usize| -> Vec<f64> {
        let y = LIGHT.iter().flat_map(|b| {
            LIGHT
                .iter()
                .map(move |c| 2.0 * x * ((LIGHT[s] * b).sqrt() + cursors[1] * (LIGHT[before] * c).sqrt()))
        });
        y.flat_map(|y| cosines.iter().map(move |c| y * c)).collect()
    };
    let errors = |s: usize, one: &[f64], two: &[f64], interference: f64| -> f64 {
        let pairs = one.iter().flat_map(|a| two.iter().map(move |b| a + b + interference));
        let wrong = pairs.map(|z| {
            let above = if s < 3 { q((1.0 - z) / sigma) } else { 0.0 };
            above + if s > 0 { q((z + 1.0) / sigma) } else { 0.0 }
        });
        wrong.sum::<f64>() / (one.len() * two.len()) as f64
    };
    let (mut exact, mut apart) = (0.0, 0.0);
    for s in 0..4 {
        for before in 0..4 {
            let (one, two) = (shifts(x[0], s, before), shifts(x[1], s, before));
            exact += errors(s, &one, &two, cursors[1] * LEVELS[before]) / 16.0;
            for other in 0..4 {
                apart += errors(s, &one, &two, cursors[1] * LEVELS[other]) / 64.0;
            }
        }
    }
    // The engine takes the postcursor's symbol as another in the echo than in the signal; both echoes have it in common
    // here, which is of the square of a twentieth.
    assert_close(found.ser, apart, 2e-3, "SER, symbols apart");
    assert_close(found.ser, exact, 0.06, "SER");
}

#[test]
fn nothing_lies_beyond_the_bound() {
    // Half the distance of the levels is 1; the top level's ripple is at most 2 x 8 = 0.64, so that 0.36 are left at
    // the worst phase: its errors lie between those of the worst phase half and all of the time.
    let (x, sigma) = (0.04, 0.36 / 8.0);
    let found = error_ratios(&model(sigma, &[echo(x, &[1.0], 0)]), &Run::default()).unwrap();
    let worst = q(8.0);
    assert!(worst < 1e-15 && found.ser_by_level[3] < worst && found.ser_by_level[3] > 1e-3 * worst);
    // A Gaussian of the same variance would be wrong by orders of magnitude.
    let variance = sigma * sigma + echo(x, &[1.0], 0).variance_v2(Some(3));
    assert!(q(1.0 / variance.sqrt()) > 1e10 * worst);
    // Without noise nothing is wrong as long as the bound leaves the eye open, and something is beyond it.
    let silent = |x: f64| error_ratios(&model(0.0, &[echo(x, &[1.0], 0)]), &Run::default()).unwrap().ser;
    assert_eq!(silent(0.06), 0.0);
    assert!(silent(0.07) > 1e-3);
}

#[test]
fn margins_respect_the_bound_and_vanish_with_the_echo() {
    let run = Run::default();
    let margin = |x: f64| {
        let prepared = Prepared::new(&model(0.1, &[echo(x, &[1.0], 0)]), &run).unwrap();
        prepared.margin_db(1e-12, &run).unwrap().margin_db
    };
    let clean = Prepared::new(&model(0.1, &[]), &run).unwrap().margin_db(1e-12, &run).unwrap().margin_db;
    let mut last = 0.0;
    for x in [1e-6, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2] {
        let penalty = clean - margin(x);
        // At worst the half-eye of 1 is smaller by the whole ripple of the top level; the search resolves 1e-7 dB.
        let bound = -20.0 * (1.0 - 16.0 * x).log10();
        assert!(penalty >= last - 1e-5 && penalty < bound + 1e-5, "{x}: {penalty} {bound}");
        last = penalty;
    }
    // −120 dB of both reflectances, and −40 dB, which costs less than a thousandth of a decibel.
    assert!(clean - margin(1e-6) < 1e-5 && clean - margin(1e-4) < 1e-3);
}

#[test]
fn error_ratios_rise_with_the_echo() {
    let mut last = 0.0;
    for x in [0.0, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 4e-2, 8e-2] {
        let mut m = model(0.15, &[echo(x, &[1.0], 0), echo(0.7 * x, &[1.0], 0)]);
        m.thresholds_v = None;
        let ser = error_ratios(&m, &Run::default()).unwrap().ser;
        assert!(ser > last, "{x}: {ser} {last}");
        last = ser;
    }
}

#[test]
fn bad_interference_is_refused() {
    let text =
        |e: SlicerInterference| error_ratios(&model(0.1, &[e]), &Run::default()).unwrap_err().to_string();
    assert!(text(SlicerInterference { main: 1, ..echo(0.1, &[1.0], 0) }).contains("main = 1"));
    assert!(text(SlicerInterference { field: vec![1.0; 3], ..echo(0.1, &[1.0], 0) }).contains("field"));
    assert!(text(echo(f64::NAN, &[1.0], 0)).contains("response[0] = NaN"));
}
