//! A network as files, bytes, plain lists and objects of scikit-rf.

use super::PyNetwork;
use crate::array::reals;
use crate::error::{Raise, parameter};
use lightlane::medium::Network as Core;
use num_complex::Complex64;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::path::PathBuf;

/// Reads a path, bytes or a binary file.
pub(super) fn read(source: &Bound<'_, PyAny>) -> PyResult<PyNetwork> {
    let py = source.py();
    if let Ok(bytes) = source.cast::<PyBytes>() {
        let bytes = bytes.as_bytes();
        return py.detach(|| Core::read_bytes(bytes, None)).or_raise().map(PyNetwork::of);
    }
    if source.hasattr("read")? {
        let name: Option<String> = source.getattr("name").ok().and_then(|n| n.extract().ok());
        let content = source.call_method0("read")?;
        let Ok(bytes) = content.cast::<PyBytes>() else {
            return Err(parameter("source", "a file opened as text", "opened in binary mode"));
        };
        let bytes = bytes.as_bytes();
        return py.detach(|| Core::read_bytes(bytes, name.as_deref())).or_raise().map(PyNetwork::of);
    }
    let Ok(path) = source.extract::<PathBuf>() else {
        return Err(parameter("source", source.repr()?, "a path, bytes or a binary file"));
    };
    let core = py.detach(|| Core::read(&path)).or_raise()?;
    let whole = std::path::absolute(&path).unwrap_or(path);
    Ok(PyNetwork::from_file(core, Some(whole.to_string_lossy().into_owned())))
}

/// The object of scikit-rf with the same data.
pub(super) fn to_skrf<'py>(slf: &Bound<'py, PyNetwork>) -> PyResult<Bound<'py, PyAny>> {
    let py = slf.py();
    let skrf = py.import("skrf")?;
    let keywords = PyDict::new(py);
    keywords.set_item("unit", "hz")?;
    let frequency =
        skrf.getattr("Frequency")?.call_method("from_f", (slf.getattr("freq_hz")?,), Some(&keywords))?;
    let keywords = PyDict::new(py);
    keywords.set_item("frequency", frequency)?;
    keywords.set_item("s", slf.getattr("s")?.call_method0("copy")?)?;
    keywords.set_item("z0", slf.getattr("z0_ohm")?)?;
    skrf.getattr("Network")?.call((), Some(&keywords))
}

/// Grid, parameters and impedances as plain lists.
pub(super) fn to_lists<'py>(core: &Core, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
    let data = PyDict::new(py);
    data.set_item("freq_hz", core.freq_hz())?;
    data.set_item("s_re", core.s().iter().map(|v| v.re).collect::<Vec<_>>())?;
    data.set_item("s_im", core.s().iter().map(|v| v.im).collect::<Vec<_>>())?;
    data.set_item("z0_ohm", core.z0_ohm())?;
    Ok(data)
}

/// The network of what [`to_lists`] returned.
pub(super) fn from_lists(data: &Bound<'_, PyAny>, path: Option<String>) -> PyResult<PyNetwork> {
    let list = |key: &str| -> PyResult<Vec<f64>> {
        let value = data.get_item(key).map_err(|_| parameter(&format!("data.{key}"), "missing", "given"))?;
        Ok(reals(&value, &format!("data.{key}"))?.as_array().iter().copied().collect())
    };
    let (re, im) = (list("s_re")?, list("s_im")?);
    if re.len() != im.len() {
        return Err(parameter(
            "data.s_im",
            format!("{} values", im.len()),
            &format!("{} values, as s_re", re.len()),
        ));
    }
    let s = re.into_iter().zip(im).map(|(re, im)| Complex64::new(re, im)).collect();
    let core = Core::new(list("freq_hz")?, s, list("z0_ohm")?).or_raise()?;
    Ok(PyNetwork::from_file(core, path))
}
