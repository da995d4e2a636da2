//! The light of a lane, for `lightlane._light`.

use crate::array::{count, read_only, symbols};
use crate::lane::{read_lane, read_networks};
use crate::run::interruptible;
use crate::sensitivity::{Found, found};
use lightlane::Error;
use lightlane::engine::tdecq::TdecqConfig;
use lightlane::lane::PreparedLane;
use lightlane::report::{self, Stress};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::Path;

type Array<'py> = Bound<'py, PyAny>;
/// The pattern, samples a symbol, symbols a second, powers behind the modulator and at the photodiode, warnings.
type Light<'py> = (Array<'py>, usize, f64, Array<'py>, Array<'py>, Vec<String>);
/// SECQ of the lane's own light and under stress in dB, the driver's bandwidth, the lane as JSON, its sensitivity.
type Stressed<'py> = (f64, f64, f64, String, Found<'py>);

/// The optical power of a lane for a pattern.
#[pyfunction]
fn light_waveform<'py>(
    py: Python<'py>,
    lane: &str,
    networks: &Bound<'_, PyDict>,
    given_symbols: &Bound<'py, PyAny>,
    samples_per_symbol: i64,
) -> PyResult<Light<'py>> {
    let networks = read_networks(networks)?;
    let pattern = symbols(given_symbols, "symbols")?;
    let samples_per_symbol = count("samples_per_symbol", samples_per_symbol)?;
    let light = interruptible(py, Some(1), None, |run| {
        let lane = read_lane(lane)?;
        let prepared = PreparedLane::new(&lane, &mut networks.clone(), Path::new("."), run)?;
        prepared.light(&pattern, samples_per_symbol, run)
    })?;
    Ok((
        read_only(py, light.symbols)?,
        light.samples_per_symbol,
        light.symbol_rate_hz,
        read_only(py, light.launched_w)?,
        read_only(py, light.received_w)?,
        light.warnings,
    ))
}

/// The sensitivity of a lane under stress.
#[pyfunction]
#[pyo3(signature = (lane, networks, stress, ber_limit, attenuations_db, threads))]
fn stressed_sensitivity<'py>(
    py: Python<'py>,
    lane: &str,
    networks: &Bound<'_, PyDict>,
    stress: (f64, f64, f64, String),
    ber_limit: Option<f64>,
    attenuations_db: Option<Vec<f64>>,
    threads: Option<usize>,
) -> PyResult<Stressed<'py>> {
    let networks = read_networks(networks)?;
    let (secq_db, sj_ui, sj_hz, config) = stress;
    let (text, done) = interruptible(py, threads, None, |run| {
        let config: TdecqConfig =
            serde_json::from_str(&config).map_err(|e| Error::parameter("config", e, "a TdecqConfig"))?;
        let stress = Stress { secq_db, sj_ui, sj_hz, config };
        let (lane, base, curve) = (read_lane(lane)?, Path::new("."), attenuations_db.as_deref());
        let done = report::stressed_sensitivity(&lane, &networks, base, &stress, ber_limit, curve, run)?;
        let text =
            serde_json::to_string(&done.lane).map_err(|e| Error::parameter("lane", e, "writable as JSON"))?;
        Ok((text, done))
    })?;
    Ok((done.own_secq_db, done.secq_db, done.bandwidth_hz, text, found(py, done.sensitivity)?))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(light_waveform, module)?)?;
    module.add_function(wrap_pyfunction!(stressed_sensitivity, module)?)
}
