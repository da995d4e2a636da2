//! Differential and common mode.

use super::{ChosenPairs, Network, PortPairs};
use crate::error::Result;
use num_complex::Complex64;
use std::f64::consts::FRAC_1_SQRT_2;

impl Network {
    /// The differential two-port: Sdd, left to right, reference 2 z0 (100 ohm for ports of 50 ohm). The common
    /// modes are terminated in z0/2, as are ports outside the pairs in their own reference.
    ///
    /// `pairs` `None` takes the file's map, or guesses it ([`Network::guessed_port_pairs`]); the result keeps the
    /// map and its origin in [`Network::port_pairs`].
    ///
    /// # Errors
    /// [`Error::Parameter`](crate::Error::Parameter) for a port that does not exist or is named twice, or `None`
    /// on a network that has not 4 ports.
    pub fn differential(&self, pairs: Option<PortPairs>) -> Result<Self> {
        self.modes(pairs, 2)
    }

    /// The mixed-mode 4-port in the order left differential, right differential, left common, right common.
    ///
    /// Power waves: a_d = (a_p - a_n)/√2 in the reference 2 z0, a_c = (a_p + a_n)/√2 in z0/2, so that
    /// S_mixed = M S Mᵀ with M orthogonal; S[2, 0] is Scd11, S[3, 0] Scd21 (Bockelman and Eisenstadt, IEEE Trans. MTT
    /// 43, 1995). Two ports of a pair with different references are first renormalized to their mean.
    ///
    /// # Errors
    /// As [`Network::differential`].
    pub fn mixed_mode(&self, pairs: Option<PortPairs>) -> Result<Self> {
        self.modes(pairs, 4)
    }

    /// The first `count` of the modes d1, d2, c1, c2.
    fn modes(&self, pairs: Option<PortPairs>, count: usize) -> Result<Self> {
        let (chosen, warning) = self.resolve_pairs(pairs)?;
        let [lp, ln, rp, rn] = chosen.pairs.ports().map(|p| p - 1);
        let mut z0_ohm = self.z0_ohm.clone();
        for (p, n) in [(lp, ln), (rp, rn)] {
            let mean = 0.5 * (z0_ohm[p] + z0_ohm[n]);
            (z0_ohm[p], z0_ohm[n]) = (mean, mean);
        }
        let even = self.renormalized(&z0_ohm)?;
        // Two ports and their signs a mode.
        let modes = [(lp, ln, -1.0), (rp, rn, -1.0), (lp, ln, 1.0), (rp, rn, 1.0)];
        let modes = &modes[..count];
        let mut s = Vec::with_capacity(self.freq_hz.len() * count * count);
        for k in 0..self.freq_hz.len() {
            for &(op, on, out_sign) in modes {
                for &(ip, input, in_sign) in modes {
                    let plus = even.at(k, op, ip) + in_sign * even.at(k, op, input);
                    let minus = even.at(k, on, ip) + in_sign * even.at(k, on, input);
                    s.push(0.5 * (plus + out_sign * minus));
                }
            }
        }
        let references = [2.0 * z0_ohm[lp], 2.0 * z0_ohm[rp], 0.5 * z0_ohm[lp], 0.5 * z0_ohm[rp]];
        Ok(Self::new(self.freq_hz.clone(), s, references[..count].to_vec())?
            .with_port_pairs(chosen)
            .with_warnings(self.warnings.iter().cloned().chain(warning)))
    }

