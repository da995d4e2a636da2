//! What the FFE sees at every sample, for an equalizer that is settled.
//!
//! The noise has the autocorrelation that the other engines take at the sampling instants:
//!
//! | kind | streams |
//! |---|---|
//! | density, stationary | white noise at S samples a symbol through the zero-phase response of √S(f), S·f_b/2 beyond its band |
//! | Nyquist | one value a symbol through F⁻¹ of T_b H_r H_ctf up to f_b/2: a sinc without a filter |
//! | density by symbol | white noise at all samples of the symbol through its own response |
//! | one value a symbol | that value through the pulse |

use crate::error::{Error, Result};
use crate::receiver::Receiver;
use crate::receiver::equalize::{Found, find};
use crate::receiver::front_end::FrontEnd;
use crate::receiver::input::Input;
use crate::receiver::noise_input::BySymbol;
use crate::response::{
    LinkResponse, PhaseResponse, PulseResponse, Signal, WaveformCrosstalk, WaveformJitter, WaveformModel,
    WaveformNoise, inverse_transform,
};
use crate::run::Run;
use num_complex::Complex64;
use std::f64::consts::TAU;

/// Fewest samples a symbol: the signal of a lane reaches 1.5 times the symbol rate.
const MIN_SAMPLES_PER_SYMBOL: usize = 4;
/// Share of a noise's variance that may lie above half the rate of its streams, or outside their trimmed responses; the
/// variance at each phase is restored.
const NOISE_SHARE: f64 = 1e-6;
/// Share of a noise's variance that may alias when fewer streams make it.
const ALIAS_SHARE: f64 = 1e-4;
/// Orders of the jitter's Taylor series.
const JITTER_ORDERS: usize = 3;

/// The received waveform of a link, after front end and CTLE, and the stages that follow.
///
/// The equalizer is the one that [`crate::receiver::equalize`] finds or is given; `thresholds_v` are those that the
/// statistical engine found. Phase 0 is its sampling instant.
///
/// # Errors
/// As [`crate::receiver::equalize`]; [`Error::Parameter`] for `samples_per_symbol` that does not divide the grid's or
/// is below 4, and for a link whose signal is a record.
pub fn waveform(
    link: &LinkResponse,
    receiver: &Receiver,
    thresholds_v: &[f64],
    samples_per_symbol: usize,
    run: &Run,
) -> Result<WaveformModel> {
    let grid = &link.grid;
    let m = grid.samples_per_symbol();
    if samples_per_symbol < MIN_SAMPLES_PER_SYMBOL || !m.is_multiple_of(samples_per_symbol) {
        let requirement = format!("at least {MIN_SAMPLES_PER_SYMBOL} and a divisor of the lane's {m}");
        return Err(Error::parameter("samples_per_symbol", samples_per_symbol, requirement));
    }
    if matches!(link.signal, Signal::Record(_)) {
        let requirement =
            "\"baud\" for a lane whose signal_form is \"record\": its waveform is no sum of pulses";
        return Err(Error::parameter("mode", "\"waveform\"", requirement));
    }
    let Found { input, settled, stage, rms_v, .. } = find(link, receiver, run)?;
    let front = FrontEnd { bandwidth_hz: receiver.bandwidth_hz, ctle: stage };
    let raster = Raster { m, samples: samples_per_symbol, at: settled.at.position };
    let signal = raster.pulse(input.wanted.pulse(), 0);
    let (cursor, _) = through(&signal, &settled.ffe, settled.pre);
    let noise = noise(&input, &front, &raster);
    run.check()?;
    let crosstalk = input
        .crosstalk
        .iter()
        .map(|aggressor| WaveformCrosstalk {
            name: aggressor.source.name.clone(),
            levels: aggressor.source.levels.clone(),
            response: raster.pulse(&aggressor.pulse, 0),
        })
        .collect();
    let jitter = link.jitter.as_ref().and_then(|jitter| {
        let source = input.jitter.as_ref()?;
        let mut orders = vec![source.response.clone()];
        while orders.len() < JITTER_ORDERS {
            orders.push(orders[orders.len() - 1].derivative_ui());
        }
        Some(WaveformJitter {
            model: jitter.model,
            rj_ui: jitter.rj_ui,
            dd_ui: jitter.dd_ui,
            dcd_ui: jitter.dcd_ui,
            orders: orders.iter().map(|o| raster.pulse(o, 0)).collect(),
            transmit_taps: source.transmit_taps.clone(),
            transmit_main: source.transmit_main,
        })
    });
    Ok(WaveformModel {
        symbol_rate: grid.symbol_rate(),
        modulation: link.modulation,
        levels: link.levels.clone(),
        samples_per_symbol,
        rms_v,
        signal,
        noise,
        crosstalk,
        crosstalk_phase: link.crosstalk_phase,
        jitter,
        sj_ui: link.jitter.as_ref().map_or(0.0, |j| j.sj_ui),
        sj_hz: link.jitter.as_ref().map_or(0.0, |j| j.sj_hz),
        dfe: settled.dfe.iter().map(|b| b * cursor).collect(),
        ffe: settled.ffe,
        ffe_pre: settled.pre,
        thresholds_v: thresholds_v.to_vec(),
    })
}

