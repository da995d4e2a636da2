//! The ideal medium: transmission 1 at every frequency, without delay.

use super::two_port::{TwoPort, check_freq, differential_network};
use crate::error::Result;
use crate::medium::Network;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A wire of no length.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ideal {
    /// Name within a medium.
    pub name: Option<String>,
}

impl Ideal {
    /// Nothing can be wrong with it.
    ///
    /// # Errors
    /// None; the signature is that of every block.
    pub fn validate(&self) -> Result<()> {
        Ok(())
    }

    /// The identity at each frequency.
    ///
    /// # Errors
    /// A frequency that is negative or not finite.
    pub fn chain(&self, freq_hz: &[f64]) -> Result<Vec<TwoPort>> {
        check_freq(freq_hz)?;
        Ok(vec![TwoPort::IDENTITY; freq_hz.len()])
    }

    /// Differential two-port, 100 ohm: S21 = 1, S11 = 0.
    ///
    /// # Errors
    /// As [`Ideal::chain`] and [`Network::new`].
    pub fn network(&self, freq_hz: &[f64]) -> Result<Network> {
        differential_network(freq_hz, &self.chain(freq_hz)?)
    }
}
