//! The electro-absorption modulator, alone or behind its laser (EML).
//!
//! ```text
//! P/P_in = 10^(−loss/10) exp(−(V/V0)^n),   V = bias + v,  phase = (α/2) ln P
//! ```
//!
//! | symbol | name | unit |
//! |---|---|---|
//! | V | reverse voltage; forward voltage absorbs nothing | V |
//! | V0 | reverse voltage of 1/e | V |
//! | α | chirp, in a field e^{+jωt} | 1 |
//!
//! The drive passes one pole (`bandwidth_hz`) before the absorption, which itself is memoryless. An empirical law, to be
//! fitted to a device's own curve around its bias; α is taken as constant, though real ones fall with the bias.
//! Saturation by the light and heating are not modelled.

use super::driver::bandwidth;
use super::filter::one_pole;
use crate::error::{Result, require};
use crate::units::power_ratio;
use num_complex::Complex64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::LN_10;

/// An electro-absorption modulator; its light falls as the drive, which adds to the reverse bias, rises.
///
/// ```
/// let eam = lightlane::medium::optics::Eam::default();
/// assert!((eam.extinction_ratio_db(2.5) - 5.92).abs() < 0.01);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Eam {
    /// Reverse voltage at which absorption leaves 1/e of the light, V.
    pub v0: f64,
    /// Exponent of the voltage, 1 to 3 in real devices.
    pub exponent: f64,
    /// Reverse bias, V.
    pub bias_v: f64,
    /// 3 dB bandwidth, one pole on the drive voltage, Hz; `"inf"` for none.
    #[serde(with = "crate::ledger::float_or_inf")]
    #[schemars(with = "f64")]
    pub bandwidth_hz: f64,
    /// Chirp: phase over half the logarithm of the power.
    pub chirp: f64,
    /// Insertion loss without voltage, optical dB.
    pub loss_db: f64,
}

impl Default for Eam {
    fn default() -> Self {
        Self { v0: 2.4, exponent: 1.7, bias_v: 1.7, bandwidth_hz: 65e9, chirp: 0.5, loss_db: 0.0 }
    }
}

impl Eam {
    /// Checks every field.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] for a V0 or bandwidth that is not positive, an exponent outside 1 to 10, a negative
    /// bias or loss, or a chirp that is not finite.
    pub fn validate(&self) -> Result<()> {
        require::positive("v0", self.v0)?;
        require::within("exponent", self.exponent, 1.0, 10.0)?;
        require::non_negative("bias_v", self.bias_v)?;
        bandwidth("bandwidth_hz", self.bandwidth_hz)?;
        require::finite("chirp", self.chirp)?;
        require::non_negative("loss_db", self.loss_db).map(drop)
    }

    /// (V/V0)^n at a drive of `v` volts, the logarithm of what absorption takes.
    fn absorption(&self, v: f64) -> f64 {
        ((self.bias_v + v).max(0.0) / self.v0).powf(self.exponent)
    }

    /// Power out over power in at a drive of `v` volts from the bias; it falls as `v` rises.
    pub fn transmission(&self, v: f64) -> f64 {
        self.passband() * (-self.absorption(v)).exp()
    }

    /// Derivative of [`Eam::transmission`], 1/V.
    pub fn slope_per_v(&self, v: f64) -> f64 {
        let reverse = (self.bias_v + v) / self.v0;
        if reverse < 0.0 {
            return 0.0;
        }
        -self.transmission(v) * self.exponent / self.v0 * reverse.powf(self.exponent - 1.0)
    }

    /// Response at `freq_hz`, on the drive voltage, 1 at 0 Hz.
    pub fn response(&self, freq_hz: f64) -> Complex64 {
        one_pole(freq_hz, self.bandwidth_hz)
    }

    /// The field behind it for light of power 1 and a drive, V, one sample for one: it has no memory beyond
    /// [`Eam::response`], which is the caller's to apply.
    pub fn field(&self, drive_v: &[f64]) -> Vec<Complex64> {
        let passband = self.passband().sqrt();
        let at = |v: &f64| {
            // Of the exponent itself: where the light is gone its logarithm is not lost.
            let absorption = self.absorption(*v);
            Complex64::from_polar(passband * (-0.5 * absorption).exp(), -0.5 * self.chirp * absorption)
        };
        drive_v.iter().map(at).collect()
    }

