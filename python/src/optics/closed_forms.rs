//! Closed forms of guides, bends, polarization, rings and penalties.

use super::Numbers;
use crate::array::{broadcast, reals};
use crate::error::Raise;
use lightlane::medium::optics;
use pyo3::prelude::*;

#[pyfunction]
fn directional_coupler(
    coupling_per_m: &Bound<'_, PyAny>,
    detuning_per_m: &Bound<'_, PyAny>,
    length_m: &Bound<'_, PyAny>,
) -> Numbers {
    broadcast(
        [(coupling_per_m, "coupling_per_m"), (detuning_per_m, "detuning_per_m"), (length_m, "length_m")],
        |[v0, v1, v2]| Ok([optics::directional_coupler(v0, v1, v2)?]),
    )
}

#[pyfunction]
fn taper_residual(coupling_per_m: &Bound<'_, PyAny>, sweep_per_m2: &Bound<'_, PyAny>) -> Numbers {
    broadcast([(coupling_per_m, "coupling_per_m"), (sweep_per_m2, "sweep_per_m2")], |[v0, v1]| {
        Ok([optics::taper_residual(v0, v1)?])
    })
}

#[pyfunction]
fn dgd_response(freq_hz: &Bound<'_, PyAny>, dgd_s: &Bound<'_, PyAny>, split: &Bound<'_, PyAny>) -> Numbers {
    broadcast([(freq_hz, "freq_hz"), (dgd_s, "dgd_s"), (split, "split")], |[v0, v1, v2]| {
        Ok([optics::dgd_response(v0, v1, v2)?])
    })
}

#[pyfunction]
fn dgd_exceedance(ratio_to_mean: &Bound<'_, PyAny>) -> Numbers {
    broadcast([(ratio_to_mean, "ratio_to_mean")], |[v0]| Ok([optics::dgd_exceedance(v0)?]))
}

#[pyfunction]
fn bend_loss_marcuse_db_per_m(
    radius_m: &Bound<'_, PyAny>,
    core_radius_m: &Bound<'_, PyAny>,
    index_clad: &Bound<'_, PyAny>,
    delta: &Bound<'_, PyAny>,
    wavelength_m: &Bound<'_, PyAny>,
    elasto_optic_factor: &Bound<'_, PyAny>,
) -> Numbers {
    broadcast(
        [
            (radius_m, "radius_m"),
            (core_radius_m, "core_radius_m"),
            (index_clad, "index_clad"),
            (delta, "delta"),
            (wavelength_m, "wavelength_m"),
            (elasto_optic_factor, "elasto_optic_factor"),
        ],
        |[v0, v1, v2, v3, v4, v5]| Ok([optics::bend_loss_marcuse_db_per_m(v0, v1, v2, v3, v4, v5)?]),
    )
}

#[pyfunction]
fn bend_strain(cladding_m: &Bound<'_, PyAny>, radius_m: &Bound<'_, PyAny>) -> Numbers {
    broadcast([(cladding_m, "cladding_m"), (radius_m, "radius_m")], |[v0, v1]| {
        Ok([optics::bend_strain(v0, v1)?])
    })
}

#[pyfunction]
fn ring_transmission(
    phase_rad: &Bound<'_, PyAny>,
    self_coupling: &Bound<'_, PyAny>,
    round_trip_amplitude: &Bound<'_, PyAny>,
) -> Numbers {
    broadcast(
        [
            (phase_rad, "phase_rad"),
            (self_coupling, "self_coupling"),
            (round_trip_amplitude, "round_trip_amplitude"),
        ],
        |[v0, v1, v2]| Ok([optics::ring_transmission(v0, v1, v2)?]),
    )
}

#[pyfunction]
fn wdm_crosstalk_db(spacing_hz: &Bound<'_, PyAny>, linewidth_hz: &Bound<'_, PyAny>) -> Numbers {
    broadcast([(spacing_hz, "spacing_hz"), (linewidth_hz, "linewidth_hz")], |[v0, v1]| {
        Ok([optics::wdm_crosstalk_db(v0, v1)?])
    })
}

#[pyfunction]
fn noise_penalty_db(sigma_over_oma: &Bound<'_, PyAny>, ser: &Bound<'_, PyAny>) -> Numbers {
    broadcast([(sigma_over_oma, "sigma_over_oma"), (ser, "ser")], |[v0, v1]| {
        Ok([optics::noise_penalty_db(v0, v1)?])
    })
}

