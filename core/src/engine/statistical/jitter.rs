//! Jitter as the engine sees it: timing errors, each of which multiplies a combination of symbols.

use super::alphabet::Alphabet;
use crate::response::{JitterModel, SlicerJitter};

/// One independent timing error: it adds δ Σ weight a_(k − lag), δ in UI.
#[derive(Debug, Clone)]
pub(super) struct Event {
    /// Lag of a symbol and its weight, V per UI and unit of level.
    pub(super) terms: Vec<(isize, f64)>,
}

impl Event {
    /// E[(Σ weight a)²] over independent equally likely symbols, V² per UI².
    pub(super) fn energy(&self, alphabet: &Alphabet) -> f64 {
        let sum: f64 = self.terms.iter().map(|t| t.1).sum();
        (alphabet.mean * sum).powi(2) + alphabet.variance * self.terms.iter().map(|t| t.1 * t.1).sum::<f64>()
    }

    /// Mean and variance of Σ weight a over the symbols that are not in `word`.
    pub(super) fn unknown(&self, word: &[isize], alphabet: &Alphabet) -> (f64, f64) {
        let outside = self.terms.iter().filter(|t| !word.contains(&t.0));
        let (sum, power) = outside.fold((0.0, 0.0), |(s, p), t| (s + t.1, p + t.1 * t.1));
        (alphabet.mean * sum, alphabet.variance * power)
    }
}

/// The timing errors of a slicer's jitter.
///
/// Whole symbols (`Com`): one symbol each. Edges: (x_n − x_(n−1)) with x the symbols after the transmit taps, so a
/// symbol at lag L of the edge's own position has weight t_j and one further back −t_j.
pub(super) fn events(jitter: &SlicerJitter) -> Vec<Event> {
    let own = |i: usize| i as isize - jitter.main as isize;
    let used = jitter.response.iter().enumerate().filter(|(_, r)| **r != 0.0);
    match jitter.model {
        JitterModel::Com => used.map(|(i, r)| Event { terms: vec![(own(i), *r)] }).collect(),
        JitterModel::Edge => used
            .map(|(i, r)| {
                let taps = &jitter.transmit_taps;
                // Difference of the taps: t_j − t_(j−1), one longer than they are.
                let difference = |j: usize| {
                    let here = taps.get(j).copied().unwrap_or(0.0);
                    if j == 0 { here } else { here - taps[j - 1] }
                };
                let first = own(i) - jitter.transmit_main as isize;
                let terms = (0..=taps.len()).map(|j| (first + j as isize, r * difference(j)));
                Event { terms: terms.filter(|t| t.1 != 0.0).collect() }
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_after_a_transmit_filter_is_the_difference_of_its_taps() {
        let jitter = SlicerJitter {
            model: JitterModel::Edge,
            rj_ui: 0.01,
            dd_ui: 0.02,
            response: vec![2.0],
            main: 0,
            transmit_taps: vec![-0.1, 1.0],
            transmit_main: 1,
            ..SlicerJitter::default()
        };
        // x_n = −0.1 a_(n+1) + a_n; x_n − x_(n−1) = −0.1 a_(n+1) + 1.1 a_n − a_(n−1).
        let e = events(&jitter);
        assert_eq!(e.len(), 1);
        let expected = [(-1, -0.2), (0, 2.2), (1, -2.0)];
        for (found, wanted) in e[0].terms.iter().zip(expected) {
            assert!(found.0 == wanted.0 && (found.1 - wanted.1).abs() < 1e-15);
        }
    }
}
