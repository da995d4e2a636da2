//! Least squares on a record sampled once a symbol: table and linear remainder, or one pulse.
//!
//! ```text
//! z_k = f(word_k) + Σ_i g_i a_(k − (i − main)) + u_k          fit of DecisionModel's table form
//! z_k = mean + Σ_i p_i a_(k − (i − main)) + u_k               linear pulse
//! ```
//!
//! f has one entry a word of the `memory` symbols around the cursor, g is 0 inside the word. Both are found together:
//! given g, the best f is the mean of what is left over each word's occurrences, so f is projected out of the normal
//! equations of g, which are few. All sums are over one whole period, so indices wrap.
//!
//! | symbol | name | meaning |
//! |---|---|---|
//! | N | `z.len()` | symbols of the period |
//! | m | `memory` | symbols in a word |
//! | a | `levels[symbol]` | level of a symbol |
//! | u | residual | what neither explains |

use crate::error::{Error, Result};
use crate::response::periodic::{PeriodicLevels, words};
use crate::simd::dot;
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

/// Which symbols the table and the remainder cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FitWindow {
    /// Symbols in a word of the table.
    pub memory: usize,
    /// Symbols of the word that come after the cursor.
    pub after: usize,
    /// Symbols after the cursor (precursors) that the linear remainder reaches.
    pub pre: usize,
    /// Symbols before the cursor (postcursors) that the linear remainder reaches.
    pub post: usize,
}

/// A table over words and a linear remainder, indexed as [`crate::response::SlicerSignal::Table`].
#[derive(Debug, Clone, PartialEq)]
pub struct RecordFit {
    /// Window of the fit.
    pub window: FitWindow,
    /// Symbols in the alphabet.
    pub levels: Vec<f64>,
    /// One entry a word, in the unit of z; the word's oldest symbol is its most significant digit.
    pub table: Vec<f64>,
    /// Linear remainder, per unit of level: entry i belongs to symbol k − (i − main); 0 inside the word.
    pub cursors: Vec<f64>,
    /// Index of the cursor in `cursors`.
    pub main: usize,
}

/// What a fit leaves unexplained.
#[derive(Debug, Clone, PartialEq)]
pub struct Residual {
    /// Largest magnitude, in the unit of z.
    pub max_abs: f64,
    /// Root mean square.
    pub rms: f64,
    /// u_k of every symbol.
    pub samples: Vec<f64>,
}

/// A linear response fitted to a record.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearPulse {
    /// Response per unit of level; entry i belongs to symbol k − (i − main).
    pub cursors: Vec<f64>,
    /// Index of the cursor.
    pub main: usize,
    /// Mean of z that the levels do not explain.
    pub mean: f64,
    /// Root mean square of what is left.
    pub rms_error: f64,
    /// Largest magnitude of what is left.
    pub max_error: f64,
}

/// Fits table and remainder to one period of samples.
///
/// # Errors
/// [`Error::Parameter`] for lengths that differ, symbols outside the alphabet, a word that does not contain the cursor
/// or has too many values, or a record too short to tell the unknowns apart.
pub fn record_fit(z: &[f64], symbols: &[u8], levels: &[f64], window: FitWindow) -> Result<RecordFit> {
    check(z, symbols, levels)?;
    RecordFitter::new(symbols, levels, window)?.fit(z)
}

/// Everything of a fit that depends on the symbols alone: one for all phases of a record.
pub struct RecordFitter<'a> {
    symbols: &'a [u8],
    levels: &'a [f64],
    window: FitWindow,
    words: Vec<usize>,
    count: Vec<usize>,
    /// Delays (in symbols, negative for precursors) that the remainder covers, the window without the word; the longest
    /// first, which is the order of the levels in time.
    delays: Vec<isize>,
    a: PeriodicLevels,
    /// For every word, the sum of each delayed level over its occurrences over the root of their number.
    sums: DMatrix<f64>,
    normal: Option<Cholesky<f64, Dyn>>,
}

