//! One transmitter setting behind one CTLE setting: its receiver and figure of merit.
//!
//! ```text
//! R_nn[k] = η_0/2 ∫|H_r H_ctf|² e^{j2πfkT_b} df + 10^(-SNR_TX/10) R_plain[k] + σ_X² Σ R_xt[k]
//!           + σ_X² (A_DD² + σ_RJ²) R'[k] + Δ²/12 δ[k]                         (178A-17 … 178A-28)
//! FOM = 20 log10(R_LM/((L - 1) σ_e)),   σ_e² = σ_X² q
//! ```
//!
//! Folding a density at f_b is sampling its autocorrelation at whole symbols, which is what the solver asks for.

use super::mmse::{Phase, Solver, Taps as Receiver, given};
use super::pulse::{Grid, Products, Pulse, Table, products};
use super::quantizer::{Clip, step_v};
use super::rules::Rules;
use crate::engine::com::config::{ComConfig, Role};
use crate::engine::com::decision::level_power;
use crate::engine::com::equalizer::FixedEqualizer;
use crate::engine::com::pulse::{MAX_LAG, Taps};
use crate::engine::com::search::plain;
use crate::receiver::CtleStage;
use crate::simd::Level;
use crate::units::{amplitude_db, power_db, power_ratio};
use num_complex::Complex64;

/// Symbols after the cursor whose samples the quantizer's reach counts one by one; the others count by their energy.
const AFTER: usize = 40;
/// Symbols before it.
const BEFORE: usize = 8;

/// Spectra of all impulse responses of a package case.
pub(super) struct Spectra {
    pub(super) grid: Grid,
    pub(super) thru: Vec<Complex64>,
    pub(super) fext: Vec<Vec<Complex64>>,
    pub(super) next: Vec<Vec<Complex64>>,
}

/// Everything behind one CTLE setting.
pub(super) struct Stage {
    pub(super) ctle: CtleStage,
    pub(super) thru: Pulse,
    fext: Vec<Pulse>,
    next: Vec<Pulse>,
    /// Autocorrelation of receiver noise, V².
    pub(super) receiver_v2: Vec<f64>,
    /// Of the pulse, and of pulse and jitter: what the transmitter's taps shape.
    signal: Table,
    shaped: Table,
    slopes: Table,
    fext_lags: Vec<Table>,
    /// Phase of the largest energy of each near-end aggressor.
    next_phases: Vec<usize>,
    /// Of noise that they do not shape, over σ_X², by phase.
    unshaped: Vec<f64>,
}

/// A sampling time of a candidate.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choice {
    pub(super) fom_db: f64,
    /// Sample of the pulse, and its distance from the peak.
    pub(super) at: usize,
    pub(super) offset: i64,
    pub(super) quantizer_step_v: f64,
}

/// What judges candidates: the configuration and what of the receiver is fixed.
pub(super) struct Judge<'a> {
    pub(super) config: &'a ComConfig,
    pub(super) rules: &'a Rules,
    pub(super) fixed: &'a FixedEqualizer,
    pub(super) level: Level,
}

/// Memory of one thread.
pub(super) struct Scratch<'a> {
    solver: Solver<'a>,
    r: Vec<f64>,
    fext: Vec<f64>,
    window: Vec<f64>,
    h0: Vec<f64>,
    h1: Vec<f64>,
}

impl Stage {
    /// Pulse of each aggressor behind its transmitter's taps, and its phase of the largest energy.
    pub(super) fn crosstalk(&self, taps: &Taps) -> Vec<(Vec<f64>, usize)> {
        let products = products(taps);
        let far = self.fext.iter().zip(&self.fext_lags);
        let near = self.next.iter().zip(&self.next_phases);
        far.map(|(pulse, lags)| (pulse.shaped(taps), lags.worst_phase(&products)))
            .chain(near.map(|(pulse, phase)| (pulse.shaped(&plain()), *phase)))
            .collect()
    }
}

