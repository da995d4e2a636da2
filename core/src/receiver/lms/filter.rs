//! The taps of an adaptive equalizer with the samples and symbols they see: the loop's inner step.

use super::{Lms, LmsUpdate};
use crate::receiver::sample::Sample;
use crate::simd::{self, Level, LmsTaps, dot};

/// Symbols between two looks at the cancel flag.
pub(crate) const BLOCK: usize = 4096;

/// Levels of an alphabet, and what lies between them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slicer {
    levels: [f64; 4],
    /// Thresholds t as 1.5 t + 2, infinite where there are no more levels.
    cuts: [f64; 3],
}

impl Slicer {
    /// −1, −1/3, 1/3 and 1.
    const PAM4: Self = Self { levels: [-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0], cuts: [1.0, 2.0, 3.0] };

    /// Two to four ascending levels, the thresholds midway.
    pub(crate) fn new(levels: &[f64]) -> Self {
        let last = levels.last().copied().unwrap_or(0.0);
        let level = |i: usize| levels.get(i).copied().unwrap_or(last);
        let cut = |i: usize| {
            if i + 1 < levels.len() { 0.75 * (level(i) + level(i + 1)) + 2.0 } else { f64::INFINITY }
        };
        Self { levels: std::array::from_fn(level), cuts: std::array::from_fn(cut) }
    }

    /// The symbol of a value, by comparisons: rounding down is a call where the processor's baseline has no instruction
    /// for it.
    fn slice(&self, z: f64) -> u8 {
        let v = 1.5 * z + 2.0;
        u8::from(v >= self.cuts[0]) + u8::from(v >= self.cuts[1]) + u8::from(v >= self.cuts[2])
    }
}

/// Taps and the samples and symbols they see, both oldest first.
pub(crate) struct Filter {
    slicer: Slicer,
    /// Runs of neighbouring taps of `c`, and the largest magnitude of each tap relative to the main one.
    groups: Vec<(usize, usize)>,
    limits: Option<Limits>,
    update: LmsUpdate,
    step: f64,
    pub(crate) limit: f64,
    pre: usize,
    /// FFE taps, last first, so that they run along the samples.
    c: Vec<f64>,
    /// DFE taps, last first, so that they run along the symbols.
    d: Vec<f64>,
    /// Samples of the block with what the FFE sees on either side.
    r: Vec<f64>,
    /// Levels of the block after those the DFE remembers.
    a: Vec<f64>,
    /// What the kernel made of a block.
    soft: Vec<f64>,
    decisions: Vec<u8>,
    /// Sums of a block update, as `c` and `d`, and how many symbols are in them.
    gradient: (Vec<f64>, Vec<f64>),
    summed: usize,
}

/// Bounds of taps.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// Largest magnitude of each FFE tap relative to the main one, in time order.
    pub(crate) ffe: Vec<f64>,
    /// Smallest and largest DFE tap.
    pub(crate) dfe: (f64, f64),
}

impl Filter {
    pub(super) fn new(lms: &Lms, limit: f64) -> Self {
        Self::with(lms, limit, Slicer::PAM4, None)
    }

    /// A filter for another alphabet, its taps held within bounds.
    pub(crate) fn with(lms: &Lms, limit: f64, slicer: Slicer, limits: Option<Limits>) -> Self {
        let reversed = |taps: &[f64]| taps.iter().rev().copied().collect::<Vec<_>>();
        Self {
            update: lms.update,
            step: lms.step,
            limit,
            slicer,
            groups: lms.groups_reversed(),
            limits: limits.map(|l| Limits { ffe: reversed(&l.ffe), ..l }),
            pre: lms.pre,
            c: reversed(&lms.ffe),
            d: reversed(&lms.dfe),
            r: Vec::with_capacity(BLOCK + lms.ffe.len()),
            a: vec![0.0; lms.dfe.len() + BLOCK],
            soft: vec![0.0; BLOCK],
            decisions: vec![0; BLOCK],
            gradient: (vec![0.0; lms.ffe.len()], vec![0.0; lms.dfe.len()]),
            summed: 0,
        }
    }

