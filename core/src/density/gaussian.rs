//! The Gaussian tail, with relative accuracy where it is tiny.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// Q(x) = P(n > x) for a standard Gaussian n: erfc(x/√2)/2.
///
/// Relative accuracy is about (1 + x²) 2⁻⁵³, which is the sensitivity of Q to its own argument, down to 1e-307
/// (x = 37.5); below that use [`ln_q`].
///
/// ```
/// // Abramowitz and Stegun, Handbook of Mathematical Functions, table 26.2: −log10 Q(9) = 18.94746.
/// assert!((-lightlane::density::q(9.0).log10() - 18.94746).abs() < 5e-6);
/// ```
pub fn q(x: f64) -> f64 {
    0.5 * libm::erfc(x * FRAC_1_SQRT_2)
}

/// ln Q(x), finite for every finite x of magnitude below 1e154.
///
/// Above x = 30 by the asymptotic series of Mills' ratio, whose first dropped term is 945/x¹⁰ ≤ 2e-12.
pub fn ln_q(x: f64) -> f64 {
    if x < -1.0 {
        (-q(-x)).ln_1p()
    } else if x < 30.0 {
        q(x).ln()
    } else {
        let s = 1.0 / (x * x);
        -0.5 * x * x - 0.5 * (2.0 * PI).ln() - x.ln()
            + (-s * (1.0 - s * (3.0 - s * (15.0 - 105.0 * s)))).ln_1p()
    }
}

/// Density of a standard Gaussian.
pub fn normal_pdf(x: f64) -> f64 {
    (-0.5 * x * x).exp() / (2.0 * PI).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q_agrees_with_tabulated_logarithms() {
        // −log10 Q(x) from Abramowitz and Stegun, table 26.2, printed to five decimals.
        for (x, minus_log10) in [
            (1.0, 0.79955),
            (3.0, 2.86970),
            (5.0, 6.54265),
            (7.0, 11.89285),
            (9.0, 18.94746),
            (12.0, 32.75044),
        ] {
            assert!((-q(x).log10() - minus_log10).abs() < 1e-5, "{x}: {}", -q(x).log10());
        }
    }

    #[test]
    fn q_agrees_with_the_continued_fraction_of_mills_ratio() {
        // Laplace's continued fraction Q/φ = 1/(x+1/(x+2/(x+3/…))), converged to rounding from x = 3 on with 400 terms.
        for x in [3.0, 5.5, 8.0, 9.3, 15.0, 30.0, 37.0] {
            let fraction = (1..400).rev().fold(x, |tail, k| x + f64::from(k) / tail);
            let expected = normal_pdf(x) / fraction;
            // x² of the argument's rounding, and a few units of the two libraries.
            assert!((q(x) / expected - 1.0).abs() < (4.0 + x * x) * 2.3e-16, "{x}");
        }
    }

    #[test]
    fn the_logarithm_joins_its_three_branches() {
        for edge in [-1.0, 30.0] {
            let (below, above) = (ln_q(edge - 1e-9), ln_q(edge + 1e-9));
            // Twice 1e-9 times the slope, and the dropped term of the series.
            assert!((below - above).abs() < 2e-9 * (edge.abs() + 1.0) + 1e-11 * below.abs());
        }
        assert!((ln_q(40.0) + 804.608_442_013_9).abs() < 1e-6);
    }
}
