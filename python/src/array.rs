//! Array-likes in, numpy arrays out.

use crate::error::{Raise, parameter};
use num_complex::Complex64;
use numpy::{
    Element, IntoPyArray, PyArray1, PyArrayDyn, PyArrayMethods, PyReadonlyArray1, PyReadonlyArrayDyn,
};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

const A_NUMBER: &str = "a number or an array of numbers";

/// A numpy array of `dtype` made of any array-like, copied only where it must be.
fn asarray<'py>(value: &Bound<'py, PyAny>, dtype: &str) -> PyResult<Bound<'py, PyAny>> {
    let numpy = value.py().import("numpy")?;
    let keywords = PyDict::new(value.py());
    keywords.set_item("dtype", dtype)?;
    numpy.call_method("asarray", (value,), Some(&keywords))
}

/// Real numbers of any shape.
pub(crate) fn reals<'py>(value: &Bound<'py, PyAny>, name: &str) -> PyResult<PyReadonlyArrayDyn<'py, f64>> {
    let array = asarray(value, "float64").map_err(|e| parameter(name, e, A_NUMBER))?;
    Ok(array.cast::<PyArrayDyn<f64>>()?.readonly())
}

/// Complex numbers of any shape.
pub(crate) fn complexes<'py>(
    value: &Bound<'py, PyAny>,
    name: &str,
) -> PyResult<PyReadonlyArrayDyn<'py, Complex64>> {
    let array = asarray(value, "complex128").map_err(|e| parameter(name, e, A_NUMBER))?;
    Ok(array.cast::<PyArrayDyn<Complex64>>()?.readonly())
}

/// Real numbers of one precision.
pub(crate) trait Precision: Element {
    /// Its name in numpy.
    const NAME: &'static str;
}

impl Precision for f32 {
    const NAME: &'static str = "float32";
}

impl Precision for f64 {
    const NAME: &'static str = "float64";
}

/// Real numbers in one dimension, borrowed where they are contiguous and of that precision already.
pub(crate) fn borrowed<'py, T: Precision>(
    value: &Bound<'py, PyAny>,
    name: &str,
) -> PyResult<PyReadonlyArray1<'py, T>> {
    let requirement = "real numbers in one dimension";
    let numpy = value.py().import("numpy")?;
    let array = numpy.call_method1("asarray", (value,)).map_err(|e| parameter(name, e, requirement))?;
    let (ndim, kind) = (array.getattr("ndim")?.extract::<usize>()?, kind(&array)?);
    let empty = array.getattr("size")?.extract::<usize>()? == 0;
    if ndim != 1 || !(empty || matches!(kind.as_str(), "f" | "i" | "u" | "b")) {
        return Err(parameter(name, format!("{ndim} dimensions of kind {kind:?}"), requirement));
    }
    let array = numpy.call_method1("ascontiguousarray", (&array, T::NAME))?;
    Ok(array.cast::<PyArray1<T>>()?.try_readonly()?)
}

