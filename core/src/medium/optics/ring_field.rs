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
        let mean = |i: usize| mean(theta[(i + 1) % n], theta[i], theta[(i + n - 1) % n], theta[(i + 2 * n - 2) % n]);
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
            return Err(Error::parameter("detuning_hz", format!("{} numbers", detuning_hz.len()), requirement));
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
