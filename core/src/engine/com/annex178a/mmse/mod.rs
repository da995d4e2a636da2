//! The receiver's FFE and DFE of smallest mean squared error at one sampling phase, floating taps in their best places.
//!
//! With R = H'H + R_nn/σ_X² of the tap places in use, h0 the cursor's row of H and h1 the one after it, the error of
//! taps w with h0·w = 1 and DFE tap b is σ_X² q,
//!
//! ```text
//! q = w'Rw + 1 + b² - 2 h0·w - 2 b h1·w
//! α = h0'R⁻¹h0,   β = h0'R⁻¹h1,   γ = h1'R⁻¹h1
//! b* = β/(α(1 - γ) + β²), kept in its limits;   w = R⁻¹(μ h0 + b h1),   μ = (1 - bβ)/α
//! q  = (1 - bβ)²/α - b²γ + b² - 1                                            (178A-33 … 178A-36, N_b = 1)
//! ```
//!
//! Taps beyond their limits relative to the main tap are clipped, w rescaled to h0·w = 1 and b limited anew. All of it
//! needs R only through one Cholesky factor. R is a Toeplitz matrix over all places, so the factor of the fixed taps,
//! carried on over the places of floating ones (Y = L⁻¹R), gives the Schur complement of any group of them:
//!
//! ```text
//! group at j:   S = R_jj - Y_j'Y_j,   α += e0'S⁻¹e0,   e0 = h0_j - Y_j'z0,   z0 = L⁻¹h0,   β and γ likewise
//! ```
//!
//! a few dozen operations for each of some seventy places. What that gives is the error before clipping, which is never
//! larger than the one after it, so places are tried in its order until no other can be better: the choice is that of
//! trying all.

mod floating;

use super::rules::Rules;
use crate::simd::{Level, dot};

/// One sampling phase: autocorrelation of signal and noise over σ_X² by lag, and the rows h0 and h1 by tap place.
pub(super) struct Phase<'a> {
    pub(super) r: &'a [f64],
    pub(super) h0: &'a [f64],
    pub(super) h1: &'a [f64],
}

/// Taps found: h0·w = 1, one a place of the span; σ_X² q is their mean squared error.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Taps {
    pub(super) w: Vec<f64>,
    pub(super) b: f64,
    pub(super) q: f64,
}

/// The error of given taps, scaled to h0·w = 1, with the DFE tap that is given or the one within its limits.
pub(super) fn given(phase: &Phase<'_>, w: &[f64], b: (f64, f64)) -> Option<Taps> {
    let scale = dot(phase.h0, w);
    if scale <= 0.0 {
        return None;
    }
    let w: Vec<f64> = w.iter().map(|w| w / scale).collect();
    let mut power = 0.0;
    for (i, x) in w.iter().enumerate().filter(|p| *p.1 != 0.0) {
        for (j, y) in w.iter().enumerate() {
            power += x * y * phase.r[i.abs_diff(j)];
        }
    }
    let after = dot(phase.h1, &w);
    let b = after.max(b.0).min(b.1);
    Some(Taps { q: power - 1.0 + b * b - 2.0 * b * after, w, b })
}

/// Memory of the solver, one a thread.
pub(super) struct Solver<'a> {
    rules: &'a Rules,
    level: Level,
    b: (f64, f64),
    /// Places of the taps in use.
    places: Vec<usize>,
    /// Cholesky factor, rows of `width`.
    l: Vec<f64>,
    width: usize,
    z0: Vec<f64>,
    z1: Vec<f64>,
    /// L⁻¹R over the places of floating taps, rows of `columns`.
    y: Vec<f64>,
    columns: usize,
    e0: Vec<f64>,
    e1: Vec<f64>,
    /// Schur complement by distance of two places, rows of `columns`.
    bands: Vec<f64>,
    work: Vec<f64>,
    bounds: Vec<f64>,
    w: Vec<f64>,
    clipped: Vec<f64>,
    found_b: f64,
    /// R⁻¹ of the taps in use times their rows of R over the floating places, rows of `columns`; times h0, and h1.
    x: Vec<f64>,
    p0: Vec<f64>,
    p1: Vec<f64>,
    /// Place of each clipped tap of a trial, and by how much.
    cut: Vec<(usize, f64)>,
}

