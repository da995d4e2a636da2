//! Receiver stages: front-end filter, CTLE, FFE, DFE, their adaptation, and what the slicer sees.
//!
//! ```text
//! LinkResponse ──► H_r ──► CTLE ──► sampling ──► FFE ──► − DFE ──► DecisionModel
//! ```

mod adaptation;
mod adc;
mod clock_recovery;
mod ctle;
mod dfe;
mod equalize;
mod ffe;
mod front_end;
mod iir;
mod input;
mod limits;
mod lms;
mod mlsd;
mod mlsd_lanes;
mod mmse;
mod moments;
mod noise_input;
mod raster;
mod record_input;
mod sample;
mod sampling;
mod search;
mod sequence;
mod setting;
mod slicer;
mod symbol_noise;
mod waveform;

pub use adaptation::{Adaptation, AdaptiveEqualizer, Algorithm, Start};
pub use adc::{Adc, Quantizer};
pub use clock_recovery::{
    ClockDetector, ClockLoop, ClockMode, ClockRecovery, bang_bang_error, mueller_muller_error,
};
pub use ctle::{Ctle, CtleStage};
pub use dfe::Dfe;
pub use equalize::{Equalized, Equalizer, equalize};
pub use ffe::Ffe;
pub use front_end::butterworth4;
pub use iir::{iir, iir_into};
pub(crate) use lms::{BLOCK as LMS_BLOCK, Filter};
pub use lms::{Lms, LmsLanesRun, LmsRun, LmsUpdate};
pub use mlsd::{MAX_STATES, mlsd};
pub use mlsd_lanes::mlsd_lanes;
pub use mmse::{Mmse, mmse, mmse_floating};
pub use sample::Sample;
pub use sampling::{Sampling, SamplingRule, mueller_muller_phase};
pub use sequence::{MAX_MEMORY, Mlsd, MlsdSetting, SequenceDetector};
pub use setting::{Setting, SettingRange, SettingWord};
pub use waveform::waveform;

