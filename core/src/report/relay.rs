//! Lanes with retimers in the time domain: wrong decisions are sent on, so that they disturb the next segment and may be
//! undone there.

use crate::engine::time_domain::{
    HopModel, RareCounts, RareRatio, RareSimulation, RelayCounts, Simulation, WaveformCounts, WaveformHop,
    simulate_rare, simulate_relay, simulate_waveform_relay,
};
use crate::error::{Error, Result};
use crate::lane::{PreparedLane, PreparedSegments};
use crate::random::hop_seed;
use crate::report::LaneReport;

/// What a waveform run of a lane found.
#[derive(Debug, Clone, PartialEq)]
pub struct LaneWaveform {
    /// Errors of the last decisions against the symbols sent first. With retimers its eye, clock and converter are those of
    /// the segment with most bit errors, and errors of decision feedback beside a sequence are left to the segments.
    pub lane: WaveformCounts,
    /// Each segment, its errors against what it was sent; empty without retimers.
    pub segments: Vec<WaveformCounts>,
}

impl PreparedSegments {
    /// Counts errors on the waveform of every segment, each sending what the one before it decided; see
    /// [`PreparedLane::simulate_waveform`](crate::lane::PreparedLane::simulate_waveform).
    ///
    /// # Errors
    /// Those of that function for any segment.
    pub fn simulate_waveform(
        &self,
        samples_per_symbol: Option<usize>,
        simulation: &Simulation,
    ) -> Result<LaneWaveform> {
        if let [only] = &self.segments[..] {
            let lane = only.simulate_waveform(samples_per_symbol, simulation)?;
            return Ok(LaneWaveform { lane, segments: Vec::new() });
        }
        let waveform = |(i, segment): (usize, &PreparedLane)| {
            let found = segment.waveform(samples_per_symbol, &simulation.run);
            found.map_err(|e| e.within(&format!("segments.{i}")))
        };
        let found = self.segments.iter().enumerate().map(waveform).collect::<Result<Vec<_>>>()?;
        let hops: Vec<WaveformHop<'_>> = found
            .iter()
            .map(|(model, receiver, detector)| WaveformHop { model, receiver, detector: detector.as_ref() })
            .collect();
        let (relay, mut segments) = simulate_waveform_relay(&hops, simulation)?;
        for (segment, counts) in segments.iter_mut().zip(relay.hops) {
            (segment.counts, segment.dfe) = (counts, None);
        }
        // The first of equals.
        let most = segments.iter().rev().max_by_key(|s| s.counts.n_bit_errors).cloned();
        let lane = most.map(|most| WaveformCounts { counts: relay.counts, ..most });
        let lane = lane.ok_or_else(|| Error::parameter("segments", 0, "at least one"))?;
        Ok(LaneWaveform { lane, segments })
    }
}

impl LaneReport {
    /// Counts errors at one value a symbol, every segment sending what the one before it decided, thresholds as found.
    ///
    /// # Errors
    /// Those of [`simulate_relay`].
    ///
    /// ```
    /// use lightlane::Run;
    /// use lightlane::engine::time_domain::Simulation;
    /// use lightlane::lane::{Block, Lane, Networks, PreparedSegments, Retimer};
    /// use lightlane::receiver::Receiver;
    /// // Two ideal segments in white noise.
    /// let receiver = Receiver { noise_v2_per_hz: 2e-13, ..Receiver::default() };
    /// let retimer = Retimer { receiver: receiver.clone(), transmitter: Default::default(), name: None };
    /// let lane = Lane { medium: vec![Block::Retimer(Box::new(retimer))], receiver, ..Lane::default() };
    /// let prepared = PreparedSegments::new(&lane, &mut Networks::default(), ".".as_ref(), &Run::default())?;
    /// let report = prepared.analyze(&Run::default())?;
    /// assert!((report.ber / (2.0 * report.segments[0].ber) - 1.0).abs() < 1e-12);
    /// let counted = report.simulate(&Simulation { n_symbols: 100_000, ..Simulation::default() })?;
    /// assert!(counted.counts.agrees_with(report.ber, 0.9999, 0.02)?);
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    pub fn simulate(&self, simulation: &Simulation) -> Result<RelayCounts> {
        let parts = if self.segments.is_empty() { std::slice::from_ref(self) } else { &self.segments };
        let hops: Vec<HopModel<'_>> = parts
            .iter()
            .map(|r| HopModel { model: &r.model, detector: r.detection.as_ref().map(|d| &d.detector) })
            .collect();
        simulate_relay(&hops, simulation)
    }

    /// Estimates error ratios by weighted draws: the sums of those of the segments, each with draws of its own.
    ///
    /// # Errors
    /// Those of [`simulate_rare`].
    pub fn simulate_rare(&self, simulation: &RareSimulation) -> Result<RareCounts> {
        let parts = if self.segments.is_empty() { std::slice::from_ref(self) } else { &self.segments };
        let of_segment = |(i, report): (usize, &Self)| {
            let of_part = RareSimulation {
                seed: hop_seed(simulation.seed, i as u32),
                run: simulation.run.part(i as u64, parts.len() as u64),
                ..*simulation
            };
            simulate_rare(&report.model, &of_part)
        };
        let mut found = parts.iter().enumerate().map(of_segment).collect::<Result<Vec<_>>>()?.into_iter();
        let Some(first) = found.next() else {
            return Err(Error::parameter("segments", 0, "at least one"));
        };
        Ok(found.fold(first, |sum, next| RareCounts {
            ser: added(sum.ser, next.ser),
            ber: added(sum.ber, next.ber),
            n_draws: sum.n_draws + next.n_draws,
            n_symbols: sum.n_symbols + next.n_symbols,
            n_errors: sum.n_errors + next.n_errors,
            simd_level: sum.simd_level,
        }))
    }
}

/// Sum of two independent estimates.
fn added(a: RareRatio, b: RareRatio) -> RareRatio {
    let deviation = |r: RareRatio| if r.ratio > 0.0 { r.ratio * r.relative_error } else { 0.0 };
    let ratio = a.ratio + b.ratio;
    let relative_error = if ratio > 0.0 { deviation(a).hypot(deviation(b)) / ratio } else { f64::INFINITY };
    RareRatio { ratio, relative_error }
}
