//! Noise, crosstalk and jitter against the laws asked for.

use super::*;

#[test]
fn coloured_noise_has_the_autocorrelation_asked_for() {
    let taps = [0.3, 1.0, -0.6, 0.2, 0.1];
    let wanted: Vec<f64> =
        (0..8).map(|l| taps.iter().zip(taps.iter().skip(l)).map(|(a, b)| a * b).sum()).collect();
    let mut model = ideal(Modulation::Pam4, 1.0);
    model.signal = SlicerSignal::Linear { cursors: vec![], main: 0 };
    model.noise.autocorrelation_v2 = wanted.clone();
    let n = 1 << 19;
    let (z, _) = naive::slicer_input(&model, 2, 0, n).unwrap();
    // Standard deviation of an estimated covariance: at most √(2 Σ r²/n).
    let deviation = (2.0 * 2.0 * wanted.iter().map(|r| r * r).sum::<f64>() / n as f64).sqrt();
    for (lag, wanted_r) in wanted.iter().enumerate() {
        let r = z.iter().zip(&z[lag..]).map(|(a, b)| f64::from(a * b)).sum::<f64>() / n as f64;
        // 5 deviations and the filter's own tolerance of 5e-4 of the variance.
        assert!((r - wanted_r).abs() < 5.0 * deviation + 5e-4 * wanted[0], "lag {lag}: {r} for {wanted_r}");
    }
}

#[test]
fn symbol_dependent_noise_has_the_variance_of_its_symbols() {
    let source = symbol_noise();
    let mut model = ideal(Modulation::Pam4, 0.0);
    model.signal = SlicerSignal::Linear { cursors: vec![], main: 0 };
    model.noise.by_symbol = vec![source.clone()];
    let n = 1 << 20;
    let (z, symbols) = naive::slicer_input(&model, 6, 0, n).unwrap();
    // σ² = Σ_i energy[i] factor[symbol k − (i − main)]: every word of three symbols has its own.
    let (mut sum, mut count) = ([0.0; 64], [0.0; 64]);
    let (mut lagged, mut lag_wanted) = (0.0, 0.0);
    let gram = |i: usize, j: usize| -> f64 {
        (0..8).map(|p| source.response[8 * i + p] * source.response[8 * j + p]).sum()
    };
    for k in 2..n - 2 {
        let word =
            16 * usize::from(symbols[k + 1]) + 4 * usize::from(symbols[k]) + usize::from(symbols[k - 1]);
        sum[word] += f64::from(z[k]).powi(2);
        count[word] += 1.0;
        lagged += f64::from(z[k]) * f64::from(z[k + 1]);
        // Symbols m = k + 1 and k are common to n_k (entries 0, 1) and n_(k+1) (entries 1, 2).
        lag_wanted += source.factor[usize::from(symbols[k + 1])] * gram(0, 1)
            + source.factor[usize::from(symbols[k])] * gram(1, 2);
    }
    for word in 0..64 {
        let factors = [source.factor[word / 16], source.factor[word / 4 % 4], source.factor[word % 4]];
        let wanted: f64 = source.energy_v2.iter().zip(factors).map(|(e, f)| e * f).sum();
        let measured = sum[word] / count[word];
        // Five deviations of an estimated variance, √(2/count).
        let tolerance = 5.0 * (2.0f64 / count[word]).sqrt();
        assert!((measured / wanted - 1.0).abs() < tolerance, "word {word}: {measured} for {wanted}");
    }
    // The correlation of neighbours survives the reduction to a few columns; 1 % is several deviations of 1e6 samples.
    assert!((lagged / lag_wanted - 1.0).abs() < 0.02, "{lagged} {lag_wanted}");
    let mean = SlicerNoise { autocorrelation_v2: vec![], by_symbol: vec![source], ..SlicerNoise::default() }
        .mean_variance_v2();
    let measured = sum.iter().sum::<f64>() / count.iter().sum::<f64>();
    assert!((measured / mean - 1.0).abs() < 0.01);
}

