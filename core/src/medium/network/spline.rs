//! The cubic spline behind the uniform grid: even in the real part, odd in the imaginary one, bulk delay apart.

use super::uniform::{bulk_delay_s, extrapolate_dc};
use num_complex::Complex64;
use std::f64::consts::TAU;

/// A cubic spline through a response without its bulk delay.
pub(super) struct DelayedSpline {
    delay_s: f64,
    freq_hz: Vec<f64>,
    value: Vec<Complex64>,
    /// Second derivatives at the knots.
    curvature: Vec<Complex64>,
}

impl DelayedSpline {
    pub(super) fn new(freq_hz: &[f64], values: &[Complex64]) -> Self {
        let delay_s = bulk_delay_s(freq_hz, values);
        let dc = Complex64::new(extrapolate_dc(freq_hz, values, delay_s), 0.0);
        let skip = usize::from(freq_hz[0] == 0.0);
        let knots: Vec<f64> = std::iter::once(0.0).chain(freq_hz[skip..].iter().copied()).collect();
        let rest = freq_hz.iter().zip(values).skip(skip);
        let value: Vec<Complex64> = std::iter::once(dc)
            .chain(rest.map(|(f, v)| v * Complex64::from_polar(1.0, TAU * f * delay_s)))
            .collect();
        let re = curvatures(&knots, &value.iter().map(|v| v.re).collect::<Vec<_>>(), true);
        let im = curvatures(&knots, &value.iter().map(|v| v.im).collect::<Vec<_>>(), false);
        let curvature = re.into_iter().zip(im).map(|(re, im)| Complex64::new(re, im)).collect();
        Self { delay_s, freq_hz: knots, value, curvature }
    }

    /// The value at a frequency within the knots.
    pub(super) fn at(&self, f: f64) -> Complex64 {
        let last = self.freq_hz.len() - 1;
        if last == 0 {
            return self.value[0];
        }
        let right = self.freq_hz.partition_point(|g| *g < f).clamp(1, last);
        let (x0, x1) = (self.freq_hz[right - 1], self.freq_hz[right]);
        let h = x1 - x0;
        let (a, b) = ((x1 - f) / h, (f - x0) / h);
        let bend = (a * a * a - a) * self.curvature[right - 1] + (b * b * b - b) * self.curvature[right];
        let g = a * self.value[right - 1] + b * self.value[right] + bend * (h * h / 6.0);
        g * Complex64::from_polar(1.0, -TAU * f * self.delay_s)
    }
}

/// Second derivatives of a cubic spline: at the lower end zero slope (`even`) or zero curvature (odd), at the upper
/// end constant curvature. Tridiagonal elimination; the matrix is diagonally dominant but for its last row, whose
/// pivot is above 1.
fn curvatures(x: &[f64], y: &[f64], even: bool) -> Vec<f64> {
    let last = x.len() - 1;
    let mut result = vec![0.0; x.len()];
    if last == 0 {
        return result;
    }
    let slope = |i: usize| (y[i + 1] - y[i]) / (x[i + 1] - x[i]);
    // Super-diagonal after elimination, and right side.
    let mut upper = vec![0.0; x.len()];
    let h0 = x[1] - x[0];
    if even {
        upper[0] = 0.5;
        result[0] = 3.0 * slope(0) / h0;
    }
    for i in 1..last {
        let (below, above) = (x[i] - x[i - 1], x[i + 1] - x[i]);
        let pivot = 2.0 * (below + above) - below * upper[i - 1];
        upper[i] = above / pivot;
        result[i] = (6.0 * (slope(i) - slope(i - 1)) - below * result[i - 1]) / pivot;
    }
    result[last] = result[last - 1] / (1.0 + upper[last - 1]);
    for i in (0..last).rev() {
        result[i] -= upper[i] * result[i + 1];
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reproduces_a_parabola_that_fits_its_end_conditions() {
        // Even about 0 and of constant curvature: the spline of its samples is the parabola itself.
        let x = [0.0, 1.0, 2.5, 3.0, 4.5];
        let bends = curvatures(&x, &x.map(|v| 3.0 - 0.5 * v * v), true);
        // elimination of 5 equations of numbers of order 10
        bends.iter().for_each(|b| assert!((b + 1.0).abs() < 1e-13, "{bends:?}"));
        // Odd: a straight line has no curvature anywhere.
        assert!(curvatures(&x, &x.map(|v| 2.0 * v), false).iter().all(|b| b.abs() < 1e-13));
    }
}
