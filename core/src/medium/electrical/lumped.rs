//! Lumped elements: one series and one shunt branch.
//!
//! ```text
//! series: R + jwL + 1/(jwC)        shunt, behind it: 1/R + 1/(jwL) + jwC
//! ```
//!
//! Values are differential: what the pair sees. A capacitor C in each leg is `series_c_f` = C/2, a capacitor C from
//! each leg to ground is `shunt_c_f` = C/2, a termination R in each leg is `shunt_r_ohm` = 2R. At f = 0 a series
//! capacitor is 1 Tohm and a shunt inductor 1 pohm, which puts the transmission of an open circuit at 2e-10 instead
//! of 0 and keeps every chain finite.

use super::two_port::{TwoPort, check_freq, differential_network};
use crate::error::{Result, require};
use crate::medium::Network;
use num_complex::Complex64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Stands for an open circuit at f = 0.
const OPEN_OHM: f64 = 1e12;

/// A series branch followed by a shunt branch; elements left out are not there.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Lumped {
    /// Name within a medium.
    pub name: Option<String>,
    /// Series resistance, ohm.
    pub series_r_ohm: f64,
    /// Series inductance, H.
    pub series_l_h: f64,
    /// Series capacitance, F; none is a wire.
    pub series_c_f: Option<f64>,
    /// Resistance across the pair, ohm; none is an open.
    pub shunt_r_ohm: Option<f64>,
    /// Inductance across the pair, H; none is an open.
    pub shunt_l_h: Option<f64>,
    /// Capacitance across the pair, F.
    pub shunt_c_f: f64,
}

impl Lumped {
    /// Coupling capacitors of `capacitance_f` in each leg: between 100 ohm, a corner at 1/(2π 100 C) with C this value.
    ///
    /// ```
    /// use lightlane::medium::electrical::Lumped;
    /// let c = Lumped::ac_coupling(100e-9);
    /// let corner_hz = 1.0 / (std::f64::consts::TAU * 200.0 * 50e-9);     // source and load in series with C/2
    /// let s21 = c.network(&[corner_hz])?.at(0, 1, 0);
    /// assert!((s21.norm() - 0.5f64.sqrt()).abs() < 1e-12);
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    pub fn ac_coupling(capacitance_f: f64) -> Self {
        Self { series_c_f: Some(0.5 * capacitance_f), ..Self::default() }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] naming the field.
    pub fn validate(&self) -> Result<()> {
        require::within("series_r_ohm", self.series_r_ohm, 0.0, 1e9)?;
        require::within("series_l_h", self.series_l_h, 0.0, 1.0)?;
        require::within("shunt_c_f", self.shunt_c_f, 0.0, 1.0)?;
        for (name, value) in [("series_c_f", self.series_c_f), ("shunt_l_h", self.shunt_l_h)] {
            value.map(|v| require::within(name, v, 1e-21, 1.0)).transpose()?;
        }
        self.shunt_r_ohm.map(|v| require::within("shunt_r_ohm", v, 1e-9, 1e12)).transpose()?;
        Ok(())
    }

    fn two_port(&self, freq_hz: f64) -> TwoPort {
        let omega = TAU * freq_hz;
        let j = |x: f64| Complex64::new(0.0, x);
        let mut z = Complex64::new(self.series_r_ohm, omega * self.series_l_h);
        if let Some(farad) = self.series_c_f {
            z += if omega > 0.0 { j(-1.0 / (omega * farad)) } else { OPEN_OHM.into() };
        }
        let mut y = j(omega * self.shunt_c_f);
        if let Some(ohm) = self.shunt_r_ohm {
            y += 1.0 / ohm;
        }
        if let Some(henry) = self.shunt_l_h {
            y += if omega > 0.0 { j(-1.0 / (omega * henry)) } else { OPEN_OHM.into() };
        }
        TwoPort::series(z).then(&TwoPort::shunt(y))
    }

    /// Differential-mode chain matrix at each frequency.
    ///
    /// # Errors
    /// As [`Lumped::validate`]; a frequency that is negative or not finite.
    pub fn chain(&self, freq_hz: &[f64]) -> Result<Vec<TwoPort>> {
        self.validate()?;
        check_freq(freq_hz)?;
        Ok(freq_hz.iter().map(|&f| self.two_port(f)).collect())
    }

    /// Differential two-port, 100 ohm.
    ///
    /// # Errors
    /// As [`Lumped::chain`] and [`Network::new`].
    pub fn network(&self, freq_hz: &[f64]) -> Result<Network> {
        differential_network(freq_hz, &self.chain(freq_hz)?)
    }
}
