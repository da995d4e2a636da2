//! The fast convolution for eyes: deltas on the nearest bin, single precision.
//!
//! Every bin is a sum of as many loads as the alphabet has levels, all probabilities are positive, and so single
//! precision keeps seven digits of every tail down to its underflow. Rounding a cursor to the nearest bin changes
//! mean and variance; both changes are returned with the density and taken off by whoever adds the Gaussian. That is
//! right for cursors well below σ only: a large one is moved, not widened, and wants [`Density::with_deltas`]. What
//! remains is of order x step/σ: good for a picture and its contours, not for an error ratio to six digits.

use super::Density;

/// End bins below this are dropped, well above the smallest normal number of single precision.
const NEGLIGIBLE: f32 = 1e-30;

/// Buffers of [`convolve_nearest`], reused from phase to phase.
#[derive(Debug, Default)]
pub struct EyeWorkspace {
    padded: Vec<f32>,
    out: Vec<f32>,
}

/// Shifts in bins, their lowest, and what rounding added to the mean and to the variance.
struct Rounded {
    first: i64,
    shifts: Vec<usize>,
    mean_v: f64,
    variance_v2: f64,
}

fn rounded(values_v: &[f64], step_v: f64) -> Rounded {
    let n = values_v.len() as f64;
    let bins: Vec<i64> = values_v.iter().map(|v| (v / step_v).round() as i64).collect();
    let first = bins.iter().copied().min().unwrap_or(0);
    let moments = |x: &mut dyn Iterator<Item = f64>| {
        let (s1, s2) = x.fold((0.0, 0.0), |(a, b), v| (a + v, b + v * v));
        (s1 / n, s2 / n - (s1 / n).powi(2))
    };
    let (exact_mean, exact_variance) = moments(&mut values_v.iter().copied());
    let (mean, variance) = moments(&mut bins.iter().map(|b| *b as f64 * step_v));
    Rounded {
        first,
        shifts: bins.iter().map(|b| (b - first) as usize).collect(),
        mean_v: mean - exact_mean,
        variance_v2: variance - exact_variance,
    }
}

/// Density of the sum of independent variables, variable j equally likely any of `sets[j]`, V, each rounded to the
/// nearest bin. Ascending order, growing support; sets that round to no shift at all cost nothing.
pub fn convolve_nearest(sets: &[Vec<f64>], step_v: f64, workspace: &mut EyeWorkspace) -> Density {
    let EyeWorkspace { padded, out } = workspace;
    let size = |s: &[f64]| s.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    let mut order: Vec<(f64, &[f64])> =
        sets.iter().map(|s| (size(s), s.as_slice())).filter(|s| s.0 > 0.0).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut first, mut mean_v, mut grid_v2) = (0, 0.0, 0.0);
    out.clear();
    out.push(1.0);
    for (_, set) in order {
        let r = rounded(set, step_v);
        mean_v += r.mean_v;
        grid_v2 += r.variance_v2;
        first += r.first;
        let reach = r.shifts.iter().copied().max().unwrap_or(0);
        if reach == 0 {
            continue;
        }
        let n = out.len() + reach;
        padded.clear();
        padded.resize(reach, 0.0);
        padded.extend_from_slice(out);
        padded.resize(n + reach, 0.0);
        out.resize(n, 0.0);
        sum_shifted(padded, &r.shifts, reach, out);
        let start = out.iter().position(|x| *x > NEGLIGIBLE).unwrap_or(0);
        let end = out.iter().rposition(|x| *x > NEGLIGIBLE).map_or(n, |i| i + 1);
        out.truncate(end);
        if start > 0 {
            out.copy_within(start.., 0);
            out.truncate(end - start);
            first += start as i64;
        }
    }
    let p = out.iter().map(|x| f64::from(*x)).collect();
    Density { step_v, first_v: first as f64 * step_v - mean_v, p, grid_v2, grid_v4: 0.0 }
}