use crate::error::{Error, Result, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Receiver of a lane. Everything defaults to ideal: no noise, no filter, no equalizer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Receiver {
    /// Noise at the input, V²/Hz, one-sided. Without `bandwidth_hz` it is white at the sampling instants, of variance
    /// noise_v2_per_hz * symbol_rate_hz / 2, and a CTLE shapes it.
    pub noise_v2_per_hz: f64,
    /// 3 dB bandwidth of the 4th-order Butterworth front end, Hz, which signal and noise pass. None is no filter.
    pub bandwidth_hz: Option<f64>,
    /// Continuous-time linear equalizer. None is a wire.
    pub ctle: Option<Ctle>,
    /// Feed-forward equalizer. None is a single tap of 1.
    pub ffe: Option<Ffe>,
    /// Decision-feedback equalizer. None is no feedback.
    pub dfe: Option<Dfe>,
    /// Sequence detection over the response that the DFE's 1 to 3 taps would cancel, in the place of their feedback:
    /// false, true, or a configuration.
    pub mlsd: MlsdSetting,
    /// Sampling phase: "mmse", "peak", "mueller_muller", or a phase in UI after the peak of the pulse.
    pub sampling: Sampling,
    /// Decision thresholds, V at the slicer, ascending. None takes the optimum of each.
    pub thresholds_v: Option<Vec<f64>>,
    /// Differential load termination, ohm.
    pub termination_ohm: f64,
    /// Bits of the converter before the FFE. None is no quantization. The statistical engine and the baud mode take its
    /// error as white noise, uniform over a step, and leave clipping out; the waveform mode quantizes every sample.
    pub adc_bits: Option<u32>,
    /// What else the converter does. None is full scale at 4 standard deviations and no mismatch.
    pub adc: Option<Adc>,
    /// Clock recovery. None samples at the receiver's own phase.
    pub clock_recovery: Option<ClockRecovery>,
}

impl Default for Receiver {
    fn default() -> Self {
        Self {
            noise_v2_per_hz: 0.0,
            bandwidth_hz: None,
            ctle: None,
            ffe: None,
            dfe: None,
            mlsd: MlsdSetting::default(),
            sampling: Sampling::default(),
            thresholds_v: None,
            termination_ohm: 100.0,
            adc_bits: None,
            adc: None,
            clock_recovery: None,
        }
    }
}

impl Receiver {
    /// The same stages without what an analysis settled for one medium: taps, sampling phase and thresholds adapt. Fixed
    /// CTLE gains stay.
    #[must_use]
    pub fn adaptive(&self) -> Self {
        let frozen = |dfe: &Dfe| dfe.values.as_ref().map_or(dfe.taps, Vec::len);
        let settled = self.is_settled();
        Self {
            ffe: self.ffe.as_ref().map(|f| Ffe { taps: None, ..f.clone() }),
            dfe: self.dfe.as_ref().map(|d| Dfe { taps: frozen(d), values: None, ..d.clone() }),
            // A phase given without taps was asked for, not settled.
            sampling: if settled { Sampling::default() } else { self.sampling },
            thresholds_v: if settled { None } else { self.thresholds_v.clone() },
            ..self.clone()
        }
    }

    /// Whether it holds taps, which an analysis settles together with phase and thresholds.
    pub(crate) fn is_settled(&self) -> bool {
        self.ffe.as_ref().is_some_and(|f| f.taps.is_some())
            || self.dfe.as_ref().is_some_and(|d| d.values.is_some())
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the field.
    pub fn validate(&self) -> Result<()> {
        require::non_negative("receiver.noise_v2_per_hz", self.noise_v2_per_hz)?;
        require::positive("receiver.termination_ohm", self.termination_ohm)?;
        if let Some(bandwidth_hz) = self.bandwidth_hz {
            require::positive("receiver.bandwidth_hz", bandwidth_hz)?;
        }
        self.ctle.as_ref().map_or(Ok(()), Ctle::validate)?;
        self.ffe.as_ref().map_or(Ok(()), Ffe::validate)?;
        self.dfe.as_ref().map_or(Ok(()), Dfe::validate)?;
        if let Some(mlsd) = self.mlsd.config() {
            mlsd.validate()?;
            // The alphabet is the lane's: as many states as PAM4 has.
            sequence::check_memory(self.dfe.as_ref().map_or(0, |d| d.taps), &mlsd, 4)?;
        }
        self.sampling.validate()?;
        self.adc_bits.map_or(Ok(()), adc::validate_bits)?;
        self.adc.as_ref().map_or(Ok(()), Adc::validate)?;
        self.clock_recovery.as_ref().map_or(Ok(()), ClockRecovery::validate)?;
        if let Some(thresholds) = &self.thresholds_v
            && (thresholds.iter().any(|t| !t.is_finite()) || thresholds.windows(2).any(|w| w[0] >= w[1]))
        {
            return Err(Error::parameter(
                "receiver.thresholds_v",
                format!("{thresholds:?}"),
                "finite and ascending",
            ));
        }
        Ok(())
    }

    /// The same receiver without what only the waveform mode of the time domain has.
    #[must_use]
    pub fn without_waveform_only(&self) -> Self {
        Self { adc: self.adc.as_ref().map(Adc::without_mismatch), clock_recovery: None, ..self.clone() }
    }

    /// Refuses what only the waveform mode of the time domain has.
    fn refuse_waveform_only(&self) -> Result<()> {
        if let Some(clock) = &self.clock_recovery {
            let value = format!("{:?}", clock.detector);
            let requirement = "None here: only simulate(mode=\"waveform\") has it";
            return Err(Error::parameter("receiver.clock_recovery", value, requirement));
        }
        self.adc.as_ref().map_or(Ok(()), Adc::refuse_waveform_only)
    }

    /// The converter's quantizer for what arrives at that standard deviation.
    pub(crate) fn quantizer(&self, rms_v: f64) -> Option<Quantizer> {
        let full_scale_v = self.adc.as_ref().and_then(|a| a.full_scale_v);
        let full_scale_v = full_scale_v.unwrap_or(adc::FULL_SCALE_RMS * rms_v);
        self.adc_bits.map(|bits| Quantizer::new(bits, full_scale_v))
    }
}
