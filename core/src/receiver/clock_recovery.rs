//! Clock recovery: phase detectors and the loop that follows them.
//!
//! ```text
//! phase_(k+1) = phase_k + k_p e_(k−latency) + I_k    I_(k+1) = I_k + k_i e_(k−latency)
//! k_p = ω_c T_b    k_i = (ω_c T_b / 2ζ)²    ω_n = ω_c / 2ζ
//! ```
//!
//! e is the detector's output divided by its slope, in UI. Without latency the jitter that is left is
//! s²/(s² + 2ζω_n s + ω_n²) of what comes in: far below the bandwidth ω_c/2π it falls by 40 dB a decade.

use crate::error::{Error, Result, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::f64::consts::TAU;

/// Phase detector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockDetector {
    /// z_k a_(k−1) − z_(k−1) a_k on the slicer's input: locks where the neighbours of the cursor are equal.
    #[default]
    MuellerMuller,
    /// Alexander's: the sign of a sample between two decisions against the mean of the two.
    BangBang,
}

/// Whether the loop still runs when errors are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockMode {
    /// It runs.
    #[default]
    On,
    /// It settles first, and its phase is then held.
    Frozen,
}

/// Clock recovery of a receiver: a second-order loop. Only the waveform mode of the time domain has it; a run with it is
/// serial behind the waveform's synthesis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClockRecovery {
    /// "mueller_muller" on the slicer's input or "bang_bang" between symbols.
    pub detector: ClockDetector,
    /// "on", or "frozen" once it has settled.
    pub mode: ClockMode,
    /// Bandwidth of the proportional path, Hz: above it jitter is not tracked.
    pub bandwidth_hz: f64,
    /// Damping of the second-order loop.
    pub damping: f64,
    /// Symbols between a phase error and its effect.
    pub latency_ui: usize,
    /// Phase error that a decision of the bang-bang detector counts as, UI.
    pub bang_bang_ui: f64,
    /// Phase from which it starts, UI after the receiver's own sampling instant.
    pub start_ui: f64,
}

impl Default for ClockRecovery {
    fn default() -> Self {
        Self {
            detector: ClockDetector::MuellerMuller,
            mode: ClockMode::On,
            bandwidth_hz: 4e6,
            damping: 2.0,
            latency_ui: 64,
            bang_bang_ui: 0.05,
            start_ui: 0.0,
        }
    }
}

/// Largest product of loop gain and latency: half a radian of phase lost at the bandwidth.
const MAX_LATENCY_RAD: f64 = 0.5;
/// Range of the proportional gain: slower loops settle in more than 1e7 symbols, faster ones follow the noise.
const GAIN: (f64, f64) = (1e-6, 0.1);

impl ClockRecovery {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the field.
    pub fn validate(&self) -> Result<()> {
        require::positive("receiver.clock_recovery.bandwidth_hz", self.bandwidth_hz)?;
        require::within("receiver.clock_recovery.damping", self.damping, 0.3, 1e3)?;
        require::within("receiver.clock_recovery.bang_bang_ui", self.bang_bang_ui, 1e-6, 0.5)?;
        require::within("receiver.clock_recovery.start_ui", self.start_ui, -0.5, 0.5)?;
        Ok(())
    }

    /// |H| at a frequency of the second-order loop without latency: sampling phase over jitter.
    ///
    /// ```
    /// use lightlane::receiver::ClockRecovery;
    /// let clock = ClockRecovery { bandwidth_hz: 4e6, damping: 100.0, ..ClockRecovery::default() };
    /// // A loop so damped is a single pole: 3 dB down at its bandwidth.
    /// assert!((clock.transfer(4e6) - 0.5f64.sqrt()).abs() < 1e-4);
    /// ```
    pub fn transfer(&self, frequency_hz: f64) -> f64 {
        let natural = self.bandwidth_hz / (2.0 * self.damping);
        let (square, damped) = (natural * natural, self.bandwidth_hz * frequency_hz);
        square.hypot(damped) / (square - frequency_hz * frequency_hz).hypot(damped)
    }

    /// The loop at a symbol rate.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a bandwidth out of proportion to the rate or a latency that makes the loop unstable.
    pub fn loop_filter(&self, symbol_rate_hz: f64) -> Result<ClockLoop> {
        self.validate()?;
        let gain = TAU * self.bandwidth_hz / symbol_rate_hz;
        if !(GAIN.0..=GAIN.1).contains(&gain) {
            let limits = (GAIN.0 * symbol_rate_hz / TAU, GAIN.1 * symbol_rate_hz / TAU);
            let requirement = format!("between {:.3e} and {:.3e} at this symbol rate", limits.0, limits.1);
            return Err(Error::parameter(
                "receiver.clock_recovery.bandwidth_hz",
                self.bandwidth_hz,
                requirement,
            ));
        }
        if gain * self.latency_ui as f64 > MAX_LATENCY_RAD {
            let most = (MAX_LATENCY_RAD / gain).floor();
            let requirement = format!("at most {most}, half a radian of the bandwidth: a stable loop");
            return Err(Error::parameter("receiver.clock_recovery.latency_ui", self.latency_ui, requirement));
        }
        Ok(ClockLoop {
            proportional: gain,
            integral: (gain / (2.0 * self.damping)).powi(2),
            phase_ui: self.start_ui,
            drift_ui: 0.0,
            pending: VecDeque::from(vec![0.0; self.latency_ui]),
        })
    }
}

