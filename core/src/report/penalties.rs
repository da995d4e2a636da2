//! Power penalties of an optical lane by cause: how much less light it needs where the cause is taken away.
//!
//! ```text
//! received = 10 log10(OMA_r with / OMA_r without)      OMA_r at the photodiode at the limit
//! launched = 10 log10(OMA_m with / OMA_m without)      OMA_m behind the modulator at the limit
//! ```
//!
//! A loss costs launched light and no received light; noise and interference cost both alike. Each cause is taken away
//! alone, so penalties do not add up exactly: two noises share one eye. The receiver adapts without the cause as it does
//! with it. A penalty may be negative: dispersion peaks the response of light that nothing else limits.

use super::attenuated::{OpticalLane, optics_mut};
use super::sensitivity::{Sensitivity, at_limit, checked_limit, in_parallel};
use crate::error::{Error, Result};
use crate::lane::{Lane, Networks};
use crate::medium::optics::{OpticalPart, Optics};
use crate::run::Run;
use crate::units::power_db;
use std::path::Path;

/// What may cost light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PenaltyCause {
    /// Dispersion of the path's fibres.
    Dispersion,
    /// Relative intensity noise of the laser.
    Rin,
    /// Offsets, tilts and gaps of the couplers.
    Misalignment,
    /// Input noise of the driver.
    DriverNoise,
    /// Noise of the electrical transmitter.
    TransmitterNoise,
    /// Jitter of the transmitter.
    Jitter,
    /// Electrical aggressors.
    Crosstalk,
    /// Echoes between the connectors of the path.
    Reflections,
    /// Light of other wavelengths.
    Wavelengths,
    /// Noise of the electrical receiver behind the TIA.
    ReceiverNoise,
}

impl PenaltyCause {
    /// Every cause.
    pub const ALL: [Self; 10] = [
        Self::Dispersion,
        Self::Rin,
        Self::Misalignment,
        Self::DriverNoise,
        Self::TransmitterNoise,
        Self::Jitter,
        Self::Crosstalk,
        Self::Reflections,
        Self::Wavelengths,
        Self::ReceiverNoise,
    ];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dispersion => "dispersion",
            Self::Rin => "rin",
            Self::Misalignment => "misalignment",
            Self::DriverNoise => "driver noise",
            Self::TransmitterNoise => "transmitter noise",
            Self::Jitter => "jitter",
            Self::Crosstalk => "crosstalk",
            Self::Reflections => "reflections",
            Self::Wavelengths => "wavelengths",
            Self::ReceiverNoise => "receiver noise",
        }
    }

    /// The cause of that name.
    ///
    /// # Errors
    /// [`Error::Unknown`] with the nearest name.
    pub fn named(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|c| c.name() == name);
        found.ok_or_else(|| Error::unknown("cause", name, Self::ALL.map(Self::name)))
    }

    /// The lane without the cause; `None` for a lane that does not have it.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a lane without an optical section.
    pub fn removed(self, lane: &Lane) -> Result<Option<Lane>> {
        let mut without = lane.clone();
        match self {
            Self::TransmitterNoise => without.transmitter.snr_db = None,
            Self::Jitter => without.transmitter.jitter = None,
            Self::Crosstalk => without.aggressors.clear(),
            Self::ReceiverNoise => without.receiver.noise_v2_per_hz = 0.0,
            _ => self.remove_from(optics_mut(&mut without)?),
        }
        Ok((without != *lane).then_some(without))
    }

    fn remove_from(self, optics: &mut Optics) {
        match self {
            Self::Rin => optics.laser.rin_per_hz = 0.0,
            Self::DriverNoise => optics.driver.input_noise_v2_per_hz = 0.0,
            Self::Dispersion => {
                // At its zero a fibre has none, whatever its slope.
                let wavelength_m = optics.laser.wavelength_m;
                for part in &mut optics.path {
                    if let OpticalPart::Fiber(fiber) = part
                        && fiber.dispersion_s_per_m2(wavelength_m) != 0.0
                    {
                        fiber.dispersion_slope_s_per_m3 = 0.0;
                    }
                }
            }
            Self::Wavelengths => optics.wavelengths = None,
            Self::Reflections => {
                for part in &mut optics.path {
                    if let OpticalPart::Connector(connector) = part {
                        connector.reflectance_db = None;
                    }
                }
            }
            _ => optics.path.iter_mut().for_each(align),
        }
    }
}

