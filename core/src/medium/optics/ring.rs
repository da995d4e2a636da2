//! The micro-ring modulator: static transmission, small-signal response, thermal drift.
//!
//! One bus, one resonance, coupled modes (B. E. Little et al., J. Lightwave Technol. 15 (1997) 998):
//!
//! ```text
//! da/dt = (jD − g) a + j √(2 g_e) s,   out = s + j √(2 g_e) a,   g = g_i + g_e = π f0/Q,   g_i = π f0/Q_i
//! T     = (D² + (g_e − g_i)²) / (D² + g²)
//! H(f)  = (jω + 2 g_i)/((jω + g)² + D²) · (g² + D²)/(2 g_i)
//! ```
//!
//! | symbol | name | unit |
//! |---|---|---|
//! | D | resonance minus laser, 2π times `detuning_hz` | rad/s |
//! | g, g_i, g_e | decay of the field: in all, by loss, into the bus | 1/s |
//! | Q, Q_i | `q_total`, `q_intrinsic` | 1 |
//! | f0 | resonance, c/`resonance_m` | Hz |
//! | H | response of the output power to a small detuning, 1 at 0 Hz | 1 |
//!
//! H: J. Müller et al., Sci. Rep. 4 (2014) 6310; W. D. Sacher and J. K. S. Poon, Opt. Express 16 (2008) 15741. It peaks
//! when detuned, so bandwidths of cavity and junction do not add as 1/f². The field that a drive makes is in
//! [`RingModulator::field`]. Valid for a linewidth far below the free spectral range, loss that does not depend on the
//! drive, and powers below [`RingModulator::self_heating_limit_w`]; two-photon absorption is not modelled.

use super::filter::one_pole;
use crate::error::{Error, Result, require};
use crate::units::{SPEED_OF_LIGHT_M_PER_S, power_ratio};
use num_complex::Complex64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Quality factor beyond which a photon would stay for milliseconds.
const MOST_Q: f64 = 1e12;

/// A micro-ring modulator on one bus, its resonance moved by a depletion junction and held by a heater.
///
/// The drive counts from the bias point, away from reverse bias: fewer volts across the junction mean more carriers, a
/// lower index and a higher resonance. `detuning_hz` is where control holds the resonance against the laser, so in a
/// lane `resonance_m` sets the linewidth alone.
///
/// ```
/// let ring = lightlane::medium::optics::RingModulator::default();
/// assert!((ring.linewidth_hz() - 45.77e9).abs() < 5e6);
/// assert!((ring.bandwidth_hz(22.88e9)? - 66.6e9).abs() < 0.1e9);
/// # Ok::<(), lightlane::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RingModulator {
    /// Quality factor with the bus: resonance over full linewidth.
    pub q_total: f64,
    /// Quality factor of the ring's own loss; twice `q_total` is critical coupling, `"inf"` a lossless ring.
    #[serde(with = "crate::ledger::float_or_inf")]
    #[schemars(with = "f64")]
    pub q_intrinsic: f64,
    /// Resonance without drive, wavelength in vacuum, m.
    pub resonance_m: f64,
    /// Resonance minus laser frequency without drive, Hz.
    pub detuning_hz: f64,
    /// Shift of the resonance by the drive, Hz/V (30 pm/V at 1310 nm is 5.2e9).
    pub shift_hz_per_v: f64,
    /// 3 dB bandwidth of the junction, one pole on the drive voltage, Hz; without it the junction has no limit.
    #[serde(with = "crate::ledger::optional_float_or_inf")]
    #[schemars(with = "Option<f64>")]
    pub junction_bandwidth_hz: Option<f64>,
    /// Insertion loss far from resonance, optical dB.
    pub loss_db: f64,
    /// Temperature of the chip against that at which the detuning was set, K.
    pub temperature_offset_k: f64,
    /// Shift of the resonance by temperature, Hz/K (70 pm/K at 1310 nm is −12.2e9).
    pub thermal_shift_hz_per_k: f64,
    /// Shift of the resonance by heater power, Hz/W (0.1 nm/mW at 1310 nm is −1.75e13).
    pub heater_shift_hz_per_w: f64,
    /// Heater power at the temperature at which the detuning was set, W; control can take it back to 0.
    pub heater_power_w: f64,
    /// Loop gain of the slow control of the detuning: it leaves 1/(1 + gain) of a drift.
    pub control_gain: f64,
}

