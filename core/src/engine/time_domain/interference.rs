//! Interference of the light: in each symbol the product of two fields, with a phase that stands still for a while.
//!
//! ```text
//! event m = cos θ_(m/256) · field[a_m] · interferer[b_m]
//! ```
//!
//! a are the light's own symbols, b drawn ones, and θ is uniform and drawn anew every 256 symbols: longer than any response
//! and any burst that matters, and short enough that a run of 1e6 symbols averages over 4,000 phases and the windows of
//! the clustering statistic hold whole ones. The phase of a laser of 1 MHz turns over ten thousands of symbols; error ratios
//! are averages over it and do not depend on how long it stands still.

use super::block::resize;
use super::branch::{Branch, alphabet};
use crate::error::Result;
use crate::random::{Purpose, Stream};
use crate::response::SlicerInterference;
use crate::simd::{self, Level};
use std::f64::consts::TAU;

/// Symbols for which an echo keeps its phase.
pub(super) const PHASE_SYMBOLS: u64 = 256;
/// What the ends of a response may add up to, relative to its largest value, and be left out: what single precision
/// rounds away.
const NEGLIGIBLE: f64 = 1e-6;

/// The draws of one echo.
#[derive(Debug, Clone)]
pub(super) struct Products {
    level: Level,
    symbols: Stream,
    phases: Stream,
    pub(super) bits: u32,
    pub(super) field: [f32; 4],
    pub(super) interferer: [f32; 4],
}

/// Buffers of the draws.
#[derive(Debug, Default)]
pub(super) struct ProductBuffers {
    bytes: Vec<u8>,
    words: Vec<u32>,
    work: Vec<f32>,
}

/// One echo at the slicer.
#[derive(Debug, Clone)]
pub(super) struct Echo {
    pub(super) products: Products,
    pub(super) filter: Branch,
}

impl Products {
    /// The draws of echo number `index`.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] for fields that are not those of 2 or 4 symbols.
    pub(super) fn new(
        level: Level,
        seed: u64,
        index: usize,
        field: &[f64],
        interferer: &[f64],
    ) -> Result<Self> {
        let name = |part: &str| format!("interference[{index}].{part}");
        Ok(Self {
            level,
            symbols: Stream::new(level, seed, Purpose::InterferenceSymbols, index as u32),
            phases: Stream::new(level, seed, Purpose::InterferencePhase, index as u32),
            bits: if interferer.len() == 2 { 1 } else { 2 },
            field: alphabet(&name("field"), field)?,
            interferer: alphabet(&name("interferer"), interferer)?,
        })
    }

    /// The events of the symbols `sent`, the first of them number `first` of the streams.
    pub(super) fn draw(&self, first: u64, sent: &[u8], buffers: &mut ProductBuffers, events: &mut [f32]) {
        let n = sent.len();
        resize(&mut buffers.bytes, n);
        resize(&mut buffers.work, n);
        self.symbols.symbols(self.bits, first, &mut buffers.bytes);
        simd::lookup(self.level, &buffers.bytes, &self.interferer, events);
        simd::lookup(self.level, sent, &self.field, &mut buffers.work);
        simd::multiply(self.level, &buffers.work, events);
        let block = first / PHASE_SYMBOLS;
        let blocks = (first + n as u64).div_ceil(PHASE_SYMBOLS) - block;
        resize(&mut buffers.words, blocks as usize);
        self.phases.words(block, &mut buffers.words);
        let mut done = 0;
        for (word, block) in buffers.words.iter().zip(block..) {
            let end = (((block + 1) * PHASE_SYMBOLS - first) as usize).min(n);
            let cos = cosine(*word);
            events[done..end].iter_mut().for_each(|e| *e *= cos);
            done = end;
        }
    }
}

impl Echo {
    /// Echo number `index` of a model.
    ///
    /// # Errors
    /// Those of [`SlicerInterference::validate`], and [`crate::Error::Parameter`] for values that single precision has
    /// not.
    pub(super) fn new(
        level: Level,
        seed: u64,
        index: usize,
        source: &SlicerInterference,
        n_levels: usize,
    ) -> Result<Self> {
        source.validate(n_levels)?;
        let largest = source.response.iter().fold(0.0f64, |m, r| m.max(r.abs()));
        let name = format!("interference[{index}].response");
        Ok(Self {
            products: Products::new(level, seed, index, &source.field, &source.interferer)?,
            filter: Branch::new(&name, &source.response, source.main, NEGLIGIBLE * largest)?,
        })
    }
}

/// Cosine of the phase that a word picks.
pub(super) fn cosine(word: u32) -> f32 {
    (TAU * (f64::from(word) + 0.5) / 4_294_967_296.0).cos() as f32
}
