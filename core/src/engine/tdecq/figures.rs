//! Figures of the filtered waveform without equalizer: levels of long runs, transitions, overshoot, noise.
//!
//! | figure | from |
//! |---|---|
//! | OMA, extinction ratio | mean of the central 2 UI of runs of 7 threes and of 6 zeros (802.3 121.8.4) |
//! | transition time | 20 % to 80 % of the mean edge between runs of three, the slower of both directions |
//! | overshoot | power that 1 % of the samples exceed, over that of the threes, relative to the OMA |
//! | RIN_OMA | variance between periods over the noise bandwidth and (OMA/2)² |

use super::filter::Filtered;
use serde::Serialize;

/// Runs that carry the outer levels.
const RUNS: [(u8, usize); 2] = [(0, 6), (3, 7)];
/// Symbols that must be equal to either side of an edge; fewer where the pattern has none.
const EDGE_RUN: usize = 3;
/// Share of the samples beyond what counts as over- and undershoot.
const HIT_RATIO: f64 = 1e-2;

/// Where and what the symbols of a waveform are.
pub(super) struct Sent<'a> {
    /// Symbol of each place in the waveform.
    pub(super) symbols: &'a [u8],
    /// Samples of the filtered waveform from a symbol's first to its middle.
    pub(super) centre: isize,
    /// Symbols after which they repeat.
    pub(super) period: usize,
}

impl Sent<'_> {
    /// Places of the maximal runs of a symbol, and their lengths, around the turn.
    fn runs(&self, symbol: u8) -> Vec<(usize, usize)> {
        let n = self.symbols.len();
        let Some(first) = (0..n).find(|i| self.symbols[*i] != symbol) else { return Vec::new() };
        let mut runs = Vec::new();
        let mut length = 0;
        for k in 1..=n {
            let i = (first + k) % n;
            if self.symbols[i] == symbol {
                length += 1;
            } else if length > 0 {
                runs.push(((first + k - length) % n, length));
                length = 0;
            }
        }
        runs
    }

    /// The levels of zeros and of threes by their runs, and a warning for each run that the pattern lacks.
    pub(super) fn run_levels(&self, filtered: &Filtered, warnings: &mut Vec<String>) -> [f64; 2] {
        RUNS.map(|(symbol, wanted)| {
            let runs = self.runs(symbol);
            let longest = runs.iter().map(|(_, length)| *length).max().unwrap_or(0);
            if longest < wanted {
                warnings.push(format!(
                    "the pattern has no run of {wanted} symbols of level {symbol}: its power is that of the longest, {longest}"
                ));
            }
            let least = wanted.min(longest);
            let m = filtered.samples_per_symbol as isize;
            // Short runs settle only in their middle.
            let half = if least >= 5 { m } else if least >= 3 { m / 2 } else { m / 8 };
            let (mut sum, mut count) = (0.0, 0.0);
            for (start, length) in runs.into_iter().filter(|(_, length)| *length >= least) {
                let middle = start as isize * m + self.centre + (length as isize - 1) * m / 2;
                for sample in middle - half..=middle + half {
                    sum += f64::from(filtered.sample(sample));
                    count += 1.0;
                }
            }
            sum / count
        })
    }

    /// Time from 20 % to 80 % of the step between the outer levels, UI, of the slower mean edge; nan without any edge.
    pub(super) fn transition_ui(&self, filtered: &Filtered, low: f64, high: f64) -> f64 {
        [(0u8, 3u8), (3, 0)]
            .into_iter()
            .map(|(from, to)| self.edge_ui(filtered, from, to, low, high))
            .fold(f64::NAN, f64::max)
    }

    fn edge_ui(&self, filtered: &Filtered, from: u8, to: u8, low: f64, high: f64) -> f64 {
        let n = self.symbols.len();
        let m = filtered.samples_per_symbol as isize;
        let equal = |first: isize, count: usize, symbol: u8| {
            (0..count as isize).all(|k| self.symbols[(first + k).rem_euclid(n as isize) as usize] == symbol)
        };
        for run in (1..=EDGE_RUN).rev() {
            let places: Vec<isize> = (0..n as isize)
                .filter(|i| equal(*i, run, to) && equal(*i - run as isize, run, from))
                .collect();
            if places.is_empty() {
                continue;
            }
            let edge: Vec<f64> = (-2 * m..2 * m)
                .map(|k| {
                    let at = |i: &isize| f64::from(filtered.sample(i * m + self.centre - m / 2 + k));
                    places.iter().map(at).sum::<f64>() / places.len() as f64
                })
                .map(|y| (y - low) / (high - low))
                .map(|y| if from == 0 { y } else { 1.0 - y })
                .collect();
            // The last crossing of 20 % before the first of 80 %: ringing is not the edge.
            let Some(end) = edge.iter().position(|y| *y >= 0.8).filter(|k| *k > 0) else { return f64::NAN };
            let Some(begin) = edge[..end].iter().rposition(|y| *y < 0.2) else { return f64::NAN };
            let crossing = |k: usize, level: f64| k as f64 + (level - edge[k]) / (edge[k + 1] - edge[k]);
            return (crossing(end - 1, 0.8) - crossing(begin, 0.2)) / m as f64;
        }
        f64::NAN
    }

    /// Mean variance of a sample from period to period; nan for one period.
    pub(super) fn variance_between_periods(&self, filtered: &Filtered) -> f64 {
        let periods = self.symbols.len() / self.period;
        if periods < 2 {
            return f64::NAN;
        }
        let length = self.period * filtered.samples_per_symbol;
        let mut total = 0.0;
        for k in 0..length {
            let (mut sum, mut square) = (0.0, 0.0);
            for p in 0..periods {
                let y = f64::from(filtered.samples[p * length + k]);
                sum += y;
                square += y * y;
            }
            total += (square - sum * sum / periods as f64).max(0.0) / (periods - 1) as f64;
        }
        total / length as f64
    }
}

/// Over- and undershoot beyond the outer levels, relative to the OMA.
pub(super) fn overshoots(filtered: &Filtered, low: f64, high: f64) -> [f64; 2] {
    const BINS: usize = 1 << 14;
    let (least, most) =
        filtered.samples.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), y| (l.min(*y), h.max(*y)));
    let width = f64::from(most - least) / BINS as f64;
    let mut counts = vec![0u32; BINS];
    let scale = BINS as f32 / (most - least);
    for y in &filtered.samples {
        counts[(((y - least) * scale) as usize).min(BINS - 1)] += 1;
    }
    let allowed = HIT_RATIO * filtered.samples.len() as f64;
    let depth = |counts: &mut dyn Iterator<Item = &u32>| {
        let mut seen = 0.0;
        for (bin, count) in counts.enumerate() {
            let before = seen;
            seen += f64::from(*count);
            if seen > allowed {
                return (bin as f64 + (allowed - before) / f64::from(*count)) * width;
            }
        }
        0.0
    };
    let under = f64::from(least) + depth(&mut counts.iter());
    let over = f64::from(most) - depth(&mut counts.iter().rev());
    [(over - high) / (high - low), (low - under) / (high - low)]
}

/// Histograms and eye of the equalized waveform, for pictures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EqualizedEye {
    /// Time from the middle between the histograms, UI; of each column.
    pub time_ui: Vec<f64>,
    /// Power of each row, W.
    pub power_w: Vec<f64>,
    /// Samples of at most 16,384 symbols in each bin, rows of one power.
    pub counts: Vec<u32>,
    /// Share of the samples within a bin of the left and the right histogram, one value a row.
    pub left: Vec<f64>,
    /// The right one.
    pub right: Vec<f64>,
}
