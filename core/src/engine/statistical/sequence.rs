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
//! *Model*: of the interference that the detector does not know of, the event's own symbols bring their mean (a symbol
//! that is decided too high was not the highest, so that alternating events have alternating symbols on average), and all
//! symbols the density of free ones; P_e has that density exactly, with crosstalk, along s for the most likely patterns
//! of signs, and the shape of the nearest of those otherwise; jitter counts as Gaussian; levels that are not equidistant
//! are told apart for the first four wrong symbols of an event, and averaged after them.

use super::alphabet::{Alphabet, Response};
use super::correlation::{Correlation, jitter_power, overlap};
use super::remainder::{Kernel, Limits, Remainder};
use super::word::Plan;
use crate::density::{Tail, q};
use crate::error::Result;
use crate::receiver::SequenceDetector;
use crate::response::{DecisionModel, SlicerSignal};
use crate::run::Run;
use std::collections::{BTreeMap, BinaryHeap};

/// Events whose share of the sum is below this end the search: IEEE 802.3dj's own end.
const SHARE: f64 = 1e-4;
/// Most steps of the search.
const STEPS: usize = 8000;
/// A beginning is followed up as if it were nearer by this factor: noise and interference may draw it there.
const NEARER: f64 = 0.8;
/// Wrong symbols of an event whose levels are told apart.
const TOLD_APART: usize = 4;
/// Patterns of signs with a density of their own.
const SHAPES: usize = 8;
/// Events of one pattern that are closer than this in standard deviations are one.
const CLOSE: f64 = 0.02;
/// Tails are taken at multiples of this many standard deviations, and their logarithm in between along a parabola's
/// arm: at 3 deviations that is good to 3e-4.
const NODE: f64 = 0.1;
/// Grid of a density along an event.
const LIMITS: Limits = Limits { finest: 32, work: 4e5, bins: 16384.0 };

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
    held: f64,
    shape: usize,
}

/// What disturbs one pattern along s.
#[derive(Debug)]
struct Shape {
    /// Interference and crosstalk.
    tail: Tail,
    mean: f64,
    variance: f64,
    /// Variance of noise, and of what is Gaussian and does not grow with it.
    noise: f64,
    held: f64,
}

/// One kind of wrong symbol.
#[derive(Debug, Clone)]
struct Class {
    sign: i8,
    probability: f64,
    /// Change of the samples from its own on.
    h: Vec<f64>,
    /// Variance at its own sample above the mean, V².
    excess_v2: f64,
    /// Mean level sent, above that of all symbols.
    level: f64,
    sent: Vec<f64>,
}

/// An event in the making.
#[derive(Debug, Clone)]
struct Node {
    estimate: f64,
    weight: f64,
    pattern: Vec<i8>,
    s: Vec<f64>,
    excess_v2: Vec<f64>,
    level: Vec<f64>,
    sent: Vec<f64>,
    errors: usize,
    pairs: usize,
    zeros: usize,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Node {}

impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Node {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // Of equally likely ones the shorter, so that the order is one.
        self.estimate.total_cmp(&other.estimate).then_with(|| other.pattern.cmp(&self.pattern))
    }
}

