//! Skew within a pair: one leg longer than the other.
//!
//! ```text
//! differential mode alone:  S21 = (1 + e^{-j w t})/2 = e^{-j w t/2} cos(pi f t)
//! ```
//!
//! t is the skew, s; the sine part of the wave leaves as common mode. The form is causal: the early leg arrives at
//! time 0. Between loosely coupled, matched legs it is exact; in a tightly coupled pair the modes exchange energy
//! continuously and it is an approximation.

use super::two_port::TwoPort;
use num_complex::Complex64;

/// The differential mode of a skew of `skew_s` (either sign), matched to `z0_ohm`.
pub(super) fn differential(omega: f64, skew_s: f64, z0_ohm: f64) -> TwoPort {
    let late = Complex64::from_polar(1.0, -omega * skew_s.abs());
    TwoPort::matched(0.5 * (1.0 + late), z0_ohm)
}

/// The chains of the P and the N leg, each of half of `z0_ohm`; a positive skew delays P.
pub(super) fn legs(omega: f64, skew_s: f64, z0_ohm: f64) -> (TwoPort, TwoPort) {
    let late = TwoPort::matched(Complex64::from_polar(1.0, -omega * skew_s.abs()), 0.5 * z0_ohm);
    if skew_s >= 0.0 { (late, TwoPort::IDENTITY) } else { (TwoPort::IDENTITY, late) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transmission_is_the_cosine() {
        let (f, skew) = (20e9, 3e-12);
        let [s11, s21, _] = differential(std::f64::consts::TAU * f, -skew, 100.0).scattering(100.0);
        assert!(s11.norm() < 1e-15);
        assert!((s21.norm() - (std::f64::consts::PI * f * skew).cos()).abs() < 1e-15);
    }
}