impl Default for RingModulator {
    fn default() -> Self {
        Self {
            q_total: 5000.0,
            q_intrinsic: 10_000.0,
            resonance_m: 1310e-9,
            detuning_hz: 16e9,
            shift_hz_per_v: 5.2e9,
            junction_bandwidth_hz: None,
            loss_db: 0.0,
            temperature_offset_k: 0.0,
            thermal_shift_hz_per_k: -12.2e9,
            heater_shift_hz_per_w: -1.75e13,
            heater_power_w: 0.01,
            control_gain: 10.0,
        }
    }
}

impl RingModulator {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a quality factor that is not positive or above 1e12 or an intrinsic one below the total, a
    /// resonance outside 0.8 to 2 µm, a detuning or a shift by a volt beyond the resonance's own frequency, a junction
    /// bandwidth that is not positive, a negative loss, heater power or loop gain, no shift by the heater, or another number
    /// that is not finite.
    pub fn validate(&self) -> Result<()> {
        require::positive("q_total", self.q_total)?;
        require::within("q_total", self.q_total, 0.0, MOST_Q)?;
        if self.q_intrinsic.is_nan() || self.q_intrinsic < self.q_total {
            let requirement =
                format!("at least q_total, {}, which the bus lowers further, or \"inf\"", self.q_total);
            return Err(Error::parameter("q_intrinsic", self.q_intrinsic, requirement));
        }
        require::within("resonance_m", self.resonance_m, 0.8e-6, 2e-6)?;
        self.checked_detuning("detuning_hz", self.detuning_hz)?;
        require::within("shift_hz_per_v", self.shift_hz_per_v, -self.resonance_hz(), self.resonance_hz())?;
        if let Some(bandwidth) = self.junction_bandwidth_hz {
            super::driver::bandwidth("junction_bandwidth_hz", bandwidth)?;
        }
        require::non_negative("loss_db", self.loss_db)?;
        require::finite("temperature_offset_k", self.temperature_offset_k)?;
        require::finite("thermal_shift_hz_per_k", self.thermal_shift_hz_per_k)?;
        require::finite("heater_shift_hz_per_w", self.heater_shift_hz_per_w)?;
        if self.heater_shift_hz_per_w == 0.0 {
            return Err(Error::parameter("heater_shift_hz_per_w", 0, "other than 0"));
        }
        require::non_negative("heater_power_w", self.heater_power_w)?;
        require::non_negative("control_gain", self.control_gain).map(drop)
    }

    /// A detuning that a resonance can have: no farther from it than 0 Hz is.
    pub(super) fn checked_detuning(&self, name: &str, detuning_hz: f64) -> Result<f64> {
        require::within(name, detuning_hz, -self.resonance_hz(), self.resonance_hz())
    }

    /// Resonance without drive, Hz.
    pub fn resonance_hz(&self) -> f64 {
        SPEED_OF_LIGHT_M_PER_S / self.resonance_m
    }

    /// Full width of the resonance at half its depth, f0/Q, Hz.
    pub fn linewidth_hz(&self) -> f64 {
        self.resonance_hz() / self.q_total
    }

    /// Time in which the stored energy falls to 1/e, Q/(2π f0), s.
    pub fn photon_lifetime_s(&self) -> f64 {
        self.q_total / (TAU * self.resonance_hz())
    }

    /// g/2π, g_i/2π and g_e/2π, Hz.
    pub(super) fn decays_hz(&self) -> [f64; 3] {
        let all = 0.5 * self.linewidth_hz();
        let lost = 0.5 * self.resonance_hz() / self.q_intrinsic;
        [all, lost, (all - lost).max(0.0)]
    }

    /// Change of heater power by the control, W: what it takes against the drift, down to no power at all.
    pub fn heater_change_w(&self) -> f64 {
        let drift = self.thermal_shift_hz_per_k * self.temperature_offset_k;
        let share = self.control_gain / (1.0 + self.control_gain);
        (-share * drift / self.heater_shift_hz_per_w).max(-self.heater_power_w)
    }

    /// What control leaves of the thermal drift of the resonance, Hz.
    pub fn drift_hz(&self) -> f64 {
        self.thermal_shift_hz_per_k * self.temperature_offset_k
            + self.heater_shift_hz_per_w * self.heater_change_w()
    }

    /// Resonance minus laser frequency at a drive of `v` volts, drift included, Hz.
    pub fn detuning_at_hz(&self, v: f64) -> f64 {
        self.detuning_hz + self.drift_hz() + self.shift_hz_per_v * v
    }

    /// Power out over power in at a drive of `v` volts, settled.
    pub fn transmission(&self, v: f64) -> f64 {
        self.settled(self.detuning_at_hz(v))
    }

