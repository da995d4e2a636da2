//! Losses, their fit and crosstalk noise in the frequency domain, as release 4.50 reports them.
//!
//! ```text
//! fit   = a_0 + a_1 √f + a_2 f + a_4 f² in dB, least squares weighted by |S_21|², f_1 to f_2           (93A-51 … 54)
//! ILD   = 20 log10|S_21| - fit
//! W(f)  = sinc²(f/f_b)/((1 + (f/f_t)⁴)(1 + (f/f_r)⁸))                                                 (93A-57)
//! FOM_ILD = √(Δf/(f_2 - f_1) Σ W ILD²)                                                                 (93A-56)
//! ICN   = √(2 Δf/f_2 Σ W Σ_k A_k²|S_21,k|²)                                                            (93A-58)
//! ```
//!
//! f_t is `f_v`, `f_f` or `f_n` times f_b for the thru, a far-end and a near-end aggressor; A_k is `A_ft` or `A_nt`.
//! Everything is of the channel alone, between its reference impedances.

use super::config::ComConfig;
use super::keywords::Keywords;
use super::search::width_hz;
use crate::error::{Error, Result, require};
use crate::medium::Network;
use crate::units::amplitude_db;
use nalgebra::{SMatrix, SVector};
use serde::Serialize;

/// Terms of the fit.
const TERMS: usize = 4;

/// Corners and band of the figures.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BandConfig {
    corner_hz: [f64; 3],
    low_hz: f64,
    high_hz: f64,
    high_ild_hz: f64,
    amplitude_v: [f64; 2],
}

impl BandConfig {
    /// Largest frequency of a figure, Hz.
    pub(super) fn end_hz(&self) -> f64 {
        self.high_hz.max(self.high_ild_hz)
    }

    pub(super) fn from_keywords(k: &Keywords<'_>, rate_hz: f64, fext_v: f64, next_v: f64) -> Result<Self> {
        let ghz = |name: &str, default_ghz: f64| {
            require::within(name, k.number_or(name, default_ghz)?, 0.0, 1e4).map(|f| f * 1e9)
        };
        let corner = |name: &str| require::positive(name, k.number_or(name, 4.0)?).map(|f| f * rate_hz);
        let low_hz = ghz("f_1", k.number_or("f_min", 0.05)?)?;
        let high_hz = ghz("f_2", rate_hz * 1e-9)?;
        let high_ild_hz = ghz("f_2_ILD", high_hz * 1e-9)?;
        for (name, f) in [("f_2", high_hz), ("f_2_ILD", high_ild_hz)] {
            if f <= low_hz {
                return Err(Error::parameter(name, f * 1e-9, format!("above f_1 = {} GHz", low_hz * 1e-9)));
            }
        }
        Ok(Self {
            corner_hz: [corner("f_v")?, corner("f_f")?, corner("f_n")?],
            low_hz,
            high_hz,
            high_ild_hz,
            amplitude_v: [
                require::positive("A_ft", k.number_or("A_ft", fext_v)?)?,
                require::positive("A_nt", k.number_or("A_nt", next_v)?)?,
            ],
        })
    }
}

/// What the files say in the frequency domain; the curves are not serialized.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Losses {
    /// Frequencies of the thru's file, Hz.
    #[serde(skip)]
    pub freq_hz: Vec<f64>,
    /// Insertion loss of the channel, dB.
    #[serde(skip)]
    pub insertion_loss_db: Vec<f64>,
    /// The fit to it between f_1 and f_2, dB; NaN outside.
    #[serde(skip)]
    pub fitted_db: Vec<f64>,
    /// Return loss of the left and the right port, dB.
    #[serde(skip)]
    pub return_loss_db: [Vec<f64>; 2],
    /// Insertion loss at half the symbol rate, dB; None if the file ends before.
    pub nyquist_loss_db: Option<f64>,
    /// Crosstalk of all far-end and of all near-end aggressors as a loss by power, dB; empty without.
    #[serde(skip)]
    pub crosstalk_loss_db: [Vec<f64>; 2],
    /// RMS deviation from the fit, dB.
    pub fom_ild_db: f64,
    /// Integrated crosstalk noise, V rms.
    pub icn_v: f64,
}

