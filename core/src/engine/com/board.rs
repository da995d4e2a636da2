//! Host boards between the packages and the channel of a cable assembly (`Include PCB`): C_0, line, C_1.

use super::config::Role;
use super::keywords::Keywords;
use crate::error::{Error, Result, require};
use crate::medium::Network;
use crate::medium::electrical::{Package, PackageLine, Side};

/// The boards of both ends.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Boards {
    /// A board at the transmitter too; the receiver has one always.
    at_transmitter: bool,
    line: PackageLine,
    z0_ohm: [f64; 2],
    near_f: [f64; 2],
    far_f: [f64; 2],
    thru_m: f64,
    fext_m: f64,
    next_m: f64,
    rx_m: f64,
}

impl Boards {
    /// None if `Include PCB` is 0 or left out.
    pub(super) fn from_keywords(k: &Keywords<'_>) -> Result<Option<Self>> {
        let included = k.count_or("Include PCB", 0, 0, 2)?;
        if included == 0 {
            return Ok(None);
        }
        let terms = k.list_or("board_tl_gamma0_a1_a2", &[0.0, 4.114e-4, 2.547e-4])?;
        let [g0, a1, a2] = terms[..] else {
            let value = format!("{} values", terms.len());
            return Err(Error::parameter("board_tl_gamma0_a1_a2", value, "three values: gamma0, a1, a2"));
        };
        let tau = require::positive("board_tl_tau", k.number_or("board_tl_tau", 6.191e-3)?)?;
        let length = |name: &str, default: f64| {
            require::within(name, k.number_or(name, default)?, 0.0, 1000.0).map(|mm| mm * 1e-3)
        };
        let nano = |name: &str| k.ends_or(name, 0.0).map(|v| v.map(|c| c * 1e-9));
        Ok(Some(Self {
            at_transmitter: included == 1,
            line: PackageLine::from_annex(g0, a1, a2, tau),
            z0_ohm: k.ends_or("board_Z_c", 109.8)?,
            near_f: nano("C_0")?,
            far_f: nano("C_1")?,
            thru_m: length("z_bp (TX)", 151.0)?,
            fext_m: length("z_bp (FEXT)", 72.0)?,
            next_m: length("z_bp (NEXT)", 72.0)?,
            rx_m: length("z_bp (RX)", 151.0)?,
        }))
    }

    /// The board of one end on a path. For a near-end aggressor the release puts `z_bp (RX)` at its transmitter and
    /// `z_bp (NEXT)` at the receiver.
    pub(super) fn network(&self, side: Side, role: Role, freq_hz: &[f64]) -> Result<Option<Network>> {
        if side == Side::Tx && !self.at_transmitter {
            return Ok(None);
        }
        let length_m = match (side, role) {
            (Side::Tx, Role::Thru) => self.thru_m,
            (Side::Tx, Role::Fext) => self.fext_m,
            (Side::Tx, Role::Next) | (Side::Rx, Role::Thru | Role::Fext) => self.rx_m,
            (Side::Rx, Role::Next) => self.next_m,
        };
        let end = usize::from(side == Side::Rx);
        let board = Package {
            name: None,
            side,
            die_capacitance_f: Vec::new(),
            die_inductance_h: Vec::new(),
            bump_capacitance_f: self.near_f[end],
            lines: vec![PackageLine { length_m, z0_ohm: self.z0_ohm[end], ..self.line.clone() }],
            board_capacitance_f: self.far_f[end],
        };
        board.network(freq_hz).map(Some)
    }
}
