//! Channel operating margin, for `lightlane._com`.

use crate::error::Raise;
use crate::network::PyNetwork;
use crate::run::interruptible;
use lightlane::engine::com::{ComConfig, FixedEqualizer, NamedConfig, com};
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

/// The margin of a channel with its far- and near-end aggressors: keywords and fixed equalizer as JSON, figures as JSON.
#[pyfunction]
#[pyo3(signature = (thru, far, near, keywords, fixed_equalizer, threads, progress))]
#[allow(clippy::too_many_arguments, reason = "those of lightlane.com")]
fn com_figures(
    py: Python<'_>,
    thru: &Bound<'_, PyNetwork>,
    far: Vec<Bound<'_, PyNetwork>>,
    near: Vec<Bound<'_, PyNetwork>>,
    keywords: &str,
    fixed_equalizer: &str,
    threads: Option<usize>,
    progress: Option<Py<PyAny>>,
) -> PyResult<String> {
    let thru = thru.get().core();
    let copies =
        |all: Vec<Bound<'_, PyNetwork>>| all.iter().map(|n| n.get().core().as_ref().clone()).collect();
    let (fext, next): (Vec<Network>, Vec<Network>) = (copies(far), copies(near));
    interruptible(py, threads, progress, |run| {
        let config = ComConfig::from_keywords(&mapping("config", keywords)?)?;
        let fixed = FixedEqualizer::from_json(&mapping("fixed_equalizer", fixed_equalizer)?)?;
        let found = com(&thru, &fext, &next, &config, &fixed, run)?;
        serde_json::to_string(&found).map_err(|e| lightlane::Error::parameter("com", e, "figures"))
    })
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(com_resolved, module)?)?;
    module.add_function(wrap_pyfunction!(com_keywords, module)?)?;
    module.add_function(wrap_pyfunction!(com_config_names, module)?)?;
    module.add_function(wrap_pyfunction!(com_config_named, module)?)?;
    module.add_function(wrap_pyfunction!(com_figures, module)?)
}
