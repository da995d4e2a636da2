//! What arrives at the FFE's input: every part of the link after front end and CTLE.

use crate::error::{Error, Result};
use crate::receiver::front_end::FrontEnd;
use crate::receiver::moments::{Moments, autocorrelation};
use crate::receiver::noise_input::{NoiseInput, collect_noise};
use crate::receiver::record_input::RecordInput;
use crate::receiver::sampling::Instant;
use crate::response::{
    ChannelResponse, Crosstalk, CrosstalkPhase, CrosstalkRule, JitterModel, LinkResponse, PulseResponse,
    Signal,
};

/// Share of a pulse's energy that its window may leave out: ISI 60 dB under the pulse, 0.001 dB of the noise of a lane
/// at 22 dB. A skin-effect tail falls as t^-1.5, so that each decade less costs three times as many cursors.
pub(crate) const PULSE_SHARE: f64 = 1e-6;
/// Share of a pulse's energy in the last sixteenth of the periodic window, above which the window is too short.
pub(crate) const PULSE_WRAP: f64 = 1e-4;
/// The same for what only disturbs: crosstalk and jitter are high-pass, so that the ripple of a band that ends abruptly
/// is a larger share of them.
const DISTURBANCE_SHARE: f64 = 1e-6;
const DISTURBANCE_WRAP: f64 = 0.05;

/// Signal, noise, crosstalk and jitter at the FFE's input.
pub(crate) struct Input<'a> {
    pub(crate) link: &'a LinkResponse,
    pub(crate) wanted: Wanted,
    pub(crate) noise: NoiseInput,
    pub(crate) crosstalk: Vec<CrosstalkInput<'a>>,
    pub(crate) jitter: Option<JitterInput>,
    /// Variance of the levels, V².
    pub(crate) power: f64,
}

/// The wanted signal.
pub(crate) enum Wanted {
    /// Response to one symbol, transmit FFE included.
    Linear(PulseResponse),
    /// A filtered record and its best linear pulse.
    Record(RecordInput),
}

/// One aggressor.
pub(crate) struct CrosstalkInput<'a> {
    pub(crate) source: &'a Crosstalk,
    /// Response to one of its symbols, its transmit FFE included.
    pub(crate) pulse: PulseResponse,
    /// Variance of its levels, V².
    pub(crate) power: f64,
    /// Autocorrelation that the alignment rule gives it, V²; `None` where it depends on the sampling phase.
    free_running: Option<Vec<f64>>,
}

/// Transmitter jitter.
pub(crate) struct JitterInput {
    /// V per UI and unit of level; `Edge` at the time since the leading edge of the symbol less half a UI.
    pub(crate) response: PulseResponse,
    /// E[(random + dual-Dirac)²], UI²: what the equalizer is adapted to.
    pub(crate) variance_ui2: f64,
    /// Σ of squares of the taps that a moved event multiplies: 1 for whole symbols, of (1 − D) FFE for edges.
    pub(crate) tap_energy: f64,
    pub(crate) transmit_taps: Vec<f64>,
    pub(crate) transmit_main: usize,
}

impl Wanted {
    /// Filters the signal of a link.
    pub(crate) fn new(link: &LinkResponse, front: &FrontEnd) -> Result<Self> {
        match &link.signal {
            Signal::Linear { response, ffe, ffe_main } => {
                let pulse =
                    shaped(response, front).pulse().trimmed("pulse response", PULSE_SHARE, PULSE_WRAP)?;
                Ok(Self::Linear(pulse.filtered(ffe, *ffe_main)))
            }
            Signal::Record(record) => RecordInput::new(record, &link.levels, front).map(Self::Record),
        }
    }

    /// Linear response to one symbol.
    pub(crate) fn pulse(&self) -> &PulseResponse {
        match self {
            Self::Linear(pulse) => pulse,
            Self::Record(record) => &record.pulse,
        }
    }
}

impl<'a> Input<'a> {
    /// Filters a link; `lags` is the length of the autocorrelations that the equalizer will ask for.
    pub(crate) fn new(link: &'a LinkResponse, front: &FrontEnd, lags: usize) -> Result<Self> {
        let power = variance(&link.levels);
        let wanted = Wanted::new(link, front)?;
        let noise = collect_noise(link, front, lags)?;
        let mut crosstalk = Vec::new();
        for source in &link.crosstalk {
            let raw = shaped(&source.response, front).pulse();
            if raw.v().iter().all(|v| *v == 0.0) {
                continue;
            }
            let pulse = raw
                .trimmed(&source.name, DISTURBANCE_SHARE, DISTURBANCE_WRAP)?
                .filtered(&source.ffe, source.ffe_main);
            let power = variance(&source.levels);
            let free_running = free_running(&pulse, link.crosstalk_phase, power, lags);
            crosstalk.push(CrosstalkInput { source, pulse, power, free_running });
        }
        let jitter = JitterInput::new(link, front, &wanted)?;
        Ok(Self { link, wanted, noise, crosstalk, jitter, power })
    }

