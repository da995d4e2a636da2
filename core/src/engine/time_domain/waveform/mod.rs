//! The time-domain engine at many samples a symbol.
//!
//! ```text
//! symbols, noise, crosstalk, jitter ──► waveform after the CTLE ──► sampler ──► ADC ──► FFE ──► − DFE ──► count
//!                                                                     ▲                            │
//!                                                                     └──────── clock recovery ◄───┘
//! ```
//!
//! The waveform is a sum of events of one a symbol through responses at every phase; its blocks are functions of their
//! position and are synthesized in parallel. The receiver behind them is serial where its clock and its feedback are, at
//! one sample a symbol; the counts depend on neither the number of threads nor on how its work was cut. Memory holds a
//! few blocks.
//!
//! Taps may adapt meanwhile; then symbols are taken one by one, as with clock recovery.
//!
//! A sequence detector decides behind the same samples, a part later; the clock follows the slicer, whose feedback is
//! quicker.
//!
//! The eye is that of the slicer's input, as if the receiver sampled, converted and filtered at every phase, with the
//! feedback of the decisions taken; of taps that adapt, with those that they were up to some thousand symbols before.

mod adapt;
mod block;
mod clock;
mod converter;
mod detect;
mod eye;
mod image;
mod plan;
mod response;
mod sampler;
mod source;
#[cfg(test)]
mod twin;

pub use clock::ClockReport;
pub use eye::EyeDensity;

use super::relay::{Altered, Hop};
use super::tally::{Tally, Total};
use super::{Adapted, Counts, Simulation, check_simulation};
use crate::engine::time_domain::plan::expect_len;
use crate::engine::time_domain::sequence::Trellis;
use crate::error::{Error, Result, require};
use crate::receiver::{Adaptation, AdaptiveEqualizer, ClockMode, Receiver, SequenceDetector};
use crate::response::{MAX_SINUSOID, WaveformModel};
use crate::run::Run;
use crate::simd::Level;
use adapt::Adaptive;
use detect::Detected;
use image::EyeImage;
use plan::Plan;
use sampler::{Sampler, drifts};
use source::Source;

/// Symbols before the first that counts, without clock recovery: decision feedback has forgotten its start.
const WARM_UP: u64 = 256;
/// Symbols after which progress is told and a tally is closed; no longer than the longest burst.
const PART: u64 = 32_768;
/// Voltages of the eye in outer levels.
const EYE_LEVELS: f64 = 2.0;

/// What a waveform run found.
#[derive(Debug, Clone, PartialEq)]
pub struct WaveformCounts {
    /// Errors counted; of the detected sequence where one is detected.
    pub counts: Counts,
    /// Errors of decision feedback on the same samples, where a sequence is detected; `None` otherwise.
    pub dfe: Option<Counts>,
    /// Density image of the slicer's input.
    pub eye: EyeDensity,
    /// Clock recovery; `None` without.
    pub clock: Option<ClockReport>,
    /// What the equalizer learnt, where it adapted; `None` otherwise.
    pub adapted: Option<Adapted>,
    /// Symbols before the first that was counted.
    pub settling_symbols: u64,
    /// Samples that clipped at the converter.
    pub n_clipped: u64,
}

/// Simulates the waveform through the receiver's converter, clock recovery and equalizer, and counts its errors.
///
/// Of `receiver` only `adc_bits`, `adc` and `clock_recovery` are used: the rest is in the model.
///
/// # Errors
/// [`Error::Parameter`] for a count outside 1..=2⁵³, a model whose parts do not fit, sinusoidal jitter too fast, a
/// converter or clock recovery that cannot work; [`Error::Interrupted`]; and what [`Level::detect`] returns.
pub fn simulate_waveform(
    model: &WaveformModel,
    receiver: &Receiver,
    simulation: &Simulation,
) -> Result<WaveformCounts> {
    Ok(simulate(model, receiver, Decider::Slicer, simulation, &Hop::default())?.0)
}

/// The same with a sequence detected in the place of the decision feedback, which goes on deciding for the clock and is
/// counted beside it. A run that is to stop at a number of errors stops a part later than without.
///
/// # Errors
/// As [`simulate_waveform`], and [`Error::Parameter`] for a detector of other than 1 to 3 symbols of memory.
pub fn simulate_waveform_sequence(
    model: &WaveformModel,
    receiver: &Receiver,
    detector: &SequenceDetector,
    simulation: &Simulation,
) -> Result<WaveformCounts> {
    Ok(simulate(model, receiver, Decider::Sequence(detector), simulation, &Hop::default())?.0)
}

