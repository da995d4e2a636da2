//! De Bruijn sequences without structure beyond their defining one.

use crate::error::{Error, Result};

/// Longest sequence built.
const MAX_LENGTH: usize = 1 << 20;

/// One period of a de Bruijn sequence: every word of `order` symbols over `alphabet` occurs exactly once a period.
///
/// An Euler circuit of the graph of words of `order − 1` symbols, its branches taken in an order drawn from `seed`
/// (Hierholzer's algorithm): unlike the lexicographic sequence its long-range correlation is that of random symbols,
/// so that the response beyond the words can be told apart.
pub(super) fn de_bruijn(alphabet: usize, order: usize, seed: u64) -> Result<Vec<u8>> {
    let length = u32::try_from(order).ok().and_then(|n| alphabet.checked_pow(n)).unwrap_or(usize::MAX);
    if !(2..=256).contains(&alphabet) || order == 0 || length > MAX_LENGTH {
        return Err(Error::parameter(
            "record order",
            format!("{order} over {alphabet} symbols"),
            format!("a sequence of at most {MAX_LENGTH} symbols"),
        ));
    }
    let nodes = length / alphabet;
    let mut random = SplitMix(seed);
    let mut branches = vec![0u8; length];
    for node in branches.chunks_exact_mut(alphabet) {
        for (i, b) in node.iter_mut().enumerate() {
            *b = i as u8;
        }
        for i in (1..alphabet).rev() {
            node.swap(i, (random.next() % (i as u64 + 1)) as usize);
        }
    }
    let mut taken = vec![0usize; nodes];
    let mut path = vec![(0usize, 0u8)];
    let mut out = Vec::with_capacity(length + 1);
    while let Some(&(node, entered_by)) = path.last() {
        if taken[node] < alphabet {
            let symbol = branches[node * alphabet + taken[node]];
            taken[node] += 1;
            path.push(((node * alphabet + symbol as usize) % nodes, symbol));
        } else {
            path.pop();
            out.push(entered_by);
        }
    }
    // The start was not entered by any symbol.
    out.pop();
    out.reverse();
    Ok(out)
}

/// Steele, Lea and Flood's splitmix64: enough for shuffling four branches.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_occurs_once() {
        for (alphabet, order) in [(2, 1), (2, 2), (2, 13), (4, 3), (4, 8)] {
            let s = de_bruijn(alphabet, order, 7).unwrap();
            let n = alphabet.pow(order as u32);
            assert_eq!(s.len(), n);
            let mut seen = vec![false; n];
            for k in 0..n {
                let word = (0..order).fold(0, |w, i| w * alphabet + s[(k + i) % n] as usize);
                assert!(!std::mem::replace(&mut seen[word], true));
            }
        }
    }

    #[test]
    fn symbols_far_apart_are_uncorrelated() {
        let s = de_bruijn(4, 8, 7).unwrap();
        let a: Vec<f64> = s.iter().map(|s| f64::from(*s) - 1.5).collect();
        let n = a.len();
        for lag in 1..200 {
            let r = (0..n).map(|k| a[k] * a[(k + lag) % n]).sum::<f64>() / (1.25 * n as f64);
            // Random symbols have 1/√n = 0.004; 5 sigma leaves 1e-4 that one of 200 lags is beyond.
            let limit = if lag < 8 { 1e-12 } else { 0.02 };
            assert!(r.abs() < limit, "{lag}: {r}");
        }
    }

    #[test]
    fn an_order_too_large_is_refused() {
        assert!(de_bruijn(4, 11, 0).is_err());
        assert!(de_bruijn(4, 0, 0).is_err());
        assert!(de_bruijn(1, 3, 0).is_err());
    }
}
