//! The Mach–Zehnder modulator at quadrature.
//!
//! ```text
//! P/P_in = 10^(−loss/10) ½ (1 + γ sin(π V/V_π)),   γ = (e − 1)/(e + 1)
//! E/E_in = 10^(−loss/20) e^{jχθ/2} (√((1 + γ)/2) cos(θ/2) + j √((1 − γ)/2) sin(θ/2)),   θ = π V/V_π − π/2
//! x = π V_pp/(2 V_π):  OMA = P_in 10^(−loss/10) γ sin x,  ER = (1 + γ sin x)/(1 − γ sin x),  R_LM = 2 − 3 sin(x/3)/sin x
//! α at quadrature = (χ + √(1 − γ²))/γ
//! ```
//!
//! e is the static extinction ratio as an intensity ratio: a finite one is that of two arms of unequal field, of which
//! the one that gains phase with the voltage is the stronger, so that it leaves a chirp of its own. χ is `chirp`: 0 with
//! both arms driven against each other, ±1 with one of them. The drive passes the electrode before the interference,
//! which itself is memoryless: one pole (`bandwidth_hz`) and, if given, the walk-off and the loss of a matched
//! travelling wave, whose decibels grow as the root of frequency (skin effect). Bias drift is not modelled.
//!
//! Field e^{+jωt}, phase = (α/2) ln P. Reference: F. Koyama and K. Iga, J. Lightwave Technol. 6 (1988) 87 (chirp).

use super::driver::bandwidth;
use super::filter::one_pole;
use super::levels::contrast;
use super::travelling_wave::matched_wave;
use crate::error::{Error, Result, require};
use crate::units::{amplitude_ratio, power_db, power_ratio};
use num_complex::Complex64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// A Mach–Zehnder modulator biased at quadrature.
///
/// ```
/// use lightlane::medium::optics::MachZehnder;
/// let single_drive = MachZehnder { chirp: 1.0, ..MachZehnder::default() };
/// let slope = single_drive.field_slope_per_v(0.0) / single_drive.field(0.0);
/// // Chirp: slope of the phase over half the relative slope of the power.
/// assert!((slope.im / slope.re - 1.0).abs() < 1e-12);
/// ```
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
    /// Chirp of perfect interference at quadrature: 0 push-pull, ±1 with a single arm driven.
    pub chirp: f64,
    /// Length of a travelling-wave electrode, m; 0 for a lumped one.
    pub length_m: f64,
    /// Index of the electrical wave less that of the optical one.
    pub index_mismatch: f64,
    /// Loss of the electrical wave over the whole length at `rf_loss_freq_hz`, electrical dB; it grows as the root of frequency.
    pub rf_loss_db: f64,
    /// Where `rf_loss_db` is stated, Hz.
    pub rf_loss_freq_hz: f64,
}

impl Default for MachZehnder {
    fn default() -> Self {
        Self {
            v_pi_v: 5.0,
            loss_db: 0.0,
            static_extinction_ratio_db: f64::INFINITY,
            bandwidth_hz: 50e9,
            chirp: 0.0,
            length_m: 0.0,
            index_mismatch: 0.0,
            rf_loss_db: 0.0,
            rf_loss_freq_hz: 50e9,
        }
    }
}

/// Largest magnitude of a chirp that is no slip: both arms driven alike would be infinite.
const MAX_CHIRP: f64 = 10.0;

impl MachZehnder {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a V_π, static ratio, bandwidth or frequency that is not positive, a negative loss or length,
    /// or a chirp beyond ±10.
    pub fn validate(&self) -> Result<()> {
        require::positive("v_pi_v", self.v_pi_v)?;
        require::non_negative("loss_db", self.loss_db)?;
        let ratio = self.static_extinction_ratio_db;
        if ratio.is_nan() || ratio <= 0.0 {
            return Err(Error::parameter("static_extinction_ratio_db", ratio, "above 0, or \"inf\""));
        }
        bandwidth("bandwidth_hz", self.bandwidth_hz)?;
        require::within("chirp", self.chirp, -MAX_CHIRP, MAX_CHIRP)?;
        require::within("length_m", self.length_m, 0.0, 1.0)?;
        require::within("index_mismatch", self.index_mismatch, -10.0, 10.0)?;
        require::non_negative("rf_loss_db", self.rf_loss_db)?;
        require::positive("rf_loss_freq_hz", self.rf_loss_freq_hz).map(drop)
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
        let loss_db = self.rf_loss_db * (freq_hz / self.rf_loss_freq_hz).sqrt();
        one_pole(freq_hz, self.bandwidth_hz)
            * matched_wave(freq_hz, self.length_m, self.index_mismatch, loss_db)
    }

    /// Whether the electrode passes every frequency alike.
    pub fn is_unlimited(&self) -> bool {
        let walks_off = self.length_m * self.index_mismatch != 0.0;
        self.bandwidth_hz.is_infinite() && !walks_off && self.rf_loss_db == 0.0
    }

