//! The converter of a run: sub-converters that take turns, and steps.

use crate::error::{Error, Result};
use crate::random::{Purpose, Stream};
use crate::receiver::{Adc, Quantizer, Receiver};
use crate::response::WaveformModel;
use crate::simd::{self, Level};

/// One sub-converter.
#[derive(Debug, Clone, Copy)]
pub(super) struct SubConverter {
    pub(super) gain: f32,
    pub(super) offset_v: f32,
    pub(super) skew_ui: f64,
}

/// Everything between the waveform and the FFE.
#[derive(Debug, Clone)]
pub(super) struct Converter {
    level: Level,
    subs: Vec<SubConverter>,
    quantizer: Option<Quantizer>,
}

/// Largest skew, UI: the window of the waveform reaches no further.
const MAX_SKEW_UI: f64 = 0.5;

impl Converter {
    /// The converter of a receiver, its sub-converters drawn from the seed.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a skew out of proportion.
    pub(super) fn new(receiver: &Receiver, model: &WaveformModel, seed: u64, level: Level) -> Result<Self> {
        let subs = match &receiver.adc {
            None => Vec::new(),
            Some(adc) => sub_converters(adc, model.symbol_rate.hz(), seed, level)?,
        };
        Ok(Self { level, subs, quantizer: receiver.quantizer(model.rms_v) })
    }

    /// Whether it leaves every sample as it is.
    pub(super) fn is_ideal(&self) -> bool {
        self.subs.is_empty() && self.quantizer.is_none()
    }

    /// Which sub-converter takes column `k`.
    pub(super) fn sub(&self, k: i64) -> Option<&SubConverter> {
        self.subs.get(k.rem_euclid(self.subs.len().max(1) as i64) as usize)
    }

    /// How much later than the clock says column `k` is taken, UI.
    pub(super) fn skew_ui(&self, k: i64) -> f64 {
        self.sub(k).map_or(0.0, |s| s.skew_ui)
    }

    /// Whether any column is taken at another time than the clock says.
    pub(super) fn skews(&self) -> bool {
        self.subs.iter().any(|s| s.skew_ui != 0.0)
    }

    /// Gain and offset of the columns from `k` on, each of `width` samples.
    pub(super) fn scale(&self, k: i64, width: usize, samples: &mut [f32]) {
        if self.subs.is_empty() {
            return;
        }
        for (column, k) in samples.chunks_exact_mut(width).zip(k..) {
            if let Some(sub) = self.sub(k) {
                column.iter_mut().for_each(|y| *y = *y * sub.gain + sub.offset_v);
            }
        }
    }

    /// Number of samples beyond the full scale.
    pub(super) fn clipped(&self, samples: &[f32]) -> u64 {
        let Some(quantizer) = &self.quantizer else { return 0 };
        samples.iter().filter(|y| quantizer.clips(f64::from(**y))).count() as u64
    }

    /// Rounds samples to the steps.
    pub(super) fn quantize(&self, samples: &mut [f32]) {
        if let Some(quantizer) = &self.quantizer {
            simd::quantize(self.level, quantizer.step_v() as f32, quantizer.top_v() as f32, samples);
        }
    }

    /// One sample of column `k` through all of it, and whether it clipped.
    pub(super) fn convert(&self, k: i64, y: f32) -> (f32, bool) {
        let scaled = self.sub(k).map_or(y, |sub| y * sub.gain + sub.offset_v);
        let Some(quantizer) = &self.quantizer else { return (scaled, false) };
        let wide = f64::from(scaled);
        (quantizer.quantize(wide) as f32, quantizer.clips(wide))
    }
}

fn sub_converters(adc: &Adc, symbol_rate_hz: f64, seed: u64, level: Level) -> Result<Vec<SubConverter>> {
    let mut draws = vec![0.0; 3 * adc.interleave];
    Stream::new(level, seed, Purpose::Converter, 0).normals(0, &mut draws);
    let mut converters = Vec::with_capacity(adc.interleave);
    for draw in draws.chunks_exact(3) {
        let skew_ui = f64::from(draw[2]) * adc.skew_s * symbol_rate_hz;
        if skew_ui.abs() > MAX_SKEW_UI {
            let requirement =
                format!("below {MAX_SKEW_UI} UI at every sub-converter; one drew {skew_ui:.2} UI");
            return Err(Error::parameter("receiver.adc.skew_s", adc.skew_s, requirement));
        }
        converters.push(SubConverter {
            gain: 1.0 + draw[0] * adc.gain_mismatch as f32,
            offset_v: draw[1] * adc.offset_v as f32,
            skew_ui,
        });
    }
    Ok(converters)
}
