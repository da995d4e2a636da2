//! Sampling phase.

use crate::error::{Error, Result};
use crate::response::PulseResponse;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Criterion of the sampling phase: `"mmse"`, `"peak"`, `"mueller_muller"` or a phase in UI.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Sampling {
    /// One of the criteria.
    Rule(SamplingRule),
    /// A fixed phase, UI after the peak of the pulse at the FFE's input, rounded to a sample.
    PhaseUi(f64),
}

/// Criteria that find the phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SamplingRule {
    /// Least mean-square error at the slicer, within half a symbol of the peak; up to one where it still falls there.
    Mmse,
    /// The peak of the pulse at the FFE's input.
    Peak,
    /// Where a Mueller–Müller detector at the FFE's input locks: h(t0 − T) = h(t0 + T).
    MuellerMuller,
}

impl Default for Sampling {
    fn default() -> Self {
        Self::Rule(SamplingRule::Mmse)
    }
}

/// Farthest fixed phase: beyond it another symbol is the cursor.
const MAX_PHASE_UI: f64 = 16.0;

impl Sampling {
    /// Checks the phase.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a fixed phase that is not finite or more than 16 UI from the peak.
    pub fn validate(&self) -> Result<()> {
        match *self {
            Self::PhaseUi(ui) => {
                crate::error::require::within("receiver.sampling", ui, -MAX_PHASE_UI, MAX_PHASE_UI)
                    .map(|_| ())
            }
            Self::Rule(_) => Ok(()),
        }
    }

    /// Sample positions to try on a pulse, nearest to its peak first.
    pub(crate) fn positions(&self, pulse: &PulseResponse) -> Result<Vec<isize>> {
        let m = pulse.samples_per_symbol() as isize;
        let peak = peak_position(pulse);
        Ok(match *self {
            Self::PhaseUi(ui) => vec![peak + (ui * m as f64).round() as isize],
            Self::Rule(SamplingRule::Peak) => vec![peak],
            Self::Rule(SamplingRule::MuellerMuller) => {
                let ui = mueller_muller_phase(pulse.v(), pulse.samples_per_symbol())?;
                vec![pulse.first() + (ui * m as f64).round() as isize]
            }
            Self::Rule(SamplingRule::Mmse) => {
                // Nearest first, so that of equally good phases (a flat top) the middle one is taken.
                (0..=m).map(|i| peak + if i % 2 == 0 { -(i / 2) } else { (i + 1) / 2 }).collect()
            }
        })
    }
}

/// A sampling instant, in samples after the centre of the transmitted symbol. A record may have fewer samples a symbol
/// than the grid of noise and crosstalk, of whose count its own is a divisor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Instant {
    pub(crate) position: isize,
    pub(crate) samples_per_symbol: usize,
}

impl Instant {
    /// The instant in samples of a pulse.
    pub(crate) fn on(self, pulse: &PulseResponse) -> isize {
        self.position * pulse.samples_per_symbol() as isize / self.samples_per_symbol as isize
    }

    /// The instant in UI.
    pub(crate) fn ui(self) -> f64 {
        self.position as f64 / self.samples_per_symbol as f64
    }
}

/// Position of the largest magnitude; the middle of a flat top.
pub(crate) fn peak_position(pulse: &PulseResponse) -> isize {
    pulse.first() + peak_index(pulse.v()) as isize
}

fn peak_index(v: &[f64]) -> usize {
    let largest = v.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    // Samples of a flat top differ by rounding only.
    let high = |x: &f64| x.abs() >= largest * (1.0 - 1e-9);
    let first = v.iter().position(high).unwrap_or(0);
    let run = v[first..].iter().take_while(|x| high(x)).count();
    first + run.saturating_sub(1) / 2
}

