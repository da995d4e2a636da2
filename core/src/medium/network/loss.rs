//! Losses in decibels, and the voltage transfer between terminations.

use super::Network;
use crate::error::{Error, Result, require};
use crate::units::amplitude_db;
use num_complex::Complex64;

impl Network {
    /// Insertion loss, dB: -20 log10 |S21| of a two-port, or of the differential two-port of a 4-port
    /// ([`Network::differential`], port map as in the file or guessed). Decibels are interpolated linearly between grid
    /// points.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a frequency outside the file, or a network of other than 2 or 4 ports.
    ///
    /// ```
    /// use lightlane::medium::Network;
    /// let file = b"# GHz S DB R 50\n1 -40 0 -2 0 -2 0 -40 0\n3 -40 0 -6 0 -6 0 -40 0\n";
    /// let n = Network::read_bytes(file, None)?;
    /// assert!((n.insertion_loss_db(&[2e9])?[0] - 4.0).abs() < 1e-12);
    /// assert!(n.insertion_loss_db(&[4e9]).is_err());
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    pub fn insertion_loss_db(&self, freq_hz: &[f64]) -> Result<Vec<f64>> {
        match self.n_ports() {
            2 => self.loss_db(freq_hz, 1, 0),
            4 => self.differential(None)?.loss_db(freq_hz, 1, 0),
            n => Err(Error::parameter("n_ports", n, "2, or 4 for a differential channel")),
        }
    }

    /// Return loss of a port of this network, dB: -20 log10 |S_pp|, interpolated as the insertion loss; `port` from 1.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a frequency outside the file or a port that does not exist.
    pub fn return_loss_db(&self, freq_hz: &[f64], port: usize) -> Result<Vec<f64>> {
        let p = self.checked_ports("port", &[port])?[0];
        self.loss_db(freq_hz, p, p)
    }

    fn loss_db(&self, freq_hz: &[f64], out: usize, input: usize) -> Result<Vec<f64>> {
        let loss = |k: usize| -amplitude_db(self.at(k, out, input).norm());
        let last = self.freq_hz.len() - 1;
        let (low, high) = (self.freq_hz[0], self.freq_hz[last]);
        freq_hz
            .iter()
            .map(|&f| {
                // The margin forgives the rounding of a unit conversion by the caller.
                if !(f >= low * (1.0 - 1e-12) && f <= high * (1.0 + 1e-12)) {
                    return Err(Error::parameter(
                        "freq_hz",
                        f,
                        format!("between {low} and {high}, the file's range"),
                    ));
                }
                let above = self.freq_hz.partition_point(|g| *g < f).min(last);
                if above == 0 || self.freq_hz[above] <= f {
                    return Ok(loss(above));
                }
                let (f0, f1) = (self.freq_hz[above - 1], self.freq_hz[above]);
                let share = (f - f0) / (f1 - f0);
                Ok((1.0 - share) * loss(above - 1) + share * loss(above))
            })
            .collect()
    }
}

