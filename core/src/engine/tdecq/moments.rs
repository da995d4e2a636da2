//! Correlations that least squares are made of.

use super::objective::product;

/// Correlations of one column with itself and with the symbols.
pub(super) struct Moments {
    /// E y_i y_(i-l), l = 0...
    pub(super) auto: Vec<f64>,
    /// E y_(i-l) a_i for l from -`ahead`.
    cross: Vec<f64>,
    ahead: usize,
}

impl Moments {
    /// Correlations of a column over `oma` with levels, as far as `taps` reach.
    pub(super) fn new(column: &[f32], levels: &[f32], oma: f64, taps: usize) -> Self {
        let n = column.len();
        let ahead = taps + 1;
        let scale = 1.0 / (n as f64 * oma);
        // E x_(i-l) y_i around the turn.
        let lagged = |x: &[f32], y: &[f32], l: isize| {
            let l = l.rem_euclid(n as isize) as usize;
            product(&x[..n - l], &y[l..]) + product(&x[n - l..], &y[..l])
        };
        Self {
            auto: (0..taps as isize).map(|l| lagged(column, column, l) * scale / oma).collect(),
            cross: (-(ahead as isize)..=taps as isize).map(|l| lagged(column, levels, l) * scale).collect(),
            ahead,
        }
    }

    /// E y_(i-l) a_i.
    pub(super) fn cross(&self, l: isize) -> f64 {
        self.cross[(l + self.ahead as isize) as usize]
    }
}
