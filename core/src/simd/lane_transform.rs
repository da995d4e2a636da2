//! Inverse Fourier transforms of many spectra side by side, each lane of the vectors with two of its own.
//!
//! ```text
//! row_p[n] + i row_(p+L)[n] = Σ_k X[k] (H_p[k] + i H_(p+L)[k]) e^(2πi kn/N)      p = 0 … L − 1, L lanes
//! ```
//!
//! Rows are real, so that a complex transform carries two of them, and a butterfly of whole vectors needs no shuffle.
//! Each time has its rows side by side: they are the phases of a symbol as a waveform wants them.
//!
//! Decimation in time by four, by two in the first pass of a length that is no power of four. Its order of bins costs
//! nothing, since the fixed spectra are kept in it. The last pass writes the waveform.

use super::Level;
use fearless_simd::{dispatch, prelude::*};
use rustfft::{FftPlanner, num_complex::Complex32};

/// Bins whose passes are made while they are in the nearest cache.
const NEAR: usize = 256;

/// Transforms of one length.
#[derive(Debug, Clone)]
pub(super) struct LaneTransform {
    level: Level,
    length: usize,
    lanes: usize,
    /// By place, the bin that is there.
    order: Vec<usize>,
    /// Passes after the first: how many bins of each part they join, and w^j, w^2j, w^3j of bin j, cosine then sine.
    passes: Vec<(usize, Vec<f32>)>,
}

/// Where rows go in a waveform.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub(super) waveform: &'a mut [f32],
    pub(super) samples_per_symbol: usize,
    /// Phase of the first row.
    pub(super) phase: usize,
    /// Times before the first symbol.
    pub(super) skip: usize,
}

impl LaneTransform {
    /// Transforms of `length`, a power of two from 16.
    pub(super) fn new(level: Level, length: usize) -> Self {
        let first = first_radix(length);
        let mut passes = Vec::new();
        let mut part = first;
        while part < length {
            let turns = (0..part).flat_map(|j| (1..4).map(move |q| (j * q) as f64 / (4 * part) as f64));
            passes.push((
                part,
                turns
                    .flat_map(|t| [(std::f64::consts::TAU * t).cos(), (std::f64::consts::TAU * t).sin()])
                    .map(|v| v as f32)
                    .collect(),
            ));
            part *= 4;
        }
        let mut order = Vec::with_capacity(length);
        decimate(&mut order, (0, 1), length, first);
        Self { level, length, lanes: dispatch!(level.inner, simd => lanes(simd)), order, passes }
    }

    /// Rows of a transform.
    pub(super) fn rows(&self) -> usize {
        2 * self.lanes
    }

    /// Length of the spectra of a group of rows, and of the work of a transform.
    pub(super) fn spectra_len(&self) -> usize {
        self.length * self.rows()
    }