    /// Field out over field in at a drive of `v` volts from quadrature; its square is [`MachZehnder::transmission`].
    pub fn field(&self, v: f64) -> Complex64 {
        let half = self.half_angle(v);
        let (sin, cos) = half.sin_cos();
        let (sum, difference) = self.arms();
        let interference = Complex64::new(sum * cos, difference * sin);
        interference * Complex64::from_polar(amplitude_ratio(-self.loss_db), self.chirp * half)
    }

    /// Derivative of [`MachZehnder::field`], 1/V.
    pub fn field_slope_per_v(&self, v: f64) -> Complex64 {
        let half = self.half_angle(v);
        let (sin, cos) = half.sin_cos();
        let (sum, difference) = self.arms();
        let interference = Complex64::new(sum * cos, difference * sin);
        let slope =
            Complex64::new(-sum * sin, difference * cos) + Complex64::new(0.0, self.chirp) * interference;
        let turn = Complex64::from_polar(amplitude_ratio(-self.loss_db), self.chirp * half);
        0.5 * PI / self.v_pi_v * slope * turn
    }

    /// θ/2.
    fn half_angle(&self, v: f64) -> f64 {
        0.5 * PI * (v / self.v_pi_v - 0.5)
    }

    /// Sum and difference of the fields of the two arms.
    fn arms(&self) -> (f64, f64) {
        let visibility = self.visibility();
        ((0.5 * (1.0 + visibility)).sqrt(), (0.5 * (1.0 - visibility)).sqrt())
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

    #[test]
    fn chirp_is_the_phase_over_half_the_logarithm_of_the_power() {
        for (chirp, ratio) in [(0.0, f64::INFINITY), (1.0, f64::INFINITY), (-1.0, 20.0), (0.0, 20.0)] {
            let m = MachZehnder { chirp, static_extinction_ratio_db: ratio, ..MachZehnder::default() };
            let d = 1e-4;
            let (a, b) = (m.field(-d), m.field(d));
            let measured = 2.0 * (b / a).arg() / (b.norm_sqr() / a.norm_sqr()).ln();
            let gamma = contrast(ratio);
            let exact = (chirp + (1.0 - gamma * gamma).sqrt()) / gamma;
            // Third order of a drive of 1e-4 V.
            assert!((measured - exact).abs() < 1e-7, "{chirp} {ratio}: {measured} {exact}");
            let slope = m.field_slope_per_v(0.0) / m.field(0.0);
            assert!((slope.im / slope.re - exact).abs() < 1e-12);
        }
    }

    #[test]
    fn a_travelling_wave_is_slower_and_off_by_default() {
        let lumped = MachZehnder { bandwidth_hz: f64::INFINITY, ..MachZehnder::default() };
        assert!(lumped.is_unlimited());
        assert_eq!(lumped.response(80e9), Complex64::new(1.0, 0.0));
        // Matched, 6.41 dB of loss at 50 GHz: 3 dB there (published digits).
        let lossy = MachZehnder { length_m: 3e-3, rf_loss_db: 6.41, ..lumped.clone() };
        assert!((amplitude_db_of(lossy.response(50e9)) + 3.0).abs() < 0.015);
        assert!(!lossy.is_unlimited());
        // Walk-off alone: 3 dB at 1.3916 c/(π Δn L).
        let slow = MachZehnder { length_m: 3e-3, index_mismatch: 0.5, ..lumped };
        let f = 1.3916 * crate::units::SPEED_OF_LIGHT_M_PER_S / (PI * 0.5 * 3e-3);
        assert!((slow.response(f).norm_sqr() - 0.5).abs() < 1e-4);
    }

    fn amplitude_db_of(h: Complex64) -> f64 {
        crate::units::amplitude_db(h.norm())
    }

    #[test]
    fn bad_fields_are_named() {
        let text = |m: MachZehnder| m.validate().unwrap_err().to_string();
        let d = MachZehnder::default;
        assert!(text(MachZehnder { chirp: f64::NAN, ..d() }).starts_with("chirp ="));
        assert!(text(MachZehnder { length_m: -1e-3, ..d() }).starts_with("length_m ="));
        assert!(text(MachZehnder { index_mismatch: f64::INFINITY, ..d() }).starts_with("index_mismatch ="));
        assert!(text(MachZehnder { rf_loss_db: -1.0, ..d() }).starts_with("rf_loss_db ="));
        assert!(text(MachZehnder { rf_loss_freq_hz: 0.0, ..d() }).starts_with("rf_loss_freq_hz ="));
    }

    proptest! {
        #[test]
        fn the_square_of_its_field_is_its_transmission(
            v in -20.0..20.0f64, loss in 0.0..10.0f64, ratio in 1.0..60.0f64, chirp in -2.0..2.0f64,
        ) {
            let m = MachZehnder {
                loss_db: loss, static_extinction_ratio_db: ratio, chirp, ..MachZehnder::default()
            };
            // Rounding of two square roots and four products.
            prop_assert!((m.field(v).norm_sqr() - m.transmission(v)).abs() < 1e-14);
            let slope = 2.0 * (m.field(v).conj() * m.field_slope_per_v(v)).re;
            prop_assert!((slope - m.slope_per_v(v)).abs() < 1e-13);
        }

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
