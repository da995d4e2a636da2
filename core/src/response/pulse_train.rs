//! A waveform from levels and the response to one of them.

use crate::error::{Error, Result};
use crate::run::Run;
use crate::simd::{Level, Polyphase, SpectralWorkspace};

/// Symbols in a block, about: few enough that a cancelled call ends soon.
const BLOCK: usize = 1024;
/// Most samples a waveform may have: beyond it no address space would hold it.
const MAX_SAMPLES: usize = isize::MAX as usize / 4;

/// Waveform of a sequence of levels: y[k M + i] = Σ_j levels[k−j] pulse[j M + i] with M = `samples_per_symbol`.
///
/// It ends with the last symbol, so its length is `levels.len()` M; what the pulse rings beyond that is cut. The pulse
/// may have any length, also one that is no multiple of M. Each phase is a filter at the symbol rate, so that no
/// stuffed zero is ever multiplied: summed directly, or by transforms where the pulse is long. Sums are in single
/// precision.
///
/// ```
/// use lightlane::{Run, response::pulse_train};
/// let y = pulse_train(&[1.0, -1.0], &[0.5, 1.0, 0.25], 2, &Run::default())?;
/// assert_eq!(y, [0.5, 1.0, -0.25, -1.0]);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for no samples a symbol, values that are not finite, or a waveform that overflows single
/// precision or memory; [`Error::Interrupted`].
pub fn pulse_train(levels: &[f32], pulse: &[f32], samples_per_symbol: usize, run: &Run) -> Result<Vec<f32>> {
    let length = pulse_train_len(levels.len(), samples_per_symbol)?;
    let mut y = Vec::new();
    if y.try_reserve_exact(length).is_err() {
        return Err(too_large(samples_per_symbol));
    }
    y.resize(length, 0.0);
    pulse_train_into(levels, pulse, samples_per_symbol, &mut y, run)?;
    Ok(y)
}

/// Samples of the waveform of so many levels.
///
/// # Errors
/// [`Error::Parameter`] for no samples a symbol, or more than any memory holds.
pub fn pulse_train_len(levels: usize, samples_per_symbol: usize) -> Result<usize> {
    let length = levels.checked_mul(samples_per_symbol);
    length
        .filter(|n| samples_per_symbol > 0 && *n <= MAX_SAMPLES)
        .ok_or_else(|| too_large(samples_per_symbol))
}

fn too_large(samples_per_symbol: usize) -> Error {
    let requirement = "at least 1, and the waveform small enough for memory";
    Error::parameter("samples_per_symbol", samples_per_symbol, requirement)
}

/// [`pulse_train`] into memory of the caller's, of [`pulse_train_len`] samples; what it holds is overwritten.
///
/// # Errors
/// As [`pulse_train`].
///
/// # Panics
/// When `y` has another length: a caller's bug.
pub fn pulse_train_into(
    levels: &[f32],
    pulse: &[f32],
    samples_per_symbol: usize,
    y: &mut [f32],
    run: &Run,
) -> Result<()> {
    let m = samples_per_symbol;
    assert_eq!(y.len(), pulse_train_len(levels.len(), m)?, "room for the waveform");
    check(levels, pulse)?;
    let simd = Level::detect()?;
    // Taps that reach back before the first symbol meet only zeros.
    let taps = pulse.len().div_ceil(m).min(levels.len());
    if taps == 0 {
        y.fill(0.0);
        return Ok(());
    }
    let ready = Polyphase::new(simd, &pulse[..pulse.len().min(taps * m)], m);
    let history = ready.history();
    let block = ready.hop() * (BLOCK / ready.hop()).max(1);
    let mut input = vec![0.0; history + block];
    let mut ws = SpectralWorkspace::default();
    let mut done = 0;
    for (now, y) in levels.chunks(block).zip(y.chunks_mut(block * m)) {
        run.check()?;
        input.copy_within(block.., 0);
        input[history..history + now.len()].copy_from_slice(now);
        ready.synthesize(&input, &mut ws, y);
        done += now.len() as u64;
        run.report(done, levels.len() as u64);
    }
    Ok(())
}

fn check(levels: &[f32], pulse: &[f32]) -> Result<()> {
    for (name, values) in [("levels", levels), ("pulse", pulse)] {
        if let Some(i) = values.iter().position(|v| !v.is_finite()) {
            let requirement = "finite in single precision";
            return Err(Error::parameter(format!("{name}[{i}]"), values[i], requirement));
        }
    }
    let largest = levels.iter().fold(0.0f32, |m, v| m.max(v.abs()));
    let sum: f64 = pulse.iter().map(|v| f64::from(v.abs())).sum();
    let bound = f64::from(largest) * sum;
    if bound > f64::from(f32::MAX) {
        let requirement = "such that max|levels| Σ|pulse| stays within single precision";
        return Err(Error::parameter("pulse", format!("a waveform of up to {bound:.3e}"), requirement));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_sum_over_symbols(
            levels in prop::collection::vec(-1f32..1.0, 0..1300),
            pulse in prop::collection::vec(-1f32..1.0, 0..200),
            m in prop_oneof![1usize..9, 60usize..140],
        ) {
            let y = pulse_train(&levels, &pulse, m, &Run::default()).unwrap();
            prop_assert_eq!(y.len(), levels.len() * m);
            for k in (0..levels.len()).step_by(7) {
                for i in 0..m {
                    let wanted: f64 = (0..=k)
                        .take_while(|j| j * m + i < pulse.len())
                        .map(|j| f64::from(levels[k - j]) * f64::from(pulse[j * m + i]))
                        .sum();
                    // At most 200 terms below 1: half a unit in the last place of the running sum each.
                    prop_assert!((wanted - f64::from(y[k * m + i])).abs() < 2e-5);
                }
            }
        }
    }

    #[test]
    fn bad_input_is_refused() {
        let run = Run::default();
        assert!(pulse_train(&[1.0], &[1.0], 0, &run).is_err());
        assert!(pulse_train(&[1.0; 4], &[1.0], usize::MAX / 2, &run).is_err());
        assert!(pulse_train(&[1.0; 4], &[1.0], usize::MAX / 64, &run).is_err());
        assert!(pulse_train(&[f32::NAN], &[1.0], 1, &run).is_err());
        assert!(pulse_train(&[1.0], &[f32::INFINITY], 1, &run).is_err());
        assert!(pulse_train(&[1e30], &[1e30], 1, &run).is_err());
        run.cancel_flag().store(true, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(pulse_train(&[1.0], &[1.0], 1, &run), Err(Error::Interrupted));
    }
}