/// The same with FFE and DFE that adapt, from the taps of `equalizer` on; the clock goes by those of `model`. Levels are
/// decided midway between their nominal values. The receiver waits at least as many symbols as training and settling take
/// before it counts.
///
/// # Errors
/// As [`simulate_waveform`], and [`Error::Convergence`] with the error that crossed the line when the taps diverge.
pub fn simulate_waveform_adaptive(
    model: &WaveformModel,
    receiver: &Receiver,
    equalizer: &AdaptiveEqualizer,
    adaptation: &Adaptation,
    simulation: &Simulation,
) -> Result<WaveformCounts> {
    adaptation.validate()?;
    let decider = Decider::Adaptive(equalizer, adaptation);
    Ok(simulate(model, receiver, decider, simulation, &Hop::default())?.0)
}

/// What decides.
#[derive(Clone, Copy)]
pub(super) enum Decider<'a> {
    Slicer,
    Sequence(&'a SequenceDetector),
    Adaptive(&'a AdaptiveEqualizer, &'a Adaptation),
}

/// The same as a hop of a relay, with the wrong decisions that the next hop would send.
///
/// # Errors
/// As [`simulate_waveform_sequence`].
pub(super) fn simulate(
    model: &WaveformModel,
    receiver: &Receiver,
    decider: Decider<'_>,
    simulation: &Simulation,
    hop: &Hop<'_>,
) -> Result<(WaveformCounts, Vec<Altered>)> {
    check_simulation(simulation)?;
    receiver.validate()?;
    check(model)?;
    let level = Level::detect()?;
    if drifts(model) && receiver.clock_recovery.as_ref().is_none_or(|c| c.mode != ClockMode::On) {
        let (name, value) = match model.frequency_offset_ppm {
            0.0 => ("ssc_ppm", model.ssc_ppm),
            offset => ("frequency_offset_ppm", offset),
        };
        let requirement = "0 without receiver.clock_recovery in mode \"on\": nothing would follow it";
        return Err(Error::parameter(format!("transmitter.jitter.{name}"), value, requirement));
    }
    let plan = Plan::of_hop(model, simulation.seed, hop, level)?;
    let sampler = Sampler::new(model, receiver, hop.seed(simulation.seed), level)?;
    simulation.run.install(|| run(model, &plan, sampler, decider, simulation, hop.keep))
}

fn check(model: &WaveformModel) -> Result<()> {
    expect_len("thresholds_v", model.thresholds_v.len(), model.modulation.n_levels() - 1)?;
    if model.ffe.is_empty() || model.ffe_pre >= model.ffe.len() {
        return Err(Error::parameter("ffe_pre", model.ffe_pre, format!("below {}", model.ffe.len())));
    }
    if model.sj_ui > 0.0 {
        let limit = MAX_SINUSOID * model.symbol_rate.hz();
        require::within("transmitter.jitter.sj_hz", model.sj_hz, 0.0, limit)?;
    }
    if model.ssc_ppm > 0.0 {
        let limit = MAX_SINUSOID * model.symbol_rate.hz();
        require::positive("transmitter.jitter.ssc_hz", model.ssc_hz)?;
        require::within("transmitter.jitter.ssc_hz", model.ssc_hz, 0.0, limit)?;
    }
    Ok(())
}

