//! The symbol rate and the grid that joins frequency and time.

use crate::error::{Error, Result, require};
use std::f64::consts::TAU;

/// Symbols per second. Bit rate, symbol time and Nyquist frequency are all asked of it.
///
/// ```
/// let rate = lightlane::grid::SymbolRate::new(106.25e9)?;
/// assert_eq!(rate.nyquist_hz(), 53.125e9);
/// # Ok::<(), lightlane::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SymbolRate(f64);

impl SymbolRate {
    /// A symbol rate in Hz (baud).
    ///
    /// # Errors
    /// [`Error::Parameter`] unless 1 MBd ≤ rate ≤ 10 TBd: outside it the unit is almost surely wrong.
    pub fn new(symbol_rate_hz: f64) -> Result<Self> {
        require::within("symbol_rate_hz", symbol_rate_hz, 1e6, 1e13).map(Self)
    }

    /// Symbols per second.
    pub fn hz(self) -> f64 {
        self.0
    }

    /// Symbol time (unit interval), s.
    pub fn period_s(self) -> f64 {
        1.0 / self.0
    }

    /// Half the symbol rate, Hz.
    pub fn nyquist_hz(self) -> f64 {
        0.5 * self.0
    }
}

/// A uniform time grid of `n_samples` samples, `samples_per_symbol` a symbol, and its discrete Fourier partner.
///
/// Sample i is at t = i T_b / samples_per_symbol; frequency k is at k · step_hz, k = 0..n_samples/2. A response on
/// the grid is periodic with the window, so whatever it describes must have decayed within it.
///
/// | field | meaning | unit |
/// |---|---|---|
/// | `symbol_rate` | 1/T_b | Hz |
/// | `samples_per_symbol` | M | 1 |
/// | `n_samples` | N, even | 1 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    symbol_rate: SymbolRate,
    samples_per_symbol: usize,
    n_samples: usize,
}

/// No grid holds more samples than this (0.5 GiB of f64): a finer step is a mistake of units.
const MAX_SAMPLES: usize = 1 << 26;

impl Grid {
    /// A grid from its counts.
    ///
    /// # Errors
    /// [`Error::Parameter`] for fewer than 2 samples a symbol, an odd or too large `n_samples`, or a window under 8 symbols.
    pub fn new(symbol_rate: SymbolRate, samples_per_symbol: usize, n_samples: usize) -> Result<Self> {
        if !(2..=1024).contains(&samples_per_symbol) {
            return Err(Error::parameter("samples_per_symbol", samples_per_symbol, "between 2 and 1024"));
        }
        if !n_samples.is_multiple_of(2) || n_samples < 8 * samples_per_symbol || n_samples > MAX_SAMPLES {
            let requirement = format!("even and between {} and {MAX_SAMPLES}", 8 * samples_per_symbol);
            return Err(Error::parameter("n_samples", n_samples, requirement));
        }
        Ok(Self { symbol_rate, samples_per_symbol, n_samples })
    }

    /// The grid whose frequency step is as near `step_hz` as an even number of samples allows.
    ///
    /// # Errors
    /// As [`Grid::new`], and for a step that is not positive.
    pub fn with_step(symbol_rate: SymbolRate, samples_per_symbol: usize, step_hz: f64) -> Result<Self> {
        require::positive("step_hz", step_hz)?;
        let exact = symbol_rate.hz() * samples_per_symbol as f64 / step_hz;
        if exact > MAX_SAMPLES as f64 {
            return Err(Error::parameter(
                "step_hz",
                step_hz,
                format!("at least {:.3e}", symbol_rate.hz() * samples_per_symbol as f64 / MAX_SAMPLES as f64),
            ));
        }
        Self::new(symbol_rate, samples_per_symbol, 2 * (0.5 * exact).round() as usize)
    }

    /// The symbol rate.
    pub fn symbol_rate(&self) -> SymbolRate {
        self.symbol_rate
    }

    /// Samples a symbol.
    pub fn samples_per_symbol(&self) -> usize {
        self.samples_per_symbol
    }

    /// Samples in the window.
    pub fn n_samples(&self) -> usize {
        self.n_samples
    }

    /// Frequencies 0..=n_samples/2.
    pub fn n_freq(&self) -> usize {
        self.n_samples / 2 + 1
    }

    /// Time between samples, s.
    pub fn sample_s(&self) -> f64 {
        self.symbol_rate.period_s() / self.samples_per_symbol as f64
    }

    /// Length of the window, s.
    pub fn window_s(&self) -> f64 {
        self.sample_s() * self.n_samples as f64
    }

    /// Frequency step, Hz.
    pub fn step_hz(&self) -> f64 {
        self.symbol_rate.hz() * self.samples_per_symbol as f64 / self.n_samples as f64
    }

    /// Frequency `k`, Hz.
    pub fn freq_hz(&self, k: usize) -> f64 {
        k as f64 * self.step_hz()
    }

    /// Every frequency up to and including `limit_hz`, Hz.
    pub fn freqs_up_to(&self, limit_hz: f64) -> Vec<f64> {
        (0..self.n_freq()).map(|k| self.freq_hz(k)).take_while(|f| *f <= limit_hz * (1.0 + 1e-12)).collect()
    }

    /// Angular frequency `k`, rad/s.
    pub fn omega(&self, k: usize) -> f64 {
        TAU * self.freq_hz(k)
    }

    /// sin(πfT_b)/(πfT_b) at frequency `k`: the spectrum of a one-symbol rectangle of unit area and centre 0.
    pub fn symbol_sinc(&self, k: usize) -> f64 {
        let x = std::f64::consts::PI * self.freq_hz(k) / self.symbol_rate.hz();
        if x == 0.0 { 1.0 } else { x.sin() / x }
    }
}
