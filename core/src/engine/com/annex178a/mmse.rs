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

use super::rules::Rules;

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
    let scale = super::pulse::dot(phase.h0, w);
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
    let after = super::pulse::dot(phase.h1, &w);
    let b = after.max(b.0).min(b.1);
    Some(Taps { q: power - 1.0 + b * b - 2.0 * b * after, w, b })
}

/// Memory of the solver, one a thread.
pub(super) struct Solver<'a> {
    rules: &'a Rules,
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
}

impl<'a> Solver<'a> {
    pub(super) fn new(rules: &'a Rules, b: (f64, f64)) -> Self {
        let width = rules.n_fixed + rules.groups * rules.group_len;
        let columns = rules.span - rules.n_fixed;
        let g = rules.group_len;
        Self {
            rules,
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
        }
    }

    /// The smallest q of a phase; infinity if its matrix is not positive definite, or if it cannot be below `beat`.
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
                self.bounds[start] = f64::INFINITY;
                self.append(start, n);
                let q = self.finish(n + rules.group_len);
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

    /// Y, e and the Schur complement of all floating places.
    fn reach_floating(&mut self, phase: &Phase<'_>) {
        let (n, columns) = (self.rules.n_fixed, self.columns);
        self.e0.copy_from_slice(&phase.h0[n..n + columns]);
        self.e1.copy_from_slice(&phase.h1[n..n + columns]);
        for (d, band) in self.bands.chunks_exact_mut(columns).enumerate() {
            band.fill(phase.r[d]);
        }
        for i in 0..n {
            let (above, row) = self.y.split_at_mut(i * columns);
            let row = &mut row[..columns];
            row.copy_from_slice(&phase.r[n - i..n - i + columns]);
            eliminate(row, above, &self.l[i * self.width..=i * self.width + i]);
        }
        self.fold_rows(0, n);
    }

    /// Takes rows of Y out of e and of the Schur complement.
    fn fold_rows(&mut self, from: usize, to: usize) {
        let columns = self.columns;
        for i in from..to {
            let row = &self.y[i * columns..(i + 1) * columns];
            let (a, b) = (self.z0[i], self.z1[i]);
            for ((e0, e1), y) in self.e0.iter_mut().zip(&mut self.e1).zip(row) {
                *e0 -= y * a;
                *e1 -= y * b;
            }
            for (d, band) in self.bands.chunks_exact_mut(columns).enumerate() {
                for ((s, x), y) in band.iter_mut().zip(row).zip(&row[d..]) {
                    *s -= x * y;
                }
            }
        }
    }

    /// q before clipping of a group at each start; infinity where one stands already.
    fn bound_starts(&mut self, n: usize) {
        let (g, columns) = (self.rules.group_len, self.columns);
        let starts = columns + 1 - g;
        let dot = |a: &[f64], b: &[f64]| a[..n].iter().zip(&b[..n]).map(|(x, y)| x * y).sum::<f64>();
        let sums = (dot(&self.z0, &self.z0), dot(&self.z0, &self.z1), dot(&self.z1, &self.z1));
        // Rows of all starts at once: l[a][b], the inverse pivots, the two reduced right-hand sides, the three sums.
        let (l, rest) = self.work.split_at_mut(g * g * columns);
        let (pivots, rest) = rest.split_at_mut(g * columns);
        let (f0, rest) = rest.split_at_mut(g * columns);
        let (f1, rest) = rest.split_at_mut(g * columns);
        let (alpha, rest) = rest.split_at_mut(columns);
        let (beta, gamma) = rest.split_at_mut(columns);
        alpha.fill(sums.0);
        beta.fill(sums.1);
        gamma.fill(sums.2);
        let at = |a: usize, b: usize| (a * g + b) * columns;
        for a in 0..g {
            for b in 0..=a {
                // u = S_ab - Σ_c l_ac d_c l_bc; what is kept is u for c < a, and l once its pivot is known.
                let (done, row) = l.split_at_mut(at(a, b));
                let row = &mut row[..starts];
                row.copy_from_slice(&self.bands[(a - b) * columns + b..][..starts]);
                for c in 0..b {
                    let (x, y) = (&done[at(a, c)..][..starts], &pivots[c * columns..][..starts]);
                    if b < a {
                        let z = &done[at(b, c)..][..starts];
                        for (((u, x), y), z) in row.iter_mut().zip(x).zip(y).zip(z) {
                            *u -= x * y * z;
                        }
                    } else {
                        for ((u, x), y) in row.iter_mut().zip(x).zip(y) {
                            *u -= x * x * y;
                        }
                    }
                }
            }
            let diagonal = &l[at(a, a)..][..starts];
            for (p, d) in pivots[a * columns..].iter_mut().zip(diagonal) {
                *p = 1.0 / d;
            }
            for (f, e) in [(&mut *f0, &self.e0), (&mut *f1, &self.e1)] {
                let (done, row) = f.split_at_mut(a * columns);
                let row = &mut row[..starts];
                row.copy_from_slice(&e[a..a + starts]);
                for c in 0..a {
                    let (x, y, z) = (
                        &l[at(a, c)..][..starts],
                        &pivots[c * columns..][..starts],
                        &done[c * columns..][..starts],
                    );
                    for (((f, x), y), z) in row.iter_mut().zip(x).zip(y).zip(z) {
                        *f -= x * y * z;
                    }
                }
            }
            let (x, y, p) = (
                &f0[a * columns..][..starts],
                &f1[a * columns..][..starts],
                &pivots[a * columns..][..starts],
            );
            for j in 0..starts {
                alpha[j] += x[j] * x[j] * p[j];
                beta[j] += x[j] * y[j] * p[j];
                gamma[j] += y[j] * y[j] * p[j];
            }
        }
        let (low, high) = self.b;
        self.bounds.fill(f64::INFINITY);
        for (j, bound) in self.bounds[..starts].iter_mut().enumerate() {
            *bound = error(alpha[j], beta[j], gamma[j], low, high).0;
        }
        for place in &self.places[self.rules.n_fixed..] {
            let j = place - self.rules.n_fixed;
            self.bounds[j.saturating_sub(g - 1)..=j].fill(f64::INFINITY);
        }
    }

