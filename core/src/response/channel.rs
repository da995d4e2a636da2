//! The transfer function of everything between two planes, on a grid.

use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::response::PulseResponse;
use num_complex::Complex64;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::cell::RefCell;
use std::sync::Arc;

/// H(f) on a [`Grid`], dimensionless (voltage transfer) unless a caller says otherwise.
///
/// `h[k]` is H(k · step) for k < `h.len()`; above the last stored frequency H is the real constant `beyond`: 0 for
/// anything band-limited, 1 for an ideal connection. The constant is carried through the transform in closed form,
/// so that an ideal lane gives an exact rectangle and not its Gibbs ripple.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelResponse {
    grid: Grid,
    h: Vec<Complex64>,
    beyond: f64,
}

impl ChannelResponse {
    /// A response from its values; `h[0]` must be real.
    ///
    /// # Errors
    /// [`Error::Parameter`] for no values, more than the grid has, a value that is not finite, or a complex one at 0 Hz.
    pub fn new(grid: Grid, h: Vec<Complex64>, beyond: f64) -> Result<Self> {
        if h.is_empty() || h.len() > grid.n_freq() {
            return Err(Error::parameter(
                "h",
                format!("{} values", h.len()),
                format!("1 to {} values", grid.n_freq()),
            ));
        }
        if let Some(k) = h.iter().position(|v| !v.is_finite()) {
            return Err(Error::parameter(format!("h at {:.6e} Hz", grid.freq_hz(k)), h[k], "finite"));
        }
        if h[0].im.abs() > 1e-6 * h[0].re.abs().max(1e-12) {
            return Err(Error::parameter("h at 0 Hz", h[0], "real: a time response must be real"));
        }
        Ok(Self { grid, h, beyond })
    }

    /// H = 1 at every frequency.
    pub fn ideal(grid: Grid) -> Self {
        Self { grid, h: vec![Complex64::new(1.0, 0.0)], beyond: 1.0 }
    }

    /// The response of a closed form, evaluated up to and including `limit_hz` and 0 above it.
    pub fn from_fn(grid: Grid, limit_hz: f64, h: impl Fn(f64) -> Complex64) -> Self {
        let h = grid.freqs_up_to(limit_hz).into_iter().map(h).collect();
        Self { grid, h, beyond: 0.0 }
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Stored values, from 0 Hz upwards.
    pub fn h(&self) -> &[Complex64] {
        &self.h
    }

    /// H above the stored values.
    pub fn beyond(&self) -> f64 {
        self.beyond
    }

    /// H at grid frequency `k`.
    pub fn at(&self, k: usize) -> Complex64 {
        self.h.get(k).copied().unwrap_or(Complex64::new(self.beyond, 0.0))
    }

    /// The cascade of two responses on one grid.
    ///
    /// # Panics
    /// If the grids differ: sections of one lane are built on the lane's grid.
    #[must_use]
    pub fn cascade(&self, other: &Self) -> Self {
        assert_eq!(self.grid, other.grid, "responses of one lane share its grid");
        // Where both are constant there is nothing to store; where one is 0 from some frequency on, so is the product.
        let mut len = self.h.len().max(other.h.len());
        if self.beyond == 0.0 {
            len = len.min(self.h.len());
        }
        if other.beyond == 0.0 {
            len = len.min(other.h.len());
        }
        let h = (0..len).map(|k| self.at(k) * other.at(k)).collect();
        Self { grid: self.grid, h, beyond: self.beyond * other.beyond }
    }

    /// The response times a function of frequency that tends to 0 (a filter).
    #[must_use]
    pub fn filtered(&self, filter: impl Fn(f64) -> Complex64) -> Self {
        let len = if self.beyond == 0.0 { self.h.len() } else { self.grid.n_freq() };
        let h = (0..len).map(|k| self.at(k) * filter(self.grid.freq_hz(k))).collect();
        Self { grid: self.grid, h, beyond: 0.0 }
    }

    /// The response times a real factor.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        Self { grid: self.grid, h: self.h.iter().map(|v| v * factor).collect(), beyond: self.beyond * factor }
    }

    /// Impulse response, 1/s, sample i at t = i · sample_s, periodic with the window: h(t) = Σ H e^{jωt} Δf. The
    /// constant `beyond` is an impulse at t = 0 that no sampled curve can show, and is left out.
    pub fn impulse_per_s(&self) -> Vec<f64> {
        let x: Vec<Complex64> = self.h.iter().map(|v| v - self.beyond).collect();
        inverse_transform(&self.grid, &x)
    }

    /// Step response: the running integral of the impulse response, 0 before the window's first sample.
    pub fn step(&self) -> Vec<f64> {
        let dt = self.grid.sample_s();
        let mut sum = self.beyond;
        self.impulse_per_s()
            .iter()
            .map(|h| {
                sum += h * dt;
                sum
            })
            .collect()
    }

