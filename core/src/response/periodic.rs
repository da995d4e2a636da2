//! One period of symbols that repeats for ever, as the fits of a record see it.

use crate::simd::dot;

/// Levels of one period, continued at both ends, so that every window is a slice.
pub(super) struct PeriodicLevels {
    a: Vec<f64>,
    pre: usize,
    post: usize,
}

impl PeriodicLevels {
    pub(super) fn new(symbols: &[u8], levels: &[f64], pre: usize, post: usize) -> Self {
        let n = symbols.len() as isize;
        let a = (-(post as isize)..n + pre as isize)
            .map(|k| levels[symbols[k.rem_euclid(n) as usize] as usize])
            .collect();
        Self { a, pre, post }
    }

    /// a_(k − post) … a_(k + pre): oldest first, so the reverse of the cursors' order.
    pub(super) fn span(&self, k: usize) -> &[f64] {
        &self.a[k..=k + self.post + self.pre]
    }

    /// a_(k − d) for a run of consecutive delays d, the longest first.
    pub(super) fn delayed(&self, k: usize, delays: &[isize]) -> &[f64] {
        let (Some(first), Some(last)) = (delays.first(), delays.last()) else { return &[] };
        let at = |d: isize| (k as isize + self.post as isize - d) as usize;
        &self.a[at(*first)..=at(*last)]
    }

    /// Σ_k a_k a_(k+lag) over the period, lags 0 to `last`.
    pub(super) fn autocorrelation(&self, n: usize, last: usize) -> Vec<f64> {
        let period = &self.a[self.post..self.post + n];
        (0..=last)
            .map(|lag| {
                let lag = lag % n;
                dot(&period[..n - lag], &period[lag..]) + dot(&period[n - lag..], &period[..lag])
            })
            .collect()
    }
}

/// Number of the word of `memory` symbols, `after` of them after the cursor, at every symbol of a period; the oldest
/// symbol is the most significant digit.
pub(super) fn words(symbols: &[u8], alphabet: usize, memory: usize, after: usize) -> Vec<usize> {
    let n = symbols.len();
    let n_words = alphabet.pow(memory as u32);
    // The word of symbol k ends at symbol k + after; it shifts by one symbol from k to k + 1.
    let mut word = (0..memory).fold(0, |w, i| {
        let at = (after as isize - memory as isize + i as isize).rem_euclid(n as isize);
        w * alphabet + symbols[at as usize] as usize
    });
    (0..n)
        .map(|k| {
            word = (word * alphabet + symbols[(k + after) % n] as usize) % n_words;
            word
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_words_and_correlations_wrap_around() {
        let symbols = [0u8, 1, 2, 3, 3, 1, 0, 2];
        let levels = [-3.0, -1.0, 1.0, 3.0];
        let a = PeriodicLevels::new(&symbols, &levels, 1, 2);
        let at = |k: isize| levels[symbols[k.rem_euclid(8) as usize] as usize];
        for k in 0..8isize {
            assert_eq!(a.span(k as usize), [at(k - 2), at(k - 1), at(k), at(k + 1)]);
            assert_eq!(a.delayed(k as usize, &[2, 1]), [at(k - 2), at(k - 1)]);
        }
        assert!(a.delayed(0, &[]).is_empty());
        for (lag, r) in a.autocorrelation(8, 9).into_iter().enumerate() {
            assert_eq!(r, (0..8).map(|k| at(k) * at(k + lag as isize)).sum::<f64>());
        }
        // The word at symbol 0, one symbol after the cursor: symbols 7, 0, 1.
        let w = words(&symbols, 4, 3, 1);
        assert_eq!((w[0], w[7], w[3]), (2 * 16 + 1, 2 * 4, 2 * 16 + 3 * 4 + 3));
    }

    #[test]
    fn sums_of_products_at_every_remainder() {
        for n in 0..10 {
            let x: Vec<f64> = (0..n).map(f64::from).collect();
            assert_eq!(dot(&x, &x), x.iter().map(|v| v * v).sum::<f64>());
        }
    }
}