    /// Spectra of at most [`LaneTransform::rows`] responses over the length, by bin in the order of the passes: real parts
    /// of all lanes, then imaginary parts.
    pub(super) fn spectra<'a>(&self, responses: impl Iterator<Item = &'a [f32]>) -> Vec<f32> {
        let responses: Vec<_> = responses.collect();
        let (fft, lanes) = (FftPlanner::new().plan_fft_forward(self.length), self.lanes);
        let mut spectra = vec![0.0; self.spectra_len()];
        let scale = 1.0 / self.length as f32;
        for lane in 0..lanes.min(responses.len()) {
            let tap =
                |row: usize, n: usize| responses.get(row).and_then(|r| r.get(n)).map_or(0.0, |t| t * scale);
            let mut pair: Vec<_> =
                (0..self.length).map(|n| Complex32::new(tap(lane, n), tap(lane + lanes, n))).collect();
            fft.process(&mut pair);
            for (bin, parts) in self.order.iter().zip(spectra.chunks_exact_mut(2 * lanes)) {
                (parts[lane], parts[lane + lanes]) = (pair[*bin].re, pair[*bin].im);
            }
        }
        spectra
    }

    /// Brings the lower half of a real signal's spectrum into the order of the passes: real part, imaginary part.
    pub(super) fn arrange(&self, half: &[Complex32], arranged: &mut [f32]) {
        for (bin, parts) in self.order.iter().zip(arranged.chunks_exact_mut(2)) {
            let x = if *bin < half.len() { half[*bin] } else { half[self.length - bin].conj() };
            (parts[0], parts[1]) = (x.re, x.im);
        }
    }

    /// Writes the rows of Σ events · spectra that the waveform has room for; `streams` are the arranged spectra of events
    /// and those of their responses.
    #[inline]
    pub(super) fn inverse<'a, I>(&self, streams: I, work: &mut [f32], place: &mut Place<'_>)
    where
        I: Iterator<Item = (&'a [f32], &'a [f32])> + Clone,
    {
        dispatch!(self.level.inner, simd => self.body(simd, streams, work, place));
    }

    #[inline(always)]
    fn body<'a, S: Simd, I>(&self, simd: S, streams: I, work: &mut [f32], place: &mut Place<'_>)
    where
        I: Iterator<Item = (&'a [f32], &'a [f32])> + Clone,
    {
        let Some(((last, turns), passes)) = self.passes.split_last() else { return };
        let width = 2 * S::f32s::LEN;
        // The largest part that the passes before the last leave whole.
        let mut near = *last;
        while near > NEAR {
            near /= 4;
        }
        let joins = |part: usize| 4 * part <= near;
        for (i, work) in work.chunks_exact_mut(near * width).enumerate() {
            let streams = streams.clone().map(|(x, h)| {
                (&x[2 * i * near..2 * (i + 1) * near], &h[i * near * width..(i + 1) * near * width])
            });
            if first_radix(self.length) == 4 {
                first_of_four(simd, streams, work);
            } else {
                first_of_two(simd, streams, work);
            }
            for (part, turns) in passes.iter().filter(|(part, _)| joins(*part)) {
                join(simd, work, *part, turns);
            }
        }
        for (part, turns) in passes.iter().filter(|(part, _)| !joins(*part)) {
            join(simd, work, *part, turns);
        }
        join_into(simd, work, *last, turns, place);
    }
}

/// 4, or 2 for a length that is no power of 4.
fn first_radix(length: usize) -> usize {
    if length.trailing_zeros().is_multiple_of(2) { 4 } else { 2 }
}

fn lanes<S: Simd>(_simd: S) -> usize {
    S::f32s::LEN
}

/// Bins start, start + step, …, so many of them, in the order of decimation by four down to parts of `whole`.
fn decimate(order: &mut Vec<usize>, (start, step): (usize, usize), count: usize, whole: usize) {
    if count == whole {
        order.extend((0..count).map(|i| start + i * step));
    } else {
        (0..4).for_each(|q| decimate(order, (start + q * step, 4 * step), count / 4, whole));
    }
}

/// Real and imaginary part of one bin in every lane.
type Pair<S> = (<S as Simd>::f32s, <S as Simd>::f32s);

#[inline(always)]
fn load<S: Simd>(simd: S, x: &[f32]) -> Pair<S> {
    let n = S::f32s::LEN;
    (S::f32s::from_slice(simd, &x[..n]), S::f32s::from_slice(simd, &x[n..2 * n]))
}

#[inline(always)]
fn store<S: Simd>(x: Pair<S>, y: &mut [f32]) {
    let n = S::f32s::LEN;
    x.0.store_slice(&mut y[..n]);
    x.1.store_slice(&mut y[n..2 * n]);
}

/// x times the complex number of which `by` has the real and the imaginary part.
#[inline(always)]
fn turn<S: Simd>(simd: S, x: Pair<S>, by: &[f32]) -> Pair<S> {
    let (c, s) = (S::f32s::splat(simd, by[0]), S::f32s::splat(simd, by[1]));
    (x.0 * c - x.1 * s, x.1.mul_add(c, x.0 * s))
}

