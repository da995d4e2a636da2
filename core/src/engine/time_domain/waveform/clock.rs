//! Clock recovery in a run: detector, loop, and what is reported of them.

use crate::error::{Error, Result};
use crate::receiver::{
    ClockDetector, ClockLoop, ClockMode, ClockRecovery, bang_bang_error, mueller_muller_error,
};
use crate::response::WaveformModel;

/// Time constants of the proportional path before errors are counted.
const SETTLING: f64 = 12.0;
/// Farthest phase from the final one that counts as locked, UI.
const LOCKED_UI: f64 = 0.02;

/// What clock recovery did in a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClockReport {
    /// Mean sampling phase while errors were counted, UI after the receiver's own instant; sinusoidal jitter and what the
    /// transmitter's frequency adds up to taken out.
    pub lock_phase_ui: f64,
    /// Standard deviation of the difference between sampling phase and what it follows, UI.
    pub untracked_ui: f64,
    /// Symbols until the phase stayed within 0.02 UI of where settling ended.
    pub time_to_lock: u64,
    /// Symbols lost or gained while errors were counted.
    pub n_slips: u64,
    /// Amplitude of the sampling phase at the frequency of the sinusoidal jitter, over that of the jitter; `None` without.
    pub transfer: Option<f64>,
}

/// State of clock recovery.
pub(super) struct Clock {
    detector: ClockDetector,
    mode: ClockMode,
    state: ClockLoop,
    /// UI of phase error per unit of the Mueller–Müller detector, or per decision of the bang-bang one.
    unit_ui: f64,
    mean_level: f64,
    cursor: f64,
    before: (f64, f64),
    /// How late the transmitter is at the latest symbol, and the sine and cosine of its sinusoidal jitter.
    late_ui: f64,
    sinusoid: (f64, f64),
    /// Amplitude of that jitter.
    sj_ui: f64,
    sinusoid_sums: (f64, f64),
    /// Whether errors are counted.
    counting: bool,
    frozen: bool,
    /// Phase error after each symbol of the settling, in so many parts.
    trace: Vec<f64>,
    stride: u64,
    symbols: u64,
    sums: (f64, f64, f64),
    slip: i64,
    n_slips: u64,
}

impl Clock {
    /// Clock recovery before its first symbol.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a loop that cannot be, or a detector without a slope at the sampling instant.
    pub(super) fn new(config: &ClockRecovery, model: &WaveformModel) -> Result<Self> {
        let state = config.loop_filter(model.symbol_rate.hz())?;
        let mean_level = model.levels.iter().sum::<f64>() / model.levels.len() as f64;
        let unit_ui = match config.detector {
            ClockDetector::BangBang => config.bang_bang_ui,
            ClockDetector::MuellerMuller => {
                let slope = mueller_muller_slope(model, mean_level);
                // The pulse falls towards both neighbours: sampled later, h(t0 − T) grows and h(t0 + T) falls.
                if slope >= 0.0 || !slope.is_finite() {
                    let requirement = "\"bang_bang\": a Mueller-Müller detector has no lock near this phase";
                    return Err(Error::parameter(
                        "receiver.clock_recovery.detector",
                        "\"mueller_muller\"",
                        requirement,
                    ));
                }
                -1.0 / slope
            }
        };
        let settling = SETTLING / state.gain();
        Ok(Self {
            detector: config.detector,
            mode: config.mode,
            stride: (settling / 1024.0).ceil() as u64,
            state,
            unit_ui,
            mean_level,
            cursor: super::cursor(model),
            before: (0.0, 0.0),
            late_ui: 0.0,
            sinusoid: (0.0, 1.0),
            sj_ui: model.sj_ui,
            sinusoid_sums: (0.0, 0.0),
            counting: false,
            frozen: false,
            trace: Vec::new(),
            symbols: 0,
            sums: (0.0, 0.0, 0.0),
            slip: 0,
            n_slips: 0,
        })
    }

    /// Symbols before errors are counted.
    pub(super) fn settling(&self) -> u64 {
        (SETTLING / self.state.gain()).ceil() as u64
    }

    pub(super) fn phase_ui(&self) -> f64 {
        self.state.phase_ui()
    }

    /// Whether its detector looks between symbols.
    pub(super) fn needs_edges(&self) -> bool {
        self.detector == ClockDetector::BangBang
    }

