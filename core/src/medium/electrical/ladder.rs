//! The common shape of lines, cables, vias and connectors: a ladder of a few kinds of element.
//!
//! A line element has, per metre,
//!
//! ```text
//! Z' = jwL s_l + 2 Z_i s_r,   Y' = jwC s_c eps(f)/dk,   L = Z0 sqrt(dk)/c,   C = sqrt(dk)/(c Z0)
//! ```
//!
//! Z_i is the internal impedance of one conductor, eps the wideband Debye permittivity; both are analytic, so the
//! line is causal. Z0 is the lossless impedance at the dielectric's reference frequency. The factors s scale the
//! element to another mode: the common mode of the pair, or the even and odd mode of two coupled pairs.

use super::conductor::Conductor;
use super::dielectric::WidebandDebye;
use super::four_port::{PairChain, extend_single_ended, single_ended_network};
use super::skew;
use super::two_port::{TwoPort, check_freq};
use crate::error::{Error, Result};
use crate::medium::Network;
use crate::units::SPEED_OF_LIGHT_M_PER_S;
use num_complex::Complex64;
use std::f64::consts::TAU;

/// A line of more loss than this (8,686 dB) would overflow its hyperbolic functions.
const MAX_NEPER: f64 = 300.0;

/// Material and conductor of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LineModel {
    pub(super) dk: f64,
    pub(super) dielectric: WidebandDebye,
    pub(super) conductor: Conductor,
}

impl LineModel {
    pub(super) fn new(dk: f64, df: f64, reference_freq_hz: f64, conductor: Conductor) -> Result<Self> {
        Ok(Self { dk, dielectric: WidebandDebye::new(dk, df, reference_freq_hz)?, conductor })
    }

    fn constants(&self, freq_hz: f64) -> LineConstants {
        LineConstants {
            slowness_s_per_m: self.dk.sqrt() / SPEED_OF_LIGHT_M_PER_S,
            permittivity_ratio: self.dielectric.permittivity(freq_hz) / self.dk,
            loop_ohm_per_m: 2.0 * self.conductor.impedance_ohm_per_m(freq_hz),
        }
    }
}

/// What every line of one model shares at one frequency.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineConstants {
    slowness_s_per_m: f64,
    permittivity_ratio: Complex64,
    loop_ohm_per_m: Complex64,
}

/// Factors on resistance, inductance and capacitance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub(super) resistance: f64,
    pub(super) inductance: f64,
    pub(super) capacitance: f64,
}

impl Scale {
    /// The differential mode itself.
    pub(super) const UNIT: Self = Self { resistance: 1.0, inductance: 1.0, capacitance: 1.0 };

    /// The common mode whose impedance is `ratio` times the differential one; its two legs are in parallel.
    pub(super) fn common(ratio: f64) -> Self {
        Self { resistance: 0.25, inductance: ratio, capacitance: 1.0 / ratio }
    }

    /// An impedance off by the factor `z` at unchanged delay.
    pub(super) fn impedance(self, z: f64) -> Self {
        Self { inductance: self.inductance * z, capacitance: self.capacitance / z, ..self }
    }

    /// The even (`sign` 1) or odd (-1) mode of two pairs with these coupling coefficients Lm/L and Cm/C.
    pub(super) fn coupled(self, sign: f64, inductive: f64, capacitive: f64) -> Self {
        Self {
            inductance: self.inductance * (1.0 + sign * inductive),
            capacitance: self.capacitance * (1.0 - sign * capacitive),
            ..self
        }
    }
}

/// One element; lines name their model by its place in the ladder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// A length of line.
    Line { model: usize, z0_ohm: f64, length_m: f64 },
    /// A length of line across the pair, open at its far end.
    Stub { model: usize, z0_ohm: f64, length_m: f64 },
    /// A capacitance from each leg to ground, F.
    LegCapacitance(f64),
    /// One leg longer than the other.
    Skew { skew_s: f64, z0_ohm: f64 },
}

impl Kind {
    /// The element at one frequency, in the mode `scale` stands for. `constants` holds one entry a model.
    pub(super) fn two_port(&self, omega: f64, constants: &[LineConstants], scale: &Scale) -> TwoPort {
        let line = |model: usize, z0_ohm: f64, length_m: f64| {
            let k = &constants[model];
            let delay = omega * k.slowness_s_per_m * length_m;
            let z = k.loop_ohm_per_m * (length_m * scale.resistance)
                + Complex64::new(0.0, delay * z0_ohm * scale.inductance);
            let y = Complex64::new(0.0, delay / z0_ohm * scale.capacitance) * k.permittivity_ratio;
            TwoPort::line(z, y)
        };
        match *self {
            Self::Line { model, z0_ohm, length_m } => line(model, z0_ohm, length_m),
            Self::Stub { model, z0_ohm, length_m } => {
                let stub = line(model, z0_ohm, length_m);
                TwoPort::shunt(stub.c / stub.a)
            }
            // Two capacitances to ground in series between the legs: half of one.
            Self::LegCapacitance(farad) => {
                TwoPort::shunt(Complex64::new(0.0, 0.5 * omega * farad * scale.capacitance))
            }
            Self::Skew { skew_s, z0_ohm } => skew::differential(omega, skew_s, z0_ohm),
        }
    }
}

/// An element with the impedance ratio of its common to its differential mode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Element {
    pub(super) kind: Kind,
    pub(super) common_ratio: f64,
}

