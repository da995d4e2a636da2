//! Passivity, reciprocity, causality and what else a user should know before trusting a file.

use super::Network;
use super::causality::{clockwise_percent, early_energy};
use super::matrix::{largest_singular_value, singular_value_bound};
use super::uniform::bulk_delay_s;
use crate::error::{Error, Result};

/// Figures of a network as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// Largest singular value of S over all frequencies; above 1 energy is created.
    pub max_singular_value: f64,
    /// Frequency of that value, Hz.
    pub max_singular_value_freq_hz: f64,
    /// `max_singular_value` ≤ 1 + 1e-6: the margin is what files of six digits need.
    pub passive: bool,
    /// Largest |S - Sᵀ|.
    pub reciprocity_error: f64,
    /// Share of the energy of the strongest transmissions before t = 0, 0 to 1, through a cos² window; 0 for fewer
    /// than 9 frequencies, which cannot tell.
    pub causality_error: f64,
    /// Causality quality measure of IEEE Std 370-2020 (frequency domain), percent, of the worst S_ij. Noise lowers it.
    pub causality_quality_percent: f64,
    /// Whether the file holds 0 Hz.
    pub has_dc: bool,
    /// Last frequency, Hz.
    pub freq_max_hz: f64,
    /// What a user should know, one sentence each.
    pub warnings: Vec<String>,
}

/// Slack of the passivity verdict.
const PASSIVE_SLACK: f64 = 1e-6;
/// Errors above these are worth a sentence.
const NOTABLE_EARLY_ENERGY: f64 = 1e-3;
const NOTABLE_RECIPROCITY: f64 = 1e-2;

impl Network {
    /// Figures of merit of this network.
    ///
    /// # Errors
    /// [`Error::Convergence`] if the singular values of a matrix cannot be found.
    pub fn quality(&self) -> Result<Quality> {
        let n = self.n_ports();
        let (mut largest, mut at) = (-1.0, 0);
        let mut reciprocity_error: f64 = 0.0;
        for k in 0..self.freq_hz.len() {
            let s = self.matrix(k);
            // The bound spares nearly all decompositions of a file with a clear maximum.
            if singular_value_bound(s, n) > largest {
                let value = largest_singular_value(s, n).ok_or_else(|| Error::Convergence {
                    method: "singular value decomposition".into(),
                    figure: format!("frequency index {k}: off-diagonal residual"),
                    value: f64::NAN,
                    limit: f64::EPSILON,
                    iterations: 1000,
                })?;
                if value > largest {
                    (largest, at) = (value, k);
                }
            }
            for r in 0..n {
                for c in 0..r {
                    reciprocity_error = reciprocity_error.max((s[r * n + c] - s[c * n + r]).norm());
                }
            }
        }
        let mut quality = Quality {
            max_singular_value: largest,
            max_singular_value_freq_hz: self.freq_hz[at],
            passive: largest <= 1.0 + PASSIVE_SLACK,
            reciprocity_error,
            causality_error: early_energy(self)?,
            causality_quality_percent: clockwise_percent(self),
            has_dc: self.freq_hz[0] == 0.0,
            freq_max_hz: self.freq_hz[self.freq_hz.len() - 1],
            warnings: self.warnings.clone(),
        };
        quality.warnings.extend(self.quality_warnings(&quality));
        Ok(quality)
    }

    fn quality_warnings(&self, q: &Quality) -> Vec<String> {
        let mut warnings = Vec::new();
        if !q.passive {
            warnings.push(format!(
                "not passive: largest singular value {:.6} at {:.6e} Hz",
                q.max_singular_value, q.max_singular_value_freq_hz
            ));
        }
        if q.reciprocity_error > NOTABLE_RECIPROCITY {
            warnings.push(format!("not reciprocal: |S - transpose| up to {:.3e}", q.reciprocity_error));
        }
        if q.causality_error > NOTABLE_EARLY_ENERGY {
            warnings
                .push(format!("{:.2e} of the transmitted energy arrives before t = 0", q.causality_error));
        }
        if !q.has_dc {
            warnings.push(format!(
                "no value at 0 Hz: extrapolated from {:.6e} Hz when it is needed",
                self.freq_hz[0]
            ));
        }
        if self.freq_hz.len() == 1 {
            warnings.push("a single frequency: no response in time can be made of it".into());
        }
        if let Some((delay_s, window_s)) = self.delay_against_window()
            && delay_s > 0.5 * window_s
        {
            warnings.push(format!(
                "frequency step too coarse for a delay of {delay_s:.3e} s: its window is {window_s:.3e} s"
            ));
        }
        warnings
    }

    /// Longest bulk delay of a transmission from port 1, and the window of the widest frequency step.
    fn delay_against_window(&self) -> Option<(f64, f64)> {
        let widest = self.freq_hz.windows(2).map(|w| w[1] - w[0]).reduce(f64::max)?;
        let delay = (1..self.n_ports())
            .map(|out| bulk_delay_s(&self.freq_hz, &self.trace(out, 0)))
            .reduce(f64::max)?;
        Some((delay, 1.0 / widest))
    }
}
