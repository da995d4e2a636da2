//! Recursive filters that look four samples back.
//!
//! ```text
//! y_k = Σ_i b_i x_(k−i) − Σ_(i≥1) a_i y_(k−i)                       A(z) Y = B(z) X
//! y_k = Σ_j f_j x_(k−j) + Σ_(i≥1) c_i y_(k−4i)           A(z) A(−z) A₂(−z²) Y = B(z) A(−z) A₂(−z²) X
//! ```
//!
//! with A₂(z²) = A(z) A(−z), which has even powers only, as A₂(z²) A₂(−z²) has every fourth one. So four successive samples
//! do not wait for one another and are one vector. The poles that the second line adds lie as far from the unit circle as
//! the filter's own, under zeros of the same coefficients: its rounding is that of the first line.

use super::Level;
use fearless_simd::{dispatch, f64x4, prelude::*};

/// Samples of a step.
const STEP: usize = 4;

/// A filter of at most [`RecursiveFilter::MAX_ORDER`], made ready.
///
/// ```
/// use lightlane::simd::{Level, RecursiveFilter};
/// // y_k = x_k + y_(k−1)/2.
/// let filter = RecursiveFilter::new(&[1.0, 0.0], &[1.0, -0.5]).ok_or("too long")?;
/// let mut y = [0.0; 4];
/// filter.run(Level::detect()?, &[4.0, 0.0, 0.0, 0.0], &mut filter.at_rest(), &mut y);
/// assert_eq!(y, [4.0, 2.0, 1.0, 0.5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct RecursiveFilter {
    forward: Vec<f64>,
    back: Vec<f64>,
}

/// What a filter remembers.
#[derive(Debug, Clone)]
pub struct RecursiveState {
    /// Samples before, then those of a call.
    samples: Vec<f64>,
    /// Steps of outputs before, the newest first.
    outputs: Vec<[f64; STEP]>,
    /// Outputs of a call before they go to the precision of the samples.
    filtered: Vec<f64>,
}

/// A precision of samples; arithmetic is in `f64`.
pub trait Precision: Copy + Into<f64> {
    /// The nearest value of this precision.
    fn from_f64(value: f64) -> Self;
}

impl Precision for f32 {
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value as Self
    }
}

impl Precision for f64 {
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }
}

impl RecursiveFilter {
    /// Longest memory.
    pub const MAX_ORDER: usize = 8;

    /// A filter with as many coefficients on either side, a₀ = 1; `None` when its order is above
    /// [`RecursiveFilter::MAX_ORDER`] or its coefficients four samples back leave double precision.
    pub fn new(b: &[f64], a: &[f64]) -> Option<Self> {
        if a.is_empty() || a.len() > Self::MAX_ORDER + 1 || b.len() != a.len() {
            return None;
        }
        let two = every_second(&product(a, &mirrored(a, 1)));
        let four = every_second(&product(&two, &mirrored(&two, 1)));
        let forward = product(&product(b, &mirrored(a, 1)), &mirrored(&two, 2));
        let back: Vec<f64> = four[1..].iter().map(|c| -c).collect();
        forward.iter().chain(&back).all(|v| v.is_finite()).then_some(Self { forward, back })
    }

    /// Zeros before the first sample.
    pub fn at_rest(&self) -> RecursiveState {
        RecursiveState {
            samples: vec![0.0; self.forward.len() - 1],
            outputs: vec![[0.0; STEP]; self.back.len()],
            filtered: Vec::new(),
        }
    }

