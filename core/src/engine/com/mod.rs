//! Channel operating margin by Annex 93A of IEEE 802.3, in the numbers of release 4.50 of its reference code, and by Annex
//! 178A of draft P802.3dj/D3.3.
//!
//! ```text
//! COM = 20 log10(A_s/A_ni)        A_s = R_LM h(t_s)/(L - 1),   P(noise and interference <= -A_ni) = DER_0
//! FOM = 10 log10(A_s²/(σ_TX² + σ_ISI² + σ_J² + σ_XT² + σ_N²)), which the search maximizes
//! ```
//!
//! | step | where |
//! |---|---|
//! | keywords of the workbooks, MATLAB texts, shipped configurations | `keywords`, `matlab`, `config`, `named` |
//! | packages, terminations, filters | `channel` |
//! | extrapolation and impulse response of the release | `impulse` |
//! | pulse behind the CTLE, quadratic forms of the taps | `pulse` |
//! | files checked, boards | `inputs`, `board` |
//! | sampling time, DFE with its floating taps, terms, FOM | `decision`, `floating` |
//! | search, exhaustive and adaptive | `search`, `adaptive` |
//! | distribution, A_ni, eye of C2M | `distribution`, `window` |
//! | ERL and TDR, losses, ILD and ICN | `reflection`, `loss` |
//! | receiver of Annex 178A | `annex178a` |
//!
//! Not computed, and refused: MLSE of release 4.50, a package in the TDR, ERL of a device.

mod adaptive;
mod annex178a;
mod board;
mod channel;
mod config;
mod curves;
mod decision;
mod distribution;
mod equalizer;
mod floating;
mod impulse;
mod inputs;
mod keywords;
mod loss;
mod matlab;
mod named;
mod pulse;
mod reflection;
mod search;
mod window;

pub use config::{ComConfig, Role};
pub use curves::CaseCurves;
pub use equalizer::{FixedEqualizer, FoundEqualizer, Step};
pub use loss::Losses;
pub use named::{KeywordEvidence, NamedConfig};
pub use reflection::Reflection;

use crate::error::{Error, Result};
use crate::medium::Network;
use crate::run::Run;
use crate::units::{amplitude_db, amplitude_ratio};
use channel::Ends;
use config::PackageCase;
use config::{RELEASE_93A, RELEASE_178A};
use decision::{Decision, no_pulse, signal_v};
use distribution::distribution_450;
use pulse::{Taps, slope};
use search::{Best, Paths, Pulses, Settings, plain, search};
use serde::Serialize;

/// RMS voltages at the slicer, by origin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct NoiseBudget {
    /// Receiver noise behind H_r and the CTLE, V rms.
    #[serde(rename = "thermal")]
    pub thermal_v: f64,
    /// Transmitter noise by SNR_TX, V rms.
    #[serde(rename = "transmitter")]
    pub transmitter_v: f64,
    /// Dual-Dirac and random jitter, V rms.
    #[serde(rename = "jitter")]
    pub jitter_v: f64,
    /// Intersymbol interference that the equalizer leaves, V rms.
    #[serde(rename = "isi")]
    pub isi_v: f64,
    /// Crosstalk at its worst phase, V rms.
    #[serde(rename = "crosstalk")]
    pub crosstalk_v: f64,
    /// Quantizer noise, V rms; 0 in Annex 93A.
    #[serde(rename = "quantizer")]
    pub quantizer_v: f64,
}

/// The figures of one package case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComCase {
    /// Number of the case, from 1, in the order of `z_p select`.
    pub case: usize,
    /// Channel operating margin, dB.
    pub com_db: f64,
    /// The same without sequence detection, dB.
    pub com_dfe_db: f64,
    /// What sequence detection is credited with, dB; 0 in Annex 93A.
    pub mlsd_gain_db: f64,
    /// Figure of merit, dB.
    pub fom_db: f64,
    /// A_s, V.
    pub signal_v: f64,
    /// A_ni at DER_0, V.
    pub noise_v: f64,
    /// 2 (A_s - A_ni), V.
    pub veo_v: f64,
    /// -20 log10(1 - 10^(-COM/20)), dB; NaN for a COM of at most 0.
    pub vec_db: f64,
    /// Noise by origin.
    pub noise_budget: NoiseBudget,
    /// The setting.
    pub equalizer: FoundEqualizer,
    /// Settings tried.
    pub n_candidates: usize,
    /// Pulse and distribution.
    pub curves: CaseCurves,
    /// The best setting of each CTLE setting that was tried, in the order of the grid.
    pub trace: Vec<Step>,
}

