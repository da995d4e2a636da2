//! A small drive on the field of a modulator: two sidebands of the carrier, and what a fibre makes of them.
//!
//! ```text
//! E(t) = E_0 + e(t),   A(f) = E_0* e(f) for a drive of 1 V at f
//! δP = A(f) + A*(−f)                          at the modulator
//!    = A(f) e^{jθ} + A*(−f) e^{−jθ}           behind a fibre that turns the field by θ(f)
//! α(f) = −j (A(f) − A*(−f)) / (A(f) + A*(−f)) chirp
//! ```
//!
//! With a constant α this is the fibre's √(1 + α²) cos(θ + atan α) times the slope; a resonator's chirp depends on
//! frequency. Fields are those of unit power at the modulator's input. Valid while |e| is small beside |E_0|.

use super::{Eam, MachZehnder, RingModulator};
use num_complex::Complex64;

/// Sidebands of a drive of 1 V at one frequency f.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sidebands {
    /// A(f), 1/V.
    pub upper_per_v: Complex64,
    /// A*(−f), 1/V.
    pub lower_per_v: Complex64,
}

impl Sidebands {
    /// Power per volt, of unit power at the input, behind a fibre that turns the field by `phase_rad` at this frequency.
    ///
    /// ```
    /// use lightlane::medium::optics::{MachZehnder, Sidebands};
    /// let modulator = MachZehnder { chirp: 1.0, ..MachZehnder::default() };
    /// let bands = Sidebands::of_mach_zehnder(&modulator, 0.0);
    /// // A turn by 45° takes all the modulation of a chirp of 1: cos 45° − sin 45°.
    /// assert!(bands.power_per_v(std::f64::consts::FRAC_PI_4).norm() < 1e-15);
    /// ```
    pub fn power_per_v(&self, phase_rad: f64) -> Complex64 {
        self.upper_per_v * Complex64::cis(phase_rad) + self.lower_per_v * Complex64::cis(-phase_rad)
    }

    /// Chirp, real for a modulator without memory; infinite or not a number where the power does not follow the drive.
    pub fn chirp(&self) -> Complex64 {
        let j = Complex64::new(0.0, 1.0);
        -j * (self.upper_per_v - self.lower_per_v) / (self.upper_per_v + self.lower_per_v)
    }

    /// Those of a Mach–Zehnder around `v` volts, at any frequency.
    pub fn of_mach_zehnder(modulator: &MachZehnder, v: f64) -> Self {
        Self::memoryless(modulator.field(v).conj() * modulator.field_slope_per_v(v))
    }

    /// Those of an electro-absorption modulator around `v` volts, at any frequency.
    pub fn of_eam(modulator: &Eam, v: f64) -> Self {
        Self::memoryless(0.5 * modulator.slope_per_v(v) * Complex64::new(1.0, modulator.chirp))
    }

    /// Those of a ring around `v` volts at `freq_hz`, behind its junction.
    pub fn of_ring(ring: &RingModulator, v: f64, freq_hz: f64) -> Self {
        let at = |f: f64| carrier(ring, v, 0.0).conj() * sideband_per_v(ring, v, f);
        Self { upper_per_v: at(freq_hz), lower_per_v: at(-freq_hz).conj() }
    }

    fn memoryless(product_per_v: Complex64) -> Self {
        Self { upper_per_v: product_per_v, lower_per_v: product_per_v.conj() }
    }
}

/// Field transmission of a settled ring for light `offset_hz` above the laser.
fn carrier(ring: &RingModulator, v: f64, offset_hz: f64) -> Complex64 {
    let [all, lost, bus] = ring.decays_hz();
    let apart = offset_hz - ring.detuning_at_hz(v);
    ring.passband().sqrt() * Complex64::new(lost - bus, apart) / Complex64::new(all, apart)
}

/// Field at the offset `freq_hz` that a drive of 1 V makes.
fn sideband_per_v(ring: &RingModulator, v: f64, freq_hz: f64) -> Complex64 {
    let [all, _, bus] = ring.decays_hz();
    let detuning = ring.detuning_at_hz(v);
    let stored = Complex64::new(all, -detuning) * Complex64::new(all, freq_hz - detuning);
    Complex64::new(0.0, -2.0 * bus * ring.shift_hz_per_v) * ring.passband().sqrt() / stored
}

/// Response of the relative power behind a ring to that at its input at `freq_hz`, around `v` volts: what it makes of a
/// laser's intensity noise. 1 at 0 Hz; where no light passes there is none to refer to and it is taken as 1.
pub(super) fn ring_intensity_response(ring: &RingModulator, v: f64, freq_hz: f64) -> Complex64 {
    let at_laser = carrier(ring, v, 0.0);
    if at_laser.norm() == 0.0 {
        return Complex64::ONE;
    }
    0.5 * (carrier(ring, v, freq_hz) / at_laser + (carrier(ring, v, -freq_hz) / at_laser).conj())
}

#[cfg(test)]
mod tests {
    use super::super::Fiber;
    use super::*;

    #[test]
    fn a_constant_chirp_gives_the_cosine_of_the_fiber() {
        let fiber = Fiber { dispersion_zero_m: 1324e-9, length_m: 10e3, ..Fiber::default() };
        for chirp in [-1.0, 0.0, 0.7] {
            let m = MachZehnder { chirp, ..MachZehnder::default() };
            let eam = Eam { chirp, ..Eam::default() };
            for bands in [Sidebands::of_mach_zehnder(&m, 0.0), Sidebands::of_eam(&eam, 0.3)] {
                assert!((bands.chirp() - chirp).norm() < 1e-12);
                for f in [0.0, 20e9, 41e9, 60e9] {
                    let phase = fiber.dispersion_phase_s2(1270e-9) * f * f;
                    let h = bands.power_per_v(phase) / bands.power_per_v(0.0);
                    // Rounding only: both are sums of a cosine and a sine.
                    assert!((h - fiber.small_signal_response(f, 1270e-9, chirp)).norm() < 1e-12);
                }
            }
        }
    }

    #[test]
    fn the_power_of_a_rings_sidebands_is_its_small_signal_response() {
        let ring = RingModulator { q_intrinsic: 12_000.0, loss_db: 0.7, ..RingModulator::default() };
        for (v, f) in [(0.0, 0.0), (0.0, 30e9), (0.9, 55e9), (-2.0, 90e9)] {
            let detuning = ring.detuning_at_hz(v);
            let exact = ring.power_response_per_hz(f, detuning) * ring.shift_hz_per_v;
            let found = Sidebands::of_ring(&ring, v, f).power_per_v(0.0);
            assert!((found - exact).norm() < 1e-13 * exact.norm(), "{v} {f}: {found} {exact}");
        }
        // A slow drive sees the slope of the settled field.
        let slow = Sidebands::of_ring(&ring, 0.4, 0.0).chirp();
        assert!((slow - ring.chirp(0.4)).norm() < 1e-12 * slow.norm());
    }
}
