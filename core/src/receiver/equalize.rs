//! From what reaches the receiver to what the slicer sees.

use crate::Run;
use crate::error::{Error, Result};
use crate::receiver::ctle::CtleStage;
use crate::receiver::front_end::FrontEnd;
use crate::receiver::input::{Input, Wanted, check_link};
use crate::receiver::limits::{Plan, Taps, adapt};
use crate::receiver::sampling::{Instant, Sampling, SamplingRule, peak_position};
use crate::receiver::search::best_gains;
use crate::receiver::slicer::{NOISE_LAGS, Settled, slicer};
use crate::receiver::{Ctle, Receiver, ffe};
use crate::response::{DecisionModel, LinkResponse, PulseResponse};
use crate::units::power_db;
use serde::Serialize;

/// Mean square of what a converter clips over that of the noise, above which it is said.
const CLIPPING: f64 = 0.01;

/// What a receiver makes of a link.
#[derive(Debug, Clone, PartialEq)]
pub struct Equalized {
    /// What the slicer sees.
    pub model: DecisionModel,
    /// The equalizer that was found or given.
    pub equalizer: Equalizer,
    /// Response to one symbol after the front-end filter, before the CTLE, V per unit of level.
    pub unequalized: PulseResponse,
    /// Response to one symbol after CTLE and FFE, before decision feedback, V per unit of level.
    pub equalized: PulseResponse,
    /// Standard deviation of everything that is not the wanted symbol, V at the slicer, by name: the noise sources,
    /// "crosstalk", "jitter" and "isi" (after decision feedback).
    pub budget_v: Vec<(String, f64)>,
    /// Share of the samples that clip at the converter if they are taken as Gaussian, where their error is above a
    /// hundredth of the noise: the model leaves clipping out. `None` where it is below.
    pub clipped_share: Option<f64>,
    /// The receiver with everything automatic replaced by what was found: it reproduces `model` bit for bit.
    pub resolved: Receiver,
}

/// Settled values of an equalizer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Equalizer {
    /// CTLE gain at 0 Hz of the high-frequency stage, dB.
    pub ctle_gdc_db: Option<f64>,
    /// CTLE gain at 0 Hz of the low-frequency stage, dB.
    pub ctle_gdc2_db: Option<f64>,
    /// FFE taps in time order, floating ones in place; the main tap of an adapted FFE is 1. Empty without an FFE.
    pub ffe: Vec<f64>,
    /// Index of the main tap.
    pub ffe_pre: usize,
    /// DFE taps relative to the cursor.
    pub dfe: Vec<f64>,
    /// Sampling instant, UI after the centre of the symbol at the transmitter.
    pub sampling_ui: f64,
    /// Sampling instant, UI after the peak of the pulse at the FFE's input.
    pub sampling_offset_ui: f64,
    /// Cursor, V at the slicer per V of level.
    pub cursor: f64,
    /// Mean-square error of the slicer's input divided by the cursor, V² beside the transmitted levels.
    pub mse_v2: f64,
    /// 10 log10 of the wanted symbol's power over the sum of squares of the budget, dB; infinite without disturbance.
    pub snr_db: f64,
    /// Decision thresholds that were given, V.
    pub thresholds_v: Option<Vec<f64>>,
}

/// Equalizes a link: CTLE by search, sampling phase by its criterion, FFE and DFE by least mean-square error, each
/// unless it is given, and the model of what the slicer then sees.
///
/// # Errors
/// [`Error::Parameter`] for a receiver or link outside its domain, or a response that carries nothing to the cursor;
/// [`Error::Window`] for a response longer than its window; [`Error::Interrupted`].
pub fn equalize(link: &LinkResponse, receiver: &Receiver, run: &Run) -> Result<Equalized> {
    receiver.refuse_waveform_only()?;
    link.jitter.as_ref().map_or(Ok(()), |j| j.check_series(link.grid.symbol_rate()))?;
    let Found { input, settled, stage, unequalized, rms_v } = find(link, receiver, run)?;
    let at = settled.at;
    let built = slicer(&input, &settled, run)?;
    if built.cursor == 0.0 || !built.cursor.is_finite() {
        return Err(Error::parameter("cursor at the slicer", built.cursor, "not 0"));
    }
    let pulse = input.wanted.pulse();
    let m = pulse.samples_per_symbol() as f64;
    let disturbance: f64 = built.budget_v.iter().map(|(_, v)| v * v).sum();
    let offset_ui = (at.position - peak_position(pulse)) as f64 / m;
    let equalizer = Equalizer {
        ctle_gdc_db: stage.map(|s| s.gdc_db),
        ctle_gdc2_db: stage.map(|s| s.gdc2_db),
        ffe: receiver.ffe.as_ref().map_or_else(Vec::new, |_| settled.ffe.clone()),
        ffe_pre: settled.pre,
        dfe: settled.dfe.clone(),
        sampling_ui: at.ui(),
        sampling_offset_ui: offset_ui,
        cursor: built.cursor,
        mse_v2: disturbance / (built.cursor * built.cursor),
        snr_db: power_db(built.wanted_v2 / disturbance),
        thresholds_v: receiver.thresholds_v.clone(),
    };
    let mut resolved = receiver.clone();
    resolved.ctle = stage.map(|s| s.frozen());
    if let Some(ffe) = &mut resolved.ffe {
        ffe.taps = Some(settled.ffe.clone());
    }
    if let Some(dfe) = &mut resolved.dfe {
        dfe.values = Some(settled.dfe.clone());
    }
    resolved.sampling = Sampling::PhaseUi(offset_ui);
    Ok(Equalized {
        equalized: pulse.filtered(&settled.ffe, settled.pre),
        model: built.model,
        equalizer,
        unequalized,
        budget_v: built.budget_v,
        clipped_share: clipped_share(receiver, &input, rms_v),
        resolved,
    })
}

