//! Correlations that least squares are made of.

use crate::simd::{Level, correlate_add};

/// Correlations of one column with itself and with the symbols.
pub(super) struct Moments {
    /// E y_i y_(i-l), l = 0...
    pub(super) auto: Vec<f64>,
    /// E y_(i-l) a_i for l from -`ahead`.
    cross: Vec<f64>,
    ahead: usize,
}

/// The symbols that columns are correlated with, continued around the turn as far as taps reach.
pub(super) struct Reference {
    level: Level,
    /// Levels from `ahead` symbols before the first to `taps` after the last.
    levels: Vec<f32>,
    ahead: usize,
    taps: usize,
}

impl Reference {
    pub(super) fn new(level: Level, levels: &[f32], taps: usize) -> Self {
        let ahead = taps + 1;
        let levels = [&levels[levels.len() - ahead..], levels, &levels[..taps]].concat();
        Self { level, levels, ahead, taps }
    }

    /// Correlations of a column of one sample a symbol over `oma`.
    pub(super) fn moments(&self, column: &[f32], oma: f64) -> Moments {
        let around = [column, &column[..self.taps]].concat();
        let mut auto = vec![0.0; self.taps];
        correlate_add(self.level, column, &around, &mut auto);
        let mut cross = vec![0.0; self.ahead + self.taps + 1];
        correlate_add(self.level, column, &self.levels, &mut cross);
        let scale = 1.0 / (column.len() as f64 * oma);
        auto.iter_mut().for_each(|r| *r *= scale / oma);
        cross.iter_mut().for_each(|r| *r *= scale);
        Moments { auto, cross, ahead: self.ahead }
    }
}

impl Moments {
    /// E y_(i-l) a_i.
    pub(super) fn cross(&self, l: isize) -> f64 {
        self.cross[(l + self.ahead as isize) as usize]
    }
}
