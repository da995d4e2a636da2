//! A differential trace on a laminate: causal dielectric, skin effect, roughness, skew.
//!
//! The quantities and formulas are those of [`WidebandDebye`](super::WidebandDebye) and
//! [`Conductor`](super::Conductor); the dielectric part of the loss is 2.312 f_GHz √dk df dB per inch. Valid for
//! quasi-TEM lines (strip lines; microstrip with an effective dk) below their first higher mode.

use super::conductor::{Conductor, Roughness};
use super::ladder::{Kind, Ladder, LineModel};
use super::materials::Material;
use super::two_port::{TwoPort, differential_network};
use crate::error::{Result, require};
use crate::medium::Network;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A uniform differential trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Trace {
    /// Name within a medium, for paths such as `medium.host_trace.length_m`.
    pub name: Option<String>,
    /// Length, m; 0 to 100.
    pub length_m: f64,
    /// Differential impedance without losses at the reference frequency, ohm.
    pub z0_ohm: f64,
    /// Common-mode impedance (both legs together against ground), ohm; used by the four-port form only.
    pub z0_common_ohm: f64,
    /// Relative permittivity at the reference frequency.
    pub dk: f64,
    /// Loss tangent at the reference frequency.
    pub df: f64,
    /// Frequency `dk` and `df` are stated at, Hz.
    pub reference_freq_hz: f64,
    /// Width of one conductor, m.
    pub width_m: f64,
    /// Thickness of one conductor, m.
    pub thickness_m: f64,
    /// Conductivity, S/m.
    pub conductivity_s_per_m: f64,
    /// Factor on the high-frequency resistance for uneven current in the strip and for the planes; at least 1.
    pub current_crowding: f64,
    /// Ten-point roughness Rz of the foil, m; 0 is smooth. Becomes a cannonball stack of snowballs.
    pub roughness_rz_m: f64,
    /// Delay of the P leg beyond the N leg over the whole length, s; may be negative.
    pub skew_s: f64,
}

impl Default for Trace {
    fn default() -> Self {
        Self {
            name: None,
            length_m: 0.1,
            z0_ohm: 100.0,
            z0_common_ohm: 27.0,
            dk: 3.2,
            df: 0.0015,
            reference_freq_hz: 14e9,
            width_m: 125e-6,
            thickness_m: 15e-6,
            conductivity_s_per_m: 5.8e7,
            current_crowding: 1.35,
            roughness_rz_m: 1.5e-6,
            skew_s: 0.0,
        }
    }
}

impl Trace {
    /// A trace of a named laminate (see [`Material::names`]), the rest at its defaults.
    ///
    /// # Errors
    /// [`crate::Error::Unknown`] for the name, [`crate::Error::Parameter`] for the length.
    ///
    /// ```
    /// use lightlane::medium::electrical::Trace;
    /// let inch = Trace::preset("megtron8", 0.0254)?.network(&[53.125e9])?;
    /// let loss_db = -20.0 * inch.at(0, 1, 0).norm().log10();
    /// assert!((loss_db - 1.5).abs() < 0.1);
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    pub fn preset(material: &str, length_m: f64) -> Result<Self> {
        let material = Material::named(material)?;
        let trace = Self {
            length_m,
            dk: material.value("dk")?,
            df: material.value("df")?,
            reference_freq_hz: material.value("reference_freq_hz")?,
            width_m: material.value("width_m")?,
            thickness_m: material.value("thickness_m")?,
            conductivity_s_per_m: material.value("conductivity_s_per_m")?,
            current_crowding: material.value("current_crowding")?,
            roughness_rz_m: material.value("roughness_rz_m")?,
            ..Self::default()
        };
        trace.validate()?;
        Ok(trace)
    }

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
        require::positive("width_m", self.width_m)?;
        require::positive("thickness_m", self.thickness_m)?;
        require::positive("conductivity_s_per_m", self.conductivity_s_per_m)?;
        require::within("current_crowding", self.current_crowding, 1.0, 10.0)?;
        require::within("roughness_rz_m", self.roughness_rz_m, 0.0, 50e-6)?;
        require::within("skew_s", self.skew_s, -1e-9, 1e-9)?;
        let conductor = Conductor::strip(
            self.width_m,
            self.thickness_m,
            self.conductivity_s_per_m,
            self.current_crowding,
        )
        .with_roughness(Roughness::cannonball(self.roughness_rz_m));
        let model = LineModel::new(self.dk, self.df, self.reference_freq_hz, conductor)?;
        let mut ladder = Ladder::new(self.z0_common_ohm / self.z0_ohm);
        skewed_line(&mut ladder, model, self.z0_ohm, self.length_m, self.skew_s);
        Ok(ladder)
    }

    /// Differential-mode chain matrix at each frequency. Skew takes its share of the wave as absorbed.
    ///
    /// # Errors
    /// As [`Trace::validate`]; a frequency that is negative or not finite; a line of more than 300 Np.
    pub fn chain(&self, freq_hz: &[f64]) -> Result<Vec<TwoPort>> {
        self.ladder()?.chain(freq_hz)
    }

    /// Differential two-port, 100 ohm.
    ///
    /// # Errors
    /// As [`Trace::chain`] and [`Network::new`].
    pub fn network(&self, freq_hz: &[f64]) -> Result<Network> {
        differential_network(freq_hz, &self.chain(freq_hz)?)
    }

    /// Single-ended four-port, 50 ohm: ports 1→2 the P leg, 3→4 the N leg, with common mode and mode conversion.
    ///
    /// # Errors
    /// As [`Trace::chain`] and [`Network::new`].
    pub fn pair_network(&self, freq_hz: &[f64]) -> Result<Network> {
        self.ladder()?.pair_network(freq_hz)
    }
}

/// A line with its skew in the middle.
pub(super) fn skewed_line(ladder: &mut Ladder, model: LineModel, z0_ohm: f64, length_m: f64, skew_s: f64) {
    let model = ladder.model(model);
    if skew_s == 0.0 {
        ladder.push(Kind::Line { model, z0_ohm, length_m });
    } else {
        let half = Kind::Line { model, z0_ohm, length_m: 0.5 * length_m };
        ladder.push(half);
        ladder.push(Kind::Skew { skew_s, z0_ohm });
        ladder.push(half);
    }
}
