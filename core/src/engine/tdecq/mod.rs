//! Transmitter and dispersion eye closure quaternary: how much noise a reference receiver may add to a captured PAM4
//! waveform before it errs too often, against what an ideal waveform of the same OMA would allow.
//!
//! ```text
//! TDECQ = 10 log10(OMA/(6 Q_t R))     R = √(σ_G² + σ_S²)     Q_t = Q⁻¹(SER/1.5)
//! ```
//!
//! | symbol | meaning |
//! |---|---|
//! | OMA | level of 7 threes minus level of 6 zeros behind the reference filter, W |
//! | σ_G | Gaussian noise before the equalizer, times C_eq behind it, that brings the worse histogram to the target, W |
//! | σ_S | noise of the instrument, W |
//!
//! | step | where |
//! |---|---|
//! | whole periods, units, what looks wrong | `capture` |
//! | pattern and where it begins | `pattern`, `decide` |
//! | reference filter, any phase | `filter` |
//! | OMA, extinction ratio, transition, overshoot, RIN_OMA | `figures` |
//! | C_eq | `noise` |
//! | histograms | `histogram` |
//! | thresholds, noise at the target | `error_ratio` |
//! | main tap, timing, taps | `search`, `moments`, `objective`, `descent` |
//!
//! TECQ is the same measurement without the test fibre, SECQ that of a stressed receiver's source: all three are
//! [`tdecq`] of the waveform captured there.
//!
//! The waveform must hold whole periods of its pattern, sampled by the pattern's own clock: what filters it takes it as
//! periodic. Its own noise stays in it and counts as the transmitter's. Reference: IEEE 802.3 121.8.5 and its later
//! relatives, as far as [`TdecqConfig`] says.

mod capture;
mod config;
mod decide;
mod descent;
mod error_ratio;
mod figures;
mod filter;
mod histogram;
mod moments;
mod noise;
mod objective;
mod pattern;
mod search;
mod transforms;

pub use capture::Waveform;
pub use config::TdecqConfig;
pub use figures::EqualizedEye;
pub use noise::noise_enhancement;

use crate::error::{Error, Result};
use crate::medium::optics::{FilterKind, inverse_q, noise_bandwidth_hz};
use crate::modulation::level_mismatch;
use crate::run::Run;
use crate::units::power_db;
use capture::Capture;
use error_ratio::LEAST_NOISE;
use figures::{Sent, overshoots};
use filter::Filtered;
use histogram::{BINS, amplitude, bin_of};
use search::{Found, Signal};
use serde::Serialize;

/// Sampling rate over the filter's bandwidth below which what lies beyond half of it counts.
const FEW_SAMPLES: f64 = 4.0;
const TOO_FEW_SAMPLES: f64 = 2.0;
/// Bandwidths of the reference filter over the symbol rate beyond which one of the two is in another unit.
const RATIOS: [f64; 2] = [0.05, 100.0];
/// Main tap below which the standards do not take an equalizer for one.
const LEAST_MAIN_TAP: f64 = 0.8;
/// Rows of the eye's picture share this many bins of the histograms.
const BINS_A_ROW: usize = 8;
/// Symbols that the picture shows: more look the same.
const MOST_SHOWN: usize = 1 << 14;

/// TDECQ and what else the waveform tells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tdecq {
    /// Transmitter and dispersion eye closure, dB; infinite where the equalized eye is closed.
    pub tdecq_db: f64,
    /// Outer optical modulation amplitude, W.
    pub oma_w: f64,
    /// Average power, W.
    pub average_power_w: f64,
    /// Power of threes over that of zeros, dB; infinite where that of zeros is not above 0.
    pub extinction_ratio_db: f64,
    /// Level-separation mismatch ratio of the equalized levels, 1 for equal spacing.
    pub level_mismatch: f64,
    /// Mean equalized power of each level, W, ascending.
    pub levels_w: [f64; 4],
    /// Taps of the equalizer; the first acts on the newest symbol.
    pub taps: Vec<f64>,
    /// Index of the main tap within `taps`.
    pub main_tap: usize,
    /// Feedback of the symbol before, relative to the signal; 0 without.
    pub dfe_tap: f64,
    /// C_eq, rms noise behind the equalizer over that before it.
    pub noise_enhancement: f64,
    /// σ_G, the noise that may be added before the equalizer, W rms.
    pub added_noise_w: f64,
    /// σ_S, the noise of the instrument, W rms.
    pub instrument_noise_w: f64,
    /// Symbol error ratio of the worse histogram with the added noise: the target, unless the eye is closed.
    pub symbol_error_ratio: f64,
    /// Of the left and the right histogram.
    pub side_error_ratios: [f64; 2],
    /// Thresholds, W, ascending.
    pub thresholds_w: [f64; 3],
    /// Middle between the histograms, UI after the instant at which signal and symbols correlate best.
    pub time_ui: f64,
    /// Whether no noise could be added.
    pub is_closed: bool,
    /// A third of the OMA over the least opening of the equalized eye at the histograms, optical dB; the target's share
    /// of each level lies outside. Infinite for a closed eye.
    pub eye_closure_db: f64,
    /// 20 % to 80 % of the slower edge behind the reference filter, s; nan without an edge between outer levels.
    pub transition_time_s: f64,
    /// Power that 1 % of the samples exceed above the level of threes, over the OMA.
    pub overshoot: f64,
    /// The same below the level of zeros.
    pub undershoot: f64,
    /// RIN_OMA, dB/Hz, by the variance between periods; nan for one period.
    pub rin_oma_db_per_hz: f64,
    /// What the waveform holds.
    pub pattern: String,
    /// Symbols used, whole periods.
    pub n_symbols: usize,
    /// Periods among them.
    pub n_periods: usize,
    /// Symbol of the pattern that the waveform begins with.
    pub pattern_start: usize,
    /// Bandwidth of the reference filter, Hz.
    pub bandwidth_hz: f64,
    /// Histograms and picture of the equalized eye.
    #[serde(skip)]
    pub eye: EqualizedEye,
    /// What was taken for granted about the waveform.
    pub warnings: Vec<String>,
    /// What of the rules is not in a published standard.
    pub assumptions: Vec<&'static str>,
}