impl<'a> RecordFitter<'a> {
    /// Prepares the fits of a period of symbols.
    ///
    /// # Errors
    /// As [`record_fit`].
    pub fn new(symbols: &'a [u8], levels: &'a [f64], window: FitWindow) -> Result<Self> {
        let FitWindow { memory, after, pre, post } = window;
        if memory == 0 || after >= memory {
            return Err(Error::parameter(
                "memory",
                memory,
                format!("above the {after} symbols after the cursor"),
            ));
        }
        let n_words = u32::try_from(memory).ok().and_then(|m| levels.len().checked_pow(m));
        let Some(n_words) = n_words.filter(|n| *n <= symbols.len()) else {
            let most = format!("at most one word a symbol of the record, {}", symbols.len());
            return Err(Error::parameter("memory", memory, most));
        };
        let words = words(symbols, levels.len(), memory, after);
        let mut count = vec![0usize; n_words];
        words.iter().for_each(|w| count[*w] += 1);
        let before = memory - 1 - after;
        let inside = |d: isize| -(after as isize) <= d && d <= before as isize;
        let delays: Vec<isize> = (-(pre as isize)..=post as isize).rev().filter(|d| !inside(*d)).collect();
        let a = PeriodicLevels::new(symbols, levels, pre, post);
        let sums = word_sums(&a, &words, &count, &delays);
        let normal = if delays.is_empty() {
            None
        } else {
            let correlation = a.autocorrelation(symbols.len(), pre + post);
            let mut normal = lower_gram(&sums);
            for (j, e) in delays.iter().enumerate() {
                for (i, d) in delays.iter().enumerate().skip(j) {
                    normal[(i, j)] = correlation[d.abs_diff(*e)] - normal[(i, j)];
                }
            }
            Some(factor(normal)?)
        };
        Ok(Self { symbols, levels, window, words, count, delays, a, sums, normal })
    }

    /// Fits one period of samples.
    ///
    /// # Errors
    /// [`Error::Parameter`] for another number of samples than symbols, or samples that are not finite.
    pub fn fit(&self, z: &[f64]) -> Result<RecordFit> {
        check(z, self.symbols, self.levels)?;
        let occurrences = |n: &usize| (*n).max(1) as f64;
        let mut table = vec![0.0; self.count.len()];
        self.words.iter().zip(z).for_each(|(w, v)| table[*w] += v);
        table.iter_mut().zip(&self.count).for_each(|(t, n)| *t /= occurrences(n));
        let FitWindow { pre, post, .. } = self.window;
        let mut cursors = vec![0.0; pre + post + 1];
        if let Some(normal) = &self.normal {
            let split = self.delays.partition_point(|d| *d >= 0);
            let mut rhs = vec![0.0; self.delays.len()];
            for (k, (w, z)) in self.words.iter().zip(z).enumerate() {
                let left = z - table[*w];
                for part in [0..split, split..self.delays.len()] {
                    let levels = self.a.delayed(k, &self.delays[part.clone()]);
                    rhs[part].iter_mut().zip(levels).for_each(|(r, x)| *r += left * x);
                }
            }
            let g = normal.solve(&DVector::from_vec(rhs));
            for (d, g) in self.delays.iter().zip(g.iter()) {
                cursors[(d + pre as isize) as usize] = *g;
            }
            // The table takes what the remainder leaves of each word's mean: Σ_d g_d (mean of the delayed level).
            for ((t, column), n) in table.iter_mut().zip(self.sums.column_iter()).zip(&self.count) {
                *t -= column.dot(&g) / occurrences(n).sqrt();
            }
        }
        Ok(RecordFit { window: self.window, levels: self.levels.to_vec(), table, cursors, main: pre })
    }
}

impl RecordFit {
    /// What the fit leaves of a period of samples, the fitted one or another.
    ///
    /// # Errors
    /// [`Error::Parameter`] for lengths that differ or symbols outside the alphabet.
    pub fn residual(&self, z: &[f64], symbols: &[u8]) -> Result<Residual> {
        check(z, symbols, &self.levels)?;
        let words = words(symbols, self.levels.len(), self.window.memory, self.window.after);
        let a = PeriodicLevels::new(symbols, &self.levels, self.window.pre, self.window.post);
        let reversed: Vec<f64> = self.cursors.iter().rev().copied().collect();
        let samples: Vec<f64> =
            z.iter().enumerate().map(|(k, z)| z - self.table[words[k]] - dot(a.span(k), &reversed)).collect();
        let (max_abs, rms) = size(&samples);
        Ok(Residual { max_abs, rms, samples })
    }
}

/// Fits one linear response reaching `pre` symbols after and `post` symbols before the cursor.
///
/// # Errors
/// [`Error::Parameter`] for lengths that differ, symbols outside the alphabet, or a record too short for the window.
pub fn linear_pulse(
    z: &[f64],
    symbols: &[u8],
    levels: &[f64],
    pre: usize,
    post: usize,
) -> Result<LinearPulse> {
    check(z, symbols, levels)?;
    let n = z.len() as f64;
    let z_mean = z.iter().sum::<f64>() / n;
    let a_mean = symbols.iter().map(|s| levels[*s as usize]).sum::<f64>() / n;
    let centred: Vec<f64> = levels.iter().map(|l| l - a_mean).collect();
    let a = PeriodicLevels::new(symbols, &centred, pre, post);
    let length = pre + post + 1;
    let correlation = a.autocorrelation(z.len(), pre + post);
    let normal = DMatrix::from_fn(length, length, |i, j| correlation[i.abs_diff(j)]);
    let mut rhs = vec![0.0; length];
    for (k, z) in z.iter().enumerate() {
        for (r, x) in rhs.iter_mut().zip(a.span(k).iter().rev()) {
            *r += (z - z_mean) * x;
        }
    }
    let cursors: Vec<f64> = solve(normal, rhs)?.iter().copied().collect();
    let reversed: Vec<f64> = cursors.iter().rev().copied().collect();
    let left: Vec<f64> = z.iter().enumerate().map(|(k, z)| z - z_mean - dot(a.span(k), &reversed)).collect();
    let (max_error, rms_error) = size(&left);
    let mean = z_mean - a_mean * cursors.iter().sum::<f64>();
    Ok(LinearPulse { cursors, main: pre, mean, rms_error, max_error })
}

