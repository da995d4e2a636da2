//! Channel operating margin, for `lightlane._com`.

use crate::array::read_only;
use crate::error::Raise;
use crate::network::PyNetwork;
use crate::run::interruptible;
use lightlane::engine::com::{Com, ComConfig, FixedEqualizer, NamedConfig, com};
use lightlane::medium::Network;
use pyo3::prelude::*;
use serde_json::{Map, Value};

fn mapping(name: &str, text: &str) -> lightlane::Result<Map<String, Value>> {
    serde_json::from_str(text).map_err(|e| lightlane::Error::parameter(name, e, "a mapping"))
}

/// A mapping of keywords, as JSON, checked; every keyword and default of it.
#[pyfunction]
fn com_resolved(keywords: &str) -> PyResult<String> {
    let config = mapping("config", keywords).and_then(|map| ComConfig::from_keywords(&map)).or_raise()?;
    Ok(Value::Object(config.keywords().clone()).to_string())
}

/// Every known keyword.
#[pyfunction]
fn com_keywords() -> Vec<&'static str> {
    ComConfig::known_keywords().collect()
}

/// Names of the shipped configurations.
#[pyfunction]
fn com_config_names() -> PyResult<Vec<String>> {
    NamedConfig::names().or_raise()
}

/// A shipped configuration as JSON: summary, keywords, evidence, limits.
#[pyfunction]
fn com_config_named(name: &str) -> PyResult<String> {
    let named = NamedConfig::new(name).or_raise()?;
    let (summary, keywords, evidence) = (named.summary, named.keywords, named.evidence);
    let limits = named.limits;
    let data = serde_json::json!({
        "summary": summary, "keywords": keywords, "evidence": evidence, "limits": limits,
    });
    Ok(data.to_string())
}

/// Curves by their path in the figures.
type Curves<'py> = Vec<(String, Bound<'py, PyAny>)>;

/// The margin of a channel with its far- and near-end aggressors: keywords and fixed equalizer as JSON; figures as JSON,
/// and the curves that it leaves out.
#[pyfunction]
#[pyo3(signature = (thru, far, near, keywords, fixed_equalizer, threads, progress))]
#[allow(clippy::too_many_arguments, reason = "those of lightlane.com")]
fn com_figures<'py>(
    py: Python<'py>,
    thru: &Bound<'_, PyNetwork>,
    far: Vec<Bound<'_, PyNetwork>>,
    near: Vec<Bound<'_, PyNetwork>>,
    keywords: &str,
    fixed_equalizer: &str,
    threads: Option<usize>,
    progress: Option<Py<PyAny>>,
) -> PyResult<(String, Curves<'py>)> {
    let thru = thru.get().core();
    let copies =
        |all: Vec<Bound<'_, PyNetwork>>| all.iter().map(|n| n.get().core().as_ref().clone()).collect();
    let (fext, next): (Vec<Network>, Vec<Network>) = (copies(far), copies(near));
    let (figures, found) = interruptible(py, threads, progress, |run| {
        let config = ComConfig::from_keywords(&mapping("config", keywords)?)?;
        let fixed = FixedEqualizer::from_json(&mapping("fixed_equalizer", fixed_equalizer)?)?;
        let found = com(&thru, &fext, &next, &config, &fixed, run)?;
        let figures =
            serde_json::to_string(&found).map_err(|e| lightlane::Error::parameter("com", e, "figures"))?;
        Ok((figures, found))
    })?;
    Ok((figures, curves(py, found)?))
}

fn curves(py: Python<'_>, found: Com) -> PyResult<Curves<'_>> {
    let mut out = Vec::new();
    let mut keep = |name: String, values: Vec<f64>| {
        out.push((name, read_only(py, values)?));
        Ok::<(), PyErr>(())
    };
    for (i, case) in found.cases.into_iter().enumerate() {
        let curves = case.curves;
        keep(format!("cases.{i}.pulse_v"), curves.pulse_v)?;
        keep(format!("cases.{i}.equalized_v"), curves.equalized_v)?;
        keep(format!("cases.{i}.probability"), curves.probability)?;
    }
    for (i, r) in found.reflections.into_iter().flatten().enumerate() {
        keep(format!("reflections.{i}.time_s"), r.time_s)?;
        keep(format!("reflections.{i}.impedance_ohm"), r.impedance_ohm)?;
        keep(format!("reflections.{i}.gated"), r.gated)?;
    }
    if let Some(l) = found.losses {
        keep("losses.freq_hz".into(), l.freq_hz)?;
        keep("losses.insertion_loss_db".into(), l.insertion_loss_db)?;
        keep("losses.fitted_db".into(), l.fitted_db)?;
        for (name, both) in [("return", l.return_loss_db), ("crosstalk", l.crosstalk_loss_db)] {
            for (i, values) in both.into_iter().enumerate() {
                keep(format!("losses.{name}.{i}"), values)?;
            }
        }
    }
    Ok(out)
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(com_resolved, module)?)?;
    module.add_function(wrap_pyfunction!(com_keywords, module)?)?;
    module.add_function(wrap_pyfunction!(com_config_names, module)?)?;
    module.add_function(wrap_pyfunction!(com_config_named, module)?)?;
    module.add_function(wrap_pyfunction!(com_figures, module)?)
}
