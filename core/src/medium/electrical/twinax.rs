//! A shielded twin-axial cable, or a flyover cable within a box.
//!
//! Formulas as for a trace, with round wires: loss rises with √f by skin effect and with f by a foamed dielectric.
//! The periodic wrap of a real shield, which puts a notch into cheap cables, is not modelled.

use super::conductor::Conductor;
use super::ladder::{Ladder, LineModel};
use super::trace::skewed_line;
use super::two_port::{TwoPort, differential_network};
use crate::error::{Result, require};
use crate::medium::Network;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A differential cable. All defaults are assumptions: 26 AWG, foamed fluoropolymer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Twinax {
    /// Name within a medium.
    pub name: Option<String>,
    /// Length, m; 0 to 100.
    pub length_m: f64,
    /// Differential impedance without losses at the reference frequency, ohm.
    pub z0_ohm: f64,
    /// Common-mode impedance, ohm; used by four-port forms only.
    pub z0_common_ohm: f64,
    /// Effective relative permittivity at the reference frequency.
    pub dk: f64,
    /// Effective loss tangent at the reference frequency.
    pub df: f64,
    /// Frequency `dk` and `df` are stated at, Hz.
    pub reference_freq_hz: f64,
    /// Diameter of one conductor, m.
    pub conductor_diameter_m: f64,
    /// Conductivity of the plating, S/m.
    pub conductivity_s_per_m: f64,
    /// Factor on the high-frequency resistance for the neighbouring wire and the shield; at least 1.
    pub current_crowding: f64,
    /// Delay of the P leg beyond the N leg over the whole length, s; may be negative.
    pub skew_s: f64,
}

impl Default for Twinax {
    fn default() -> Self {
        Self {
            name: None,
            length_m: 0.5,
            z0_ohm: 100.0,
            z0_common_ohm: 30.0,
            dk: 1.7,
            df: 0.0003,
            reference_freq_hz: 10e9,
            conductor_diameter_m: 0.405e-3,
            conductivity_s_per_m: 6.1e7,
            current_crowding: 1.6,
            skew_s: 0.0,
        }
    }
}

impl Twinax {
    /// Checks every field.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] naming the field.
    pub fn validate(&self) -> Result<()> {
        self.ladder().map(drop)
    }

    pub(super) fn ladder(&self) -> Result<Ladder> {
        require::within("length_m", self.length_m, 0.0, 100.0)?;
        require::within("z0_ohm", self.z0_ohm, 1.0, 1000.0)?;
        require::within("z0_common_ohm", self.z0_common_ohm, 1.0, 1000.0)?;
        require::positive("conductor_diameter_m", self.conductor_diameter_m)?;
        require::positive("conductivity_s_per_m", self.conductivity_s_per_m)?;
        require::within("current_crowding", self.current_crowding, 1.0, 10.0)?;
        require::within("skew_s", self.skew_s, -1e-9, 1e-9)?;
        let wire =
            Conductor::wire(self.conductor_diameter_m, self.conductivity_s_per_m, self.current_crowding);
        let model = LineModel::new(self.dk, self.df, self.reference_freq_hz, wire)?;
        let mut ladder = Ladder::new(self.z0_common_ohm / self.z0_ohm);
        skewed_line(&mut ladder, model, self.z0_ohm, self.length_m, self.skew_s);
        Ok(ladder)
    }

    /// Differential-mode chain matrix at each frequency. Skew takes its share of the wave as absorbed.
    ///
    /// # Errors
    /// As [`Twinax::validate`]; a frequency that is negative or not finite; a cable of more than 300 Np.
    pub fn chain(&self, freq_hz: &[f64]) -> Result<Vec<TwoPort>> {
        self.ladder()?.chain(freq_hz)
    }

    /// Single-ended four-port, 50 ohm: ports 1→2 the P leg, 3→4 the N leg, with common mode and mode conversion.
    ///
    /// # Errors
    /// As [`Twinax::chain`] and [`Network::new`].
    pub fn pair_network(&self, freq_hz: &[f64]) -> Result<Network> {
        self.ladder()?.pair_network(freq_hz)
    }

    /// Differential two-port, 100 ohm.
    ///
    /// # Errors
    /// As [`Twinax::chain`] and [`Network::new`].
    pub fn network(&self, freq_hz: &[f64]) -> Result<Network> {
        differential_network(freq_hz, &self.chain(freq_hz)?)
    }
}
