//! A recursive filter over captured samples.
//!
//! ```text
//! a₀ y_k = Σ_i b_i x_(k−i) − Σ_(i≥1) a_i y_(k−i),     x and y zero before the record
//! ```
//!
//! Filters of an order up to 8 run four samples at a time ([`RecursiveFilter`]), longer ones sample by sample in direct
//! form I.

use crate::error::{Error, Result};
use crate::receiver::sample::{Sample, first_infinite, largest};
use crate::run::Run;
use crate::simd::{Level, RecursiveFilter};

/// Samples between two looks at the cancel flag; they and their outputs stay in the nearest cache.
const BLOCK: usize = 1 << 10;
/// Samples that the kernel takes at a time.
const STEP: usize = 4;
/// Most coefficients on either side.
const MAX_COEFFICIENTS: usize = 1 << 12;

/// Filters `x` by b(z)/a(z), state in double precision, result in the precision of `x`.
///
/// ```
/// use lightlane::{Run, receiver::iir};
/// // One pole: the step response of y_k = x_k + y_(k−1)/2 goes 1, 1.5, 1.75.
/// assert_eq!(iir(&[2.0], &[2.0, -1.0], &[1f32; 3], &Run::default())?, [1.0, 1.5, 1.75]);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for coefficients or samples that are not finite, none or too many of them, or a₀ = 0;
/// [`Error::Convergence`] when the output of an unstable filter leaves the precision of `x`; [`Error::Interrupted`].
pub fn iir<T: Sample>(b: &[f64], a: &[f64], x: &[T], run: &Run) -> Result<Vec<T>> {
    let mut y = vec![T::from_f64(0.0); x.len()];
    iir_into(b, a, x, &mut y, run)?;
    Ok(y)
}

/// [`iir`] into memory of the caller's; what it holds is overwritten, also when an error is returned.
///
/// # Errors
/// As [`iir`].
///
/// # Panics
/// When `y` is not as long as `x`: a caller's bug.
pub fn iir_into<T: Sample>(b: &[f64], a: &[f64], x: &[T], y: &mut [T], run: &Run) -> Result<()> {
    assert_eq!(x.len(), y.len(), "room for every sample");
    for (name, values) in [("b", b), ("a", a)] {
        if values.is_empty() || values.len() > MAX_COEFFICIENTS {
            let requirement = format!("1 to {MAX_COEFFICIENTS} coefficients");
            return Err(Error::parameter(name, format!("{} coefficients", values.len()), requirement));
        }
        largest(name, values)?;
    }
    let scale = a[0];
    if scale == 0.0 {
        return Err(Error::parameter("a[0]", scale, "other than 0"));
    }
    let order = a.len().max(b.len()) - 1;
    let normalized = |values: &[f64]| {
        let mut all: Vec<f64> = values.iter().map(|v| v / scale).collect();
        all.resize(order + 1, 0.0);
        all
    };
    let (b, a, level) = (normalized(b), normalized(a), Level::detect()?);
    let mut steps = RecursiveFilter::new(&b, &a).map(|filter| (filter.at_rest(), filter));
    let (mut inputs, mut outputs) = (vec![0.0; order], vec![0.0; order]);
    let mut last = [T::from_f64(0.0); STEP];
    let mut start = 0;
    for (block, filtered) in x.chunks(BLOCK).zip(y.chunks_mut(BLOCK)) {
        run.check()?;
        if let Some((state, filter)) = &mut steps {
            let whole = block.len() - block.len() % STEP;
            filter.run(level, &block[..whole], state, &mut filtered[..whole]);
            // Only the last block is not whole steps: zeros behind it change nothing before them.
            let rest = block.len() - whole;
            if rest > 0 {
                last[..rest].copy_from_slice(&block[whole..]);
                let mut step = [T::from_f64(0.0); STEP];
                filter.run(level, &last, state, &mut step);
                filtered[whole..].copy_from_slice(&step[..rest]);
            }
        } else {
            sample_by_sample(&b, &a, block, &mut inputs, &mut outputs, filtered);
        }
        // Outputs of a block are looked at where they are in the nearest cache.
        if let Some(i) = first_infinite(filtered) {
            // What is not finite goes in before it comes out.
            if let Some(i) = first_infinite(block) {
                return Err(Error::parameter(format!("x[{}]", start + i), block[i].into(), "finite"));
            }
            return Err(Error::Convergence {
                method: "recursive filter".into(),
                figure: format!("output {}", start + i),
                value: filtered[i].into(),
                limit: T::MAX,
                iterations: start + i,
            });
        }
        start += block.len();
        run.report(start as u64, x.len() as u64);
    }
    Ok(())
}