    /// Autocorrelation of everything that is not the signal at a sampling instant, V².
    pub(crate) fn disturbance(&self, at: Instant, lags: usize) -> Vec<f64> {
        let mut total = self.noise.mean_lags_v2.iter().copied().take(lags).collect::<Vec<_>>();
        total.resize(lags, 0.0);
        let mut add = |power: f64, lags: &[f64]| {
            for (t, l) in total.iter_mut().zip(lags) {
                *t += power * l;
            }
        };
        let sampled =
            |pulse: &PulseResponse, position: isize| autocorrelation(&column(pulse, position).0, lags);
        for tracking in &self.noise.per_symbol {
            add(tracking.mean_power(), &sampled(&tracking.pulse, at.on(&tracking.pulse)));
        }
        for aggressor in &self.crosstalk {
            match &aggressor.free_running {
                Some(lags) => add(1.0, lags),
                None => add(
                    aggressor.power,
                    &sampled(&aggressor.pulse, at.on(&aggressor.pulse) - self.fixed_delay(&aggressor.pulse)),
                ),
            }
        }
        if let Some(jitter) = &self.jitter {
            let power = jitter.variance_ui2 * jitter.tap_energy * self.power;
            add(power, &sampled(&jitter.response, at.on(&jitter.response)));
        }
        total
    }

    /// Delay of the aggressors in samples under a fixed alignment; 0 under a rule.
    fn fixed_delay(&self, pulse: &PulseResponse) -> isize {
        match self.link.crosstalk_phase {
            CrosstalkPhase::PhaseUi(ui) => (ui * pulse.samples_per_symbol() as f64).round() as isize,
            CrosstalkPhase::Rule(_) => 0,
        }
    }

    /// Second moments at a sampling position of the wanted pulse.
    pub(crate) fn moments(&self, position: isize, lags: usize) -> Result<Moments> {
        let at = Instant { position, samples_per_symbol: self.wanted.pulse().samples_per_symbol() };
        let mut noise = self.disturbance(at, lags);
        let (response, main) = match &self.wanted {
            Wanted::Linear(pulse) => column(pulse, position),
            Wanted::Record(record) => {
                let (response, main, left) = record.linear_part(position, lags);
                for (n, l) in noise.iter_mut().zip(&left) {
                    *n += l;
                }
                (response, main)
            }
        };
        Moments::of_response(&response, main as isize, &noise, self.power, lags)
    }
}

impl JitterInput {
    fn new(link: &LinkResponse, front: &FrontEnd, wanted: &Wanted) -> Result<Option<Self>> {
        let Some(jitter) = &link.jitter else { return Ok(None) };
        let variance_ui2 = jitter.rj_ui.powi(2) + jitter.dd_ui.powi(2);
        if variance_ui2 == 0.0 && jitter.dcd_ui == 0.0 && jitter.sj_ui == 0.0 {
            return Ok(None);
        }
        let (reference, ffe, ffe_main) = match &link.signal {
            Signal::Linear { response, ffe, ffe_main } => (response, ffe, *ffe_main),
            Signal::Record(record) => (&record.small_signal, &record.ffe, record.ffe_main),
        };
        match jitter.model {
            JitterModel::Com => {
                let pulse = wanted.pulse();
                let half = 0.5 * pulse.samples_per_symbol() as f64;
                let first = pulse.first() - 1;
                let v = (0..pulse.v().len() as isize + 2)
                    .map(|i| (pulse.at(first + i + 1) - pulse.at(first + i - 1)) * half)
                    .collect();
                let response = PulseResponse::new(pulse.symbol_rate(), pulse.samples_per_symbol(), first, v)?;
                let (transmit_taps, transmit_main) = (vec![1.0], 0);
                Ok(Some(Self { response, variance_ui2, tap_energy: 1.0, transmit_taps, transmit_main }))
            }
            JitterModel::Edge => {
                let impulse = shaped(reference, front).impulse_per_s();
                let grid = reference.grid();
                let t_b = grid.symbol_rate().period_s();
                let (m, n) = (grid.samples_per_symbol(), impulse.len());
                // The leading edge is half a UI before the symbol's centre; an odd count of samples has it between two.
                let v: Vec<f64> = (0..n)
                    .map(|i| 0.5 * t_b * (impulse[(i + m / 2) % n] + impulse[(i + m.div_ceil(2)) % n]))
                    .collect();
                if v.iter().all(|x| *x == 0.0) {
                    return Ok(None);
                }
                let response = PulseResponse::periodic(*grid, v).trimmed(
                    "impulse response of the jitter",
                    DISTURBANCE_SHARE,
                    DISTURBANCE_WRAP,
                )?;
                let taps = if ffe.is_empty() { vec![1.0] } else { ffe.clone() };
                let step =
                    |i: usize| taps.get(i).copied().unwrap_or(0.0) - if i > 0 { taps[i - 1] } else { 0.0 };
                let tap_energy = (0..=taps.len()).map(|i| step(i).powi(2)).sum();
                Ok(Some(Self {
                    response,
                    variance_ui2,
                    tap_energy,
                    transmit_taps: taps,
                    transmit_main: ffe_main,
                }))
            }
        }
    }
}

