//! The class of a network's figures.

use lightlane::medium::network::Quality as Core;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// Figures of a network: see the attributes.
#[pyclass(module = "lightlane._native", frozen)]
pub(crate) struct Quality(pub(super) Core);

#[pymethods]
impl Quality {
    /// Largest singular value of S over all frequencies; above 1 energy is created.
    #[getter]
    fn max_singular_value(&self) -> f64 {
        self.0.max_singular_value
    }

    /// Frequency of that value, Hz.
    #[getter]
    fn max_singular_value_freq_hz(&self) -> f64 {
        self.0.max_singular_value_freq_hz
    }

    /// Whether `max_singular_value` is at most 1 + 1e-6.
    #[getter]
    fn passive(&self) -> bool {
        self.0.passive
    }

    /// Largest ``|S - S.T|``.
    #[getter]
    fn reciprocity_error(&self) -> f64 {
        self.0.reciprocity_error
    }

    /// Share of the energy of the strongest transmissions before t = 0.
    #[getter]
    fn causality_error(&self) -> f64 {
        self.0.causality_error
    }

    /// Causality quality measure of IEEE Std 370-2020, percent.
    #[getter]
    fn causality_quality_percent(&self) -> f64 {
        self.0.causality_quality_percent
    }

    /// Whether the file holds 0 Hz.
    #[getter]
    fn has_dc(&self) -> bool {
        self.0.has_dc
    }

    /// Last frequency, Hz.
    #[getter]
    fn freq_max_hz(&self) -> f64 {
        self.0.freq_max_hz
    }

    /// What a user should know, one sentence each.
    #[getter]
    fn warnings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.warnings)
    }

    fn __repr__(&self) -> String {
        let q = &self.0;
        format!(
            "Quality(max_singular_value={}, passive={}, reciprocity_error={:.3e}, causality_error={:.3e})",
            q.max_singular_value,
            if q.passive { "True" } else { "False" },
            q.reciprocity_error,
            q.causality_error
        )
    }
}
