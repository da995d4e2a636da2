//! Philox4x32-10: random integers as a function of a counter.
//!
//! J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011), doi:10.1145/2063384.2063405. A
//! counter of four words and a key of two give four random words, without state: any draw can be made on its own, in
//! any order and on any thread.

use super::Level;
use fearless_simd::dispatch;

/// Counters in a group.
pub const PHILOX_LANES: usize = 64;
/// Words in a group.
pub const PHILOX_GROUP: usize = 4 * PHILOX_LANES;

const MULTIPLIER: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;
const LOW: u64 = 0xFFFF_FFFF;

/// The four words of one counter.
///
/// ```
/// use lightlane::simd::philox4x32_10;
/// // First known-answer vector of the authors' Random123 library.
/// assert_eq!(philox4x32_10([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
/// ```
pub fn philox4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    rounds(counter.map(u64::from), key).map(|word| word as u32)
}

/// Words of consecutive counters (c, high) with c = first_counter, first_counter + 1, …, wrapping.
///
/// `words` is a whole number of groups; word 64 j + l of a group is output j of its counter l, so that a vector load
/// finds the same output of neighbouring counters.
///
/// # Panics
/// When the length is not a multiple of [`PHILOX_GROUP`]: a caller's bug.
pub fn philox_words(level: Level, key: [u32; 2], high: [u32; 2], first_counter: u64, words: &mut [u32]) {
    assert!(words.len().is_multiple_of(PHILOX_GROUP), "Philox words come in whole groups");
    dispatch!(level.inner, _simd => body(key, high, first_counter, words));
}

#[inline(always)]
fn body(key: [u32; 2], high: [u32; 2], first_counter: u64, words: &mut [u32]) {
    for (group, words) in words.chunks_exact_mut(PHILOX_GROUP).enumerate() {
        group_body(key, high, first_counter.wrapping_add((group * PHILOX_LANES) as u64), words);
    }
}

#[inline(always)]
fn group_body(key: [u32; 2], high: [u32; 2], first: u64, words: &mut [u32]) {
    let high = high.map(u64::from);
    let (a, rest) = words.split_at_mut(PHILOX_LANES);
    let (b, rest) = rest.split_at_mut(PHILOX_LANES);
    let (c, d) = rest.split_at_mut(PHILOX_LANES);
    for (lane, (((a, b), c), d)) in a.iter_mut().zip(b).zip(c).zip(d).enumerate() {
        let counter = first.wrapping_add(lane as u64);
        let out = rounds([counter, counter >> 32, high[0], high[1]], key);
        (*a, *b, *c, *d) = (out[0] as u32, out[1] as u32, out[2] as u32, out[3] as u32);
    }
}

/// Each 32-bit word sits in the low half of 64 bits and its high half is not cleared: a 32 × 32 → 64 multiplication
/// ignores it, so a round needs neither shuffles nor masks.
#[inline(always)]
fn rounds(mut x: [u64; 4], key: [u32; 2]) -> [u64; 4] {
    let mut key = key;
    for _ in 0..ROUNDS {
        let p = (x[0] & LOW) * u64::from(MULTIPLIER[0]);
        let q = (x[2] & LOW) * u64::from(MULTIPLIER[1]);
        x = [(q >> 32) ^ x[1] ^ u64::from(key[0]), q, (p >> 32) ^ x[3] ^ u64::from(key[1]), p];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    x
}
