//! Inverse Fourier transforms of many spectra side by side.
//!
//! ```text
//! row_p[n] = Σ_k X[k] H_p[k] e^(2πi kn/N)      p a phase, X the spectrum of a stretch of events
//! ```
//!
//! Rows are real, so that a complex transform carries those of two stretches: X is the spectrum of one plus i times the
//! other. A lane of the vectors has one phase; where a symbol has fewer phases than there are lanes, the others take
//! copies of the phases with further pairs of stretches. A butterfly of whole vectors needs no shuffle, and each time has
//! its rows side by side: they are the phases of a symbol as a waveform wants them.
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
    /// Pairs of stretches side by side.
    copies: usize,
    /// By place, the bin that is there.
    order: Vec<usize>,
    /// Passes after the first: how many bins of each part they join, and w^j, w^2j, w^3j of bin j, cosine then sine.
    passes: Vec<(usize, Vec<f32>)>,
}

/// Where rows go in a waveform.
#[derive(Debug)]
pub(super) struct Place<'a> {
    /// From the first symbol of the first stretch on.
    pub(super) waveform: &'a mut [f32],
    pub(super) samples_per_symbol: usize,
    /// Phase of the first row.
    pub(super) phase: usize,
    /// Times before the first symbol.
    pub(super) skip: usize,
    /// Symbols from one stretch to the next.
    pub(super) hop: usize,
}

impl LaneTransform {
    /// Transforms of `length`, a power of two from 16, for waveforms of so many samples a symbol.
    pub(super) fn new(level: Level, length: usize, samples_per_symbol: usize) -> Self {
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
        let lanes = dispatch!(level.inner, simd => lanes(simd));
        let copies = [4, 2].into_iter().find(|c| samples_per_symbol * c <= lanes).unwrap_or(1);
        Self { level, length, lanes, copies, order, passes }
    }

    /// Phases of a transform.
    pub(super) fn rows(&self) -> usize {
        self.lanes / self.copies
    }

    /// Pairs of stretches of a transform.
    pub(super) fn pairs(&self) -> usize {
        self.copies
    }

    /// Length of the spectra of a group of rows, and of the work of a transform.
    pub(super) fn spectra_len(&self) -> usize {
        2 * self.length * self.lanes
    }

    /// Spectra of at most [`LaneTransform::rows`] responses over the length, by bin in the order of the passes: real parts
    /// of all lanes, then imaginary parts.
    pub(super) fn spectra<'a>(&self, responses: impl Iterator<Item = &'a [f32]>) -> Vec<f32> {
        let (fft, lanes) = (FftPlanner::new().plan_fft_forward(self.length), self.lanes);
        let mut spectra = vec![0.0; self.spectra_len()];
        let scale = 1.0 / self.length as f32;
        for (row, response) in responses.enumerate() {
            let mut spectrum = vec![Complex32::ZERO; self.length];
            spectrum.iter_mut().zip(response).for_each(|(x, tap)| x.re = tap * scale);
            fft.process(&mut spectrum);
            for (bin, parts) in self.order.iter().zip(spectra.chunks_exact_mut(2 * lanes)) {
                for lane in (row..lanes).step_by(self.rows()) {
                    (parts[lane], parts[lane + lanes]) = (spectrum[*bin].re, spectrum[*bin].im);
                }
            }
        }
        spectra
    }

    /// Length of the arranged spectra of the events.
    pub(super) fn events_len(&self) -> usize {
        2 * self.length * self.copies
    }

    /// Brings the spectrum of a pair of stretches, the second times i, to its place in the order of the passes.
    pub(super) fn arrange(&self, pair: usize, spectrum: &[Complex32], arranged: &mut [f32]) {
        for (bin, parts) in self.order.iter().zip(arranged.chunks_exact_mut(2 * self.copies)) {
            (parts[pair], parts[pair + self.copies]) = (spectrum[*bin].re, spectrum[*bin].im);
        }
    }

    /// Writes the rows of Σ events · spectra that the waveform has room for; `streams` are the arranged spectra of events
    /// and those of their responses.
    #[inline]
    pub(super) fn inverse<'a, I>(&self, streams: I, work: &mut [f32], place: &mut Place<'_>)
    where
        I: Iterator<Item = (&'a [f32], &'a [f32])> + Clone,
    {
        dispatch!(self.level.inner, simd => match self.copies {
            4 => self.body::<_, _, 4>(simd, streams, work, place),
            2 => self.body::<_, _, 2>(simd, streams, work, place),
            _ => self.body::<_, _, 1>(simd, streams, work, place),
        });
    }

    #[inline(always)]
    fn body<'a, S: Simd, I, const C: usize>(
        &self,
        simd: S,
        streams: I,
        work: &mut [f32],
        place: &mut Place<'_>,
    ) where
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
        let from: [S::mask32s; C] = copies_from(simd);
        for (i, work) in work.chunks_exact_mut(near * width).enumerate() {
            let streams = streams.clone().map(|(x, h)| {
                (&x[2 * C * i * near..2 * C * (i + 1) * near], &h[i * near * width..(i + 1) * near * width])
            });
            if first_radix(self.length) == 4 {
                first_of_four(simd, streams, work, &from);
            } else {
                first_of_two(simd, streams, work, &from);
            }
            for (part, turns) in passes.iter().filter(|(part, _)| joins(*part)) {
                join(simd, work, *part, turns);
            }
        }
        for (part, turns) in passes.iter().filter(|(part, _)| !joins(*part)) {
            join(simd, work, *part, turns);
        }
        join_into::<_, C>(simd, work, *last, turns, place);
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

