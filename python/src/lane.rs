//! Lanes: analysis, simulation and comparison, for `lightlane._lane`.

use crate::array::{read_only, read_only_shaped};
use crate::error::{Raise, parameter};
use crate::network::PyNetwork;
use crate::run::interruptible;
use crate::simulation::{NativeCounts, codewords_of};
use lightlane::engine::statistical::Eye;
use lightlane::engine::time_domain;
use lightlane::lane::{self, Lane, Networks, PreparedLane, PreparedSegments, registry};
use lightlane::report::LaneReport;
use lightlane::response::PulseResponse;
use lightlane::system::{
    self, ComparedLane, Flip, LaneLedgerInput, Ledger, LedgerFigure, Ranged, equalizer_taps, flips, ledger_of,
};
use num_complex::Complex64;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// Probabilities of an eye's contours.
const CONTOURS: [f64; 6] = [1e-3, 1e-6, 1e-9, 1e-12, 1e-15, 1e-18];

pub(crate) fn read_lane(text: &str) -> lightlane::Result<Lane> {
    let value = registry().from_json("Lane", text)?;
    serde_json::from_value(value).map_err(|e| lightlane::Error::parameter("lane", e, "a lane"))
}

pub(crate) fn read_networks(networks: &Bound<'_, PyDict>) -> PyResult<Networks> {
    let mut out = Networks::default();
    for (_, network) in networks.iter() {
        out.insert(network.cast::<PyNetwork>()?.get().core());
    }
    Ok(out)
}

/// A prepared and analysed lane.
#[pyclass(name = "LaneReport", module = "lightlane._native", frozen)]
pub(crate) struct NativeReport {
    prepared: PreparedSegments,
    report: Arc<LaneReport>,
    ledger: Ledger,
    eye: OnceLock<Arc<Eye>>,
    /// With retimers, each segment as a lane of its own.
    segments: Vec<Py<NativeReport>>,
}

/// Sample times, values, samples a symbol and the cursor's index.
type Pulse<'py> = (Array<'py>, Array<'py>, usize, usize);

type Array<'py> = Bound<'py, PyAny>;

#[pymethods]
impl NativeReport {
    /// Every scalar and short list, as JSON.
    fn figures(&self) -> String {
        figures(&self.report, &self.ledger).to_string()
    }

    /// The segments between retimers; none without.
    fn segments(&self, py: Python<'_>) -> Vec<Py<Self>> {
        self.segments.iter().map(|s| s.clone_ref(py)).collect()
    }

