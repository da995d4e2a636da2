//! `lightlane.dsp`.

use crate::array::{borrowed, count, read_only, symbols, unfilled};
use crate::borrowed_samples;
use crate::error::Raise;
use crate::run::interruptible;
use lightlane::modulation::Modulation;
use lightlane::receiver::{self, Ffe, Lms, LmsRun, LmsUpdate};
use lightlane::response;
use numpy::{IntoPyArray, PyArrayMethods};
use pyo3::prelude::*;

#[pyfunction]
fn pulse_train<'py>(
    py: Python<'py>,
    levels: &Bound<'py, PyAny>,
    pulse: &Bound<'py, PyAny>,
    samples_per_symbol: i64,
) -> PyResult<Bound<'py, PyAny>> {
    let samples_per_symbol = count("samples_per_symbol", samples_per_symbol)?;
    let (levels, pulse) = (borrowed::<f32>(levels, "levels")?, borrowed::<f32>(pulse, "pulse")?);
    let (levels, pulse) = (levels.as_slice()?, pulse.as_slice()?);
    let len = response::pulse_train_len(levels.len(), samples_per_symbol).or_raise()?;
    let y = unfilled::<f32>(py, len).map_err(|_| {
        let requirement = "small enough for the waveform to fit memory";
        crate::error::parameter("samples_per_symbol", samples_per_symbol, requirement)
    })?;
    {
        let mut y = y.readwrite();
        let y = y.as_slice_mut()?;
        interruptible(py, None, None, |run| {
            response::pulse_train_into(levels, pulse, samples_per_symbol, y, run)
        })?;
    }
    Ok(y.into_any())
}

#[pyfunction]
fn iir<'py>(
    py: Python<'py>,
    b: &Bound<'py, PyAny>,
    a: &Bound<'py, PyAny>,
    x: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let (b, a) = (borrowed::<f64>(b, "b")?, borrowed::<f64>(a, "a")?);
    let (b, a) = (b.as_slice()?, a.as_slice()?);
    borrowed_samples!(x, "x", |x| {
        let y = unfilled(py, x.len())?;
        {
            let mut y = y.readwrite();
            let y = y.as_slice_mut()?;
            interruptible(py, None, None, |run| receiver::iir_into(b, a, x, y, run))?;
        }
        Ok(y.into_any())
    })
}

/// Taps, errors and decisions of a run.
type LmsFigures<'py> =
    (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, f64, Bound<'py, PyAny>);

#[allow(clippy::too_many_arguments)]
fn lms(
    ffe_taps: i64,
    pre: i64,
    dfe_taps: i64,
    step: f64,
    ffe: Option<Vec<f64>>,
    dfe: Option<Vec<f64>>,
    update: &str,
    block: i64,
    trace_block: i64,
    positions: Option<Vec<i64>>,
) -> PyResult<Lms> {
    let counts = (count("ffe_taps", ffe_taps)?, count("pre", pre)?, count("dfe_taps", dfe_taps)?);
    let mut lms = Lms::new(counts.0, counts.1, counts.2, step).or_raise()?;
    for (name, given, taps) in [("ffe", ffe, &mut lms.ffe), ("dfe", dfe, &mut lms.dfe)] {
        if let Some(given) = given {
            if given.len() != taps.len() {
                let requirement = format!("{name}_taps = {} taps", taps.len());
                let value = format!("{} taps", given.len());
                return Err(crate::error::parameter(name, value, &requirement));
            }
            *taps = given;
        }
    }
    let block = count("block", block)?;
    lms.update = LmsUpdate::from_name(update, block).or_raise()?;
    lms.trace_block = count("trace_block", trace_block)?;
    let place = |(i, p): (usize, i64)| count(&format!("positions[{i}]"), p);
    lms.positions = positions
        .map(|all| all.into_iter().enumerate().map(place).collect::<PyResult<Vec<usize>>>())
        .transpose()?;
    lms.validate().or_raise()?;
    Ok(lms)
}

/// Checks the fields of an equalizer.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
fn lms_check(
    ffe_taps: i64,
    pre: i64,
    dfe_taps: i64,
    step: f64,
    ffe: Option<Vec<f64>>,
    dfe: Option<Vec<f64>>,
    update: &str,
    block: i64,
    trace_block: i64,
    positions: Option<Vec<i64>>,
) -> PyResult<()> {
    lms(ffe_taps, pre, dfe_taps, step, ffe, dfe, update, block, trace_block, positions).map(|_| ())
}

#[pyfunction]
#[allow(clippy::too_many_arguments)]
fn lms_run<'py>(
    py: Python<'py>,
    samples: &Bound<'py, PyAny>,
    training: Option<&Bound<'py, PyAny>>,
    n_training: i64,
    ffe_taps: i64,
    pre: i64,
    dfe_taps: i64,
    step: f64,
    ffe: Option<Vec<f64>>,
    dfe: Option<Vec<f64>>,
    update: &str,
    block: i64,
    trace_block: i64,
    positions: Option<Vec<i64>>,
) -> PyResult<LmsFigures<'py>> {
    let lms = lms(ffe_taps, pre, dfe_taps, step, ffe, dfe, update, block, trace_block, positions)?;
    let n_training = count("n_training", n_training)?;
    let training = training.map(|t| symbols(t, "training")).transpose()?.unwrap_or_default();
    let done: LmsRun = borrowed_samples!(samples, "samples", |samples| {
        interruptible(py, None, None, |run| lms.run(samples, &training, n_training, run))
    })?;
    Ok((
        read_only(py, done.decisions)?,
        read_only(py, done.soft)?,
        read_only(py, done.ffe)?,
        read_only(py, done.dfe)?,
        done.error_rms,
        read_only(py, done.error_rms_trace)?,
    ))
}

