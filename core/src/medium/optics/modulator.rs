//! The modulator of an optical section.

use super::sidebands::{Sidebands, ring_intensity_response};
use super::{Eam, MachZehnder, RingModulator};
use crate::error::Result;
use num_complex::Complex64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What turns a voltage into light: a linear response on the drive, then the field that it gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Modulator {
    /// Mach–Zehnder at quadrature.
    MachZehnder(MachZehnder),
    /// Micro-ring.
    RingModulator(RingModulator),
    /// Electro-absorption modulator.
    Eam(Eam),
}

impl Default for Modulator {
    fn default() -> Self {
        Self::MachZehnder(MachZehnder::default())
    }
}

impl From<MachZehnder> for Modulator {
    fn from(device: MachZehnder) -> Self {
        Self::MachZehnder(device)
    }
}

impl From<RingModulator> for Modulator {
    fn from(device: RingModulator) -> Self {
        Self::RingModulator(device)
    }
}

impl From<Eam> for Modulator {
    fn from(device: Eam) -> Self {
        Self::Eam(device)
    }
}

impl Modulator {
    /// Checks the device.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] naming the field.
    pub fn validate(&self) -> Result<()> {
        match self {
            Self::MachZehnder(m) => m.validate(),
            Self::RingModulator(m) => m.validate(),
            Self::Eam(m) => m.validate(),
        }
    }

    /// Its kind, as written in a configuration.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::MachZehnder(_) => "mach_zehnder",
            Self::RingModulator(_) => "ring_modulator",
            Self::Eam(_) => "eam",
        }
    }

    /// Settled power out over power in at `v` volts from the bias point.
    pub fn transmission(&self, v: f64) -> f64 {
        match self {
            Self::MachZehnder(m) => m.transmission(v),
            Self::RingModulator(m) => m.transmission(v),
            Self::Eam(m) => m.transmission(v),
        }
    }

    /// Derivative of the settled transmission, 1/V.
    pub fn slope_per_v(&self, v: f64) -> f64 {
        match self {
            Self::MachZehnder(m) => m.slope_per_v(v),
            Self::RingModulator(m) => m.slope_per_v(v),
            Self::Eam(m) => m.slope_per_v(v),
        }
    }

    /// Response on the drive voltage, 1 at 0 Hz.
    pub fn response(&self, freq_hz: f64) -> Complex64 {
        match self {
            Self::MachZehnder(m) => m.response(freq_hz),
            Self::RingModulator(m) => m.response(freq_hz),
            Self::Eam(m) => m.response(freq_hz),
        }
    }

    /// Whether [`Modulator::response`] is 1 at every frequency.
    pub fn is_unlimited(&self) -> bool {
        match self {
            Self::MachZehnder(m) => m.is_unlimited(),
            Self::RingModulator(m) => m.junction_bandwidth_hz.is_none_or(f64::is_infinite),
            Self::Eam(m) => m.bandwidth_hz.is_infinite(),
        }
    }

    /// Whether the light follows the drive behind [`Modulator::response`] instant by instant.
    pub fn is_memoryless(&self) -> bool {
        !matches!(self, Self::RingModulator(_))
    }

    /// Field out over field in for one period of a drive that repeats for ever, `drive_v` behind
    /// [`Modulator::response`]; its square is the power.
    ///
    /// ```
    /// use lightlane::medium::optics::{Eam, Modulator};
    /// let modulator = Modulator::from(Eam::default());
    /// let field = modulator.field(&[0.5, -0.5], 1.7e12);
    /// assert!((field[1].norm_sqr() - modulator.transmission(-0.5)).abs() < 1e-15);
    /// ```
    pub fn field(&self, drive_v: &[f64], sample_rate_hz: f64) -> Vec<Complex64> {
        match self {
            Self::MachZehnder(m) => drive_v.iter().map(|v| m.field(*v)).collect(),
            Self::RingModulator(m) => m.field(drive_v, sample_rate_hz),
            Self::Eam(m) => m.field(drive_v),
        }
    }

    /// Sidebands of a drive of 1 V at `freq_hz` around the bias point, behind [`Modulator::response`].
    pub fn sidebands(&self, freq_hz: f64) -> Sidebands {
        match self {
            Self::MachZehnder(m) => Sidebands::of_mach_zehnder(m, 0.0),
            Self::RingModulator(m) => Sidebands::of_ring(m, 0.0, freq_hz),
            Self::Eam(m) => Sidebands::of_eam(m, 0.0),
        }
    }

    /// Response of relative power at the output to that at the input, at the bias point, 1 at 0 Hz: what a resonator does
    /// to the intensity noise of a laser.
    pub fn intensity_response(&self, freq_hz: f64) -> Complex64 {
        match self {
            Self::RingModulator(m) => ring_intensity_response(m, 0.0, freq_hz),
            Self::MachZehnder(_) | Self::Eam(_) => Complex64::ONE,
        }
    }

    /// What a user should know when `input_w` enters it and the symbols settle at the drives `settled_v`.
    pub fn warnings(&self, input_w: f64, settled_v: &[f64]) -> Vec<String> {
        let Self::RingModulator(ring) = self else { return Vec::new() };
        let mut list = Vec::new();
        let detuning_hz = ring.detuning_at_hz(0.0);
        if detuning_hz.abs() < UNDETUNED * ring.linewidth_hz() {
            list.push(format!(
                "modulator: the ring is {:.2} GHz from the laser, on resonance: its light follows the square of the drive",
                detuning_hz / 1e9
            ));
        }
        let limit_w = ring.self_heating_limit_w();
        if input_w > limit_w {
            let taken =
                settled_v.iter().map(|v| ring.dropped_share(*v)).sum::<f64>() / settled_v.len() as f64;
            list.push(format!(
                "modulator: {:.2} mW enter the ring, of which it takes {:.2} mW; above {:.2} mW its own heat moves the resonance, which is not modelled",
                1e3 * input_w,
                1e3 * input_w * taken,
                1e3 * limit_w
            ));
        }
        list
    }
}

/// Detuning over linewidth below which a ring is said to be on resonance.
const UNDETUNED: f64 = 0.02;