/// Puts what is coupled where it loses least.
fn align(part: &mut OpticalPart) {
    match part {
        OpticalPart::Coupler(c) => {
            (c.offset_x_m, c.offset_y_m) = (0.0, 0.0);
            (c.tilt_x_rad, c.tilt_y_rad, c.gap_m) = (0.0, 0.0, 0.0);
        }
        OpticalPart::GratingCoupler(g) => (g.offset_x_m, g.offset_y_m) = (0.0, 0.0),
        _ => {}
    }
}

/// What one cause costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Penalty {
    /// The cause.
    pub cause: PenaltyCause,
    /// Received OMA at the limit without it, W.
    pub received_oma_w: f64,
    /// Launched OMA at the limit without it, W.
    pub launched_oma_w: f64,
    /// Penalty in received OMA, optical dB; infinite where the lane meets the limit only without the cause.
    pub received_db: f64,
    /// Penalty in launched OMA, optical dB.
    pub launched_db: f64,
}

/// Penalties of a lane.
#[derive(Debug, Clone, PartialEq)]
pub struct PowerPenalties {
    /// The sensitivity of the lane as it is, without a curve.
    pub sensitivity: Sensitivity,
    /// What each cause costs, the dearest in launched light first.
    pub penalties: Vec<Penalty>,
    /// What the caller should know.
    pub warnings: Vec<String>,
}

/// Finds what each cause costs at an error ratio; `causes` of `None` are all that the lane has.
///
/// # Errors
/// [`Error::Parameter`] for a lane without an optical section, a cause that was asked for and that it does not have, or a
/// limit outside 0 to 0.5; those of the lane's analysis.
pub fn power_penalties(
    lane: &Lane,
    networks: &Networks,
    base: &Path,
    causes: Option<&[PenaltyCause]>,
    ber_limit: Option<f64>,
    run: &Run,
) -> Result<PowerPenalties> {
    let as_it_is = OpticalLane::new(lane, networks, base)?;
    let ber_limit = checked_limit(lane, ber_limit)?;
    let mut removed = Vec::new();
    for cause in causes.unwrap_or(&PenaltyCause::ALL) {
        match cause.removed(lane)? {
            Some(without) => removed.push((*cause, without)),
            None if causes.is_some() => {
                let requirement = "a cause that the lane has";
                return Err(Error::parameter("causes", format!("{:?}", cause.name()), requirement));
            }
            None => {}
        }
    }
    let lanes: Vec<&Lane> = std::iter::once(lane).chain(removed.iter().map(|(_, without)| without)).collect();
    let mut found = in_parallel(&lanes, run, |lane| at_limit(&as_it_is.with(lane), ber_limit, run))?;
    let sensitivity = found.remove(0);
    let mut warnings = sensitivity.warnings.clone();
    let mut penalties = Vec::new();
    for ((cause, _), without) in removed.iter().zip(&found) {
        match penalty(*cause, &sensitivity, without) {
            Some(penalty) => penalties.push(penalty),
            None => warnings.push(format!(
                "{}: its penalty is not defined, no light reaches {ber_limit:.2e} with or without it",
                cause.name()
            )),
        }
    }
    penalties.sort_by(|a, b| b.launched_db.total_cmp(&a.launched_db));
    Ok(PowerPenalties { sensitivity, penalties, warnings })
}

/// `None` where both limits are out of reach.
fn penalty(cause: PenaltyCause, with: &Sensitivity, without: &Sensitivity) -> Option<Penalty> {
    let db = |with_w: f64, without_w: f64| match (with_w.is_infinite(), without_w.is_infinite()) {
        (true, true) => None,
        // Neither needs any light.
        _ if with_w == without_w => Some(0.0),
        _ => Some(power_db(with_w / without_w)),
    };
    let launched = |s: &Sensitivity| s.launched_limit_w();
    Some(Penalty {
        cause,
        received_oma_w: without.limit.oma_w,
        launched_oma_w: launched(without),
        received_db: db(with.limit.oma_w, without.limit.oma_w)?,
        launched_db: db(launched(with), launched(without))?,
    })
}