/// TDECQ of a captured waveform under a configuration.
///
/// ```
/// use lightlane::{Run, engine::tdecq::{TdecqConfig, Waveform, tdecq}, modulation::prbs13q};
/// // Rectangular symbols before a wide filter: nothing closes the eye.
/// let symbols = prbs13q(None)?;
/// let waveform_w: Vec<f64> =
///     symbols.iter().flat_map(|s| [1e-3 + 0.3e-3 * f64::from(*s); 16]).collect();
/// let given = Waveform {
///     waveform_w: &waveform_w,
///     samples_per_symbol: 16,
///     symbol_rate_hz: 53.125e9,
///     symbols: None,
/// };
/// let config = TdecqConfig { bandwidth_ratio: 4.0, ffe_taps: 1, optimize_timing: false, ..Default::default() };
/// let found = tdecq(&given, &config, &Run::default())?;
/// assert!(found.tdecq_db.abs() < 0.01 && (found.oma_w - 0.9e-3).abs() < 1e-6);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for a field of the configuration or the waveform outside its domain: not finite, constant, less
/// than a whole period, another pattern than the one given, a slipped symbol, too few samples a symbol for the filter, a
/// bandwidth out of proportion to the symbol rate; [`Error::Convergence`] where no main tap has finite taps;
/// [`Error::Unknown`] for a `LIGHTLANE_SIMD` that is no level; [`Error::Interrupted`].
pub fn tdecq(given: &Waveform<'_>, config: &TdecqConfig, run: &Run) -> Result<Tdecq> {
    config.validate()?;
    let mut capture = Capture::new(given, config.instrument_noise_w)?;
    let bandwidth = checked_bandwidth(given, config, &mut capture.warnings)?;
    if config.n_taps() >= capture.pattern.symbols.len() {
        let requirement = format!("fewer than the {} symbols of the period", capture.pattern.symbols.len());
        return Err(Error::parameter("ffe_taps", config.n_taps(), requirement));
    }
    run.check()?;
    let filtered = Filtered::new(&capture, bandwidth, run)?;
    let period = capture.pattern.symbols.len();
    let place = if capture.pattern.is_known {
        decide::locate(&filtered, &capture.pattern.symbols)?
    } else {
        decide::decide(&filtered, run)?
    };
    let mut warnings = std::mem::take(&mut capture.warnings);
    let sent = Sent { symbols: &place.symbols, centre: place.centre, period };
    let [zeros, threes] = sent.run_levels(&filtered, &mut warnings);
    let oma = threes - zeros;
    if !(oma.is_finite() && oma > 0.0) {
        return Err(Error::parameter(
            "waveform_w",
            format!("an OMA of {:e} W", oma * capture.scale_w),
            "of a level of threes above that of zeros",
        ));
    }
    run.check()?;
    let mean = place.symbols.iter().map(|s| f64::from(*s)).sum::<f64>() / place.symbols.len() as f64;
    let levels: Vec<f32> = place.symbols.iter().map(|s| ((f64::from(*s) - mean) / 3.0) as f32).collect();
    let rho = noise::correlation(bandwidth, config.n_taps());
    let signal = Signal::new(&filtered, oma, &levels, place.centre, &rho, config)?;
    let found = signal.search(run)?;
    let context = Context { given, config, capture: &capture, filtered: &filtered, bandwidth, oma };
    context.report(found, &sent, [zeros, threes], place.start, warnings)
}