impl ComCase {
    /// Figures of A_s and A_ni, and of the setting that gave them.
    #[allow(clippy::too_many_arguments, reason = "what a case consists of")]
    fn new(
        case: usize,
        (signal_v, noise_v): (f64, f64),
        mlsd_gain_db: f64,
        fom_db: f64,
        noise_budget: NoiseBudget,
        equalizer: FoundEqualizer,
        best: Best,
        curves: CaseCurves,
    ) -> Self {
        let com_dfe_db = amplitude_db(signal_v / noise_v);
        let com_db = com_dfe_db + mlsd_gain_db;
        let eye = 1.0 - amplitude_ratio(-com_db);
        Self {
            case,
            com_db,
            com_dfe_db,
            mlsd_gain_db,
            fom_db,
            signal_v,
            noise_v,
            veo_v: 2.0 * (signal_v - noise_v),
            vec_db: if eye > 0.0 { -amplitude_db(eye) } else { f64::NAN },
            noise_budget,
            equalizer,
            n_candidates: best.n_candidates,
            trace: best.trace,
            curves,
        }
    }
}

/// A channel's margin: the worst of its package cases, and all of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Com {
    /// Release whose rules were followed.
    pub release: &'static str,
    /// Whether the worst case reaches `COM Pass threshold`, and for C2M `EH_min` and `VEC Pass threshold`.
    pub passed: bool,
    /// The limit, dB.
    pub pass_db: f64,
    /// `f_b`, symbols a second.
    pub symbol_rate_hz: f64,
    /// `DER_0`, the detector error ratio at COM.
    pub target_der: f64,
    /// The figures of the worst case.
    #[serde(flatten)]
    pub worst: ComCase,
    /// Effective return loss of the worse port, dB; None without `ERL`.
    #[serde(serialize_with = "reflection::finite_or_text")]
    pub erl_db: Option<f64>,
    /// `ERL Pass threshold`, dB; None if it is not given or 0.
    pub erl_pass_db: Option<f64>,
    /// Integrated crosstalk noise, V rms; None if the file is too short for it.
    pub icn_v: Option<f64>,
    /// RMS deviation of the insertion loss from its fit, dB.
    pub fom_ild_db: Option<f64>,
    /// Losses over frequency.
    pub losses: Option<Losses>,
    /// TDR of both ports; None without `TDR`.
    pub reflections: Option<[Reflection; 2]>,
    /// One entry a package case.
    pub cases: Vec<ComCase>,
    /// What was assumed.
    pub warnings: Vec<String>,
}

