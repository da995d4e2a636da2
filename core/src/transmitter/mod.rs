//! Transmitter: levels, feed-forward equalizer, noise and jitter.
//!
//! ```text
//! symbols ──► levels ──► FFE x_n = Σ c(i) a_(n−i) ──► + noise ──► one-symbol rectangles ──► H_t ──► medium
//! ```
//!
//! The outer levels are ±`amplitude_v`, zero to peak, differential (COM's A_v). Everything defaults to ideal.

mod ffe;

pub use ffe::TransmitFfe;

use crate::error::{Error, Result, require};
use crate::modulation::Modulation;
use crate::response::Jitter;
use crate::units::amplitude_ratio;
use num_complex::Complex64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::{PI, TAU};

/// Transmitter of a lane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Transmitter {
    /// Amplitude of the outer levels, V, zero to peak, differential (COM's A_v).
    pub amplitude_v: f64,
    /// Transmit FFE: a mapping from UI offset to tap (negative is before the cursor) with c(0) = 1 - sum|c|, or every
    /// tap in time order, which needs `ffe_pre`. None is no FFE.
    pub ffe: Option<TransmitFfe>,
    /// Taps before the main one when `ffe` is a list.
    pub ffe_pre: Option<usize>,
    /// Signal-to-noise ratio of the transmitter, dB: white noise of rms amplitude_v 10^(-snr_db/20) from symbol to
    /// symbol, after the FFE. None is no noise.
    pub snr_db: Option<f64>,
    /// Level mismatch R_LM of PAM4: the inner levels are ±(2 - R)/3 of the outer ones.
    pub level_mismatch: f64,
    /// Levels relative to `amplitude_v`, ascending; overrides `level_mismatch`.
    pub levels: Option<Vec<f64>>,
    /// Jitter, untracked by the clock recovery. None is none.
    pub jitter: Option<Jitter>,
    /// Transition time of the edges, 20 to 80 %, s: COM's Gaussian H_t, delayed by 3 of it to be causal. None is a
    /// rectangle.
    pub transition_s: Option<f64>,
    /// Differential source termination, ohm.
    pub termination_ohm: f64,
}

impl Default for Transmitter {
    fn default() -> Self {
        Self {
            amplitude_v: 0.5,
            ffe: None,
            ffe_pre: None,
            snr_db: None,
            level_mismatch: 1.0,
            levels: None,
            jitter: None,
            transition_s: None,
            termination_ohm: 100.0,
        }
    }
}

/// Ratio of the 20–80 % time of a Gaussian edge to its scale in H_t (93A-46).
const GAUSSIAN_EDGE: f64 = 1.6832;

impl Transmitter {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the field.
    pub fn validate(&self) -> Result<()> {
        require::positive("transmitter.amplitude_v", self.amplitude_v)?;
        require::positive("transmitter.termination_ohm", self.termination_ohm)?;
        // Below 0.5 the inner levels of a PAM4 transmitter would meet its outer ones.
        if !(self.level_mismatch > 0.5 && self.level_mismatch < 2.0) {
            let requirement = "above 0.5 and below 2, or the levels would cross";
            return Err(Error::parameter("transmitter.level_mismatch", self.level_mismatch, requirement));
        }
        if let Some(snr_db) = self.snr_db {
            require::within("transmitter.snr_db", snr_db, 0.0, 200.0)?;
        }
        if let Some(transition_s) = self.transition_s {
            require::positive("transmitter.transition_s", transition_s)?;
        }
        if let Some(jitter) = &self.jitter {
            jitter.validate()?;
        }
        if let Some(levels) = &self.levels {
            let ordered = levels.windows(2).all(|w| w[0] < w[1]);
            if !ordered || levels.len() < 2 || levels.iter().any(|l| !(-1.0..=1.0).contains(l)) {
                let requirement = "two or more levels from -1 to 1, ascending";
                return Err(Error::parameter("transmitter.levels", format!("{levels:?}"), requirement));
            }
        }
        match &self.ffe {
            None if self.ffe_pre.is_some() => Err(Error::parameter(
                "transmitter.ffe_pre",
                self.ffe_pre.unwrap_or_default(),
                "left out when there is no ffe",
            )),
            None => Ok(()),
            Some(ffe) => ffe.time_order(self.ffe_pre).map(|_| ()),
        }
    }

