//! The field behind a micro-ring whose detuning varies, by exact exponential steps.
//!
//! With b = √(2 g_e) a, the phase θ = D h and z = −g h + jθ̄ of one step h, θ̄ and s̄ the means of detuning and incoming
//! field over the step:
//!
//! ```text
//! b₁ = e^z b₀ + j 2 g_e h [ φ₁(z) s̄ + (φ₂(z) − φ₁(z)/2)(s₁ − s₀) + j (θ₁ − θ₀)/12 · e^(z/2) (s₀ + s₁)/2 ]
//! out = s + j b,    φ₁ = (e^z − 1)/z,  φ₂ = (φ₁ − 1)/z
//! ```
//!
//! Detuning and field vary smoothly between samples: their means are those of the cubic through the last four samples
//! (the weights of Adams and Moulton), so no output depends on a later sample. The last term is the phase that a
//! sloping detuning turns within the step. All of it is exact for constant light and detuning, of any step; otherwise
//! its error falls with the fourth power of the step. Held samples would be half a sample late and first order.

use super::ring::RingModulator;
use crate::error::{Error, Result, require};
use crate::units::amplitude_ratio;
use num_complex::Complex64;
use std::f64::consts::TAU;

const J: Complex64 = Complex64::new(0.0, 1.0);

/// What is constant over a run of steps.
struct Steps {
    /// g h and 2 g_e h.
    decay: f64,
    into: f64,
    /// e^(−g h/2).
    half: f64,
    /// 2π h, what turns a detuning into a phase.
    phase_s: f64,
    /// Amplitude of the bus far from resonance.
    passband: f64,
}

impl Steps {
    fn new(ring: &RingModulator, sample_rate_hz: f64) -> Self {
        let phase_s = TAU / sample_rate_hz;
        let [all, _, bus] = ring.decays_hz().map(|rate| rate * phase_s);
        let passband = amplitude_ratio(-ring.loss_db);
        Self { decay: all, into: 2.0 * bus, half: (-0.5 * all).exp(), phase_s, passband }
    }

    /// z, e^(z/2) and e^z.
    fn factors(&self, theta: f64) -> (Complex64, Complex64, Complex64) {
        let half = Complex64::from_polar(self.half, 0.5 * theta);
        (Complex64::new(-self.decay, theta), half, half * half)
    }
}

impl RingModulator {
    /// The field behind the ring for light of power 1 and a drive, V, repeated for ever: its steady state.
    ///
    /// The drive is that at the junction: [`RingModulator::response`] is the caller's to apply. Drift and insertion loss
    /// are included.
    ///
    /// ```
    /// let ring = lightlane::medium::optics::RingModulator::default();
    /// let settled = ring.field(&[0.5; 64], 1.7e12);
    /// assert!((settled[7].norm_sqr() - ring.transmission(0.5)).abs() < 1e-12);
    /// ```
    pub fn field(&self, drive_v: &[f64], sample_rate_hz: f64) -> Vec<Complex64> {
        let n = drive_v.len();
        let steps = Steps::new(self, sample_rate_hz);
        let theta: Vec<f64> = drive_v.iter().map(|v| steps.phase_s * self.detuning_at_hz(*v)).collect();
        // Step i goes from sample i to the next one, around the end.
        let mean =
            |i: usize| mean(theta[(i + 1) % n], theta[i], theta[(i + n - 1) % n], theta[(i + 2 * n - 2) % n]);
        let mut b = Complex64::new(0.0, 0.0);
        let mut turned = Complex64::new(1.0, 0.0);
        let mut field = Vec::with_capacity(n);
        for i in 0..n {
            field.push(1.0 + J * b);
            let (z, half, whole) = steps.factors(mean(i));
            let bend = J * ((theta[(i + 1) % n] - theta[i]) / 12.0);
            b = whole * b + J * steps.into * (phi_1(z, whole) + bend * half);
            turned *= whole;
        }
        // Begun empty, the ring lacks what one whole period leaves over, which then decays.
        let mut missing = b / (1.0 - turned);
        for (i, out) in field.iter_mut().enumerate() {
            *out += J * missing;
            missing *= steps.factors(mean(i)).2;
            if missing.norm_sqr() < 1e-34 {
                break;
            }
        }
        field.iter_mut().for_each(|out| *out *= steps.passband);
        field
    }

