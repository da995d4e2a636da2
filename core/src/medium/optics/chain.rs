//! The noiseless waveforms along an optical section, for one period of symbols.
//!
//! ```text
//! levels ─ FFE ─ rectangle ─ before ─ G H_d ─ tanh ─ H_m ─► V(t) ─ modulator ─► E(t) ─ e^{jθ} ─► |E|² ─ H_dgd ─► P(t) ─►
//! ─► I(P) ─ H_pd ─ Z H_tia ─ tanh ─ after ─►
//! ```

use super::compression::{compressed, compressed_slope};
use super::filter::BesselThomson;
use super::operating_point::OperatingPoint;
use super::record::{RecordGrid, Resampled};
use super::{Optics, Transmit};
use crate::response::ChannelResponse;
use num_complex::Complex64;

/// A section and one period of symbols.
pub(super) struct Chain<'a> {
    optics: &'a Optics,
    point: &'a OperatingPoint,
    transmit: &'a Transmit<'a>,
    symbols: &'a [u8],
    samples_per_symbol: usize,
    grid: RecordGrid,
    before: Resampled,
    after: Resampled,
    driver: BesselThomson,
    amplifier: BesselThomson,
}

/// What drives the modulator.
pub(super) struct Drive {
    /// Behind the modulator's electrode, V.
    pub(super) v: Vec<f64>,
    /// Slope of the driver's output over that of a linear one, sample by sample; empty for a linear one.
    pub(super) relative_slope: Vec<f64>,
}

/// What the TIA makes of the light.
pub(super) struct Detected {
    /// At the receiver's input, V, without its mean.
    pub(super) v: Vec<f64>,
    /// Slope of the TIA's output over that of a linear one, sample by sample; empty for a linear one.
    pub(super) relative_slope: Vec<f64>,
}

impl<'a> Chain<'a> {
    pub(super) fn new(
        optics: &'a Optics,
        point: &'a OperatingPoint,
        transmit: &'a Transmit<'a>,
        (before, after): (&ChannelResponse, &ChannelResponse),
        symbols: &'a [u8],
        samples_per_symbol: usize,
    ) -> Self {
        let rate = before.grid().symbol_rate();
        Self {
            optics,
            point,
            transmit,
            symbols,
            samples_per_symbol,
            grid: RecordGrid::new(symbols.len(), samples_per_symbol, rate.hz()),
            before: Resampled::new(before, symbols.len()),
            after: Resampled::new(after, symbols.len()),
            driver: optics.driver.response(),
            amplifier: optics.tia.response(),
        }
    }

    /// The drive at the modulator for a set of levels.
    pub(super) fn drive(&mut self, levels: &[f64]) -> Drive {
        let modulator = &self.optics.modulator;
        let saturation = self.optics.driver.saturation_v;
        if saturation.is_infinite() {
            let unlimited = self.driver.is_ideal() && modulator.is_unlimited();
            let v = self.amplified(levels, unlimited, |f| modulator.response(f));
            return Drive { v, relative_slope: Vec::new() };
        }
        let linear = self.amplified(levels, self.driver.is_ideal(), |_| Complex64::ONE);
        let relative_slope = linear.iter().map(|v| compressed_slope(*v, saturation)).collect();
        let mut v: Vec<f64> = linear.iter().map(|v| compressed(*v, saturation)).collect();
        if !modulator.is_unlimited() {
            let step_hz = self.grid.step_hz();
            v = self.grid.filtered(&v, |j| modulator.response(j as f64 * step_hz));
        }
        Drive { v, relative_slope }
    }

    /// The levels through the host path, the linear driver and a further response.
    fn amplified(&mut self, levels: &[f64], unlimited: bool, further: impl Fn(f64) -> Complex64) -> Vec<f64> {
        let x = shaped(self.symbols, levels, self.transmit);
        let (pre, driver, gain) = (&self.before, &self.driver, self.point.gain);
        let all = self.symbols.len() * self.samples_per_symbol / 2 + 1;
        let stored = if pre.beyond() == 0.0 || unlimited { pre.len().min(all) } else { all };
        let beyond = if unlimited { pre.beyond() * gain } else { 0.0 };
        let step_hz = self.grid.step_hz();
        self.grid.waveform(&x, stored, beyond, |j| {
            let f = j as f64 * step_hz;
            pre.at(j) * driver.at(f) * further(f) * gain
        })
    }

