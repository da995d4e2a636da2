//! Least-mean-squares adaptation of sixteen equalizers.

use super::Row;
use crate::simd::Level;
use fearless_simd::{dispatch, f32x16, prelude::*};

/// Taps of sixteen equalizers and how they move, in the order of what they multiply, oldest first.
#[derive(Debug)]
pub struct LmsRows<'a> {
    /// Step size.
    pub step: f32,
    /// How taps follow the error.
    pub update: LmsRowsUpdate<'a>,
    /// Runs of neighbouring FFE taps, as (first, end); the others are 0 and stay it.
    pub groups: &'a [(usize, usize)],
    /// FFE.
    pub ffe: &'a mut [Row],
    /// DFE.
    pub dfe: &'a mut [Row],
}

/// How taps follow the error.
#[derive(Debug)]
pub enum LmsRowsUpdate<'a> {
    /// By error times sample, every symbol.
    Plain,
    /// By the signs of both, every symbol; zero has no sign.
    SignSign,
    /// By the sum of error times sample, once a block.
    Block(&'a mut LmsRowsSums),
}

/// Sums of a block that is under way.
#[derive(Debug, Clone, PartialEq)]
pub struct LmsRowsSums {
    symbols: usize,
    summed: usize,
    ffe: Vec<Row>,
    dfe: Vec<Row>,
}

impl LmsRowsSums {
    /// Empty sums for blocks of so many symbols.
    pub fn new(symbols: usize, ffe_taps: usize, dfe_taps: usize) -> Self {
        Self { symbols, summed: 0, ffe: vec![Row::default(); ffe_taps], dfe: vec![Row::default(); dfe_taps] }
    }
}

/// Equalizes and adapts over `soft.len()` symbols.
///
/// | argument | rows | meaning |
/// |---|---|---|
/// | `samples` | symbols + FFE taps − 1 | window of symbol k is rows k … k + FFE taps − 1, oldest first |
/// | `training` | 0 … symbols | levels that are known; the slicer's from there on |
/// | `levels` | DFE taps + symbols | levels remembered, then those of the block |
/// | `soft` | symbols | slicer input |
/// | `energy`, `worst` | one | Σ e² is added, the largest \|e\| is kept |
///
/// # Panics
/// When the lengths do not fit together: a caller's bug.
#[allow(clippy::too_many_arguments)]
pub fn lms(
    level: Level,
    taps: &mut LmsRows<'_>,
    samples: &[Row],
    training: &[Row],
    levels: &mut [Row],
    soft: &mut [Row],
    energy: &mut Row,
    worst: &mut Row,
) {
    let (n, ffe, dfe) = (soft.len(), taps.ffe.len(), taps.dfe.len());
    assert!(
        samples.len() + 1 >= n + ffe && training.len() <= n && levels.len() == n + dfe,
        "rows of an equalizer must fit its symbols"
    );
    assert!(taps.groups.iter().all(|(first, end)| first < end && *end <= ffe), "groups lie within the FFE");
    if let LmsRowsUpdate::Block(sums) = &taps.update {
        assert!(sums.ffe.len() == ffe && sums.dfe.len() == dfe, "sums must fit the taps");
    }
    let plain = matches!(taps.update, LmsRowsUpdate::Plain) && taps.groups == [(0, ffe)];
    let sums = (energy, worst);
    // Usual lengths have an instance whose taps stay in registers, where these are wide: on AVX-512 up to 24. Elsewhere they
    // stay on the stack, which still spares the bounds of every tap.
    dispatch!(level.inner, simd => match (plain, ffe, dfe) {
        (true, 8, 1) => in_registers::<_, 8>(simd, taps, samples, training, levels, soft, sums),
        (true, 16, 1) => in_registers::<_, 16>(simd, taps, samples, training, levels, soft, sums),
        (true, 24, 1) => in_registers::<_, 24>(simd, taps, samples, training, levels, soft, sums),
        _ => body(simd, taps, samples, training, levels, soft, sums),
    });
}

/// The level nearest to z.
#[inline(always)]
fn nearest<S: Simd>(z: f32x16<S>) -> f32x16<S> {
    (z * 1.5 + 2.0).floor().max(0.0).min(3.0) * (2.0 / 3.0) - 1.0
}

/// Σ e² and the largest |e| of every stream.
struct Errors<S: Simd> {
    sum: f32x16<S>,
    largest: f32x16<S>,
}

impl<S: Simd> Errors<S> {
    #[inline(always)]
    fn of(simd: S, (energy, worst): (&Row, &Row)) -> Self {
        let load = |row: &Row| f32x16::from_slice(simd, &row.0);
        Self { sum: load(energy), largest: load(worst) }
    }

    /// Decides a symbol of the slicer input `z`, whose level may be known: its level, which is left with `z`, and its error.
    #[inline(always)]
    fn decide(
        &mut self,
        simd: S,
        z: f32x16<S>,
        known: Option<&Row>,
        (soft, level): (&mut Row, &mut Row),
    ) -> [f32x16<S>; 2] {
        let a = match known {
            Some(known) => f32x16::from_slice(simd, &known.0),
            None => nearest(z),
        };
        let e = z - a;
        z.store_slice(&mut soft.0);
        a.store_slice(&mut level.0);
        self.sum = e.mul_add(e, self.sum);
        self.largest = self.largest.max(e.abs());
        [a, e]
    }

    #[inline(always)]
    fn store(self, (energy, worst): (&mut Row, &mut Row)) {
        self.sum.store_slice(&mut energy.0);
        self.largest.store_slice(&mut worst.0);
    }
}

