//! What may be given for a network, its references and its pairs.

use super::PyNetwork;
use crate::array::complexes;
use crate::error::parameter;
use lightlane::medium::network::PortPairs;
use num_complex::Complex64;
use pyo3::prelude::*;
use std::path::PathBuf;

/// The network that a channel argument stands for: a Network, the path of a Touchstone file, or any object with
/// ``f``, ``s`` and ``z0``. A relative path starts in `folder`, and in the working folder if nothing is there.
#[pyfunction]
#[pyo3(signature = (value, folder = None))]
pub(crate) fn as_network<'py>(
    value: &Bound<'py, PyAny>,
    folder: Option<PathBuf>,
) -> PyResult<Bound<'py, PyNetwork>> {
    let py = value.py();
    if let Ok(network) = value.cast::<PyNetwork>() {
        return Ok(network.clone());
    }
    if let Ok(path) = value.extract::<PathBuf>() {
        let inside = folder.map(|f| f.join(&path)).filter(|p| p.exists()).unwrap_or(path);
        return Bound::new(py, PyNetwork::read(inside.into_pyobject(py)?.as_any())?);
    }
    if value.hasattr("f")? && value.hasattr("s")? && value.hasattr("z0")? {
        let (f, s, z0) = (value.getattr("f")?, value.getattr("s")?, value.getattr("z0")?);
        return Bound::new(py, PyNetwork::new(&f, &s, Some(&z0))?);
    }
    let requirement = "a Network, the path of a Touchstone file, or an object with f, s and z0";
    Err(parameter("channel", value.repr()?, requirement))
}

/// Reference impedances: one, one a port, or one a frequency and port as long as frequency changes nothing.
pub(super) fn references(value: &Bound<'_, PyAny>, n_freq: usize, n_ports: usize) -> PyResult<Vec<f64>> {
    let array = complexes(value, "z0_ohm")?;
    let view = array.as_array();
    let flat: Vec<Complex64> = view.iter().copied().collect();
    if let Some(z) = flat.iter().find(|z| z.im != 0.0) {
        return Err(parameter("z0_ohm", z, "real"));
    }
    let flat: Vec<f64> = flat.iter().map(|z| z.re).collect();
    match view.shape() {
        [] => Ok(vec![flat[0]; n_ports]),
        [n] if *n == n_ports => Ok(flat),
        [f, n] if *f == n_freq && *n == n_ports => {
            let first = flat[..n_ports].to_vec();
            if flat.chunks_exact(n_ports).all(|row| row == first) {
                return Ok(first);
            }
            Err(parameter("z0_ohm", "an array that changes over frequency", "the same at all frequencies"))
        }
        shape => {
            let wanted = format!("a number or an array of shape ({n_ports},)");
            Err(parameter("z0_ohm", format!("an array of shape {shape:?}"), &wanted))
        }
    }
}

/// Pairs from nested sequences of any kind.
pub(super) fn port_pairs(value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<PortPairs>> {
    let Some(value) = value else { return Ok(None) };
    let side = |s: PyResult<Bound<'_, PyAny>>| s?.try_iter()?.map(|port| port?.extract()).collect();
    let read = || -> PyResult<Vec<Vec<usize>>> { value.try_iter()?.map(side).collect() };
    match read().unwrap_or_default().as_slice() {
        [left, right] if left.len() == 2 && right.len() == 2 => {
            Ok(Some(PortPairs { left: (left[0], left[1]), right: (right[0], right[1]) }))
        }
        _ => Err(parameter("pairs", value.repr()?, "((left +, left -), (right +, right -)), ports from 1")),
    }
}
