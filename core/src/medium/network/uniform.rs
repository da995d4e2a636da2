//! A uniform frequency grid from 0 Hz, ready for an inverse Fourier transform.
//!
//! Interpolation in frequency multiplies the impulse response by a window. Done on the raw values, which turn by
//! many degrees from point to point, the window is centred on t = 0 and its images put energy before the arrival;
//! so the bulk delay τ is removed first, the smooth remainder interpolated and the delay restored:
//!
//! ```text
//! H(f) = e^{-j2πfτ} G(f),   G = cubic spline through H(f_k) e^{+j2πf_kτ}
//! ```
//!
//! The spline of Re G is even about 0 Hz and that of Im G odd, as a real impulse response demands: at 0 Hz the
//! slope of Re G and both value and curvature of Im G vanish.

use super::Network;
use super::spline::DelayedSpline;
use crate::error::{Error, Result, require};
use num_complex::Complex64;
use std::f64::consts::TAU;

/// No grid holds more points than this: a finer step is a mistake of units.
const MAX_POINTS: usize = 1 << 25;
/// Points of the low end of a file that tell what happens below it.
const DC_POINTS: usize = 10;
/// Two frequencies closer than this share of the step are one.
const SAME_POINT: f64 = 1e-6;

/// Values of a response at 0, `step_hz`, ... up to and including `limit_hz`, from values on any ascending grid.
///
/// Where a grid point of the file is met its value is taken as it stands, so that a file on the target grid passes
/// unchanged. At 0 Hz the value is real: the real part of the file's, or [`dc_value`] where the file starts later.
/// Above the last frequency of the file the response is 0.
///
/// # Errors
/// [`Error::Parameter`] for an empty, unsorted or negative grid, values that do not match it or are not finite, a step
/// that is not positive, or more than 2^25 points.
///
/// ```
/// use lightlane::medium::network::to_uniform;
/// use num_complex::Complex64;
/// // A delay of 1 ns read at 30 MHz spacing, wanted at 10 MHz.
/// let delay = |f: f64| Complex64::from_polar(1.0, -std::f64::consts::TAU * f * 1e-9);
/// let freq_hz: Vec<f64> = (1..400).map(|k| k as f64 * 30e6).collect();
/// let values: Vec<_> = freq_hz.iter().map(|f| delay(*f)).collect();
/// let uniform = to_uniform(&freq_hz, &values, 10e6, 12e9)?;
/// assert_eq!(uniform.len(), 1201);
/// assert!((uniform[601] - delay(6.01e9)).norm() < 1e-12);
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn to_uniform(
    freq_hz: &[f64],
    values: &[Complex64],
    step_hz: f64,
    limit_hz: f64,
) -> Result<Vec<Complex64>> {
    check(freq_hz, values)?;
    require::positive("step_hz", step_hz)?;
    require::non_negative("limit_hz", limit_hz)?;
    let n_points = (limit_hz / step_hz * (1.0 + 1e-12)).floor() + 1.0;
    if n_points > MAX_POINTS as f64 {
        return Err(Error::parameter(
            "step_hz",
            step_hz,
            format!("at least {:.3e}", limit_hz / MAX_POINTS as f64),
        ));
    }
    let mut spline: Option<DelayedSpline> = None;
    let mut above = 0;
    let near = SAME_POINT * step_hz;
    let uniform = (0..n_points as usize).map(|k| {
        let f = k as f64 * step_hz;
        while above < freq_hz.len() && freq_hz[above] < f - near {
            above += 1;
        }
        match freq_hz.get(above) {
            None => Complex64::ZERO,
            Some(g) if k == 0 && *g <= near => Complex64::new(values[above].re, 0.0),
            Some(g) if (g - f).abs() <= near => values[above],
            Some(_) => spline.get_or_insert_with(|| DelayedSpline::new(freq_hz, values)).at(f),
        }
    });
    Ok(uniform.collect())
}

/// The real value at 0 Hz of a response whose first frequency is above it.
///
/// Magnitude: straight line through |H| of the first 10 points, by least squares, evaluated at 0 and kept between 0
/// and twice the first magnitude. Sign: that of the phase after the bulk delay is removed, its straight line evaluated
/// at 0. A file that starts at 0 Hz gives the real part of its first value.
///
/// # Errors
/// As [`to_uniform`] for the grid and the values.
pub fn dc_value(freq_hz: &[f64], values: &[Complex64]) -> Result<f64> {
    check(freq_hz, values)?;
    Ok(extrapolate_dc(freq_hz, values, bulk_delay_s(freq_hz, values)))
}

fn check(freq_hz: &[f64], values: &[Complex64]) -> Result<()> {
    if freq_hz.is_empty() || values.len() != freq_hz.len() {
        let requirement = format!("{}, one a frequency, and at least one", freq_hz.len());
        return Err(Error::parameter("values", values.len(), requirement));
    }
    if let Some(k) = values.iter().position(|v| !v.is_finite()) {
        return Err(Error::parameter(format!("values[{k}]"), values[k], "finite"));
    }
    require::non_negative("freq_hz[0]", freq_hz[0])?;
    require::finite("freq_hz", freq_hz[freq_hz.len() - 1])?;
    match freq_hz.windows(2).position(|w| w[1].is_nan() || w[1] <= w[0]) {
        None => Ok(()),
        Some(k) => Err(Error::parameter(
            format!("freq_hz[{}]", k + 1),
            freq_hz[k + 1],
            format!("above {}", freq_hz[k]),
        )),
    }
}

