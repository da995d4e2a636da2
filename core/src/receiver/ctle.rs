//! Continuous-time linear equalizer of Annex 93A.
//!
//! ```text
//! H_ctf = (g1 + jf/f_z)(g2 + jf/f_LF) / ((1 + jf/f_p1)(1 + jf/f_p2)(1 + jf/f_LF))
//! g1 = 10^(g_DC/20), g2 = 10^(g_DC2/20)
//! ```
//!
//! | symbol | field | unit |
//! |---|---|---|
//! | g_DC, g_DC2 | `gdc_db`, `gdc2_db` | dB |
//! | f_z, f_p1, f_p2, f_LF | `zero_hz`, `pole1_hz`, `pole2_hz`, `low_frequency_hz` | Hz |
//!
//! IEEE 802.3 Annex 93A, equation 93A-22 with the low-frequency stage of 120A/162.

use crate::error::{Result, require};
use crate::grid::SymbolRate;
use crate::receiver::{Setting, setting::SettingRange};
use crate::units::amplitude_ratio;
use num_complex::Complex64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// CTLE with fixed or searched gains. Frequencies left out follow the symbol rate as in 200GBASE-KR1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ctle {
    /// Gain at 0 Hz of the high-frequency stage, dB: a number, a range {min, max, step} or "auto" (-20 to 0 by 1).
    pub gdc_db: Setting,
    /// Gain at 0 Hz of the low-frequency stage, dB: a number, a range {min, max, step} or "auto" (-6 to 0 by 1).
    pub gdc2_db: Setting,
    /// Zero of the high-frequency stage, Hz. None is the symbol rate / 2.5.
    pub zero_hz: Option<f64>,
    /// First pole, Hz. None is the symbol rate / 2.5.
    pub pole1_hz: Option<f64>,
    /// Second pole, Hz. None is the symbol rate.
    pub pole2_hz: Option<f64>,
    /// Pole and zero of the low-frequency stage, Hz. None is the symbol rate / 80.
    pub low_frequency_hz: Option<f64>,
}

/// Searched by default: the range of 200GBASE-KR1.
const GDC_AUTO: SettingRange = SettingRange { min: -20.0, max: 0.0, step: 1.0 };
const GDC2_AUTO: SettingRange = SettingRange { min: -6.0, max: 0.0, step: 1.0 };

impl Default for Ctle {
    fn default() -> Self {
        Self {
            gdc_db: Setting::AUTO,
            gdc2_db: Setting::AUTO,
            zero_hz: None,
            pole1_hz: None,
            pole2_hz: None,
            low_frequency_hz: None,
        }
    }
}

impl Ctle {
    /// Both gains searched over their own ranges.
    pub fn auto() -> Self {
        Self::default()
    }

    /// Fixed gains at 0 Hz, dB, of the high- and the low-frequency stage.
    pub fn fixed(gdc_db: f64, gdc2_db: f64) -> Self {
        Self { gdc_db: Setting::Value(gdc_db), gdc2_db: Setting::Value(gdc2_db), ..Self::default() }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] naming the field: frequencies above 0, gains from -60 to 20 dB.
    pub fn validate(&self) -> Result<()> {
        for (name, value) in [
            ("receiver.ctle.zero_hz", self.zero_hz),
            ("receiver.ctle.pole1_hz", self.pole1_hz),
            ("receiver.ctle.pole2_hz", self.pole2_hz),
            ("receiver.ctle.low_frequency_hz", self.low_frequency_hz),
        ] {
            if let Some(value) = value {
                require::positive(name, value)?;
            }
        }
        self.gains().map(|_| ())
    }

    /// Every pair (g_DC, g_DC2) to try, dB.
    pub(crate) fn gains(&self) -> Result<Vec<(f64, f64)>> {
        let (name, name2) = ("receiver.ctle.gdc_db", "receiver.ctle.gdc2_db");
        let (high, low) = (self.gdc_db.values(name, GDC_AUTO)?, self.gdc2_db.values(name2, GDC2_AUTO)?);
        for (name, values) in [(name, &high), (name2, &low)] {
            for &value in values {
                require::within(name, value, -60.0, 20.0)?;
            }
        }
        Ok(high.iter().flat_map(|h| low.iter().map(move |l| (*h, *l))).collect())
    }

