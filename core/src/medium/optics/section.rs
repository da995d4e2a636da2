//! The optical section of a lane, as a configuration.

use super::{
    Connector, Coupler, Driver, EvanescentCoupler, Fiber, GratingCoupler, Laser, MachZehnder, Modulator,
    ModuleKind, Photodiode, Tia, Wavelengths,
};
use crate::error::{Error, Result};
use num_complex::Complex64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Slope of the power over that of the field, below which a small drive leaves the power alone.
const NO_SLOPE: f64 = 1e-6;

/// A passive part between modulator and photodiode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OpticalPart {
    /// Two Gaussian modes facing each other.
    Coupler(Coupler),
    /// Fibre above a grating.
    GratingCoupler(GratingCoupler),
    /// Two waveguides side by side.
    EvanescentCoupler(EvanescentCoupler),
    /// A length of fibre.
    Fiber(Fiber),
    /// A mated connector.
    Connector(Connector),
}

impl OpticalPart {
    /// Its kind, as written in a configuration.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Coupler(_) => "coupler",
            Self::GratingCoupler(_) => "grating_coupler",
            Self::EvanescentCoupler(_) => "evanescent_coupler",
            Self::Fiber(_) => "fiber",
            Self::Connector(_) => "connector",
        }
    }

    /// Loss, optical dB.
    pub fn loss_db(&self, wavelength_m: f64) -> f64 {
        match self {
            Self::Coupler(c) => c.loss_db(wavelength_m),
            Self::GratingCoupler(c) => c.loss_db(wavelength_m),
            Self::EvanescentCoupler(c) => c.loss_db(),
            Self::Fiber(f) => f.loss_db(),
            Self::Connector(c) => c.loss_db,
        }
    }

    fn validate(&self) -> Result<()> {
        match self {
            Self::Coupler(c) => c.validate(),
            Self::GratingCoupler(c) => c.validate(),
            Self::EvanescentCoupler(c) => c.validate(),
            Self::Fiber(f) => f.validate(),
            Self::Connector(c) => c.validate(),
        }
    }
}

/// Light from a laser through a modulator and a path to a photodiode, with the amplifiers at either end.
///
/// The defaults are a co-packaged 500 m lane: a remote 20 dBm laser shared by four lanes, a silicon Mach–Zehnder of
/// 5 dB loss, 1.5 dB at either port of the photonic chip and two connectors (`core/data/optics.toml`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Optics {
    /// Unique name in the medium, for parameter paths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Source of the light.
    pub laser: Laser,
    /// Amplifier in front of the modulator.
    pub driver: Driver,
    /// From voltage to light.
    pub modulator: Modulator,
    /// Passive parts from modulator to photodiode, in the light's order.
    pub path: Vec<OpticalPart>,
    /// From light to current.
    pub photodiode: Photodiode,
    /// From current to voltage.
    pub tia: Tia,
    /// Other wavelengths in the same fibre; none is a fibre of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wavelengths: Option<Wavelengths>,
    /// Where all this sits, which the ledger of energy asks: "engine" (beside or on the package, its laser outside) or
    /// "pluggable" (its laser inside, its own controller).
    pub module: ModuleKind,
}

impl Default for Optics {
    fn default() -> Self {
        let port = OpticalPart::Coupler(Coupler { excess_loss_db: 1.5, ..Coupler::default() });
        let connector = OpticalPart::Connector(Connector::default());
        let fiber = OpticalPart::Fiber(Fiber { length_m: 500.0, ..Fiber::default() });
        Self {
            name: None,
            laser: Laser { power_w: 0.1, lanes_per_laser: 4, feed_loss_db: 2.3, ..Laser::default() },
            driver: Driver::default(),
            modulator: MachZehnder { loss_db: 5.0, ..MachZehnder::default() }.into(),
            path: vec![port.clone(), connector.clone(), fiber, connector, port],
            photodiode: Photodiode::default(),
            tia: Tia::default(),
            wavelengths: None,
            module: ModuleKind::Engine,
        }
    }
}

impl Optics {
    /// Length of all fibre of the path, m.
    pub fn fiber_length_m(&self) -> f64 {
        self.path.iter().map(|part| if let OpticalPart::Fiber(f) = part { f.length_m } else { 0.0 }).sum()
    }

    /// Checks every part; an error names the field by its path in this section.
    ///
    /// # Errors
    /// [`Error::Parameter`] of the first part that is not valid.
    pub fn validate(&self) -> Result<()> {
        inside("laser", self.laser.validate())?;
        inside("driver", self.driver.validate())?;
        inside("modulator", self.modulator.validate())?;
        for (i, part) in self.path.iter().enumerate() {
            inside(&format!("path.{i}"), part.validate())?;
        }
        self.check_reflections()?;
        inside("photodiode", self.photodiode.validate())?;
        inside("tia", self.tia.validate())?;
        self.wavelengths.as_ref().map_or(Ok(()), |w| inside("wavelengths", w.validate()))
    }

    /// Loss of the path at the laser's wavelength, optical dB.
    pub fn path_loss_db(&self) -> f64 {
        self.path.iter().map(|p| p.loss_db(self.laser.wavelength_m)).sum()
    }

