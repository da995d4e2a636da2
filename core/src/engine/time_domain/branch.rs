//! One filtered contribution to the slicer's input.

use crate::error::{Error, Result};
use crate::simd::{self, Level};

/// Longest response: beyond it the file is wrong, not the channel.
const MAX_RESPONSE: usize = 1 << 16;

/// A response sampled once a symbol: value k gains Σ_i taps[i] x_(k + ahead − i).
#[derive(Debug, Clone, Default)]
pub(super) struct Branch {
    pub(super) taps: Vec<f32>,
    /// How many symbols after k the first tap belongs to; negative when all of them are before.
    pub(super) ahead: i64,
}

impl Branch {
    /// Response with that main index, without what lies at its ends and adds up to at most `negligible`, in absolute
    /// values.
    ///
    /// # Errors
    /// [`Error::Parameter`] when a value is not finite in single precision, or the main index is outside.
    pub(super) fn new(name: &str, response: &[f64], main: usize, negligible: f64) -> Result<Self> {
        if response.is_empty() {
            return Ok(Self::default());
        }
        if main >= response.len() {
            return Err(Error::parameter(format!("{name}.main"), main, format!("below {}", response.len())));
        }
        if response.len() > MAX_RESPONSE {
            let length = format!("{} symbols", response.len());
            return Err(Error::parameter(name, length, format!("at most {MAX_RESPONSE} symbols")));
        }
        let taps = to_f32(name, response)?;
        let skip = |order: &mut dyn Iterator<Item = &f64>| {
            let mut sum = 0.0;
            order
                .take_while(|tap| {
                    sum += tap.abs();
                    sum <= negligible
                })
                .count()
        };
        let start = skip(&mut response.iter());
        let end = response.len() - skip(&mut response.iter().rev());
        if start >= end {
            return Ok(Self::default());
        }
        Ok(Self { taps: taps[start..end].to_vec(), ahead: main as i64 - start as i64 })
    }

    /// How many symbols before k the last tap belongs to; negative when all of them are after.
    pub(super) fn back(&self) -> i64 {
        self.taps.len() as i64 - 1 - self.ahead
    }

    /// Number of inputs for `n` outputs.
    pub(super) fn input_len(&self, n: usize) -> usize {
        n + self.taps.len().saturating_sub(1)
    }

    /// Adds the branch to `output`; `input` begins [`Branch::back`] symbols before the first output.
    pub(super) fn add(&self, level: Level, input: &[f32], output: &mut [f32]) {
        simd::fir_add(level, input, &self.taps, output);
    }
}

/// The values in single precision.
///
/// # Errors
/// [`Error::Parameter`] for one that is not finite there.
pub(super) fn to_f32(name: &str, values: &[f64]) -> Result<Vec<f32>> {
    let converted: Vec<f32> = values.iter().map(|v| *v as f32).collect();
    match converted.iter().position(|v| !v.is_finite()) {
        None => Ok(converted),
        Some(i) => Err(Error::parameter(format!("{name}[{i}]"), values[i], "finite in single precision")),
    }
}

/// A value for each of the 2 or 4 symbols of an alphabet, as the lookup kernel takes them.
///
/// # Errors
/// [`Error::Parameter`] for another number of values, or one that is not finite.
pub(super) fn alphabet(name: &str, values: &[f64]) -> Result<[f32; 4]> {
    let converted = to_f32(name, values)?;
    match *converted {
        [a, b] => Ok([a, b, a, b]),
        [a, b, c, d] => Ok([a, b, c, d]),
        _ => Err(Error::parameter(name, format!("{} values", values.len()), "2 or 4 values")),
    }
}