fn run<'a>(
    model: &WaveformModel,
    plan: &Plan,
    mut sampler: Sampler<'a>,
    decider: Decider<'a>,
    simulation: &Simulation,
    keep_errors: bool,
) -> Result<(WaveformCounts, Vec<Altered>)> {
    let level = plan.level;
    let n = simulation.n_symbols as i64;
    let trellis = match decider {
        Decider::Sequence(detector) => Some(Trellis::new(model.levels.len(), detector)?),
        _ => None,
    };
    let needed = match (&trellis, decider) {
        (Some(trellis), _) => Detected::lead(trellis),
        (None, Decider::Adaptive(_, adaptation)) => adaptation.before(),
        _ => 0,
    };
    let least = needed.max(WARM_UP);
    let settling = sampler.clock.as_ref().map_or(least, |c| c.settling().max(least));
    let outer = model.levels.iter().fold(0.0f64, |a, l| a.max(l.abs()));
    let cursor_v = cursor(model);
    if let Decider::Adaptive(equalizer, adaptation) = decider {
        sampler.adaptive = Some(Adaptive::new(equalizer, adaptation, settling, outer, cursor_v));
    }
    sampler.keeps_equalized = trellis.is_some();
    let mut detected = trellis
        .as_ref()
        .map(|t| {
            Detected::new(t, -(settling as i64), (simulation.codewords, keep_errors), model.modulation, level)
        })
        .transpose()?;
    if let Some(clock) = &mut sampler.clock {
        clock.begin(model.drift_ui(-(settling as i64)));
    }
    let mut receiver = Running::new(plan, sampler, &simulation.run, -(settling as i64))?;
    while receiver.next < 0 {
        receiver.decide(0)?;
        if let Some(detected) = &mut detected {
            detected.take(&receiver.sampler.batch);
        }
    }
    receiver.sampler.settled();
    let mut eye = EyeDensity::new(plan.samples_per_symbol, EYE_LEVELS * outer * cursor_v.abs());
    let image = EyeImage::new(&eye, level, simulation.run.threads());
    let mut total = Total::new(simulation.codewords, model.modulation)?;
    if keep_errors {
        total = total.keep_errors();
    }
    while receiver.next < n {
        let part = receiver.next;
        let end = (part + PART as i64).min(n);
        let mut tally = Tally::new(part as u64, keep_errors || simulation.codewords.is_some());
        while receiver.next < end {
            let first = receiver.next as u64;
            receiver.decide(end)?;
            let batch = &receiver.sampler.batch;
            for (k, (sent, decided)) in (first..).zip(batch.sent.iter().zip(&batch.decided)) {
                if sent != decided {
                    tally.wrong(k, *sent, *decided, model.modulation.bit_errors(*sent, *decided));
                }
            }
            if let Some(detected) = &mut detected {
                detected.take(batch);
            }
            image.add(&receiver.source, &receiver.sampler);
        }
        total.add(tally, end as u64);
        simulation.run.report(end as u64, simulation.n_symbols);
        let bit_errors = detected.as_ref().map_or(total.bit_errors(), Detected::bit_errors);
        if simulation.stop_at_bit_errors.is_some_and(|n| bit_errors >= n) {
            break;
        }
    }
    image.finish(&mut eye);
    let clock = receiver.sampler.clock.as_ref().map(clock::Clock::report);
    let n_clipped = receiver.sampler.n_clipped;
    let mut errors = total.take_errors();
    let sliced = total.counts(model.modulation, level.name());
    let (counts, dfe) = match detected {
        None => (sliced, None),
        Some(mut detected) => {
            let counted = receiver.next;
            let end = counted + detected.tail();
            while receiver.next < end {
                receiver.decide(end)?;
                detected.take(&receiver.sampler.batch);
            }
            let (counts, found) = detected.counts(counted);
            errors = found;
            (counts, Some(sliced))
        }
    };
    let adapted = receiver.sampler.adaptive.map(|a| a.adapted(receiver.next as u64));
    Ok((WaveformCounts { counts, dfe, eye, clock, adapted, settling_symbols: settling, n_clipped }, errors))
}

/// A receiver on its waveform.
struct Running<'a> {
    source: Source<'a>,
    sampler: Sampler<'a>,
    /// Symbol that it decides next.
    next: i64,
}

impl<'a> Running<'a> {
    fn new(plan: &'a Plan, mut sampler: Sampler<'a>, run: &'a Run, first: i64) -> Result<Self> {
        let (start, end) = sampler.reach(first);
        let mut source = Source::new(plan, run, start);
        while source.end() < end {
            source.advance(start, end)?;
        }
        sampler.start(&source, first);
        Ok(Self { source, sampler, next: first })
    }

    /// Decides one batch, of symbols before number `end`.
    fn decide(&mut self, end: i64) -> Result<()> {
        let mut n = self.sampler.run(&self.source, self.next, end)?;
        while n == 0 {
            self.source.advance(self.sampler.holds(), self.sampler.reach(end).1)?;
            n = self.sampler.run(&self.source, self.next, end)?;
        }
        self.next += n as i64;
        Ok(())
    }
}

/// Response to a symbol at its own decision, after the FFE, V per unit of level.
fn cursor(model: &WaveformModel) -> f64 {
    let (row, main) = (&model.signal.phases[0], model.signal.main + model.ffe_pre);
    let tap = |(i, tap): (usize, &f64)| main.checked_sub(i).and_then(|j| row.get(j)).map(|h| tap * h);
    model.ffe.iter().enumerate().filter_map(tap).sum()
}
