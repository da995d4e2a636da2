//! Networks: scattering parameters on a frequency grid.

use crate::error::{Error, Result, require};
use num_complex::Complex64;

/// Scattering parameters of an N-port on an ascending frequency grid.
///
/// `s` is stored frequency by frequency, each an N×N matrix in row-major order: `S[out, in]`. Port reference
/// impedances are real, one a port. Ports are numbered from 1 in every message and argument a user sees, from 0 in
/// memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    freq_hz: Vec<f64>,
    s: Vec<Complex64>,
    z0_ohm: Vec<f64>,
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
        Ok(Self { freq_hz, s, z0_ohm })
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
}
