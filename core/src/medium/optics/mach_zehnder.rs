//! The Mach–Zehnder modulator at quadrature.
//!
//! ```text
//! P/P_in = 10^(−loss/10) ½ (1 + γ sin(π V/V_π)),   γ = (e − 1)/(e + 1)
//! x = π V_pp/(2 V_π):  OMA = P_in 10^(−loss/10) γ sin x,  ER = (1 + γ sin x)/(1 − γ sin x),  R_LM = 2 − 3 sin(x/3)/sin x
//! ```
//!
//! e is the static extinction ratio as an intensity ratio. The drive passes one pole (`bandwidth_hz`) before the
//! interference, which itself is memoryless; push-pull, so without chirp. Bias drift is not modelled.

use super::driver::bandwidth;
use super::filter::one_pole;
use super::levels::contrast;
use crate::error::{Error, Result, require};
use crate::units::{power_db, power_ratio};
use num_complex::Complex64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// A Mach–Zehnder modulator biased at quadrature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MachZehnder {
    /// Voltage of a half wave: from darkest to brightest, V.
    pub v_pi_v: f64,
    /// Insertion loss at the brightest point, optical dB.
    pub loss_db: f64,
    /// Brightest over darkest power without speed limits, dB; `"inf"` for perfect interference.
    #[serde(with = "crate::ledger::float_or_inf")]
    #[schemars(with = "f64")]
    pub static_extinction_ratio_db: f64,
    /// 3 dB bandwidth of the electrode, one pole on the drive voltage, Hz; `"inf"` for none.
    #[serde(with = "crate::ledger::float_or_inf")]
    #[schemars(with = "f64")]
    pub bandwidth_hz: f64,
}

impl Default for MachZehnder {
    fn default() -> Self {
        Self { v_pi_v: 5.0, loss_db: 0.0, static_extinction_ratio_db: f64::INFINITY, bandwidth_hz: 50e9 }
    }
}

impl MachZehnder {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a V_π, static ratio or bandwidth that is not positive, or a negative loss.
    pub fn validate(&self) -> Result<()> {
        require::positive("v_pi_v", self.v_pi_v)?;
        require::non_negative("loss_db", self.loss_db)?;
        let ratio = self.static_extinction_ratio_db;
        if ratio.is_nan() || ratio <= 0.0 {
            return Err(Error::parameter("static_extinction_ratio_db", ratio, "above 0, or \"inf\""));
        }
        bandwidth("bandwidth_hz", self.bandwidth_hz)
    }

    /// Power out over power in at a drive of `v` volts from quadrature; it rises with `v`.
    pub fn transmission(&self, v: f64) -> f64 {
        0.5 * self.passband() * (1.0 + self.visibility() * (PI * v / self.v_pi_v).sin())
    }

    /// Derivative of [`MachZehnder::transmission`], 1/V.
    pub fn slope_per_v(&self, v: f64) -> f64 {
        0.5 * self.passband() * self.visibility() * PI / self.v_pi_v * (PI * v / self.v_pi_v).cos()
    }

    /// Optical modulation amplitude, W, of a drive of `swing_v` peak to peak, for `power_w` at its input.
    pub fn oma_w(&self, power_w: f64, swing_v: f64) -> f64 {
        power_w * self.passband() * self.visibility() * self.angle(swing_v).sin()
    }

    /// Extinction ratio, dB, of the outer levels at a drive of `swing_v` peak to peak.
    pub fn extinction_ratio_db(&self, swing_v: f64) -> f64 {
        let s = self.visibility() * self.angle(swing_v).sin();
        power_db((1.0 + s) / (1.0 - s))
    }

    /// R_LM of the four powers when the drive levels are equally spaced: 1 for a small drive, less for a large one.
    pub fn level_mismatch(&self, swing_v: f64) -> f64 {
        let x = self.angle(swing_v);
        if x == 0.0 { 1.0 } else { 2.0 - 3.0 * (x / 3.0).sin() / x.sin() }
    }

    /// The four voltages with the outer levels of `swing_v` and equally spaced powers, V, ascending.
    pub fn linear_drive_v(&self, swing_v: f64) -> [f64; 4] {
        let inner = self.v_pi_v / PI * (self.angle(swing_v).sin() / 3.0).asin();
        [-0.5 * swing_v, -inner, inner, 0.5 * swing_v]
    }

    /// Response of the electrode at `freq_hz`, on the drive voltage, 1 at 0 Hz.
    pub fn response(&self, freq_hz: f64) -> Complex64 {
        one_pole(freq_hz, self.bandwidth_hz)
    }

    fn angle(&self, swing_v: f64) -> f64 {
        0.5 * PI * swing_v / self.v_pi_v
    }

    fn passband(&self) -> f64 {
        power_ratio(-self.loss_db)
    }

    fn visibility(&self) -> f64 {
        contrast(self.static_extinction_ratio_db)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn half_v_pi_gives_the_published_figures() {
        let m = MachZehnder { v_pi_v: 2.0, ..MachZehnder::default() };
        // OMA is P0 sin 45°; the others have the digits printed.
        assert!((m.oma_w(1.0, 1.0) - 0.5f64.sqrt()).abs() < 1e-15);
        assert!((m.extinction_ratio_db(1.0) - 7.656).abs() < 5e-4);
        assert!((m.level_mismatch(1.0) - 0.90192).abs() < 5e-6);
        assert_eq!(m.transmission(0.0), 0.5);
    }

    #[test]
    fn the_linearizing_drive_gives_equally_spaced_powers() {
        let m = MachZehnder { static_extinction_ratio_db: 25.0, loss_db: 4.0, ..MachZehnder::default() };
        let p = m.linear_drive_v(3.0).map(|v| m.transmission(v));
        let step = (p[3] - p[0]) / 3.0;
        // Rounding of asin and sin.
        assert!((p[1] - p[0] - step).abs() < 1e-15 && (p[2] - p[1] - step).abs() < 1e-15);
        assert!((p[3] - p[0] - m.oma_w(1.0, 3.0)).abs() < 1e-15);
    }

    #[test]
    fn a_finite_static_ratio_is_what_a_full_drive_shows() {
        let m = MachZehnder { static_extinction_ratio_db: 20.0, ..MachZehnder::default() };
        assert!((m.extinction_ratio_db(m.v_pi_v) - 20.0).abs() < 1e-10);
        let perfect = MachZehnder::default();
        assert_eq!(perfect.extinction_ratio_db(perfect.v_pi_v), f64::INFINITY);
    }

    proptest! {
        #[test]
        fn it_never_amplifies_and_its_slope_is_its_derivative(
            v in -20.0..20.0f64, v_pi in 0.5..10.0f64, loss in 0.0..10.0f64, ratio in 1.0..60.0f64,
        ) {
            let m = MachZehnder {
                v_pi_v: v_pi, loss_db: loss, static_extinction_ratio_db: ratio, ..MachZehnder::default()
            };
            let t = m.transmission(v);
            prop_assert!((0.0..=1.0).contains(&t));
            let d = 1e-5 * v_pi;
            let slope = (m.transmission(v + d) - m.transmission(v - d)) / (2.0 * d);
            // Third derivative times d²/6, with room for rounding of the difference.
            prop_assert!((slope - m.slope_per_v(v)).abs() * v_pi < 1e-9);
        }
    }
}