    /// The single-ended 4-port, in the order left +, left -, right +, right -, whose mixed-mode parameters this
    /// network holds: the inverse of [`Network::mixed_mode`].
    ///
    /// # Errors
    /// [`Error::Parameter`](crate::Error::Parameter) unless there are 4 ports and each differential reference is
    /// four times its common one.
    pub fn single_ended(&self) -> Result<Self> {
        use crate::error::Error;
        if self.n_ports() != 4 {
            return Err(Error::parameter("n_ports", self.n_ports(), "4: d1 d2 c1 c2"));
        }
        for side in 0..2 {
            let (d, c) = (self.z0_ohm[side], self.z0_ohm[side + 2]);
            if (d - 4.0 * c).abs() > 1e-9 * d {
                let requirement = format!("{}, a quarter of the differential reference", 0.25 * d);
                return Err(Error::parameter(format!("z0_ohm[{}]", side + 2), c, requirement));
            }
        }
        let h = FRAC_1_SQRT_2;
        // Port: its side's differential and common weight.
        let ports = [(0, h), (0, -h), (1, h), (1, -h)];
        let mut s = Vec::with_capacity(self.s.len());
        for k in 0..self.freq_hz.len() {
            for &(out, out_d) in &ports {
                for &(input, in_d) in &ports {
                    let value: Complex64 = out_d * in_d * self.at(k, out, input)
                        + out_d * h * self.at(k, out, input + 2)
                        + h * in_d * self.at(k, out + 2, input)
                        + h * h * self.at(k, out + 2, input + 2);
                    s.push(value);
                }
            }
        }
        let (left, right) = (0.5 * self.z0_ohm[0], 0.5 * self.z0_ohm[1]);
        let pairs = PortPairs { left: (1, 2), right: (3, 4) };
        let origin = self.port_pairs.map_or(super::PairOrigin::Given, |c| c.origin);
        Ok(Self::new(self.freq_hz.clone(), s, vec![left, left, right, right])?
            .with_port_pairs(ChosenPairs { pairs, origin })
            .with_warnings(self.warnings.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::PairOrigin;
    use super::*;

    /// Two coupled lines, ports 1→2 and 3→4, from their even and odd modes.
    fn coupled(even: Complex64, odd: Complex64) -> Network {
        let zero = Complex64::ZERO;
        let mixed = [
            [zero, odd, zero, zero],
            [odd, zero, zero, zero],
            [zero, zero, zero, even],
            [zero, zero, even, zero],
        ];
        Network::new(vec![1e9], mixed.concat(), vec![100.0, 100.0, 25.0, 25.0])
            .and_then(|n| n.single_ended())
            .and_then(|n| n.reordered(&[1, 3, 2, 4]))
            .expect("coupled lines")
    }

    #[test]
    fn modes_come_back_whatever_the_numbering() {
        let (even, odd) = (Complex64::from_polar(0.9, -0.5), Complex64::from_polar(0.85, -0.4));
        let file = coupled(even, odd);
        let orders = [
            (vec![1, 2, 3, 4], PortPairs { left: (1, 3), right: (2, 4) }),
            (vec![1, 3, 2, 4], PortPairs { left: (1, 2), right: (3, 4) }),
            (vec![1, 3, 4, 2], PortPairs { left: (1, 2), right: (4, 3) }),
        ];
        for (order, pairs) in orders {
            let dd = file.reordered(&order).and_then(|n| n.differential(None)).expect("4-port");
            assert_eq!(dd.port_pairs(), Some(ChosenPairs { pairs, origin: PairOrigin::Guessed }));
            assert_eq!(dd.z0_ohm(), [100.0, 100.0]);
            // a few roundings of numbers of order 1
            assert!((dd.at(0, 1, 0) - odd).norm() < 1e-15);
            let mixed = file.reordered(&order).and_then(|n| n.mixed_mode(Some(pairs))).expect("4-port");
            assert_eq!(mixed.z0_ohm(), [100.0, 100.0, 25.0, 25.0]);
            assert!((mixed.at(0, 3, 2) - even).norm() < 1e-15);
            assert!(mixed.at(0, 3, 0).norm() < 1e-15);
        }
    }

    #[test]
    fn weak_or_contradicted_maps_warn() {
        let small = Complex64::new(0.01, 0.0);
        let alike = Network::new(vec![1e9], vec![small; 16], vec![50.0; 4]).expect("4-port");
        let dd = alike.differential(None).expect("4-port");
        assert_eq!(
            dd.port_pairs(),
            Some(ChosenPairs { pairs: PortPairs::DEFAULT, origin: PairOrigin::Assumed })
        );
        assert!(dd.warnings()[0].contains("assumed"));
        let file = coupled(Complex64::new(0.9, 0.0), Complex64::new(0.9, 0.0));
        let wrong = PortPairs { left: (1, 2), right: (3, 4) };
        assert!(
            file.differential(Some(wrong)).expect("ports exist").warnings()[0].contains("the data shows")
        );
        assert!(file.differential(Some(PortPairs { left: (1, 1), right: (3, 4) })).is_err());
    }

    #[test]
    fn unequal_references_of_a_pair_are_made_equal_first() {
        let file = coupled(Complex64::from_polar(0.9, -0.5), Complex64::from_polar(0.85, -0.4));
        let uneven = file.renormalized(&[40.0, 50.0, 60.0, 50.0]).expect("passive");
        let (a, b) = (file.differential(None).expect("4-port"), uneven.differential(None).expect("4-port"));
        assert_eq!(a.z0_ohm(), b.z0_ohm());
        // two renormalizations of numbers of order 1
        a.s().iter().zip(b.s()).for_each(|(x, y)| assert!((x - y).norm() < 1e-14));
    }
}
