//! Noise of an optical section, each source with the light of the symbol that carries it.
//!
//! ```text
//! source  plane       one-sided density  its way                                                    law
//! driver  driver      S_in               G_d H_d H_m · slope H_mod · path · R H_pd · Z H_tia · after  (slope s_d s_p s_t)²
//! rin     light       RIN P²             H_rin · path · R H_pd · Z H_tia · after                     (P s_p s_t)²
//! shot    photodiode  2 q (I + I_dark)   H_pd · Z H_tia · after                                      (I + I_dark) s_t²
//! tia     tia         i_n²               Z H_tia · after                                             s_t²
//! ```
//!
//! H_mod is the small-signal response of modulator and fibre at the bias, chirp included, H_rin that of the laser's
//! intensity noise through both; s_d, s_p, s_t are the slopes of driver, photodiode and TIA over those of linear ones, 1
//! where they do not saturate. Factors are normalized to mean 1 over the symbols, so that a density is that source's
//! average. P, I and the slopes of a symbol are means over the samples of that symbol's own interval in the record,
//! transitions included: what the noise meets, not what the level would settle to.
//!
//! Approximations: the slope of a resonator is its settled one at the instantaneous drive, and H_mod and H_rin keep the
//! shape of the bias at every level; where a fibre turns phase into power, that shape holds for the chirp at the bias.

use super::Optics;
use super::operating_point::OperatingPoint;
use crate::response::{ChannelResponse, LevelLaw, NoiseKind, NoiseSource, Plane};
use crate::units::ELEMENTARY_CHARGE_C;

/// Light and slopes while each symbol is on the line, ascending levels.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelLight {
    /// Mean power after the modulator, W.
    pub power_w: Vec<f64>,
    /// Mean square of what a relative change of the light becomes, W²: power after the modulator times the relative slope
    /// of the photodiode.
    pub power2_w2: Vec<f64>,
    /// Mean square of the slope from the driver's linear output to the light, (W/V)²: modulator, driver and photodiode.
    pub slope2_w2_per_v2: Vec<f64>,
    /// Mean photocurrent, A, dark current included.
    pub current_a: Vec<f64>,
    /// Mean square of the TIA's slope over that of a linear one.
    pub tia_slope2: Vec<f64>,
    /// Time from the centre of a transmitted symbol to its centre at the driver's input, s.
    pub driver_delay_s: f64,
    /// Time from the centre of a transmitted symbol to its centre in the light, s.
    pub light_delay_s: f64,
    /// Time from the centre of a transmitted symbol to its centre at the TIA's output, s.
    pub tia_delay_s: f64,
}

/// Delays of the centre of a symbol, s.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delays {
    pub(super) driver_s: f64,
    pub(super) light_s: f64,
    pub(super) tia_s: f64,
}

/// One period of every waveform that noise meets.
pub(super) struct Waveforms<'a> {
    /// Slope of the settled transmission at the instantaneous drive, 1/V.
    pub(super) slope_per_v: &'a [f64],
    /// After the modulator, W.
    pub(super) power_w: &'a [f64],
    /// At the photodiode, W.
    pub(super) received_w: &'a [f64],
    /// Slope of the driver over that of a linear one; empty for a linear one.
    pub(super) driver_slope: &'a [f64],
    /// The same of the TIA.
    pub(super) tia_slope: &'a [f64],
}