/// The lanes from each copy's first on.
#[inline(always)]
fn copies_from<S: Simd, const C: usize>(simd: S) -> [S::mask32s; C] {
    let n = S::f32s::LEN;
    // No processor has more lanes.
    let mut copy = [0.0; 16];
    (0..n).for_each(|lane| copy[lane] = (lane / (n / C)) as f32);
    let copy = S::f32s::from_slice(simd, &copy[..n]);
    std::array::from_fn(|c| copy.simd_ge(c as f32))
}

/// Each of `C` numbers in its copy's lanes.
#[inline(always)]
fn spread<S: Simd, const C: usize>(simd: S, x: &[f32], from: &[S::mask32s; C]) -> S::f32s {
    let mut all = S::f32s::splat(simd, x[0]);
    for c in 1..C {
        all = from[c].select(S::f32s::splat(simd, x[c]), all);
    }
    all
}

/// Σ over the streams of bins `at` … of a pass, `N` of them. No closure: one is compiled for the baseline.
#[inline(always)]
fn products<'a, S: Simd, I, const C: usize, const N: usize>(
    simd: S,
    streams: I,
    at: usize,
    from: &[S::mask32s; C],
) -> [Pair<S>; N]
where
    I: Iterator<Item = (&'a [f32], &'a [f32])>,
{
    let (zero, width) = (S::f32s::splat(simd, 0.0), 2 * S::f32s::LEN);
    let mut sums = [(zero, zero); N];
    for (x, h) in streams {
        let (x, h) = (&x[2 * C * at..2 * C * (at + N)], &h[at * width..(at + N) * width]);
        for q in 0..N {
            let h: Pair<S> = load(simd, &h[q * width..(q + 1) * width]);
            let x = &x[2 * C * q..2 * C * (q + 1)];
            let (re, im) = (spread(simd, &x[..C], from), spread(simd, &x[C..], from));
            sums[q].0 = h.1.mul_add(-im, h.0.mul_add(re, sums[q].0));
            sums[q].1 = h.1.mul_add(re, h.0.mul_add(im, sums[q].1));
        }
    }
    sums
}

#[inline(always)]
fn first_of_four<'a, S: Simd, I, const C: usize>(
    simd: S,
    streams: I,
    work: &mut [f32],
    from: &[S::mask32s; C],
) where
    I: Iterator<Item = (&'a [f32], &'a [f32])> + Clone,
{
    let width = 2 * S::f32s::LEN;
    for (i, y) in work.chunks_exact_mut(4 * width).enumerate() {
        let sums: [Pair<S>; 4] = products(simd, streams.clone(), 4 * i, from);
        let joined = butterfly::<S>(sums);
        for q in 0..4 {
            store::<S>(joined[q], &mut y[q * width..(q + 1) * width]);
        }
    }
}

