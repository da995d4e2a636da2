//! A waveform from symbols: every phase of the pulse at once.
//!
//! ```text
//! waveform[k S + i] = Σ_j levels[k − j] pulse[j S + i]      S samples a symbol, i = 0 … S − 1
//! ```
//!
//! Convolving zero-stuffed samples would multiply S − 1 zeros for each level. Short pulses are summed directly: a tile
//! of symbols and phases stays in registers, each level is broadcast and each row of the pulse loaded once. Long ones
//! take one transform of the levels and one inverse transform a phase. With one sample a symbol this is the FIR of a
//! prepared filter, direct or by transforms.

use super::Level;
use super::fir::fir_add;
use super::overlap_save::{OverlapSave, SpectralWorkspace};
use super::polyphase_sum::PolyphaseSum;
use fearless_simd::{dispatch, prelude::*};

/// Pulses of so many symbols and more are transformed: where the two were measured equal, with vectors of four and of
/// more lanes. Lanes that a row leaves empty bring the direct sum's cost up in proportion.
const TRANSFORM_FROM: [usize; 2] = [24, 96];
/// The same for one sample a symbol, where the direct sum is a plain FIR.
const TRANSFORM_FIR_FROM: [usize; 2] = [56, 200];

/// A pulse made ready.
///
/// ```
/// use lightlane::simd::{Level, Polyphase, SpectralWorkspace};
/// // Two samples a symbol, a pulse of two symbols; levels 1, −1 after a history of 0.
/// let pulse = Polyphase::new(Level::detect()?, &[1.0, 0.5, 0.25, 0.125], 2);
/// let mut waveform = [0.0; 4];
/// pulse.synthesize(&[0.0, 1.0, -1.0], &mut SpectralWorkspace::default(), &mut waveform);
/// assert_eq!(waveform, [1.0, 0.5, -0.75, -0.375]);
/// # Ok::<(), lightlane::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Polyphase {
    level: Level,
    samples_per_symbol: usize,
    /// The pulse, one row a symbol, padded to whole vectors.
    rows: Vec<f32>,
    stride: usize,
    transform: Option<Transform>,
}

/// How a long pulse is transformed.
#[derive(Debug, Clone)]
enum Transform {
    /// One sample a symbol.
    Fir(OverlapSave),
    /// All phases together.
    Phases(PolyphaseSum),
}

impl Polyphase {
    /// A pulse of `samples_per_symbol` samples a symbol; what is missing in its last symbol is 0.
    ///
    /// # Panics
    /// For an empty pulse or no samples a symbol: a caller's bug.
    pub fn new(level: Level, pulse: &[f32], samples_per_symbol: usize) -> Self {
        let mut ready = Self::direct(level, pulse, samples_per_symbol);
        let symbols = ready.history() + 1;
        let stride = ready.stride;
        let wide = usize::from(dispatch!(level.inner, simd => width(simd)) > 4);
        let from = if samples_per_symbol == 1 { TRANSFORM_FIR_FROM[wide] } else { TRANSFORM_FROM[wide] };
        if symbols * stride >= from * samples_per_symbol {
            let phase = |i: usize| ready.rows.iter().skip(i).step_by(stride).copied().collect::<Vec<_>>();
            ready.transform = Some(if samples_per_symbol == 1 {
                Transform::Fir(OverlapSave::new(level, &ready.rows))
            } else {
                let phases = (0..samples_per_symbol).map(phase).collect();
                Transform::Phases(PolyphaseSum::new(level, &[phases]))
            });
        }
        ready
    }

    /// The same without transforms: for few symbols at a time, and to compare.
    ///
    /// # Panics
    /// As [`Polyphase::new`].
    pub fn direct(level: Level, pulse: &[f32], samples_per_symbol: usize) -> Self {
        assert!(!pulse.is_empty() && samples_per_symbol > 0, "a pulse has samples");
        let stride = match samples_per_symbol {
            1 => 1,
            sps => sps.next_multiple_of(dispatch!(level.inner, simd => width(simd))),
        };
        let mut rows = vec![0.0; pulse.len().div_ceil(samples_per_symbol) * stride];
        for (row, samples) in rows.chunks_exact_mut(stride).zip(pulse.chunks(samples_per_symbol)) {
            row[..samples.len()].copy_from_slice(samples);
        }
        Self { level, samples_per_symbol, rows, stride, transform: None }
    }

    /// Levels needed before the first symbol of a block.
    pub fn history(&self) -> usize {
        self.rows.len() / self.stride - 1
    }

