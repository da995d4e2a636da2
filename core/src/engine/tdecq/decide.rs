//! Where a known pattern lies in the filtered waveform, or what its symbols are where none is known.

use super::filter::Filtered;
use super::pattern::{align, refuse_slips};
use crate::error::{Error, Result};
use crate::run::Run;
use nalgebra::{DMatrix, DVector};

/// Taps and main tap of the equalizer that decides, and its rounds.
const TAPS: usize = 9;
const MAIN: usize = 4;
const ROUNDS: usize = 6;
/// Symbols that place the middle of a symbol, and the share of the best correlation that counts as alike.
const MOST_CORRELATED: usize = 1 << 13;
const ALIKE: f64 = 0.998;
/// Rounds of the search for levels; it settles in a handful.
const LEVEL_ROUNDS: usize = 40;

/// The symbols of a waveform.
pub(super) struct Place {
    /// One a symbol of the waveform.
    pub(super) symbols: Vec<u8>,
    /// Samples from a symbol's first to its middle, where it correlates best.
    pub(super) centre: isize,
    /// Symbol of the pattern that the waveform begins with.
    pub(super) start: usize,
}

/// Lays one period of symbols over the waveform.
pub(super) fn locate(filtered: &Filtered, pattern: &[u8]) -> Result<Place> {
    let m = filtered.samples_per_symbol;
    let period = pattern.len();
    let folded = |offset: usize| {
        let mut sum = vec![0.0f32; period];
        filtered.column(offset as isize).iter().enumerate().for_each(|(i, y)| sum[i % period] += y);
        sum
    };
    let columns: Vec<Vec<f32>> = (0..2).map(|p| folded(p * m / 2)).collect();
    let found = align(&columns, pattern);
    let symbols: Vec<u8> =
        (0..filtered.n_symbols).map(|i| pattern[(i + period - found.lag) % period]).collect();
    // Between the halves, by the correlation at the lag that is now known.
    let coarse = (found.column * m / 2) as isize;
    let centre = best_offset(filtered, &symbols, coarse);
    refuse_slips(&filtered.column(centre), &symbols)?;
    Ok(Place { symbols, centre, start: (period - found.lag) % period })
}

/// The middle of the offsets near `coarse` at which symbols and samples correlate best: settled symbols correlate alike
/// over most of their time.
fn best_offset(filtered: &Filtered, symbols: &[u8], coarse: isize) -> isize {
    let reach = filtered.samples_per_symbol as isize;
    let count = symbols.len().min(MOST_CORRELATED);
    let mean = symbols[..count].iter().map(|s| f64::from(*s)).sum::<f64>() / count as f64;
    let levels: Vec<f32> = symbols[..count].iter().map(|s| (f64::from(*s) - mean) as f32).collect();
    let correlations: Vec<f64> = (coarse - reach..=coarse + reach)
        .map(|offset| {
            let column = filtered.part(offset, count);
            let power = super::objective::product(&column, &column);
            super::objective::product(&column, &levels) / power.sqrt().max(f64::MIN_POSITIVE)
        })
        .collect();
    let (best, most) = correlations
        .iter()
        .copied()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap_or((reach as usize, 0.0));
    let alike = |i: &usize| correlations[*i] >= ALIKE * most;
    let first = (0..=best).rev().take_while(alike).last().unwrap_or(best);
    let last = (best..correlations.len()).take_while(alike).last().unwrap_or(best);
    coarse - reach + (first + last) as isize / 2
}

/// Decides symbols without a pattern: levels by clustering at the clearest phase, then an equalizer led by its own
/// decisions.
pub(super) fn decide(filtered: &Filtered, run: &Run) -> Result<Place> {
    let m = filtered.samples_per_symbol;
    let mut best = (f64::NEG_INFINITY, 0, Vec::new());
    for offset in 0..m {
        run.check()?;
        let (quality, symbols) = cluster(&filtered.column(offset as isize));
        if quality > best.0 {
            best = (quality, offset, symbols);
        }
    }
    let (_, offset, mut symbols) = best;
    let column = filtered.column(offset as isize);
    for _ in 0..ROUNDS {
        run.check()?;
        let next = cluster(&led(&column, &symbols)).1;
        if next == symbols {
            break;
        }
        symbols = next;
    }
    for level in 0..4 {
        let seen = symbols.iter().filter(|s| **s == level).count();
        if seen < 2 {
            let value = format!("{seen} symbols decided as level {level}");
            return Err(Error::parameter("waveform_w", value, "of at least 2 symbols of every level"));
        }
    }
    let centre = best_offset(filtered, &symbols, offset as isize);
    Ok(Place { symbols, centre, start: 0 })
}

/// The column behind the equalizer of least squared error to the symbols.
fn led(column: &[f32], symbols: &[u8]) -> Vec<f32> {
    let n = column.len();
    let at = |i: usize, j: usize| column[(i + n + MAIN - j) % n];
    let mut normal = DMatrix::<f64>::zeros(TAPS, TAPS);
    let mut right = DVector::<f64>::zeros(TAPS);
    for i in 0..n {
        let a = f64::from(symbols[i]) - 1.5;
        for j in 0..TAPS {
            let y = f64::from(at(i, j));
            right[j] += y * a;
            for k in 0..=j {
                normal[(j, k)] += y * f64::from(at(i, k));
            }
        }
    }
    for j in 0..TAPS {
        for k in 0..j {
            normal[(k, j)] = normal[(j, k)];
        }
        normal[(j, j)] *= 1.0 + 1e-6;
    }
    let Some(taps) = normal.cholesky().map(|c| c.solve(&right)) else { return column.to_vec() };
    (0..n).map(|i| (0..TAPS).map(|j| taps[j] as f32 * at(i, j)).sum()).collect()
}

/// Four levels of least squared distance, from equally filled ones: how clear they are, and the nearest of each sample.
fn cluster(column: &[f32]) -> (f64, Vec<u8>) {
    let n = column.len();
    let mut sorted = column.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let mut centres = [1, 3, 5, 7].map(|k| f64::from(sorted[k * n / 8]));
    for _ in 0..LEVEL_ROUNDS {
        // Sorted samples make the four groups stretches.
        let bounds = [0, 1, 2].map(|i| {
            let middle = 0.5 * (centres[i] + centres[i + 1]);
            sorted.partition_point(|y| f64::from(*y) < middle)
        });
        let edges = [0, bounds[0], bounds[1], bounds[2], n];
        let next = [0, 1, 2, 3].map(|i| {
            let group = &sorted[edges[i]..edges[i + 1].max(edges[i])];
            if group.is_empty() {
                centres[i]
            } else {
                group.iter().map(|y| f64::from(*y)).sum::<f64>() / group.len() as f64
            }
        });
        if next == centres {
            break;
        }
        centres = next;
    }
    let middles = [0, 1, 2].map(|i| 0.5 * (centres[i] + centres[i + 1]));
    let symbols: Vec<u8> =
        column.iter().map(|y| middles.iter().filter(|t| **t <= f64::from(*y)).count() as u8).collect();
    let spread: f64 = column
        .iter()
        .zip(&symbols)
        .map(|(y, s)| (f64::from(*y) - centres[usize::from(*s)]).powi(2))
        .sum::<f64>()
        / n as f64;
    let gap = (0..3).map(|i| centres[i + 1] - centres[i]).fold(f64::INFINITY, f64::min);
    (gap / (spread.sqrt() + 1e-9), symbols)
}
