//! The terms that energy and latency are made of, and the ledger they are folded into.

use super::fold::{Book, Entry, Ranged, View};
use super::laser::{LaserBudget, els_gives};
use crate::ledger::{Assumption, Grade, Graded};
use crate::units::SPEED_OF_LIGHT_M_PER_S;
use serde::{Deserialize, Serialize};

/// The ledgers of a lane or an architecture, and the figures folded over them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// Segments of the path: losses, lengths, dielectric constants, delays.
    pub path: Vec<Graded>,
    /// Parts: energies, efficiencies, delays, the optical budget.
    pub parts: Vec<Graded>,
    /// Energy per net payload bit of one end with its host SerDes, J/bit.
    pub energy_j_per_bit: Ranged,
    /// Latency of the link, one way, s.
    pub latency_s: Ranged,
    /// Loss that the host's SerDes equalizes at the Nyquist frequency, dB.
    pub host_loss_db: Ranged,
    /// Output that the external laser must have, W, where the budget sets it.
    pub laser_w: Option<Ranged>,
    /// Energy by cause, J/bit at the central values, the regulator's loss included; they add to the energy.
    pub energy_terms: Vec<Term>,
    /// Latency by cause, s at the central values; they add to the latency.
    pub latency_terms: Vec<Term>,
    /// Entries that rest on less than a source.
    pub assumptions: Vec<Assumption>,
    /// What a reader must know before quoting the figures.
    pub warnings: Vec<String>,
}

/// One cause's share of a figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Term {
    /// The cause.
    pub name: String,
    /// Its share, in the figure's unit.
    pub value: f64,
}

/// A loss: so many times an entry in dB, or an entry in dB/m times a length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loss {
    pub(super) count: f64,
    pub(super) loss: Entry,
    pub(super) length: Option<Entry>,
}

/// A delay on the path.
#[derive(Debug, Clone, Copy)]
pub(super) enum Delay {
    /// So many times a line of that length and dielectric constant.
    Line { count: f64, length: Entry, dk: Entry },
    /// A delay as such.
    Known(Entry),
}

/// The host's SerDes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Host {
    /// No SerDes at the host.
    None,
    /// By the loss, and an equivalent for what it equalizes beyond copper.
    Affine { base: Entry, slope: Entry, extra: Option<Entry> },
    /// By the equalizer.
    Taps { afe: Entry, ffe: (f64, Entry), dfe: (f64, Entry), mlsd: Option<Entry> },
}

/// The laser of a lane.
#[derive(Debug, Clone)]
pub(super) enum Laser {
    /// From the optical budget.
    Budget(Box<BudgetEntries>),
    /// This lane's share of the light, W, as simulated.
    Known { power: Entry, efficiency: Entry },
}

/// Entries of a [`LaserBudget`].
#[derive(Debug, Clone)]
pub(super) struct BudgetEntries {
    pub(super) sensitivity: Entry,
    pub(super) penalty: Entry,
    pub(super) margin: Entry,
    pub(super) link: Entry,
    pub(super) coupling: Entry,
    pub(super) waveguide: Entry,
    pub(super) extinction: Entry,
    pub(super) modulator: Entry,
    /// Laser to modulator.
    pub(super) laser_path: Vec<Entry>,
    /// `None` for a laser that serves one lane and has no class to fit.
    pub(super) lanes_per_laser: Option<Entry>,
    pub(super) efficiency: Entry,
}

/// Everything the folds are made of.
pub(super) struct Terms {
    pub(super) book: Book,
    pub(super) losses: Vec<Loss>,
    pub(super) delays: Vec<Delay>,
    pub(super) host: Host,
    /// Parts behind the regulator: name, count, entry in J/bit.
    pub(super) parts: Vec<(f64, Entry)>,
    /// One an optical section.
    pub(super) lasers: Vec<Laser>,
    pub(super) vrm_efficiency: Option<Entry>,
    pub(super) fiber: Option<(Entry, Entry)>,
    pub(super) dsp: Option<(f64, Entry)>,
    /// SerDes delay at each end.
    pub(super) serdes_delay: Entry,
    /// A die-to-die interface, crossed once at each end; round trip.
    pub(super) die_to_die: Option<Entry>,
    /// Codewords decoded together, bits of one, decoder.
    pub(super) fec: Option<(f64, Entry, Entry)>,
    pub(super) line_rate_bps: f64,
    pub(super) payload_rate_bps: f64,
}

