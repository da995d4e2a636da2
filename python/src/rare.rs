//! Rare events of an analysed lane, for `lightlane._rare`.

use crate::error::Raise;
use crate::lane::NativeReport;
use crate::run::interruptible;
use lightlane::engine::time_domain::{RareCounts, RareSimulation};
use pyo3::prelude::*;

/// What a rare-event run found.
#[pyclass(name = "RareCounts", module = "lightlane._native", frozen)]
pub(crate) struct NativeRareCounts(RareCounts);

#[pymethods]
impl NativeRareCounts {
    /// Symbol error ratio and its relative error.
    #[getter]
    fn ser(&self) -> (f64, f64) {
        (self.0.ser.ratio, self.0.ser.relative_error)
    }

    /// Bit error ratio and its relative error.
    #[getter]
    fn ber(&self) -> (f64, f64) {
        (self.0.ber.ratio, self.0.ber.relative_error)
    }

    /// Independent bit errors that counting would need for the same relative error.
    #[getter]
    fn effective_errors(&self) -> f64 {
        self.0.ber.effective_errors()
    }

    #[getter]
    fn n_draws(&self) -> u64 {
        self.0.n_draws
    }

    #[getter]
    fn n_symbols(&self) -> u64 {
        self.0.n_symbols
    }

    #[getter]
    fn n_errors(&self) -> u64 {
        self.0.n_errors
    }

    #[getter]
    fn simd_level(&self) -> &'static str {
        self.0.simd_level
    }

    fn ber_interval(&self, confidence: f64) -> PyResult<(f64, f64)> {
        self.0.ber.interval(confidence).or_raise()
    }

    fn ser_interval(&self, confidence: f64) -> PyResult<(f64, f64)> {
        self.0.ser.interval(confidence).or_raise()
    }
}

/// Estimates the error ratios of an analysed lane, thresholds as found.
#[pyfunction]
#[pyo3(signature = (report, n_draws, seed, threads, progress))]
fn simulate_rare(
    py: Python<'_>,
    report: &NativeReport,
    n_draws: u64,
    seed: u64,
    threads: Option<usize>,
    progress: Option<Py<PyAny>>,
) -> PyResult<NativeRareCounts> {
    if report.detects_sequences() {
        let requirement = "false in simulate_rare, which follows decision feedback";
        return Err(crate::error::parameter("receiver.mlsd", "true", requirement));
    }
    let report = report.report();
    let found = interruptible(py, threads, progress, |run| {
        report.simulate_rare(&RareSimulation { n_draws, seed, run: run.clone() })
    })?;
    Ok(NativeRareCounts(found))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<NativeRareCounts>()?;
    module.add_function(wrap_pyfunction!(simulate_rare, module)?)
}
