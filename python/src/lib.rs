//! The native module `lightlane._native`: convert, call the core, convert back.

mod array;
mod block;
mod config;
mod error;
mod fec;
mod lane;
mod network;
mod optics;
mod patterns;
mod run;
mod units;

use pyo3::prelude::*;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    block::register(module)?;
    config::register(module)?;
    fec::register(module)?;
    lane::register(module)?;
    network::register(module)?;
    optics::register(module)?;
    patterns::register(module)?;
    units::register(module)
}
