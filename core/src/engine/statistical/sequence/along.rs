//! Weighted sums of samples: what an event compares.

use super::super::alphabet::Response;
use super::super::correlation::Correlation;
use crate::receiver::SequenceDetector;
use crate::response::{DecisionModel, SlicerSignal};

/// Σ_m w_m s_(t+m): s as it weighs the samples before the filter, from w.len() − 1 samples earlier on.
pub(super) fn through(w: &[f64], s: &[f64]) -> Vec<f64> {
    let mut c = vec![0.0; s.len() + w.len() - 1];
    for (m, w) in w.iter().enumerate() {
        let first = c.len() - s.len() - m;
        c[first..].iter_mut().zip(s).for_each(|(c, s)| *c += w * s);
    }
    c
}

/// Σ_i c[i] r[j + i − (c.len() − 1)]: the response of a weighted sum of samples.
fn weighted(c: &[f64], r: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; r.len() + c.len() - 1];
    for (i, c) in c.iter().rev().enumerate() {
        out[i..].iter_mut().zip(r).for_each(|(o, r)| *o += c * r);
    }
    out
}

/// Response to the symbols that the detector does not know of, of the samples an even number of symbols from the first
/// wrong one and of those between.
#[derive(Debug)]
pub(super) struct Interference {
    by_parity: [Vec<f64>; 2],
    /// Index of lag 0.
    main: usize,
}

impl Interference {
    /// What `detector` does not know of either parity's response.
    pub(super) fn of(models: [(&DecisionModel, &Correlation); 2], detector: &SequenceDetector) -> Self {
        let responses = models.map(|(model, _)| Response::of(model));
        let close = models[0].1.first..models[0].1.first + models[0].1.slopes.len() as isize;
        let lags = || responses.iter().flat_map(|r| r.lags().map(|l| l.0));
        let first = lags().min().unwrap_or(0).min(close.start);
        let end = lags().max().map_or(0, |l| l + 1).max(close.end);
        let known = slope(&detector.levels_v, &detector.levels);
        let all: [Vec<f64>; 2] = std::array::from_fn(|parity| {
            let (response, correlation) = (&responses[parity], models[parity].1);
            // What jitter makes of the cursor; of the detector's own model nothing but rounding.
            let cursor =
                Some(correlation.cursor - known).filter(|d| d.abs() > 1e-12 * known.abs()).unwrap_or(0.0);
            let at = |lag: isize| match lag {
                0 => cursor,
                _ if close.contains(&lag) => correlation.slopes[(lag - close.start) as usize],
                _ => response.at(lag),
            };
            (first..end).map(at).collect()
        });
        // Zeros at the ends are no interference.
        let main = (-first) as usize;
        let some = |i: &usize| all.iter().any(|r| r[*i] != 0.0);
        let count = (end - first) as usize;
        let from = (0..count).find(some).unwrap_or(main).min(main);
        let to = (0..count).rev().find(some).unwrap_or(main).max(main);
        Self { by_parity: all.map(|r| r[from..=to].to_vec()), main: main - from }
    }

    /// Response of a weighted sum of samples that begins `lead` samples before the first wrong symbol's, and its index of
    /// that symbol.
    pub(super) fn along(&self, c: &[f64], lead: usize) -> (Vec<f64>, usize) {
        let mut out = vec![0.0; self.by_parity[0].len() + c.len() - 1];
        let newest = c.len() - 1;
        for (i, c) in c.iter().rev().enumerate() {
            // Sample number len − 1 − i of the sum.
            let r = &self.by_parity[parity(newest - i, lead)];
            out[i..].iter_mut().zip(r).for_each(|(o, r)| *o += c * r);
        }
        (out, self.main + c.len() - 1 - lead)
    }

    /// Autocovariance of the interference of symbols of that variance over lags below `reach`.
    pub(super) fn covariance(&self, variance: f64, reach: usize) -> Covariance {
        let shared = |p: usize, lag: usize| {
            let (now, then) = (&self.by_parity[p], &self.by_parity[(p + lag) % 2]);
            variance * now.iter().zip(then.iter().skip(lag)).map(|(a, b)| a * b).sum::<f64>()
        };
        Covariance(std::array::from_fn(|p| (0..reach).map(|lag| shared(p, lag)).collect()))
    }
}

/// Parity of a sample of a sum: 0 for those an even number of symbols from the first wrong one.
fn parity(sample: usize, lead: usize) -> usize {
    (sample + lead) % 2
}

/// Slope of values by levels.
fn slope(values: &[f64], levels: &[f64]) -> f64 {
    let mean = levels.iter().sum::<f64>() / levels.len() as f64;
    let (num, den) = values
        .iter()
        .zip(levels)
        .fold((0.0, 0.0), |(n, d), (v, l)| (n + v * (l - mean), d + (l - mean) * (l - mean)));
    if den > 0.0 { num / den } else { 0.0 }
}

/// Autocovariance of samples, V², by the parity of the first and the lag.
#[derive(Debug, Clone)]
pub(super) struct Covariance([Vec<f64>; 2]);

impl Covariance {
    /// That of a process of which every sample is alike.
    pub(super) fn stationary(v2: Vec<f64>) -> Self {
        Self([v2.clone(), v2])
    }

    /// Sum with `factor` times another.
    pub(super) fn plus(&self, other: &Self, factor: f64) -> Self {
        let sum = |p: usize| self.0[p].iter().zip(&other.0[p]).map(|(a, b)| a + factor * b).collect();
        Self([sum(0), sum(1)])
    }

    /// Variance of the first wrong symbol's own sample.
    pub(super) fn own(&self) -> f64 {
        self.0[0].first().copied().unwrap_or(0.0)
    }

    /// Variance of a weighted sum that begins `lead` samples before the first wrong symbol's.
    pub(super) fn quadratic(&self, c: &[f64], lead: usize) -> f64 {
        let mut sum = 0.0;
        for (t, now) in c.iter().enumerate() {
            let v2 = &self.0[parity(t, lead)];
            let later = c[t + 1..].iter().zip(v2.iter().skip(1)).map(|(then, v)| then * v).sum::<f64>();
            sum += now * (now * v2.first().copied().unwrap_or(0.0) + 2.0 * later);
        }
        sum
    }
}

/// Interference and crosstalk in a weighted sum of samples, as a model of its own; the sum begins `lead` samples before
/// the event.
pub(super) fn disturbance(
    model: &DecisionModel,
    interference: &Interference,
    c: &[f64],
    lead: usize,
) -> DecisionModel {
    let mut along = model.clone();
    let (cursors, main) = interference.along(c, lead);
    along.signal = SlicerSignal::Linear { cursors, main };
    along.dfe = Vec::new();
    along.noise.autocorrelation_v2 = Vec::new();
    along.noise.by_symbol = Vec::new();
    for echo in &mut along.noise.interference {
        echo.response = weighted(c, &echo.response);
    }
    along.jitter = None;
    for aggressor in &mut along.crosstalk {
        aggressor.phases.iter_mut().for_each(|p| *p = weighted(c, p));
    }
    along
}
