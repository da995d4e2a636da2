//! What is left at the slicer behind FFE and DFE, and the margin that its distribution gives.
//!
//! ```text
//! σ_G² = Σ-filtered transmitter noise + σ_RJ² σ_X² Σ h_J² + η_0 ∫ |H_r H_ctf H_rxffe|² df
//! p    = levels of every interference, jitter and crosstalk sample * Gaussian * a uniform of width |w_i| Δ a tap
//! COM_DFE = 20 log10(A_s/A_ni),   P(-A_ni) = DER_0
//! ```

use super::candidate::{Choice, Judge, Stage};
use super::mmse::Taps as Receiver;
use super::quantizer::{Clip, step_v};
use crate::engine::com::NoiseBudget;
use crate::engine::com::curves::CaseCurves;
use crate::engine::com::decision::{level_power, signal_v};
use crate::engine::com::distribution::{Lattice, bin_v};
use crate::engine::com::pulse::Taps;
use crate::engine::com::search::plain;
use crate::error::{Error, Result};
use crate::run::Run;
use crate::simd::dot;

/// Share of A_s below which a sample is left out of the distribution (93A.1.7.1).
const SMALL: f64 = 1e-3;
/// Sigmas out to which the Gaussian is added up.
pub(super) const SIGMAS: f64 = 10.0;

/// Samples and noise at the slicer, scaled to a main tap of 1.
pub(super) struct Slicer {
    /// Taps by place, relative to the main one, and its place.
    pub(super) w: Vec<f64>,
    pub(super) pre: usize,
    pub(super) b: f64,
    pub(super) signal_v: f64,
    /// Interference that the DFE leaves, one a symbol.
    pub(super) isi_v: Vec<f64>,
    /// Place of the cursor in it, which is 0 there, and its value.
    cursor: usize,
    cursor_v: f64,
    /// Pulse behind transmitter, channel and CTLE, and its sample of the cursor.
    shaped_v: Vec<f64>,
    at: usize,
    /// Slopes, V per UI.
    pub(super) slopes_v: Vec<f64>,
    /// Transmitter noise's pulse: without the transmitter's FFE.
    pub(super) transmitter_v: Vec<f64>,
    /// Each aggressor at its worst phase.
    pub(super) crosstalk_v: Vec<Vec<f64>>,
    pub(super) quantizer_step_v: f64,
    pub(super) receiver_v2: f64,
    pub(super) gaussian_v2: f64,
}

impl Slicer {
    pub(super) fn new(
        judge: &Judge<'_>,
        stage: &Stage,
        taps: &Taps,
        choice: &Choice,
        receiver: &Receiver,
    ) -> Self {
        let (config, pre) = (judge.config, judge.pre());
        let m = config.samples_per_symbol;
        let w: Vec<f64> = receiver.w.iter().map(|w| w / receiver.w[pre]).collect();
        let shaped = stage.thru.shaped(taps);
        // Room at both ends for the taps; the cursor moves on by those before the main one.
        let filtered = |v: &[f64], at: usize| {
            let room = w.len() as i64;
            let sampled: Vec<f64> = v.iter().skip(at % m).step_by(m).copied().collect();
            let out = (-room..sampled.len() as i64 + room).map(|n| {
                let tap =
                    |i: usize| usize::try_from(n + pre as i64 - i as i64).ok().and_then(|j| sampled.get(j));
                (0..w.len()).filter_map(|i| tap(i).map(|x| w[i] * x)).sum::<f64>()
            });
            (out.collect::<Vec<f64>>(), at / m + w.len())
        };
        let (mut isi_v, cursor) = filtered(&shaped, choice.at);
        let cursor_v = isi_v[cursor];
        isi_v[cursor] = 0.0;
        let low = judge.fixed.dfe.as_ref().and_then(|d| d.first()).copied();
        let limits = (config.b_min.first().copied(), config.b_max.first().copied());
        let b = match (low, limits) {
            (Some(b), _) => b,
            (None, (Some(low), Some(high))) => (isi_v[cursor + 1] / cursor_v).max(low).min(high),
            _ => 0.0,
        };
        isi_v[cursor + 1] -= b * cursor_v;
        let slopes = slopes(&shaped, m);
        let (slopes_v, _) = filtered(&slopes, choice.at);
        let plain_v = stage.thru.shaped(&plain());
        let (transmitter_v, _) = filtered(&plain_v, choice.at);
        let crosstalk = stage.crosstalk(taps);
        let crosstalk_v: Vec<Vec<f64>> = crosstalk.iter().map(|(v, phase)| filtered(v, *phase).0).collect();
        let receiver_v2 = filtered_lag(&w, &stage.receiver_v2, 0);
        let sx2 = level_power(config.levels);
        let gaussian_v2 = receiver_v2
            + judge.transmitter_ratio() * dot(&transmitter_v, &transmitter_v)
            + config.sigma_rj_ui.powi(2) * sx2 * dot(&slopes_v, &slopes_v);
        let quantizer_step_v =
            quantizer_step_v(judge, stage, choice, [&shaped, &slopes, &plain_v], &crosstalk);
        Self {
            pre,
            b,
            signal_v: signal_v(config, cursor_v),
            isi_v,
            cursor,
            cursor_v,
            shaped_v: shaped,
            at: choice.at,
            slopes_v,
            transmitter_v,
            crosstalk_v,
            quantizer_step_v,
            receiver_v2,
            gaussian_v2,
            w,
        }
    }

