//! Several streams of events, each through its own response at every phase, in one waveform.
//!
//! ```text
//! waveform[k S + i] = Σ_s Σ_j events_s[k − j] response_s[i][j]      S samples a symbol, i = 0 … S − 1
//! ```
//!
//! Transforms are linear, so the streams are added as spectra: each costs the transforms of its events, two stretches of
//! them at a time, and all streams together the inverse transforms of the phases, which go side by side in the lanes of
//! vectors ([`LaneTransform`]).

use super::Level;
use super::lane_transform::{LaneTransform, Place};
use num_complex::Complex32;
use rustfft::{Fft, FftPlanner};
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
    phases: usize,
    length: usize,
    /// Longest response less one symbol: what the transforms of all streams have of their past.
    history: usize,
    forward: Arc<dyn Fft<f32>>,
    inverse: LaneTransform,
    streams: Vec<StreamSpectra>,
}

#[derive(Clone)]
struct StreamSpectra {
    /// Symbols of the response less one.
    history: usize,
    /// One group of phases after the other.
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
    pair: Vec<Complex32>,
    scratch: Vec<Complex32>,
    /// By stream, then group of stretches.
    events: Vec<f32>,
    work: Vec<f32>,
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
        // Four times the response wastes a quarter; a longer transform would leave the nearer caches.
        let length =
            (4 * longest).next_power_of_two().clamp(SHORTEST, LONGEST).max((2 * longest).next_power_of_two());
        let forward = FftPlanner::new().plan_fft_forward(length);
        let inverse = LaneTransform::new(level, length, phases);
        let streams = responses.iter().map(|response| StreamSpectra {
            history: taps(response) - 1,
            spectra: response
                .chunks(inverse.rows())
                .flat_map(|group| inverse.spectra(group.iter().map(Vec::as_slice)))
                .collect(),
        });
        Self { phases, length, history: longest - 1, forward, streams: streams.collect(), inverse }
    }

    /// Symbols that the transforms of one go yield. Rounding depends on where stretches begin and which go together: blocks
    /// that begin at multiples of it have the same samples however a run is cut.
    pub fn hop(&self) -> usize {
        2 * self.inverse.pairs() * self.stretch()
    }

    /// Symbols of one transform.
    fn stretch(&self) -> usize {
        self.length - self.history
    }

    /// Takes the events of a block of one stream; they begin one symbol less than the response's before the block. Streams
    /// of one block are all as long, and each is taken before [`PolyphaseSum::synthesize`].
    ///
    /// # Panics
    /// For no such stream, or fewer events than the response is long less one: a caller's bug.
    pub fn transform(&self, stream: usize, events: &[f32], ws: &mut SumWorkspace) {
        let own = self.streams[stream].history;
        assert!(events.len() >= own, "events hold their history");
        let (n, group, stretch) = (events.len() - own, self.inverse.events_len(), self.stretch());
        let groups = n.div_ceil(self.hop());
        ws.pair.resize(self.length, Complex32::ZERO);
        ws.scratch.resize(self.forward.get_inplace_scratch_len(), Complex32::ZERO);
        ws.events.resize(self.streams.len() * groups * group, 0.0);
        // A response shorter than the longest needs less of the past.
        let skip = self.history - own;
        let arranged = ws.events[stream * groups * group..].chunks_exact_mut(group).take(groups);
        for (i, arranged) in arranged.enumerate() {
            for pair in 0..self.inverse.pairs() {
                let number = 2 * (i * self.inverse.pairs() + pair);
                let of = |number: usize| {
                    let first = (number * stretch).min(events.len());
                    &events[first..events.len().min(first + stretch + own)]
                };
                let (a, b) = (of(number), of(number + 1));
                ws.pair.fill(Complex32::ZERO);
                // The second is no longer than the first.
                let (both, first) = ws.pair[skip..skip + a.len()].split_at_mut(b.len());
                both.iter_mut().zip(a.iter().zip(b)).for_each(|(x, (a, b))| *x = Complex32::new(*a, *b));
                first.iter_mut().zip(&a[b.len()..]).for_each(|(x, a)| x.re = *a);
                self.forward.process_with_scratch(&mut ws.pair, &mut ws.scratch);
                self.inverse.arrange(pair, &ws.pair, arranged);
            }
        }
    }

    /// Writes the waveform of the streams transformed.
    ///
    /// # Panics
    /// When `waveform` is not a whole number of symbols, or not as long as the streams: a caller's bug.
    pub fn synthesize(&self, ws: &mut SumWorkspace, waveform: &mut [f32]) {
        let (sps, hop, group) = (self.phases, self.hop(), self.inverse.events_len());
        assert!(waveform.len().is_multiple_of(sps), "a waveform holds whole symbols");
        let groups = (waveform.len() / sps).div_ceil(hop);
        assert!(
            ws.events.len() == self.streams.len() * groups * group,
            "every stream is as long as the waveform"
        );
        let per_rows = self.inverse.spectra_len();
        ws.work.resize(per_rows, 0.0);
        for (i, waveform) in waveform.chunks_mut(hop * sps).enumerate() {
            for (row, phase) in (0..sps).step_by(self.inverse.rows()).enumerate() {
                let streams = self.streams.iter().enumerate().map(|(s, stream)| {
                    let events = &ws.events[(s * groups + i) * group..][..group];
                    (events, &stream.spectra[row * per_rows..][..per_rows])
                });
                let (skip, hop) = (self.history, self.stretch());
                let mut place = Place { waveform, samples_per_symbol: sps, phase, skip, hop };
                self.inverse.inverse(streams, &mut ws.work, &mut place);
            }
        }
    }
}
