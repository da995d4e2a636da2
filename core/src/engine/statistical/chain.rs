//! Propagation of decision errors: the stationary chain of the last errors of a decision-feedback equalizer.
//!
//! ```text
//! z_k = z_k(correct feedback) + Σ_j dfe[j] e_(k−1−j),   e = a − â
//! ```
//!
//! The state is the last N_b errors, N_b ≤ 2 exactly; of a longer feedback the two newest taps propagate. With
//! coloured noise one more error is kept: given that error e_k was made at a known shift, the noise n_k lies beyond a
//! threshold, and n_(k+1) | n_k is Gaussian with mean ρ n_k and variance σ²(1 − ρ²). n_k enters by two points with the
//! first three moments of its truncated distribution. After a correct decision the same bivariate law is used by
//! subtraction, so that without feedback the chain returns the ratio it started from. Interference is correlated too:
//! the symbols that both decisions see add to the lag-one covariance, and the next symbol, a precursor of this
//! decision, is drawn with the weight e^(λ g₋₁ a) that an error at log-slope λ of the tail gives it (a wrong decision
//! says something about the symbols that helped to make it). Correlation beyond one symbol is not in the model.

use super::alphabet::{Alphabet, two_points};
use super::mixture::{Mixture, Side};

/// Errors that propagate.
pub(super) const MEMORY: usize = 2;
/// Correlation below which the noise counts as white.
const WHITE: f64 = 1e-4;

