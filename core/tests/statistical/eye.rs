//! Contours and bathtubs against closed forms.

use crate::brute::{assert_close, linear, q};
use lightlane::Run;
use lightlane::engine::statistical::{Eye, Prepared, level_densities};
use lightlane::response::DecisionModel;

const LEVELS: [f64; 4] = [-0.3, -0.1, 0.1, 0.3];
const SIGMA: f64 = 0.012;

/// A pulse that leaks linearly into its neighbours as the phase moves away.
fn model(offset_ui: f64) -> DecisionModel {
    let leak = 1.3 * offset_ui.abs();
    let mut m = linear(&LEVELS, &[1.0 - leak, leak], 0);
    m.noise.autocorrelation_v2 = vec![SIGMA * SIGMA];
    m
}

fn eye() -> Eye {
    let offsets: Vec<f64> = (-16..=16).map(|i| f64::from(i) / 32.0).collect();
    let models: Vec<DecisionModel> = offsets.iter().map(|o| model(*o)).collect();
    Eye::from_models(&models, &offsets, &Run::default()).unwrap()
}

#[test]
fn contours_at_the_centre_are_those_of_a_gaussian() {
    let eye = eye();
    for (p, x) in [(1e-3, 3.090_232), (1e-6, 4.753_424), (1e-12, 7.034_484), (1e-18, 8.757_290)] {
        let c = eye.contour(p).unwrap();
        for k in 0..3 {
            // ln p is interpolated linearly over a bin of about a quarter of a sigma: 0.01 sigma.
            assert!((c.lower_v[k][16] - (LEVELS[k] + x * SIGMA)).abs() < 0.02 * SIGMA, "{p:e}");
            assert!((c.upper_v[k][16] - (LEVELS[k + 1] - x * SIGMA)).abs() < 0.02 * SIGMA, "{p:e}");
        }
    }
}

#[test]
fn an_opening_shrinks_with_probability_and_ends_where_the_eye_closes() {
    let eye = eye();
    let heights: Vec<f64> = [1e-3, 1e-6, 1e-9].iter().map(|p| eye.height_v(*p).unwrap()[1]).collect();
    assert!(heights.windows(2).all(|w| w[0] > w[1]) && heights[2] > 0.0);
    let widths: Vec<f64> = [1e-3, 1e-6, 1e-9].iter().map(|p| eye.width_ui(*p).unwrap()[1]).collect();
    assert!(widths.windows(2).all(|w| w[0] > w[1]) && widths[2] > 0.0);
    // Worst pattern: 0.2 (1 − leak) − 0.6 leak = 2 x sigma', a quarter of patterns each side: at 1e-9 the quarter
    // moves x from 5.998 to 5.766.
    let x = 5.766;
    let leak = (0.2 - 2.0 * x * SIGMA) / 0.8;
    assert!((widths[2] - 2.0 * leak / 1.3).abs() < 0.01, "{} {}", widths[2], 2.0 * leak / 1.3);
}

#[test]
fn bathtubs_agree_with_the_engine_at_each_phase() {
    let eye = eye();
    let thresholds = [-0.2, 0.0, 0.2];
    let tub = eye.bathtub(&thresholds).unwrap();
    for phase in [10, 13, 16, 18] {
        let mut m = model(eye.offsets_ui[phase]);
        m.thresholds_v = Some(thresholds.to_vec());
        let exact = Prepared::new(&m, &Run::default()).unwrap().ratios(1.0).ber;
        // Linear interpolation of ln p in bins of 0.7 sigma: 0.7²/8.
        assert_close(tub[phase], exact, 0.08, "BER");
    }
    let over_threshold = &eye.threshold_bathtub(16)[1];
    let middle = over_threshold.iter().copied().fold(f64::INFINITY, f64::min);
    assert_close(middle, 0.5 * q(0.1 / SIGMA), 0.2, "middle threshold");
    assert!(eye.threshold_bathtub(99).is_empty());
}

#[test]
fn the_image_holds_all_probability() {
    let eye = eye();
    let width = eye.edges_v[1] - eye.edges_v[0];
    for row in eye.density_per_v.chunks(eye.bins()) {
        assert!((row.iter().sum::<f64>() * width - 1.0).abs() < 1e-4);
    }
    let levels = level_densities(&model(0.1), 512, &Run::default()).unwrap();
    for (level, d) in levels.iter().enumerate() {
        assert!((d.total() - 1.0).abs() < 1e-6);
        // 0.13 leaks from the other symbols, whose mean is 0.
        assert!((d.mean_v() - 0.87 * LEVELS[level]).abs() < 1e-5);
        let variance = SIGMA * SIGMA + 0.13 * 0.13 * 0.05;
        // A bin's own width adds step²/12.
        assert_close(d.variance_v2(), variance + d.step_v * d.step_v / 12.0, 1e-3, "variance");
    }
}

#[test]
fn an_eye_needs_an_offset_for_every_model() {
    let run = Run::default();
    assert!(Eye::from_models(&[], &[], &run).is_err());
    assert!(Eye::from_models(&[model(0.0)], &[0.0, 0.1], &run).is_err());
    assert!(Eye::from_models(&[model(0.0), model(0.1)], &[0.1, 0.0], &run).is_err());
    assert!(eye().contour(0.7).is_err());
    assert!(eye().bathtub(&[0.0]).is_err());
}
