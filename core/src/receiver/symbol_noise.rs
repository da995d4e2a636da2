//! Noise whose variance follows the symbols, at the slicer.
//!
//! A piece of noise that enters while symbol n is on the line reaches the slicer's decision k through r(τ), the
//! response from the plane to the equalizer's output, τ the time between the two. With the symbol's centre at the plane
//! at n T_b + d and the sample taken at k T_b + t_s,
//!
//! ```text
//! variance left by symbol k − j:  ν_j = ∫ r²(τ) dτ over τ = jT_b + t_s − d ± T_b/2
//! ```

use crate::grid::Grid;
use crate::receiver::noise_input::BySymbol;
use crate::receiver::slicer::Settled;
use crate::response::{SymbolNoise, inverse_transform};
use num_complex::Complex64;
use std::f64::consts::TAU;

/// Samples of the response that are kept a symbol: a filtered noise turns on the scale of T_b.
const STEPS: usize = 8;
/// Share of the variance that symbols far away may hold before they are dropped, at each end.
const NEGLIGIBLE: f64 = 1e-8;

/// Energy by symbol and response of one source.
pub(crate) fn symbol_noise(source: &BySymbol, grid: &Grid, settled: &Settled) -> SymbolNoise {
    let m = grid.samples_per_symbol();
    let dt = grid.sample_s();
    let t_b = grid.symbol_rate().period_s();
    // Move the window of symbol j = 0 to the first M samples, each sample in the middle of its own cell.
    let start = settled.at.ui() * t_b - source.symbol_delay_s - 0.5 * t_b + 0.5 * dt;
    let shifted: Vec<Complex64> = source
        .spectrum
        .iter()
        .enumerate()
        .map(|(k, a)| a * Complex64::from_polar(1.0, TAU * grid.freq_hz(k) * start))
        .collect();
    let r = inverse_transform(grid, &shifted);
    // Symbols of the first three quarters of the period are late ones, those of the last quarter early ones.
    let symbols = r.len() / m;
    let first = -((symbols / 4) as isize);
    let n = r.len() as isize;
    let before: Vec<Vec<f64>> = (first..first + symbols as isize)
        .map(|j| (0..m as isize).map(|i| r[(j * m as isize + i).rem_euclid(n) as usize]).collect())
        .collect();
    let energies = |windows: &[Vec<f64>]| -> Vec<f64> {
        windows.iter().map(|w| w.iter().map(|v| v * v).sum::<f64>() * dt).collect()
    };
    // Through the FFE: tap i looks i − pre symbols back, r_z(τ) = Σ_i ffe[i] r(τ − (i − pre) T_b).
    let (from, to) = kept(&energies(&before), (-first) as usize, NEGLIGIBLE);
    let mut windows = vec![vec![0.0; m]; to - from + settled.ffe.len()];
    for (i, tap) in settled.ffe.iter().enumerate().filter(|(_, t)| **t != 0.0) {
        for (out, window) in windows[i..].iter_mut().zip(&before[from..=to]) {
            for (o, v) in out.iter_mut().zip(window) {
                *o += tap * v;
            }
        }
    }
    let main = (-first) as usize - from + settled.pre;
    let energy = energies(&windows);
    let (low, high) = kept(&energy, main, NEGLIGIBLE);
    let steps = if m.is_multiple_of(STEPS) { STEPS } else { m };
    let response = (low..=high).flat_map(|j| decimated(&windows[j], steps, energy[j])).collect();
    SymbolNoise {
        name: source.name.clone(),
        energy_v2: energy[low..=high].to_vec(),
        main: main - low,
        factor: source.factor.clone(),
        response,
        steps,
    }
}

/// First and last symbol to keep; the cursor's own is one of them.
fn kept(energy: &[f64], main: usize, share: f64) -> (usize, usize) {
    let total: f64 = energy.iter().sum();
    let cut = |energies: &mut dyn Iterator<Item = &f64>| {
        let mut sum = 0.0;
        energies
            .take_while(|e| {
                sum += **e;
                sum <= share * total
            })
            .count()
    };
    let low = cut(&mut energy.iter()).min(main);
    let high = energy.len() - 1 - cut(&mut energy.iter().rev()).min(energy.len() - 1 - main);
    (low, high)
}

/// Means over `steps` parts of a symbol, scaled to the symbol's energy.
fn decimated(window: &[f64], steps: usize, energy: f64) -> Vec<f64> {
    let means: Vec<f64> = window.chunks(window.len() / steps).map(|c| c.iter().sum::<f64>()).collect();
    let sum: f64 = means.iter().map(|v| v * v).sum();
    if sum > 0.0 {
        let scale = (energy / sum).sqrt();
        means.iter().map(|v| v * scale).collect()
    } else {
        // It alternates within every part: only the energy is left of it.
        vec![(energy / steps as f64).sqrt(); steps]
    }
}