    /// Frequencies and transfer function.
    fn channel_response<'py>(&self, py: Python<'py>) -> PyResult<(Array<'py>, Array<'py>)> {
        let channel = &self.report.channel;
        // An ideal connection stores one value; show it up to the symbol rate.
        let rate = channel.grid().symbol_rate().hz();
        let n =
            if channel.beyond() == 0.0 { channel.h().len() } else { channel.grid().freqs_up_to(rate).len() };
        let freq_hz: Vec<f64> = (0..n).map(|k| channel.grid().freq_hz(k)).collect();
        let h: Vec<Complex64> = (0..n).map(|k| channel.at(k)).collect();
        Ok((read_only(py, freq_hz)?, read_only(py, h)?))
    }

    fn pulse_response<'py>(&self, py: Python<'py>) -> PyResult<Pulse<'py>> {
        pulse(py, &self.report.pulse, self.report.equalizer.sampling_ui)
    }

    fn equalized_pulse<'py>(&self, py: Python<'py>) -> PyResult<Pulse<'py>> {
        pulse(py, &self.report.equalized_pulse, self.report.equalizer.sampling_ui)
    }

    /// Phases, voltages, density (voltage, phase), probabilities of the contours and the contours.
    #[allow(clippy::type_complexity, reason = "the five arrays of one result")]
    fn eye<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Array<'py>, Array<'py>, Array<'py>, Array<'py>, Array<'py>)> {
        let eye = self.found_eye(py)?;
        let (n_phases, n_bins) = (eye.offsets_ui.len(), eye.bins());
        let voltage_v: Vec<f64> = eye.edges_v.windows(2).map(|e| 0.5 * (e[0] + e[1])).collect();
        let density: Vec<f64> = (0..n_bins * n_phases)
            .map(|i| eye.density_per_v[(i % n_phases) * n_bins + i / n_phases])
            .collect();
        let openings = self.report.levels_v.len() - 1;
        let mut contours = Vec::with_capacity(CONTOURS.len() * openings * 2 * n_phases);
        for probability in &CONTOURS {
            let contour = eye.contour(*probability).or_raise()?;
            for (low, high) in contour.lower_v.iter().zip(&contour.upper_v) {
                let open = |p: usize, edge: f64| if high[p] > low[p] { edge } else { f64::NAN };
                contours.extend(low.iter().enumerate().map(|(p, v)| open(p, *v)));
                contours.extend(high.iter().enumerate().map(|(p, v)| open(p, *v)));
            }
        }
        Ok((
            read_only(py, eye.offsets_ui.clone())?,
            read_only(py, voltage_v)?,
            read_only_shaped(py, density, [n_bins, n_phases])?,
            read_only(py, CONTOURS.to_vec())?,
            read_only_shaped(py, contours, [CONTOURS.len(), openings, 2, n_phases])?,
        ))
    }

    /// COM, credit of sequence detection, slicer's COM, A_s, A_ni, DER_0 and mean edge ratio.
    fn operating_margin(&self, py: Python<'_>, der: Option<f64>) -> PyResult<[f64; 7]> {
        let report = &self.report;
        let m = interruptible(py, None, None, |run| report.operating_margin(der, run))?;
        let s = m.slicer;
        Ok([m.com_db, m.mlsd_gain_db, s.com_db, s.signal_v, s.noise_v, s.der, s.edge_ratio])
    }

    /// Phases and error ratios; voltages and error ratios of each opening's threshold (opening, voltage).
    fn bathtub<'py>(&self, py: Python<'py>) -> PyResult<(Array<'py>, Array<'py>, Array<'py>, Array<'py>)> {
        let eye = self.found_eye(py)?;
        let ber = eye.bathtub(&self.report.thresholds_v).or_raise()?;
        let centre = eye.offsets_ui.iter().position(|o| *o == 0.0).unwrap_or_default();
        let shares = eye.threshold_bathtub(centre);
        let shape = [shares.len(), eye.edges_v.len()];
        Ok((
            read_only(py, eye.offsets_ui.clone())?,
            read_only(py, ber)?,
            read_only(py, eye.edges_v.clone())?,
            read_only_shaped(py, shares.concat(), shape)?,
        ))
    }

    /// Simulates what the slicers see, thresholds as found, and counts the codewords of the lane's code: the counts, with
    /// sequence detection those of decision feedback, and with retimers those of each segment.
    #[pyo3(signature = (n_symbols, seed, threads, progress, stop_at_bit_errors))]
    fn simulate(
        &self,
        py: Python<'_>,
        n_symbols: u64,
        seed: u64,
        threads: Option<usize>,
        progress: Option<Py<PyAny>>,
        stop_at_bit_errors: Option<u64>,
    ) -> PyResult<(NativeCounts, Option<NativeCounts>, Vec<NativeCounts>)> {
        let (model, codewords) = (&self.report.model, codewords_of(&self.report.lane));
        interruptible(py, threads, progress, |run| {
            let run = run.clone();
            let simulation = time_domain::Simulation { n_symbols, seed, stop_at_bit_errors, codewords, run };
            if !self.segments.is_empty() {
                let found = self.report.simulate(&simulation)?;
                let segments = found.hops.into_iter().map(NativeCounts).collect();
                return Ok((NativeCounts(found.counts), None, segments));
            }
            let Some(detection) = &self.report.detection else {
                return Ok((NativeCounts(time_domain::simulate(model, &simulation)?), None, Vec::new()));
            };
            let found = time_domain::simulate_sequence(model, &detection.detector, &simulation)?;
            Ok((NativeCounts(found.counts), Some(NativeCounts(found.dfe)), Vec::new()))
        })
    }
}

impl NativeReport {
    fn new(py: Python<'_>, prepared: PreparedSegments, report: LaneReport, ledger: Ledger) -> PyResult<Self> {
        let segment = |(of_segment, report): (&PreparedLane, &LaneReport)| {
            let lane = of_segment.lane.clone();
            let alone = PreparedSegments { lane, segments: vec![of_segment.clone()] };
            let ledger = ledger_of(&alone, report).or_raise()?;
            Py::new(py, Self::new(py, alone, report.clone(), ledger)?)
        };
        let segments =
            prepared.segments.iter().zip(&report.segments).map(segment).collect::<PyResult<_>>()?;
        Ok(Self { prepared, report: Arc::new(report), ledger, eye: OnceLock::new(), segments })
    }

    /// Whether a sequence detector stands in the place of the feedback anywhere.
    pub(crate) fn detects_sequences(&self) -> bool {
        self.report.ber_kind == "bound"
    }

    /// The analysis.
    pub(crate) fn report(&self) -> &LaneReport {
        &self.report
    }