    /// Takes the samples of the next `count` symbols, zeros outside the record.
    pub(super) fn load<T: Sample>(&mut self, samples: &[T], first: usize, count: usize) {
        let behind = self.c.len() - 1;
        let begin = (first + self.pre).saturating_sub(behind).min(samples.len());
        let end = (first + self.pre + count).min(samples.len());
        self.r.clear();
        self.r.resize(behind.saturating_sub(first + self.pre), 0.0);
        self.r.extend(samples[begin..end].iter().map(|x| Into::<f64>::into(*x)));
        self.r.resize(behind + count, 0.0);
        if first > 0 {
            self.a.copy_within(BLOCK.., 0);
        }
    }

    /// Takes the samples that the next symbols see, at most a block of them, the oldest of the first symbol first.
    pub(crate) fn load_window(&mut self, window: impl Iterator<Item = f64>) {
        self.r.clear();
        self.r.extend(window);
    }

    /// Takes one sample more, the newest that the symbol after the last sees.
    pub(crate) fn push(&mut self, sample: f64) {
        self.r.push(sample);
    }

    /// Begins a block of samples that are pushed one by one: keeps those that its first symbol sees.
    pub(crate) fn keep_samples(&mut self) {
        let done = (self.r.len() + 1).saturating_sub(self.c.len());
        self.r.drain(..done);
    }

    /// The symbols before the first, the newest last, as many as the DFE has taps.
    pub(crate) fn remember(&mut self, symbols: impl Iterator<Item = u8>) {
        let levels = self.slicer.levels;
        self.a.iter_mut().zip(symbols).for_each(|(a, s)| *a = levels[usize::from(s) & 3]);
    }

    /// Keeps what the DFE remembers after the first `count` symbols of a block.
    pub(crate) fn keep_history(&mut self, count: usize) {
        self.a.copy_within(count..count + self.d.len(), 0);
    }

    /// FFE taps from the first to the last.
    pub(crate) fn width(&self) -> usize {
        self.c.len()
    }

    /// Symbols from an instant's oldest sample to its own.
    pub(crate) fn behind(&self) -> usize {
        self.c.len() - 1 - self.pre
    }

    /// Slicer input, decision and error of symbol `k` of the block.
    pub(crate) fn symbol(&mut self, k: usize, known: Option<u8>) -> (f64, u8, f64) {
        let m = self.d.len();
        let mut z = 0.0;
        for &(first, end) in &self.groups {
            z += dot(&self.c[first..end], &self.r[k + first..k + end]);
        }
        z -= dot(&self.d, &self.a[k..k + m]);
        let s = self.slicer.slice(z);
        let a = self.slicer.levels[usize::from(known.unwrap_or(s)) & 3];
        self.a[k + m] = a;
        (z, s, z - a)
    }

    /// Whether every tap from the first to the last is there.
    pub(super) fn is_whole(&self) -> bool {
        self.groups == [(0, self.c.len())]
    }

    /// Equalizes and adapts a block of [`LmsUpdate::Lms`].
    pub(super) fn block(&mut self, level: Level, known: &[u8], count: usize) {
        let mut taps = LmsTaps { step: self.step, ffe: &mut self.c, dfe: &mut self.d };
        let (soft, decisions) = (&mut self.soft[..count], &mut self.decisions[..count]);
        simd::lms(level, &mut taps, &self.r, known, &mut self.a, soft, decisions);
    }

    /// The same for any update and any taps.
    pub(super) fn serial(&mut self, known: &[u8], count: usize) {
        for k in 0..count {
            let (z, s, e) = self.symbol(k, known.get(k).copied());
            (self.soft[k], self.decisions[k]) = (z, s);
            self.adapt(k, e);
        }
    }

    /// Slicer inputs of a block that is done.
    pub(super) fn soft(&self, count: usize) -> &[f64] {
        &self.soft[..count]
    }

