//! Noise that follows the symbols, along an event.

use super::super::alphabet::two_points;
use super::events::{Class, Node};
use crate::response::{DecisionModel, SymbolNoise};
use std::collections::BTreeMap;

/// What the symbols make of the noise that follows them, along c: the mean above that of free symbols, and two values
/// about it with the variance and skewness that the symbols give.
pub(super) fn noise_of_symbols(
    model: &DecisionModel,
    c: &[f64],
    lead: usize,
    node: &Node,
    classes: &[Class],
) -> (f64, [(f64, f64); 2]) {
    let m = model.levels.len();
    let mut by_place = BTreeMap::<isize, Vec<f64>>::new();
    for source in &model.noise.by_symbol {
        let mean = source.factor.iter().sum::<f64>() / m as f64;
        for (place, share) in shares(source, c, lead) {
            let values = by_place.entry(place).or_insert_with(|| vec![0.0; m]);
            values.iter_mut().zip(&source.factor).for_each(|(v, f)| *v += share * (f - mean));
        }
    }
    let free = vec![1.0 / m as f64; m];
    let (mut excess, mut variance, mut third) = (0.0, 0.0, 0.0);
    for (place, values) in &by_place {
        let class = usize::try_from(*place).ok().and_then(|i| node.at.get(i).copied().flatten());
        let p = class.map_or(&free, |c| &classes[c].sent);
        let moment =
            |about: f64, k: i32| p.iter().zip(values).map(|(p, v)| p * (v - about).powi(k)).sum::<f64>();
        let mean = moment(0.0, 1);
        excess += mean;
        variance += moment(mean, 2);
        third += moment(mean, 3);
    }
    if variance <= 0.0 {
        return (excess, [(0.0, 1.0), (0.0, 0.0)]);
    }
    (excess, two_points(0.0, variance.sqrt(), third / variance.powf(1.5)))
}

/// Variance along c of the noise that enters during each symbol, for factor 1, by the symbol's place after the first wrong
/// one.
fn shares(source: &SymbolNoise, c: &[f64], lead: usize) -> Vec<(isize, f64)> {
    let steps = source.steps.max(1);
    let symbols = source.response.len().div_ceil(steps);
    // Sample t of the sum is t − lead after the first wrong symbol; noise of the symbol at u is in it as entry
    // main + t − lead − u of the response.
    let last = source.main as isize + c.len() as isize - 1 - lead as isize;
    let first = source.main as isize - lead as isize - symbols as isize + 1;
    let at = |entry: isize, step: usize| {
        let i = usize::try_from(entry).ok().map(|e| e * steps + step);
        i.and_then(|i| source.response.get(i)).copied().unwrap_or(0.0)
    };
    let share = |u: isize| -> f64 {
        let entry = |t: usize| source.main as isize + t as isize - lead as isize - u;
        (0..steps)
            .map(|step| c.iter().enumerate().map(|(t, c)| c * at(entry(t), step)).sum::<f64>().powi(2))
            .sum()
    };
    (first..=last).map(|u| (u, share(u))).collect()
}
