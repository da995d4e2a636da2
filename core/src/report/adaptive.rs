//! A prepared lane whose equalizer adapts.

use crate::engine::time_domain::{AdaptiveCounts, Simulation, simulate_adaptive};
use crate::error::Result;
use crate::lane::PreparedLane;
use crate::receiver::{self, Adaptation, AdaptiveEqualizer, MlsdSetting, Receiver};

impl PreparedLane {
    /// Counts errors while FFE and DFE adapt, from the taps that [`PreparedLane::analyze`] finds or from a wire; CTLE and
    /// sampling phase are those of the analysis. Which FFE taps there are, floating ones included, and their limits are
    /// the lane's.
    ///
    /// # Errors
    /// Those of the receiver's adaptation by [`receiver::equalize`], of [`AdaptiveEqualizer::new`] and of
    /// [`simulate_adaptive`].
    pub fn simulate_adaptive(
        &self,
        adaptation: &Adaptation,
        simulation: &Simulation,
    ) -> Result<AdaptiveCounts> {
        let run = &simulation.run;
        let found = run.install(|| receiver::equalize(&self.link, &self.lane.receiver, run))?;
        // What the FFE sees, at the same instants.
        let bare = Receiver {
            ffe: None,
            dfe: None,
            mlsd: MlsdSetting::default(),
            thresholds_v: None,
            ..found.resolved.clone()
        };
        let input = run.install(|| receiver::equalize(&self.link, &bare, run))?.model;
        let resolved = Receiver { thresholds_v: None, ..found.resolved };
        let equalizer = AdaptiveEqualizer::new(adaptation, &found.equalizer, &resolved, &input)?;
        simulate_adaptive(&input, &equalizer, adaptation, simulation)
    }
}
