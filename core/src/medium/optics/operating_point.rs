//! Where an optical section settles: gains, swings, levels of light, losses stage by stage.

use super::{Optics, Transmit};
use crate::error::{Error, Result};
use crate::modulation::level_mismatch;
use crate::response::ChannelResponse;
use crate::units::{amplitude_db, power_db, power_ratio};

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
    /// Voltage gain, dB.
    pub gain_db: f64,
    /// Settled swing at the modulator, V peak to peak.
    pub swing_v: f64,
    /// Whether the gain stopped at its limit.
    pub limited: bool,
}

/// What the TIA does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TiaFigures {
    /// Settled swing of the photocurrent, A peak to peak.
    pub input_swing_a: f64,
    /// Transimpedance, Ω.
    pub gain_ohm: f64,
    /// Settled swing at its output, V peak to peak.
    pub swing_v: f64,
    /// Whether the gain stopped at its limit.
    pub limited: bool,
}

/// Gains and settled values of a section.
pub(super) struct OperatingPoint {
    pub(super) drive: DriveFigures,
    pub(super) tia: TiaFigures,
    /// Voltage gain of the driver.
    pub(super) gain: f64,
    /// Levels without their mean, V at the transmitter: the driver is AC-coupled.
    pub(super) centred_v: Vec<f64>,
    /// Power that enters the modulator, W.
    pub(super) lane_power_w: f64,
    /// Settled power of each symbol after the modulator, W.
    pub(super) power_w: Vec<f64>,
    /// Power transmission from modulator to photodiode.
    pub(super) path: f64,
    pub(super) stages: Vec<Stage>,
    pub(super) warnings: Vec<String>,
}

impl OperatingPoint {
    pub(super) fn new(optics: &Optics, before: &ChannelResponse, transmit: &Transmit<'_>) -> Result<Self> {
        let mut warnings = Vec::new();
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
        let (gain, limited) = optics.driver.gain(input_swing_v);
        let drive = DriveFigures {
            input_swing_v,
            gain_db: amplitude_db(gain),
            swing_v: gain * input_swing_v,
            limited,
        };
        if limited {
            warnings.push(format!(
                "driver: its gain is limited to {:.1} dB, the swing at the modulator is {:.3} V instead of {:.3} V",
                optics.driver.gain_max_db, drive.swing_v, optics.driver.swing_v
            ));
        }

        let lane_power_w = optics.laser.lane_power_w();
        let power_w: Vec<f64> = centred_v
            .iter()
            .map(|v| lane_power_w * optics.modulator.transmission(gain * settled * v))
            .collect();
        let path = power_ratio(-optics.path_loss_db());
        let oma = (power_w[power_w.len() - 1] - power_w[0]).abs();
        let input_swing_a = oma * path * optics.photodiode.responsivity_a_per_w;
        let (gain_ohm, limited) = optics.tia.gain_ohm(input_swing_a);
        let tia = TiaFigures { input_swing_a, gain_ohm, swing_v: gain_ohm * input_swing_a, limited };
        if limited {
            warnings.push(format!(
                "tia: its gain is limited to {:.0} ohm, the output swing is {:.4} V instead of {:.4} V",
                optics.tia.gain_max_ohm, tia.swing_v, optics.tia.output_swing_v
            ));
        }
        let nyquist = before.grid().symbol_rate().nyquist_hz();
        let dispersion = optics.dispersion_response(nyquist);
        if dispersion < 0.9 {
            warnings.push(format!(
                "fiber: dispersion leaves {dispersion:.3} of the modulation at half the symbol rate, where the small-signal model ends"
            ));
        }
        let stages = stages(optics, lane_power_w, &power_w);
        Ok(Self { drive, tia, gain, centred_v, lane_power_w, power_w, path, stages, warnings })
    }

    /// R_LM of the settled light for four levels; the smallest spacing over the mean one for other alphabets.
    pub(super) fn level_mismatch(&self) -> f64 {
        let p = &self.power_w;
        let n = p.len();
        if let Ok(levels) = p.as_slice().try_into() {
            return level_mismatch(levels);
        }
        let step = (p[n - 1] - p[0]) / (n - 1) as f64;
        p.windows(2).map(|w| (w[1] - w[0]) / step).fold(f64::INFINITY, f64::min)
    }

    /// Extinction ratio of the settled outer levels, dB.
    pub(super) fn extinction_ratio_db(&self) -> f64 {
        let (a, b) = (self.power_w[0], self.power_w[self.power_w.len() - 1]);
        power_db(a.max(b) / a.min(b))
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
