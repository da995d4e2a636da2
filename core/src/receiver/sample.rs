//! Captured samples of either precision.

use crate::error::{Error, Result};
use crate::simd::Precision;

/// A real sample: `f32` or `f64`. Arithmetic on samples is in `f64`.
pub trait Sample: Precision + Send + Sync {
    /// Whether it is a number and not infinite.
    fn is_finite(self) -> bool;
    /// Whether all of them are.
    fn all_finite(samples: &[Self]) -> bool;
    /// Largest finite magnitude of this precision.
    const MAX: f64;
}

impl Sample for f32 {
    fn is_finite(self) -> bool {
        self.is_finite()
    }
    fn all_finite(samples: &[Self]) -> bool {
        // An exponent of ones; bits, since they become vector code.
        const EXPONENT: u32 = 0x7f80_0000;
        samples.iter().fold(0, |any, x| any | u32::from(x.to_bits() & EXPONENT == EXPONENT)) == 0
    }
    const MAX: f64 = f32::MAX as f64;
}

impl Sample for f64 {
    fn is_finite(self) -> bool {
        self.is_finite()
    }
    fn all_finite(samples: &[Self]) -> bool {
        // An exponent of ones; bits, since they become vector code.
        const EXPONENT: u64 = 0x7ff0_0000_0000_0000;
        samples.iter().fold(0, |any, x| any | u64::from(x.to_bits() & EXPONENT == EXPONENT)) == 0
    }
    const MAX: f64 = Self::MAX;
}

/// Place of the first sample that is not finite. All are looked at before any is singled out: without a way out of the loop
/// it becomes vector code.
pub(crate) fn first_infinite<T: Sample>(samples: &[T]) -> Option<usize> {
    if T::all_finite(samples) { None } else { samples.iter().position(|x| !x.is_finite()) }
}

/// Largest magnitude of samples that are all finite.
pub(crate) fn largest<T: Sample>(name: &str, samples: &[T]) -> Result<f64> {
    // Eight maxima side by side and no way out of the loop, so that it becomes vector code.
    let mut lanes = [0.0f64; 8];
    let mut finite = true;
    for chunk in samples.chunks(8) {
        for (largest, x) in lanes.iter_mut().zip(chunk) {
            let x = Into::<f64>::into(*x).abs();
            finite &= x <= f64::MAX;
            *largest = if x > *largest { x } else { *largest };
        }
    }
    if finite {
        return Ok(lanes.into_iter().fold(0.0, f64::max));
    }
    let infinite = samples.iter().position(|x| !Into::<f64>::into(*x).is_finite()).unwrap_or(0);
    let value: f64 = samples[infinite].into();
    Err(Error::parameter(format!("{name}[{infinite}]"), value, "finite"))
}
