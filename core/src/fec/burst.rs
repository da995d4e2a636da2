//! Errors in bursts: two-state processes of line symbols, counted exactly by transfer matrices.
//!
//! ```text
//! P(err | ok) = p,  P(err | err) = a             T = [[1-p, p], [1-a, a]], state = error of the last symbol
//! M0 = A0^m                                      a Reed–Solomon symbol of m line symbols, no decoded error
//! M1 = Σ_j A0^j (T - A0) T^(m-1-j) = T^m - A0^m  at least one, as a sum of positive paths
//! ```
//!
//! Without precoding a decoded symbol is wrong with the slicer's, so A0 keeps the transitions into "ok"; with
//! precoding it is wrong where e_k differs from e_(k-1), so A0 keeps ok to ok and err to err. Symbols of one codeword
//! are d Reed–Solomon symbols apart at interleave depth d: T^(m(d-1)) lies between them. The chain starts from its
//! stationary state. Nothing is ever subtracted, so deep tails keep their digits.
//!
//! Segments between retimers err independently of each other: the state is that of all of them, and T and A0 are the
//! Kronecker products of theirs. A decoded symbol is then wrong where any segment alone would make it wrong; that errors
//! of two segments cancel, which takes one in each at the same symbol, is left out.

use super::binomial::Tail;

/// Most processes of one chain: its matrices have 2^n rows.
pub(super) const MAX_PROCESSES: usize = 5;

/// The error process of one slicer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Process {
    /// P(err | ok).
    pub(super) start: f64,
    /// P(err | err).
    pub(super) stay: f64,
    /// Stationary share of err: start/(start + 1 - stay), and whatever it is where nothing ever changes.
    pub(super) wrong: f64,
}

/// What a chain makes of the codewords of a code.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChainFigures {
    /// Words with more wrong symbols than can be corrected.
    pub(super) tail: Tail,
    /// Probability that a Reed–Solomon symbol is wrong.
    pub(super) symbol_error_ratio: f64,
}

/// How the symbols of the line lie in codewords.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// Symbols of a word, and how many wrong ones can be corrected.
    pub(super) n: usize,
    pub(super) t: usize,
    /// Symbols of the line in a Reed–Solomon symbol.
    pub(super) per_symbol: usize,
    /// Words that take turns.
    pub(super) depth: usize,
    /// Decoded errors are changes of the slicer's error state.
    pub(super) precoding: bool,
}

/// Figures of the words that 1 to [`MAX_PROCESSES`] independent processes leave.
pub(super) fn chain_figures(processes: &[Process], layout: &Layout) -> ChainFigures {
    match processes.len() {
        0 | 1 => Chain::<2>::new(processes, layout.precoding).figures(layout),
        2 => Chain::<4>::new(processes, layout.precoding).figures(layout),
        3 => Chain::<8>::new(processes, layout.precoding).figures(layout),
        4 => Chain::<16>::new(processes, layout.precoding).figures(layout),
        _ => Chain::<32>::new(processes, layout.precoding).figures(layout),
    }
}

/// Probability that a decoded line symbol is wrong by one process alone.
pub(super) fn line_error_ratio(process: Process, precoding: bool) -> f64 {
    let chain = Chain::<2>::new(&[process], precoding);
    total(times(chain.stationary, chain.with))
}

/// A row vector over the states; bit k of a state is the error of process k.
type Row<const N: usize> = [f64; N];
/// A matrix, `[from][to]`.
type Matrix<const N: usize> = [[f64; N]; N];

/// Processes side by side.
struct Chain<const N: usize> {
    /// Transitions without and with a decoded error, and all of them.
    without: Matrix<N>,
    with: Matrix<N>,
    any: Matrix<N>,
    stationary: Row<N>,
}

impl Process {
    /// Transitions without (first) and with (second) a decoded error.
    fn split(self, precoding: bool) -> (Matrix<2>, Matrix<2>) {
        let ([oo, oe], [eo, ee]) = ([1.0 - self.start, self.start], [1.0 - self.stay, self.stay]);
        if precoding {
            ([[oo, 0.0], [0.0, ee]], [[0.0, oe], [eo, 0.0]])
        } else {
            ([[oo, 0.0], [eo, 0.0]], [[0.0, oe], [0.0, ee]])
        }
    }
}

