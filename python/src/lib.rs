//! The native module `lightlane._native`: convert, call the core, convert back.

mod adaptive;
mod alignment;
mod array;
mod block;
mod com;
mod config;
mod dsp;
mod error;
mod fec;
mod jitter;
mod lane;
mod light;
mod network;
mod optics;
mod patterns;
mod rare;
mod run;
mod sensitivity;
mod simulation;
mod tdecq;
mod units;

use pyo3::prelude::*;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // Its first use allocates a table of numpy's and would panic if Ctrl-C came right then.
    numpy::PyArray1::<u8>::zeros(module.py(), 0, false);
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("MAX_THREADS", lightlane::Run::MAX_THREADS)?;
    adaptive::register(module)?;
    alignment::register(module)?;
    block::register(module)?;
    com::register(module)?;
    config::register(module)?;
    dsp::register(module)?;
    fec::register(module)?;
    jitter::register(module)?;
    lane::register(module)?;
    light::register(module)?;
    network::register(module)?;
    optics::register(module)?;
    patterns::register(module)?;
    rare::register(module)?;
    sensitivity::register(module)?;
    simulation::register(module)?;
    tdecq::register(module)?;
    units::register(module)
}
