//! A differential via: pads, a barrel as a short line, and the stub that back-drilling leaves.
//!
//! ```text
//! pad C ── barrel (z0, length) ──┬── pad C
//!                               stub (open line)      null at f = c/(4 l √dk)
//! ```
//!
//! The capacitance of a pad is per leg, so the pair sees half. Valid while pads are short against a wave, to about
//! 110 GHz for modern pads; radiation between planes is not modelled.

use super::conductor::Conductor;
use super::ladder::{Kind, Ladder, LineModel};
use super::two_port::{TwoPort, differential_network};
use crate::error::{Result, require};
use crate::medium::Network;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A pair of signal vias with their return vias. All defaults are assumptions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Via {
    /// Name within a medium.
    pub name: Option<String>,
    /// Length between the two layers it joins, m.
    pub barrel_length_m: f64,
    /// Length that hangs below the exit layer, m; 0 for none.
    pub stub_length_m: f64,
    /// Differential impedance of barrel and stub, ohm.
    pub z0_ohm: f64,
    /// Common-mode impedance, ohm; used by four-port forms only.
    pub z0_common_ohm: f64,
    /// Effective relative permittivity around the barrel.
    pub dk: f64,
    /// Loss tangent.
    pub df: f64,
    /// Diameter of one barrel, m.
    pub diameter_m: f64,
    /// Thickness of the plating, m.
    pub plating_m: f64,
    /// Capacitance of the pad at each end, per leg, F.
    pub pad_capacitance_f: f64,
}

impl Default for Via {
    fn default() -> Self {
        Self {
            name: None,
            barrel_length_m: 0.8e-3,
            stub_length_m: 0.15e-3,
            z0_ohm: 92.0,
            z0_common_ohm: 27.0,
            dk: 3.5,
            df: 0.0025,
            diameter_m: 0.2e-3,
            plating_m: 20e-6,
            pad_capacitance_f: 8e-15,
        }
    }
}

impl Via {
    /// Checks every field.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] naming the field.
    pub fn validate(&self) -> Result<()> {
        self.ladder().map(drop)
    }

    pub(super) fn ladder(&self) -> Result<Ladder> {
        require::within("barrel_length_m", self.barrel_length_m, 0.0, 0.1)?;
        require::within("stub_length_m", self.stub_length_m, 0.0, 0.1)?;
        require::within("z0_ohm", self.z0_ohm, 1.0, 1000.0)?;
        require::within("z0_common_ohm", self.z0_common_ohm, 1.0, 1000.0)?;
        require::positive("diameter_m", self.diameter_m)?;
        require::positive("plating_m", self.plating_m)?;
        require::within("pad_capacitance_f", self.pad_capacitance_f, 0.0, 1e-9)?;
        let barrel = Conductor {
            area_m2: std::f64::consts::PI * self.diameter_m * self.plating_m,
            ..Conductor::wire(self.diameter_m, 5.8e7, 1.0)
        };
        let mut ladder = Ladder::new(self.z0_common_ohm / self.z0_ohm);
        let model = ladder.model(LineModel::new(self.dk, self.df, 10e9, barrel)?);
        ladder.push(Kind::LegCapacitance(self.pad_capacitance_f));
        ladder.push(Kind::Line { model, z0_ohm: self.z0_ohm, length_m: self.barrel_length_m });
        if self.stub_length_m > 0.0 {
            ladder.push(Kind::Stub { model, z0_ohm: self.z0_ohm, length_m: self.stub_length_m });
        }
        ladder.push(Kind::LegCapacitance(self.pad_capacitance_f));
        Ok(ladder)
    }

    /// Differential-mode chain matrix at each frequency.
    ///
    /// # Errors
    /// As [`Via::validate`]; a frequency that is negative or not finite.
    pub fn chain(&self, freq_hz: &[f64]) -> Result<Vec<TwoPort>> {
        self.ladder()?.chain(freq_hz)
    }

    /// Differential two-port, 100 ohm.
    ///
    /// # Errors
    /// As [`Via::chain`] and [`Network::new`].
    pub fn network(&self, freq_hz: &[f64]) -> Result<Network> {
        differential_network(freq_hz, &self.chain(freq_hz)?)
    }
}