    /// The field behind the ring for any field in front of it; the ring is empty at the first sample.
    ///
    /// `detuning_hz` is one number or one a sample, in place of the ring's own detuning, drive and drift.
    ///
    /// ```
    /// use num_complex::Complex64;
    /// let ring = lightlane::medium::optics::RingModulator::default();
    /// let light = vec![Complex64::new(1.0, 0.0); 2000];
    /// let out = ring.propagate(&light, 1e12, &[ring.detuning_hz])?;
    /// assert!((out[1999].norm_sqr() - ring.transmission(0.0)).abs() < 1e-12);
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] for a sampling rate that is not positive, a field or detuning that is not finite, or as many
    /// detunings as neither one nor the samples.
    pub fn propagate(
        &self,
        field: &[Complex64],
        sample_rate_hz: f64,
        detuning_hz: &[f64],
    ) -> Result<Vec<Complex64>> {
        require::positive("sample_rate_hz", sample_rate_hz)?;
        if detuning_hz.len() != 1 && detuning_hz.len() != field.len() {
            let requirement = format!("one number or one a sample, {}", field.len());
            return Err(Error::parameter(
                "detuning_hz",
                format!("{} numbers", detuning_hz.len()),
                requirement,
            ));
        }
        for (i, s) in field.iter().enumerate().filter(|(_, s)| !s.is_finite()) {
            return Err(Error::parameter(format!("field[{i}]"), s, "finite"));
        }
        for (i, d) in detuning_hz.iter().enumerate() {
            require::finite(&format!("detuning_hz[{i}]"), *d)?;
        }
        let steps = Steps::new(self, sample_rate_hz);
        let theta = |i: usize| steps.phase_s * detuning_hz[if detuning_hz.len() == 1 { 0 } else { i }];
        let mut b = Complex64::new(0.0, 0.0);
        let mut out = Vec::with_capacity(field.len());
        for (i, s) in field.iter().enumerate() {
            out.push(steps.passband * (s + J * b));
            let Some(next) = field.get(i + 1) else { break };
            let (z, half, whole) = steps.factors(begun(i, theta));
            let bend = J * ((theta(i + 1) - theta(i)) / 12.0);
            let first = phi_1(z, whole);
            let light = begun(i, |i| field[i]);
            let drive = first * light + lean(z, first) * (next - s) + bend * half * 0.5 * (s + next);
            b = whole * b + J * steps.into * drive;
        }
        Ok(out)
    }
}

/// Mean of a cubic over a step from its values after the step, before it, and one and two steps earlier.
fn mean<T>(after: T, before: T, earlier: T, earliest: T) -> T
where
    T: std::ops::Mul<f64, Output = T> + std::ops::Add<Output = T> + std::ops::Sub<Output = T>,
{
    (after * 9.0 + before * 19.0 - earlier * 5.0 + earliest) * (1.0 / 24.0)
}

/// The mean over the step that follows sample `i` of a record without a past: of the line or the parabola where there
/// are no four samples yet.
fn begun<T>(i: usize, at: impl Fn(usize) -> T) -> T
where
    T: std::ops::Mul<f64, Output = T> + std::ops::Add<Output = T> + std::ops::Sub<Output = T>,
{
    match i {
        0 => (at(1) + at(0)) * 0.5,
        1 => (at(2) * 5.0 + at(1) * 8.0 - at(0)) * (1.0 / 12.0),
        _ => mean(at(i + 1), at(i), at(i - 1), at(i - 2)),
    }
}

/// φ₁(z) = (e^z − 1)/z.
fn phi_1(z: Complex64, exp_z: Complex64) -> Complex64 {
    if z.norm_sqr() < 1e-8 {
        // The quotient would lose four digits; the next term is below rounding.
        return 1.0 + z * (0.5 + z * (1.0 / 6.0 + z / 24.0));
    }
    (exp_z - 1.0) / z
}

