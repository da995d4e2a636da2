//! Equalizer taps under limits, as Annex 178A of IEEE P802.3dj (draft) sets them.
//!
//! The MMSE taps are taken in their unbiased form, cursor 1. A feedback tap outside its range is fixed at the nearest
//! end and the FFE is solved again; FFE taps above their limit relative to the main tap are then clipped, the FFE is
//! scaled so that its cursor is 1 again, and the feedback is computed from it and clipped. What comes out is judged by
//! its own error
//!
//! ```text
//! s_e² = w'Rw + 1 + b'b − 2 u_0·w − 2 Σ_j b_j u_j·w      (relative to the power of the symbols)
//! ```
//!
//! Clipping is not the constrained optimum; it is what the standard's reference receiver does.

use crate::error::{Error, Result};
use crate::receiver::moments::{Factor, Moments, subtract_outer};
use crate::receiver::{Dfe, Ffe};
use nalgebra::DVector;

/// Which taps there are, and what bounds them.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Delay of each FFE tap after the main one, in symbols; ascending but for floating groups.
    pub(crate) offsets: Vec<isize>,
    /// Index of the main tap.
    main: usize,
    /// Limit of each tap relative to the main one.
    limits: Vec<f64>,
    /// Taps that are given.
    fixed: Option<Vec<f64>>,
    dfe_taps: usize,
    dfe_range: (f64, f64),
    dfe_fixed: Option<Vec<f64>>,
}

/// Taps with cursor 1, in the units of the moments.
#[derive(Debug, Clone)]
pub(crate) struct Taps {
    pub(crate) ffe: Vec<f64>,
    /// Relative to the cursor.
    pub(crate) dfe: Vec<f64>,
    /// Unbiased mean-square error relative to the power of the symbols.
    pub(crate) error: f64,
}

impl Plan {
    /// The plan of a configuration, without its floating taps.
    pub(crate) fn new(ffe: Option<&Ffe>, dfe: Option<&Dfe>) -> Self {
        let identity = Ffe { tap_limit: f64::INFINITY, ..Ffe::fixed(vec![1.0], 0) };
        let ffe = ffe.unwrap_or(&identity);
        let count = ffe.taps.as_ref().map_or(ffe.pre + 1 + ffe.post, Vec::len);
        Self {
            offsets: (0..count).map(|i| i as isize - ffe.pre as isize).collect(),
            main: ffe.pre,
            limits: vec![ffe.tap_limit; count],
            fixed: ffe.taps.clone(),
            dfe_taps: dfe.map_or(0, |d| d.taps),
            dfe_range: dfe.map_or((0.0, 0.0), Dfe::range),
            dfe_fixed: dfe.and_then(|d| d.values.clone()),
        }
    }

    /// Lags of the autocorrelation that the plan needs.
    pub(crate) fn lags(&self) -> usize {
        // Floating groups are placed in the order of their merit: the last offset need not be the largest.
        let first = self.offsets.iter().min().copied().unwrap_or(0);
        self.offsets.iter().max().map_or(1, |last| last.abs_diff(first) + 1)
    }

    /// The plan with every tap that a floating group could take: what moments must cover to place them.
    pub(crate) fn with_span(&self, ffe: &Ffe) -> Self {
        let start = ffe.post as isize + 1;
        self.with_group(start, (ffe.floating_span_ui + 1).saturating_sub(start as usize), ffe.floating_limit)
    }

    /// The plan with `count` more taps from delay `start` on.
    fn with_group(&self, start: isize, count: usize, limit: f64) -> Self {
        let mut plan = self.clone();
        plan.offsets.extend((0..count as isize).map(|i| start + i));
        plan.limits.resize(plan.offsets.len(), limit);
        plan
    }

    /// Places the floating groups one by one where each leaves the least error, without overlap.
    pub(crate) fn with_floating(&self, ffe: &Ffe, moments: &Moments) -> Result<Self> {
        let mut plan = self.clone();
        for _ in 0..if ffe.floats() { ffe.floating_groups } else { 0 } {
            let mut best: Option<(f64, Self)> = None;
            let last = ffe.floating_span_ui as isize - ffe.floating_taps as isize + 1;
            for start in ffe.post as isize + 1..=last {
                let taken = |o: &isize| (start..start + ffe.floating_taps as isize).contains(o);
                if plan.offsets.iter().any(taken) {
                    continue;
                }
                let candidate = plan.with_group(start, ffe.floating_taps, ffe.floating_limit);
                let error = adapt(moments, &candidate)?.error;
                if best.as_ref().is_none_or(|b| error < b.0) {
                    best = Some((error, candidate));
                }
            }
            // A group that finds no place is left out: earlier ones may have broken up the span.
            let Some((_, chosen)) = best else { break };
            plan = chosen;
        }
        Ok(plan)
    }

