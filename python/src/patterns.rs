//! `lightlane.patterns`.

use crate::array::{symbols, whole};
use crate::error::{Raise, parameter};
use crate::run::interruptible;
use lightlane::Run;
use lightlane::modulation::{self, MAX_PATTERN_SYMBOLS, Modulation, Prbs, Prbs31q};
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;

type Bytes<'py> = PyResult<Bound<'py, PyArray1<u8>>>;

fn made(py: Python<'_>, make: impl FnOnce() -> lightlane::Result<Vec<u8>> + Send) -> Bytes<'_> {
    Ok(py.detach(make).or_raise()?.into_pyarray(py))
}

/// Symbols between two looks at the cancel flag: milliseconds of work.
const BLOCK: usize = 1 << 20;

/// `n` symbols, written a block at a time so that Ctrl-C stops them.
fn streamed<'py>(
    py: Python<'py>,
    n: &Bound<'py, PyAny>,
    mut fill: impl FnMut(&mut [u8]) + Send,
) -> Bytes<'py> {
    let n = whole(n, "n", 0)?;
    if n > MAX_PATTERN_SYMBOLS as u64 {
        return Err(parameter("n", n, &format!("at most {MAX_PATTERN_SYMBOLS} at once")));
    }
    if n <= BLOCK as u64 {
        // Over before anyone could stop it, and a thread would cost more than the work.
        let mut symbols = vec![0; n as usize];
        py.detach(|| fill(&mut symbols));
        return Ok(symbols.into_pyarray(py));
    }
    let symbols = interruptible(py, Some(1), None, |run: &Run| {
        let mut symbols = vec![0; n as usize];
        for block in symbols.chunks_mut(BLOCK) {
            run.check()?;
            fill(block);
        }
        Ok(symbols)
    })?;
    Ok(symbols.into_pyarray(py))
}

#[pyfunction]
fn prbs<'py>(
    py: Python<'py>,
    order: &Bound<'py, PyAny>,
    n: &Bound<'py, PyAny>,
    seed: Option<&Bound<'py, PyAny>>,
) -> Bytes<'py> {
    let narrow = |value, name| {
        u32::try_from(whole(value, name, 0)?).map_err(|_| parameter(name, value, "a whole number below 2^32"))
    };
    let seed = seed.map(|s| narrow(s, "seed")).transpose()?;
    let mut register = Prbs::new(narrow(order, "order")?, seed).or_raise()?;
    streamed(py, n, move |bits| register.fill(bits))
}

#[pyfunction]
fn prbs13q<'py>(py: Python<'py>, n: Option<&Bound<'py, PyAny>>) -> Bytes<'py> {
    let period = modulation::prbs13q(None).or_raise()?;
    let Some(n) = n else { return Ok(period.into_pyarray(py)) };
    let mut endless = period.into_iter().cycle();
    streamed(py, n, move |symbols| symbols.iter_mut().zip(&mut endless).for_each(|(s, next)| *s = next))
}

#[pyfunction]
fn prbs31q<'py>(py: Python<'py>, n: &Bound<'py, PyAny>) -> Bytes<'py> {
    let mut pattern = Prbs31q::new(None).or_raise()?;
    streamed(py, n, move |symbols| pattern.fill(symbols))
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
