//! Symbol error ratio of two histograms with Gaussian noise, and the noise that brings it to a target.
//!
//! ```text
//! SER = Σ_thresholds Σ_y f(y) Q(|y − P_th|/s)        s = C_eq σ_G
//! ```
//!
//! Amplitudes are (P − P_ave)/OMA.

use super::histogram::{BINS, BINS_PER_OMA, Filled, amplitude};
use crate::density::{normal_pdf, q};
use crate::engine::golden_section::golden_section;
use std::sync::LazyLock;

/// Least noise, below which an eye counts as closed: a TDECQ of 14 dB.
pub(super) const LEAST_NOISE: f64 = 2e-3;
const MOST_NOISE: f64 = 1.0;
/// Q(x) and its density are tabulated up to here, where Q is 6e-16.
const TOP: f64 = 8.0;
const PER_UNIT: usize = 512;
/// Bracket of a threshold in which its search ends, over the adjustment.
const ADJUSTED_TO: f64 = 3e-3;

/// Values, then how they change up to the next row.
type Row = [[f64; 2]; 2];

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let at = |i: usize| {
        let x = i as f64 / PER_UNIT as f64;
        [q(x), x * normal_pdf(x)]
    };
    let rows = (0..TOP as usize * PER_UNIT).map(|i| {
        let (a, b) = (at(i), at(i + 1));
        [a, [b[0] - a[0], b[1] - a[1]]]
    });
    // Far out there is nothing.
    rows.chain([[[0.0; 2]; 2]]).collect()
});

/// Q(x) and x φ(x) for x from 0, by linear interpolation; 0 far out.
#[inline]
fn tail(table: &[Row], x: f64) -> [f64; 2] {
    let at = (x * PER_UNIT as f64).min((table.len() - 1) as f64);
    // Two conversions of a small number are cheaper than one to the widest integer.
    let i = at as i32 as usize;
    let f = at - f64::from(i as i32);
    let [value, change] = table[i];
    [value[0] + f * change[0], value[1] + f * change[1]]
}

/// Left and right histogram, each of unit sum.
#[derive(Debug, Clone)]
pub(super) struct Histograms {
    sides: [Vec<f64>; 2],
    filled: [Filled; 2],
}

/// Noise that brings the histograms to the target, and how the error ratio leaves it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// s, over the OMA; [`LEAST_NOISE`] where the eye is closed.
    pub(super) noise: f64,
    /// Thresholds, ascending.
    pub(super) thresholds: [f64; 3],
    /// Logarithm of the combined error ratio over the target: 0 unless the eye is closed.
    pub(super) excess: f64,
    /// d ln SER / d ln s of the combined error ratio.
    pub(super) slope: f64,
    /// d ln SER / d SER_side of the combined error ratio.
    pub(super) weights: [f64; 2],
}

/// Target and rules.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub(super) ser: f64,
    pub(super) adjustment: f64,
    /// Sides are combined as (S_l^p + S_r^p)^(1/p): smooth for the search, the worse one for large p.
    pub(super) power: f64,
}

impl Histograms {
    /// Shares of samples in each bin, left and right.
    pub(super) fn new(sides: [Vec<f64>; 2]) -> Self {
        let filled = sides.each_ref().map(|side| Filled::new(side));
        Self { sides, filled }
    }

    /// Share of the samples in each bin of the left or the right histogram.
    pub(super) fn side(&self, side: usize) -> &[f64] {
        &self.sides[side]
    }

    /// Sum over the bins near one threshold: error ratio and its derivative by ln s.
    #[inline]
    fn near(&self, side: usize, threshold: f64, noise: f64) -> [f64; 2] {
        let table = TABLE.as_slice();
        let reach = TOP * noise;
        let bin = |y: f64| ((y + 1.0) * BINS_PER_OMA as f64).clamp(0.0, (BINS - 1) as f64);
        let (first, last) = (bin(threshold - reach).ceil() as usize, bin(threshold + reach).floor() as usize);
        let inverse = 1.0 / noise;
        let mut sum = [0.0; 2];
        for [y, h] in self.filled[side].between(first, last) {
            let t = tail(table, ((y - threshold) * inverse).abs());
            sum[0] += h * t[0];
            sum[1] += h * t[1];
        }
        sum
    }

    /// Error ratios of both sides with the thresholds, and their derivatives by ln s.
    fn sides_at(&self, thresholds: &[f64; 3], noise: f64) -> [[f64; 2]; 2] {
        [0, 1].map(|side| {
            thresholds.iter().fold([0.0; 2], |sum, t| {
                let [s, d] = self.near(side, *t, noise);
                [sum[0] + s, sum[1] + d]
            })
        })
    }

