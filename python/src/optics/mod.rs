//! `lightlane.optics`, and the methods of the optical devices' classes.

mod closed_forms;
mod levels;
mod modulators;
mod passive;
mod ring;

use lightlane::error::require;
use lightlane::{Error, Result};
use pyo3::prelude::*;

type Numbers = PyResult<Py<PyAny>>;

/// The range that a laser's wavelength has too: outside it the unit has slipped.
fn wavelength(wavelength_m: f64) -> Result<f64> {
    require::within("wavelength_m", wavelength_m, 0.8e-6, 2e-6)
}

/// Infinite is the ratio of a signal whose lowest level is dark.
fn extinction_ratio(db: f64) -> Result<f64> {
    if db >= 0.0 { Ok(db) } else { Err(Error::parameter("extinction_ratio_db", db, "at least 0")) }
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    closed_forms::register(module)?;
    levels::register(module)?;
    modulators::register(module)?;
    passive::register(module)?;
    ring::register(module)
}