/// All `N` taps every symbol, and one of feedback.
#[inline(always)]
fn in_registers<S: Simd, const N: usize>(
    simd: S,
    taps: &mut LmsRows<'_>,
    samples: &[Row],
    training: &[Row],
    levels: &mut [Row],
    soft: &mut [Row],
    (energy, worst): (&mut Row, &mut Row),
) {
    let load = |row: &Row| f32x16::from_slice(simd, &row.0);
    let zero = f32x16::splat(simd, 0.0);
    let mut c: [f32x16<S>; N] = std::array::from_fn(|i| load(&taps.ffe[i]));
    let (mut d, mut before) = (load(&taps.dfe[0]), load(&levels[0]));
    let mut errors = Errors::of(simd, (energy, worst));
    let step = f32x16::splat(simd, taps.step);
    for (k, soft) in soft.iter_mut().enumerate() {
        let window = &samples[k..k + N];
        let mut parts = [(-d) * before, zero, zero, zero];
        for i in 0..N {
            parts[i % 4] = c[i].mul_add(load(&window[i]), parts[i % 4]);
        }
        let z = (parts[0] + parts[1]) + (parts[2] + parts[3]);
        let [a, e] = errors.decide(simd, z, training.get(k), (soft, &mut levels[k + 1]));
        let g = e * step;
        for i in 0..N {
            c[i] = load(&window[i]).mul_add(-g, c[i]);
        }
        d = g.mul_add(before, d);
        before = a;
    }
    c.iter().zip(taps.ffe.iter_mut()).for_each(|(c, row)| c.store_slice(&mut row.0));
    d.store_slice(&mut taps.dfe[0].0);
    errors.store((energy, worst));
}

#[inline(always)]
fn body<S: Simd>(
    simd: S,
    taps: &mut LmsRows<'_>,
    samples: &[Row],
    training: &[Row],
    levels: &mut [Row],
    soft: &mut [Row],
    (energy, worst): (&mut Row, &mut Row),
) {
    let LmsRows { step, update, groups, ffe, dfe } = taps;
    let step = *step;
    let (n, m) = (ffe.len(), dfe.len());
    let load = |row: &Row| f32x16::from_slice(simd, &row.0);
    let (zero, one) = (f32x16::splat(simd, 0.0), f32x16::splat(simd, 1.0));
    let sign = |x: f32x16<S>| x.simd_gt(zero).select(one, x.simd_lt(zero).select(-one, zero));
    let mut errors = Errors::of(simd, (energy, worst));
    for (k, soft) in soft.iter_mut().enumerate() {
        let window = &samples[k..k + n];
        let (past, next) = levels[k..].split_at_mut(m);
        let mut z = zero;
        for &(first, end) in groups.iter() {
            z += dot(simd, &ffe[first..end], &window[first..end]);
        }
        for (d, a) in dfe.iter().zip(past.iter()) {
            z -= load(d) * load(a);
        }
        let [_, e] = errors.decide(simd, z, training.get(k), (soft, &mut next[0]));
        match update {
            LmsRowsUpdate::Plain => {
                let g = e * step;
                for &(first, end) in groups.iter() {
                    add(simd, -g, &window[first..end], &mut ffe[first..end]);
                }
                add(simd, g, past, dfe);
            }
            LmsRowsUpdate::SignSign => {
                let g = sign(e) * step;
                for &(first, end) in groups.iter() {
                    for (c, r) in ffe[first..end].iter_mut().zip(&window[first..end]) {
                        sign(load(r)).mul_add(-g, load(c)).store_slice(&mut c.0);
                    }
                }
                for (d, a) in dfe.iter_mut().zip(past.iter()) {
                    sign(load(a)).mul_add(g, load(d)).store_slice(&mut d.0);
                }
            }
            LmsRowsUpdate::Block(sums) => {
                for &(first, end) in groups.iter() {
                    add(simd, e, &window[first..end], &mut sums.ffe[first..end]);
                }
                add(simd, e, past, &mut sums.dfe);
                sums.summed += 1;
                if sums.summed == sums.symbols {
                    let step = f32x16::splat(simd, step);
                    add(simd, -step, &sums.ffe, ffe);
                    add(simd, step, &sums.dfe, dfe);
                    sums.ffe.fill(Row::default());
                    sums.dfe.fill(Row::default());
                    sums.summed = 0;
                }
            }
        }
    }
    errors.store((energy, worst));
}

/// Σ c r in four sums, so that the additions do not wait for one another.
#[inline(always)]
fn dot<S: Simd>(simd: S, c: &[Row], r: &[Row]) -> f32x16<S> {
    let load = |row: &Row| f32x16::from_slice(simd, &row.0);
    let mut parts = [f32x16::splat(simd, 0.0); 4];
    let (mut c, mut r) = (c.chunks_exact(4), r.chunks_exact(4));
    for (c, r) in c.by_ref().zip(r.by_ref()) {
        for i in 0..4 {
            parts[i] = load(&c[i]).mul_add(load(&r[i]), parts[i]);
        }
    }
    for (i, (c, r)) in c.remainder().iter().zip(r.remainder()).enumerate() {
        parts[i] = load(c).mul_add(load(r), parts[i]);
    }
    (parts[0] + parts[1]) + (parts[2] + parts[3])
}

/// c += g x.
#[inline(always)]
fn add<S: Simd>(simd: S, g: f32x16<S>, x: &[Row], c: &mut [Row]) {
    for (c, x) in c.iter_mut().zip(x) {
        f32x16::from_slice(simd, &x.0).mul_add(g, f32x16::from_slice(simd, &c.0)).store_slice(&mut c.0);
    }
}
