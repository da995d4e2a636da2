//! A prepared lane whose equalizer adapts.

use crate::engine::time_domain::{AdaptiveCounts, Simulation, simulate_adaptive};
use crate::error::{Error, Result};
use crate::lane::PreparedLane;
use crate::receiver::{self, Adaptation, AdaptiveEqualizer, MlsdSetting, Receiver};
use crate::response::DecisionModel;
use crate::run::Run;

impl PreparedLane {
    /// Counts errors while FFE and DFE adapt, from the taps that [`PreparedLane::analyze`] finds or from a wire; CTLE and
    /// sampling phase are those of the analysis. Which FFE taps there are, floating ones included, and their limits are
    /// the lane's.
    ///
    /// # Errors
    /// [`Error::Parameter`] for thresholds that were given; those of the receiver's adaptation by
    /// [`receiver::equalize`], of [`AdaptiveEqualizer::new`] and of [`simulate_adaptive`].
    pub fn simulate_adaptive(
        &self,
        adaptation: &Adaptation,
        simulation: &Simulation,
    ) -> Result<AdaptiveCounts> {
        let (equalizer, input) = self.adaptive_equalizer(adaptation, &simulation.run)?;
        simulate_adaptive(&input, &equalizer, adaptation, simulation)
    }

    /// The equalizer of [`PreparedLane::simulate_adaptive`], about to adapt, and what its FFE sees at the sampling instants.
    ///
    /// # Errors
    /// [`Error::Parameter`] for thresholds that were given; those of the receiver's adaptation by [`receiver::equalize`]
    /// and of [`AdaptiveEqualizer::new`].
    pub(super) fn adaptive_equalizer(
        &self,
        adaptation: &Adaptation,
        run: &Run,
    ) -> Result<(AdaptiveEqualizer, DecisionModel)> {
        let receiver = &self.lane.receiver;
        if let Some(thresholds_v) = receiver.thresholds_v.as_ref().filter(|_| !receiver.is_settled()) {
            // Those of an analysis belong to its taps and go with them; given ones would be ignored.
            let requirement = "None with adapt, which decides midway between the levels";
            return Err(Error::parameter("receiver.thresholds_v", format!("{thresholds_v:?}"), requirement));
        }
        let find = |receiver: &Receiver| run.install(|| receiver::equalize(&self.link, receiver, run));
        let found = find(receiver)?;
        // What the FFE sees, at the same instants.
        let bare = Receiver {
            ffe: None,
            dfe: None,
            mlsd: MlsdSetting::default(),
            thresholds_v: None,
            ..found.resolved.clone()
        };
        let input = find(&bare)?.model;
        let resolved = Receiver { thresholds_v: None, ..found.resolved };
        let equalizer = AdaptiveEqualizer::new(adaptation, &found.equalizer, &resolved, &input)?;
        Ok((equalizer, input))
    }
}