/// Σ over the streams of bins `at` … of a pass, `N` of them. No closure: one is compiled for the baseline.
#[inline(always)]
fn products<'a, S: Simd, I, const N: usize>(simd: S, streams: I, at: usize) -> [Pair<S>; N]
where
    I: Iterator<Item = (&'a [f32], &'a [f32])>,
{
    let (zero, width) = (S::f32s::splat(simd, 0.0), 2 * S::f32s::LEN);
    let mut sums = [(zero, zero); N];
    for (x, h) in streams {
        let (x, h) = (&x[2 * at..2 * (at + N)], &h[at * width..(at + N) * width]);
        for q in 0..N {
            let h: Pair<S> = load(simd, &h[q * width..(q + 1) * width]);
            let (re, im) = (S::f32s::splat(simd, x[2 * q]), S::f32s::splat(simd, x[2 * q + 1]));
            sums[q].0 = h.1.mul_add(-im, h.0.mul_add(re, sums[q].0));
            sums[q].1 = h.1.mul_add(re, h.0.mul_add(im, sums[q].1));
        }
    }
    sums
}

#[inline(always)]
fn first_of_four<'a, S: Simd, I>(simd: S, streams: I, work: &mut [f32])
where
    I: Iterator<Item = (&'a [f32], &'a [f32])> + Clone,
{
    let width = 2 * S::f32s::LEN;
    for (i, y) in work.chunks_exact_mut(4 * width).enumerate() {
        let sums: [Pair<S>; 4] = products(simd, streams.clone(), 4 * i);
        let joined = butterfly::<S>(sums);
        for q in 0..4 {
            store::<S>(joined[q], &mut y[q * width..(q + 1) * width]);
        }
    }
}

#[inline(always)]
fn first_of_two<'a, S: Simd, I>(simd: S, streams: I, work: &mut [f32])
where
    I: Iterator<Item = (&'a [f32], &'a [f32])> + Clone,
{
    let width = 2 * S::f32s::LEN;
    for (i, y) in work.chunks_exact_mut(2 * width).enumerate() {
        let [a, b]: [Pair<S>; 2] = products(simd, streams.clone(), 2 * i);
        store::<S>((a.0 + b.0, a.1 + b.1), &mut y[..width]);
        store::<S>((a.0 - b.0, a.1 - b.1), &mut y[width..]);
    }
}

/// Σ_k x_k i^(kq), q = 0 … 3.
#[inline(always)]
fn butterfly<S: Simd>([a, b, c, d]: [Pair<S>; 4]) -> [Pair<S>; 4] {
    let (sum, rest) = ((a.0 + c.0, a.1 + c.1), (a.0 - c.0, a.1 - c.1));
    let (other, turned) = ((b.0 + d.0, b.1 + d.1), (b.0 - d.0, b.1 - d.1));
    [
        (sum.0 + other.0, sum.1 + other.1),
        (rest.0 - turned.1, rest.1 + turned.0),
        (sum.0 - other.0, sum.1 - other.1),
        (rest.0 + turned.1, rest.1 - turned.0),
    ]
}

/// One bin of four transforms joined to four of one.
#[inline(always)]
fn join_one<S: Simd>(simd: S, [a, b, c, d]: [&[f32]; 4], by: &[f32]) -> [Pair<S>; 4] {
    butterfly::<S>([
        load(simd, a),
        turn(simd, load(simd, b), &by[..2]),
        turn(simd, load(simd, c), &by[2..4]),
        turn(simd, load(simd, d), &by[4..]),
    ])
}

/// Joins four transforms of `part` bins to one of 4 `part`, in place, throughout `work`.
#[inline(always)]
fn join<S: Simd>(simd: S, work: &mut [f32], part: usize, turns: &[f32]) {
    let width = 2 * S::f32s::LEN;
    for block in work.chunks_exact_mut(4 * part * width) {
        let (low, high) = block.split_at_mut(2 * part * width);
        let ((a, b), (c, d)) = (low.split_at_mut(part * width), high.split_at_mut(part * width));
        let parts = a.chunks_exact_mut(width).zip(b.chunks_exact_mut(width));
        let parts = parts.zip(c.chunks_exact_mut(width)).zip(d.chunks_exact_mut(width));
        for ((((a, b), c), d), by) in parts.zip(turns.chunks_exact(6)) {
            let joined = join_one::<S>(simd, [a, b, c, d], by);
            store::<S>(joined[0], a);
            store::<S>(joined[1], b);
            store::<S>(joined[2], c);
            store::<S>(joined[3], d);
        }
    }
}

