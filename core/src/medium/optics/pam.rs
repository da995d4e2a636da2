//! Symbol error ratio of levels in Gaussian noise, and the sensitivity it implies.

use crate::error::{Error, Result, require};
use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// Where the decision thresholds of [`pam4_ser`] lie.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Thresholds {
    /// Equal likelihood of the two levels: least symbol error ratio.
    #[default]
    Optimum,
    /// Half way between the levels.
    Midpoint,
    /// As many sigmas from one level as from the other.
    EqualQ,
    /// Given, ascending, in the unit of the levels.
    At([f64; 3]),
}

/// Result of [`pam4_ser`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PamErrors {
    /// Symbol error ratio for equally likely symbols.
    pub ser: f64,
    /// Thresholds used, ascending.
    pub thresholds: [f64; 3],
}

/// Symbol error ratio of four levels, each with its own Gaussian noise.
///
/// ```
/// use lightlane::medium::optics::{Thresholds, pam4_ser};
/// let r = pam4_ser([-3.0, -1.0, 1.0, 3.0], [0.25; 4], Thresholds::Optimum)?;
/// assert!((r.ser / (1.5 * 3.167_124e-5) - 1.0).abs() < 1e-6); // 1.5 Q(4)
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for levels that do not ascend, a negative sigma, or given thresholds that do not ascend.
pub fn pam4_ser(levels: [f64; 4], sigmas: [f64; 4], thresholds: Thresholds) -> Result<PamErrors> {
    if let Some(i) =
        (1..4).find(|i| !matches!(levels[*i].partial_cmp(&levels[i - 1]), Some(std::cmp::Ordering::Greater)))
    {
        return Err(Error::parameter(format!("levels[{i}]"), levels[i], "above the level before it"));
    }
    for (i, s) in sigmas.iter().enumerate() {
        require::non_negative(&format!("sigmas[{i}]"), *s)?;
    }
    let mut at = [0.0; 3];
    for i in 0..3 {
        let (l, s) = ([levels[i], levels[i + 1]], [sigmas[i], sigmas[i + 1]]);
        at[i] = match thresholds {
            Thresholds::Optimum => equal_likelihood(l, s),
            Thresholds::Midpoint => 0.5 * (l[0] + l[1]),
            Thresholds::EqualQ if s[0] + s[1] == 0.0 => 0.5 * (l[0] + l[1]),
            Thresholds::EqualQ => (l[0] * s[1] + l[1] * s[0]) / (s[0] + s[1]),
            Thresholds::At(given) => given[i],
        };
    }
    if let Some(i) = (1..3).find(|i| at[*i] < at[i - 1] || at[*i].is_nan()) {
        return Err(Error::parameter(format!("thresholds[{i}]"), at[i], "at least the threshold before it"));
    }
    let mut ser = 0.0;
    for i in 0..4 {
        if i > 0 {
            ser += 0.25 * tail(levels[i] - at[i - 1], sigmas[i]);
        }
        if i < 3 {
            ser += 0.25 * tail(at[i] - levels[i], sigmas[i]);
        }
    }
    Ok(PamErrors { ser, thresholds: at })
}

/// Where two Gaussians are equally likely, between their means; the nearer mean when they cross outside.
fn equal_likelihood(level: [f64; 2], sigma: [f64; 2]) -> f64 {
    let distance = level[1] - level[0];
    let (s0, s1) = (sigma[0], sigma[1]);
    if s0 == 0.0 || s1 == 0.0 {
        // A level without noise needs no room.
        return if s0 == s1 {
            0.5 * (level[0] + level[1])
        } else if s0 == 0.0 {
            level[0]
        } else {
            level[1]
        };
    }
    // y from the lower mean: y²/s0² − (y − d)²/s1² = 2 ln(s1/s0), solved for the root between 0 and d in the form
    // that does not cancel when the sigmas are equal.
    let a = s1 * s1 - s0 * s0;
    let b = distance * s0 * s0;
    let c = -(distance * s0).powi(2) - 2.0 * (s0 * s1).powi(2) * (s1 / s0).ln();
    let root = (b * b - a * c).max(0.0).sqrt();
    level[0] + (-c / (b + root)).clamp(0.0, distance)
}

/// Q(distance/sigma), a step when there is no noise.
fn tail(distance: f64, sigma: f64) -> f64 {
    if sigma == 0.0 {
        return if distance > 0.0 {
            0.0
        } else if distance < 0.0 {
            1.0
        } else {
            0.5
        };
    }
    q(distance / sigma)
}

fn q(x: f64) -> f64 {
    0.5 * libm::erfc(x * FRAC_1_SQRT_2)
}

