//! Noise at the FFE's input.
//!
//! | kind | autocorrelation at the sampling instants |
//! |---|---|
//! | density | R(l) = ∫ S \|T H_r H_ctf\|² cos(2πf l T_b) df, f from 0 |
//! | Nyquist | the same up to half the symbol rate; exactly N0 f_b/2 and white without a filter |
//! | one value a symbol | σ² Σ_n p(t + nT_b) p(t + (n + l)T_b), p the response at the sampling phase |

use crate::error::{Error, Result, require};
use crate::receiver::Quantizer;
use crate::receiver::front_end::FrontEnd;
use crate::receiver::input::{PULSE_SHARE, PULSE_WRAP, shaped};
use crate::response::{LevelLaw, LinkResponse, NoiseKind, NoiseSource, PulseResponse, inverse_transform};
use num_complex::Complex64;
use std::f64::consts::PI;

/// Every noise of a link at the FFE's input.
pub(crate) struct NoiseInput {
    /// Autocorrelation of all sources with a density, those that follow the symbols at their mean, V².
    pub(crate) mean_lags_v2: Vec<f64>,
    /// Autocorrelation of each stationary source with a density, V², by name.
    pub(crate) stationary: Vec<(String, Vec<f64>)>,
    /// Sources of one value a symbol.
    pub(crate) per_symbol: Vec<PerSymbol>,
    /// Sources with a density that follow the symbols.
    pub(crate) by_symbol: Vec<BySymbol>,
    /// One-sided density of all sources in `mean_lags_v2` on the grid's frequencies, V²/Hz.
    pub(crate) mean_density: Vec<f64>,
    /// Two-sided density of the stationary ones of `NoiseKind::Density` on the grid's frequencies, V²/Hz.
    pub(crate) stationary_density: Vec<f64>,
    /// One-sided density of `NoiseKind::Nyquist` before the front end, V²/Hz.
    pub(crate) nyquist_v2_per_hz: f64,
    /// Step of the converter, V; its error is white and uniform.
    pub(crate) converter_step_v: Option<f64>,
}

/// Noise of one independent value a symbol.
pub(crate) struct PerSymbol {
    pub(crate) name: String,
    pub(crate) rms: f64,
    pub(crate) pulse: PulseResponse,
    /// Factor of each symbol; `None` when stationary.
    pub(crate) factor: Option<Vec<f64>>,
}

/// Noise whose density follows the symbol on the line.
#[derive(Clone)]
pub(crate) struct BySymbol {
    pub(crate) name: String,
    /// √(S/2) T H_r H_ctf on the grid's frequencies: the response of unit two-sided white noise.
    pub(crate) spectrum: Vec<Complex64>,
    pub(crate) factor: Vec<f64>,
    pub(crate) symbol_delay_s: f64,
}

impl PerSymbol {
    /// Variance averaged over the symbols.
    pub(crate) fn mean_power(&self) -> f64 {
        self.rms * self.rms * self.factor.as_deref().map_or(1.0, mean)
    }
}

pub(crate) fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

/// Points of the quadrature over a Nyquist band: the integrand turns on the scale of the CTLE's lowest pole, f_b/80, so
/// that 8192 intervals leave an error of 1e-8.
const NYQUIST_POINTS: usize = 8192;

/// Filters every source of a link.
pub(crate) fn collect_noise(link: &LinkResponse, front: &FrontEnd, lags: usize) -> Result<NoiseInput> {
    let mut input = NoiseInput {
        mean_lags_v2: vec![0.0; lags],
        stationary: Vec::new(),
        per_symbol: Vec::new(),
        by_symbol: Vec::new(),
        mean_density: Vec::new(),
        stationary_density: Vec::new(),
        nyquist_v2_per_hz: 0.0,
        converter_step_v: None,
    };
    for source in &link.noise {
        check(source, link)?;
        match &source.kind {
            NoiseKind::Density { density, transfer } => {
                let response = shaped(transfer, front);
                let stored = if response.beyond() == 0.0 { response.h().len() } else { link.grid.n_freq() };
                let len = density.len().min(stored);
                let spectrum: Vec<Complex64> =
                    (0..len).map(|k| response.at(k) * (0.5 * density[k]).sqrt()).collect();
                input.add_density(source, spectrum, link, lags);
            }
            NoiseKind::Nyquist { density_v2_per_hz } => {
                let mut source_lags =
                    nyquist_lags(link.grid.symbol_rate().hz(), *density_v2_per_hz, front, lags);
                source_lags.resize(lags, 0.0);
                for (m, r) in input.mean_lags_v2.iter_mut().zip(&source_lags) {
                    *m += r;
                }
                input.add_mean_density((0..link.grid.n_freq()).map_while(|k| {
                    let f = link.grid.freq_hz(k);
                    (f <= link.grid.symbol_rate().nyquist_hz())
                        .then(|| density_v2_per_hz * front.response(f).norm_sqr())
                }));
                input.nyquist_v2_per_hz += density_v2_per_hz;
                input.stationary.push((source.name.clone(), source_lags));
            }
            NoiseKind::PerSymbol { rms, response } => {
                if *rms == 0.0 {
                    continue;
                }
                let pulse = shaped(response, front).pulse().trimmed(&source.name, PULSE_SHARE, PULSE_WRAP)?;
                let factor = match &source.law {
                    LevelLaw::Stationary => None,
                    LevelLaw::BySymbol { factor, .. } => Some(factor.clone()),
                };
                input.per_symbol.push(PerSymbol { name: source.name.clone(), rms: *rms, pulse, factor });
            }
        }
    }
    Ok(input)
}

