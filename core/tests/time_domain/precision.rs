//! Single precision and tables against double precision and the linear model.

use super::*;
use lightlane::response::SlicerInterference;

/// A model with everything in it.
fn full() -> DecisionModel {
    let mut model = ideal(Modulation::Pam4, 0.2);
    let cursors: Vec<f64> =
        (0..60).map(|i| 0.05 * (f64::from(i) * 1.3).cos() * (-f64::from(i) / 15.0).exp()).collect();
    model.signal = SlicerSignal::Linear { cursors, main: 4 };
    if let SlicerSignal::Linear { cursors, .. } = &mut model.signal {
        cursors[4] = 1.0;
    }
    model.dfe = vec![0.1, -0.05];
    model.noise.autocorrelation_v2 = vec![0.04, 0.01, -0.005];
    let mut noise = symbol_noise();
    noise.factor = vec![0.2, 0.3, 0.5, 0.7];
    model.noise.by_symbol = vec![noise.clone(), noise];
    let wide = interference::echo(0.02, &[0.1, 1.0, -0.3], 1);
    let nrz = SlicerInterference { interferer: vec![0.7, 1.4], ..wide.clone() };
    model.noise.interference = vec![wide, nrz];
    let phases = (0..8).map(|p| (0..20).map(|i| 0.02 * f64::from(i * 8 + p).sin()).collect()).collect();
    let crosstalk = SlicerCrosstalk { name: "fext".into(), levels: vec![-3.0, -1.0, 1.0, 3.0], phases };
    let nrz = SlicerCrosstalk { name: "clock".into(), levels: vec![-1.0, 1.0], ..crosstalk.clone() };
    model.crosstalk = vec![crosstalk, nrz];
    model.jitter = Some(SlicerJitter {
        model: JitterModel::Edge,
        rj_ui: 0.01,
        dd_ui: 0.02,
        response: vec![0.1, 0.8, 1.1, -0.2, 0.05],
        main: 2,
        transmit_taps: vec![-0.1, 0.8, -0.1],
        transmit_main: 1,
        ..SlicerJitter::default()
    });
    model
}

#[test]
fn single_precision_suffices() {
    let mut com = full();
    if let Some(jitter) = &mut com.jitter {
        jitter.model = JitterModel::Com;
    }
    com.crosstalk_phase = CrosstalkPhase::PhaseUi(0.37);
    let mut table = full();
    let words: Vec<f64> = (0..256)
        .map(|w| f64::from(w % 4) * 0.1 + f64::from(w / 4 % 4) - 1.5 - f64::from(w / 64) * 0.03)
        .collect();
    table.signal = SlicerSignal::Table {
        table: words,
        memory: 4,
        after: 1,
        cursors: vec![0.01, 0.0, 0.0, 0.0, 0.0, 0.02, -0.01],
        main: 2,
        residual_v: vec![],
        residual_ratio: 0.0,
    };
    let mut slow = [full(), com.clone()];
    for model in &mut slow {
        if let Some(jitter) = &mut model.jitter {
            jitter.higher_orders = vec![vec![1.0, -3.0, -4.0, 2.0, 0.1], vec![3.0, 2.0, -9.0, 1.0, 0.0]];
            (jitter.sj_ui, jitter.sj_hz, jitter.dcd_ui) = (0.1, 3.7e6, 0.07);
        }
        model.noise.uniform =
            vec![UniformNoise { name: "adc".into(), response: vec![-0.01, 0.1, 0.03], main: 1 }];
    }
    let [slow_edges, slow_symbols] = slow;
    for model in [full(), com, table, slow_edges, slow_symbols] {
        let n = 20_000;
        let (z, symbols) = naive::slicer_input(&model, 13, 5_000, n).unwrap();
        let exact = naive::slicer_input_f64(&model, 13, 5_000, n).unwrap();
        let thresholds = model.thresholds_v.clone().unwrap();
        let decide = |z: f64| thresholds.iter().filter(|t| z > **t).count();
        let (mut errors, mut different) = (0, 0);
        for ((z, exact), s) in z.iter().zip(&exact).zip(&symbols) {
            // Rounding of some 100 terms of order 1 in f32, and cursors of 1e-6 left out at the ends.
            assert!((f64::from(*z) - exact).abs() < 1e-5, "{z} {exact}");
            errors += u64::from(decide(f64::from(*z)) != usize::from(*s));
            different += u64::from(decide(f64::from(*z)) != decide(*exact));
        }
        // A decision can only differ within 1e-5 of a threshold: a share of 1e-5 of the symbols.
        assert!(errors > 100 && different <= 2, "{errors} errors, {different} different");
    }
}

#[test]
fn a_linear_table_is_the_linear_model() {
    let cursors = [0.03, -0.1, 1.0, 0.3, 0.12, -0.05, 0.02];
    let mut linear = ideal(Modulation::Pam4, 0.35);
    linear.signal = SlicerSignal::Linear { cursors: cursors.to_vec(), main: 2 };
    linear.dfe = vec![0.3, 0.1];
    let mut table = linear.clone();
    // Words of 4: a_(k−2) to a_(k+1), the oldest symbol most significant; cursors outside stay.
    let word = |w: usize| (0..4).map(|d| cursors[1 + d] * linear.levels[w >> (2 * d) & 3]).sum();
    table.signal = SlicerSignal::Table {
        table: (0..256).map(word).collect(),
        memory: 4,
        after: 1,
        cursors: vec![0.03, 0.0, 0.0, 0.0, 0.0, -0.05, 0.02],
        main: 2,
        residual_v: vec![],
        residual_ratio: 0.0,
    };
    let (a, b) = (run(&linear, 300_000, 5), run(&table, 300_000, 5));
    assert!(a.n_symbol_errors > 1000);
    // The same draws; sums of a few terms in another order may move a decision within 1e-6 of a threshold.
    assert!(
        a.n_symbol_errors.abs_diff(b.n_symbol_errors) <= 2,
        "{} {}",
        a.n_symbol_errors,
        b.n_symbol_errors
    );
    // An unexplained part of ±0.1 V adds its own error ratio.
    if let SlicerSignal::Table { residual_v, .. } = &mut table.signal {
        *residual_v = vec![-0.3, 0.3];
    }
    table.dfe.clear();
    table.signal = match table.signal {
        SlicerSignal::Table { residual_v, .. } => SlicerSignal::Table {
            table: (0..4).map(|s| linear.levels[s]).collect(),
            memory: 1,
            after: 0,
            cursors: vec![],
            main: 0,
            residual_v,
            residual_ratio: 0.3,
        },
        other => other,
    };
    let wanted = 0.75 * (q(0.7 / 0.35) + q(1.3 / 0.35));
    assert_within(wanted, run(&table, 300_000, 5).ser_interval(CONFIDENCE).unwrap(), "SER");
}