impl LevelLight {
    /// Averages over the record, `sample_s` from sample to sample.
    pub(super) fn measure(
        optics: &Optics,
        point: &OperatingPoint,
        symbols: &[u8],
        waveforms: &Waveforms<'_>,
        delays: Delays,
        sample_s: f64,
    ) -> Self {
        let diode = &optics.photodiode;
        let by_level = |delay_s: f64, value: &dyn Fn(usize) -> f64| {
            averages(symbols, point.centred_v.len(), waveforms.power_w.len(), delay_s / sample_s, value)
        };
        let relative = |slopes: &[f64], i: usize| slopes.get(i).copied().unwrap_or(1.0);
        let detector = |i: usize| diode.relative_slope(waveforms.received_w[i]);
        let slope = |i: usize| {
            let driver = relative(waveforms.driver_slope, i);
            (point.lane_power_w * waveforms.slope_per_v[i] * driver * detector(i)).powi(2)
        };
        let in_light = |value: &dyn Fn(usize) -> f64| by_level(delays.light_s, value);
        Self {
            power_w: in_light(&|i| waveforms.power_w[i]),
            power2_w2: in_light(&|i| (waveforms.power_w[i] * detector(i)).powi(2)),
            slope2_w2_per_v2: in_light(&slope),
            current_a: in_light(&|i| diode.current_a(waveforms.received_w[i]) + diode.dark_current_a),
            tia_slope2: by_level(delays.tia_s, &|i| relative(waveforms.tia_slope, i).powi(2)),
            driver_delay_s: delays.driver_s,
            light_delay_s: delays.light_s,
            tia_delay_s: delays.tia_s,
        }
    }

    /// Root mean square over the symbols of the slope from the driver's linear output to the light, the TIA's included,
    /// W/V.
    pub fn slope_w_per_v(&self) -> f64 {
        mean(&self.behind_tia(&self.slope2_w2_per_v2)).sqrt()
    }

    /// Law of what enters before the modulator, its symbols `symbol_delay_s` late.
    pub(super) fn slope_law(&self, symbol_delay_s: f64) -> LevelLaw {
        by_symbol(&self.behind_tia(&self.slope2_w2_per_v2), symbol_delay_s)
    }

    /// A squared quantity of each symbol times that of the TIA's slope.
    fn behind_tia(&self, values: &[f64]) -> Vec<f64> {
        values.iter().zip(&self.tia_slope2).map(|(v, s)| v * s).collect()
    }
}

/// Mean of a quantity over the interval of each symbol of the alphabet, `shift` samples late.
fn averages(symbols: &[u8], n_levels: usize, n: usize, shift: f64, value: &dyn Fn(usize) -> f64) -> Vec<f64> {
    let m = n / symbols.len();
    let shift = shift.round() as isize;
    let mut sums = vec![(0.0, 0usize); n_levels];
    for (k, &s) in symbols.iter().enumerate() {
        let start = ((k * m) as isize + shift).rem_euclid(n as isize) as usize;
        let (sum, count) = &mut sums[s as usize];
        // The first sample is the boundary and belongs to both symbols: to neither here.
        for i in 1..m {
            *sum += value(if start + i < n { start + i } else { start + i - n });
        }
        *count += m - 1;
    }
    sums.iter().map(|(sum, count)| sum / *count as f64).collect()
}

/// Responses from the planes of a section to the receiver's input.
pub(super) struct Ways {
    /// V per A at the TIA's input.
    pub(super) tia: ChannelResponse,
    /// V per A of photocurrent before the photodiode's own bandwidth.
    pub(super) photodiode: ChannelResponse,
    /// V per W after the modulator.
    pub(super) light: ChannelResponse,
    /// V per V at the driver's input, times the slope in W/V.
    pub(super) driver: ChannelResponse,
}

impl Ways {
    pub(super) fn new(optics: &Optics, point: &OperatingPoint, after: &ChannelResponse) -> Self {
        let (amplifier, driver) = (optics.tia.response(), optics.driver.response());
        let through = |h: &ChannelResponse, ideal: bool, filter: &dyn Fn(f64) -> num_complex::Complex64| {
            // An ideal filter must not turn a constant above the band into a cut.
            if ideal { h.clone() } else { h.filtered(filter) }
        };
        let tia = through(after, amplifier.is_ideal(), &|f| amplifier.at(f)).scaled(point.tia.gain_ohm);
        let diode = &optics.photodiode;
        let photodiode = through(&tia, diode.bandwidth_hz.is_infinite(), &|f| diode.response(f));
        let received = photodiode.scaled(diode.responsivity_a_per_w * point.path);
        let flat = optics.dispersion_phase_s2() == 0.0 && optics.fibers().all(|f| f.dgd_s == 0.0);
        let light = through(&received, flat && optics.modulator.is_memoryless(), &|f| {
            // Intensity noise has no phase of its own.
            let dispersed = (optics.dispersion_phase_s2() * f * f).cos();
            optics.modulator.intensity_response(f) * optics.polarization_response(f) * dispersed
        });
        let electrical = driver.is_ideal() && optics.modulator.is_unlimited();
        let no_limit = electrical && flat && optics.modulator.is_memoryless();
        let modulation = optics.modulation_response();
        let driver =
            through(&received, no_limit, &|f| driver.at(f) * optics.modulator.response(f) * modulation(f))
                .scaled(point.gain);
        Self { tia, photodiode, light, driver }
    }
}

