//! The only place that knows the vector width.
//!
//! A kernel is an `#[inline(always)]` body generic over the instruction set, dispatched by [`Level`] once a block of
//! samples, never once a symbol: a wheel is built for the baseline of its platform and chooses the fast path while
//! running. Each kernel has a one-line meaning in [`naive`], and one property suite (`tests/simd.rs`) compares the two
//! at every level the processor offers.
//!
//! | level | instruction set | chosen by `LIGHTLANE_SIMD=` |
//! |---|---|---|
//! | portable | the platform's baseline: SSE2 on x86-64, NEON on aarch64 | `portable` |
//! | avx2 | x86-64-v3: AVX2 and FMA | `avx2` |
//! | avx512 | Ice Lake AVX-512 | `avx512` |
//!
//! Integer kernels are bit-identical at every level. [`fir_add`], [`correlate_add`], [`substitute`], [`axpy`], [`normals`] and
//! [`ring()`] fuse multiplication and addition where the level can, so their last bits differ between `portable` and the others.

mod columns;
mod elementwise;
mod fir;
mod lane_transform;
pub mod lanes;
mod level;
mod lms;
#[doc(hidden)]
pub mod naive;
mod normal;
mod overlap_save;
mod peak;
mod philox;
mod polyphase;
mod polyphase_sum;
mod recursive;
mod ring;
mod sums;
mod triangular;

pub use columns::{PLACE_BITS, add_rows, bins, interpolate, lagrange, places, quantize, strided_fir_add};
pub use elementwise::{axpy, count_greater, lookup, multiply, unpack};
pub use fir::fir_add;
pub use level::{Level, level_name};
pub use lms::{LmsTaps, lms};
pub use normal::{NORMAL_LIMIT, normals};
pub use overlap_save::SpectralWorkspace;
pub use peak::multiply_adds;
pub use philox::{PHILOX_GROUP, PHILOX_LANES, philox_words, philox4x32_10};
pub use polyphase::Polyphase;
pub use polyphase_sum::{PolyphaseSum, SumWorkspace};
pub use recursive::{Precision, RecursiveFilter, RecursiveState};
pub use ring::{RING_BLOCK, RingLight, RingRates, ring, ring_window};
pub(crate) use sums::dot;
pub use sums::{autocorrelate, correlate_add};
pub use triangular::{Lower, substitute, substitute_back};
