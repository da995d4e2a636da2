//! Where an optical section settles: gains, swings, levels of light, losses stage by stage.

use super::compression::compressed;
use super::{Optics, Transmit};
use crate::error::{Error, Result};
use crate::grid::SymbolRate;
use crate::modulation::level_mismatch;
use crate::response::ChannelResponse;
use crate::units::{amplitude_db, power_db, power_ratio, w_to_dbm};

/// Difference of the outer levels over the light of the lane, below which nothing is modulated.
pub(super) const NO_MODULATION: f64 = 1e-9;
/// Extinction ratio below which it is said, dB.
const LOW_EXTINCTION_DB: f64 = 1.0;
/// Powers between which a laser's watts are plausible: -20 dBm and 30 dBm.
const PLAUSIBLE_W: std::ops::RangeInclusive<f64> = 1e-5..=1.0;

/// One stage of the light's way, after which it has this power.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// "laser", "split and feed", "modulator", then the path: "path.0 coupler", …
    pub name: String,
    /// Loss of average power in it, optical dB.
    pub loss_db: f64,
    /// Average power after it, W.
    pub power_w: f64,
    /// Settled modulation amplitude after it, level 3 minus level 0, W; 0 before the modulator.
    pub oma_w: f64,
}

/// What the driver does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DriveFigures {
    /// Settled swing at its input, V peak to peak.
    pub input_swing_v: f64,
    /// Small-signal voltage gain, dB.
    pub gain_db: f64,
    /// Settled swing at the modulator, V peak to peak.
    pub swing_v: f64,
    /// Whether the gain stopped at its limit or at the saturated output.
    pub limited: bool,
    /// Whether it inverts, so that the light rises with the symbol.
    pub inverts: bool,
}

/// What the TIA does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TiaFigures {
    /// Settled swing of the photocurrent, A peak to peak.
    pub input_swing_a: f64,
    /// Small-signal transimpedance, Ω.
    pub gain_ohm: f64,
    /// Settled swing at its output, V peak to peak.
    pub swing_v: f64,
    /// Whether the gain stopped at its limit or at the saturated output.
    pub limited: bool,
}

/// Gains and settled values of a section.
pub(super) struct OperatingPoint {
    pub(super) drive: DriveFigures,
    pub(super) tia: TiaFigures,
    /// Small-signal voltage gain of the driver, negative where it inverts.
    pub(super) gain: f64,
    /// Levels without their mean, V at the transmitter: the driver is AC-coupled.
    pub(super) centred_v: Vec<f64>,
    /// Settled drive of each symbol at the modulator, V.
    pub(super) settled_v: Vec<f64>,
    /// Power that enters the modulator, W.
    pub(super) lane_power_w: f64,
    /// Settled power of each symbol after the modulator, W.
    pub(super) power_w: Vec<f64>,
    /// Power transmission from modulator to photodiode.
    pub(super) path: f64,
    /// Settled output of the TIA for each symbol, V, without the mean of the current.
    pub(super) output_v: Vec<f64>,
    pub(super) stages: Vec<Stage>,
    pub(super) warnings: Vec<String>,
}

