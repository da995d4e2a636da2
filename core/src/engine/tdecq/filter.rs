//! The reference filter on a periodic waveform, by its spectrum: exact for a pattern that repeats, and sampled at any
//! phase.

use super::capture::Capture;
use super::transforms;
use crate::error::Result;
use crate::medium::optics::BesselThomson;
use crate::run::Run;
use num_complex::{Complex32, Complex64};
use rustfft::Fft;
use std::f64::consts::TAU;
use std::sync::Arc;

/// Fewest samples a symbol of the filtered waveform, between which the search for the phase steps.
const FEWEST_SAMPLES: usize = 16;
/// Spectral power beyond which bins no longer matter, over the signal's: -120 dB.
const NEGLIGIBLE: f64 = 1e-12;

/// The filtered waveform, (P - mean)/scale, and its spectrum.
pub(super) struct Filtered {
    /// One turn of whole periods.
    pub(super) samples: Vec<f32>,
    pub(super) samples_per_symbol: usize,
    pub(super) n_symbols: usize,
    /// Positive bins that matter, scaled so that their plain sum is the signal.
    spectrum: Vec<Complex32>,
    /// From the folded spectrum to one sample a symbol.
    to_column: Arc<dyn Fft<f32>>,
}

impl Filtered {
    /// Filters one turn of a capture; `bandwidth` is over the symbol rate, infinite for no filter.
    pub(super) fn new(capture: &Capture, bandwidth: f64, run: &Run) -> Result<Self> {
        let n = capture.samples.len();
        let forward = transforms::real_forward(n);
        let mut time = capture.samples.clone();
        let mut spectrum = forward.make_output_vec();
        // The lengths are those of the plan, the only thing that it can refuse.
        forward.process(&mut time, &mut spectrum).expect("buffers of the plan's length");
        run.check()?;
        let filter = BesselThomson::new(4, bandwidth);
        let per_bin = 1.0 / capture.n_symbols as f64;
        let scale = 1.0 / n as f64;
        for (k, bin) in spectrum.iter_mut().enumerate() {
            let h = filter.at(k as f64 * per_bin) * scale;
            *bin *= Complex32::new(h.re as f32, h.im as f32);
        }
        // Whole multiples keep the captured samples' own instants.
        let samples_per_symbol =
            capture.samples_per_symbol * FEWEST_SAMPLES.div_ceil(capture.samples_per_symbol);
        let length = capture.n_symbols * samples_per_symbol;
        let inverse = transforms::real_inverse(length);
        let mut padded = inverse.make_input_vec();
        padded[..spectrum.len()].copy_from_slice(&spectrum);
        if length > n && n.is_multiple_of(2) {
            // The bin at half the sampling rate stands for both signs; above it they are apart.
            padded[n / 2] *= 0.5;
        }
        for (edge, even) in [(0, true), (padded.len() - 1, length.is_multiple_of(2))] {
            if even {
                padded[edge].im = 0.0;
            }
        }
        let mut samples = inverse.make_output_vec();
        inverse.process(&mut padded, &mut samples).expect("buffers of the plan's length");
        run.check()?;
        let power: f64 = spectrum.iter().map(|s| f64::from(s.norm_sqr())).sum();
        let mut tail = 0.0;
        while let Some(last) = spectrum.last() {
            tail += f64::from(last.norm_sqr());
            if tail > NEGLIGIBLE * power || spectrum.len() <= 2 {
                break;
            }
            spectrum.pop();
        }
        let n_symbols = capture.n_symbols;
        let to_column = transforms::inverse(n_symbols);
        Ok(Self { samples, samples_per_symbol, n_symbols, spectrum, to_column })
    }

    /// The sample at any place, around the turn.
    pub(super) fn sample(&self, at: isize) -> f32 {
        self.samples[at.rem_euclid(self.samples.len() as isize) as usize]
    }

    /// One sample a symbol, `offset` samples of this waveform after each symbol's first.
    pub(super) fn column(&self, offset: isize) -> Vec<f32> {
        self.part(offset, self.n_symbols)
    }