/// For every word, the sum of each delayed level over the word's occurrences over the root of their number: one column a
/// word.
fn word_sums(a: &PeriodicLevels, words: &[usize], count: &[usize], delays: &[isize]) -> DMatrix<f64> {
    // Occurrences in the order of their words: a column then stays in the nearest cache while it is summed.
    let mut next: Vec<usize> = count
        .iter()
        .scan(0, |total, n| {
            *total += n;
            Some(*total - n)
        })
        .collect();
    let mut by_word = vec![0; words.len()];
    for (k, w) in words.iter().enumerate() {
        by_word[next[*w]] = k;
        next[*w] += 1;
    }
    let split = delays.partition_point(|d| *d >= 0);
    let parts = [0..split, split..delays.len()];
    let mut sums = DMatrix::<f64>::zeros(delays.len(), count.len());
    let mut occurrences = by_word.iter();
    for (mut column, n) in sums.column_iter_mut().zip(count) {
        for &k in occurrences.by_ref().take(*n) {
            for part in &parts {
                let levels = a.delayed(k, &delays[part.clone()]);
                let sums = &mut column.as_mut_slice()[part.clone()];
                sums.iter_mut().zip(levels).for_each(|(s, x)| *s += x);
            }
        }
        column /= ((*n).max(1) as f64).sqrt();
    }
    sums
}

/// The lower triangle of M M', by blocks of rows so that little of the upper one is computed.
fn lower_gram(matrix: &DMatrix<f64>) -> DMatrix<f64> {
    const BLOCK: usize = 48;
    let size = matrix.nrows();
    let transposed = matrix.transpose();
    let mut gram = DMatrix::zeros(size, size);
    for first in (0..size).step_by(BLOCK) {
        let rows = BLOCK.min(size - first);
        let product = matrix.rows(first, rows) * transposed.columns(0, first + rows);
        gram.view_mut((first, 0), (rows, first + rows)).copy_from(&product);
    }
    gram
}

fn solve(normal: DMatrix<f64>, rhs: Vec<f64>) -> Result<DVector<f64>> {
    Ok(factor(normal)?.solve(&DVector::from_vec(rhs)))
}

fn factor(normal: DMatrix<f64>) -> Result<Cholesky<f64, Dyn>> {
    let size = normal.nrows();
    let largest = normal.diagonal().max();
    let factors = Cholesky::new(normal).filter(|c| {
        // A pivot at rounding level means unknowns that the record cannot tell apart.
        c.l_dirty().diagonal().min().powi(2) > 1e-9 * largest
    });
    factors.ok_or_else(|| {
        Error::parameter("window", format!("{size} unknowns"), "few enough for the record to tell apart")
    })
}

fn check(z: &[f64], symbols: &[u8], levels: &[f64]) -> Result<()> {
    if z.len() != symbols.len() || z.is_empty() {
        return Err(Error::parameter(
            "z",
            format!("{} samples", z.len()),
            format!("one a symbol, {}", symbols.len()),
        ));
    }
    if let Some(s) = symbols.iter().find(|s| **s as usize >= levels.len()) {
        return Err(Error::parameter("symbols", s, format!("below {}", levels.len())));
    }
    if let Some(i) = z.iter().position(|v| !v.is_finite()) {
        return Err(Error::parameter(format!("z[{i}]"), z[i], "finite"));
    }
    Ok(())
}

