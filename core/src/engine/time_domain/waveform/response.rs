//! The responses of a plan: every stream of events on the waveform, in single precision.

use crate::engine::time_domain::branch::to_f32;
use crate::error::Result;
use crate::response::PhaseResponse;
use crate::simd::{Level, PolyphaseSum};

/// Which events a stream needs for a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    /// Its number in the sum.
    pub(super) stream: usize,
    /// Symbols before the first of the block and after its last.
    pub(super) back: i64,
    pub(super) ahead: i64,
}

impl Reach {
    /// Number of events for `n` symbols.
    pub(super) fn events(&self, n: usize) -> usize {
        n + (self.back + self.ahead) as usize
    }
}

/// Responses collected for one sum.
#[derive(Debug, Default)]
pub(super) struct Responses(Vec<Vec<Vec<f32>>>);

impl Responses {
    /// Adds a stream whose response comes `late` samples later, less than a symbol.
    ///
    /// # Errors
    /// As [`to_f32`].
    pub(super) fn push(&mut self, name: &str, response: &PhaseResponse, late: usize) -> Result<Reach> {
        let m = response.phases.len();
        let mut phases = Vec::with_capacity(m);
        for p in 0..m {
            // Phase p of the late response is phase p − late of the early one, perhaps of a symbol before.
            let before = late > p;
            let row = to_f32(name, &response.phases[(p + m - late % m) % m])?;
            let padded = if before { [&[0.0], &row[..]].concat() } else { [&row[..], &[0.0]].concat() };
            phases.push(if late == 0 { row } else { padded });
        }
        let ahead = response.main as i64;
        let reach = Reach { stream: self.0.len(), back: phases[0].len() as i64 - 1 - ahead, ahead };
        self.0.push(phases);
        Ok(reach)
    }

    /// The kernel of all of them.
    pub(super) fn sum(&self, level: Level) -> PolyphaseSum {
        PolyphaseSum::new(level, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::SumWorkspace;

    #[test]
    fn a_late_response_is_the_waveform_of_late_events() -> Result<()> {
        let (m, level) = (4, Level::detect()?);
        let response = PhaseResponse {
            phases: (0..m).map(|p| (0..5).map(|j| f64::from(10 * j + p)).collect()).collect(),
            main: 2,
        };
        let events: Vec<f32> = (0..40).map(|i| ((i * 7) % 5) as f32 - 2.0).collect();
        let wave = |late: usize| -> Result<Vec<f32>> {
            let mut responses = Responses::default();
            let reach = responses.push("x", &response, late)?;
            let n = 16;
            let (mut ws, mut waveform) = (SumWorkspace::default(), vec![0.0; n * m as usize]);
            // Symbol 0 of the block is event 10.
            let from = (10 - reach.back) as usize;
            let sum = responses.sum(level);
            sum.transform(0, &events[from..from + reach.events(n)], &mut ws);
            sum.synthesize(&mut ws, &mut waveform);
            Ok(waveform)
        };
        let early = wave(0)?;
        for late in 1..4 {
            for (a, b) in wave(late)?[late..].iter().zip(&early) {
                // Sums of up to 200 by transforms in single precision.
                assert!((a - b).abs() < 1e-4, "{late}: {a} {b}");
            }
        }
        Ok(())
    }
}