/// Share of a Gaussian's samples that clip at the converter, where their error counts beside the noise.
fn clipped_share(receiver: &Receiver, input: &Input<'_>, rms_v: f64) -> Option<f64> {
    let (clipped_v2, share) = receiver.quantizer(rms_v)?.clipping(rms_v);
    let noise_v2 = input.noise.mean_lags_v2.first().copied().unwrap_or(0.0);
    (clipped_v2 > CLIPPING * noise_v2).then_some(share)
}

/// A link with everything that a receiver settles on it.
pub(crate) struct Found<'a> {
    pub(crate) input: Input<'a>,
    pub(crate) settled: Settled,
    pub(crate) stage: Option<CtleStage>,
    /// Response to one symbol after the front-end filter, before the CTLE.
    unequalized: PulseResponse,
    /// Standard deviation of everything at the FFE's input, V.
    pub(crate) rms_v: f64,
}

/// Searches CTLE and sampling phase and adapts the taps, each unless it is given.
pub(crate) fn find<'a>(link: &'a LinkResponse, receiver: &Receiver, run: &Run) -> Result<Found<'a>> {
    receiver.validate()?;
    check_link(link)?;
    let thresholds = link.levels.len() - 1;
    if let Some(given) = &receiver.thresholds_v
        && given.len() != thresholds
    {
        let requirement = format!("{thresholds} for this modulation");
        return Err(Error::parameter(
            "receiver.thresholds_v",
            format!("{} thresholds", given.len()),
            requirement,
        ));
    }
    let plan = Plan::new(receiver.ffe.as_ref(), receiver.dfe.as_ref());
    let lags = NOISE_LAGS + ffe::MAX_TAPS;
    let plain = FrontEnd { bandwidth_hz: receiver.bandwidth_hz, ctle: None };
    let (stage, mut input, unequalized) = match &receiver.ctle {
        None => {
            let input = Input::new(link, &plain, lags)?;
            let unequalized = input.wanted.pulse().clone();
            (None, input, unequalized)
        }
        Some(ctle) => {
            let (stage, unequalized) = settle_ctle(link, &plain, ctle, &plan, receiver.sampling, run)?;
            (Some(stage), Input::new(link, &FrontEnd { ctle: Some(stage), ..plain }, lags)?, unequalized)
        }
    };
    run.check()?;
    let rms_v = input.rms_v();
    if let Some(quantizer) = receiver.quantizer(rms_v) {
        input.noise.add_converter(&quantizer);
    }
    let (position, plan, taps) = settle_phase(&input, receiver, plan, run)?;
    let at = Instant { position, samples_per_symbol: input.wanted.pulse().samples_per_symbol() };
    Ok(Found { settled: settle(receiver, &plan, &taps, at), input, stage, unequalized, rms_v })
}

/// The CTLE with its gains found, and the pulse before it.
fn settle_ctle(
    link: &LinkResponse,
    plain: &FrontEnd,
    ctle: &Ctle,
    plan: &Plan,
    sampling: Sampling,
    run: &Run,
) -> Result<(CtleStage, PulseResponse)> {
    let rate = link.grid.symbol_rate();
    let gains = ctle.gains()?;
    if let [(gdc, gdc2)] = gains[..] {
        let wanted = Wanted::new(link, plain)?;
        return Ok((ctle.stage(rate, gdc, gdc2), wanted.pulse().clone()));
    }
    let before = Input::new(link, plain, plan.lags())?;
    let stage = |gdc: f64, gdc2: f64| ctle.stage(rate, gdc, gdc2);
    let (gdc, gdc2) = best_gains(&before, stage, &gains, plan, sampling, run)?;
    Ok((stage(gdc, gdc2), before.wanted.pulse().clone()))
}

