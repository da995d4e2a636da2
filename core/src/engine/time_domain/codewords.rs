//! Wrong Reed–Solomon symbols in each codeword of a run: counted against what was sent, without a decoder.
//!
//! The symbols of a lane are taken in order, `symbol_bits / bits_per_symbol` of them (5 for PAM4) a Reed–Solomon symbol, and
//! the Reed–Solomon symbols in turn to the `interleave` codewords of a group: symbol s of a group belongs to codeword
//! s mod `interleave`. A codeword with more than t wrong ones cannot be corrected. With precoding 1/(1+D) mod M the
//! receiver's inverse makes G_k = (P_k + P_(k−1)) mod M, wrong where the errors of two successive decisions do not
//! cancel.

use crate::error::{Error, Result};
use crate::fec::Code;
use crate::modulation::Modulation;

/// How the codewords of a run lie on the lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Codewords {
    /// The code.
    pub code: Code,
    /// Codewords whose symbols take turns, at least 1.
    pub interleave: usize,
    /// Whether the symbols were precoded.
    pub precoding: bool,
}

/// Codewords of a run by their number of wrong Reed–Solomon symbols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodewordErrors {
    /// Element e is the number of codewords with exactly e wrong symbols; their sum is the number of whole codewords.
    pub histogram: Vec<u64>,
    /// Most wrong symbols that can be corrected.
    pub correctable: usize,
}

impl CodewordErrors {
    /// Whole codewords of the run.
    pub fn n_codewords(&self) -> u64 {
        self.histogram.iter().sum()
    }

    /// Codewords that cannot be corrected.
    pub fn n_uncorrectable(&self) -> u64 {
        self.histogram.iter().skip(self.correctable + 1).sum()
    }

    /// Share of codewords that cannot be corrected; NaN without a whole codeword.
    pub fn codeword_error_ratio(&self) -> f64 {
        self.n_uncorrectable() as f64 / self.n_codewords() as f64
    }
}

/// Takes wrong decisions in order and sorts them into codewords.
#[derive(Debug, Clone)]
pub(super) struct Sorter {
    layout: Codewords,
    /// Alphabet of the lane.
    alphabet: u8,
    /// Symbols of the lane in a Reed–Solomon symbol.
    per_symbol: u64,
    /// Symbols of the lane in a group.
    per_group: u64,
    /// Wrong symbols of the codewords of the current group, and the last Reed–Solomon symbol counted, plus one.
    group: u64,
    wrong: Vec<u64>,
    counted: u64,
    /// Last wrong decision: place and error modulo the alphabet.
    last: Option<(u64, u8)>,
    histogram: Vec<u64>,
}

impl Sorter {
    /// # Errors
    /// [`Error::Parameter`] for an interleaving of 0.
    pub(super) fn new(layout: Codewords, modulation: Modulation) -> Result<Self> {
        if layout.interleave == 0 {
            return Err(Error::parameter("interleave", 0, "at least 1 codeword"));
        }
        let bits = modulation.bits_per_symbol();
        let per_symbol = (layout.code.symbol_bits() / bits) as u64;
        Ok(Self {
            layout,
            alphabet: 1 << bits,
            per_symbol,
            per_group: per_symbol * (layout.code.n() * layout.interleave) as u64,
            group: 0,
            wrong: vec![0; layout.interleave],
            counted: 0,
            last: None,
            histogram: vec![0; layout.code.n() + 1],
        })
    }

    /// Decision `k` gave `decided` for `sent`. Calls come in order of k.
    pub(super) fn wrong(&mut self, k: u64, sent: u8, decided: u8) {
        let error = (decided + self.alphabet - sent) % self.alphabet;
        if !self.layout.precoding {
            self.mark(k);
            return;
        }
        let before = self.last.replace((k, error));
        let remembered = match before {
            Some((place, e)) if place + 1 == k => e,
            Some((place, _)) => {
                self.mark(place + 1);
                0
            }
            None => 0,
        };
        if !(error + remembered).is_multiple_of(self.alphabet) {
            self.mark(k);
        }
    }

