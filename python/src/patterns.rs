//! `lightlane.patterns`.

use crate::array::symbols;
use crate::error::Raise;
use lightlane::modulation::{self, Modulation};
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;

type Bytes<'py> = PyResult<Bound<'py, PyArray1<u8>>>;

fn made(py: Python<'_>, make: impl FnOnce() -> lightlane::Result<Vec<u8>> + Send) -> Bytes<'_> {
    Ok(py.detach(make).or_raise()?.into_pyarray(py))
}

#[pyfunction]
fn prbs(py: Python<'_>, order: u32, n: usize, seed: Option<u32>) -> Bytes<'_> {
    made(py, || modulation::prbs(order, n, seed))
}

#[pyfunction]
fn prbs13q(py: Python<'_>, n: Option<usize>) -> Bytes<'_> {
    made(py, || modulation::prbs13q(n))
}

#[pyfunction]
fn prbs31q(py: Python<'_>, n: usize) -> Bytes<'_> {
    made(py, || modulation::prbs31q(n))
}

#[pyfunction]
fn ssprq(py: Python<'_>) -> Bytes<'_> {
    made(py, modulation::ssprq)
}

#[pyfunction]
fn gray_encode<'py>(py: Python<'py>, bits: &Bound<'py, PyAny>) -> Bytes<'py> {
    let bits = symbols(bits, "bits")?;
    made(py, || modulation::gray_encode(&bits))
}

#[pyfunction]
fn gray_decode<'py>(py: Python<'py>, symbols_: &Bound<'py, PyAny>) -> Bytes<'py> {
    let symbols = symbols(symbols_, "symbols")?;
    made(py, || modulation::gray_decode(&symbols))
}

#[pyfunction]
fn precode<'py>(py: Python<'py>, symbols_: &Bound<'py, PyAny>) -> Bytes<'py> {
    let symbols = symbols(symbols_, "symbols")?;
    made(py, || modulation::precode(Modulation::Pam4, &symbols))
}

#[pyfunction]
fn unprecode<'py>(py: Python<'py>, symbols_: &Bound<'py, PyAny>) -> Bytes<'py> {
    let symbols = symbols(symbols_, "symbols")?;
    made(py, || modulation::unprecode(Modulation::Pam4, &symbols))
}

/// Level of each symbol, -1, -1/3, 1/3, 1.
#[pyfunction]
fn levels<'py>(py: Python<'py>, symbols_: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let symbols = symbols(symbols_, "symbols")?;
    let alphabet = Modulation::Pam4.levels();
    let level = |(i, s): (usize, &u8)| {
        let refuse = || lightlane::Error::parameter(format!("symbols[{i}]"), s, "at most 3");
        alphabet.get(usize::from(*s)).copied().ok_or_else(refuse)
    };
    let levels = py.detach(|| symbols.iter().enumerate().map(level).collect::<lightlane::Result<Vec<f64>>>());
    Ok(levels.or_raise()?.into_pyarray(py))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(prbs, module)?)?;
    module.add_function(wrap_pyfunction!(prbs13q, module)?)?;
    module.add_function(wrap_pyfunction!(prbs31q, module)?)?;
    module.add_function(wrap_pyfunction!(ssprq, module)?)?;
    module.add_function(wrap_pyfunction!(gray_encode, module)?)?;
    module.add_function(wrap_pyfunction!(gray_decode, module)?)?;
    module.add_function(wrap_pyfunction!(precode, module)?)?;
    module.add_function(wrap_pyfunction!(unprecode, module)?)?;
    module.add_function(wrap_pyfunction!(levels, module)?)
}
