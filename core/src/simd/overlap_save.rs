//! Filters of one input by overlapping Fourier transforms.

use super::Level;
use fearless_simd::dispatch;
use num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::fmt;
use std::sync::Arc;

/// Transforms of the filters, all as long as the first.
#[derive(Clone)]
pub(super) struct OverlapSave {
    level: Level,
    length: usize,
    history: usize,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    /// One spectrum a filter, over the length of the transform.
    spectra: Vec<Complex32>,
}

impl fmt::Debug for OverlapSave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OverlapSave").field("length", &self.length).field("history", &self.history).finish()
    }
}

/// Buffers of one thread; they grow once.
#[derive(Debug, Default)]
pub struct SpectralWorkspace {
    time: Vec<f32>,
    spectrum: Vec<Complex32>,
    product: Vec<Complex32>,
    scratch: Vec<Complex32>,
    pub(super) rows: Vec<f32>,
}

impl OverlapSave {
    /// Filters of `taps` taps each, given by tap within filter.
    pub(super) fn new(level: Level, taps: usize, filters: usize, tap: impl Fn(usize, usize) -> f32) -> Self {
        // A transform eight times the filter wastes an eighth of its output; below 512 calls cost more than that.
        let length = (8 * taps).next_power_of_two().clamp(512, 1 << 20).max((2 * taps).next_power_of_two());
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(length), planner.plan_fft_inverse(length));
        let mut spectra = Vec::with_capacity(filters * (length / 2 + 1));
        let (mut time, mut spectrum) = (forward.make_input_vec(), forward.make_output_vec());
        for filter in 0..filters {
            time.fill(0.0);
            (0..taps).for_each(|i| time[i] = tap(filter, i));
            // The lengths are those of the plan, the only thing that it can refuse.
            forward.process(&mut time, &mut spectrum).expect("buffers of the plan's length");
            spectra.extend(spectrum.iter().map(|s| s / length as f32));
        }
        Self { level, length, history: taps - 1, forward, inverse, spectra }
    }

    /// New outputs of a transform.
    pub(super) fn hop(&self) -> usize {
        self.length - self.history
    }

    /// Transforms at most [`OverlapSave::hop`] inputs behind their history.
    pub(super) fn transform(&self, input: &[f32], ws: &mut SpectralWorkspace) {
        let bins = self.length / 2 + 1;
        ws.time.resize(self.length, 0.0);
        ws.spectrum.resize(bins, Complex32::ZERO);
        ws.product.resize(bins, Complex32::ZERO);
        let scratch = self.forward.get_scratch_len().max(self.inverse.get_scratch_len());
        ws.scratch.resize(scratch, Complex32::ZERO);
        ws.time[..input.len()].copy_from_slice(input);
        ws.time[input.len()..].fill(0.0);
        let scratch = &mut ws.scratch[..self.forward.get_scratch_len()];
        self.forward
            .process_with_scratch(&mut ws.time, &mut ws.spectrum, scratch)
            .expect("buffers of the plan's length");
    }

    /// What filter number `filter` makes of the inputs transformed: one output for each, the first of them first.
    pub(super) fn output<'a>(&self, filter: usize, ws: &'a mut SpectralWorkspace) -> &'a [f32] {
        let bins = self.length / 2 + 1;
        let filter = &self.spectra[filter * bins..(filter + 1) * bins];
        dispatch!(self.level.inner, _simd => multiply(&ws.spectrum, filter, &mut ws.product));
        // Rounding leaves imaginary parts where a real signal has none.
        (ws.product[0].im, ws.product[bins - 1].im) = (0.0, 0.0);
        let scratch = &mut ws.scratch[..self.inverse.get_scratch_len()];
        self.inverse
            .process_with_scratch(&mut ws.product, &mut ws.time, scratch)
            .expect("buffers of the plan's length");
        &ws.time[self.history..]
    }
}

#[inline(always)]
fn multiply(x: &[Complex32], h: &[Complex32], y: &mut [Complex32]) {
    for ((y, x), h) in y.iter_mut().zip(x).zip(h) {
        *y = Complex32::new(x.re * h.re - x.im * h.im, x.re * h.im + x.im * h.re);
    }
}
