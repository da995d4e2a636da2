//! What disturbs an event along its change of the samples, and tails of it.

use super::super::alphabet::{Alphabet, Response};
use super::super::remainder::{Kernel, Limits, Remainder};
use super::super::word::Plan;
use crate::density::{Density, Tail};
use crate::error::Result;
use crate::response::DecisionModel;
use std::collections::BTreeMap;

/// Tails are taken at multiples of this many standard deviations, and their logarithm in between along a parabola's
/// arm: at 3 deviations that is good to 3e-4.
const NODE: f64 = 0.1;
/// Grid of a density along an event.
const LIMITS: Limits = Limits { finest: 32, work: 4e5, bins: 16384.0 };

/// What disturbs one pattern along s.
#[derive(Debug)]
pub(super) struct Shape {
    /// Interference and crosstalk.
    tail: Tail,
    mean: f64,
    variance: f64,
    /// Variance of noise, and of what is Gaussian and does not grow with it.
    noise: f64,
    held: f64,
}

impl Shape {
    pub(super) fn new(along: &DecisionModel, noise: f64, jitter: f64, scale: f64) -> Result<Self> {
        let alphabet = Alphabet::of(along)?;
        let (response, plan) = (Response::of(along), Plan { lags: Vec::new(), signed: Vec::new() });
        let gaussian = noise * scale * scale + jitter;
        let remainder = Remainder::new(along, &alphabet, &response, &plan, &[], gaussian);
        let held = jitter + remainder.folded_v2;
        let sigma = (noise * scale * scale + held).sqrt();
        // No symbol is the event's own here, so that one density is all.
        let densities = remainder.densities(remainder.step_v(sigma, 1.0, &LIMITS), Kernel::Exact);
        let density = densities.into_iter().next().unwrap_or_else(|| Density::at_zero(1.0));
        let (mean, variance) = (density.mean_v(), density.variance_v2().max(0.0));
        Ok(Self { tail: Tail::new(density), mean, variance, noise, held })
    }
}

/// Tails of a shape at one noise, by deviations.
pub(super) struct Nodes<'a> {
    shape: &'a Shape,
    sigma: f64,
    rms: f64,
    known: BTreeMap<i64, f64>,
}

impl<'a> Nodes<'a> {
    pub(super) fn new(shape: &'a Shape, scale: f64) -> Self {
        let v2 = shape.noise * scale * scale + shape.held;
        Self { shape, sigma: v2.sqrt(), rms: (v2 + shape.variance).sqrt(), known: BTreeMap::new() }
    }

    /// P(disturbance > x standard deviations), either side's mean.
    pub(super) fn at(&mut self, x: f64) -> f64 {
        let below = (x / NODE).floor();
        let (low, high) = (self.node(below as i64), self.node(below as i64 + 1));
        if low <= 0.0 || high <= 0.0 {
            return self.tail(x);
        }
        let square = |x: f64| x * x;
        let share =
            (square(x) - square(below * NODE)) / (square((below + 1.0) * NODE) - square(below * NODE));
        (low.ln() * (1.0 - share) + high.ln() * share).exp()
    }

    fn node(&mut self, node: i64) -> f64 {
        if let Some(p) = self.known.get(&node) {
            return *p;
        }
        let p = self.tail(node as f64 * NODE);
        self.known.insert(node, p);
        p
    }

    fn tail(&self, x: f64) -> f64 {
        let Shape { tail, mean, .. } = self.shape;
        let d = x * self.rms;
        0.5 * (tail.upper(mean + d, self.sigma) + tail.lower(mean - d, self.sigma))
    }
}
