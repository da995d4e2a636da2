//! Loss of a bent step-index fibre by Marcuse's formula: a trend, for it depends on the radius exponentially.
//!
//! ```text
//! 2α = √π κ² exp(−2 γ³ R/(3 β²)) / (2 γ^1.5 V² √R K₁(γ a)²),   R = elasto-optic factor × bend radius
//! u = κ a, w = γ a:  u J₁(u)/J₀(u) = w K₁(w)/K₀(w),   u² + w² = V² = (k a)² (n_core² − n_clad²)
//! ```
//!
//! | symbol | name | unit |
//! |---|---|---|
//! | 2α | power attenuation | 1/m |
//! | a, R | radius of the core, of the bend | m |
//! | κ, γ, β | transverse wave number in the core, decay in the cladding, propagation constant of LP01 | 1/m |
//! | k | 2π/λ | 1/m |
//!
//! The bend strains the glass, which makes it act as one 1.28 times as wide. References: D. Marcuse, J. Opt. Soc. Am. 66
//! (1976) 216; K. Nagano et al., Appl. Opt. 17 (1978) 2080 (1.28). No trench, no coating, bends far wider than the core.

use crate::error::{Error, Result, require};
use std::f64::consts::{LN_10, PI};

/// First zero of J₀.
const J0_ZERO: f64 = 2.404_825_557_695_773;

/// Bend loss, dB/m.
///
/// ```
/// use lightlane::medium::optics::bend_loss_marcuse_db_per_m;
/// let at = |radius| bend_loss_marcuse_db_per_m(radius, 4.1e-6, 1.4440, 0.0036, 1550e-9, 1.28);
/// // A standard fibre around 10 mm loses about half a decibel a turn, around 30 mm nothing.
/// assert!((at(10e-3)? - 9.593).abs() < 1e-3 && at(30e-3)? < 1e-6);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// `delta` is the relative index step, n_core = n_clad (1 + delta).
///
/// # Errors
/// [`Error::Parameter`] for a radius, core, step or factor that is not positive, a wavelength outside 0.8 to 2 µm, an
/// index outside 1 to 10, a bend tighter than ten core radii, or a core that guides so weakly that its mode has no end.
pub fn bend_loss_marcuse_db_per_m(
    radius_m: f64,
    core_radius_m: f64,
    index_clad: f64,
    delta: f64,
    wavelength_m: f64,
    elasto_optic_factor: f64,
) -> Result<f64> {
    require::positive("radius_m", radius_m)?;
    let a = require::positive("core_radius_m", core_radius_m)?;
    if radius_m < 10.0 * a {
        return Err(Error::parameter(
            "radius_m",
            radius_m,
            format!("at least ten core radii, {} m", 10.0 * a),
        ));
    }
    require::within("index_clad", index_clad, 1.0, 10.0)?;
    require::positive("delta", delta)?;
    require::within("wavelength_m", wavelength_m, 0.8e-6, 2e-6)?;
    require::positive("elasto_optic_factor", elasto_optic_factor)?;
    let k = 2.0 * PI / wavelength_m;
    let index_core = index_clad * (1.0 + delta);
    // n_core² − n_clad² without the difference of two close numbers.
    let v = k * a * index_clad * (delta * (2.0 + delta)).sqrt();
    if v > 100.0 {
        let requirement =
            format!("such that V is at most 100; with this delta and wavelength_m it is {v:.0}");
        return Err(Error::parameter("core_radius_m", a, requirement));
    }
    let Some([u, w]) = lp01(v) else {
        return Err(Error::parameter("delta", delta, "large enough to guide: V is below 0.3"));
    };
    let (kappa, gamma) = (u / a, w / a);
    let beta2 = (k * index_core).powi(2) - kappa * kappa;
    let bend = elasto_optic_factor * radius_m;
    // K₁ scaled by e^w, whose square goes into the exponent: neither leaves double precision alone.
    let [_, k1] = scaled_k01(w);
    let exponent = -2.0 * gamma.powi(3) * bend / (3.0 * beta2) + 2.0 * w;
    let twice_alpha =
        PI.sqrt() * kappa * kappa * exponent.exp() / (2.0 * gamma.powf(1.5) * v * v * bend.sqrt() * k1 * k1);
    Ok(10.0 / LN_10 * twice_alpha)
}

/// u and w of the fundamental mode; none for a V below 0.3, where the field reaches thousands of core radii.
fn lp01(v: f64) -> Option<[f64; 2]> {
    if v < 0.3 {
        return None;
    }
    let u_of = |w: f64| ((v - w) * (v + w)).sqrt();
    // Falls from positive to negative as w grows, as the field outside falls too steeply for the one inside.
    let mismatch = |w: f64| {
        let u = u_of(w);
        let [k0, k1] = scaled_k01(w);
        u * libm::j1(u) * k0 - w * k1 * libm::j0(u)
    };
    // Bisection in ln w: near cutoff w is exponentially small.
    let least = ((v - J0_ZERO) * (v + J0_ZERO)).max(0.0).sqrt().max(1e-12 * v);
    let (mut low, mut high) = (least.ln(), v.ln());
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if mismatch(middle.exp()) > 0.0 { low = middle } else { high = middle }
    }
    let w = low.exp();
    Some([u_of(w), w])
}

