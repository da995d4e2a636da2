//! Recursive filters, eight samples at a time.
//!
//! ```text
//! y_k = Σ_i b_i x_(k−i) − Σ_(i≥1) a_i y_(k−i)
//! (y_k … y_(k+7)) = T (x_k … x_(k+7)) + P (x_(k−1) … x_(k−n)) + Q (y_(k−1) … y_(k−n))
//! ```
//!
//! T, P and Q are what the recursion makes of unit inputs, so both lines are the same up to rounding; but the second waits
//! for the outputs before it once in eight samples, not in each.

use super::Level;
use fearless_simd::{dispatch, f64x8, prelude::*};

/// Samples of a step.
const STEP: usize = 8;

/// A filter of at most [`RecursiveFilter::MAX_ORDER`], made ready.
///
/// ```
/// use lightlane::simd::{Level, RecursiveFilter};
/// // y_k = x_k + y_(k−1)/2, from y_(−1) = 4.
/// let filter = RecursiveFilter::new(&[1.0, 0.0], &[1.0, -0.5]).ok_or("too long")?;
/// let mut y = [0.0; 8];
/// filter.run(Level::detect()?, &[0f32; 8], &mut [0.0], &mut [4.0], &mut y);
/// assert_eq!(y, [2.0, 1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct RecursiveFilter {
    /// Column i of T.
    inputs: [[f64; STEP]; STEP],
    /// Columns of P and of Q, the newest sample's first.
    past_inputs: Vec<[f64; STEP]>,
    past_outputs: Vec<[f64; STEP]>,
}

impl RecursiveFilter {
    /// Longest memory: what a step reaches back is in the one before it.
    pub const MAX_ORDER: usize = STEP;

    /// A filter with as many coefficients on either side, a₀ = 1; `None` when its order is above
    /// [`RecursiveFilter::MAX_ORDER`] or it leaves double precision within a step.
    pub fn new(b: &[f64], a: &[f64]) -> Option<Self> {
        let order = a.len().checked_sub(1).filter(|n| *n <= Self::MAX_ORDER && b.len() == a.len())?;
        // The recursion on a step of inputs `x` after the past.
        let recursion = |x: [f64; STEP], inputs: &[f64], outputs: &[f64]| {
            let mut y = [0.0; STEP];
            for k in 0..STEP {
                let before = |now: &[f64], past: &[f64], i: usize| {
                    k.checked_sub(i).map_or_else(|| past[i - k - 1], |at| now[at])
                };
                y[k] = b[0] * x[k];
                for i in 1..=order {
                    y[k] += b[i] * before(&x, inputs, i) - a[i] * before(&y, outputs, i);
                }
            }
            y
        };
        let unit = |n: usize, i: usize| (0..n).map(|j| f64::from(u8::from(i == j))).collect::<Vec<_>>();
        let zeros = vec![0.0; order];
        let filter = Self {
            inputs: std::array::from_fn(|i| {
                recursion(std::array::from_fn(|j| f64::from(u8::from(i == j))), &zeros, &zeros)
            }),
            past_inputs: (0..order).map(|i| recursion([0.0; STEP], &unit(order, i), &zeros)).collect(),
            past_outputs: (0..order).map(|i| recursion([0.0; STEP], &zeros, &unit(order, i))).collect(),
        };
        let columns = filter.inputs.iter().chain(&filter.past_inputs).chain(&filter.past_outputs);
        columns.flatten().all(|v| v.is_finite()).then_some(filter)
    }

    /// Filters whole steps; `inputs` and `outputs` are the samples before, the newest first, and are left as those before
    /// what follows.
    ///
    /// # Panics
    /// When `x` is not whole steps, or the other slices do not have its length and that of the order: a caller's bug.
    pub fn run<T: Copy + Into<f64>>(
        &self,
        level: Level,
        x: &[T],
        inputs: &mut [f64],
        outputs: &mut [f64],
        y: &mut [f64],
    ) {
        let order = self.past_inputs.len();
        assert!(x.len().is_multiple_of(STEP) && x.len() == y.len(), "whole steps");
        assert!(inputs.len() == order && outputs.len() == order, "a past as long as the order");
        // Orders in use have an instance whose loop over the past is unrolled.
        dispatch!(level.inner, simd => match order {
            1 => self.body::<_, T, 1>(simd, x, inputs, outputs, y),
            2 => self.body::<_, T, 2>(simd, x, inputs, outputs, y),
            3 => self.body::<_, T, 3>(simd, x, inputs, outputs, y),
            4 => self.body::<_, T, 4>(simd, x, inputs, outputs, y),
            _ => self.body::<_, T, 0>(simd, x, inputs, outputs, y),
        });
    }

    /// `N` is the order, 0 for one that is not known before.
    #[inline(always)]
    fn body<S: Simd, T: Copy + Into<f64>, const N: usize>(
        &self,
        simd: S,
        x: &[T],
        inputs: &mut [f64],
        outputs: &mut [f64],
        y: &mut [f64],
    ) {
        let order = if N > 0 { N } else { inputs.len() };
        let (before, after) = (&self.past_inputs[..order], &self.past_outputs[..order]);
        let (mut xs, mut ys) = ([0.0; STEP], [0.0; STEP]);
        for i in 0..order {
            (xs[STEP - 1 - i], ys[STEP - 1 - i]) = (inputs[i], outputs[i]);
        }
        let column = |c: &[f64; STEP]| f64x8::from_slice(simd, c);
        for (x, y) in x.chunks_exact(STEP).zip(y.chunks_exact_mut(STEP)) {
            let (mut sum, mut other) = (f64x8::splat(simd, 0.0), f64x8::splat(simd, 0.0));
            for i in 0..order {
                sum = column(&before[i]).mul_add(f64x8::splat(simd, xs[STEP - 1 - i]), sum);
            }
            for i in 0..STEP {
                xs[i] = x[i].into();
            }
            for i in 0..STEP / 2 {
                sum = column(&self.inputs[2 * i]).mul_add(f64x8::splat(simd, xs[2 * i]), sum);
                other = column(&self.inputs[2 * i + 1]).mul_add(f64x8::splat(simd, xs[2 * i + 1]), other);
            }
            // Outputs last: they are what is waited for.
            for i in 0..order {
                let output = f64x8::splat(simd, ys[STEP - 1 - i]);
                if i % 2 == 0 {
                    sum = column(&after[i]).mul_add(output, sum);
                } else {
                    other = column(&after[i]).mul_add(output, other);
                }
            }
            (sum + other).store_slice(&mut ys);
            y.copy_from_slice(&ys);
        }
        for i in 0..order {
            (inputs[i], outputs[i]) = (xs[STEP - 1 - i], ys[STEP - 1 - i]);
        }
    }
}
