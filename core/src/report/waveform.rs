//! The waveform of a prepared lane, simulated.

use crate::engine::time_domain::{
    Adapted, Simulation, WaveformCounts, simulate_waveform, simulate_waveform_adaptive,
    simulate_waveform_sequence,
};
use crate::error::Result;
use crate::lane::PreparedLane;
use crate::receiver::{self, Adaptation, Receiver, SequenceDetector};
use crate::response::WaveformModel;
use crate::run::Run;

impl PreparedLane {
    /// Counts errors on the waveform at `samples_per_symbol` (`None`: the lane's own), with the equalizer, phase and
    /// thresholds that [`PreparedLane::analyze`] finds for the lane without what only this mode has: clock recovery and the
    /// jitter that it may track, a frequency of the transmitter's own, more jitter than the other modes take, mismatch of
    /// sub-converters. A sequence is detected by the detector of that analysis.
    ///
    /// # Errors
    /// Those of [`PreparedLane::analyze`], [`receiver::waveform`] and [`simulate_waveform`].
    pub fn simulate_waveform(
        &self,
        samples_per_symbol: Option<usize>,
        simulation: &Simulation,
    ) -> Result<WaveformCounts> {
        let (model, resolved, detector) = self.waveform(samples_per_symbol, &simulation.run)?;
        match &detector {
            None => simulate_waveform(&model, &resolved, simulation),
            Some(detector) => simulate_waveform_sequence(&model, &resolved, detector, simulation),
        }
    }

    /// The same while FFE and DFE adapt, from the taps that the analysis finds or from a wire.
    ///
    /// # Errors
    /// As [`PreparedLane::simulate_waveform`] and [`PreparedLane::simulate_adaptive`].
    pub fn simulate_waveform_adaptive(
        &self,
        samples_per_symbol: Option<usize>,
        adaptation: &Adaptation,
        simulation: &Simulation,
    ) -> Result<WaveformCounts> {
        let (equalizer, _) = self.without_waveform_only().adaptive_equalizer(adaptation, &simulation.run)?;
        let (model, resolved, _) = self.waveform(samples_per_symbol, &simulation.run)?;
        let mut found = simulate_waveform_adaptive(&model, &resolved, &equalizer, adaptation, simulation)?;
        found.adapted = found.adapted.map(|a| Adapted { receiver: self.with_waveform_only(a.receiver), ..a });
        Ok(found)
    }

    /// The waveform that [`PreparedLane::simulate_waveform`] runs on, its receiver, and the sequence detector if there is one.
    ///
    /// # Errors
    /// Those of [`PreparedLane::analyze`] and [`receiver::waveform`].
    pub fn waveform(
        &self,
        samples_per_symbol: Option<usize>,
        run: &Run,
    ) -> Result<(WaveformModel, Receiver, Option<SequenceDetector>)> {
        let found = run.install(|| self.without_waveform_only().detected(run))?;
        let resolved = self.with_waveform_only(found.equalized.resolved);
        let samples = samples_per_symbol.unwrap_or(self.link.grid.samples_per_symbol());
        let thresholds_v = found.statistics.thresholds_v();
        let model = receiver::waveform(&self.link, &resolved, thresholds_v, samples, run)?;
        Ok((model, resolved, found.detector))
    }

    /// A receiver found without what only a waveform has, with it.
    fn with_waveform_only(&self, found: Receiver) -> Receiver {
        let Receiver { adc, clock_recovery, .. } = self.lane.receiver.clone();
        Receiver { adc, clock_recovery, ..found }
    }

    /// The lane that engines with one value a symbol can analyse.
    fn without_waveform_only(&self) -> Self {
        let mut plain = self.clone();
        plain.lane.receiver = self.lane.receiver.without_waveform_only();
        let rate = self.link.grid.symbol_rate();
        let tracked = self.lane.receiver.clock_recovery.is_some();
        plain.link.jitter = self.link.jitter.as_ref().map(|jitter| {
            let jitter = jitter.without_drift();
            if tracked || jitter.check_series(rate).is_err() { jitter.without_series() } else { jitter }
        });
        plain
    }
}
