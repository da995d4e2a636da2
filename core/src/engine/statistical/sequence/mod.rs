//! Error ratios of a sequence detector: the union of its error events.
//!
//! ```text
//! event e (differences of decided and sent symbols)   s = Σ_k e_k h ∗ δ_k    what it changes in the samples
//! wrong when  s'(noise + interference) > s's/2        x = (s's/2) / sqrt(s' V s)
//! SER ≤ Σ_events P(sent allows e) · (wrong symbols of e) · P_e(x)
//! ```
//!
//! G. D. Forney, IEEE Trans. Inf. Theory 18 (1972) 363; with a coloured V as in IEEE 802.3dj Annex 178A, whose white
//! metric this is. A whitened detector has h, s and V behind its filter.
//!
//! *Bound*: that one of the events happens is at most the sum of their probabilities. With adjacent errors alone, which
//! is what is summed, it is an upper bound as soon as errors are rare; a count is 0.65 to 0.95 of it on 1 + aD.
//!
//! Even-odd jitter gives every other sample a response of its own; an event meets both.
//!
//! *Model*: of the interference that the detector does not know of, the event's own symbols bring their mean (a symbol
//! that is decided too high was not the highest, so that alternating events have alternating symbols on average), and all
//! symbols the density of free ones; P_e has that density exactly, with crosstalk, along s for the most likely patterns
//! of signs, and the shape of the nearest of those otherwise; interference of the light is in that density, bounded, with
//! free symbols in the place of the event's own; jitter counts as Gaussian; levels that are not equidistant
//! are told apart for the first four wrong symbols of an event, and averaged after them; noise that follows the symbols
//! has two values of the right variance and skewness, and what a table has beside levels and slopes is a Gaussian.

mod along;
mod events;
mod shape;
mod symbol_noise;

use super::alphabet::Alphabet;
use super::correlation::{Correlation, jitter_power, overlap};
use crate::density::q;
use crate::error::Result;
use crate::receiver::SequenceDetector;
use crate::response::{DecisionModel, SlicerSignal};
use crate::run::Run;
use along::{Covariance, Interference, disturbance, through};
use events::{Class, search};
use shape::{Nodes, Shape};
use std::collections::BTreeMap;
use symbol_noise::noise_of_symbols;

/// Patterns of signs with a density of their own.
const SHAPES: usize = 8;
/// Events of one pattern that are closer than this in standard deviations are one.
const CLOSE: f64 = 0.02;
/// Error ratios of a detector.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SequenceRatios {
    pub(super) ser: f64,
    pub(super) ber: f64,
    pub(super) ser_by_level: Vec<f64>,
    pub(super) continue_probability: f64,
}

/// The error events of a detector, ready for any noise.
#[derive(Debug)]
pub(super) struct Sequence {
    events: Vec<Event>,
    shapes: Vec<Shape>,
    bits: f64,
    /// Levels of a symbol, of which there may be no event.
    levels: usize,
    /// 20 log10 of the least x over that of the slicer with correct feedback.
    pub(super) gain: f64,
}

/// Events of one pattern and distance.
#[derive(Debug, Clone)]
struct Event {
    /// Probability that the symbols sent allow it.
    weight: f64,
    /// Wrong symbols, and those of them that follow another.
    errors: f64,
    pairs: f64,
    /// Wrong symbols by the level sent.
    sent: Vec<f64>,
    /// s's/2 less what the event's own symbols bring of it on average, at least 0.
    half: f64,
    /// s' V s, of noise and of what does not grow with it.
    noise: f64,
    /// By how much the noise is off its mean, by the symbols sent: two values and their probabilities.
    spread: [(f64, f64); 2],
    held: f64,
    shape: usize,
}

