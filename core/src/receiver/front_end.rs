//! The receiver's continuous-time filters: front end and CTLE.
//!
//! ```text
//! H_r = 1 / ((1 − x² + 2 cos(π/8) jx)(1 − x² + 2 cos(3π/8) jx)),  x = f/bandwidth
//! ```
//!
//! H_r is the 4th-order Butterworth of Annex 93A: poles in the left half plane, so causal, and −3.0103 dB at its
//! bandwidth, which signal and noise pass alike.

use crate::receiver::CtleStage;
use num_complex::Complex64;
use std::f64::consts::PI;

/// H_r, the 4th-order Butterworth low-pass, at a frequency.
///
/// ```
/// let h = lightlane::receiver::butterworth4(58.4e9, 58.4e9);
/// assert!((20.0 * h.norm().log10() + 3.010_299_956_6).abs() < 1e-9);
/// ```
pub fn butterworth4(freq_hz: f64, bandwidth_hz: f64) -> Complex64 {
    let x = freq_hz / bandwidth_hz;
    let section = |angle: f64| Complex64::new(1.0 - x * x, 2.0 * angle.cos() * x);
    1.0 / (section(PI / 8.0) * section(3.0 * PI / 8.0))
}

/// Front end and CTLE together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FrontEnd {
    pub(crate) bandwidth_hz: Option<f64>,
    pub(crate) ctle: Option<CtleStage>,
}

impl FrontEnd {
    /// No filter at all.
    pub(crate) fn is_flat(&self) -> bool {
        self.bandwidth_hz.is_none() && self.ctle.is_none()
    }

    /// H_r · H_ctf.
    pub(crate) fn response(&self, freq_hz: f64) -> Complex64 {
        let filter = self.bandwidth_hz.map_or(Complex64::new(1.0, 0.0), |b| butterworth4(freq_hz, b));
        self.ctle.map_or(filter, |stage| filter * stage.response(freq_hz))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_polynomial_of_annex_93a() {
        for f in [0.0, 1e9, 30e9, 58.4e9, 200e9] {
            let x: f64 = f / 58.4e9;
            // Coefficients as printed there, to six decimals; hence the tolerance.
            let printed =
                1.0 / Complex64::new(1.0 - 3.414_214 * x * x + x.powi(4), 2.613_126 * (x - x.powi(3)));
            assert!((butterworth4(f, 58.4e9) / printed - 1.0).norm() < 1e-5, "{f}");
        }
    }

    #[test]
    fn its_noise_bandwidth_is_the_closed_form() {
        // For order n the integral of 1/(1 + x^2n) over x > 0 is (π/2n)/sin(π/2n); the trapezium rule on a smooth
        // integrand of this width is exact to far below the 1e-9 that the cut at x = 30 leaves (∫ x^-8 = 30^-7/7).
        let dx = 1e-3;
        let sum: f64 = (0..30_000)
            .map(|i| butterworth4(f64::from(i) * dx, 1.0).norm_sqr() * if i == 0 { 0.5 } else { 1.0 } * dx)
            .sum();
        assert!((sum - (PI / 8.0) / (PI / 8.0).sin()).abs() < 1e-9);
    }
}
