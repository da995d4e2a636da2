//! Chain matrices of a pair of conductors above ground, with its differential and common mode.
//!
//! State (Vd, Vc, Id, Ic): Vd = Vp - Vn, Vc = (Vp + Vn)/2, Id = (Ip - In)/2, Ic = Ip + In. A symmetric section is
//! two independent two-ports; a skew joins them. Scattering parameters use power waves, differential reference
//! 2 R and common reference R/2 for R = 50 ohm a port, in which the modal transform is orthonormal: passivity and
//! reciprocity survive it exactly.

use super::two_port::TwoPort;
use crate::error::Result;
use crate::medium::Network;
use num_complex::Complex64;

/// Single-ended reference of the four-ports made here, ohm.
pub const SINGLE_ENDED_Z0_OHM: f64 = 50.0;

const ZERO: Complex64 = Complex64 { re: 0.0, im: 0.0 };

/// A 2 by 2 block over (differential, common).
pub(super) type Block = [[Complex64; 2]; 2];

/// Chain matrix of a pair at one frequency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PairChain([[Complex64; 4]; 4]);

/// Modal scattering blocks of a pair; the wave from far to near is the transpose of `transmission`.
#[derive(Debug, Clone, Copy)]
pub(super) struct PairScattering {
    /// Reflection at the near end.
    pub(super) near: Block,
    /// From the near to the far end.
    pub(super) transmission: Block,
    /// Reflection at the far end.
    pub(super) far: Block,
}

impl PairChain {
    /// Independent differential and common modes.
    pub(super) fn from_modes(d: &TwoPort, c: &TwoPort) -> Self {
        let mut m = [[ZERO; 4]; 4];
        for (mode, t) in [(0, d), (1, c)] {
            m[mode][mode] = t.a;
            m[mode][mode + 2] = t.b;
            m[mode + 2][mode] = t.c;
            m[mode + 2][mode + 2] = t.d;
        }
        Self(m)
    }

    /// Independent legs P and N.
    pub(super) fn from_legs(p: &TwoPort, n: &TwoPort) -> Self {
        // Vp = Vc + Vd/2, Vn = Vc - Vd/2, Ip = Id + Ic/2, In = -Id + Ic/2.
        let (sum, difference) = (|x: Complex64, y: Complex64| x + y, |x: Complex64, y: Complex64| x - y);
        let (aa, ad) = (sum(p.a, n.a), difference(p.a, n.a));
        let (ba, bd) = (sum(p.b, n.b), difference(p.b, n.b));
        let (ca, cd) = (sum(p.c, n.c), difference(p.c, n.c));
        let (da, dd) = (sum(p.d, n.d), difference(p.d, n.d));
        Self([
            [0.5 * aa, ad, ba, 0.5 * bd],
            [0.25 * ad, 0.5 * aa, 0.5 * bd, 0.25 * ba],
            [0.25 * ca, 0.5 * cd, 0.5 * da, 0.25 * dd],
            [0.5 * cd, ca, dd, 0.5 * da],
        ])
    }

    /// This pair followed by `next`.
    pub(super) fn then(&self, next: &Self) -> Self {
        let mut m = [[ZERO; 4]; 4];
        for r in 0..4 {
            for c in 0..4 {
                m[r][c] = (0..4).map(|k| self.0[r][k] * next.0[k][c]).sum();
            }
        }
        Self(m)
    }

    /// Modal scattering blocks.
    pub(super) fn scattering(&self) -> PairScattering {
        // Normalized to the modal references, so that all four blocks are pure numbers.
        let root = [(2.0 * SINGLE_ENDED_Z0_OHM).sqrt(), (0.5 * SINGLE_ENDED_Z0_OHM).sqrt()];
        let block = |row: usize, column: usize| {
            let mut out = [[ZERO; 2]; 2];
            for i in 0..2 {
                for j in 0..2 {
                    let left = if row == 0 { 1.0 / root[i] } else { root[i] };
                    let right = if column == 0 { root[j] } else { 1.0 / root[j] };
                    out[i][j] = self.0[2 * row + i][2 * column + j] * (left * right);
                }
            }
            out
        };
        let (a, b, c, d) = (block(0, 0), block(0, 1), block(1, 0), block(1, 1));
        let combine = |sa: f64, sb: f64, sc: f64, sd: f64| {
            let mut out = [[ZERO; 2]; 2];
            for i in 0..2 {
                for j in 0..2 {
                    out[i][j] = sa * a[i][j] + sb * b[i][j] + sc * c[i][j] + sd * d[i][j];
                }
            }
            out
        };
        let inverse = inverse(&combine(1.0, 1.0, 1.0, 1.0));
        PairScattering {
            near: symmetric(product(&combine(1.0, 1.0, -1.0, -1.0), &inverse)),
            transmission: inverse.map(|row| row.map(|v| 2.0 * v)),
            far: symmetric(product(&inverse, &combine(-1.0, 1.0, -1.0, 1.0))),
        }
    }
}

