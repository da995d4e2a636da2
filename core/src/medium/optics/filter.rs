//! Low-pass responses of amplifiers and photodiodes, and their noise bandwidths.
//!
//! ```text
//! Bessel–Thomson:  H = θ_n(0) / θ_n(jω τ),  θ_n(s) = Σ_k (2n − k)! / (2^(n−k) k! (n − k)!) s^k
//! one pole:        H = 1 / (1 + j f / f_3dB)
//! noise bandwidth: B = ∫_0^∞ |H|² df / |H(0)|²
//! ```
//!
//! Reference: W. E. Thomson, Proc. IEE 96 (1949) 487. All bandwidths are those where |H|² = 1/2.

use crate::error::{Error, Result, require};
use num_complex::Complex64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::{FRAC_PI_2, PI};

/// Highest order of [`BesselThomson`]: above it the factorials of its coefficients lose digits.
const MAX_ORDER: usize = 12;

/// A Bessel–Thomson low-pass of given 3 dB bandwidth, 1 at 0 Hz.
#[derive(Debug, Clone, PartialEq)]
pub struct BesselThomson {
    /// Coefficients of 1/H in powers of j f / f_3dB.
    coefficients: Vec<f64>,
    bandwidth_hz: f64,
}

impl BesselThomson {
    /// A filter of `order` (clamped to 1..=12); an infinite bandwidth passes everything.
    pub fn new(order: usize, bandwidth_hz: f64) -> Self {
        let n = order.clamp(1, MAX_ORDER);
        let mut coefficients: Vec<f64> = (0..=n)
            .map(|k| factorial(2 * n - k) / (2f64.powi((n - k) as i32) * factorial(k) * factorial(n - k)))
            .collect();
        let at_zero = coefficients[0];
        coefficients.iter_mut().for_each(|c| *c /= at_zero);
        // |H|² falls monotonically, so bisection finds the 3 dB point of the delay-normalized filter.
        let (mut low, mut high) = (0.0, 100.0);
        for _ in 0..200 {
            let x = 0.5 * (low + high);
            if inverse(&coefficients, x).norm_sqr() < 2.0 { low = x } else { high = x }
        }
        coefficients.iter_mut().enumerate().for_each(|(k, c)| *c *= low.powi(k as i32));
        Self { coefficients, bandwidth_hz }
    }

    /// H at `freq_hz`.
    pub fn at(&self, freq_hz: f64) -> Complex64 {
        if self.is_ideal() {
            return Complex64::new(1.0, 0.0);
        }
        inverse(&self.coefficients, freq_hz / self.bandwidth_hz).inv()
    }

    /// Whether it passes everything.
    pub fn is_ideal(&self) -> bool {
        self.bandwidth_hz.is_infinite()
    }
}

/// Σ c_k (jx)^k.
fn inverse(coefficients: &[f64], x: f64) -> Complex64 {
    let mut sum = Complex64::new(0.0, 0.0);
    for c in coefficients.iter().rev() {
        // sum · jx + c
        sum = Complex64::new(c - sum.im * x, sum.re * x);
    }
    sum
}

fn factorial(n: usize) -> f64 {
    (1..=n).map(|i| i as f64).product()
}

/// A single pole: 1 / (1 + j f / bandwidth); 1 for an infinite bandwidth.
pub fn one_pole(freq_hz: f64, bandwidth_hz: f64) -> Complex64 {
    Complex64::new(1.0, freq_hz / bandwidth_hz).inv()
}

/// Families of low-pass filters with a known noise bandwidth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FilterKind {
    /// Bessel–Thomson: maximally flat delay.
    #[default]
    Bessel,
    /// Butterworth: maximally flat magnitude.
    Butterworth,
}