    /// Response to a one-symbol rectangle of unit height centred on t = 0, over the whole window:
    /// p(t) = Δf (X_0 + 2 Σ Re X_k e^{jω_k t}) with X = T_b sinc(f T_b) H.
    pub fn pulse(&self) -> PulseResponse {
        let grid = self.grid;
        let t_b = grid.symbol_rate().period_s();
        let x: Vec<Complex64> =
            self.h.iter().enumerate().map(|(k, v)| (v - self.beyond) * (t_b * grid.symbol_sinc(k))).collect();
        let mut v = inverse_transform(&grid, &x);
        if self.beyond != 0.0 {
            // The rectangle itself, its edges at half height as a Fourier series has them.
            let (m, n) = (grid.samples_per_symbol(), grid.n_samples());
            for i in 0..m / 2 + 1 {
                let height = if 2 * i < m {
                    1.0
                } else if 2 * i == m {
                    0.5
                } else {
                    0.0
                };
                v[i] += self.beyond * height;
                if i > 0 {
                    v[n - i] += self.beyond * height;
                }
            }
        }
        PulseResponse::periodic(grid, v)
    }
}

thread_local! {
    /// Plans are kept: a lane transforms a dozen spectra of one length, and planning costs as much as transforming.
    static PLANNER: RefCell<RealFftPlanner<f64>> = RefCell::new(RealFftPlanner::new());
}

/// Forward and inverse transform of `n` real samples.
pub(crate) fn real_transforms(n: usize) -> (Arc<dyn RealToComplex<f64>>, Arc<dyn ComplexToReal<f64>>) {
    PLANNER.with_borrow_mut(|planner| (planner.plan_fft_forward(n), planner.plan_fft_inverse(n)))
}

/// Σ over both signs of frequency of `x` e^{jωt} · step: the real time response whose one-sided spectrum is `x`.
pub fn inverse_transform(grid: &Grid, x: &[Complex64]) -> Vec<f64> {
    let mut spectrum = vec![Complex64::new(0.0, 0.0); grid.n_freq()];
    let used = x.len().min(spectrum.len());
    spectrum[..used].copy_from_slice(&x[..used]);
    // A real signal has real spectra at 0 and at the highest frequency; realfft refuses anything else.
    spectrum[0].im = 0.0;
    if let Some(last) = spectrum.last_mut() {
        last.im = 0.0;
    }
    let plan = PLANNER.with_borrow_mut(|planner| planner.plan_fft_inverse(grid.n_samples()));
    let mut out = plan.make_output_vec();
    // The lengths come from the plan's own grid and the two imaginary parts are 0, so this cannot fail.
    let _ = plan.process(&mut spectrum, &mut out);
    let step = grid.step_hz();
    for v in &mut out {
        *v *= step;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::SymbolRate;
    use std::f64::consts::TAU;

    fn grid() -> Grid {
        Grid::new(SymbolRate::new(106.25e9).unwrap(), 32, 32 * 64).unwrap()
    }

    #[test]
    fn an_ideal_connection_gives_an_exact_rectangle() {
        let p = ChannelResponse::ideal(grid()).pulse();
        assert_eq!(p.at_ui(0.0), 1.0);
        assert_eq!(p.at_ui(0.25), 1.0);
        assert_eq!(p.at_ui(0.5), 0.5);
        assert_eq!(p.at_ui(1.0), 0.0);
        assert_eq!(p.at_ui(-1.0), 0.0);
    }

    #[test]
    fn a_one_pole_response_gives_its_closed_form_pulse() {
        // p(t) = 1 - e^{-(t+T/2)/tau} on the symbol, decaying after it. The pole at 0.3/T needs a fine grid: the
        // spectrum falls as 1/f^2 only, so the tolerance is that of the truncated tail, 1/(pi^2 f tau M).
        let rate = SymbolRate::new(106.25e9).unwrap();
        let grid = Grid::new(rate, 128, 128 * 64).unwrap();
        let (t, tau) = (rate.period_s(), 0.5 * rate.period_s());
        let h = ChannelResponse::ideal(grid).filtered(|f| 1.0 / Complex64::new(1.0, TAU * f * tau));
        let p = h.pulse();
        for ui in [-0.25, 0.0, 0.25, 1.0, 2.0] {
            let since = ui * t + 0.5 * t;
            let exact = if since < t {
                1.0 - (-since / tau).exp()
            } else {
                ((t - since) / tau).exp() - (-since / tau).exp()
            };
            assert!((p.at_ui(ui) - exact).abs() < 2e-3, "{ui}: {} {exact}", p.at_ui(ui));
        }
        assert!((h.step().last().unwrap() - 1.0).abs() < 1e-2);
    }

    #[test]
    fn the_order_of_a_cascade_does_not_matter() {
        let g = grid();
        let a =
            ChannelResponse::from_fn(g, 80e9, |f| Complex64::from_polar(1.0 / (1.0 + f / 40e9), -f * 1e-10));
        let b = ChannelResponse::ideal(g).scaled(0.5);
        assert_eq!(a.cascade(&b), b.cascade(&a));
        assert_eq!(a.cascade(&b).h().len(), a.h().len());
    }
}