/// Channel operating margin of a channel with its aggressors, each a 4-port (its pairs guessed) or a differential
/// two-port. What `fixed` leaves open is searched over the configuration's
/// grid: by the rules of 4.50 the whole of it, by those of D3.3 as `Local Search` says.
///
/// # Errors
/// [`Error::Parameter`] for networks of other ports, a DFE of another length, a thru without a pulse, noise that cannot
/// be told from 0; [`Error::Grid`] for a file of fewer than 52 points or a response before its cause;
/// [`Error::Interrupted`].
pub fn com(
    thru: &Network,
    fext: &[Network],
    next: &[Network],
    config: &ComConfig,
    fixed: &FixedEqualizer,
    run: &Run,
) -> Result<Com> {
    let (span, pre) = config.receiver.as_ref().map_or((1, 0), |r| r.span_and_pre());
    let named = if config.floating.is_some() { "N_f" } else { "N_b" };
    fixed.check((named, floating::n_taps(config)), span, pre)?;
    let mut warnings = Vec::new();
    let mut load = |name: String, network: &Network| {
        let channel = inputs::two_port(&name, network, config)?;
        for warning in
            channel.warnings().iter().cloned().chain(inputs::assumptions(network, &channel, config))
        {
            let warning = format!("{name}: {warning}");
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
        Ok::<_, Error>((name, channel))
    };
    let thru = load("thru".into(), thru)?;
    let mut all = |kind: &str, networks: &[Network]| {
        networks.iter().enumerate().map(|(i, n)| load(format!("{kind}.{i}"), n)).collect::<Result<Vec<_>>>()
    };
    let (fext, next) = (all("fext", fext)?, all("next", next)?);
    for (name, aggressor) in fext.iter().chain(&next) {
        warnings
            .extend(inputs::against_thru(&thru.1, aggressor, config).iter().map(|w| format!("{name}: {w}")));
    }
    warnings.extend(inputs::of_configuration(config, &thru.1));
    let (losses, reflections) = channel_figures(&thru.1, &fext, &next, config, &mut warnings, run)?;
    let mut cases = Vec::with_capacity(config.cases.len());
    for (i, case) in config.cases.iter().enumerate() {
        run.check()?;
        cases.push(one_case(i + 1, case, &thru, &fext, &next, config, fixed, run)?);
    }
    let worst = cases.iter().min_by(|a, b| a.com_db.total_cmp(&b.com_db)).cloned();
    let worst = worst.ok_or_else(|| Error::parameter("z_p select", "no case", "at least one"))?;
    let is_open = |c: &ComCase| {
        config
            .window
            .as_ref()
            .is_none_or(|w| c.veo_v >= w.min_veo_v && w.max_vec_db.is_none_or(|limit| c.vec_db <= limit))
    };
    let passed = worst.com_db >= config.pass_db && cases.iter().all(is_open);
    let erl = |r: &[Reflection; 2]| Some(r[0].erl_db?.min(r[1].erl_db?));
    Ok(Com {
        release: if config.receiver.is_some() { RELEASE_178A } else { RELEASE_93A },
        passed,
        pass_db: config.pass_db,
        symbol_rate_hz: config.rate_hz,
        target_der: config.der,
        worst,
        erl_db: reflections.as_ref().and_then(erl),
        erl_pass_db: config.reflection.as_ref().and_then(|r| r.pass_db),
        icn_v: losses.as_ref().map(|l| l.icn_v),
        fom_ild_db: losses.as_ref().map(|l| l.fom_ild_db),
        losses,
        reflections,
        cases,
        warnings,
    })
}

/// What the files say without packages and equalizers. Where a file does not do for a figure, that is said and the
/// margin computed all the same.
fn channel_figures(
    thru: &Network,
    fext: &[Named],
    next: &[Named],
    config: &ComConfig,
    warnings: &mut Vec<String>,
    run: &Run,
) -> Result<(Option<Losses>, Option<[Reflection; 2]>)> {
    let networks = |all: &'_ [Named]| all.iter().map(|n| n.1.clone()).collect::<Vec<_>>();
    let mut kept = |what: &str, error: Error| match error {
        Error::Interrupted => Err(error),
        _ => {
            warnings.push(format!("no {what}: {error}"));
            Ok(())
        }
    };
    let losses = match loss::losses(thru, &networks(fext), &networks(next), config) {
        Ok(losses) => Some(losses),
        Err(error) => kept("ICN and ILD", error).map(|()| None)?,
    };
    let Some(rules) = &config.reflection else { return Ok((losses, None)) };
    let reflections = match reflection::reflections(thru, config, rules, run) {
        Ok(both) => Some(both),
        Err(error) => kept("TDR and ERL", error).map(|()| None)?,
    };
    Ok((losses, reflections))
}

type Named = (String, Network);

#[allow(clippy::too_many_arguments, reason = "those of com, and the case")]
fn one_case(
    number: usize,
    case: &PackageCase,
    thru: &Named,
    fext: &[Named],
    next: &[Named],
    config: &ComConfig,
    fixed: &FixedEqualizer,
    run: &Run,
) -> Result<ComCase> {
    let mut ends = Ends::new(config, case);
    let mut impulse = |n: &Named, role: Role| ends.impulse(&n.0, &n.1, role);
    let paths = Paths {
        thru: impulse(thru, Role::Thru)?,
        fext: fext.iter().map(|n| impulse(n, Role::Fext)).collect::<Result<_>>()?,
        next: next.iter().map(|n| impulse(n, Role::Next)).collect::<Result<_>>()?,
        freq_hz: thru.1.freq_hz().to_vec(),
    };
    inputs::refuse_inverted(&paths.thru)?;
    if let Some(rules) = &config.receiver {
        return annex178a::case(number, &paths, config, rules, fixed, run);
    }
    let best = search(&Settings { paths: &paths, config, fixed }, config, fixed, run)?;
    let pulses = Pulses::new(&paths, config, config.stage(best.gdc_db, best.gdc2_db)?);
    let decision = pulses.decide(config, &best.taps, fixed).ok_or_else(no_pulse)?;
    let terms = decision.terms;
    let signal_v = signal_v(config, decision.cursor_v);
    let sigma_v = (terms.transmitter_v2 + terms.random_jitter_v2 + terms.thermal_v2).sqrt();
    let shaped = pulses.thru.shaped(&best.taps);
    let crosstalk = crosstalk(&pulses, config, &best.taps);
    let equalized_v = equalized(&shaped, config, &decision);
    let mut samples = samples(&shaped, &equalized_v, config, &decision);
    samples.extend(&crosstalk);
    let distribution = distribution_450(config, signal_v, &samples, sigma_v, run)?;
    let noise_v = match &config.window {
        None => distribution.reach_v(config.der),
        Some(window) => {
            let fixed_v = (terms.transmitter_v2 + terms.thermal_v2).sqrt();
            let dfe = &decision.dfe;
            let veo_v = window.opening_v(config, &shaped, decision.at, dfe, &crosstalk, fixed_v, run)?;
            signal_v - 0.5 * veo_v
        }
    };
    if noise_v <= 0.0 {
        return Err(Error::parameter("noise at DER_0", noise_v, "above 0, or COM has no value"));
    }
    let m = config.samples_per_symbol;
    let (pulse, equalized) = ((&shaped[..], decision.at), (equalized_v, decision.at / m));
    let curves = CaseCurves::new(m, pulse, equalized, &distribution);
    let noise_budget = NoiseBudget {
        thermal_v: terms.thermal_v2.sqrt(),
        transmitter_v: terms.transmitter_v2.sqrt(),
        jitter_v: terms.jitter_v2.sqrt(),
        isi_v: terms.isi_v2.sqrt(),
        crosstalk_v: terms.crosstalk_v2.sqrt(),
        quantizer_v: 0.0,
    };
    let equalizer = FoundEqualizer {
        ctle_gdc_db: pulses.stage.gdc_db,
        ctle_gdc2_db: pulses.stage.gdc2_db,
        tx_ffe: best.taps.iter().copied().filter(|t| t.0 != 0).collect(),
        rx_ffe: vec![1.0],
        rx_ffe_pre: 0,
        dfe: decision.dfe,
        sampling_offset: fixed.sampling_offset.unwrap_or(0),
    };
    Ok(ComCase::new(number, (signal_v, noise_v), 0.0, decision.fom_db, noise_budget, equalizer, best, curves))
}

/// The pulse at the sampling times, the DFE applied.
fn equalized(shaped: &[f64], config: &ComConfig, decision: &Decision) -> Vec<f64> {
    let m = config.samples_per_symbol;
    let (phase, cursor) = (decision.at % m, decision.at / m);
    let mut out: Vec<f64> = shaped.iter().skip(phase).step_by(m).copied().collect();
    for (v, b) in out[cursor + 1..].iter_mut().zip(&decision.dfe) {
        *v -= b * decision.cursor_v;
    }
    out
}

/// Every sample of the thru that enters the distribution as deltas: interference left, A_DD times slopes.
fn samples(shaped: &[f64], equalized_v: &[f64], config: &ComConfig, decision: &Decision) -> Vec<f64> {
    let m = config.samples_per_symbol;
    let phase = decision.at % m;
    let mut out = equalized_v.to_vec();
    out[decision.at / m] = 0.0;
    out.extend((phase..shaped.len()).step_by(m).map(|i| config.a_dd_ui * slope(shaped, i, m)));
    out
}

/// Every sample of the aggressors, each at its phase of largest energy.
fn crosstalk(pulses: &Pulses, config: &ComConfig, taps: &Taps) -> Vec<f64> {
    let m = config.samples_per_symbol;
    let mut out = Vec::new();
    for pulse in &pulses.fext {
        out.extend(pulse.shaped(taps).iter().skip(pulse.worst_phase(taps).0).step_by(m));
    }
    for pulse in &pulses.next {
        out.extend(pulse.v.iter().skip(pulse.worst_phase(&plain()).0).step_by(m));
    }
    out
}