#[inline(always)]
fn first_of_two<'a, S: Simd, I, const C: usize>(simd: S, streams: I, work: &mut [f32], from: &[S::mask32s; C])
where
    I: Iterator<Item = (&'a [f32], &'a [f32])> + Clone,
{
    let width = 2 * S::f32s::LEN;
    for (i, y) in work.chunks_exact_mut(2 * width).enumerate() {
        let [a, b]: [Pair<S>; 2] = products(simd, streams.clone(), 2 * i, from);
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
fn join_into<S: Simd, const C: usize>(
    simd: S,
    work: &[f32],
    part: usize,
    turns: &[f32],
    place: &mut Place<'_>,
) {
    let width = 2 * S::f32s::LEN;
    let (low, high) = work.split_at(2 * part * width);
    let ((a, b), (c, d)) = (low.split_at(part * width), high.split_at(part * width));
    let parts = a.chunks_exact(width).zip(b.chunks_exact(width));
    let parts = parts.zip(c.chunks_exact(width)).zip(d.chunks_exact(width));
    for (j, ((((a, b), c), d), by)) in parts.zip(turns.chunks_exact(6)).enumerate() {
        let joined = join_one::<S>(simd, [a, b, c, d], by);
        for q in 0..4 {
            put::<S, C>(joined[q], q * part + j, place);
        }
    }
}

/// Writes the rows of one time: by pairs of stretches, the first of each in the real part.
#[inline(always)]
fn put<S: Simd, const C: usize>(x: Pair<S>, time: usize, place: &mut Place<'_>) {
    let Some(symbol) = time.checked_sub(place.skip) else { return };
    let rows = S::f32s::LEN / C;
    for pair in 0..C {
        let lanes = pair * rows..(pair + 1) * rows;
        put_rows(&x.0.as_slice()[lanes.clone()], 2 * pair * place.hop + symbol, place);
        put_rows(&x.1.as_slice()[lanes], (2 * pair + 1) * place.hop + symbol, place);
    }
}

/// Writes the rows of one symbol, as many as it has phases left, if the waveform has it.
#[inline(always)]
fn put_rows(rows: &[f32], symbol: usize, place: &mut Place<'_>) {
    let sps = place.samples_per_symbol;
    let Some(samples) = place.waveform.get_mut(symbol * sps + place.phase..(symbol + 1) * sps) else {
        return;
    };
    match samples.get_mut(..rows.len()) {
        Some(whole) => whole.copy_from_slice(rows),
        None => samples.iter_mut().zip(rows).for_each(|(y, x)| *y = *x),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_circular_convolutions() {
        for level in Level::available() {
            for (length, phases) in
                [(16, 1), (32, 2), (64, 3), (128, 4), (256, 8), (512, 16), (1024, 7), (2048, 15), (8192, 4)]
            {
                let transform = LaneTransform::new(level, length, phases);
                let value = |n: usize, seed: usize| ((n * n * 7 + n * seed + seed) % 23) as f32 / 11.0 - 1.0;
                let signal =
                    |seed: usize, count: usize| (0..count).map(|n| value(n, seed)).collect::<Vec<_>>();
                let (rows, taps, stretches) = (phases.min(transform.rows()), 5, 2 * transform.pairs());
                let responses: Vec<_> = (0..rows).map(|r| signal(r + 2, taps)).collect();
                let events: Vec<_> = (0..stretches).map(|i| signal(i + 1, length)).collect();
                let spectra = transform.spectra(responses.iter().map(Vec::as_slice));
                let fft = FftPlanner::new().plan_fft_forward(length);
                let mut arranged = vec![0.0; transform.events_len()];
                for (pair, events) in events.chunks_exact(2).enumerate() {
                    let both = events[0].iter().zip(&events[1]);
                    let mut spectrum: Vec<_> = both.map(|(a, b)| Complex32::new(*a, *b)).collect();
                    fft.process(&mut spectrum);
                    transform.arrange(pair, &spectrum, &mut arranged);
                }
                // The last stretch is cut short.
                let mut waveform = vec![9.0; (stretches * (length - 3) - 2) * rows];
                let mut place = Place {
                    waveform: &mut waveform,
                    samples_per_symbol: rows,
                    phase: 0,
                    skip: 3,
                    hop: length - 3,
                };
                let streams = std::iter::once((&arranged[..], &spectra[..]));
                transform.inverse(streams, &mut vec![0.0; transform.spectra_len()], &mut place);
                for (k, symbol) in waveform.chunks(rows).enumerate() {
                    let (events, k) = (&events[k / (length - 3)], k % (length - 3));
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
