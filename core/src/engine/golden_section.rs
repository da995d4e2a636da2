//! Golden-section search.

/// Where `cost` is least within the bracket, as the middle of one no wider than `tolerance`; `cost` falls and then rises.
///
/// Kiefer, "Sequential minimax search for a maximum", Proc. AMS 4 (1953).
pub(super) fn golden_section(
    (mut low, mut high): (f64, f64),
    tolerance: f64,
    mut cost: impl FnMut(f64) -> f64,
) -> f64 {
    let (mut a, mut b) = (high - RATIO * (high - low), low + RATIO * (high - low));
    let (mut at_a, mut at_b) = (cost(a), cost(b));
    while high - low > tolerance {
        if at_a < at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - RATIO * (high - low);
            at_a = cost(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + RATIO * (high - low);
            at_b = cost(b);
        }
    }
    0.5 * (low + high)
}

/// What a step leaves of the bracket: (√5 − 1)/2.
const RATIO: f64 = 0.618_033_988_749_895;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_around_the_least_cost() {
        for place in [-1.0, -0.3, 0.4, 2.0] {
            let found = golden_section((-1.0, 2.0), 1e-6, |x| (x - place).abs());
            // The middle of a bracket that holds the place.
            assert!((found - place).abs() <= 0.5e-6, "{found} {place}");
        }
        assert_eq!(golden_section((0.5, 0.5), 0.0, |x| x), 0.5);
    }
}
