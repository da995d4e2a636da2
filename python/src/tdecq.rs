//! TDECQ of captured waveforms, for `lightlane._tdecq`.

use crate::array::{borrowed, count, read_only, read_only_shaped, symbols};
use crate::error::Raise;
use crate::run::interruptible;
use lightlane::Error;
use lightlane::engine::tdecq::{EqualizedEye, Tdecq, TdecqConfig, Waveform, tdecq};
use pyo3::prelude::*;

/// Figures as JSON, and the eye: times, powers, counts, left and right histogram.
type Figures<'py> =
    (String, Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>);

#[pyfunction]
fn tdecq_figures<'py>(
    py: Python<'py>,
    waveform_w: &Bound<'py, PyAny>,
    samples_per_symbol: i64,
    symbol_rate_hz: f64,
    given_symbols: Option<&Bound<'py, PyAny>>,
    config: &str,
) -> PyResult<Figures<'py>> {
    let waveform = borrowed::<f64>(waveform_w, "waveform_w")?;
    let waveform_w = waveform.as_slice()?;
    let samples_per_symbol = count("samples_per_symbol", samples_per_symbol)?;
    let known = given_symbols.map(|s| symbols(s, "symbols")).transpose()?;
    let (text, eye) = interruptible(py, Some(1), None, |run| {
        let config: TdecqConfig =
            serde_json::from_str(config).map_err(|e| Error::parameter("config", e, "a TdecqConfig"))?;
        let symbols = known.as_deref();
        let given = Waveform { waveform_w, samples_per_symbol, symbol_rate_hz, symbols };
        let found: Tdecq = tdecq(&given, &config, run)?;
        let text = serde_json::to_string(&found).map_err(|e| Error::parameter("tdecq", e, "figures"))?;
        Ok((text, found.eye))
    })?;
    let EqualizedEye { time_ui, power_w, counts, left, right } = eye;
    let shape = [power_w.len(), time_ui.len()];
    Ok((
        text,
        read_only(py, time_ui)?,
        read_only(py, power_w)?,
        read_only_shaped(py, counts, shape)?,
        read_only(py, left)?,
        read_only(py, right)?,
    ))
}

/// A preset as canonical JSON.
#[pyfunction]
fn tdecq_preset(name: &str) -> PyResult<String> {
    let config = TdecqConfig::preset(name).or_raise()?;
    serde_json::to_string(&config).map_err(|e| Error::parameter("config", e, "a TdecqConfig")).or_raise()
}

/// Names of the presets.
#[pyfunction]
fn tdecq_preset_names() -> Vec<&'static str> {
    TdecqConfig::NAMES.to_vec()
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(tdecq_figures, module)?)?;
    module.add_function(wrap_pyfunction!(tdecq_preset, module)?)?;
    module.add_function(wrap_pyfunction!(tdecq_preset_names, module)?)
}
