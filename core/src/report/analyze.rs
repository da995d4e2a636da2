//! The analysis of a prepared lane: equalize, statistics, code.

use crate::engine::statistical;
use crate::error::{Error, Result};
use crate::fec::{self, ErrorProcess, Figures};
use crate::lane::{Lane, PreparedLane, assumptions};
use crate::receiver::{self, Equalized, SequenceDetector};
use crate::report::{Analysis, Detection, LaneReport, electrical_loss_db, level_noise_v, levels_v};
use crate::response::{PulseResponse, SlicerSignal};
use crate::run::Run;

/// Above this share of the half-eye an unexplained remainder is reported.
const RESIDUAL_WARNING: f64 = 0.05;
/// Share of a plotted pulse's energy that its trimmed window may leave out.
const PLOT_SHARE: f64 = 1e-7;
/// Most even-odd jitter for which the union of a detector's events is known to be near the count.
const MLSD_DCD_UI: f64 = 0.05;

impl PreparedLane {
    /// Equalizes, finds the error ratios and applies the code.
    ///
    /// # Errors
    /// As [`PreparedSegments::analyze`](crate::lane::PreparedSegments::analyze) for one segment.
    pub fn analyze(&self, run: &Run) -> Result<LaneReport> {
        Ok(self.analysis(run)?.report)
    }

    /// The same with the densities that it rests on.
    ///
    /// # Errors
    /// Those of the receiver's adaptation and of the engine; [`Error::Parameter`] for more than 0.05 UI of even-odd jitter
    /// before a sequence detector; [`Error::Interrupted`].
    pub(crate) fn analysis(&self, run: &Run) -> Result<Analysis> {
        let Detected { equalized, detector, statistics } = self.detected(run)?;
        let ratios = statistics.ratios(1.0);
        run.check()?;
        let detection = detector.map(|detector| {
            let feedback = statistics.feedback_ratios(1.0);
            let gain_db = statistics.detection_gain_db().unwrap_or(f64::NAN);
            Detection { detector, gain_db, dfe_ser: feedback.ser, dfe_ber: feedback.ber }
        });
        let ber_limit = self.lane.resolved_ber_limit()?;
        let margin = statistics.margin_db(ber_limit, run)?;
        let mut warnings = self.warnings.clone();
        if margin.fails_without_noise {
            warnings.push(closed_eye(ber_limit));
        }
        let nonlinear_residual = match &equalized.model.signal {
            SlicerSignal::Linear { .. } => self.optical.as_ref().and_then(|o| o.linear_residual),
            SlicerSignal::Table { residual_ratio, .. } => Some(*residual_ratio),
        };
        if let Some(residual) = nonlinear_residual.filter(|r| *r > RESIDUAL_WARNING) {
            let percent = 100.0 * residual;
            warnings.push(match &equalized.model.signal {
                SlicerSignal::Linear { .. } => format!("the linear form leaves {percent:.1} % of the half-eye before equalization unexplained: the record form has it"),
                SlicerSignal::Table { .. } => format!("the table of the slicer leaves {percent:.1} % of the half-eye unexplained; its histogram is convolved"),
            });
        }
        if let Some(share) = equalized.clipped_share {
            warnings.push(format!("receiver.adc: about {share:.1e} of the samples clip, which only simulate(mode=\"waveform\") has"));
        }
        let end_hz = self.host.grid().freq_hz(self.host.h().len() - 1);
        let nyquist_hz = self.link.grid.symbol_rate().nyquist_hz();
        if self.host.beyond() == 0.0 && end_hz < nyquist_hz {
            warnings.push(format!(
                "the electrical loss is stated at {:.2} GHz, where the channel ends below the Nyquist frequency",
                end_hz / 1e9
            ));
        }
        let mut model = equalized.model.clone();
        model.thresholds_v = Some(ratios.thresholds_v.clone());
        let amplitude = self.link.levels.last().copied().unwrap_or(1.0);
        let trimmed = |pulse: &PulseResponse| pulse.trimmed("pulse response", PLOT_SHARE, 1.0);
        let processes = [ErrorProcess { ber: ratios.ber, burst_continuation: ratios.continue_probability }];
        let report = LaneReport {
            lane: Lane { receiver: equalized.resolved.clone(), ..self.lane.clone() },
            ser: ratios.ser,
            ber: ratios.ber,
            ber_kind: if detection.is_some() { "bound" } else { "model" },
            ber_ideal_feedback: ratios.genie_ber,
            burst_continuation: ratios.continue_probability,
            snr_db: equalized.equalizer.snr_db,
            margin_db: margin.margin_db,
            ber_limit,
            after_fec: self.lane.after_fec(&processes)?,
            levels_v: levels_v(&equalized.model),
            level_noise_v: level_noise_v(&equalized.model),
            thresholds_v: ratios.thresholds_v,
            nonlinear_residual,
            noise_budget: equalized.budget_v,
            channel: self.channel.clone(),
            pulse: trimmed(&equalized.unequalized)?.scaled(amplitude),
            equalized_pulse: trimmed(&equalized.equalized)?.scaled(amplitude),
            equalizer: equalized.equalizer,
            detection,
            model,
            electrical_loss_db: electrical_loss_db(self),
            stages: self.optical.as_ref().map(|o| o.stages.clone()).unwrap_or_default(),
            warnings,
            assumptions: assumptions(&self.lane)?,
            segments: Vec::new(),
            worst_segment: None,
        };
        Ok(Analysis { report, statistics })
    }
}

