//! Errors in bursts: a two-state process of PAM4 symbols, counted exactly by transfer matrices.
//!
//! ```text
//! P(err | ok) = p,  P(err | err) = a             T = [[1-p, p], [1-a, a]], state = error of the last symbol
//! M0 = A0^m                                      a Reed–Solomon symbol of m PAM4 symbols, no decoded error
//! M1 = Σ_j A0^j (T - A0) T^(m-1-j) = T^m - A0^m  at least one, as a sum of positive paths
//! ```
//!
//! Without precoding a decoded symbol is wrong with the slicer's, so A0 keeps the transitions into "ok"; with
//! precoding it is wrong where e_k differs from e_(k-1), so A0 keeps ok to ok and err to err. Symbols of one codeword
//! are d Reed–Solomon symbols apart at interleave depth d: T^(m(d-1)) lies between them. The chain starts from its
//! stationary state. Nothing is ever subtracted, so deep tails keep their digits.

use super::binomial::Tail;

/// The error process of the slicer and how symbols are counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Process {
    /// P(err | ok).
    pub(super) start: f64,
    /// P(err | err).
    pub(super) stay: f64,
    /// Decoded errors are changes of the slicer's error state.
    pub(super) precoding: bool,
}

/// A row vector over (ok, err).
type Row = [f64; 2];
/// A 2 × 2 matrix, `[from][to]`.
type Matrix = [[f64; 2]; 2];

impl Process {
    fn transitions(&self) -> Matrix {
        [[1.0 - self.start, self.start], [1.0 - self.stay, self.stay]]
    }

    /// Transitions without (first) and with (second) a decoded error; their sum is the transition matrix.
    fn split(&self) -> (Matrix, Matrix) {
        let [[oo, oe], [eo, ee]] = self.transitions();
        if self.precoding {
            ([[oo, 0.0], [0.0, ee]], [[0.0, oe], [eo, 0.0]])
        } else {
            ([[oo, 0.0], [eo, 0.0]], [[0.0, oe], [0.0, ee]])
        }
    }

    /// M0 and M1 of a symbol of `m` PAM4 symbols.
    fn symbol(&self, m: usize) -> (Matrix, Matrix) {
        let (a0, a1) = self.split();
        let t = self.transitions();
        let (mut without, mut with) = (IDENTITY, [[0.0; 2]; 2]);
        for _ in 0..m {
            with = add(product(with, t), product(without, a1));
            without = product(without, a0);
        }
        (without, with)
    }

    /// Probability that a Reed–Solomon symbol of `m` PAM4 symbols is wrong, from the state `initial`.
    pub(super) fn symbol_error_ratio(&self, m: usize, initial: Row) -> f64 {
        total(times(initial, self.symbol(m).1))
    }

    /// Words of `n` symbols with more than `t` wrong, a symbol being `m` PAM4 symbols and `depth` words interleaved;
    /// `initial` must be stationary.
    pub(super) fn tail(&self, n: usize, t: usize, m: usize, depth: usize, initial: Row) -> Tail {
        let (without, with) = self.symbol(m);
        let gap = power(self.transitions(), m * (depth - 1));
        let (without_then_gap, with_then_gap) = (product(without, gap), product(with, gap));
        let any_then_gap = add(without_then_gap, with_then_gap);
        // Exactly j wrong so far; beyond t: the mass, and the mass weighted by the number wrong.
        let mut exactly = vec![[0.0; 2]; t + 1];
        exactly[0] = initial;
        let (mut beyond, mut weighted) = ([0.0; 2], [0.0; 2]);
        for _ in 0..n {
            let entering = times(exactly[t], with_then_gap);
            weighted = sum3(
                times(weighted, any_then_gap),
                times(beyond, with_then_gap),
                entering.map(|x| (t + 1) as f64 * x),
            );
            beyond = sum3(times(beyond, any_then_gap), entering, [0.0; 2]);
            for j in (1..=t).rev() {
                exactly[j] =
                    sum3(times(exactly[j], without_then_gap), times(exactly[j - 1], with_then_gap), [0.0; 2]);
            }
            exactly[0] = times(exactly[0], without_then_gap);
        }
        if total(beyond) > 0.5 {
            // The small side is then what was kept, and it is the one that can be subtracted.
            let kept: f64 = exactly.iter().map(|row| total(*row)).sum();
            let kept_symbols: f64 = exactly.iter().enumerate().map(|(j, row)| j as f64 * total(*row)).sum();
            let all = self.symbol_error_ratio(m, initial);
            return Tail { probability: 1.0 - kept, symbol_ratio: all - kept_symbols / n as f64 };
        }
        Tail { probability: total(beyond), symbol_ratio: total(weighted) / n as f64 }
    }
}