impl OperatingPoint {
    pub(super) fn new(optics: &Optics, before: &ChannelResponse, transmit: &Transmit<'_>) -> Result<Self> {
        let mean = transmit.levels_v.iter().sum::<f64>() / transmit.levels_v.len() as f64;
        let centred_v: Vec<f64> = transmit.levels_v.iter().map(|v| v - mean).collect();
        let range = centred_v[centred_v.len() - 1] - centred_v[0];
        let settled = settled_gain(before) * transmit.ffe.iter().sum::<f64>();
        let input_swing_v = range * settled.abs();
        if !(input_swing_v.is_finite() && input_swing_v > 0.0) {
            return Err(Error::parameter(
                "swing at the driver's input",
                input_swing_v,
                "finite and above 0 V",
            ));
        }
        let lane_power_w = optics.laser.lane_power_w();
        let (magnitude, limited) = optics.driver.gain(input_swing_v);
        let at_modulator = |gain: f64, v: f64| compressed(gain * settled * v, optics.driver.saturation_v);
        let light = |gain: f64, v: f64| lane_power_w * optics.modulator.transmission(at_modulator(gain, v));
        let (first, last) = (centred_v[0], centred_v[centred_v.len() - 1]);
        let inverts = light(magnitude, last) < light(magnitude, first);
        let gain = if inverts { -magnitude } else { magnitude };
        let settled_v: Vec<f64> = centred_v.iter().map(|v| at_modulator(gain, *v)).collect();
        let drive = DriveFigures {
            input_swing_v,
            gain_db: amplitude_db(magnitude),
            swing_v: (settled_v[settled_v.len() - 1] - settled_v[0]).abs(),
            limited,
            inverts,
        };
        let power_w: Vec<f64> = centred_v.iter().map(|v| light(gain, *v)).collect();
        let path = power_ratio(-optics.path_loss_db());
        let current: Vec<f64> = power_w.iter().map(|p| optics.photodiode.current_a(path * p)).collect();
        let n = current.len();
        let input_swing_a = (current[n - 1] - current[0]).abs();
        let (gain_ohm, limited) = optics.tia.gain_ohm(input_swing_a);
        let mean = current.iter().sum::<f64>() / n as f64;
        let output_v: Vec<f64> =
            current.iter().map(|i| compressed(gain_ohm * (i - mean), optics.tia.saturation_v)).collect();
        let tia =
            TiaFigures { input_swing_a, gain_ohm, swing_v: (output_v[n - 1] - output_v[0]).abs(), limited };
        let stages = stages(optics, lane_power_w, &power_w);
        let point = Self {
            drive,
            tia,
            gain,
            centred_v,
            settled_v,
            lane_power_w,
            power_w,
            path,
            output_v,
            stages,
            warnings: Vec::new(),
        };
        let warnings = point.warnings(optics, before.grid().symbol_rate(), settled);
        Ok(Self { warnings, ..point })
    }

    /// What a user should know about where the section settled.
    fn warnings(&self, optics: &Optics, rate: SymbolRate, host_gain: f64) -> Vec<String> {
        let mut list = Vec::new();
        let (drive, tia) = (&self.drive, &self.tia);
        let laser_w = optics.laser.power_w;
        if !PLAUSIBLE_W.contains(&laser_w) {
            list.push(format!(
                "laser: power_w = {laser_w:e} is {:.0} dBm, taken as it stands: are these W?",
                w_to_dbm(laser_w)
            ));
        }
        if drive.limited {
            let limit = limit(optics.driver.saturation_v, optics.driver.gain_max_db, drive.gain_db, "dB");
            list.push(format!(
                "driver: {limit}, the swing at the modulator is {:.3} V instead of {:.3} V",
                drive.swing_v, optics.driver.swing_v
            ));
        }
        if drive.inverts {
            let cause = if host_gain < 0.0 {
                "what reaches it falls as the symbols rise"
            } else {
                "the light falls with the voltage"
            };
            list.push(format!("driver: it inverts, because {cause}"));
        }
        if self.is_flat() {
            list.push("modulator: the outer levels have the same light, nothing is modulated".into());
        } else {
            if self.power_w.windows(2).any(|w| w[1] <= w[0]) {
                list.push(
                    "modulator: the light does not rise from level to level, levels fold onto each other"
                        .into(),
                );
            }
            let ratio = self.extinction_ratio_db();
            if ratio < LOW_EXTINCTION_DB {
                list.push(format!(
                    "modulator: the extinction ratio is {ratio:.2} dB, below {LOW_EXTINCTION_DB} dB"
                ));
            }
        }
        if tia.limited {
            let limit = limit(optics.tia.saturation_v, optics.tia.gain_max_ohm, tia.gain_ohm, "ohm");
            let mut text = format!(
                "tia: {limit}, the output swing is {:.4} V instead of {:.4} V",
                tia.swing_v, optics.tia.output_swing_v
            );
            if let Some(worst) = self.stages.iter().max_by(|a, b| a.loss_db.total_cmp(&b.loss_db)) {
                text += &format!("; most of the light is lost in {}, {:.1} dB", worst.name, worst.loss_db);
            }
            list.push(text);
        }
        list.extend(optics.modulator.warnings(self.lane_power_w, &self.settled_v));
        let nyquist = rate.nyquist_hz();
        let both =
            (optics.modulation_per_v(nyquist) / optics.modulator.sidebands(nyquist).power_per_v(0.0)).norm();
        let delayed = optics.polarization_response(nyquist).norm();
        let by_bias = "; the signal is exact, noise of the electrical part follows the small-signal response at the bias";
        for (cause, left, then) in
            [("dispersion", both / delayed, by_bias), ("differential group delay", delayed, "")]
        {
            if left.is_finite() && !(0.9..=1.0 / 0.9).contains(&left) {
                list.push(format!(
                    "fiber: {cause} leaves {left:.3} of the modulation at half the symbol rate{then}"
                ));
            }
        }
        list
    }

