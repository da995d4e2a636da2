//! A captured waveform: whole periods of its pattern, and what looks wrong about it.

use super::pattern::{self, Pattern};
use crate::error::{Error, Result};

/// Fewest symbols of a capture: of four levels some tens each.
const FEWEST_SYMBOLS: usize = 128;
/// Most samples of a capture: some seconds and gigabytes.
const MOST_SAMPLES: usize = 1 << 28;
/// Largest magnitude of a sample: sums of so many stay finite.
const MOST_W: f64 = 1e150;
/// Average powers between which watts are plausible: -40 dBm and 20 dBm.
const PLAUSIBLE_W: [f64; 2] = [1e-7, 0.1];
const PLAUSIBLE_HZ: [f64; 2] = [1e9, 1e12];

/// What is measured, in one piece: the waveform, its sampling and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Waveform<'a> {
    /// Optical power, W, uniformly sampled by the pattern's own clock.
    pub waveform_w: &'a [f64],
    /// Samples a symbol.
    pub samples_per_symbol: usize,
    /// Symbols a second.
    pub symbol_rate_hz: f64,
    /// One period of the symbols sent, 0 to 3, beginning anywhere in the waveform. None looks for SSPRQ and PRBSnQ, and
    /// decides the symbols where the waveform holds neither.
    pub symbols: Option<&'a [u8]>,
}

/// Whole periods, ready for transforms.
pub(super) struct Capture {
    /// (P - average)/scale.
    pub(super) samples: Vec<f32>,
    pub(super) samples_per_symbol: usize,
    pub(super) n_symbols: usize,
    pub(super) pattern: Pattern,
    pub(super) average_power_w: f64,
    pub(super) scale_w: f64,
    pub(super) warnings: Vec<String>,
}

impl Capture {
    /// `instrument_noise_w` only serves to doubt its unit.
    pub(super) fn new(given: &Waveform<'_>, instrument_noise_w: f64) -> Result<Self> {
        let m = given.samples_per_symbol;
        if !(2..=4096).contains(&m) {
            return Err(Error::parameter("samples_per_symbol", m, "between 2 and 4096"));
        }
        crate::error::require::positive("symbol_rate_hz", given.symbol_rate_hz)?;
        let wave = given.waveform_w;
        let n = wave.len() / m;
        if n < FEWEST_SYMBOLS || wave.len() > MOST_SAMPLES {
            let value = format!("{} samples, {n} symbols", wave.len());
            let requirement = format!("at least {FEWEST_SYMBOLS} symbols and at most {MOST_SAMPLES} samples");
            return Err(Error::parameter("waveform_w", value, requirement));
        }
        // Not a number is not within either.
        if let Some(i) = wave.iter().position(|p| !(-MOST_W..=MOST_W).contains(p)) {
            let requirement = format!("finite and at most {MOST_W:e} in magnitude");
            return Err(Error::parameter(format!("waveform_w[{i}]"), format!("{:e}", wave[i]), requirement));
        }
        let (low, high) =
            wave.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), p| (l.min(*p), h.max(*p)));
        let scale_w = high - low;
        // Below this the waveform is a constant with rounding errors.
        if scale_w <= 1e-9 * high.abs().max(low.abs()) {
            return Err(Error::parameter("waveform_w", "all equal", "of more than one value"));
        }
        let mut warnings = Vec::new();
        let pattern = pattern::find(given, scale_w, &mut warnings)?;
        let n_symbols = n / pattern.symbols.len() * pattern.symbols.len();
        let kept = &wave[..n_symbols * m];
        if kept.len() < wave.len() {
            let rest = wave.len() - kept.len();
            warnings.push(format!(
                "the last {rest} samples are left out: {n_symbols} symbols are whole periods of the pattern"
            ));
        }
        let average_power_w = kept.iter().sum::<f64>() / kept.len() as f64;
        let mut capture = Self {
            samples: kept.iter().map(|p| ((p - average_power_w) / scale_w) as f32).collect(),
            samples_per_symbol: m,
            n_symbols,
            pattern,
            average_power_w,
            scale_w,
            warnings,
        };
        capture.doubt(given.symbol_rate_hz, instrument_noise_w, low);
        Ok(capture)
    }

    /// Notes what is possible but not likely: a unit that is wrong by a thousand above all.
    fn doubt(&mut self, symbol_rate_hz: f64, instrument_noise_w: f64, low_w: f64) {
        let power = self.average_power_w;
        let [least, most] = PLAUSIBLE_W;
        if !(least..=most).contains(&power) {
            let guess = if power > most { "milliwatts" } else { "kilowatts or an attenuated copy" };
            self.warnings.push(format!(
                "average power {power:.3e} W: taken as watts, though between {least:e} and {most} W is likely; were these {guess}?"
            ));
        }
        let [slow, fast] = PLAUSIBLE_HZ;
        if !(slow..=fast).contains(&symbol_rate_hz) {
            self.warnings.push(format!(
                "symbol_rate_hz = {symbol_rate_hz:e}: taken as hertz, though between {slow:e} and {fast:e} is likely"
            ));
        }
        if low_w < -0.02 * self.scale_w {
            self.warnings.push(format!(
                "waveform_w goes down to {low_w:.3e} W: power below 0 is taken as an offset of the instrument, and the extinction ratio is too high by it"
            ));
        }
        if instrument_noise_w > 0.1 * self.scale_w {
            self.warnings.push(format!(
                "instrument_noise_w = {instrument_noise_w:.3e}: taken as watts rms, more than a tenth of the waveform's {:.3e} W peak to peak",
                self.scale_w
            ));
        }
    }
}
