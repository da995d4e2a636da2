//! Distributions of noise and interference on a lattice of voltages.
//!
//! Release 4.50 takes bins of min(A_s/1000, 10 µV); a sample below one bin is skipped, its deltas are rounded to bins
//! (not shared between two, which would agree better with the truth and worse with the code), and the Gaussian is a row
//! of samples, normalized, out to 2√2 erfc⁻¹(2 DER_0) sigmas. The first bin with a cumulative probability of DER_0 is
//! A_ni.

use super::config::ComConfig;
use crate::density::q;
use crate::error::Result;
use crate::run::Run;

/// Largest bin, V.
const MAX_BIN_V: f64 = 10e-6;
/// Share of A_s that a bin is at most.
const BIN_SHARE: f64 = 1e-3;
/// Reach of the Gaussian, in quantiles of DER_0.
const REACH: f64 = 2.0;
/// Samples convolved between two looks at the cancel flag.
const BLOCK: usize = 64;

/// Size of a bin for a signal.
pub(super) fn bin_v(signal_v: f64) -> f64 {
    (signal_v * BIN_SHARE).min(MAX_BIN_V)
}

/// Samples, each times one of L equally likely levels from -1 to 1, and a Gaussian, as release 4.50 adds them up.
pub(super) fn distribution_450(
    config: &ComConfig,
    signal_v: f64,
    samples_v: &[f64],
    sigma_v: f64,
    run: &Run,
) -> Result<Lattice> {
    let step_v = bin_v(signal_v);
    let sizes = samples_v.iter().copied().filter(|v| v.abs() >= step_v).collect();
    let p = Lattice::point(step_v).with_samples(sizes, config.levels, run)?;
    Ok(p.gaussian(sigma_v, REACH * quantile(config.der)))
}

/// Probabilities of bins around 0: bin `i` is at (i - half) step.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lattice {
    pub(super) step_v: f64,
    pub(super) p: Vec<f64>,
}

impl Lattice {
    /// Certainty of 0.
    pub(super) fn point(step_v: f64) -> Self {
        Self { step_v, p: vec![1.0] }
    }

    /// Convolved with each sample times one of L equally likely levels.
    pub(super) fn with_samples(self, mut samples_v: Vec<f64>, levels: usize, run: &Run) -> Result<Self> {
        // The order decides the time, not the result: what is small first keeps the lattice short.
        samples_v.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
        let mut out = self;
        for (i, v) in samples_v.iter().enumerate() {
            if i % BLOCK == 0 {
                run.check()?;
            }
            out = out.spread(&level_deltas(v.abs() / out.step_v, levels));
        }
        run.check()?;
        Ok(out)
    }

    /// Convolved with deltas, each so many bins from 0 and of such a share.
    pub(super) fn spread(&self, deltas: &[(i64, f64)]) -> Self {
        let reach = deltas.iter().map(|d| d.0.unsigned_abs() as usize).max().unwrap_or(0);
        let mut p = vec![0.0; self.p.len() + 2 * reach];
        for (bin, share) in deltas {
            let start = (reach as i64 + bin) as usize;
            for (o, x) in p[start..start + self.p.len()].iter_mut().zip(&self.p) {
                *o += share * x;
            }
        }
        Self { step_v: self.step_v, p }
    }

    /// Convolved with a Gaussian: a row of its samples out to so many sigmas, normalized.
    pub(super) fn gaussian(&self, sigma_v: f64, sigmas: f64) -> Self {
        let sigma = sigma_v / self.step_v;
        let reach = (sigmas * sigma).round() as i64;
        if reach == 0 {
            return self.clone();
        }
        let weights: Vec<f64> = (-reach..=reach).map(|i| (-0.5 * (i as f64 / sigma).powi(2)).exp()).collect();
        let total: f64 = weights.iter().sum();
        let mut p = vec![0.0; self.p.len() + 2 * reach as usize];
        for (k, w) in weights.iter().enumerate() {
            for (o, x) in p[k..k + self.p.len()].iter_mut().zip(&self.p) {
                *o += w / total * x;
            }
        }
        Self { step_v: self.step_v, p }
    }

