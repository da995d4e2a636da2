//! Single-mode fibre: attenuation, chromatic dispersion and differential group delay.
//!
//! ```text
//! D(λ) = (S0/4) (λ − λ0⁴/λ³)
//! field: e^{jθ(f)} at an offset f from the carrier, θ = π λ² D L f²/c
//! H(f) = √(1 + α²) cos(θ + atan α)
//! H_dgd(f) = (1 − g) e^{jπfτ} + g e^{−jπfτ}
//! ```
//!
//! | symbol | name | unit |
//! |---|---|---|
//! | D | dispersion, positive when anomalous | s/m² (1 ps/(nm km) = 1e-6) |
//! | S0 | slope at λ0 | s/m³ (1 ps/(nm² km) = 1e3) |
//! | λ0 | wavelength of zero dispersion | m |
//! | α | chirp: phase = (α/2) ln P in a field e^{+jωt} | 1 |
//! | τ, g | differential group delay, share of the power in the slower polarization | s, 1 |
//!
//! Source: ITU-T G.652 (D); J. Wang and K. Petermann, J. Lightwave Technol. 10 (1992) 96 (H). θ acts on the field and is
//! exact for any modulation as far as the dispersion is constant over the signal's band: the slope turns a component 100
//! GHz away by 0.04 rad in 10 km. H acts on the modulated optical power and holds for a small signal: it stops being
//! valid where it nears its first null. H_dgd acts on power, exactly, between two principal states (first order). The
//! fibre's bulk delay is left out.

use crate::error::{Result, require};
use crate::units::SPEED_OF_LIGHT_M_PER_S;
use num_complex::Complex64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// A length of single-mode fibre.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Fiber {
    /// Length, m.
    pub length_m: f64,
    /// Wavelength of zero dispersion, m.
    pub dispersion_zero_m: f64,
    /// Dispersion slope there, s/m³ (0.092 ps/(nm² km) is 92).
    pub dispersion_slope_s_per_m3: f64,
    /// Attenuation, optical dB/m.
    pub attenuation_db_per_m: f64,
    /// Differential group delay between the two principal states of polarization, s.
    pub dgd_s: f64,
    /// Share of the power in the slower of them; 0.5 is the worst.
    pub dgd_split: f64,
}

impl Default for Fiber {
    fn default() -> Self {
        Self {
            length_m: 2e3,
            dispersion_zero_m: 1310e-9,
            dispersion_slope_s_per_m3: 92.0,
            attenuation_db_per_m: 0.35e-3,
            dgd_s: 0.0,
            dgd_split: 0.5,
        }
    }
}

impl Fiber {
    /// Checks every field.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] for a negative length or attenuation, a dispersion zero outside 1.2 to 1.7 µm (the
    /// formula is that of silica), a slope that is not finite, a differential delay outside 0 to 1 ns, or a share outside 0
    /// to 1.
    pub fn validate(&self) -> Result<()> {
        require::non_negative("length_m", self.length_m)?;
        require::within("dispersion_zero_m", self.dispersion_zero_m, 1.2e-6, 1.7e-6)?;
        require::finite("dispersion_slope_s_per_m3", self.dispersion_slope_s_per_m3)?;
        require::non_negative("attenuation_db_per_m", self.attenuation_db_per_m)?;
        require::within("dgd_s", self.dgd_s, 0.0, 1e-9)?;
        require::within("dgd_split", self.dgd_split, 0.0, 1.0).map(drop)
    }

    /// Attenuation of the whole length, optical dB.
    pub fn loss_db(&self) -> f64 {
        self.attenuation_db_per_m * self.length_m
    }

    /// Dispersion, s/m²; positive is anomalous.
    pub fn dispersion_s_per_m2(&self, wavelength_m: f64) -> f64 {
        let ratio = (self.dispersion_zero_m / wavelength_m).powi(4);
        0.25 * self.dispersion_slope_s_per_m3 * wavelength_m * (1.0 - ratio)
    }

    /// Response of modulated optical power at `freq_hz`, 1 at 0 Hz, attenuation left out.
    pub fn small_signal_response(&self, freq_hz: f64, wavelength_m: f64, chirp: f64) -> f64 {
        let phase = self.dispersion_phase_s2(wavelength_m) * freq_hz.powi(2);
        // √(1 + α²) cos(x + atan α), written so that it is exactly 1 at 0 Hz.
        phase.cos() - chirp * phase.sin()
    }

    /// θ/f², rad s²: what dispersion turns the field by at an offset f from the carrier is this times f².
    ///
    /// ```
    /// use lightlane::medium::optics::Fiber;
    /// let fiber = Fiber { dispersion_zero_m: 1324e-9, ..Fiber::default() };
    /// // A quarter turn at the first null.
    /// let turn = fiber.dispersion_phase_s2(1270e-9) * fiber.first_null_hz(1270e-9).powi(2);
    /// assert!((turn + std::f64::consts::FRAC_PI_2).abs() < 1e-12);
    /// ```
    pub fn dispersion_phase_s2(&self, wavelength_m: f64) -> f64 {
        PI * wavelength_m.powi(2) * self.dispersion_s_per_m2(wavelength_m) * self.length_m
            / SPEED_OF_LIGHT_M_PER_S
    }