/// Twice the ratio of load voltage to source voltage of a two-port between a source and a load resistance.
///
/// IEEE 802.3 equations 93A-17 and 93A-18, with one reference z a port:
///
/// ```text
/// Γ₁ = (R_source - z₁)/(R_source + z₁)    Γ₂ = (R_load - z₂)/(R_load + z₂)
/// H = 2 V_load/V_source = √(z₂/z₁) S21 (1 - Γ₁)(1 + Γ₂)/(1 - S11 Γ₁ - S22 Γ₂ + Γ₁ Γ₂ (S11 S22 - S12 S21))
/// ```
///
/// The factor 2 makes H = S21 between matched terminations: amplitudes are counted as a matched load would see them,
/// as COM and every SerDes data sheet do. The source resistance may be 0, the load infinite. Any reference impedance gives
/// the same H.
///
/// # Errors
/// [`Error::Parameter`] unless the network has two ports, `source_ohm` is finite and at least 0 and `load_ohm` above
/// 0, or if the terminations make an active network oscillate.
pub fn voltage_transfer(two_port: &Network, source_ohm: f64, load_ohm: f64) -> Result<Vec<Complex64>> {
    if two_port.n_ports() != 2 {
        return Err(Error::parameter("n_ports", two_port.n_ports(), "2: take differential() of a 4-port"));
    }
    require::non_negative("source_ohm", source_ohm)?;
    if load_ohm.is_nan() || load_ohm <= 0.0 {
        return Err(Error::parameter("load_ohm", load_ohm, "above 0"));
    }
    let (z1, z2) = (two_port.z0_ohm()[0], two_port.z0_ohm()[1]);
    let g1 = (source_ohm - z1) / (source_ohm + z1);
    let g2 = if load_ohm.is_infinite() { 1.0 } else { (load_ohm - z2) / (load_ohm + z2) };
    let factor = (z2 / z1).sqrt() * (1.0 - g1) * (1.0 + g2);
    two_port
        .freq_hz()
        .iter()
        .enumerate()
        .map(|(k, f)| {
            let s = two_port.matrix(k);
            let determinant = s[0] * s[3] - s[1] * s[2];
            let h = s[2] * factor / (1.0 - s[0] * g1 - s[3] * g2 + g1 * g2 * determinant);
            if h.is_finite() {
                return Ok(h);
            }
            let requirement = "terminations under which the network is stable";
            Err(Error::parameter(
                format!("source_ohm, load_ohm at {f} Hz"),
                format!("{source_ohm}, {load_ohm}"),
                requirement,
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ideal_thru_is_a_voltage_divider() {
        let thru = [0.0, 1.0, 1.0, 0.0].map(|v| Complex64::new(v, 0.0)).to_vec();
        let thru = Network::new(vec![1e9], thru, vec![50.0; 2]).expect("two-port");
        let divider = |source: f64, load: f64| voltage_transfer(&thru, source, load).expect("stable")[0].re;
        // one division of numbers of order 1
        for (source, load, expected) in
            [(50.0, 50.0, 1.0), (40.0, 60.0, 1.2), (0.0, 50.0, 2.0), (50.0, f64::INFINITY, 2.0)]
        {
            assert!((divider(source, load) - expected).abs() < 1e-14, "{source} {load}");
        }
        assert!(voltage_transfer(&thru, f64::INFINITY, 50.0).is_err());
        assert!(voltage_transfer(&thru, 50.0, 0.0).is_err());
    }

    #[test]
    fn does_not_depend_on_the_reference() {
        let s = [(0.1, 0.2), (0.7, -0.1), (0.6, 0.3), (-0.2, 0.1)]
            .map(|(re, im)| Complex64::new(re, im))
            .to_vec();
        let network = Network::new(vec![1e9], s, vec![100.0; 2]).expect("two-port");
        let other = network.renormalized(&[92.5, 37.0]).expect("stable");
        let h = voltage_transfer(&network, 90.0, 110.0).expect("stable")[0];
        // a few dozen roundings of numbers of order 1
        assert!((voltage_transfer(&other, 90.0, 110.0).expect("stable")[0] - h).norm() < 1e-14);
    }

    #[test]
    fn loss_at_the_edges_and_of_nothing() {
        let file = b"# GHz S RI R 50\n0 0 0 0 0 0 0 0 0\n1 0 0 1 0 1 0 0 0\n";
        let network = Network::read_bytes(file, None).expect("two-port");
        assert_eq!(
            network.insertion_loss_db(&[0.0, 0.5e9, 1e9]),
            Ok(vec![f64::INFINITY, f64::INFINITY, 0.0])
        );
        assert_eq!(network.return_loss_db(&[1e9], 2), Ok(vec![f64::INFINITY]));
        assert!(network.return_loss_db(&[1e9], 3).is_err());
        assert!(network.insertion_loss_db(&[f64::NAN]).is_err());
    }
}
