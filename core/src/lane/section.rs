//! A run of electrical blocks as one transfer function: cascaded with mismatch and re-reflection, collapsed to H(f) last.
//!
//! A block that converts modes (skew, a measured or synthetic four-port) sends part of the wave on as common mode, which
//! the next such block turns back: opposite skews in a row nearly cancel. Where two or more blocks convert more than
//! −25 dB the section is therefore cascaded as mixed-mode four-ports. A block without a common mode of its own then
//! counts as two uncoupled legs, whose common mode sees a quarter of the differential impedance; both common ends
//! are matched. Otherwise the differential two-ports are enough.

use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::lane::block::Block;
use crate::medium::Network;
use crate::medium::network::{PortPairs, voltage_transfer};
use crate::response::ChannelResponse;
use crate::units::amplitude_ratio;
use num_complex::Complex64;

/// Conversion from differential to common mode, dB, above which a block takes part in a four-port cascade.
const CONVERSION_LIMIT_DB: f64 = -25.0;
/// |H| at 0 Hz over that at the lowest grid frequency below which a section counts as coupled by capacitors.
const DC_NULL: f64 = 0.1;
/// Largest change of |H| from the first grid frequency to the second that a corner below the grid leaves.
const SETTLED: f64 = 0.1;

/// A transfer function and what a user should know about it.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) response: ChannelResponse,
    pub(crate) notes: Vec<String>,
}

impl Section {
    /// The section of a wanted signal, whose baseline a receiver restores.
    ///
    /// Capacitors in the path null H(0). Their corner, some kilohertz, lies far below the first frequency of the grid: one
    /// bin of 0 there would be a notch as wide as a grid step and take its area from every cursor. H(0) is then what
    /// the frequencies above it lead to.
    pub(crate) fn settled(mut self) -> Result<Self> {
        let grid = *self.response.grid();
        let mut h = self.response.h().to_vec();
        let [zero, first, second, ..] = h.as_mut_slice() else { return Ok(self) };
        let (at_first, at_second) = (first.norm(), second.norm());
        if zero.norm() >= DC_NULL * at_first {
            return Ok(self);
        }
        let step_mhz = grid.step_hz() / 1e6;
        if (at_second - at_first).abs() > SETTLED * at_second {
            self.notes.push(format!(
                "the path blocks 0 Hz with a corner above the grid's {step_mhz:.1} MHz: few frequencies resolve its baseline wander"
            ));
            return Ok(self);
        }
        // The phase of a delay is linear: twice the first less the second is the one at 0 Hz, 0 or π.
        let sign = (*first * *first * second.conj()).re.signum();
        *zero = Complex64::new(sign * at_first, 0.0);
        self.notes.push(format!(
            "the path blocks 0 Hz with a corner below the grid's {step_mhz:.1} MHz: taken as passing it, without baseline wander"
        ));
        self.response = ChannelResponse::new(grid, h, self.response.beyond())?;
        Ok(self)
    }
}

/// One block of a section.
enum Piece {
    /// Its differential two-port.
    Differential(Network),
    /// Its mixed-mode four-port: d1 d2 c1 c2.
    Pair(Network),
}

impl Piece {
    /// Largest |Scd21|.
    fn conversion(&self) -> f64 {
        match self {
            Self::Differential(_) => 0.0,
            Self::Pair(n) => (0..n.freq_hz().len()).map(|k| n.at(k, 3, 0).norm()).fold(0.0, f64::max),
        }
    }

    /// The differential two-port; its common modes are matched.
    fn differential(self) -> Result<Network> {
        match self {
            Self::Differential(n) => Ok(n),
            Self::Pair(n) => submatrix(&n, [0, 1]),
        }
    }

    /// A four-port in the order left d, left c, right d, right c, as a cascade takes it.
    fn pair(self) -> Result<Network> {
        match self {
            Self::Pair(n) => n.reordered(&[1, 3, 2, 4]),
            Self::Differential(n) => {
                let zero = Complex64::ZERO;
                let mut s = Vec::with_capacity(16 * n.freq_hz().len());
                for k in 0..n.freq_hz().len() {
                    let (a, b, c, d) = (n.at(k, 0, 0), n.at(k, 0, 1), n.at(k, 1, 0), n.at(k, 1, 1));
                    s.extend([a, zero, b, zero, zero, a, zero, b, c, zero, d, zero, zero, c, zero, d]);
                }
                let [left, right] = [n.z0_ohm()[0], n.z0_ohm()[1]];
                Network::new(n.freq_hz().to_vec(), s, vec![left, 0.25 * left, right, 0.25 * right])
            }
        }
    }
}

