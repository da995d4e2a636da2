//! Reference impedances and port order.

use super::Network;
use super::matrix::{solve, transpose};
use crate::error::{Error, Result, require};
use num_complex::Complex64;

impl Network {
    /// The same device seen with other reference impedances: one for all ports, or one a port.
    ///
    /// With Γ = (z' - z)/(z' + z) a port and K = (z' + z)/(2 √(z z')), both diagonal,
    ///
    /// ```text
    /// S' = K (S - Γ) (1 - Γ S)⁻¹ K⁻¹
    /// ```
    ///
    /// (Kurokawa, IEEE Trans. MTT 13, 1965; for the real impedances used here power waves and pseudo-waves agree).
    /// If no impedance changes the same bits come back.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an impedance that is not positive, a wrong count, or an active device for which the
    /// new terminations make an oscillator.
    ///
    /// ```
    /// use lightlane::medium::Network;
    /// use num_complex::Complex64;
    /// // A 50 ohm load seen from 75 ohm reflects (50 - 75)/(50 + 75).
    /// let load = Network::new(vec![1e9], vec![Complex64::ZERO], vec![50.0])?;
    /// assert!((load.renormalized(&[75.0])?.at(0, 0, 0).re + 0.2).abs() < 1e-15);
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    pub fn renormalized(&self, z0_ohm: &[f64]) -> Result<Self> {
        let n = self.n_ports();
        let target = match z0_ohm.len() {
            1 => vec![z0_ohm[0]; n],
            count if count == n => z0_ohm.to_vec(),
            count => {
                let requirement = format!("1 impedance or {n}, one a port");
                return Err(Error::parameter("z0_ohm", format!("{count} impedances"), requirement));
            }
        };
        for &z in &target {
            require::positive("z0_ohm", z)?;
        }
        if target == self.z0_ohm {
            return Ok(self.clone());
        }
        let pairs = self.z0_ohm.iter().zip(&target);
        let gamma: Vec<f64> = pairs.clone().map(|(z, t)| (t - z) / (t + z)).collect();
        let scale: Vec<f64> = pairs.map(|(z, t)| 0.5 * (t + z) / (z * t).sqrt()).collect();
        let mut s = Vec::with_capacity(self.s.len());
        for k in 0..self.freq_hz.len() {
            // X (1 - Γ S) = S - Γ, solved transposed.
            let mut left: Vec<Complex64> =
                self.matrix(k).iter().enumerate().map(|(i, v)| -v * gamma[i / n]).collect();
            let mut right = self.matrix(k).to_vec();
            for i in 0..n {
                left[i * n + i] += 1.0;
                right[i * n + i] -= gamma[i];
            }
            transpose(&mut left, n);
            transpose(&mut right, n);
            let mut x = solve(&left, &right, n, n).ok_or_else(|| {
                let name = format!("z0_ohm at {} Hz", self.freq_hz[k]);
                Error::parameter(
                    name,
                    format!("{target:?}"),
                    "terminations under which the network is stable",
                )
            })?;
            transpose(&mut x, n);
            s.extend(x.iter().enumerate().map(|(i, v)| v * (scale[i / n] / scale[i % n])));
        }
        let mut network = Self::new(self.freq_hz.clone(), s, target)?.with_warnings(self.warnings.clone());
        network.port_pairs = self.port_pairs;
        Ok(network)
    }

    /// The same device with its ports in another order: new port i is old port `ports[i]`, both from 1. Ports left
    /// out are terminated in their reference impedance.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a port that does not exist or is named twice, or an empty list.
    pub fn reordered(&self, ports: &[usize]) -> Result<Self> {
        let old = self.checked_ports("ports", ports)?;
        let mut s = Vec::with_capacity(self.freq_hz.len() * old.len() * old.len());
        for k in 0..self.freq_hz.len() {
            for &out in &old {
                s.extend(old.iter().map(|&input| self.at(k, out, input)));
            }
        }
        let z0_ohm = old.iter().map(|&p| self.z0_ohm[p]).collect();
        Ok(Self::new(self.freq_hz.clone(), s, z0_ohm)?.with_warnings(self.warnings.clone()))
    }

    /// Distinct ports counted from 1, as indices from 0.
    pub(super) fn checked_ports(&self, name: &str, ports: &[usize]) -> Result<Vec<usize>> {
        let n = self.n_ports();
        for (i, &port) in ports.iter().enumerate() {
            if !(1..=n).contains(&port) {
                return Err(Error::parameter(name, port, format!("a port from 1 to {n}")));
            }
            if ports[..i].contains(&port) {
                return Err(Error::parameter(name, port, "named once"));
            }
        }
        if ports.is_empty() {
            return Err(Error::parameter(name, "no ports", "at least one port"));
        }
        Ok(ports.iter().map(|p| p - 1).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renormalization_goes_there_and_back() {
        let s = [(0.1, 0.2), (0.7, -0.1), (0.6, 0.3), (-0.2, 0.1)].map(|(re, im)| Complex64::new(re, im));
        let network = Network::new(vec![1e9], s.to_vec(), vec![50.0, 75.0]).expect("two-port");
        let back =
            network.renormalized(&[92.5, 20.0]).and_then(|n| n.renormalized(&[50.0, 75.0])).expect("passive");
        // a few dozen roundings of numbers of order 1
        network.s().iter().zip(back.s()).for_each(|(a, b)| assert!((a - b).norm() < 1e-14));
    }

    #[test]
    fn a_line_in_its_own_impedance_is_the_closed_form_in_another() {
        // S11 = ρ(1 - e²)/(1 - ρ² e²), S21 = (1 - ρ²) e/(1 - ρ² e²) with e = exp(-γ d), ρ = (Z - R)/(Z + R).
        let e = Complex64::from_polar(0.8, -1.1);
        let line = vec![Complex64::ZERO, e, e, Complex64::ZERO];
        let seen = Network::new(vec![1e9], line, vec![85.0; 2])
            .and_then(|n| n.renormalized(&[100.0]))
            .expect("line");
        let rho = (85.0 - 100.0) / (85.0 + 100.0);
        let bottom = 1.0 - rho * rho * e * e;
        assert!((seen.at(0, 0, 0) - rho * (1.0 - e * e) / bottom).norm() < 1e-15);
        assert!((seen.at(0, 1, 0) - (1.0 - rho * rho) * e / bottom).norm() < 1e-15);
    }

    #[test]
    fn ports_are_moved_and_checked() {
        let s: Vec<Complex64> = (0..9).map(|i| Complex64::new(f64::from(i), 0.0)).collect();
        let network = Network::new(vec![1e9], s, vec![10.0, 20.0, 30.0]).expect("three-port");
        let moved = network.reordered(&[3, 1]).expect("two ports");
        assert_eq!(moved.z0_ohm(), [30.0, 10.0]);
        assert_eq!(moved.at(0, 0, 1).re, 6.0);
        for ports in [vec![0, 1], vec![1, 1], vec![4], vec![]] {
            assert!(network.reordered(&ports).is_err());
        }
    }
}
