//! What may stand in a lane's medium.

use crate::error::{Error, Result};
use crate::lane::Retimer;
use crate::medium::Network;
use crate::medium::electrical::{
    BoardConnector, Ideal, Lumped, Package, SyntheticChannel, Trace, Twinax, Via,
};
use crate::medium::network::PortPairs;
use crate::medium::optics::Optics;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// One block of the medium.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Block {
    /// A network read from a Touchstone file or made from an array.
    Channel(Channel),
    /// A synthetic channel.
    Synthetic(Synthetic),
    /// A differential line on a board or substrate.
    Trace(Trace),
    /// A package of Annex 93A/178A.
    Package(Package),
    /// A twinax cable.
    Twinax(Twinax),
    /// A lumped element.
    Lumped(Lumped),
    /// A via with its stub.
    Via(Via),
    /// A connector.
    BoardConnector(BoardConnector),
    /// Nothing: H = 1.
    Ideal(Ideal),
    /// An optical section, from the driver's input to the TIA's output.
    Optics(Box<Optics>),
    /// A retimer: decides, and sends anew.
    Retimer(Box<Retimer>),
}

/// A network in the medium, known by the digest of its data.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("x-native" = "file"))]
pub struct Channel {
    /// Unique name in the medium, for parameter paths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Touchstone file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// SHA-256 of the network's data, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Differential pairs ((left +, left -), (right +, right -)), ports from 1; None guesses them from the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_pairs: Option<((usize, usize), (usize, usize))>,
}

/// A path of a synthetic channel set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Synthetic {
    /// Unique name in the medium, for parameter paths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Name of the recipe, such as "synthetic-c2m-16db".
    pub recipe: String,
    /// "thru", or an aggressor's path: "fext1", "fext2", "next1", …
    pub path: String,
}

/// A network of a synthetic channel set; aggressors count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SyntheticPath {
    Thru,
    Fext(usize),
    Next(usize),
}

impl Default for Synthetic {
    fn default() -> Self {
        Self { name: None, recipe: "synthetic-c2m-16db".into(), path: "thru".into() }
    }
}

/// Networks by the digest of their data: what a configuration's channels refer to.
#[derive(Debug, Clone, Default)]
pub struct Networks(HashMap<String, Arc<Network>>);

impl Networks {
    /// Adds a network; returns its digest.
    pub fn insert(&mut self, network: Arc<Network>) -> String {
        let digest = network.digest();
        self.0.insert(digest.clone(), network);
        digest
    }

    /// The network a channel refers to; its file is read, relative to `base`, when the digest is not known yet.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a channel with neither digest nor file, or whose file no longer has the digest;
    /// those of reading.
    pub fn get(&mut self, channel: &Channel, base: &Path) -> Result<Arc<Network>> {
        if let Some(network) = channel.digest.as_ref().and_then(|d| self.0.get(d)) {
            return Ok(Arc::clone(network));
        }
        let Some(file) = &channel.file else {
            let value = channel.digest.clone().unwrap_or_else(|| "neither file nor digest".into());
            return Err(Error::parameter(
                "channel",
                value,
                "a Touchstone file or a network that was handed over",
            ));
        };
        let network = Arc::new(Network::read(base.join(file))?);
        let digest = self.insert(Arc::clone(&network));
        match &channel.digest {
            Some(wanted) if *wanted != digest => Err(Error::parameter(
                "channel.digest",
                digest,
                format!("{wanted}, which the configuration was written for; {file} has changed"),
            )),
            _ => Ok(network),
        }
    }
}

impl Channel {
    /// The pairs to use, if they were given.
    pub fn pairs(&self) -> Option<PortPairs> {
        self.port_pairs.map(|(left, right)| PortPairs { left, right })
    }

    /// Checks that the channel refers to something.
    ///
    /// # Errors
    /// [`Error::Parameter`] when neither file nor digest is given.
    pub fn validate(&self) -> Result<()> {
        if self.file.is_none() && self.digest.is_none() {
            return Err(Error::parameter(
                "file",
                "none",
                "a Touchstone file, or a digest of a network that is handed over",
            ));
        }
        Ok(())
    }
}

impl Synthetic {
    /// Checks recipe and path.
    ///
    /// # Errors
    /// [`Error::Unknown`] naming the nearest recipe or path.
    pub fn validate(&self) -> Result<()> {
        let recipe = SyntheticChannel::named(&self.recipe)?;
        self.selection(&recipe).map(|_| ())
    }