/// The two-port of two ports of a network, the others matched.
fn submatrix(network: &Network, ports: [usize; 2]) -> Result<Network> {
    let mut s = Vec::with_capacity(4 * network.freq_hz().len());
    for k in 0..network.freq_hz().len() {
        for out in ports {
            s.extend(ports.map(|input| network.at(k, out, input)));
        }
    }
    let z0_ohm = ports.map(|p| network.z0_ohm()[p]).to_vec();
    Network::new(network.freq_hz().to_vec(), s, z0_ohm)
}

/// Whether a block may convert modes, before it is computed.
fn may_convert(block: &Block) -> bool {
    match block {
        Block::Channel(_) | Block::Synthetic(_) => true,
        Block::Trace(b) => b.skew_s != 0.0,
        Block::Twinax(b) => b.skew_s != 0.0,
        _ => false,
    }
}

/// The voltage transfer of a run of electrical blocks between a source and a load resistance, on the grid.
///
/// `channel` gives the network of a block that is a channel, on the section's frequencies: a differential two-port or
/// the mixed-mode four-port, as asked. No blocks, or only ideal ones, are H = 1 whatever the terminations.
///
/// # Errors
/// Those of the blocks; [`Error::Parameter`] for an optical block or a retimer.
pub(crate) fn section(
    blocks: &[Block],
    grid: Grid,
    freq_hz: &[f64],
    terminations_ohm: (f64, f64),
    mut channel: impl FnMut(usize, bool) -> Result<Network>,
) -> Result<Section> {
    let mut notes = Vec::new();
    let mut as_pairs = blocks.iter().filter(|b| may_convert(b)).count() >= 2;
    let mut pieces = Vec::with_capacity(blocks.len());
    for (i, block) in blocks.iter().enumerate() {
        if !matches!(block, Block::Ideal(_)) {
            pieces.push(piece(block, i, freq_hz, as_pairs, &mut channel)?);
        }
    }
    if as_pairs {
        let limit = amplitude_ratio(CONVERSION_LIMIT_DB);
        let converting = pieces.iter().filter(|p| p.conversion() > limit).count();
        as_pairs = converting >= 2;
        if as_pairs {
            notes.push(format!(
                "{converting} blocks convert modes by more than {CONVERSION_LIMIT_DB} dB: cascaded as four-ports, blocks without a common mode of their own as uncoupled legs"
            ));
        }
    }
    let mut total: Option<Network> = None;
    for piece in pieces {
        let next = if as_pairs { piece.pair()? } else { piece.differential()? };
        total = Some(match total {
            None => next,
            Some(before) => before.cascade(&next)?,
        });
    }
    let Some(total) = total else {
        return Ok(Section { response: ChannelResponse::ideal(grid), notes });
    };
    let total = if as_pairs { submatrix(&total, [0, 2])? } else { total };
    let mut h = voltage_transfer(&total, terminations_ohm.0, terminations_ohm.1)?;
    // Above the end of the data every network transmits nothing; the response ends there.
    let end = h.iter().rposition(|v| *v != Complex64::ZERO).map_or(1, |i| i + 1);
    h.truncate(end);
    // Rounding leaves an imaginary part at 0 Hz that a real time response cannot have.
    h[0].im = 0.0;
    Ok(Section { response: ChannelResponse::new(grid, h, 0.0)?, notes })
}

fn piece(
    block: &Block,
    i: usize,
    freq_hz: &[f64],
    as_pair: bool,
    channel: &mut impl FnMut(usize, bool) -> Result<Network>,
) -> Result<Piece> {
    let mixed = |n: Network| n.mixed_mode(Some(PortPairs::DEFAULT)).map(Piece::Pair);
    Ok(Piece::Differential(match block {
        Block::Channel(_) | Block::Synthetic(_) => {
            let network = channel(i, as_pair)?;
            if network.n_ports() == 4 {
                return Ok(Piece::Pair(network));
            }
            network
        }
        Block::Trace(b) if as_pair && b.skew_s != 0.0 => return mixed(b.pair_network(freq_hz)?),
        Block::Twinax(b) if as_pair && b.skew_s != 0.0 => return mixed(b.pair_network(freq_hz)?),
        Block::Trace(b) => b.network(freq_hz)?,
        Block::Package(b) => b.network(freq_hz)?,
        Block::Twinax(b) => b.network(freq_hz)?,
        Block::Lumped(b) => b.network(freq_hz)?,
        Block::Via(b) => b.network(freq_hz)?,
        Block::BoardConnector(b) => b.network(freq_hz)?,
        Block::Ideal(b) => b.network(freq_hz)?,
        Block::Optics(_) | Block::Retimer(_) => {
            return Err(Error::parameter(format!("medium.{i}"), block.kind(), "an electrical block here"));
        }
    }))
}
