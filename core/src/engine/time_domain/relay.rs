//! Hops in a row: what the receiver of one decides, the transmitter of the next sends.
//!
//! ```text
//! symbols ──► hop 0 ──► decisions ──► hop 1 ──► decisions ──► … ──► compared with the symbols
//! ```
//!
//! A hop is a segment of a lane, from a transmitter to the next retimer or to the receiver; "segment" is here a piece of a
//! run. Each hop draws noise, crosstalk and jitter of its own. A wrong decision is sent on like any other symbol, so it
//! brings its own interference into the next hop, may set off another error there and may be undone by one; the counts of
//! the lane know all of that. Between two hops only the wrong decisions are kept, 16 bytes each.

use super::codewords::Codewords;
use super::tally::{Tally, Total};
use super::waveform::{self, WaveformCounts};
use super::{CUT, Counts, MAX_SYMBOLS, Simulation, check_simulation, run_cut, sequence::Trellis};
use crate::engine::time_domain::block::ORIGIN;
use crate::error::{Error, Result};
use crate::modulation::Modulation;
use crate::random::hop_seed;
use crate::receiver::{Receiver, SequenceDetector};
use crate::response::{DecisionModel, WaveformModel};
use crate::simd::Level;

/// Symbols by which a hop runs beyond the one after it, so that the end of a run looks ahead as its middle does.
const LEAD: u64 = 1024;
/// Symbols of the first attempt of a run that is to stop at a number of errors; each attempt after it is twice as long.
const FIRST_ATTEMPT: u64 = 1 << 20;

/// A symbol of the lane that is not what was sent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Altered {
    /// Number of the symbol from the run's first.
    pub place: u64,
    /// What was sent.
    pub sent: u8,
    /// What it has become.
    pub symbol: u8,
}

/// One hop: what its slicer sees, thresholds included.
#[derive(Debug, Clone, Copy)]
pub struct HopModel<'a> {
    /// What the slicer sees.
    pub model: &'a DecisionModel,
    /// Sequence detection in the place of decision feedback.
    pub detector: Option<&'a SequenceDetector>,
}

/// One hop at many samples a symbol.
#[derive(Debug, Clone, Copy)]
pub struct WaveformHop<'a> {
    /// What the converter sees.
    pub model: &'a WaveformModel,
    /// Its converter and clock recovery.
    pub receiver: &'a Receiver,
    /// Sequence detection in the place of decision feedback.
    pub detector: Option<&'a SequenceDetector>,
}

/// Errors of a run through several hops.
#[derive(Debug, Clone, PartialEq)]
pub struct RelayCounts {
    /// Errors of the last decisions against the symbols sent first.
    pub counts: Counts,
    /// Errors of each hop against what it was sent.
    pub hops: Vec<Counts>,
}

/// Where a hop stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hop<'a> {
    number: u32,
    /// What the hops before it have altered, by place.
    altered: &'a [Altered],
    /// Its wrong decisions are kept.
    pub(super) keep: bool,
}

impl Hop<'_> {
    /// Seed of every draw but the symbols.
    pub(super) fn seed(&self, seed: u64) -> u64 {
        hop_seed(seed, self.number)
    }

    pub(super) fn substitutes(&self) -> Substitutes {
        Substitutes(self.altered.iter().map(|a| (ORIGIN + a.place, a.symbol)).collect())
    }
}

/// Symbols that take the place of drawn ones, by their position in the stream.
#[derive(Debug, Clone, Default)]
pub(super) struct Substitutes(Vec<(u64, u8)>);

impl Substitutes {
    /// Puts those that lie in `symbols`, the first of them at position `first`, in their places.
    pub(super) fn put(&self, first: u64, symbols: &mut [u8]) {
        let from = self.0.partition_point(|(at, _)| *at < first);
        let end = first + symbols.len() as u64;
        for (at, symbol) in self.0[from..].iter().take_while(|(at, _)| *at < end) {
            symbols[(at - first) as usize] = *symbol;
        }
    }
}