/// An array of numpy's own of that many numbers, whatever they are: numpy asks for large pages, which spares a large
/// array most of its page faults.
pub(crate) fn unfilled<T: Precision>(py: Python<'_>, len: usize) -> PyResult<Bound<'_, PyArray1<T>>> {
    Ok(py.import("numpy")?.call_method1("empty", (len, T::NAME))?.cast_into::<PyArray1<T>>()?)
}

/// Whether samples come in single precision; whatever else they are is taken in double.
pub(crate) fn is_single(value: &Bound<'_, PyAny>) -> bool {
    value.getattr("dtype").and_then(|d| d.getattr("name")?.extract::<String>()).is_ok_and(|d| d == "float32")
}

/// Runs the same code over samples borrowed as `&[f32]` or `&[f64]`, whichever they are.
#[macro_export]
macro_rules! borrowed_samples {
    ($value:expr, $name:literal, |$samples:ident| $body:expr) => {
        if $crate::array::is_single($value) {
            let array = $crate::array::borrowed::<f32>($value, $name)?;
            let $samples = array.as_slice()?;
            $body
        } else {
            let array = $crate::array::borrowed::<f64>($value, $name)?;
            let $samples = array.as_slice()?;
            $body
        }
    };
}

fn kind(array: &Bound<'_, PyAny>) -> PyResult<String> {
    array.getattr("dtype")?.getattr("kind")?.extract()
}

/// A count, refused by name when it is negative.
pub(crate) fn count(name: &str, value: i64) -> PyResult<usize> {
    usize::try_from(value).map_err(|_| parameter(name, value, "at least 0"))
}

/// Whole numbers 0..255 in one dimension: bits or symbols.
///
/// Other kinds of numbers are refused rather than cut: 1.7 is no symbol.
pub(crate) fn symbols(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<u8>> {
    let requirement = "whole numbers of at least 0 in one dimension";
    let numpy = value.py().import("numpy")?;
    let array = numpy.call_method1("asarray", (value,))?;
    let kind = kind(&array)?;
    let size: usize = array.getattr("size")?.extract()?;
    if array.getattr("ndim")?.extract::<usize>()? != 1
        || !(size == 0 || matches!(kind.as_str(), "i" | "u" | "b"))
    {
        return Err(parameter(name, format!("an array of kind {kind}"), requirement));
    }
    if size > 0 {
        for bound in ["min", "max"] {
            let extreme = array.call_method0(bound)?.call_method0("item")?.extract::<i128>()?;
            if !(0..=255).contains(&extreme) {
                return Err(parameter(name, extreme, requirement));
            }
        }
    }
    let array = asarray(&array, "uint8")?;
    let array = array.cast::<PyArrayDyn<u8>>()?.readonly();
    let view = array.as_array();
    Ok(view.as_slice().map_or_else(|| view.iter().copied().collect(), <[u8]>::to_vec))
}

/// A whole number of at least `least`, or what it must be: left to pyo3, a negative one would be an OverflowError.
pub(crate) fn whole(value: &Bound<'_, PyAny>, name: &str, least: u64) -> PyResult<u64> {
    let requirement = format!("a whole number from {least} to 2^63 - 1");
    let index = value.py().import("operator")?.call_method1("index", (value,)).map_err(|_| {
        let given = value.repr().map_or_else(|_| "an object".into(), |r| r.to_string());
        PyTypeError::new_err(format!("{name} = {given}: must be {requirement}"))
    })?;
    match index.extract::<i64>() {
        Ok(n) if n >= 0 && n as u64 >= least => Ok(n as u64),
        _ => Err(parameter(name, index, &requirement)),
    }
}

/// Applies `f` to each number; a number for a number, an array of the same shape for an array.
///
/// The interpreter is released while it works.
pub(crate) fn elementwise(
    value: &Bound<'_, PyAny>,
    name: &str,
    f: impl Fn(f64) -> PyResult<f64> + Send + Sync,
) -> PyResult<Py<PyAny>> {
    let py = value.py();
    let array = reals(value, name)?;
    let (shape, numbers) = {
        let view = array.as_array();
        (view.shape().to_vec(), view.iter().copied().collect::<Vec<f64>>())
    };
    let results = py.detach(|| numbers.into_iter().map(f).collect::<PyResult<Vec<f64>>>())?;
    shaped(py, results, &shape)
}

/// Applies `f` to arguments broadcast against each other; a result of several numbers becomes a last axis.
///
/// The interpreter is released while it works.
pub(crate) fn broadcast<const N: usize, const M: usize>(
    arguments: [(&Bound<'_, PyAny>, &str); N],
    f: impl Fn([f64; N]) -> lightlane::Result<[f64; M]> + Send + Sync,
) -> PyResult<Py<PyAny>> {
    let py = arguments[0].0.py();
    let arrays = arguments
        .iter()
        .map(|(value, name)| asarray(value, "float64").map_err(|e| parameter(name, e, A_NUMBER)))
        .collect::<PyResult<Vec<_>>>()?;
    let numpy = py.import("numpy")?;
    let fitted = numpy.call_method1("broadcast_arrays", PyTuple::new(py, &arrays)?).map_err(|_| {
        let names = arguments.map(|(_, name)| name).join(", ");
        let shapes: Vec<String> =
            arrays.iter().filter_map(|a| a.getattr("shape").ok()).map(|s| s.to_string()).collect();
        parameter(&names, format!("arrays of shapes {}", shapes.join(", ")), "of shapes that broadcast")
    })?;
    let arrays: Vec<Bound<'_, PyAny>> = fitted.extract()?;
    let mut shape = Vec::new();
    let mut columns = Vec::with_capacity(N);
    for array in &arrays {
        let array = array.cast::<PyArrayDyn<f64>>()?.readonly();
        let view = array.as_array();
        shape = view.shape().to_vec();
        columns.push(view.iter().copied().collect::<Vec<f64>>());
    }
    let results = py
        .detach(|| {
            let mut out = Vec::with_capacity(columns[0].len() * M);
            for i in 0..columns[0].len() {
                out.extend(f(std::array::from_fn(|k| columns[k][i]))?);
            }
            Ok(out)
        })
        .or_raise()?;
    if M > 1 {
        shape.push(M);
    }
    shaped(py, results, &shape)
}

/// Numbers in the shape of the argument they were made of: a number for a number.
pub(crate) fn shaped(py: Python<'_>, numbers: Vec<f64>, shape: &[usize]) -> PyResult<Py<PyAny>> {
    if shape.is_empty() {
        return Ok(numbers.first().copied().unwrap_or(f64::NAN).into_pyobject(py)?.into_any().unbind());
    }
    Ok(numbers.into_pyarray(py).reshape(shape)?.into_any().unbind())
}

/// A numpy array that cannot be written to.
pub(crate) fn read_only<T: Element>(py: Python<'_>, values: Vec<T>) -> PyResult<Bound<'_, PyAny>> {
    let shape = [values.len()];
    read_only_shaped(py, values, shape)
}

/// A numpy array of several dimensions that cannot be written to; the last index runs fastest in `values`.
pub(crate) fn read_only_shaped<T: Element, const N: usize>(
    py: Python<'_>,
    values: Vec<T>,
    shape: [usize; N],
) -> PyResult<Bound<'_, PyAny>> {
    let array = values.into_pyarray(py).reshape(shape.to_vec())?.into_any();
    array.getattr("flags")?.setattr("writeable", false)?;
    Ok(array)
}