impl<'a> Solver<'a> {
    pub(super) fn new(rules: &'a Rules, b: (f64, f64), level: Level) -> Self {
        let width = rules.n_fixed + rules.groups * rules.group_len;
        let columns = rules.span - rules.n_fixed;
        let g = rules.group_len;
        Self {
            rules,
            level,
            b,
            places: Vec::with_capacity(width),
            l: vec![0.0; width * width],
            width,
            z0: vec![0.0; width],
            z1: vec![0.0; width],
            y: vec![0.0; width * columns],
            columns,
            e0: vec![0.0; columns],
            e1: vec![0.0; columns],
            bands: vec![0.0; g * columns],
            work: vec![0.0; (g * g + 3 * g + 3) * columns],
            bounds: vec![0.0; columns],
            w: vec![0.0; width],
            clipped: vec![0.0; width],
            found_b: 0.0,
            x: vec![0.0; width * columns],
            p0: vec![0.0; width],
            p1: vec![0.0; width],
            cut: Vec::with_capacity(width),
        }
    }

    /// The smallest q of a phase; infinity if its matrix is not positive definite, or if its
    /// bounds, which know no limits of taps, show that it is not below `beat`.
    pub(super) fn solve(&mut self, phase: &Phase<'_>, beat: f64) -> f64 {
        let rules = self.rules;
        self.places.clear();
        self.places.extend(0..rules.n_fixed);
        if !self.factor_fixed(phase) {
            return f64::INFINITY;
        }
        if rules.groups == 0 {
            return self.finish(rules.n_fixed);
        }
        self.reach_floating(phase);
        let mut q = f64::INFINITY;
        for group in 0..rules.groups {
            let n = self.places.len();
            self.bound_starts(n);
            if !self.bounds.iter().any(|b| b.is_finite()) {
                // The groups that stand leave no room for another.
                return q;
            }
            // Only the last group's error is the phase's.
            let ceiling = if group + 1 == rules.groups { beat } else { f64::INFINITY };
            let mut best = (f64::INFINITY, None);
            loop {
                let (start, bound) = self
                    .bounds
                    .iter()
                    .enumerate()
                    .fold((0, f64::INFINITY), |m, (j, b)| if *b < m.1 { (j, *b) } else { m });
                if bound >= best.0 || bound >= ceiling {
                    break;
                }
                if best.1.is_none() {
                    self.prepare_trials(n);
                }
                self.bounds[start] = f64::INFINITY;
                let q = self.trial(phase, start, n);
                if q < best.0 || (q == best.0 && best.1.is_some_and(|s| start < s)) {
                    best = (q, Some(start));
                }
            }
            let Some(start) = best.1 else {
                return f64::INFINITY;
            };
            q = best.0;
            self.append(start, n);
            self.places.extend((0..rules.group_len).map(|a| rules.n_fixed + start + a));
            if group + 1 < rules.groups {
                self.carry_on(phase, start, n);
            }
        }
        q
    }

    /// The taps of the phase that was solved last.
    pub(super) fn taps(&mut self) -> Taps {
        let q = self.finish(self.places.len());
        let mut w = vec![0.0; self.rules.span];
        for (place, x) in self.places.iter().zip(&self.clipped) {
            w[*place] = *x;
        }
        Taps { w, b: self.found_b, q }
    }

    fn factor_fixed(&mut self, phase: &Phase<'_>) -> bool {
        let (n, width) = (self.rules.n_fixed, self.width);
        for i in 0..n {
            let (above, row) = self.l.split_at_mut(i * width);
            let row = &mut row[..width];
            for j in 0..=i {
                let before = if j < i { &above[j * width..j * width + j] } else { &[][..] };
                if j < i {
                    let sum: f64 = before.iter().zip(&row[..j]).map(|(a, b)| a * b).sum();
                    row[j] = (phase.r[i - j] - sum) / above[j * width + j];
                } else {
                    let d = phase.r[0] - row[..i].iter().map(|x| x * x).sum::<f64>();
                    if d <= 0.0 || !d.is_finite() {
                        return false;
                    }
                    row[i] = d.sqrt();
                }
            }
            let inverse = 1.0 / row[i];
            let (mut a, mut b) = (phase.h0[i], phase.h1[i]);
            for (k, x) in row[..i].iter().enumerate() {
                a -= x * self.z0[k];
                b -= x * self.z1[k];
            }
            self.z0[i] = a * inverse;
            self.z1[i] = b * inverse;
        }
        true
    }