    /// Rows n to n + g of the factor for a group at a start.
    fn append(&mut self, start: usize, n: usize) {
        let (g, columns, width) = (self.rules.group_len, self.columns, self.width);
        for a in 0..g {
            let (above, row) = self.l.split_at_mut((n + a) * width);
            let row = &mut row[..width];
            for (k, x) in row[..n].iter_mut().enumerate() {
                *x = self.y[k * columns + start + a];
            }
            for c in 0..a {
                let other = &above[(n + c) * width..];
                let sum: f64 = (n..n + c).map(|k| row[k] * other[k]).sum();
                row[n + c] = (self.bands[(a - c) * columns + start + c] - sum) / other[n + c];
            }
            let d = self.bands[start + a] - row[n..n + a].iter().map(|x| x * x).sum::<f64>();
            row[n + a] = d.sqrt();
            let (mut x, mut y) = (self.e0[start + a], self.e1[start + a]);
            for k in n..n + a {
                x -= row[k] * self.z0[k];
                y -= row[k] * self.z1[k];
            }
            self.z0[n + a] = x / row[n + a];
            self.z1[n + a] = y / row[n + a];
        }
    }

    /// Y, e and the Schur complement after a group was appended.
    fn carry_on(&mut self, phase: &Phase<'_>, start: usize, n: usize) {
        let (g, columns) = (self.rules.group_len, self.columns);
        for a in 0..g {
            let (above, row) = self.y.split_at_mut((n + a) * columns);
            let row = &mut row[..columns];
            for (j, x) in row.iter_mut().enumerate() {
                *x = phase.r[(start + a).abs_diff(j)];
            }
            eliminate(row, above, &self.l[(n + a) * self.width..=(n + a) * self.width + n + a]);
        }
        self.fold_rows(n, n + g);
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
        // Places of floating taps that are only tried stand at the end of `l`, not yet in `places`: all of them have
        // one limit.
        let floating = self.rules.limits.last().copied().unwrap_or(1.0);
        for (i, (out, x)) in self.clipped[..n].iter_mut().zip(&*w).enumerate() {
            let limit = if i < self.rules.n_fixed { self.rules.limits[i] } else { floating };
            *out = x.max(-limit * main).min(limit * main);
            unchanged &= *out == *x;
        }
        self.found_b = b;
        if unchanged {
            return q;
        }
        self.finish_clipped(n, (alpha, beta, gamma), (b, mu))
    }

    /// q of clipped taps. With w = v + δ, δ few and Rv = μ h0 + b h1: w'Rw = v'Rv + 2 δ'Rv + δ'Rδ.
    fn finish_clipped(&mut self, n: usize, sums: (f64, f64, f64), (b, mu): (f64, f64)) -> f64 {
        let (alpha, beta, gamma) = sums;
        // R over the rows of l, whose places are those in use and, of a group only tried, unknown: δ'Rδ = |L'δ|².
        let delta = &mut self.w[..n];
        for (w, c) in delta.iter_mut().zip(&self.clipped) {
            *w = c - *w;
        }
        let (mut d0, mut d1, mut square) = (0.0, 0.0, 0.0);
        for k in 0..n {
            // (L'δ)_k = Σ_i≥k L_ik δ_i
            let x: f64 = (k..n).map(|i| self.l[i * self.width + k] * delta[i]).sum();
            square += x * x;
            // h0 = L z0
            d0 += x * self.z0[k];
            d1 += x * self.z1[k];
        }
        let power = mu * mu * alpha + 2.0 * mu * b * beta + b * b * gamma + 2.0 * (mu * d0 + b * d1) + square;
        let scale = 1.0 / (1.0 + d0);
        let after = (mu * beta + b * gamma + d1) * scale;
        let b = after.max(self.b.0).min(self.b.1);
        for c in &mut self.clipped[..n] {
            *c *= scale;
        }
        self.found_b = b;
        if scale > 0.0 { power * scale * scale - 1.0 + b * b - 2.0 * b * after } else { f64::INFINITY }
    }
}

/// row = (row - Σ_k factor[k] above[k])/factor[last], `above` holding rows as long.
fn eliminate(row: &mut [f64], above: &[f64], factor: &[f64]) {
    let (last, factor) = (factor[factor.len() - 1], &factor[..factor.len() - 1]);
    for (other, f) in above.chunks_exact(row.len()).zip(factor) {
        for (x, o) in row.iter_mut().zip(other) {
            *x -= f * o;
        }
    }
    let inverse = 1.0 / last;
    for x in row {
        *x *= inverse;
    }
}

/// q, b and μ of the sums α, β, γ with b in its limits.
fn error(alpha: f64, beta: f64, gamma: f64, low: f64, high: f64) -> (f64, f64, f64) {
    let b = (beta / (alpha * (1.0 - gamma) + beta * beta)).max(low).min(high);
    let rest = 1.0 - b * beta;
    (rest * rest / alpha - b * b * gamma + b * b - 1.0, b, rest / alpha)
}
