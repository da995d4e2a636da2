//! The Salz bound: the signal-to-noise ratio that no linear or decision-feedback equalizer exceeds.
//!
//! ```text
//! SNR + 1 = exp( T ∫_{−1/2T}^{1/2T} ln(1 + S(f)/N(f)) df )
//! S(f) = E[a²] |1/T Σ_m P(f + m/T) e^{j2π(f + m/T)t₀}|²,   N(f) = 1/T Σ_m N₂(f + m/T)
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | P | pulse spectrum, T sinc(fT) H(f) | V s |
//! | N₂ | two-sided density of the noise, half of the one-sided | V²/Hz |
//! | t₀ | sampling instant | s |
//! | SNR | unbiased, as E\[a²\]/mse − 1; the biased one is 1 more | 1 |
//!
//! It holds for symbol-spaced samples of a receiver whose front end is in H and N₂, with an infinitely long MMSE
//! feedforward and feedback filter and correct decisions (J. Salz, "Optimum mean-square decision feedback
//! equalization", Bell Syst. Tech. J. 52, 1973; J. M. Cioffi et al., "MMSE decision-feedback equalizers and coding",
//! IEEE Trans. Commun. 43, 1995). A finite equalizer approaches it from below. It works from spectra alone and so
//! shares nothing with pulse responses, cursors and autocorrelations.

use crate::error::{Error, Result};
use crate::response::ChannelResponse;
use crate::units::power_db;
use num_complex::Complex64;
use std::f64::consts::{PI, TAU};

/// Spectra of the symbol-rate samples over one period in frequency, 0 ≤ f < 1/T.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldedSpectra {
    /// E\[a²\] times the squared magnitude of the folded pulse, V².
    pub signal_v2: Vec<f64>,
    /// Folded density of the noise times 1/T, so that its mean is the variance of a sample, V².
    pub noise_v2: Vec<f64>,
}

/// Folds a pulse and a noise at the symbol rate.
///
/// `response` is everything from the transmitter's symbols (transmit FFE included) to the sampler, `level_power` is
/// E\[a²\], `noise_v2_per_hz` the one-sided density at the sampler on the response's frequencies, 0 beyond its end.
/// `delay_s` is t₀. A constant that the response keeps above its stored frequencies (an ideal medium) stands for a
/// rectangle, of which the sample within half a symbol of 0 is taken.
///
/// # Errors
/// [`Error::Grid`] unless the symbol rate is a whole number of frequency steps: folding adds values a symbol rate
/// apart, and a long delay does not allow interpolation.
pub fn folded_spectra(
    response: &ChannelResponse,
    level_power: f64,
    noise_v2_per_hz: &[f64],
    delay_s: f64,
) -> Result<FoldedSpectra> {
    let grid = response.grid();
    let (rate, t) = (grid.symbol_rate().hz(), grid.symbol_rate().period_s());
    let steps = grid.n_samples() / grid.samples_per_symbol();
    if steps * grid.samples_per_symbol() != grid.n_samples() {
        let near = rate / steps as f64;
        return Err(Error::Grid {
            name: "step_hz".into(),
            value: format!("{:.6e} Hz", grid.step_hz()),
            requirement: format!("a whole fraction of the symbol rate, for example {near:.6e} Hz"),
        });
    }
    let beyond = response.beyond();
    // Spectrum at the integer frequency k of either sign.
    let pulse = |k: i64| {
        let i = k.unsigned_abs() as usize;
        let Some(h) = response.h().get(i) else { return Complex64::new(0.0, 0.0) };
        let x = PI * grid.freq_hz(i) / rate;
        let sinc = if x == 0.0 { 1.0 } else { x.sin() / x };
        let value = (h - beyond) * sinc * Complex64::from_polar(1.0, TAU * grid.freq_hz(i) * delay_s);
        if k < 0 { value.conj() } else { value }
    };
    let density = |k: i64| 0.5 * noise_v2_per_hz.get(k.unsigned_abs() as usize).copied().unwrap_or(0.0);
    let ideal = if delay_s.abs() < 0.5 * t { beyond } else { 0.0 };
    let highest = response.h().len().max(noise_v2_per_hz.len()) as i64;
    let folds = highest / steps as i64 + 1;
    let (mut signal_v2, mut noise_v2) = (Vec::with_capacity(steps), Vec::with_capacity(steps));
    for k in 0..steps as i64 {
        let mut p = Complex64::new(ideal, 0.0);
        let mut n = 0.0;
        for m in -folds..=folds {
            let at = k + m * steps as i64;
            p += pulse(at);
            n += density(at);
        }
        signal_v2.push(level_power * p.norm_sqr());
        noise_v2.push(n * rate);
    }
    Ok(FoldedSpectra { signal_v2, noise_v2 })
}

