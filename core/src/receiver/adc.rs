//! Configuration of the analogue-to-digital converter before the FFE.
//!
//! ```text
//! step = 2 full_scale / 2^bits    q(x) = step (⌊x/step⌋ + 1/2), kept within ±(full_scale − step/2)
//! ```
//!
//! Where nothing clips the error is uniform and white, of variance step²/12 (B. Widrow, IRE Trans. Circuit Theory 3
//! (1956) 266, for a signal much rougher than a step).

use crate::density::{normal_pdf, q};
use crate::error::{Error, Result, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Full scale in standard deviations of what arrives: a Gaussian exceeds it once in 16,000 samples.
pub(crate) const FULL_SCALE_RMS: f64 = 4.0;
const MAX_BITS: u32 = 16;
const MAX_INTERLEAVE: usize = 4096;

/// Converter of a receiver beside its resolution, `adc_bits`: full scale, and sub-converters that take turns.
///
/// Errors of the sub-converters are drawn from the seed of the run: normal, with the standard deviation given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Adc {
    /// Clipping level, V, zero to peak. None is 4 standard deviations of what arrives at the converter.
    pub full_scale_v: Option<f64>,
    /// Sub-converters that take turns, one symbol each.
    pub interleave: usize,
    /// Gain error of a sub-converter, relative, rms. Only the waveform mode of the time domain has it.
    pub gain_mismatch: f64,
    /// Offset of a sub-converter, V rms. Only the waveform mode of the time domain has it.
    pub offset_v: f64,
    /// Timing error of a sub-converter, s rms. Only the waveform mode of the time domain has it.
    pub skew_s: f64,
}

impl Default for Adc {
    fn default() -> Self {
        Self { full_scale_v: None, interleave: 1, gain_mismatch: 0.0, offset_v: 0.0, skew_s: 0.0 }
    }
}

impl Adc {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the field.
    pub fn validate(&self) -> Result<()> {
        if let Some(full_scale_v) = self.full_scale_v {
            require::positive("receiver.adc.full_scale_v", full_scale_v)?;
        }
        if !(1..=MAX_INTERLEAVE).contains(&self.interleave) {
            let requirement = format!("between 1 and {MAX_INTERLEAVE}");
            return Err(Error::parameter("receiver.adc.interleave", self.interleave, requirement));
        }
        require::within("receiver.adc.gain_mismatch", self.gain_mismatch, 0.0, 1.0)?;
        require::non_negative("receiver.adc.offset_v", self.offset_v)?;
        require::non_negative("receiver.adc.skew_s", self.skew_s)?;
        Ok(())
    }

    /// Whether engines with one value a symbol can honour it.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the first mismatch that they cannot.
    pub(crate) fn refuse_waveform_only(&self) -> Result<()> {
        let mismatches =
            [("gain_mismatch", self.gain_mismatch), ("offset_v", self.offset_v), ("skew_s", self.skew_s)];
        for (name, value) in mismatches {
            if value > 0.0 {
                let requirement = "0 here: only simulate(mode=\"waveform\") has it";
                return Err(Error::parameter(format!("receiver.adc.{name}"), value, requirement));
            }
        }
        Ok(())
    }

    /// The same converter with equal sub-converters.
    #[must_use]
    pub fn without_mismatch(&self) -> Self {
        Self { gain_mismatch: 0.0, offset_v: 0.0, skew_s: 0.0, ..self.clone() }
    }
}

/// Checks a resolution.
pub(crate) fn validate_bits(bits: u32) -> Result<()> {
    if (1..=MAX_BITS).contains(&bits) {
        return Ok(());
    }
    Err(Error::parameter("receiver.adc_bits", bits, format!("between 1 and {MAX_BITS}")))
}

/// A resolution and a full scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantizer {
    step: f64,
    top: f64,
}

impl Quantizer {
    /// Steps of 2 `full_scale_v` / 2^`bits`.
    ///
    /// ```
    /// let q = lightlane::receiver::Quantizer::new(2, 1.0);
    /// assert_eq!([-5.0, -0.1, 0.0, 0.6].map(|x| q.quantize(x)), [-0.75, -0.25, 0.25, 0.75]);
    /// ```
    pub fn new(bits: u32, full_scale_v: f64) -> Self {
        let step = 2.0 * full_scale_v / 2f64.powi(bits as i32);
        Self { step, top: full_scale_v - 0.5 * step }
    }