    /// Noise that brings the combined error ratio to the target, thresholds adjusted; `start` is a guess of it.
    pub(super) fn load(&self, target: &Target, start: f64) -> Load {
        let mut thresholds = NOMINAL;
        let mut noise = start.clamp(LEAST_NOISE, MOST_NOISE);
        // Thresholds move by a hundredth of the eye: the noise hardly follows.
        for _ in 0..if target.adjustment > 0.0 { 2 } else { 0 } {
            self.adjust(&mut thresholds, noise, target);
            noise = self.root(&thresholds, noise, target);
        }
        let noise = self.root(&thresholds, noise, target);
        let sides = self.sides_at(&thresholds, noise);
        let (ser, weights) = combined([sides[0][0], sides[1][0]], target.power);
        let slope = weights[0] * sides[0][1] + weights[1] * sides[1][1];
        let excess = if noise > LEAST_NOISE { 0.0 } else { (ser / target.ser).ln().max(0.0) };
        Load { noise, thresholds, excess, slope, weights }
    }

    /// The noise at which the worse side reaches the target.
    pub(super) fn worst_root(&self, thresholds: &[f64; 3], start: f64, ser: f64) -> (f64, [f64; 2]) {
        let target = Target { ser, adjustment: 0.0, power: f64::INFINITY };
        let noise = self.root(thresholds, start, &target);
        (noise, self.sides_at(thresholds, noise).map(|s| s[0]))
    }

    /// ln SER(ln s) = ln target, by Newton's steps kept in a bracket.
    fn root(&self, thresholds: &[f64; 3], start: f64, target: &Target) -> f64 {
        let (mut low, mut high) = (LEAST_NOISE.ln(), MOST_NOISE.ln());
        let mut x = start.clamp(LEAST_NOISE, MOST_NOISE).ln();
        for _ in 0..60 {
            let sides = self.sides_at(thresholds, x.exp());
            let (ser, weights) = combined([sides[0][0], sides[1][0]], target.power);
            let slope = weights[0] * sides[0][1] + weights[1] * sides[1][1];
            let above = (ser / target.ser).ln();
            if above > 0.0 {
                high = x;
            } else {
                low = x;
            }
            let newton = x - above / slope;
            let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
            if (next - x).abs() < 1e-9 {
                break;
            }
            x = next;
        }
        x.exp()
    }

    /// Moves each threshold to its best place at that noise, by golden section.
    fn adjust(&self, thresholds: &mut [f64; 3], noise: f64, target: &Target) {
        let mut parts: Vec<[f64; 2]> =
            thresholds.iter().map(|t| [0, 1].map(|side| self.near(side, *t, noise)[0])).collect();
        for (i, centre) in NOMINAL.into_iter().enumerate() {
            let mut cost = |t: f64| {
                parts[i] = [0, 1].map(|side| self.near(side, t, noise)[0]);
                let total = parts.iter().fold([0.0; 2], |s, p| [s[0] + p[0], s[1] + p[1]]);
                combined(total, target.power).0
            };
            let bracket = (centre - target.adjustment, centre + target.adjustment);
            thresholds[i] = golden_section(bracket, target.adjustment * ADJUSTED_TO, &mut cost);
            cost(thresholds[i]);
        }
    }

    /// Σ_thresholds Q(|y − P_th|/s) as a slope within each bin: what moving one sample does to its side's error ratio.
    pub(super) fn slopes(load: &Load) -> Vec<f32> {
        let table = TABLE.as_slice();
        let inverse = 1.0 / load.noise;
        let at = |bin: usize| -> f64 {
            let y = amplitude(bin);
            load.thresholds.iter().map(|t| tail(table, ((y - t) * inverse).abs())[0]).sum()
        };
        let mut before = at(0);
        (1..BINS)
            .map(|bin| {
                let now = at(bin);
                let slope = (now - before) * BINS_PER_OMA as f64;
                before = now;
                slope as f32
            })
            .collect()
    }
}

/// Nominal thresholds, over the OMA from the average.
const NOMINAL: [f64; 3] = [-1.0 / 3.0, 0.0, 1.0 / 3.0];

/// The combined error ratio, and d ln of it by each side's.
fn combined(sides: [f64; 2], power: f64) -> (f64, [f64; 2]) {
    // Not quite 0, so that a logarithm can be taken of an eye that no noise of the table closes.
    let worse = sides[0].max(sides[1]).max(1e-300);
    if power.is_infinite() {
        let left = sides[0] >= sides[1];
        return (worse, if left { [1.0 / worse, 0.0] } else { [0.0, 1.0 / worse] });
    }
    let shares = sides.map(|s| (s / worse).powf(power));
    let total = shares[0] + shares[1];
    let weights = [0, 1].map(|i| if sides[i] > 0.0 { shares[i] / total / sides[i] } else { 0.0 });
    (worse * total.powf(1.0 / power), weights)
}
