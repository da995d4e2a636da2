//! Sensitivity and power penalties of a lane.

use crate::array::read_only;
use crate::lane::{read_lane, read_networks};
use crate::run::interruptible;
use lightlane::report::{self, PenaltyCause, ReceivedLight};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::Path;

type Array<'py> = Bound<'py, PyAny>;
/// Attenuation in dB, power and OMA in W, error ratio.
type Light = (f64, f64, f64, f64);
/// The error ratio asked for, the light there, OMA behind the modulator as it is, the columns of the curve, warnings.
pub(crate) type Found<'py> = (f64, Light, f64, [Array<'py>; 4], Vec<String>);
/// Cause, received and launched OMA in W without it, received and launched penalty in dB.
type Row = (&'static str, f64, f64, f64, f64);

fn light(l: &ReceivedLight) -> Light {
    (l.attenuation_db, l.power_w, l.oma_w, l.ber)
}

pub(crate) fn found<'py>(py: Python<'py>, s: report::Sensitivity) -> PyResult<Found<'py>> {
    let column = |of: fn(&ReceivedLight) -> f64| read_only(py, s.curve.iter().map(of).collect());
    let columns =
        [column(|l| l.attenuation_db)?, column(|l| l.power_w)?, column(|l| l.oma_w)?, column(|l| l.ber)?];
    Ok((s.ber_limit, light(&s.limit), s.launched_oma_w, columns, s.warnings))
}

/// The light at which a lane has an error ratio, and its error ratios at attenuations.
#[pyfunction]
#[pyo3(signature = (lane, networks, ber_limit, attenuations_db, threads))]
fn sensitivity<'py>(
    py: Python<'py>,
    lane: &str,
    networks: &Bound<'_, PyDict>,
    ber_limit: Option<f64>,
    attenuations_db: Option<Vec<f64>>,
    threads: Option<usize>,
) -> PyResult<Found<'py>> {
    let networks = read_networks(networks)?;
    let result = interruptible(py, threads, None, |run| {
        let lane = read_lane(lane)?;
        report::sensitivity(&lane, &networks, Path::new("."), ber_limit, attenuations_db.as_deref(), run)
    })?;
    found(py, result)
}

/// What each cause costs.
#[pyfunction]
#[pyo3(signature = (lane, networks, causes, ber_limit, threads))]
fn power_penalties<'py>(
    py: Python<'py>,
    lane: &str,
    networks: &Bound<'_, PyDict>,
    causes: Option<Vec<String>>,
    ber_limit: Option<f64>,
    threads: Option<usize>,
) -> PyResult<(Found<'py>, Vec<Row>, Vec<String>)> {
    let networks = read_networks(networks)?;
    let result = interruptible(py, threads, None, |run| {
        let named = |all: Vec<String>| all.iter().map(|c| PenaltyCause::named(c)).collect();
        let causes: Option<Vec<PenaltyCause>> = causes.map(named).transpose()?;
        let lane = read_lane(lane)?;
        report::power_penalties(&lane, &networks, Path::new("."), causes.as_deref(), ber_limit, run)
    })?;
    let row = |p: &report::Penalty| {
        (p.cause.name(), p.received_oma_w, p.launched_oma_w, p.received_db, p.launched_db)
    };
    let rows = result.penalties.iter().map(row).collect();
    Ok((found(py, result.sensitivity)?, rows, result.warnings))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(sensitivity, module)?)?;
    module.add_function(wrap_pyfunction!(power_penalties, module)?)
}
