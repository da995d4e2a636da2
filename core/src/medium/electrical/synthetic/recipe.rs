//! Recipes of synthetic channels and the shipped set of them.

use super::super::{BoardConnector, Trace, Twinax, Via};
use crate::error::{Error, Result, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const DATA: &str = include_str!("../../../../data/channels.toml");

/// No synthetic channel has more frequencies than this (4-ports of 256 MiB).
const MAX_POINTS: f64 = 1e6;

/// One block of a synthetic channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SyntheticBlock {
    /// A trace, cut into pieces of varying impedance.
    Trace(Trace),
    /// A cable, cut into pieces of varying impedance.
    Twinax(Twinax),
    /// A via.
    Via(Via),
    /// A connector.
    BoardConnector(BoardConnector),
}

/// A block and its coupling to the neighbouring pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SyntheticSection {
    /// The block.
    pub block: SyntheticBlock,
    /// Mutual over self inductance, Lm/L.
    #[serde(default)]
    pub inductive_coupling: f64,
    /// Mutual over self capacitance, Cm/C.
    #[serde(default)]
    pub capacitive_coupling: f64,
}

/// A synthetic channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SyntheticChannel {
    /// Name.
    pub name: String,
    /// What it imitates.
    pub description: String,
    /// Insertion loss aimed at, dB at 53.125 GHz; the networks meet it within 0.5 dB.
    pub nominal_loss_db: f64,
    /// Seed of the tolerances: the same seed gives the same bits.
    pub seed: u64,
    /// Standard deviation of a piece's impedance over its nominal value; 0 to 0.1.
    pub tolerance: f64,
    /// Mean length of a piece of uniform impedance, m.
    pub piece_length_m: f64,
    /// Blocks from the transmitter to the receiver.
    pub sections: Vec<SyntheticSection>,
    /// One far-end aggressor a factor on the coupling of every section.
    pub fext: Vec<f64>,
    /// One near-end aggressor a factor on the coupling of every section.
    pub next: Vec<f64>,
    /// Frequency step, Hz; the grid starts at 0.
    pub freq_step_hz: f64,
    /// Last frequency, Hz.
    pub freq_max_hz: f64,
}

impl Default for SyntheticChannel {
    /// 100 mm of trace without crosstalk, 10 MHz to 110 GHz.
    fn default() -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            nominal_loss_db: 6.0,
            seed: 1,
            tolerance: 0.02,
            piece_length_m: 0.025,
            sections: vec![SyntheticSection {
                block: SyntheticBlock::Trace(Trace::default()),
                inductive_coupling: 0.0,
                capacitive_coupling: 0.0,
            }],
            fext: Vec::new(),
            next: Vec::new(),
            freq_step_hz: 10e6,
            freq_max_hz: 110e9,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    channel: Vec<SyntheticChannel>,
}

fn shipped() -> Result<Vec<SyntheticChannel>> {
    toml::from_str::<Document>(DATA).map(|d| d.channel).map_err(|e| Error::Document {
        line: e.span().map_or(0, |s| DATA[..s.start.min(DATA.len())].lines().count()),
        name: "channel".into(),
        value: e.message().into(),
        requirement: "a list of channel recipes".into(),
    })
}

impl SyntheticChannel {
    /// Names of the shipped channels, by rising loss.
    ///
    /// # Errors
    /// If the shipped recipes cannot be read, which a test excludes.
    pub fn names() -> Result<Vec<String>> {
        Ok(shipped()?.into_iter().map(|c| c.name).collect())
    }

    /// A shipped channel.
    ///
    /// # Errors
    /// [`Error::Unknown`], with the nearest name.
    ///
    /// ```
    /// use lightlane::medium::electrical::SyntheticChannel;
    /// let mut channel = SyntheticChannel::named("synthetic-c2m-16db")?;
    /// (channel.freq_step_hz, channel.freq_max_hz) = (53.125e9, 53.125e9);
    /// let s = channel.thru()?;
    /// let sdd21 = 0.5 * (s.at(1, 1, 0) - s.at(1, 1, 2) - s.at(1, 3, 0) + s.at(1, 3, 2));
    /// assert!((-20.0 * sdd21.norm().log10() - 16.0).abs() < 0.5);
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    pub fn named(name: &str) -> Result<Self> {
        let all = shipped()?;
        match all.iter().find(|c| c.name == name) {
            Some(channel) => Ok(channel.clone()),
            None => Err(Error::unknown("channel", name, all.iter().map(|c| c.name.as_str()))),
        }
    }

    /// Frequencies of the networks, Hz: 0 to `freq_max_hz`.
    pub fn freq_hz(&self) -> Vec<f64> {
        let last = (self.freq_max_hz / self.freq_step_hz).round() as usize;
        (0..=last).map(|k| k as f64 * self.freq_step_hz).collect()
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the field.
    pub fn validate(&self) -> Result<()> {
        require::finite("nominal_loss_db", self.nominal_loss_db)?;
        require::within("tolerance", self.tolerance, 0.0, 0.1)?;
        require::within("piece_length_m", self.piece_length_m, 1e-3, 100.0)?;
        require::positive("freq_step_hz", self.freq_step_hz)?;
        require::positive("freq_max_hz", self.freq_max_hz)?;
        require::within("freq_max_hz / freq_step_hz", self.freq_max_hz / self.freq_step_hz, 1.0, MAX_POINTS)?;
        if self.sections.is_empty() {
            return Err(Error::parameter("sections", "none", "at least one block"));
        }
        for (i, section) in self.sections.iter().enumerate() {
            let name = |field: &str| format!("sections.{i}.{field}");
            require::within(&name("inductive_coupling"), section.inductive_coupling, 0.0, 0.1)?;
            require::within(&name("capacitive_coupling"), section.capacitive_coupling, 0.0, 0.1)?;
        }
        for (name, factors) in [("fext", &self.fext), ("next", &self.next)] {
            for (i, &factor) in factors.iter().enumerate() {
                require::within(&format!("{name}.{i}"), factor, 0.0, 5.0)?;
            }
        }
        Ok(())
    }
}
