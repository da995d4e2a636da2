//! Invariances.

use crate::brute::{by_symbol, linear};
use lightlane::Run;
use lightlane::engine::statistical::{Prepared, error_ratios};
use lightlane::response::{DecisionModel, SlicerSignal};
use proptest::prelude::*;

fn model(cursors: &[f64], v2: f64, spread: f64) -> DecisionModel {
    let mut m = linear(&[-1.0, -0.35, 0.3, 1.0], &[&[0.5], cursors].concat(), 0);
    m.noise.autocorrelation_v2 = vec![0.5 * v2];
    m.noise.by_symbol = vec![by_symbol(&[0.5 * v2, 0.05 * v2], 0, &[1.0 - spread, 1.0, 1.0, 1.0 + spread])];
    m
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn scaling_all_voltages_changes_nothing(
        cursors in prop::collection::vec(-0.03..0.03_f64, 0..6), sigma in 0.02..0.06_f64, spread in 0.0..0.9_f64,
        scale in 1e-3..1e3_f64,
    ) {
        let a = model(&cursors, sigma * sigma, spread);
        let mut b = a.clone();
        if let SlicerSignal::Linear { cursors, .. } = &mut b.signal {
            cursors.iter_mut().for_each(|c| *c *= scale);
        }
        b.noise.autocorrelation_v2[0] *= scale * scale;
        b.noise.by_symbol[0].energy_v2.iter_mut().for_each(|e| *e *= scale * scale);
        let (a, b) = (error_ratios(&a, &Run::default()).unwrap(), error_ratios(&b, &Run::default()).unwrap());
        // Rounding moves the edges of bins and of lattices, nothing more.
        prop_assert!((a.ser / b.ser - 1.0).abs() < 1e-5, "{:e} {:e}", a.ser, b.ser);
    }

    #[test]
    fn more_noise_is_never_better(
        cursors in prop::collection::vec(-0.03..0.03_f64, 0..6), sigma in 0.01..0.06_f64, spread in 0.0..0.9_f64,
    ) {
        let p = Prepared::new(&model(&cursors, sigma * sigma, spread), &Run::default()).unwrap();
        let ratios: Vec<f64> = [0.8, 1.0, 1.1, 1.3, 2.0].iter().map(|s| p.ratios(*s).ser).collect();
        prop_assert!(ratios.windows(2).all(|w| w[0] <= w[1] * (1.0 + 1e-6)), "{:?}", ratios);
    }

    #[test]
    fn another_cursor_is_never_better_while_the_eye_is_open(
        cursors in prop::collection::vec(-0.02..0.02_f64, 0..4), more in 0.0..0.03_f64, sigma in 0.01..0.04_f64,
    ) {
        // With symmetric interference inside the eye every tail is convex, so that spreading it raises its mean.
        let levels = [-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0];
        let with = |c: &[f64]| {
            let mut m = linear(&levels, &[&[0.5], c].concat(), 0);
            m.noise.autocorrelation_v2 = vec![sigma * sigma];
            m.thresholds_v = Some(vec![-1.0 / 3.0, 0.0, 1.0 / 3.0]);
            error_ratios(&m, &Run::default()).unwrap().ser
        };
        prop_assert!(with(&[&cursors[..], &[more]].concat()) >= with(&cursors) * (1.0 - 1e-6));
    }

    #[test]
    fn optimum_thresholds_are_not_beaten_by_their_neighbours(
        cursors in prop::collection::vec(-0.03..0.03_f64, 0..6), sigma in 0.02..0.05_f64, spread in 0.0..0.9_f64,
        moved in -1.0..1.0_f64,
    ) {
        let mut m = model(&cursors, sigma * sigma, spread);
        let best = error_ratios(&m, &Run::default()).unwrap();
        m.thresholds_v = Some(best.thresholds_v.iter().map(|t| t + 0.3 * moved * sigma).collect());
        let other = error_ratios(&m, &Run::default()).unwrap();
        prop_assert!(best.ser <= other.ser * (1.0 + 1e-5));
    }
}

#[test]
fn bad_models_are_refused_by_field() {
    let refused = |m: &DecisionModel| error_ratios(m, &Run::default()).unwrap_err().to_string();
    let good = model(&[0.01], 1e-3, 0.2);
    let mut bad = good.clone();
    bad.levels = vec![-1.0, 1.0];
    assert!(refused(&bad).starts_with("levels = 2 values: must be 4 values"));
    let mut bad = good.clone();
    bad.thresholds_v = Some(vec![0.1, 0.0, 0.2]);
    assert!(refused(&bad).starts_with("thresholds_v[1] = 0: must be above 0.1"));
    let mut bad = good.clone();
    bad.noise.autocorrelation_v2 = vec![f64::NAN];
    assert!(refused(&bad).contains("autocorrelation_v2[0]"));
    let mut bad = good.clone();
    bad.signal = SlicerSignal::Linear { cursors: vec![0.5, f64::INFINITY], main: 0 };
    assert!(refused(&bad).starts_with("cursors[1]"));
    let mut bad = good;
    bad.noise.by_symbol[0].factor = vec![1.0];
    assert!(refused(&bad).contains("factor"));
    let run = Run::default();
    run.cancel_flag().store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(error_ratios(&model(&[], 1e-3, 0.0), &run).is_err());
}
