//! Reading and writing of configurations as JSON and TOML texts, for `lightlane._base`.

use crate::array::whole;
use crate::error::{Raise, parameter};
use lightlane::lane::registry;
use lightlane::{error, quantity};
use pyo3::prelude::*;
use serde::de::DeserializeOwned;

/// Reads a JSON text as the configuration class `kind`; returns canonical JSON.
#[pyfunction]
fn config_from_json(kind: &str, text: &str) -> PyResult<String> {
    registry().from_json(kind, text).or_raise().map(|value| value.to_string())
}

/// Reads a TOML text as the configuration class `kind`; returns canonical JSON.
#[pyfunction]
fn config_from_toml(kind: &str, text: &str) -> PyResult<String> {
    registry().from_toml(kind, text).or_raise().map(|value| value.to_string())
}

/// Writes JSON of the configuration class `kind` as TOML.
#[pyfunction]
fn config_to_toml(kind: &str, text: &str) -> PyResult<String> {
    let value = registry().from_json(kind, text).or_raise()?;
    registry().to_toml(kind, &value).or_raise()
}

/// The closest of `known`, if one is close enough to be a slip.
#[pyfunction]
#[pyo3(name = "nearest_name")]
fn py_nearest_name(name: &str, known: Vec<String>) -> Option<String> {
    error::nearest_name(name, known.iter().map(String::as_str)).map(str::to_string)
}

/// A text with a unit as a number in the unit that ends `name`.
#[pyfunction]
fn parse_quantity(text: &str, name: &str) -> PyResult<f64> {
    quantity::parse_quantity(text, name).or_raise()
}

/// The unit that ends `name`, as on an axis.
#[pyfunction]
fn unit_symbol(name: &str) -> String {
    quantity::unit_symbol(name)
}

/// A whole number of at least `least`, or the exception that says so.
#[pyfunction]
#[pyo3(name = "whole")]
fn py_whole(value: &Bound<'_, PyAny>, name: &str, least: u64) -> PyResult<u64> {
    whole(value, name, least)
}

/// The SIMD level that the kernels use here.
#[pyfunction]
fn simd_level() -> PyResult<&'static str> {
    lightlane::simd::level_name().or_raise()
}

/// A configuration, or a device that is one, from its canonical JSON.
pub(crate) fn configuration<T: DeserializeOwned>(text: &str) -> PyResult<T> {
    serde_json::from_str(text).map_err(|e| parameter("configuration", e, "a configuration"))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(config_from_json, module)?)?;
    module.add_function(wrap_pyfunction!(config_from_toml, module)?)?;
    module.add_function(wrap_pyfunction!(config_to_toml, module)?)?;
    module.add_function(wrap_pyfunction!(py_nearest_name, module)?)?;
    module.add_function(wrap_pyfunction!(parse_quantity, module)?)?;
    module.add_function(wrap_pyfunction!(simd_level, module)?)?;
    module.add_function(wrap_pyfunction!(py_whole, module)?)?;
    module.add_function(wrap_pyfunction!(unit_symbol, module)?)
}