    pub(super) fn budget(&self, judge: &Judge<'_>) -> NoiseBudget {
        let config = judge.config;
        let sx2 = level_power(config.levels);
        let power = |v: &[f64]| dot(v, v);
        let jitter = config.a_dd_ui.powi(2) + config.sigma_rj_ui.powi(2);
        NoiseBudget {
            thermal_v: self.receiver_v2.max(0.0).sqrt(),
            transmitter_v: (judge.transmitter_ratio() * power(&self.transmitter_v)).sqrt(),
            jitter_v: (jitter * sx2 * power(&self.slopes_v)).sqrt(),
            isi_v: (sx2 * power(&self.isi_v)).sqrt(),
            // An empty sum is -0.
            crosstalk_v: (sx2 * (0.0 + self.crosstalk_v.iter().map(|v| power(v)).sum::<f64>())).sqrt(),
            quantizer_v: (power(&self.w) / 12.0).sqrt() * self.quantizer_step_v,
        }
    }

    /// Distribution of everything but the Gaussian.
    pub(super) fn bounded(&self, judge: &Judge<'_>, run: &Run) -> Result<Lattice> {
        let step_v = bin_v(self.signal_v);
        let large = |v: &f64| v.abs() > SMALL * self.signal_v;
        let jitter = self.slopes_v.iter().map(|v| judge.config.a_dd_ui * v).filter(large);
        let samples = self.isi_v.iter().copied().filter(large).chain(jitter);
        let crosstalk = self.crosstalk_v.iter().flatten().copied().filter(large);
        let p = Lattice::point(step_v).with_samples(
            samples.chain(crosstalk).collect(),
            judge.config.levels,
            run,
        )?;
        Ok(self.w.iter().fold(p, |p, w| p.uniform(w.abs() * self.quantizer_step_v)))
    }

    /// Distribution of everything.
    pub(super) fn distribution(&self, bounded: &Lattice) -> Lattice {
        bounded.gaussian(self.gaussian_v2.sqrt(), SIGMAS)
    }

    /// Pulse and distribution.
    pub(super) fn curves(&self, judge: &Judge<'_>, distribution: &Lattice) -> CaseCurves {
        let mut equalized_v = self.isi_v.clone();
        equalized_v[self.cursor] = self.cursor_v;
        let m = judge.config.samples_per_symbol;
        CaseCurves::new(m, (&self.shaped_v, self.at), (equalized_v, self.cursor), distribution)
    }

    /// A_ni.
    pub(super) fn noise_v(&self, judge: &Judge<'_>, distribution: &Lattice) -> Result<f64> {
        let noise_v = distribution.reach_v(judge.config.der);
        if noise_v > 0.0 {
            return Ok(noise_v);
        }
        Err(Error::parameter("noise at DER_0", noise_v, "above 0, or COM has no value"))
    }
}

/// Slopes of a pulse at each of its samples, V per UI.
fn slopes(v: &[f64], m: usize) -> Vec<f64> {
    (0..v.len()).map(|i| crate::engine::com::pulse::slope(v, i, m)).collect()
}

/// Δ of the final figure: crosstalk and dual-Dirac jitter count sample by sample (178A-44).
fn quantizer_step_v(
    judge: &Judge<'_>,
    stage: &Stage,
    choice: &Choice,
    [shaped, slopes, plain_v]: [&[f64]; 3],
    crosstalk: &[(Vec<f64>, usize)],
) -> f64 {
    let config = judge.config;
    let (m, bits) = (config.samples_per_symbol, judge.rules.quantizer_bits);
    if bits == 0 {
        return 0.0;
    }
    let phase = choice.at % m;
    let energy = |v: &[f64]| v.iter().skip(phase).step_by(m).map(|x| x * x).sum::<f64>();
    let sx2 = level_power(config.levels);
    let gaussian = stage.receiver_v2[0]
        + judge.transmitter_ratio() * energy(plain_v)
        + sx2 * config.sigma_rj_ui.powi(2) * energy(slopes);
    let mut samples: Vec<f64> = shaped.iter().skip(phase).step_by(m).copied().collect();
    samples.extend(slopes.iter().skip(phase).step_by(m).map(|v| config.a_dd_ui * v));
    for (v, phase) in crosstalk {
        samples.extend(v.iter().skip(*phase).step_by(m));
    }
    samples.sort_by(|a, b| b.abs().total_cmp(&a.abs()));
    let clip = Clip::new(config.levels, judge.rules.clip_probability);
    step_v(bits, clip.reach_v(&samples, gaussian, &mut None))
}

/// Autocorrelation at a lag behind taps: Σ_ij w_i w_j R[lag + i - j].
pub(super) fn filtered_lag(w: &[f64], r: &[f64], lag: usize) -> f64 {
    let at = |k: i64| r.get(k.unsigned_abs() as usize).copied().unwrap_or(0.0);
    let mut sum = 0.0;
    for (i, x) in w.iter().enumerate().filter(|p| *p.1 != 0.0) {
        for (j, y) in w.iter().enumerate().filter(|p| *p.1 != 0.0) {
            sum += x * y * at(lag as i64 + i as i64 - j as i64);
        }
    }
    sum
}
