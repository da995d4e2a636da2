//! Wideband Debye dielectric: permittivity that is nearly flat in loss tangent, and causal.
//!
//! ```text
//! eps(f) = eps_inf + deps/(m2 - m1) log10((f2 + jf)/(f1 + jf)),   f1 = 10^m1, f2 = 10^m2
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | eps_inf | relative permittivity far above f2 | 1 |
//! | deps | its rise from above f2 to below f1 | 1 |
//! | f1, f2 | corner frequencies, here 10 kHz and 1 THz | Hz |
//!
//! A. R. Djordjević, R. M. Biljić, V. D. Likar-Smiljanić, T. K. Sarkar, "Wideband frequency-domain
//! characterization of FR-4 and time-domain causality", IEEE Trans. EMC 43(4), 2001. The logarithm is analytic in
//! the lower half plane of f, so a line built on it is causal at any frequency, also above f2.

use crate::error::{Error, Result, require};
use num_complex::Complex64;

/// Lower corner, Hz: the customary 10 kHz, below anything a lane simulates.
const LOW_CORNER_HZ: f64 = 1e4;
/// Upper corner, Hz: the customary 1 THz, above anything a lane simulates.
const HIGH_CORNER_HZ: f64 = 1e12;

/// Relative permittivity of a lossy dielectric, fixed by dk and df at one frequency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WidebandDebye {
    high_frequency: f64,
    /// deps / (m2 - m1), per natural logarithm.
    slope: f64,
}

impl WidebandDebye {
    /// The dielectric whose relative permittivity is dk(1 - j df) at `reference_freq_hz`.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless 1 ≤ `dk` ≤ 1000, `df` ≥ 0, the reference lies between 1 MHz and 500 GHz, and the
    /// loss leaves a positive permittivity at all frequencies.
    ///
    /// ```
    /// let fr4 = lightlane::medium::electrical::WidebandDebye::new(4.2, 0.02, 1e9)?;
    /// let eps = fr4.permittivity(1e9);
    /// assert!((eps.re - 4.2).abs() < 1e-12 && (eps.im + 0.084).abs() < 1e-12);
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    pub fn new(dk: f64, df: f64, reference_freq_hz: f64) -> Result<Self> {
        require::within("dk", dk, 1.0, 1000.0)?;
        require::non_negative("df", df)?;
        require::within("reference_freq_hz", reference_freq_hz, 1e6, 500e9)?;
        let log = log_ratio(reference_freq_hz);
        let slope = dk * df / -log.im;
        let high_frequency = dk - slope * log.re;
        if high_frequency < 0.5 {
            return Err(Error::parameter(
                "df",
                df,
                format!(
                    "so small that the permittivity stays positive to 1 THz; at most {:.3}",
                    -log.im / log.re
                ),
            ));
        }
        Ok(Self { high_frequency, slope })
    }

    /// Relative permittivity ε' - jε'' at `freq_hz` ≥ 0; real at 0.
    pub fn permittivity(&self, freq_hz: f64) -> Complex64 {
        if self.slope == 0.0 {
            return Complex64::new(self.high_frequency, 0.0);
        }
        self.high_frequency + self.slope * log_ratio(freq_hz)
    }

    /// Relative permittivity far above the band: the square root of it gives the earliest arrival.
    pub fn high_frequency(&self) -> f64 {
        self.high_frequency
    }
}

/// ln((f2 + jf)/(f1 + jf)), real and imaginary part without forming the quotient.
fn log_ratio(freq_hz: f64) -> Complex64 {
    let (low, high) = (freq_hz / LOW_CORNER_HZ, freq_hz / HIGH_CORNER_HZ);
    let re = 0.5 * ((1.0 + high * high) / (1.0 + low * low)).ln() + (HIGH_CORNER_HZ / LOW_CORNER_HZ).ln();
    Complex64::new(re, high.atan() - low.atan())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meets_dk_and_df_at_the_reference() {
        for (dk, df, f) in [(3.2, 0.0015, 14e9), (4.2, 0.02, 1e9), (2.1, 0.0, 1e10)] {
            let eps = WidebandDebye::new(dk, df, f).unwrap().permittivity(f);
            // The definition; 1e-9 is far above rounding.
            assert!((eps.re - dk).abs() < 1e-9 && (-eps.im / eps.re - df).abs() < 1e-9);
        }
    }

    #[test]
    fn loss_tangent_is_nearly_flat_and_dk_falls() {
        let m = WidebandDebye::new(3.2, 0.0015, 14e9).unwrap();
        let (low, high) = (m.permittivity(1e9), m.permittivity(53e9));
        assert!(low.re > 3.2 && high.re < 3.2);
        // Between the corners eps'' = slope (pi/2 - f1/f - f/f2): 3 % lower at 53 GHz, and dk falls by 0.1 %.
        assert!((-high.im / high.re / 0.0015 - 1.0).abs() < 0.05);
    }

    /// Kramers-Kronig: the real part follows from the imaginary one.
    #[test]
    fn is_causal() {
        let m = WidebandDebye::new(3.2, 0.01, 14e9).unwrap();
        let f0 = 10e9;
        // eps'(f0) - eps_inf = (2/pi) ∫ f eps''/(f² - f0²) df, in u = ln f, with f0 midway between two points.
        let step = 1e-3;
        let sum: f64 = (-20_000..20_000)
            .map(|i| {
                let f = f0 * (step * (f64::from(i) + 0.5)).exp();
                -f * f * m.permittivity(f).im / (f * f - f0 * f0)
            })
            .sum();
        let expected = m.permittivity(f0).re - m.high_frequency();
        // The integral spans e^±20 around 10 GHz; what lies outside is below 1e-5 of the sum.
        assert!((2.0 / std::f64::consts::PI * sum * step / expected - 1.0).abs() < 1e-4);
    }

    #[test]
    fn refuses_what_is_not_a_dielectric() {
        assert!(WidebandDebye::new(0.5, 0.0, 1e9).is_err());
        assert!(WidebandDebye::new(3.0, f64::NAN, 1e9).is_err());
        assert!(WidebandDebye::new(3.0, 0.5, 1e9).is_err());
    }
}
