//! The time-domain engine at many samples a symbol.
//!
//! ```text
//! symbols, noise, crosstalk, jitter ──► waveform after the CTLE ──► sampler ──► ADC ──► FFE ──► − DFE ──► count
//!                                                                     ▲                            │
//!                                                                     └──────── clock recovery ◄───┘
//! ```
//!
//! The waveform is a sum of events of one a symbol through responses at every phase; its blocks are functions of their
//! position and are synthesized in parallel. The receiver behind them is one serial loop, because its clock and its
//! feedback are: the counts depend on neither the number of threads nor on how the waveform was cut. Memory holds a few
//! blocks.
//!
//! The eye is that of the slicer's input, as if the receiver sampled, converted and filtered at every phase, with the
//! feedback of the decisions taken.

mod block;
mod clock;
mod eye;
mod plan;
mod polyphase;
mod sampler;
mod source;

pub use clock::ClockReport;
pub use eye::EyeDensity;

use super::tally::{Tally, Total};
use super::{Counts, Simulation, check_simulation};
use crate::engine::time_domain::plan::expect_len;
use crate::error::{Error, Result, require};
use crate::receiver::Receiver;
use crate::response::{MAX_SINUSOID, WaveformModel};
use crate::simd::Level;
use plan::Plan;
use sampler::Sampler;
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
    /// Errors counted.
    pub counts: Counts,
    /// Density image of the slicer's input.
    pub eye: EyeDensity,
    /// Clock recovery; `None` without.
    pub clock: Option<ClockReport>,
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
    check_simulation(simulation)?;
    receiver.validate()?;
    check(model)?;
    let level = Level::detect()?;
    let plan = Plan::new(model, simulation.seed, level)?;
    let sampler = Sampler::new(model, receiver, simulation.seed, level)?;
    simulation.run.install(|| run(model, &plan, sampler, simulation, level))
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
    Ok(())
}

fn run(
    model: &WaveformModel,
    plan: &Plan,
    mut sampler: Sampler<'_>,
    simulation: &Simulation,
    level: Level,
) -> Result<WaveformCounts> {
    let (pre, n) = (model.ffe_pre as i64, simulation.n_symbols as i64);
    let settling = sampler.clock.as_ref().map_or(WARM_UP, |c| c.settling().max(WARM_UP));
    let first = -(settling as i64);
    let mut source = Source::new(plan, &simulation.run, first - sampler.lead() - model.dfe.len() as i64);
    // The FFE's history fills with columns whose decisions nobody looks at.
    for k in first - sampler.lead()..first + pre {
        sampler.step(&mut source, k)?;
    }
    sampler.start(&mut source, first)?;
    for k in first..0 {
        sampler.step(&mut source, k + pre)?;
    }
    if let Some(clock) = &mut sampler.clock {
        clock.settled();
    }
    sampler.n_clipped = 0;
    let outer = model.levels.iter().fold(0.0f64, |a, l| a.max(l.abs()));
    let mut eye = EyeDensity::new(plan.samples_per_symbol, EYE_LEVELS * outer * cursor(model).abs());
    let scale = eye.scale();
    let mut total = Total::new(simulation.codewords, model.modulation)?;
    let mut part = 0;
    while part < n {
        let end = (part + PART as i64).min(n);
        let mut tally = Tally::new(part as u64, simulation.codewords.is_some());
        for k in part..end {
            let decision = sampler.step(&mut source, k + pre)?;
            let sent = source.symbol(decision.sampled);
            if sent != decision.decided {
                let bits = model.modulation.bit_errors(sent, decision.decided);
                tally.wrong(k as u64, sent, decision.decided, bits);
            }
            eye.add(&sampler.column, scale);
            if let Some(clock) = &mut sampler.clock {
                clock.note();
            }
        }
        total.add(tally, end as u64);
        simulation.run.report(end as u64, simulation.n_symbols);
        part = end;
        if simulation.stop_at_bit_errors.is_some_and(|n| total.bit_errors() >= n) {
            break;
        }
    }
    Ok(WaveformCounts {
        counts: total.counts(model.modulation, level.name()),
        eye,
        clock: sampler.clock.as_ref().map(clock::Clock::report),
        settling_symbols: settling,
        n_clipped: sampler.n_clipped,
    })
}

/// Response to a symbol at its own decision, after the FFE, V per unit of level.
fn cursor(model: &WaveformModel) -> f64 {
    let (row, main) = (&model.signal.phases[0], model.signal.main + model.ffe_pre);
    let tap = |(i, tap): (usize, &f64)| main.checked_sub(i).and_then(|j| row.get(j)).map(|h| tap * h);
    model.ffe.iter().enumerate().filter_map(tap).sum()
}