    /// The transmitter's timing at the symbol that comes: how late it is, and sine and cosine of the part that swings.
    pub(super) fn follow(&mut self, late_ui: f64, sinusoid: (f64, f64)) {
        (self.late_ui, self.sinusoid) = (late_ui, sinusoid);
        if self.counting {
            // Less the jitter itself, whose own amplitude is known: the rest is a small number without drift.
            let left = self.state.phase_ui() - late_ui;
            self.sinusoid_sums.0 += left * sinusoid.0;
            self.sinusoid_sums.1 += left * sinusoid.1;
        }
    }

    /// Begins at a transmitter that is late by `late_ui`, later by `drift_ui` with each symbol: the frequency is acquired.
    pub(super) fn begin(&mut self, (late_ui, drift_ui): (f64, f64)) {
        self.state.begin(late_ui, drift_ui);
    }

    /// One symbol: the slicer's input, the sample half a symbol before it, and the level decided.
    pub(super) fn update(&mut self, z: f64, edge: f64, level: f64) {
        let a = level - self.mean_level;
        let (z_before, a_before) = self.before;
        self.before = (z, a);
        self.symbols += 1;
        if self.symbols.is_multiple_of(self.stride) && self.trace.len() < 1024 {
            self.trace.push(self.state.phase_ui() - self.late_ui);
        }
        if !self.frozen {
            self.push(z, edge, a, (z_before, a_before));
        }
        if self.counting {
            self.note();
        }
    }

    fn push(&mut self, z: f64, edge: f64, a: f64, (z_before, a_before): (f64, f64)) {
        let error = match self.detector {
            ClockDetector::MuellerMuller => mueller_muller_error(z, a, z_before, a_before),
            ClockDetector::BangBang => bang_bang_error(edge, a * self.cursor, a_before * self.cursor),
        };
        self.state.push(error * self.unit_ui);
    }

    /// Errors are counted from here on.
    pub(super) fn settled(&mut self) {
        self.counting = true;
        self.frozen = self.mode == ClockMode::Frozen;
        self.slip = (self.state.phase_ui() - self.late_ui).round() as i64;
    }

    /// Notes the phase of a symbol that counts.
    fn note(&mut self) {
        let phase = self.state.phase_ui() - self.late_ui;
        self.sums = (self.sums.0 + 1.0, self.sums.1 + phase, self.sums.2 + phase * phase);
        // Half a symbol of hysteresis: noise about a boundary is no slip.
        if (phase - self.slip as f64).abs() > 0.75 {
            self.slip = phase.round() as i64;
            self.n_slips += 1;
        }
    }

    pub(super) fn report(&self) -> ClockReport {
        let (n, sum, square) = self.sums;
        let mean = sum / n.max(1.0);
        let end = self.trace.last().copied().unwrap_or(0.0);
        let unlocked = self.trace.iter().rposition(|p| (p - end).abs() > LOCKED_UI).map_or(0, |i| i + 1);
        ClockReport {
            lock_phase_ui: mean,
            untracked_ui: (square / n.max(1.0) - mean * mean).max(0.0).sqrt(),
            time_to_lock: unlocked as u64 * self.stride,
            n_slips: self.n_slips,
            transfer: (self.sj_ui > 0.0).then(|| {
                // Over whole periods the sine's square has a mean of 1/2.
                let part = |sum: f64| 2.0 * sum / (n.max(1.0) * self.sj_ui);
                (1.0 + part(self.sinusoid_sums.0)).hypot(part(self.sinusoid_sums.1))
            }),
        }
    }
}

/// E[a²] (h'(t0 + T) − h'(t0 − T)), h after the FFE, per UI at the receiver's own instant.
fn mueller_muller_slope(model: &WaveformModel, mean_level: f64) -> f64 {
    let m = model.samples_per_symbol as isize;
    let power =
        model.levels.iter().map(|a| (a - mean_level).powi(2)).sum::<f64>() / model.levels.len() as f64;
    let signal = &model.signal;
    // The pulse after the FFE, `position` samples after the sampling instant of the symbol.
    let at = |position: isize| -> f64 {
        let (p, symbol) = (position.rem_euclid(m) as usize, position.div_euclid(m));
        let row = &signal.phases[p];
        let tap = |(i, tap): (usize, &f64)| {
            let index = symbol - (i as isize - model.ffe_pre as isize) + signal.main as isize;
            usize::try_from(index).ok().and_then(|j| row.get(j)).map_or(0.0, |h| tap * h)
        };
        model.ffe.iter().enumerate().map(tap).sum()
    };
    let derivative = |position: isize| (at(position + 1) - at(position - 1)) * m as f64 / 2.0;
    power * (derivative(m) - derivative(-m))
}
