//! Closed forms of one fibre, and of fibres that are independent.

use crate::error::{Error, Result, require};
use std::f64::consts::LN_10;

/// Mean coupling loss, optical dB, of equal Gaussian modes whose offset has `sigma_m` per axis: (20/ln 10) σ²/w².
///
/// The loss is exponential, so that a budget of b dB is met with probability 1 − exp(−b/mean).
///
/// ```
/// use lightlane::medium::optics::alignment_mean_loss_db;
/// assert!((alignment_mean_loss_db(4e-6, 0.4e-6)? - 0.34744).abs() < 5e-6);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for a diameter that is not positive or a negative deviation.
pub fn alignment_mean_loss_db(mfd_m: f64, sigma_m: f64) -> Result<f64> {
    require::positive("mfd_m", mfd_m)?;
    require::non_negative("sigma_m", sigma_m)?;
    Ok(20.0 / LN_10 * (sigma_m / (0.5 * mfd_m)).powi(2))
}

/// Largest deviation per axis, m, at which all of `n_fibers` independent fibres lose at most `budget_db` with probability
/// `yield_`: the inverse of (1 − exp(−budget/mean))ⁿ.
///
/// ```
/// use lightlane::medium::optics::alignment_sigma_m;
/// // 18 fibres into modes of 4 µm: 99 % within 1 dB needs 0.25 µm.
/// assert!((alignment_sigma_m(0.99, 18, 1.0, 4e-6)? - 0.2479e-6).abs() < 1e-10);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] unless 0 < yield < 1, there is a fibre, and budget and diameter are positive.
pub fn alignment_sigma_m(yield_: f64, n_fibers: usize, budget_db: f64, mfd_m: f64) -> Result<f64> {
    if !(yield_ > 0.0 && yield_ < 1.0) {
        return Err(Error::parameter("yield_", yield_, "above 0 and below 1"));
    }
    if n_fibers == 0 {
        return Err(Error::parameter("n_fibers", 0, "at least 1"));
    }
    require::positive("budget_db", budget_db)?;
    require::positive("mfd_m", mfd_m)?;
    // Each misses with 1 − yield^(1/n), in a form that keeps its digits for a yield near 1.
    let misses = -(yield_.ln() / n_fibers as f64).exp_m1();
    let mean_db = -budget_db / misses.ln();
    Ok(0.5 * mfd_m * (mean_db * LN_10 / 20.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::medium::optics::{Alignment, coupling_loss_db};
    use proptest::prelude::*;

    #[test]
    fn the_mean_is_the_loss_of_the_mean_square_offset() {
        // d² has the mean 2σ², and the loss is proportional to d².
        let sigma: f64 = 0.3e-6;
        let at_rms = coupling_loss_db(9.2e-6, None, (2f64).sqrt() * sigma, 0.0, 0.0, 1.31e-6, 1.0);
        assert!((alignment_mean_loss_db(9.2e-6, sigma).unwrap() / at_rms - 1.0).abs() < 1e-12);
        assert!(alignment_mean_loss_db(0.0, sigma).is_err() && alignment_mean_loss_db(4e-6, -1e-9).is_err());
    }

    #[test]
    fn what_is_no_yield_is_refused() {
        for bad in [0.0, 1.0, -0.1, 1.5, f64::NAN] {
            assert!(alignment_sigma_m(bad, 1, 1.0, 4e-6).is_err(), "{bad}");
        }
        assert!(
            alignment_sigma_m(0.9, 0, 1.0, 4e-6).is_err() && alignment_sigma_m(0.9, 1, 0.0, 4e-6).is_err()
        );
    }

    proptest! {
        #[test]
        fn the_deviation_gives_the_yield_back(y in 1e-6..0.999_999f64, n in 1usize..200, budget in 0.05..5.0f64) {
            let sigma = alignment_sigma_m(y, n, budget, 4e-6).unwrap();
            let alignment = Alignment { sigma_fiber_m: sigma, n_fibers: n, ..Alignment::default() };
            let back = alignment.array_yield(4e-6, budget).unwrap();
            // Rounding of a logarithm times n.
            prop_assert!((back / y - 1.0).abs() < 1e-9, "{} {}", back, y);
        }
    }
}
