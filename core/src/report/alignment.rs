//! Yield of a lane's alignment at an error ratio: coupling loss costs light, and light is what keeps the errors away.
//!
//! The lane is analysed at some losses of its couplers, its margin interpolated between them, and the losses of many arrays
//! drawn. An array passes where its worst fibre has a margin. Loss reaches the lane as the sum over its couplers: their places
//! in the path do not matter as long as reflections do not.

use super::attenuated::{OpticalLane, optics_of};
use super::monotone::Monotone;
use super::sensitivity::{checked_limit, in_parallel};
use crate::error::{Error, Result};
use crate::lane::{Lane, Networks};
use crate::medium::optics::{Alignment, Coupler, OpticalPart, Optics};
use crate::run::Run;
use std::path::Path;

/// Losses at which the lane is analysed are so far apart, dB: the margin is nearly a line in the loss.
const STEP_DB: f64 = 1.0;
/// Analyses that are made together; fixed, so that the curve does not depend on threads.
const TOGETHER: usize = 4;
/// Margin below which the curve ends, dB: what lies beyond fails.
const LOWEST_MARGIN_DB: f64 = -3.0;
/// Most points of the curve.
const MOST_POINTS: usize = 48;

/// What is drawn, and the error ratio asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct AlignmentStudy<'a> {
    /// Errors of placing an array at each coupler.
    pub alignment: &'a Alignment,
    /// Which couplers of the path are placed with them, by their number among the couplers; `None` is all.
    pub couplers: Option<&'a [usize]>,
    /// The error ratio; `None` is the lane's own.
    pub ber_limit: Option<f64>,
    /// Arrays drawn.
    pub n_arrays: usize,
    /// Seed of the draws.
    pub seed: u64,
}

/// A lane's margin against coupling loss, and the arrays that keep it.
#[derive(Debug, Clone, PartialEq)]
pub struct AlignmentYield {
    /// The error ratio asked for.
    pub ber_limit: f64,
    /// Loss of the couplers together, optical dB, and the lane's margin at it, dB: what was analysed.
    pub curve: Vec<(f64, f64)>,
    /// Loss of the couplers together at which the margin is gone, optical dB; −∞ where there is none, ∞ where it stays
    /// on the whole curve.
    pub budget_db: f64,
    /// Loss of the couplers together as configured, optical dB.
    pub configured_loss_db: f64,
    /// Loss of the worst fibre of each array, optical dB.
    pub worst_loss_db: Vec<f64>,
    /// Margin of it, dB; not below the curve's last.
    pub margin_db: Vec<f64>,
    /// Arrays within the budget.
    pub n_passed: usize,
    /// The yield by quadrature, where there is one: a single coupler of equal circular modes without offset, gap
    /// and tilt.
    pub integrated: Option<f64>,
}

/// Finds the yield of a lane's alignment at an error ratio.
///
/// # Errors
/// [`Error::Parameter`] for a lane without an optical section or without couplers, a coupler that it does not have or that is
/// named twice; those of [`Alignment::worst_losses`] and of the lane's analysis.
pub fn alignment_yield(
    lane: &Lane,
    networks: &Networks,
    base: &Path,
    study: &AlignmentStudy<'_>,
    run: &Run,
) -> Result<AlignmentYield> {
    let bench = OpticalLane::new(lane, networks, base)?;
    let ber_limit = checked_limit(lane, study.ber_limit)?;
    let optics = optics_of(lane)?;
    let wavelength_m = optics.laser.wavelength_m;
    let places = places(optics, study.couplers)?;
    let couplers: Vec<&Coupler> = places.iter().filter_map(|i| coupler_at(optics, *i)).collect();
    let worst =
        study.alignment.worst_losses(&couplers, wavelength_m, study.n_arrays, study.seed, run)?.loss_db;
    let lowest = worst.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = worst.iter().copied().fold(f64::NEG_INFINITY, f64::max);

    let margin = |loss_db: &f64| -> Result<(f64, f64)> {
        run.check()?;
        let prepared = bench.changed(run, |optics| lose(optics, &places, *loss_db))?;
        Ok((*loss_db, prepared.detected(run)?.statistics.margin_db(ber_limit, run)?.margin_db))
    };
    let mut curve: Vec<(f64, f64)> = Vec::new();
    while curve.len() < MOST_POINTS {
        let next = |k: usize| lowest + STEP_DB * (curve.len() + k) as f64;
        let losses: Vec<f64> = (0..TOGETHER).map(next).collect();
        curve.extend(in_parallel(&losses, run, margin)?);
        let (loss_db, margin_db) = curve[curve.len() - 1];
        if loss_db >= highest || margin_db < LOWEST_MARGIN_DB || margin_db == f64::INFINITY {
            break;
        }
    }
    let (budget_db, margin_of) = read(&curve);
    let margin_db: Vec<f64> = worst.iter().map(|loss| margin_of(*loss)).collect();
    let n_passed = worst.iter().filter(|loss| **loss <= budget_db).count();
    let integrated = integrated(study.alignment, &couplers, budget_db)?;
    let configured_loss_db = couplers.iter().map(|c| c.loss_db(wavelength_m)).sum();
    Ok(AlignmentYield {
        ber_limit,
        curve,
        budget_db,
        configured_loss_db,
        worst_loss_db: worst,
        margin_db,
        n_passed,
        integrated,
    })
}