/// Largest magnitude and root mean square.
fn size(v: &[f64]) -> (f64, f64) {
    let (max, sum) = v.iter().fold((0.0f64, 0.0), |(m, s), x| (m.max(x.abs()), s + x * x));
    (max, (sum / v.len() as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVELS: [f64; 4] = [-1.0, -0.3, 0.4, 1.0];

    /// Symbols without structure: splitmix64.
    fn symbols(n: usize, mut seed: u64) -> Vec<u8> {
        (0..n)
            .map(|_| {
                seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let z = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                ((z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 62) as u8
            })
            .collect()
    }

    /// A cubic of three symbols (one after the cursor) and a FIR outside, written out term by term.
    fn synthetic(s: &[u8]) -> Vec<f64> {
        let n = s.len() as isize;
        let a = |k: isize| LEVELS[s[k.rem_euclid(n) as usize] as usize];
        (0..n)
            .map(|k| {
                let x = 0.1 * a(k + 1) + a(k) + 0.3 * a(k - 1);
                0.05 + x - 0.2 * x.powi(3) + 0.02 * a(k + 2) - 0.07 * a(k - 2) + 0.011 * a(k - 5)
            })
            .collect()
    }

    #[test]
    fn a_table_and_a_fir_are_found_exactly() {
        let s = symbols(4000, 1);
        let z = synthetic(&s);
        let window = FitWindow { memory: 3, after: 1, pre: 3, post: 6 };
        let fit = record_fit(&z, &s, &LEVELS, window).unwrap();
        let expected = [0.0, 0.02, 0.0, 0.0, 0.0, -0.07, 0.0, 0.0, 0.011, 0.0];
        for (g, e) in fit.cursors.iter().zip(expected) {
            // Exact up to the conditioning of the normal equations, about 10, times rounding of sums of 4000.
            assert!((g - e).abs() < 1e-12, "{g} {e}");
        }
        let x = 0.1 * LEVELS[2] + LEVELS[3] + 0.3 * LEVELS[0];
        // Word: symbol 0 before the cursor, 3 at it, 2 after it.
        assert!((fit.table[3 * 4 + 2] - (0.05 + x - 0.2 * x.powi(3))).abs() < 1e-12);
        assert!(fit.residual(&z, &s).unwrap().max_abs < 1e-12);
        let other = symbols(1000, 2);
        assert!(fit.residual(&synthetic(&other), &other).unwrap().max_abs < 1e-12);
    }

    #[test]
    fn the_fit_is_the_least_squares_solution_of_the_whole_system() {
        // Independent: every unknown, table entries and cursors, by QR of the full matrix, on data it cannot explain.
        let s = symbols(600, 3);
        let z: Vec<f64> =
            synthetic(&s).iter().enumerate().map(|(k, z)| z + 0.1 * (k as f64 * 1.7).sin()).collect();
        let window = FitWindow { memory: 2, after: 0, pre: 2, post: 3 };
        let fit = record_fit(&z, &s, &LEVELS, window).unwrap();
        let n = s.len() as isize;
        let at = |k: isize| s[k.rem_euclid(n) as usize] as usize;
        let delays = [-2, -1, 2, 3];
        let matrix = DMatrix::from_fn(600, 16 + 4, |k, j| {
            let k = k as isize;
            if j < 16 {
                f64::from(u8::from(at(k - 1) * 4 + at(k) == j))
            } else {
                LEVELS[at(k - delays[j - 16])]
            }
        });
        let all = matrix.svd(true, true).solve(&DVector::from_vec(z), 1e-12).unwrap();
        for j in 0..16 {
            assert!((all[j] - fit.table[j]).abs() < 1e-11, "{j}");
        }
        for (j, d) in delays.iter().enumerate() {
            assert!((all[16 + j] - fit.cursors[(d + 2) as usize]).abs() < 1e-11, "{d}");
        }
    }

    #[test]
    fn a_linear_record_gives_its_pulse_and_a_bent_one_its_error() {
        let s = symbols(2000, 4);
        let n = s.len() as isize;
        let a = |k: isize| LEVELS[s[k.rem_euclid(n) as usize] as usize];
        let z: Vec<f64> = (0..n).map(|k| 0.2 - 0.1 * a(k + 1) + 0.9 * a(k) + 0.25 * a(k - 3)).collect();
        let p = linear_pulse(&z, &s, &LEVELS, 2, 4).unwrap();
        for (found, e) in p.cursors.iter().zip([0.0, -0.1, 0.9, 0.0, 0.0, 0.25, 0.0]) {
            assert!((found - e).abs() < 1e-12);
        }
        assert!((p.mean - 0.2).abs() < 1e-12 && p.max_error < 1e-12);
        assert!(linear_pulse(&synthetic(&s), &s, &LEVELS, 3, 6).unwrap().rms_error > 1e-3);
    }

    #[test]
    fn records_that_cannot_answer_are_refused() {
        let s = symbols(100, 5);
        let z = vec![0.0; 100];
        let window = FitWindow { memory: 2, after: 0, pre: 40, post: 60 };
        assert!(record_fit(&z, &s, &LEVELS, window).is_err());
        assert!(record_fit(&z, &s, &LEVELS, FitWindow { memory: 9, after: 0, pre: 0, post: 0 }).is_err());
        assert!(record_fit(&z, &s, &LEVELS, FitWindow { memory: 2, after: 2, pre: 0, post: 0 }).is_err());
        assert!(record_fit(&z[1..], &s, &LEVELS, window).is_err());
        assert!(linear_pulse(&z, &[9; 100], &LEVELS, 1, 1).is_err());
    }
}
