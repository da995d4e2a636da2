//! Places of floating groups of taps: what one at each start is worth, before and after clipping.

use super::{Phase, Solver, error};
use crate::engine::com::annex178a::rules::MAX_GROUP;
use crate::simd::{Lower, substitute, substitute_back};

impl Solver<'_> {
    /// Y, e and the Schur complement of all floating places.
    pub(super) fn reach_floating(&mut self, phase: &Phase<'_>) {
        let (n, columns) = (self.rules.n_fixed, self.columns);
        self.e0.copy_from_slice(&phase.h0[n..n + columns]);
        self.e1.copy_from_slice(&phase.h1[n..n + columns]);
        for (d, band) in self.bands.chunks_exact_mut(columns).enumerate() {
            band.fill(phase.r[d]);
        }
        for (i, row) in self.y[..n * columns].chunks_exact_mut(columns).enumerate() {
            row.copy_from_slice(&phase.r[n - i..n - i + columns]);
        }
        let l = Lower { values: &self.l, width: self.width };
        substitute(self.level, l, columns, 0, &mut self.y[..n * columns]);
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
    pub(super) fn bound_starts(&mut self, n: usize) {
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

    /// What the taps in use contribute to a trial: back substitution of Y, z0 and z1.
    pub(super) fn prepare_trials(&mut self, n: usize) {
        let (columns, width) = (self.columns, self.width);
        self.x[..n * columns].copy_from_slice(&self.y[..n * columns]);
        self.p0[..n].copy_from_slice(&self.z0[..n]);
        self.p1[..n].copy_from_slice(&self.z1[..n]);
        let l = Lower { values: &self.l, width };
        substitute_back(self.level, l, columns, &mut self.x[..n * columns]);
        for i in (0..n).rev() {
            let row = &self.l[i * width..=i * width + i];
            for p in [&mut self.p0, &mut self.p1] {
                p[i] /= row[i];
                let value = p[i];
                for (o, l) in p[..i].iter_mut().zip(row) {
                    *o -= l * value;
                }
            }
        }
    }

    /// q of a group at a start, clipped. With w = v + δ, δ of a few taps and Rv = μ h0 + b h1,
    /// w'Rw = v'Rv + 2 δ'Rv + δ'Rδ.
    pub(super) fn trial(&mut self, phase: &Phase<'_>, start: usize, n: usize) -> f64 {
        let (g, columns) = (self.rules.group_len, self.columns);
        // The rows of all starts that the bounds left: u, inverse pivots, reduced right-hand sides, sums.
        let (l, rest) = self.work.split_at(g * g * columns);
        let (pivots, rest) = rest.split_at(g * columns);
        let (f0, rest) = rest.split_at(g * columns);
        let (f1, sums) = rest.split_at(g * columns);
        let (alpha, beta, gamma) = (sums[start], sums[columns + start], sums[2 * columns + start]);
        let (q, b, mu) = error(alpha, beta, gamma, self.b.0, self.b.1);
        let mut new = [0.0; MAX_GROUP];
        for a in (0..g).rev() {
            let p = pivots[a * columns + start];
            let mut v = mu * f0[a * columns + start] + b * f1[a * columns + start];
            for c in a + 1..g {
                v -= l[(c * g + a) * columns + start] * new[c];
            }
            new[a] = v * p;
        }
        let new = &new[..g];
        for k in 0..n {
            let row = &self.x[k * columns + start..][..g];
            let taken: f64 = row.iter().zip(new).map(|(x, w)| x * w).sum();
            self.w[k] = mu * self.p0[k] + b * self.p1[k] - taken;
        }
        let main = self.w[self.rules.pre];
        self.cut.clear();
        let first = self.rules.n_fixed + start;
        let taps = self.places.iter().copied().zip(self.w[..n].iter().copied());
        for (place, w) in taps.chain(new.iter().enumerate().map(|(a, w)| (first + a, *w))) {
            let limit = self.rules.limits[place] * main;
            let kept = w.max(-limit).min(limit);
            if kept != w {
                self.cut.push((place, kept - w));
            }
        }
        if self.cut.is_empty() {
            return q;
        }
        let (mut d0, mut d1, mut square) = (0.0, 0.0, 0.0);
        for (i, (place, d)) in self.cut.iter().enumerate() {
            d0 += d * phase.h0[*place];
            d1 += d * phase.h1[*place];
            square += d * d * phase.r[0];
            for (other, e) in &self.cut[..i] {
                square += 2.0 * d * e * phase.r[place.abs_diff(*other)];
            }
        }
        self.clipped_error((alpha, beta, gamma), (b, mu), (d0, d1, square)).0
    }

    /// Rows n to n + g of the factor for a group at a start.
    pub(super) fn append(&mut self, start: usize, n: usize) {
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
    pub(super) fn carry_on(&mut self, phase: &Phase<'_>, start: usize, n: usize) {
        let (g, columns) = (self.rules.group_len, self.columns);
        for (a, row) in self.y[n * columns..(n + g) * columns].chunks_exact_mut(columns).enumerate() {
            for (j, x) in row.iter_mut().enumerate() {
                *x = phase.r[(start + a).abs_diff(j)];
            }
        }
        let l = Lower { values: &self.l, width: self.width };
        substitute(self.level, l, columns, n, &mut self.y[..(n + g) * columns]);
        self.fold_rows(n, n + g);
    }
}
