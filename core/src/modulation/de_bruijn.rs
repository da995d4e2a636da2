//! De Bruijn sequences: every word of a given length exactly once, cyclically.
//!
//! Built by the theorem of Fredricksen, Kessler and Maiorana: the Lyndon words whose length divides the order,
//! concatenated in lexicographic order, form the lexicographically least de Bruijn sequence. Duval's successor rule
//! yields them in constant amortized time, so the whole is linear in its length
//! (H. Fredricksen, J. Maiorana, Discrete Math. 23 (1978) 207, doi:10.1016/0012-365X(78)90002-X).

use crate::error::{Error, Result};

/// Longest sequence that is built, symbols.
pub const MAX_DE_BRUIJN_SYMBOLS: usize = 1 << 24;

/// The least de Bruijn sequence of words of `order` symbols over 0..`alphabet`: alphabet^order symbols, starting
/// with `order` zeros.
///
/// # Errors
/// [`Error::Parameter`] unless 2 ≤ alphabet ≤ 256, order ≥ 1 and the length is at most [`MAX_DE_BRUIJN_SYMBOLS`].
///
/// ```
/// assert_eq!(lightlane::modulation::de_bruijn(2, 3)?, [0, 0, 0, 1, 0, 1, 1, 1]);
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn de_bruijn(alphabet: usize, order: usize) -> Result<Vec<u8>> {
    if !(2..=256).contains(&alphabet) {
        return Err(Error::parameter("alphabet", alphabet, "between 2 and 256"));
    }
    let length = u32::try_from(order).ok().and_then(|o| alphabet.checked_pow(o)).unwrap_or(usize::MAX);
    if order == 0 || length > MAX_DE_BRUIJN_SYMBOLS {
        let longest = MAX_DE_BRUIJN_SYMBOLS.ilog(alphabet);
        return Err(Error::parameter(
            "order",
            order,
            format!("between 1 and {longest} for {alphabet} symbols"),
        ));
    }
    let top = (alphabet - 1) as u8;
    let mut sequence = Vec::with_capacity(length);
    let mut word = vec![0u8];
    // `word` runs through all Lyndon words of length at most `order`, in lexicographic order.
    loop {
        if order.is_multiple_of(word.len()) {
            sequence.extend_from_slice(&word);
        }
        let lyndon = word.len();
        for i in lyndon..order {
            word.push(word[i - lyndon]);
        }
        while word.last() == Some(&top) {
            word.pop();
        }
        match word.last_mut() {
            Some(last) => *last += 1,
            None => return Ok(sequence),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_stands_exactly_once() {
        for (alphabet, order) in [(2, 1), (2, 10), (3, 5), (4, 1), (4, 6), (4, 8), (5, 3), (256, 2)] {
            let s = de_bruijn(alphabet, order).expect("small");
            let n = alphabet.pow(order as u32);
            assert_eq!(s.len(), n);
            let mut seen = vec![false; n];
            let mut word = s[..order].iter().fold(0, |w, x| w * alphabet + usize::from(*x));
            for i in 0..n {
                assert!(!std::mem::replace(&mut seen[word], true), "{alphabet}^{order}: word at {i} twice");
                word = (word * alphabet + usize::from(s[(i + order) % n])) % n;
            }
        }
    }

    #[test]
    fn sizes_are_bounded() {
        assert_eq!(de_bruijn(4, 12).expect("at the limit").len(), MAX_DE_BRUIJN_SYMBOLS);
        for (alphabet, order) in [(4, 13), (4, 0), (1, 3), (257, 1), (2, usize::MAX), (4, 4_294_967_297)] {
            assert!(de_bruijn(alphabet, order).is_err(), "{alphabet}^{order}");
        }
    }
}
