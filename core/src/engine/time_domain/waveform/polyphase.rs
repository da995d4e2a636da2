//! The kernel of the waveform: events of one a symbol through a response at every phase.

use crate::engine::time_domain::branch::to_f32;
use crate::error::Result;
use crate::response::PhaseResponse;
use crate::simd::{self, Level};

/// A response at every phase, in single precision: one FIR at the symbol rate a phase.
#[derive(Debug, Clone)]
pub(super) struct Polyphase {
    phases: Vec<Vec<f32>>,
    /// How many symbols after k the first tap belongs to.
    ahead: i64,
}

impl Polyphase {
    /// The response, `late` samples later.
    ///
    /// # Errors
    /// As [`to_f32`].
    pub(super) fn new(name: &str, response: &PhaseResponse, late: usize) -> Result<Self> {
        let m = response.phases.len();
        let mut phases = Vec::with_capacity(m);
        for p in 0..m {
            // Phase p of the late response is phase p − late of the early one, perhaps of a symbol before.
            let before = late > p;
            let row = to_f32(name, &response.phases[(p + m - late % m) % m])?;
            let padded = if before { [&[0.0], &row[..]].concat() } else { [&row[..], &[0.0]].concat() };
            phases.push(if late == 0 { row } else { padded });
        }
        Ok(Self { phases, ahead: response.main as i64 })
    }

    /// Symbols needed before the first and after the last of a block.
    pub(super) fn reach(&self) -> (i64, i64) {
        (self.phases[0].len() as i64 - 1 - self.ahead, self.ahead)
    }

    /// Number of events for `n` symbols.
    pub(super) fn events(&self, n: usize) -> usize {
        n + self.phases[0].len() - 1
    }

    /// Adds symbols `range` of a block whose events begin [`Polyphase::reach`] before it; `waveform` is phase by phase.
    pub(super) fn add(&self, level: Level, events: &[f32], waveform: &mut [f32], range: (usize, usize)) {
        let n = waveform.len() / self.phases.len();
        let (from, to) = range;
        for (taps, output) in self.phases.iter().zip(waveform.chunks_exact_mut(n)) {
            simd::fir_add(level, &events[from..to + taps.len() - 1], taps, &mut output[from..to]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_response_is_the_waveform_of_late_events() -> Result<()> {
        let (m, level) = (4, Level::detect()?);
        let response = PhaseResponse {
            phases: (0..m).map(|p| (0..5).map(|j| f64::from(10 * j + p)).collect()).collect(),
            main: 2,
        };
        let events: Vec<f32> = (0..40).map(|i| ((i * 7) % 5) as f32 - 2.0).collect();
        let wave = |late: usize| -> Result<Vec<f32>> {
            let polyphase = Polyphase::new("x", &response, late)?;
            let (back, _) = polyphase.reach();
            let n = 16;
            let mut phases = vec![0.0; n * m as usize];
            // Symbol 0 of the block is event 10.
            let from = (10 - back) as usize;
            polyphase.add(level, &events[from..from + polyphase.events(n)], &mut phases, (0, n));
            Ok((0..n * m as usize).map(|i| phases[(i % m as usize) * n + i / m as usize]).collect())
        };
        let early = wave(0)?;
        for late in 1..4 {
            assert_eq!(wave(late)?[late..], early[..early.len() - late], "{late}");
        }
        Ok(())
    }
}
