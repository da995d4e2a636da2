//! Power transfer between two neighbouring waveguides.
//!
//! Coupled modes da/dz = −j(D a + κ b), db/dz = −j(κ a − D b):
//!
//! ```text
//! constant D:            P_cross = κ² sin²(√(κ² + D²) L)/(κ² + D²)
//! D swept through 0:     P_left  = exp(−2π κ²/|d(2D)/dz|)
//! ```
//!
//! | symbol | name | unit |
//! |---|---|---|
//! | κ | coupling | 1/m |
//! | D | detuning, half the difference of the propagation constants | 1/m |
//! | d(2D)/dz | sweep of their full difference | 1/m² |
//!
//! References: A. Yariv, IEEE J. Quantum Electron. 9 (1973) 919; C. Zener, Proc. R. Soc. A 137 (1932) 696. The second
//! holds for a linear sweep from far on one side to far on the other; the ends of a finite taper leave a ripple of about
//! (κ/D_end)² besides. Lossless, weakly coupled guides.

use crate::error::{Error, Result, require};
use std::f64::consts::PI;

/// Share of the power that crosses into the other guide over a length.
///
/// ```
/// use lightlane::medium::optics::directional_coupler;
/// // Phase-matched, all of it after π/(2κ).
/// assert!((directional_coupler(1e3, 0.0, 1.570_796_326_8e-3)? - 1.0).abs() < 1e-12);
/// // Detuned as strongly as coupled, half of it at most.
/// assert!((directional_coupler(1e3, 1e3, 1.110_720_734_5e-3)? - 0.5).abs() < 1e-12);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Parameter`] for a negative coupling or length, or a detuning that is not finite.
pub fn directional_coupler(coupling_per_m: f64, detuning_per_m: f64, length_m: f64) -> Result<f64> {
    require::non_negative("coupling_per_m", coupling_per_m)?;
    require::finite("detuning_per_m", detuning_per_m)?;
    require::non_negative("length_m", length_m)?;
    let beat = coupling_per_m.hypot(detuning_per_m);
    if beat == 0.0 {
        return Ok(0.0);
    }
    Ok((coupling_per_m / beat * (beat * length_m).sin()).powi(2))
}

/// Share of the power that an adiabatic taper leaves in the launch guide.
///
/// ```
/// let left = lightlane::medium::optics::taper_residual(5e3, 5e7)?;
/// assert!((left - (-std::f64::consts::PI).exp()).abs() < 1e-15);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Parameter`] for a negative coupling or a sweep that is not finite or 0: without a sweep the guides
/// are a directional coupler.
pub fn taper_residual(coupling_per_m: f64, sweep_per_m2: f64) -> Result<f64> {
    require::non_negative("coupling_per_m", coupling_per_m)?;
    if require::finite("sweep_per_m2", sweep_per_m2)? == 0.0 {
        return Err(Error::parameter("sweep_per_m2", 0, "other than 0"));
    }
    Ok((-2.0 * PI * coupling_per_m * coupling_per_m / sweep_per_m2.abs()).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_complex::Complex64;

    /// Power left in the launch guide, by Runge–Kutta steps along z; `modes` for light that begins and is looked at in
    /// the mode of both guides that is most of the launch guide's.
    fn by_integration(
        coupling: f64,
        detuning: impl Fn(f64) -> f64,
        modes: bool,
        [from, to]: [f64; 2],
        n: usize,
    ) -> f64 {
        let j = Complex64::new(0.0, 1.0);
        let slope = |z: f64, [a, b]: [Complex64; 2]| {
            let d = detuning(z);
            [-j * (d * a + coupling * b), -j * (coupling * a - d * b)]
        };
        let h = (to - from) / n as f64;
        let angle = |z: f64| if modes { 0.5 * (coupling / detuning(z)).atan() } else { 0.0 };
        let mut y = [angle(from).cos(), angle(from).sin()].map(Complex64::from);
        let add = |y: [Complex64; 2], k: [Complex64; 2], h: f64| [y[0] + k[0] * h, y[1] + k[1] * h];
        for i in 0..n {
            let z = from + h * i as f64;
            let k1 = slope(z, y);
            let k2 = slope(z + 0.5 * h, add(y, k1, 0.5 * h));
            let k3 = slope(z + 0.5 * h, add(y, k2, 0.5 * h));
            let k4 = slope(z + h, add(y, k3, h));
            for (k, weight) in [(k1, 1.0), (k2, 2.0), (k3, 2.0), (k4, 1.0)] {
                y = add(y, k, weight * h / 6.0);
            }
        }
        (y[0] * angle(to).cos() + y[1] * angle(to).sin()).norm_sqr()
    }

    #[test]
    fn the_coupler_is_the_solution_of_the_coupled_modes() {
        for (coupling, detuning, length) in
            [(900.0, 0.0, 1e-3), (1500.0, 700.0, 2.2e-3), (400.0, -2000.0, 0.7e-3)]
        {
            let left = by_integration(coupling, |_| detuning, false, [0.0, length], 2000);
            let crossed = directional_coupler(coupling, detuning, length).unwrap();
            // Fourth order with steps of at most 3e-3 in phase.
            assert!((crossed - (1.0 - left)).abs() < 1e-9, "{crossed} {left}");
        }
        assert_eq!(directional_coupler(0.0, 0.0, 1.0).unwrap(), 0.0);
    }

    #[test]
    fn the_taper_is_the_passage_through_phase_match() {
        for (coupling, sweep) in [(3000.0, 5e7), (3000.0, -1e8), (2000.0, 1e8)] {
            let left = by_integration(coupling, |z| 0.5 * sweep * z, true, [-8e-3, 8e-3], 200_000);
            let residual = taper_residual(coupling, sweep).unwrap();
            // The modes at the ends still turn by κ sweep/(4 D³), 5e-6 at most; steps of 0.03 rad there.
            assert!((left - residual).abs() < 1e-4, "{left} {residual}");
        }
        assert!(taper_residual(1e3, 0.0).is_err() && taper_residual(-1e3, 1e8).is_err());
    }
}
