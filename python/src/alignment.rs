//! Alignment of fibres: closed forms, drawn losses, the yield of a lane.

use crate::array::{broadcast, read_only, read_only_shaped};
use crate::config::configuration;
use crate::error::Raise;
use crate::lane::{read_lane, read_networks};
use crate::run::interruptible;
use lightlane::engine::time_domain::clopper_pearson;
use lightlane::medium::optics::{self, Alignment, Coupler};
use lightlane::report::{self, AlignmentStudy};
use lightlane::{Error, Result};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::Path;

type Array<'py> = Bound<'py, PyAny>;
type Numbers = PyResult<Py<PyAny>>;

/// A number of fibres among numbers that broadcast.
fn fibers(n: f64) -> Result<usize> {
    let is_count = (1.0..=1e9).contains(&n) && n.fract() == 0.0;
    if is_count {
        Ok(n as usize)
    } else {
        Err(Error::parameter("n_fibers", n, "a whole number from 1 to 1e9"))
    }
}

#[pyfunction]
fn alignment_mean_loss_db(mfd_m: &Bound<'_, PyAny>, sigma_m: &Bound<'_, PyAny>) -> Numbers {
    broadcast([(mfd_m, "mfd_m"), (sigma_m, "sigma_m")], |[mfd, sigma]| {
        Ok([optics::alignment_mean_loss_db(mfd, sigma)?])
    })
}

#[pyfunction]
fn alignment_sigma_m(
    yield_: &Bound<'_, PyAny>,
    n_fibers: &Bound<'_, PyAny>,
    budget_db: &Bound<'_, PyAny>,
    mfd_m: &Bound<'_, PyAny>,
) -> Numbers {
    let arguments = [(yield_, "yield_"), (n_fibers, "n_fibers"), (budget_db, "budget_db"), (mfd_m, "mfd_m")];
    broadcast(arguments, |[y, n, budget, mfd]| Ok([optics::alignment_sigma_m(y, fibers(n)?, budget, mfd)?]))
}

#[pyfunction]
fn alignment_yield(
    mfd_m: &Bound<'_, PyAny>,
    budget_db: &Bound<'_, PyAny>,
    sigma_fiber_m: &Bound<'_, PyAny>,
    sigma_common_m: &Bound<'_, PyAny>,
    sigma_rotation_rad: &Bound<'_, PyAny>,
    n_fibers: &Bound<'_, PyAny>,
    pitch_m: &Bound<'_, PyAny>,
) -> Numbers {
    let arguments = [
        (mfd_m, "mfd_m"),
        (budget_db, "budget_db"),
        (sigma_fiber_m, "sigma_fiber_m"),
        (sigma_common_m, "sigma_common_m"),
        (sigma_rotation_rad, "sigma_rotation_rad"),
        (n_fibers, "n_fibers"),
        (pitch_m, "pitch_m"),
    ];
    broadcast(arguments, |[mfd, budget, sigma_fiber_m, sigma_common_m, sigma_rotation_rad, n, pitch_m]| {
        let alignment = Alignment {
            sigma_fiber_m,
            sigma_common_m,
            sigma_rotation_rad,
            n_fibers: fibers(n)?,
            pitch_m,
            ..Alignment::default()
        };
        Ok([alignment.array_yield(mfd, budget)?])
    })
}

/// Losses in dB, (arrays, fibres).
#[pyfunction]
#[pyo3(signature = (alignment, coupler, wavelength_m, n_arrays, seed, threads))]
fn alignment_losses<'py>(
    py: Python<'py>,
    alignment: &str,
    coupler: &str,
    wavelength_m: f64,
    n_arrays: usize,
    seed: u64,
    threads: Option<usize>,
) -> PyResult<Array<'py>> {
    let (alignment, coupler): (Alignment, Coupler) = (configuration(alignment)?, configuration(coupler)?);
    let found = interruptible(py, threads, None, |run| {
        alignment.losses(&coupler, wavelength_m, n_arrays, seed, run)
    })?;
    read_only_shaped(py, found.loss_db, [n_arrays, found.n_fibers])
}

/// A lane's margin against its coupling loss, and the arrays that keep it.
#[pyclass(name = "AlignmentYield", module = "lightlane._native", frozen)]
pub(crate) struct NativeYield(report::AlignmentYield);

#[pymethods]
impl NativeYield {
    /// Losses that were analysed and the margins there.
    fn curve<'py>(&self, py: Python<'py>) -> PyResult<(Array<'py>, Array<'py>)> {
        let (loss_db, margin_db) = self.0.curve.iter().copied().unzip();
        Ok((read_only(py, loss_db)?, read_only(py, margin_db)?))
    }

    /// Loss of the worst fibre of each array and its margin.
    fn arrays<'py>(&self, py: Python<'py>) -> PyResult<(Array<'py>, Array<'py>)> {
        Ok((read_only(py, self.0.worst_loss_db.clone())?, read_only(py, self.0.margin_db.clone())?))
    }

    #[getter]
    fn ber_limit(&self) -> f64 {
        self.0.ber_limit
    }

    #[getter]
    fn budget_db(&self) -> f64 {
        self.0.budget_db
    }

    #[getter]
    fn configured_loss_db(&self) -> f64 {
        self.0.configured_loss_db
    }

    #[getter]
    fn n_passed(&self) -> usize {
        self.0.n_passed
    }

    #[getter]
    fn integrated(&self) -> Option<f64> {
        self.0.integrated
    }

    /// Exact interval of the yield.
    fn interval(&self, confidence: f64) -> PyResult<(f64, f64)> {
        clopper_pearson(self.0.n_passed as f64, self.0.worst_loss_db.len() as f64, confidence).or_raise()
    }
}

/// The yield of a lane's alignment at an error ratio.
#[pyfunction]
#[pyo3(signature = (lane, networks, alignment, couplers, ber_limit, n_arrays, seed, threads))]
#[allow(clippy::too_many_arguments, reason = "those of the lane's method")]
fn lane_alignment_yield(
    py: Python<'_>,
    lane: &str,
    networks: &Bound<'_, PyDict>,
    alignment: &str,
    couplers: Option<Vec<usize>>,
    ber_limit: Option<f64>,
    n_arrays: usize,
    seed: u64,
    threads: Option<usize>,
) -> PyResult<NativeYield> {
    let networks = read_networks(networks)?;
    let alignment: Alignment = configuration(alignment)?;
    let found = interruptible(py, threads, None, |run| {
        let couplers = couplers.as_deref();
        let study = AlignmentStudy { alignment: &alignment, couplers, ber_limit, n_arrays, seed };
        report::alignment_yield(&read_lane(lane)?, &networks, Path::new("."), &study, run)
    })?;
    Ok(NativeYield(found))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<NativeYield>()?;
    module.add_function(wrap_pyfunction!(alignment_mean_loss_db, module)?)?;
    module.add_function(wrap_pyfunction!(alignment_sigma_m, module)?)?;
    module.add_function(wrap_pyfunction!(alignment_yield, module)?)?;
    module.add_function(wrap_pyfunction!(alignment_losses, module)?)?;
    module.add_function(wrap_pyfunction!(lane_alignment_yield, module)?)
}
