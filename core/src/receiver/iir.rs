//! A recursive filter over captured samples.
//!
//! ```text
//! a₀ y_k = Σ_i b_i x_(k−i) − Σ_(i≥1) a_i y_(k−i),     x and y zero before the record
//! ```
//!
//! Direct form I: of the products only a₁ y_(k−1) waits for the sample before, which is what bounds the speed.

use crate::error::{Error, Result};
use crate::receiver::sample::{Sample, largest};
use crate::run::Run;

/// Samples between two looks at the cancel flag.
const BLOCK: usize = 1 << 14;
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
    largest("x", x)?;
    let order = a.len().max(b.len()) - 1;
    // Orders in use have an instance whose state stays in registers; the loop is the same.
    match order {
        0 => filter::<T, [f64; 0]>(b, a, x, [], run),
        1 => filter(b, a, x, [0.0; 1], run),
        2 => filter(b, a, x, [0.0; 2], run),
        3 => filter(b, a, x, [0.0; 3], run),
        4 => filter(b, a, x, [0.0; 4], run),
        _ => filter(b, a, x, vec![0.0; order], run),
    }
}

/// `zeros` is the state before the record, its length the order.
fn filter<T: Sample, H: AsMut<[f64]> + AsRef<[f64]> + Clone>(
    b: &[f64],
    a: &[f64],
    x: &[T],
    zeros: H,
    run: &Run,
) -> Result<Vec<T>> {
    let normalized = |values: &[f64]| {
        let mut rest = zeros.clone();
        rest.as_mut().iter_mut().zip(&values[1..]).for_each(|(r, v)| *r = v / a[0]);
        rest
    };
    let (b0, b, a) = (b[0] / a[0], normalized(b), normalized(a));
    let (b, a) = (b.as_ref(), a.as_ref());
    let (mut inputs, mut outputs) = (zeros.clone(), zeros);
    let (inputs, outputs) = (inputs.as_mut(), outputs.as_mut());
    let order = inputs.len();
    let mut y = Vec::with_capacity(x.len());
    for block in x.chunks(BLOCK) {
        run.check()?;
        let start = y.len();
        for x in block {
            let x: f64 = (*x).into();
            let mut sum = b0 * x;
            for i in 0..order {
                sum += b[i] * inputs[i];
            }
            // The newest output last: it is the one that is waited for.
            for i in (0..order).rev() {
                sum -= a[i] * outputs[i];
            }
            for i in (1..order).rev() {
                inputs[i] = inputs[i - 1];
                outputs[i] = outputs[i - 1];
            }
            if order > 0 {
                (inputs[0], outputs[0]) = (x, sum);
            }
            y.push(T::from_f64(sum));
        }
        if let Some(i) = y[start..].iter().position(|y| !Into::<f64>::into(*y).is_finite()) {
            return Err(Error::Convergence {
                method: "recursive filter".into(),
                figure: format!("output {}", start + i),
                value: y[start + i].into(),
                limit: T::MAX,
                iterations: start + i,
            });
        }
        run.report(y.len() as u64, x.len() as u64);
    }
    Ok(y)
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
