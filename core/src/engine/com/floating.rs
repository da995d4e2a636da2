//! DFE taps: the fixed ones, the floating groups of 802.3ck, and the limit on the power of the tail.
//!
//! ```text
//! b(n) = clip(h(t_s + n T_b)/h(t_s), b_min(n), b_max(n))          n = 1 … N_b
//!      = clip(…, -bmaxg, bmaxg)                                   n in one of N_bg groups of N_bf, N_b < n <= N_f
//! √Σ b(n)² <= B_float_RSS_MAX                                     n >= N_tail_start, all scaled alike
//! ```
//!
//! Groups are placed where they take the most energy away, one after the other, as release 4.50 of the reference code
//! places them: a group whose neighbourhood holds a better start that it would block gives way to the next best, and
//! a group that fits flush before the one just placed is taken next if it is the best of those left.

use super::config::ComConfig;
use super::keywords::Keywords;
use crate::error::{Error, Result, require};

/// The floating part of a DFE.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FloatingTaps {
    groups: usize,
    size: usize,
    /// Last tap that a group may take, UI after the cursor.
    span: usize,
    limit: f64,
}

/// Largest root sum of squares of the taps from a place on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TailLimit {
    /// First tap concerned, from 1.
    start: usize,
    rss_max: f64,
}

impl FloatingTaps {
    /// None if `N_bg` is 0 or left out.
    pub(super) fn from_keywords(k: &Keywords<'_>, n_b: usize) -> Result<Option<Self>> {
        let groups = k.count_or("N_bg", 0, 0, 100)?;
        if groups == 0 {
            return Ok(None);
        }
        let size = k.count_or("N_bf", 6, 1, 1000)?;
        let span = k.count_or("N_f", n_b, 0, 5000)?;
        let needed = n_b + groups * size;
        if span < needed {
            let requirement = format!("at least N_b + N_bg N_bf = {needed}, room for the floating taps");
            return Err(Error::parameter("N_f", span, requirement));
        }
        let limit = require::within("bmaxg", k.number_or("bmaxg", 0.2)?, 0.0, 10.0)?;
        Ok(Some(Self { groups, size, span, limit }))
    }

    /// Taps of the DFE up to the last that a group may take.
    pub(super) fn span(&self) -> usize {
        self.span
    }

    /// The taps of the groups, ascending, from 0: `post` holds the samples after the cursor, `n_b` of them taken by
    /// fixed taps.
    pub(super) fn places(&self, post: &[f64], n_b: usize, cursor_v: f64) -> Vec<usize> {
        let gain: Vec<f64> = post[n_b..self.span]
            .iter()
            .map(|h| {
                let left = (h.abs() - self.limit * cursor_v).max(0.0);
                h * h - left * left
            })
            .collect();
        let energy = gain.windows(self.size).map(|w| w.iter().sum()).collect();
        let mut places: Vec<usize> = starts(energy, self.groups, self.size)
            .into_iter()
            .flat_map(|s| s + n_b..s + n_b + self.size)
            .collect();
        places.sort_unstable();
        places
    }
}

impl TailLimit {
    /// None if `N_tail_start` is 0 or left out, as it must be by the rules of the draft.
    pub(super) fn from_keywords(k: &Keywords<'_>, draft: bool) -> Result<Option<Self>> {
        let start = k.count_or("N_tail_start", 0, 0, 5000)?;
        if start == 0 {
            return Ok(None);
        }
        if draft {
            return Err(Error::parameter("N_tail_start", start, "0: the rules of D3.3 limit no tail"));
        }
        let rss_max = require::non_negative("B_float_RSS_MAX", k.number_or("B_float_RSS_MAX", 0.0)?)?;
        Ok(Some(Self { start, rss_max }))
    }

    fn apply(&self, taps: &mut [f64]) {
        let Some(tail) = taps.get_mut(self.start - 1..) else { return };
        let rss = tail.iter().map(|b| b * b).sum::<f64>().sqrt();
        if rss > self.rss_max {
            tail.iter_mut().for_each(|b| *b *= self.rss_max / rss);
        }
    }
}

/// Number of taps that a DFE of this configuration has.
pub(super) fn n_taps(config: &ComConfig) -> usize {
    config.floating.as_ref().map_or(config.b_max.len(), FloatingTaps::span)
}

/// The taps by their definition: `post(n)` is the sample n UI after the cursor, n from 1.
pub(super) fn dfe_taps(config: &ComConfig, cursor_v: f64, post: impl Fn(usize) -> f64) -> Vec<f64> {
    let samples: Vec<f64> = (1..=n_taps(config)).map(post).collect();
    let n_b = config.b_max.len();
    let mut taps = vec![0.0; samples.len()];
    for (n, (low, high)) in config.b_min.iter().zip(&config.b_max).enumerate() {
        taps[n] = (samples[n] / cursor_v).clamp(*low, *high);
    }
    if let Some(floating) = &config.floating {
        for n in floating.places(&samples, n_b, cursor_v) {
            taps[n] = (samples[n] / cursor_v).clamp(-floating.limit, floating.limit);
        }
    }
    if let Some(tail) = &config.tail {
        tail.apply(&mut taps);
    }
    taps
}

/// Starts by descending energy; of equal ones the first.
fn ranked(energy: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..energy.len()).collect();
    order.sort_by(|a, b| energy[*b].total_cmp(&energy[*a]));
    order
}

fn block(energy: &mut [f64], starts: impl IntoIterator<Item = usize>) {
    for s in starts {
        if let Some(e) = energy.get_mut(s) {
            *e = f64::NEG_INFINITY;
        }
    }
}