impl Terms {
    /// Folds the terms.
    pub(super) fn ledger(self) -> Ledger {
        let host_loss_db = self.book.fold(|v| self.loss_db(v));
        let (energy_j_per_bit, latency_s) = self.ranges();
        let external = |laser: &Laser| match laser {
            Laser::Budget(b) => b.lanes_per_laser.map(|n| (b.clone(), n)),
            Laser::Known { .. } => None,
        };
        let external: Vec<_> = self.lasers.iter().filter_map(external).collect();
        let laser_w = (!external.is_empty()).then(|| {
            let needs =
                |v: &View, (b, n): &(Box<BudgetEntries>, Entry)| self.budget(b, v).power().laser_w * v.at(*n);
            self.book.fold(|v| external.iter().map(|laser| needs(v, laser)).fold(0.0, f64::max))
        });
        let mut warnings = Vec::new();
        if let Some(w) = &laser_w
            && !els_gives(w.high)
        {
            let which = if els_gives(w.value) { "the high end of the energy" } else { "the energy" };
            warnings.push(format!(
                "{which} asks for more light than the largest external laser class gives: infeasible as one laser"
            ));
        }
        let (path, parts) = self.book.ledgers();
        let weak = |e: &&Graded| e.grade != Grade::Sourced;
        let assumption = |e: &Graded| Assumption {
            path: format!("ledger.{}", e.name),
            value: e.value.to_string(),
            grade: e.grade,
            source: e.source.clone(),
        };
        Ledger {
            energy_terms: self.book.central(|v| named(self.energy(v))),
            latency_terms: self.book.central(|v| named(self.latency(v))),
            assumptions: self.book.entries().iter().filter(weak).map(assumption).collect(),
            path,
            parts,
            energy_j_per_bit,
            latency_s,
            host_loss_db,
            laser_w,
            warnings,
        }
    }

    /// Energy and latency with their bounds.
    pub(super) fn ranges(&self) -> (Ranged, Ranged) {
        (self.book.fold(|v| sum(&self.energy(v))), self.book.fold(|v| sum(&self.latency(v))))
    }

    /// Energy and latency at values of the entries, in the book's order.
    pub(super) fn at(&self, values: &[f64]) -> (f64, f64) {
        self.book.at(values, |v| (sum(&self.energy(v)), sum(&self.latency(v))))
    }

    fn loss_db(&self, v: &View) -> f64 {
        self.losses.iter().map(|l| l.count * v.at(l.loss) * l.length.map_or(1.0, |e| v.at(e))).sum()
    }

    fn energy(&self, v: &View) -> Vec<(String, f64)> {
        let mut terms = Vec::new();
        match self.host {
            Host::None => {}
            Host::Affine { base, slope, extra } => {
                let loss_db = self.loss_db(v) + extra.map_or(0.0, |e| v.at(e));
                terms.push(("host_serdes".to_string(), v.at(base) + v.at(slope) * loss_db));
            }
            Host::Taps { afe, ffe, dfe, mlsd } => {
                let taps = ffe.0 * v.at(ffe.1) + dfe.0 * v.at(dfe.1);
                let detector = mlsd.map_or(0.0, |e| v.at(e));
                terms.push(("host_serdes".to_string(), v.at(afe) + taps + detector));
            }
        }
        let behind = self.vrm_efficiency.map_or(1.0, |e| v.at(e));
        for (count, part) in &self.parts {
            let name = self.book.name(*part).to_string();
            terms.push((name, count * v.at(*part) / behind));
        }
        let laser = |laser: &Laser| match laser {
            Laser::Budget(b) => self.budget(b, v).power().energy_j_per_bit / behind,
            Laser::Known { power, efficiency } => {
                let electrical_w = v.at(*power) / v.at(*efficiency);
                electrical_w / self.payload_rate_bps / behind
            }
        };
        if !self.lasers.is_empty() {
            terms.push(("laser".to_string(), self.lasers.iter().map(laser).sum()));
        }
        terms
    }

    fn latency(&self, v: &View) -> Vec<(String, f64)> {
        let line = |delay: &Delay| match delay {
            Delay::Line { count, length, dk } => {
                count * v.at(*length) * v.at(*dk).sqrt() / SPEED_OF_LIGHT_M_PER_S
            }
            Delay::Known(delay) => v.at(*delay),
        };
        let mut terms = vec![
            ("electrical".to_string(), self.delays.iter().map(line).sum()),
            ("serdes".to_string(), 2.0 * v.at(self.serdes_delay) + self.die_to_die.map_or(0.0, |e| v.at(e))),
        ];
        if let Some((length, index)) = self.fiber {
            terms.push(("fiber".to_string(), v.at(length) * v.at(index) / SPEED_OF_LIGHT_M_PER_S));
        }
        if let Some((count, delay)) = self.dsp {
            terms.push(("dsp".to_string(), count * v.at(delay)));
        }
        if let Some((codewords, bits, decoder)) = self.fec {
            terms.push(("fec".to_string(), codewords * v.at(bits) / self.line_rate_bps + v.at(decoder)));
        }
        terms
    }

    /// The budget of one lane; how many share the laser does not change a lane's energy.
    fn budget(&self, b: &BudgetEntries, v: &View) -> LaserBudget {
        LaserBudget {
            sensitivity_oma_dbm: v.at(b.sensitivity),
            penalty_db: v.at(b.penalty),
            margin_db: v.at(b.margin),
            link_loss_db: v.at(b.link),
            coupling_loss_db: v.at(b.coupling),
            waveguide_loss_db: v.at(b.waveguide),
            extinction_ratio_db: v.at(b.extinction),
            modulator_loss_db: v.at(b.modulator),
            laser_path_loss_db: b.laser_path.iter().map(|e| v.at(*e)).sum(),
            lanes_per_laser: 1.0,
            wall_plug_efficiency: v.at(b.efficiency),
            rate_bps: self.payload_rate_bps,
        }
    }
}

fn sum(terms: &[(String, f64)]) -> f64 {
    terms.iter().map(|(_, x)| x).sum()
}

fn named(terms: Vec<(String, f64)>) -> Vec<Term> {
    terms.into_iter().map(|(name, value)| Term { name, value }).collect()
}
