//! Several streams of events, each through its own response at every phase, in one waveform.
//!
//! ```text
//! waveform[k S + i] = Σ_s Σ_j events_s[k − j] response_s[i][j]      S samples a symbol, i = 0 … S − 1
//! ```
//!
//! Transforms are linear, so the streams are added as spectra: each costs one transform of its events and S products,
//! and all of them together one inverse transform a phase. Events of several transforms are kept, so that the spectrum
//! of a response is read once for all of them.

use super::Level;
use super::interleave::{PHASES, PITCH, interleave};
use fearless_simd::{dispatch, prelude::*};
use num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::fmt;
use std::sync::Arc;

/// Shortest transform: below it calls cost more than the outputs that a longer one wastes less of.
const SHORTEST: usize = 512;
const LONGEST: usize = 1 << 20;

/// Responses made ready.
///
/// ```
/// use lightlane::simd::{Level, PolyphaseSum, SumWorkspace};
/// // Two samples a symbol; one stream through a response of two symbols, another through one of a single symbol.
/// let responses = [vec![vec![1.0, 0.25], vec![0.5, 0.125]], vec![vec![0.0], vec![2.0]]];
/// let sum = PolyphaseSum::new(Level::detect()?, &responses);
/// let (mut ws, mut waveform) = (SumWorkspace::default(), [0.0; 4]);
/// sum.transform(0, &[0.0, 1.0, -1.0], &mut ws);
/// sum.transform(1, &[0.0, 3.0], &mut ws);
/// sum.synthesize(&mut ws, &mut waveform);
/// for (sample, wanted) in waveform.iter().zip([1.0, 0.5, -0.75, 5.625]) {
///     assert!((sample - wanted).abs() < 1e-6);
/// }
/// # Ok::<(), lightlane::Error>(())
/// ```
#[derive(Clone)]
pub struct PolyphaseSum {
    level: Level,
    phases: usize,
    length: usize,
    /// Longest response less one symbol: what the transforms of all streams have of their past.
    history: usize,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    streams: Vec<StreamSpectra>,
}

#[derive(Clone)]
struct StreamSpectra {
    /// Symbols of the response less one.
    history: usize,
    /// One spectrum a phase: its real parts, then its imaginary parts, each padded to whole vectors.
    spectra: Vec<f32>,
}

impl fmt::Debug for PolyphaseSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolyphaseSum")
            .field("phases", &self.phases)
            .field("length", &self.length)
            .field("streams", &self.streams.len())
            .finish()
    }
}

/// Buffers of one thread; they grow once.
#[derive(Debug, Default)]
pub struct SumWorkspace {
    time: Vec<f32>,
    spectrum: Vec<Complex32>,
    /// By stream, then transform: real parts, then imaginary parts.
    events: Vec<f32>,
    sum: Vec<f32>,
    scratch: Vec<Complex32>,
    rows: Vec<f32>,
}

