//! Energy of electrical parts, per net payload bit.
//!
//! ```text
//! affine     E = E0 + k · loss                                 when only the loss is known
//! taps       E = E_afe + e_ffe N_ffe + e_dfe N_dfe + e_mlsd     when the equalizer is known
//! end        E = E_host + Σ E_parts/η_vrm                       the voltage regulator feeds the parts
//! trace      dE/dx = k α,  dt/dx = sqrt(Dk)/c
//! ring       P = rings · (dλ/dT) ΔT / efficiency
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | E0, E_… | energy | J/bit |
//! | k | energy a decibel | J/bit/dB |
//! | α | loss density at the Nyquist frequency | dB/m |
//!
//! The affine form is a fit to published transceivers between about 5 and 40 dB; it says nothing outside.

use crate::error::{Error, Result, require};
use crate::units::SPEED_OF_LIGHT_M_PER_S;

/// Energy per bit of `power_w` spent on `rate_bps`.
///
/// # Errors
/// [`Error::Parameter`] for a negative power or a rate that is not positive.
///
/// ```
/// // 30 W for a 1.6 Tb/s port.
/// let e = lightlane::system::energy_j_per_bit(30.0, 1.6e12)?;
/// assert!((e - 18.75e-12).abs() < 1e-24);
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn energy_j_per_bit(power_w: f64, rate_bps: f64) -> Result<f64> {
    Ok(require::non_negative("power_w", power_w)? / require::positive("rate_bps", rate_bps)?)
}

/// Energy of a SerDes from the loss it equalizes, J/bit.
///
/// # Errors
/// [`Error::Parameter`] for a negative or infinite argument.
pub fn serdes_energy_j_per_bit(
    loss_db: f64,
    base_j_per_bit: f64,
    slope_j_per_bit_per_db: f64,
) -> Result<f64> {
    let loss = require::non_negative("loss_db", loss_db)?;
    let base = require::non_negative("base_j_per_bit", base_j_per_bit)?;
    Ok(base + require::non_negative("slope_j_per_bit_per_db", slope_j_per_bit_per_db)? * loss)
}

/// Energies of the parts of an equalizing SerDes, J/bit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TapEnergies {
    /// Analogue front end, converters and clocks.
    pub afe_j_per_bit: f64,
    /// One FFE tap.
    pub ffe_tap_j_per_bit: f64,
    /// One DFE tap.
    pub dfe_tap_j_per_bit: f64,
    /// The sequence detector.
    pub mlsd_j_per_bit: f64,
}

/// Energy of a SerDes from its equalizer, J/bit.
///
/// # Errors
/// [`Error::Parameter`] for a negative or infinite energy.
pub fn serdes_tap_energy_j_per_bit(
    ffe_taps: usize,
    dfe_taps: usize,
    mlsd: bool,
    energies: &TapEnergies,
) -> Result<f64> {
    let afe = require::non_negative("afe_j_per_bit", energies.afe_j_per_bit)?;
    let ffe = require::non_negative("ffe_tap_j_per_bit", energies.ffe_tap_j_per_bit)?;
    let dfe = require::non_negative("dfe_tap_j_per_bit", energies.dfe_tap_j_per_bit)?;
    let detector = require::non_negative("mlsd_j_per_bit", energies.mlsd_j_per_bit)?;
    Ok(afe + ffe * ffe_taps as f64 + dfe * dfe_taps as f64 + if mlsd { detector } else { 0.0 })
}

/// What a length of trace costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TraceCost {
    /// Loss, dB.
    pub loss_db: f64,
    /// Energy to equalize it, J/bit.
    pub energy_j_per_bit: f64,
    /// The same as power at the rate asked for, W.
    pub power_w: f64,
    /// Delay, s.
    pub delay_s: f64,
}

/// What `length_m` of trace costs in the affine model.
///
/// # Errors
/// [`Error::Parameter`] for a negative argument, `dk` below 1 or a rate that is not positive.
///
/// ```
/// // Board of 0.059 dB/mm at 0.055 pJ/bit/dB: about 5 mW/mm for a 1.6 Tb/s port, and 6.06 ps/mm.
/// let c = lightlane::system::trace_cost(1e-3, 59.0, 3.3, 0.055e-12, 1.6e12)?;
/// assert!((c.power_w - 5.192e-3).abs() < 1e-9 && (c.delay_s - 6.06e-12).abs() < 5e-15);
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn trace_cost(
    length_m: f64,
    loss_db_per_m: f64,
    dk: f64,
    slope_j_per_bit_per_db: f64,
    rate_bps: f64,
) -> Result<TraceCost> {
    let length = require::non_negative("length_m", length_m)?;
    let loss_db = require::non_negative("loss_db_per_m", loss_db_per_m)? * length;
    require_dk(dk)?;
    let energy = require::non_negative("slope_j_per_bit_per_db", slope_j_per_bit_per_db)? * loss_db;
    let rate = require::positive("rate_bps", rate_bps)?;
    let delay_s = length * dk.sqrt() / SPEED_OF_LIGHT_M_PER_S;
    Ok(TraceCost { loss_db, energy_j_per_bit: energy, power_w: energy * rate, delay_s })
}

