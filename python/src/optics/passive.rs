//! Couplers, fibre, connectors, and the echoes of a path.

use super::{Numbers, wavelength};
use crate::array::broadcast;
use crate::config::configuration;
use crate::error::Raise;
use lightlane::error::require;
use lightlane::medium::optics::{self, Connector, Coupler, EvanescentCoupler, Fiber, GratingCoupler, Optics};
use numpy::IntoPyArray;
use pyo3::prelude::*;

#[pyfunction]
fn coupling_loss_db(
    mfd_a_m: &Bound<'_, PyAny>,
    mfd_b_m: &Bound<'_, PyAny>,
    offset_m: &Bound<'_, PyAny>,
    tilt_rad: &Bound<'_, PyAny>,
    gap_m: &Bound<'_, PyAny>,
    wavelength_m: &Bound<'_, PyAny>,
    index: &Bound<'_, PyAny>,
) -> Numbers {
    let arguments = [
        (mfd_a_m, "mfd_a_m"),
        (mfd_b_m, "mfd_b_m"),
        (offset_m, "offset_m"),
        (tilt_rad, "tilt_rad"),
        (gap_m, "gap_m"),
        (wavelength_m, "wavelength_m"),
        (index, "index"),
    ];
    broadcast(arguments, |[a, b, offset, tilt, gap, lambda, n]| {
        require::positive("mfd_a_m", a)?;
        require::positive("mfd_b_m", b)?;
        require::finite("offset_m", offset)?;
        require::within("tilt_rad", tilt, -std::f64::consts::FRAC_PI_2, std::f64::consts::FRAC_PI_2)?;
        require::non_negative("gap_m", gap)?;
        require::within("index", n, 1.0, 10.0)?;
        Ok([optics::coupling_loss_db(a, Some(b), offset, tilt, gap, wavelength(lambda)?, n)])
    })
}

#[pyfunction]
fn fresnel_reflectance(index_a: &Bound<'_, PyAny>, index_b: &Bound<'_, PyAny>) -> Numbers {
    broadcast([(index_a, "index_a"), (index_b, "index_b")], |[a, b]| {
        Ok([optics::fresnel_reflectance(require::positive("index_a", a)?, require::positive("index_b", b)?)])
    })
}

#[pyfunction]
fn coupler_loss_db(coupler: &str, wavelength_m: &Bound<'_, PyAny>) -> Numbers {
    let coupler: Coupler = configuration(coupler)?;
    broadcast([(wavelength_m, "wavelength_m")], |[l]| Ok([coupler.loss_db(wavelength(l)?)]))
}

#[pyfunction]
fn fiber_dispersion_s_per_m2(fiber: &str, wavelength_m: &Bound<'_, PyAny>) -> Numbers {
    let fiber: Fiber = configuration(fiber)?;
    broadcast([(wavelength_m, "wavelength_m")], |[l]| Ok([fiber.dispersion_s_per_m2(wavelength(l)?)]))
}

#[pyfunction]
fn fiber_small_signal_response(
    fiber: &str,
    freq_hz: &Bound<'_, PyAny>,
    wavelength_m: &Bound<'_, PyAny>,
    chirp: &Bound<'_, PyAny>,
) -> Numbers {
    let fiber: Fiber = configuration(fiber)?;
    let arguments = [(freq_hz, "freq_hz"), (wavelength_m, "wavelength_m"), (chirp, "chirp")];
    broadcast(arguments, |[f, l, chirp]| {
        require::finite("freq_hz", f)?;
        require::finite("chirp", chirp)?;
        Ok([fiber.small_signal_response(f, wavelength(l)?, chirp)])
    })
}

#[pyfunction]
fn grating_coupler_loss_db(coupler: &str, wavelength_m: &Bound<'_, PyAny>) -> Numbers {
    let coupler: GratingCoupler = configuration(coupler)?;
    broadcast([(wavelength_m, "wavelength_m")], |[l]| Ok([coupler.loss_db(wavelength(l)?)]))
}

#[pyfunction]
fn grating_coupler_bandwidth_3db_m(coupler: &str) -> PyResult<f64> {
    Ok(configuration::<GratingCoupler>(coupler)?.bandwidth_3db_m())
}

/// Loss and the share of the power that changes guides.
#[pyfunction]
fn evanescent_coupler_figures(coupler: &str) -> PyResult<(f64, f64)> {
    let coupler: EvanescentCoupler = configuration(coupler)?;
    Ok((coupler.loss_db(), coupler.transfer().or_raise()?))
}

#[pyfunction]
fn connector_loss_quantile_db(connector: &str, probability: &Bound<'_, PyAny>) -> Numbers {
    let connector: Connector = configuration(connector)?;
    broadcast([(probability, "probability")], |[p]| Ok([connector.loss_quantile_db(p)?]))
}

#[pyfunction]
fn optics_echo_amplitudes(py: Python<'_>, optics: &str) -> Numbers {
    let optics: Optics = configuration(optics)?;
    optics.validate().or_raise()?;
    Ok(optics.echo_amplitudes().into_pyarray(py).into_any().unbind())
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(coupling_loss_db, module)?)?;
    module.add_function(wrap_pyfunction!(fresnel_reflectance, module)?)?;
    module.add_function(wrap_pyfunction!(coupler_loss_db, module)?)?;
    module.add_function(wrap_pyfunction!(fiber_dispersion_s_per_m2, module)?)?;
    module.add_function(wrap_pyfunction!(fiber_small_signal_response, module)?)?;
    module.add_function(wrap_pyfunction!(grating_coupler_loss_db, module)?)?;
    module.add_function(wrap_pyfunction!(grating_coupler_bandwidth_3db_m, module)?)?;
    module.add_function(wrap_pyfunction!(evanescent_coupler_figures, module)?)?;
    module.add_function(wrap_pyfunction!(connector_loss_quantile_db, module)?)?;
    module.add_function(wrap_pyfunction!(optics_echo_amplitudes, module)?)
}
