//! Search of the CTLE's gains on a reduced copy of the input.
//!
//! The pulses are cut to a window of a few hundred symbols at about 8 samples a symbol (what lies outside is folded
//! into it, so that no energy is lost), the noise to the energies of the same frequencies, so that one setting costs a
//! few transforms of some thousand points and one small solve a phase. The gains found are then applied to the link at
//! full resolution. Floating taps are placed afterwards.

use crate::Run;
use crate::error::{Error, Result};
use crate::receiver::ctle::CtleStage;
use crate::receiver::input::{Input, column};
use crate::receiver::limits::{Plan, adapt};
use crate::receiver::moments::{Moments, autocorrelation};
use crate::receiver::sampling::{Instant, Sampling, peak_position};
use crate::response::{JitterModel, PulseResponse};
use num_complex::Complex64;
use rayon::prelude::*;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

const MIN_SYMBOLS: usize = 64;
const MAX_SYMBOLS: usize = 512;
const MAX_SAMPLES_PER_SYMBOL: usize = 8;

/// The reduced input.
struct Reduced<'a> {
    template: &'a PulseResponse,
    samples_per_symbol: usize,
    symbols: usize,
    /// Position of sample 0, in samples of this copy.
    first: isize,
    /// Wanted pulse, without CTLE.
    wanted: Vec<Complex64>,
    /// (power, pulse) of what is tied to the symbols' clock: transmitter noise, edge jitter.
    tied: Vec<(f64, Vec<Complex64>)>,
    /// Power per squared V/UI of jitter that moves whole symbols.
    whole_symbol_jitter: f64,
    /// Energy of everything stationary at each frequency, V².
    energy: Vec<f64>,
    /// The CTLE's poles.
    denominator: Vec<Complex64>,
    inverse: Arc<dyn ComplexToReal<f64>>,
    fold: Arc<dyn Fft<f64>>,
    power: f64,
}

/// Gains (g_DC, g_DC2) of least error, dB.
pub(crate) fn best_gains(
    input: &Input<'_>,
    stage: impl Fn(f64, f64) -> CtleStage + Sync,
    gains: &[(f64, f64)],
    plan: &Plan,
    sampling: Sampling,
    run: &Run,
) -> Result<(f64, f64)> {
    let reduced = Reduced::new(input, &stage(0.0, 0.0));
    let errors: Vec<Result<f64>> = run.install(|| {
        let error = |&(gdc, gdc2): &(f64, f64)| {
            run.check()?;
            reduced.error(&stage(gdc, gdc2), plan, sampling)
        };
        Ok(gains.par_iter().map(error).collect())
    })?;
    let mut best: Option<(f64, (f64, f64))> = None;
    let mut failure = None;
    for (error, &pair) in errors.into_iter().zip(gains) {
        match error {
            Ok(error) if best.is_none_or(|b| error < b.0) => best = Some((error, pair)),
            Ok(_) => {}
            Err(Error::Interrupted) => return Err(Error::Interrupted),
            Err(error) => failure = Some(error),
        }
    }
    match (best, failure) {
        (Some((_, pair)), _) => Ok(pair),
        (None, Some(error)) => Err(error),
        (None, None) => Err(Error::parameter("receiver.ctle", "no setting", "at least one setting to try")),
    }
}

impl<'a> Reduced<'a> {
    fn new(input: &'a Input<'_>, stage: &CtleStage) -> Self {
        let pulse = input.wanted.pulse();
        let m = pulse.samples_per_symbol();
        // The largest divisor that keeps a band-limited pulse free of aliasing; every sample when there is none.
        let q = (4..=MAX_SAMPLES_PER_SYMBOL).rev().find(|q| m.is_multiple_of(*q)).unwrap_or(m);
        let stride = m / q;
        let symbols = (pulse.v().len() / m + 32).next_power_of_two().clamp(MIN_SYMBOLS, MAX_SYMBOLS);
        let n = symbols * q;
        // An eighth of the window before the peak; on the grid of the pulse's own peak, so that "peak" stays one.
        let first = peak_position(pulse) - (n / 8 * stride) as isize;
        let mut planner = RealFftPlanner::<f64>::new();
        let (forward, inverse) = (planner.plan_fft_forward(n), planner.plan_fft_inverse(n));
        let start = Instant { position: first, samples_per_symbol: m };
        let spectrum = |p: &PulseResponse| {
            transform(&folded(p, start.on(p), p.samples_per_symbol() / q, n), forward.as_ref())
        };
        let step_hz = pulse.symbol_rate().hz() / symbols as f64;
        let mut tied: Vec<_> =
            input.noise.per_symbol.iter().map(|s| (s.mean_power(), spectrum(&s.pulse))).collect();
        let mut whole_symbol_jitter = 0.0;
        if let (Some(jitter), Some(config)) = (&input.jitter, &input.link.jitter) {
            let power = jitter.variance_ui2 * jitter.tap_energy * input.power;
            match config.model {
                JitterModel::Edge => tied.push((power, spectrum(&jitter.response))),
                JitterModel::Com => whole_symbol_jitter = power,
            }
        }
        let mut energy = vec![0.0; n / 2 + 1];
        let grid = &input.link.grid;
        for (k, s) in input.noise.mean_density.iter().enumerate() {
            let bin = (grid.freq_hz(k) / step_hz).round() as usize;
            if let Some(e) = energy.get_mut(bin) {
                *e += s * grid.step_hz() * if k == 0 { 0.5 } else { 1.0 };
            }
        }
        // A free-running aggressor is stationary noise of density 2 power |X|²/T_b: over the bins, by Parseval,
        // power |X_k|² 2/(n q) with X the plain transform of its samples.
        for aggressor in &input.crosstalk {
            let x = spectrum(&aggressor.pulse);
            for (k, (e, x)) in energy.iter_mut().zip(&x).enumerate() {
                let sides = if k == 0 || 2 * k == n { 1.0 } else { 2.0 };
                *e += sides * aggressor.power * x.norm_sqr() / (n * q) as f64;
            }
        }
        Self {
            template: pulse,
            samples_per_symbol: q,
            symbols,
            first: first.div_euclid(stride as isize),
            wanted: spectrum(pulse),
            tied,
            whole_symbol_jitter,
            energy,
            denominator: (0..=n / 2).map(|k| stage.denominator(k as f64 * step_hz)).collect(),
            inverse,
            fold: FftPlanner::new().plan_fft_forward(symbols),
            power: input.power,
        }
    }

