//! Weighted sums of samples: what an event compares.

use super::super::alphabet::Response;
use super::super::correlation::Correlation;
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
pub(super) fn weighted(c: &[f64], r: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; r.len() + c.len() - 1];
    for (i, c) in c.iter().rev().enumerate() {
        out[i..].iter_mut().zip(r).for_each(|(o, r)| *o += c * r);
    }
    out
}

/// Index of lag 0 in the response of a weighted sum that begins `lead` samples before the event.
pub(super) fn main_of(interference: &(Vec<f64>, usize), c: &[f64], lead: usize) -> usize {
    interference.1 + c.len() - 1 - lead
}

/// Interference and crosstalk in a weighted sum of samples, as a model of its own; the sum begins `lead` samples before
/// the event.
pub(super) fn disturbance(
    model: &DecisionModel,
    interference: &(Vec<f64>, usize),
    c: &[f64],
    lead: usize,
) -> DecisionModel {
    let mut along = model.clone();
    let main = main_of(interference, c, lead);
    along.signal = SlicerSignal::Linear { cursors: weighted(c, &interference.0), main };
    along.dfe = Vec::new();
    along.noise.autocorrelation_v2 = Vec::new();
    along.noise.by_symbol = Vec::new();
    along.jitter = None;
    for aggressor in &mut along.crosstalk {
        aggressor.phases.iter_mut().for_each(|p| *p = weighted(c, p));
    }
    along
}

/// Response to the symbols that the detector does not know of, and the index of lag 0.
pub(super) fn interference(response: &Response, correlation: &Correlation) -> (Vec<f64>, usize) {
    let close = correlation.first..correlation.first + correlation.slopes.len() as isize;
    let lags: Vec<(isize, f64)> = response.lags().collect();
    let first = lags.first().map_or(0, |l| l.0).min(close.start);
    let end = lags.last().map_or(0, |l| l.0 + 1).max(close.end);
    let at = |lag: isize| match close.contains(&lag) {
        true => correlation.slopes[(lag - close.start) as usize],
        false => response.at(lag),
    };
    let all: Vec<f64> = (first..end).map(at).collect();
    // Zeros at the ends are no interference.
    let main = (-first) as usize;
    let from = all.iter().position(|g| *g != 0.0).unwrap_or(main).min(main);
    let to = all.iter().rposition(|g| *g != 0.0).unwrap_or(main).max(main);
    (all[from..=to].to_vec(), main - from)
}
