//! Lanes side by side: the same SerDes on every medium, and every medium at its cheapest equalizer that passes.

use crate::error::{Error, Result};
use crate::lane::{Block, Lane, Networks, PreparedLane, PreparedSegments};
use crate::ledger::Corner;
use crate::medium::optics::Modulator;
use crate::receiver::{Dfe, Ffe, MlsdSetting, Receiver};
use crate::report::{LaneReport, join};
use crate::run::Run;
use crate::system::{
    ElectricalSegment, EqualizerTaps, LaneLedgerInput, Ledger, ModulatorKind, OpticsInput, lane_ledger,
};
use std::f64::consts::TAU;
use std::path::Path;

/// One lane of a comparison.
#[derive(Debug, Clone)]
pub struct ComparedLane {
    /// Its label.
    pub label: String,
    /// The lane as composed.
    pub prepared: PreparedSegments,
    /// Its analysis.
    pub report: LaneReport,
    /// Energy per bit and latency.
    pub ledger: Ledger,
    /// What that is folded from.
    pub ledger_input: LaneLedgerInput,
}

/// Two tables over the same lanes.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Every lane with the transmitter and receiver of the first; retimers keep their own.
    pub same_serdes: Vec<ComparedLane>,
    /// Every lane with the cheapest equalizer of the ladder that reaches a margin of 0 dB, the lane's own where none does;
    /// retimers keep theirs.
    pub equal_margin: Vec<ComparedLane>,
    /// What a reader of the tables must know.
    pub warnings: Vec<String>,
}

/// Equalizers from cheap to dear: precursor, postcursor and floating taps of the FFE, taps of the DFE.
const LADDER: [(usize, usize, usize, usize); 6] =
    [(0, 0, 0, 0), (1, 2, 0, 0), (3, 4, 0, 0), (4, 8, 0, 1), (6, 8, 0, 1), (6, 8, 2, 1)];

/// Analyses lanes side by side.
///
/// # Errors
/// [`Error::Parameter`] for fewer than two lanes or a label used twice; those of each lane.
pub fn compare(
    lanes: &[(String, Lane)],
    networks: &mut Networks,
    base: &Path,
    run: &Run,
) -> Result<Comparison> {
    let [(_, first), rest @ ..] = lanes else {
        return Err(Error::parameter("lanes", 0, "at least two lanes"));
    };
    if rest.is_empty() {
        return Err(Error::parameter("lanes", 1, "at least two lanes"));
    }
    let mut comparison =
        Comparison { same_serdes: Vec::new(), equal_margin: Vec::new(), warnings: corner_warning(lanes) };
    // A frozen receiver belongs to its own medium; on the others the same stages adapt anew.
    let elsewhere = first.receiver.adaptive();
    if elsewhere != first.receiver {
        comparison.warnings.push(format!(
            "{}: its receiver is frozen; on the other media its taps, phase and thresholds adapt anew",
            lanes[0].0
        ));
    }
    for (i, (label, lane)) in lanes.iter().enumerate() {
        if lanes[..i].iter().any(|(other, _)| other == label) {
            return Err(Error::parameter("label", label, "unique among the lanes"));
        }
        let receiver = if i == 0 { &first.receiver } else { &elsewhere };
        let same =
            Lane { transmitter: first.transmitter.clone(), receiver: receiver.clone(), ..lane.clone() };
        let prepared = PreparedSegments::new(&same, networks, base, run).map_err(|e| e.within(label))?;
        comparison.same_serdes.push(compared(label, &prepared, run)?);
        let own = if same == *lane {
            prepared
        } else {
            PreparedSegments::new(lane, networks, base, run).map_err(|e| e.within(label))?
        };
        comparison.equal_margin.push(cheapest(label, own, run)?);
    }
    Ok(comparison)
}

fn corner_warning(lanes: &[(String, Lane)]) -> Vec<String> {
    let of = |corner: Corner| {
        lanes
            .iter()
            .filter(|(_, l)| l.corner == Some(corner))
            .map(|(label, _)| label.as_str())
            .collect::<Vec<_>>()
    };
    let (limit, typical) = (of(Corner::Limit), of(Corner::Typical));
    if limit.is_empty() || typical.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "different corners: {} at the limit of a specification, {} typical",
        limit.join(", "),
        typical.join(", ")
    )]
}

/// The first equalizer of the ladder that passes; they are ordered by energy.
fn cheapest(label: &str, mut prepared: PreparedSegments, run: &Run) -> Result<ComparedLane> {
    let receiver = prepared.lane.receiver.clone();
    let (ffe, dfe) = (receiver.ffe.clone().unwrap_or_default(), receiver.dfe.clone().unwrap_or_default());
    let of_ladder = |(pre, post, floating_groups, dfe_taps): (usize, usize, usize, usize)| {
        let mut rung = receiver.clone();
        rung.ffe = (pre + post > 0).then(|| Ffe { pre, post, floating_groups, taps: None, ..ffe.clone() });
        rung.dfe = (dfe_taps > 0).then(|| Dfe { taps: dfe_taps, values: None, ..dfe.clone() });
        // A trellis is made of the feedback's response.
        rung.mlsd = if dfe_taps > 0 { receiver.mlsd.clone() } else { MlsdSetting::default() };
        rung
    };
    let within = |e: Error| e.within(label);
    // What stands before the last retimer is the same on every rung.
    let last = prepared.segments.len() - 1;
    let mut analyses =
        (0..last).map(|i| prepared.analysis(i, run)).collect::<Result<Vec<_>>>().map_err(within)?;
    let mut with = |prepared: &mut PreparedSegments, receiver: Receiver| {
        prepared.lane.receiver = receiver.clone();
        prepared.segments[last].lane.receiver = receiver;
        analyses.truncate(last);
        analyses.push(prepared.analysis(last, run).map_err(within)?);
        join(&prepared.lane, &analyses, run).map_err(within)
    };
    for rung in LADDER.map(of_ladder) {
        let report = with(&mut prepared, rung)?;
        if report.margin_db >= 0.0 {
            return row(label, prepared, report);
        }
    }
    let report = with(&mut prepared, receiver)?;
    row(label, prepared, report)
}