impl Sequence {
    /// Finds the events of `detector` on `model`, and what disturbs them; `scale` is the noise that grids resolve.
    pub(super) fn new(
        model: &DecisionModel,
        detector: &SequenceDetector,
        alphabet: &Alphabet,
        response: &Response,
        correlation: &Correlation,
        scale: f64,
        run: &Run,
    ) -> Result<Self> {
        let noise_v2 = with_residual(model, &correlation.noise_v2);
        let interference = interference(response, correlation);
        let held_v2: Vec<f64> = (0..noise_v2.len())
            .map(|lag| correlation.held_v2[lag] + alphabet.variance * overlap(&correlation.slopes, lag))
            .collect();
        let jitter_v2: Vec<f64> = match &model.jitter {
            None => vec![0.0],
            Some(jitter) => {
                let power = jitter_power(jitter, alphabet);
                (0..noise_v2.len()).map(|lag| power * overlap(&jitter.response, lag)).collect()
            }
        };
        let all_v2 = |lag: usize| noise_v2[lag] * scale * scale + held_v2[lag];
        let v2: Vec<f64> = (0..noise_v2.len()).map(all_v2).collect();
        let found = search(detector, &classes(model, detector), &v2, run)?;
        // Along s, before the filter, which begins so many samples before the event.
        let along = |s: &[f64]| through(&detector.whitening, s);
        let lead = detector.whitening.len() - 1;
        let mut groups = BTreeMap::<(Vec<i8>, i64), (Event, f64, Vec<f64>)>::new();
        for node in &found {
            let c = along(&node.s);
            let excess: f64 = c[lead..].iter().zip(&node.excess_v2).map(|(c, v2)| c * c * v2).sum();
            // A symbol i after the first wrong one comes to the sum from i symbols ahead.
            let (response, main) = (weighted(&c, &interference.0), main_of(&interference, &c, lead));
            let terms = node.level.iter().enumerate();
            let own: f64 =
                terms.filter_map(|(i, level)| Some(level * response.get(main.checked_sub(i)?)?)).sum();
            let event = Event {
                weight: node.weight,
                errors: node.errors as f64,
                pairs: node.pairs as f64,
                sent: node.sent.clone(),
                half: (0.5 * node.s.iter().map(|s| s * s).sum::<f64>() - own).max(0.0),
                noise: (quadratic(&c, &noise_v2) + excess).max(0.0),
                held: quadratic(&c, &held_v2).max(0.0),
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
                    shapes.push(Shape::new(&along, event.noise, quadratic(&c, &jitter_v2), scale)?);
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
        let slicer = steps.fold(f64::INFINITY, f64::min) / v2[0].sqrt();
        let gain = if least.is_finite() && slicer > 0.0 { 20.0 * (least / slicer).log10() } else { f64::NAN };
        Ok(Self { events, shapes, bits: alphabet.bits(), gain })
    }

    /// The union of the events with every Gaussian noise `scale` times as large.
    pub(super) fn ratios(&self, scale: f64) -> SequenceRatios {
        let m = self.events.first().map_or(0, |e| e.sent.len());
        let (mut ser, mut pairs, mut by_level) = (0.0, 0.0, vec![0.0; m]);
        let mut tails: Vec<Nodes<'_>> = self.shapes.iter().map(|s| Nodes::new(s, scale)).collect();
        for event in &self.events {
            let x = event.x(scale);
            let p = match tails.get_mut(event.shape) {
                _ if x == 0.0 => 0.5,
                Some(nodes) if x.is_finite() => nodes.at(x),
                _ => 0.0,
            };
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
        let v2 = self.noise * scale * scale + self.held;
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
            ..*self
        };
    }
}

impl Shape {
    fn new(along: &DecisionModel, noise: f64, jitter: f64, scale: f64) -> Result<Self> {
        let alphabet = Alphabet::of(along)?;
        let (response, plan) = (Response::of(along), Plan { lags: Vec::new(), signed: Vec::new() });
        let gaussian = noise * scale * scale + jitter;
        let remainder = Remainder::new(along, &alphabet, &response, &plan, &[], gaussian);
        let held = jitter + remainder.folded_v2;
        let sigma = (noise * scale * scale + held).sqrt();
        let density = remainder.density(remainder.step_v(sigma, 1.0, &LIMITS), Kernel::Exact);
        let (mean, variance) = (density.mean_v(), density.variance_v2().max(0.0));
        Ok(Self { tail: Tail::new(density), mean, variance, noise, held })
    }
}

/// Tails of a shape at one noise, by deviations.
struct Nodes<'a> {
    shape: &'a Shape,
    sigma: f64,
    rms: f64,
    known: BTreeMap<i64, f64>,
}

impl<'a> Nodes<'a> {
    fn new(shape: &'a Shape, scale: f64) -> Self {
        let v2 = shape.noise * scale * scale + shape.held;
        Self { shape, sigma: v2.sqrt(), rms: (v2 + shape.variance).sqrt(), known: BTreeMap::new() }
    }