/// Simulates hops at one value a symbol, each sending what the one before it decided.
///
/// A run that is to stop at a number of errors stops at the end of the 65,536 symbols in which the last decisions reach it.
///
/// # Errors
/// Those of [`super::simulate`] and [`super::simulate_sequence`]; [`Error::Parameter`] for no hop, or hops of different
/// modulation.
pub fn simulate_relay(hops: &[HopModel<'_>], simulation: &Simulation) -> Result<RelayCounts> {
    let modulations = hops.iter().map(|h| h.model.modulation);
    let one = |number: usize, place: &Hop<'_>, simulation: &Simulation| {
        let HopModel { model, detector } = hops[number];
        let trellis = detector.map(|d| Trellis::new(model.levels.len(), d)).transpose()?;
        let (mut dfe, mut sequence) = run_cut(model, trellis.as_ref(), simulation, CUT, place)?;
        Ok(((), if trellis.is_some() { sequence.take_errors() } else { dfe.take_errors() }))
    };
    Ok(relay(modulations, simulation, one)?.0)
}

/// The same on the waveform: the counts, and what each hop's receiver did. Every hop has its own settling before the first
/// symbol, during which it is sent the symbols themselves.
///
/// # Errors
/// Those of [`super::simulate_waveform`] and [`super::simulate_waveform_sequence`], and as [`simulate_relay`].
pub fn simulate_waveform_relay(
    hops: &[WaveformHop<'_>],
    simulation: &Simulation,
) -> Result<(RelayCounts, Vec<WaveformCounts>)> {
    relay(hops.iter().map(|h| h.model.modulation), simulation, |number, place, simulation| {
        let WaveformHop { model, receiver, detector } = hops[number];
        let decider = detector.map_or(waveform::Decider::Slicer, waveform::Decider::Sequence);
        waveform::simulate(model, receiver, decider, simulation, place)
    })
}

/// Runs every hop, again over more symbols while a number of errors is not reached.
fn relay<T>(
    mut modulations: impl Iterator<Item = Modulation>,
    simulation: &Simulation,
    one: impl Fn(usize, &Hop<'_>, &Simulation) -> Result<(T, Vec<Altered>)>,
) -> Result<(RelayCounts, Vec<T>)> {
    check_simulation(simulation)?;
    let Some(modulation) = modulations.next() else {
        return Err(Error::parameter("hops", 0, "at least one"));
    };
    let mut n_hops = 1;
    for other in modulations {
        if other != modulation {
            let requirement = format!("{modulation:?} as the hop before it");
            return Err(Error::parameter(
                format!("hops[{n_hops}].modulation"),
                format!("{other:?}"),
                requirement,
            ));
        }
        n_hops += 1;
    }
    let attempt = |n_symbols| Attempt::new(n_hops, n_symbols, simulation, &one);
    let Some(stop_at) = simulation.stop_at_bit_errors else {
        return attempt(simulation.n_symbols)?.finish(modulation, simulation.codewords);
    };
    let mut n_symbols = simulation.n_symbols.min(FIRST_ATTEMPT);
    loop {
        let found = attempt(n_symbols)?;
        match found.reached(stop_at, modulation) {
            Some(end) if end < n_symbols => {
                return attempt(end)?.finish(modulation, simulation.codewords);
            }
            None if n_symbols < simulation.n_symbols => {
                n_symbols = simulation.n_symbols.min(2 * n_symbols);
            }
            _ => return found.finish(modulation, simulation.codewords),
        }
    }
}

/// A run of all hops over so many symbols.
struct Attempt<T> {
    n_symbols: u64,
    /// What all hops together have altered.
    altered: Vec<Altered>,
    /// Wrong decisions of each hop.
    errors: Vec<Vec<Altered>>,
    parts: Vec<T>,
}

impl<T> Attempt<T> {
    fn new(
        n_hops: usize,
        n_symbols: u64,
        simulation: &Simulation,
        one: impl Fn(usize, &Hop<'_>, &Simulation) -> Result<(T, Vec<Altered>)>,
    ) -> Result<Self> {
        let mut attempt = Self { n_symbols, altered: Vec::new(), errors: Vec::new(), parts: Vec::new() };
        for number in 0..n_hops {
            let lead = (n_hops - 1 - number) as u64 * LEAD;
            let of_hop = Simulation {
                n_symbols: (n_symbols + lead).min(MAX_SYMBOLS),
                stop_at_bit_errors: None,
                codewords: None,
                run: simulation.run.part(number as u64, n_hops as u64),
                ..*simulation
            };
            let place = Hop { number: number as u32, altered: &attempt.altered, keep: true };
            let (part, errors) = one(number, &place, &of_hop)?;
            attempt.altered = combined(&attempt.altered, &errors);
            attempt.errors.push(errors);
            attempt.parts.push(part);
        }
        Ok(attempt)
    }

    /// End of the piece of the run in which so many wrong bits are reached.
    fn reached(&self, stop_at: u64, modulation: Modulation) -> Option<u64> {
        let mut bits = 0;
        let of_run = self.altered.iter().take_while(|a| a.place < self.n_symbols);
        let last = of_run.into_iter().find(|a| {
            bits += u64::from(modulation.bit_errors(a.sent, a.symbol));
            bits >= stop_at
        })?;
        Some(((last.place / CUT.segment + 1) * CUT.segment).min(self.n_symbols))
    }

    fn finish(self, modulation: Modulation, codewords: Option<Codewords>) -> Result<(RelayCounts, Vec<T>)> {
        let count = |errors: &[Altered], codewords| counts(errors, self.n_symbols, codewords, modulation);
        let hops = self.errors.iter().map(|errors| count(errors, None)).collect::<Result<_>>()?;
        let counts = count(&self.altered, codewords)?;
        Ok((RelayCounts { counts, hops }, self.parts))
    }
}

/// Counts of a list of wrong symbols.
fn counts(
    errors: &[Altered],
    n_symbols: u64,
    codewords: Option<Codewords>,
    modulation: Modulation,
) -> Result<Counts> {
    let mut total = Total::new(codewords, modulation)?;
    let mut rest = errors.iter().peekable();
    let mut first = 0;
    while first < n_symbols {
        let end = (first + CUT.segment).min(n_symbols);
        let mut tally = Tally::new(first, codewords.is_some());
        while let Some(e) = rest.next_if(|e| e.place < end) {
            tally.wrong(e.place, e.sent, e.symbol, modulation.bit_errors(e.sent, e.symbol));
        }
        total.add(tally, end);
        first = end;
    }
    Ok(total.counts(modulation, Level::detect()?.name()))
}

/// What is altered after a hop that was sent `before` and whose wrong decisions are `errors`.
fn combined(before: &[Altered], errors: &[Altered]) -> Vec<Altered> {
    let mut out = Vec::with_capacity(before.len() + errors.len());
    let mut earlier = before.iter().peekable();
    for error in errors {
        out.extend(std::iter::from_fn(|| earlier.next_if(|b| b.place < error.place)));
        match earlier.next_if(|b| b.place == error.place) {
            None => out.push(*error),
            // Two errors at one symbol may undo each other.
            Some(b) if b.sent == error.symbol => {}
            Some(b) => out.push(Altered { sent: b.sent, ..*error }),
        }
    }
    out.extend(earlier);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time_domain::simulate;
    use crate::grid::SymbolRate;
    use crate::receiver::Mlsd;
    use crate::response::{CrosstalkPhase, SlicerNoise, SlicerSignal};

    fn model(noise_v: f64, dfe: Vec<f64>) -> DecisionModel {
        let mut cursors = vec![0.05, 1.0];
        cursors.extend(&dfe);
        DecisionModel {
            symbol_rate: SymbolRate::new(106.25e9).unwrap(),
            modulation: Modulation::Pam4,
            levels: vec![-3.0, -1.0, 1.0, 3.0],
            signal: SlicerSignal::Linear { cursors, main: 1 },
            dfe,
            noise: SlicerNoise { autocorrelation_v2: vec![noise_v * noise_v], ..SlicerNoise::default() },
            crosstalk: vec![],
            crosstalk_phase: CrosstalkPhase::default(),
            jitter: None,
            thresholds_v: Some(vec![-2.0, 0.0, 2.0]),
        }
    }

    fn hop(model: &DecisionModel) -> HopModel<'_> {
        HopModel { model, detector: None }
    }

    #[test]
    fn one_hop_is_a_plain_run() -> Result<()> {
        let model = model(0.45, vec![0.6]);
        let simulation = Simulation { n_symbols: 200_000, ..Simulation::default() };
        let plain = simulate(&model, &simulation)?;
        let relayed = simulate_relay(&[hop(&model)], &simulation)?;
        assert!(plain.n_bit_errors > 1000);
        assert_eq!((&relayed.counts, &relayed.hops[0]), (&plain, &plain));
        Ok(())
    }

    #[test]
    fn a_hop_without_errors_forwards_those_before_it() -> Result<()> {
        let (noisy, quiet) = (model(0.45, vec![0.6]), model(0.05, vec![]));
        let simulation = Simulation { n_symbols: 200_000, ..Simulation::default() };
        let alone = simulate(&noisy, &simulation)?;
        let relayed = simulate_relay(&[hop(&noisy), hop(&quiet)], &simulation)?;
        assert_eq!(relayed.counts, alone);
        assert_eq!(relayed.hops[1].n_symbol_errors, 0);
        // The other way round the errors are those of the second hop, whose draws are its own.
        let turned = simulate_relay(&[hop(&quiet), hop(&noisy)], &simulation)?;
        assert_eq!(turned.counts, turned.hops[1]);
        assert!(turned.counts != alone && turned.counts.agrees_with(alone.ber(), 0.9999, 0.1)?);
        Ok(())
    }

    #[test]
    fn equal_hops_double_the_errors_but_for_those_that_meet() -> Result<()> {
        let model = model(0.4, vec![]);
        let simulation = Simulation { n_symbols: 1_000_000, ..Simulation::default() };
        let relayed = simulate_relay(&[hop(&model), hop(&model)], &simulation)?;
        let [first, second] = &relayed.hops[..] else { panic!("two hops") };
        let sum = first.n_symbol_errors + second.n_symbol_errors;
        // Places where both err are counted once, or not at all: about ser² of the symbols.
        let meeting = sum - relayed.counts.n_symbol_errors;
        let expected = 1e6 * first.ser() * second.ser();
        assert!((meeting as f64) < 2.0 * expected + 5.0 * expected.sqrt(), "{meeting} {expected}");
        assert!(first != second && first.ser() > 5e-3);
        Ok(())
    }

    #[test]
    fn errors_of_the_end_and_of_the_stop_are_those_of_a_longer_run() -> Result<()> {
        let model = model(0.45, vec![0.6]);
        let hops = [hop(&model), hop(&model), hop(&model)];
        let long = Simulation { n_symbols: 3 * CUT.segment, ..Simulation::default() };
        let stop = Simulation {
            stop_at_bit_errors: Some(simulate_relay(&hops, &long)?.counts.n_bit_errors / 2),
            ..long.clone()
        };
        let stopped = simulate_relay(&hops, &stop)?;
        assert_eq!(stopped.counts.n_symbols, 2 * CUT.segment);
        let short = Simulation { n_symbols: 2 * CUT.segment, ..Simulation::default() };
        assert_eq!(stopped, simulate_relay(&hops, &short)?);
        let run = crate::run::Run::with_threads(Some(1))?;
        assert_eq!(stopped, simulate_relay(&hops, &Simulation { run, ..short })?);
        Ok(())
    }

    #[test]
    fn a_detector_forwards_its_own_sequence() -> Result<()> {
        let model = model(0.35, vec![0.9]);
        let detector = SequenceDetector::new(&model, &Mlsd::default())?;
        let quiet = self::model(0.05, vec![]);
        let simulation = Simulation { n_symbols: 200_000, ..Simulation::default() };
        let alone = super::super::simulate_sequence(&model, &detector, &simulation)?;
        let hops = [HopModel { model: &model, detector: Some(&detector) }, hop(&quiet)];
        assert_eq!(simulate_relay(&hops, &simulation)?.counts, alone.counts);
        assert!(alone.counts.n_bit_errors > 100);
        Ok(())
    }

    #[test]
    fn alterations_join_by_place() {
        let of = |place, sent, symbol| Altered { place, sent, symbol };
        let before = [of(1, 0, 1), of(4, 2, 3), of(5, 1, 0), of(9, 3, 2)];
        let errors = [of(2, 3, 2), of(4, 3, 2), of(5, 0, 1), of(9, 2, 1), of(12, 0, 1)];
        let joined = [of(1, 0, 1), of(2, 3, 2), of(9, 3, 1), of(12, 0, 1)];
        assert_eq!(combined(&before, &errors), joined);
    }

    #[test]
    fn hops_that_do_not_fit_are_refused() {
        let pam4 = model(0.4, vec![]);
        let mut nrz = pam4.clone();
        (nrz.modulation, nrz.levels, nrz.thresholds_v) = (Modulation::Nrz, vec![-1.0, 1.0], Some(vec![0.0]));
        let simulation = Simulation { n_symbols: 1000, ..Simulation::default() };
        assert!(simulate_relay(&[], &simulation).is_err());
        assert!(simulate_relay(&[hop(&pam4), hop(&nrz)], &simulation).is_err());
        let nothing = Simulation { stop_at_bit_errors: Some(0), ..simulation };
        assert!(simulate_relay(&[hop(&pam4)], &nothing).is_err());
    }
}
