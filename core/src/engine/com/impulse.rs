//! From a transfer function on a file's grid to an impulse response, by the extrapolation policy of release 4.50.
//!
//! ```text
//! |H|    linear between points; at 0 the line through the first 10 points, at the end of the grid that through the
//!        upper half of the file, kept between the machine epsilon and the last |H|
//! arg H  linear between points; the first 10 points and 0 Hz rebuilt from the mean delay of the first 50
//!        differences, above the file the mean delay of the last 51 goes on; differences off the median by a
//!        standard deviation or more do not count. A file with a point at 0 Hz is left as it is, and above it the
//!        slope of its last two points goes on
//! ```
//!
//! The grid ends at M f_b/2. Numbers agree with the reference code only if this is followed, however crude it is: a
//! response that is not small at the end of its file acquires energy above it. `linear_trend_to_DC` and
//! `extrap_cubic_to_dc_linear_to_inf`, the defaults of the release.

use crate::error::{Error, Result};
use num_complex::Complex64;
use realfft::RealFftPlanner;
use std::f64::consts::{PI, TAU};

/// Points whose line gives the magnitude at 0 Hz, and whose phase is rebuilt.
const LOW_POINTS: usize = 10;
/// Differences of phase that give the delay at the low end, and one more at the high end.
const DELAY_POINTS: usize = 50;
/// Samples after the last one above this share of the peak are dropped from a path.
pub(super) const TRUNCATION: f64 = 1e-3;
/// No grid holds more points than this.
const MAX_POINTS: f64 = (1 << 24) as f64;

/// Impulse response with samples `sample_s` apart, its sum being H(0), cut after its last sample above `truncation` of
/// its peak.
///
/// The frequency grid is `step_hz` apart, `Delta_f` in D3.3; None for the step of the file, as in release 4.50.
pub(super) fn impulse(
    name: &str,
    freq_hz: &[f64],
    h: &[Complex64],
    sample_s: f64,
    step_hz: Option<f64>,
    truncation: f64,
) -> Result<Vec<f64>> {
    let n_file = freq_hz.len();
    if n_file < DELAY_POINTS + 2 {
        let name = format!("points of {name}");
        let requirement = format!("at least {}", DELAY_POINTS + 2);
        return Err(Error::Grid { name, value: n_file.to_string(), requirement });
    }
    let end_hz = 0.5 / sample_s;
    let step_hz = step_hz.unwrap_or(freq_hz[2] - freq_hz[1]);
    let n = (end_hz / step_hz).round();
    if !(1.0..=MAX_POINTS).contains(&n) {
        let name = format!("frequency step of {name}, Hz");
        let requirement = format!("between {} and {}", end_hz / MAX_POINTS, end_hz);
        return Err(Error::Grid { name, value: step_hz.to_string(), requirement });
    }
    let n = n as usize;
    let grid: Vec<f64> = (0..=n).map(|k| k as f64 * end_hz / n as f64).collect();
    let magnitude = magnitude(freq_hz, h, &grid);
    let phase = phase(name, freq_hz, h, &grid)?;
    let mut spectrum: Vec<Complex64> =
        magnitude.iter().zip(&phase).map(|(m, p)| Complex64::from_polar(*m, *p)).collect();
    spectrum[0].im = 0.0;
    spectrum[n].im = 0.0;
    let mut samples = vec![0.0; 2 * n];
    RealFftPlanner::<f64>::new()
        .plan_fft_inverse(2 * n)
        .process(&mut spectrum, &mut samples)
        .map_err(|e| Error::parameter(name, e, "a spectrum of a real response"))?;
    let scale = 1.0 / (2 * n) as f64;
    let peak = samples.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    let last = samples.iter().rposition(|v| v.abs() > truncation * peak);
    samples.truncate(last.map_or(1, |i| i + 1));
    samples.iter_mut().for_each(|v| *v *= scale);
    Ok(samples)
}

fn magnitude(freq_hz: &[f64], h: &[Complex64], grid: &[f64]) -> Vec<f64> {
    let file: Vec<f64> = h.iter().map(|v| v.norm().max(f64::EPSILON)).collect();
    let (mut x, mut y) = (freq_hz.to_vec(), file.clone());
    if x[0] > 0.0 {
        y.insert(0, line_at(&freq_hz[..LOW_POINTS], &file[..LOW_POINTS], 0.0));
        x.insert(0, 0.0);
    }
    let (last, end) = (file[file.len() - 1], grid[grid.len() - 1]);
    if x[x.len() - 1] < end {
        // The release counts points from 1 and rounds half up.
        let middle = file.len().div_ceil(2) - 1;
        x.push(end);
        y.push(line_at(&freq_hz[middle..], &file[middle..], end).min(last).max(f64::EPSILON));
    }
    interpolate(&x, &y, grid)
}