    /// Whether the outer levels differ by rounding only, or by a drive that is not one.
    pub(super) fn is_flat(&self) -> bool {
        let (first, last) = (self.power_w[0], self.power_w[self.power_w.len() - 1]);
        (last - first).abs() < NO_MODULATION * self.lane_power_w
    }

    /// R_LM of the settled light for four levels; the smallest spacing over the mean one for other alphabets.
    pub(super) fn level_mismatch(&self) -> f64 {
        let p = &self.power_w;
        let n = p.len();
        // Levels without distance have no shape.
        if self.is_flat() {
            return 0.0;
        }
        if let Ok(levels) = p.as_slice().try_into() {
            return level_mismatch(levels);
        }
        let step = (p[n - 1] - p[0]) / (n - 1) as f64;
        p.windows(2).map(|w| (w[1] - w[0]) / step).fold(f64::INFINITY, f64::min)
    }

    /// Extinction ratio of the settled outer levels, dB.
    pub(super) fn extinction_ratio_db(&self) -> f64 {
        let (a, b) = (self.power_w[0], self.power_w[self.power_w.len() - 1]);
        if a == b { 0.0 } else { power_db(a.max(b) / a.min(b)) }
    }
}

/// Why a gain is not the wanted one.
fn limit(saturation: f64, gain_max: f64, gain: f64, unit: &str) -> String {
    // A gain below the largest was stopped by the output.
    if gain < gain_max - 1e-9 * (1.0 + gain_max.abs()) {
        format!("its output saturates at {saturation:.3} V")
    } else {
        format!("its gain is limited to {gain_max:.1} {unit}")
    }
}

/// Gain of a settled level. A lane that blocks DC has its corner below the grid's first step, so what settles for the
/// length of a pattern is then the gain at that step.
pub(super) fn settled_gain(response: &ChannelResponse) -> f64 {
    let (zero, first) = (response.at(0).re, response.at(1).norm());
    if zero.abs() >= 0.5 * first { zero } else { first }
}

fn stages(optics: &Optics, lane_power_w: f64, power_w: &[f64]) -> Vec<Stage> {
    let laser = &optics.laser;
    let stage = |name: String, loss_db, power_w, oma_w| Stage { name, loss_db, power_w, oma_w };
    let mut average = power_w.iter().sum::<f64>() / power_w.len() as f64;
    let mut oma = (power_w[power_w.len() - 1] - power_w[0]).abs();
    let mut list = vec![
        stage("laser".into(), 0.0, laser.power_w, 0.0),
        stage("split and feed".into(), laser.split_loss_db(), lane_power_w, 0.0),
        stage("modulator".into(), power_db(lane_power_w / average), average, oma),
    ];
    for (i, part) in optics.path.iter().enumerate() {
        let loss_db = part.loss_db(laser.wavelength_m);
        average *= power_ratio(-loss_db);
        oma *= power_ratio(-loss_db);
        list.push(stage(format!("path.{i} {}", part.kind()), loss_db, average, oma));
    }
    list
}