/// 3 dB bandwidth over the symbol rate; refuses or notes what the samples cannot carry.
fn checked_bandwidth(given: &Waveform<'_>, config: &TdecqConfig, warnings: &mut Vec<String>) -> Result<f64> {
    let ratio = config.bandwidth_over_rate(given.symbol_rate_hz);
    if ratio.is_infinite() {
        return Ok(ratio);
    }
    let [least, most] = RATIOS;
    if !(least..=most).contains(&ratio) {
        let requirement =
            format!("between {least} and {most} of symbol_rate_hz = {:e}", given.symbol_rate_hz);
        return Err(Error::parameter(
            "bandwidth_hz",
            format!("{:e}", ratio * given.symbol_rate_hz),
            requirement,
        ));
    }
    let samples = given.samples_per_symbol as f64;
    if samples < TOO_FEW_SAMPLES * ratio {
        let requirement = format!(
            "at least {}: the reference filter reaches up to {ratio} of the symbol rate",
            (TOO_FEW_SAMPLES * ratio).ceil()
        );
        return Err(Error::parameter("samples_per_symbol", given.samples_per_symbol, requirement));
    }
    if samples < FEW_SAMPLES * ratio {
        warnings.push(format!(
            "samples_per_symbol = {samples}: what the waveform holds beyond {} of the symbol rate is taken as nothing, though the reference filter would pass some",
            0.5 * samples
        ));
    }
    Ok(ratio)
}

/// What a report is made of.
struct Context<'a> {
    given: &'a Waveform<'a>,
    config: &'a TdecqConfig,
    capture: &'a Capture,
    filtered: &'a Filtered,
    bandwidth: f64,
    oma: f64,
}