    /// Symbols that one transform yields, 1 without transforms. Rounding depends on where transforms begin: blocks that
    /// begin at multiples of it have the same samples however a run is cut.
    pub fn hop(&self) -> usize {
        match &self.transform {
            None => 1,
            Some(Transform::Fir(transform)) => transform.hop(),
            Some(Transform::Phases(transform)) => transform.hop(),
        }
    }

    /// Writes the waveform of the levels behind the history; `levels` holds [`Polyphase::history`] more than symbols.
    ///
    /// # Panics
    /// When `waveform` is not a whole number of symbols or `levels` is too short: a caller's bug.
    pub fn synthesize(&self, levels: &[f32], ws: &mut SpectralWorkspace, waveform: &mut [f32]) {
        let sps = self.samples_per_symbol;
        assert!(waveform.len().is_multiple_of(sps), "a waveform holds whole symbols");
        let (n, history) = (waveform.len() / sps, self.history());
        assert!(levels.len() >= n + history, "the levels must hold their history");
        match &self.transform {
            Some(Transform::Fir(transform)) => transform.run(&levels[..n + history], ws, waveform),
            Some(Transform::Phases(transform)) => {
                transform.transform(0, &levels[..n + history], &mut ws.sum);
                transform.synthesize(&mut ws.sum, waveform);
            }
            None if sps == 1 => {
                waveform.fill(0.0);
                fir_add(self.level, levels, &self.rows, waveform);
            }
            None => {
                dispatch!(self.level.inner, simd => body(simd, &self.rows, self.stride, sps, levels, waveform));
            }
        }
    }
}

#[inline(always)]
fn width<S: Simd>(_simd: S) -> usize {
    S::f32s::LEN
}

/// Symbols of a tile: with two vectors of phases, twelve sums.
const SYMBOLS: usize = 6;

#[inline(always)]
fn body<S: Simd>(simd: S, rows: &[f32], stride: usize, sps: usize, levels: &[f32], waveform: &mut [f32]) {
    let width = S::f32s::LEN;
    let mut first = 0;
    while first + 2 * width <= stride {
        column::<S, 2>(simd, rows, stride, first, sps, levels, waveform);
        first += 2 * width;
    }
    if first < stride {
        column::<S, 1>(simd, rows, stride, first, sps, levels, waveform);
    }
}

/// `P` vectors of phases from phase `first` of all symbols.
#[inline(always)]
fn column<S: Simd, const P: usize>(
    simd: S,
    rows: &[f32],
    stride: usize,
    first: usize,
    sps: usize,
    levels: &[f32],
    waveform: &mut [f32],
) {
    let rows = &rows[first..];
    let mut done = 0;
    let mut tiles = waveform.chunks_exact_mut(SYMBOLS * sps);
    for waveform in tiles.by_ref() {
        tile::<S, P, SYMBOLS>(simd, rows, stride, first, sps, &levels[done..], waveform);
        done += SYMBOLS;
    }
    for waveform in tiles.into_remainder().chunks_exact_mut(sps) {
        tile::<S, P, 1>(simd, rows, stride, first, sps, &levels[done..], waveform);
        done += 1;
    }
}

/// Each sample is summed over j in ascending order, whatever its tile.
#[inline(always)]
fn tile<S: Simd, const P: usize, const K: usize>(
    simd: S,
    rows: &[f32],
    stride: usize,
    first: usize,
    sps: usize,
    levels: &[f32],
    waveform: &mut [f32],
) {
    let width = S::f32s::LEN;
    let mut sums = [[S::f32s::splat(simd, 0.0); P]; K];
    let symbols = rows.len().div_ceil(stride);
    for (row, levels) in rows.chunks(stride).zip(levels[..symbols - 1 + K].windows(K).rev()) {
        let mut taps = [S::f32s::splat(simd, 0.0); P];
        for p in 0..P {
            taps[p] = S::f32s::from_slice(simd, &row[p * width..(p + 1) * width]);
        }
        for k in 0..K {
            let level = S::f32s::splat(simd, levels[k]);
            for p in 0..P {
                sums[k][p] = taps[p].mul_add(level, sums[k][p]);
            }
        }
    }
    for k in 0..K {
        let samples = &mut waveform[k * sps + first..((k + 1) * sps).min(k * sps + first + P * width)];
        for (p, samples) in samples.chunks_mut(width).enumerate() {
            if samples.len() == width {
                sums[k][p].store_slice(samples);
            } else {
                samples.copy_from_slice(&sums[k][p].as_slice()[..samples.len()]);
            }
        }
    }
}