    /// The same of the first `count` symbols only.
    pub(super) fn part(&self, offset: isize, count: usize) -> Vec<f32> {
        let (n, m) = (self.samples.len(), self.samples_per_symbol);
        let first = offset.rem_euclid(n as isize) as usize;
        let before_end = (n - first).div_ceil(m).min(count);
        let wrapped = (first + before_end * m) % n;
        let mut column = Vec::with_capacity(count);
        column.extend(self.samples[first..].iter().step_by(m).take(before_end));
        column.extend(self.samples[wrapped..].iter().step_by(m).take(count - before_end));
        column
    }

    /// One sample a symbol at each of two times, UI after each symbol's first sample.
    ///
    /// ```text
    /// y(i + t) = Σ_k X_k e^(2πj k (i + t)/N): bins N apart fall together
    /// ```
    pub(super) fn at(&self, times_ui: [f64; 2]) -> [Vec<f32>; 2] {
        let n = self.n_symbols;
        let turns = times_ui.map(|t| TAU * t / n as f64);
        // The phasor of a bin is that of its stretch's first, times one that all stretches share.
        let within = turns.map(|w| Phasors::new((0..STRETCH).map(|k| w * k as f64)));
        // What falls on a bin, and on the mirror of one: n − i for what is kept at i.
        let mut direct = vec![Complex32::default(); n];
        let mut mirrored = vec![Complex32::default(); n];
        for (zone, bins) in self.spectrum.chunks(n).enumerate() {
            let stretches = direct.chunks_mut(STRETCH).zip(mirrored.chunks_mut(STRETCH));
            for ((stretch, bins), (direct, mirrored)) in bins.chunks(STRETCH).enumerate().zip(stretches) {
                let first = zone * n + stretch * STRETCH;
                let begin = turns.map(|w| Complex64::from_polar(1.0, w * first as f64));
                turn(
                    bins,
                    begin.map(|p| Complex32::new(p.re as f32, p.im as f32)),
                    &within,
                    direct,
                    mirrored,
                );
            }
        }
        for lone in [0, self.samples.len() / 2] {
            // Neither 0 nor the bin at half the sampling rate has a mirror of its own.
            if (lone == 0 || self.samples.len().is_multiple_of(2)) && lone < self.spectrum.len() {
                let p = turns.map(|w| Complex64::from_polar(1.0, w * lone as f64));
                let [a, b] = p.map(|p| self.spectrum[lone] * Complex32::new(p.re as f32, p.im as f32));
                mirrored[lone % n] -= a.conj() + Complex32::new(b.im, b.re);
            }
        }
        let mut folded = direct;
        folded[0] += mirrored[0];
        folded[1..].iter_mut().zip(mirrored[1..].iter().rev()).for_each(|(f, m)| *f += m);
        self.to_column.process(&mut folded);
        [folded.iter().map(|z| z.re).collect(), folded.iter().map(|z| z.im).collect()]
    }
}

/// Bins whose phasors share their beginning.
const STRETCH: usize = 256;

/// e^(jφ) of many φ, parts apart.
struct Phasors {
    re: [f32; STRETCH],
    im: [f32; STRETCH],
}

impl Phasors {
    fn new(angles: impl Iterator<Item = f64>) -> Self {
        let mut phasors = Self { re: [0.0; STRETCH], im: [0.0; STRETCH] };
        for (i, angle) in angles.enumerate() {
            let (sin, cos) = angle.sin_cos();
            (phasors.re[i], phasors.im[i]) = (cos as f32, sin as f32);
        }
        phasors
    }
}

/// Adds a stretch of bins turned by two phasors each; the second signal rides on the imaginary part: both are real.
fn turn(
    bins: &[Complex32],
    begin: [Complex32; 2],
    within: &[Phasors; 2],
    direct: &mut [Complex32],
    mirrored: &mut [Complex32],
) {
    for (i, ((bin, d), m)) in bins.iter().zip(direct).zip(mirrored).enumerate() {
        let [a, b] = [0, 1].map(|s| begin[s] * Complex32::new(within[s].re[i], within[s].im[i]) * bin);
        *d += Complex32::new(a.re - b.im, a.im + b.re);
        *m += Complex32::new(a.re + b.im, b.re - a.im);
    }
}