impl<'a> Judge<'a> {
    pub(super) fn scratch(&self) -> Scratch<'a> {
        let span = self.span();
        Scratch {
            solver: Solver::new(self.rules, self.dfe_limits(), self.level),
            r: vec![0.0; span],
            fext: vec![0.0; span],
            window: vec![0.0; span + AFTER + BEFORE + 2],
            h0: vec![0.0; span],
            h1: vec![0.0; span],
        }
    }

    /// Tap places: those of the release, or of the taps that are given.
    fn span(&self) -> usize {
        self.fixed.rx_ffe.as_ref().map_or(self.rules.span, Vec::len)
    }

    pub(super) fn pre(&self) -> usize {
        match &self.fixed.rx_ffe {
            Some(_) => self.fixed.rx_ffe_pre.unwrap_or(self.rules.pre),
            None => self.rules.pre,
        }
    }

    fn dfe_limits(&self) -> (f64, f64) {
        if let Some(b) = self.fixed.dfe.as_ref().and_then(|d| d.first()) {
            return (*b, *b);
        }
        let limit = |all: &[f64]| all.first().copied().unwrap_or(0.0);
        (limit(&self.config.b_min), limit(&self.config.b_max))
    }

    /// Pulses and noise behind a CTLE setting.
    pub(super) fn stage(&self, spectra: &Spectra, ctle: CtleStage) -> Stage {
        let (config, grid) = (self.config, &spectra.grid);
        let n_lags = self.span() + MAX_LAG;
        let response = grid.ctle(ctle);
        let pulse = |s: &Vec<Complex64>, role| grid.pulse(s, &response, config.amplitude_v(role));
        let thru = pulse(&spectra.thru, Role::Thru);
        let fext: Vec<Pulse> = spectra.fext.iter().map(|s| pulse(s, Role::Fext)).collect();
        let next: Vec<Pulse> = spectra.next.iter().map(|s| pulse(s, Role::Next)).collect();
        let receiver_v2 = grid.receiver_lags(&response, config.eta_v2_per_hz, n_lags);
        let (signal, slopes) = (thru.lags(n_lags), thru.slope_lags(n_lags));
        let sx2 = level_power(config.levels);
        let mut unshaped: Vec<f64> = (0..grid.per_symbol)
            .flat_map(|m| {
                let transmitter = self.transmitter_ratio();
                signal.row(m).iter().zip(&receiver_v2).map(move |(t, r)| (transmitter * t + r) / sx2)
            })
            .collect();
        let mut next_phases = Vec::with_capacity(next.len());
        for pulse in &next {
            let lags = pulse.lags(n_lags);
            let phase = lags.worst_phase(&products(&plain()));
            let worst = lags.row(phase);
            next_phases.push(phase);
            for row in unshaped.chunks_exact_mut(n_lags) {
                row.iter_mut().zip(worst).for_each(|(u, x)| *u += x);
            }
        }
        let jitter = config.a_dd_ui.powi(2) + config.sigma_rj_ui.powi(2);
        Stage {
            ctle,
            shaped: signal.plus(jitter, &slopes),
            fext_lags: fext.iter().map(|p| p.lags(n_lags)).collect(),
            next_phases,
            thru,
            fext,
            next,
            receiver_v2,
            signal,
            slopes,
            unshaped,
        }
    }

    pub(super) fn transmitter_ratio(&self) -> f64 {
        power_ratio(-self.config.snr_tx_db)
    }

    /// The best of the 33 sampling times, or the one so many samples after it that is asked for.
    pub(super) fn choose(&self, stage: &Stage, taps: &Taps, scratch: &mut Scratch<'_>) -> Option<Choice> {
        let m = self.config.samples_per_symbol;
        let peak = stage.thru.shaped_peak(taps)? as i64;
        let products = products(taps);
        scratch.fext.fill(0.0);
        for lags in &stage.fext_lags {
            lags.add_shaped(lags.worst_phase(&products), &products, &mut scratch.fext);
        }
        let half = (m / 2) as i64;
        let mut saddle = None;
        let mut best: Option<(f64, i64, f64)> = None;
        for offset in -half..=half {
            let beat = best.map_or(f64::INFINITY, |b| b.0);
            if let Some((q, step)) =
                self.error(stage, taps, &products, peak + offset, beat, &mut saddle, scratch)
                && q < beat
            {
                best = Some((q, offset, step));
            }
        }
        let (mut q, mut offset, mut step) = best?;
        if let Some(shift) = self.fixed.sampling_offset.filter(|n| *n != 0) {
            offset += shift;
            (q, step) =
                self.error(stage, taps, &products, peak + offset, f64::INFINITY, &mut saddle, scratch)?;
        }
        let at = usize::try_from(peak + offset).ok()?;
        (q.is_finite() && q > 0.0).then(|| Choice {
            fom_db: self.fom_db(q),
            at,
            offset,
            quantizer_step_v: step,
        })
    }

    fn fom_db(&self, q: f64) -> f64 {
        let levels = self.config.levels;
        amplitude_db(self.config.r_lm / (levels as f64 - 1.0)) - power_db(level_power(levels) * q)
    }

    /// The receiver at a sampling time.
    pub(super) fn receiver(
        &self,
        stage: &Stage,
        taps: &Taps,
        choice: &Choice,
        scratch: &mut Scratch<'_>,
    ) -> Option<Receiver> {
        let products = products(taps);
        self.error(stage, taps, &products, choice.at as i64, f64::INFINITY, &mut None, scratch)?;
        let phase = Phase { r: &scratch.r, h0: &scratch.h0, h1: &scratch.h1 };
        match &self.fixed.rx_ffe {
            Some(w) => given(&phase, w, self.dfe_limits()),
            None => Some(scratch.solver.taps()),
        }
    }

    /// q at a sample, if it may be below `beat`, and the quantizer's step; leaves the phase's matrix in `scratch`.
    #[allow(clippy::too_many_arguments, reason = "a candidate, its sample, and what the samples share")]
    fn error(
        &self,
        stage: &Stage,
        taps: &Taps,
        products: &Products,
        at: i64,
        beat: f64,
        saddle: &mut Option<f64>,
        scratch: &mut Scratch<'_>,
    ) -> Option<(f64, f64)> {
        let m = self.config.samples_per_symbol as i64;
        let (symbol, phase) = (at.div_euclid(m), at.rem_euclid(m) as usize);
        let (span, pre) = (scratch.r.len(), self.pre());
        let first = symbol - (span - 1 - pre).max(BEFORE) as i64;
        let cursor = (symbol - first) as usize;
        let width = cursor + (pre + 2).max(AFTER);
        scratch.window.resize(width, 0.0);
        let window = &mut scratch.window[..];
        stage.thru.window(taps, phase, first, window);
        if window[cursor] <= 0.0 {
            return None;
        }
        for i in 0..span {
            // The oldest sample stands at the last tap.
            scratch.h0[i] = window[cursor + pre - i];
            scratch.h1[i] = window[cursor + pre + 1 - i];
        }
        let n_lags = span + MAX_LAG;
        let unshaped = &stage.unshaped[phase * n_lags..][..span];
        for ((r, u), x) in scratch.r.iter_mut().zip(unshaped).zip(&scratch.fext) {
            *r = u + x;
        }
        let noise = scratch.r[0];
        stage.shaped.add_shaped(phase, products, &mut scratch.r);
        let mut step = 0.0;
        if self.rules.quantizer_bits > 0 {
            let sx2 = level_power(self.config.levels);
            let jitter = self.config.sigma_rj_ui.powi(2) * stage.slopes.energy(phase, products);
            let near = &window[cursor - BEFORE..];
            let far = stage.signal.energy(phase, products) - near.iter().map(|h| h * h).sum::<f64>();
            let clip = Clip::new(self.config.levels, self.rules.clip_probability);
            let reach = clip.reach_v(near, sx2 * (noise + jitter + far.max(0.0)), saddle);
            step = step_v(self.rules.quantizer_bits, reach);
            scratch.r[0] += step * step / (12.0 * sx2);
        }
        let phase = Phase { r: &scratch.r, h0: &scratch.h0, h1: &scratch.h1 };
        let q = match &self.fixed.rx_ffe {
            Some(w) => given(&phase, w, self.dfe_limits())?.q,
            None => scratch.solver.solve(&phase, beat),
        };
        Some((q, step))
    }
}