    /// q, the DFE tap and the scale of clipped taps, from δ·h0, δ·h1 and δ'Rδ.
    fn clipped_error(
        &self,
        (alpha, beta, gamma): (f64, f64, f64),
        (b, mu): (f64, f64),
        (d0, d1, square): (f64, f64, f64),
    ) -> (f64, f64, f64) {
        let power = mu * mu * alpha + 2.0 * mu * b * beta + b * b * gamma + 2.0 * (mu * d0 + b * d1) + square;
        let scale = 1.0 / (1.0 + d0);
        let after = (mu * beta + b * gamma + d1) * scale;
        let b = after.max(self.b.0).min(self.b.1);
        let q =
            if scale > 0.0 { power * scale * scale - 1.0 + b * b - 2.0 * b * after } else { f64::INFINITY };
        (q, b, scale)
    }

    /// Taps of the first n rows, clipped, and their q.
    fn finish(&mut self, n: usize) -> f64 {
        let width = self.width;
        let (mut alpha, mut beta, mut gamma) = (0.0, 0.0, 0.0);
        for (x, y) in self.z0[..n].iter().zip(&self.z1[..n]) {
            alpha += x * x;
            beta += x * y;
            gamma += y * y;
        }
        let (q, b, mu) = error(alpha, beta, gamma, self.b.0, self.b.1);
        if !q.is_finite() {
            return f64::INFINITY;
        }
        let w = &mut self.w[..n];
        for (w, (x, y)) in w.iter_mut().zip(self.z0.iter().zip(&self.z1)) {
            *w = mu * x + b * y;
        }
        for i in (0..n).rev() {
            let row = &self.l[i * width..i * width + i + 1];
            let x = w[i] / row[i];
            w[i] = x;
            for (w, l) in w[..i].iter_mut().zip(row) {
                *w -= l * x;
            }
        }
        let main = w[self.rules.pre];
        let mut unchanged = true;
        for ((out, x), place) in self.clipped[..n].iter_mut().zip(&*w).zip(&self.places) {
            let limit = self.rules.limits[*place];
            *out = x.max(-limit * main).min(limit * main);
            unchanged &= *out == *x;
        }
        self.found_b = b;
        if unchanged {
            return q;
        }
        self.finish_clipped(n, (alpha, beta, gamma), (b, mu))
    }

    /// q of the taps in `clipped`, rescaled; `w` holds them before.
    fn finish_clipped(&mut self, n: usize, sums: (f64, f64, f64), found: (f64, f64)) -> f64 {
        let (mut d0, mut d1, mut square) = (0.0, 0.0, 0.0);
        for k in 0..n {
            // With x = L'δ: δ'Rδ = x·x, and h0 = L z0.
            let x: f64 = (k..n).map(|i| self.l[i * self.width + k] * (self.clipped[i] - self.w[i])).sum();
            square += x * x;
            d0 += x * self.z0[k];
            d1 += x * self.z1[k];
        }
        let (q, b, scale) = self.clipped_error(sums, found, (d0, d1, square));
        for c in &mut self.clipped[..n] {
            *c *= scale;
        }
        self.found_b = b;
        q
    }
}

