//! The channels of a lane: files read, recipes found, and what they allow together.

use crate::error::Result;
use crate::lane::aggressor::{Aggressor, CrosstalkPath};
use crate::lane::block::{Block, Channel, Networks, Synthetic};
use crate::lane::grid::{self, Extent};
use crate::medium::Network;
use crate::medium::electrical::SyntheticChannel;
use crate::medium::network::PortPairs;
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

    /// The network on the lane's frequencies, 0 above its own end: the differential two-port, or the mixed-mode
    /// four-port where one is asked for and there is one.
    pub(crate) fn network_on(&self, step_hz: f64, n_points: usize, as_pair: bool) -> Result<Network> {
        let modes = |n: &Network, pairs| if as_pair { n.mixed_mode(pairs) } else { n.differential(pairs) };
        match self {
            // A two-port is a differential one already.
            Self::Network(n, _) if n.n_ports() == 2 => n.resampled(step_hz, n_points),
            Self::Network(n, channel) => modes(n, channel.pairs())?.resampled(step_hz, n_points),
            Self::Synthetic(recipe, synthetic) => {
                let mut recipe = recipe.clone();
                let last = ((SYNTHETIC_LIMIT_HZ / step_hz) as usize).clamp(1, (n_points - 1).max(1));
                (recipe.freq_step_hz, recipe.freq_max_hz) = (step_hz, step_hz * last as f64);
                let network = modes(&synthetic.of_recipe(&recipe)?, Some(SYNTHETIC_PAIRS))?;
                if last + 1 == n_points { Ok(network) } else { network.resampled(step_hz, n_points) }
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
        extent.end_hz = extent.end_hz.max(SYNTHETIC_LIMIT_HZ);
    }
    Ok(extent)
}
