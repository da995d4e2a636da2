//! Connectors and the echoes of a path.

use crate::array::broadcast;
use crate::error::{Raise, parameter};
use lightlane::medium::optics::{Connector, Optics};
use numpy::IntoPyArray;
use pyo3::prelude::*;
use serde::de::DeserializeOwned;

/// A device from its canonical JSON.
fn device<T: DeserializeOwned>(text: &str) -> PyResult<T> {
    serde_json::from_str(text).map_err(|e| parameter("device", e, "a configuration"))
}

#[pyfunction]
fn connector_loss_quantile_db(connector: &str, probability: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let connector: Connector = device(connector)?;
    broadcast([(probability, "probability")], |[p]| Ok([connector.loss_quantile_db(p)?]))
}

#[pyfunction]
fn optics_echo_amplitudes(py: Python<'_>, optics: &str) -> PyResult<Py<PyAny>> {
    let optics: Optics = device(optics)?;
    optics.validate().or_raise()?;
    Ok(optics.echo_amplitudes().into_pyarray(py).into_any().unbind())
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(connector_loss_quantile_db, module)?)?;
    module.add_function(wrap_pyfunction!(optics_echo_amplitudes, module)?)
}
