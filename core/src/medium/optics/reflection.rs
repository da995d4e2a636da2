//! Multipath interference of reflections, as a closed form.
//!
//! Light reflected at connector j and again at i < j arrives late beside the signal, its field x times as large:
//!
//! ```text
//! x = √(R_i R_j) T_ij,   P (1 + 2 x cos θ),   rms over power = √(Σ_(i<j) 2 x²)
//! ```
//!
//! T is the one-way power transmission between the two: the field passes there twice more. Every pair has a phase of
//! its own, uniform, and the signal's polarization, which bounds the ripple from above. Triple and higher reflections
//! are of the order R² and left out.

use crate::error::{Error, Result, require};
use crate::units::power_ratio;

/// Ripple of the power by multipath interference, rms over the power itself.
///
/// `reflectances_db` are negative, one a connector in the light's order, −∞ for none; `loss_between_db` is the one-way
/// loss between neighbours, one for all or one for each.
///
/// ```
/// use lightlane::medium::optics::mpi_rms;
/// // Four connectors of −35 dB are six pairs.
/// let rms = mpi_rms(&[-35.0; 4], &[0.0])?;
/// assert!((rms - 12f64.sqrt() * 10f64.powf(-3.5)).abs() < 1e-15);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for a reflectance above 0 dB, a negative loss, or as many losses as neither one nor the gaps.
pub fn mpi_rms(reflectances_db: &[f64], loss_between_db: &[f64]) -> Result<f64> {
    for (i, r) in reflectances_db.iter().enumerate() {
        if r.is_nan() || *r > 0.0 {
            let requirement = "at most 0: no connector returns more light than it gets";
            return Err(Error::parameter(format!("reflectances_db[{i}]"), r, requirement));
        }
    }
    for loss in loss_between_db {
        require::non_negative("loss_between_db", *loss)?;
    }
    let gaps = reflectances_db.len().saturating_sub(1);
    if loss_between_db.len() != 1 && loss_between_db.len() != gaps {
        let requirement = format!("one number or one between neighbours, {gaps}");
        let given = format!("{} numbers", loss_between_db.len());
        return Err(Error::parameter("loss_between_db", given, requirement));
    }
    let loss_db = |gap: usize| loss_between_db[if loss_between_db.len() == 1 { 0 } else { gap }];
    let mut sum = 0.0;
    // Σ_(i<j) R_i T_ij² seen from connector j, carried from one connector to the next.
    let mut arriving = 0.0;
    for (j, r) in reflectances_db.iter().enumerate() {
        if j > 0 {
            arriving = (arriving + power_ratio(reflectances_db[j - 1])) * power_ratio(-2.0 * loss_db(j - 1));
        }
        sum += power_ratio(*r) * arriving;
    }
    Ok((2.0 * sum).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_sum_over_all_pairs() {
        let (r, loss) = ([-26.0, -45.0, f64::NEG_INFINITY, -30.0, -55.0], [0.3, 1.0, 0.0, 2.5]);
        let mut sum = 0.0;
        for i in 0..5 {
            for j in i + 1..5 {
                let between: f64 = loss[i..j].iter().sum();
                let x = (power_ratio(r[i]) * power_ratio(r[j])).sqrt() * power_ratio(-between);
                sum += 2.0 * x * x;
            }
        }
        // The order of the sums differs: rounding.
        assert!((mpi_rms(&r, &loss).unwrap() / sum.sqrt() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn one_pair_ripples_as_its_phase_turns() {
        // The arcsine law of P (1 + 2x cos θ + x²), sampled evenly in phase.
        let x = power_ratio(-30.0) * power_ratio(-1.0);
        let n = 360;
        let ripple = |k: i32| 2.0 * x * (std::f64::consts::TAU * f64::from(k) / f64::from(n)).cos();
        let rms = ((0..n).map(|k| ripple(k).powi(2)).sum::<f64>() / f64::from(n)).sqrt();
        assert!((mpi_rms(&[-30.0, -30.0], &[1.0]).unwrap() / rms - 1.0).abs() < 1e-12);
    }

    #[test]
    fn one_connector_meets_nobody_and_a_gain_is_refused() {
        assert_eq!(mpi_rms(&[-14.0], &[0.0]).unwrap(), 0.0);
        assert_eq!(mpi_rms(&[], &[]).unwrap(), 0.0);
        let text = mpi_rms(&[-20.0, 26.0], &[0.0]).unwrap_err().to_string();
        assert!(text.starts_with("reflectances_db[1] = 26: must be at most 0"), "{text}");
        assert!(
            mpi_rms(&[-20.0; 4], &[0.0; 2]).unwrap_err().to_string().contains("one between neighbours, 3")
        );
        assert!(mpi_rms(&[-20.0; 2], &[-1.0]).is_err());
    }
}
