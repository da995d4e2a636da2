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

use crate::error::Result;
use crate::grid::Grid;
use crate::receiver::Receiver;
use crate::receiver::equalize::{Found, find};
use crate::receiver::front_end::FrontEnd;
use crate::receiver::input::{Input, Wanted, column};
use crate::receiver::noise_input::BySymbol;
use crate::receiver::raster::Raster;
use crate::response::{
    LinkResponse, PhaseResponse, PulseResponse, WaveformCrosstalk, WaveformInterference, WaveformJitter,
    WaveformModel, WaveformNoise, inverse_transform,
};
use crate::run::Run;
use num_complex::Complex64;
use std::f64::consts::TAU;

/// Share of a noise's variance that may alias when fewer streams make it: each phase keeps its variance, so only the
/// correlation of samples changes, and by less than this.
const ALIAS_SHARE: f64 = 5e-4;
/// Share of a noise's variance by which its way may differ from another's that draws for both.
const SAME_WAY_SHARE: f64 = 1e-4;
/// Orders of the jitter's Taylor series.
const JITTER_ORDERS: usize = 3;

/// The received waveform of a link, after front end and CTLE, and the stages that follow.
///
/// The equalizer is the one that [`crate::receiver::equalize`] finds or is given; `thresholds_v` are those that the
/// statistical engine found. Phase 0 is its sampling instant.
///
/// # Errors
/// As [`crate::receiver::equalize`]; [`crate::Error::Parameter`] for `samples_per_symbol` below 4, or without a multiple up to
/// 1024 in common with the grid's.
pub fn waveform(
    link: &LinkResponse,
    receiver: &Receiver,
    thresholds_v: &[f64],
    samples_per_symbol: usize,
    run: &Run,
) -> Result<WaveformModel> {
    let grid = &link.grid;
    let Found { input, settled, stage, rms_v, .. } = find(link, receiver, run)?;
    let front = FrontEnd { bandwidth_hz: receiver.bandwidth_hz, ctle: stage };
    let raster = Raster::new(grid, samples_per_symbol, settled.at)?;
    let signal = raster.pulse(input.wanted.pulse());
    let (response, main) = settled.through(column(input.wanted.pulse(), settled.at.position));
    let cursor = response[main];
    let table = match &input.wanted {
        Wanted::Linear(_) => None,
        Wanted::Record(record) => Some(record.waveform(&settled, &raster, cursor, run)?),
    };
    let noise = noise(&input, &front, &raster)?;
    run.check()?;
    let crosstalk = input
        .crosstalk
        .iter()
        .map(|aggressor| WaveformCrosstalk {
            name: aggressor.source.name.clone(),
            levels: aggressor.source.levels.clone(),
            response: raster.pulse(&aggressor.pulse),
        })
        .collect();
    let echoes = link.interference.iter().filter(|i| i.amplitude > 0.0);
    let interference = echoes.map(|echo| WaveformInterference {
        name: echo.name.clone(),
        field: echo.light.iter().map(|p| p.sqrt()).collect(),
        interferer: echo.interferer.iter().map(|p| p.sqrt()).collect(),
        response: raster.pulse(&input.wanted.pulse().scaled(2.0 * echo.amplitude)),
    });
    let interference = interference.collect();
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
            orders: orders.iter().map(|o| raster.pulse(o)).collect(),
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
        table,
        noise,
        interference,
        crosstalk,
        crosstalk_phase: link.crosstalk_phase,
        jitter,
        sj_ui: link.jitter.as_ref().map_or(0.0, |j| j.sj_ui),
        sj_hz: link.jitter.as_ref().map_or(0.0, |j| j.sj_hz),
        frequency_offset_ppm: link.jitter.as_ref().map_or(0.0, |j| j.frequency_offset_ppm),
        ssc_ppm: link.jitter.as_ref().map_or(0.0, |j| j.ssc_ppm),
        ssc_hz: link.jitter.as_ref().map_or(0.0, |j| j.ssc_hz),
        dfe: settled.dfe.iter().map(|b| b * cursor).collect(),
        ffe: settled.ffe,
        ffe_pre: settled.pre,
        thresholds_v: thresholds_v.to_vec(),
    })
}

/// Every source, each through what it passes on its way to the FFE.
fn noise(input: &Input<'_>, front: &FrontEnd, raster: &Raster) -> Result<Vec<WaveformNoise>> {
    let mut sources = Vec::new();
    let grid = raster.grid(&input.link.grid)?;
    let noise = &input.noise;
    if noise.stationary_density.iter().any(|s| *s > 0.0) {
        sources.push(stationary(input, &grid, raster));
    }
    if noise.nyquist_v2_per_hz > 0.0 {
        sources.push(nyquist(input, front, &grid, raster));
    }
    for source in &noise.per_symbol {
        let pulse = source.pulse.scaled(source.rms);
        sources.push(WaveformNoise {
            name: source.name.clone(),
            streams: vec![raster.pulse(&pulse)],
            factor: source.factor.clone(),
        });
    }
    sources.extend(merged(&noise.by_symbol).iter().map(|source| by_symbol(input, source, &grid, raster)));
    Ok(sources)
}