const IDENTITY: Matrix = [[1.0, 0.0], [0.0, 1.0]];

fn times(row: Row, m: Matrix) -> Row {
    [row[0] * m[0][0] + row[1] * m[1][0], row[0] * m[0][1] + row[1] * m[1][1]]
}

fn product(a: Matrix, b: Matrix) -> Matrix {
    [times(a[0], b), times(a[1], b)]
}

fn add(a: Matrix, b: Matrix) -> Matrix {
    [[a[0][0] + b[0][0], a[0][1] + b[0][1]], [a[1][0] + b[1][0], a[1][1] + b[1][1]]]
}

fn sum3(a: Row, b: Row, c: Row) -> Row {
    [a[0] + b[0] + c[0], a[1] + b[1] + c[1]]
}

fn total(row: Row) -> f64 {
    row[0] + row[1]
}

fn power(mut base: Matrix, mut exponent: usize) -> Matrix {
    let mut result = IDENTITY;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = product(result, base);
        }
        base = product(base, base);
        exponent >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stationary(x: &Process) -> Row {
        let leave = 1.0 - x.stay;
        [leave / (x.start + leave), x.start / (x.start + leave)]
    }

    /// Every error sequence of the chain, one by one.
    fn enumerated(x: &Process, n: usize, t: usize, m: usize, depth: usize) -> (Tail, f64) {
        let length = m * (depth * (n - 1) + 1);
        let initial = stationary(x);
        let (mut probability, mut symbols, mut first_wrong) = (0.0, 0.0, 0.0);
        for bits in 0u64..1 << (length + 1) {
            // Bit 0 is the symbol before the word; bit k + 1 is symbol k.
            let e = |k: usize| (bits >> k & 1) as usize;
            let weight = (0..length).fold(initial[e(0)], |w, k| w * x.transitions()[e(k)][e(k + 1)]);
            let wrong = |k: usize| if x.precoding { e(k) != e(k + 1) } else { e(k + 1) == 1 };
            let count = (0..n).filter(|i| (i * depth * m..(i * depth + 1) * m).any(wrong)).count();
            if count > t {
                probability += weight;
                symbols += weight * count as f64 / n as f64;
            }
            if (0..m).any(wrong) {
                first_wrong += weight;
            }
        }
        (Tail { probability, symbol_ratio: symbols }, first_wrong)
    }

    #[test]
    fn small_words_equal_the_enumeration_of_every_sequence() {
        for precoding in [false, true] {
            for (start, stay) in [(0.03, 0.75), (0.2, 0.2), (1e-3, 0.0), (0.4, 0.9)] {
                let x = Process { start, stay, precoding };
                for (n, t, m, depth) in [(6, 1, 2, 1), (4, 1, 2, 2), (3, 0, 3, 1), (4, 2, 1, 4), (2, 0, 5, 1)]
                {
                    let (expected, symbol) = enumerated(&x, n, t, m, depth);
                    let got = x.tail(n, t, m, depth, stationary(&x));
                    // 2^16 positive terms, each with a dozen roundings: 1e-12 relative is ample.
                    let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b;
                    assert!(close(got.probability, expected.probability), "{x:?} {n} {t} {m} {depth}");
                    assert!(close(got.symbol_ratio, expected.symbol_ratio), "{x:?} {n} {t} {m} {depth}");
                    assert!(close(x.symbol_error_ratio(m, stationary(&x)), symbol));
                }
            }
        }
    }

    #[test]
    fn a_memoryless_chain_is_binomial() {
        let q: f64 = 4.8e-4;
        let x = Process { start: q, stay: q, precoding: false };
        let ln_ok = 5.0 * (-q).ln_1p();
        let expected = super::super::binomial::tail(544, 15, -ln_ok.exp_m1(), ln_ok);
        for depth in [1, 4] {
            let got = x.tail(544, 15, 5, depth, stationary(&x));
            // 544 steps of positive sums against sums of logs: 1e-11 relative.
            assert!((got.probability / expected.probability - 1.0).abs() < 1e-11);
            assert!((got.symbol_ratio / expected.symbol_ratio - 1.0).abs() < 1e-11);
        }
    }
}
