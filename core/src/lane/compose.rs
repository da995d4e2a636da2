//! From blocks to one transfer function: two-ports cascaded with mismatch and re-reflection, collapsed to H(f) last.

use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::lane::aggressor::{Aggressor, CrosstalkPath};
use crate::lane::block::{Block, Channel, Networks, Synthetic};
use crate::lane::grid::{self, Extent};
use crate::medium::Network;
use crate::medium::electrical::SyntheticChannel;
use crate::medium::network::{PortPairs, voltage_transfer};
use crate::response::ChannelResponse;
use std::path::Path;
use std::sync::Arc;

/// Highest frequency of the synthetic channels, Hz.
const SYNTHETIC_LIMIT_HZ: f64 = 110e9;

/// Pairs of the synthetic four-ports: 1 to 2 is the positive leg, 3 to 4 the negative.
const SYNTHETIC_PAIRS: PortPairs = PortPairs::DEFAULT;

/// A channel as it was read, or the recipe that makes one.
#[derive(Debug, Clone)]
pub(crate) enum Raw {
    /// A network from a file or an array, with the pairs to use.
    Network(Arc<Network>, Channel),
    /// A synthetic path, evaluated on whatever grid the lane chooses.
    Synthetic(SyntheticChannel, Synthetic),
}

impl Raw {
    fn channel(channel: &Channel, networks: &mut Networks, base: &Path) -> Result<Self> {
        Ok(Self::Network(networks.get(channel, base)?, channel.clone()))
    }

    fn synthetic(synthetic: &Synthetic) -> Result<Self> {
        Ok(Self::Synthetic(SyntheticChannel::named(&synthetic.recipe)?, synthetic.clone()))
    }

    /// Reads what a block refers to; `None` for a block that is not a channel.
    pub(crate) fn of_block(block: &Block, networks: &mut Networks, base: &Path) -> Result<Option<Self>> {
        match block {
            Block::Channel(c) => Self::channel(c, networks, base).map(Some),
            Block::Synthetic(s) => Self::synthetic(s).map(Some),
            _ => Ok(None),
        }
    }

    /// Reads an aggressor's path.
    pub(crate) fn of_aggressor(aggressor: &Aggressor, networks: &mut Networks, base: &Path) -> Result<Self> {
        match &aggressor.channel {
            CrosstalkPath::Channel(c) => Self::channel(c, networks, base),
            CrosstalkPath::Synthetic(s) => Self::synthetic(s),
        }
    }

    /// The network read, if it was read.
    pub(crate) fn network(&self) -> Option<&Network> {
        match self {
            Self::Network(n, _) => Some(n),
            Self::Synthetic(..) => None,
        }
    }

    /// The differential two-port on the lane's frequencies.
    pub(crate) fn two_port(&self, step_hz: f64, n_points: usize) -> Result<Network> {
        match self {
            // A two-port is a differential one already.
            Self::Network(n, _) if n.n_ports() == 2 => n.resampled(step_hz, n_points),
            Self::Network(n, channel) => n.differential(channel.pairs())?.resampled(step_hz, n_points),
            Self::Synthetic(recipe, synthetic) => {
                let mut recipe = recipe.clone();
                recipe.freq_step_hz = step_hz;
                recipe.freq_max_hz = step_hz * (n_points - 1) as f64;
                synthetic.of_recipe(&recipe)?.differential(Some(SYNTHETIC_PAIRS))
            }
        }
    }
}

/// What the raw channels of a lane allow together.
pub(crate) fn extent<'a>(
    rate: crate::grid::SymbolRate,
    raw: impl Iterator<Item = (String, &'a Raw)> + Clone,
    warnings: &mut Vec<String>,
) -> Result<Extent> {
    let read = raw.clone().filter_map(|(name, r)| r.network().map(|n| (name, n)));
    let mut extent = grid::extent(rate, read, warnings)?;
    if raw.clone().any(|(_, r)| matches!(r, Raw::Synthetic(..))) {
        extent.limit_hz = extent.limit_hz.min(SYNTHETIC_LIMIT_HZ);
    }
    Ok(extent)
}

/// The voltage transfer of a run of electrical blocks between a source and a load resistance, on the grid.
///
/// `channel` gives the two-port of a block that is a channel. No blocks, or only ideal ones, are H = 1 whatever the
/// terminations.
///
/// # Errors
/// Those of the blocks; [`Error::Parameter`] for an optical block.
pub(crate) fn section(
    blocks: &[Block],
    grid: Grid,
    freq_hz: &[f64],
    terminations_ohm: (f64, f64),
    mut channel: impl FnMut(usize) -> Result<Network>,
) -> Result<ChannelResponse> {
    let mut total: Option<Network> = None;
    for (i, block) in blocks.iter().enumerate() {
        let next = match block {
            Block::Ideal(_) => continue,
            Block::Channel(_) | Block::Synthetic(_) => channel(i)?,
            Block::Trace(b) => b.network(freq_hz)?,
            Block::Package(b) => b.network(freq_hz)?,
            Block::Twinax(b) => b.network(freq_hz)?,
            Block::Lumped(b) => b.network(freq_hz)?,
            Block::Via(b) => b.network(freq_hz)?,
            Block::BoardConnector(b) => b.network(freq_hz)?,
            Block::Optics(_) => {
                return Err(Error::parameter(format!("medium.{i}"), "optics", "an electrical block here"));
            }
        };
        total = Some(match total {
            None => next,
            Some(before) => before.cascade(&next)?,
        });
    }
    let Some(total) = total else {
        return Ok(ChannelResponse::ideal(grid));
    };
    let mut h = voltage_transfer(&total, terminations_ohm.0, terminations_ohm.1)?;
    // Rounding leaves an imaginary part at 0 Hz that a real time response cannot have.
    h[0].im = 0.0;
    ChannelResponse::new(grid, h, 0.0)
}
