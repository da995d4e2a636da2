//! Electrical blocks: lines, packages, cables, lumped elements, and the synthetic channels built of them.
//!
//! Every block is a configuration with `validate()`, `chain(freq_hz)` (differential-mode chain matrices, to be
//! cascaded) and `network(freq_hz)` (differential two-port, 100 ohm). All are reciprocal, passive and causal by
//! construction, and exact at f = 0.

mod board_connector;
mod conductor;
mod dielectric;
mod four_port;
mod ideal;
mod ladder;
mod lumped;
mod materials;
mod package;
mod presets;
mod skew;
mod synthetic;
mod trace;
mod twinax;
mod two_port;
mod via;

pub use board_connector::BoardConnector;
pub use conductor::{Conductor, Roughness};
pub use dielectric::WidebandDebye;
pub use four_port::SINGLE_ENDED_Z0_OHM;
pub use ideal::Ideal;
pub use lumped::Lumped;
pub use materials::Material;
pub use package::{Package, PackageLine, Side};
pub use synthetic::{SyntheticBlock, SyntheticChannel, SyntheticSection};
pub use trace::Trace;
pub use twinax::Twinax;
pub use two_port::{DIFFERENTIAL_Z0_OHM, TwoPort, cascade, differential_network};
pub use via::Via;
