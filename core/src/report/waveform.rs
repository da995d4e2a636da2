//! The waveform of a prepared lane, simulated.

use crate::engine::time_domain::{Simulation, WaveformCounts, simulate_waveform};
use crate::error::Result;
use crate::lane::PreparedLane;
use crate::receiver::{self, Receiver};
use crate::response::Jitter;

impl PreparedLane {
    /// Counts errors on the waveform at `samples_per_symbol` (`None`: the lane's own), with the equalizer, phase and
    /// thresholds that [`PreparedLane::analyze`] finds for the lane without what only this mode has: clock recovery and the
    /// jitter that it may track, more jitter than the other modes take, mismatch of sub-converters.
    ///
    /// # Errors
    /// Those of [`PreparedLane::analyze`], [`receiver::waveform`] and [`simulate_waveform`].
    pub fn simulate_waveform(
        &self,
        samples_per_symbol: Option<usize>,
        simulation: &Simulation,
    ) -> Result<WaveformCounts> {
        let run = &simulation.run;
        let report = run.install(|| self.without_waveform_only().analyze(run))?;
        let resolved = Receiver {
            adc: self.lane.receiver.adc.clone(),
            clock_recovery: self.lane.receiver.clock_recovery.clone(),
            ..report.lane.receiver
        };
        let samples = samples_per_symbol.unwrap_or(self.link.grid.samples_per_symbol());
        let model = receiver::waveform(&self.link, &resolved, &report.thresholds_v, samples, run)?;
        simulate_waveform(&model, &resolved, simulation)
    }

    /// The lane that engines with one value a symbol can analyse.
    fn without_waveform_only(&self) -> Self {
        let mut plain = self.clone();
        plain.lane.receiver = self.lane.receiver.without_waveform_only();
        let rate = self.link.grid.symbol_rate();
        let tracked = self.lane.receiver.clock_recovery.is_some();
        if let Some(jitter) = &mut plain.link.jitter
            && (tracked || jitter.check_series(rate).is_err())
        {
            *jitter = Jitter { sj_ui: 0.0, sj_hz: 0.0, dcd_ui: 0.0, ..jitter.clone() };
        }
        plain
    }
}
