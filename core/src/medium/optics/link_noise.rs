//! Noise of an optical section, each source with the light of the symbol that carries it.
//!
//! ```text
//! source  plane       one-sided density  its way                                                          law
//! driver  driver      S_in               G_d H_d H_m · slope · path · H_fiber · R H_pd · Z H_tia · after  slope²
//! rin     light       RIN P²             path · H_fiber · R H_pd · Z H_tia · after                        P²
//! shot    photodiode  2 q (I + I_dark)   H_pd · Z H_tia · after                                           I + I_dark
//! tia     tia         i_n²               Z H_tia · after                                                  stationary
//! ```
//!
//! Factors are normalized to mean 1 over the symbols, so that a density is that source's average. P, I and slope of a
//! symbol are means over the samples of that symbol's own interval in the record, transitions included: what the noise
//! meets, not what the level would settle to.

use super::Optics;
use super::operating_point::OperatingPoint;
use crate::response::{ChannelResponse, LevelLaw, NoiseKind, NoiseSource, Plane};
use crate::units::ELEMENTARY_CHARGE_C;

/// Light and slope of the modulator while each symbol is on the line, ascending levels.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelLight {
    /// Mean power after the modulator, W.
    pub power_w: Vec<f64>,
    /// Mean of its square, W².
    pub power2_w2: Vec<f64>,
    /// Mean square of the modulator's slope, (W/V)².
    pub slope2_w2_per_v2: Vec<f64>,
    /// Time from the centre of a transmitted symbol to its centre at the driver's input, s.
    pub driver_delay_s: f64,
    /// Time from the centre of a transmitted symbol to its centre in the light, s.
    pub light_delay_s: f64,
}

impl LevelLight {
    /// Averages over the record: `drive_v` at the modulator and the light `power_w` it gives.
    pub(super) fn measure(
        optics: &Optics,
        point: &OperatingPoint,
        symbols: &[u8],
        drive_v: &[f64],
        power_w: &[f64],
        delays_s: (f64, f64),
        sample_s: f64,
    ) -> Self {
        let (n_levels, n) = (point.centred_v.len(), drive_v.len());
        let m = n / symbols.len();
        let shift = (delays_s.1 / sample_s).round() as isize;
        let mut sums = vec![[0.0; 3]; n_levels];
        let mut count = vec![0usize; n_levels];
        for (k, &s) in symbols.iter().enumerate() {
            let start = ((k * m) as isize + shift).rem_euclid(n as isize) as usize;
            let sum = &mut sums[s as usize];
            // The first sample is the boundary and belongs to both symbols: to neither here.
            for i in 1..m {
                let at = if start + i < n { start + i } else { start + i - n };
                let p = power_w[at];
                let slope = point.lane_power_w * optics.modulator.slope_per_v(drive_v[at]);
                sum[0] += p;
                sum[1] += p * p;
                sum[2] += slope * slope;
            }
            count[s as usize] += m - 1;
        }
        let column = |c: usize| sums.iter().zip(&count).map(|(s, n)| s[c] / *n as f64).collect();
        Self {
            power_w: column(0),
            power2_w2: column(1),
            slope2_w2_per_v2: column(2),
            driver_delay_s: delays_s.0,
            light_delay_s: delays_s.1,
        }
    }

    /// Root mean square of the slope over the symbols, W/V.
    pub fn slope_w_per_v(&self) -> f64 {
        mean(&self.slope2_w2_per_v2).sqrt()
    }
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
        let no_fiber = optics.fibers().next().is_none();
        let light = through(&photodiode, no_fiber, &|f| optics.dispersion_response(f).into())
            .scaled(diode.responsivity_a_per_w * point.path);
        let no_limit = driver.is_ideal() && optics.modulator.is_unlimited();
        let driver =
            through(&light, no_limit, &|f| driver.at(f) * optics.modulator.response(f)).scaled(point.gain);
        Self { tia, photodiode, light, driver }
    }
}

/// The sources of the section; those of no strength are left out.
pub(super) fn sources(
    optics: &Optics,
    point: &OperatingPoint,
    ways: &Ways,
    light: &LevelLight,
) -> Vec<NoiseSource> {
    let diode = &optics.photodiode;
    let per_w = diode.responsivity_a_per_w * point.path;
    let current: Vec<f64> = light.power_w.iter().map(|p| p * per_w + diode.dark_current_a).collect();
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
        by_symbol(&light.slope2_w2_per_v2, light.driver_delay_s),
    );
    add(
        "rin",
        Plane::Light,
        optics.laser.rin_per_hz * mean(&light.power2_w2),
        ways.light.clone(),
        by_symbol(&light.power2_w2, light.light_delay_s),
    );
    add(
        "shot",
        Plane::Photodiode,
        2.0 * ELEMENTARY_CHARGE_C * mean(&current),
        ways.photodiode.clone(),
        by_symbol(&current, light.light_delay_s),
    );
    add("tia", Plane::Tia, optics.tia.noise_a_per_rthz.powi(2), ways.tia.clone(), LevelLaw::Stationary);
    list
}

/// A law whose factors have mean 1; without any light or slope there is nothing to tell the symbols apart.
pub(super) fn by_symbol(values: &[f64], symbol_delay_s: f64) -> LevelLaw {
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