/// φ₂(z) − φ₁(z)/2: what the slope of the light adds, −z/12 for a short step.
fn lean(z: Complex64, phi_1: Complex64) -> Complex64 {
    if z.norm_sqr() < 1e-4 {
        return -z * (1.0 / 12.0 + z * (1.0 / 24.0 + z * (1.0 / 80.0 + z / 360.0)));
    }
    (phi_1 - 1.0) / z - 0.5 * phi_1
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 1.7e12;

    /// b of db/dt = (jD − g) b + j 2 g_e s by the classical Runge–Kutta rule in `fine` steps a sample.
    fn by_runge_kutta(
        ring: &RingModulator,
        detuning_hz: impl Fn(f64) -> f64,
        light: impl Fn(f64) -> Complex64,
        start: Complex64,
        n: usize,
        fine: usize,
    ) -> Vec<Complex64> {
        let [all, _, bus] = ring.decays_hz();
        let slope = |t: f64, b: Complex64| {
            TAU * (Complex64::new(-all, detuning_hz(t)) * b + J * 2.0 * bus * light(t))
        };
        let h = 1.0 / RATE / fine as f64;
        let mut b = start;
        let mut out = Vec::new();
        for i in 0..n * fine {
            let t = i as f64 * h;
            if i % fine == 0 {
                out.push(light(t) + J * b);
            }
            let k1 = slope(t, b);
            let k2 = slope(t + 0.5 * h, b + 0.5 * h * k1);
            let k3 = slope(t + 0.5 * h, b + 0.5 * h * k2);
            let k4 = slope(t + h, b + h * k3);
            b += h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
        }
        out
    }

    #[test]
    fn a_large_periodic_drive_is_the_equation_itself() {
        // 256 samples of 16 a symbol; three tones up to 53 GHz that swing the ring over most of its resonance.
        let ring = RingModulator { loss_db: 1.0, ..RingModulator::default() };
        let n = 256;
        let drive = |t: f64| {
            [(1.0, 0.8, 0.3), (3.0, -0.5, 1.1), (8.0, 0.6, 2.0)]
                .iter()
                .map(|(k, v, p)| v * (TAU * k * t * RATE / n as f64 + p).sin())
                .sum::<f64>()
        };
        let samples: Vec<f64> = (0..n).map(|i| drive(i as f64 / RATE)).collect();
        let found = ring.field(&samples, RATE);
        // Two periods: the first one forgets the start by e^−21.
        let lossless = RingModulator { loss_db: 0.0, ..ring.clone() };
        let one = |_| Complex64::new(1.0, 0.0);
        let exact = by_runge_kutta(&lossless, |t| ring.detuning_at_hz(drive(t)), one, 0.0.into(), 2 * n, 8);
        let worst =
            (0..n).map(|i| (found[i] - amplitude_ratio(-1.0) * exact[n + i]).norm()).fold(0.0, f64::max);
        // Fourth order: 19/720 of (ω h)⁴ at 53 GHz is 4e-5 of what it moves there.
        assert!(worst < 5e-6, "{worst}");
    }

    #[test]
    fn the_error_falls_with_the_fourth_power_of_the_step() {
        let ring = RingModulator::default();
        let at = |n: usize| {
            let v: Vec<f64> = (0..n).map(|i| 1.2 * (TAU * i as f64 / n as f64).sin()).collect();
            // One period of 53 GHz.
            ring.field(&v, 53e9 * n as f64)
        };
        let fine = at(4096);
        let error = |n: usize| {
            at(n).iter().enumerate().map(|(i, e)| (e - fine[i * 4096 / n]).norm()).fold(0.0, f64::max)
        };
        let order = (error(32) / error(64)).log2();
        assert!((3.7..5.5).contains(&order), "{order}");
        assert!(error(32) < 1e-4, "{}", error(32));
    }

    #[test]
    fn a_small_drive_is_answered_by_the_small_signal_response() {
        let ring = RingModulator { q_intrinsic: 12_000.0, ..RingModulator::default() };
        let (n, small) = (256, 1e-5);
        for f in [5e9, 20e9, 45e9, 70e9] {
            let v: Vec<f64> = (0..n).map(|i| small * (TAU * i as f64 / n as f64).cos()).collect();
            let line: Complex64 = ring
                .field(&v, f * n as f64)
                .iter()
                .enumerate()
                .map(|(i, e)| e.norm_sqr() * Complex64::cis(-TAU * i as f64 / n as f64))
                .sum::<Complex64>()
                * (2.0 / n as f64 / small);
            let wanted = ring.small_signal_response(f, ring.detuning_hz).unwrap() * ring.slope_per_v(0.0);
            // Steps of 1/256 of the period, or of 0.1 of the decay time for the slowest: fourth order.
            assert!((line / wanted - 1.0).norm() < 1e-6, "{f}: {line} {wanted}");
        }
    }

    #[test]
    fn any_light_through_any_detuning_is_the_equation_itself() {
        let ring = RingModulator { q_intrinsic: 8000.0, ..RingModulator::default() };
        let light = |t: f64| Complex64::new((1e11 * t).cos(), 0.4 * (2.3e11 * t).sin()) + 0.3;
        let detuning = |t: f64| 12e9 + 15e9 * (3e11 * t).sin();
        let n = 400;
        let (s, d): (Vec<_>, Vec<_>) =
            (0..n).map(|i| i as f64 / RATE).map(|t| (light(t), detuning(t))).unzip();
        let found = ring.propagate(&s, RATE, &d).unwrap();
        let exact = by_runge_kutta(&ring, detuning, light, 0.0.into(), n, 8);
        for (i, (f, e)) in found.iter().zip(&exact).enumerate() {
            // The first two steps know no earlier samples; what they lack decays by 0.085 a sample.
            let tolerance = if i < 100 { 5e-5 } else { 1e-5 };
            assert!((f - e).norm() < tolerance, "{i}: {f} {e}");
        }
    }

    #[test]
    fn a_lossless_ring_keeps_the_energy_of_any_pulse() {
        let ring = RingModulator { q_intrinsic: f64::INFINITY, ..RingModulator::default() };
        // A chirped pulse of 6 ps, and detuning that swings through resonance meanwhile.
        let n = 1024;
        let rate = 2.0 * RATE;
        let t = |i: usize| (i as f64 - 200.0) / rate;
        let s: Vec<Complex64> = (0..n)
            .map(|i| Complex64::from_polar((-(t(i) / 6e-12).powi(2)).exp(), 1e22 * t(i).powi(2)))
            .collect();
        let d: Vec<f64> = (0..n).map(|i| 20e9 * (2e11 * t(i)).sin()).collect();
        let out = ring.propagate(&s, rate, &d).unwrap();
        let energy = |v: &[Complex64]| v.iter().map(Complex64::norm_sqr).sum::<f64>();
        // The ring is empty at the end and the sum over samples is the integral; fourth order in a step of 0.05 pulses.
        assert!((energy(&out) / energy(&s) - 1.0).abs() < 2e-6, "{}", energy(&out) / energy(&s) - 1.0);
        assert!(out.iter().zip(&s).any(|(a, b)| (a - b).norm() > 0.5));
    }

    #[test]
    fn constant_light_and_detuning_are_exact_for_any_step() {
        let ring = RingModulator::default();
        for rate in [2e10, 1e11, 1e12, 1e15] {
            let light = vec![Complex64::new(0.6, -0.8); 64];
            let out = ring.propagate(&light, rate, &[-9e9]).unwrap();
            let [all, _, bus] = ring.decays_hz();
            let pole = Complex64::new(-all, -9e9);
            for (k, o) in out.iter().enumerate() {
                // The solution of the equation from an empty ring.
                let grown = 1.0 - (TAU * pole * k as f64 / rate).exp();
                let wanted = light[k] * (1.0 + 2.0 * bus / pole * grown);
                assert!((o - wanted).norm() < 1e-11, "{rate} {k}");
            }
            let settled = ring.field(&[0.4; 3], rate);
            assert!((settled[2].norm_sqr() - ring.transmission(0.4)).abs() < 1e-12);
        }
        assert!(ring.field(&[], 1e12).is_empty());
        assert!(ring.propagate(&[], 1e12, &[1e9]).unwrap().is_empty());
    }

    #[test]
    fn light_leaves_no_trace_before_it_comes() {
        let ring = RingModulator::default();
        let mut light = vec![Complex64::new(0.0, 0.0); 40];
        light[20] = 1.0.into();
        let out = ring.propagate(&light, RATE, &[1e9]).unwrap();
        assert!(out[..20].iter().all(|o| o.norm() == 0.0) && out[21].norm() > 0.0);
    }

    #[test]
    fn what_cannot_be_propagated_is_named() {
        let ring = RingModulator::default();
        let light = [Complex64::new(1.0, 0.0); 3];
        let named =
            |rate, field: &[Complex64], d: &[f64]| ring.propagate(field, rate, d).unwrap_err().to_string();
        assert!(named(0.0, &light, &[0.0]).starts_with("sample_rate_hz = 0"));
        assert!(named(1e12, &light, &[0.0; 2]).starts_with("detuning_hz = 2 numbers: must be one number or"));
        assert!(named(1e12, &light, &[0.0, f64::NAN, 0.0]).starts_with("detuning_hz[1] = NaN"));
        assert!(named(1e12, &[Complex64::new(0.0, f64::INFINITY)], &[0.0]).starts_with("field[0] = 0+inf"));
    }
}