/// e^x K₀(x) and e^x K₁(x), x > 0: ∫ exp(−x (cosh t − 1)) cosh(νt) dt by the trapezoid rule, which converges
/// exponentially on this integrand.
fn scaled_k01(x: f64) -> [f64; 2] {
    // The error is about exp(−2π²/(h² x)) for large x and exp(−π²/h) for small: both below rounding.
    let h = (0.7 / x.sqrt()).min(0.25);
    let mut sum = [0.5, 0.5];
    for i in 1.. {
        let t = h * f64::from(i);
        // cosh t − 1 without the difference of two close numbers.
        let exponent = 2.0 * x * (0.5 * t).sinh().powi(2);
        if exponent > 745.0 {
            break;
        }
        let term = (-exponent).exp();
        sum[0] += term;
        sum[1] += term * t.cosh();
    }
    sum.map(|s| s * h)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bessel_k_is_the_published_table() {
        // Abramowitz and Stegun, tables 9.8 and 9.11 (K at 0.1, 1, 2, 5, 10), ten digits.
        for (x, k0, k1) in [
            (0.1, 2.427_069_025, 9.853_844_781),
            (1.0, 0.421_024_438_2, 0.601_907_230_2),
            (2.0, 0.113_893_872_7, 0.139_865_881_8),
            (5.0, 3.691_098_334e-3, 4.044_613_445e-3),
            (10.0, 1.778_006_232e-5, 1.864_877_345e-5),
        ] {
            let [s0, s1] = scaled_k01(x).map(|s| s * (-x).exp());
            assert!((s0 / k0 - 1.0).abs() < 1e-9 && (s1 / k1 - 1.0).abs() < 1e-9, "{x}: {s0} {s1}");
        }
        // Large: √(π/2x)(1 + (4ν² − 1)/8x + (4ν² − 1)(4ν² − 9)/2(8x)² + …), whose next term is below 1e-11.
        let (leading, x8) = ((PI / 4000.0).sqrt(), 16_000.0f64);
        let [s0, s1] = scaled_k01(2000.0);
        assert!((s0 / leading - (1.0 - 1.0 / x8 + 4.5 / x8.powi(2))).abs() < 1e-10);
        assert!((s1 / leading - (1.0 + 3.0 / x8 - 7.5 / x8.powi(2))).abs() < 1e-10);
        // Small: K₁ is 1/x.
        assert!((scaled_k01(1e-9)[1] * 1e-9 - 1.0).abs() < 1e-8);
    }

    #[test]
    fn bessel_functions_of_the_core_satisfy_the_wronskian_of_the_cladding() {
        // I₀ K₁ + I₁ K₀ = 1/x, I by its power series.
        for x in [0.05, 0.7, 3.0, 12.0f64] {
            let (mut i0, mut i1, mut term) = (0.0, 0.0, 1.0);
            for m in 1..80 {
                i0 += term;
                i1 += term * 0.5 * x / f64::from(m);
                term *= (0.5 * x / f64::from(m)).powi(2);
            }
            let [k0, k1] = scaled_k01(x).map(|s| s * (-x).exp());
            assert!((x * (i0 * k1 + i1 * k0) - 1.0).abs() < 1e-13, "{x}");
        }
    }

    #[test]
    fn the_mode_solves_its_equation_and_meets_the_usual_fit() {
        for v in [0.8, 1.5, 2.0, 2.4, 3.5, 8.0] {
            let [u, w] = lp01(v).unwrap();
            let [k0, k1] = scaled_k01(w);
            assert!((u * libm::j1(u) / libm::j0(u) / (w * k1 / k0) - 1.0).abs() < 1e-9, "{v}");
            assert!((u.hypot(w) / v - 1.0).abs() < 1e-12 && u < J0_ZERO);
        }
        // Rudolph and Neumann (1976): w = 1.1428 V − 0.9960 within 0.1 % of V from 1.5 to 2.5.
        for v in [1.5, 2.0, 2.5] {
            let [_, w] = lp01(v).unwrap();
            assert!((w - (1.1428 * v - 0.9960)).abs() < 1e-3 * v, "{v}: {w}");
        }
        assert!(lp01(0.29).is_none());
    }

    #[test]
    fn it_falls_with_radius_and_rises_with_wavelength() {
        let at = |radius: f64, wavelength: f64| {
            bend_loss_marcuse_db_per_m(radius, 4.1e-6, 1.444, 0.0036, wavelength, 1.28).unwrap()
        };
        assert!((5..60).all(|mm| at(1e-3 * f64::from(mm), 1.55e-6) > at(1e-3 * f64::from(mm + 1), 1.55e-6)));
        assert!(at(10e-3, 1.31e-6) < 1e-2 * at(10e-3, 1.55e-6));
        let bad = |core: f64, delta: f64| bend_loss_marcuse_db_per_m(1e-2, core, 1.444, delta, 1.55e-6, 1.28);
        assert!(bad(4.1e-6, 1e-7).unwrap_err().to_string().contains("large enough to guide"));
        assert!(bad(4.1e-3, 0.0036).is_err() && bad(0.0, 0.0036).is_err());
    }
}
