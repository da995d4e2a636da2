//! Tail of the binomial distribution, in log space and summed from whichever side is small.
//!
//! ```text
//! P(X > t) = Σ_{i>t} C(n,i) p^i q^(n-i)          E[X; X > t]/n = Σ_{i>t} (i/n) C(n,i) p^i q^(n-i)
//! ```
//!
//! 1 - CDF would lose every digit below 1e-16; it is used only where the mean lies beyond t, so that what is
//! subtracted is the small side.

/// Number of wrong symbols of a word: how likely it is beyond the correctable, and how many symbols it then costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tail {
    /// P(X > t).
    pub(super) probability: f64,
    /// E[X; X > t]/n: share of the symbols that stay wrong.
    pub(super) symbol_ratio: f64,
}

/// The tail beyond `t` of `n` trials that succeed with probability p and fail with q = 1 - p, given with the
/// logarithm of q, since q itself has no digits of a small p.
pub(super) fn tail(n: usize, t: usize, p: f64, ln_q: f64) -> Tail {
    if p == 0.0 || ln_q == f64::NEG_INFINITY {
        return Tail { probability: p, symbol_ratio: p };
    }
    let ln_p = p.ln();
    if n as f64 * p > (t + 1) as f64 {
        let kept = sums(n, 0..=t, ln_p, ln_q);
        return Tail { probability: 1.0 - kept.probability, symbol_ratio: p - kept.symbol_ratio };
    }
    sums(n, t + 1..=n, ln_p, ln_q)
}

/// Σ C(n,i) p^i q^(n-i) and Σ (i/n) C(n,i) p^i q^(n-i) over a range of i.
fn sums(n: usize, range: std::ops::RangeInclusive<usize>, ln_p: f64, ln_q: f64) -> Tail {
    let ln_ratio = |i: usize| ((n - i) as f64 / (i + 1) as f64).ln();
    let mut ln_choose: f64 = (0..*range.start()).map(ln_ratio).sum();
    let mut ln_terms = Vec::new();
    let mut largest = f64::NEG_INFINITY;
    for i in range {
        let ln_term = ln_choose + i as f64 * ln_p + (n - i) as f64 * ln_q;
        // Terms rise to one peak and fall: past it, what is e^-45 of the peak changes no digit, nor does the rest.
        if ln_term < largest - 45.0 {
            break;
        }
        largest = largest.max(ln_term);
        ln_terms.push((i, ln_term));
        ln_choose += ln_ratio(i);
    }
    let (mut sum, mut weighted) = (0.0, 0.0);
    for (i, ln_term) in ln_terms {
        let term = (ln_term - largest).exp();
        sum += term;
        weighted += term * i as f64 / n as f64;
    }
    let scale = largest.exp();
    Tail { probability: scale * sum, symbol_ratio: scale * weighted }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail_of(n: usize, t: usize, p: f64) -> Tail {
        tail(n, t, p, (-p).ln_1p())
    }

    #[test]
    fn small_words_by_hand() {
        // n = 3, t = 1, p = 1/4: P = 3/16 · 3/4 + 1/64 = 10/64; E/n = (2/3) 9/64 + 1/64 = 7/64. Rounding only.
        let x = tail_of(3, 1, 0.25);
        assert!((x.probability - 10.0 / 64.0).abs() < 1e-15 && (x.symbol_ratio - 7.0 / 64.0).abs() < 1e-15);
        // p = 3/4, summed from the other side: 54/64 and (2/3) 27/64 + 27/64 = 45/64.
        let x = tail_of(3, 1, 0.75);
        assert!((x.probability - 54.0 / 64.0).abs() < 1e-15 && (x.symbol_ratio - 45.0 / 64.0).abs() < 1e-15);
    }

    #[test]
    fn the_ends_of_the_range_are_exact() {
        assert_eq!(tail_of(544, 15, 0.0), Tail { probability: 0.0, symbol_ratio: 0.0 });
        assert_eq!(tail_of(544, 15, 1.0), Tail { probability: 1.0, symbol_ratio: 1.0 });
        assert_eq!(tail_of(544, 15, 0.9), Tail { probability: 1.0, symbol_ratio: 0.9 });
    }

    #[test]
    fn both_sides_meet() {
        // At n p = t + 1 the side changes; the two sums differ by their rounding, some 1e-14.
        let p = 16.0 / 544.0;
        let ends = [tail_of(544, 15, p * (1.0 - 1e-13)), tail_of(544, 15, p * (1.0 + 1e-13))];
        assert!((ends[1].probability / ends[0].probability - 1.0).abs() < 1e-12);
        assert!((ends[1].symbol_ratio / ends[0].symbol_ratio - 1.0).abs() < 1e-12);
    }
}
