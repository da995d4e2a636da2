//! The distribution of noise and interference, as release 4.50 builds it.
//!
//! Bins of min(A_s/1000, 10 µV); a sample below one bin is skipped, its deltas are rounded to bins (not shared between
//! two, which would agree better with the truth and worse with the code), and the Gaussian is a row of samples,
//! normalized, out to 2√2 erfc⁻¹(2 DER_0) sigmas. The first bin with a cumulative probability of DER_0 is A_ni.

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

/// Probabilities of bins, symmetric about 0: bin `i` is at (i - half) step.
pub(super) struct Distribution {
    pub(super) step_v: f64,
    pub(super) p: Vec<f64>,
}

impl Distribution {
    /// Samples, each times one of L equally likely levels from -1 to 1, and a Gaussian.
    pub(super) fn new(
        config: &ComConfig,
        signal_v: f64,
        samples_v: &[f64],
        sigma_v: f64,
        run: &Run,
    ) -> Result<Self> {
        let step_v = (signal_v * BIN_SHARE).min(MAX_BIN_V);
        let p = Self::of_samples(step_v, samples_v, config.levels, run)?.p;
        Ok(Self { step_v, p: gaussian(&p, sigma_v / step_v, quantile(config.der)) })
    }

    /// Samples alone, in bins of `step_v`.
    pub(super) fn of_samples(step_v: f64, samples_v: &[f64], levels: usize, run: &Run) -> Result<Self> {
        let mut sizes: Vec<f64> = samples_v.iter().map(|v| v.abs()).filter(|v| *v >= step_v).collect();
        sizes.sort_by(f64::total_cmp);
        let mut p = vec![1.0];
        for (i, size) in sizes.iter().enumerate() {
            if i % BLOCK == 0 {
                run.check()?;
            }
            p = spread(&p, &deltas(*size / step_v, levels));
        }
        run.check()?;
        Ok(Self { step_v, p })
    }

    /// |x| of the first bin at which the cumulative probability reaches `der`, V.
    pub(super) fn noise_v(&self, der: f64) -> f64 {
        let half = (self.p.len() / 2) as f64;
        let mut sum = 0.0;
        let first = self.p.iter().position(|p| {
            sum += p;
            sum >= der
        });
        first.map_or(0.0, |i| (half - i as f64).abs() * self.step_v)
    }
}

/// Bins of the levels of one sample, and how many levels fall in each.
fn deltas(size: f64, levels: usize) -> Vec<(i64, f64)> {
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

fn spread(p: &[f64], deltas: &[(i64, f64)]) -> Vec<f64> {
    let reach = deltas.iter().map(|d| d.0.unsigned_abs() as usize).max().unwrap_or(0);
    let mut out = vec![0.0; p.len() + 2 * reach];
    for (bin, share) in deltas {
        let start = (reach as i64 + bin) as usize;
        for (o, x) in out[start..start + p.len()].iter_mut().zip(p) {
            *o += share * x;
        }
    }
    out
}

fn gaussian(p: &[f64], sigma: f64, quantile: f64) -> Vec<f64> {
    let reach = (REACH * quantile * sigma).round() as i64;
    if reach == 0 {
        return p.to_vec();
    }
    let weights: Vec<f64> = (-reach..=reach).map(|i| (-0.5 * (i as f64 / sigma).powi(2)).exp()).collect();
    let total: f64 = weights.iter().sum();
    let mut out = vec![0.0; p.len() + 2 * reach as usize];
    for (k, w) in weights.iter().enumerate() {
        for (o, x) in out[k..k + p.len()].iter_mut().zip(p) {
            *o += w / total * x;
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
        let p = gaussian(&spread(&[1.0], &deltas(300.0, 4)), sigma, quantile(1e-4));
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let d = Distribution { step_v: 1e-6, p };
        let exact =
            |x: f64| [-300.0, -100.0, 100.0, 300.0].iter().map(|v| 0.25 * q((x + v) / sigma)).sum::<f64>();
        // A bin is 1e-3 of the answer: the step from bin to bin changes the probability by 2 %.
        let found = d.noise_v(1e-4) / 1e-6;
        assert!(exact(found + 1.0) < 1e-4 && exact(found - 1.0) > 1e-4, "{found}");
    }
}
