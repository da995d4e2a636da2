//! Which ports of a network make a differential pair.

use super::Network;
use crate::error::{Error, Result};

/// Two differential ports, ((left +, left -), (right +, right -)); single-ended ports counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PortPairs {
    /// Positive and negative port of the left side.
    pub left: (usize, usize),
    /// Positive and negative port of the right side.
    pub right: (usize, usize),
}

impl PortPairs {
    /// The order of COM and of every channel of the IEEE 802.3 groups: 1→2 positive, 3→4 negative.
    pub const DEFAULT: Self = Self { left: (1, 3), right: (2, 4) };

    /// Left +, left -, right +, right -.
    pub fn ports(self) -> [usize; 4] {
        [self.left.0, self.left.1, self.right.0, self.right.1]
    }
}

impl std::fmt::Display for PortPairs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [lp, ln, rp, rn] = self.ports();
        write!(f, "(({lp}, {ln}), ({rp}, {rn}))")
    }
}

/// Where a port map came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PairOrigin {
    /// The caller gave it.
    Given,
    /// The file states it, by `[Mixed-Mode Order]`.
    File,
    /// Read from the strongest couplings of the data.
    Guessed,
    /// The data does not tell; the default order was taken.
    Assumed,
}

impl PairOrigin {
    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::File => "file",
            Self::Guessed => "guessed",
            Self::Assumed => "assumed",
        }
    }
}

/// A port map and where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChosenPairs {
    /// The port map.
    pub pairs: PortPairs,
    /// How it was chosen.
    pub origin: PairOrigin,
}

/// Couplings are averaged up to here: a channel is still electrically simple, and its through path strong.
const LOW_FREQ_HZ: f64 = 1e9;
/// At least this many points are averaged.
const MIN_POINTS: usize = 5;
/// A through path is stronger than this at low frequency (-10 dB); crosstalk of a usable channel is not.
const THROUGH: f64 = 0.316;
/// A coupling decides only if it is this many times its rivals (6 dB).
const CLEAR: f64 = 2.0;

impl Network {
    /// The port map of a 4-port: the one its file states, else the one its data shows, else the default.
    ///
    /// The mean |S_ij| at low frequency tells which ports are coupled most. If that is a through path, its two ends
    /// are a port on the left and its partner on the right: 1→2, 3→4 gives ((1, 3), (2, 4)) and 1→3, 2→4 gives
    /// ((1, 2), (3, 4)); the side of port 1 is left, the lower port of a side positive. In a crosstalk file, whose
    /// through paths are weak, the strongest coupling is that between the two conductors of a pair: 1–3 and 2–4
    /// again gives ((1, 3), (2, 4)). If neither stands out by 6 dB the default is assumed. Ordering and polarity of
    /// two pairs that do not face each other cannot be read from the data.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless there are 4 ports: a larger network needs its pairs given.
    pub fn guessed_port_pairs(&self) -> Result<ChosenPairs> {
        if self.n_ports() != 4 {
            let requirement = "4, or the pairs given";
            return Err(Error::parameter("n_ports", self.n_ports(), requirement));
        }
        if let Some(chosen) = self.port_pairs.filter(|c| c.origin == PairOrigin::File) {
            return Ok(chosen);
        }
        // Partner of port 1 and its mean coupling, jointly with that of the two ports left over.
        let mut ranking = [2, 3, 4].map(|partner| {
            let rest: Vec<usize> = (2..=4).filter(|p| *p != partner).collect();
            (0.5 * (self.low_coupling(1, partner) + self.low_coupling(rest[0], rest[1])), partner)
        });
        ranking.sort_by(|a, b| b.0.total_cmp(&a.0));
        let [(strongest, partner), (second, _), _] = ranking;
        let others: Vec<usize> = (2..=4).filter(|p| *p != partner).collect();
        let clear = strongest > CLEAR * second;
        let pairs = if strongest >= THROUGH {
            PortPairs { left: (1, others[0]), right: (partner, others[1]) }
        } else {
            PortPairs { left: (1, partner), right: (others[0], others[1]) }
        };
        Ok(if clear {
            ChosenPairs { pairs, origin: PairOrigin::Guessed }
        } else {
            ChosenPairs { pairs: PortPairs::DEFAULT, origin: PairOrigin::Assumed }
        })
    }

    /// The pairs to use, checked, with a warning where there is reason for one.
    pub(super) fn resolve_pairs(&self, given: Option<PortPairs>) -> Result<(ChosenPairs, Option<String>)> {
        let Some(pairs) = given else {
            let chosen = self.guessed_port_pairs()?;
            let warning = (chosen.origin == PairOrigin::Assumed).then(|| {
                format!(
                    "port_pairs = {}: assumed, as no coupling of the data stands out by 6 dB",
                    chosen.pairs
                )
            });
            return Ok((chosen, warning));
        };
        self.checked_ports("pairs", &pairs.ports())?;
        let chosen = ChosenPairs { pairs, origin: PairOrigin::Given };
        if self.n_ports() != 4 {
            return Ok((chosen, None));
        }
        let seen = self.guessed_port_pairs()?;
        let same_side = |p: PortPairs, q: PortPairs| {
            let sides = [q.left, q.right].map(|(a, b)| (a.min(b), a.max(b)));
            [p.left, p.right].iter().all(|&(a, b)| sides.contains(&(a.min(b), a.max(b))))
        };
        let contradicts = seen.origin != PairOrigin::Assumed && !same_side(pairs, seen.pairs);
        let warning =
            contradicts.then(|| format!("port_pairs = {pairs}: given, but the data shows {}", seen.pairs));
        Ok((chosen, warning))
    }

    /// Mean of |S_ab| and |S_ba| at low frequency; ports from 1.
    fn low_coupling(&self, a: usize, b: usize) -> f64 {
        let low = self.freq_hz.partition_point(|f| *f <= LOW_FREQ_HZ);
        let points = low.max(MIN_POINTS).min(self.freq_hz.len());
        let sum: f64 =
            (0..points).map(|k| self.at(k, a - 1, b - 1).norm() + self.at(k, b - 1, a - 1).norm()).sum();
        0.5 * sum / points as f64
    }
}
