//! Runs whose equalizer adapts, for `lightlane._methods`.

use crate::array::read_only;
use crate::lane::{read_lane, read_networks};
use crate::run::interruptible;
use crate::simulation::{NativeCounts, codewords_of};
use lightlane::engine::time_domain::{Adapted, Simulation};
use lightlane::lane::{Lane, PreparedLane, registry};
use lightlane::receiver::Adaptation;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::Path;

/// What an equalizer learnt in a run.
#[pyclass(name = "Adapted", module = "lightlane._native", frozen)]
pub(crate) struct NativeAdapted {
    pub(crate) found: Adapted,
    pub(crate) lane: Lane,
}

#[pymethods]
impl NativeAdapted {
    /// FFE and DFE taps after the last symbol, and the trace of the error.
    fn arrays<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        Ok((
            read_only(py, self.found.ffe.clone())?,
            read_only(py, self.found.dfe.clone())?,
            read_only(py, self.found.error_rms_trace.clone())?,
        ))
    }

    /// The lane frozen with the taps, as JSON.
    fn lane(&self) -> PyResult<String> {
        let lane = Lane { receiver: self.found.receiver.clone(), ..self.lane.clone() };
        serde_json::to_string(&lane).map_err(|e| crate::error::parameter("lane", e, "writable"))
    }

    #[getter]
    fn error_rms(&self) -> f64 {
        self.found.error_rms
    }
}

/// How a run's equalizer adapts.
pub(crate) fn read_adaptation(text: &str) -> lightlane::Result<Adaptation> {
    let value = registry().from_json("Adaptation", text)?;
    serde_json::from_value(value).map_err(|e| lightlane::Error::parameter("adapt", e, "an Adaptation"))
}

/// Prepares a lane, finds its equalizer and lets it adapt while errors are counted.
#[pyfunction]
#[pyo3(signature = (lane, networks, adaptation, n_symbols, seed, threads, progress, stop_at_bit_errors))]
#[allow(clippy::too_many_arguments, reason = "those of lane.simulate")]
fn simulate_adaptive(
    py: Python<'_>,
    lane: &str,
    networks: &Bound<'_, PyDict>,
    adaptation: &str,
    n_symbols: u64,
    seed: u64,
    threads: Option<usize>,
    progress: Option<Py<PyAny>>,
    stop_at_bit_errors: Option<u64>,
) -> PyResult<(NativeCounts, NativeAdapted)> {
    let mut networks = read_networks(networks)?;
    interruptible(py, threads, progress, |run| {
        let lane = read_lane(lane)?;
        let adaptation = read_adaptation(adaptation)?;
        let prepared = PreparedLane::new(&lane, &mut networks, Path::new("."), run)?;
        let (codewords, run) = (codewords_of(&lane), run.clone());
        let simulation = Simulation { n_symbols, seed, stop_at_bit_errors, codewords, run };
        let found = prepared.simulate_adaptive(&adaptation, &simulation)?;
        Ok((NativeCounts(found.counts), NativeAdapted { found: found.adapted, lane }))
    })
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<NativeAdapted>()?;
    module.add_function(wrap_pyfunction!(simulate_adaptive, module)?)
}