/// The sampling position, the plan with its floating taps placed, and the taps there.
fn settle_phase(
    input: &Input<'_>,
    receiver: &Receiver,
    plan: Plan,
    run: &Run,
) -> Result<(isize, Plan, Taps)> {
    let positions = receiver.sampling.positions(input.wanted.pulse())?;
    // An eighth of a symbol is as coarse as the error is smooth; then every sample around the best.
    let m = input.wanted.pulse().samples_per_symbol() as isize;
    let stride = match receiver.sampling {
        Sampling::Rule(SamplingRule::Mmse) => (m / 8).max(1),
        _ => 1,
    };
    let peak = positions[0];
    let coarse: Vec<isize> = positions.iter().copied().filter(|p| (p - peak) % stride == 0).collect();
    let mut best = best_phase(input, &plan, &coarse, run)?;
    if receiver.sampling == Sampling::Rule(SamplingRule::Mmse) && (best.0 - peak).abs() + stride > m / 2 {
        // The error still falls at the end of the range (decision feedback draws the phase ahead): look on.
        let side = (best.0 - peak).signum();
        let beyond: Vec<isize> = (0..=m / 2 / stride).map(|i| best.0 + side * i * stride).collect();
        best = best_phase(input, &plan, &beyond, run)?;
    }
    if stride > 1 {
        // Nearest first, as `positions` has them: of equally good phases the coarse one stays.
        let around: Vec<isize> =
            (0..2 * stride - 1).map(|i| best.0 + if i % 2 == 0 { -(i / 2) } else { i / 2 + 1 }).collect();
        best = best_phase(input, &plan, &around, run)?;
    }
    let Some(ffe) = receiver.ffe.as_ref().filter(|f| f.floats() && f.taps.is_none()) else {
        return Ok((best.0, plan, best.1));
    };
    let wide = plan.with_span(ffe);
    let moments = input.moments(best.0, wide.lags())?;
    let placed = plan.with_floating(ffe, &moments)?;
    // The floating taps may favour a neighbouring phase.
    let reach = if stride > 1 || positions.len() > 1 { m / 8 } else { 0 };
    let around: Vec<isize> =
        (0..=2 * reach).map(|i| best.0 + if i % 2 == 0 { -(i / 2) } else { i / 2 + 1 }).collect();
    let (position, taps) = best_phase(input, &placed, &around, run)?;
    Ok((position, placed, taps))
}

/// The position of least error; of equal ones the first.
fn best_phase(input: &Input<'_>, plan: &Plan, positions: &[isize], run: &Run) -> Result<(isize, Taps)> {
    let mut best: Option<(isize, Taps)> = None;
    let mut failure = None;
    for &position in positions {
        run.check()?;
        match input.moments(position, plan.lags()).and_then(|moments| adapt(&moments, plan)) {
            // Equal to rounding is equal, so that a flat top is sampled in its middle.
            Ok(taps) if best.as_ref().is_none_or(|b| taps.error < b.1.error * (1.0 - 1e-9) - 1e-15) => {
                best = Some((position, taps));
            }
            Ok(_) => {}
            Err(error) => failure = Some(error),
        }
    }
    match (best, failure) {
        (Some(best), _) => Ok(best),
        (None, Some(error)) => Err(error),
        (None, None) => Err(Error::parameter("receiver.sampling", "no phase", "at least one phase to try")),
    }
}

/// Taps as they will be used: given ones untouched, adapted ones with a main tap of 1.
fn settle(receiver: &Receiver, plan: &Plan, taps: &Taps, at: Instant) -> Settled {
    let (ffe, pre) = match &receiver.ffe {
        None => (vec![1.0], 0),
        Some(ffe) => match &ffe.taps {
            Some(given) => (given.clone(), ffe.pre),
            None => (plan.dense(&main_tap_one(&taps.ffe, ffe.pre)), ffe.pre),
        },
    };
    Settled { at, ffe, pre, dfe: taps.dfe.clone(), thresholds_v: receiver.thresholds_v.clone() }
}

/// Scales by the main tap's magnitude, which keeps the cursor positive; by the largest one where the main tap is not a
/// tap of any weight.
fn main_tap_one(taps: &[f64], main: usize) -> Vec<f64> {
    let largest = taps.iter().fold(0.0f64, |m, t| m.max(t.abs()));
    let reference = if taps[main].abs() > 1e-3 * largest { taps[main].abs() } else { largest };
    taps.iter().map(|t| t / reference).collect()
}
