//! Every setting of the grid, judged by its figure of merit.

use super::adaptive::{Grid, adaptive};
use super::channel::receiver_filter;
use super::config::{ComConfig, Role};
use super::decision::{Decision, decide, no_pulse};
use super::equalizer::{FixedEqualizer, Step};
use super::pulse::{Pulse, Taps};
use crate::error::{Error, Result};
use crate::receiver::CtleStage;
use crate::run::Run;
use rayon::prelude::*;

/// Settings above which Annex 178A is searched adaptively, unless `Local Search` says 0.
const ADAPTIVE_ABOVE: usize = 1000;
/// Candidates between two looks at the cancel flag.
pub(super) const BLOCK: usize = 64;

/// Impulse responses at the CTLE's input and the frequencies of the thru's file.
pub(super) struct Paths {
    pub(super) thru: Vec<f64>,
    pub(super) fext: Vec<Vec<f64>>,
    pub(super) next: Vec<Vec<f64>>,
    pub(super) freq_hz: Vec<f64>,
}

/// All pulses behind one CTLE setting.
pub(super) struct Pulses {
    pub(super) stage: CtleStage,
    pub(super) thru: Pulse,
    pub(super) fext: Vec<Pulse>,
    pub(super) next: Vec<Pulse>,
    pub(super) thermal_v2: f64,
}

/// The transmitter of a near-end aggressor has no FFE.
pub(super) fn plain() -> Taps {
    vec![(0, 1.0)]
}

impl Pulses {
    pub(super) fn new(paths: &Paths, config: &ComConfig, stage: CtleStage) -> Self {
        let pulse = |impulse: &Vec<f64>, role: Role| {
            Pulse::new(impulse, stage, config.sample_s(), config.samples_per_symbol, config.amplitude_v(role))
        };
        Self {
            stage,
            thru: pulse(&paths.thru, Role::Thru),
            fext: paths.fext.iter().map(|i| pulse(i, Role::Fext)).collect(),
            next: paths.next.iter().map(|i| pulse(i, Role::Next)).collect(),
            thermal_v2: thermal_v2(config, stage, &paths.freq_hz),
        }
    }

    fn next_v2(&self) -> f64 {
        self.next.iter().map(|p| p.worst_phase(&plain()).1).sum()
    }

    pub(super) fn decide(&self, config: &ComConfig, taps: &Taps, fixed: &FixedEqualizer) -> Option<Decision> {
        self.decide_with(config, taps, fixed, self.next_v2())
    }

    fn decide_with(
        &self,
        config: &ComConfig,
        taps: &Taps,
        fixed: &FixedEqualizer,
        next_v2: f64,
    ) -> Option<Decision> {
        let offset = fixed.sampling_offset.unwrap_or(0);
        decide(config, &self.thru, &self.fext, next_v2, self.thermal_v2, taps, offset, fixed.dfe.as_deref())
    }
}

/// σ_N² = η_0 ∫ |H_r H_ctf|² df over the points of the file above 0 Hz (93A-35).
fn thermal_v2(config: &ComConfig, stage: CtleStage, freq_hz: &[f64]) -> f64 {
    let density = |f: f64| (receiver_filter(f, config) * stage.response(f)).norm_sqr();
    config.eta_v2_per_hz
        * freq_hz
            .iter()
            .enumerate()
            .filter(|p| *p.1 > 0.0)
            .map(|(k, f)| density(*f) * width_hz(freq_hz, k))
            .sum::<f64>()
}

/// What point `k` of a file stands for in an integral: the step to the next, of the last the step before.
pub(super) fn width_hz(freq_hz: &[f64], k: usize) -> f64 {
    if k + 1 < freq_hz.len() { freq_hz[k + 1] - freq_hz[k] } else { freq_hz[k] - freq_hz[k - 1] }
}

/// What is judged: everything behind one CTLE setting, prepared once, and a transmitter setting behind it.
pub(super) trait Candidates: Sync {
    /// What all candidates of a CTLE setting share.
    type Stage;
    /// Memory of one thread.
    type Scratch;

    fn stage(&self, ctle: CtleStage) -> Self::Stage;
    fn scratch(&self) -> Self::Scratch;
    /// Figure of merit; None if the candidate has no pulse.
    fn fom_db(&self, stage: &Self::Stage, taps: &Taps, scratch: &mut Self::Scratch) -> Option<f64>;
}

/// Candidates of Annex 93A.
pub(super) struct Settings<'a> {
    pub(super) paths: &'a Paths,
    pub(super) config: &'a ComConfig,
    pub(super) fixed: &'a FixedEqualizer,
}