    /// P(disturbance > x standard deviations), either side's mean.
    fn at(&mut self, x: f64) -> f64 {
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

/// The kinds of wrong symbols: every adjacent pair, those that look alike as one.
fn classes(model: &DecisionModel, detector: &SequenceDetector) -> Vec<Class> {
    let m = detector.levels.len();
    let excess = |sent: usize| -> f64 {
        let own = model.noise.by_symbol.iter().map(|source| {
            let mean = source.factor.iter().sum::<f64>() / source.factor.len().max(1) as f64;
            source.energy_v2.get(source.main).copied().unwrap_or(0.0) * (source.factor[sent] - mean)
        });
        own.sum()
    };
    let centre = detector.levels.iter().sum::<f64>() / m as f64;
    let limit = 1e-6 * model.noise.mean_variance_v2();
    let mut classes: Vec<Class> = Vec::new();
    for sent in 0..m {
        for (decided, sign) in [(sent + 1, 1), (sent.wrapping_sub(1), -1)] {
            if decided >= m {
                continue;
            }
            let mut counts = vec![0.0; m];
            counts[sent] = 1.0;
            let new = Class {
                sign,
                probability: 1.0 / m as f64,
                h: detector.difference(sent, decided),
                excess_v2: excess(sent),
                level: detector.levels[sent] - centre,
                sent: counts,
            };
            let size = new.h.iter().map(|h| h.abs()).fold(0.0, f64::max);
            let alike = |c: &&mut Class| {
                c.sign == sign
                    && (c.excess_v2 - new.excess_v2).abs() <= limit
                    && c.h.iter().zip(&new.h).all(|(a, b)| (a - b).abs() <= 1e-9 * size)
            };
            match classes.iter_mut().find(alike) {
                Some(known) => *known = mean_class(&[known.clone(), new]),
                None => classes.push(new),
            }
        }
    }
    classes
}

/// Classes of one sign as one, of the same mean square.
fn mean_class(classes: &[Class]) -> Class {
    let probability: f64 = classes.iter().map(|c| c.probability).sum();
    let mean = |value: &dyn Fn(&Class) -> f64| {
        classes.iter().map(|c| c.probability * value(c)).sum::<f64>() / probability
    };
    let square = |h: &[f64]| h.iter().map(|h| h * h).sum::<f64>();
    let mut h: Vec<f64> = (0..classes[0].h.len()).map(|i| mean(&|c| c.h[i])).collect();
    let (wanted, found) = (mean(&|c| square(&c.h)), square(&h));
    if found > 0.0 {
        h.iter_mut().for_each(|h| *h *= (wanted / found).sqrt());
    }
    let sent = (0..classes[0].sent.len()).map(|i| mean(&|c| c.sent[i])).collect();
    let (excess_v2, level) = (mean(&|c| c.excess_v2), mean(&|c| c.level));
    Class { sign: classes[0].sign, probability, h, excess_v2, level, sent }
}

/// Events, the likeliest first, until what is left adds nothing.
fn search(detector: &SequenceDetector, classes: &[Class], v2: &[f64], run: &Run) -> Result<Vec<Node>> {
    let memory = detector.memory();
    let whitened: Vec<f64> = {
        let taps: Vec<f64> = (0..detector.whitening.len()).map(|l| overlap(&detector.whitening, l)).collect();
        let at = |l: usize| v2.get(l).copied().unwrap_or(0.0);
        (0..v2.len())
            .map(|l| {
                taps[0] * at(l)
                    + (1..taps.len()).map(|d| taps[d] * (at(l + d) + at(l.abs_diff(d)))).sum::<f64>()
            })
            .collect()
    };
    let estimate = |node: &Node, committed: usize| {
        let s = &node.s[..committed];
        let v2 = quadratic(s, &whitened);
        let half = 0.5 * s.iter().map(|s| s * s).sum::<f64>();
        let x = if v2 > 0.0 { half / v2.sqrt() } else { 0.0 };
        node.weight * node.errors as f64 * q(NEARER * x)
    };
    let of_sign = |sign: i8| {
        let all: Vec<Class> = classes.iter().filter(|c| c.sign == sign).cloned().collect();
        mean_class(&all)
    };
    let averaged = [of_sign(1), of_sign(-1)];
    let levels = detector.levels.len();
    let empty = Node {
        estimate: 1.0,
        weight: 1.0,
        pattern: Vec::new(),
        s: Vec::new(),
        excess_v2: Vec::new(),
        level: Vec::new(),
        sent: vec![0.0; levels],
        errors: 0,
        pairs: 0,
        zeros: 0,
    };
    let wrong = |node: &Node, class: &Class| {
        let mut next = node.clone();
        let at = node.pattern.len();
        next.pairs += usize::from(node.pattern.last().is_some_and(|e| *e != 0));
        next.pattern.push(class.sign);
        next.s.resize(at + memory + 1, 0.0);
        next.s[at..].iter_mut().zip(&class.h).for_each(|(s, h)| *s += h);
        next.excess_v2.push(class.excess_v2);
        next.level.push(class.level);
        next.sent.iter_mut().zip(&class.sent).for_each(|(n, s)| *n += s);
        next.weight *= class.probability;
        next.errors += 1;
        next.zeros = 0;
        next.estimate = estimate(&next, at + 1);
        next
    };
    let mut open: BinaryHeap<Node> = classes.iter().map(|c| wrong(&empty, c)).collect();
    let (mut found, mut sum) = (Vec::new(), 0.0);
    for step in 0..STEPS {
        if step % 1024 == 0 {
            run.check()?;
        }
        let Some(node) = open.pop() else { break };
        if node.estimate < SHARE * sum {
            break;
        }
        let choices = if node.errors < TOLD_APART { classes } else { &averaged };
        choices.iter().for_each(|class| open.push(wrong(&node, class)));
        if node.zeros + 1 == memory {
            // The paths are one again, with the zeros of the last step.
            sum += estimate(&node, node.s.len());
            let trimmed = node.pattern.len() - node.zeros;
            found.push(Node { pattern: node.pattern[..trimmed].to_vec(), ..node });
        } else {
            let mut next = node;
            let at = next.pattern.len();
            next.pattern.push(0);
            next.s.resize(at + memory + 1, 0.0);
            next.excess_v2.push(0.0);
            next.level.push(0.0);
            next.zeros += 1;
            next.estimate = estimate(&next, at + 1);
            open.push(next);
        }
    }
    Ok(found)
}

/// Σ_m w_m s_(t+m): s as it weighs the samples before the filter, from w.len() − 1 samples earlier on.
fn through(w: &[f64], s: &[f64]) -> Vec<f64> {
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

/// Index of lag 0 in the response of a weighted sum that begins `lead` samples before the event.
fn main_of(interference: &(Vec<f64>, usize), c: &[f64], lead: usize) -> usize {
    interference.1 + c.len() - 1 - lead
}

/// Interference and crosstalk in a weighted sum of samples, as a model of its own; the sum begins `lead` samples before
/// the event.
fn disturbance(
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
fn interference(response: &Response, correlation: &Correlation) -> (Vec<f64>, usize) {
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

/// c' V c of a stationary autocovariance.
fn quadratic(c: &[f64], v2: &[f64]) -> f64 {
    let sides = v2.iter().enumerate().skip(1).take(c.len()).map(|(lag, v)| 2.0 * v * overlap(c, lag));
    v2.first().map_or(0.0, |v| v * overlap(c, 0)) + sides.sum::<f64>()
}
