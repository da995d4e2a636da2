//! Channel operating margin by Annex 178A of draft P802.3dj/D3.3, in the numbers of PyChOpMarg 3.4.0.
//!
//! The receiver has an FFE of fixed and floating taps and a DFE of one tap, both of smallest mean squared error at the
//! sampling time where that is smallest; what passes them is judged as in Annex 93A, with a quantizer's noise, and a
//! sequence detector may be credited.
//!
//! | step | where |
//! |---|---|
//! | keywords of the receiver | `rules` |
//! | pulses by phase, autocorrelations | `pulse` |
//! | noise, sampling time, FOM of a candidate | `candidate` |
//! | FFE, DFE, floating taps | `mmse` |
//! | quantizer's step | `quantizer` |
//! | what is left at the slicer, its distribution | `margin` |
//! | sequence detection | `mlsd` |

mod candidate;
mod margin;
mod mlsd;
mod mmse;
mod pulse;
mod quantizer;
mod rules;

pub(super) use rules::Rules;

use super::channel::receiver_filter;
use super::config::ComConfig;
use super::decision::no_pulse;
use super::equalizer::FixedEqualizer;
use super::pulse::Taps;
use super::search::{Candidates, Paths, search};
use super::{ComCase, FoundEqualizer};
use crate::error::{Error, Result};
use crate::receiver::CtleStage;
use crate::run::Run;
use crate::simd::Level;
use candidate::{Judge, Scratch, Spectra, Stage};
use margin::Slicer;
use pulse::Grid;
use std::f64::consts::TAU;

/// The figures of one package case.
pub(super) fn case(
    number: usize,
    paths: &Paths,
    config: &ComConfig,
    rules: &Rules,
    fixed: &FixedEqualizer,
    run: &Run,
) -> Result<ComCase> {
    let level = Level::detect()?;
    let judge = Judge { config, rules, fixed, level };
    let settings = Settings { judge: &judge, spectra: spectra(paths, &judge)? };
    let missing = || match fixed.sampling_offset {
        Some(n) if n != 0 => {
            Error::parameter("fixed_equalizer.sampling_offset", n, "such that the pulse is above 0 there")
        }
        _ => no_pulse(),
    };
    let best =
        search(&settings, config, fixed, run).map_err(|e| if e == no_pulse() { missing() } else { e })?;
    let stage = settings.stage(config.stage(best.gdc_db, best.gdc2_db)?);
    let mut scratch = judge.scratch();
    let choice = judge.choose(&stage, &best.taps, &mut scratch).ok_or_else(missing)?;
    let receiver = judge.receiver(&stage, &best.taps, &choice, &mut scratch).ok_or_else(missing)?;
    let slicer = Slicer::new(&judge, &stage, &best.taps, &choice, &receiver);
    run.check()?;
    let bounded = slicer.bounded(&judge, run)?;
    let distribution = slicer.distribution(&bounded);
    let noise_v = slicer.noise_v(&judge, &distribution)?;
    let gain_db =
        if rules.mlsd { mlsd::gain_db(&judge, &stage, &slicer, &bounded, noise_v, run)? } else { 0.0 };
    let equalizer = FoundEqualizer {
        ctle_gdc_db: stage.ctle.gdc_db,
        ctle_gdc2_db: stage.ctle.gdc2_db,
        tx_ffe: best.taps.iter().copied().filter(|t| t.0 != 0).collect(),
        rx_ffe: slicer.w.clone(),
        rx_ffe_pre: slicer.pre,
        dfe: vec![slicer.b; config.b_max.len()],
        sampling_offset: 0,
    };
    let sampling_offset =
        choice.offset - anchor(&judge, &equalizer, &stage, &best.taps).unwrap_or(choice.offset);
    Ok(ComCase::new(
        number,
        (slicer.signal_v, noise_v),
        gain_db,
        choice.fom_db,
        slicer.budget(&judge),
        FoundEqualizer { sampling_offset, ..equalizer },
        best,
        slicer.curves(&judge, &distribution),
    ))
}

/// Sampling time of highest FOM for the taps found, from the peak: that of the search, as a rule. Clipped taps are not
/// the best within their limits, so another may be theirs.
fn anchor(judge: &Judge<'_>, found: &FoundEqualizer, stage: &Stage, taps: &Taps) -> Option<i64> {
    let fixed = FixedEqualizer {
        rx_ffe: Some(found.rx_ffe.clone()),
        rx_ffe_pre: Some(found.rx_ffe_pre),
        dfe: Some(found.dfe.clone()),
        ..FixedEqualizer::default()
    };
    let judge = Judge { fixed: &fixed, ..*judge };
    judge.choose(stage, taps, &mut judge.scratch()).map(|c| c.offset)
}

fn spectra(paths: &Paths, judge: &Judge<'_>) -> Result<Spectra> {
    let (config, rules) = (judge.config, judge.rules);
    let all = || [&paths.thru].into_iter().chain(&paths.fext).chain(&paths.next);
    let longest = all().map(Vec::len).max().unwrap_or(0);
    let stage = config.stage(0.0, 0.0)?;
    // The release wraps what outlasts its period, 1/Δf: a longer tail would be no nearer to it.
    let slowest_hz =
        [stage.low_frequency_hz, stage.pole1_hz, stage.pole2_hz].into_iter().fold(f64::INFINITY, f64::min);
    let slowest_hz = slowest_hz.max(pulse::TAIL * rules.step_hz / TAU);
    if !slowest_hz.is_finite() {
        return Err(Error::parameter("f_HP_PZ", slowest_hz, "finite"));
    }
    let receiver = |f| receiver_filter(f, config);
    let (sample_s, per_symbol) = (config.sample_s(), config.samples_per_symbol);
    let grid = Grid::new(longest, slowest_hz, sample_s, per_symbol, receiver, judge.level);
    let spectrum = |v: &Vec<f64>| grid.spectrum(v);
    let (fext, next) = (paths.fext.iter().map(spectrum).collect(), paths.next.iter().map(spectrum).collect());
    Ok(Spectra { thru: spectrum(&paths.thru), fext, next, grid })
}

/// What the search goes through.
struct Settings<'a> {
    judge: &'a Judge<'a>,
    spectra: Spectra,
}

impl<'a> Candidates for Settings<'a> {
    type Stage = Stage;
    type Scratch = Scratch<'a>;

    fn stage(&self, ctle: CtleStage) -> Stage {
        self.judge.stage(&self.spectra, ctle)
    }

    fn scratch(&self) -> Scratch<'a> {
        self.judge.scratch()
    }

    fn fom_db(&self, stage: &Stage, taps: &Taps, scratch: &mut Scratch<'a>) -> Option<f64> {
        self.judge.choose(stage, taps, scratch).map(|c| c.fom_db)
    }
}
