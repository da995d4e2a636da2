//! The operating margin against closed forms and enumeration.

use crate::brute::{by_symbol, linear, q};
use lightlane::Run;
use lightlane::engine::statistical::Prepared;
use lightlane::response::DecisionModel;
use proptest::prelude::*;

const LEVELS: [f64; 4] = [-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0];

fn com_db(model: &DecisionModel, der: f64) -> f64 {
    let prepared = Prepared::new(model, &Run::default()).expect("a model");
    prepared.operating_margin(der, &Run::default()).expect("a margin").com_db
}

#[test]
fn white_noise_alone_has_the_margin_of_its_quantile() {
    // 0.1 V from a level to a threshold, 10 mV rms.
    let mut model = linear(&LEVELS, &[0.3], 0);
    model.noise.autocorrelation_v2 = vec![1e-4];
    for quantile in [3.0, 4.0, 5.0] {
        let exact = 20.0 * (10.0_f64 / quantile).log10();
        // The thresholds are found to 1e-7 of the spacing.
        assert!((com_db(&model, q(quantile)) - exact).abs() < 1e-5);
    }
}

#[test]
fn it_is_the_noise_margin_where_nothing_but_noise_disturbs() {
    let mut model = linear(&LEVELS, &[0.3], 0);
    model.noise.autocorrelation_v2 = vec![1e-4];
    let prepared = Prepared::new(&model, &Run::default()).expect("a model");
    let margin_db = prepared.margin_db(2.4e-4, &Run::default()).expect("a margin").margin_db;
    let der = prepared.der_of_ber(2.4e-4);
    assert!((der - 3.2e-4).abs() < 1e-18);
    // Errors by two levels, which cost two bits, are rarer than 1e-20 here; 1e-5 of the ratio is a millionth of a dB.
    assert!((com_db(&model, der) - margin_db).abs() < 1e-4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Three interfering symbols and a noise that follows the level, every pattern enumerated: growing everything by
    /// the margin found makes the edges be crossed with the probability asked for.
    #[test]
    fn everything_grown_by_the_margin_crosses_the_edges_at_der_0(
        isi in prop::collection::vec(-0.01..0.01_f64, 3), sigma in 0.008..0.015_f64, spread in 0.0..0.6_f64,
        der in 1e-6..1e-3_f64,
    ) {
        let factor = [1.0 - spread, 1.0 - spread / 3.0, 1.0 + spread / 3.0, 1.0 + spread];
        let mut model = linear(&LEVELS, &[&[0.3], isi.as_slice()].concat(), 0);
        model.noise.by_symbol = vec![by_symbol(&[sigma * sigma], 0, &factor)];
        let prepared = Prepared::new(&model, &Run::default()).unwrap();
        let found = prepared.operating_margin(der, &Run::default()).unwrap();
        let g = 10_f64.powf(found.com_db / 20.0);
        let mut sum = 0.0;
        for (k, t) in prepared.thresholds_v().iter().enumerate() {
            for (level, sign) in [(k, 1.0), (k + 1, -1.0)] {
                let distance = sign * (t - 0.3 * LEVELS[level]);
                let sigma = sigma * factor[level].sqrt();
                for word in 0..64_usize {
                    let r: f64 = isi.iter().enumerate().map(|(i, c)| c * LEVELS[(word >> (2 * i)) & 3]).sum();
                    sum += q((distance - g * sign * r) / (g * sigma)) / (64.0 * 6.0);
                }
            }
        }
        // The engine's lattice for interference is good to a thousandth of an error ratio.
        prop_assert!((sum / der - 1.0).abs() < 5e-3, "{sum:e} {der:e}");
    }
}
