//! Quasi-Newton descent over a handful of variables.

use crate::error::Result;
use nalgebra::{DMatrix, DVector};

/// Share of the decrease that the slope promises, which a step must keep (Armijo).
const KEPT: f64 = 1e-4;
/// Halvings of a step before the descent ends.
const HALVINGS: usize = 12;

/// Descends from `start` by the BFGS update of `inverse`, a first guess of the inverse second derivative, until a step
/// gains less than `least_gain` or `steps` have been made. Returns the place, its cost and what was evaluated there.
///
/// Reference: J. Nocedal and S. J. Wright, Numerical Optimization, 2nd ed., chapter 6.
pub(super) fn descend<E>(
    start: DVector<f64>,
    mut inverse: DMatrix<f64>,
    steps: usize,
    least_gain: f64,
    mut evaluate: impl FnMut(&DVector<f64>) -> Result<(f64, E)>,
    mut gradient: impl FnMut(&DVector<f64>, &E) -> DVector<f64>,
) -> Result<(DVector<f64>, f64, E)> {
    let mut x = start;
    let (mut cost, mut at) = evaluate(&x)?;
    let mut g = gradient(&x, &at);
    for _ in 0..steps {
        let mut direction = -(&inverse * &g);
        let mut descent = g.dot(&direction);
        if descent >= 0.0 {
            direction = -g.clone();
            descent = -g.norm_squared();
        }
        // The taps are of order one: a longer step leaves the region where the guess means anything.
        let mut length = (0.3 / direction.amax().max(1e-300)).min(1.0);
        let mut moved = None;
        for _ in 0..HALVINGS {
            let candidate = &x + &direction * length;
            let (next, evaluated) = evaluate(&candidate)?;
            if next <= cost + KEPT * length * descent {
                moved = Some((candidate, next, evaluated));
                break;
            }
            // The parabola through cost, slope and the new cost, kept from vanishing.
            let bent = -0.5 * descent * length * length / (next - cost - descent * length);
            length = if bent.is_finite() { bent.clamp(0.1 * length, 0.5 * length) } else { 0.5 * length };
        }
        let Some((candidate, next, evaluated)) = moved else { break };
        let new_gradient = gradient(&candidate, &evaluated);
        let (step, change) = (&candidate - &x, &new_gradient - &g);
        let curvature = step.dot(&change);
        if curvature > 1e-12 * step.norm() * change.norm() {
            let n = x.len();
            let rho = 1.0 / curvature;
            let left = DMatrix::identity(n, n) - &step * change.transpose() * rho;
            inverse = &left * &inverse * left.transpose() + &step * step.transpose() * rho;
        }
        let gain = cost - next;
        (x, cost, at, g) = (candidate, next, evaluated, new_gradient);
        if gain < least_gain {
            break;
        }
    }
    Ok((x, cost, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curved_valley_is_followed_to_its_end() {
        // Rosenbrock's function, minimum 0 at (1, 1).
        let value = |x: &DVector<f64>| (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2);
        let slope = |x: &DVector<f64>| {
            let v = x[1] - x[0] * x[0];
            DVector::from_vec(vec![-2.0 * (1.0 - x[0]) - 400.0 * x[0] * v, 200.0 * v])
        };
        let start = DVector::from_vec(vec![-1.2, 1.0]);
        let (x, cost, at) =
            descend(start, DMatrix::identity(2, 2), 200, 0.0, |x| Ok((value(x), x.clone())), |x, _| slope(x))
                .unwrap();
        // What is returned belongs to the place, not to the last candidate.
        assert_eq!(at, x);
        // A quadratic end: far below the square root of rounding.
        assert!(cost < 1e-12 && (x[0] - 1.0).abs() < 1e-5, "{x} {cost}");
    }
}
