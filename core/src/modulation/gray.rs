//! Gray coding of PAM4: a pair of bits, first bit most significant, to a symbol.
//!
//! ```text
//! 00 -> 0   01 -> 1   11 -> 2   10 -> 3          (IEEE 802.3 120.5.7.1)
//! ```
//!
//! Neighbouring levels differ in one bit, so one level of error costs one bit; so does the wrap from 3 to 0, which
//! is what a precoder makes of an error.

use super::require_symbols;
use crate::error::{Error, Result};

/// Symbol of a bit pair `2·first + second`.
const SYMBOL_OF_PAIR: [u8; 4] = [0, 1, 3, 2];

/// Bits that differ between the Gray labels of symbol `[sent][decided]`.
///
/// ```
/// assert_eq!(lightlane::modulation::PAM4_BIT_ERRORS[0], [0, 1, 2, 1]);
/// ```
pub const PAM4_BIT_ERRORS: [[u8; 4]; 4] = [[0, 1, 2, 1], [1, 0, 1, 2], [2, 1, 0, 1], [1, 2, 1, 0]];

/// PAM4 symbols of a bit stream, two bits a symbol, the first bit of a pair the most significant.
///
/// # Errors
/// [`Error::Parameter`] for an odd number of bits, or a bit that is neither 0 nor 1.
///
/// ```
/// assert_eq!(lightlane::modulation::gray_encode(&[0, 0, 0, 1, 1, 1, 1, 0])?, [0, 1, 2, 3]);
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn gray_encode(bits: &[u8]) -> Result<Vec<u8>> {
    if !bits.len().is_multiple_of(2) {
        return Err(Error::parameter("len(bits)", bits.len(), "even: two bits make a symbol"));
    }
    if let Some(i) = bits.iter().position(|b| *b > 1) {
        return Err(Error::parameter(format!("bits[{i}]"), bits[i], "0 or 1"));
    }
    Ok(bits.chunks_exact(2).map(|pair| symbol_of_bits(pair[0], pair[1])).collect())
}

/// Bits of PAM4 symbols, the inverse of [`gray_encode`].
///
/// # Errors
/// [`Error::Parameter`] for a symbol above 3.
pub fn gray_decode(symbols: &[u8]) -> Result<Vec<u8>> {
    require_symbols(symbols, 4)?;
    // The map is its own inverse: 2 and 3 trade places.
    let bits = |s: &u8| {
        let pair = SYMBOL_OF_PAIR[usize::from(*s)];
        [pair >> 1, pair & 1]
    };
    Ok(symbols.iter().flat_map(bits).collect())
}

/// Symbol of two bits that are known to be 0 or 1.
#[inline]
pub(super) fn symbol_of_bits(first: u8, second: u8) -> u8 {
    SYMBOL_OF_PAIR[usize::from(first << 1 | second) & 3]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decode_inverts_encode_and_errors_count_bits() {
        for s in 0..4u8 {
            let bits = gray_decode(&[s]).expect("symbol");
            assert_eq!(gray_encode(&bits), Ok(vec![s]));
            for d in 0..4u8 {
                let other = gray_decode(&[d]).expect("symbol");
                let differ = bits.iter().zip(&other).filter(|(a, b)| a != b).count();
                assert_eq!(usize::from(PAM4_BIT_ERRORS[usize::from(s)][usize::from(d)]), differ);
            }
        }
    }

    #[test]
    fn bad_input_is_named() {
        assert!(gray_encode(&[0, 1, 1]).is_err());
        let e = gray_encode(&[0, 2]).expect_err("a bit of 2").to_string();
        assert_eq!(e, "bits[1] = 2: must be 0 or 1");
        assert!(gray_decode(&[0, 4]).is_err());
        assert_eq!(gray_encode(&[]), Ok(vec![]));
    }
}