impl<const N: usize> Chain<N> {
    /// The chain of log2 N processes; those that are missing never err.
    fn new(processes: &[Process], precoding: bool) -> Self {
        let never = Process { start: 0.0, stay: 0.0, wrong: 0.0 };
        let of = |k: usize| processes.get(k).copied().unwrap_or(never);
        let split: Vec<_> = (0..N.ilog2() as usize).map(|k| of(k).split(precoding)).collect();
        let bit = |state: usize, k: usize| state >> k & 1;
        let (mut without, mut with, mut any) = ([[0.0; N]; N], [[0.0; N]; N], [[0.0; N]; N]);
        for from in 0..N {
            for to in 0..N {
                // Processes so far: none with an error, at least one with.
                let (mut right, mut wrong) = (1.0, 0.0);
                for (k, (a0, a1)) in split.iter().enumerate() {
                    let (i, j) = (bit(from, k), bit(to, k));
                    wrong = wrong * (a0[i][j] + a1[i][j]) + right * a1[i][j];
                    right *= a0[i][j];
                }
                (without[from][to], with[from][to], any[from][to]) = (right, wrong, right + wrong);
            }
        }
        let share = |k: usize, state: usize| [1.0 - of(k).wrong, of(k).wrong][bit(state, k)];
        let share = |state: usize| (0..split.len()).map(|k| share(k, state)).product();
        Self { without, with, any, stationary: std::array::from_fn(share) }
    }

    /// M0 and M1 of a symbol of `m` line symbols.
    fn symbol(&self, m: usize) -> (Matrix<N>, Matrix<N>) {
        let (mut without, mut with) = (identity(), [[0.0; N]; N]);
        for _ in 0..m {
            with = add(product(with, self.any), product(without, self.with));
            without = product(without, self.without);
        }
        (without, with)
    }

    fn figures(&self, layout: &Layout) -> ChainFigures {
        let (without, with) = self.symbol(layout.per_symbol);
        let symbol_error_ratio = total(times(self.stationary, with));
        let gap = power(self.any, layout.per_symbol * (layout.depth - 1));
        let tail = self.tail(layout, product(without, gap), product(with, gap), symbol_error_ratio);
        ChainFigures { tail, symbol_error_ratio }
    }

    /// Words with more than t wrong symbols, by the transitions of a symbol and the gap after it.
    fn tail(
        &self,
        layout: &Layout,
        without_then_gap: Matrix<N>,
        with_then_gap: Matrix<N>,
        symbol_error_ratio: f64,
    ) -> Tail {
        let &Layout { n, t, .. } = layout;
        let any_then_gap = add(without_then_gap, with_then_gap);
        // Exactly j wrong so far; beyond t: the mass, and the mass weighted by the number wrong.
        let mut exactly = vec![[0.0; N]; t + 1];
        exactly[0] = self.stationary;
        let (mut beyond, mut weighted) = ([0.0; N], [0.0; N]);
        for _ in 0..n {
            let entering = times(exactly[t], with_then_gap);
            weighted = sum3(
                times(weighted, any_then_gap),
                times(beyond, with_then_gap),
                entering.map(|x| (t + 1) as f64 * x),
            );
            beyond = sum3(times(beyond, any_then_gap), entering, [0.0; N]);
            for j in (1..=t).rev() {
                exactly[j] =
                    sum3(times(exactly[j], without_then_gap), times(exactly[j - 1], with_then_gap), [0.0; N]);
            }
            exactly[0] = times(exactly[0], without_then_gap);
        }
        if total(beyond) > 0.5 {
            // The small side is then what was kept, and it is the one that can be subtracted.
            let kept: f64 = exactly.iter().map(|row| total(*row)).sum();
            let kept_symbols: f64 = exactly.iter().enumerate().map(|(j, row)| j as f64 * total(*row)).sum();
            return Tail {
                probability: 1.0 - kept,
                symbol_ratio: symbol_error_ratio - kept_symbols / n as f64,
            };
        }
        Tail { probability: total(beyond), symbol_ratio: total(weighted) / n as f64 }
    }
}

fn identity<const N: usize>() -> Matrix<N> {
    std::array::from_fn(|i| std::array::from_fn(|j| if i == j { 1.0 } else { 0.0 }))
}

fn times<const N: usize>(row: Row<N>, m: Matrix<N>) -> Row<N> {
    let mut out = [0.0; N];
    for (x, from) in row.iter().zip(&m) {
        out.iter_mut().zip(from).for_each(|(o, v)| *o += x * v);
    }
    out
}

fn product<const N: usize>(a: Matrix<N>, b: Matrix<N>) -> Matrix<N> {
    a.map(|row| times(row, b))
}

fn add<const N: usize>(a: Matrix<N>, b: Matrix<N>) -> Matrix<N> {
    std::array::from_fn(|i| std::array::from_fn(|j| a[i][j] + b[i][j]))
}

fn sum3<const N: usize>(a: Row<N>, b: Row<N>, c: Row<N>) -> Row<N> {
    std::array::from_fn(|i| a[i] + b[i] + c[i])
}

fn total<const N: usize>(row: Row<N>) -> f64 {
    row.iter().sum()
}

