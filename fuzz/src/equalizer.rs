//! Oracle of the closed-form MMSE equalizer: it answers with taps that nothing beats, or refuses by name.

use lightlane::Run;
use lightlane::receiver::{Mmse, mmse};

/// Least magnitude of the noise's filter: products of two are normal numbers.
const LEAST_NOISE: f64 = 1e-150;

/// A problem for [`mmse`]. Noise is white noise of unit power through the filter `noise`, so that its autocorrelation
/// is one that exists and its share of the error is a plain sum of squares.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Response, one sample a symbol.
    pub pulse: Vec<f64>,
    /// Filter of the noise.
    pub noise: Vec<f64>,
    /// FFE taps.
    pub ffe_taps: usize,
    /// FFE taps before the main one.
    pub pre: usize,
    /// DFE taps.
    pub dfe_taps: usize,
    /// E[a²].
    pub signal_power: f64,
}

impl Problem {
    /// A problem from arbitrary bytes: doubles of any bit pattern, small counts. Noise whose square no double holds is none:
    /// its autocorrelation, which is all that the equalizer is told of it, would be that of other noise.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(5)?;
        let numbers: Vec<f64> =
            rest.chunks_exact(8).filter_map(|c| c.try_into().ok().map(f64::from_le_bytes)).collect();
        let (power, values) = numbers.split_first()?;
        let cut = usize::from(head[0]).min(values.len());
        Some(Self {
            pulse: values[..cut].to_vec(),
            noise: values[cut..].iter().map(|g| if g.abs() < LEAST_NOISE { 0.0 } else { *g }).collect(),
            ffe_taps: usize::from(head[1] % 48),
            pre: usize::from(head[2] % 48),
            dfe_taps: usize::from(head[3] % 16),
            signal_power: if head[4] & 1 == 0 { 1.0 } else { *power },
        })
    }

    /// E[n_k n_(k+l)].
    pub fn noise_autocorrelation(&self) -> Vec<f64> {
        let g = &self.noise;
        (0..g.len()).map(|l| g.iter().zip(&g[l..]).map(|(a, b)| a * b).sum()).collect()
    }

    /// The answer under test.
    ///
    /// # Errors
    /// Those of [`mmse`].
    pub fn solve(&self, delay: Option<usize>) -> lightlane::Result<Mmse> {
        let noise = self.noise_autocorrelation();
        mmse(
            &self.pulse,
            &noise,
            self.ffe_taps,
            self.pre,
            self.dfe_taps,
            self.signal_power,
            delay,
            &Run::default(),
        )
    }

    /// E|z − a|² of any taps, summed symbol by symbol and noise sample by noise sample: no matrix is formed.
    pub fn error_of(&self, ffe: &[f64], dfe: &[f64], delay: usize) -> f64 {
        // Response of signal and noise through the FFE; the cursor is at index delay + pre.
        let through = |h: &[f64]| {
            let mut out = vec![0.0; h.len() + ffe.len()];
            for (i, c) in ffe.iter().enumerate() {
                for (m, v) in h.iter().enumerate() {
                    out[i + m] += c * v;
                }
            }
            out
        };
        let cursor = delay + self.pre;
        let mut response = through(&self.pulse);
        response.resize(response.len().max(cursor + dfe.len() + 1), 0.0);
        response[cursor] -= 1.0;
        for (j, d) in dfe.iter().enumerate() {
            response[cursor + 1 + j] -= d;
        }
        let energy = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>();
        self.signal_power * energy(&response) + energy(&through(&self.noise))
    }

    /// Checks one answer: finite, its error the one it states, and none of `perturbations` (one number a tap) better.
    ///
    /// # Panics
    /// When the answer is wrong.
    pub fn check(&self, perturbations: &[Vec<f64>]) {
        let Ok(answer) = self.solve(None) else { return };
        assert!(answer.ffe.iter().chain(&answer.dfe).all(|t| t.is_finite()), "{answer:?}");
        assert!(answer.mse >= 0.0 && answer.mse <= self.signal_power * (1.0 + 1e-9), "{answer:?}");
        assert!(!answer.snr_db.is_nan());
        let best = self.error_of(&answer.ffe, &answer.dfe, answer.delay);
        // Sums over products of taps and response: rounding grows with both.
        let rounding = 1e-10 * self.signal_power;
        if best.is_finite() {
            assert!((best - answer.mse).abs() <= 1e-7 * self.signal_power, "{best} {}", answer.mse);
        }
        for change in perturbations {
            let moved = |taps: &[f64], change: &[f64]| -> Vec<f64> {
                taps.iter().zip(change).map(|(t, c)| t + c * t.abs().max(1e-3)).collect()
            };
            let (a, b) = change.split_at(answer.ffe.len().min(change.len()));
            let other = self.error_of(&moved(&answer.ffe, a), &moved(&answer.dfe, b), answer.delay);
            assert!(other.is_nan() || other >= best - rounding, "{other} beats {best}: {self:?}");
        }
    }
}
