//! Levels, noise, error ratios and sensitivity.

use super::{Numbers, extinction_ratio};
use crate::array::{broadcast, reals, whole};
use crate::error::Raise;
use lightlane::error::require;
use lightlane::medium::optics::{self, FilterKind, Thresholds};
use lightlane::{Error, Result};
use numpy::{IntoPyArray, PyArrayMethods};
use pyo3::prelude::*;

#[pyfunction]
fn oma_w(average_power_w: &Bound<'_, PyAny>, extinction_ratio_db: &Bound<'_, PyAny>) -> Numbers {
    let arguments = [(average_power_w, "average_power_w"), (extinction_ratio_db, "extinction_ratio_db")];
    broadcast(arguments, |[p, er]| {
        Ok([optics::oma_w(require::non_negative("average_power_w", p)?, extinction_ratio(er)?)])
    })
}

#[pyfunction]
fn average_power_w(oma_w: &Bound<'_, PyAny>, extinction_ratio_db: &Bound<'_, PyAny>) -> Numbers {
    broadcast([(oma_w, "oma_w"), (extinction_ratio_db, "extinction_ratio_db")], |[oma, er]| {
        require::non_negative("oma_w", oma)?;
        // Equal levels have no amplitude: no power belongs to one.
        if extinction_ratio(er)? == 0.0 {
            return Err(Error::parameter("extinction_ratio_db", er, "above 0"));
        }
        Ok([optics::average_power_w(oma, er)])
    })
}

#[pyfunction]
fn pam4_levels_w(average_power_w: &Bound<'_, PyAny>, extinction_ratio_db: &Bound<'_, PyAny>) -> Numbers {
    let arguments = [(average_power_w, "average_power_w"), (extinction_ratio_db, "extinction_ratio_db")];
    broadcast(arguments, |[p, er]| {
        Ok(optics::pam4_levels_w(require::non_negative("average_power_w", p)?, extinction_ratio(er)?))
    })
}

#[pyfunction]
fn rin_from_rin_oma(rin_oma_per_hz: &Bound<'_, PyAny>, extinction_ratio_db: &Bound<'_, PyAny>) -> Numbers {
    let arguments = [(rin_oma_per_hz, "rin_oma_per_hz"), (extinction_ratio_db, "extinction_ratio_db")];
    broadcast(arguments, |[rin, er]| {
        Ok([optics::rin_from_rin_oma(require::non_negative("rin_oma_per_hz", rin)?, extinction_ratio(er)?)])
    })
}

#[pyfunction]
fn shot_noise_a_per_rthz(current_a: &Bound<'_, PyAny>) -> Numbers {
    broadcast([(current_a, "current_a")], |[i]| {
        Ok([optics::shot_noise_a_per_rthz(require::non_negative("current_a", i)?)])
    })
}

#[pyfunction]
fn thermal_noise_a_per_rthz(resistance_ohm: &Bound<'_, PyAny>, temperature_k: &Bound<'_, PyAny>) -> Numbers {
    broadcast([(resistance_ohm, "resistance_ohm"), (temperature_k, "temperature_k")], |[r, t]| {
        require::positive("resistance_ohm", r)?;
        Ok([optics::thermal_noise_a_per_rthz(r, require::non_negative("temperature_k", t)?)])
    })
}

#[pyfunction]
fn rin_noise_a_per_rthz(current_a: &Bound<'_, PyAny>, rin_per_hz: &Bound<'_, PyAny>) -> Numbers {
    broadcast([(current_a, "current_a"), (rin_per_hz, "rin_per_hz")], |[i, rin]| {
        require::non_negative("current_a", i)?;
        Ok([optics::rin_noise_a_per_rthz(i, require::non_negative("rin_per_hz", rin)?)])
    })
}

#[pyfunction]
fn noise_bandwidth_hz(bandwidth_hz: &Bound<'_, PyAny>, kind: &str, order: &Bound<'_, PyAny>) -> Numbers {
    let kind = match kind {
        "bessel" => FilterKind::Bessel,
        "butterworth" => FilterKind::Butterworth,
        _ => return Err(Error::unknown("kind", kind, ["bessel", "butterworth"])).or_raise(),
    };
    let order = whole(order, "order", 1)? as usize;
    // Of a bandwidth of 1 Hz: the integral does not depend on the bandwidth.
    let ratio = optics::noise_bandwidth_hz(1.0, kind, order).or_raise()?;
    broadcast([(bandwidth_hz, "bandwidth_hz")], |[b]| Ok([require::positive("bandwidth_hz", b)? * ratio]))
}