fn inverse(m: &Block) -> Block {
    let scale = (m[0][0] * m[1][1] - m[0][1] * m[1][0]).inv();
    [[m[1][1] * scale, -m[0][1] * scale], [-m[1][0] * scale, m[0][0] * scale]]
}

fn product(x: &Block, y: &Block) -> Block {
    let mut out = [[ZERO; 2]; 2];
    for i in 0..2 {
        for j in 0..2 {
            out[i][j] = x[i][0] * y[0][j] + x[i][1] * y[1][j];
        }
    }
    out
}

/// Removes the rounding by which a reciprocal reflection fails to be symmetric.
fn symmetric(m: Block) -> Block {
    let off = 0.5 * (m[0][1] + m[1][0]);
    [[m[0][0], off], [off, m[1][1]]]
}

/// Half of `x` + `sign` `y`: the even and odd modes of two pairs taken back to the pairs.
pub(super) fn half(x: &Block, y: &Block, sign: f64) -> Block {
    let mut out = [[ZERO; 2]; 2];
    for i in 0..2 {
        for j in 0..2 {
            out[i][j] = 0.5 * (x[i][j] + sign * y[i][j]);
        }
    }
    out
}

/// Appends the single-ended matrix of one frequency, ports 1→2 the P leg and 3→4 the N leg, row-major.
pub(super) fn extend_single_ended(s: &mut Vec<Complex64>, near: &Block, transmission: &Block, far: &Block) {
    // Rows P, N of the orthonormal transform from (differential, common), without its factor 1/√2.
    const LEG: [[f64; 2]; 2] = [[1.0, 1.0], [-1.0, 1.0]];
    for out in 0..4 {
        for input in 0..4 {
            let (out_leg, out_far, in_leg, in_far) = (out / 2, out % 2 == 1, input / 2, input % 2 == 1);
            let mut value = ZERO;
            for x in 0..2 {
                for y in 0..2 {
                    let modal = match (out_far, in_far) {
                        (false, false) => near[x][y],
                        (true, false) => transmission[x][y],
                        (false, true) => transmission[y][x],
                        (true, true) => far[x][y],
                    };
                    value += modal * (0.5 * LEG[out_leg][x] * LEG[in_leg][y]);
                }
            }
            s.push(value);
        }
    }
}

/// The four-port of single-ended values that [`extend_single_ended`] gathered.
pub(super) fn single_ended_network(freq_hz: &[f64], s: Vec<Complex64>) -> Result<Network> {
    Network::new(freq_hz.to_vec(), s, vec![SINGLE_ENDED_Z0_OHM; 4])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two separate legs, computed as legs and as modes, are the same four-port.
    #[test]
    fn legs_and_modes_agree() {
        let leg =
            |delay: f64| TwoPort::line(Complex64::new(0.5, 48.0 * delay), Complex64::new(1e-4, delay / 48.0));
        let (p, n) = (leg(0.7), leg(0.9));
        let chain = PairChain::from_legs(&p, &n);
        let s = chain.scattering();
        let mut flat = Vec::new();
        extend_single_ended(&mut flat, &s.near, &s.transmission, &s.far);
        let (sp, sn) = (p.scattering(50.0), n.scattering(50.0));
        let expected = [
            [sp[0], sp[1], ZERO, ZERO],
            [sp[1], sp[2], ZERO, ZERO],
            [ZERO, ZERO, sn[0], sn[1]],
            [ZERO, ZERO, sn[1], sn[2]],
        ];
        for (got, want) in flat.iter().zip(expected.as_flattened()) {
            // Rounding of a handful of products near 1.
            assert!((got - want).norm() < 1e-14, "{got} {want}");
        }
    }

    #[test]
    fn symmetric_pair_does_not_convert() {
        let line = |z0: f64| TwoPort::line(Complex64::new(0.2, z0), Complex64::new(0.0, 1.0 / z0));
        let s = PairChain::from_modes(&line(90.0), &line(28.0)).scattering();
        assert_eq!(s.transmission[1][0].norm() + s.near[1][0].norm() + s.far[0][1].norm(), 0.0);
        let [s11, s21, _] = line(90.0).scattering(100.0);
        assert!((s.near[0][0] - s11).norm() < 1e-15 && (s.transmission[0][0] - s21).norm() < 1e-15);
    }
}
