//! Two figures of causality.

use super::Network;
use super::uniform::to_uniform;
use crate::error::{Error, Result};
use num_complex::Complex64;
use realfft::RealFftPlanner;

/// More points than this are not transformed: the grid is thinned instead.
const MAX_POINTS: f64 = 262_144.0;

/// Share of the energy of the strongest transmissions that arrives before t = 0.
///
/// For each input port the strongest S_ij, i ≠ j (S11 of a one-port), is brought to a uniform grid, weighted with
/// cos²(πf/2f_max) against truncation, and transformed; energy earlier than 1/f_max before t = 0, the width of that
/// window's main lobe, counts as too early. Late energy that wraps around because the frequency step is too coarse is
/// counted too: on such a grid it cannot be told from early energy.
pub(super) fn early_energy(network: &Network) -> Result<f64> {
    let n = network.n_ports();
    let (mut early, mut total) = (0.0, 0.0);
    for input in 0..n {
        let energy = |out: usize| network.trace(out, input).iter().map(|v| v.norm_sqr()).sum::<f64>();
        let strongest = (0..n)
            .filter(|out| *out != input || n == 1)
            .map(|out| (energy(out), out))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let Some((_, out)) = strongest else { continue };
        let (e, t) = energies(network.freq_hz(), &network.trace(out, input))?;
        early += e;
        total += t;
    }
    Ok(if total > 0.0 { early / total } else { 0.0 })
}

/// Early and whole energy of one windowed impulse response, in arbitrary units.
fn energies(freq_hz: &[f64], values: &[Complex64]) -> Result<(f64, f64)> {
    let limit_hz = freq_hz[freq_hz.len() - 1];
    let mut steps: Vec<f64> = freq_hz.windows(2).map(|w| w[1] - w[0]).collect();
    if steps.len() < 8 {
        return Ok((0.0, 0.0));
    }
    let middle = steps.len() / 2;
    let usual = *steps.select_nth_unstable_by(middle, f64::total_cmp).1;
    let step_hz = usual.max(limit_hz / MAX_POINTS);
    let mut spectrum = to_uniform(freq_hz, values, step_hz, limit_hz)?;
    let last = spectrum.len() - 1;
    for (k, v) in spectrum.iter_mut().enumerate() {
        *v *= (0.5 * std::f64::consts::PI * k as f64 / last as f64).cos().powi(2);
    }
    // Real at both ends, as the transform demands; the window has made the upper end vanish.
    spectrum[0].im = 0.0;
    spectrum[last].im = 0.0;
    let length = 2 * last;
    let transform = RealFftPlanner::<f64>::new().plan_fft_inverse(length);
    let mut impulse = transform.make_output_vec();
    transform
        .process(&mut spectrum, &mut impulse)
        .map_err(|e| Error::parameter("spectrum", e, "transformable"))?;
    // 1/f_max is two samples.
    let early = impulse[length / 2..length - 2].iter().map(|v| v * v).sum();
    Ok((early, impulse.iter().map(|v| v * v).sum()))
}

/// Causality quality measure of IEEE Std 370-2020 (initial check, frequency domain), percent: 100 if every S_ij turns
/// clockwise only, as a delay makes it.
///
/// ```text
/// V_k = S(f_(k+1)) - S(f_k)    R_k = Re V_(k+1) Im V_k - Im V_(k+1) Re V_k    min over ij of 100 Σ max(R, 0)/Σ |R|
/// ```
///
/// It judges noise as much as causality: a sound measurement of a short line may score below 20.
pub(super) fn clockwise_percent(network: &Network) -> f64 {
    let n = network.n_ports();
    let mut worst: f64 = 100.0;
    for entry in 0..n * n {
        let (mut clockwise, mut total) = (0.0, 0.0);
        let value = |k: usize| network.at(k, entry / n, entry % n);
        for k in 2..network.freq_hz().len() {
            let (before, after) = (value(k - 1) - value(k - 2), value(k) - value(k - 1));
            let rotation = after.re * before.im - after.im * before.re;
            clockwise += rotation.max(0.0);
            total += rotation.abs();
        }
        if total > 0.0 {
            worst = worst.min(100.0 * clockwise / total);
        }
    }
    worst
}
