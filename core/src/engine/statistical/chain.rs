//! Propagation of decision errors: the stationary chain of the last errors of a decision-feedback equalizer.
//!
//! ```text
//! z_k = z_k(correct feedback) + Σ_j dfe[j] e_(k−1−j),   e = a − â
//! ```
//!
//! The state is the last N_b errors, N_b ≤ 2. Exact where successive decisions have nothing but their feedback in
//! common; noise or interference that they share is the business of [`super::bursts`].

use super::alphabet::Alphabet;
use super::mixture::Mixture;

/// Errors that propagate.
pub(super) const MEMORY: usize = 2;
/// What the chain needs.
pub(super) struct Chain<'a> {
    pub(super) alphabet: &'a Alphabet,
    pub(super) thresholds_v: &'a [f64],
    /// At most [`MEMORY`] taps.
    pub(super) dfe: &'a [f64],
    /// The levels' mixtures.
    pub(super) mixture: &'a Mixture<'a>,
    /// Whether errors by more than one level have classes of their own.
    pub(super) long_errors: bool,
}

/// Stationary figures.
#[derive(Debug, Clone)]
pub(super) struct Stationary {
    pub(super) ser: f64,
    pub(super) ber: f64,
    pub(super) ser_by_level: Vec<f64>,
    pub(super) continue_probability: f64,
}

/// What one symbol does in one state.
struct Outcome {
    by_class: Vec<f64>,
    wrong_by_level: Vec<f64>,
    bits: f64,
}

impl Chain<'_> {
    /// Solves the chain.
    pub(super) fn stationary(&self) -> Stationary {
        let (errors, class) = self.classes();
        let e = errors.len();
        let memory = self.dfe.len();
        let states = e.pow(memory as u32);
        // Digit 0 of a state is the newest error.
        let digit = |state: usize, j: usize| state / e.pow(j as u32) % e;
        let shift = |state: usize| (0..memory).map(|j| self.dfe[j] * errors[digit(state, j)]).sum::<f64>();
        let outcomes: Vec<Outcome> = (0..states)
            .map(|state| self.tally(&class, e, &self.mixture.decisions(self.thresholds_v, shift(state))))
            .collect();
        let mut share = vec![0.0; states];
        share[0] = 1.0;
        let mut ser = -1.0;
        // Convergence is geometric with the probability of continuing; 1e-14 is rounding.
        for _ in 0..4000 {
            let mut next = vec![0.0; states];
            for (state, p) in share.iter().enumerate().filter(|(_, p)| **p > 0.0) {
                for (c, q) in outcomes[state].by_class.iter().enumerate() {
                    next[(state * e + c) % states] += p * q;
                }
            }
            let total: f64 = next.iter().sum();
            next.iter_mut().for_each(|p| *p /= total);
            share = next;
            let wrong: f64 = (0..states).filter(|s| digit(*s, 0) != 0).map(|s| share[s]).sum();
            let settled = (wrong - ser).abs() <= 1e-14 * wrong;
            ser = wrong;
            if settled {
                break;
            }
        }
        let mean =
            |f: &dyn Fn(&Outcome) -> f64| share.iter().zip(&outcomes).map(|(p, o)| p * f(o)).sum::<f64>();
        let m = self.alphabet.size();
        let ser_by_level: Vec<f64> = (0..m).map(|l| mean(&|o| o.wrong_by_level[l])).collect();
        let wrong = |o: &Outcome| o.wrong_by_level.iter().sum::<f64>() / m as f64;
        let after_error: f64 =
            (0..states).filter(|s| digit(*s, 0) != 0).map(|s| share[s] * wrong(&outcomes[s])).sum();
        let before: f64 = (0..states).filter(|s| digit(*s, 0) != 0).map(|s| share[s]).sum();
        Stationary {
            ser: mean(&wrong),
            ber: mean(&|o| o.bits),
            ser_by_level,
            continue_probability: if before > 0.0 { after_error / before } else { 0.0 },
        }
    }

    /// Distinct error voltages (class 0 is none), and the class of each (sent, decided).
    fn classes(&self) -> (Vec<f64>, Vec<Vec<usize>>) {
        let l = &self.alphabet.levels;
        let m = l.len();
        let same = 1e-9 * (l[m - 1] - l[0]);
        let mut errors = vec![0.0];
        let mut class = vec![vec![0; m]; m];
        for sent in 0..m {
            for decided in 0..m {
                let as_if = if self.long_errors {
                    decided
                } else {
                    decided.clamp(sent.saturating_sub(1), (sent + 1).min(m - 1))
                };
                let e = l[sent] - l[as_if];
                class[sent][decided] =
                    errors.iter().position(|x| (x - e).abs() <= same).unwrap_or_else(|| {
                        errors.push(e);
                        errors.len() - 1
                    });
            }
        }
        (errors, class)
    }

    /// Sums of a decision matrix by class, by level and in bits.
    fn tally(&self, class: &[Vec<usize>], classes: usize, p: &[Vec<f64>]) -> Outcome {
        let m = p.len();
        let mut o = Outcome { by_class: vec![0.0; classes], wrong_by_level: vec![0.0; m], bits: 0.0 };
        for (sent, row) in p.iter().enumerate() {
            for (decided, q) in row.iter().enumerate() {
                o.by_class[class[sent][decided]] += q / m as f64;
                if sent != decided {
                    o.wrong_by_level[sent] += q;
                    o.bits += q * Alphabet::bit_distance(sent, decided) / (m as f64 * self.alphabet.bits());
                }
            }
        }
        o
    }
}
