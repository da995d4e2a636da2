//! The eye of an analysed lane: its equalizer frozen, the sampling instant moved over one symbol.

use crate::engine::statistical::Eye;
use crate::error::Result;
use crate::lane::PreparedLane;
use crate::receiver::{self, Receiver, Sampling};
use crate::report::LaneReport;
use crate::run::Run;

/// Phases over one symbol: one a sample of the lane's grid.
fn offsets_ui(samples_per_symbol: usize) -> Vec<f64> {
    let half = samples_per_symbol as isize / 2;
    (-half..=half).map(|i| i as f64 / samples_per_symbol as f64).collect()
}

impl PreparedLane {
    /// The statistical eye around the sampling instant of `report`, equalizer held.
    ///
    /// # Errors
    /// Those of the receiver and of the engine; [`crate::Error::Interrupted`].
    pub fn eye(&self, report: &LaneReport, run: &Run) -> Result<Eye> {
        let at = report.equalizer.sampling_offset_ui;
        let offsets_ui = offsets_ui(self.link.grid.samples_per_symbol());
        let mut models = Vec::with_capacity(offsets_ui.len());
        for offset in &offsets_ui {
            run.check()?;
            let receiver =
                Receiver { sampling: Sampling::PhaseUi(at + offset), ..report.lane.receiver.clone() };
            models.push(receiver::equalize(&self.link, &receiver, run)?.model);
        }
        Eye::from_models(&models, &offsets_ui, run)
    }
}
