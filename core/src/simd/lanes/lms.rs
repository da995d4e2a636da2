//! Least-mean-squares adaptation of sixteen equalizers.

use super::Row;
use crate::simd::Level;
use fearless_simd::{dispatch, f32x16, prelude::*};

/// Equalizes and adapts over `soft.len()` symbols.
///
/// | argument | rows | meaning |
/// |---|---|---|
/// | `samples` | symbols + `ffe` − 1 | window of symbol k is rows k … k + `ffe` − 1, oldest first |
/// | `training` | 0 … symbols | levels that are known; the slicer's from there on |
/// | `step` | | step size |
/// | `ffe`, `dfe` | taps | in the order of what they multiply, oldest first |
/// | `levels` | `dfe` + symbols | levels remembered, then those of the block |
/// | `soft` | symbols | slicer input |
/// | `energy`, `worst` | one | Σ e² is added, the largest \|e\| is kept |
///
/// # Panics
/// When the lengths do not fit together: a caller's bug.
#[allow(clippy::too_many_arguments)]
pub fn lms(
    level: Level,
    samples: &[Row],
    training: &[Row],
    step: f32,
    ffe: &mut [Row],
    dfe: &mut [Row],
    levels: &mut [Row],
    soft: &mut [Row],
    energy: &mut Row,
    worst: &mut Row,
) {
    let n = soft.len();
    assert!(
        !ffe.is_empty()
            && samples.len() + 1 >= n + ffe.len()
            && training.len() <= n
            && levels.len() == n + dfe.len(),
        "rows of an equalizer must fit its symbols"
    );
    dispatch!(level.inner, simd => {
        body(simd, samples, training, step, ffe, dfe, levels, soft, energy, worst);
    });
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn body<S: Simd>(
    simd: S,
    samples: &[Row],
    training: &[Row],
    step: f32,
    ffe: &mut [Row],
    dfe: &mut [Row],
    levels: &mut [Row],
    soft: &mut [Row],
    energy: &mut Row,
    worst: &mut Row,
) {
    let load = |row: &Row| f32x16::from_slice(simd, &row.0);
    let (n, m) = (ffe.len(), dfe.len());
    let (mut sum, mut largest) = (load(energy), load(worst));
    for (k, soft) in soft.iter_mut().enumerate() {
        let window = &samples[k..k + n];
        // Four sums, so that the additions do not wait for one another.
        let mut parts = [f32x16::splat(simd, 0.0); 4];
        let (mut c, mut r) = (ffe.chunks_exact(4), window.chunks_exact(4));
        for (c, r) in c.by_ref().zip(r.by_ref()) {
            for i in 0..4 {
                parts[i] = load(&c[i]).mul_add(load(&r[i]), parts[i]);
            }
        }
        for (i, (c, r)) in c.remainder().iter().zip(r.remainder()).enumerate() {
            parts[i] = load(c).mul_add(load(r), parts[i]);
        }
        let mut z = (parts[0] + parts[1]) + (parts[2] + parts[3]);
        let (past, next) = levels[k..].split_at_mut(m);
        for (d, a) in dfe.iter().zip(past.iter()) {
            z -= load(d) * load(a);
        }
        let a = match training.get(k) {
            Some(known) => load(known),
            None => (z * 1.5 + 2.0).floor().max(0.0).min(3.0) * (2.0 / 3.0) - 1.0,
        };
        let e = z - a;
        z.store_slice(&mut soft.0);
        a.store_slice(&mut next[0].0);
        sum = e.mul_add(e, sum);
        largest = largest.max(e.abs());
        let g = e * step;
        let back = -g;
        for (c, r) in ffe.iter_mut().zip(window) {
            load(r).mul_add(back, load(c)).store_slice(&mut c.0);
        }
        for (d, a) in dfe.iter_mut().zip(past.iter()) {
            load(a).mul_add(g, load(d)).store_slice(&mut d.0);
        }
    }
    sum.store_slice(&mut energy.0);
    largest.store_slice(&mut worst.0);
}
