//! Closed-form minimum mean-square error FFE and DFE.
//!
//! ```text
//! r_k = Σ_m pulse[m] a_(k−m+delay) + n_k
//! z_k = Σ_i ffe[i] r_(k+pre−i) − Σ_j dfe[j] a_(k−1−j),   E|z_k − a_k|² least, past decisions right
//! ```
//!
//! The feedback is eliminated first: it removes exactly what it can reach, so the FFE solves the normal equations of
//! what remains (see `moments`). Cioffi et al., IEEE Trans. Commun. 43 (1995) 2582, finite-length form of Al-Dhahir
//! and Cioffi, IEEE Trans. Inf. Theory 41 (1995) 961. Valid for white symbols and stationary noise.

use crate::error::{Error, Result, require};
use crate::receiver::limits::Plan;
use crate::receiver::lms::check_counts;
use crate::receiver::moments::{Factor, Moments, subtract_outer};
use crate::receiver::{Dfe, Ffe};
use crate::run::Run;
use nalgebra::{Cholesky, DMatrix};

/// Taps of least mean-square error.
#[derive(Debug, Clone, PartialEq)]
pub struct Mmse {
    /// FFE taps in time order, zeros between fixed and floating ones.
    pub ffe: Vec<f64>,
    /// Indices of the FFE taps that there are: all of them without floating groups.
    pub positions: Vec<usize>,
    /// DFE taps; entry j multiplies the decision j + 1 symbols ago.
    pub dfe: Vec<f64>,
    /// Mean-square error, in the unit of `signal_power`.
    pub mse: f64,
    /// Unbiased signal-to-noise ratio, 10 log10(signal_power/mse − 1), dB; infinite without error.
    pub snr_db: f64,
    /// Index of the main tap of the pulse.
    pub delay: usize,
}

/// Longest equalizer of [`mmse`].
const MAX_TAPS: usize = 512;
/// Longest pulse of [`mmse`], in symbols.
const MAX_PULSE: usize = 1 << 16;

/// MMSE taps for a pulse sampled once a symbol.
///
/// | argument | meaning |
/// |---|---|
/// | `pulse` | response, one sample a symbol |
/// | `noise_autocorrelation` | E\[n_k n_(k+l)\], 0 past its end |
/// | `ffe_taps`, `pre` | taps in all, and of them before the main tap |
/// | `dfe_taps` | feedback taps |
/// | `signal_power` | E\[a²\] |
/// | `delay` | index of the pulse's main tap; `None` takes the one of least error |
///
/// ```
/// // One symbol in white noise: c = 1/(1 + σ²), MSE = σ²/(1 + σ²).
/// let m = lightlane::receiver::mmse(&[1.0], &[0.25], 1, 0, 0, 1.0, None, &lightlane::Run::default())?;
/// assert!((m.ffe[0] - 0.8).abs() < 1e-15 && (m.mse - 0.2).abs() < 1e-15);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for arguments outside their domain, a pulse of zeros or a noise autocorrelation that none can
/// be; [`Error::Convergence`] when the equations cannot be solved in double precision; [`Error::Interrupted`].
#[allow(clippy::too_many_arguments, reason = "those of the problem, and the run")]
pub fn mmse(
    pulse: &[f64],
    noise_autocorrelation: &[f64],
    ffe_taps: usize,
    pre: usize,
    dfe_taps: usize,
    signal_power: f64,
    delay: Option<usize>,
    run: &Run,
) -> Result<Mmse> {
    check(pulse, noise_autocorrelation, ffe_taps, pre, dfe_taps, signal_power, delay)?;
    let offsets: Vec<isize> = (0..ffe_taps).map(|i| i as isize - pre as isize).collect();
    let at = |main: usize| {
        Moments::of_response(pulse, main as isize, noise_autocorrelation, signal_power, ffe_taps)
    };
    let delay = match delay {
        Some(delay) => delay,
        None => best_delay(&at(0)?, pulse.len(), &offsets, dfe_taps, run)?,
    };
    run.check()?;
    finish(&at(delay)?, &offsets, pre, dfe_taps, signal_power, delay)
}

