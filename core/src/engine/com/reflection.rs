//! Impedance profile and effective return loss (93A.5), as release 4.50 computes them.
//!
//! ```text
//! h(t)     = F⁻¹{S_ii H_t H_r H_Tukey}, from T_r on            S_ii referred to 2 Z_t, H_t with T_r = TR_TDR
//! Z(t)     = 2 Z_t (1 + Σh)/(1 - Σh)
//! R(t)     = G_rr G_loss Σ of M samples of h                    gated: 0 before the fixture's delay T_fx + 3 T_r
//! G_rr     = rho_x (1 + rho_x) exp(-((t - T_fx - 3T_r)/T_b - N_bx - 1)²/(N_bx + 1)²)   up to N_bx + 1 UI, 1 after
//! G_loss   = 10^(beta_x (t - (N_bx + 1)T_b - T_fx - 3T_r)/20)
//! ERL      = -20 log10 of the sum of reflections at DER_0, sampled at the phase of largest energy
//! ```
//!
//! The smaller ERL of the two ports counts. Distribution bins are 0.1 mV/V. The time window is `N` UI after the
//! fixture's delay.

use super::config::ComConfig;
use super::distribution::Lattice;
use super::impulse::impulse;
use super::keywords::Keywords;
use crate::error::{Error, Result, require};
use crate::ledger::float_or_inf;
use crate::medium::Network;
use crate::run::Run;
use crate::units::{amplitude_db, amplitude_ratio};
use num_complex::Complex64;
use serde::{Serialize, Serializer};
use std::f64::consts::{PI, TAU};

/// Time before the incident edge, s, so that what a file's end makes acausal stays inside the response.
const LEAD_S: f64 = 500e-12;
/// Samples after the last one above this share of the peak are dropped.
const TRUNCATION: f64 = 1e-5;
/// Width of a bin of the distribution of reflections.
const BIN: f64 = 1e-4;

/// Rules of ERL and TDR.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ReflectionConfig {
    with_erl: bool,
    rise_s: f64,
    window_ui: f64,
    n_bx: f64,
    beta_db_per_s: f64,
    rho_x: f64,
    with_tukey: bool,
    with_butterworth: bool,
    fixture_s: [f64; 2],
    pub(super) target_ohm: f64,
    settling_s: f64,
    /// The later rule of 802.3ck: rho_x alone, without its window in time.
    is_flat: bool,
    pub(super) pass_db: Option<f64>,
}

impl ReflectionConfig {
    /// None unless `TDR` is 1.
    pub(super) fn from_keywords(k: &Keywords<'_>, n_b: usize) -> Result<Option<Self>> {
        let with_erl = k.switch_or("ERL", false)?;
        if !k.switch_or("TDR", with_erl)? {
            return Ok(None);
        }
        let grr = k.count_or("Grr", k.count_or("Grr_limit", 1, 0, 2)?, 0, 2)?;
        if grr == 0 {
            return Err(Error::parameter("Grr", grr, "1 or 2: the rule before 802.3cd is not computed"));
        }
        let pass = k.rows("ERL Pass threshold")?.map(|_| k.number("ERL Pass threshold")).transpose()?;
        let tau = k.ends_or("fixture delay time", 0.0)?;
        Ok(Some(Self {
            with_erl,
            rise_s: require::positive("TR_TDR", k.number_or("TR_TDR", 8e-3)?)? * 1e-9,
            window_ui: require::within("N", k.number_or("N", 0.0)?, 0.0, 1e5)?,
            n_bx: k.count_or("N_bx", n_b, 0, 10_000)? as f64,
            beta_db_per_s: require::finite("beta_x", k.number_or("beta_x", 0.0)?)?,
            rho_x: require::within("rho_x", k.number_or("rho_x", 0.618)?, 0.0, 1.0)?,
            with_tukey: k.switch_or("Tukey_Window", false)?,
            with_butterworth: k.switch_or("TDR_Butterworth", true)?,
            fixture_s: [
                require::non_negative("fixture delay time", tau[0])?,
                require::non_negative("fixture delay time", tau[1])?,
            ],
            target_ohm: require::positive("Z_t", k.number_or("Z_t", k.number_or("R_0", 50.0)?)?)?,
            settling_s: require::positive("T_k", k.number_or("T_k", 0.6)?)? * 1e-9,
            is_flat: grr == 2 || k.switch_or("Gx", false)?,
            pass_db: pass.filter(|p| *p > 0.0),
        }))
    }
}

