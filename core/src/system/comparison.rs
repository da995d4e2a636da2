//! Lanes side by side: the same SerDes on every medium, and every medium at its cheapest equalizer that passes.

use crate::error::{Error, Result};
use crate::lane::{Block, Lane, Networks, PreparedLane};
use crate::ledger::Corner;
use crate::medium::optics::Modulator;
use crate::receiver::{Dfe, Ffe, MlsdSetting};
use crate::report::LaneReport;
use crate::run::Run;
use crate::system::{
    ElectricalSegment, EqualizerTaps, LaneLedgerInput, Ledger, ModulatorKind, ModuleKind, OpticsInput,
    lane_ledger,
};
use std::f64::consts::TAU;
use std::path::Path;

/// One lane of a comparison.
#[derive(Debug, Clone)]
pub struct ComparedLane {
    /// Its label.
    pub label: String,
    /// The lane as composed.
    pub prepared: PreparedLane,
    /// Its analysis.
    pub report: LaneReport,
    /// Energy per bit and latency.
    pub ledger: Ledger,
    /// Size of its equalizer.
    pub equalizer: EqualizerTaps,
}

/// Two tables over the same lanes.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Every lane with the transmitter and receiver of the first.
    pub same_serdes: Vec<ComparedLane>,
    /// Every lane with the cheapest equalizer of the ladder that reaches a margin of 0 dB, the lane's own where none does.
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
        let prepared = PreparedLane::new(&same, networks, base, run).map_err(|e| e.within(label))?;
        comparison.same_serdes.push(compared(label, &prepared, run)?);
        let own = if same == *lane {
            prepared
        } else {
            PreparedLane::new(lane, networks, base, run).map_err(|e| e.within(label))?
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
fn cheapest(label: &str, mut prepared: PreparedLane, run: &Run) -> Result<ComparedLane> {
    let receiver = prepared.lane.receiver.clone();
    let (ffe, dfe) = (receiver.ffe.clone().unwrap_or_default(), receiver.dfe.clone().unwrap_or_default());
    for (pre, post, floating_groups, dfe_taps) in LADDER {
        prepared.lane.receiver.ffe =
            (pre + post > 0).then(|| Ffe { pre, post, floating_groups, taps: None, ..ffe.clone() });
        prepared.lane.receiver.dfe =
            (dfe_taps > 0).then(|| Dfe { taps: dfe_taps, values: None, ..dfe.clone() });
        // A trellis is made of the feedback's response.
        let detects = dfe_taps > 0;
        prepared.lane.receiver.mlsd = if detects { receiver.mlsd.clone() } else { MlsdSetting::default() };
        let lane = compared(label, &prepared, run)?;
        if lane.report.margin_db >= 0.0 {
            return Ok(lane);
        }
    }
    prepared.lane.receiver = receiver;
    compared(label, &prepared, run)
}

fn compared(label: &str, prepared: &PreparedLane, run: &Run) -> Result<ComparedLane> {
    let report = prepared.analyze(run).map_err(|e| e.within(label))?;
    let equalizer = equalizer_taps(&report);
    let ledger = ledger_of(prepared, &report)?;
    Ok(ComparedLane { label: label.into(), prepared: prepared.clone(), report, ledger, equalizer })
}

/// Taps that an equalizer pays for: those that are not exactly 0 in place.
fn equalizer_taps(report: &LaneReport) -> EqualizerTaps {
    let ffe_taps = report.equalizer.ffe.iter().filter(|t| **t != 0.0).count();
    EqualizerTaps { ffe_taps, dfe_taps: report.equalizer.dfe.len(), mlsd: report.detection.is_some() }
}

/// Energy per bit and latency of an analysed lane: the parts that it simulates.
///
/// # Errors
/// Those of [`lane_ledger`].
pub fn ledger_of(prepared: &PreparedLane, report: &LaneReport) -> Result<Ledger> {
    let lane = &prepared.lane;
    let mut segments = Vec::new();
    for (name, response) in [("host_path", Some(&prepared.host)), ("line_side_path", prepared.after.as_ref())]
    {
        let Some(response) = response else { continue };
        // The transmitter's edge is delayed to be causal; that delay is no part of the path.
        let edge = if name == "host_path" { 3.0 * lane.transmitter.transition_s.unwrap_or(0.0) } else { 0.0 };
        segments.push(ElectricalSegment::Delay {
            name: name.into(),
            delay_s: (group_delay_s(response) - edge).max(0.0),
        });
    }
    let optics = lane.medium.iter().find_map(|b| match b {
        Block::Optics(o) => Some(OpticsInput {
            fiber_length_m: o.fiber_length_m(),
            // An electro-absorption modulator is charged as a Mach–Zehnder: drivers of the same swing.
            modulator: match o.modulator {
                Modulator::RingModulator(_) => ModulatorKind::Ring,
                Modulator::MachZehnder(_) | Modulator::Eam(_) => ModulatorKind::MachZehnder,
            },
            module: ModuleKind::Engine,
            laser_power_w: Some(o.laser.power_w / o.laser.lanes_per_laser as f64),
        }),
        _ => None,
    });
    lane_ledger(&LaneLedgerInput {
        line_rate_bps: lane.line_rate_bps(),
        fec: lane.fec,
        interleave: lane.interleave,
        host_loss_db: report.electrical_loss_db.max(0.0),
        segments,
        equalizer: Some(equalizer_taps(report)),
        retimers: 0,
        optics,
    })
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