/// The bound on the unbiased signal-to-noise ratio at the slicer, dB: 10 log10 of E\[a²\]/mse − 1.
///
/// # Errors
/// [`Error::Parameter`] for spectra of different lengths, none at all, or a noise that is 0 where there is signal.
///
/// ```
/// use lightlane::engine::salz::{FoldedSpectra, salz_snr_db};
/// // A flat channel: the bound is the signal-to-noise ratio itself.
/// let flat = FoldedSpectra { signal_v2: vec![20.0; 8], noise_v2: vec![0.2; 8] };
/// assert!((salz_snr_db(&flat)? - 20.0).abs() < 1e-12);
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn salz_snr_db(spectra: &FoldedSpectra) -> Result<f64> {
    let FoldedSpectra { signal_v2, noise_v2 } = spectra;
    if signal_v2.is_empty() || signal_v2.len() != noise_v2.len() {
        return Err(Error::parameter(
            "noise_v2",
            format!("{} values", noise_v2.len()),
            format!("as many as the signal has, {}", signal_v2.len()),
        ));
    }
    let mut sum = 0.0;
    for (s, n) in signal_v2.iter().zip(noise_v2) {
        if !(*n > 0.0 || *s == 0.0) {
            return Err(Error::parameter("noise_v2", n, "above 0 V² wherever there is signal"));
        }
        sum += if *s == 0.0 { 0.0 } else { (s / n).ln_1p() };
    }
    Ok(power_db((sum / signal_v2.len() as f64).exp_m1()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::{Grid, SymbolRate};

    fn grid(samples_per_symbol: usize) -> Grid {
        Grid::new(SymbolRate::new(106.25e9).unwrap(), samples_per_symbol, samples_per_symbol * 512).unwrap()
    }

    /// Discrete channel h with white noise: the geometric mean of 1 + S/N by its own sum.
    #[test]
    fn a_two_ray_channel_has_its_closed_form() {
        // Ideal medium plus an echo exactly one symbol later is 1 + bD at the samples: with S/N = c |1 + b e^{jw}|²,
        // the geometric mean of 1 + c + c b² + 2 c b cos w is (u + sqrt(u² − 4c²b²))/2, u = 1 + c + c b².
        let g = grid(16);
        let (b, power, noise) = (0.6, 5.0, 0.05);
        let t = g.symbol_rate().period_s();
        let flat = ChannelResponse::ideal(g);
        let mut spectra = folded_spectra(&flat, power, &vec![2.0 * noise * t; 257], 0.0).unwrap();
        // 257 values reach half the symbol rate: Nyquist-limited noise of variance `noise`. Its value on the edge
        // folds onto itself.
        assert!((spectra.noise_v2[3] - noise).abs() < 1e-12 && (spectra.noise_v2[300] - noise).abs() < 1e-12);
        spectra.noise_v2[256] = noise;
        for (k, s) in spectra.signal_v2.iter_mut().enumerate() {
            *s *= (Complex64::new(1.0, 0.0) + Complex64::from_polar(b, -TAU * k as f64 / 512.0)).norm_sqr();
        }
        let c = power / noise;
        let u = 1.0 + c + c * b * b;
        let expected = power_db(0.5 * (u + (u * u - 4.0 * c * c * b * b).sqrt()) - 1.0);
        // The rectangle rule of a periodic analytic function converges geometrically: rounding.
        assert!((salz_snr_db(&spectra).unwrap() - expected).abs() < 1e-9);
    }

    #[test]
    fn folding_equals_the_transform_of_the_samples() {
        // One pole at 0.3 of the symbol rate, sampled off centre: |Σ_k p(kT + t0) e^{−jωkT}|² by its geometric series.
        let g = grid(64);
        let t = g.symbol_rate().period_s();
        let tau = 0.5 * t;
        let h = ChannelResponse::ideal(g).filtered(|f| 1.0 / Complex64::new(1.0, TAU * f * tau));
        let t0 = 0.25 * t;
        let s = folded_spectra(&h, 1.0, &[], t0).unwrap();
        let first = 1.0 - (-(t0 + 0.5 * t) / tau).exp();
        let decay = (-t / tau).exp();
        let second = ((t - (t0 + t + 0.5 * t)) / tau).exp() - (-(t0 + 1.5 * t) / tau).exp();
        for k in [0_usize, 40, 128, 256, 400] {
            let z = Complex64::from_polar(1.0, -TAU * k as f64 / 512.0);
            let exact = (first + second * z / (1.0 - decay * z)).norm_sqr();
            // Spectrum cut at 32 symbol rates where it falls as 1/f²: 2/(π² 64) of the pulse at an edge, far less here.
            assert!(
                (s.signal_v2[k] - exact).abs() < 2e-3 * exact.max(0.1),
                "{k}: {} {exact}",
                s.signal_v2[k]
            );
        }
    }

    #[test]
    fn a_long_equalizer_approaches_the_bound_and_does_not_exceed_it() {
        // 1 + 0.6 D in white noise: the MMSE-DFE of n taps by its normal equations, one feedback tap sufficing.
        let (b, power, noise) = (0.6_f64, 5.0, 0.05);
        let snr_db = |taps: usize| {
            // y_k = a_k + b a_(k−1) + n; FFE on y_k … y_(k+taps−1), feedback removes a_(k−1).
            let symbols = taps + 1;
            let h = nalgebra::DMatrix::<f64>::from_fn(taps, symbols, |i, j| {
                // Column j is the symbol a_(k+j−1).
                if j == i + 1 {
                    1.0
                } else if j == i {
                    b
                } else {
                    0.0
                }
            });
            let kept: nalgebra::DMatrix<f64> = h.columns(1, taps).clone_owned();
            let r = &kept * kept.transpose() * power + noise * nalgebra::DMatrix::<f64>::identity(taps, taps);
            let p: nalgebra::DVector<f64> = kept.column(0) * power;
            let w = r.lu().solve(&p).unwrap();
            power_db(power / (power - p.dot(&w)) - 1.0)
        };
        let c = power / noise;
        let u = 1.0 + c + c * b * b;
        let bound = power_db(0.5 * (u + (u * u - 4.0 * c * c * b * b).sqrt()) - 1.0);
        assert!(snr_db(2) < bound - 1e-3);
        assert!((bound - snr_db(40)).abs() < 1e-9, "{bound} {}", snr_db(40));
    }

    #[test]
    fn planted_slips_show() {
        // A one-sided density taken as two-sided moves the bound by 3 dB, a peak taken for an rms likewise.
        let flat = FoldedSpectra { signal_v2: vec![20.0; 64], noise_v2: vec![0.2; 64] };
        let doubled = FoldedSpectra { noise_v2: vec![0.4; 64], ..flat.clone() };
        assert!(salz_snr_db(&flat).unwrap() - salz_snr_db(&doubled).unwrap() > 3.0);
    }

    #[test]
    fn bad_spectra_are_refused() {
        let g = Grid::new(SymbolRate::new(106.25e9).unwrap(), 16, 16 * 32 + 2).unwrap();
        assert!(matches!(folded_spectra(&ChannelResponse::ideal(g), 1.0, &[], 0.0), Err(Error::Grid { .. })));
        assert!(salz_snr_db(&FoldedSpectra { signal_v2: vec![1.0], noise_v2: vec![0.0] }).is_err());
        assert!(salz_snr_db(&FoldedSpectra { signal_v2: vec![], noise_v2: vec![] }).is_err());
    }
}