    /// Level of each symbol, ascending, V.
    ///
    /// ```
    /// use lightlane::modulation::Modulation;
    /// let t = lightlane::transmitter::Transmitter { amplitude_v: 0.4, level_mismatch: 0.95, ..Default::default() };
    /// let levels = t.levels_v(Modulation::Pam4)?;
    /// assert!((levels[2] - 0.4 * 0.35).abs() < 1e-15);
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] when `levels` does not have one entry a symbol of the alphabet.
    pub fn levels_v(&self, modulation: Modulation) -> Result<Vec<f64>> {
        let inner = (2.0 - self.level_mismatch) / 3.0;
        let ideal: &[f64] = match modulation {
            Modulation::Nrz => &[-1.0, 1.0],
            Modulation::Pam4 => &[-1.0, -inner, inner, 1.0],
        };
        let levels = self.levels.as_deref().unwrap_or(ideal);
        if levels.len() != ideal.len() {
            let requirement = format!("{} levels for this modulation", ideal.len());
            return Err(Error::parameter(
                "transmitter.levels",
                format!("{} levels", levels.len()),
                requirement,
            ));
        }
        Ok(levels.iter().map(|l| l * self.amplitude_v).collect())
    }

    /// FFE in time order and the index of its main tap; a single 1 without an FFE.
    ///
    /// # Errors
    /// As [`TransmitFfe::time_order`].
    pub fn taps(&self) -> Result<(Vec<f64>, usize)> {
        self.ffe.as_ref().map_or_else(|| Ok((vec![1.0], 0)), |ffe| ffe.time_order(self.ffe_pre))
    }

    /// Standard deviation of the transmitter's noise, V, one independent value a symbol; 0 without `snr_db`.
    pub fn noise_rms_v(&self) -> f64 {
        self.snr_db.map_or(0.0, |db| self.amplitude_v * amplitude_ratio(-db))
    }

    /// H_t = exp(−2 (πf T_r/1.6832)²) e^(−j2πf·3T_r): the Gaussian edge of Annex 93A, made causal by a delay of three
    /// transition times, before which a Gaussian of this width has 1e-5 of its area. 1 without `transition_s`.
    pub fn edge_response(&self, freq_hz: f64) -> Complex64 {
        self.transition_s.map_or(Complex64::new(1.0, 0.0), |t_r| {
            let x = PI * freq_hz * t_r / GAUSSIAN_EDGE;
            Complex64::from_polar((-2.0 * x * x).exp(), -TAU * freq_hz * 3.0 * t_r)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edge_takes_its_transition_time_from_20_to_80_percent() {
        // Step response of exp(-2 (pi f T/1.6832)^2): 0.5 erfc(-t/(sqrt(2) s)) with s = T/1.6832, whose 20-80 % time
        // is 2 * 0.841621 s = T.
        let t = Transmitter { transition_s: Some(4e-12), ..Default::default() };
        let s = 4e-12 / GAUSSIAN_EDGE;
        for f in [1e9, 53e9, 106e9] {
            let gaussian = (-0.5 * (TAU * f * s).powi(2)).exp();
            assert!((t.edge_response(f).norm() - gaussian).abs() < 1e-14);
        }
        assert!((2.0 * 0.841_621_234 * s / 4e-12 - 1.0).abs() < 1e-4);
    }

    #[test]
    fn noise_and_levels_follow_the_amplitude() {
        let t = Transmitter { amplitude_v: 0.413, snr_db: Some(33.0), ..Default::default() };
        assert!((t.noise_rms_v() - 0.413 * 10f64.powf(-33.0 / 20.0)).abs() < 1e-18);
        assert_eq!(t.levels_v(Modulation::Nrz).unwrap(), vec![-0.413, 0.413]);
        let own = Transmitter { levels: Some(vec![-1.0, 0.9]), ..t };
        assert!(own.levels_v(Modulation::Nrz).is_ok());
        assert!(own.levels_v(Modulation::Pam4).is_err());
    }

    #[test]
    fn every_field_is_checked() {
        let ok = Transmitter::default();
        assert!(ok.validate().is_ok());
        let bad = [
            Transmitter { amplitude_v: 0.0, ..ok.clone() },
            Transmitter { amplitude_v: f64::NAN, ..ok.clone() },
            Transmitter { level_mismatch: 0.4, ..ok.clone() },
            Transmitter { snr_db: Some(f64::NAN), ..ok.clone() },
            Transmitter { transition_s: Some(-1e-12), ..ok.clone() },
            Transmitter { termination_ohm: 0.0, ..ok.clone() },
            Transmitter { levels: Some(vec![0.5, -0.5]), ..ok.clone() },
            Transmitter { ffe_pre: Some(1), ..ok.clone() },
        ];
        for t in bad {
            assert!(t.validate().unwrap_err().to_string().starts_with("transmitter."), "{t:?}");
        }
    }
}