/// Direct form I; `inputs` and `outputs` are the samples before, the newest first.
fn sample_by_sample<T: Sample>(
    b: &[f64],
    a: &[f64],
    x: &[T],
    inputs: &mut [f64],
    outputs: &mut [f64],
    y: &mut [T],
) {
    let order = inputs.len();
    for (x, y) in x.iter().zip(y) {
        let x: f64 = (*x).into();
        let mut sum = b[0] * x;
        for i in 0..order {
            sum += b[i + 1] * inputs[i];
        }
        // The newest output last: it is the one that is waited for.
        for i in (0..order).rev() {
            sum -= a[i + 1] * outputs[i];
        }
        inputs.rotate_right(1.min(order));
        outputs.rotate_right(1.min(order));
        if order > 0 {
            (inputs[0], outputs[0]) = (x, sum);
        }
        *y = T::from_f64(sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_filter_undoes_its_inverse(
            b in prop::collection::vec(-0.2f64..0.2, 0..7),
            a in prop::collection::vec(-0.2f64..0.2, 0..7),
            x in prop::collection::vec(-1.0..1.0f64, 0..300),
        ) {
            // Both polynomials have their zeros inside the unit circle: the rest is below the leading 2.
            let whole = |rest: &[f64]| [&[2.0], rest].concat();
            let (b, a, run) = (whole(&b), whole(&a), Run::default());
            let back = iir(&a, &b, &iir(&b, &a, &x, &run).unwrap(), &run).unwrap();
            for (x, y) in x.iter().zip(&back) {
                // Errors of a few units in the last place, amplified by at most 1/(1 − 0.6) twice.
                prop_assert!((x - y).abs() < 1e-13);
            }
        }
    }

    proptest! {
        #[test]
        fn steps_are_the_recursion(
            order in 0..11usize,
            seeds in prop::collection::vec(-1.0..1.0f64, 24),
            x in prop::collection::vec(-1.0..1.0f64, 0..100),
        ) {
            // Σ|a_i| below 0.9: whatever enters is amplified by at most 10.
            let b = &seeds[..order + 1];
            let a: Vec<f64> = std::iter::once(1.0)
                .chain(seeds[12..12 + order].iter().map(|v| 0.9 * v / order as f64))
                .collect();
            let (mut inputs, mut outputs, mut wanted) = (vec![0.0; order], vec![0.0; order], vec![0.0; x.len()]);
            sample_by_sample(b, &a, &x, &mut inputs, &mut outputs, &mut wanted);
            for (y, w) in iir(b, &a, &x, &Run::default()).unwrap().iter().zip(&wanted) {
                // Values up to 120, a few dozen roundings each.
                prop_assert!((y - w).abs() < 1e-12, "{} {}", y, w);
            }
        }
    }

    #[test]
    fn one_pole_decays_geometrically() {
        let mut x = vec![0f32; 40];
        x[0] = 1.0;
        for order in [1, 2, 3, 4, 5, 9] {
            let mut a = vec![0.0; order + 1];
            (a[0], a[1]) = (1.0, -0.5);
            let y = iir(&[1.0], &a, &x, &Run::default()).unwrap();
            // Powers of two are exact.
            assert!(y.iter().enumerate().all(|(k, y)| *y == 0.5f32.powi(k as i32)), "{order}");
        }
    }

    #[test]
    fn bad_and_unstable_filters_are_refused() {
        let run = Run::default();
        assert!(iir(&[], &[1.0], &[1.0], &run).is_err());
        assert!(iir(&[1.0], &[], &[1.0], &run).is_err());
        assert!(iir(&[1.0], &[0.0, 1.0], &[1.0], &run).is_err());
        assert!(iir(&[f64::NAN], &[1.0], &[1.0], &run).is_err());
        assert!(iir(&[1.0], &[1.0], &[f32::INFINITY], &run).is_err());
        let unstable = iir(&[1.0], &[1.0, -2.0], &[1f32; 200], &run);
        // 2^(k+1) − 1 passes the largest single-precision number, 2^128, at k = 127.
        assert!(matches!(unstable, Err(Error::Convergence { iterations: 127, .. })), "{unstable:?}");
        assert_eq!(iir::<f32>(&[1.0], &[1.0], &[], &run), Ok(vec![]));
    }
}