fn power<const N: usize>(mut base: Matrix<N>, mut exponent: usize) -> Matrix<N> {
    let mut result = identity();
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

    fn process(start: f64, stay: f64) -> Process {
        Process { start, stay, wrong: start / (start + 1.0 - stay) }
    }

    fn transitions(x: &Process) -> Matrix<2> {
        [[1.0 - x.start, x.start], [1.0 - x.stay, x.stay]]
    }

    /// Every error sequence of the processes, one by one.
    fn enumerated(processes: &[Process], layout: &Layout) -> (Tail, f64) {
        let &Layout { n, t, per_symbol: m, depth, precoding } = layout;
        let length = m * (depth * (n - 1) + 1);
        let (mut probability, mut symbols, mut first_wrong) = (0.0, 0.0, 0.0);
        // Bit 0 of a sequence is the symbol before the word; bit k + 1 is symbol k.
        let each = length + 1;
        for bits in 0u64..1 << (each * processes.len()) {
            let e = |p: usize, k: usize| (bits >> (p * each + k) & 1) as usize;
            let weight: f64 = processes
                .iter()
                .enumerate()
                .map(|(p, x)| {
                    let first = [1.0 - x.wrong, x.wrong][e(p, 0)];
                    (0..length).fold(first, |w, k| w * transitions(x)[e(p, k)][e(p, k + 1)])
                })
                .product();
            let wrong = |k: usize| {
                (0..processes.len())
                    .any(|p| if precoding { e(p, k) != e(p, k + 1) } else { e(p, k + 1) == 1 })
            };
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

    fn equals_the_enumeration(
        processes: &[Process],
        (n, t, per_symbol, depth): (usize, usize, usize, usize),
    ) {
        for precoding in [false, true] {
            let layout = Layout { n, t, per_symbol, depth, precoding };
            let (expected, symbol) = enumerated(processes, &layout);
            let got = chain_figures(processes, &layout);
            // 2^16 positive terms, each with a dozen roundings: 1e-12 relative is ample.
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b;
            assert!(close(got.tail.probability, expected.probability), "{processes:?} {layout:?}");
            assert!(close(got.tail.symbol_ratio, expected.symbol_ratio), "{processes:?} {layout:?}");
            assert!(close(got.symbol_error_ratio, symbol), "{processes:?} {layout:?}");
        }
    }

    #[test]
    fn small_words_equal_the_enumeration_of_every_sequence() {
        for (start, stay) in [(0.03, 0.75), (0.2, 0.2), (1e-3, 0.0), (0.4, 0.9)] {
            for word in [(6, 1, 2, 1), (4, 1, 2, 2), (3, 0, 3, 1), (4, 2, 1, 4), (2, 0, 5, 1)] {
                equals_the_enumeration(&[process(start, stay)], word);
            }
        }
    }

    #[test]
    fn segments_equal_the_enumeration_of_every_pair_of_sequences() {
        for word in [(3, 1, 2, 1), (2, 0, 2, 2), (3, 1, 1, 2)] {
            equals_the_enumeration(&[process(0.03, 0.75), process(0.2, 0.1)], word);
        }
        equals_the_enumeration(&[process(0.03, 0.75), process(0.2, 0.2), process(0.01, 0.5)], (2, 0, 2, 1));
    }

    #[test]
    fn a_process_that_never_errs_changes_nothing() {
        let layout = Layout { n: 544, t: 15, per_symbol: 5, depth: 4, precoding: true };
        let (x, never) = (process(1e-4, 0.6), process(0.0, 0.0));
        let alone = chain_figures(&[x], &layout).tail.probability;
        for list in [vec![x, never], vec![never, x, never], vec![never, never, x, never], vec![never; 5]] {
            let got = chain_figures(&list, &layout).tail.probability;
            let wanted = if list.len() == 5 { 0.0 } else { alone };
            // 544 steps of sums whose additional terms are exactly 0.
            assert!((got - wanted).abs() <= 1e-12 * wanted, "{}: {got} {wanted}", list.len());
        }
    }

    #[test]
    fn a_memoryless_chain_is_binomial() {
        let q: f64 = 4.8e-4;
        let ln_ok = 5.0 * (-q).ln_1p();
        let expected = super::super::binomial::tail(544, 15, -ln_ok.exp_m1(), ln_ok);
        // One process, or the same errors shared by three.
        let third = -((-q).ln_1p() / 3.0).exp_m1();
        for (share, count) in [(q, 1), (third, 3)] {
            for depth in [1, 4] {
                let layout = Layout { n: 544, t: 15, per_symbol: 5, depth, precoding: false };
                let got = chain_figures(&vec![process(share, share); count], &layout).tail;
                // 544 steps of positive sums against sums of logs: 1e-11 relative.
                assert!((got.probability / expected.probability - 1.0).abs() < 1e-11);
                assert!((got.symbol_ratio / expected.symbol_ratio - 1.0).abs() < 1e-11);
            }
        }
    }
}