    /// Power out over power in without drive for light of another wavelength, settled.
    pub fn transmission_at(&self, wavelength_m: f64) -> f64 {
        // c/λ0 − c/λ without the difference of two large numbers.
        let apart = self.resonance_hz() * (wavelength_m - self.resonance_m) / wavelength_m;
        self.settled(apart + self.drift_hz())
    }

    fn settled(&self, detuning_hz: f64) -> f64 {
        let [all, lost, bus] = self.decays_hz();
        let d2 = detuning_hz.powi(2);
        self.passband() * (d2 + (bus - lost).powi(2)) / (d2 + all.powi(2))
    }

    /// Derivative of [`RingModulator::transmission`], 1/V.
    pub fn slope_per_v(&self, v: f64) -> f64 {
        self.power_response_per_hz(0.0, self.detuning_at_hz(v)).re * self.shift_hz_per_v
    }

    /// Change of the power transmission by a small detuning that varies at `freq_hz`, 1/Hz: complex, at 0 Hz the slope of
    /// the static curve.
    pub fn power_response_per_hz(&self, freq_hz: f64, detuning_hz: f64) -> Complex64 {
        let [all, lost, bus] = self.decays_hz();
        let m = all.powi(2) + detuning_hz.powi(2);
        let poles = Complex64::new(all, freq_hz).powi(2) + detuning_hz.powi(2);
        self.passband() * 4.0 * bus * detuning_hz / m * Complex64::new(2.0 * lost, freq_hz) / poles
    }

    /// Response of the output power to a small change of the detuning, 1 at 0 Hz; cavity alone. It does not depend on
    /// the sign of `detuning_hz`; at 0 it is the limit, for there the power follows the square of the change.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a lossless ring, which passes all light at any detuning: nothing to refer to at 0 Hz; for a
    /// frequency or a detuning beyond the resonance's own.
    pub fn small_signal_response(&self, freq_hz: f64, detuning_hz: f64) -> Result<Complex64> {
        self.require_loss()?;
        self.checked_detuning("freq_hz", freq_hz)?;
        self.checked_detuning("detuning_hz", detuning_hz)?;
        let [all, lost, _] = self.decays_hz();
        let m = all.powi(2) + detuning_hz.powi(2);
        let poles = Complex64::new(all, freq_hz).powi(2) + detuning_hz.powi(2);
        Ok(Complex64::new(1.0, 0.5 * freq_hz / lost) * m / poles)
    }

    /// Frequency at which the small-signal response of the power has fallen to |H|² = 1/2 of that at 0 Hz, Hz.
    ///
    /// # Errors
    /// As [`RingModulator::small_signal_response`].
    pub fn bandwidth_hz(&self, detuning_hz: f64) -> Result<f64> {
        self.require_loss()?;
        self.checked_detuning("detuning_hz", detuning_hz)?;
        let [all, lost, _] = self.decays_hz();
        let m = all.powi(2) + detuning_hz.powi(2);
        // |H|² = 1/2 is y² + b y − m² = 0 in y = f², which has one positive root.
        let b = 4.0 * all.powi(2) - 2.0 * m - 0.5 * (m / lost).powi(2);
        let root = b.hypot(2.0 * m);
        let y = if b > 0.0 { 2.0 * m * m / (b + root) } else { 0.5 * (root - b) };
        Ok(y.sqrt())
    }

    fn require_loss(&self) -> Result<()> {
        if self.q_intrinsic.is_finite() {
            return Ok(());
        }
        let requirement = "finite: a lossless ring passes all light and has no response relative to 0 Hz";
        Err(Error::parameter("q_intrinsic", self.q_intrinsic, requirement))
    }

    /// Chirp of a slow small drive around `v`: phase over half the logarithm of the power, in a field e^{+jωt}.
    /// Infinite where the power has no slope. A fast drive sees another one: the field tells.
    pub fn chirp(&self, v: f64) -> f64 {
        let [all, lost, bus] = self.decays_hz();
        let d = self.detuning_at_hz(v);
        if d == 0.0 {
            return f64::INFINITY;
        }
        let over = bus - lost;
        let (pole, zero) = (d * d + all * all, d * d + over * over);
        // dφ/dD over half of d ln P/dD, from the arguments and sizes of (g_i − g_e − jD)/(g − jD).
        (all / pole + over / zero) / (d / zero - d / pole)
    }

    /// Response of the junction at `freq_hz`, on the drive voltage, 1 at 0 Hz.
    pub fn response(&self, freq_hz: f64) -> Complex64 {
        self.junction_bandwidth_hz.map_or(Complex64::new(1.0, 0.0), |b| one_pole(freq_hz, b))
    }

