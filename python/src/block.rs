//! Electrical blocks: their networks and presets.

use crate::array::reals;
use crate::error::Raise;
use crate::network::PyNetwork;
use lightlane::Error;
use lightlane::lane::Synthetic;
use lightlane::medium::electrical::{
    BoardConnector, Ideal, Lumped, Material, Package, Side, SyntheticChannel, Trace, Twinax, Via,
};
use pyo3::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

const BLOCKS: [&str; 8] =
    ["BoardConnector", "Ideal", "Lumped", "Package", "Synthetic", "Trace", "Twinax", "Via"];
const WITH_PRESETS: [&str; 3] = ["Package", "Synthetic", "Trace"];

/// The network of an electrical block, given by its class and canonical JSON: a four-port for a synthetic channel, the
/// differential two-port for the others.
#[pyfunction]
fn block_network(py: Python<'_>, kind: &str, text: &str, freq_hz: &Bound<'_, PyAny>) -> PyResult<PyNetwork> {
    let freq: Vec<f64> = reals(freq_hz, "freq_hz")?.as_array().iter().copied().collect();
    let network = py.detach(|| match kind {
        "BoardConnector" => read::<BoardConnector>(text)?.network(&freq),
        "Ideal" => read::<Ideal>(text)?.network(&freq),
        "Lumped" => read::<Lumped>(text)?.network(&freq),
        "Package" => read::<Package>(text)?.network(&freq),
        "Synthetic" => read::<Synthetic>(text)?.network(&freq),
        "Trace" => read::<Trace>(text)?.network(&freq),
        "Twinax" => read::<Twinax>(text)?.network(&freq),
        "Via" => read::<Via>(text)?.network(&freq),
        _ => Err(Error::unknown("block", kind, BLOCKS)),
    });
    network.map(PyNetwork::of).or_raise()
}

/// A preset of a block as canonical JSON. A package has a side, a trace a length that is replaced at once.
#[pyfunction]
fn block_preset(kind: &str, name: &str, side: &str) -> PyResult<String> {
    let text = match kind {
        "Package" => side_of(side).and_then(|side| Package::preset(name, side)).and_then(|p| written(&p)),
        "Trace" => Trace::preset(name, Trace::default().length_m).and_then(|t| written(&t)),
        _ => Err(Error::unknown("block with presets", kind, WITH_PRESETS)),
    };
    text.or_raise()
}

/// Names of the presets of a block; of a synthetic channel, its recipes.
#[pyfunction]
fn block_preset_names(kind: &str) -> PyResult<Vec<String>> {
    let names = match kind {
        "Package" => Package::names(),
        "Synthetic" => SyntheticChannel::names(),
        "Trace" => Material::names(),
        _ => Err(Error::unknown("block with presets", kind, WITH_PRESETS)),
    };
    names.or_raise()
}

fn side_of(name: &str) -> lightlane::Result<Side> {
    match name {
        "tx" => Ok(Side::Tx),
        "rx" => Ok(Side::Rx),
        _ => Err(Error::unknown("side", name, ["tx", "rx"])),
    }
}

fn read<T: DeserializeOwned>(text: &str) -> lightlane::Result<T> {
    serde_json::from_str(text).map_err(|e| Error::parameter("block", "its fields", e.to_string()))
}

fn written<T: Serialize>(block: &T) -> lightlane::Result<String> {
    serde_json::to_string(block).map_err(|e| Error::parameter("block", "its fields", e.to_string()))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(block_network, module)?)?;
    module.add_function(wrap_pyfunction!(block_preset, module)?)?;
    module.add_function(wrap_pyfunction!(block_preset_names, module)?)
}