    /// Taps at every delay from the first to the last, zeros between fixed and floating ones.
    pub(crate) fn dense(&self, taps: &[f64]) -> Vec<f64> {
        let first = -(self.main as isize);
        let last = self.offsets.iter().copied().max().unwrap_or(0);
        let mut dense = vec![0.0; (last - first + 1) as usize];
        for (offset, tap) in self.offsets.iter().zip(taps) {
            dense[(offset - first) as usize] = *tap;
        }
        dense
    }
}

/// Taps of least error under the limits of the plan, or the error of the taps that it fixes.
///
/// # Errors
/// [`Error::Parameter`] when the response carries nothing to the cursor; those of the solver.
pub(crate) fn adapt(moments: &Moments, plan: &Plan) -> Result<Taps> {
    let offsets = &plan.offsets;
    let main = moments.column(0, offsets);
    let rows: Vec<_> = (1..=plan.dfe_taps as isize).map(|j| moments.column(j, offsets)).collect();
    let matrix = moments.matrix(offsets);
    let mut feedback: Vec<Option<f64>> = match &plan.dfe_fixed {
        Some(values) => values.iter().map(|v| Some(*v)).collect(),
        None => vec![None; plan.dfe_taps],
    };
    let clip = |b: f64| b.clamp(plan.dfe_range.0, plan.dfe_range.1);
    let mut w = match &plan.fixed {
        Some(taps) => unit_cursor(DVector::from_column_slice(taps), &main)?,
        None => loop {
            let w = solve_with(&matrix, &main, &rows, &feedback)?;
            let mut clipped = false;
            for (row, b) in rows.iter().zip(&mut feedback) {
                let free = row.dot(&w);
                if b.is_none() && clip(free) != free {
                    *b = Some(clip(free));
                    clipped = true;
                }
            }
            if !clipped {
                break w;
            }
        },
    };
    if plan.fixed.is_none() {
        let reference = w[plan.main].abs();
        let mut clipped = false;
        for (i, limit) in plan.limits.iter().enumerate().filter(|(i, _)| *i != plan.main) {
            let bound = limit * reference;
            if w[i].abs() > bound {
                w[i] = bound.copysign(w[i]);
                clipped = true;
            }
        }
        if clipped {
            w = unit_cursor(w, &main)?;
        }
    }
    let reached: Vec<f64> = rows.iter().map(|row| row.dot(&w)).collect();
    let dfe = plan.dfe_fixed.clone().unwrap_or_else(|| reached.iter().map(|b| clip(*b)).collect());
    let left: f64 = dfe.iter().zip(&reached).map(|(b, r)| b * b - 2.0 * b * r).sum();
    let error = (w.dot(&(&matrix * &w)) - 1.0 + left).max(0.0);
    if !error.is_finite() || w.iter().any(|v| !v.is_finite()) {
        return Err(no_cursor(error));
    }
    Ok(Taps { ffe: w.iter().copied().collect(), dfe, error })
}

/// The unbiased FFE for feedback that is free (`None`) or fixed: w = A + μB with cursor 1.
fn solve_with(
    matrix: &nalgebra::DMatrix<f64>,
    main: &DVector<f64>,
    rows: &[DVector<f64>],
    feedback: &[Option<f64>],
) -> Result<DVector<f64>> {
    let mut remaining = matrix.clone();
    let mut wanted = DVector::zeros(main.len());
    for (row, b) in rows.iter().zip(feedback) {
        match b {
            None => subtract_outer(&mut remaining, row),
            Some(b) => wanted.axpy(*b, row, 1.0),
        }
    }
    let factor = Factor::new(remaining)?;
    let free = factor.solve(main);
    if feedback.iter().all(Option::is_none) {
        return unit_cursor(free, main);
    }
    let given = factor.solve(&wanted);
    let through = main.dot(&free);
    if through.is_nan() || through <= f64::MIN_POSITIVE {
        return Err(no_cursor(through));
    }
    Ok(given.clone() + free * ((1.0 - main.dot(&given)) / through))
}

/// Scales taps so that the cursor is 1.
fn unit_cursor(w: DVector<f64>, main: &DVector<f64>) -> Result<DVector<f64>> {
    let cursor = main.dot(&w);
    // Nothing but rounding reaches the cursor.
    if !cursor.is_finite() || cursor.abs() <= 1e-12 * w.norm() {
        return Err(no_cursor(cursor));
    }
    Ok(w / cursor)
}

