//! The PAM4 test patterns of IEEE 802.3 120.5.11.2.
//!
//! | pattern | from | period, symbols | levels 0..3 |
//! |---|---|---|---|
//! | PRBS13Q | two periods of PRBS13, Gray coded; S0..S12 = 0000010101011 | 8191 | 2047, 2048, 2048, 2048 |
//! | PRBS31Q | inverted PRBS31, Gray coded | 2^31 - 1 | – |
//! | SSPRQ | three sections of inverted PRBS31, see [`ssprq`] | 65535 | 15215, 17553, 17552, 15215 |
//!
//! An error ratio on a repeating pattern means something only over whole periods.

use super::gray::symbol_of_bits;
use super::prbs::{Prbs, zeros};
use crate::error::Result;

/// Symbols in one period of PRBS13Q.
pub const PRBS13Q_PERIOD: usize = 8191;
/// Symbols in one period of SSPRQ.
pub const SSPRQ_PERIOD: usize = 65535;

/// Register of the example in 120.5.11.2.1: S0..S12 = 0000010101011, bit i of the integer being S_i.
const PRBS13Q_SEED: u32 = 0b1_1010_1010_0000;

/// Seed (bit i = S_i) and length in bits of the sections of SSPRQ, Table 120-2.
const SSPRQ_SECTIONS: [(u32, usize); 3] = [(0x0000_0002, 10924), (0x3401_3FF7, 10922), (0x0CCC_CCCC, 10922)];

/// PRBS13Q symbols from the start of 802.3's example; `None` is one period, a longer `n` repeats.
///
/// # Errors
/// [`crate::Error::Parameter`] for more symbols than [`super::MAX_PATTERN_SYMBOLS`].
///
/// ```
/// let q = lightlane::modulation::prbs13q(None)?;
/// let count = |level| q.iter().filter(|s| **s == level).count();
/// assert_eq!([count(0), count(1), count(2), count(3)], [2047, 2048, 2048, 2048]);
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn prbs13q(n: Option<usize>) -> Result<Vec<u8>> {
    let mut symbols = zeros(n.unwrap_or(PRBS13Q_PERIOD))?;
    let mut register = Prbs::new(13, Some(PRBS13Q_SEED))?;
    fill_gray(&mut register, false, &mut symbols);
    Ok(symbols)
}

/// The first `n` PRBS31Q symbols from the all-ones seed.
///
/// # Errors
/// [`crate::Error::Parameter`] for more symbols than [`super::MAX_PATTERN_SYMBOLS`]; [`Prbs31q`] streams them.
pub fn prbs31q(n: usize) -> Result<Vec<u8>> {
    let mut symbols = zeros(n)?;
    Prbs31q::new(None)?.fill(&mut symbols);
    Ok(symbols)
}

/// PRBS31Q without end, block by block: its period of 2^31 - 1 symbols is never held.
#[derive(Debug, Clone)]
pub struct Prbs31q(Prbs);

impl Prbs31q {
    /// The pattern from a seed of the bit register; `None` is all ones.
    ///
    /// # Errors
    /// As [`Prbs::new`].
    pub fn new(seed: Option<u32>) -> Result<Self> {
        Prbs::new(31, seed).map(Self)
    }

    /// Writes the next symbols, 0..3.
    pub fn fill(&mut self, symbols: &mut [u8]) {
        fill_gray(&mut self.0, true, symbols);
    }
}

/// One period of SSPRQ, 65535 symbols 0..3.
///
/// A is the 32768 inverted PRBS31 bits of the three sections of Table 120-2. The stream A, A, A without its first
/// bit, A without its last bit is Gray coded, then levels are inverted (s to 3 - s) in the second and the fourth
/// quarter, symbols 16384..32767 and 49151..65534.
///
/// # Errors
/// None in practice; the seeds are constants.
pub fn ssprq() -> Result<Vec<u8>> {
    let mut a = Vec::with_capacity(32768);
    for (seed, n) in SSPRQ_SECTIONS {
        a.extend(Prbs::new(31, Some(seed))?.take(n).map(|bit| bit ^ 1));
    }
    let bits: Vec<u8> = [&a[..], &a, &a[1..], &a[..a.len() - 1]].concat();
    let mut symbols: Vec<u8> = bits.chunks_exact(2).map(|p| symbol_of_bits(p[0], p[1])).collect();
    for inverted in [16384..32768, 49151..65535] {
        symbols[inverted].iter_mut().for_each(|s| *s = 3 - *s);
    }
    Ok(symbols)
}

/// Gray codes the register's bits, two a symbol, through a small buffer.
fn fill_gray(register: &mut Prbs, invert: bool, symbols: &mut [u8]) {
    let mut bits = [0; 1024];
    let flip = u8::from(invert);
    for block in symbols.chunks_mut(bits.len() / 2) {
        let bits = &mut bits[..2 * block.len()];
        register.fill(bits);
        for (s, pair) in block.iter_mut().zip(bits.chunks_exact(2)) {
            *s = symbol_of_bits(pair[0] ^ flip, pair[1] ^ flip);
        }
    }
}