#[pyfunction]
fn level_noise_a(
    current_a: &Bound<'_, PyAny>,
    noise_a_per_rthz: &Bound<'_, PyAny>,
    rin_per_hz: &Bound<'_, PyAny>,
    noise_bandwidth_hz: &Bound<'_, PyAny>,
) -> Numbers {
    let arguments = [
        (current_a, "current_a"),
        (noise_a_per_rthz, "noise_a_per_rthz"),
        (rin_per_hz, "rin_per_hz"),
        (noise_bandwidth_hz, "noise_bandwidth_hz"),
    ];
    broadcast(arguments, |[i, noise, rin, b]| {
        require::non_negative("current_a", i)?;
        require::non_negative("noise_a_per_rthz", noise)?;
        require::non_negative("rin_per_hz", rin)?;
        require::non_negative("noise_bandwidth_hz", b)?;
        Ok([optics::level_noise_a(i, noise, rin, b)])
    })
}

#[pyfunction]
fn sensitivity_oma_w(
    ser: &Bound<'_, PyAny>,
    noise_a_per_rthz: &Bound<'_, PyAny>,
    noise_bandwidth_hz: &Bound<'_, PyAny>,
    responsivity_a_per_w: &Bound<'_, PyAny>,
) -> Numbers {
    let arguments = [
        (ser, "ser"),
        (noise_a_per_rthz, "noise_a_per_rthz"),
        (noise_bandwidth_hz, "noise_bandwidth_hz"),
        (responsivity_a_per_w, "responsivity_a_per_w"),
    ];
    broadcast(arguments, |[ser, noise, b, r]| Ok([optics::sensitivity_oma_w(ser, noise, b, r)?]))
}

/// Error ratios (n,) and thresholds (n, 3) of rows of four levels and sigmas; thresholds by name or in rows of three.
#[pyfunction]
fn pam4_ser(
    py: Python<'_>,
    levels: &Bound<'_, PyAny>,
    sigmas: &Bound<'_, PyAny>,
    thresholds: &Bound<'_, PyAny>,
) -> PyResult<(Py<PyAny>, Py<PyAny>)> {
    let levels = rows::<4>(levels, "levels")?;
    let sigmas = rows::<4>(sigmas, "sigmas")?;
    let thresholds = if let Ok(name) = thresholds.extract::<String>() {
        let named = match name.as_str() {
            "optimum" => Thresholds::Optimum,
            "midpoint" => Thresholds::Midpoint,
            "equal_q" => Thresholds::EqualQ,
            _ => {
                return Err(Error::unknown("thresholds", &name, ["optimum", "midpoint", "equal_q"]))
                    .or_raise();
            }
        };
        vec![named; levels.len()]
    } else {
        rows::<3>(thresholds, "thresholds")?.into_iter().map(Thresholds::At).collect()
    };
    let found = py
        .detach(|| {
            let rows = levels.iter().zip(&sigmas).zip(&thresholds);
            rows.map(|((l, s), t)| optics::pam4_ser(*l, *s, *t)).collect::<Result<Vec<_>>>()
        })
        .or_raise()?;
    let ser: Vec<f64> = found.iter().map(|r| r.ser).collect();
    let at: Vec<f64> = found.iter().flat_map(|r| r.thresholds).collect();
    let at = at.into_pyarray(py).reshape([found.len(), 3])?;
    Ok((ser.into_pyarray(py).into_any().unbind(), at.into_any().unbind()))
}

fn rows<const N: usize>(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<[f64; N]>> {
    let array = reals(value, name)?;
    let numbers: Vec<f64> = array.as_array().iter().copied().collect();
    Ok(numbers.chunks_exact(N).map(|c| std::array::from_fn(|i| c[i])).collect())
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(oma_w, module)?)?;
    module.add_function(wrap_pyfunction!(average_power_w, module)?)?;
    module.add_function(wrap_pyfunction!(pam4_levels_w, module)?)?;
    module.add_function(wrap_pyfunction!(rin_from_rin_oma, module)?)?;
    module.add_function(wrap_pyfunction!(shot_noise_a_per_rthz, module)?)?;
    module.add_function(wrap_pyfunction!(thermal_noise_a_per_rthz, module)?)?;
    module.add_function(wrap_pyfunction!(rin_noise_a_per_rthz, module)?)?;
    module.add_function(wrap_pyfunction!(noise_bandwidth_hz, module)?)?;
    module.add_function(wrap_pyfunction!(level_noise_a, module)?)?;
    module.add_function(wrap_pyfunction!(sensitivity_oma_w, module)?)?;
    module.add_function(wrap_pyfunction!(pam4_ser, module)?)?;
    Ok(())
}
