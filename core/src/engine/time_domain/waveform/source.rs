//! The waveform as an endless record that is synthesized ahead of its reader.

use super::block::Block;
use super::plan::Plan;
use crate::error::Result;
use crate::run::Run;
use rayon::prelude::*;

/// Symbols synthesized at once: they fit a cache at 32 samples each.
pub(super) const BLOCK: usize = 2048;
/// Blocks kept behind the reader, whose clock may run back, and ahead of the symbol it asks for.
const BEHIND: usize = 1;

/// A window of the waveform that moves ahead.
pub(super) struct Source<'a> {
    plan: &'a Plan,
    run: &'a Run,
    /// Symbol at which the window begins.
    first: i64,
    symbols: Vec<u8>,
    v: Vec<f32>,
}

impl<'a> Source<'a> {
    /// A record that is read from symbol `start` on.
    pub(super) fn new(plan: &'a Plan, run: &'a Run, start: i64) -> Self {
        let block = BLOCK as i64;
        let first = (start.div_euclid(block) - BEHIND as i64) * block;
        Self { plan, run, first, symbols: Vec::new(), v: Vec::new() }
    }

    /// Makes the window hold every symbol from one block before `symbol` to two symbols after it.
    ///
    /// # Errors
    /// [`crate::Error::Interrupted`].
    pub(super) fn reach(&mut self, symbol: i64) -> Result<()> {
        while symbol + 2 >= self.first + self.symbols.len() as i64 {
            self.run.check()?;
            // What lies more than a block behind is done with.
            let drop = (symbol - self.first) as usize / BLOCK;
            let drop = (drop.saturating_sub(BEHIND) * BLOCK).min(self.symbols.len());
            self.symbols.drain(..drop);
            self.v.drain(..drop * self.plan.samples_per_symbol);
            self.first += drop as i64;
            self.extend();
        }
        Ok(())
    }

    fn extend(&mut self) {
        let threads = self.run.threads();
        let next = self.first + self.symbols.len() as i64;
        let block = |i: usize| self.plan.block(next + (i * BLOCK) as i64, BLOCK);
        // One thread stays outside rayon, whose global pool must not be touched.
        let blocks: Vec<Block> =
            if threads == 1 { vec![block(0)] } else { (0..2 * threads).into_par_iter().map(block).collect() };
        for block in blocks {
            self.symbols.extend(block.symbols);
            self.v.extend(block.v);
        }
    }

    /// Symbol number `k`, which the window holds.
    pub(super) fn symbol(&self, k: i64) -> u8 {
        self.symbols[(k - self.first) as usize]
    }

    /// Samples at `time_ui` + (p − M/2)/M UI, p from 0, by third-order interpolation between those of the waveform.
    pub(super) fn column(&self, time_ui: f64, output: &mut [f32]) {
        let m = self.plan.samples_per_symbol as f64;
        let position = (time_ui - self.first as f64 - 0.5) * m;
        let whole = position.floor();
        let at = whole as usize;
        let x = (position - whole) as f32;
        if x == 0.0 {
            output.copy_from_slice(&self.v[at..at + output.len()]);
            return;
        }
        let [a, b, c, d] = lagrange(x);
        let window = &self.v[at - 1..at + 2 + output.len()];
        for (y, w) in output.iter_mut().zip(window.windows(4)) {
            *y = a * w[0] + b * w[1] + c * w[2] + d * w[3];
        }
    }
}

/// Weights of the samples at −1, 0, 1, 2 for the value at `x`.
fn lagrange(x: f32) -> [f32; 4] {
    let (l, r, s) = (x + 1.0, x - 1.0, x - 2.0);
    [-x * r * s / 6.0, l * r * s / 2.0, -l * x * s / 2.0, l * x * r / 6.0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cubics_are_interpolated_exactly() {
        let f = |t: f32| 1.0 + t * (0.5 + t * (-0.25 + t * 0.125));
        for x in [0.25, 0.5, 0.9] {
            let w = lagrange(x);
            let y: f32 = (-1..3).zip(w).map(|(i, w)| w * f(i as f32)).sum();
            // A few roundings of single precision.
            assert!((y - f(x)).abs() < 1e-6, "{x}");
        }
    }
}
