//! The most multiply-adds that registers alone allow: what a kernel's throughput is a fraction of.

use super::Level;
use fearless_simd::{dispatch, prelude::*};

/// Independent sums: two units with a latency of four or five cycles need ten.
const SUMS: usize = 12;

/// Runs at least `count` single-precision multiply-adds without touching memory; returns how many they were and a
/// number that depends on all of them.
///
/// ```
/// use lightlane::simd::{Level, multiply_adds};
/// let (count, sum) = multiply_adds(Level::detect()?, 1000);
/// assert!(count >= 1000 && sum.is_finite());
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn multiply_adds(level: Level, count: u64) -> (u64, f32) {
    dispatch!(level.inner, simd => body(simd, count))
}

#[inline(always)]
fn body<S: Simd>(simd: S, count: u64) -> (u64, f32) {
    let a_round = (SUMS * S::f32s::LEN) as u64;
    let rounds = count.div_ceil(a_round);
    // Sums approach 2, whatever the number of rounds: no denormal numbers and no overflow slow them.
    let factor = S::f32s::splat(simd, std::hint::black_box(0.5));
    let term = S::f32s::splat(simd, std::hint::black_box(1.0));
    let mut sums = [term; SUMS];
    for (i, sum) in sums.iter_mut().enumerate() {
        *sum *= i as f32;
    }
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = sum.mul_add(factor, term);
        }
    }
    (rounds * a_round, sums.iter().map(|s| s.as_slice()[0]).sum())
}