    fn found_eye(&self, py: Python<'_>) -> PyResult<Arc<Eye>> {
        if let Some(eye) = self.eye.get() {
            return Ok(Arc::clone(eye));
        }
        if let Some(worst) = self.report.worst_segment.and_then(|worst| self.segments.get(worst)) {
            return worst.get().found_eye(py);
        }
        let (prepared, report) = (&self.prepared.segments[0], &self.report);
        let eye = interruptible(py, None, None, |run| prepared.eye(report, run))?;
        Ok(Arc::clone(self.eye.get_or_init(|| Arc::new(eye))))
    }
}

/// Two tables of analysed lanes.
#[pyclass(name = "Comparison", module = "lightlane._native", frozen)]
pub(crate) struct NativeComparison {
    same_serdes: Table,
    equal_margin: Table,
    warnings: Vec<String>,
}

/// The rows of a table, and what the ledgers of the rows are folded from.
struct Table {
    reports: Vec<Py<NativeReport>>,
    ledgers: Vec<LaneLedgerInput>,
}

/// Name and unit of an entry, the row that has it alone, the value at which two rows are equal, the row that wins beyond.
type FlipRow = (String, String, Option<usize>, f64, usize);

#[pymethods]
impl NativeComparison {
    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }

    /// The reports of the rows of a table.
    fn reports(&self, py: Python<'_>, table: &str) -> Vec<Py<NativeReport>> {
        self.table(table).reports.iter().map(|r| r.clone_ref(py)).collect()
    }

    /// The entries of the ledgers that alone would change which row has the least of a figure.
    fn flips(&self, table: &str, figure: &str) -> PyResult<Vec<FlipRow>> {
        let figure = match figure {
            "energy_j_per_bit" => LedgerFigure::Energy,
            "latency_s" => LedgerFigure::Latency,
            other => return Err(parameter("figure", other, "\"energy_j_per_bit\" or \"latency_s\"")),
        };
        let (_, found) = flips(&self.table(table).ledgers, figure).or_raise()?;
        let row = |f: Flip| (f.entry, f.unit, f.member, f.value, f.winner);
        Ok(found.into_iter().map(row).collect())
    }
}

impl NativeComparison {
    fn table(&self, name: &str) -> &Table {
        if name == "equal_margin" { &self.equal_margin } else { &self.same_serdes }
    }
}

/// Prepares and analyses a lane.
#[pyfunction]
fn analyze(
    py: Python<'_>,
    lane: &str,
    networks: &Bound<'_, PyDict>,
    threads: Option<usize>,
) -> PyResult<NativeReport> {
    let mut networks = read_networks(networks)?;
    let (prepared, report, ledger) = interruptible(py, threads, None, |run| {
        let prepared = PreparedSegments::new(&read_lane(lane)?, &mut networks, Path::new("."), run)?;
        let report = run.install(|| prepared.analyze(run))?;
        let ledger = ledger_of(&prepared, &report)?;
        Ok((prepared, report, ledger))
    })?;
    NativeReport::new(py, prepared, report, ledger)
}

/// The segments of a lane between its retimers, as JSON.
#[pyfunction]
fn lane_segments(lane: &str) -> PyResult<Vec<String>> {
    let segments = read_lane(lane).and_then(|l| l.segments()).or_raise()?;
    let written = |l: &Lane| serde_json::to_string(l);
    let texts = segments.iter().map(written).collect::<Result<_, _>>();
    texts.map_err(|e| parameter("lane", e, "writable"))
}

/// Analyses lanes side by side.
#[pyfunction]
fn compare(
    py: Python<'_>,
    labels: Vec<String>,
    lanes: Vec<String>,
    networks: &Bound<'_, PyDict>,
    threads: Option<usize>,
) -> PyResult<NativeComparison> {
    let mut networks = read_networks(networks)?;
    let comparison = interruptible(py, threads, None, |run| {
        let lanes = lanes.iter().map(|text| read_lane(text)).collect::<lightlane::Result<Vec<_>>>()?;
        let labelled: Vec<(String, Lane)> = labels.into_iter().zip(lanes).collect();
        run.install(|| system::compare(&labelled, &mut networks, Path::new("."), run))
    })?;
    let table = |lanes: Vec<ComparedLane>| -> PyResult<Table> {
        let ledgers = lanes.iter().map(|l| l.ledger_input.clone()).collect();
        let native = |l: ComparedLane| Py::new(py, NativeReport::new(py, l.prepared, l.report, l.ledger)?);
        Ok(Table { reports: lanes.into_iter().map(native).collect::<PyResult<_>>()?, ledgers })
    };
    Ok(NativeComparison {
        same_serdes: table(comparison.same_serdes)?,
        equal_margin: table(comparison.equal_margin)?,
        warnings: comparison.warnings,
    })
}