    /// Error of the best phase with one CTLE setting.
    fn error(&self, stage: &CtleStage, plan: &Plan, sampling: Sampling) -> Result<f64> {
        let step_hz = self.template.symbol_rate().hz() / self.symbols as f64;
        let ctle: Vec<Complex64> = self
            .denominator
            .iter()
            .enumerate()
            .map(|(k, d)| stage.numerator(k as f64 * step_hz) / d)
            .collect();
        let pulse = self.pulse(&self.wanted, &ctle)?;
        let tied: Vec<_> =
            self.tied.iter().map(|(p, x)| Ok((*p, self.pulse(x, &ctle)?))).collect::<Result<Vec<_>>>()?;
        let lags = plan.lags();
        let stationary = self.stationary(&ctle, lags);
        let mut least = f64::INFINITY;
        let mut failure = None;
        for position in sampling.positions(&pulse)? {
            let mut noise = stationary.clone();
            let mut add = |power: f64, response: &[f64]| {
                for (n, r) in noise.iter_mut().zip(autocorrelation(response, lags)) {
                    *n += power * r;
                }
            };
            for (power, response) in &tied {
                add(*power, &column(response, position).0);
            }
            if self.whole_symbol_jitter > 0.0 {
                let (next, last) = (column(&pulse, position + 1), column(&pulse, position - 1));
                let half = 0.5 * self.samples_per_symbol as f64;
                // Both columns cover the same symbols up to one at either end, where the pulse has decayed.
                let offset = next.1 as isize - last.1 as isize;
                let slope: Vec<f64> = (0..next.0.len())
                    .map(|i| {
                        let before = usize::try_from(i as isize - offset).ok().and_then(|i| last.0.get(i));
                        (next.0[i] - before.copied().unwrap_or(0.0)) * half
                    })
                    .collect();
                add(self.whole_symbol_jitter, &slope);
            }
            let (response, main) = column(&pulse, position);
            match Moments::of_response(&response, main as isize, &noise, self.power, lags)
                .and_then(|moments| adapt(&moments, plan))
            {
                Ok(taps) => least = least.min(taps.error),
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            Some(error) if least.is_infinite() => Err(error),
            _ => Ok(least),
        }
    }

    fn pulse(&self, spectrum: &[Complex64], ctle: &[Complex64]) -> Result<PulseResponse> {
        let n = self.symbols * self.samples_per_symbol;
        let mut x: Vec<Complex64> = spectrum.iter().zip(ctle).map(|(a, b)| a * b / n as f64).collect();
        x[0].im = 0.0;
        x[n / 2].im = 0.0;
        let mut v = self.inverse.make_output_vec();
        // Lengths are the plan's and the two imaginary parts are 0, so this cannot fail.
        let _ = self.inverse.process(&mut x, &mut v);
        PulseResponse::new(self.template.symbol_rate(), self.samples_per_symbol, self.first, v)
    }

    /// Autocorrelation of the stationary noise: its energies folded at the symbol rate and transformed.
    fn stationary(&self, ctle: &[Complex64], lags: usize) -> Vec<f64> {
        let mut folded = vec![Complex64::new(0.0, 0.0); self.symbols];
        for (k, (e, c)) in self.energy.iter().zip(ctle).enumerate() {
            folded[k % self.symbols].re += e * c.norm_sqr();
        }
        self.fold.process(&mut folded);
        (0..lags).map(|l| folded[l % self.symbols].re).collect()
    }
}

/// Samples of a pulse on a coarser grid of `n` samples from position `first` on; what lies outside is wrapped into it.
fn folded(pulse: &PulseResponse, first: isize, stride: usize, n: usize) -> Vec<f64> {
    let mut out = vec![0.0; n];
    let stride = stride as isize;
    let mut position = first + (pulse.first() - first).div_euclid(stride) * stride;
    let end = pulse.first() + pulse.v().len() as isize;
    while position < end {
        out[((position - first) / stride).rem_euclid(n as isize) as usize] += pulse.at(position);
        position += stride;
    }
    out
}

fn transform(v: &[f64], plan: &dyn RealToComplex<f64>) -> Vec<Complex64> {
    let mut input = v.to_vec();
    let mut out = plan.make_output_vec();
    // The lengths are the plan's own, so this cannot fail.
    let _ = plan.process(&mut input, &mut out);
    out
}
