//! The probability that every fibre of an array couples within a budget.
//!
//! ```text
//! yield = E over X, Y, θ of Π_i F(|(X, Y + x_i θ)|),     F(ρ) = P(|(ρ + e_x, e_y)| ≤ r),     r = w √(ln 10 budget/10)
//! ```
//!
//! Given what is common, the fibres are independent and F is a non-central χ² distribution of two degrees of freedom. The
//! mean over X, Y and θ is a nested adaptive quadrature rather than a Gauss–Hermite sum, because F turns into a step where the
//! fibres' own errors are small against the common ones. The product is even in X, in Y and in θ: one octant is enough.

use super::Alignment;
use super::quadrature::integral;
use crate::error::{Error, Result, require};
use std::f64::consts::{FRAC_1_SQRT_2, LN_10, TAU};

/// A normal law ends here, in deviations: 2e-19 lies beyond.
const REACH: f64 = 9.0;
/// A deviation below this share of the radius is a step: it moves the edge by a few of itself.
const SHARP: f64 = 1e-6;
/// Relative errors of the three nested integrals, the innermost first.
const ERRORS: [f64; 3] = [1e-7, 1e-6, 1e-6];
/// Steps of the table of ln F in one deviation: cubic interpolation is then good to 1e-9.
const STEPS: f64 = 64.0;

impl Alignment {
    /// Probability that all fibres of an array lose at most `budget_db` by their offsets, equal modes of `mfd_m` without gap
    /// and tilt; good to 1e-5 relative.
    ///
    /// ```
    /// use lightlane::medium::optics::Alignment;
    /// // One fibre, 0.4 µm, MFD 4 µm, 1 dB.
    /// let alignment = Alignment { sigma_fiber_m: 0.4e-6, ..Alignment::default() };
    /// assert!((alignment.array_yield(4e-6, 1.0)? - 0.94377).abs() < 5e-6);
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] for a field that is not valid, a diameter that is not positive, a negative budget, or a tilt or
    /// gap, which only [`Alignment::losses`] has.
    pub fn array_yield(&self, mfd_m: f64, budget_db: f64) -> Result<f64> {
        self.validate()?;
        require::positive("mfd_m", mfd_m)?;
        require::non_negative("budget_db", budget_db)?;
        let none = "0 here: only drawn losses have it";
        for (name, sigma) in [("sigma_tilt_rad", self.sigma_tilt_rad), ("sigma_gap_m", self.sigma_gap_m)] {
            if sigma > 0.0 {
                return Err(Error::parameter(name, sigma, none));
            }
        }
        let radius_m = 0.5 * mfd_m * (0.1 * LN_10 * budget_db).sqrt();
        let rotates = self.sigma_rotation_rad > 0.0 && self.n_fibers > 1;
        if self.n_fibers == 1 {
            return Ok(within(0.0, radius_m, self.sigma_fiber_m.hypot(self.sigma_common_m)));
        }
        if !rotates && self.sigma_common_m == 0.0 {
            return Ok(within(0.0, radius_m, self.sigma_fiber_m).powf(self.n_fibers as f64));
        }
        if radius_m == 0.0 {
            return Ok(0.0);
        }
        if !rotates {
            return Ok(self.shifted(radius_m));
        }
        if self.sigma_fiber_m <= SHARP * radius_m {
            return Ok(self.rigid(radius_m));
        }
        Ok(self.rotated(radius_m))
    }

    /// A common offset only: its distance is Rayleigh.
    fn shifted(&self, radius_m: f64) -> f64 {
        let (own, common, n) = (self.sigma_fiber_m, self.sigma_common_m, self.n_fibers as f64);
        if own <= SHARP * radius_m {
            return within(0.0, radius_m, common);
        }
        let end = (REACH * common).min(radius_m + REACH * own);
        let edges = ascending([0.0, radius_m - REACH * own, radius_m, end], end);
        let density = |rho: f64| rho / common.powi(2) * (-0.5 * (rho / common).powi(2)).exp();
        integral(&edges, ERRORS[2], |rho| density(rho) * within(rho, radius_m, own).powf(n)).min(1.0)
    }

    /// An array without errors of its fibres: the outermost fibre decides, |Y| + x_max |θ| ≤ √(r² − X²).
    fn rigid(&self, radius_m: f64) -> f64 {
        let arm_m = self.place_m(self.n_fibers - 1);
        let by_angle = |theta: f64| {
            let room = radius_m - arm_m * theta;
            let half = |x: f64| ((radius_m * radius_m - x * x).max(0.0).sqrt() - arm_m * theta).max(0.0);
            if self.sigma_common_m == 0.0 {
                return if room >= 0.0 { 1.0 } else { 0.0 };
            }
            let sigma = self.sigma_common_m;
            let reach = (radius_m * radius_m - (arm_m * theta).powi(2)).max(0.0).sqrt();
            mean_of_half(sigma, &[0.0, reach.min(REACH * sigma)], ERRORS[1], |x| {
                libm::erf(half(x) / sigma * FRAC_1_SQRT_2)
            })
        };
        let end = (radius_m / arm_m).min(REACH * self.sigma_rotation_rad);
        mean_of_half(self.sigma_rotation_rad, &[0.0, end], ERRORS[2], by_angle).min(1.0)
    }

    /// Everything.
    fn rotated(&self, radius_m: f64) -> f64 {
        let (own, common) = (self.sigma_fiber_m, self.sigma_common_m);
        let table = Table::new(radius_m, own);
        // Fibres at x and −x: a pair costs one place.
        let places: Vec<f64> = (self.n_fibers.div_ceil(2)..self.n_fibers).map(|i| self.place_m(i)).collect();
        let has_middle = self.n_fibers % 2 == 1;
        let product = |x: f64, y: f64, theta: f64| {
            let mut ln_p = if has_middle { table.ln_at(x.hypot(y)) } else { 0.0 };
            for place in &places {
                ln_p += table.ln_at(x.hypot(y + place * theta)) + table.ln_at(x.hypot(y - place * theta));
                if ln_p < LEAST_LN {
                    return 0.0;
                }
            }
            ln_p.exp()
        };
        let reach = radius_m + REACH * own;
        let arm_m = self.place_m(self.n_fibers - 1);
        let end = (REACH * common).min(reach);
        let over_y = |x: f64, theta: f64| {
            if common == 0.0 {
                return product(x, 0.0, theta);
            }
            let edge = (radius_m * radius_m - x * x).max(0.0).sqrt() - arm_m * theta;
            let edges = ascending([0.0, edge - REACH * own, edge, edge + REACH * own], end);
            mean_of_half(common, &edges, ERRORS[0], |y| product(x, y, theta))
        };
        let over_x = |theta: f64| {
            if common == 0.0 {
                return product(0.0, 0.0, theta);
            }
            let edge = (radius_m * radius_m - (arm_m * theta).powi(2)).max(0.0).sqrt();
            let edges = ascending([0.0, edge - REACH * own, edge, edge + REACH * own], end);
            mean_of_half(common, &edges, ERRORS[1], |x| over_y(x, theta))
        };
        let end = (reach / arm_m).min(REACH * self.sigma_rotation_rad);
        let edge = radius_m / arm_m;
        let width = REACH * own / arm_m;
        let edges = ascending([0.0, edge - width, edge, edge + width], end);
        mean_of_half(self.sigma_rotation_rad, &edges, ERRORS[2], over_x).min(1.0)
    }
}