fn compared(label: &str, prepared: &PreparedSegments, run: &Run) -> Result<ComparedLane> {
    let report = prepared.analyze(run).map_err(|e| e.within(label))?;
    row(label, prepared.clone(), report)
}

fn row(label: &str, prepared: PreparedSegments, report: LaneReport) -> Result<ComparedLane> {
    let ledger_input = ledger_input(&prepared, &report);
    let ledger = lane_ledger(&ledger_input)?;
    Ok(ComparedLane { label: label.into(), prepared, report, ledger, ledger_input })
}

/// The report of the segment that the host's receiver ends.
fn of_host(report: &LaneReport) -> &LaneReport {
    report.segments.last().unwrap_or(report)
}

/// Taps that the host's equalizer pays for: those that are not exactly 0 in place. Those of retimers are theirs.
///
/// ```
/// use lightlane::{Run, lane::{Networks, PreparedLane, preset}, system::equalizer_taps};
/// use std::path::Path;
/// let run = Run::default();
/// let lane = PreparedLane::new(&preset("cpo-nrz-wdm")?, &mut Networks::default(), Path::new("."), &run)?;
/// let taps = equalizer_taps(&lane.analyze(&run)?);
/// // Main tap, one before, two after; no feedback.
/// assert_eq!((taps.ffe_taps, taps.dfe_taps, taps.mlsd), (4, 0, false));
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn equalizer_taps(report: &LaneReport) -> EqualizerTaps {
    let host = of_host(report);
    let ffe_taps = host.equalizer.ffe.iter().filter(|t| **t != 0.0).count();
    EqualizerTaps { ffe_taps, dfe_taps: host.equalizer.dfe.len(), mlsd: host.detection.is_some() }
}

/// Energy per bit and latency of an analysed lane: the parts that it simulates.
///
/// # Errors
/// Those of [`lane_ledger`].
pub fn ledger_of(prepared: &PreparedSegments, report: &LaneReport) -> Result<Ledger> {
    lane_ledger(&ledger_input(prepared, report))
}

/// What an analysed lane tells its ledger.
fn ledger_input(prepared: &PreparedSegments, report: &LaneReport) -> LaneLedgerInput {
    let lane = &prepared.lane;
    let several = prepared.segments.len() > 1;
    let mut segments = Vec::new();
    for (i, segment) in prepared.segments.iter().enumerate() {
        for (name, delay_s) in paths(segment) {
            let name = if several { format!("segment_{i}_{name}") } else { name.into() };
            segments.push(ElectricalSegment::Delay { name, delay_s });
        }
    }
    LaneLedgerInput {
        line_rate_bps: lane.line_rate_bps(),
        fec: lane.fec,
        interleave: lane.interleave,
        host_loss_db: report.electrical_loss_db.max(0.0),
        segments,
        equalizer: Some(equalizer_taps(report)),
        retimers: lane.retimers().count(),
        optics: optics_input(lane),
    }
}

/// The optical sections of a lane, each of its own kind.
fn optics_input(lane: &Lane) -> Vec<OpticsInput> {
    let section = |block: &Block| {
        let Block::Optics(optics) = block else { return None };
        Some(OpticsInput {
            fiber_length_m: optics.fiber_length_m(),
            // An electro-absorption modulator is charged as a Mach–Zehnder: drivers of the same swing.
            modulator: match optics.modulator {
                Modulator::RingModulator(_) => ModulatorKind::Ring,
                Modulator::MachZehnder(_) | Modulator::Eam(_) => ModulatorKind::MachZehnder,
            },
            module: optics.module,
            laser_power_w: Some(optics.laser.power_w / optics.laser.lanes_per_laser as f64),
        })
    };
    lane.medium.iter().filter_map(section).collect()
}

/// Electrical paths of a segment and their delays, s.
fn paths(segment: &PreparedLane) -> Vec<(&'static str, f64)> {
    // The transmitter's edge is delayed to be causal; that delay is no part of the path.
    let edge = 3.0 * segment.lane.transmitter.transition_s.unwrap_or(0.0);
    let host = ("host_path", (group_delay_s(&segment.host) - edge).max(0.0));
    let after = segment.after.as_ref().map(|a| ("line_side_path", group_delay_s(a).max(0.0)));
    [Some(host), after].into_iter().flatten().collect()
}

/// Mean group delay over the lower half of the Nyquist band, where every path still transmits, s.
fn group_delay_s(response: &crate::response::ChannelResponse) -> f64 {
    let grid = response.grid();
    let last = (0.5 * grid.symbol_rate().nyquist_hz() / grid.step_hz()) as usize;
    let mut phase = 0.0;
    for k in 1..=last.min(response.h().len().saturating_sub(1)) {
        let turn = response.at(k) * response.at(k - 1).conj();
        phase += if turn.norm() > 0.0 { turn.arg() } else { 0.0 };
    }
    let used = last.min(response.h().len().saturating_sub(1));
    if used == 0 { 0.0 } else { -phase / (TAU * grid.step_hz() * used as f64) }
}