    /// Power at the photodiode, W, of a field behind the modulator for unit power at its input.
    pub(super) fn received_w(&mut self, mut field: Vec<Complex64>) -> Vec<f64> {
        let phase_s2 = self.optics.dispersion_phase_s2();
        if phase_s2 != 0.0 {
            self.grid.dispersed(&mut field, phase_s2);
        }
        let scale = self.point.lane_power_w * self.point.path;
        let power: Vec<f64> = field.iter().map(|e| scale * e.norm_sqr()).collect();
        if self.optics.fibers().all(|f| f.dgd_s == 0.0) {
            return power;
        }
        let step_hz = self.grid.step_hz();
        self.grid.filtered(&power, |j| self.optics.polarization_response(j as f64 * step_hz))
    }

    /// The receiver's input for a power at the photodiode.
    pub(super) fn detected(&mut self, power_w: &[f64]) -> Detected {
        let (diode, amplifier, after) = (&self.optics.photodiode, &self.amplifier, &self.after);
        let (step_hz, gain_ohm) = (self.grid.step_hz(), self.point.tia.gain_ohm);
        let current: Vec<f64> = power_w.iter().map(|p| diode.current_a(*p)).collect();
        // The receiver is AC-coupled: the mean of the light does not pass.
        let amplified = |j: usize| {
            let f = j as f64 * step_hz;
            if j == 0 { Complex64::ZERO } else { amplifier.at(f) * diode.response(f) * gain_ohm }
        };
        let saturation = self.optics.tia.saturation_v;
        if saturation.is_infinite() {
            let cut = if after.beyond() == 0.0 { after.len() } else { usize::MAX };
            let v = self
                .grid
                .filtered(&current, |j| if j >= cut { Complex64::ZERO } else { amplified(j) * after.at(j) });
            return Detected { v, relative_slope: Vec::new() };
        }
        let linear = self.grid.filtered(&current, amplified);
        let relative_slope = linear.iter().map(|v| compressed_slope(*v, saturation)).collect();
        let v: Vec<f64> = linear.iter().map(|v| compressed(*v, saturation)).collect();
        let v = self.grid.filtered(&v, |j| if j == 0 { Complex64::ZERO } else { after.at(j) });
        Detected { v, relative_slope }
    }

    /// The levels through the linear chain: `optical` is W/V from the modulator's drive to the photodiode's power.
    pub(super) fn linear(&mut self, levels: &[f64], optical: impl Fn(f64) -> Complex64) -> Vec<f64> {
        let x = shaped(self.symbols, levels, self.transmit);
        let (optics, pre, post) = (self.optics, &self.before, &self.after);
        let scale = self.point.gain * self.point.tia.gain_ohm * optics.photodiode.responsivity_a_per_w;
        // Without any filter the rectangles arrive as they are.
        let unlimited = optics.has_no_memory();
        let all = self.symbols.len() * self.samples_per_symbol / 2 + 1;
        let mut stored = if unlimited { pre.len().max(post.len()).min(all) } else { all };
        for part in [pre, post] {
            if part.beyond() == 0.0 {
                stored = stored.min(part.len());
            }
        }
        let beyond = if unlimited { pre.beyond() * post.beyond() * scale * optical(0.0).re } else { 0.0 };
        let step_hz = self.grid.step_hz();
        let v = self.grid.waveform(&x, stored, beyond, |j| {
            let f = j as f64 * step_hz;
            let electrical = self.driver.at(f) * optics.modulator.response(f) * self.amplifier.at(f);
            pre.at(j) * post.at(j) * electrical * optics.photodiode.response(f) * optical(f) * scale
        });
        let mean = v.iter().sum::<f64>() / v.len() as f64;
        v.into_iter().map(|v| v - mean).collect()
    }
}

/// x_k = Σ_i ffe[i] level[symbol k − (i − main)], periodic.
fn shaped(symbols: &[u8], levels: &[f64], transmit: &Transmit<'_>) -> Vec<f64> {
    let n = symbols.len() as isize;
    let mut x = vec![0.0; symbols.len()];
    for (i, tap) in transmit.ffe.iter().enumerate().filter(|(_, t)| **t != 0.0) {
        let lag = i as isize - transmit.ffe_main as isize;
        for (k, out) in x.iter_mut().enumerate() {
            *out += tap * levels[symbols[(k as isize - lag).rem_euclid(n) as usize] as usize];
        }
    }
    x
}
