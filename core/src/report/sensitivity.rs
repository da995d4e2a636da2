//! Sensitivity of an optical lane: its error ratio against the light that is received.
//!
//! The light is attenuated behind the last part of the path, in front of the photodiode. Everything before keeps its
//! relations to the signal (dispersion, RIN, driver noise); everything behind keeps its own size (thermal noise), and the
//! receiver adapts at every power as the lane lets it. Received power and OMA are the settled ones at the photodiode. Where a
//! receiver wants more light than the lane delivers, its laser is made stronger.

use super::attenuated::OpticalLane;
use crate::engine::statistical::height;
use crate::error::{Error, Result, require};
use crate::lane::{Lane, Networks};
use crate::run::Run;
use crate::units::power_ratio;
use rayon::prelude::*;
use std::path::Path;

/// Range of attenuations that are tried, dB.
const RANGE_DB: (f64, f64) = (-30.0, 60.0);
/// Attenuations closer than this are one, dB.
const RESOLUTION_DB: f64 = 1e-3;
/// Lights that are tried before the search is given up.
const MOST_STEPS: usize = 60;
/// How fast ½ ln(−ln BER) falls in thermal noise, per dB of light: the amplitude follows the power.
const SLOPE_PER_DB: f64 = std::f64::consts::LN_10 / 10.0;

/// A lane's light and errors at one attenuation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReceivedLight {
    /// Loss added in front of the photodiode, optical dB; negative is light that the lane does not deliver.
    pub attenuation_db: f64,
    /// Average power at the photodiode, W.
    pub power_w: f64,
    /// Settled outer modulation amplitude there, W.
    pub oma_w: f64,
    /// Bit error ratio before FEC.
    pub ber: f64,
}

/// The error ratio of a lane against its received light.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensitivity {
    /// The error ratio asked for.
    pub ber_limit: f64,
    /// Where the lane meets it: the sensitivity is its OMA. Attenuation −∞ and infinite light where no light within 30 dB more
    /// suffices, ∞ and none where any does within 60 dB less; `ber` is then that at the last light tried.
    pub limit: ReceivedLight,
    /// Settled outer modulation amplitude behind the modulator of the lane as it is, W.
    pub launched_oma_w: f64,
    /// The curve, in the order asked for.
    pub curve: Vec<ReceivedLight>,
    /// What the caller should know at the limit.
    pub warnings: Vec<String>,
}

impl Sensitivity {
    /// Outer modulation amplitude behind the modulator at which the lane meets the limit, W.
    pub fn launched_limit_w(&self) -> f64 {
        self.launched_oma_w * power_ratio(-self.limit.attenuation_db)
    }
}

/// Finds the received light at which a lane has an error ratio, and its error ratio at other attenuations.
///
/// `ber_limit` of `None` is the lane's own, `attenuations_db` of `None` steps of half a decibel from 4 dB less light than the
/// limit's to 3 dB more.
///
/// # Errors
/// [`crate::Error::Parameter`] for a lane without an optical section, a limit outside 0 to 0.5, or an attenuation outside
/// −30 to 60 dB; those of [`crate::lane::PreparedLane::new`] and of its analysis.
pub fn sensitivity(
    lane: &Lane,
    networks: &Networks,
    base: &Path,
    ber_limit: Option<f64>,
    attenuations_db: Option<&[f64]>,
    run: &Run,
) -> Result<Sensitivity> {
    let lane = OpticalLane::new(lane, networks, base)?;
    for attenuation in attenuations_db.unwrap_or_default() {
        require::within("attenuation_db", *attenuation, RANGE_DB.0, RANGE_DB.1)?;
    }
    let ber_limit = checked_limit(lane.lane(), ber_limit)?;
    let mut found = at_limit(&lane, ber_limit, run)?;
    let around = if found.limit.attenuation_db.is_finite() { found.limit.attenuation_db } else { 0.0 };
    let automatic = (0..15).map(|i| (around + 4.0 - 0.5 * f64::from(i)).clamp(RANGE_DB.0, RANGE_DB.1));
    let attenuations_db = attenuations_db.map_or_else(|| automatic.collect(), <[f64]>::to_vec);
    let point = |attenuation_db: &f64| Tried::new(&lane, *attenuation_db, run).map(|tried| tried.light);
    found.curve = in_parallel(&attenuations_db, run, point)?;
    Ok(found)
}

/// The limit asked for, or the lane's own.
pub(super) fn checked_limit(lane: &Lane, ber_limit: Option<f64>) -> Result<f64> {
    let Some(limit) = ber_limit else { return lane.resolved_ber_limit() };
    require::positive("ber_limit", limit)?;
    require::within("ber_limit", limit, 0.0, 0.499)
}

/// Applies a function to each item, on the run's threads, in order.
pub(super) fn in_parallel<T: Sync, U: Send>(
    items: &[T],
    run: &Run,
    f: impl Fn(&T) -> Result<U> + Sync + Send,
) -> Result<Vec<U>> {
    run.install(|| items.par_iter().map(f).collect())
}