/// Energy-weighted mean group delay, s. A step of phase above π a point is read as a long delay rather than a
/// negative one: delays up to 0.9 of the reciprocal frequency step are told right.
pub(super) fn bulk_delay_s(freq_hz: &[f64], values: &[Complex64]) -> f64 {
    if freq_hz.len() < 2 {
        return 0.0;
    }
    let mut steps: Vec<f64> = freq_hz.windows(2).map(|w| w[1] - w[0]).collect();
    let middle = steps.len() / 2;
    let usual = *steps.select_nth_unstable_by(middle, f64::total_cmp).1;
    // Coarse, from the intervals of the usual width, where phases of different intervals can be added as phasors.
    let turn = |k: usize| values[k + 1] * values[k].conj();
    let sum: Complex64 = (0..freq_hz.len() - 1)
        .filter(|&k| ((freq_hz[k + 1] - freq_hz[k]) - usual).abs() <= 0.01 * usual)
        .map(turn)
        .sum();
    let mut turns = -sum.arg() / TAU;
    if turns < -0.1 {
        turns += 1.0;
    }
    let mut delay = turns / usual;
    // Fine, from all intervals, by two Gauss–Newton steps on the remaining phase.
    for _ in 0..2 {
        let (mut top, mut bottom) = (0.0, 0.0);
        for k in 0..freq_hz.len() - 1 {
            let width = freq_hz[k + 1] - freq_hz[k];
            let rest = turn(k) * Complex64::from_polar(1.0, TAU * width * delay);
            top -= rest.norm() * width * rest.arg();
            bottom += rest.norm() * width * width * TAU;
        }
        if bottom > 0.0 && (top / bottom).is_finite() {
            delay += top / bottom;
        }
    }
    delay
}

pub(super) fn extrapolate_dc(freq_hz: &[f64], values: &[Complex64], delay_s: f64) -> f64 {
    if freq_hz[0] == 0.0 {
        return values[0].re;
    }
    let n = freq_hz.len().min(DC_POINTS);
    let magnitudes: Vec<f64> = values[..n].iter().map(|v| v.norm()).collect();
    let mut phases = Vec::with_capacity(n);
    for (f, v) in freq_hz[..n].iter().zip(values) {
        let phase = v.arg() + TAU * f * delay_s;
        let last = *phases.last().unwrap_or(&0.0);
        phases.push(phase - TAU * ((phase - last) / TAU).round());
    }
    let magnitude = line_at_zero(&freq_hz[..n], &magnitudes).clamp(0.0, 2.0 * magnitudes[0]);
    if line_at_zero(&freq_hz[..n], &phases).cos() < 0.0 { -magnitude } else { magnitude }
}

/// Least-squares straight line evaluated at x = 0.
fn line_at_zero(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let spread: f64 = x.iter().map(|v| (v - mean_x).powi(2)).sum();
    if spread == 0.0 {
        return mean_y;
    }
    let slope = x.iter().zip(y).map(|(a, b)| (a - mean_x) * (b - mean_y)).sum::<f64>() / spread;
    mean_y - slope * mean_x
}

impl Network {
    /// The network at 0, `step_hz`, ..., (`n_points` - 1) `step_hz`, every parameter by [`to_uniform`]. Above the
    /// file's last frequency all parameters are 0: matched ports that pass nothing, which is noted in the warnings.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a step that is not positive, or no or more than 2^25 points.
    pub fn resampled(&self, step_hz: f64, n_points: usize) -> Result<Self> {
        require::positive("step_hz", step_hz)?;
        if !(1..=MAX_POINTS).contains(&n_points) {
            return Err(Error::parameter("n_points", n_points, format!("between 1 and {MAX_POINTS}")));
        }
        let (n, limit_hz) = (self.n_ports(), (n_points - 1) as f64 * step_hz);
        let mut s = vec![Complex64::ZERO; n_points * n * n];
        for entry in 0..n * n {
            let values = self.trace(entry / n, entry % n);
            let uniform = to_uniform(&self.freq_hz, &values, step_hz, limit_hz)?;
            uniform.iter().zip(s.iter_mut().skip(entry).step_by(n * n)).for_each(|(u, s)| *s = *u);
        }
        let last = self.freq_hz[self.freq_hz.len() - 1];
        let note = (limit_hz > last * (1.0 + 1e-9))
            .then(|| format!("resampled to {limit_hz:.6e} Hz: 0 above {last:.6e} Hz, the end of the data"));
        let freq_hz = (0..n_points).map(|k| k as f64 * step_hz).collect();
        let mut network = Self::new(freq_hz, s, self.z0_ohm.clone())?
            .with_warnings(self.warnings.iter().cloned().chain(note));
        network.port_pairs = self.port_pairs;
        Ok(network)
    }
}
