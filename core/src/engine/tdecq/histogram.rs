//! Histograms of amplitudes, (P − P_ave)/OMA.
//!
//! Each sample is shared between the two bins beside it, so that sums are continuous in the taps; that widens a histogram by
//! a sixth of a squared bin, 2e-7, against 1e-3 of the noise.

use crate::simd::{self, Level, PLACE_BITS};

/// Bins an OMA.
pub(super) const BINS_PER_OMA: usize = 1024;
/// Bins of a histogram, from one OMA below the average to one above.
pub(super) const BINS: usize = 2 * BINS_PER_OMA + 1;

/// Amplitude of a bin.
pub(super) fn amplitude(bin: usize) -> f64 {
    bin as f64 / BINS_PER_OMA as f64 - 1.0
}

/// Places of amplitudes among the bins.
pub(super) fn places(level: Level, z: &[f32], output: &mut [i32]) {
    simd::places(level, z, -1.0, BINS_PER_OMA as f32, (BINS - 2) as u16, output);
}

/// Bin below the amplitude at a place.
#[inline]
pub(super) fn bin_of(place: i32) -> usize {
    (place as u32 >> PLACE_BITS) as usize
}

/// A histogram being filled. A bin counts its samples above [`COUNT`] and sums below it what belongs to the next bin: whole
/// numbers, of which none is lost among millions.
pub(super) struct Filling {
    counts: Vec<u64>,
    held: usize,
    shares: Vec<f64>,
}

/// Bits of the sum of what belongs to the next bin, and the samples that it holds.
const COUNT: u32 = 40;
const MOST_HELD: usize = 1 << (COUNT - PLACE_BITS);

impl Filling {
    pub(super) fn new() -> Self {
        Self { counts: vec![0; BINS - 1], held: 0, shares: vec![0.0; BINS] }
    }

    /// Adds samples at those places.
    pub(super) fn add(&mut self, places: &[i32]) {
        for places in places.chunks(MOST_HELD) {
            if self.held + places.len() > MOST_HELD {
                self.settle();
            }
            self.held += places.len();
            for place in places {
                let beyond = u64::from(*place as u32 & ((1 << PLACE_BITS) - 1));
                self.counts[bin_of(*place)] += (1 << COUNT) + beyond;
            }
        }
    }

    fn settle(&mut self) {
        self.held = 0;
        for (bin, count) in self.counts.iter_mut().enumerate() {
            let beyond = (*count & ((1 << COUNT) - 1)) as f64 / f64::from(1 << PLACE_BITS);
            self.shares[bin] += (*count >> COUNT) as f64 - beyond;
            self.shares[bin + 1] += beyond;
            *count = 0;
        }
    }

    /// Samples in each bin over `n`.
    pub(super) fn over(mut self, n: usize) -> Vec<f64> {
        self.settle();
        let share = 1.0 / n as f64;
        self.shares.iter_mut().for_each(|s| *s *= share);
        self.shares
    }
}

/// The bins of a histogram that hold anything.
#[derive(Debug, Clone)]
pub(super) struct Filled {
    /// Amplitude of each, and what it holds.
    bins: Vec<[f64; 2]>,
    /// How many lie below each bin of the histogram.
    below: Vec<usize>,
}

impl Filled {
    pub(super) fn new(side: &[f64]) -> Self {
        let mut bins = Vec::new();
        let below = side.iter().enumerate().map(|(i, h)| {
            let below = bins.len();
            if *h > 0.0 {
                bins.push([amplitude(i), *h]);
            }
            below
        });
        let below = below.collect();
        Self { bins, below }
    }

    /// Those from one bin of the histogram up to another, this one included.
    pub(super) fn between(&self, first: usize, last: usize) -> &[[f64; 2]] {
        let end = self.below.get(last + 1).copied().unwrap_or(self.bins.len());
        &self.bins[self.below[first].min(end)..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_shared_between_the_bins_beside_them() {
        // More than are held at a time, and some beyond both ends.
        let amplitudes: Vec<f32> = (0..MOST_HELD + 5000).map(|i| 1.4 * (0.7 * i as f32).sin()).collect();
        let mut wanted = vec![0.0; BINS];
        for z in &amplitudes {
            let at = ((z + 1.0) * BINS_PER_OMA as f32).clamp(0.0, (BINS - 2) as f32);
            wanted[at as usize] += 1.0 - f64::from(at.fract());
            wanted[at as usize + 1] += f64::from(at.fract());
        }
        let mut filling = Filling::new();
        let mut at = vec![0; 4096];
        for z in amplitudes.chunks(4096) {
            places(Level::detect().unwrap(), z, &mut at);
            filling.add(&at[..z.len()]);
        }
        let reached = filling.over(amplitudes.len());
        for (w, r) in wanted.iter().zip(&reached) {
            // Places are rounded to 2⁻¹⁹ of a bin, of at most half a million samples: 1 of two million.
            assert!((w / amplitudes.len() as f64 - r).abs() < 5e-7, "{w} {r}");
        }
        let filled = Filled::new(&reached);
        assert!(filled.between(0, BINS - 1).iter().all(|[_, h]| *h > 0.0));
        assert!((filled.between(0, BINS - 1).iter().map(|b| b[1]).sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!(filled.between(1000, 1000), [[amplitude(1000), reached[1000]]]);
    }
}