/// ln of a product below which it is 0.
const LEAST_LN: f64 = -745.0;

/// Mean of an even function of a normal variable, from its values on `edges` from 0 on; 0 beyond the last.
fn mean_of_half(sigma: f64, edges: &[f64], relative: f64, f: impl Fn(f64) -> f64) -> f64 {
    let norm = 2.0 / (sigma * TAU.sqrt());
    // The law itself ends long before a wide panel does.
    let mut all = edges.to_vec();
    all.extend(edges.last().filter(|last| **last > 3.0 * sigma).map(|_| 3.0 * sigma));
    all.sort_by(f64::total_cmp);
    norm * integral(&all, relative, |t| (-0.5 * (t / sigma).powi(2)).exp() * f(t))
}

/// The edges between 0 and `end`, both included, ascending.
fn ascending(edges: [f64; 4], end: f64) -> Vec<f64> {
    let mut all: Vec<f64> = edges.into_iter().map(|e| e.clamp(0.0, end)).chain([end]).collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    all
}

/// P that a point at distance `rho_m` from the centre, moved by a normal error per axis, lies in the circle: the
/// non-central χ² distribution of two degrees of freedom, as a strip-wise sum over the circle.
fn within(rho_m: f64, radius_m: f64, sigma_m: f64) -> f64 {
    if sigma_m == 0.0 {
        return if rho_m <= radius_m { 1.0 } else { 0.0 };
    }
    let (a, b) = (rho_m / sigma_m, radius_m / sigma_m);
    if a == 0.0 {
        return -(-0.5 * b * b).exp_m1();
    }
    // Strips at b sin t across the direction of the offset; each holds a piece of a normal law along it.
    let end = (REACH / b).min(1.0).asin();
    let tail = |x: f64| libm::erfc(x * FRAC_1_SQRT_2);
    let strips = integral(&[0.0, 0.5 * end, end], 1e-11, |t| {
        let (x, y) = (b * t.sin(), b * t.cos());
        (-0.5 * x * x).exp() * y * (tail(a - y) - tail(a + y))
    });
    (strips / TAU.sqrt()).clamp(0.0, 1.0)
}

