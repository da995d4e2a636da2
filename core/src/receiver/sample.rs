//! Captured samples of either precision.

use crate::error::{Error, Result};

/// A real sample: `f32` or `f64`. Arithmetic on samples is in `f64`.
pub trait Sample: Copy + Into<f64> + Send + Sync {
    /// The nearest sample of this precision.
    fn from_f64(value: f64) -> Self;
    /// Largest finite magnitude of this precision.
    const MAX: f64;
}

impl Sample for f32 {
    fn from_f64(value: f64) -> Self {
        value as Self
    }
    const MAX: f64 = f32::MAX as f64;
}

impl Sample for f64 {
    fn from_f64(value: f64) -> Self {
        value
    }
    const MAX: f64 = Self::MAX;
}

/// Largest magnitude of samples that are all finite.
pub(crate) fn largest<T: Sample>(name: &str, samples: &[T]) -> Result<f64> {
    let mut largest = 0.0f64;
    for (i, x) in samples.iter().enumerate() {
        let x: f64 = (*x).into();
        if !x.is_finite() {
            return Err(Error::parameter(format!("{name}[{i}]"), x, "finite"));
        }
        largest = largest.max(x.abs());
    }
    Ok(largest)
}
