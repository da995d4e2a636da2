//! Pseudo-random bit sequences from linear feedback shift registers.
//!
//! ```text
//! b_i = XOR over the delays d of b_(i-d)
//! register S0..S(n-1) with S0 the newest bit: bit i of an integer seed is S_i
//! ```
//!
//! The first bit out is the first new feedback bit; the seed itself is not sent. Polynomials (ITU-T O.150 and
//! IEEE 802.3 Table 94-11, 120.5.11.2): the delays are the exponents k of 1 + Σ x^k. Taking n - k instead gives the
//! time-reversed sequence, with the same period and the same level counts: only comparing sequences shows it.
//!
//! | order | delays |
//! |---|---|
//! | 7 | 6, 7 |
//! | 9 | 5, 9 |
//! | 11 | 9, 11 |
//! | 13 | 1, 2, 12, 13 |
//! | 15 | 14, 15 |
//! | 23 | 18, 23 |
//! | 31 | 28, 31 |

use crate::error::{Error, Result};

/// Orders that have a polynomial here.
pub const PRBS_ORDERS: [u32; 7] = [7, 9, 11, 13, 15, 23, 31];

/// Most symbols a pattern function returns at once, one period of PRBS31 and one more; [`Prbs`] streams any number.
pub const MAX_PATTERN_SYMBOLS: usize = 1 << 31;

/// A shift register that yields its sequence without end and never holds more than its own state.
///
/// ```
/// use lightlane::modulation::Prbs;
/// let bits: Vec<u8> = Prbs::new(7, Some(1))?.take(8).collect();
/// assert_eq!(bits, [0, 0, 0, 0, 0, 1, 1, 0]); // the lone 1 returns after 6 and 7 bits
/// # Ok::<(), lightlane::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Prbs {
    order: u32,
    delays: &'static [u32],
    state: u32,
}

impl Prbs {
    /// The register of an order in [`PRBS_ORDERS`]; bit i of `seed` is S_i, `None` is all ones.
    ///
    /// # Errors
    /// [`Error::Parameter`] for another order, a zero seed (the register would never leave it), or a seed with more
    /// bits than the register.
    pub fn new(order: u32, seed: Option<u32>) -> Result<Self> {
        let delays: &'static [u32] = match order {
            7 => &[6, 7],
            9 => &[5, 9],
            11 => &[9, 11],
            13 => &[1, 2, 12, 13],
            15 => &[14, 15],
            23 => &[18, 23],
            31 => &[28, 31],
            _ => return Err(Error::parameter("order", order, "7, 9, 11, 13, 15, 23 or 31")),
        };
        let ones = (1u32 << order) - 1;
        let state = seed.unwrap_or(ones);
        if state == 0 || state > ones {
            return Err(Error::parameter("seed", state, format!("between 1 and {ones}")));
        }
        Ok(Self { order, delays, state })
    }

    /// Bits until the sequence repeats, 2^order - 1.
    pub fn period(&self) -> u64 {
        (1u64 << self.order) - 1
    }

    /// The register, bit i being S_i.
    pub fn state(&self) -> u32 {
        self.state
    }

    /// Writes the next bits, 0 or 1 each.
    pub fn fill(&mut self, bits: &mut [u8]) {
        // No new bit depends on another until the shortest delay has passed, so that many come from one XOR.
        let step = self.delays.iter().copied().min().unwrap_or(1);
        let mut blocks = bits.chunks_exact_mut(step as usize);
        for block in &mut blocks {
            let word = self.advance(step);
            for (i, bit) in block.iter_mut().rev().enumerate() {
                *bit = (word >> i) as u8 & 1;
            }
        }
        for bit in blocks.into_remainder() {
            *bit = self.advance(1) as u8;
        }
    }

    /// The next `count` bits, newest in bit 0; `count` must not exceed the shortest delay.
    #[inline]
    fn advance(&mut self, count: u32) -> u32 {
        let word = self.delays.iter().fold(0, |w, d| w ^ self.state >> (d - count)) & ((1 << count) - 1);
        self.state = (self.state << count | word) & ((1 << self.order) - 1);
        word
    }
}

impl Iterator for Prbs {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        Some(self.advance(1) as u8)
    }
}

/// The first `n` bits of PRBS`order`, not inverted; `n` may exceed the period.
///
/// # Errors
/// As [`Prbs::new`], and for more than [`MAX_PATTERN_SYMBOLS`] bits.
pub fn prbs(order: u32, n: usize, seed: Option<u32>) -> Result<Vec<u8>> {
    let mut register = Prbs::new(order, seed)?;
    let mut bits = zeros(n)?;
    register.fill(&mut bits);
    Ok(bits)
}

/// A buffer of `n` symbols, or an error where that many are asked for by mistake.
pub(super) fn zeros(n: usize) -> Result<Vec<u8>> {
    if n > MAX_PATTERN_SYMBOLS {
        return Err(Error::parameter("n", n, format!("at most {MAX_PATTERN_SYMBOLS} at once")));
    }
    Ok(vec![0; n])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_single_bits_agree() {
        for order in PRBS_ORDERS {
            let single: Vec<u8> = Prbs::new(order, Some(5)).expect("order").take(1000).collect();
            for block in [1, 7, 28, 29, 1000] {
                let mut register = Prbs::new(order, Some(5)).expect("order");
                let mut bits = vec![0; 1000];
                bits.chunks_mut(block).for_each(|b| register.fill(b));
                assert_eq!(bits, single, "order {order}, block {block}");
            }
        }
    }

    #[test]
    fn short_registers_are_maximal() {
        for order in [7, 9, 11, 13, 15] {
            let mut register = Prbs::new(order, Some(1)).expect("order");
            let period = register.period();
            let back = (1..=period).find(|_| {
                register.next();
                register.state() == 1
            });
            assert_eq!(back, Some(period));
        }
    }

    #[test]
    fn bad_orders_seeds_and_lengths_are_refused() {
        assert!(Prbs::new(8, None).is_err());
        assert!(Prbs::new(7, Some(0)).is_err());
        assert!(Prbs::new(7, Some(128)).is_err());
        assert!(prbs(7, usize::MAX, None).is_err());
        assert_eq!(prbs(7, 0, None), Ok(vec![]));
    }
}