/// Names of the shipped lanes.
#[pyfunction]
fn preset_lane_names() -> PyResult<Vec<String>> {
    lane::preset_names().or_raise()
}

/// One sentence on a shipped lane.
#[pyfunction]
fn preset_lane_summary(name: &str) -> PyResult<String> {
    lane::preset_summary(name).or_raise()
}

/// A shipped lane, as JSON.
#[pyfunction]
fn preset_lane(name: &str) -> PyResult<String> {
    let lane = lane::preset(name).or_raise()?;
    serde_json::to_string(&lane).map_err(|e| parameter("lane", e, "writable"))
}

fn pulse<'py>(py: Python<'py>, pulse: &PulseResponse, sampling_ui: f64) -> PyResult<Pulse<'py>> {
    let time_s: Vec<f64> = (0..pulse.v().len()).map(|i| pulse.time_s(i)).collect();
    let at = (sampling_ui * pulse.samples_per_symbol() as f64).round() as isize - pulse.first();
    let cursor = at.clamp(0, pulse.v().len() as isize - 1) as usize;
    Ok((read_only(py, time_s)?, read_only(py, pulse.v().to_vec())?, pulse.samples_per_symbol(), cursor))
}

/// JSON has neither infinity nor nan: they are written as a text and as null.
fn number(x: f64) -> Value {
    if x.is_finite() {
        json!(x)
    } else if x.is_nan() {
        Value::Null
    } else {
        json!(if x > 0.0 { "inf" } else { "-inf" })
    }
}

fn ranged(r: &Ranged) -> Value {
    json!({"value": number(r.value), "low": number(r.low), "high": number(r.high), "grade": r.grade})
}

fn figures(report: &LaneReport, ledger: &Ledger) -> Value {
    let (e, taps) = (&report.equalizer, equalizer_taps(report));
    json!({
        "lane": report.lane,
        "ser": report.ser,
        "ber": report.ber,
        "ber_kind": report.ber_kind,
        "ber_ideal_feedback": report.ber_ideal_feedback,
        "burst_continuation": report.burst_continuation,
        "snr_db": number(report.snr_db),
        "margin_db": number(report.margin_db),
        "ber_limit": report.ber_limit,
        "ber_after_fec": report.after_fec.ber,
        "frame_loss_ratio": number(report.after_fec.frame_loss_ratio),
        "codeword_error_ratio": number(report.after_fec.codeword_error_ratio),
        "electrical_loss_db": number(report.electrical_loss_db),
        "nonlinear_residual": report.nonlinear_residual,
        "levels_v": report.levels_v,
        "level_noise_v": report.level_noise_v,
        "thresholds_v": report.thresholds_v,
        "noise_budget": report.noise_budget,
        "equalizer": {
            "ctle_gdc_db": e.ctle_gdc_db, "ctle_gdc2_db": e.ctle_gdc2_db, "ffe": e.ffe, "ffe_pre": e.ffe_pre,
            "dfe": e.dfe, "sampling_ui": e.sampling_ui,
        },
        "equalizer_taps": {"ffe": taps.ffe_taps, "dfe": taps.dfe_taps},
        "mlsd": report.detection.as_ref().map(|d| json!({
            "states": d.detector.states(), "feedback": d.detector.feedback, "whitening": d.detector.whitening,
            "gain_db": number(d.gain_db), "dfe_ser": d.dfe_ser, "dfe_ber": d.dfe_ber,
        })),
        "stages": report.stages.iter().map(|s| json!({
            "name": s.name, "loss_db": number(s.loss_db), "power_w": s.power_w, "oma_w": s.oma_w,
        })).collect::<Value>(),
        "worst_segment": report.worst_segment,
        "energy_j_per_bit": ranged(&ledger.energy_j_per_bit),
        "latency_s": ranged(&ledger.latency_s),
        "warnings": report.warnings.iter().chain(&ledger.warnings).collect::<Vec<_>>(),
        "assumptions": report.assumptions.iter().chain(&ledger.assumptions).collect::<Vec<_>>(),
    })
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<NativeReport>()?;
    module.add_class::<NativeComparison>()?;
    module.add_function(wrap_pyfunction!(analyze, module)?)?;
    module.add_function(wrap_pyfunction!(compare, module)?)?;
    module.add_function(wrap_pyfunction!(lane_segments, module)?)?;
    module.add_function(wrap_pyfunction!(preset_lane_names, module)?)?;
    module.add_function(wrap_pyfunction!(preset_lane_summary, module)?)?;
    module.add_function(wrap_pyfunction!(preset_lane, module)?)
}