/// ln F over the distance, where it is neither 1 nor nothing.
struct Table {
    first_m: f64,
    step_m: f64,
    ln_f: Vec<f64>,
}

impl Table {
    fn new(radius_m: f64, sigma_m: f64) -> Self {
        let step_m = sigma_m / STEPS;
        let first_m = (radius_m - REACH * sigma_m).max(0.0);
        let n = ((radius_m + REACH * sigma_m - first_m) / step_m).ceil() as usize + 4;
        // One node ahead of the first, which an even function has too.
        let at = |i: usize| (first_m + (i as f64 - 1.0) * step_m).abs();
        let ln_f = (0..n).map(|i| within(at(i), radius_m, sigma_m).max(f64::MIN_POSITIVE).ln()).collect();
        Self { first_m, step_m, ln_f }
    }

    /// Cubic through the four nodes around; 0 before the table, nothing beyond.
    fn ln_at(&self, rho_m: f64) -> f64 {
        let position = (rho_m - self.first_m) / self.step_m;
        if position < 0.0 {
            return 0.0;
        }
        let i = position as usize;
        let Some(&[p, q, r, s]) = self.ln_f.get(i..i + 4) else { return LEAST_LN };
        let t = position - i as f64;
        // Lagrange at −1, 0, 1, 2.
        q + t
            * (r - p / 3.0 - 0.5 * q - s / 6.0
                + t * (0.5 * (p + r) - q + t * ((s - p) / 6.0 + 0.5 * (q - r))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(own_um: f64, common_um: f64, rotation_rad: f64, n_fibers: usize) -> Alignment {
        Alignment {
            sigma_fiber_m: 1e-6 * own_um,
            sigma_common_m: 1e-6 * common_um,
            sigma_rotation_rad: rotation_rad,
            n_fibers,
            ..Alignment::default()
        }
    }

    #[test]
    fn the_published_figures() {
        // 0.4 µm, 1 dB: beyond six nines at 9.2 µm, 94.4 % at 4 µm, about 35 % for 18 fibres there.
        let one = |mfd, n| array(0.4, 0.0, 0.0, n).array_yield(mfd, 1.0).unwrap();
        assert!(one(9.2e-6, 1) > 0.999_999);
        assert!((one(4e-6, 1) - 0.944).abs() < 5e-4);
        assert!((one(4e-6, 18) - 0.35).abs() < 5e-3);
    }

    #[test]
    fn a_circle_under_a_normal_law_is_the_sum_over_its_rings() {
        for (a, b) in [(0.5, 1.0), (2.0, 1.5), (4.0, 3.0), (0.0, 2.0), (6.0, 5.0)] {
            let (n_rings, n_angles) = (4000, 400);
            let step = b / f64::from(n_rings);
            let mut sum = 0.0;
            for i in 0..n_rings {
                let rho = (f64::from(i) + 0.5) * step;
                for j in 0..n_angles {
                    let angle = TAU * f64::from(j) / f64::from(n_angles);
                    let square = rho * rho + a * a - 2.0 * a * rho * angle.cos();
                    sum += rho * (-0.5 * square).exp() / f64::from(n_angles);
                }
            }
            // The midpoint rule in rings of a thousandth; the sum over angles converges faster than any power.
            let sum = sum * step;
            assert!((within(a, b, 1.0) - sum).abs() < 1e-6, "{a} {b}: {} {sum}", within(a, b, 1.0));
        }
    }

    /// The mean over X, Y and θ as a plain sum on a fine grid: no shared quadrature, no table, no symmetry.
    fn by_sum(alignment: &Alignment, radius_m: f64) -> f64 {
        let n = 41;
        // Normal weights on a grid of 0.25 deviations: the sum of a smooth function converges faster than any power.
        let nodes: Vec<(f64, f64)> = (0..n)
            .map(|i| 0.25 * (f64::from(i) - 20.0))
            .map(|z| (z, 0.25 / TAU.sqrt() * (-0.5 * z * z).exp()))
            .collect();
        let mut total = 0.0;
        for (x, wx) in &nodes {
            for (y, wy) in &nodes {
                for (t, wt) in &nodes {
                    let product: f64 = (0..alignment.n_fibers)
                        .map(|i| {
                            let dx = alignment.sigma_common_m * x;
                            let turn = alignment.sigma_rotation_rad * t;
                            let dy = alignment.sigma_common_m * y + alignment.place_m(i) * turn;
                            within(dx.hypot(dy), radius_m, alignment.sigma_fiber_m)
                        })
                        .product();
                    total += wx * wy * wt * product;
                }
            }
        }
        total
    }

    #[test]
    fn the_nested_integral_is_the_plain_sum() {
        let radius = |budget_db: f64| 0.5 * 4.5e-6 * (0.1 * LN_10 * budget_db).sqrt();
        for (alignment, budget) in [(array(0.4, 0.3, 3e-4, 4), 1.0), (array(0.3, 0.3, 1e-3, 3), 0.5)] {
            let found = alignment.array_yield(4.5e-6, budget).unwrap();
            let sum = by_sum(&alignment, radius(budget));
            assert!((found / sum - 1.0).abs() < 1e-5, "{found} {sum}");
        }
    }

    #[test]
    fn the_ways_meet_at_their_borders() {
        let yield_of = |a: Alignment| a.array_yield(4.5e-6, 1.0).unwrap();
        let near = |a: f64, b: f64, tolerance: f64| assert!((a / b - 1.0).abs() < tolerance, "{a} {b}");
        // A rotation of nothing, a common offset of nothing, fibres without errors of their own.
        near(yield_of(array(0.3, 0.3, 1e-9, 8)), yield_of(array(0.3, 0.3, 0.0, 8)), 1e-5);
        near(yield_of(array(0.3, 1e-6, 0.0, 8)), yield_of(array(0.3, 0.0, 0.0, 8)), 1e-5);
        // Fibres' errors of 2e-6 of the radius move the edge by as much.
        near(yield_of(array(2.2e-6, 0.3, 5e-4, 8)), yield_of(array(0.0, 0.3, 5e-4, 8)), 2e-5);
        near(yield_of(array(2.2e-6, 0.0, 5e-4, 8)), yield_of(array(0.0, 0.0, 5e-4, 8)), 2e-5);
        near(yield_of(array(2.2e-6, 0.3, 0.0, 8)), yield_of(array(0.0, 0.3, 0.0, 8)), 2e-5);
        // One fibre does not notice what is common and what is its own.
        near(yield_of(array(0.3, 0.4, 0.01, 1)), yield_of(array(0.5, 0.0, 0.0, 1)), 1e-12);
        // An array that only turns: a normal law of one angle.
        let arm = 3.5 * 127e-6 * 5e-4;
        let radius = 2.25e-6 * (0.1 * LN_10).sqrt();
        near(yield_of(array(0.0, 0.0, 5e-4, 8)), libm::erf(radius / arm * FRAC_1_SQRT_2), 1e-9);
        assert_eq!(yield_of(array(0.0, 0.0, 0.0, 8)), 1.0);
        assert_eq!(array(0.3, 0.3, 5e-4, 8).array_yield(4.5e-6, 0.0).unwrap(), 0.0);
    }

    #[test]
    fn fibres_that_share_errors_yield_more_than_independent_ones_and_rotation_costs() {
        let yield_of = |a: Alignment| a.array_yield(4.5e-6, 1.0).unwrap();
        let shared = yield_of(array(0.2, 0.3, 0.0, 16));
        let apart = yield_of(array(0.2f64.hypot(0.3), 0.0, 0.0, 16));
        assert!(shared > 1.05 * apart, "{shared} {apart}");
        assert!(yield_of(array(0.2, 0.3, 5e-4, 16)) < 0.85 * shared);
    }

    #[test]
    fn what_it_does_not_have_is_refused() {
        for alignment in [
            Alignment { sigma_tilt_rad: 0.01, ..array(0.2, 0.0, 0.0, 2) },
            Alignment { sigma_gap_m: 1e-6, ..array(0.2, 0.0, 0.0, 2) },
            array(-0.1, 0.0, 0.0, 2),
            array(0.1, 0.0, 0.2, 2),
            array(0.1, 0.0, 0.0, 0),
        ] {
            assert!(alignment.array_yield(4e-6, 1.0).is_err(), "{alignment:?}");
        }
        assert!(array(0.1, 0.0, 0.0, 1).array_yield(4e-6, -1.0).is_err());
        assert!(array(0.1, 0.0, 0.0, 1).array_yield(0.0, 1.0).is_err());
    }
}
