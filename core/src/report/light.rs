//! The light of a lane for a pattern, and its eye closure.

use super::attenuated::optics_of;
use crate::error::Result;
use crate::lane::PreparedLane;
use crate::medium::optics::{LightWaveform, Optics, Transmit, light_waveform};
use crate::run::Run;

impl PreparedLane {
    /// The optical power of the lane for one period of `symbols`, sent for ever, behind its modulator and at its photodiode:
    /// what [`tdecq`](crate::engine::tdecq::tdecq) measures. Noise, jitter, reflections and other wavelengths are left out.
    ///
    /// # Errors
    /// [`Error::Parameter`](crate::Error::Parameter) for a lane without an optical section, symbols that its modulation lacks,
    /// fewer than 16 of them, an odd number of samples a symbol or one outside 2 to 64; [`crate::Error::Interrupted`].
    ///
    /// ```
    /// use lightlane::{Run, lane::{Networks, PreparedLane, preset}, modulation::prbs13q};
    /// use std::path::Path;
    /// let run = Run::default();
    /// let lane = PreparedLane::new(&preset("cpo-dr1-mzm")?, &mut Networks::default(), Path::new("."), &run)?;
    /// let light = lane.light(&prbs13q(None)?, 8, &run)?;
    /// let mean = |w: &[f64]| w.iter().sum::<f64>() / w.len() as f64;
    /// // Couplers, connectors and fibre take 3.7 dB of the average power.
    /// let loss_db = 10.0 * (mean(&light.launched_w) / mean(&light.received_w)).log10();
    /// assert!((loss_db - 3.67).abs() < 0.05);
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    pub fn light(&self, symbols: &[u8], samples_per_symbol: usize, run: &Run) -> Result<LightWaveform> {
        let optics = optics_of(&self.lane)?;
        let mut light = self.light_of(optics, symbols, samples_per_symbol, run)?;
        if !self.link.interference.is_empty() {
            light.warnings.push("light: echoes of reflections are left out".into());
        }
        if optics.wavelengths.is_some() {
            light.warnings.push("light: other wavelengths are left out".into());
        }
        Ok(light)
    }

    /// The same for another optical section behind the same host path.
    pub(super) fn light_of(
        &self,
        optics: &Optics,
        symbols: &[u8],
        samples_per_symbol: usize,
        run: &Run,
    ) -> Result<LightWaveform> {
        let levels_v = self.lane.transmitter.levels_v(self.lane.modulation)?;
        let (ffe, ffe_main) = self.lane.transmitter.taps()?;
        let transmit = Transmit { levels_v: &levels_v, ffe: &ffe, ffe_main };
        light_waveform(optics, &self.host, &transmit, symbols, samples_per_symbol, run)
    }
}