    /// Filters whole steps of four samples. In blocks of some kilobytes its own memory stays in the nearest cache.
    ///
    /// # Panics
    /// When `x` is not whole steps, `y` not as long, or the state another filter's: a caller's bug.
    pub fn run<T: Precision>(&self, level: Level, x: &[T], state: &mut RecursiveState, y: &mut [T]) {
        assert!(x.len().is_multiple_of(STEP) && x.len() == y.len(), "whole steps");
        assert!(state.outputs.len() == self.back.len(), "a state of this filter");
        // An instance for each order: its loops are unrolled, and coefficients of usual orders stay in registers.
        dispatch!(level.inner, simd => match self.back.len() {
            0 => self.body::<_, T, 0, 1>(simd, x, state, y),
            1 => self.body::<_, T, 1, 5>(simd, x, state, y),
            2 => self.body::<_, T, 2, 9>(simd, x, state, y),
            3 => self.body::<_, T, 3, 13>(simd, x, state, y),
            4 => self.body::<_, T, 4, 17>(simd, x, state, y),
            5 => self.body::<_, T, 5, 21>(simd, x, state, y),
            6 => self.body::<_, T, 6, 25>(simd, x, state, y),
            7 => self.body::<_, T, 7, 29>(simd, x, state, y),
            _ => self.body::<_, T, { Self::MAX_ORDER }, 33>(simd, x, state, y),
        });
    }

    /// Of order `N`, with `M` coefficients forward.
    #[inline(always)]
    fn body<S: Simd, T: Precision, const N: usize, const M: usize>(
        &self,
        simd: S,
        x: &[T],
        state: &mut RecursiveState,
        y: &mut [T],
    ) {
        let mut forward = [f64x4::splat(simd, 0.0); M];
        let (mut back, mut before) = ([f64x4::splat(simd, 0.0); N], [f64x4::splat(simd, 0.0); N]);
        for i in 0..M {
            forward[i] = f64x4::splat(simd, self.forward[i]);
        }
        for i in 0..N {
            back[i] = f64x4::splat(simd, self.back[i]);
            before[i] = f64x4::from_slice(simd, &state.outputs[i]);
        }
        let samples = widen(x, M - 1, &mut state.samples);
        state.filtered.resize(x.len(), 0.0);
        let windows = samples.windows(M - 1 + STEP).step_by(STEP);
        for (window, filtered) in windows.zip(state.filtered.chunks_exact_mut(STEP)) {
            let mut sum = f64x4::from_slice(simd, &window[M - 1..]) * forward[0];
            for i in 1..M {
                sum = f64x4::from_slice(simd, &window[M - 1 - i..M - 1 - i + STEP]).mul_add(forward[i], sum);
            }
            // The newest output last: it is the one that is waited for.
            for i in (0..N).rev() {
                sum = before[i].mul_add(back[i], sum);
            }
            for i in (1..N).rev() {
                before[i] = before[i - 1];
            }
            if let Some(newest) = before.first_mut() {
                *newest = sum;
            }
            sum.store_slice(filtered);
        }
        // On its own, so that it becomes vector code.
        for (y, v) in y.iter_mut().zip(&state.filtered) {
            *y = T::from_f64(*v);
        }
        for i in 0..N {
            before[i].store_slice(&mut state.outputs[i]);
        }
    }
}

/// The samples in double precision after the `history` before them.
#[inline(always)]
fn widen<'a, T: Precision>(x: &[T], history: usize, samples: &'a mut Vec<f64>) -> &'a [f64] {
    let before = samples.len() - history;
    samples.copy_within(before.., 0);
    samples.resize(history + x.len(), 0.0);
    for (wide, x) in samples[history..].iter_mut().zip(x) {
        *wide = (*x).into();
    }
    samples
}

/// Coefficients of a product of polynomials.
fn product(x: &[f64], y: &[f64]) -> Vec<f64> {
    let mut product = vec![0.0; x.len() + y.len() - 1];
    for (i, x) in x.iter().enumerate() {
        product[i..].iter_mut().zip(y).for_each(|(p, y)| *p += x * y);
    }
    product
}

/// Coefficients in powers of z of a polynomial in −z^`power`.
fn mirrored(x: &[f64], power: usize) -> Vec<f64> {
    let mut mirrored = vec![0.0; (x.len() - 1) * power + 1];
    for (i, (m, x)) in mirrored.iter_mut().step_by(power).zip(x).enumerate() {
        *m = if i % 2 == 0 { *x } else { -x };
    }
    mirrored
}

fn every_second(x: &[f64]) -> Vec<f64> {
    x.iter().step_by(2).copied().collect()
}
