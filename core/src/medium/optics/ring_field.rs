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
use crate::simd::{Level, RingLight, RingRates, ring, ring_window};
use crate::units::amplitude_ratio;
use num_complex::Complex64;
use std::f64::consts::TAU;

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
        if n == 0 {
            return Vec::new();
        }
        let level = Level::detect_or_narrowest();
        let rates = self.rates(sample_rate_hz);
        let (undriven, turn) = (self.detuning_at_hz(0.0), TAU / sample_rate_hz);
        let phases: Vec<f64> = drive_v.iter().map(|v| turn * (undriven + self.shift_hz_per_v * v)).collect();
        // Two samples before the first one, and on around the end.
        let around: Vec<f64> = phases.iter().cycle().skip(n - 2 % n).take(ring_window(n)).copied().collect();
        let mut field = vec![Complex64::new(0.0, 0.0); n];
        let mut b = Complex64::new(0.0, 0.0);
        ring(level, rates, &around, RingLight::Constant, &mut b, &mut field);
        // Begun empty, the ring lacks what one whole period leaves over. Without light it turns and decays alone, by e^z
        // of each step; the mean phase of a period's steps is that of its samples.
        let turned = Complex64::from_polar((-rates.decay * n as f64).exp(), phases.iter().sum::<f64>());
        let mut missing = b / (1.0 - turned);
        for (i, out) in field.iter_mut().enumerate() {
            *out += Complex64::i() * missing;
            let w = &around[i..i + 4];
            let mean = (9.0 * w[3] + 19.0 * w[2] - 5.0 * w[1] + w[0]) / 24.0;
            missing *= Complex64::from_polar((-rates.decay).exp(), mean);
            if missing.norm_sqr() < 1e-34 {
                break;
            }
        }
        let passband = amplitude_ratio(-self.loss_db);
        field.iter_mut().for_each(|out| *out *= passband);
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
    /// [`Error::Parameter`] for a sampling rate that is not positive, a field that is not finite, a detuning beyond the
    /// resonance's frequency, as many detunings as neither one nor the samples, or a level that the processor lacks.
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
        if let Some((i, s)) = field.iter().enumerate().find(|(_, s)| !s.is_finite()) {
            return Err(Error::parameter(format!("field[{i}]"), s, "finite"));
        }
        for (i, d) in detuning_hz.iter().enumerate() {
            self.checked_detuning(&format!("detuning_hz[{i}]"), *d)?;
        }
        let level = Level::detect()?;
        let phase = |i: usize| TAU / sample_rate_hz * detuning_hz[if detuning_hz.len() == 1 { 0 } else { i }];
        let theta = begun(field.len(), phase);
        let (re, im) = (begun(field.len(), |i| field[i].re), begun(field.len(), |i| field[i].im));
        let mut out = vec![Complex64::new(0.0, 0.0); field.len()];
        let mut b = Complex64::new(0.0, 0.0);
        ring(level, self.rates(sample_rate_hz), &theta, RingLight::Varying(&re, &im), &mut b, &mut out);
        let passband = amplitude_ratio(-self.loss_db);
        out.iter_mut().for_each(|out| *out *= passband);
        Ok(out)
    }

    fn rates(&self, sample_rate_hz: f64) -> RingRates {
        let [all, _, bus] = self.decays_hz().map(|rate| TAU * rate / sample_rate_hz);
        RingRates { decay: all, into: 2.0 * bus }
    }
}

/// A record without a past as [`ring`] reads it: before its beginning what makes the means of its first two steps those
/// of a line and of a parabola, beyond its end the last value.
fn begun(n: usize, at: impl Fn(usize) -> f64) -> Vec<f64> {
    let length = ring_window(n);
    let Some(last) = n.checked_sub(1) else { return vec![0.0; length] };
    let [first, second, third] = [0, 1, 2].map(|i: usize| at(i.min(last)));
    // From 9, 19, −5, 1 over 24: the parabola through the first three, and what the line then asks for.
    let before = 3.0 * first - 3.0 * second + third;
    let mut values = Vec::with_capacity(length);
    values.extend([5.0 * before + 3.0 * second - 7.0 * first, before]);
    values.extend((0..n).map(&at));
    values.resize(length, at(last));
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    const J: Complex64 = Complex64::new(0.0, 1.0);
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
