//! Optical connectors.
//!
//! ```text
//! ln loss ~ N(μ, σ²):   mean = e^(μ + σ²/2),   97 % quantile = e^(μ + z σ),   z = Q⁻¹(0.03) = 1.88079
//! ```
//!
//! Random mating is specified by its mean and its 97 % quantile (IEC 61300-3-34, IEC 61755 grades). A lane has one loss,
//! `loss_db`; the distribution is for statistics over lanes.

use super::inverse_q;
use crate::error::{Error, Result, require};
use crate::units::power_ratio;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Share of mated pairs whose loss is at most `loss_97_db`.
const SPECIFIED: f64 = 0.97;

/// A mated fibre connector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Connector {
    /// Insertion loss in the lane, optical dB.
    pub loss_db: f64,
    /// Power that it reflects over what arrives, dB, negative; none and `"-inf"` reflect nothing. Two reflecting parts make an echo
    /// that interferes with the light.
    #[serde(with = "crate::ledger::optional_float_or_inf", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub reflectance_db: Option<f64>,
    /// Mean of the loss over random matings, optical dB; for statistics, the lane takes `loss_db`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss_mean_db: Option<f64>,
    /// Loss that 97 % of random matings keep, optical dB; for statistics, with `loss_mean_db`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss_97_db: Option<f64>,
}

impl Default for Connector {
    fn default() -> Self {
        Self { loss_db: 0.25, reflectance_db: None, loss_mean_db: None, loss_97_db: None }
    }
}

impl Connector {
    /// Checks every field.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] for a negative loss (nothing here amplifies), a reflectance above 0 dB, or a mean and
    /// a quantile that no lognormal law has: both or neither, the quantile between 1 and 5.86 times the mean.
    pub fn validate(&self) -> Result<()> {
        require::non_negative("loss_db", self.loss_db)?;
        if let Some(db) = self.reflectance_db.filter(|db| db.is_nan() || *db > 0.0) {
            return Err(Error::parameter(
                "reflectance_db",
                db,
                "at most 0 dB: power reflected over power in",
            ));
        }
        self.loss_law().map(drop)
    }

    /// Power reflected over power that arrives.
    pub fn reflectance(&self) -> f64 {
        self.reflectance_db.map_or(0.0, power_ratio)
    }

    /// Loss that a share `probability` of random matings keeps, optical dB.
    ///
    /// ```
    /// use lightlane::medium::optics::Connector;
    /// let mpo = Connector { loss_mean_db: Some(0.25), loss_97_db: Some(0.75), ..Connector::default() };
    /// assert!((mpo.loss_quantile_db(0.97)? - 0.75).abs() < 1e-9);
    /// assert!((mpo.loss_quantile_db(0.5)? - 0.1925).abs() < 1e-4);
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] for a probability outside 1e-9 to 1 − 1e-9, without a distribution, and as
    /// [`Self::validate`].
    pub fn loss_quantile_db(&self, probability: f64) -> Result<f64> {
        require::within("probability", probability, 1e-9, 1.0 - 1e-9)?;
        let Some((mu, sigma)) = self.loss_law()? else {
            return Err(Error::parameter("loss_mean_db", "None", "given together with loss_97_db"));
        };
        // Q⁻¹ is given for the upper half.
        let z = if probability > 0.5 { inverse_q(1.0 - probability)? } else { -inverse_q(probability)? };
        Ok((mu + sigma * z).exp())
    }

    /// μ and σ of ln loss in dB.
    fn loss_law(&self) -> Result<Option<(f64, f64)>> {
        let (mean, quantile) = match (self.loss_mean_db, self.loss_97_db) {
            (None, None) => return Ok(None),
            (Some(mean), Some(quantile)) => (mean, quantile),
            (given, _) => {
                let (missing, other) = if given.is_some() {
                    ("loss_97_db", "loss_mean_db")
                } else {
                    ("loss_mean_db", "loss_97_db")
                };
                return Err(Error::parameter(missing, "None", format!("given together with {other}")));
            }
        };
        require::positive("loss_mean_db", mean)?;
        let z = inverse_q(1.0 - SPECIFIED)?;
        // zσ − σ²/2 = ln(quantile/mean); the smaller root is the law whose quantile rises with σ.
        let ratio = (quantile / mean).ln();
        let square = z * z - 2.0 * ratio;
        if !(ratio >= 0.0 && square >= 0.0) {
            let most = (0.5 * z * z).exp();
            let requirement = format!("between 1 and {most:.2} times loss_mean_db = {mean}");
            return Err(Error::parameter("loss_97_db", quantile, requirement));
        }
        let sigma = z - square.sqrt();
        Ok(Some((mean.ln() - 0.5 * sigma * sigma, sigma)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_law_has_the_mean_and_the_quantile_given() {
        for (mean, quantile) in [(0.25, 0.75), (0.1, 0.1), (0.2, 0.5), (0.35, 0.75)] {
            let c =
                Connector { loss_mean_db: Some(mean), loss_97_db: Some(quantile), ..Connector::default() };
            assert!((c.loss_quantile_db(0.97).unwrap() / quantile - 1.0).abs() < 1e-9);
            // The mean as the average of equidistant quantiles; the upper tail beyond 1e-4 holds 1e-3 of it.
            let n = 10_000;
            let sum: f64 = (0..n).map(|i| c.loss_quantile_db((i as f64 + 0.5) / n as f64).unwrap()).sum();
            assert!((sum / n as f64 / mean - 1.0).abs() < 2e-3, "{mean} {quantile}");
        }
    }

    #[test]
    fn bad_fields_are_named() {
        let text = |c: Connector| c.validate().unwrap_err().to_string();
        assert!(
            text(Connector { reflectance_db: Some(26.0), ..Connector::default() })
                .starts_with("reflectance_db = 26")
        );
        assert!(
            text(Connector { loss_mean_db: Some(0.2), ..Connector::default() })
                .starts_with("loss_97_db = None")
        );
        let wild = Connector { loss_mean_db: Some(0.2), loss_97_db: Some(2.0), ..Connector::default() };
        assert!(text(wild).starts_with("loss_97_db = 2"));
        let dark = Connector { reflectance_db: Some(f64::NEG_INFINITY), ..Connector::default() };
        dark.validate().unwrap();
        assert_eq!(dark.reflectance(), 0.0);
        assert!((Connector { reflectance_db: Some(-30.0), ..dark }.reflectance() - 1e-3).abs() < 1e-18);
    }
}
