//! Networks: scattering parameters on a frequency grid, and what is done with them.
//!
//! | operation | where |
//! |---|---|
//! | differential and mixed-mode parameters, the port map | `mixed_mode`, `pairs` |
//! | cascade, renormalization, port order | `cascade`, `reference` |
//! | losses, voltage transfer between terminations | `loss` |
//! | passivity, reciprocity, causality | `quality`, `causality` |
//! | a uniform grid from 0 Hz | `uniform`, `spline` |

mod cascade;
mod causality;
mod loss;
mod matrix;
mod mixed_mode;
mod pairs;
mod quality;
mod reference;
mod spline;
mod uniform;

pub use loss::voltage_transfer;
pub use pairs::{ChosenPairs, PairOrigin, PortPairs};
pub use quality::Quality;
pub use uniform::{dc_value, to_uniform};

use crate::error::{Error, Result, require};
use num_complex::Complex64;
use sha2::{Digest, Sha256};

/// Scattering parameters of an N-port on an ascending frequency grid.
///
/// `s` is stored frequency by frequency, each an N×N matrix in row-major order: `S[out, in]`. Port reference
/// impedances are real, one a port. Ports are numbered from 1 in every message and argument a user sees, from 0 in
/// memory.
///
/// Two networks are equal if grid, parameters and impedances are; where the port map came from and what was noted
/// on the way are not part of the comparison, nor of the [digest](Network::digest).
#[derive(Debug, Clone)]
pub struct Network {
    freq_hz: Vec<f64>,
    s: Vec<Complex64>,
    z0_ohm: Vec<f64>,
    port_pairs: Option<ChosenPairs>,
    warnings: Vec<String>,
}

impl PartialEq for Network {
    fn eq(&self, other: &Self) -> bool {
        self.freq_hz == other.freq_hz && self.s == other.s && self.z0_ohm == other.z0_ohm
    }
}

impl Network {
    /// A network from its parts: `freq_hz` (F,), `s` (F·N·N,), `z0_ohm` (N,).
    ///
    /// # Errors
    /// [`Error::Parameter`] for an empty or not strictly ascending grid, a negative frequency, a value that is not
    /// finite, a reference impedance that is not positive, or lengths that do not fit each other.
    ///
    /// ```
    /// use lightlane::medium::Network;
    /// use num_complex::Complex64;
    /// let thru = [0.0, 1.0, 1.0, 0.0].map(|v| Complex64::new(v, 0.0));
    /// let n = Network::new(vec![1e9], thru.to_vec(), vec![50.0; 2])?;
    /// assert_eq!(n.at(0, 1, 0).re, 1.0);
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    pub fn new(freq_hz: Vec<f64>, s: Vec<Complex64>, z0_ohm: Vec<f64>) -> Result<Self> {
        let n = z0_ohm.len();
        if n == 0 {
            return Err(Error::parameter(
                "z0_ohm",
                "no ports",
                "one impedance for each of at least one port",
            ));
        }
        if freq_hz.is_empty() {
            return Err(Error::parameter("freq_hz", "no points", "at least one frequency"));
        }
        if s.len() != freq_hz.len() * n * n {
            let requirement =
                format!("{} values ({} frequencies of {n} by {n})", freq_hz.len() * n * n, freq_hz.len());
            return Err(Error::parameter("s", format!("{} values", s.len()), requirement));
        }
        for &z in &z0_ohm {
            require::positive("z0_ohm", z)?;
        }
        for (k, &f) in freq_hz.iter().enumerate() {
            require::non_negative(&format!("freq_hz[{k}]"), f)?;
            if k > 0 && f <= freq_hz[k - 1] {
                return Err(Error::parameter(
                    format!("freq_hz[{k}]"),
                    f,
                    format!("above the one before it, {}", freq_hz[k - 1]),
                ));
            }
        }
        if let Some(k) = s.iter().position(|v| !v.is_finite()) {
            return Err(Error::parameter(format!("s at {} Hz", freq_hz[k / (n * n)]), s[k], "finite"));
        }
        Ok(Self { freq_hz, s, z0_ohm, port_pairs: None, warnings: Vec::new() })
    }

    /// Frequencies, Hz, ascending.
    pub fn freq_hz(&self) -> &[f64] {
        &self.freq_hz
    }

    /// Scattering parameters, frequency by frequency, row-major.
    pub fn s(&self) -> &[Complex64] {
        &self.s
    }

    /// Reference impedance of each port, ohm.
    pub fn z0_ohm(&self) -> &[f64] {
        &self.z0_ohm
    }

    /// Number of ports.
    pub fn n_ports(&self) -> usize {
        self.z0_ohm.len()
    }

    /// S[`out`, `input`] at frequency index `k`; ports from 0.
    ///
    /// # Panics
    /// If an index is out of range.
    pub fn at(&self, k: usize, out: usize, input: usize) -> Complex64 {
        let n = self.n_ports();
        self.s[(k * n + out) * n + input]
    }

    /// The N×N matrix at frequency index `k`, row-major.
    ///
    /// # Panics
    /// If `k` is out of range.
    pub fn matrix(&self, k: usize) -> &[Complex64] {
        let n = self.n_ports();
        &self.s[k * n * n..(k + 1) * n * n]
    }

    /// S[`out`, `input`] over frequency; ports from 0.
    ///
    /// # Panics
    /// If an index is out of range.
    pub fn trace(&self, out: usize, input: usize) -> Vec<Complex64> {
        (0..self.freq_hz.len()).map(|k| self.at(k, out, input)).collect()
    }

    /// The differential pairs that this network was made with, or that its file states, and how they were chosen.
    pub fn port_pairs(&self) -> Option<ChosenPairs> {
        self.port_pairs
    }

    /// What a user should know about how this network came about, for example an assumed port map.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// SHA-256 of grid, parameters and reference impedances, in hexadecimal. Equal networks have equal digests.
    pub fn digest(&self) -> String {
        use std::fmt::Write as _;
        let mut hash = Sha256::new();
        hash.update((self.n_ports() as u64).to_le_bytes());
        hash.update((self.freq_hz.len() as u64).to_le_bytes());
        let parts = self.s.iter().flat_map(|v| [v.re, v.im]);
        for value in self.freq_hz.iter().chain(&self.z0_ohm).copied().chain(parts) {
            // Adding 0 makes one of the two zeros, which compare equal.
            hash.update((value + 0.0).to_bits().to_le_bytes());
        }
        hash.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// The same network with a port map attached.
    #[must_use]
    pub fn with_port_pairs(mut self, pairs: ChosenPairs) -> Self {
        self.port_pairs = Some(pairs);
        self
    }

    /// The same network with warnings added to its own.
    #[must_use]
    pub fn with_warnings(mut self, warnings: impl IntoIterator<Item = String>) -> Self {
        for warning in warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_follows_equality() {
        let network = |re: f64, z0: f64| {
            Network::new(vec![1e9], vec![Complex64::new(re, 0.0)], vec![z0]).expect("one-port")
        };
        assert_eq!(network(0.0, 50.0), network(-0.0, 50.0));
        assert_eq!(network(0.0, 50.0).digest(), network(-0.0, 50.0).digest());
        assert_ne!(network(0.1, 50.0).digest(), network(0.0, 50.0).digest());
        assert_ne!(network(0.0, 51.0).digest(), network(0.0, 50.0).digest());
        assert_eq!(network(0.0, 50.0).digest().len(), 64);
    }
}
