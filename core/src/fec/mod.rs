//! Forward error correction: what a Reed–Solomon code makes of the slicer's error ratio.
//!
//! Figures are closed form, never a simulation: [`codeword_error_ratio`], [`ber_after`], [`frame_loss_ratio`] and
//! the inverse, [`ber_limit`]. Errors are independent bits, or the two-state process of PAM4 symbols that decision
//! feedback makes, with symbol multiplexing and precoding; several such processes where retimers divide a lane
//! ([`figures_of_segments`]).
//!
//! | code | n, k, t | symbol | where |
//! |---|---|---|---|
//! | KP4 | 544, 514, 15 | 10 bit | IEEE 802.3 Clauses 91, 119 |
//! | KR4 | 528, 514, 7 | 10 bit | IEEE 802.3 Clause 91 |

mod binomial;
mod burst;
mod figures;

pub use figures::{
    ErrorProcess, Figures, ber_after, ber_limit, codeword_error_ratio, figures, figures_of_segments,
    frame_loss_ratio,
};

use crate::error::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A Reed–Solomon code over GF(2^10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// RS(544, 514), "KP4".
    Kp4,
    /// RS(528, 514), "KR4".
    Kr4,
}

impl Code {
    /// Every code, as named by users.
    pub const NAMES: [&'static str; 2] = ["kp4", "kr4"];

    /// The code of that name.
    ///
    /// # Errors
    /// [`Error::Unknown`] with the nearest name.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "kp4" => Ok(Self::Kp4),
            "kr4" => Ok(Self::Kr4),
            _ => Err(Error::unknown("code", name, Self::NAMES)),
        }
    }

    /// The name used in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kp4 => "kp4",
            Self::Kr4 => "kr4",
        }
    }

    /// Symbols in a codeword.
    pub fn n(self) -> usize {
        match self {
            Self::Kp4 => 544,
            Self::Kr4 => 528,
        }
    }

    /// Symbols of the message.
    pub fn k(self) -> usize {
        514
    }

    /// Wrong symbols that can be corrected, (n - k)/2.
    pub fn t(self) -> usize {
        (self.n() - self.k()) / 2
    }

    /// Bits in a symbol.
    pub fn symbol_bits(self) -> usize {
        10
    }

    /// Bits in a codeword on the line.
    pub fn codeword_bits(self) -> usize {
        self.n() * self.symbol_bits()
    }
}

/// The coding of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fec {
    /// No coding.
    None,
    /// RS(544, 514), "KP4".
    #[default]
    Kp4,
}

impl Fec {
    /// Every scheme, as named in files.
    pub const NAMES: [&'static str; 2] = ["none", "kp4"];

    /// The scheme of that name.
    ///
    /// # Errors
    /// [`Error::Unknown`] with the nearest name.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "none" => Ok(Self::None),
            "kp4" => Ok(Self::Kp4),
            _ => Err(Error::unknown("fec", name, Self::NAMES)),
        }
    }

    /// The name used in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Kp4 => "kp4",
        }
    }

    /// The outer code, if there is one.
    pub fn code(self) -> Option<Code> {
        match self {
            Self::None => None,
            Self::Kp4 => Some(Code::Kp4),
        }
    }

    /// Error ratio before FEC that a lane's margin is taken to unless it says otherwise: 1e-12 without coding, else
    /// what leaves 1e-15 after it.
    ///
    /// # Errors
    /// Those of [`ber_limit`]; none for the codes of this enum.
    pub fn ber_limit(self) -> Result<f64> {
        match self.code() {
            None => Ok(1e-12),
            Some(code) => ber_limit(code, 1e-15),
        }
    }

    /// Payload rate of a lane, bit/s, from its rate on the line.
    ///
    /// With KP4 the message of 514 symbols carries 257-bit blocks of 256 payload bits (transcoding of IEEE 802.3
    /// Clause 91), so 212.5 Gb/s on the line are 200 Gb/s; without coding every bit counts.
    ///
    /// ```
    /// assert!((lightlane::fec::Fec::Kp4.payload_rate_bps(212.5e9) / 200e9 - 1.0).abs() < 1e-15);
    /// ```
    pub fn payload_rate_bps(self, line_rate_bps: f64) -> f64 {
        self.code().map_or(line_rate_bps, |c| line_rate_bps * c.k() as f64 / c.n() as f64 * 256.0 / 257.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_slips_are_caught() {
        for name in Fec::NAMES {
            let fec = Fec::from_name(name).expect("known");
            assert_eq!(fec.name(), name);
            assert_eq!(serde_json::to_string(&fec).expect("plain enum"), format!("{name:?}"));
        }
        for name in Code::NAMES {
            assert_eq!(Code::from_name(name).map(Code::name), Ok(name));
        }
        assert_eq!(
            Code::from_name("kp5").expect_err("slip").to_string(),
            "code = \"kp5\": unknown, did you mean \"kp4\"?"
        );
        assert!(Fec::from_name("kr4").is_err());
    }

    #[test]
    fn the_codes_are_the_standards() {
        assert_eq!((Code::Kp4.n(), Code::Kp4.k(), Code::Kp4.t()), (544, 514, 15));
        assert_eq!((Code::Kr4.n(), Code::Kr4.k(), Code::Kr4.t()), (528, 514, 7));
        assert_eq!(Code::Kp4.codeword_bits(), 5440);
    }
}
