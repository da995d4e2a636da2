//! By how much the noise may grow.

use super::prepared::{Effort, Prepared};
use crate::error::{Result, require};
use crate::run::Run;
use crate::units::amplitude_ratio;

/// Less noise than this does not help any more, dB.
const LEAST_DB: f64 = -40.0;
/// More noise than this fails any lane, dB.
const MOST_DB: f64 = 120.0;
/// Resolution of a margin, dB.
const RESOLUTION_DB: f64 = 1e-7;

/// A margin in dB.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Margin {
    /// 20 log10 of the factor on all Gaussian noise at which the bit error ratio reaches its limit; negative when it
    /// is above its limit now, −∞ when it fails without noise, +∞ when no noise makes it fail (there is none).
    pub margin_db: f64,
    /// It fails with 40 dB less noise: interference, crosstalk and jitter alone close the eye.
    pub fails_without_noise: bool,
}

impl Prepared {
    /// Margin against a bit error ratio before FEC: [`joint_margin_db`] of one segment.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] unless 0 < limit < 0.5, [`crate::Error::Interrupted`].
    pub fn margin_db(&self, ber_limit: f64, run: &Run) -> Result<Margin> {
        joint_margin_db(&[self], ber_limit, run)
    }
}

/// ½ ln(−ln BER): √(−ln BER) is nearly proportional to signal over noise, so that its logarithm against either in decibels is
/// nearly a line.
pub(crate) fn height(ber: f64) -> f64 {
    0.5 * (-ber.clamp(1e-300, 0.999).ln()).ln()
}

/// Margin of segments in a row against a bit error ratio before FEC, to which the sum of theirs is taken.
///
/// All Gaussian noises of all segments grow together; intersymbol interference, crosstalk, jitter (random jitter too),
/// equalizers and thresholds are held.
///
/// # Errors
/// [`crate::Error::Parameter`] unless 0 < limit < 0.5, [`crate::Error::Interrupted`].
pub fn joint_margin_db(segments: &[&Prepared], ber_limit: f64, run: &Run) -> Result<Margin> {
    require::positive("ber_limit", ber_limit)?;
    require::within("ber_limit", ber_limit, 0.0, 0.5)?;
    let found = |margin_db: f64| Ok(Margin { margin_db, fails_without_noise: false });
    let sum = |scale: f64| segments.iter().map(|s| s.ratios(scale).ber).sum::<f64>();
    if segments.iter().all(|s| !has_noise(s)) {
        let passes = sum(1.0) <= ber_limit;
        let margin_db = if passes { f64::INFINITY } else { f64::NEG_INFINITY };
        return Ok(Margin { margin_db, fails_without_noise: !passes });
    }
    let target = height(ber_limit);
    let above = |db: f64| height(sum(amplitude_ratio(db))) - target;
    let now = height(sum(1.0)) - target;
    if now >= 0.0 {
        let mut low = (0.0, now);
        let mut step = 3.0;
        loop {
            run.check()?;
            let db = low.0 + step;
            let value = above(db);
            if value < 0.0 {
                return found(solve(low, (db, value), run, above)?);
            }
            if db > MOST_DB {
                return found(f64::INFINITY);
            }
            low = (db, value);
            step *= 1.5;
        }
    }
    let mut high = (0.0, now);
    for db in [-6.0, -18.0, LEAST_DB] {
        run.check()?;
        let finer: Vec<Prepared> = segments.iter().map(|s| s.finer(db, run)).collect::<Result<_>>()?;
        let value =
            |db: f64| height(finer.iter().map(|s| s.ratios(amplitude_ratio(db)).ber).sum::<f64>()) - target;
        let low = (db, value(db));
        if low.1 >= 0.0 {
            return found(solve(low, high, run, value)?);
        }
        high = low;
    }
    Ok(Margin { margin_db: f64::NEG_INFINITY, fails_without_noise: true })
}

fn has_noise(segment: &Prepared) -> bool {
    segment.model.noise.mean_variance_v2() > 0.0
}

impl Prepared {
    /// The same model on grids for `db` more noise, negative for less, with the thresholds that are in use.
    fn finer(&self, db: f64, run: &Run) -> Result<Self> {
        let mut model = self.model.clone();
        model.thresholds_v = Some(self.thresholds_v().to_vec());
        // A model without noise has no grid to refine.
        let scale = if has_noise(self) { amplitude_ratio(db) * self.scale } else { self.scale };
        Self::for_scale(&model, self.detector(), scale, Effort::Figures, run)
    }
}

/// Root between `low` (value ≥ 0) and `high` (value < 0) by the Illinois rule.
fn solve(mut low: (f64, f64), mut high: (f64, f64), run: &Run, value: impl Fn(f64) -> f64) -> Result<f64> {
    let mut last_side = 0;
    for _ in 0..60 {
        run.check()?;
        let x = (low.0 * high.1 - high.0 * low.1) / (high.1 - low.1);
        let y = value(x);
        if y >= 0.0 {
            let done = (x - low.0).abs() < RESOLUTION_DB;
            low = (x, y);
            if last_side == 1 {
                high.1 *= 0.5;
            }
            last_side = 1;
            if done {
                break;
            }
        } else {
            let done = (x - high.0).abs() < RESOLUTION_DB;
            high = (x, y);
            if last_side == -1 {
                low.1 *= 0.5;
            }
            last_side = -1;
            if done {
                break;
            }
        }
        if high.0 - low.0 < RESOLUTION_DB || y == 0.0 {
            break;
        }
    }
    Ok(if low.1.abs() < high.1.abs() { low.0 } else { high.0 })
}
