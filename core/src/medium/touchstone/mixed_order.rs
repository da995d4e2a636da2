//! `[Mixed-Mode Order]`: data given for differential and common modes instead of single-ended ports.
//!
//! The network is brought to single-ended port order when it is read, so that everything downstream meets one
//! convention: with a row of the orthogonal matrix M for each descriptor,
//!
//! ```text
//! D p,n: (a_p - a_n)/√2     C p,n: (a_p + a_n)/√2     S p: a_p       S_single = Mᵀ S_mixed M
//! ```
//!
//! which holds for the format's own references: R of both ports of a pair, 2 R differential, R/2 common (Touchstone
//! 2.0, "Introduction to Mixed-Mode Concepts" and appendix A). The pairs are kept as the network's port pairs.

use super::cursor::Cursor;
use crate::error::Result;
use crate::medium::network::PortPairs;
use num_complex::Complex64;
use std::f64::consts::FRAC_1_SQRT_2;

/// One descriptor; ports from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Differential(usize, usize),
    Common(usize, usize),
    Single(usize),
}

/// The descriptors of a file, one a row of its matrices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MixedOrder {
    modes: Vec<Mode>,
    line: usize,
}

impl MixedOrder {
    /// Reads `n_ports` descriptors, over several lines if need be.
    pub(super) fn read(cursor: &mut Cursor<'_>, n_ports: usize) -> Result<Self> {
        let line = cursor.line();
        let mut modes = Vec::with_capacity(n_ports);
        while modes.len() < n_ports {
            cursor.skip();
            let requirement =
                format!("one of {n_ports} descriptors such as D1,2, C1,2 or S3, ports from 1 to {n_ports}");
            if matches!(cursor.peek(), None | Some(b'[')) {
                return Err(cursor.error_here(requirement));
            }
            let at = cursor.line();
            let word = cursor.word().unwrap_or_default();
            let Some(mode) = parse_mode(&word, n_ports) else {
                let found = word.chars().take(32).collect::<String>();
                return Err(cursor.error_at(at, format!("'{}'", found.escape_debug()), requirement));
            };
            modes.push(mode);
        }
        let order = Self { modes, line };
        if order.is_complete(n_ports) {
            return Ok(order);
        }
        let requirement = "each port once, as S or in a pair that is given as both D and C";
        Err(cursor.error_at(line, "[Mixed-Mode Order]", requirement))
    }

    /// Each port in one single mode, or in one differential and one common mode of the same pair.
    fn is_complete(&self, n_ports: usize) -> bool {
        let mut uses = vec![(0, 0, 0); n_ports];
        for mode in &self.modes {
            match *mode {
                Mode::Single(p) => uses[p].0 += 1,
                Mode::Differential(p, n) => {
                    uses[p].1 += 1;
                    uses[n].1 += 1;
                    if !self.modes.contains(&Mode::Common(p, n)) && !self.modes.contains(&Mode::Common(n, p))
                    {
                        return false;
                    }
                }
                Mode::Common(p, n) => {
                    uses[p].2 += 1;
                    uses[n].2 += 1;
                }
            }
        }
        uses.iter().all(|u| matches!(u, (1, 0, 0) | (0, 1, 1)))
    }

    /// Pairs must share one reference, or "differential" has no meaning.
    pub(super) fn check_references(&self, references: &[f64], cursor: &Cursor<'_>) -> Result<()> {
        for mode in &self.modes {
            if let Mode::Differential(p, n) = *mode
                && (references[p] - references[n]).abs() > 1e-9 * references[p]
            {
                let found = format!(
                    "pair {},{} with references {} and {} ohm",
                    p + 1,
                    n + 1,
                    references[p],
                    references[n]
                );
                return Err(cursor.error_at(self.line, found, "of one reference impedance"));
            }
        }
        Ok(())
    }

    /// Turns one record into single-ended port order, in place.
    pub(super) fn to_single_ended(&self, s: &mut [Complex64]) {
        let n = self.modes.len();
        let mut half = vec![Complex64::ZERO; n * n];
        for (row, mode) in self.modes.iter().enumerate() {
            for (port, weight) in mode.weights() {
                for column in 0..n {
                    half[port * n + column] += s[row * n + column] * weight;
                }
            }
        }
        s.fill(Complex64::ZERO);
        for (column, mode) in self.modes.iter().enumerate() {
            for (port, weight) in mode.weights() {
                for row in 0..n {
                    s[row * n + port] += half[row * n + column] * weight;
                }
            }
        }
    }

    /// The two differential ports, first left, second right, if there are exactly two.
    pub(super) fn port_pairs(&self) -> Option<PortPairs> {
        let mut pairs = self.modes.iter().filter_map(|m| match *m {
            Mode::Differential(p, n) => Some((p + 1, n + 1)),
            _ => None,
        });
        match (pairs.next(), pairs.next(), pairs.next()) {
            (Some(left), Some(right), None) => Some(PortPairs { left, right }),
            _ => None,
        }
    }
}

impl Mode {
    /// Ports and weights of the mode's row of M.
    fn weights(self) -> impl Iterator<Item = (usize, f64)> {
        let (first, second) = match self {
            Self::Differential(p, n) => ((p, FRAC_1_SQRT_2), Some((n, -FRAC_1_SQRT_2))),
            Self::Common(p, n) => ((p, FRAC_1_SQRT_2), Some((n, FRAC_1_SQRT_2))),
            Self::Single(p) => ((p, 1.0), None),
        };
        std::iter::once(first).chain(second)
    }
}

/// `d2,3`, `c2,3` or `s4`, in lower case.
fn parse_mode(word: &str, n_ports: usize) -> Option<Mode> {
    let port = |text: &str| text.parse::<usize>().ok().filter(|p| (1..=n_ports).contains(p)).map(|p| p - 1);
    let pair = |text: &str| {
        let (p, n) = text.split_once(',')?;
        Some((port(p)?, port(n)?)).filter(|(p, n)| p != n)
    };
    match word.split_at_checked(1)? {
        ("d", rest) => pair(rest).map(|(p, n)| Mode::Differential(p, n)),
        ("c", rest) => pair(rest).map(|(p, n)| Mode::Common(p, n)),
        ("s", rest) => port(rest).map(Mode::Single),
        _ => None,
    }
}
