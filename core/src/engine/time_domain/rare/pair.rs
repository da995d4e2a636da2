//! The plans that one stretch of decisions meets.

use crate::engine::time_domain::branch::Branch;
use crate::engine::time_domain::plan::{JitterBranch, Plan};
use crate::error::Result;
use crate::response::AtRest;
use crate::simd::Level;

/// What a crossing sees, and what the decisions between see where even-odd jitter makes them differ.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) own: Plan,
    pub(super) between: Option<Plan>,
}

impl Pair {
    /// Plans with windows of their own made one, so that a draw serves both.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub(super) fn new(at_rest: &AtRest, seed: u64, level: Level) -> Result<Self> {
        let mut own = Plan::new(&at_rest.model, seed, level)?;
        let mut between = at_rest.between.as_ref().map(|m| Plan::new(m, seed, level)).transpose()?;
        if let Some(between) = &mut between {
            let (back, ahead) = (own.back.max(between.back), own.ahead.max(between.ahead));
            match (&mut own.jitter, &mut between.jitter) {
                (Some(a), Some(b)) => align(&mut a.orders[0], &mut b.orders[0]),
                // A response that is 0 moves nothing.
                (Some(a), b @ None) => *b = Some(still(a)),
                (a @ None, Some(b)) => *a = Some(still(b)),
                (None, None) => {}
            }
            for plan in [&mut own, between] {
                (plan.back, plan.ahead) = (back, ahead);
            }
        }
        Ok(Self { own, between })
    }
}

/// Gives two branches the same first and last symbol.
fn align(a: &mut Branch, b: &mut Branch) {
    let (ahead, back) = (a.ahead.max(b.ahead), a.back().max(b.back()));
    for branch in [a, b] {
        let (before, after) = ((ahead - branch.ahead) as usize, (back - branch.back()) as usize);
        branch.taps.splice(0..0, std::iter::repeat_n(0.0, before));
        branch.taps.extend(std::iter::repeat_n(0.0, after));
        branch.ahead = ahead;
    }
}

/// The same jitter without an effect.
fn still(jitter: &JitterBranch) -> JitterBranch {
    let mut still = jitter.clone();
    still.orders.iter_mut().for_each(|order| order.taps.fill(0.0));
    still
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligned_branches_keep_their_responses() {
        let mut a = Branch { taps: vec![1.0, 2.0], ahead: 1 };
        let mut b = Branch { taps: vec![3.0], ahead: -2 };
        align(&mut a, &mut b);
        assert_eq!((a.taps, a.ahead), (vec![1.0, 2.0, 0.0, 0.0], 1));
        assert_eq!((b.taps, b.ahead), (vec![0.0, 0.0, 0.0, 3.0], 1));
    }
}