    /// Convolved with a uniform distribution of a width: of an odd number of bins.
    pub(super) fn uniform(self, width_v: f64) -> Self {
        let half = (0.5 * width_v / self.step_v).round() as usize;
        if half == 0 {
            return self;
        }
        let width = 2 * half + 1;
        let share = 1.0 / width as f64;
        // Sums of windows as differences of running sums; what rounding leaves is of the order of 1e-17.
        let mut p = Vec::with_capacity(self.p.len() + width - 1);
        let mut sum = 0.0;
        for i in 0..self.p.len() + width - 1 {
            sum += self.p.get(i).copied().unwrap_or(0.0);
            if i >= width {
                sum -= self.p[i - width];
            }
            p.push(share * sum.max(0.0));
        }
        Self { step_v: self.step_v, p }
    }

    /// The distribution of a times the variable, 0 ≤ a: the cumulative one, linear within bins, on the same bins.
    pub(super) fn scaled(&self, a: f64) -> Self {
        if a <= 0.0 {
            return Self::point(self.step_v);
        }
        let n = self.p.len();
        let mut cumulative = Vec::with_capacity(n + 1);
        let mut sum = 0.0;
        cumulative.push(0.0);
        cumulative.extend(self.p.iter().map(|p| {
            sum += p;
            sum
        }));
        let middle = 0.5 * n as f64;
        let reach = (a * middle).ceil() as i64;
        let at = |edge: f64| {
            let x = (edge / a + middle).clamp(0.0, n as f64);
            let i = (x as usize).min(n - 1);
            cumulative[i] + (x - i as f64) * (cumulative[i + 1] - cumulative[i])
        };
        let p = (-reach..=reach).map(|i| at(i as f64 + 0.5) - at(i as f64 - 0.5)).collect();
        Self { step_v: self.step_v, p }
    }

    /// Variance, V².
    pub(super) fn variance_v2(&self) -> f64 {
        let half = (self.p.len() / 2) as f64;
        let square = |i: usize| ((i as f64 - half) * self.step_v).powi(2);
        self.p.iter().enumerate().map(|(i, p)| p * square(i)).sum::<f64>() / self.p.iter().sum::<f64>()
    }

    /// |x| of the first bin at which the cumulative probability reaches `probability`, V.
    pub(super) fn reach_v(&self, probability: f64) -> f64 {
        let half = (self.p.len() / 2) as f64;
        let mut sum = 0.0;
        let first = self.p.iter().position(|p| {
            sum += p;
            sum >= probability
        });
        first.map_or(0.0, |i| (half - i as f64).abs() * self.step_v)
    }
}

/// Bins of the levels of one sample, and how many levels fall in each.
pub(super) fn level_deltas(size: f64, levels: usize) -> Vec<(i64, f64)> {
    let share = 1.0 / levels as f64;
    let mut out: Vec<(i64, f64)> = Vec::with_capacity(levels);
    for l in 0..levels {
        let bin = (size * (2.0 * l as f64 / (levels as f64 - 1.0) - 1.0)).round() as i64;
        match out.last_mut() {
            Some(last) if last.0 == bin => last.1 += share,
            _ => out.push((bin, share)),
        }
    }
    out
}

/// x with Q(x) = `probability`, by bisection: Q is monotonic and cheap.
fn quantile(probability: f64) -> f64 {
    let (mut low, mut high) = (0.0, 40.0);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if q(middle) > probability { low = middle } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_tables() {
        // scipy.stats.norm.isf
        assert!((quantile(1e-4) - 3.719_016_485_455_709).abs() < 1e-9);
        assert!((quantile(0.5)).abs() < 1e-12);
    }

    #[test]
    fn one_sample_and_a_gaussian_have_the_tail_of_their_mixture() {
        let sigma = 200.0;
        let d =
            Lattice::point(1e-6).spread(&level_deltas(300.0, 4)).gaussian(sigma * 1e-6, 2.0 * quantile(1e-4));
        assert!((d.p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let exact =
            |x: f64| [-300.0, -100.0, 100.0, 300.0].iter().map(|v| 0.25 * q((x + v) / sigma)).sum::<f64>();
        // A bin is 1e-3 of the answer: the step from bin to bin changes the probability by 2 %.
        let found = d.reach_v(1e-4) / 1e-6;
        assert!(exact(found + 1.0) < 1e-4 && exact(found - 1.0) > 1e-4, "{found}");
    }
}