    /// Drive that brings the resonance onto the laser, V; infinite without a shift. Light rises with the drive on its
    /// upper side when the shift is positive.
    pub fn resonance_v(&self) -> f64 {
        -(self.detuning_hz + self.drift_hz()) / self.shift_hz_per_v
    }

    /// Share of the light that the ring takes at a drive of `v` volts, settled.
    pub fn dropped_share(&self, v: f64) -> f64 {
        1.0 - self.transmission(v) / self.passband()
    }

    /// Power at the ring's input, W, above which the static model ends: the light that the ring takes heats it as its
    /// heater does, and from here on its resonance is bistable on the steeper side.
    ///
    /// The heating moves the resonance by `heater_shift_hz_per_w` times the power taken; the largest slope of a
    /// Lorentzian is 3√3/8 of its depth over its half width, and control divides the shift by 1 + gain. All power
    /// taken is counted as heat in the ring, which is pessimistic, and the loop as faster than the heating, which is
    /// not: a bound for a warning, not a design rule.
    pub fn self_heating_limit_w(&self) -> f64 {
        let [all, lost, bus] = self.decays_hz();
        let depth = 4.0 * bus * lost / all.powi(2);
        let steepest = 0.375 * 3f64.sqrt() * depth / all;
        (1.0 + self.control_gain) / (self.heater_shift_hz_per_w.abs() * steepest)
    }

