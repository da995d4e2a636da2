//! An optical lane at any received power.

use crate::error::{Error, Result};
use crate::lane::{Block, Lane, Networks, PreparedLane};
use crate::medium::optics::{Coupler, OpticalPart, Optics};
use crate::run::Run;
use crate::units::power_ratio;
use std::path::Path;

/// An optical lane and what its channels refer to.
#[derive(Debug, Clone)]
pub(super) struct OpticalLane<'a> {
    lane: &'a Lane,
    networks: &'a Networks,
    base: &'a Path,
}

impl<'a> OpticalLane<'a> {
    /// # Errors
    /// [`Error::Parameter`] for a lane without an optical section.
    pub(super) fn new(lane: &'a Lane, networks: &'a Networks, base: &'a Path) -> Result<Self> {
        optics_of(lane)?;
        Ok(Self { lane, networks, base })
    }

    /// The lane itself.
    pub(super) fn lane(&self) -> &'a Lane {
        self.lane
    }

    /// Another lane with the same channels.
    pub(super) fn with(&self, lane: &'a Lane) -> Self {
        Self { lane, ..self.clone() }
    }

    /// The lane with `attenuation_db` more loss in front of its photodiode. A negative one is light that the lane does not
    /// deliver: its laser is then so much stronger.
    pub(super) fn attenuated(&self, attenuation_db: f64, run: &Run) -> Result<PreparedLane> {
        self.changed(run, |optics| {
            if attenuation_db < 0.0 {
                optics.laser.power_w *= power_ratio(-attenuation_db);
            } else {
                let excess_loss_db = attenuation_db;
                optics.path.push(OpticalPart::Coupler(Coupler { excess_loss_db, ..Coupler::default() }));
            }
        })
    }

    /// The lane with another optical section.
    pub(super) fn changed(&self, run: &Run, change: impl FnOnce(&mut Optics)) -> Result<PreparedLane> {
        let mut lane = self.lane.clone();
        change(optics_mut(&mut lane)?);
        PreparedLane::new(&lane, &mut self.networks.clone(), self.base, run)
    }
}

/// The optical section of a lane.
///
/// # Errors
/// [`Error::Parameter`] for a lane without one.
pub(super) fn optics_of(lane: &Lane) -> Result<&Optics> {
    let found =
        lane.medium.iter().find_map(|b| if let Block::Optics(o) = b { Some(o.as_ref()) } else { None });
    found.ok_or_else(without_optics)
}

/// The same, to be changed.
pub(super) fn optics_mut(lane: &mut Lane) -> Result<&mut Optics> {
    let found =
        lane.medium.iter_mut().find_map(|b| if let Block::Optics(o) = b { Some(o.as_mut()) } else { None });
    found.ok_or_else(without_optics)
}

fn without_optics() -> Error {
    Error::parameter("medium", "no optical section", "a medium with an Optics")
}