/// Losses of the thru and of the aggressors, which are interpolated linearly in power on the thru's grid.
pub(super) fn losses(
    thru: &Network,
    fext: &[Network],
    next: &[Network],
    config: &ComConfig,
) -> Result<Losses> {
    let (band, freq_hz) = (&config.band, thru.freq_hz());
    let s21: Vec<f64> = (0..freq_hz.len()).map(|k| thru.at(k, 1, 0).norm()).collect();
    let db = |x: f64| -amplitude_db(x.max(f64::MIN_POSITIVE));
    let insertion_loss_db: Vec<f64> = s21.iter().map(|s| db(*s)).collect();
    let range = range(freq_hz, band.low_hz, band.high_ild_hz)?;
    let fit = fitted_db(&freq_hz[range.clone()], &s21[range.clone()])?;
    let weighted = |k: usize, corner_hz: f64| weight(freq_hz[k], corner_hz, config) * width_hz(freq_hz, k);
    let ild2_hz: f64 = range
        .clone()
        .zip(&fit)
        .map(|(k, fit)| weighted(k, band.corner_hz[0]) * (insertion_loss_db[k] - fit).powi(2))
        .sum();
    let span_hz = freq_hz[range.end - 1] - freq_hz[range.start];
    let mut fitted_db = vec![f64::NAN; freq_hz.len()];
    for (k, v) in range.clone().zip(&fit) {
        fitted_db[k] = *v;
    }
    let far = power(fext, freq_hz);
    let near = power(next, freq_hz);
    let noise = self::range(freq_hz, band.low_hz, band.high_hz)?;
    let icn_v2_hz: f64 = noise
        .clone()
        .map(|k| {
            let term = |p: &[f64], i: usize| {
                p.get(k).map_or(0.0, |p| weighted(k, band.corner_hz[1 + i]) * p * band.amplitude_v[i].powi(2))
            };
            term(&far, 0) + term(&near, 1)
        })
        .sum();
    let nyquist_hz = 0.5 * config.rate_hz;
    Ok(Losses {
        nyquist_loss_db: (freq_hz[freq_hz.len() - 1] >= nyquist_hz)
            .then(|| thru.insertion_loss_db(&[nyquist_hz]).map(|v| v[0]))
            .transpose()?,
        return_loss_db: [0, 1].map(|p| (0..freq_hz.len()).map(|k| db(thru.at(k, p, p).norm())).collect()),
        crosstalk_loss_db: [&far, &near].map(|p| p.iter().map(|p| db(p.sqrt())).collect()),
        fom_ild_db: (ild2_hz / span_hz).sqrt(),
        icn_v: (2.0 * icn_v2_hz / band.high_hz).sqrt(),
        freq_hz: freq_hz.to_vec(),
        insertion_loss_db,
        fitted_db,
    })
}

fn weight(freq_hz: f64, corner_hz: f64, config: &ComConfig) -> f64 {
    let x = std::f64::consts::PI * freq_hz / config.rate_hz;
    let sinc = if x == 0.0 { 1.0 } else { x.sin() / x };
    let receiver_hz = config.receiver_corner * config.rate_hz;
    sinc * sinc / (1.0 + (freq_hz / corner_hz).powi(4)) / (1.0 + (freq_hz / receiver_hz).powi(8))
}

/// From the last point not above `low_hz` to the first not below `high_hz`, or to the end of the file.
fn range(freq_hz: &[f64], low_hz: f64, high_hz: f64) -> Result<std::ops::Range<usize>> {
    // A tenth of a hertz forgives the rounding of a file's decimal frequencies.
    let start = freq_hz.iter().rposition(|f| *f <= low_hz + 0.1).unwrap_or(0);
    let end = freq_hz.iter().position(|f| *f >= high_hz - 0.1).unwrap_or(freq_hz.len() - 1) + 1;
    if end < start + TERMS + 1 {
        let name = "points of thru between f_1 and f_2".to_string();
        let value = end.saturating_sub(start).to_string();
        return Err(Error::Grid { name, value, requirement: format!("at least {}", TERMS + 1) });
    }
    Ok(start..end)
}

/// Loss fitted by the terms 1, √f, f, f², dB.
fn fitted_db(freq_hz: &[f64], s21: &[f64]) -> Result<Vec<f64>> {
    // Scaled to 1 at the end, or the sums of the terms would be as different as f⁴.
    let end = freq_hz[freq_hz.len() - 1];
    let terms = |f: f64| [1.0, (f / end).sqrt(), f / end, (f / end).powi(2)];
    let (mut matrix, mut right) = (SMatrix::<f64, TERMS, TERMS>::zeros(), SVector::<f64, TERMS>::zeros());
    for (f, s) in freq_hz.iter().zip(s21) {
        let (t, w) = (terms(*f), s * s);
        let loss_db = -amplitude_db(s.max(f64::MIN_POSITIVE));
        for i in 0..TERMS {
            for j in 0..TERMS {
                matrix[(i, j)] += w * t[i] * t[j];
            }
            right[i] += w * t[i] * loss_db;
        }
    }
    let a = matrix.lu().solve(&right).ok_or_else(|| {
        Error::parameter(
            "insertion loss of thru",
            "nothing between f_1 and f_2",
            "a channel that passes a signal",
        )
    })?;
    Ok(freq_hz.iter().map(|f| terms(*f).iter().zip(&a).map(|(t, a)| t * a).sum()).collect())
}

/// Σ|S_21|² of networks on a grid, 0 outside a file; empty without networks.
fn power(networks: &[Network], freq_hz: &[f64]) -> Vec<f64> {
    if networks.is_empty() {
        return Vec::new();
    }
    let mut sum = vec![0.0; freq_hz.len()];
    for network in networks {
        let (x, mut i) = (network.freq_hz(), 1);
        for (total, f) in sum.iter_mut().zip(freq_hz) {
            while i + 1 < x.len() && x[i] < *f {
                i += 1;
            }
            if (x[0]..=x[x.len() - 1]).contains(f) {
                let at = |k: usize| network.at(k, 1, 0).norm_sqr();
                let share = ((f - x[i - 1]) / (x[i] - x[i - 1])).clamp(0.0, 1.0);
                *total += at(i - 1) + share * (at(i) - at(i - 1));
            }
        }
    }
    sum
}