fn phase(name: &str, freq_hz: &[f64], h: &[Complex64], grid: &[f64]) -> Result<Vec<f64>> {
    let mut file = unwrapped(h);
    let n = file.len();
    let slope = (file[n - 1] - file[0]) / (freq_hz[n - 1] - freq_hz[0]);
    if slope > 0.0 {
        return Err(Error::Grid {
            name: format!("mean delay of {name}, s"),
            value: (-slope / TAU).to_string(),
            requirement:
                "positive: the response comes before its cause, as when the frequency step is too coarse for \
                          its delay or the file is conjugated"
                    .into(),
        });
    }
    if freq_hz[0] == 0.0 {
        return Ok(interpolate(freq_hz, &file, grid));
    }
    let delay: Vec<f64> = (1..n).map(|k| -(file[k] - file[k - 1]) / (freq_hz[k] - freq_hz[k - 1])).collect();
    let low = trend(&delay[..DELAY_POINTS]);
    let high = trend(&delay[delay.len() - DELAY_POINTS - 1..]);
    for k in (0..LOW_POINTS).rev() {
        file[k] = file[k + 1] + low * (freq_hz[k + 1] - freq_hz[k]);
    }
    let mut out = interpolate(freq_hz, &file, grid);
    if let Some(first) = grid.iter().position(|f| *f > freq_hz[n - 1]).filter(|i| *i > 0) {
        let (from, at) = (grid[first - 1], out[first - 1]);
        for (p, f) in out.iter_mut().zip(grid).skip(first) {
            *p = at - high * (f - from);
        }
    }
    Ok(out)
}

/// Phases without jumps of more than π.
fn unwrapped(h: &[Complex64]) -> Vec<f64> {
    let mut turns = 0.0;
    let mut before = 0.0;
    h.iter()
        .enumerate()
        .map(|(k, v)| {
            let p = v.arg();
            if k > 0 && (p - before).abs() > PI {
                turns -= (p - before).signum();
            }
            before = p;
            p + TAU * turns
        })
        .collect()
}

/// Mean of the values that are nearer to the median than a standard deviation; of all if there are none.
fn trend(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let sigma = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let median =
        if sorted.len() % 2 == 1 { sorted[middle] } else { 0.5 * (sorted[middle - 1] + sorted[middle]) };
    let kept: Vec<f64> = values.iter().copied().filter(|v| (v - median).abs() < sigma).collect();
    if kept.is_empty() { mean } else { kept.iter().sum::<f64>() / kept.len() as f64 }
}

/// Least-squares line through points, at `at`.
fn line_at(x: &[f64], y: &[f64], at: f64) -> f64 {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut xy, mut xx) = (0.0, 0.0);
    for (a, b) in x.iter().zip(y) {
        xy += (a - mx) * (b - my);
        xx += (a - mx) * (a - mx);
    }
    if xx > 0.0 { my + xy / xx * (at - mx) } else { my }
}

/// Linear interpolation on ascending `x`, extended by the lines at the ends; `grid` ascends too.
fn interpolate(x: &[f64], y: &[f64], grid: &[f64]) -> Vec<f64> {
    let mut i = 1;
    grid.iter()
        .map(|&f| {
            while i + 1 < x.len() && x[i] < f {
                i += 1;
            }
            y[i - 1] + (y[i] - y[i - 1]) / (x[i] - x[i - 1]) * (f - x[i - 1])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delayed_gaussian_comes_back_at_its_delay() {
        let (sample_s, delay_s, width_hz) = (1e-12, 200e-12, 30e9);
        let freq_hz: Vec<f64> = (1..=4000).map(|k| k as f64 * 50e6).collect();
        let h: Vec<Complex64> = freq_hz
            .iter()
            .map(|f| Complex64::from_polar((-(f / width_hz).powi(2)).exp(), -TAU * f * delay_s))
            .collect();
        let v = impulse("thru", &freq_hz, &h, sample_s, None, TRUNCATION).expect("causal");
        // ∫e^{-(f/w)²}e^{j2πft}df = w√π e^{-(πwt)²}; what deviates is the line at 0 Hz, 1.5e-5 of one of 600 points.
        for (i, v) in v.iter().enumerate() {
            let t = i as f64 * sample_s - delay_s;
            let exact = sample_s * width_hz * PI.sqrt() * (-(PI * width_hz * t).powi(2)).exp();
            assert!((v - exact).abs() < 1e-7, "{i}: {v} {exact}");
        }
        assert!(v.len() > 210 && v.len() < 260, "{}", v.len());
    }

    #[test]
    fn what_comes_before_its_cause_or_is_too_short_is_refused() {
        let freq_hz: Vec<f64> = (1..=400).map(|k| k as f64 * 50e6).collect();
        let h: Vec<Complex64> = freq_hz.iter().map(|f| Complex64::from_polar(1.0, TAU * f * 1e-10)).collect();
        let early =
            impulse("thru", &freq_hz, &h, 1e-12, None, TRUNCATION).expect_err("anti-causal").to_string();
        assert!(early.starts_with("mean delay of thru, s = -"), "{early}");
        assert!(impulse("thru", &freq_hz[..30], &h[..30], 1e-12, None, TRUNCATION).is_err());
    }
}