/// The same with groups of floating taps, each placed where it leaves the least error beside those before it. Limits of
/// `ffe` are not applied.
///
/// ```
/// use lightlane::{Run, receiver::{Ffe, mmse_floating}};
/// // An echo ten symbols late, beyond the fixed taps.
/// let mut pulse = vec![0.0; 11];
/// (pulse[0], pulse[10]) = (1.0, 0.2);
/// let ffe = Ffe { floating_groups: 1, floating_taps: 2, floating_span_ui: 20, ..Ffe::new(0, 2) };
/// let m = mmse_floating(&pulse, &[1e-4], &ffe, 0, 5.0 / 9.0, Some(0), &Run::default())?;
/// assert!(m.positions.contains(&10) && (m.ffe[10] + 0.2).abs() < 1e-2 && m.ffe[5] == 0.0);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// As [`mmse`], and those of [`Ffe::validate`].
pub fn mmse_floating(
    pulse: &[f64],
    noise_autocorrelation: &[f64],
    ffe: &Ffe,
    dfe_taps: usize,
    signal_power: f64,
    delay: Option<usize>,
    run: &Run,
) -> Result<Mmse> {
    ffe.validate()?;
    let free = Ffe { taps: None, tap_limit: f64::INFINITY, floating_limit: f64::INFINITY, ..ffe.clone() };
    let count = ffe.pre + 1 + ffe.post;
    let fixed = mmse(pulse, noise_autocorrelation, count, ffe.pre, dfe_taps, signal_power, delay, run)?;
    if !ffe.floats() {
        return Ok(fixed);
    }
    let plan = Plan::new(Some(&free), Some(&Dfe::unlimited(dfe_taps)));
    let lags = plan.with_span(&free).lags();
    let main = fixed.delay as isize;
    let moments = Moments::of_response(pulse, main, noise_autocorrelation, signal_power, lags)?;
    let mut offsets = plan.with_floating(&free, &moments)?.offsets;
    offsets.sort_unstable();
    finish(&moments, &offsets, ffe.pre, dfe_taps, signal_power, fixed.delay)
}

/// The taps at `offsets` in the units of the pulse.
fn finish(
    moments: &Moments,
    offsets: &[isize],
    pre: usize,
    dfe_taps: usize,
    signal_power: f64,
    delay: usize,
) -> Result<Mmse> {
    let solution = solve(moments, offsets, dfe_taps)?;
    let level = signal_power.sqrt();
    let positions: Vec<usize> = offsets.iter().map(|o| (o + pre as isize) as usize).collect();
    let mut ffe = vec![0.0; positions.last().map_or(0, |last| last + 1)];
    for (position, w) in positions.iter().zip(&solution.ffe) {
        ffe[*position] = w * level / moments.scale();
    }
    if let Some(i) = ffe.iter().position(|w| !w.is_finite()) {
        return Err(unsolved(&format!("tap {i}"), ffe[i]));
    }
    let snr_db = 10.0 * (1.0 / solution.error - 1.0).max(0.0).log10();
    Ok(Mmse { ffe, positions, dfe: solution.dfe, mse: solution.error * signal_power, snr_db, delay })
}

fn check(
    pulse: &[f64],
    noise: &[f64],
    ffe_taps: usize,
    pre: usize,
    dfe_taps: usize,
    signal_power: f64,
    delay: Option<usize>,
) -> Result<()> {
    require::positive("signal_power", signal_power)?;
    if pulse.is_empty() || pulse.len() > MAX_PULSE {
        return Err(Error::parameter(
            "pulse",
            format!("{} samples", pulse.len()),
            format!("1 to {MAX_PULSE} samples"),
        ));
    }
    for (name, values) in [("pulse", pulse), ("noise_autocorrelation", noise)] {
        if let Some(i) = values.iter().position(|v| !v.is_finite()) {
            return Err(Error::parameter(format!("{name}[{i}]"), values[i], "finite"));
        }
    }
    if let Some(&variance) = noise.first() {
        require::non_negative("noise_autocorrelation[0]", variance)?;
        if let Some(l) = noise.iter().position(|r| r.abs() > variance * (1.0 + 1e-9)) {
            let requirement = format!("at most the variance, {variance:e}, in magnitude");
            return Err(Error::parameter(format!("noise_autocorrelation[{l}]"), noise[l], requirement));
        }
    }
    check_counts(ffe_taps, pre, dfe_taps, MAX_TAPS)?;
    if let Some(delay) = delay
        && delay >= pulse.len()
    {
        return Err(Error::parameter(
            "delay",
            delay,
            format!("below the length of the pulse, {}", pulse.len()),
        ));
    }
    Ok(())
}

