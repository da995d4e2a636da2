//! Gates of the whole lane: the shared pulse references, the engines against each other, bad input.

mod adaptive;
mod bad_input;
#[path = "../common/mod.rs"]
mod common;
mod composition;
mod engines;
mod even_odd;
mod light;
mod optical_interference;
mod pulses;
mod received;
mod retimers;
mod waveform;

use common::shared;
use lightlane::lane::{Lane, Networks, PreparedLane, PreparedSegments};
use lightlane::{Result, Run};
use std::path::Path;

fn segments(lane: &Lane) -> Result<PreparedSegments> {
    PreparedSegments::new(lane, &mut Networks::default(), Path::new("."), &Run::default())
}

fn prepared(lane: &Lane) -> Result<PreparedLane> {
    PreparedLane::new(lane, &mut Networks::default(), Path::new("."), &Run::default())
}