/// out[i] = mean over the shifts of padded[i + reach − shift].
fn sum_shifted(padded: &[f32], shifts: &[usize], reach: usize, out: &mut [f32]) {
    let n = out.len();
    let source = |s: usize| &padded[reach - s..reach - s + n];
    match *shifts {
        [a, b, c, d] => {
            let (a, b, c, d) = (source(a), source(b), source(c), source(d));
            for i in 0..n {
                out[i] = 0.25 * ((a[i] + b[i]) + (c[i] + d[i]));
            }
        }
        [a, b] => {
            let (a, b) = (source(a), source(b));
            for i in 0..n {
                out[i] = 0.5 * (a[i] + b[i]);
            }
        }
        _ => {
            let weight = 1.0 / shifts.len() as f32;
            out.fill(0.0);
            for s in shifts {
                for (o, x) in out.iter_mut().zip(source(*s)) {
                    *o += weight * x;
                }
            }
        }
    }
}

/// The same by its definition, in double precision.
#[doc(hidden)]
pub fn convolve_nearest_naive(sets: &[Vec<f64>], step_v: f64) -> Density {
    let mut bins = std::collections::BTreeMap::from([(0_i64, 1.0)]);
    let (mut mean_v, mut grid_v2) = (0.0, 0.0);
    for set in sets {
        let r = rounded(set, step_v);
        mean_v += r.mean_v;
        grid_v2 += r.variance_v2;
        let mut next = std::collections::BTreeMap::new();
        for (at, p) in &bins {
            for s in &r.shifts {
                *next.entry(at + r.first + *s as i64).or_insert(0.0) += p / r.shifts.len() as f64;
            }
        }
        bins = next;
    }
    let first = bins.keys().next().copied().unwrap_or(0);
    let last = bins.keys().last().copied().unwrap_or(0);
    let mut p = vec![0.0; (last - first + 1) as usize];
    for (at, x) in bins {
        p[(at - first) as usize] = x;
    }
    Density { step_v, first_v: first as f64 * step_v - mean_v, p, grid_v2, grid_v4: 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::{Tail, convolve_deltas};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_kernel_equals_its_naive_twin(
            cursors in prop::collection::vec(-0.2..0.2_f64, 0..14),
            levels in prop::sample::select(vec![vec![-1.0, 1.0], vec![-1.0, 0.1, 1.0], vec![-1.0, -0.3, 0.35, 1.0]]),
            step in 2e-3..0.05_f64,
        ) {
            let sets: Vec<Vec<f64>> = cursors.iter().map(|c| levels.iter().map(|l| l * c).collect()).collect();
            let fast = convolve_nearest(&sets, step, &mut EyeWorkspace::default());
            let naive = convolve_nearest_naive(&sets, step);
            prop_assert!((fast.first_v - naive.first_v).abs() < 1e-12);
            prop_assert_eq!(fast.p.len(), naive.p.len());
            for (a, b) in fast.p.iter().zip(&naive.p) {
                // One rounding of single precision a cursor.
                prop_assert!((a - b).abs() <= 14.0 * 2.0 * 6e-8 * b);
            }
            prop_assert!((fast.grid_v2 - naive.grid_v2).abs() < 1e-12);
        }
    }

    #[test]
    fn an_eye_tail_is_right_to_a_few_percent_at_1e_12() {
        let sets: Vec<Vec<f64>> = (0..60)
            .map(|i| 0.05 * 0.92_f64.powi(i) * if i % 3 == 0 { -1.0 } else { 1.0 })
            .map(|c| vec![-c, -c / 3.0, c / 3.0, c])
            .collect();
        let sigma = 0.02;
        let exact = Tail::new(convolve_deltas(&sets, sigma / 64.0));
        let fast = Tail::new(convolve_nearest(&sets, sigma / 64.0, &mut EyeWorkspace::default()));
        let d = 0.57;
        let (a, b) = (exact.upper(d, sigma), fast.upper(d, sigma));
        assert!(a < 1e-11 && (a / b - 1.0).abs() < 0.05, "{a:e} {b:e}");
    }
}