/// Cursor after the FFE, and its index.
fn through(signal: &PhaseResponse, ffe: &[f64], pre: usize) -> (f64, usize) {
    let g = &signal.phases[0];
    let at = signal.main + pre;
    let cursor = ffe.iter().enumerate().filter_map(|(i, tap)| Some(tap * g.get(at.checked_sub(i)?)?)).sum();
    (cursor, at)
}

/// Samples of the waveform on the grid of the link.
struct Raster {
    /// Samples a symbol of the grid.
    m: usize,
    /// Samples a symbol of the waveform.
    samples: usize,
    /// Sampling instant, grid samples after the centre of the symbol.
    at: isize,
}

impl Raster {
    /// A response whose value `position` grid samples after the centre of its event is `value`, 0 outside `low..high`.
    fn response(&self, low: isize, high: isize, value: impl Fn(isize) -> f64) -> PhaseResponse {
        let (m, stride) = (self.m as isize, (self.m / self.samples) as isize);
        let first = (low - self.at - m).div_euclid(m).min(0);
        let last = (high - self.at).div_euclid(m).max(0);
        let phases = (0..self.samples as isize)
            .map(|p| (first..=last).map(|j| value(self.at + p * stride + j * m)).collect())
            .collect();
        PhaseResponse { phases, main: -first as usize }
    }

    /// A pulse, its events `delay` samples late.
    fn pulse(&self, pulse: &PulseResponse, delay: isize) -> PhaseResponse {
        let (low, length) = (pulse.first() + delay, pulse.v().len() as isize);
        self.response(low, low + length, |position| pulse.at(position - delay))
    }

    /// A periodic response of which at most [`NOISE_SHARE`] of the energy is left out, at both ends together.
    fn trimmed(&self, v: &[f64], delay: isize) -> PhaseResponse {
        let n = v.len() as isize;
        let at = |position: isize| v[position.rem_euclid(n) as usize];
        let total: f64 = v.iter().map(|x| x * x).sum();
        let (mut low, mut high, mut left) = (-n / 2, n - n / 2, 0.0);
        while low < high - 1 {
            let (head, tail) = (at(low).powi(2), at(high - 1).powi(2));
            left += head.min(tail);
            if left > NOISE_SHARE * total {
                break;
            }
            if head <= tail { low += 1 } else { high -= 1 }
        }
        let inside = |position: isize| (low..high).contains(&position);
        self.response(low + delay, high + delay, |position| {
            if inside(position - delay) { at(position - delay) } else { 0.0 }
        })
    }
}

/// Every source, each through what it passes on its way to the FFE.
fn noise(input: &Input<'_>, front: &FrontEnd, raster: &Raster) -> Vec<WaveformNoise> {
    let mut sources = Vec::new();
    let noise = &input.noise;
    if noise.stationary_density.iter().any(|s| *s > 0.0) {
        sources.push(stationary(input, raster));
    }
    if noise.nyquist_v2_per_hz > 0.0 {
        sources.push(nyquist(input, front, raster));
    }
    for source in &noise.per_symbol {
        let pulse = source.pulse.scaled(source.rms);
        sources.push(WaveformNoise {
            name: source.name.clone(),
            streams: vec![raster.pulse(&pulse, 0)],
            factor: source.factor.clone(),
        });
    }
    sources.extend(noise.by_symbol.iter().map(|source| by_symbol(input, source, raster)));
    sources
}

/// Streams a symbol that hold a density: a divisor of `m` so that little of it lies above half their rate.
fn streams_for(density: &[f64], n_freq: usize, m: usize) -> usize {
    let total: f64 = density.iter().sum();
    let symbol = 2 * (n_freq - 1) / m;
    let mut streams = 1;
    while streams < m {
        let above: f64 = density.iter().skip(streams * symbol / 2).sum();
        if m.is_multiple_of(streams) && above <= ALIAS_SHARE * total {
            break;
        }
        streams += 1;
    }
    streams
}

