//! The search for a detector's error events, the likeliest first.

use super::along::{Covariance, through};
use crate::density::q;
use crate::error::Result;
use crate::receiver::SequenceDetector;
use crate::response::DecisionModel;
use crate::run::Run;
use std::collections::BinaryHeap;

/// Events whose share of the sum is below this end the search: IEEE 802.3dj's own end.
const SHARE: f64 = 1e-4;
/// Most steps of the search.
const STEPS: usize = 8000;
/// A beginning is followed up as if it were nearer by this factor: noise and interference may draw it there.
const NEARER: f64 = 0.8;
/// Wrong symbols of an event whose levels are told apart.
const TOLD_APART: usize = 4;
/// One kind of wrong symbol.
#[derive(Debug, Clone)]
pub(super) struct Class {
    sign: i8,
    probability: f64,
    /// Change of the samples from its own on.
    h: Vec<f64>,
    /// Variance at its own sample above the mean, V².
    excess_v2: f64,
    /// Shares of the levels sent.
    pub(super) sent: Vec<f64>,
}

/// An event in the making.
#[derive(Debug, Clone)]
pub(super) struct Node {
    estimate: f64,
    /// Probability that the symbols sent allow it.
    pub(super) weight: f64,
    /// Signs of the errors.
    pub(super) pattern: Vec<i8>,
    /// Change of the samples from the first wrong symbol on.
    pub(super) s: Vec<f64>,
    /// Class of each symbol; none where it is right.
    pub(super) at: Vec<Option<usize>>,
    /// Wrong symbols, and those of them that follow another.
    pub(super) errors: usize,
    pub(super) pairs: usize,
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

/// The kinds of wrong symbols: every adjacent pair, those that look alike as one.
fn classes_of(model: &DecisionModel, detector: &SequenceDetector) -> Vec<Class> {
    let m = detector.levels.len();
    let excess = |sent: usize| -> f64 {
        let own = model.noise.by_symbol.iter().map(|source| {
            let mean = source.factor.iter().sum::<f64>() / source.factor.len().max(1) as f64;
            source.energy_v2.get(source.main).copied().unwrap_or(0.0) * (source.factor[sent] - mean)
        });
        own.sum()
    };
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
    Class { sign: classes[0].sign, probability, h, excess_v2: mean(&|c| c.excess_v2), sent }
}

/// Events, the likeliest first, until what is left adds nothing, and the classes that they name. `v2` is the
/// autocovariance of all that disturbs.
pub(super) fn search(
    detector: &SequenceDetector,
    model: &DecisionModel,
    v2: &Covariance,
    run: &Run,
) -> Result<(Vec<Node>, Vec<Class>)> {
    let memory = detector.memory();
    let lead = detector.whitening.len() - 1;
    let estimate = |node: &Node, committed: usize| {
        let s = &node.s[..committed];
        let v2 = v2.quadratic(&through(&detector.whitening, s), lead);
        let half = 0.5 * s.iter().map(|s| s * s).sum::<f64>();
        let x = if v2 > 0.0 { half / v2.sqrt() } else { 0.0 };
        node.weight * node.errors as f64 * q(NEARER * x)
    };
    let classes = classes_of(model, detector);
    let of_sign = |sign: i8| {
        let all: Vec<Class> = classes.iter().filter(|c| c.sign == sign).cloned().collect();
        mean_class(&all)
    };
    let told_apart = classes.len();
    let mut classes = classes.clone();
    classes.extend([of_sign(1), of_sign(-1)]);
    let empty = Node {
        estimate: 1.0,
        weight: 1.0,
        pattern: Vec::new(),
        s: Vec::new(),
        at: Vec::new(),
        errors: 0,
        pairs: 0,
        zeros: 0,
    };
    let wrong = |node: &Node, index: usize| {
        let class: &Class = &classes[index];
        let mut next = node.clone();
        let at = node.pattern.len();
        next.pairs += usize::from(node.pattern.last().is_some_and(|e| *e != 0));
        next.pattern.push(class.sign);
        next.s.resize(at + memory + 1, 0.0);
        next.s[at..].iter_mut().zip(&class.h).for_each(|(s, h)| *s += h);
        next.at.push(Some(index));
        next.weight *= class.probability;
        next.errors += 1;
        next.zeros = 0;
        next.estimate = estimate(&next, at + 1);
        next
    };
    let mut open: BinaryHeap<Node> = (0..told_apart).map(|c| wrong(&empty, c)).collect();
    let (mut found, mut sum) = (Vec::new(), 0.0);
    for step in 0..STEPS {
        if step % 1024 == 0 {
            run.check()?;
        }
        let Some(node) = open.pop() else { break };
        if node.estimate < SHARE * sum {
            break;
        }
        let choices = if node.errors < TOLD_APART { 0..told_apart } else { told_apart..classes.len() };
        choices.for_each(|class| open.push(wrong(&node, class)));
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
            next.at.push(None);
            next.zeros += 1;
            next.estimate = estimate(&next, at + 1);
            open.push(next);
        }
    }
    Ok((found, classes))
}