/// Places in the path of the couplers asked for.
fn places(optics: &Optics, couplers: Option<&[usize]>) -> Result<Vec<usize>> {
    let is_coupler = |part: &OpticalPart| matches!(part, OpticalPart::Coupler(_));
    let all: Vec<usize> = (0..optics.path.len()).filter(|i| is_coupler(&optics.path[*i])).collect();
    let Some(asked) = couplers else {
        if all.is_empty() {
            return Err(Error::parameter("path", "no coupler", "a path with a Coupler"));
        }
        return Ok(all);
    };
    let requirement =
        || format!("different numbers of the path's couplers, from 0 to {}", all.len().saturating_sub(1));
    let mut places = Vec::new();
    for k in asked {
        match all.get(*k) {
            Some(place) if !places.contains(place) => places.push(*place),
            _ => return Err(Error::parameter("couplers", format!("{asked:?}"), requirement())),
        }
    }
    if places.is_empty() {
        return Err(Error::parameter("couplers", "[]", "at least one, or None for all"));
    }
    Ok(places)
}

fn coupler_at(optics: &Optics, place: usize) -> Option<&Coupler> {
    if let Some(OpticalPart::Coupler(c)) = optics.path.get(place) { Some(c) } else { None }
}

/// Replaces the couplers by one loss, at the first of them.
fn lose(optics: &mut Optics, places: &[usize], loss_db: f64) {
    for (k, place) in places.iter().enumerate() {
        let excess_loss_db = if k == 0 { loss_db } else { 0.0 };
        optics.path[*place] = OpticalPart::Coupler(Coupler { excess_loss_db, ..Coupler::default() });
    }
}

/// The budget of a curve, and the margin at any loss.
fn read(curve: &[(f64, f64)]) -> (f64, impl Fn(f64) -> f64 + use<>) {
    // Without noise the margin is infinite; where interference alone closes the eye there is none.
    let finite: Vec<(f64, f64)> =
        curve.iter().copied().take_while(|(_, margin)| margin.is_finite()).collect();
    let all_infinite = finite.is_empty();
    let first = curve.first().map_or(f64::NEG_INFINITY, |(_, margin)| *margin);
    let closes = finite.len() < curve.len();
    let end = finite.last().map_or(f64::NEG_INFINITY, |(loss, _)| *loss);
    let line = Monotone::new(if all_infinite { &[(0.0, 0.0)] } else { &finite });
    let budget_db = match (all_infinite, closes) {
        (true, _) => first,
        (false, true) => line.falls_to(0.0).min(end),
        (false, false) => line.falls_to(0.0),
    };
    let margin_of = move |loss: f64| {
        if all_infinite {
            first
        } else if closes && loss > end {
            f64::NEG_INFINITY
        } else {
            line.at(loss)
        }
    };
    (budget_db, margin_of)
}

/// The yield by quadrature where the loss is that of offsets alone.
fn integrated(alignment: &Alignment, couplers: &[&Coupler], budget_db: f64) -> Result<Option<f64>> {
    let [c] = couplers else { return Ok(None) };
    let modes = [c.mfd_b_m, c.mfd_a_y_m, c.mfd_b_y_m];
    let equal = modes.iter().flatten().all(|diameter| *diameter == c.mfd_a_m);
    let moved = [c.offset_x_m, c.offset_y_m, c.tilt_x_rad, c.tilt_y_rad, c.gap_m].iter().any(|v| *v != 0.0);
    if !equal || moved || alignment.sigma_tilt_rad > 0.0 || alignment.sigma_gap_m > 0.0 {
        return Ok(None);
    }
    let left_db = budget_db - c.excess_loss_db;
    Ok(Some(match left_db {
        b if b < 0.0 => 0.0,
        b if b == f64::INFINITY => 1.0,
        b => alignment.array_yield(c.mfd_a_m, b)?,
    }))
}
