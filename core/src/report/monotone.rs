//! A curve through points that rises or falls nowhere where they do not.

/// Piecewise cubic through points (F. N. Fritsch and R. E. Carlson, SIAM J. Numer. Anal. 17 (1980) 238): between two of them
/// it stays between them. Beyond the ends it is constant.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Monotone {
    x: Vec<f64>,
    y: Vec<f64>,
    slope: Vec<f64>,
}

impl Monotone {
    /// Through at least one point, ascending in x.
    pub(super) fn new(points: &[(f64, f64)]) -> Self {
        let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
        let chords: Vec<(f64, f64)> =
            points.windows(2).map(|p| (p[1].0 - p[0].0, (p[1].1 - p[0].1) / (p[1].0 - p[0].0))).collect();
        let mut slope: Vec<f64> = chords.windows(2).map(|c| between(c[0], c[1])).collect();
        // At the ends the chord itself: it cannot overshoot.
        slope.insert(0, chords.first().map_or(0.0, |c| c.1));
        if chords.len() > 1 {
            slope.push(chords[chords.len() - 1].1);
        }
        slope.resize(x.len(), chords.first().map_or(0.0, |c| c.1));
        Self { x, y, slope }
    }

    /// The curve at x.
    pub(super) fn at(&self, x: f64) -> f64 {
        let right = self.x.partition_point(|k| *k < x);
        if right == 0 {
            return self.y[0];
        }
        let Some(end) = self.x.get(right) else { return self.y[self.y.len() - 1] };
        let (i, h) = (right - 1, end - self.x[right - 1]);
        let t = (x - self.x[i]) / h;
        let (rise, s0, s1) = (self.y[right] - self.y[i], h * self.slope[i], h * self.slope[right]);
        self.y[i] + t * (s0 + t * (3.0 * rise - 2.0 * s0 - s1 + t * (s0 + s1 - 2.0 * rise)))
    }

    /// Where a falling curve is `y`: −∞ where it is below everywhere, ∞ where it is never.
    pub(super) fn falls_to(&self, y: f64) -> f64 {
        let last = self.x.len() - 1;
        if self.y[0] < y {
            return f64::NEG_INFINITY;
        }
        if self.y[last] >= y {
            return f64::INFINITY;
        }
        let (mut low, mut high) = (self.x[0], self.x[last]);
        // Halving to rounding: a kink needs no care.
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if self.at(middle) >= y { low = middle } else { high = middle }
        }
        low
    }
}

/// Slope between two chords (width, slope): their weighted harmonic mean, 0 at an extremum.
fn between((h0, d0): (f64, f64), (h1, d1): (f64, f64)) -> f64 {
    if d0 * d1 <= 0.0 {
        return 0.0;
    }
    let (w0, w1) = (2.0 * h1 + h0, h1 + 2.0 * h0);
    (w0 + w1) / (w0 / d0 + w1 / d1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_a_line_and_a_smooth_curve_is_near() {
        let line = Monotone::new(&[(0.0, 3.0), (1.0, 1.0), (4.0, -5.0)]);
        for x in [0.0, 0.3, 1.0, 2.7, 4.0] {
            assert!((line.at(x) - (3.0 - 2.0 * x)).abs() < 1e-14);
        }
        assert!((line.falls_to(0.0) - 1.5).abs() < 1e-12);
        assert_eq!((line.at(-1.0), line.at(9.0)), (3.0, -5.0));
        assert_eq!((line.falls_to(4.0), line.falls_to(-6.0)), (f64::NEG_INFINITY, f64::INFINITY));
        let one = Monotone::new(&[(2.0, 5.0)]);
        assert_eq!((one.at(0.0), one.at(2.0), one.at(3.0)), (5.0, 5.0, 5.0));
        let points: Vec<(f64, f64)> = (0..8).map(|i| (f64::from(i), (-0.3 * f64::from(i)).exp())).collect();
        let smooth = Monotone::new(&points);
        // Third order in a step of 0.3 decay lengths, inside.
        assert!((smooth.at(3.5) - (-1.05f64).exp()).abs() < 1e-3);
    }

    proptest! {
        #[test]
        fn it_never_turns(steps in prop::collection::vec((0.1..3.0f64, 0.0..5.0f64), 1..12)) {
            let mut points = vec![(0.0, 10.0)];
            for (dx, dy) in steps {
                let (x, y) = points[points.len() - 1];
                points.push((x + dx, y - dy));
            }
            let curve = Monotone::new(&points);
            let end = points[points.len() - 1].0;
            let values: Vec<f64> = (0..=400).map(|i| curve.at(end * f64::from(i) / 400.0)).collect();
            // Rounding of a cubic.
            prop_assert!(values.windows(2).all(|v| v[1] <= v[0] + 1e-12));
        }
    }
}
