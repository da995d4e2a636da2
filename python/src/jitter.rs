//! Jitter tolerance and transfer of a lane.

use crate::array::read_only;
use crate::lane::{read_lane, read_networks};
use crate::run::interruptible;
use lightlane::Run;
use lightlane::engine::time_domain::Simulation;
use lightlane::lane::PreparedLane;
use lightlane::report::JitterTolerance;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::Path;

type Array<'py> = Bound<'py, PyAny>;
type Triple<'py> = (Array<'py>, Array<'py>, Array<'py>);
type Tolerance<'py> = (Array<'py>, Array<'py>, Array<'py>, Array<'py>, Vec<bool>);

/// Frequencies, gain of the sampling phase over the jitter, and that of the loop without latency.
#[pyfunction]
#[pyo3(signature = (lane, networks, frequencies_hz, amplitude_ui, n_symbols, seed, threads))]
#[allow(clippy::too_many_arguments, reason = "those of the lane's method")]
fn jitter_transfer<'py>(
    py: Python<'py>,
    lane: &str,
    networks: &Bound<'_, PyDict>,
    frequencies_hz: Vec<f64>,
    amplitude_ui: f64,
    n_symbols: u64,
    seed: u64,
    threads: Option<usize>,
) -> PyResult<Triple<'py>> {
    let found = measured(py, lane, networks, (n_symbols, seed, threads), |prepared, simulation| {
        prepared.jitter_transfer(&frequencies_hz, amplitude_ui, simulation)
    })?;
    Ok((
        read_only(py, found.iter().map(|t| t.frequency_hz).collect())?,
        read_only(py, found.iter().map(|t| t.gain).collect())?,
        read_only(py, found.iter().map(|t| t.model).collect())?,
    ))
}

/// Frequencies, largest amplitudes within the limit, the error ratios counted there, the mask (NaN where it asks for
/// nothing), and whether it is met.
#[pyfunction]
#[pyo3(signature = (lane, networks, frequencies_hz, ber_limit, n_symbols, seed, threads))]
#[allow(clippy::too_many_arguments, reason = "those of the lane's method")]
fn jitter_tolerance<'py>(
    py: Python<'py>,
    lane: &str,
    networks: &Bound<'_, PyDict>,
    frequencies_hz: Vec<f64>,
    ber_limit: f64,
    n_symbols: u64,
    seed: u64,
    threads: Option<usize>,
) -> PyResult<Tolerance<'py>> {
    let found = measured(py, lane, networks, (n_symbols, seed, threads), |prepared, simulation| {
        prepared.jitter_tolerance(&frequencies_hz, ber_limit, simulation)
    })?;
    Ok((
        read_only(py, found.iter().map(|t| t.frequency_hz).collect())?,
        read_only(py, found.iter().map(|t| t.amplitude_ui).collect())?,
        read_only(py, found.iter().map(|t| t.ber).collect())?,
        read_only(py, found.iter().map(|t| t.mask_ui.unwrap_or(f64::NAN)).collect())?,
        found.iter().map(JitterTolerance::passes).collect(),
    ))
}

fn measured<T: Send>(
    py: Python<'_>,
    lane: &str,
    networks: &Bound<'_, PyDict>,
    (n_symbols, seed, threads): (u64, u64, Option<usize>),
    measure: impl FnOnce(&PreparedLane, &Simulation) -> lightlane::Result<T> + Send,
) -> PyResult<T> {
    let mut networks = read_networks(networks)?;
    interruptible(py, threads, None, |run: &Run| {
        let prepared = PreparedLane::new(&read_lane(lane)?, &mut networks, Path::new("."), run)?;
        measure(&prepared, &Simulation { n_symbols, seed, run: run.clone(), ..Simulation::default() })
    })
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(jitter_transfer, module)?)?;
    module.add_function(wrap_pyfunction!(jitter_tolerance, module)?)
}
