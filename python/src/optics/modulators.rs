//! Static figures of memoryless modulators.

use super::{Numbers, device};
use crate::array::broadcast;
use lightlane::Result;
use lightlane::error::require;
use lightlane::medium::optics::{Eam, MachZehnder};
use pyo3::prelude::*;

#[pyfunction]
fn mach_zehnder_transmission(modulator: &str, v: &Bound<'_, PyAny>) -> Numbers {
    let modulator: MachZehnder = device(modulator)?;
    broadcast([(v, "v")], |[v]| Ok([modulator.transmission(require::finite("v", v)?)]))
}

#[pyfunction]
fn mach_zehnder_oma_w(modulator: &str, power_w: &Bound<'_, PyAny>, swing_v: &Bound<'_, PyAny>) -> Numbers {
    let modulator: MachZehnder = device(modulator)?;
    broadcast([(power_w, "power_w"), (swing_v, "swing_v")], |[p, swing_v]| {
        Ok([modulator.oma_w(require::non_negative("power_w", p)?, swing(swing_v)?)])
    })
}

#[pyfunction]
fn mach_zehnder_extinction_ratio_db(modulator: &str, swing_v: &Bound<'_, PyAny>) -> Numbers {
    let modulator: MachZehnder = device(modulator)?;
    broadcast([(swing_v, "swing_v")], |[v]| Ok([modulator.extinction_ratio_db(swing(v)?)]))
}

#[pyfunction]
fn mach_zehnder_level_mismatch(modulator: &str, swing_v: &Bound<'_, PyAny>) -> Numbers {
    let modulator: MachZehnder = device(modulator)?;
    broadcast([(swing_v, "swing_v")], |[v]| Ok([modulator.level_mismatch(swing(v)?)]))
}

#[pyfunction]
fn mach_zehnder_linear_drive_v(modulator: &str, swing_v: &Bound<'_, PyAny>) -> Numbers {
    let modulator: MachZehnder = device(modulator)?;
    broadcast([(swing_v, "swing_v")], |[v]| Ok(modulator.linear_drive_v(swing(v)?)))
}

#[pyfunction]
fn eam_transmission(modulator: &str, v: &Bound<'_, PyAny>) -> Numbers {
    let modulator: Eam = device(modulator)?;
    broadcast([(v, "v")], |[v]| Ok([modulator.transmission(require::finite("v", v)?)]))
}

#[pyfunction]
fn eam_oma_w(modulator: &str, power_w: &Bound<'_, PyAny>, swing_v: &Bound<'_, PyAny>) -> Numbers {
    let modulator: Eam = device(modulator)?;
    broadcast([(power_w, "power_w"), (swing_v, "swing_v")], |[p, swing_v]| {
        Ok([modulator.oma_w(require::non_negative("power_w", p)?, swing(swing_v)?)])
    })
}

#[pyfunction]
fn eam_extinction_ratio_db(modulator: &str, swing_v: &Bound<'_, PyAny>) -> Numbers {
    let modulator: Eam = device(modulator)?;
    broadcast([(swing_v, "swing_v")], |[v]| Ok([modulator.extinction_ratio_db(swing(v)?)]))
}

#[pyfunction]
fn eam_level_mismatch(modulator: &str, swing_v: &Bound<'_, PyAny>) -> Numbers {
    let modulator: Eam = device(modulator)?;
    broadcast([(swing_v, "swing_v")], |[v]| Ok([modulator.level_mismatch(swing(v)?)]))
}

#[pyfunction]
fn eam_linear_drive_v(modulator: &str, swing_v: &Bound<'_, PyAny>) -> Numbers {
    let modulator: Eam = device(modulator)?;
    broadcast([(swing_v, "swing_v")], |[v]| Ok(modulator.linear_drive_v(swing(v)?)))
}

fn swing(swing_v: f64) -> Result<f64> {
    require::non_negative("swing_v", swing_v)
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(mach_zehnder_transmission, module)?)?;
    module.add_function(wrap_pyfunction!(mach_zehnder_oma_w, module)?)?;
    module.add_function(wrap_pyfunction!(mach_zehnder_extinction_ratio_db, module)?)?;
    module.add_function(wrap_pyfunction!(mach_zehnder_level_mismatch, module)?)?;
    module.add_function(wrap_pyfunction!(mach_zehnder_linear_drive_v, module)?)?;
    module.add_function(wrap_pyfunction!(eam_transmission, module)?)?;
    module.add_function(wrap_pyfunction!(eam_oma_w, module)?)?;
    module.add_function(wrap_pyfunction!(eam_extinction_ratio_db, module)?)?;
    module.add_function(wrap_pyfunction!(eam_level_mismatch, module)?)?;
    module.add_function(wrap_pyfunction!(eam_linear_drive_v, module)?)?;
    Ok(())
}