    /// The path's four-port in single-ended 50 ohm; ports 1 to 2 are the positive leg, 3 to 4 the negative one.
    ///
    /// # Errors
    /// [`Error::Parameter`] for frequencies that are not 0 Hz and upwards in equal steps, and those of
    /// [`Synthetic::validate`].
    ///
    /// ```
    /// use lightlane::lane::Synthetic;
    /// let network = Synthetic::default().network(&[0.0, 53.125e9])?;
    /// assert!((network.differential(None)?.insertion_loss_db(&[53.125e9])?[0] - 16.0).abs() < 0.5);
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    pub fn network(&self, freq_hz: &[f64]) -> Result<Network> {
        let steps = freq_hz.len().saturating_sub(1);
        let step_hz = freq_hz.last().map_or(0.0, |f| f / steps.max(1) as f64);
        let wanted = |i: usize| i as f64 * step_hz;
        let uneven = freq_hz.iter().enumerate().find(|(i, f)| (*f - wanted(*i)).abs() > 1e-6 * step_hz);
        if steps == 0 || step_hz <= 0.0 || uneven.is_some() {
            let found =
                uneven.map_or_else(|| format!("{} values", freq_hz.len()), |(i, f)| format!("{f} Hz at {i}"));
            return Err(Error::parameter("freq_hz", found, "0 Hz and upwards in equal steps, at least two"));
        }
        let mut recipe = SyntheticChannel::named(&self.recipe)?;
        (recipe.freq_step_hz, recipe.freq_max_hz) = (step_hz, step_hz * steps as f64);
        self.of_recipe(&recipe)
    }

    /// The path's four-port on the frequencies of the recipe.
    pub(crate) fn of_recipe(&self, recipe: &SyntheticChannel) -> Result<Network> {
        match self.selection(recipe)? {
            SyntheticPath::Thru => recipe.thru(),
            SyntheticPath::Fext(i) => recipe.fext(i),
            SyntheticPath::Next(i) => recipe.next(i),
        }
    }

    /// Which network of the recipe the path names.
    fn selection(&self, recipe: &SyntheticChannel) -> Result<SyntheticPath> {
        let index = |prefix: &str, count: usize| {
            let k: usize = self.path.strip_prefix(prefix)?.parse().ok()?;
            (k >= 1 && k <= count).then(|| k - 1)
        };
        if self.path == "thru" {
            return Ok(SyntheticPath::Thru);
        }
        if let Some(i) = index("fext", recipe.fext.len()) {
            return Ok(SyntheticPath::Fext(i));
        }
        if let Some(i) = index("next", recipe.next.len()) {
            return Ok(SyntheticPath::Next(i));
        }
        let fext = (1..=recipe.fext.len()).map(|k| format!("fext{k}"));
        let known: Vec<String> =
            fext.chain((1..=recipe.next.len()).map(|k| format!("next{k}"))).chain(["thru".into()]).collect();
        Err(Error::unknown("path", &self.path, known.iter().map(String::as_str)))
    }
}

impl Block {
    /// The block's own name, if it has one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Channel(b) => b.name.as_deref(),
            Self::Synthetic(b) => b.name.as_deref(),
            Self::Trace(b) => b.name.as_deref(),
            Self::Package(b) => b.name.as_deref(),
            Self::Twinax(b) => b.name.as_deref(),
            Self::Lumped(b) => b.name.as_deref(),
            Self::Via(b) => b.name.as_deref(),
            Self::BoardConnector(b) => b.name.as_deref(),
            Self::Ideal(b) => b.name.as_deref(),
            Self::Optics(b) => b.name.as_deref(),
            Self::Retimer(b) => b.name.as_deref(),
        }
    }

    /// The kind as written in a configuration.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Channel(_) => "channel",
            Self::Synthetic(_) => "synthetic",
            Self::Trace(_) => "trace",
            Self::Package(_) => "package",
            Self::Twinax(_) => "twinax",
            Self::Lumped(_) => "lumped",
            Self::Via(_) => "via",
            Self::BoardConnector(_) => "board_connector",
            Self::Ideal(_) => "ideal",
            Self::Optics(_) => "optics",
            Self::Retimer(_) => "retimer",
        }
    }

    /// Whether it is the optical section.
    pub fn is_optical(&self) -> bool {
        matches!(self, Self::Optics(_))
    }

    /// Whether an aggressor's path may take its place.
    pub fn is_channel(&self) -> bool {
        matches!(self, Self::Channel(_) | Self::Synthetic(_))
    }

    /// Checks every field.
    ///
    /// # Errors
    /// Those of the block.
    pub fn validate(&self) -> Result<()> {
        match self {
            Self::Channel(b) => b.validate(),
            Self::Synthetic(b) => b.validate(),
            Self::Trace(b) => b.validate(),
            Self::Package(b) => b.validate(),
            Self::Twinax(b) => b.validate(),
            Self::Lumped(b) => b.validate(),
            Self::Via(b) => b.validate(),
            Self::BoardConnector(b) => b.validate(),
            Self::Ideal(b) => b.validate(),
            Self::Optics(b) => b.validate(),
            Self::Retimer(b) => b.validate(),
        }
    }
}