impl NoiseInput {
    fn add_density(
        &mut self,
        source: &NoiseSource,
        spectrum: Vec<Complex64>,
        link: &LinkResponse,
        lags: usize,
    ) {
        let grid = &link.grid;
        // S/2 at both signs of frequency is S at positive ones.
        let half: Vec<Complex64> = spectrum.iter().map(|a| Complex64::new(a.norm_sqr(), 0.0)).collect();
        let correlation = inverse_transform(grid, &half);
        let m = grid.samples_per_symbol();
        let source_lags: Vec<f64> = (0..lags)
            .map(|l| if 2 * l * m <= correlation.len() { correlation[l * m] } else { 0.0 })
            .collect();
        let factor = match &source.law {
            LevelLaw::Stationary => 1.0,
            LevelLaw::BySymbol { factor, .. } => mean(factor),
        };
        for (t, r) in self.mean_lags_v2.iter_mut().zip(&source_lags) {
            *t += factor * r;
        }
        self.add_mean_density(half.iter().map(|a| 2.0 * factor * a.re));
        match &source.law {
            LevelLaw::Stationary => {
                if self.stationary_density.len() < half.len() {
                    self.stationary_density.resize(half.len(), 0.0);
                }
                self.stationary_density.iter_mut().zip(&half).for_each(|(s, a)| *s += a.re);
                self.stationary.push((source.name.clone(), source_lags));
            }
            LevelLaw::BySymbol { factor, symbol_delay_s } => self.by_symbol.push(BySymbol {
                name: source.name.clone(),
                spectrum,
                factor: factor.clone(),
                symbol_delay_s: *symbol_delay_s,
            }),
        }
    }

    /// Adds the error of a converter.
    pub(crate) fn add_converter(&mut self, quantizer: &Quantizer) {
        if let Some(first) = self.mean_lags_v2.first_mut() {
            *first += quantizer.noise_v2();
        }
        self.converter_step_v = Some(quantizer.step_v());
    }

    fn add_mean_density(&mut self, density: impl Iterator<Item = f64>) {
        for (k, s) in density.enumerate() {
            if k == self.mean_density.len() {
                self.mean_density.push(0.0);
            }
            self.mean_density[k] += s;
        }
    }
}

fn nyquist_lags(symbol_rate_hz: f64, density: f64, front: &FrontEnd, lags: usize) -> Vec<f64> {
    if front.is_flat() {
        return vec![density * symbol_rate_hz / 2.0];
    }
    let df = 0.5 * symbol_rate_hz / NYQUIST_POINTS as f64;
    let shaped: Vec<f64> = (0..=NYQUIST_POINTS)
        .map(|i| {
            let weight = if i == 0 || i == NYQUIST_POINTS { 0.5 } else { 1.0 };
            weight * density * df * front.response(i as f64 * df).norm_sqr()
        })
        .collect();
    // cos(π l i/n) by its own table: l i modulo the period.
    let period = 2 * NYQUIST_POINTS;
    let cosine: Vec<f64> = (0..period).map(|i| (PI * i as f64 / NYQUIST_POINTS as f64).cos()).collect();
    (0..lags).map(|l| shaped.iter().enumerate().map(|(i, s)| s * cosine[l * i % period]).sum()).collect()
}

fn check(source: &NoiseSource, link: &LinkResponse) -> Result<()> {
    let name = |field: &str| format!("noise.{}.{field}", source.name);
    match &source.kind {
        NoiseKind::Density { density, transfer } => {
            if let Some(s) = density.iter().find(|s| !(s.is_finite() && **s >= 0.0)) {
                return Err(Error::parameter(name("density"), s, "finite and at least 0"));
            }
            if *transfer.grid() != link.grid {
                return Err(Error::parameter(name("transfer"), "another grid", "on the grid of the link"));
            }
        }
        NoiseKind::Nyquist { density_v2_per_hz } => {
            require::non_negative(&name("density_v2_per_hz"), *density_v2_per_hz)?;
            if source.law != LevelLaw::Stationary {
                let requirement =
                    "stationary: noise that is white from one sampling instant to the next has no symbol";
                return Err(Error::parameter(name("law"), "by symbol", requirement));
            }
        }
        NoiseKind::PerSymbol { rms, .. } => {
            require::non_negative(&name("rms"), *rms)?;
        }
    }
    if let LevelLaw::BySymbol { factor, symbol_delay_s } = &source.law {
        require::finite(&name("symbol_delay_s"), *symbol_delay_s)?;
        if factor.len() != link.levels.len() || factor.iter().any(|f| !(f.is_finite() && *f >= 0.0)) {
            let requirement = format!("{} finite factors of at least 0", link.levels.len());
            return Err(Error::parameter(name("factor"), format!("{factor:?}"), requirement));
        }
    }
    Ok(())
}
