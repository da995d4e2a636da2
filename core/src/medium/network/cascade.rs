//! Networks in a row.

use super::Network;
use super::matrix::{multiply, solve};
use crate::error::{Error, Result};
use num_complex::Complex64;

/// The four blocks of a 2N-port: left from left, left from right, right from left, right from right.
struct Blocks {
    ll: Vec<Complex64>,
    lr: Vec<Complex64>,
    rl: Vec<Complex64>,
    rr: Vec<Complex64>,
}

impl Blocks {
    fn of(s: &[Complex64], n: usize) -> Self {
        let block = |row: usize, column: usize| {
            (0..n * n).map(|i| s[(row * n + i / n) * 2 * n + column * n + i % n]).collect()
        };
        Self { ll: block(0, 0), lr: block(0, 1), rl: block(1, 0), rr: block(1, 1) }
    }
}

impl Network {
    /// This network followed by `next`: ports 1..N are the left side of each, N+1..2N the right side, and right is
    /// joined to left (scikit-rf's convention). The outer reference impedances are kept; at the joint `next` is
    /// renormalized to this network's right side.
    ///
    /// The Redheffer star product of scattering matrices (Redheffer, J. Math. Phys. 39, 1960), which, unlike
    /// transfer matrices, needs no transmission to be invertible:
    ///
    /// ```text
    /// S_ll = A_ll + A_lr (1 - B_ll A_rr)⁻¹ B_ll A_rl     S_lr = A_lr (1 - B_ll A_rr)⁻¹ B_lr
    /// S_rl = B_rl (1 - A_rr B_ll)⁻¹ A_rl                  S_rr = B_rr + B_rl (1 - A_rr B_ll)⁻¹ A_rr B_lr
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] for an odd or different port count, another frequency grid (beyond 1e-9 relative), or a
    /// lossless resonance at the joint that is driven from outside.
    pub fn cascade(&self, next: &Self) -> Result<Self> {
        let ports = self.n_ports();
        if !ports.is_multiple_of(2) {
            return Err(Error::parameter("n_ports", ports, "even: half of the ports are the left side"));
        }
        if next.n_ports() != ports {
            return Err(Error::parameter(
                "n_ports of the next network",
                next.n_ports(),
                format!("{ports}, as of this one"),
            ));
        }
        self.check_same_grid(next)?;
        let n = ports / 2;
        let joint: Vec<f64> = self.z0_ohm[n..].iter().chain(&next.z0_ohm[n..]).copied().collect();
        let next = next.renormalized(&joint)?;
        let z0_ohm = self.z0_ohm[..n].iter().chain(&next.z0_ohm[n..]).copied().collect();
        let mut s = Vec::with_capacity(self.s.len());
        for k in 0..self.freq_hz.len() {
            let (a, b) = (Blocks::of(self.matrix(k), n), Blocks::of(next.matrix(k), n));
            let joined = star(&a, &b, n).ok_or_else(|| {
                let name = format!("joint at {} Hz", self.freq_hz[k]);
                Error::parameter(name, "a lossless resonance", "damped by at least rounding error")
            })?;
            s.extend(joined);
        }
        Ok(Self::new(self.freq_hz.clone(), s, z0_ohm)?
            .with_warnings(self.warnings.iter().chain(&next.warnings).cloned()))
    }

    /// Both grids alike to 1e-9, which allows for the rounding of a frequency unit.
    fn check_same_grid(&self, next: &Self) -> Result<()> {
        if self.freq_hz.len() != next.freq_hz.len() {
            let requirement =
                format!("{} points, as of this network: resample one of them", self.freq_hz.len());
            return Err(Error::parameter(
                "freq_hz of the next network",
                format!("{} points", next.freq_hz.len()),
                requirement,
            ));
        }
        let different =
            self.freq_hz.iter().zip(&next.freq_hz).position(|(a, b)| (a - b).abs() > 1e-9 * a.max(*b));
        match different {
            None => Ok(()),
            Some(k) => {
                let requirement = format!("{} Hz, as of this network: resample one of them", self.freq_hz[k]);
                Err(Error::parameter(
                    format!("freq_hz[{k}] of the next network"),
                    next.freq_hz[k],
                    requirement,
                ))
            }
        }
    }
}

