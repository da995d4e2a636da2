//! Differential group delay of the two states of polarization, in first order.
//!
//! ```text
//! |H(f)|² = 1 − 4 γ (1 − γ) sin²(π f τ)
//! P(τ > x τ_mean) = erfc(2x/√π) + (4x/π) exp(−4x²/π)                 (Maxwell's distribution)
//! ```
//!
//! γ is the share of the power in the slow state, 1/2 at worst. Reference: C. D. Poole and J. Nagel, in Optical Fiber
//! Telecommunications III A (1997), chapter 6.

use crate::error::{Result, require};
use std::f64::consts::PI;

/// Size of the response of modulated power to a differential group delay, 1 at 0 Hz.
///
/// ```
/// use lightlane::medium::optics::dgd_response;
/// // The two halves cancel where the delay is half a period.
/// assert!(dgd_response(50e9, 10e-12, 0.5)? < 1e-7);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Parameter`] for a negative delay, a split outside 0 to 1, or a frequency that is not finite.
pub fn dgd_response(freq_hz: f64, dgd_s: f64, split: f64) -> Result<f64> {
    require::finite("freq_hz", freq_hz)?;
    require::non_negative("dgd_s", dgd_s)?;
    require::within("split", split, 0.0, 1.0)?;
    let sin = (PI * freq_hz * dgd_s).sin();
    Ok((1.0 - 4.0 * split * (1.0 - split) * sin * sin).max(0.0).sqrt())
}

/// Probability that the delay exceeds `ratio_to_mean` times its mean.
///
/// ```
/// // Three times the mean, the usual margin: some 22 minutes a year.
/// let p = lightlane::medium::optics::dgd_exceedance(3.0)?;
/// assert!((p - 4.2e-5).abs() < 5e-7);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Parameter`] for a negative ratio.
pub fn dgd_exceedance(ratio_to_mean: f64) -> Result<f64> {
    require::non_negative("ratio_to_mean", ratio_to_mean)?;
    let x = ratio_to_mean;
    Ok(libm::erfc(2.0 * x / PI.sqrt()) + 4.0 * x / PI * (-4.0 * x * x / PI).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_complex::Complex64;

    #[test]
    fn the_response_is_that_of_two_delayed_shares() {
        for (f, tau, split) in
            [(0.0, 3e-12, 0.5), (40e9, 2.5e-12, 0.3), (70e9, 9e-12, 0.8), (-40e9, 1e-12, 0.1)]
        {
            let h = (1.0 - split) + split * Complex64::cis(-2.0 * PI * f * tau);
            // Rounding of two forms of the same number.
            assert!((dgd_response(f, tau, split).unwrap() - h.norm()).abs() < 1e-14);
        }
        assert!(dgd_response(1e9, 1e-12, 1.5).is_err() && dgd_response(1e9, -1e-12, 0.5).is_err());
    }

    #[test]
    fn exceedance_is_the_integral_of_the_density() {
        // Density 32 x²/π² exp(−4x²/π) of unit mean, by the trapezoid rule to where it is below 1e-30.
        let density = |x: f64| 32.0 * x * x / (PI * PI) * (-4.0 * x * x / PI).exp();
        for from in [0.0, 0.5, 1.0, 3.0] {
            let (n, end) = (20_000, 8.0);
            let h = (end - from) / f64::from(n);
            let ends = 0.5 * (density(from) + density(end));
            let inner: f64 = (1..n).map(|i| density(from + h * f64::from(i))).sum();
            // Second order in h, which is 4e-4.
            assert!((dgd_exceedance(from).unwrap() - (inner + ends) * h).abs() < 1e-7);
        }
        assert_eq!(dgd_exceedance(0.0).unwrap(), 1.0);
        assert!(dgd_exceedance(-1.0).is_err());
    }
}
