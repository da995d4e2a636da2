//! Methods of the micro-ring's class.

use super::{Numbers, wavelength};
use crate::array::{broadcast, complexes, reals};
use crate::config::configuration;
use crate::error::{Raise, parameter};
use lightlane::error::require;
use lightlane::medium::optics::RingModulator;
use numpy::IntoPyArray;
use pyo3::prelude::*;

/// Linewidth, photon lifetime, drift, change of heater power, limit of self-heating.
#[pyfunction]
fn ring_figures(ring: &str) -> PyResult<[f64; 5]> {
    let ring: RingModulator = configuration(ring)?;
    Ok([
        ring.linewidth_hz(),
        ring.photon_lifetime_s(),
        ring.drift_hz(),
        ring.heater_change_w(),
        ring.self_heating_limit_w(),
    ])
}

#[pyfunction]
fn ring_transmission_at(ring: &str, wavelength_m: &Bound<'_, PyAny>) -> Numbers {
    let ring: RingModulator = configuration(ring)?;
    broadcast([(wavelength_m, "wavelength_m")], |[l]| Ok([ring.transmission_at(wavelength(l)?)]))
}

#[pyfunction]
fn ring_driven_transmission(ring: &str, v: &Bound<'_, PyAny>) -> Numbers {
    let ring: RingModulator = configuration(ring)?;
    broadcast([(v, "v")], |[v]| Ok([ring.transmission(require::finite("v", v)?)]))
}

/// Real and imaginary parts along a last axis.
#[pyfunction]
fn ring_small_signal_response(
    ring: &str,
    freq_hz: &Bound<'_, PyAny>,
    detuning_hz: &Bound<'_, PyAny>,
) -> Numbers {
    let ring: RingModulator = configuration(ring)?;
    broadcast([(freq_hz, "freq_hz"), (detuning_hz, "detuning_hz")], |[f, d]| {
        let h =
            ring.small_signal_response(require::finite("freq_hz", f)?, require::finite("detuning_hz", d)?)?;
        Ok([h.re, h.im])
    })
}

#[pyfunction]
fn ring_bandwidth_hz(ring: &str, detuning_hz: &Bound<'_, PyAny>) -> Numbers {
    let ring: RingModulator = configuration(ring)?;
    broadcast([(detuning_hz, "detuning_hz")], |[d]| {
        Ok([ring.bandwidth_hz(require::finite("detuning_hz", d)?)?])
    })
}

#[pyfunction]
fn ring_propagate(
    py: Python<'_>,
    ring: &str,
    field: &Bound<'_, PyAny>,
    sample_rate_hz: f64,
    detuning_hz: &Bound<'_, PyAny>,
) -> PyResult<Py<PyAny>> {
    let ring: RingModulator = configuration(ring)?;
    let (light, detuning) = (complexes(field, "field")?, reals(detuning_hz, "detuning_hz")?);
    let (light, detuning) = (light.as_array(), detuning.as_array());
    if light.ndim() != 1 {
        return Err(parameter("field", format!("{} dimensions", light.ndim()), "of one dimension"));
    }
    if detuning.ndim() > 1 {
        return Err(parameter(
            "detuning_hz",
            format!("{} dimensions", detuning.ndim()),
            "a number or of one dimension",
        ));
    }
    let light: Vec<_> = light.iter().copied().collect();
    let detuning: Vec<f64> = detuning.iter().copied().collect();
    let out = py.detach(|| ring.propagate(&light, sample_rate_hz, &detuning)).or_raise()?;
    Ok(out.into_pyarray(py).into_any().unbind())
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(ring_figures, module)?)?;
    module.add_function(wrap_pyfunction!(ring_transmission_at, module)?)?;
    module.add_function(wrap_pyfunction!(ring_driven_transmission, module)?)?;
    module.add_function(wrap_pyfunction!(ring_small_signal_response, module)?)?;
    module.add_function(wrap_pyfunction!(ring_bandwidth_hz, module)?)?;
    module.add_function(wrap_pyfunction!(ring_propagate, module)?)?;
    Ok(())
}