    /// The stage with its gains set and its frequencies filled in.
    ///
    /// ```
    /// use lightlane::{grid::SymbolRate, receiver::Ctle};
    /// let rate = SymbolRate::new(106.25e9)?;
    /// let stage = Ctle::auto().stage(rate, -6.0, -2.0);
    /// assert!((20.0 * stage.response(0.0).norm().log10() + 8.0).abs() < 1e-12);
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    pub fn stage(&self, rate: SymbolRate, gdc_db: f64, gdc2_db: f64) -> CtleStage {
        CtleStage {
            gdc_db,
            gdc2_db,
            zero_hz: self.zero_hz.unwrap_or(rate.hz() / 2.5),
            pole1_hz: self.pole1_hz.unwrap_or(rate.hz() / 2.5),
            pole2_hz: self.pole2_hz.unwrap_or(rate.hz()),
            low_frequency_hz: self.low_frequency_hz.unwrap_or(rate.hz() / 80.0),
        }
    }
}

/// A CTLE with every value known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CtleStage {
    /// Gain at 0 Hz of the high-frequency stage, dB.
    pub gdc_db: f64,
    /// Gain at 0 Hz of the low-frequency stage, dB.
    pub gdc2_db: f64,
    /// Zero of the high-frequency stage, Hz.
    pub zero_hz: f64,
    /// First pole, Hz.
    pub pole1_hz: f64,
    /// Second pole, Hz.
    pub pole2_hz: f64,
    /// Pole and zero of the low-frequency stage, Hz.
    pub low_frequency_hz: f64,
}

impl CtleStage {
    /// H_ctf at a frequency.
    pub fn response(&self, freq_hz: f64) -> Complex64 {
        self.numerator(freq_hz) / self.denominator(freq_hz)
    }

    /// The part that depends on the gains.
    pub(crate) fn numerator(&self, freq_hz: f64) -> Complex64 {
        Complex64::new(amplitude_ratio(self.gdc_db), freq_hz / self.zero_hz)
            * Complex64::new(amplitude_ratio(self.gdc2_db), freq_hz / self.low_frequency_hz)
    }

    /// The part that does not: a search evaluates it once.
    pub(crate) fn denominator(&self, freq_hz: f64) -> Complex64 {
        Complex64::new(1.0, freq_hz / self.pole1_hz)
            * Complex64::new(1.0, freq_hz / self.pole2_hz)
            * Complex64::new(1.0, freq_hz / self.low_frequency_hz)
    }

    /// The configuration that names every value of this stage.
    pub fn frozen(&self) -> Ctle {
        Ctle {
            gdc_db: Setting::Value(self.gdc_db),
            gdc2_db: Setting::Value(self.gdc2_db),
            zero_hz: Some(self.zero_hz),
            pole1_hz: Some(self.pole1_hz),
            pole2_hz: Some(self.pole2_hz),
            low_frequency_hz: Some(self.low_frequency_hz),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate() -> SymbolRate {
        SymbolRate::new(106.25e9).unwrap()
    }

    #[test]
    fn spot_values_follow_the_formula() {
        // With g_DC2 = 0 the low-frequency stage is 1. At f_z = f_p1 the first stage is (g1 + j)/(1 + j), and
        // f_p2 = 2.5 f_z adds 1/|1 + 0.4j|.
        let stage = Ctle::auto().stage(rate(), -10.0, 0.0);
        let g1 = 10f64.powf(-0.5);
        let expected = ((g1 * g1 + 1.0) / 2.0 / (1.0 + 0.16)).sqrt();
        assert!((stage.response(42.5e9).norm() - expected).abs() < 1e-14);
        // At f_LF with g_DC = 0 and f_z = f_p1: (g2 + j)/(1 + j) / (1 + j/80).
        let stage = Ctle::auto().stage(rate(), 0.0, -6.0);
        let g2 = 10f64.powf(-0.3);
        let expected = ((g2 * g2 + 1.0) / 2.0 / (1.0 + 1.0 / 6400.0)).sqrt();
        assert!((stage.response(106.25e9 / 80.0).norm() - expected).abs() < 1e-14);
    }

    #[test]
    fn gains_of_zero_leave_two_poles() {
        let stage =
            Ctle { zero_hz: Some(30e9), pole1_hz: Some(30e9), ..Ctle::auto() }.stage(rate(), 0.0, 0.0);
        let one_pole = 1.0 / Complex64::new(1.0, 53.125 / 106.25);
        assert!((stage.response(53.125e9) - one_pole).norm() < 1e-14);
    }

    #[test]
    fn the_search_covers_the_grid_and_bad_values_are_named() {
        assert_eq!(Ctle::auto().gains().unwrap().len(), 21 * 7);
        assert_eq!(Ctle::fixed(-3.0, -1.0).gains().unwrap(), vec![(-3.0, -1.0)]);
        let bad = Ctle { zero_hz: Some(0.0), ..Ctle::auto() };
        assert!(bad.validate().unwrap_err().to_string().starts_with("receiver.ctle.zero_hz"));
        assert!(Ctle::fixed(40.0, 0.0).validate().is_err());
    }
}
