//! A mated board or module connector: contact pads at both ends of a short, slightly mismatched line.
//!
//! Named for the board to keep it apart from the optical connector. A real connector has more sections; one line
//! with its pads gives its loss, its delay and a return loss of about 15 dB, which is what the lane feels.

use super::conductor::Conductor;
use super::ladder::{Kind, Ladder, LineModel};
use super::two_port::{TwoPort, differential_network};
use crate::error::{Result, require};
use crate::medium::Network;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A mated differential connector. All defaults are assumptions: about 1 dB at 53 GHz.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BoardConnector {
    /// Name within a medium.
    pub name: Option<String>,
    /// Electrical length of the contacts, m.
    pub length_m: f64,
    /// Differential impedance, ohm.
    pub z0_ohm: f64,
    /// Common-mode impedance, ohm; used by four-port forms only.
    pub z0_common_ohm: f64,
    /// Effective relative permittivity.
    pub dk: f64,
    /// Effective loss tangent.
    pub df: f64,
    /// Width of one contact blade, m.
    pub width_m: f64,
    /// Thickness of one contact blade, m.
    pub thickness_m: f64,
    /// Conductivity of the plated contact, S/m.
    pub conductivity_s_per_m: f64,
    /// Capacitance of the pad or contact tip at each end, per leg, F.
    pub pad_capacitance_f: f64,
}

impl Default for BoardConnector {
    fn default() -> Self {
        Self {
            name: None,
            length_m: 8e-3,
            z0_ohm: 96.0,
            z0_common_ohm: 30.0,
            dk: 2.6,
            df: 0.004,
            width_m: 0.25e-3,
            thickness_m: 0.1e-3,
            conductivity_s_per_m: 1.5e7,
            pad_capacitance_f: 8e-15,
        }
    }
}

impl BoardConnector {
    /// Checks every field.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] naming the field.
    pub fn validate(&self) -> Result<()> {
        self.ladder().map(drop)
    }

    pub(super) fn ladder(&self) -> Result<Ladder> {
        require::within("length_m", self.length_m, 0.0, 1.0)?;
        require::within("z0_ohm", self.z0_ohm, 1.0, 1000.0)?;
        require::within("z0_common_ohm", self.z0_common_ohm, 1.0, 1000.0)?;
        require::positive("width_m", self.width_m)?;
        require::positive("thickness_m", self.thickness_m)?;
        require::positive("conductivity_s_per_m", self.conductivity_s_per_m)?;
        require::within("pad_capacitance_f", self.pad_capacitance_f, 0.0, 1e-9)?;
        let blade = Conductor::strip(self.width_m, self.thickness_m, self.conductivity_s_per_m, 1.0);
        let mut ladder = Ladder::new(self.z0_common_ohm / self.z0_ohm);
        let model = ladder.model(LineModel::new(self.dk, self.df, 10e9, blade)?);
        ladder.push(Kind::LegCapacitance(self.pad_capacitance_f));
        ladder.push(Kind::Line { model, z0_ohm: self.z0_ohm, length_m: self.length_m });
        ladder.push(Kind::LegCapacitance(self.pad_capacitance_f));
        Ok(ladder)
    }

    /// Differential-mode chain matrix at each frequency.
    ///
    /// # Errors
    /// As [`BoardConnector::validate`]; a frequency that is negative or not finite.
    pub fn chain(&self, freq_hz: &[f64]) -> Result<Vec<TwoPort>> {
        self.ladder()?.chain(freq_hz)
    }

    /// Differential two-port, 100 ohm.
    ///
    /// # Errors
    /// As [`BoardConnector::chain`] and [`Network::new`].
    pub fn network(&self, freq_hz: &[f64]) -> Result<Network> {
        differential_network(freq_hz, &self.chain(freq_hz)?)
    }
}