fn stationary(input: &Input<'_>, raster: &Raster) -> WaveformNoise {
    let grid = &input.link.grid;
    let density = &input.noise.stationary_density;
    let streams = streams_for(density, grid.n_freq(), raster.m);
    let weight = (grid.symbol_rate().period_s() / streams as f64).sqrt();
    let amplitude: Vec<Complex64> = density.iter().map(|s| Complex64::from(s.sqrt() * weight)).collect();
    let h = inverse_transform(grid, &amplitude);
    let delay = |q: usize| (q * raster.m / streams) as isize;
    let mut streams: Vec<PhaseResponse> = (0..streams).map(|q| raster.trimmed(&h, delay(q))).collect();
    let wanted: f64 = density.iter().sum::<f64>() * 2.0 * grid.step_hz() - density[0] * grid.step_hz();
    restore(&mut streams, |_| wanted);
    WaveformNoise { name: "stationary".into(), streams, factor: None }
}

fn nyquist(input: &Input<'_>, front: &FrontEnd, raster: &Raster) -> WaveformNoise {
    let grid = &input.link.grid;
    let rate = grid.symbol_rate();
    // White from one symbol to the next of variance N0 f_b/2, through an ideal low-pass of unit gain at symbol rate.
    let rms = (input.noise.nyquist_v2_per_hz * rate.hz() / 2.0).sqrt() * rate.period_s();
    let n = grid.n_samples() / raster.m;
    let mut spectrum: Vec<Complex64> = (0..=n / 2).map(|k| rms * front.response(grid.freq_hz(k))).collect();
    if n.is_multiple_of(2)
        && let Some(last) = spectrum.last_mut()
    {
        // Both signs of the highest frequency.
        *last *= 0.5;
    }
    let mut streams = vec![raster.trimmed(&inverse_transform(grid, &spectrum), 0)];
    let wanted: f64 = {
        let power = |k: usize| (spectrum[k] * grid.step_hz()).norm_sqr();
        let both = (1..spectrum.len()).map(power).sum::<f64>() * 2.0;
        (power(0) + both) * n as f64
    };
    restore(&mut streams, |_| wanted);
    WaveformNoise { name: "thermal".into(), streams, factor: None }
}

/// Scales each phase to the variance wanted there.
fn restore(streams: &mut [PhaseResponse], wanted: impl Fn(usize) -> f64) {
    for p in 0..streams.first().map_or(0, |s| s.phases.len()) {
        let reached: f64 = streams.iter().flat_map(|s| &s.phases[p]).map(|v| v * v).sum();
        if reached > 0.0 {
            let scale = (wanted(p) / reached).sqrt();
            streams.iter_mut().flat_map(|s| &mut s.phases[p]).for_each(|v| *v *= scale);
        }
    }
}

/// White noise in the cells of each symbol at the plane, through the response from there.
fn by_symbol(input: &Input<'_>, source: &BySymbol, raster: &Raster) -> WaveformNoise {
    let grid = &input.link.grid;
    let density: Vec<f64> = source.spectrum.iter().map(|a| a.norm_sqr()).collect();
    let streams = streams_for(&density, grid.n_freq(), raster.m);
    let cell_s = grid.symbol_rate().period_s() / streams as f64;
    // A symbol's first cell ends a cell after the symbol begins; its noise stands in the middle.
    let start_s = source.symbol_delay_s - 0.5 * grid.symbol_rate().period_s() + 0.5 * cell_s;
    let shifted: Vec<Complex64> = source
        .spectrum
        .iter()
        .enumerate()
        .map(|(k, a)| a * cell_s.sqrt() * Complex64::from_polar(1.0, -TAU * grid.freq_hz(k) * start_s))
        .collect();
    let r = inverse_transform(grid, &shifted);
    let delay = |q: usize| (q * raster.m / streams) as isize;
    WaveformNoise {
        name: source.name.clone(),
        streams: (0..streams).map(|q| raster.trimmed(&r, delay(q))).collect(),
        factor: Some(source.factor.clone()),
    }
}

impl Input<'_> {
    /// Standard deviation of everything at the FFE's input, averaged over the phases, V.
    pub(crate) fn rms_v(&self) -> f64 {
        let of = |pulse: &PulseResponse| {
            pulse.v().iter().map(|v| v * v).sum::<f64>() / pulse.samples_per_symbol() as f64
        };
        let mut variance = self.power * of(self.wanted.pulse());
        variance += self.noise.mean_lags_v2.first().copied().unwrap_or(0.0);
        variance += self.noise.per_symbol.iter().map(|s| s.mean_power() * of(&s.pulse)).sum::<f64>();
        variance += self.crosstalk.iter().map(|x| x.power * of(&x.pulse)).sum::<f64>();
        variance.sqrt()
    }
}