/// What a margin without an end says.
pub(super) fn closed_eye(ber_limit: f64) -> String {
    format!(
        "the error ratio stays above {ber_limit:.2e} without any noise: interference alone closes the eye"
    )
}

/// A lane with its receiver settled and its densities computed.
pub(super) struct Detected {
    pub(super) equalized: Equalized,
    pub(super) detector: Option<SequenceDetector>,
    pub(super) statistics: statistical::Prepared,
}

impl PreparedLane {
    /// Equalizes and computes the densities.
    pub(super) fn detected(&self, run: &Run) -> Result<Detected> {
        let equalized = receiver::equalize(&self.link, &self.lane.receiver, run)?;
        let detector = self.lane.receiver.mlsd.config();
        let dcd_ui = equalized.model.jitter.as_ref().map_or(0.0, |j| j.dcd_ui);
        if detector.is_some() && dcd_ui > MLSD_DCD_UI {
            // Counts were 0.4 to 1.4 of the bound at 0.05 UI and up to 2.7 at 0.15 UI, where jitter rules the noise.
            let requirement = format!("at most {MLSD_DCD_UI} where receiver.mlsd detects sequences");
            return Err(Error::parameter("transmitter.jitter.dcd_ui", dcd_ui, requirement));
        }
        let detector = detector.map(|m| SequenceDetector::new(&equalized.model, &m)).transpose()?;
        let statistics = match &detector {
            None => statistical::Prepared::new(&equalized.model, run)?,
            Some(detector) => statistical::Prepared::with_detector(&equalized.model, detector, run)?,
        };
        Ok(Detected { equalized, detector, statistics })
    }
}

impl Lane {
    /// What the lane's code makes of the errors of its segments. Errors without decision feedback are independent; with
    /// it they come in bursts of the given continuation. Segments err independently of each other.
    ///
    /// # Errors
    /// Those of the code's figures.
    pub fn after_fec(&self, segments: &[ErrorProcess]) -> Result<Figures> {
        let Some(code) = self.fec.code() else {
            let ber = segments.iter().map(|s| s.ber).sum::<f64>().min(0.5);
            return Ok(Figures { codeword_error_ratio: f64::NAN, ber, frame_loss_ratio: f64::NAN });
        };
        fec::figures_of_segments(self.modulation, segments, code, self.interleave, self.precoding)
    }
}
