//! The levels of the alphabet as the slicer sees them.

use crate::response::{DecisionModel, SlicerSignal};

/// Mean of the slicer's input for each symbol, ascending levels, decision feedback and neighbours averaged out, V.
pub fn levels_v(model: &DecisionModel) -> Vec<f64> {
    let n = model.levels.len();
    match &model.signal {
        SlicerSignal::Linear { cursors, main } => model.levels.iter().map(|l| l * cursors[*main]).collect(),
        SlicerSignal::Table { table, after, .. } => {
            // The cursor's digit repeats every n^after words.
            let place = n.pow(*after as u32);
            let mut sums = vec![0.0; n];
            for (word, v) in table.iter().enumerate() {
                sums[word / place % n] += v;
            }
            let words = (table.len() / n) as f64;
            sums.iter().map(|s| s / words).collect()
        }
    }
}

/// Standard deviation of the noise of each level, averaged over its neighbours: each symbol's light brings its own, V.
/// Interference of the light is part of it.
pub fn level_noise_v(model: &DecisionModel) -> Vec<f64> {
    let stationary = model.noise.autocorrelation_v2.first().copied().unwrap_or(0.0)
        + model.noise.uniform.iter().flat_map(|u| &u.response).map(|w| w * w / 12.0).sum::<f64>();
    (0..model.levels.len())
        .map(|s| {
            let by_symbol: f64 = model
                .noise
                .by_symbol
                .iter()
                .map(|source| {
                    let mean = source.factor.iter().sum::<f64>() / source.factor.len() as f64;
                    let own = source.energy_v2.get(source.main).copied().unwrap_or(0.0);
                    let all: f64 = source.energy_v2.iter().sum();
                    own * source.factor[s] + (all - own) * mean
                })
                .sum();
            let echoes: f64 = model.noise.interference.iter().map(|e| e.variance_v2(Some(s))).sum();
            (stationary + by_symbol + echoes).sqrt()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::SymbolRate;
    use crate::modulation::Modulation;
    use crate::response::{CrosstalkPhase, SlicerNoise, SymbolNoise};

    #[test]
    fn a_linear_table_has_the_levels_of_its_cursor() {
        // Three NRZ symbols, oldest first; the cursor is the middle one: z = 0.2 a_(k-1) + a_k - 0.1 a_(k+1).
        let table = (0..8).map(|w: usize| {
            let level = |bit: usize| if w >> bit & 1 == 1 { 1.0 } else { -1.0 };
            0.2 * level(2) + level(1) - 0.1 * level(0)
        });
        let noise = SymbolNoise {
            name: "rin".into(),
            energy_v2: vec![1e-4, 9e-4],
            main: 1,
            factor: vec![0.0, 2.0],
            response: vec![],
            steps: 1,
        };
        let model = DecisionModel {
            symbol_rate: SymbolRate::new(50e9).unwrap(),
            modulation: Modulation::Nrz,
            levels: vec![-1.0, 1.0],
            signal: SlicerSignal::Table {
                table: table.collect(),
                memory: 3,
                after: 1,
                cursors: vec![],
                main: 0,
                residual_v: vec![],
                residual_ratio: 0.0,
            },
            dfe: vec![],
            noise: SlicerNoise {
                autocorrelation_v2: vec![1e-4],
                by_symbol: vec![noise],
                ..SlicerNoise::default()
            },
            crosstalk: vec![],
            crosstalk_phase: CrosstalkPhase::default(),
            jitter: None,
            thresholds_v: None,
        };
        let levels = levels_v(&model);
        assert!((levels[0] + 1.0).abs() < 1e-15 && (levels[1] - 1.0).abs() < 1e-15);
        let sigma = level_noise_v(&model);
        // 1e-4 + 1e-4 (neighbour, mean factor 1) + 9e-4 times the own factor 0 or 2.
        assert!((sigma[0] - 2e-4f64.sqrt()).abs() < 1e-15 && (sigma[1] - 20e-4f64.sqrt()).abs() < 1e-15);
    }
}