impl Candidates for Settings<'_> {
    type Stage = (Pulses, f64);
    type Scratch = ();

    fn stage(&self, ctle: CtleStage) -> (Pulses, f64) {
        let pulses = Pulses::new(self.paths, self.config, ctle);
        let next_v2 = pulses.next_v2();
        (pulses, next_v2)
    }

    fn scratch(&self) {}

    fn fom_db(&self, stage: &(Pulses, f64), taps: &Taps, (): &mut ()) -> Option<f64> {
        stage.0.decide_with(self.config, taps, self.fixed, stage.1).map(|d| d.fom_db)
    }
}

/// The setting found best.
pub(super) struct Best {
    pub(super) gdc_db: f64,
    pub(super) gdc2_db: f64,
    pub(super) taps: Taps,
    pub(super) n_candidates: usize,
    pub(super) trace: Vec<Step>,
}

/// The setting of highest FOM; of equal ones the first in the order of the grid, for any number of threads.
pub(super) fn search<C: Candidates>(
    candidates: &C,
    config: &ComConfig,
    fixed: &FixedEqualizer,
    run: &Run,
) -> Result<Best>
where
    C::Stage: Send + Sync,
{
    let one_or = |value: Option<f64>, grid: &[f64]| value.map_or_else(|| grid.to_vec(), |v| vec![v]);
    let (high, low) =
        (one_or(fixed.ctle_gdc_db, &config.gdc_db), one_or(fixed.ctle_gdc2_db, &config.gdc2_db));
    let gains: Vec<(f64, f64)> = high.iter().flat_map(|h| low.iter().map(move |l| (*h, *l))).collect();
    let grid = Grid {
        high_db: &high,
        low_db: &low,
        taps: match &fixed.tx_ffe {
            Some(taps) => taps.iter().map(|(place, c)| (*place, vec![*c])).collect(),
            None => config.taps.clone(),
        },
        // A setting off the grid is allowed.
        c0_min: if fixed.tx_ffe.is_some() { 0.0 } else { config.c0_min },
    };
    if grid.settings().next().is_none() {
        let requirement = "small enough for the taps of the grid";
        return Err(Error::parameter("c(0)", config.c0_min, requirement));
    }
    let few = ADAPTIVE_ABOVE / gains.len();
    let is_large = || grid.settings().take(few + 1).count() > few;
    if config.receiver.is_some() && config.adaptive.unwrap_or_else(is_large) {
        return adaptive(candidates, config, &grid, run)?.ok_or_else(no_pulse);
    }
    let done = std::sync::atomic::AtomicU64::new(0);
    let found = run.install(|| {
        gains
            .par_iter()
            .map(|&(gdc_db, gdc2_db)| {
                run.check()?;
                let stage = candidates.stage(config.stage(gdc_db, gdc2_db)?);
                let mut scratch = candidates.scratch();
                let mut best: Option<(f64, Taps)> = None;
                let mut judged = 0;
                for taps in grid.settings() {
                    if judged % BLOCK == 0 {
                        run.check()?;
                    }
                    judged += 1;
                    if let Some(fom_db) = candidates.fom_db(&stage, &taps, &mut scratch)
                        && best.as_ref().is_none_or(|b| fom_db > b.0)
                    {
                        best = Some((fom_db, taps));
                    }
                }
                let n = 1 + done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                run.report(n, gains.len() as u64);
                Ok((judged, best))
            })
            .collect::<Result<Vec<_>>>()
    })?;
    let n_candidates = found.iter().map(|f| f.0).sum();
    let behind = found.iter().zip(&gains).filter_map(|(f, g)| f.1.as_ref().map(|b| (b, *g)));
    let Some(((_, taps), gains_db)) = behind.clone().reduce(|a, b| if b.0.0 > a.0.0 { b } else { a }) else {
        return Err(no_pulse());
    };
    let trace = behind.map(|((fom_db, taps), g)| Step::new(g.0, g.1, taps, *fom_db)).collect();
    Ok(Best { gdc_db: gains_db.0, gdc2_db: gains_db.1, taps: taps.clone(), n_candidates, trace })
}

/// The taps other than 0, with the main one; None if that is smaller than `c0_min`.
pub(super) fn with_main(taps: &[(i32, f64)], c0_min: f64) -> Option<Taps> {
    let main = main_tap(taps.iter().map(|t| t.1), c0_min)?;
    let mut all: Taps = taps.iter().copied().filter(|t| t.1 != 0.0).chain([(0, main)]).collect();
    all.sort_by_key(|t| t.0);
    Some(all)
}

/// What other taps leave of the main one; None if that is smaller than `c0_min`.
pub(super) fn main_tap(taps: impl Iterator<Item = f64>, c0_min: f64) -> Option<f64> {
    let main = 1.0 - taps.map(f64::abs).sum::<f64>();
    // Decimal grids: 0.54 must not fail by a rounding.
    (main > 0.0 && main >= c0_min - 1e-9).then_some(main)
}