/// The x whose Gaussian tail Q(x) is `probability`.
///
/// ```
/// assert!((lightlane::medium::optics::inverse_q(4.8e-4 / 1.5)? - 3.41407).abs() < 5e-6);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] unless 1e-300 ≤ probability ≤ 1/2.
pub fn inverse_q(probability: f64) -> Result<f64> {
    require::within("probability", probability, 1e-300, 0.5)?;
    let target = probability.ln();
    // Newton on ln Q, which falls and is concave, from the right of the root since Q(x) ≤ e^(−x²/2)/2: every step
    // stays there and comes nearer.
    let mut x = (-2.0 * (2.0 * probability).ln()).max(0.0).sqrt();
    for _ in 0..60 {
        let tail = q(x);
        let slope = -(-0.5 * x * x).exp() / ((2.0 * PI).sqrt() * tail);
        let step = (tail.ln() - target) / slope;
        x -= step;
        if step.abs() <= 1e-14 * x.abs().max(1.0) {
            break;
        }
    }
    Ok(x)
}

/// Sensitivity as outer OMA, W, of a receiver limited by thermal noise: 6 Q_t i_n √B / responsivity, with
/// Q_t = Q⁻¹(SER/1.5). A bound: equalization and RIN cost more.
///
/// # Errors
/// [`Error::Parameter`] for an error ratio outside (0, 0.75] or a responsivity that is not positive.
pub fn sensitivity_oma_w(
    ser: f64,
    noise_a_per_rthz: f64,
    noise_bandwidth_hz: f64,
    responsivity_a_per_w: f64,
) -> Result<f64> {
    require::within("ser", ser, 1.5e-300, 0.75)?;
    require::non_negative("noise_a_per_rthz", noise_a_per_rthz)?;
    require::non_negative("noise_bandwidth_hz", noise_bandwidth_hz)?;
    require::positive("responsivity_a_per_w", responsivity_a_per_w)?;
    Ok(6.0 * inverse_q(ser / 1.5)? * noise_a_per_rthz * noise_bandwidth_hz.sqrt() / responsivity_a_per_w)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EQUAL: [f64; 4] = [-3.0, -1.0, 1.0, 3.0];

    #[test]
    fn inverse_q_meets_published_values_and_its_own_inverse() {
        // Six published digits.
        assert!((inverse_q(4.8e-4 / 1.5).unwrap() - 3.41407).abs() < 5e-6);
        assert!((inverse_q(9.6e-3 / 1.5).unwrap() - 2.48929).abs() < 5e-6);
        for x in [0.0, 0.1, 1.0, 5.0, 20.0, 36.0] {
            // Newton stops at 1e-14; erfc itself is good to a few ulp of its logarithm.
            assert!((inverse_q(q(x)).unwrap() - x).abs() < 1e-10, "{x}");
        }
        assert!(inverse_q(0.6).is_err());
    }

    #[test]
    fn the_sensitivity_is_where_the_error_ratio_is_met() {
        // At that OMA three eyes of OMA/3 in thermal noise alone must give the error ratio back.
        let (ser, i_n, b, r) = (4.8e-4, 15e-12, 50e9, 0.9);
        let oma_a = sensitivity_oma_w(ser, i_n, b, r).unwrap() * r;
        let levels = [0.0, oma_a / 3.0, 2.0 * oma_a / 3.0, oma_a];
        let back = pam4_ser(levels, [i_n * b.sqrt(); 4], Thresholds::Midpoint).unwrap().ser;
        assert!((back / ser - 1.0).abs() < 1e-9);
    }

    #[test]
    fn thresholds_move_towards_the_quieter_level() {
        let sigmas = [0.1, 0.2, 0.3, 0.4];
        let r = pam4_ser(EQUAL, sigmas, Thresholds::Optimum).unwrap();
        let e = pam4_ser(EQUAL, sigmas, Thresholds::EqualQ).unwrap();
        assert!(r.thresholds[0] < -2.0 && r.thresholds[2] < 2.0);
        assert!((e.thresholds[0] - (-3.0 + 2.0 / 3.0)).abs() < 1e-15);
        assert!(r.ser <= e.ser);
        assert_eq!(pam4_ser(EQUAL, [0.0; 4], Thresholds::Optimum).unwrap().ser, 0.0);
        assert!(pam4_ser([0.0, 0.0, 1.0, 2.0], [0.1; 4], Thresholds::Optimum).is_err());
    }

    proptest! {
        #[test]
        fn no_threshold_beats_the_optimum(
            s in prop::array::uniform4(0.05..0.6f64), shift in prop::array::uniform3(-0.2..0.2f64),
        ) {
            let best = pam4_ser(EQUAL, s, Thresholds::Optimum).unwrap();
            let mut other = best.thresholds;
            other.iter_mut().zip(shift).for_each(|(t, d)| *t += d);
            let worse = pam4_ser(EQUAL, s, Thresholds::At(other)).unwrap();
            // Rounding of the tails.
            prop_assert!(worse.ser >= best.ser * (1.0 - 1e-12));
        }
    }
}