#[test]
fn symbol_dependent_noise_gives_the_error_ratio_of_the_mixture() {
    let mut source = symbol_noise();
    source.response.iter_mut().for_each(|r| *r *= 1.5);
    source.energy_v2.iter_mut().for_each(|e| *e *= 2.25);
    let mut model = ideal(Modulation::Pam4, 0.0);
    model.noise.by_symbol = vec![source.clone()];
    let thresholds = model.thresholds_v.clone().unwrap();
    let mut right = 0.0;
    for word in 0..64 {
        let factors = [source.factor[word / 16], source.factor[word / 4 % 4], source.factor[word % 4]];
        let variance: f64 = source.energy_v2.iter().zip(factors).map(|(e, f)| e * f).sum();
        let own = word / 4 % 4;
        right += decide_probability(model.levels[own], variance.sqrt(), &thresholds, own) / 64.0;
    }
    let counts = run(&model, 1_000_000, 8);
    let (low, high) = counts.ser_interval(CONFIDENCE).unwrap();
    // Neighbouring noises correlate, which widens the interval of the count by the square root of the inflation.
    let widen = counts.variance_inflation().sqrt();
    let ser = counts.ser();
    assert_within(1.0 - right, (ser - (ser - low) * widen, ser + (high - ser) * widen), "SER");
}

#[test]
fn crosstalk_at_every_phase_rule() {
    let sigma = 0.30;
    let aggressor = SlicerCrosstalk {
        name: "next".into(),
        levels: vec![-3.0, -1.0, 1.0, 3.0],
        phases: vec![vec![0.1, 0.0], vec![0.05, 0.08], vec![0.0, 0.02], vec![0.12, -0.1]],
    };
    let mut model = ideal(Modulation::Pam4, sigma);
    model.crosstalk = vec![aggressor.clone()];
    let at_phase = |phase: usize| {
        let mut error = 0.0;
        for pair in 0..16 {
            let h = &aggressor.phases[phase];
            let shift = h[0] * aggressor.levels[pair % 4] + h[1] * aggressor.levels[pair / 4];
            error += 0.75 * (q((1.0 - shift) / sigma) + q((1.0 + shift) / sigma)) / 16.0;
        }
        error
    };
    let uniform = (0..4).map(at_phase).sum::<f64>() / 4.0;
    for (rule, wanted) in [
        (CrosstalkPhase::Rule(CrosstalkRule::Uniform), uniform),
        (CrosstalkPhase::Rule(CrosstalkRule::Worst), at_phase(3)),
        (CrosstalkPhase::PhaseUi(0.25), at_phase(1)),
        (CrosstalkPhase::PhaseUi(-0.5), at_phase(2)),
    ] {
        model.crosstalk_phase = rule;
        let counts = run(&model, 1_000_000, 17);
        let (low, high) = counts.ser_interval(CONFIDENCE).unwrap();
        // A phase lasts 64 symbols: errors cluster, and the exact interval widens accordingly.
        let widen = counts.variance_inflation().sqrt();
        let ser = counts.ser();
        assert_within(wanted, (ser - (ser - low) * widen, ser + (high - ser) * widen), &format!("{rule:?}"));
    }
}

#[test]
fn jitter_has_the_variance_of_its_model() {
    let jitter = SlicerJitter {
        model: JitterModel::Com,
        rj_ui: 0.02,
        dd_ui: 0.03,
        response: vec![0.2, -0.7, 1.0, 0.4],
        main: 1,
        transmit_taps: vec![1.0],
        transmit_main: 0,
        ..SlicerJitter::default()
    };
    let n = 1 << 19;
    let variance = |model: JitterModel| {
        let mut m = ideal(Modulation::Pam4, 0.0);
        m.signal = SlicerSignal::Linear { cursors: vec![], main: 0 };
        m.jitter = Some(SlicerJitter { model, ..jitter.clone() });
        let (z, _) = naive::slicer_input(&m, 3, 0, n).unwrap();
        z.iter().map(|z| f64::from(*z).powi(2)).sum::<f64>() / n as f64
    };
    let energy: f64 = jitter.response.iter().map(|r| r * r).sum();
    let delta2 = jitter.rj_ui.powi(2) + jitter.dd_ui.powi(2);
    // E[a²] = 5 for a symbol, E[(a − a')²] = 10 for a transition; δ are independent, so cross terms vanish. Levels and
    // their products vary: 1 % is five deviations of the mean of 5e5 such squares.
    assert!((variance(JitterModel::Com) / (5.0 * delta2 * energy) - 1.0).abs() < 0.01);
    assert!((variance(JitterModel::Edge) / (10.0 * delta2 * energy) - 1.0).abs() < 0.01);
}