#[pyfunction]
fn rin_penalty_db(
    rin_per_hz: &Bound<'_, PyAny>,
    extinction_ratio_db: &Bound<'_, PyAny>,
    noise_bandwidth_hz: &Bound<'_, PyAny>,
    ser: &Bound<'_, PyAny>,
) -> Numbers {
    broadcast(
        [
            (rin_per_hz, "rin_per_hz"),
            (extinction_ratio_db, "extinction_ratio_db"),
            (noise_bandwidth_hz, "noise_bandwidth_hz"),
            (ser, "ser"),
        ],
        |[v0, v1, v2, v3]| Ok([optics::rin_penalty_db(v0, v1, v2, v3)?]),
    )
}

#[pyfunction]
fn bend_loss_limit_db(
    grade: &str,
    radius_m: &Bound<'_, PyAny>,
    turns: &Bound<'_, PyAny>,
    wavelength_m: &Bound<'_, PyAny>,
) -> Numbers {
    let arguments = [(radius_m, "radius_m"), (turns, "turns"), (wavelength_m, "wavelength_m")];
    broadcast(arguments, |[r, turns, l]| Ok([optics::bend_loss_limit_db(grade, r, turns, l)?]))
}

#[pyfunction]
fn bend_loss_db(table: Vec<(f64, f64)>, radius_m: &Bound<'_, PyAny>, turns: &Bound<'_, PyAny>) -> Numbers {
    broadcast([(radius_m, "radius_m"), (turns, "turns")], |[r, turns]| {
        Ok([optics::bend_loss_db(&table, r, turns)?])
    })
}

/// Real and imaginary parts along a last axis.
#[pyfunction]
fn travelling_wave_response(
    freq_hz: &Bound<'_, PyAny>,
    length_m: &Bound<'_, PyAny>,
    index_mismatch: &Bound<'_, PyAny>,
    rf_loss_db: &Bound<'_, PyAny>,
) -> Numbers {
    let arguments = [
        (freq_hz, "freq_hz"),
        (length_m, "length_m"),
        (index_mismatch, "index_mismatch"),
        (rf_loss_db, "rf_loss_db"),
    ];
    broadcast(arguments, |[f, length, mismatch, loss]| {
        let h = optics::travelling_wave_response(f, length, mismatch, loss)?;
        Ok([h.re, h.im])
    })
}

/// Of rows of reflectances and of losses between neighbours.
#[pyfunction]
fn mpi_rms(reflectances_db: &Bound<'_, PyAny>, loss_between_db: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    let (reflectances, losses) =
        (rows(reflectances_db, "reflectances_db")?, rows(loss_between_db, "loss_between_db")?);
    reflectances.iter().zip(&losses).map(|(r, l)| optics::mpi_rms(r, l).or_raise()).collect()
}

/// Of rows of reflectances and of losses between neighbours, an extinction ratio and an error ratio for each row.
#[pyfunction]
fn mpi_penalty_db(
    reflectances_db: &Bound<'_, PyAny>,
    extinction_ratio_db: Vec<f64>,
    ser: Vec<f64>,
    loss_between_db: &Bound<'_, PyAny>,
) -> PyResult<Vec<f64>> {
    let (reflectances, losses) =
        (rows(reflectances_db, "reflectances_db")?, rows(loss_between_db, "loss_between_db")?);
    let levels = extinction_ratio_db.iter().zip(&ser);
    let each = reflectances.iter().zip(&losses).zip(levels);
    each.map(|((r, l), (er, ser))| optics::mpi_penalty_db(r, *er, *ser, l).or_raise()).collect()
}

fn rows(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<Vec<f64>>> {
    let array = reals(value, name)?;
    Ok(array.as_array().rows().into_iter().map(|row| row.to_vec()).collect())
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(directional_coupler, module)?)?;
    module.add_function(wrap_pyfunction!(taper_residual, module)?)?;
    module.add_function(wrap_pyfunction!(dgd_response, module)?)?;
    module.add_function(wrap_pyfunction!(dgd_exceedance, module)?)?;
    module.add_function(wrap_pyfunction!(bend_loss_marcuse_db_per_m, module)?)?;
    module.add_function(wrap_pyfunction!(bend_strain, module)?)?;
    module.add_function(wrap_pyfunction!(ring_transmission, module)?)?;
    module.add_function(wrap_pyfunction!(wdm_crosstalk_db, module)?)?;
    module.add_function(wrap_pyfunction!(noise_penalty_db, module)?)?;
    module.add_function(wrap_pyfunction!(rin_penalty_db, module)?)?;
    module.add_function(wrap_pyfunction!(bend_loss_limit_db, module)?)?;
    module.add_function(wrap_pyfunction!(bend_loss_db, module)?)?;
    module.add_function(wrap_pyfunction!(travelling_wave_response, module)?)?;
    module.add_function(wrap_pyfunction!(mpi_rms, module)?)?;
    module.add_function(wrap_pyfunction!(mpi_penalty_db, module)?)?;
    Ok(())
}