    pub(super) fn passband(&self) -> f64 {
        power_ratio(-self.loss_db)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn critical() -> RingModulator {
        RingModulator { q_total: 5000.0, q_intrinsic: 10_000.0, ..RingModulator::default() }
    }

    #[test]
    fn the_published_figures_of_a_q_of_5000_at_1310_nm() {
        let ring = critical();
        let g = 0.5 * ring.linewidth_hz();
        // Four digits, as printed.
        assert!((ring.linewidth_hz() - 45.77e9).abs() < 5e6 && (g - 22.88e9).abs() < 5e6);
        assert!((ring.photon_lifetime_s() * TAU * ring.linewidth_hz() - 1.0).abs() < 1e-15);
        let f3 = ring.bandwidth_hz(g).unwrap();
        assert!((f3 / ring.linewidth_hz() - 1.4553).abs() < 5e-5, "{f3}");
        let power = |f: f64| ring.small_signal_response(f, g).unwrap().norm_sqr();
        // The root of a quadratic: rounding.
        assert!((power(f3) - 0.5).abs() < 1e-12);
        let peak = (0..10_000).map(|i| power(f3 * f64::from(i) / 1e4)).fold(0.0, f64::max);
        assert!((10.0 * peak.log10() - 2.09).abs() < 5e-3, "{peak}");
    }

    #[test]
    fn undetuned_it_is_two_poles_and_the_zero_of_the_loss() {
        let ring = critical();
        let g = 0.5 * ring.linewidth_hz();
        // At critical coupling the zero, 2 g_i = g, cancels one pole.
        for f in [0.0, 5e9, 30e9, 80e9] {
            let one_pole = Complex64::new(1.0, f / g).inv();
            assert!((ring.small_signal_response(f, 0.0).unwrap() - one_pole).norm() < 1e-14);
        }
        assert!((ring.bandwidth_hz(0.0).unwrap() / g - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_lossless_ring_passes_all_light_and_has_no_response_to_refer_to() {
        let ring = RingModulator { q_intrinsic: f64::INFINITY, ..critical() };
        ring.validate().unwrap();
        for v in [-3.0, 0.0, 2.0] {
            assert!((ring.transmission(v) - 1.0).abs() < 1e-15);
            assert_eq!(ring.slope_per_v(v), 0.0);
        }
        assert_eq!(ring.self_heating_limit_w(), f64::INFINITY);
        let text = ring.bandwidth_hz(10e9).unwrap_err().to_string();
        assert!(text.starts_with("q_intrinsic = inf: must be finite"), "{text}");
        assert!(ring.small_signal_response(1e9, 10e9).is_err());
        // The power still answers a change, in proportion to its speed.
        assert!(ring.power_response_per_hz(1e9, 10e9).norm() > 0.0);
    }

    #[test]
    fn more_light_by_the_bus_than_the_ring_loses_is_refused() {
        let text = RingModulator { q_intrinsic: 4000.0, ..critical() }.validate().unwrap_err().to_string();
        assert!(text.starts_with("q_intrinsic = 4000: must be at least q_total, 5000"), "{text}");
        assert!(RingModulator { q_intrinsic: f64::NAN, ..critical() }.validate().is_err());
        assert!(RingModulator { junction_bandwidth_hz: Some(0.0), ..critical() }.validate().is_err());
    }

    #[test]
    fn no_junction_limit_is_written_and_read_in_both_ways() {
        for (limit, text) in [(None, None), (Some(f64::INFINITY), Some("\"inf\"")), (Some(60e9), Some("6"))] {
            let ring = RingModulator { junction_bandwidth_hz: limit, ..critical() };
            ring.validate().unwrap();
            let written = toml::to_string(&ring).unwrap();
            let line = written.lines().find_map(|l| l.strip_prefix("junction_bandwidth_hz = "));
            assert_eq!(line.map(|l| l.starts_with(text.unwrap())), text.map(|_| true), "{written}");
            assert_eq!(toml::from_str::<RingModulator>(&written).unwrap(), ring);
        }
        assert_eq!(critical().response(1e12), Complex64::new(1.0, 0.0));
        let slow = RingModulator { junction_bandwidth_hz: Some(60e9), ..critical() };
        assert!((slow.response(60e9).norm_sqr() - 0.5).abs() < 1e-15);
    }

    #[test]
    fn light_of_another_wavelength_meets_the_same_curve() {
        let ring = critical();
        let laser_m = SPEED_OF_LIGHT_M_PER_S / (ring.resonance_hz() - ring.detuning_hz);
        // A wavelength of 16 digits places the laser within 30 mHz.
        assert!((ring.transmission_at(laser_m) - ring.transmission(0.0)).abs() < 1e-11);
        assert!(ring.transmission_at(ring.resonance_m) < 1e-30);
    }

    #[test]
    fn control_takes_a_drift_back_until_the_heater_is_off() {
        let warmer = |k: f64| RingModulator { temperature_offset_k: k, ..critical() };
        // 5 K of −12.2 GHz/K, a gain of 10: 1/11 is left, 10/11 goes into less heater power.
        assert!((warmer(5.0).drift_hz() + 61e9 / 11.0).abs() < 1.0);
        assert!((warmer(5.0).heater_change_w() + 61e9 * 10.0 / 11.0 / 1.75e13).abs() < 1e-15);
        // 20 K ask for 12.7 mW less: of 10 mW in all, what they hold is taken back and the rest drifts.
        assert_eq!(warmer(20.0).heater_change_w(), -0.01);
        assert!((warmer(20.0).drift_hz() - (0.01 * 1.75e13 - 244e9)).abs() < 1.0);
        let free = RingModulator { control_gain: 0.0, ..warmer(1.0) };
        assert_eq!(free.detuning_at_hz(0.0), 16e9 - 12.2e9);
    }

    #[test]
    fn below_the_limit_of_self_heating_the_resonance_has_one_place() {
        // Shift x against shift by the light taken at x: more than one crossing is bistable.
        let ring = RingModulator { control_gain: 0.0, ..critical() };
        let half = 0.5 * ring.linewidth_hz();
        let turns = |power_w: f64| {
            // The laser at a detuning d without light is met at d = x + shift(x): turning points of d over x.
            let d = |x: f64| x + 1.75e13 * power_w / half / (1.0 + x * x);
            (-4000..4000).filter(|i| d(f64::from(i + 1) * 1e-3) < d(f64::from(*i) * 1e-3)).count()
        };
        let limit = ring.self_heating_limit_w();
        assert_eq!(turns(0.99 * limit), 0);
        assert!(turns(1.01 * limit) > 0);
    }

    proptest! {
        #[test]
        fn slope_and_chirp_are_derivatives_of_the_field(
            v in -3.0..3.0f64, detuning in -40e9..40e9f64, share in 0.05..0.95f64, loss in 0.0..3.0f64,
        ) {
            let ring = RingModulator {
                q_intrinsic: 5000.0 / share, detuning_hz: detuning, loss_db: loss, ..critical()
            };
            prop_assume!(ring.detuning_at_hz(v).abs() > 1e9 && (share - 0.5).abs() > 0.02);
            let d = 1e-4;
            let field = |v: f64| ring.field(&[v], 1e12)[0];
            let (a, b) = (field(v - d), field(v + d));
            prop_assert!((field(v).norm_sqr() - ring.transmission(v)).abs() < 1e-12);
            let slope = (b.norm_sqr() - a.norm_sqr()) / (2.0 * d);
            // The third derivative over 1 GHz of detuning and 5 GHz/V, times d²/6.
            prop_assert!((slope - ring.slope_per_v(v)).abs() < 1e-6);
            let chirp = 2.0 * (b / a).arg() / (b.norm_sqr() / a.norm_sqr()).ln();
            prop_assert!((chirp / ring.chirp(v) - 1.0).abs() < 1e-3, "{} {}", chirp, ring.chirp(v));
        }
    }
}