/// First places of `groups` groups of `size` taps, `energy` being what a group at each start takes away.
fn starts(mut energy: Vec<f64>, groups: usize, size: usize) -> Vec<usize> {
    // Everything at the front: groups flush behind one another, whatever the order of their energies.
    let front = (groups - 1) * size + 1;
    let mut best = ranked(&energy)[..front].to_vec();
    best.sort_unstable();
    if best.iter().copied().eq(0..front) {
        return (0..groups).map(|g| g * size).collect();
    }
    let mut out: Vec<usize> = Vec::with_capacity(groups);
    let mut flush_before: Option<usize> = None;
    for k in 0..groups {
        let (start, blocked) = match flush_before.take() {
            Some(start) => (start, before(start, size)),
            None => {
                let order = ranked(&energy);
                if energy[order[0]] == f64::NEG_INFINITY {
                    // The groups that stand leave no room for another.
                    break;
                }
                if k + 1 == groups {
                    out.push(order[0]);
                    break;
                }
                let (start, next) = settle(&mut energy, order, &out, size);
                flush_before = next;
                let taken = before(start, size).into_iter().filter(|b| !covers(&out, *b, size)).collect();
                (start, taken)
            }
        };
        out.push(start);
        block(&mut energy, start..start + size);
        block(&mut energy, blocked);
    }
    out
}

/// Starts that a group at `start` makes impossible because theirs would run into it.
fn before(start: usize, size: usize) -> Vec<usize> {
    (start.saturating_sub(size - 1)..start).collect()
}

fn covers(starts: &[usize], place: usize, size: usize) -> bool {
    starts.iter().any(|s| (*s..s + size).contains(&place))
}

/// The start that is taken, from the best on, and the one flush before it if that is to follow.
fn settle(
    energy: &mut [f64],
    mut order: Vec<usize>,
    placed: &[usize],
    size: usize,
) -> (usize, Option<usize>) {
    let mut start = order[0];
    let mut next = None;
    for round in 0..=energy.len() {
        let blocked: Vec<usize> =
            before(start, size).into_iter().filter(|b| !covers(placed, *b, size)).collect();
        if blocked.is_empty() {
            break;
        }
        if round > 0 {
            order = ranked(energy);
        }
        let flush = start.checked_sub(size);
        let compatible = |s: usize| !blocked.contains(&s) && !(start..start + size).contains(&s);
        let stop = order.iter().position(|s| Some(*s) == flush || compatible(*s)).unwrap_or(order.len() - 1);
        if flush.is_some_and(|f| order[stop] == f) {
            next = flush;
            break;
        }
        if !order[..stop].iter().any(|s| blocked.contains(s)) {
            break;
        }
        block(energy, [start]);
        let Some(second) = order.get(1) else { break };
        start = *second;
    }
    (start, next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn floating(groups: usize, size: usize, span: usize, limit: f64) -> FloatingTaps {
        FloatingTaps { groups, size, span, limit }
    }

    #[test]
    fn lone_reflections_are_covered() {
        let mut post = vec![1e-4; 40];
        (post[20], post[33]) = (0.03, -0.025);
        let places = floating(2, 3, 40, 0.05).places(&post, 12, 1.0);
        assert_eq!(places.len(), 6);
        assert!(places.contains(&20) && places.contains(&33), "{places:?}");
    }

    #[test]
    fn groups_stand_where_the_reference_code_puts_them() {
        // The best group would be 19 to 21 or 20 to 22; each blocks a start that is better than what is left, so the
        // reference code falls back to 18 to 20 and leaves the echo at 21.
        let mut post = vec![1e-4; 40];
        (post[20], post[21], post[33]) = (0.03, -0.02, 0.025);
        assert_eq!(floating(2, 3, 40, 0.05).places(&post, 12, 1.0), [18, 19, 20, 32, 33, 34]);
    }

    proptest! {
        #[test]
        fn groups_lie_in_the_span_and_do_not_overlap(
            post in proptest::collection::vec(-0.1_f64..0.1, 40),
            groups in 1_usize..4,
            size in 1_usize..5,
        ) {
            let places = floating(groups, size, 40, 0.05).places(&post, 12, 1.0);
            prop_assert_eq!(places.len(), groups * size);
            prop_assert!(places.windows(2).all(|w| w[0] < w[1]), "{:?}", places);
            prop_assert!(places[0] >= 12 && places[places.len() - 1] < 40);
        }

        #[test]
        fn groups_without_room_are_left_out(
            post in proptest::collection::vec(-0.1_f64..0.1, 40),
            groups in 1_usize..5,
            size in 1_usize..6,
            slack in 0_usize..6,
        ) {
            let span = 12 + groups * size + slack;
            let places = floating(groups, size, span, 0.05).places(&post[..span], 12, 1.0);
            prop_assert!(!places.is_empty() && places.len() <= groups * size);
            prop_assert!(places.windows(2).all(|w| w[0] < w[1]), "{:?}", places);
            prop_assert!(places[0] >= 12 && places[places.len() - 1] < span);
        }

        #[test]
        fn one_group_is_where_the_most_energy_is(post in proptest::collection::vec(-0.1_f64..0.1, 40)) {
            let found = floating(1, 3, 40, 1.0).places(&post, 12, 1.0)[0];
            let energy = |s: usize| post[s..s + 3].iter().map(|h| h * h).sum::<f64>();
            let best = (12..=37).map(energy).fold(0.0, f64::max);
            prop_assert_eq!(energy(found), best);
        }
    }
}