/// Taps in normalized units and their error relative to the power of the symbols.
pub(crate) struct Solution {
    pub(crate) ffe: Vec<f64>,
    pub(crate) dfe: Vec<f64>,
    pub(crate) error: f64,
}

/// Unlimited, biased MMSE taps.
pub(crate) fn solve(moments: &Moments, offsets: &[isize], dfe_taps: usize) -> Result<Solution> {
    let main = moments.column(0, offsets);
    let mut matrix = moments.matrix(offsets);
    let rows: Vec<_> = (1..=dfe_taps as isize).map(|j| moments.column(j, offsets)).collect();
    for row in &rows {
        subtract_outer(&mut matrix, row);
    }
    let w = Factor::new(matrix.clone())?.solve(&main);
    // The quadratic form itself and not 1 − u'w: it is honest about taps that rounding has displaced.
    let error = (w.dot(&(&matrix * &w)) - 2.0 * main.dot(&w) + 1.0).clamp(0.0, 1.0);
    if w.iter().any(|v| !v.is_finite()) || !error.is_finite() {
        return Err(unsolved("mean-square error", error));
    }
    Ok(Solution {
        dfe: rows.iter().map(|row| row.dot(&w)).collect(),
        ffe: w.iter().copied().collect(),
        error,
    })
}

fn unsolved(figure: &str, value: f64) -> Error {
    Error::Convergence {
        method: "minimum mean-square error equalizer".into(),
        figure: figure.into(),
        value,
        limit: f64::MAX,
        iterations: 1,
    }
}

/// The delay of least error.
///
/// R does not depend on the delay. With G the Gram matrix of the columns of cursor and feedback in R⁻¹, the error of
/// the cursor given the received samples and the past symbols is 1/[(I − G)⁻¹]_00, so one factorization serves all.
fn best_delay(moments: &Moments, len: usize, offsets: &[isize], dfe_taps: usize, run: &Run) -> Result<usize> {
    // A ridge far below any noise of interest: this ranks delays, the taps are then solved without it.
    const RIDGE: f64 = 1e-12;
    let mut matrix = moments.matrix(offsets);
    let largest = matrix[(0, 0)];
    for i in 0..offsets.len() {
        matrix[(i, i)] += RIDGE * largest;
    }
    let Some(cholesky) = Cholesky::new(matrix) else {
        let requirement = "a positive semidefinite sequence, as every autocorrelation is";
        return Err(Error::parameter("noise_autocorrelation", "a negative power", requirement));
    };
    let lower = cholesky.l();
    let whitened = (0..len + dfe_taps)
        .map(|m| {
            run.check()?;
            let mut column = moments.column(m as isize, offsets);
            lower.solve_lower_triangular_mut(&mut column);
            Ok(column)
        })
        .collect::<Result<Vec<_>>>()?;
    let mut best = (f64::INFINITY, 0);
    for delay in 0..len {
        run.check()?;
        let columns = &whitened[delay..=delay + dfe_taps];
        let mut remainder =
            DMatrix::from_fn(columns.len(), columns.len(), |i, j| -columns[i].dot(&columns[j]));
        for i in 0..columns.len() {
            remainder[(i, i)] += 1.0 + RIDGE;
        }
        let error = Cholesky::new(remainder).map_or(0.0, |c| {
            let mut unit = nalgebra::DVector::zeros(columns.len());
            unit[0] = 1.0;
            1.0 / c.solve(&unit)[0]
        });
        // Equal to rounding is equal: the earliest of them.
        if error < best.0 * (1.0 - 1e-9) - RIDGE {
            best = (error, delay);
        }
    }
    Ok(best.1)
}