/// Elements in the order the wave meets them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ladder {
    pub(super) models: Vec<LineModel>,
    pub(super) elements: Vec<Element>,
    common_ratio: f64,
}

impl Ladder {
    /// An empty ladder whose elements have this impedance ratio of common to differential mode.
    pub(super) fn new(common_ratio: f64) -> Self {
        Self { models: Vec::new(), elements: Vec::new(), common_ratio }
    }

    /// The place of a model, added if it is new.
    pub(super) fn model(&mut self, model: LineModel) -> usize {
        self.models.iter().position(|m| *m == model).unwrap_or_else(|| {
            self.models.push(model);
            self.models.len() - 1
        })
    }

    pub(super) fn push(&mut self, kind: Kind) {
        self.elements.push(Element { kind, common_ratio: self.common_ratio });
    }

    /// `other` behind this one.
    pub(super) fn append(&mut self, other: &Self) {
        let places: Vec<usize> = other.models.iter().map(|m| self.model(*m)).collect();
        for element in &other.elements {
            let mut moved = *element;
            if let Kind::Line { model, .. } | Kind::Stub { model, .. } = &mut moved.kind {
                *model = places[*model];
            }
            self.elements.push(moved);
        }
    }

    /// The constants of every model, frequency by frequency.
    ///
    /// # Errors
    /// For a frequency that is negative or not finite, and for a line too lossy to represent.
    pub(super) fn constants(&self, freq_hz: &[f64]) -> Result<Vec<LineConstants>> {
        check_freq(freq_hz)?;
        if let Some(f) = freq_hz.iter().copied().reduce(f64::max) {
            self.check_loss(f)?;
        }
        Ok(freq_hz.iter().flat_map(|&f| self.models.iter().map(move |m| m.constants(f))).collect())
    }

    fn check_loss(&self, freq_hz: f64) -> Result<()> {
        for element in &self.elements {
            if let Kind::Line { model, z0_ohm, length_m } | Kind::Stub { model, z0_ohm, length_m } =
                element.kind
            {
                let k = self.models[model].constants(freq_hz);
                let shift = TAU * freq_hz * k.slowness_s_per_m;
                let neper = 0.5 * (k.loop_ohm_per_m.re / z0_ohm - shift * k.permittivity_ratio.im) * length_m;
                if neper.is_nan() || neper > MAX_NEPER {
                    let requirement =
                        format!("short enough for less than {MAX_NEPER} Np of loss at {freq_hz:e} Hz");
                    return Err(Error::parameter("length_m", length_m, requirement));
                }
            }
        }
        Ok(())
    }

    /// Differential-mode chain matrix at each frequency.
    pub(super) fn chain(&self, freq_hz: &[f64]) -> Result<Vec<TwoPort>> {
        let constants = self.constants(freq_hz)?;
        let n = self.models.len();
        Ok(freq_hz
            .iter()
            .enumerate()
            .map(|(k, &f)| {
                let here = &constants[k * n..(k + 1) * n];
                self.elements.iter().fold(TwoPort::IDENTITY, |so_far, e| {
                    so_far.then(&e.kind.two_port(TAU * f, here, &Scale::UNIT))
                })
            })
            .collect())
    }

    /// Single-ended four-port of the pair, 50 ohm: ports 1→2 the P leg, 3→4 the N leg.
    pub(super) fn pair_network(&self, freq_hz: &[f64]) -> Result<Network> {
        let constants = self.constants(freq_hz)?;
        let n = self.models.len();
        let mut s = Vec::with_capacity(16 * freq_hz.len());
        for (k, &f) in freq_hz.iter().enumerate() {
            let here = &constants[k * n..(k + 1) * n];
            let at = self.pair_chain(TAU * f, here, |_, scale| scale).scattering();
            extend_single_ended(&mut s, &at.near, &at.transmission, &at.far);
        }
        single_ended_network(freq_hz, s)
    }

    /// Chain matrix of both modes of the pair at one angular frequency; `scale` adapts each element by its index.
    ///
    /// Between skews the modes are independent and cost two small products; only a skew joins them.
    pub(super) fn pair_chain(
        &self,
        omega: f64,
        constants: &[LineConstants],
        scale: impl Fn(usize, Scale) -> Scale,
    ) -> PairChain {
        let mut chain: Option<PairChain> = None;
        let (mut d, mut c) = (TwoPort::IDENTITY, TwoPort::IDENTITY);
        for (i, element) in self.elements.iter().enumerate() {
            if let Kind::Skew { skew_s, z0_ohm } = element.kind {
                let (p, n) = skew::legs(omega, skew_s, z0_ohm);
                let modes = PairChain::from_modes(&d, &c);
                let before = chain.map_or(modes, |so_far| so_far.then(&modes));
                chain = Some(before.then(&PairChain::from_legs(&p, &n)));
                (d, c) = (TwoPort::IDENTITY, TwoPort::IDENTITY);
            } else {
                d = d.then(&element.kind.two_port(omega, constants, &scale(i, Scale::UNIT)));
                let common = scale(i, Scale::common(element.common_ratio));
                c = c.then(&element.kind.two_port(omega, constants, &common));
            }
        }
        let modes = PairChain::from_modes(&d, &c);
        chain.map_or(modes, |so_far| so_far.then(&modes))
    }
}