/// Longest trace that leaves `budget_db` unexceeded after `fixed_loss_db`, m; 0 where nothing is left.
///
/// # Errors
/// [`Error::Parameter`] for a negative budget or fixed loss, or a loss density that is not positive.
pub fn max_trace_m(budget_db: f64, fixed_loss_db: f64, loss_db_per_m: f64) -> Result<f64> {
    let budget = require::non_negative("budget_db", budget_db)?;
    let fixed = require::non_negative("fixed_loss_db", fixed_loss_db)?;
    Ok((budget - fixed).max(0.0) / require::positive("loss_db_per_m", loss_db_per_m)?)
}

/// Energy of one end, J/bit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EndEnergy {
    /// Host SerDes.
    pub host: f64,
    /// Module or engine, at the input of its voltage regulator.
    pub module: f64,
    /// Both.
    pub total: f64,
}

/// Energy of one end: host SerDes by the affine model and named parts behind a voltage regulator.
///
/// # Errors
/// [`Error::Parameter`] for a negative energy or loss, or an efficiency outside 0..1.
pub fn end_energy<'a>(
    host_loss_db: f64,
    base_j_per_bit: f64,
    slope_j_per_bit_per_db: f64,
    parts_j_per_bit: impl IntoIterator<Item = (&'a str, f64)>,
    vrm_efficiency: f64,
) -> Result<EndEnergy> {
    require::non_negative("host_loss_db", host_loss_db)?;
    let host = serdes_energy_j_per_bit(host_loss_db, base_j_per_bit, slope_j_per_bit_per_db)?;
    require_efficiency("vrm_efficiency", vrm_efficiency)?;
    let mut parts = 0.0;
    for (name, energy) in parts_j_per_bit {
        parts += require::non_negative(&format!("parts_j_per_bit.{name}"), energy)?;
    }
    let module = parts / vrm_efficiency;
    Ok(EndEnergy { host, module, total: host + module })
}

/// Energy to hold rings on their wavelength, J/bit.
///
/// `shift_m_per_k` is dλ/dT of the ring, `delta_t_k` the span to bridge, `efficiency_m_per_w` how far a watt of heat
/// moves it.
///
/// # Errors
/// [`Error::Parameter`] for a negative shift or span, or an efficiency or rate that is not positive.
pub fn ring_tuning_j_per_bit(
    shift_m_per_k: f64,
    delta_t_k: f64,
    efficiency_m_per_w: f64,
    rings: usize,
    rate_bps: f64,
) -> Result<f64> {
    let shift = require::non_negative("shift_m_per_k", shift_m_per_k)?;
    let span = require::non_negative("delta_t_k", delta_t_k)?;
    let efficiency = require::positive("efficiency_m_per_w", efficiency_m_per_w)?;
    energy_j_per_bit(rings as f64 * shift * span / efficiency, rate_bps)
}

/// Power of the links of a rack, both ends, W; `rate_bps` is one direction of one accelerator.
///
/// # Errors
/// [`Error::Parameter`] for a negative energy or a rate that is not positive.
pub fn rack_power_w(accelerators: usize, rate_bps: f64, energy_j_per_bit: f64) -> Result<f64> {
    let energy = require::non_negative("energy_j_per_bit", energy_j_per_bit)?;
    Ok(accelerators as f64 * require::positive("rate_bps", rate_bps)? * 2.0 * energy)
}

/// A dielectric constant.
pub(super) fn require_dk(dk: f64) -> Result<f64> {
    at_least_one("dk", dk)
}

/// A figure that vacuum sets to 1.
pub(super) fn at_least_one(name: &str, value: f64) -> Result<f64> {
    if value.is_finite() && value >= 1.0 {
        Ok(value)
    } else {
        Err(Error::parameter(name, value, "finite and at least 1"))
    }
}

/// An efficiency, above 0 and at most 1.
pub(super) fn require_efficiency(name: &str, value: f64) -> Result<f64> {
    if value > 0.0 && value <= 1.0 {
        Ok(value)
    } else {
        Err(Error::parameter(name, value, "above 0 and at most 1"))
    }
}
