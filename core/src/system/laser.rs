//! The laser, backwards from the receiver.
//!
//! ```text
//! OMA_TP3 = S + penalty + margin                          dBm, at the receiver
//! OMA_mod = OMA_TP3 + L_link + L_coupling + L_waveguide    dBm, at the modulator's output
//! P_hi    = OMA_mod/(1 - 10^(-ER/10))                      W, level 3
//! P_cw    = P_hi 10^(IL_mod/10)                            W, into the modulator
//! P_lane  = P_cw 10^(L_path/10)                            W, this lane's share of the laser
//! P_laser = n P_lane                                       the ideal 1:n split is the factor n
//! E       = P_lane/(WPE R)                                 J/bit
//! ```
//!
//! All decibels are optical, 10 log10 of power. `laser_path_loss_db` is what lies between laser and modulator beyond
//! the ideal split: connector, coupling, excess of the splitter.

use super::power::require_efficiency;
use crate::error::{Error, Result, require};
use crate::units::{dbm_to_w, power_ratio, w_to_dbm};

/// Nominal output of the external laser source classes, dBm per fibre (OIF-ELSFP-02.0).
pub const ELS_CLASSES_DBM: [f64; 6] = [11.0, 14.0, 17.0, 20.0, 23.0, 26.0];
/// How far an external laser source may lie below its class, dB (OIF-ELSFP-02.0).
pub const ELS_TOLERANCE_DB: f64 = 1.5;

/// An optical budget, receiver first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LaserBudget {
    /// Sensitivity of the receiver to a clean signal, OMA, dBm.
    pub sensitivity_oma_dbm: f64,
    /// Penalty of the real transmitter, dB.
    pub penalty_db: f64,
    /// Margin kept, dB.
    pub margin_db: f64,
    /// Fibre and connectors, dB.
    pub link_loss_db: f64,
    /// Chip to fibre at the transmitter, dB.
    pub coupling_loss_db: f64,
    /// Waveguides between modulator and chip edge, dB.
    pub waveguide_loss_db: f64,
    /// Extinction ratio, level 3 over level 0, dB.
    pub extinction_ratio_db: f64,
    /// Loss of the modulator at level 3, dB.
    pub modulator_loss_db: f64,
    /// Laser to modulator beyond the ideal split, dB.
    pub laser_path_loss_db: f64,
    /// Lanes that share the laser.
    pub lanes_per_laser: f64,
    /// Optical power over electrical power.
    pub wall_plug_efficiency: f64,
    /// Net payload of the lane, bit/s.
    pub rate_bps: f64,
}

/// What a budget asks of the laser.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LaserPower {
    /// OMA the receiver needs, dBm.
    pub oma_tp3_dbm: f64,
    /// OMA at the modulator's output, W.
    pub oma_modulator_w: f64,
    /// Power of level 3 at the modulator's output, W.
    pub level3_w: f64,
    /// Continuous power into the modulator, W.
    pub modulator_input_w: f64,
    /// This lane's share of the laser's output, W.
    pub laser_per_lane_w: f64,
    /// Output of the laser, W.
    pub laser_w: f64,
    /// Electrical power for one lane, W.
    pub electrical_per_lane_w: f64,
    /// Energy per net payload bit, J/bit.
    pub energy_j_per_bit: f64,
}

/// Laser power that a budget needs.
///
/// # Errors
/// [`Error::Parameter`] naming the first field outside its domain: losses and penalty at least 0, the extinction ratio
/// and the rate positive, the efficiency above 0 and at most 1, at least one lane a laser.
pub fn laser_power(budget: &LaserBudget) -> Result<LaserPower> {
    let b = budget;
    require::finite("sensitivity_oma_dbm", b.sensitivity_oma_dbm)?;
    require::finite("margin_db", b.margin_db)?;
    for (name, loss) in [
        ("penalty_db", b.penalty_db),
        ("link_loss_db", b.link_loss_db),
        ("coupling_loss_db", b.coupling_loss_db),
        ("waveguide_loss_db", b.waveguide_loss_db),
        ("modulator_loss_db", b.modulator_loss_db),
        ("laser_path_loss_db", b.laser_path_loss_db),
    ] {
        require::non_negative(name, loss)?;
    }
    require::positive("extinction_ratio_db", b.extinction_ratio_db)?;
    super::power::at_least_one("lanes_per_laser", b.lanes_per_laser)?;
    require_efficiency("wall_plug_efficiency", b.wall_plug_efficiency)?;
    require::positive("rate_bps", b.rate_bps)?;
    Ok(b.power())
}

impl LaserBudget {
    /// The chain of equations, for fields known to be in their domains.
    pub(super) fn power(&self) -> LaserPower {
        let oma_tp3_dbm = self.sensitivity_oma_dbm + self.penalty_db + self.margin_db;
        let oma_modulator_w =
            dbm_to_w(oma_tp3_dbm + self.link_loss_db + self.coupling_loss_db + self.waveguide_loss_db);
        let level3_w = oma_modulator_w / (1.0 - power_ratio(-self.extinction_ratio_db));
        let modulator_input_w = level3_w * power_ratio(self.modulator_loss_db);
        let laser_per_lane_w = modulator_input_w * power_ratio(self.laser_path_loss_db);
        let electrical_per_lane_w = laser_per_lane_w / self.wall_plug_efficiency;
        LaserPower {
            oma_tp3_dbm,
            oma_modulator_w,
            level3_w,
            modulator_input_w,
            laser_per_lane_w,
            laser_w: laser_per_lane_w * self.lanes_per_laser,
            electrical_per_lane_w,
            energy_j_per_bit: electrical_per_lane_w / self.rate_bps,
        }
    }
}

/// Optical over electrical power of a source with `channels` outputs of `power_w` each.
///
/// # Errors
/// [`Error::Parameter`] for no channel, a power that is not positive, or more light than electricity.
pub fn wall_plug_efficiency(channels: usize, power_w: f64, electrical_w: f64) -> Result<f64> {
    if channels == 0 {
        return Err(Error::parameter("channels", 0, "at least 1"));
    }
    let light = channels as f64 * require::positive("power_w", power_w)?;
    let electrical = require::positive("electrical_w", electrical_w)?;
    if light > electrical {
        return Err(Error::parameter("electrical_w", electrical, format!("at least the light, {light} W")));
    }
    Ok(light / electrical)
}

/// The smallest class whose nominal power less the tolerance covers `required_dbm`; `None` where none does.
///
/// # Errors
/// [`Error::Parameter`] for a requirement that is not finite or a negative tolerance.
///
/// ```
/// use lightlane::system::{ELS_CLASSES_DBM, ELS_TOLERANCE_DB, els_class_dbm};
/// assert_eq!(els_class_dbm(18.5, &ELS_CLASSES_DBM, ELS_TOLERANCE_DB)?, Some(20.0));
/// assert_eq!(els_class_dbm(24.6, &ELS_CLASSES_DBM, ELS_TOLERANCE_DB)?, None);
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn els_class_dbm(required_dbm: f64, classes_dbm: &[f64], tolerance_db: f64) -> Result<Option<f64>> {
    require::finite("required_dbm", required_dbm)?;
    require::non_negative("tolerance_db", tolerance_db)?;
    let covers = |class: &f64| class - tolerance_db >= required_dbm;
    Ok(classes_dbm.iter().copied().filter(covers).min_by(f64::total_cmp))
}

/// Whether some external laser source of the standard classes gives `power_w`.
pub(super) fn els_gives(power_w: f64) -> bool {
    ELS_CLASSES_DBM.iter().any(|class| class - ELS_TOLERANCE_DB >= w_to_dbm(power_w))
}