impl PolyphaseSum {
    /// `responses[s][i][j]`: what an event of stream s leaves at phase i, j symbols later.
    ///
    /// # Panics
    /// Without a stream, a phase or a symbol, or when the lengths within a stream or the phases differ: a caller's bug.
    pub fn new(level: Level, responses: &[Vec<Vec<f32>>]) -> Self {
        let phases = responses.first().map_or(0, Vec::len);
        assert!(phases > 0 && responses.iter().all(|r| r.len() == phases), "streams have the same phases");
        let taps = |response: &[Vec<f32>]| response[0].len();
        assert!(
            responses.iter().all(|r| taps(r) > 0 && r.iter().all(|row| row.len() == taps(r))),
            "a stream's phases have one length"
        );
        let longest = responses.iter().map(|r| taps(r)).max().unwrap_or(1);
        // Four times the response wastes a quarter; the products of a phase stay in the nearest cache.
        let length =
            (4 * longest).next_power_of_two().clamp(SHORTEST, LONGEST).max((2 * longest).next_power_of_two());
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(length), planner.plan_fft_inverse(length));
        let (mut time, mut spectrum) = (forward.make_input_vec(), forward.make_output_vec());
        let mut streams = Vec::with_capacity(responses.len());
        for response in responses {
            let padded = padded(length);
            let mut spectra = vec![0.0; phases * 2 * padded];
            for (row, parts) in response.iter().zip(spectra.chunks_exact_mut(2 * padded)) {
                time.fill(0.0);
                time[..row.len()].copy_from_slice(row);
                // The lengths are those of the plan, the only thing that it can refuse.
                forward.process(&mut time, &mut spectrum).expect("buffers of the plan's length");
                spectrum.iter_mut().for_each(|s| *s /= length as f32);
                take_apart(&spectrum, parts);
            }
            streams.push(StreamSpectra { history: taps(response) - 1, spectra });
        }
        Self { level, phases, length, history: longest - 1, forward, inverse, streams }
    }

    /// Symbols that one transform yields. Rounding depends on where transforms begin: blocks that begin at multiples of
    /// it have the same samples however a run is cut.
    pub fn hop(&self) -> usize {
        self.length - self.history
    }

    /// Takes the events of a block of one stream; they begin one symbol less than the response's before the block. Streams
    /// of one block are all as long, and each is taken before [`PolyphaseSum::synthesize`].
    ///
    /// # Panics
    /// For no such stream, or fewer events than the response is long: a caller's bug.
    pub fn transform(&self, stream: usize, events: &[f32], ws: &mut SumWorkspace) {
        let own = self.streams[stream].history;
        assert!(events.len() > own, "events hold their history and a symbol");
        let (n, hop, padded) = (events.len() - own, self.hop(), padded(self.length));
        let hops = n.div_ceil(hop);
        ws.time.resize(self.length, 0.0);
        ws.scratch
            .resize(self.forward.get_scratch_len().max(self.inverse.get_scratch_len()), Complex32::ZERO);
        ws.spectrum.resize(self.length / 2 + 1, Complex32::ZERO);
        ws.events.resize(self.streams.len() * hops * 2 * padded, 0.0);
        // A response shorter than the longest needs less of the past.
        let skip = self.history - own;
        let spectra = ws.events[stream * hops * 2 * padded..].chunks_exact_mut(2 * padded).take(hops);
        for (i, parts) in spectra.enumerate() {
            let events = &events[i * hop..events.len().min((i + 1) * hop + own)];
            ws.time[..skip].fill(0.0);
            ws.time[skip..skip + events.len()].copy_from_slice(events);
            ws.time[skip + events.len()..].fill(0.0);
            let scratch = &mut ws.scratch[..self.forward.get_scratch_len()];
            self.forward
                .process_with_scratch(&mut ws.time, &mut ws.spectrum, scratch)
                .expect("buffers of the plan's length");
            take_apart(&ws.spectrum, parts);
        }
    }

    /// Writes the waveform of the streams transformed.
    ///
    /// # Panics
    /// When `waveform` is not a whole number of symbols, or not as long as the streams: a caller's bug.
    pub fn synthesize(&self, ws: &mut SumWorkspace, waveform: &mut [f32]) {
        let (m, padded, hop) = (self.phases, padded(self.length), self.hop());
        assert!(waveform.len().is_multiple_of(m), "a waveform holds whole symbols");
        let n = waveform.len() / m;
        let hops = n.div_ceil(hop);
        assert!(
            ws.events.len() == self.streams.len() * hops * 2 * padded,
            "every stream is as long as the waveform"
        );
        let pitch = n + PITCH;
        ws.rows.resize(PHASES * pitch, 0.0);
        ws.sum.resize(2 * padded, 0.0);
        for first in (0..m).step_by(PHASES) {
            let group = PHASES.min(m - first);
            for p in 0..group {
                for i in 0..hops {
                    dispatch!(self.level.inner, simd => self.add_spectra(simd, first + p, (i, hops), ws));
                    let scratch = &mut ws.scratch[..self.inverse.get_scratch_len()];
                    self.inverse
                        .process_with_scratch(&mut ws.spectrum, &mut ws.time, scratch)
                        .expect("buffers of the plan's length");
                    let row = &mut ws.rows[p * pitch + i * hop..p * pitch + n.min((i + 1) * hop)];
                    row.copy_from_slice(&ws.time[self.history..self.history + row.len()]);
                }
            }
            interleave(self.level, &ws.rows, pitch, (first, group), m, waveform);
        }
    }

    /// Σ_s events_s response_s at one phase, transform number `i`.
    #[inline(always)]
    fn add_spectra<S: Simd>(&self, simd: S, phase: usize, (i, hops): (usize, usize), ws: &mut SumWorkspace) {
        let (padded, width) = (padded(self.length), S::f32s::LEN);
        for at in (0..padded).step_by(width) {
            let zero = S::f32s::splat(simd, 0.0);
            let (mut re, mut minus, mut im) = (zero, zero, zero);
            for (s, stream) in self.streams.iter().enumerate() {
                let x = &ws.events[(s * hops + i) * 2 * padded..][..2 * padded];
                let h = &stream.spectra[phase * 2 * padded..][..2 * padded];
                let part = |x: &[f32], from: usize| S::f32s::from_slice(simd, &x[from..from + width]);
                let (xr, xi) = (part(x, at), part(x, padded + at));
                let (hr, hi) = (part(h, at), part(h, padded + at));
                re = xr.mul_add(hr, re);
                minus = xi.mul_add(hi, minus);
                im = xr.mul_add(hi, im);
                im = xi.mul_add(hr, im);
            }
            (re - minus).store_slice(&mut ws.sum[at..at + width]);
            im.store_slice(&mut ws.sum[padded + at..padded + at + width]);
        }
        let (re, im) = ws.sum.split_at(padded);
        for ((y, re), im) in ws.spectrum.iter_mut().zip(re).zip(im) {
            *y = Complex32::new(*re, *im);
        }
        // Rounding leaves imaginary parts where a real signal has none.
        let last = ws.spectrum.len() - 1;
        (ws.spectrum[0].im, ws.spectrum[last].im) = (0.0, 0.0);
    }
}

/// Bins of a transform, padded to whole vectors of any level.
fn padded(length: usize) -> usize {
    (length / 2 + 1).next_multiple_of(16)
}

/// Real parts, then imaginary parts.
fn take_apart(spectrum: &[Complex32], parts: &mut [f32]) {
    let (re, im) = parts.split_at_mut(parts.len() / 2);
    for ((x, re), im) in spectrum.iter().zip(re).zip(im) {
        (*re, *im) = (x.re, x.im);
    }
}
