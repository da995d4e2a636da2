//! Noise sources: a density, the plane where it enters, its way to the receiver, and its law of the level.

use crate::grid::Grid;
use crate::response::ChannelResponse;

/// Where a noise enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plane {
    /// After the transmit FFE, before the medium.
    Transmitter,
    /// At a driver's input.
    Driver,
    /// In the light: laser and multipath.
    Light,
    /// At the photodiode.
    Photodiode,
    /// At a TIA's input.
    Tia,
    /// At the receiver's input, before its filter.
    Receiver,
}

/// How a noise depends on the symbol that was being sent when it entered.
#[derive(Debug, Clone, PartialEq)]
pub enum LevelLaw {
    /// It does not.
    Stationary,
    /// Its density is multiplied by `factor[s]` while symbol s is on the line at the plane: the light for shot
    /// noise, its square for RIN, the squared slope of the modulator for what enters before it.
    BySymbol {
        /// One factor a symbol of the alphabet, ascending levels.
        factor: Vec<f64>,
        /// Time from the centre of a transmitted symbol to its centre at the plane, s. It says which symbol was on
        /// the line when a given piece of noise entered.
        symbol_delay_s: f64,
    },
}

/// The density of a noise and its way to the receiver's input.
#[derive(Debug, Clone, PartialEq)]
pub enum NoiseKind {
    /// A one-sided density on the frequencies of `transfer`'s grid, unit² of the plane per Hz, one value a stored
    /// frequency (shorter: 0 above), and the transfer from the plane to the receiver's input, V per unit of the
    /// plane.
    Density {
        /// One-sided density at the plane.
        density: Vec<f64>,
        /// Plane to receiver input.
        transfer: ChannelResponse,
    },
    /// A one-sided density in V²/Hz at the receiver's input, flat up to half the symbol rate and 0 above, so that
    /// it is white from one sampling instant to the next when nothing filters it.
    Nyquist {
        /// One-sided density, V²/Hz.
        density_v2_per_hz: f64,
    },
    /// One independent value a symbol that travels as the symbols do, but not through the transmit FFE.
    PerSymbol {
        /// Standard deviation, in the unit of the response's input.
        rms: f64,
        /// Transmitter output (after the FFE) to receiver input.
        response: ChannelResponse,
    },
}

/// One source of noise.
#[derive(Debug, Clone, PartialEq)]
pub struct NoiseSource {
    /// Its name in the budget: "thermal", "transmitter", "rin", "shot", "driver", "tia".
    pub name: String,
    /// Where it enters.
    pub plane: Plane,
    /// Density and transfer.
    pub kind: NoiseKind,
    /// Dependence on the symbol.
    pub law: LevelLaw,
}

impl NoiseSource {
    /// A white noise at the receiver's input, one-sided density in V²/Hz, that a front-end filter will bound.
    pub fn thermal(grid: Grid, density_v2_per_hz: f64) -> Self {
        let kind = NoiseKind::Density {
            density: vec![density_v2_per_hz; grid.n_freq()],
            transfer: ChannelResponse::ideal(grid),
        };
        Self { name: "thermal".into(), plane: Plane::Receiver, kind, law: LevelLaw::Stationary }
    }
}
