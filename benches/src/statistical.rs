//! Inputs of the statistical benchmark.

use lightlane::grid::SymbolRate;
use lightlane::modulation::Modulation;
use lightlane::response::{
    CrosstalkPhase, DecisionModel, JitterModel, SlicerCrosstalk, SlicerJitter, SlicerNoise, SlicerSignal,
    SymbolNoise,
};

const LEVELS: [f64; 4] = [-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0];

/// Equalized response: 200 cursors of alternating sign that decay around a main one of 0.1 V.
fn cursors(phase: f64) -> Vec<f64> {
    (0..200)
        .map(|i| {
            let lag = f64::from(i) - 40.0 + phase;
            if i == 40 { 0.1 } else { 0.0015 * (1.7 * lag).sin() * (-lag.abs() / 30.0).exp() }
        })
        .collect()
}

/// 64 phases of 200 cursors whose whole support is 4096 bins, and the step, V.
///
/// # Panics
/// Never: the response is not zero.
pub fn eye_phases() -> (Vec<Vec<Vec<f64>>>, f64) {
    let phases: Vec<Vec<f64>> = (0..64).map(|p| cursors(f64::from(p) / 64.0)).collect();
    let reach = phases.iter().map(|c| 2.0 * c.iter().map(|x| x.abs()).sum::<f64>()).fold(0.0, f64::max);
    let sets = |c: &Vec<f64>| c.iter().map(|c| LEVELS.iter().map(|l| l * c).collect()).collect();
    (phases.iter().map(sets).collect(), reach / 4096.0)
}

/// A linear lane of 200 cursors in stationary noise, at about 1e-6.
pub fn linear() -> DecisionModel {
    let rate = SymbolRate::new(106.25e9).unwrap_or_else(|e| unreachable!("{e}"));
    DecisionModel {
        symbol_rate: rate,
        modulation: Modulation::Pam4,
        levels: LEVELS.to_vec(),
        signal: SlicerSignal::Linear { cursors: cursors(0.0), main: 40 },
        dfe: Vec::new(),
        noise: SlicerNoise { autocorrelation_v2: vec![2.5e-5, -5e-6], ..SlicerNoise::default() },
        crosstalk: Vec::new(),
        crosstalk_phase: CrosstalkPhase::default(),
        jitter: None,
        thresholds_v: None,
    }
}

/// One feedback tap of half the main cursor.
pub fn with_feedback() -> DecisionModel {
    let mut model = linear();
    model.dfe = vec![0.05];
    if let SlicerSignal::Linear { cursors, .. } = &mut model.signal {
        cursors[41] += 0.05;
    }
    model
}

/// Four aggressors of unknown phase and edge jitter.
pub fn with_jitter() -> DecisionModel {
    let mut model = linear();
    let phases: Vec<Vec<f64>> =
        (0..32).map(|p| cursors(f64::from(p) / 32.0)[60..160].iter().map(|c| 0.3 * c).collect()).collect();
    model.crosstalk = (0..4)
        .map(|i| SlicerCrosstalk {
            name: format!("fext {i}"),
            levels: LEVELS.to_vec(),
            phases: phases.clone(),
        })
        .collect();
    model.jitter = Some(SlicerJitter {
        model: JitterModel::Edge,
        rj_ui: 0.01,
        dd_ui: 0.02,
        response: cursors(0.5).iter().map(|c| 0.8 * c).collect(),
        main: 40,
        transmit_taps: vec![0.02, -0.1, 1.0, -0.05],
        transmit_main: 2,
        ..SlicerJitter::default()
    });
    model
}

/// A saturating table of six symbols with shot and relative intensity noise.
pub fn table() -> DecisionModel {
    let mut model = linear();
    let (cursors, main) = (cursors(0.0), 40);
    let (memory, after) = (6, 2);
    let oldest = memory - 1 - after;
    let table = (0..4096)
        .map(|word: usize| {
            let z: f64 = (0..memory)
                .map(|d| {
                    let symbol = word >> (2 * (memory - 1 - d)) & 3;
                    cursors[main + oldest - d] * LEVELS[symbol]
                })
                .sum();
            z - 4.0 * z.powi(3)
        })
        .collect();
    let mut remainder = cursors.clone();
    remainder[main - after..=main + oldest].fill(0.0);
    model.signal = SlicerSignal::Table {
        table,
        memory,
        after,
        cursors: remainder,
        main,
        residual_v: Vec::new(),
        residual_ratio: 0.01,
    };
    let energy: Vec<f64> = (0..24).map(|i: i32| 1e-5 * (-0.8 * f64::from((i - 8).abs())).exp()).collect();
    let source = |name: &str, factor: [f64; 4]| SymbolNoise {
        name: name.into(),
        energy_v2: energy.clone(),
        main: 8,
        factor: factor.to_vec(),
        response: Vec::new(),
        steps: 1,
    };
    model.noise.by_symbol = vec![source("shot", [0.3, 0.8, 1.2, 1.7]), source("rin", [0.05, 0.5, 1.3, 2.6])];
    model.noise.autocorrelation_v2 = vec![1.2e-5, -2e-6];
    model
}
