//! Lanes with retimers: the figures of their segments together.
//!
//! ```text
//! BER = Σ BER_i    SER = Σ SER_i                  to first order: each at most what guessing gives
//! margin: the factor on all Gaussian noise of all segments at which Σ BER_i is the limit
//! code: independent two-state error processes, one a segment; a symbol is wrong where any of them is
//! ```
//!
//! A symbol that is wrong in two segments is counted twice, which is too much by about BER_i BER_j. The time domain knows
//! better (`relay.rs`).

use crate::engine::statistical::{Prepared, joint_margin_db};
use crate::error::Result;
use crate::fec::ErrorProcess;
use crate::lane::{Lane, PreparedSegments, assumptions};
use crate::medium::optics::Stage;
use crate::report::LaneReport;
use crate::report::analyze::closed_eye;
use crate::run::Run;

/// A segment analysed.
#[derive(Debug)]
pub(crate) struct Analysis {
    pub(crate) report: LaneReport,
    pub(crate) statistics: Prepared,
}

impl PreparedSegments {
    /// Equalizes every segment, finds the error ratios and applies the code from end to end.
    ///
    /// # Errors
    /// Those of the receiver's adaptation and of the engine; [`crate::Error::Parameter`] for more than 0.05 UI of even-odd
    /// jitter before a sequence detector; [`crate::Error::Interrupted`]. Names of a lane with retimers stand below
    /// `segments.N`.
    pub fn analyze(&self, run: &Run) -> Result<LaneReport> {
        join(&self.lane, &self.analyses(run)?, run)
    }

    /// Every segment analysed.
    pub(crate) fn analyses(&self, run: &Run) -> Result<Vec<Analysis>> {
        (0..self.segments.len()).map(|i| self.analysis(i, run)).collect()
    }

    /// Segment `i` analysed.
    pub(crate) fn analysis(&self, i: usize, run: &Run) -> Result<Analysis> {
        let found = self.segments[i].analysis(run);
        if self.segments.len() == 1 { found } else { found.map_err(|e| e.within(&format!("segments.{i}"))) }
    }
}

/// The report of a lane from those of its segments.
///
/// # Errors
/// Those of the margin and of the code.
pub(crate) fn join(lane: &Lane, analyses: &[Analysis], run: &Run) -> Result<LaneReport> {
    if let [only] = analyses {
        return Ok(only.report.clone());
    }
    let reports = || analyses.iter().map(|a| &a.report);
    // The first of equals, so that the choice does not depend on rounding beyond it.
    let worst =
        (0..analyses.len()).rev().max_by(|a, b| analyses[*a].report.ber.total_cmp(&analyses[*b].report.ber));
    let worst = worst.unwrap_or(0);
    let sum = |of: &dyn Fn(&LaneReport) -> f64, most: f64| reports().map(of).sum::<f64>().min(most);
    let guessed = 1.0 - 1.0 / lane.modulation.n_levels() as f64;
    let ser = sum(&|r| r.ser, guessed);
    let ber_limit = lane.resolved_ber_limit()?;
    let statistics: Vec<&Prepared> = analyses.iter().map(|a| &a.statistics).collect();
    let margin = joint_margin_db(&statistics, ber_limit, run)?;
    let processes: Vec<ErrorProcess> =
        reports().map(|r| ErrorProcess { ber: r.ber, burst_continuation: r.burst_continuation }).collect();
    let of_slicer = &analyses[worst].report;
    let bursts = reports().map(|r| r.ser * r.burst_continuation).sum::<f64>();
    let wrong = reports().map(|r| r.ser).sum::<f64>();
    let receivers: Vec<_> = reports().map(|r| r.lane.receiver.clone()).collect();
    Ok(LaneReport {
        lane: lane.with_receivers(&receivers),
        ser,
        ber: sum(&|r| r.ber, 0.5),
        ber_kind: if reports().any(|r| r.ber_kind == "bound") { "bound" } else { "model" },
        ber_ideal_feedback: sum(&|r| r.ber_ideal_feedback, 0.5),
        burst_continuation: if wrong > 0.0 { bursts / wrong } else { of_slicer.burst_continuation },
        margin_db: margin.margin_db,
        ber_limit,
        after_fec: lane.after_fec(&processes)?,
        nonlinear_residual: reports().filter_map(|r| r.nonlinear_residual).reduce(f64::max),
        electrical_loss_db: reports().map(|r| r.electrical_loss_db).fold(f64::NEG_INFINITY, f64::max),
        stages: stages(analyses),
        warnings: warnings(analyses, margin.fails_without_noise.then_some(ber_limit)),
        assumptions: assumptions(lane)?,
        segments: reports().cloned().collect(),
        worst_segment: Some(worst),
        ..of_slicer.clone()
    })
}

/// Stages of all optical sections; their segment before the name where there are several.
fn stages(analyses: &[Analysis]) -> Vec<Stage> {
    let optical = || analyses.iter().enumerate().filter(|(_, a)| !a.report.stages.is_empty());
    let several = optical().count() > 1;
    let of_segment = |(i, a): (usize, &Analysis)| {
        let named = move |s: &Stage| Stage {
            name: if several { format!("segments.{i} {}", s.name) } else { s.name.clone() },
            ..s.clone()
        };
        a.report.stages.iter().map(named).collect::<Vec<_>>()
    };
    optical().flat_map(of_segment).collect()
}

/// Warnings of all segments, each with its segment, and that no noise could be blamed for missing the limit `closed`.
fn warnings(analyses: &[Analysis], closed: Option<f64>) -> Vec<String> {
    let of_segment = |(i, a): (usize, &Analysis)| {
        a.report.warnings.iter().map(move |w| format!("segments.{i}: {w}")).collect::<Vec<_>>()
    };
    analyses.iter().enumerate().flat_map(of_segment).chain(closed.map(closed_eye)).collect()
}