/// One light that was tried.
struct Tried {
    light: ReceivedLight,
    /// Settled OMA behind the modulator, W.
    launched_oma_w: f64,
    warnings: Vec<String>,
}

impl Tried {
    fn new(lane: &OpticalLane<'_>, attenuation_db: f64, run: &Run) -> Result<Self> {
        run.check()?;
        let prepared = lane.attenuated(attenuation_db, run)?;
        let ber = prepared.detected(run)?.statistics.ratios(1.0).ber;
        let optical = prepared.optical.as_ref();
        let (power_w, oma_w) =
            optical.and_then(|o| o.stages.last()).map_or((0.0, 0.0), |s| (s.power_w, s.oma_w));
        let light = ReceivedLight { attenuation_db, power_w, oma_w, ber };
        Ok(Self { light, launched_oma_w: optical.map_or(0.0, |o| o.oma_w), warnings: prepared.warnings })
    }
}

/// One end of the bracket.
struct End {
    tried: Tried,
    /// ½ ln(−ln BER) less that of the limit: positive where the limit is met.
    excess: f64,
}

impl End {
    fn attenuation_db(&self) -> f64 {
        self.tried.light.attenuation_db
    }
}

/// The sensitivity without a curve.
pub(super) fn at_limit(lane: &OpticalLane<'_>, ber_limit: f64, run: &Run) -> Result<Sensitivity> {
    let target = height(ber_limit);
    let (mut passes, mut fails): (Option<End>, Option<End>) = (None, None);
    let mut launched_oma_w = 0.0;
    let mut attenuation_db = 0.0;
    for _ in 0..MOST_STEPS {
        let tried = Tried::new(lane, attenuation_db, run)?;
        if attenuation_db == 0.0 {
            launched_oma_w = tried.launched_oma_w;
        }
        let light = tried.light;
        let done = |limit, warnings| {
            Ok(Sensitivity { ber_limit, limit, launched_oma_w, curve: Vec::new(), warnings })
        };
        let end = End { excess: height(light.ber) - target, tried };
        // A second time on the same side, the other end counts half, or it would never move (the Illinois rule).
        if light.ber <= ber_limit {
            if attenuation_db >= RANGE_DB.1 {
                let none = ReceivedLight { attenuation_db: f64::INFINITY, power_w: 0.0, oma_w: 0.0, ..light };
                return done(none, end.tried.warnings);
            }
            halve(&mut fails, passes.is_some());
            passes = Some(end);
        } else {
            if attenuation_db <= RANGE_DB.0 {
                let inf = f64::INFINITY;
                let never = ReceivedLight { attenuation_db: -inf, power_w: inf, oma_w: inf, ..light };
                return done(never, end.tried.warnings);
            }
            halve(&mut passes, fails.is_some());
            fails = Some(end);
        }
        attenuation_db = match (&passes, &fails) {
            (Some(met), Some(missed)) if missed.attenuation_db() - met.attenuation_db() <= RESOLUTION_DB => {
                return done(met.tried.light, met.tried.warnings.clone());
            }
            (Some(met), Some(missed)) => inside(met, missed),
            (Some(met), None) => met.attenuation_db() + (1.1 * met.excess / SLOPE_PER_DB).clamp(0.25, 12.0),
            (None, Some(missed)) => {
                missed.attenuation_db() + (1.1 * missed.excess / SLOPE_PER_DB).clamp(-12.0, -0.25)
            }
            (None, None) => 0.0,
        }
        .clamp(RANGE_DB.0, RANGE_DB.1);
    }
    let width_db = match (&passes, &fails) {
        (Some(met), Some(missed)) => missed.attenuation_db() - met.attenuation_db(),
        _ => RANGE_DB.1 - RANGE_DB.0,
    };
    Err(Error::Convergence {
        method: "sensitivity".into(),
        figure: "bracket of the attenuation in dB".into(),
        value: width_db,
        limit: RESOLUTION_DB,
        iterations: MOST_STEPS,
    })
}

/// Where a line through both ends crosses the limit, a little further from the nearer end: both ends then close in.
fn inside(met: &End, missed: &End) -> f64 {
    let (low, high) = (met.attenuation_db(), missed.attenuation_db());
    let root = (low * missed.excess - high * met.excess) / (missed.excess - met.excess);
    if !root.is_finite() {
        return 0.5 * (low + high);
    }
    let further = if root - low < high - root { 0.4 * RESOLUTION_DB } else { -0.4 * RESOLUTION_DB };
    (root + further).clamp(low + 0.4 * RESOLUTION_DB, high - 0.4 * RESOLUTION_DB)
}

fn halve(other: &mut Option<End>, again: bool) {
    if again && let Some(end) = other {
        end.excess *= 0.5;
    }
}