/// What one port of the channel reflects; the curves are not serialized.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reflection {
    /// Time after the incident edge, s.
    #[serde(skip)]
    pub time_s: Vec<f64>,
    /// Impedance profile, differential, ohm.
    #[serde(skip)]
    pub impedance_ohm: Vec<f64>,
    /// Mean impedance near the port, weighted by exp(-t/T_k), ohm.
    pub port_impedance_ohm: f64,
    /// Gated reflection of one symbol, V/V, from which ERL is taken.
    #[serde(skip)]
    pub gated: Vec<f64>,
    /// Effective return loss, dB; None if it is not asked for, +∞ if no reflection reaches a bin.
    #[serde(serialize_with = "finite_or_text")]
    pub erl_db: Option<f64>,
}

/// JSON has no infinity: `"inf"` stands for it.
pub(super) fn finite_or_text<S: Serializer>(
    value: &Option<f64>,
    to: S,
) -> std::result::Result<S::Ok, S::Error> {
    match value {
        Some(v) => float_or_inf::serialize(v, to),
        None => to.serialize_none(),
    }
}

/// Both ports' reflections of a differential two-port.
pub(super) fn reflections(
    channel: &Network,
    config: &ComConfig,
    rules: &ReflectionConfig,
    run: &Run,
) -> Result<[Reflection; 2]> {
    let channel = channel.renormalized(&[2.0 * rules.target_ohm; 2])?;
    let window_s = match rules.window_ui {
        0.0 => 5.0 * transit_s(&channel, config)? + LEAD_S,
        n => n / config.rate_hz,
    };
    let port = |p: usize| {
        run.check()?;
        let h: Vec<Complex64> = channel
            .freq_hz()
            .iter()
            .enumerate()
            .map(|(k, f)| channel.at(k, p, p) * filter(*f, config, rules))
            .collect();
        let name = format!("reflection at port {}", p + 1);
        let response = impulse(&name, channel.freq_hz(), &h, config.sample_s(), None, TRUNCATION)?;
        profile(&response, window_s, p, config, rules, run)
    };
    Ok([port(0)?, port(1)?])
}

/// Time at which an impulse has passed, s.
fn transit_s(channel: &Network, config: &ComConfig) -> Result<f64> {
    let h: Vec<Complex64> = (0..channel.freq_hz().len()).map(|k| channel.at(k, 1, 0)).collect();
    let response = impulse("thru", channel.freq_hz(), &h, config.sample_s(), None, TRUNCATION)?;
    let peak =
        response.iter().enumerate().fold((0, 0.0), |best, (i, v)| if *v > best.1 { (i, *v) } else { best }).0;
    Ok(peak as f64 * config.sample_s())
}

fn filter(freq_hz: f64, config: &ComConfig, rules: &ReflectionConfig) -> Complex64 {
    let gaussian = (-2.0 * (PI * freq_hz * rules.rise_s / 1.6832).powi(2)).exp();
    let edge = Complex64::from_polar(gaussian, -TAU * freq_hz * (LEAD_S + 3.0 * rules.rise_s));
    let receiver =
        if rules.with_butterworth { super::channel::receiver_filter(freq_hz, config) } else { 1.0.into() };
    let (from, to) = (config.receiver_corner * config.rate_hz, config.rate_hz);
    let tukey = match freq_hz {
        _ if !rules.with_tukey => 1.0,
        f if f < from => 1.0,
        f if f <= to => 0.5 + 0.5 * (PI * (f - to) / (to - from) - PI).cos(),
        _ => 0.0,
    };
    edge * receiver * tukey
}