/// The sources with those together that take the same way: independent noises of densities f_s |a|² and g_s |c a|² are one
/// of density (f_s + c² g_s) |a|². Laser and shot noise differ by the fibre alone.
fn merged(sources: &[BySymbol]) -> Vec<BySymbol> {
    let mut out: Vec<BySymbol> = Vec::new();
    for source in sources {
        let same = out.iter_mut().find_map(|known| Some((known.power_ratio(source)?, known)));
        match same {
            None => out.push(source.clone()),
            Some((ratio, known)) => {
                known.name = format!("{}, {}", known.name, source.name);
                known.factor.iter_mut().zip(&source.factor).for_each(|(f, g)| *f += ratio * g);
            }
        }
    }
    out
}

impl BySymbol {
    /// Power of another source over that of this one, if their ways are alike but for a real gain.
    fn power_ratio(&self, other: &Self) -> Option<f64> {
        let of = |a: &[Complex64]| a.iter().map(|v| v.norm_sqr()).sum::<f64>();
        let (own, others) = (of(&self.spectrum), of(&other.spectrum));
        let common = self.spectrum.iter().zip(&other.spectrum).map(|(a, b)| (a.conj() * b).re).sum::<f64>();
        let alike = self.symbol_delay_s == other.symbol_delay_s
            && own > 0.0
            && common > 0.0
            && others - common * common / own <= SAME_WAY_SHARE * others;
        alike.then(|| others / own)
    }
}

/// Streams a symbol that hold a density: a divisor of the grid's samples, so that little of it lies above half their rate.
fn streams_for(density: &[f64], grid: &Grid) -> usize {
    let m = grid.samples_per_symbol();
    let total: f64 = density.iter().sum();
    let symbol = grid.n_samples() / m;
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

fn stationary(input: &Input<'_>, grid: &Grid, raster: &Raster) -> WaveformNoise {
    let density = &input.noise.stationary_density;
    let streams = streams_for(density, &input.link.grid);
    let weight = (grid.symbol_rate().period_s() / streams as f64).sqrt();
    let amplitude: Vec<Complex64> = density.iter().map(|s| Complex64::from(s.sqrt() * weight)).collect();
    let h = inverse_transform(grid, &amplitude);
    let mut streams: Vec<PhaseResponse> = (0..streams).map(|q| raster.trimmed(&h, (q, streams))).collect();
    let wanted: f64 = density.iter().sum::<f64>() * 2.0 * grid.step_hz() - density[0] * grid.step_hz();
    restore(&mut streams, |_| wanted);
    WaveformNoise { name: "stationary".into(), streams, factor: None }
}

fn nyquist(input: &Input<'_>, front: &FrontEnd, grid: &Grid, raster: &Raster) -> WaveformNoise {
    let rate = grid.symbol_rate();
    // White from one symbol to the next of variance N0 f_b/2, through an ideal low-pass of unit gain at symbol rate.
    let rms = (input.noise.nyquist_v2_per_hz * rate.hz() / 2.0).sqrt() * rate.period_s();
    let n = grid.n_samples() / grid.samples_per_symbol();
    let mut spectrum: Vec<Complex64> = (0..=n / 2).map(|k| rms * front.response(grid.freq_hz(k))).collect();
    if n.is_multiple_of(2)
        && let Some(last) = spectrum.last_mut()
    {
        // Both signs of the highest frequency.
        *last *= 0.5;
    }
    let mut streams = vec![raster.trimmed(&inverse_transform(grid, &spectrum), (0, 1))];
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
fn by_symbol(input: &Input<'_>, source: &BySymbol, grid: &Grid, raster: &Raster) -> WaveformNoise {
    let density: Vec<f64> = source.spectrum.iter().map(|a| a.norm_sqr()).collect();
    let streams = streams_for(&density, &input.link.grid);
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
    let mut streams: Vec<PhaseResponse> = (0..streams).map(|q| raster.trimmed(&r, (q, streams))).collect();
    let wanted = 2.0 * grid.step_hz() * density.iter().sum::<f64>() - grid.step_hz() * density[0];
    restore(&mut streams, |_| wanted);
    WaveformNoise { name: source.name.clone(), streams, factor: Some(source.factor.clone()) }
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