    /// Optical modulation amplitude, W, of a drive of `swing_v` peak to peak, for `power_w` at its input.
    pub fn oma_w(&self, power_w: f64, swing_v: f64) -> f64 {
        power_w * (self.transmission(-0.5 * swing_v) - self.transmission(0.5 * swing_v))
    }

    /// Extinction ratio, dB, of the outer levels at a drive of `swing_v` peak to peak.
    pub fn extinction_ratio_db(&self, swing_v: f64) -> f64 {
        (self.absorption(0.5 * swing_v) - self.absorption(-0.5 * swing_v)) * 10.0 / LN_10
    }

    /// R_LM of the four powers when the drive levels are equally spaced, as IEEE 802.3 defines it for electrical levels.
    pub fn level_mismatch(&self, swing_v: f64) -> f64 {
        let p = [0.5, 1.0 / 6.0, -1.0 / 6.0, -0.5].map(|share| self.transmission(share * swing_v));
        if p[0] == p[3] { 1.0 } else { crate::modulation::level_mismatch(&p) }
    }

    /// The four voltages with the outer levels of `swing_v` and equally spaced powers, V, ascending: powers fall.
    pub fn linear_drive_v(&self, swing_v: f64) -> [f64; 4] {
        let outer = [-0.5 * swing_v, 0.5 * swing_v];
        let p = outer.map(|v| (-self.absorption(v)).exp());
        let at = |share: f64| {
            let power = p[0] + share * (p[1] - p[0]);
            self.v0 * (-power.ln()).max(0.0).powf(1.0 / self.exponent) - self.bias_v
        };
        [outer[0], at(1.0 / 3.0), at(2.0 / 3.0), outer[1]]
    }

    fn passband(&self) -> f64 {
        power_ratio(-self.loss_db)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn at_v0_a_share_of_1_over_e_is_left() {
        let eam = Eam { loss_db: 3.0, ..Eam::default() };
        let left = eam.transmission(eam.v0 - eam.bias_v) / power_ratio(-3.0);
        assert!((left - (-1f64).exp()).abs() < 1e-15);
        // Forward voltage does not amplify.
        assert_eq!(eam.transmission(-eam.bias_v - 1.0), power_ratio(-3.0));
        assert_eq!(eam.slope_per_v(-eam.bias_v - 1.0), 0.0);
    }

    #[test]
    fn where_the_light_is_gone_the_field_is_a_number() {
        let field = Eam::default().field(&[-100.0, 0.0, 100.0, 1e6]);
        assert!(field.iter().all(|e| e.is_finite()) && field[3].norm() == 0.0);
    }

    proptest! {
        #[test]
        fn figures_are_those_of_the_transmission_and_the_phase_follows_its_logarithm(
            v in -1.2..1.2f64, swing in 0.1..2.4f64, exponent in 1.0..3.0f64, chirp in -1.0..1.5f64, loss in 0.0..6.0f64,
        ) {
            let eam = Eam { exponent, chirp, loss_db: loss, ..Eam::default() };
            let t = eam.transmission(v);
            let d = 1e-5;
            let slope = (eam.transmission(v + d) - eam.transmission(v - d)) / (2.0 * d);
            // The third derivative times d²/6, and rounding of the difference.
            prop_assert!((slope - eam.slope_per_v(v)).abs() < 1e-8);
            let e = eam.field(&[v, v + d]);
            prop_assert!((e[0].norm_sqr() - t).abs() < 1e-15);
            let ratio = 2.0 * (e[1] / e[0]).arg() / (e[1].norm_sqr() / e[0].norm_sqr()).ln();
            prop_assert!((ratio - chirp).abs() < 1e-9);
            let p = eam.linear_drive_v(swing).map(|v| eam.transmission(v));
            prop_assert!(p.windows(2).all(|w| ((w[0] - w[1]) * 3.0 - eam.oma_w(1.0, swing)).abs() < 1e-12));
            prop_assert!((10.0 * (p[0] / p[3]).log10() - eam.extinction_ratio_db(swing)).abs() < 1e-9);
        }
    }
}
