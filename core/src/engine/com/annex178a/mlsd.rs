//! What sequence detection is credited with (178A.1.10).
//!
//! ```text
//! g_an   such that receiver noise of power g_an more costs `add_rx_noise` dB at DER_0; p_an is the distribution with it
//! p_1    = p_an(y) * p_an(y/b)/b,   p_(j+1) = p_j * p_an(y/(1 - b))/(1 - b)              * is convolution
//! u_j    = (1, (-1)^(i-1)(1 - b) for i = 2 … j, (-1)^(j+1) b)
//! x_j    = A_s (u'u)^1.5/√(u'Vu),   V the normalized autocorrelation of noise and interference at the FFE's output
//! DER    = Σ_j ((L - 1)/L)^(j-1) P_j(-x_j),   to a term below 1e-4 of the sum
//! gain   = max(0, 20 log10(-P_an⁻¹(DER)/A_s))
//! ```
//!
//! The sums run far into tails. Convolutions by Fourier transform leave errors of 1e-16 of the largest value, so all
//! of them are done on distributions times e^{θy}, θ = A_s/σ²: near -x_j those are largest.

use super::candidate::{Judge, Stage};
use super::margin::{SIGMAS, Slicer, filtered_lag};
use crate::engine::com::decision::level_power;
use crate::engine::com::distribution::Lattice;
use crate::error::{Error, Result};
use crate::run::Run;
use crate::simd::dot;
use crate::units::{amplitude_db, amplitude_ratio};
use realfft::RealFftPlanner;

/// Longest error event, symbols; its weight is below 1e-4 from the 35th on.
const MAX_EVENT: usize = 128;
/// A term below this share of the sum is the last.
const LAST_TERM: f64 = 1e-4;
/// Probability that the ends of a distribution may hold to be dropped.
const NEGLIGIBLE: f64 = 1e-30;
/// Smallest error ratio that a gain is taken at: below it probabilities leave double precision.
const LEAST_DER: f64 = 1e-300;
/// Halvings of the interval of the added noise's σ.
const HALVINGS: usize = 48;

/// The gain in dB, at least 0.
pub(super) fn gain_db(
    judge: &Judge<'_>,
    stage: &Stage,
    slicer: &Slicer,
    bounded: &Lattice,
    noise_v: f64,
    run: &Run,
) -> Result<f64> {
    let config = judge.config;
    let added_v2 = added_noise_v2(judge, slicer, bounded, noise_v)?;
    run.check()?;
    let sigma_v = (slicer.gaussian_v2 + added_v2).sqrt();
    // Far enough for the longest distance of an event, which is below 2 A_s.
    let p_an = bounded.gaussian(sigma_v, SIGMAS + 2.0 * slicer.signal_v / sigma_v);
    let rho = correlation(judge, stage, slicer, added_v2);
    let der = error_ratio(config.levels, slicer, &p_an, &rho, run)?;
    // The distribution ends there: whatever lies below is credited no more.
    let gain = amplitude_db(p_an.reach_v(der.max(LEAST_DER)) / slicer.signal_v);
    Ok(gain.max(0.0))
}

/// σ² of the receiver noise to add: the smallest by which A_ni grows by `add_rx_noise`.
fn added_noise_v2(judge: &Judge<'_>, slicer: &Slicer, bounded: &Lattice, noise_v: f64) -> Result<f64> {
    if slicer.receiver_v2 <= 0.0 {
        return Err(Error::parameter(
            "eta_0",
            judge.config.eta_v2_per_hz * 1e9,
            "above 0: MLSD adds receiver noise",
        ));
    }
    let target_v = noise_v * amplitude_ratio(judge.rules.added_noise_db);
    // P(bounded + Gaussian <= -target), a bin being a step wide.
    let half = (bounded.p.len() / 2) as f64;
    let edge = 0.5 - (target_v / bounded.step_v).ceil();
    let tail = |sigma_v: f64| {
        let sigma = sigma_v / bounded.step_v;
        bounded
            .p
            .iter()
            .enumerate()
            .map(|(i, p)| p * crate::density::q((i as f64 - half - edge) / sigma))
            .sum::<f64>()
    };
    let (mut low, mut high) = (slicer.gaussian_v2.sqrt(), target_v);
    while tail(high) < judge.config.der {
        high *= 2.0;
    }
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if tail(middle) < judge.config.der { low = middle } else { high = middle }
    }
    Ok((high * high - slicer.gaussian_v2).max(0.0))
}

/// Normalized autocorrelation of noise, with what is added, and interference at the FFE's output (178A-56).
fn correlation(judge: &Judge<'_>, stage: &Stage, slicer: &Slicer, added_v2: f64) -> Vec<f64> {
    let config = judge.config;
    let sx2 = level_power(config.levels);
    let lagged = |v: &[f64], k: usize| if k < v.len() { dot(&v[..v.len() - k], &v[k..]) } else { 0.0 };
    let jitter = config.a_dd_ui.powi(2) + config.sigma_rj_ui.powi(2);
    let added = 1.0 + added_v2 / slicer.receiver_v2;
    let quantizer = slicer.quantizer_step_v.powi(2) / 12.0;
    let r: Vec<f64> = (0..=MAX_EVENT)
        .map(|k| {
            added * filtered_lag(&slicer.w, &stage.receiver_v2, k)
                + judge.transmitter_ratio() * lagged(&slicer.transmitter_v, k)
                + sx2
                    * (lagged(&slicer.isi_v, k)
                        + jitter * lagged(&slicer.slopes_v, k)
                        + slicer.crosstalk_v.iter().map(|v| lagged(v, k)).sum::<f64>())
                + quantizer * lagged(&slicer.w, k)
        })
        .collect();
    r.iter().map(|v| v / r[0]).collect()
}