/// What the chain needs.
pub(super) struct Chain<'a> {
    pub(super) alphabet: &'a Alphabet,
    pub(super) thresholds_v: &'a [f64],
    pub(super) dfe: &'a [f64],
    /// The levels' mixtures.
    pub(super) mixture: &'a Mixture<'a>,
    /// The same with (1 − ρ²) of the Gaussian variance.
    pub(super) conditional: &'a Mixture<'a>,
    /// Lag-one covariance of noise and interference over the Gaussian variance.
    pub(super) rho: f64,
    /// What the next symbol brings to this decision, V per unit of level.
    pub(super) precursor: f64,
    /// Its standard deviation, V.
    pub(super) sigma_v: f64,
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
#[derive(Clone)]
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
        let memory = self.dfe.len().min(MEMORY);
        let spread = self.alphabet.variance.sqrt();
        let coloured = self.rho.abs() > WHITE || (self.precursor * spread).abs() > WHITE * self.sigma_v;
        let history = memory + usize::from(coloured);
        let states = e.pow(history as u32);
        // Digit 0 of a state is the newest error.
        let digit = |state: usize, j: usize| state / e.pow(j as u32) % e;
        let shift = |state: usize, from: usize| {
            (0..memory).map(|j| self.dfe[j] * errors[digit(state, j + from)]).sum::<f64>()
        };
        let even = vec![1.0; self.alphabet.size()];
        let outcomes: Vec<Outcome> = (0..states)
            .map(|state| {
                let next = shift(state, 0);
                if coloured {
                    self.coloured(&class, e, digit(state, 0), shift(state, 1), next, errors[digit(state, 0)])
                } else {
                    self.tally(&class, e, &self.mixture.decisions(self.thresholds_v, next), &even)
                }
            })
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

    /// Sums of a decision matrix by class, by level and in bits; `weight` of each sent symbol has a mean of 1.
    fn tally(&self, class: &[Vec<usize>], classes: usize, p: &[Vec<f64>], weight: &[f64]) -> Outcome {
        let m = p.len();
        let mut o = Outcome { by_class: vec![0.0; classes], wrong_by_level: vec![0.0; m], bits: 0.0 };
        for (sent, row) in p.iter().enumerate() {
            for (decided, q) in row.iter().map(|q| weight[sent] * q).enumerate() {
                o.by_class[class[sent][decided]] += q / m as f64;
                if sent != decided {
                    o.wrong_by_level[sent] += q;
                    o.bits += q * Alphabet::bit_distance(sent, decided) / (m as f64 * self.alphabet.bits());
                }
            }
        }
        o
    }

    /// Outcome of symbol k+1 given the error class of symbol k, made at feedback shift `before`.
    fn coloured(
        &self,
        class: &[Vec<usize>],
        classes: usize,
        newest: usize,
        before: f64,
        next: f64,
        newest_error: f64,
    ) -> Outcome {
        let after = |c: usize, shift: f64| {
            let mut sum =
                Outcome { by_class: vec![0.0; classes], wrong_by_level: vec![0.0; class.len()], bits: 0.0 };
            for (y, weight) in self.noise_given(class, c, before).1 {
                let p = self.conditional.decisions(self.thresholds_v, shift + self.rho * self.sigma_v * y);
                sum.add(&self.tally(class, classes, &p, &self.next_symbol(y)), weight);
            }
            sum
        };
        if newest != 0 {
            return after(newest, next);
        }
        debug_assert_eq!(newest_error, 0.0);
        let even = vec![1.0; class.len()];
        let mut rest = self.tally(class, classes, &self.mixture.decisions(self.thresholds_v, next), &even);
        let mut correct = 1.0;
        for c in 1..classes {
            let (p, _) = self.noise_given(class, c, before);
            if p > 0.0 {
                correct -= p;
                rest.add(&after(c, next), -p);
            }
        }
        let scale = 1.0 / correct.max(1e-12);
        let clean = |x: &mut f64| *x = (*x * scale).max(0.0);
        rest.by_class.iter_mut().for_each(clean);
        rest.wrong_by_level.iter_mut().for_each(clean);
        clean(&mut rest.bits);
        rest
    }

    /// Weights of the next symbol, of mean 1, after a decision that took `y` sigma of noise to go wrong.
    fn next_symbol(&self, y: f64) -> Vec<f64> {
        if self.sigma_v <= 0.0 {
            return vec![1.0; self.alphabet.size()];
        }
        let slope = y / self.sigma_v * self.precursor;
        let exponents: Vec<f64> =
            self.alphabet.levels.iter().map(|a| slope * (a - self.alphabet.mean)).collect();
        let largest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = exponents.iter().map(|x| (x - largest).exp()).collect();
        let mean = weights.iter().sum::<f64>() / weights.len() as f64;
        weights.iter().map(|w| w / mean).collect()
    }

    /// Probability of an error class at a feedback shift, and the noise (in sigma) that makes it.
    fn noise_given(&self, class: &[Vec<usize>], wanted: usize, shift: f64) -> (f64, Vec<(f64, f64)>) {
        let m = class.len();
        let mut s = [0.0; 4];
        for sent in 0..m {
            for decided in (0..m).filter(|d| class[sent][*d] == wanted && *d != sent) {
                // Beyond the near threshold of the decided level, less what is beyond its far one.
                let (near, far, side) = if decided > sent {
                    (decided - 1, (decided + 1 < m).then_some(decided), Side::Above)
                } else {
                    (decided, decided.checked_sub(1), Side::Below)
                };
                let inner = self.moments_beyond(sent, near, side, shift);
                let outer = far.map_or([0.0; 4], |i| self.moments_beyond(sent, i, side, shift));
                for k in 0..4 {
                    s[k] += (inner[k] - outer[k]) / m as f64;
                }
            }
        }
        if s[0] <= 1e-290 {
            return (0.0, vec![(0.0, 1.0)]);
        }
        let mean = s[1] / s[0];
        let variance = s[2] / s[0] - mean * mean;
        if variance <= 1e-9 {
            return (s[0], vec![(mean, 1.0)]);
        }
        let third = s[3] / s[0] - 3.0 * mean * variance - mean.powi(3);
        (s[0], two_points(mean, variance.sqrt(), third / variance.powf(1.5)).to_vec())
    }

    /// ∫ y^k over the noise y (in sigma) that carries a level beyond a threshold, k = 0..3.
    ///
    /// With T(u) the tail at outward distance u in sigma: T, −T′, T + T″ and −3T′ − T‴, whatever the density of the
    /// remainder is, since Q′ = −φ, Q″ = yφ, Q‴ = (1 − y²)φ. The derivatives come from ln T, which is nearly a
    /// parabola.
    fn moments_beyond(&self, level: usize, threshold: usize, side: Side, shift: f64) -> [f64; 4] {
        const H: f64 = 0.1;
        let outward = if side == Side::Above { 1.0 } else { -1.0 };
        let at = |u: f64| {
            let t = self.thresholds_v[threshold] - shift + outward * u * self.sigma_v;
            self.mixture.beyond(level, t, side).max(1e-300).ln()
        };
        let f: [f64; 5] = std::array::from_fn(|i| at(H * (i as f64 - 2.0)));
        let d1 = (8.0 * (f[3] - f[1]) - (f[4] - f[0])) / (12.0 * H);
        let d2 = (16.0 * (f[3] + f[1]) - (f[4] + f[0]) - 30.0 * f[2]) / (12.0 * H * H);
        let d3 = (f[4] - f[0] - 2.0 * (f[3] - f[1])) / (2.0 * H * H * H);
        let t = f[2].exp();
        let (t1, t2, t3) = (d1 * t, (d2 + d1 * d1) * t, (d3 + 3.0 * d1 * d2 + d1.powi(3)) * t);
        [t, -outward * t1, t + t2, outward * (-3.0 * t1 - t3)]
    }
}

impl Outcome {
    fn add(&mut self, other: &Self, weight: f64) {
        let add = |a: &mut [f64], b: &[f64]| a.iter_mut().zip(b).for_each(|(x, y)| *x += weight * y);
        add(&mut self.by_class, &other.by_class);
        add(&mut self.wrong_by_level, &other.wrong_by_level);
        self.bits += weight * other.bits;
    }
}