impl Sequence {
    /// Finds the events of `detector`, and what disturbs them. `models` are those of the samples an even number of
    /// symbols from the first wrong one and of those between; `scale` is the noise that grids resolve.
    pub(super) fn new(
        models: [(&DecisionModel, &Correlation); 2],
        detector: &SequenceDetector,
        alphabet: &Alphabet,
        scale: f64,
        run: &Run,
    ) -> Result<Self> {
        let (model, correlation) = models[0];
        let noise_v2 = with_residual(model, &correlation.noise_v2);
        let reach = noise_v2.len();
        let interference = Interference::of(models, detector);
        // Random jitter is that of either parity on average.
        let mut held_v2: Vec<f64> =
            (0..reach).map(|lag| 0.5 * (models[0].1.held_v2[lag] + models[1].1.held_v2[lag])).collect();
        let mut jitter_v2: Vec<f64> = match &model.jitter {
            None => vec![0.0],
            Some(jitter) => {
                let power = jitter_power(jitter, alphabet);
                (0..reach).map(|lag| power * overlap(&jitter.response, lag)).collect()
            }
        };
        // What bends a table is taken as noise of its own at every sample.
        let bent_v2 = bent_v2(model, alphabet, correlation);
        held_v2[0] += bent_v2;
        jitter_v2[0] += bent_v2;
        jitter_v2.resize(reach, 0.0);
        let [noise_v2, held_v2, jitter_v2] = [noise_v2, held_v2, jitter_v2].map(Covariance::stationary);
        let held_v2 = held_v2.plus(&interference.covariance(alphabet.variance, reach), 1.0);
        let v2 = held_v2.plus(&noise_v2, scale * scale);
        let (found, classes) = search(detector, model, &v2, run)?;
        // Along s, before the filter, which begins so many samples before the event.
        let along = |s: &[f64]| through(&detector.whitening, s);
        let lead = detector.whitening.len() - 1;
        let mut groups = BTreeMap::<(Vec<i8>, i64), (Event, f64, Vec<f64>)>::new();
        for node in &found {
            let c = along(&node.s);
            // A symbol i after the first wrong one comes to the sum from i symbols ahead.
            let (response, main) = interference.along(&c, lead);
            let level = |class: &Class| {
                class.sent.iter().zip(&alphabet.levels).map(|(p, l)| p * (l - alphabet.mean)).sum::<f64>()
            };
            let wrong = || node.at.iter().enumerate().filter_map(|(i, c)| Some((i, &classes[(*c)?])));
            let own: f64 = wrong()
                .filter_map(|(i, class)| Some(level(class) * response.get(main.checked_sub(i)?)?))
                .sum();
            let mut sent = vec![0.0; alphabet.size()];
            wrong().for_each(|(_, class)| sent.iter_mut().zip(&class.sent).for_each(|(n, s)| *n += s));
            let (excess, spread) = noise_of_symbols(model, &c, lead, node, &classes);
            let event = Event {
                weight: node.weight,
                errors: node.errors as f64,
                pairs: node.pairs as f64,
                sent,
                half: (0.5 * node.s.iter().map(|s| s * s).sum::<f64>() - own).max(0.0),
                noise: (noise_v2.quadratic(&c, lead) + excess).max(0.0),
                spread,
                held: held_v2.quadratic(&c, lead).max(0.0),
                shape: 0,
            };
            let x = event.x(scale);
            let share = event.weight * event.errors * q(x);
            let first = node.pattern[0];
            let pattern: Vec<i8> = node.pattern.iter().map(|e| e * first).collect();
            let key = (pattern, if x.is_finite() { (x / CLOSE).round() as i64 } else { i64::MAX });
            groups
                .entry(key)
                .and_modify(|(known, total, _)| {
                    known.add(&event);
                    *total += share;
                })
                .or_insert((event, share, c));
        }
        let mut ranked: Vec<(Vec<i8>, Event, f64, Vec<f64>)> =
            groups.into_iter().map(|((pattern, _), (event, share, c))| (pattern, event, share, c)).collect();
        ranked.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.len().cmp(&b.0.len())));
        let mut shapes: Vec<Shape> = Vec::new();
        let mut patterns: Vec<Vec<i8>> = Vec::new();
        let mut events = Vec::with_capacity(ranked.len());
        for (pattern, mut event, _, c) in ranked {
            run.check()?;
            let known = patterns.iter().position(|p| *p == pattern);
            event.shape = match known {
                Some(shape) => shape,
                None if shapes.len() < SHAPES => {
                    let along = disturbance(model, &interference, &c, lead);
                    shapes.push(Shape::new(&along, event.noise, jitter_v2.quadratic(&c, lead), scale)?);
                    patterns.push(pattern);
                    shapes.len() - 1
                }
                // The pattern closest in length: what is averaged over as many samples.
                None => {
                    let off = |i: &usize| patterns[*i].len().abs_diff(pattern.len());
                    (0..patterns.len()).min_by_key(off).unwrap_or(0)
                }
            };
            events.push(event);
        }
        let least = events.iter().map(|e| e.x(scale)).fold(f64::INFINITY, f64::min);
        let steps = detector.levels_v.windows(2).map(|w| 0.5 * (w[1] - w[0]).abs());
        let slicer = steps.fold(f64::INFINITY, f64::min) / v2.own().sqrt();
        let gain = if least.is_finite() && slicer > 0.0 { 20.0 * (least / slicer).log10() } else { f64::NAN };
        Ok(Self { events, shapes, bits: alphabet.bits(), levels: alphabet.size(), gain })
    }

    /// The union of the events with every Gaussian noise `scale` times as large.
    pub(super) fn ratios(&self, scale: f64) -> SequenceRatios {
        let m = self.levels;
        let (mut ser, mut pairs, mut by_level) = (0.0, 0.0, vec![0.0; m]);
        let mut tails: Vec<Nodes<'_>> = self.shapes.iter().map(|s| Nodes::new(s, scale)).collect();
        for event in &self.events {
            let mut tail = |off: f64| match (event.x_at(off, scale), tails.get_mut(event.shape)) {
                (0.0, _) => 0.5,
                (x, Some(nodes)) if x.is_finite() => nodes.at(x),
                _ => 0.0,
            };
            let p: f64 = event.spread.iter().map(|(off, share)| share * tail(*off)).sum();
            ser += event.weight * event.errors * p;
            pairs += event.weight * event.pairs * p;
            by_level.iter_mut().zip(&event.sent).for_each(|(l, s)| *l += m as f64 * event.weight * s * p);
        }
        let ser_by_level = by_level.into_iter().map(|p| p.clamp(0.0, 1.0)).collect();
        let continue_probability = if ser > 0.0 { pairs / ser } else { 0.0 };
        // Adjacent symbols differ in one bit.
        SequenceRatios {
            ser: ser.min(1.0),
            ber: (ser / self.bits).min(1.0),
            ser_by_level,
            continue_probability,
        }
    }
}