    /// Response of modulated power at `freq_hz` to the differential group delay, 1 at 0 Hz; the mean delay is left out.
    pub fn polarization_response(&self, freq_hz: f64) -> Complex64 {
        let (sin, cos) = (PI * freq_hz * self.dgd_s).sin_cos();
        Complex64::new(cos, (1.0 - 2.0 * self.dgd_split) * sin)
    }

    /// First null without chirp, √(c/(2 |D| λ² L)), Hz; infinite without dispersion.
    pub fn first_null_hz(&self, wavelength_m: f64) -> f64 {
        let spread = self.dispersion_s_per_m2(wavelength_m).abs() * self.length_m * wavelength_m.powi(2);
        (0.5 * SPEED_OF_LIGHT_M_PER_S / spread).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst_case() -> Fiber {
        Fiber {
            length_m: 10e3,
            dispersion_zero_m: 1324e-9,
            dispersion_slope_s_per_m3: 93.0,
            ..Fiber::default()
        }
    }

    #[test]
    fn the_worst_case_null_is_at_41_67_ghz() {
        let null = worst_case().first_null_hz(1270e-9);
        // Four published digits.
        assert!((null - 41.67e9).abs() < 0.005e9, "{null}");
        assert!(worst_case().small_signal_response(null, 1270e-9, 0.0).abs() < 1e-12);
        assert_eq!(worst_case().small_signal_response(0.0, 1270e-9, 0.7), 1.0);
    }

    #[test]
    fn two_states_interfere_in_power() {
        let fiber = Fiber { dgd_s: 4e-12, dgd_split: 0.3, ..Fiber::default() };
        for f in [0.0, 20e9, 53e9, 110e9] {
            let exact = 1.0 - 4.0 * 0.3 * 0.7 * (PI * f * 4e-12).sin().powi(2);
            // Rounding of a sine and a cosine.
            assert!((fiber.polarization_response(f).norm_sqr() - exact).abs() < 1e-15);
        }
        assert_eq!(Fiber::default().polarization_response(1e12), Complex64::new(1.0, 0.0));
        assert!(Fiber { dgd_split: 1.1, ..fiber }.validate().is_err());
    }

    #[test]
    fn dispersion_is_normal_below_its_zero() {
        let f = Fiber::default();
        assert!(f.dispersion_s_per_m2(1270e-9) < 0.0);
        assert_eq!(f.dispersion_s_per_m2(1310e-9), 0.0);
        // Near the zero D is the slope times the distance, up to the curvature, (λ − λ0)/λ0 of it.
        assert!((f.dispersion_s_per_m2(1311e-9) / (92.0 * 1e-9) - 1.0).abs() < 2e-3);
        assert_eq!(f.first_null_hz(1310e-9), f64::INFINITY);
    }

    #[test]
    fn the_response_is_that_of_a_propagated_field() {
        // Independent: the field √P e^{jφ} of a weak sine, each harmonic turned by e^{−jβ2 ω² L/2}, squared again.
        let (fiber, wavelength, m) = (worst_case(), 1270e-9, 1e-5);
        let beta2 =
            -fiber.dispersion_s_per_m2(wavelength) * wavelength.powi(2) / (2.0 * PI * SPEED_OF_LIGHT_M_PER_S);
        for chirp in [-1.0, 0.0, 1.0] {
            for f in [10e9, 25e9, 40e9, 60e9] {
                let n = 64;
                let field: Vec<Complex64> = (0..n)
                    .map(|i| {
                        let p: f64 = 1.0 + m * (2.0 * PI * i as f64 / n as f64).cos();
                        Complex64::from_polar(p.sqrt(), 0.5 * chirp * p.ln())
                    })
                    .collect();
                let turn = |k: i32| -0.5 * beta2 * (2.0 * PI * f * f64::from(k)).powi(2) * fiber.length_m;
                let out: Vec<Complex64> = (0..n)
                    .map(|i| {
                        (-4..=4)
                            .map(|k: i32| {
                                let c: Complex64 = field
                                    .iter()
                                    .enumerate()
                                    .map(|(j, e)| {
                                        e * Complex64::cis(-2.0 * PI * f64::from(k) * j as f64 / n as f64)
                                    })
                                    .sum::<Complex64>()
                                    / n as f64;
                                c * Complex64::cis(2.0 * PI * f64::from(k) * i as f64 / n as f64 + turn(k))
                            })
                            .sum()
                    })
                    .collect();
                let first: Complex64 = out
                    .iter()
                    .enumerate()
                    .map(|(i, e)| e.norm_sqr() * Complex64::cis(-2.0 * PI * i as f64 / n as f64))
                    .sum::<Complex64>()
                    * (2.0 / n as f64);
                let h = fiber.small_signal_response(f, wavelength, chirp);
                // Second order in the modulation depth, which is 1e-5, and rounding of a difference of 1e-5.
                assert!((first / m - h).norm() < 1e-5, "{chirp} {f}: {} {h}", first / m);
            }
        }
    }
}