/// q, b and μ of the sums α, β, γ with b in its limits.
fn error(alpha: f64, beta: f64, gamma: f64, low: f64, high: f64) -> (f64, f64, f64) {
    let b = (beta / (alpha * (1.0 - gamma) + beta * beta)).max(low).min(high);
    let rest = 1.0 - b * beta;
    (rest * rest / alpha - b * b * gamma + b * b - 1.0, b, rest / alpha)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{DMatrix, DVector};

    const B: (f64, f64) = (0.0, 0.5);

    fn rules() -> Rules {
        let (pre, n_fixed, span) = (3, 7, 24);
        Rules {
            pre,
            n_fixed,
            span,
            groups: 2,
            group_len: 3,
            limits: (0..span)
                .map(|i| if i == pre { 1.0 } else { [0.3, 0.04][usize::from(i >= n_fixed)] })
                .collect(),
            quantizer_bits: 0,
            clip_probability: 1e-7,
            mlsd: false,
            added_noise_db: 3.0,
            step_hz: 1e7,
        }
    }

    /// The bordered system of 178A-33 solved as it stands, clipped as it says.
    fn plainly(rules: &Rules, phase: &Phase<'_>, places: &[usize]) -> f64 {
        let n = places.len();
        let r = DMatrix::from_fn(n, n, |i, j| phase.r[places[i].abs_diff(places[j])]);
        let pick = |h: &[f64]| DVector::from_iterator(n, places.iter().map(|p| h[*p]));
        let (h0, h1) = (pick(phase.h0), pick(phase.h1));
        let inverse = r.clone().lu();
        let (x0, x1) = (inverse.solve(&h0).expect("regular"), inverse.solve(&h1).expect("regular"));
        let taps = |b: f64| {
            let mu = (1.0 - b * h0.dot(&x1)) / h0.dot(&x0);
            &x0 * mu + &x1 * b
        };
        let q = |w: &DVector<f64>, b: f64| {
            (w.transpose() * &r * w)[0] + 1.0 + b * b - 2.0 * w.dot(&h0) - 2.0 * b * w.dot(&h1)
        };
        // q is a parabola in b: three points give its minimum.
        let at = [0.0, 0.5, 1.0].map(|b| q(&taps(b), b));
        let (curve, slope) = (2.0 * (at[2] - 2.0 * at[1] + at[0]), 4.0 * at[1] - 3.0 * at[0] - at[2]);
        let b = (-slope / (2.0 * curve)).clamp(B.0, B.1);
        let mut w = taps(b);
        let main = w[rules.pre];
        let clipped = DVector::from_iterator(
            n,
            w.iter().zip(places).map(|(x, p)| x.max(-rules.limits[*p] * main).min(rules.limits[*p] * main)),
        );
        if clipped == w {
            return q(&w, b);
        }
        w = &clipped / h0.dot(&clipped);
        q(&w, w.dot(&h1).clamp(B.0, B.1))
    }

    fn greedily(rules: &Rules, phase: &Phase<'_>) -> (f64, Vec<usize>) {
        let mut places: Vec<usize> = (0..rules.n_fixed).collect();
        let mut best = f64::INFINITY;
        for _ in 0..rules.groups {
            let starts = (rules.n_fixed..=rules.span - rules.group_len)
                .filter(|s| !places.iter().any(|p| (*s..s + rules.group_len).contains(p)));
            let with = |s: usize| [&places[..], &(s..s + rules.group_len).collect::<Vec<_>>()].concat();
            let found = starts
                .map(|s| (plainly(rules, phase, &with(s)), s))
                .reduce(|a, b| if b.0 < a.0 { b } else { a });
            let (q, start) = found.expect("room");
            places = with(start);
            best = q;
        }
        (best, places)
    }

    #[test]
    fn bounds_and_one_factor_find_what_trying_every_place_finds() {
        let rules = rules();
        let mut solver = Solver::new(&rules, B, Level::detect().unwrap());
        // Pulses with reflections, some weak enough that nothing is clipped, some strong.
        for (strength, post) in [(0.02, 0.1), (0.1, 0.4), (0.3, 0.7), (0.05, 0.9)] {
            let mut h = [0.0; 64];
            for (n, v) in [(30, 1.0), (31, post), (29, 0.25 * post), (32, 0.3 * post), (33, -0.1)] {
                h[n] = v;
            }
            for (n, v) in [(40, 1.0), (41, -0.6), (46, 0.7), (48, 0.5), (52, -0.3)] {
                h[n] = strength * v;
            }
            let r: Vec<f64> = (0..rules.span)
                .map(|k| {
                    let signal: f64 = (0..64 - k).map(|n| h[n] * h[n + k]).sum();
                    signal + 0.02 * 0.4_f64.powi(k as i32)
                })
                .collect();
            let row = |at: usize| (0..rules.span).map(|i| h[at + rules.pre - i]).collect::<Vec<f64>>();
            let (h0, h1) = (row(30), row(31));
            let phase = Phase { r: &r, h0: &h0, h1: &h1 };
            let (q, places) = greedily(&rules, &phase);
            // Twenty sums in another order.
            let found = solver.solve(&phase, f64::INFINITY);
            assert!((found / q - 1.0).abs() < 1e-9, "{strength}: {found} instead of {q}");
            let taps = solver.taps();
            assert!((taps.q / q - 1.0).abs() < 1e-9, "{strength}: {} instead of {q}", taps.q);
            assert!(taps.w.iter().enumerate().all(|(i, w)| *w == 0.0 || places.contains(&i)), "{strength}");
            // Given back, they have their error; what cannot beat it is not solved for.
            let again = given(&phase, &taps.w, (taps.b, taps.b)).expect("a cursor");
            assert!((again.q / q - 1.0).abs() < 1e-9, "{strength}: {} instead of {q}", again.q);
            // Clipped taps are above their bound, so the strong reflections are solved for all the same.
            let half = solver.solve(&phase, 0.5 * q);
            assert!(
                half == f64::INFINITY || (half / q - 1.0).abs() < 1e-9,
                "{strength}: {half} instead of {q}"
            );
            assert_eq!(solver.solve(&phase, 0.0), f64::INFINITY);
        }
    }
}