#[pyfunction]
#[allow(clippy::too_many_arguments, clippy::type_complexity)]
fn mmse<'py>(
    py: Python<'py>,
    pulse: &Bound<'py, PyAny>,
    noise_autocorrelation: &Bound<'py, PyAny>,
    ffe_taps: i64,
    pre: i64,
    dfe_taps: i64,
    signal_power: f64,
    delay: Option<i64>,
    floating: (i64, i64, i64),
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>, f64, f64, usize, Vec<usize>)> {
    let (ffe_taps, pre) = (count("ffe_taps", ffe_taps)?, count("pre", pre)?);
    let (groups, taps) = (count("floating_groups", floating.0)?, count("floating_taps", floating.1)?);
    let span = count("floating_span_ui", floating.2)?;
    let dfe_taps = count("dfe_taps", dfe_taps)?;
    let delay = delay.map(|d| count("delay", d)).transpose()?;
    let pulse = borrowed::<f64>(pulse, "pulse")?;
    let noise = borrowed::<f64>(noise_autocorrelation, "noise_autocorrelation")?;
    let (pulse, noise) = (pulse.as_slice()?, noise.as_slice()?);
    let m = interruptible(py, None, None, |run| {
        if groups == 0 || pre >= ffe_taps {
            return receiver::mmse(pulse, noise, ffe_taps, pre, dfe_taps, signal_power, delay, run);
        }
        let ffe = Ffe {
            floating_groups: groups,
            floating_taps: taps,
            floating_span_ui: span,
            ..Ffe::new(pre, ffe_taps - pre - 1)
        };
        receiver::mmse_floating(pulse, noise, &ffe, dfe_taps, signal_power, delay, run)
    })?;
    Ok((read_only(py, m.ffe)?, read_only(py, m.dfe)?, m.mse, m.snr_db, m.delay, m.positions))
}

#[pyfunction]
fn mlsd<'py>(
    py: Python<'py>,
    samples: &Bound<'py, PyAny>,
    response: &Bound<'py, PyAny>,
    levels: i64,
) -> PyResult<Bound<'py, PyAny>> {
    let modulation = match levels {
        2 => Modulation::Nrz,
        4 => Modulation::Pam4,
        _ => return Err(crate::error::parameter("levels", levels, "2 or 4")),
    };
    let response = borrowed::<f64>(response, "response")?;
    let response = response.as_slice()?;
    borrowed_samples!(samples, "samples", |samples| {
        let decisions =
            interruptible(py, None, None, |run| receiver::mlsd(samples, response, modulation, run))?;
        Ok(decisions.into_pyarray(py).into_any())
    })
}

#[pyfunction]
fn mueller_muller_phase(py: Python<'_>, pulse: &Bound<'_, PyAny>, samples_per_symbol: i64) -> PyResult<f64> {
    let samples_per_symbol = count("samples_per_symbol", samples_per_symbol)?;
    let pulse = borrowed::<f64>(pulse, "pulse")?;
    let pulse = pulse.as_slice()?;
    py.detach(|| receiver::mueller_muller_phase(pulse, samples_per_symbol)).or_raise()
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(pulse_train, module)?)?;
    module.add_function(wrap_pyfunction!(iir, module)?)?;
    module.add_function(wrap_pyfunction!(lms_check, module)?)?;
    module.add_function(wrap_pyfunction!(lms_run, module)?)?;
    module.add_function(wrap_pyfunction!(mmse, module)?)?;
    module.add_function(wrap_pyfunction!(mlsd, module)?)?;
    module.add_function(wrap_pyfunction!(mueller_muller_phase, module)?)
}
