//! A long filter by overlapping Fourier transforms.

use super::Level;
use super::polyphase_sum::SumWorkspace;
use fearless_simd::dispatch;
use num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::fmt;
use std::sync::Arc;

/// A filter's transform.
#[derive(Clone)]
pub(super) struct OverlapSave {
    level: Level,
    length: usize,
    history: usize,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    /// Over the length of the transform.
    filter: Vec<Complex32>,
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
    pub(super) sum: SumWorkspace,
}

impl OverlapSave {
    pub(super) fn new(level: Level, taps: &[f32]) -> Self {
        // A transform eight times the filter wastes an eighth of its output; below 512 calls cost more than that.
        let longest = taps.len();
        let length =
            (8 * longest).next_power_of_two().clamp(512, 1 << 20).max((2 * longest).next_power_of_two());
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(length), planner.plan_fft_inverse(length));
        let (mut time, mut filter) = (forward.make_input_vec(), forward.make_output_vec());
        time[..longest].copy_from_slice(taps);
        // The lengths are those of the plan, the only thing that it can refuse.
        forward.process(&mut time, &mut filter).expect("buffers of the plan's length");
        filter.iter_mut().for_each(|s| *s /= length as f32);
        Self { level, length, history: longest - 1, forward, inverse, filter }
    }

    /// New outputs of a transform.
    pub(super) fn hop(&self) -> usize {
        self.length - self.history
    }

    /// One output for each input behind the history.
    pub(super) fn run(&self, input: &[f32], ws: &mut SpectralWorkspace, output: &mut [f32]) {
        let bins = self.length / 2 + 1;
        ws.time.resize(self.length, 0.0);
        ws.spectrum.resize(bins, Complex32::ZERO);
        ws.product.resize(bins, Complex32::ZERO);
        let (forward, inverse) = (self.forward.get_scratch_len(), self.inverse.get_scratch_len());
        ws.scratch.resize(forward.max(inverse), Complex32::ZERO);
        for (i, output) in output.chunks_mut(self.hop()).enumerate() {
            let input = &input[i * self.hop()..i * self.hop() + output.len() + self.history];
            ws.time[..input.len()].copy_from_slice(input);
            ws.time[input.len()..].fill(0.0);
            self.forward
                .process_with_scratch(&mut ws.time, &mut ws.spectrum, &mut ws.scratch[..forward])
                .expect("buffers of the plan's length");
            dispatch!(self.level.inner, _simd => multiply(&ws.spectrum, &self.filter, &mut ws.product));
            // Rounding leaves imaginary parts where a real signal has none.
            (ws.product[0].im, ws.product[bins - 1].im) = (0.0, 0.0);
            self.inverse
                .process_with_scratch(&mut ws.product, &mut ws.time, &mut ws.scratch[..inverse])
                .expect("buffers of the plan's length");
            output.copy_from_slice(&ws.time[self.history..self.history + output.len()]);
        }
    }
}

#[inline(always)]
fn multiply(x: &[Complex32], h: &[Complex32], y: &mut [Complex32]) {
    for ((y, x), h) in y.iter_mut().zip(x).zip(h) {
        *y = Complex32::new(x.re * h.re - x.im * h.im, x.re * h.im + x.im * h.re);
    }
}