fn no_cursor(cursor: f64) -> Error {
    Error::parameter(
        "cursor at the equalizer's output",
        format!("{cursor:e} of the pulse's peak"),
        "above rounding: the pulse carries nothing to this sampling phase with these taps",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receiver::mmse;

    const PULSE: [f64; 6] = [0.02, -0.05, 1.0, 0.6, -0.2, 0.1];
    const NOISE: [f64; 2] = [0.01, 0.002];

    fn moments(lags: usize) -> Moments {
        Moments::of_response(&PULSE, 2, &NOISE, 1.0, lags).unwrap()
    }

    #[test]
    fn without_limits_it_is_the_unbiased_mmse() {
        let taps = adapt(&moments(8), &Plan::new(Some(&Ffe::new(3, 4)), Some(&Dfe::unlimited(1)))).unwrap();
        let free = mmse(&PULSE, &NOISE, 8, 3, 1, 1.0, Some(2), &crate::Run::default()).unwrap();
        // Unbiased: scaled to cursor 1, error mse/(1 − mse). Equal to rounding of two solutions of one system.
        assert!((taps.error - free.mse / (1.0 - free.mse)).abs() < 1e-12);
        for (a, b) in taps.ffe.iter().zip(&free.ffe) {
            assert!((a - b / (1.0 - free.mse)).abs() < 1e-12);
        }
        assert!((taps.dfe[0] - free.dfe[0] / (1.0 - free.mse)).abs() < 1e-12);
    }

    #[test]
    fn a_clipped_feedback_tap_is_fixed_and_the_rest_solved_again() {
        let ffe = Ffe::new(3, 4);
        let free = adapt(&moments(8), &Plan::new(Some(&ffe), Some(&Dfe::unlimited(1)))).unwrap();
        let dfe = Dfe { limit: 0.3, minimum: Some(0.0), ..Dfe::default() };
        let clipped = adapt(&moments(8), &Plan::new(Some(&ffe), Some(&dfe))).unwrap();
        assert!(free.dfe[0] > 0.3 && clipped.dfe[0] == 0.3);
        // Worse than free, better than free taps with the feedback cut afterwards.
        let cut = Plan { fixed: Some(free.ffe.clone()), ..Plan::new(Some(&ffe), Some(&dfe)) };
        let cut = adapt(&moments(8), &cut).unwrap();
        assert!(free.error < clipped.error && clipped.error < cut.error);
        // Its own solution under that feedback: no small change of a tap, at cursor 1, is better.
        let main = moments(8).column(0, &Plan::new(Some(&ffe), None).offsets);
        for i in 0..8 {
            for step in [-1e-3, 1e-3] {
                let mut w = clipped.ffe.clone();
                w[i] += step;
                let w = unit_cursor(DVector::from_vec(w), &main).unwrap();
                let given = Plan {
                    fixed: Some(w.iter().copied().collect()),
                    ..Plan::new(Some(&ffe), Some(&Dfe { values: Some(vec![0.3]), ..dfe.clone() }))
                };
                assert!(adapt(&moments(8), &given).unwrap().error >= clipped.error);
            }
        }
    }

    #[test]
    fn clipped_taps_stand_in_their_ratio_to_the_main_tap() {
        let ffe = Ffe { tap_limit: 0.2, ..Ffe::new(2, 3) };
        let taps = adapt(&moments(6), &Plan::new(Some(&ffe), None)).unwrap();
        let main = taps.ffe[2];
        assert!(taps.ffe.iter().enumerate().all(|(i, w)| i == 2 || w.abs() <= 0.2 * main * (1.0 + 1e-12)));
        assert!(taps.ffe.iter().any(|w| (w.abs() - 0.2 * main).abs() < 1e-12));
        let cursor = moments(6).column(0, &[-2, -1, 0, 1, 2, 3]).dot(&DVector::from_vec(taps.ffe));
        assert!((cursor - 1.0).abs() < 1e-12);
    }

    #[test]
    fn floating_taps_go_to_the_echoes() {
        let mut pulse = vec![0.0; 60];
        (pulse[2], pulse[20], pulse[45]) = (1.0, 0.03, -0.04);
        let moments = Moments::of_response(&pulse, 2, &[1e-4], 1.0, 80).unwrap();
        let ffe = Ffe { floating_groups: 2, floating_taps: 3, floating_span_ui: 60, ..Ffe::new(2, 4) };
        let plan = Plan::new(Some(&ffe), None).with_floating(&ffe, &moments).unwrap();
        assert_eq!(plan.offsets.len(), 7 + 6);
        assert!(plan.offsets.contains(&18) && plan.offsets.contains(&43));
        let taps = adapt(&moments, &plan).unwrap();
        let dense = plan.dense(&taps.ffe);
        assert!((dense[2 + 18] + 0.03).abs() < 2e-3 && (dense[2 + 43] - 0.04).abs() < 2e-3);
    }
}
