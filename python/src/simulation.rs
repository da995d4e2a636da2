//! Errors counted in the time domain, of lanes.

use crate::adaptive::{NativeAdapted, read_adaptation};
use crate::array::{read_only, read_only_shaped};
use crate::error::Raise;
use crate::lane::{read_lane, read_networks};
use crate::run::interruptible;
use lightlane::engine::time_domain::{self, Counts, WaveformCounts};
use lightlane::lane::{Lane, PreparedLane, PreparedSegments};
use lightlane::report::LaneWaveform;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::Path;

type Array<'py> = Bound<'py, PyAny>;

/// Predictions of the statistical engine hold to about this; see `Counts::agrees_with`.
const MODEL_TOLERANCE: f64 = 0.05;

/// Prepares a lane, finds its equalizers and simulates its waveform: the lane and, with retimers, each segment. The
/// equalizer of a lane of one segment adapts where `adaptation` is given.
#[pyfunction]
#[pyo3(signature = (lane, networks, adaptation, n_symbols, seed, samples_per_symbol, threads, progress, stop_at_bit_errors))]
#[allow(clippy::too_many_arguments, reason = "those of lane.simulate")]
fn simulate_waveform(
    py: Python<'_>,
    lane: &str,
    networks: &Bound<'_, PyDict>,
    adaptation: Option<&str>,
    n_symbols: u64,
    seed: u64,
    samples_per_symbol: Option<usize>,
    threads: Option<usize>,
    progress: Option<Py<PyAny>>,
    stop_at_bit_errors: Option<u64>,
) -> PyResult<(NativeWaveformCounts, Vec<NativeWaveformCounts>)> {
    let mut networks = read_networks(networks)?;
    let (found, lane) = interruptible(py, threads, progress, |run| {
        let lane = read_lane(lane)?;
        let (codewords, own) = (codewords_of(&lane), run.clone());
        let simulation = time_domain::Simulation { n_symbols, seed, stop_at_bit_errors, codewords, run: own };
        let found = match adaptation.map(read_adaptation).transpose()? {
            None => PreparedSegments::new(&lane, &mut networks, Path::new("."), run)?
                .simulate_waveform(samples_per_symbol, &simulation)?,
            Some(adaptation) => {
                let prepared = PreparedLane::new(&lane, &mut networks, Path::new("."), run)?;
                let lane =
                    prepared.simulate_waveform_adaptive(samples_per_symbol, &adaptation, &simulation)?;
                LaneWaveform { lane, segments: Vec::new() }
            }
        };
        Ok((found, lane))
    })?;
    let native = |found: WaveformCounts| NativeWaveformCounts { found, lane: lane.clone() };
    Ok((native(found.lane), found.segments.into_iter().map(native).collect()))
}

/// How the codewords of a lane lie on it; nothing without a code.
pub(crate) fn codewords_of(lane: &Lane) -> Option<time_domain::Codewords> {
    let (interleave, precoding) = (lane.interleave, lane.precoding);
    lane.fec.code().map(|code| time_domain::Codewords { code, interleave, precoding })
}

/// What a waveform run found.
#[pyclass(name = "WaveformCounts", module = "lightlane._native", frozen)]
pub(crate) struct NativeWaveformCounts {
    found: WaveformCounts,
    lane: Lane,
}

#[pymethods]
impl NativeWaveformCounts {
    /// Errors counted.
    fn counts(&self) -> NativeCounts {
        NativeCounts(self.found.counts.clone())
    }

    /// Phases, voltages and density (voltage, phase).
    fn eye<'py>(&self, py: Python<'py>) -> PyResult<(Array<'py>, Array<'py>, Array<'py>)> {
        let eye = &self.found.eye;
        let voltage_v: Vec<f64> = eye.edges_v.windows(2).map(|e| 0.5 * (e[0] + e[1])).collect();
        let shape = [voltage_v.len(), eye.phase_ui.len()];
        Ok((
            read_only(py, eye.phase_ui.clone())?,
            read_only(py, voltage_v)?,
            read_only_shaped(py, eye.density_per_v(), shape)?,
        ))
    }

    /// Errors of decision feedback on the same samples, where a sequence was detected.
    fn dfe(&self) -> Option<NativeCounts> {
        self.found.dfe.clone().map(NativeCounts)
    }

    /// Lock phase, untracked jitter, symbols to lock, slips and jitter transfer; None without clock recovery.
    fn clock(&self) -> Option<(f64, f64, u64, u64, Option<f64>)> {
        self.found.clock.map(|c| (c.lock_phase_ui, c.untracked_ui, c.time_to_lock, c.n_slips, c.transfer))
    }

    /// What the equalizer learnt, where it adapted.
    fn adapted(&self) -> Option<NativeAdapted> {
        let lane = self.lane.clone();
        self.found.adapted.clone().map(|found| NativeAdapted { found, lane })
    }

    #[getter]
    fn settling_symbols(&self) -> u64 {
        self.found.settling_symbols
    }

    #[getter]
    fn n_clipped(&self) -> u64 {
        self.found.n_clipped
    }
}

/// Errors counted by the time-domain engine.
#[pyclass(name = "Counts", module = "lightlane._native", frozen)]
pub(crate) struct NativeCounts(pub(crate) Counts);

#[pymethods]
impl NativeCounts {
    #[getter]
    fn n_symbols(&self) -> u64 {
        self.0.n_symbols
    }

    #[getter]
    fn n_bits(&self) -> u64 {
        self.0.n_bits
    }

    #[getter]
    fn n_symbol_errors(&self) -> u64 {
        self.0.n_symbol_errors
    }

    #[getter]
    fn n_bit_errors(&self) -> u64 {
        self.0.n_bit_errors
    }

    #[getter]
    fn burst_lengths(&self) -> Vec<u64> {
        self.0.burst_lengths.clone()
    }

    /// Number of codewords by their wrong symbols; empty without a code.
    #[getter]
    fn codeword_errors(&self) -> Vec<u64> {
        self.0.codewords.as_ref().map(|c| c.histogram.clone()).unwrap_or_default()
    }

    /// Share of codewords that cannot be corrected; NaN without a whole codeword.
    #[getter]
    fn codeword_error_ratio(&self) -> f64 {
        self.0.codewords.as_ref().map_or(f64::NAN, |c| c.codeword_error_ratio())
    }

    #[getter]
    fn simd_level(&self) -> &'static str {
        self.0.simd_level
    }

    fn ber_interval(&self, confidence: f64) -> PyResult<(f64, f64)> {
        self.0.ber_interval(confidence).or_raise()
    }

    fn agrees_with(&self, predicted_ber: f64, confidence: f64) -> PyResult<bool> {
        self.0.agrees_with(predicted_ber, confidence, MODEL_TOLERANCE).or_raise()
    }

    fn agrees_with_bound(&self, bound: f64, confidence: f64) -> PyResult<bool> {
        self.0.agrees_with_bound(bound, confidence, MODEL_TOLERANCE).or_raise()
    }
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<NativeCounts>()?;
    module.add_class::<NativeWaveformCounts>()?;
    module.add_function(wrap_pyfunction!(simulate_waveform, module)?)
}
