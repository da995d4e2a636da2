//! Random draws that are a function of where they belong.
//!
//! A [`Stream`] is an endless sequence fixed by (seed, purpose, stream number); any piece of it can be drawn at any
//! time, so results depend neither on the number of threads nor on how the work is cut into blocks. The integers are
//! those of Philox4x32-10 with
//!
//! ```text
//! key = seed    counter = (block, purpose and stream)    block = index of the group of draws
//! ```
//!
//! and are the same on every platform and at every SIMD level; normals made from them agree to a few units in the last
//! place.

use crate::simd::{self, Level, PHILOX_GROUP, PHILOX_LANES};

/// What a stream is for. Streams of different purposes are independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The victim's symbols.
    Symbols = 1,
    /// Noise that does not depend on the symbols.
    Noise = 2,
    /// Noise whose variance follows the symbols.
    SymbolNoise = 3,
    /// An aggressor's symbols.
    CrosstalkSymbols = 4,
    /// An aggressor's phase.
    CrosstalkPhase = 5,
    /// Gaussian part of the jitter.
    RandomJitter = 6,
    /// Sign of the dual-Dirac jitter.
    DualDirac = 7,
    /// What a table of the slicer's input leaves unexplained.
    Residual = 8,
    /// Bursts of decision errors that the statistical engine draws.
    Bursts = 9,
    /// Errors of the sub-converters of an ADC.
    Converter = 10,
    /// Draws of rare events.
    Rare = 11,
    /// Uniform noise.
    Uniform = 12,
    /// Symbols of light that interferes.
    InterferenceSymbols = 13,
    /// Its phase.
    InterferencePhase = 14,
    /// Placement of fibres.
    Alignment = 15,
}

/// The seed of hop number `hop` of a run with `seed`: the run's own for the first, another for each hop after it, so that
/// their draws are independent.
///
/// ```
/// use lightlane::random::hop_seed;
/// assert_eq!(hop_seed(7, 0), 7);
/// assert!(hop_seed(7, 1) != hop_seed(7, 2) && hop_seed(7, 1) != hop_seed(8, 1));
/// ```
pub fn hop_seed(seed: u64, hop: u32) -> u64 {
    if hop == 0 {
        return seed;
    }
    // A bijection of 64 bits (Stafford's thirteenth finalizer) of a point of a Weyl sequence: no two seeds meet.
    let mut x = seed.wrapping_add(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(u64::from(hop)));
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Groups drawn at a time: the kernels prepare their constants once for all of them, and the words stay in the cache.
const GROUPS: usize = 8;

/// One endless sequence of draws. Use a stream for one kind of draw only.
///
/// ```
/// use lightlane::random::{Purpose, Stream};
/// use lightlane::simd::Level;
/// let stream = Stream::new(Level::detect()?, 1, Purpose::Noise, 0);
/// let (mut whole, mut part) = (vec![0.0; 1000], vec![0.0; 10]);
/// stream.normals(0, &mut whole);
/// stream.normals(500, &mut part);
/// assert_eq!(part, whole[500..510]);
/// # Ok::<(), lightlane::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Stream {
    level: Level,
    key: [u32; 2],
    high: [u32; 2],
}

impl Stream {
    /// Stream number `stream` of that purpose.
    pub fn new(level: Level, seed: u64, purpose: Purpose, stream: u32) -> Self {
        Self { level, key: [seed as u32, (seed >> 32) as u32], high: [stream, purpose as u32] }
    }

    /// Uniform symbols of `bits` bits (1 or 2), the first of them number `first` of the sequence.
    ///
    /// # Panics
    /// For another number of bits: a caller's bug.
    pub fn symbols(&self, bits: u32, first: u64, output: &mut [u8]) {
        assert!(bits == 1 || bits == 2, "a symbol has one or two bits");
        let rows = 32 / bits as usize;
        let mask = (1u8 << bits) - 1;
        let mut spare = [0; 32 * PHILOX_GROUP];
        self.by_group(first, output, &mut spare[..rows * PHILOX_GROUP], |words, symbols| {
            let groups = words.chunks_exact(PHILOX_GROUP).zip(symbols.chunks_exact_mut(rows * PHILOX_GROUP));
            for (words, symbols) in groups {
                for (row, symbols) in symbols.chunks_exact_mut(PHILOX_GROUP).enumerate() {
                    simd::unpack(self.level, words, bits * row as u32, mask, symbols);
                }
            }
        });
    }

    /// Standard normals, the first of them number `first` of the sequence; see [`simd::NORMAL_LIMIT`].
    pub fn normals(&self, first: u64, output: &mut [f32]) {
        let mut spare = [0.0; PHILOX_GROUP];
        self.by_group(first, output, &mut spare, |words, normals| simd::normals(self.level, words, normals));
    }

    /// Random words, the first of them number `first` of the sequence.
    pub fn words(&self, first: u64, output: &mut [u32]) {
        let mut spare = [0; PHILOX_GROUP];
        self.by_group(first, output, &mut spare, |words, output| output.copy_from_slice(words));
    }

    /// Draws whole groups where they fit, [`GROUPS`] at a time, and cuts the first and last out of `spare`, which
    /// holds one group.
    fn by_group<T: Copy>(
        &self,
        first: u64,
        output: &mut [T],
        spare: &mut [T],
        make: impl Fn(&[u32], &mut [T]),
    ) {
        let size = spare.len() as u64;
        let mut words = [0; GROUPS * PHILOX_GROUP];
        let (mut group, mut skip) = (first / size, (first % size) as usize);
        let mut rest = output;
        while !rest.is_empty() {
            let whole = if skip == 0 { (rest.len() / spare.len()).min(GROUPS) } else { 0 };
            let groups = whole.max(1);
            let words = &mut words[..groups * PHILOX_GROUP];
            let counter = group.wrapping_mul(PHILOX_LANES as u64);
            simd::philox_words(self.level, self.key, self.high, counter, words);
            let n = rest.len().min(groups * spare.len() - skip);
            let (now, later) = rest.split_at_mut(n);
            if whole > 0 {
                make(words, now);
            } else {
                make(words, spare);
                now.copy_from_slice(&spare[skip..skip + n]);
            }
            (group, skip, rest) = (group + groups as u64, 0, later);
        }
    }
}