/// A response after the receiver's filters.
pub(crate) fn shaped(response: &ChannelResponse, front: &FrontEnd) -> ChannelResponse {
    if front.is_flat() { response.clone() } else { response.filtered(|f| front.response(f)) }
}

/// Variance of equally likely levels: an offset carries no information and moves only the thresholds.
pub(crate) fn variance(levels: &[f64]) -> f64 {
    let mean = levels.iter().sum::<f64>() / levels.len() as f64;
    levels.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / levels.len() as f64
}

/// Every cursor of a pulse sampled at `position`, and the index of the cursor itself.
pub(crate) fn column(pulse: &PulseResponse, position: isize) -> (Vec<f64>, usize) {
    let m = pulse.samples_per_symbol() as isize;
    let first = (pulse.first() - position).div_euclid(m).min(0);
    let last = (pulse.first() + pulse.v().len() as isize - 1 - position).div_euclid(m).max(0);
    ((first..=last).map(|n| pulse.at(position + n * m)).collect(), -first as usize)
}

/// Autocorrelation of an aggressor that is aligned by a rule.
fn free_running(pulse: &PulseResponse, phase: CrosstalkPhase, power: f64, lags: usize) -> Option<Vec<f64>> {
    let m = pulse.samples_per_symbol();
    let phases = || (0..m as isize).map(|p| autocorrelation(&column(pulse, pulse.first() + p).0, lags));
    let CrosstalkPhase::Rule(rule) = phase else { return None };
    let mut lags: Vec<f64> = match rule {
        CrosstalkRule::Worst => phases().reduce(|a, b| if b[0] > a[0] { b } else { a })?,
        CrosstalkRule::Uniform => phases()
            .reduce(|a, b| a.iter().zip(&b).map(|(x, y)| x + y).collect())?
            .into_iter()
            .map(|r| r / m as f64)
            .collect(),
    };
    for r in &mut lags {
        *r *= power;
    }
    Some(lags)
}

/// Checks what the receiver takes for granted about a link.
pub(crate) fn check_link(link: &LinkResponse) -> Result<()> {
    if link.levels.len() < 2 || link.levels.iter().any(|l| !l.is_finite()) || variance(&link.levels) <= 0.0 {
        return Err(Error::parameter(
            "levels",
            format!("{:?}", link.levels),
            "two or more different finite levels",
        ));
    }
    let m = link.grid.samples_per_symbol();
    if let Signal::Record(record) = &link.signal
        && (record.samples_per_symbol < 2 || !m.is_multiple_of(record.samples_per_symbol))
    {
        let requirement = format!("at least 2 and a divisor of the grid's {m}");
        return Err(Error::parameter("record.samples_per_symbol", record.samples_per_symbol, requirement));
    }
    if let Signal::Linear { ffe, ffe_main, .. } = &link.signal
        && !ffe.is_empty()
        && *ffe_main >= ffe.len()
    {
        return Err(Error::parameter("ffe_main", ffe_main, format!("below {}", ffe.len())));
    }
    for aggressor in &link.crosstalk {
        if aggressor.levels.is_empty() || aggressor.levels.iter().any(|l| !l.is_finite()) {
            return Err(Error::parameter(
                format!("{}.levels", aggressor.name),
                format!("{:?}", aggressor.levels),
                "finite",
            ));
        }
        if !aggressor.ffe.is_empty() && aggressor.ffe_main >= aggressor.ffe.len() {
            let name = format!("{}.ffe_main", aggressor.name);
            return Err(Error::parameter(name, aggressor.ffe_main, format!("below {}", aggressor.ffe.len())));
        }
    }
    link.interference.iter().try_for_each(|i| i.validate(link.levels.len()))?;
    if let CrosstalkPhase::PhaseUi(ui) = link.crosstalk_phase {
        crate::error::require::within("crosstalk_phase", ui, -1e3, 1e3)?;
    }
    link.jitter.as_ref().map_or(Ok(()), |j| j.validate())
}
