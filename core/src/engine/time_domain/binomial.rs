//! Exact confidence interval of an error ratio.
//!
//! ```text
//! lower = B⁻¹(α/2; k, n − k + 1)    upper = B⁻¹(1 − α/2; k + 1, n − k)      α = 1 − confidence
//! ```
//!
//! C. J. Clopper and E. S. Pearson, Biometrika 26 (1934), doi:10.1093/biomet/26.4.404; B⁻¹ is the inverse of the
//! regularized incomplete beta function. Its prefactor is a binomial probability in C. Loader's saddle-point form
//! ("Fast and accurate computation of binomial probabilities", 2000), which keeps its digits for 1e15 trials, where a
//! difference of log-gamma functions would keep none; the rest is the continued fraction of A. DiDonato and A. Morris,
//! ACM TOMS 18 (1992), doi:10.1145/131766.131776 (Algorithm 708), which keeps them too.

use crate::error::{Error, Result};
use std::f64::consts::TAU;

/// Interval that contains the true ratio with at least that confidence, for `errors` out of `trials`.
///
/// Counts may be fractional: effective counts of clustered errors are.
///
/// ```
/// use lightlane::engine::time_domain::clopper_pearson;
/// // No error in a million: at most 3.0e-6 with 95 % confidence on one side.
/// let (low, high) = clopper_pearson(0.0, 1e6, 0.90)?;
/// assert_eq!(low, 0.0);
/// assert!((high / 2.996e-6 - 1.0).abs() < 1e-3);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] unless 0 ≤ errors ≤ trials, trials > 0 and 0 < confidence < 1.
pub fn clopper_pearson(errors: f64, trials: f64, confidence: f64) -> Result<(f64, f64)> {
    if !(trials.is_finite() && trials > 0.0) {
        return Err(Error::parameter("trials", trials, "finite and above 0"));
    }
    if !(0.0..=trials).contains(&errors) {
        return Err(Error::parameter("errors", errors, format!("between 0 and {trials}")));
    }
    if !(confidence > 0.0 && confidence < 1.0) {
        return Err(Error::parameter("confidence", confidence, "between 0 and 1, exclusive"));
    }
    let tail = 0.5 * (1.0 - confidence);
    let right = trials - errors;
    let lower = if errors == 0.0 { 0.0 } else { inverse(errors, right + 1.0, tail, Side::Lower) };
    let upper = if right == 0.0 { 1.0 } else { inverse(errors + 1.0, right, tail, Side::Upper) };
    Ok((lower, upper))
}

/// Which tail of the beta distribution is meant.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Lower,
    Upper,
}

/// x such that the tail on that side of x is `target`.
///
/// Newton's method on the logarithm of the tail over ln x, where every beta distribution with a, b ≥ 1 is concave,
/// kept inside a bracket.
fn inverse(a: f64, b: f64, target: f64, side: Side) -> f64 {
    // ln x of the smallest normal number; the ratios of interest are far above it.
    let (mut low, mut high) = (-708.0_f64, 0.0_f64);
    let mut t = (a / (a + b)).ln();
    for _ in 0..200 {
        let (tail, front) = tail(a, b, t, side);
        let excess = tail.ln() - target.ln();
        // The lower tail grows with x, the upper one shrinks.
        if (excess > 0.0) == (side == Side::Lower) {
            high = t;
        } else {
            low = t;
        }
        let slope = front / (-t.exp_m1() * tail);
        let step = if side == Side::Lower { -excess / slope } else { excess / slope };
        if step.abs() <= 1e-15 * t.abs().max(1.0) {
            break;
        }
        let next = t + step;
        t = if next > low && next < high { next } else { 0.5 * (low + high) };
    }
    t.exp()
}

/// The tail of the beta distribution beyond x = e^t, and x^a (1 − x)^b / B(a, b).
fn tail(a: f64, b: f64, t: f64, side: Side) -> (f64, f64) {
    let (x, y) = (t.exp(), -t.exp_m1());
    if x <= 0.0 || y <= 0.0 {
        let at_zero = x <= 0.0;
        return (f64::from(u8::from(at_zero == (side == Side::Upper))), 0.0);
    }
    // a − (a + b) x, from whichever of x and y has digits to spare: everything below depends on it.
    let below_mean = if x < y { a - (a + b) * x } else { (a + b) * y - b };
    let front = a * b / (a + b) * binomial_probability(a, b, x, y, below_mean);
    // The continued fraction converges on its own side of the mean.
    let (value, computed) = if below_mean >= 0.0 {
        (front * continued_fraction(a, b, x, y, below_mean), Side::Lower)
    } else {
        (front * continued_fraction(b, a, y, x, -below_mean), Side::Upper)
    };
    (if computed == side { value } else { 1.0 - value }, front)
}