    /// Decisions of a block that is done.
    pub(super) fn decisions(&self, count: usize) -> &[u8] {
        &self.decisions[..count]
    }

    /// Errors of `count` of its symbols.
    fn errors(&self, from: usize, count: usize) -> impl Iterator<Item = f64> {
        let levels = &self.a[self.d.len() + from..][..count];
        self.soft[from..][..count].iter().zip(levels).map(|(z, a)| z - a)
    }

    /// The first error beyond the limit, and its symbol.
    pub(super) fn first_beyond(&self, count: usize) -> Option<(usize, f64)> {
        // All are looked at before any is singled out: without a way out of the loop it becomes vector code.
        if self.errors(0, count).fold(true, |all, e| all & (e.abs() <= self.limit)) {
            return None;
        }
        // A NaN is beyond any limit.
        self.errors(0, count).enumerate().find(|(_, e)| e.is_nan() || e.abs() > self.limit)
    }

    /// Σ e² in four sums, so that the additions do not wait for one another.
    pub(super) fn error_energy(&self, from: usize, count: usize) -> f64 {
        let mut sums = [0.0; 4];
        for (i, e) in self.errors(from, count).enumerate() {
            sums[i % 4] += e * e;
        }
        (sums[0] + sums[2]) + (sums[1] + sums[3])
    }

    /// Freezes the taps.
    pub(crate) fn freeze(&mut self) {
        self.step = 0.0;
    }

    pub(crate) fn adapt(&mut self, k: usize, e: f64) {
        if self.step == 0.0 {
            return;
        }
        let (r, a) = (&self.r[k..k + self.c.len()], &self.a[k..k + self.d.len()]);
        match self.update {
            LmsUpdate::Lms => {
                let g = self.step * e;
                for &(first, end) in &self.groups {
                    self.c[first..end].iter_mut().zip(&r[first..end]).for_each(|(c, r)| *c -= g * r);
                }
                self.d.iter_mut().zip(a).for_each(|(d, a)| *d += g * a);
            }
            LmsUpdate::SignSign => {
                let g = self.step * sign(e);
                for &(first, end) in &self.groups {
                    self.c[first..end].iter_mut().zip(&r[first..end]).for_each(|(c, r)| *c -= g * sign(*r));
                }
                self.d.iter_mut().zip(a).for_each(|(d, a)| *d += g * sign(*a));
            }
            LmsUpdate::Block(symbols) => {
                let (c, d) = (&mut self.gradient.0, &mut self.gradient.1);
                for &(first, end) in &self.groups {
                    c[first..end].iter_mut().zip(&r[first..end]).for_each(|(c, r)| *c += e * r);
                }
                d.iter_mut().zip(a).for_each(|(d, a)| *d += e * a);
                self.summed += 1;
                if self.summed == symbols {
                    self.c.iter_mut().zip(c.iter()).for_each(|(c, g)| *c -= self.step * g);
                    self.d.iter_mut().zip(d.iter()).for_each(|(d, g)| *d += self.step * g);
                    c.fill(0.0);
                    d.fill(0.0);
                    self.summed = 0;
                }
            }
        }
        if let Some(limits) = &self.limits {
            // The main tap is the measure of the others; its own limit is infinite.
            let main = self.c[self.c.len() - 1 - self.pre].abs().max(f64::MIN_POSITIVE);
            self.c.iter_mut().zip(&limits.ffe).for_each(|(c, l)| *c = c.clamp(-l * main, l * main));
            self.d.iter_mut().for_each(|d| *d = d.clamp(limits.dfe.0, limits.dfe.1));
        }
    }

    /// FFE and DFE taps, in time order.
    pub(crate) fn taps(&self) -> (Vec<f64>, Vec<f64>) {
        (self.c.iter().rev().copied().collect(), self.d.iter().rev().copied().collect())
    }
}

/// −1, 0 or 1.
fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}