/// Mueller–Müller detector: z_k a_(k−1) − z_(k−1) a_k, above 0 when sampling early.
pub fn mueller_muller_error(z: f64, a: f64, z_before: f64, a_before: f64) -> f64 {
    z * a_before - z_before * a
}

/// Alexander's detector on an edge between two levels: 1 when sampling early, −1 when late, 0 without a transition.
pub fn bang_bang_error(edge: f64, a: f64, a_before: f64) -> f64 {
    // Early, the edge sample is still on the side of the level before.
    let (transition, past) = (a - a_before, edge - 0.5 * (a + a_before));
    if transition == 0.0 || past == 0.0 { 0.0 } else { -transition.signum() * past.signum() }
}

/// State of a loop.
#[derive(Debug, Clone)]
pub struct ClockLoop {
    proportional: f64,
    integral: f64,
    phase_ui: f64,
    drift_ui: f64,
    pending: VecDeque<f64>,
}

impl ClockLoop {
    /// Sampling phase, UI.
    pub fn phase_ui(&self) -> f64 {
        self.phase_ui
    }

    /// Starts that much later, with a phase that moves by `drift_ui` a symbol.
    pub fn begin(&mut self, late_ui: f64, drift_ui: f64) {
        self.phase_ui += late_ui;
        self.drift_ui = drift_ui;
    }

    /// Proportional gain: the share of an error that one symbol corrects.
    pub fn gain(&self) -> f64 {
        self.proportional
    }

    /// Takes the error of one symbol, UI, positive when sampling early, and moves on to the next symbol.
    pub fn push(&mut self, error_ui: f64) {
        // A symbol may not move the phase by more than a quarter of itself, whatever a detector says.
        self.pending.push_back(error_ui.clamp(-2.0, 2.0));
        let error = self.pending.pop_front().unwrap_or(0.0);
        self.phase_ui += self.proportional * error + self.drift_ui;
        self.drift_ui = (self.drift_ui + self.integral * error).clamp(-0.1, 0.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// |E| = |s²/(s² + 2ζω_n s + ω_n²)| by the loop fed with its own error, against the closed form.
    #[test]
    fn the_loop_leaves_what_its_closed_form_says() {
        let rate = 1e9;
        let config = ClockRecovery { bandwidth_hz: 1e6, damping: 1.5, latency_ui: 0, ..Default::default() };
        for f in [0.1e6, 0.5e6, 1e6, 5e6] {
            let mut clock = config.loop_filter(rate).unwrap();
            let (mut sine, mut cosine, mut count) = (0.0, 0.0, 0.0);
            let period = (rate / f) as usize;
            for k in 0..60 * period {
                let angle = TAU * f * k as f64 / rate;
                let left = angle.sin() - clock.phase_ui();
                clock.push(left);
                if k >= 40 * period {
                    sine += left * angle.sin();
                    cosine += left * angle.cos();
                    count += 0.5;
                }
            }
            let measured = (sine * sine + cosine * cosine).sqrt() / count;
            let (omega, natural) = (TAU * f, TAU * 1e6 / 3.0);
            let real = natural * natural - omega * omega;
            let exact = omega * omega / (real.powi(2) + (3.0 * natural * omega).powi(2)).sqrt();
            // The discrete loop is a forward-Euler one: off by ω_c T_b = 0.6 %, times a few near its peak.
            assert!((measured / exact - 1.0).abs() < 0.02, "{f}: {measured} {exact}");
        }
    }

    #[test]
    fn detectors_push_an_early_sampler_later() {
        // NRZ ramp from −1 to 1 sampled early: the edge sample is still below the middle.
        assert_eq!(bang_bang_error(-0.2, 1.0, -1.0), 1.0);
        assert_eq!(bang_bang_error(0.2, 1.0, -1.0), -1.0);
        assert_eq!(bang_bang_error(0.2, -1.0, 1.0), 1.0);
        assert_eq!(bang_bang_error(0.2, 1.0, 1.0), 0.0);
        // Early, the symbol before still weighs on the sample: h(t0 + T) > 0.
        assert!(mueller_muller_error(1.0 + 0.3, 1.0, 1.0, 1.0) > 0.0);
    }

    #[test]
    fn loops_that_cannot_work_are_named() {
        let fine = ClockRecovery::default();
        assert!(fine.loop_filter(106.25e9).is_ok());
        for (bad, field) in [
            (ClockRecovery { bandwidth_hz: 50e9, ..fine.clone() }, "bandwidth_hz"),
            (ClockRecovery { bandwidth_hz: 1.0, ..fine.clone() }, "bandwidth_hz"),
            (ClockRecovery { latency_ui: 100_000, ..fine.clone() }, "latency_ui"),
            (ClockRecovery { damping: f64::NAN, ..fine.clone() }, "damping"),
            (ClockRecovery { start_ui: 3.0, ..fine.clone() }, "start_ui"),
        ] {
            let text = bad.loop_filter(106.25e9).unwrap_err().to_string();
            assert!(text.starts_with(&format!("receiver.clock_recovery.{field} =")), "{text}");
        }
    }
}