/// Phase t0, in UI from `pulse[0]`, where a Mueller–Müller detector locks: h(t0 − 1) = h(t0 + 1).
///
/// The root nearest to the largest |pulse|, interpolated linearly between samples; the pulse is 0 outside its samples.
/// K. Mueller, M. Müller, IEEE Trans. Commun. 24 (1976) 516, with E\[z\] = E\[a²\] (h(t0+T) − h(t0−T)).
///
/// ```
/// // A triangle over two symbols is symmetric: its centre.
/// let triangle: Vec<f64> = (0..=16).map(|i| 1.0 - (f64::from(i) / 8.0 - 1.0).abs()).collect();
/// assert_eq!(lightlane::receiver::mueller_muller_phase(&triangle, 8)?, 1.0);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for an empty pulse, one of zeros, a sample that is not finite, or no samples a symbol.
pub fn mueller_muller_phase(pulse: &[f64], samples_per_symbol: usize) -> Result<f64> {
    if samples_per_symbol == 0 || samples_per_symbol > pulse.len().saturating_mul(1024).max(1024) {
        return Err(Error::parameter(
            "samples_per_symbol",
            samples_per_symbol,
            "at least 1 and in proportion to the pulse",
        ));
    }
    if let Some(i) = pulse.iter().position(|v| !v.is_finite()) {
        return Err(Error::parameter(format!("pulse[{i}]"), pulse[i], "finite"));
    }
    if pulse.iter().all(|v| *v == 0.0) {
        return Err(Error::parameter(
            "pulse",
            format!("{} samples of 0", pulse.len()),
            "a pulse with a peak",
        ));
    }
    let m = samples_per_symbol as isize;
    let at = |i: isize| usize::try_from(i).ok().and_then(|i| pulse.get(i)).copied().unwrap_or(0.0);
    let difference = |i: isize| at(i + m) - at(i - m);
    let peak = peak_index(pulse) as isize;
    // Outside [−m, len + m] both neighbours are 0. A crossing there always exists: h(t+1) alone is seen at the start
    // and −h(t−1) alone at the end.
    let end = pulse.len() as isize + m;
    let mut best: Option<(f64, f64)> = None;
    let mut offer = |t: f64| {
        let distance = (t - peak as f64).abs();
        if best.is_none_or(|b| distance < b.0) {
            best = Some((distance, t));
        }
    };
    for i in -m..=end {
        let (a, b) = (difference(i), difference(i + 1));
        if a == 0.0 {
            offer(i as f64);
        }
        if (a < 0.0 && b > 0.0) || (a > 0.0 && b < 0.0) {
            offer(i as f64 + a / (a - b));
        }
    }
    best.map(|(_, t)| t / m as f64).ok_or_else(|| {
        Error::parameter("pulse", format!("{} samples", pulse.len()), "one with a Mueller-Müller phase")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::SymbolRate;

    #[test]
    fn the_one_pole_pulse_locks_where_its_closed_form_does() {
        // h = 1 − e^(−t/τ) on [0, T], then decay: t0 = T + τ ln(1 + e^(−T/τ) − e^(−2T/τ)), t from the pulse's start.
        for tau in [0.2f64, 0.4, 1.0] {
            let m = 256;
            let h: Vec<f64> = (0..40 * m)
                .map(|i| {
                    let t = i as f64 / m as f64;
                    if t < 1.0 { 1.0 - (-t / tau).exp() } else { ((1.0 - t) / tau).exp() - (-t / tau).exp() }
                })
                .collect();
            let e = (-1.0 / tau).exp();
            let exact = 1.0 + tau * (1.0 + e - e * e).ln();
            // Linear interpolation of a curve of second derivative 1/τ²: h²/8τ² over its slope of about 1/τ.
            let tolerance = 1.0 / (4.0 * tau * (m * m) as f64);
            assert!((mueller_muller_phase(&h, m).unwrap() - exact).abs() < tolerance, "{tau}");
        }
    }

    #[test]
    fn a_flat_top_is_sampled_in_its_middle() {
        let rate = SymbolRate::new(1e9).unwrap();
        let mut v = vec![0.0; 64];
        v[16..49].fill(1.0);
        let p = PulseResponse::new(rate, 32, -32, v.clone()).unwrap();
        assert_eq!(peak_position(&p), 0);
        assert_eq!(Sampling::default().positions(&p).unwrap()[..3], [0, 1, -1]);
        assert_eq!(Sampling::default().positions(&p).unwrap().len(), 33);
        assert_eq!(Sampling::PhaseUi(0.25).positions(&p).unwrap(), vec![8]);
        assert_eq!(mueller_muller_phase(&v, 32).unwrap(), 1.0);
    }

    #[test]
    fn bad_pulses_are_refused() {
        assert!(mueller_muller_phase(&[], 4).is_err());
        assert!(mueller_muller_phase(&[0.0; 9], 4).is_err());
        assert!(mueller_muller_phase(&[1.0, f64::NAN], 1).is_err());
        assert!(mueller_muller_phase(&[1.0], 0).is_err());
        assert!(mueller_muller_phase(&[1.0], usize::MAX).is_err());
        // One sample: its neighbours are 0 and it is its own lock.
        assert_eq!(mueller_muller_phase(&[1.0], 4).unwrap(), 0.0);
        assert!(Sampling::PhaseUi(f64::NAN).validate().is_err());
    }
}