/// DER of the sequence detector.
fn error_ratio(levels: usize, slicer: &Slicer, p_an: &Lattice, rho: &[f64], run: &Run) -> Result<f64> {
    let (b, signal_v) = (slicer.b, slicer.signal_v);
    // The noise is symmetric: only the magnitude of a factor matters.
    let theta = signal_v / p_an.variance_v2();
    let step = Tilted::new(&p_an.scaled((1.0 - b).abs()), theta);
    // It keeps the transforms of a length once made.
    let mut planner = RealFftPlanner::new();
    let mut sum =
        Tilted::new(p_an, theta).convolved(&Tilted::new(&p_an.scaled(b.abs()), theta), &mut planner)?;
    let share = 1.0 - 1.0 / levels as f64;
    let mut total = 0.0;
    for j in 1..=MAX_EVENT {
        run.check()?;
        let sign = |i: usize| if i.is_multiple_of(2) { 1.0 } else { -1.0 };
        let u: Vec<f64> = std::iter::once(1.0)
            .chain((2..=j).map(|i| sign(i - 1) * (1.0 - b)))
            .chain([sign(j + 1) * b])
            .collect();
        let mut power = 0.0;
        for (i, x) in u.iter().enumerate() {
            for (k, y) in u.iter().enumerate() {
                power += x * y * rho[i.abs_diff(k)];
            }
        }
        let distance_v = signal_v * dot(&u, &u).powf(1.5) / power.max(f64::MIN_POSITIVE).sqrt();
        let term = share.powi(j as i32 - 1) * sum.tail(distance_v);
        total += term;
        if term <= LAST_TERM * total || j == MAX_EVENT {
            break;
        }
        sum = sum.convolved(&step, &mut planner)?;
    }
    Ok(total)
}

/// A distribution times e^{-θy}, normalized: p(y) = e^{scale + θy} p̃(y), for the lower tail.
struct Tilted {
    step_v: f64,
    theta: f64,
    ln_scale: f64,
    p: Vec<f64>,
    /// Bin of 0.
    zero: i64,
}

impl Tilted {
    fn new(lattice: &Lattice, theta: f64) -> Self {
        let zero = (lattice.p.len() / 2) as i64;
        let exponent = |i: usize| -theta * (i as i64 - zero) as f64 * lattice.step_v;
        let largest = lattice
            .p
            .iter()
            .enumerate()
            .filter(|p| *p.1 > 0.0)
            .map(|(i, p)| p.ln() + exponent(i))
            .fold(f64::NEG_INFINITY, f64::max);
        let p = lattice.p.iter().enumerate().map(|(i, p)| p * (exponent(i) - largest).exp()).collect();
        Self { step_v: lattice.step_v, theta, ln_scale: largest, p, zero }.normalized()
    }

    /// Sum 1, negligible ends dropped.
    fn normalized(mut self) -> Self {
        let total: f64 = self.p.iter().sum();
        self.ln_scale += total.ln();
        let reach = |v: &mut dyn Iterator<Item = &f64>| {
            let mut sum = 0.0;
            v.take_while(|p| {
                sum += **p;
                sum < NEGLIGIBLE * total
            })
            .count()
        };
        let (first, last) = (reach(&mut self.p.iter()), reach(&mut self.p.iter().rev()));
        let end = self.p.len() - last.min(self.p.len() - 1 - first.min(self.p.len() - 1));
        self.p = self.p[first.min(end - 1)..end].iter().map(|p| p / total).collect();
        self.zero -= first as i64;
        self
    }

    fn convolved(&self, other: &Self, planner: &mut RealFftPlanner<f64>) -> Result<Self> {
        let n = self.p.len() + other.p.len() - 1;
        let size = n.next_power_of_two();
        let (forward, inverse) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
        let failed = |e: realfft::FftError| Error::parameter("mlsd", e, "a distribution");
        let spectrum = |p: &[f64]| {
            let mut padded = p.to_vec();
            padded.resize(size, 0.0);
            let mut out = forward.make_output_vec();
            forward.process(&mut padded, &mut out).map_err(failed)?;
            Ok::<_, Error>(out)
        };
        let (mut a, b) = (spectrum(&self.p)?, spectrum(&other.p)?);
        for (x, y) in a.iter_mut().zip(&b) {
            *x *= y / size as f64;
        }
        let mut p = inverse.make_output_vec();
        inverse.process(&mut a, &mut p).map_err(failed)?;
        p.truncate(n);
        for v in &mut p {
            *v = v.max(0.0);
        }
        let ln_scale = self.ln_scale + other.ln_scale;
        Ok(Self { step_v: self.step_v, theta: self.theta, ln_scale, p, zero: self.zero + other.zero }
            .normalized())
    }

    /// P(y <= -distance), to the first bin at or above it.
    fn tail(&self, distance_v: f64) -> f64 {
        let last = (-distance_v / self.step_v - 1e-9).ceil() as i64 + self.zero;
        let weight =
            |i: usize| (self.ln_scale + self.theta * (i as i64 - self.zero) as f64 * self.step_v).exp();
        let end = usize::try_from(last + 1).unwrap_or(0).min(self.p.len());
        self.p[..end].iter().enumerate().map(|(i, p)| p * weight(i)).sum()
    }
}
