//! Transforms in single precision, planned once a length and thread: captures of one length share them.

use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftPlanner};
use std::cell::RefCell;
use std::sync::Arc;

thread_local! {
    static COMPLEX: RefCell<FftPlanner<f32>> = RefCell::new(FftPlanner::new());
    static REAL: RefCell<RealFftPlanner<f32>> = RefCell::new(RealFftPlanner::new());
}

/// From `n` complex samples to their spectrum.
pub(super) fn forward(n: usize) -> Arc<dyn Fft<f32>> {
    COMPLEX.with_borrow_mut(|planner| planner.plan_fft_forward(n))
}

/// From a spectrum to `n` complex samples.
pub(super) fn inverse(n: usize) -> Arc<dyn Fft<f32>> {
    COMPLEX.with_borrow_mut(|planner| planner.plan_fft_inverse(n))
}

/// From `n` real samples to the positive half of their spectrum.
pub(super) fn real_forward(n: usize) -> Arc<dyn RealToComplex<f32>> {
    REAL.with_borrow_mut(|planner| planner.plan_fft_forward(n))
}

/// From the positive half of a spectrum to `n` real samples.
pub(super) fn real_inverse(n: usize) -> Arc<dyn ComplexToReal<f32>> {
    REAL.with_borrow_mut(|planner| planner.plan_fft_inverse(n))
}