/// Equivalent noise bandwidth, Hz, of a low-pass whose 3 dB bandwidth is `bandwidth_hz`.
///
/// Butterworth in closed form, (π/2n)/sin(π/2n). Bessel–Thomson by f = tan θ, which makes |H|² df a smooth periodic
/// function of θ, on which equal steps converge to rounding error.
///
/// ```
/// use lightlane::medium::optics::{FilterKind, noise_bandwidth_hz};
/// assert!((noise_bandwidth_hz(1.0, FilterKind::Bessel, 4)? - 1.04637).abs() < 5e-6);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for a bandwidth that is not positive, order 0, or a Bessel filter above order 12.
pub fn noise_bandwidth_hz(bandwidth_hz: f64, kind: FilterKind, order: usize) -> Result<f64> {
    require::positive("bandwidth_hz", bandwidth_hz)?;
    let highest = if kind == FilterKind::Bessel { MAX_ORDER } else { usize::MAX };
    if order == 0 || order > highest {
        return Err(Error::parameter("order", order, format!("between 1 and {highest}")));
    }
    let ratio = match kind {
        FilterKind::Butterworth => {
            let x = FRAC_PI_2 / order as f64;
            x / x.sin()
        }
        FilterKind::Bessel => {
            const STEPS: usize = 4096;
            let filter = BesselThomson::new(order, 1.0);
            // Midpoints, so that the point at infinity is never evaluated.
            let sum: f64 = (0..STEPS)
                .map(|i| {
                    let f = ((i as f64 + 0.5) * FRAC_PI_2 / STEPS as f64).tan();
                    filter.at(f).norm_sqr() * (1.0 + f * f)
                })
                .sum();
            sum * 0.5 * PI / STEPS as f64
        }
    };
    Ok(bandwidth_hz * ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_decibel_point_is_where_it_is_said_to_be() {
        for order in 1..=MAX_ORDER {
            let h = BesselThomson::new(order, 30e9);
            assert!((h.at(30e9).norm_sqr() - 0.5).abs() < 1e-12, "{order}");
            assert_eq!(h.at(0.0), Complex64::new(1.0, 0.0));
        }
    }

    #[test]
    fn the_fourth_order_is_thomsons_polynomial() {
        // θ_4 = s⁴ + 10 s³ + 45 s² + 105 s + 105, 3 dB at 2.11391767 rad/s for unit delay (published tables).
        let (x, s) = (2.113_917_67_f64, |f: f64| Complex64::new(0.0, f));
        for f in [0.1, 0.7, 1.0, 2.0, 5.0] {
            let p = s(f * x);
            let exact = 105.0 / (p.powi(4) + 10.0 * p.powi(3) + 45.0 * p.powi(2) + 105.0 * p + 105.0);
            // The tabulated constant has nine digits.
            assert!((BesselThomson::new(4, 1.0).at(f) - exact).norm() < 1e-8);
        }
    }

    #[test]
    fn noise_bandwidths_are_the_known_ones() {
        let b = |kind, order| noise_bandwidth_hz(1.0, kind, order).unwrap();
        // One pole is π/2 in either family: both are exact to rounding.
        assert!((b(FilterKind::Bessel, 1) - FRAC_PI_2).abs() < 1e-12);
        assert!((b(FilterKind::Butterworth, 1) - FRAC_PI_2).abs() < 1e-12);
        // π/(2√2) for the second-order Butterworth.
        assert!((b(FilterKind::Butterworth, 2) - 1.110_720_734_539_6).abs() < 1e-12);
        // Five published decimals.
        assert!((b(FilterKind::Bessel, 4) - 1.04637).abs() < 5e-6);
    }

    #[test]
    fn the_bessel_integral_agrees_with_a_plain_sum_over_frequency() {
        // Simpson on 0..40 f_3dB; the tail of a 4th-order filter above is (w/x)^8, below 1e-11 of the integral.
        let h = BesselThomson::new(4, 1.0);
        let (n, top) = (40_000, 40.0);
        let sum: f64 = (0..=n)
            .map(|i| {
                let w = if i == 0 || i == n { 1.0 } else { 2.0 * (1 + i % 2) as f64 };
                w * h.at(top * i as f64 / n as f64).norm_sqr()
            })
            .sum();
        let simpson = sum * top / n as f64 / 3.0;
        assert!((noise_bandwidth_hz(1.0, FilterKind::Bessel, 4).unwrap() - simpson).abs() < 1e-9);
    }

    #[test]
    fn an_infinite_bandwidth_passes_everything() {
        assert_eq!(BesselThomson::new(4, f64::INFINITY).at(1e15).norm(), 1.0);
        assert_eq!(one_pole(1e15, f64::INFINITY).norm(), 1.0);
    }
}