fn profile(
    impulse: &[f64],
    window_s: f64,
    port: usize,
    config: &ComConfig,
    rules: &ReflectionConfig,
    run: &Run,
) -> Result<Reflection> {
    let (sample_s, m) = (config.sample_s(), config.samples_per_symbol);
    let fixture_s = rules.fixture_s[port];
    let at = |i: usize| i as f64 * sample_s - LEAD_S;
    let first = (0..impulse.len()).find(|i| at(*i) >= rules.rise_s).unwrap_or(0);
    let end = (0..impulse.len()).find(|i| at(*i) >= window_s + fixture_s).map_or(impulse.len(), |i| i + 1);
    let (h, time_s): (Vec<f64>, Vec<f64>) = (first..end).map(|i| (impulse[i], at(i))).unzip();
    let mut step = 0.0;
    let impedance_ohm: Vec<f64> = h
        .iter()
        .map(|v| {
            step += v;
            2.0 * rules.target_ohm * (1.0 + step) / (1.0 - step)
        })
        .collect();
    let mut symbol = 0.0;
    let pulse: Vec<f64> = (0..h.len())
        .map(|i| {
            symbol += h[i] - if i >= m { h[i - m] } else { 0.0 };
            symbol
        })
        .collect();
    let gated = gate(&pulse, &time_s, fixture_s + 3.0 * rules.rise_s, config, rules);
    let erl_db = if rules.with_erl { Some(effective_db(&gated, config, run)?) } else { None };
    let port_impedance_ohm = near_ohm(&time_s, &impedance_ohm, rules);
    Ok(Reflection { time_s, impedance_ohm, port_impedance_ohm, gated, erl_db })
}

/// The pulse with its gate: nothing before `from_s`, what equalizers take away for N_bx + 1 UI, all after.
fn gate(
    pulse: &[f64],
    time_s: &[f64],
    from_s: f64,
    config: &ComConfig,
    rules: &ReflectionConfig,
) -> Vec<f64> {
    let to_s = from_s + (rules.n_bx + 1.0) / config.rate_hz;
    // The sample at which the window has passed is still inside it.
    let last = time_s.iter().position(|t| *t > to_s).unwrap_or(time_s.len());
    let inside = |t: f64| {
        let x = (t - from_s) * config.rate_hz;
        let window = (-((x - rules.n_bx - 1.0) / (rules.n_bx + 1.0)).powi(2)).exp();
        let kept = if rules.is_flat { rules.rho_x } else { (1.0 + rules.rho_x) * rules.rho_x * window };
        let loss = if rules.n_bx > 0.0 { amplitude_ratio(rules.beta_db_per_s * (t - to_s)) } else { 1.0 };
        kept * loss
    };
    pulse
        .iter()
        .zip(time_s)
        .enumerate()
        .map(|(i, (v, t))| match *t {
            t if t < from_s => 0.0,
            t if i <= last => v * inside(t),
            _ => *v,
        })
        .collect()
}

fn effective_db(gated: &[f64], config: &ComConfig, run: &Run) -> Result<f64> {
    let m = config.samples_per_symbol;
    let energy = |phase: usize| gated.iter().skip(phase).step_by(m).map(|v| v * v).sum::<f64>();
    let phase = (0..m).fold((0, f64::NEG_INFINITY), |best, p| {
        let e = energy(p);
        if e > best.1 { (p, e) } else { best }
    });
    let samples = gated.iter().skip(phase.0).step_by(m).copied().filter(|v| v.abs() >= BIN).collect();
    let sum = Lattice::point(BIN).with_samples(samples, config.levels, run)?.reach_v(config.der);
    Ok(-amplitude_db(sum))
}

fn near_ohm(time_s: &[f64], impedance_ohm: &[f64], rules: &ReflectionConfig) -> f64 {
    let from = time_s.iter().position(|t| *t >= 3.0 * rules.rise_s).unwrap_or(0);
    let start = time_s.get(from).copied().unwrap_or(0.0);
    let (mut sum, mut weight) = (0.0, 0.0);
    for (t, z) in time_s[from..].iter().zip(&impedance_ohm[from..]) {
        let w = (-(t - start) / rules.settling_s).exp();
        sum += w * z;
        weight += w;
    }
    sum / weight
}