impl Context<'_> {
    fn report(
        &self,
        found: Found,
        sent: &Sent<'_>,
        [zeros, threes]: [f64; 2],
        start: usize,
        mut warnings: Vec<String>,
    ) -> Result<Tdecq> {
        let (capture, config, given) = (self.capture, self.config, self.given);
        let oma_w = self.oma * capture.scale_w;
        let power_w = |value: f64| capture.average_power_w + value * capture.scale_w;
        let evaluation = &found.evaluation;
        let thresholds = evaluation.load.thresholds;
        let (noise, sides) =
            evaluation.histograms.worst_root(&thresholds, evaluation.load.noise, config.target_ser);
        let worse = sides[0].max(sides[1]);
        let is_closed = noise <= LEAST_NOISE * (1.0 + 1e-9) && worse > config.target_ser * (1.0 + 1e-6);
        let added_noise_w = if is_closed { 0.0 } else { noise / evaluation.enhancement * oma_w };
        let q_target = inverse_q(config.target_ser / 1.5)?;
        let allowed_w = added_noise_w.hypot(config.instrument_noise_w);
        let tdecq_db = if is_closed { f64::INFINITY } else { power_db(oma_w / (6.0 * q_target * allowed_w)) };
        if is_closed {
            warnings.push(format!(
                "the equalized eye is closed: without added noise {worse:.2e} of the symbols are wrong, more than {:.2e}",
                config.target_ser
            ));
        }
        let main = found.weights.taps[found.weights.main];
        let largest = found.weights.taps.iter().fold(0.0, |l: f64, c| l.max(c.abs()));
        if main.abs() < largest {
            warnings.push(format!("taps[{}], the main tap, is not the largest", found.weights.main));
        }
        if main < LEAST_MAIN_TAP {
            warnings.push(format!("main tap {main:.3}: the standards ask for at least {LEAST_MAIN_TAP}"));
        }
        let (levels, openings) = self.equalized_levels(&found, sent);
        let opening = openings.into_iter().fold(f64::INFINITY, f64::min);
        let [zeros_w, threes_w] = [power_w(zeros), power_w(threes)];
        if zeros_w <= 0.0 {
            warnings.push(format!(
                "the level of zeros is {zeros_w:.3e} W: an extinction ratio needs power, or the instrument's dark level"
            ));
        }
        let [overshoot, undershoot] = overshoots(self.filtered, zeros, threes);
        let bandwidth_hz = self.bandwidth * given.symbol_rate_hz;
        Ok(Tdecq {
            tdecq_db,
            oma_w,
            average_power_w: capture.average_power_w,
            extinction_ratio_db: if zeros_w > 0.0 { power_db(threes_w / zeros_w) } else { f64::INFINITY },
            level_mismatch: level_mismatch(&levels),
            levels_w: levels.map(|l| capture.average_power_w + l * oma_w),
            main_tap: found.weights.main,
            dfe_tap: found.weights.feedback,
            noise_enhancement: evaluation.enhancement,
            added_noise_w,
            instrument_noise_w: config.instrument_noise_w,
            symbol_error_ratio: worse,
            side_error_ratios: sides,
            thresholds_w: thresholds.map(|t| capture.average_power_w + t * oma_w),
            time_ui: found.time_ui - sent.centre as f64 / self.filtered.samples_per_symbol as f64,
            is_closed,
            eye_closure_db: if opening > 0.0 { power_db(1.0 / (3.0 * opening)) } else { f64::INFINITY },
            transition_time_s: sent.transition_ui(self.filtered, zeros, threes) / given.symbol_rate_hz,
            overshoot,
            undershoot,
            rin_oma_db_per_hz: self.rin_oma_db_per_hz(sent, bandwidth_hz)?,
            pattern: capture.pattern.name.clone(),
            n_symbols: capture.n_symbols,
            n_periods: capture.n_symbols / sent.period,
            pattern_start: start,
            bandwidth_hz,
            eye: self.eye(&found),
            taps: found.weights.taps,
            warnings,
            assumptions: config.assumptions(),
        })
    }

    /// Mean of each level in both histograms, over the OMA from the average, and the openings between the levels.
    fn equalized_levels(&self, found: &Found, sent: &Sent<'_>) -> ([f64; 4], [f64; 3]) {
        let mut groups: [Vec<f32>; 4] = Default::default();
        let mut z = Vec::new();
        for column in 0..4 {
            found.sets.equalized(column, &found.weights, &mut z);
            z.iter().zip(sent.symbols).for_each(|(z, s)| groups[usize::from(*s)].push(*z));
        }
        let means = [0, 1, 2, 3]
            .map(|i| groups[i].iter().map(|z| f64::from(*z)).sum::<f64>() / groups[i].len() as f64);
        // The edges that the target's share of a level's samples lies beyond.
        let mut edge = |level: usize, upper: bool| {
            let group = &mut groups[level];
            let outside = (self.config.target_ser * group.len() as f64) as usize;
            let at = if upper { group.len() - 1 - outside } else { outside };
            f64::from(*group.select_nth_unstable_by(at, f32::total_cmp).1)
        };
        let openings = [0, 1, 2].map(|i| edge(i + 1, false) - edge(i, true));
        (means, openings)
    }

    /// Variance between periods less the instrument's, over bandwidth and electrical modulation power (OMA/2)².
    fn rin_oma_db_per_hz(&self, sent: &Sent<'_>, bandwidth_hz: f64) -> Result<f64> {
        // Over the OMA before squaring: squares of watts may leave the range of numbers.
        let variance = sent.variance_between_periods(self.filtered) / self.oma.powi(2);
        if variance.is_nan() || bandwidth_hz.is_infinite() {
            return Ok(f64::NAN);
        }
        let own = (variance - (self.config.instrument_noise_w / (self.oma * self.capture.scale_w)).powi(2))
            .max(0.0);
        let noise_hz = noise_bandwidth_hz(bandwidth_hz, FilterKind::Bessel, 4)?;
        Ok(power_db(4.0 * own / noise_hz))
    }

    /// Picture of the equalized waveform over a symbol, and the histograms.
    fn eye(&self, found: &Found) -> EqualizedEye {
        let m = self.filtered.samples_per_symbol;
        let first = (found.time_ui * m as f64).round() as isize - m as isize / 2;
        let rows = BINS.div_ceil(BINS_A_ROW);
        let mut counts = vec![0u32; rows * (m + 1)];
        let shown = self.capture.n_symbols.min(MOST_SHOWN);
        let (mut z, mut places) = (Vec::new(), vec![0; shown]);
        for k in 0..=m {
            let inverse = (1.0 / self.oma) as f32;
            let mut column = self.filtered.part(first + k as isize, shown);
            column.iter_mut().for_each(|y| *y *= inverse);
            found.sets.equalized_other(&column, &found.weights, &mut z);
            // At its seam the part is not a turn of the pattern.
            let seam = if shown < self.capture.n_symbols { self.config.n_taps() } else { 0 };
            histogram::places(found.sets.level, &z, &mut places);
            for place in &places[seam..shown - seam] {
                counts[bin_of(*place) / BINS_A_ROW * (m + 1) + k] += 1;
            }
        }
        let oma_w = self.oma * self.capture.scale_w;
        let folded = |side: &[f64]| side.chunks(BINS_A_ROW).map(|c| c.iter().sum()).collect::<Vec<f64>>();
        let centre = |row: usize| amplitude(row * BINS_A_ROW) + 0.5 * (amplitude(BINS_A_ROW) - amplitude(0));
        EqualizedEye {
            time_ui: (0..=m).map(|k| (first + k as isize) as f64 / m as f64 - found.time_ui).collect(),
            power_w: (0..rows).map(|r| self.capture.average_power_w + centre(r) * oma_w).collect(),
            counts,
            left: folded(found.evaluation.histograms.side(0)),
            right: folded(found.evaluation.histograms.side(1)),
        }
    }
}
