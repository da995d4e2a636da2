//! Static figures of memoryless modulators.

use super::Numbers;
use crate::array::broadcast;
use crate::config::configuration;
use crate::error::Raise;
use lightlane::error::require;
use lightlane::medium::optics::{Eam, MachZehnder};
use lightlane::{Error, Result};
use pyo3::prelude::*;

/// Runs the same code for the class `kind`, whichever of the two it is.
macro_rules! of_kind {
    ($kind:expr, $text:expr, |$modulator:ident| $body:expr) => {
        match $kind {
            "MachZehnder" => {
                let $modulator: MachZehnder = configuration($text)?;
                $body
            }
            "Eam" => {
                let $modulator: Eam = configuration($text)?;
                $body
            }
            other => Err(Error::unknown("modulator", other, ["MachZehnder", "Eam"])).or_raise(),
        }
    };
}

#[pyfunction]
fn modulator_transmission(kind: &str, modulator: &str, v: &Bound<'_, PyAny>) -> Numbers {
    of_kind!(kind, modulator, |modulator| broadcast([(v, "v")], |[v]| {
        Ok([modulator.transmission(require::finite("v", v)?)])
    }))
}

#[pyfunction]
fn modulator_oma_w(
    kind: &str,
    modulator: &str,
    power_w: &Bound<'_, PyAny>,
    swing_v: &Bound<'_, PyAny>,
) -> Numbers {
    let arguments = [(power_w, "power_w"), (swing_v, "swing_v")];
    of_kind!(kind, modulator, |modulator| broadcast(arguments, |[p, v]| {
        Ok([modulator.oma_w(require::non_negative("power_w", p)?, swing(v)?)])
    }))
}

#[pyfunction]
fn modulator_extinction_ratio_db(kind: &str, modulator: &str, swing_v: &Bound<'_, PyAny>) -> Numbers {
    of_kind!(kind, modulator, |modulator| broadcast([(swing_v, "swing_v")], |[v]| {
        Ok([modulator.extinction_ratio_db(swing(v)?)])
    }))
}

#[pyfunction]
fn modulator_level_mismatch(kind: &str, modulator: &str, swing_v: &Bound<'_, PyAny>) -> Numbers {
    of_kind!(kind, modulator, |modulator| broadcast([(swing_v, "swing_v")], |[v]| {
        Ok([modulator.level_mismatch(swing(v)?)])
    }))
}

#[pyfunction]
fn modulator_linear_drive_v(kind: &str, modulator: &str, swing_v: &Bound<'_, PyAny>) -> Numbers {
    of_kind!(kind, modulator, |modulator| broadcast([(swing_v, "swing_v")], |[v]| {
        Ok(modulator.linear_drive_v(swing(v)?))
    }))
}

fn swing(swing_v: f64) -> Result<f64> {
    require::non_negative("swing_v", swing_v)
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(modulator_transmission, module)?)?;
    module.add_function(wrap_pyfunction!(modulator_oma_w, module)?)?;
    module.add_function(wrap_pyfunction!(modulator_extinction_ratio_db, module)?)?;
    module.add_function(wrap_pyfunction!(modulator_level_mismatch, module)?)?;
    module.add_function(wrap_pyfunction!(modulator_linear_drive_v, module)?)
}