impl Event {
    /// Distance to the decision in standard deviations.
    fn x(&self, scale: f64) -> f64 {
        self.x_at(0.0, scale)
    }

    /// The same with so much more noise.
    fn x_at(&self, off: f64, scale: f64) -> f64 {
        let v2 = (self.noise + off).max(0.0) * scale * scale + self.held;
        if v2 > 0.0 {
            self.half / v2.sqrt()
        } else if self.half > 0.0 {
            f64::INFINITY
        } else {
            0.0
        }
    }

    /// Takes in an event of the same pattern that is as far away.
    fn add(&mut self, other: &Self) {
        let total = self.weight + other.weight;
        let mean = |a: f64, b: f64| (a * self.weight + b * other.weight) / total;
        let sent = self.sent.iter().zip(&other.sent).map(|(a, b)| mean(*a, *b)).collect();
        *self = Self {
            weight: total,
            sent,
            half: mean(self.half, other.half),
            noise: mean(self.noise, other.noise),
            held: mean(self.held, other.held),
            spread: std::array::from_fn(|i| {
                let (a, b) = (self.spread[i], other.spread[i]);
                (mean(a.0, b.0), mean(a.1, b.1))
            }),
            ..*self
        };
    }
}

/// Mean square of what a table has beside its levels and its slopes by the other symbols, V².
fn bent_v2(model: &DecisionModel, alphabet: &Alphabet, correlation: &Correlation) -> f64 {
    let SlicerSignal::Table { table, memory, after, .. } = &model.signal else { return 0.0 };
    let (m, words) = (alphabet.size(), table.len() as f64);
    let digit = |word: usize, place: usize| word / m.pow(place as u32) % m;
    let mut levels = vec![0.0; m];
    for (word, v) in table.iter().enumerate() {
        levels[digit(word, *after)] += v * m as f64 / words;
    }
    let slope = |place: usize| {
        let at = (place as isize - *after as isize - correlation.first) as usize;
        correlation.slopes[at] - correlation.linear[at]
    };
    let slopes: Vec<f64> = (0..*memory).map(|p| if p == *after { 0.0 } else { slope(p) }).collect();
    let left = |(word, v): (usize, &f64)| {
        let linear = slopes.iter().enumerate();
        let linear: f64 = linear.map(|(p, g)| g * (alphabet.levels[digit(word, p)] - alphabet.mean)).sum();
        (v - levels[digit(word, *after)] - linear).powi(2)
    };
    table.iter().enumerate().map(left).sum::<f64>() / words
}

/// Noise with what a table leaves unexplained, white.
fn with_residual(model: &DecisionModel, noise_v2: &[f64]) -> Vec<f64> {
    let mut v2 = noise_v2.to_vec();
    if let SlicerSignal::Table { residual_v, .. } = &model.signal
        && !residual_v.is_empty()
    {
        v2[0] += residual_v.iter().map(|u| u * u).sum::<f64>() / residual_v.len() as f64;
    }
    v2
}