    /// The middle of the step that `x` falls in, of the last one where it clips.
    pub fn quantize(&self, x: f64) -> f64 {
        (self.step * ((x / self.step).floor() + 0.5)).clamp(-self.top, self.top)
    }

    /// Whether `x` is beyond the full scale.
    pub fn clips(&self, x: f64) -> bool {
        x.abs() > self.top + 0.5 * self.step
    }

    /// Height of a step, V.
    pub fn step_v(&self) -> f64 {
        self.step
    }

    /// Middle of the last step, V.
    pub fn top_v(&self) -> f64 {
        self.top
    }

    /// Mean square of what a Gaussian of that deviation exceeds the full scale by, V², and the share of it that does.
    pub(crate) fn clipping(&self, rms_v: f64) -> (f64, f64) {
        let t = (self.top + 0.5 * self.step) / rms_v;
        let share = 2.0 * q(t);
        (rms_v * rms_v * ((1.0 + t * t) * share - 2.0 * t * normal_pdf(t)).max(0.0), share)
    }

    /// step²/12, V².
    pub fn noise_v2(&self) -> f64 {
        self.step * self.step / 12.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_a_twelfth_of_the_squared_step() {
        let q = Quantizer::new(6, 0.3);
        // A ramp through every step in 64,000 points: the mean of the squares is exact to the square of a point's share.
        let n = 64_000;
        let error: f64 = (0..n)
            .map(|i| {
                let x = 0.3 * (2.0 * (f64::from(i) + 0.5) / f64::from(n) - 1.0);
                (q.quantize(x) - x).powi(2)
            })
            .sum::<f64>()
            / f64::from(n);
        assert!((error / q.noise_v2() - 1.0).abs() < 1e-5, "{error}");
    }

    #[test]
    fn a_full_scale_sine_has_its_closed_form() {
        // 6.02 N + 1.76 dB for a uniform error. Where the sine turns it dwells in the last step for a share of about
        // 2^(1 - N/2) of the time, so the formula is approached as 2^(-N/2): 0.02 dB at 14 bits.
        let q = Quantizer::new(14, 1.0);
        let n = 1_000_003;
        let error: f64 = (0..n)
            .map(|i| {
                let x = (std::f64::consts::TAU * f64::from(i) / f64::from(n)).sin();
                (q.quantize(x) - x).powi(2)
            })
            .sum::<f64>()
            / f64::from(n);
        assert!((10.0 * (0.5 / error).log10() - (6.0206 * 14.0 + 1.761)).abs() < 0.03);
    }

    #[test]
    fn clipping_is_that_of_a_gaussian() {
        // E[(|x| − t)²; |x| > t] by a sum over the density.
        for t in [1.0, 2.5] {
            let step = 1e-4;
            let sum: f64 = (0..100_000)
                .map(|i| (f64::from(i) + 0.5) * step)
                .map(|over| 2.0 * over * over * normal_pdf(t + over) * step)
                .sum();
            let (v2, share) = Quantizer::new(6, 0.3 * t).clipping(0.3);
            assert!((v2 / 0.09 / sum - 1.0).abs() < 1e-6 && (share - 2.0 * q(t)).abs() < 1e-15, "{t}: {v2}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let bad = [
            (Adc { full_scale_v: Some(0.0), ..Adc::default() }, "full_scale_v"),
            (Adc { interleave: 0, ..Adc::default() }, "interleave"),
            (Adc { gain_mismatch: f64::NAN, ..Adc::default() }, "gain_mismatch"),
            (Adc { skew_s: -1.0, ..Adc::default() }, "skew_s"),
        ];
        for (adc, field) in bad {
            let text = adc.validate().unwrap_err().to_string();
            assert!(text.starts_with(&format!("receiver.adc.{field} =")), "{text}");
        }
        assert!(validate_bits(0).is_err() && validate_bits(17).is_err() && validate_bits(6).is_ok());
    }
}