    /// What the path's fibres turn the field by at an offset f from the carrier, over f², rad s².
    pub(super) fn dispersion_phase_s2(&self) -> f64 {
        self.fibers().map(|f| f.dispersion_phase_s2(self.laser.wavelength_m)).sum()
    }

    /// Response of modulated power to the differential group delay of the path's fibres, 1 at 0 Hz: their principal states
    /// are taken as independent.
    pub(super) fn polarization_response(&self, freq_hz: f64) -> Complex64 {
        self.fibers().map(|f| f.polarization_response(freq_hz)).product()
    }

    /// Whether everything from the driver's input to the TIA's output follows its input instant by instant.
    pub(super) fn has_no_memory(&self) -> bool {
        self.driver.response().is_ideal()
            && self.modulator.is_unlimited()
            && self.modulator.is_memoryless()
            && self.dispersion_phase_s2() == 0.0
            && self.fibers().all(|f| f.dgd_s == 0.0)
            && self.photodiode.bandwidth_hz.is_infinite()
            && self.tia.response().is_ideal()
    }

    /// Relative power at the photodiode for a drive of 1 V at `freq_hz` around the bias, 1/V: small-signal, chirp,
    /// dispersion and group delay included, [`Modulator::response`] left out.
    pub(super) fn modulation_per_v(&self, freq_hz: f64) -> Complex64 {
        let phase = self.dispersion_phase_s2() * freq_hz * freq_hz;
        self.modulator.sidebands(freq_hz).power_per_v(phase) * self.polarization_response(freq_hz)
    }

    /// The same over its value at 0 Hz; where the light does not follow a small drive there at all, that of a modulator
    /// without memory or chirp.
    pub(super) fn modulation_response(&self) -> impl Fn(f64) -> Complex64 {
        let bands = self.modulator.sidebands(0.0);
        let (at_zero, size) = (bands.power_per_v(0.0), bands.upper_per_v.norm());
        let follows = at_zero.norm() > NO_SLOPE * size && size > 0.0;
        let phase_s2 = self.dispersion_phase_s2();
        move |f| {
            if follows {
                self.modulation_per_v(f) / at_zero
            } else {
                self.polarization_response(f) * (phase_s2 * f * f).cos()
            }
        }
    }

    /// Couplers between facing modes on the path, in order.
    pub fn couplers(&self) -> impl Iterator<Item = &Coupler> {
        self.path.iter().filter_map(|p| if let OpticalPart::Coupler(c) = p { Some(c) } else { None })
    }

    /// Fibres of the path, in order.
    pub fn fibers(&self) -> impl Iterator<Item = &Fiber> {
        self.path.iter().filter_map(|p| if let OpticalPart::Fiber(f) = p { Some(f) } else { None })
    }

    /// Connectors of the path, in order.
    pub fn connectors(&self) -> impl Iterator<Item = &Connector> {
        self.path.iter().filter_map(|p| if let OpticalPart::Connector(c) = p { Some(c) } else { None })
    }
}

/// Puts the part's path before the name in an error.
fn inside(path: &str, result: Result<()>) -> Result<()> {
    result.map_err(|e| match e {
        Error::Parameter { name, value, requirement } => {
            Error::Parameter { name: format!("{path}.{name}"), value, requirement }
        }
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_valid_and_survives_a_round_trip() {
        let optics = Optics::default();
        optics.validate().unwrap();
        let text = toml::to_string(&optics).unwrap();
        assert_eq!(toml::from_str::<Optics>(&text).unwrap(), optics);
        let json = serde_json::to_string(&optics).unwrap();
        // Perfect interference is infinite and JSON has no number for it.
        assert!(json.contains("\"static_extinction_ratio_db\":\"inf\""));
        assert_eq!(serde_json::from_str::<Optics>(&json).unwrap(), optics);
    }

    #[test]
    fn unknown_keys_are_refused_in_tagged_parts_too() {
        assert!(toml::from_str::<Optics>("[[path]]\nkind = \"fiber\"\nlenght_m = 3").is_err());
        assert!(toml::from_str::<Optics>("[modulator]\nkind = \"mach_zehnder\"\nvpi = 3").is_err());
        let parsed = toml::from_str::<Optics>("[[path]]\nkind = \"fiber\"\nlength_m = 3.0").unwrap();
        assert_eq!(parsed.fibers().map(|f| f.length_m).collect::<Vec<_>>(), [3.0]);
    }

    #[test]
    fn an_error_names_the_part() {
        let mut optics = Optics::default();
        optics.path[1] = OpticalPart::Connector(Connector { loss_db: -1.0, ..Connector::default() });
        let text = optics.validate().unwrap_err().to_string();
        assert!(text.starts_with("path.1.loss_db = -1"), "{text}");
    }

    #[test]
    fn loss_is_the_sum_of_the_parts() {
        // 1.5 + 0.25 + 500 m at 0.35 dB/km + 0.25 + 1.5.
        assert!((Optics::default().path_loss_db() - 3.675).abs() < 1e-12);
    }
}