/// The star product at one frequency, row-major 2N×2N.
fn star(a: &Blocks, b: &Blocks, n: usize) -> Option<Vec<Complex64>> {
    let one_minus = |x: &[Complex64], y: &[Complex64]| {
        let mut product = multiply(x, y, n, n);
        product.iter_mut().for_each(|v| *v = -*v);
        (0..n).for_each(|i| product[i * n + i] += 1.0);
        product
    };
    // Waves at the joint, leftward for excitation from either side, and rightward.
    let leftward = one_minus(&b.ll, &a.rr);
    let rightward = one_minus(&a.rr, &b.ll);
    let left_from_left = solve(&leftward, &multiply(&b.ll, &a.rl, n, n), n, n)?;
    let left_from_right = solve(&leftward, &b.lr, n, n)?;
    let right_from_left = solve(&rightward, &a.rl, n, n)?;
    let right_from_right = solve(&rightward, &multiply(&a.rr, &b.lr, n, n), n, n)?;
    let ll = multiply(&a.lr, &left_from_left, n, n);
    let lr = multiply(&a.lr, &left_from_right, n, n);
    let rl = multiply(&b.rl, &right_from_left, n, n);
    let rr = multiply(&b.rl, &right_from_right, n, n);
    let mut s = Vec::with_capacity(4 * n * n);
    for r in 0..n {
        s.extend((0..n).map(|c| a.ll[r * n + c] + ll[r * n + c]));
        s.extend_from_slice(&lr[r * n..(r + 1) * n]);
    }
    for r in 0..n {
        s.extend_from_slice(&rl[r * n..(r + 1) * n]);
        s.extend((0..n).map(|c| b.rr[r * n + c] + rr[r * n + c]));
    }
    Some(s)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_port(s: [Complex64; 4], z0_ohm: [f64; 2]) -> Network {
        Network::new(vec![1e9], s.to_vec(), z0_ohm.to_vec()).expect("two-port")
    }

    fn line(e: Complex64, z0_ohm: f64) -> Network {
        two_port([Complex64::ZERO, e, e, Complex64::ZERO], [z0_ohm; 2])
    }

    fn close(a: &Network, b: &Network) {
        // a few dozen roundings of numbers of order 1
        a.s().iter().zip(b.s()).for_each(|(x, y)| assert!((x - y).norm() < 1e-14, "{x} {y}"));
    }

    #[test]
    fn two_lines_of_one_impedance_are_one_longer_line_in_any_reference() {
        let (a, b) = (Complex64::from_polar(0.9, -0.7), Complex64::from_polar(0.8, -2.1));
        let whole = line(a * b, 85.0).renormalized(&[50.0, 100.0]).expect("line");
        let first = line(a, 85.0).renormalized(&[50.0, 40.0]).expect("line");
        let second = line(b, 85.0).renormalized(&[120.0, 100.0]).expect("line");
        let joined = first.cascade(&second).expect("same grid");
        assert_eq!(joined.z0_ohm(), [50.0, 100.0]);
        close(&joined, &whole);
    }

    #[test]
    fn is_associative_and_has_the_ideal_thru_as_identity() {
        let c = |re: f64, im: f64| Complex64::new(re, im);
        let a = two_port([c(0.1, 0.2), c(0.7, -0.1), c(0.6, 0.3), c(-0.2, 0.1)], [50.0, 60.0]);
        let b = two_port([c(-0.3, 0.2), c(0.2, 0.5), c(0.4, 0.1), c(0.3, 0.3)], [45.0, 55.0]);
        let d = two_port([c(0.5, -0.2), c(0.1, 0.6), c(0.1, 0.6), c(0.2, -0.3)], [75.0, 25.0]);
        let left = a.cascade(&b).and_then(|n| n.cascade(&d)).expect("cascade");
        let right = b.cascade(&d).and_then(|n| a.cascade(&n)).expect("cascade");
        close(&left, &right);
        close(&a.cascade(&line(c(1.0, 0.0), 60.0)).expect("thru"), &a);
    }

    #[test]
    fn two_opens_face_to_face_pass_nothing_and_break_nothing() {
        let one = Complex64::ONE;
        let open = two_port([one, Complex64::ZERO, Complex64::ZERO, one], [50.0; 2]);
        assert_eq!(open.cascade(&open).expect("nothing is trapped").s(), open.s());
    }

    #[test]
    fn wide_networks_join_like_separate_ones() {
        let c = |re: f64, im: f64| Complex64::new(re, im);
        let a = two_port([c(0.1, 0.2), c(0.7, -0.1), c(0.6, 0.3), c(-0.2, 0.1)], [50.0; 2]);
        let b = two_port([c(-0.3, 0.2), c(0.2, 0.5), c(0.4, 0.1), c(0.3, 0.3)], [50.0; 2]);
        // Ports 1, 3 are lane a and ports 2, 4 lane b: uncoupled lanes side by side.
        let beside = |x: &Network, y: &Network| {
            let mut s = vec![Complex64::ZERO; 16];
            for (offset, lane) in [(0, x), (1, y)] {
                for i in 0..4 {
                    s[(2 * (i / 2) + offset) * 4 + 2 * (i % 2) + offset] = lane.s()[i];
                }
            }
            Network::new(vec![1e9], s, vec![50.0; 4]).expect("four-port")
        };
        let joined = beside(&a, &b).cascade(&beside(&b, &a)).expect("four-ports");
        close(&joined, &beside(&a.cascade(&b).expect("lane"), &b.cascade(&a).expect("lane")));
    }

    #[test]
    fn refuses_other_grids_and_odd_port_counts() {
        let a = line(Complex64::ONE, 50.0);
        let other = Network::new(vec![2e9], a.s().to_vec(), vec![50.0; 2]).expect("two-port");
        assert!(a.cascade(&other).expect_err("grid").to_string().contains("freq_hz[0]"));
        let odd = Network::new(vec![1e9], vec![Complex64::ZERO; 9], vec![50.0; 3]).expect("three-port");
        assert!(odd.cascade(&odd).is_err());
    }
}