/// Γ(a + b + 1) / (Γ(a + 1) Γ(b + 1)) x^a y^b.
fn binomial_probability(a: f64, b: f64, x: f64, y: f64, below_mean: f64) -> f64 {
    let n = a + b;
    let exponent = stirling_error(n)
        - stirling_error(a)
        - stirling_error(b)
        - deviance(a, n * x, below_mean)
        - deviance(b, n * y, -below_mean);
    (n / (TAU * a * b)).sqrt() * exponent.exp()
}

/// ln Γ(n + 1) − [(n + ½) ln n − n + ½ ln 2π].
fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        return libm::lgamma(n + 1.0) - (n + 0.5) * n.ln() + n - 0.5 * TAU.ln();
    }
    let square = n * n;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / 1680.0 / square) / square) / square) / n
}

/// x ln(x/m) + m − x with difference = x − m, by its series where the terms cancel.
fn deviance(x: f64, m: f64, difference: f64) -> f64 {
    if difference.abs() >= 0.1 * (x + m) {
        return x * (x / m).ln() - difference;
    }
    let v = difference / (x + m);
    let mut sum = difference * v;
    let mut power = 2.0 * x * v;
    for j in 1..1000 {
        power *= v * v;
        let next = sum + power / f64::from(2 * j + 1);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

/// The regularized incomplete beta function over x^a y^b / B(a, b), for x below the mean.
fn continued_fraction(a: f64, b: f64, x: f64, y: f64, below_mean: f64) -> f64 {
    let c = 1.0 + below_mean;
    let c1 = 1.0 + 1.0 / a;
    // Numerator and denominator of two successive convergents, the last denominator kept at 1.
    let (mut a0, mut b0, mut a1, mut b1) = (0.0, 1.0, 1.0, c / c1);
    let mut ratio = c1 / c;
    let (mut p, mut s) = (1.0, a + 1.0);
    // About √a terms are needed near the mean; the limit only stops a loop that rounding keeps alive.
    let limit = 1000.0 + 50.0 * a.max(b).sqrt();
    let mut n = 1.0;
    while n < limit {
        let t = n / a;
        let w = n * (b - n) * x;
        let e = a / s;
        let alpha = p * (p + b / a) * e * e * w * x;
        let beta = n + w / s + (1.0 + t) / (c1 + 2.0 * t) * (c + n * (y + 1.0));
        p = 1.0 + t;
        s += 2.0;
        (a0, a1) = (a1, alpha * a0 + beta * a1);
        (b0, b1) = (b1, alpha * b0 + beta * b1);
        let previous = ratio;
        ratio = a1 / b1;
        if (ratio - previous).abs() <= 1e-15 * ratio {
            break;
        }
        (a0, b0, a1, b1) = (a0 / b1, b0 / b1, ratio, 1.0);
        n += 1.0;
    }
    ratio
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(errors: f64, trials: f64, confidence: f64, wanted: (f64, f64), tolerance: f64) {
        let (low, high) = clopper_pearson(errors, trials, confidence).unwrap();
        assert!((low / wanted.0 - 1.0).abs() < tolerance, "{errors} of {trials}: {low}");
        assert!((high / wanted.1 - 1.0).abs() < tolerance, "{errors} of {trials}: {high}");
    }

    #[test]
    fn published_values() {
        // R's binom.test, as printed in its documentation (682 of 925) and in textbooks; digits beyond those printed
        // come from mpmath's incomplete beta function at 30 digits.
        check(10.0, 100.0, 0.95, (0.049_004_689_221_49, 0.176_222_597_74), 1e-11);
        check(1.0, 10.0, 0.95, (0.002_528_578_544_462, 0.445_016_117_028_2), 1e-12);
        check(682.0, 925.0, 0.95, (0.707_668_264_079, 0.765_406_558_241_5), 1e-11);
        check(5.0, 1e6, 0.9999, (3.830_240_530_42e-7, 2.047_365_349_701e-5), 1e-11);
    }

    #[test]
    fn rare_events_reach_the_poisson_limit() {
        // 1,000 events of a Poisson process, 95 %: F. Garwood (1936), by mpmath; 1e15 trials differ by 1e-12.
        let n = 1e15;
        check(1000.0, n, 0.95, (938.973_018_407_695 / n, 1_063.952_136_016_302 / n), 1e-10);
    }

    #[test]
    fn no_error_and_nothing_but_errors_have_closed_forms() {
        for trials in [0.3, 1.0, 30.0, 1e6, 1e15] {
            for confidence in [0.5, 0.95, 0.9999] {
                let (low, high) = clopper_pearson(0.0, trials, confidence).unwrap();
                let tail: f64 = 0.5 * (1.0 - confidence);
                let wanted = -f64::exp_m1(tail.ln() / trials);
                assert_eq!(low, 0.0);
                assert!((high / wanted - 1.0).abs() < 1e-10, "{trials} {confidence}: {high} for {wanted}");
                let (low, high) = clopper_pearson(trials, trials, confidence).unwrap();
                assert_eq!(high, 1.0);
                // 1 − x is rounded to 1e-16, the smallest difference from 1 that a double has.
                assert!(
                    (low - (1.0 - wanted)).abs() < 1e-13 * (1.0 + 1.0 / wanted * 1e-3),
                    "{trials}: {low}"
                );
            }
        }
        // Rule of three: 2.9957/n for 95 %, 4.6052/n for 99 %, one-sided.
        assert!((clopper_pearson(0.0, 1e9, 0.90).unwrap().1 * 1e9 - 2.9957).abs() < 1e-4);
        assert!((clopper_pearson(0.0, 1e9, 0.98).unwrap().1 * 1e9 - 4.6052).abs() < 1e-4);
    }

    #[test]
    fn the_tails_of_the_binomial_at_the_limits_are_what_was_asked() {
        // Sum of the binomial probabilities, term by term: an independent way to the same tail.
        let below = |k: f64, n: f64, p: f64| {
            let mut term = (n * (-p).ln_1p()).exp();
            let mut sum = term;
            let mut i = 0.0;
            while i < k {
                term *= (n - i) / (i + 1.0) * p / (1.0 - p);
                sum += term;
                i += 1.0;
            }
            sum
        };
        for (k, n) in [(1.0, 5.0), (3.0, 50.0), (40.0, 1e4), (300.0, 1000.0), (200.0, 1e9)] {
            for confidence in [0.5, 0.9, 0.9999] {
                let (low, high) = clopper_pearson(k, n, confidence).unwrap();
                let tail = 0.5 * (1.0 - confidence);
                // A sum of up to 300 terms, and the 1e-11 of the upper tail lost to 1 − sum.
                assert!((below(k, n, high) / tail - 1.0).abs() < 1e-8, "{k} {n}");
                assert!(((1.0 - below(k - 1.0, n, low)) / tail - 1.0).abs() < 1e-8, "{k} {n}");
            }
        }
    }

    #[test]
    fn large_counts_approach_the_normal_interval() {
        // 3e8 errors: ±3.8906 standard deviations, to the next order of 1/√k.
        let (k, n) = (3e8, 1e9);
        let (low, high) = clopper_pearson(k, n, 0.9999).unwrap();
        let deviation = (k * (1.0 - k / n)).sqrt() / n;
        assert!(((k / n - low) / deviation - 3.890_6).abs() < 1e-3);
        assert!(((high - k / n) / deviation - 3.890_6).abs() < 1e-3);
    }

    #[test]
    fn bad_arguments_are_refused() {
        for (errors, trials, confidence) in
            [(-1.0, 10.0, 0.9), (11.0, 10.0, 0.9), (1.0, 0.0, 0.9), (1.0, 10.0, 1.0), (1.0, 10.0, 0.0)]
        {
            assert!(matches!(clopper_pearson(errors, trials, confidence), Err(Error::Parameter { .. })));
        }
        assert!(clopper_pearson(f64::NAN, 10.0, 0.9).is_err());
        assert!(clopper_pearson(1.0, f64::NAN, 0.9).is_err());
        assert!(clopper_pearson(1.0, 10.0, f64::NAN).is_err());
    }
}