    /// Decoded symbol `k` of the lane is wrong.
    fn mark(&mut self, k: u64) {
        let group = k / self.per_group;
        if group != self.group {
            self.close_group();
            self.group = group;
        }
        let symbol = k / self.per_symbol;
        if symbol + 1 != self.counted {
            self.counted = symbol + 1;
            self.wrong[(symbol % self.layout.interleave as u64) as usize] += 1;
        }
    }

    fn close_group(&mut self) {
        for wrong in self.wrong.iter_mut().filter(|w| **w > 0) {
            self.histogram[*wrong as usize] += 1;
            *wrong = 0;
        }
    }

    /// The codewords that lie wholly within the first `n_symbols` symbols of the lane.
    pub(super) fn errors(mut self, n_symbols: u64) -> CodewordErrors {
        if let Some((place, _)) = self.last.take() {
            self.mark(place + 1);
        }
        let groups = n_symbols / self.per_group;
        if self.group < groups {
            self.close_group();
        }
        let with_errors: u64 = self.histogram.iter().sum();
        self.histogram[0] = groups * self.layout.interleave as u64 - with_errors;
        while self.histogram.len() > 1 && self.histogram.last() == Some(&0) {
            self.histogram.pop();
        }
        CodewordErrors { histogram: self.histogram, correctable: self.layout.code.t() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modulation::{precode, unprecode};

    /// The same from whole sequences, codeword by codeword.
    fn naive(layout: Codewords, sent: &[u8], decided: &[u8]) -> Vec<u64> {
        let undone = |symbols: &[u8]| unprecode(Modulation::Pam4, symbols).unwrap();
        let (a, b) = if layout.precoding {
            (undone(sent), undone(decided))
        } else {
            (sent.to_vec(), decided.to_vec())
        };
        let symbols: Vec<bool> = a.chunks_exact(5).zip(b.chunks_exact(5)).map(|(a, b)| a != b).collect();
        let mut histogram = vec![0; layout.code.n() + 1];
        for group in symbols.chunks_exact(layout.code.n() * layout.interleave) {
            for c in 0..layout.interleave {
                histogram[group.iter().skip(c).step_by(layout.interleave).filter(|w| **w).count()] += 1;
            }
        }
        histogram
    }

    #[test]
    fn sorting_is_that_of_whole_sequences() {
        let mut state = 1_u64;
        let mut next = move |n: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) % n
        };
        let n = 2720 * 4 * 3 + 777;
        let plain: Vec<u8> = (0..n).map(|_| next(4) as u8).collect();
        for precoding in [false, true] {
            let sent = if precoding { precode(Modulation::Pam4, &plain).unwrap() } else { plain.clone() };
            for rate in [20, 150, 4000] {
                let mut decided = sent.clone();
                let mut run = 0;
                for d in &mut decided {
                    run = if next(rate) == 0 { 1 + next(6) } else { run };
                    if run > 0 {
                        *d = if run % 2 == 0 { (*d + 1) % 4 } else { (*d + 3) % 4 };
                        run -= 1;
                    }
                }
                for interleave in [1, 2, 4] {
                    let layout = Codewords { code: Code::Kp4, interleave, precoding };
                    let mut sorter = Sorter::new(layout, Modulation::Pam4).unwrap();
                    for k in (0..n).filter(|k| sent[*k] != decided[*k]) {
                        sorter.wrong(k as u64, sent[k], decided[k]);
                    }
                    let found = sorter.errors(n as u64);
                    let mut wanted = naive(layout, &sent, &decided);
                    wanted.truncate(found.histogram.len().max(1));
                    assert_eq!(found.histogram, wanted, "{layout:?} {rate}");
                }
            }
        }
    }
}