/// The sources of the section; those of no strength are left out.
pub(super) fn sources(optics: &Optics, ways: &Ways, light: &LevelLight) -> Vec<NoiseSource> {
    let power2 = light.behind_tia(&light.power2_w2);
    let current = light.behind_tia(&light.current_a);
    let mut list = Vec::new();
    let mut add = |name: &str, plane, density: f64, transfer: ChannelResponse, law| {
        if density > 0.0 {
            list.push(white(name, plane, density, transfer, law));
        }
    };
    add(
        "driver",
        Plane::Driver,
        optics.driver.input_noise_v2_per_hz,
        ways.driver.scaled(light.slope_w_per_v()),
        light.slope_law(light.driver_delay_s),
    );
    add(
        "rin",
        Plane::Light,
        optics.laser.rin_per_hz * mean(&power2),
        ways.light.clone(),
        by_symbol(&power2, light.light_delay_s),
    );
    add(
        "shot",
        Plane::Photodiode,
        2.0 * ELEMENTARY_CHARGE_C * mean(&current),
        ways.photodiode.clone(),
        by_symbol(&current, light.light_delay_s),
    );
    add(
        "tia",
        Plane::Tia,
        optics.tia.noise_a_per_rthz.powi(2) * mean(&light.tia_slope2),
        ways.tia.clone(),
        if optics.tia.saturation_v.is_infinite() {
            LevelLaw::Stationary
        } else {
            by_symbol(&light.tia_slope2, light.tia_delay_s)
        },
    );
    list
}

/// A law whose factors have mean 1; without any light or slope there is nothing to tell the symbols apart.
fn by_symbol(values: &[f64], symbol_delay_s: f64) -> LevelLaw {
    let mean = mean(values);
    if mean > 0.0 {
        LevelLaw::BySymbol { factor: values.iter().map(|v| v / mean).collect(), symbol_delay_s }
    } else {
        LevelLaw::Stationary
    }
}

fn white(name: &str, plane: Plane, density: f64, transfer: ChannelResponse, law: LevelLaw) -> NoiseSource {
    let len = if transfer.beyond() == 0.0 { transfer.h().len() } else { transfer.grid().n_freq() };
    NoiseSource {
        name: name.into(),
        plane,
        kind: NoiseKind::Density { density: vec![density; len], transfer },
        law,
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Time from the centre of a transmitted symbol to its centre after `response`: where a window of one symbol holds
/// most of the pulse.
pub(super) fn symbol_delay_s(response: &ChannelResponse) -> f64 {
    let pulse = response.pulse();
    let (m, n) = (pulse.samples_per_symbol() as isize, pulse.v().len() as isize);
    // The pulse's own response to the window, both ends at half weight.
    let window = |at: isize| {
        let (low, high) = (at - m / 2, at - m / 2 + m);
        (low..=high).map(|i| pulse.at(i)).sum::<f64>() - 0.5 * (pulse.at(low) + pulse.at(high))
    };
    // A window that leaves the largest sample out cannot hold most; of equal ones the first counts.
    let (mut best, mut largest) = (0, -1.0);
    for at in pulse.peak() - m..=pulse.peak() + m {
        let sum = window(at).abs();
        if sum > largest * (1.0 + 1e-12) {
            (best, largest) = (at, sum);
        }
    }
    // What lies in the last eighth of the window is ahead of its symbol.
    let position = if best > n - n / 8 { best - n } else { best };
    position as f64 * pulse.symbol_rate().period_s() / m as f64
}