/// The last of the passes, whose results go to their place.
#[inline(always)]
fn join_into<S: Simd>(simd: S, work: &[f32], part: usize, turns: &[f32], place: &mut Place<'_>) {
    let width = 2 * S::f32s::LEN;
    let (low, high) = work.split_at(2 * part * width);
    let ((a, b), (c, d)) = (low.split_at(part * width), high.split_at(part * width));
    let parts = a.chunks_exact(width).zip(b.chunks_exact(width));
    let parts = parts.zip(c.chunks_exact(width)).zip(d.chunks_exact(width));
    for (j, ((((a, b), c), d), by)) in parts.zip(turns.chunks_exact(6)).enumerate() {
        let joined = join_one::<S>(simd, [a, b, c, d], by);
        for q in 0..4 {
            put::<S>(joined[q], q * part + j, place);
        }
    }
}

/// Writes the rows of one time, as many as the symbol has phases left.
#[inline(always)]
fn put<S: Simd>(x: Pair<S>, time: usize, place: &mut Place<'_>) {
    let (width, sps, phase) = (2 * S::f32s::LEN, place.samples_per_symbol, place.phase);
    let Some(symbol) = time.checked_sub(place.skip) else { return };
    let Some(samples) = place.waveform.get_mut(symbol * sps..(symbol + 1) * sps) else { return };
    if phase + width <= sps {
        store::<S>(x, &mut samples[phase..phase + width]);
    } else {
        let rows = x.0.as_slice().iter().chain(x.1.as_slice());
        samples[phase..].iter_mut().zip(rows).for_each(|(y, x)| *y = *x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use realfft::RealFftPlanner;

    #[test]
    fn rows_are_circular_convolutions() {
        for level in Level::available() {
            for length in [16, 32, 64, 128, 256, 512, 1024, 2048, 8192] {
                let transform = LaneTransform::new(level, length);
                let value = |n: usize, seed: usize| ((n * n * 7 + n * seed + seed) % 23) as f32 / 11.0 - 1.0;
                let signal =
                    |seed: usize, count: usize| (0..count).map(|n| value(n, seed)).collect::<Vec<_>>();
                // One row fewer than there are, so that the last symbol's phases end within a vector.
                let (rows, taps) = (transform.rows() - 1, 5);
                let responses: Vec<_> = (0..rows).map(|r| signal(r + 2, taps)).collect();
                let events = signal(1, length);
                let spectra = transform.spectra(responses.iter().map(Vec::as_slice));
                let (fft, mut arranged) =
                    (RealFftPlanner::new().plan_fft_forward(length), vec![0.0; 2 * length]);
                let mut half = fft.make_output_vec();
                fft.process(&mut events.clone(), &mut half).unwrap();
                transform.arrange(&half, &mut arranged);
                let mut waveform = vec![9.0; (length - 3) * rows];
                let mut place =
                    Place { waveform: &mut waveform, samples_per_symbol: rows, phase: 0, skip: 3 };
                let streams = std::iter::once((&arranged[..], &spectra[..]));
                transform.inverse(streams, &mut vec![0.0; transform.spectra_len()], &mut place);
                for (k, symbol) in waveform.chunks(rows).enumerate() {
                    for (response, y) in responses.iter().zip(symbol) {
                        let at = |j: usize| f64::from(events[(k + 3 + length - j) % length]);
                        let wanted: f64 =
                            response.iter().enumerate().map(|(j, h)| f64::from(*h) * at(j)).sum();
                        // A few units in the last place of the rms, about 1, a pass.
                        assert!(
                            (wanted - f64::from(*y)).abs() < 3e-6,
                            "{} {length} {wanted} {y}",
                            level.name()
                        );
                    }
                }
            }
        }
    }
}
