//! Stressed sensitivity: the light that a receiver needs when it comes from the worst transmitter that is allowed.
//!
//! A stressed receiver's source has a stated SECQ, the TDECQ of its signal at the receiver, and sinusoidal jitter. Here the
//! lane's own driver is narrowed until its light has that SECQ, and the sensitivity of the lane so changed is found. The
//! conformance test makes part of its stress of noise (IEEE 802.3 121.8.9); here all of it is intersymbol interference, as
//! its filter makes it, and the noise is the lane's own. Whether a receiver's loop would follow the jitter is left out.

use super::attenuated::{optics_mut, optics_of};
use super::sensitivity::{Sensitivity, sensitivity};
use crate::engine::tdecq::{TdecqConfig, Waveform, tdecq};
use crate::error::{Error, Result, require};
use crate::lane::{Lane, Networks, PreparedLane};
use crate::modulation::{Modulation, ssprq};
use crate::response::Jitter;
use crate::run::Run;
use std::path::Path;

/// Samples a symbol of the light.
const SAMPLES_PER_SYMBOL: usize = 16;
/// SECQs closer than this are one, dB: a tenth of what instruments agree to.
const RESOLUTION_DB: f64 = 0.02;
/// Narrowest driver that is tried, of the symbol rate.
const NARROWEST: f64 = 0.15;
/// Drivers that are tried before the search is given up.
const MOST_STEPS: usize = 30;

/// What makes the source of a stressed receiver.
#[derive(Debug, Clone, PartialEq)]
pub struct Stress {
    /// Stressed eye closure of the light at the receiver, dB.
    pub secq_db: f64,
    /// Amplitude of the sinusoidal jitter, UI zero to peak, in the place of the lane's own; 0 for none.
    pub sj_ui: f64,
    /// Its frequency, Hz: what a time-domain run of the stressed lane takes. The sensitivity takes every phase of it alike.
    pub sj_hz: f64,
    /// Rules of the SECQ.
    pub config: TdecqConfig,
}

/// A stressed sensitivity and the source that it is for.
#[derive(Debug, Clone, PartialEq)]
pub struct StressedSensitivity {
    /// SECQ that the lane's light has as it is, dB.
    pub own_secq_db: f64,
    /// SECQ of the stressed light, dB.
    pub secq_db: f64,
    /// 3 dB bandwidth of the driver that makes it, Hz.
    pub bandwidth_hz: f64,
    /// The lane under stress.
    pub lane: Lane,
    /// Its sensitivity.
    pub sensitivity: Sensitivity,
}

/// Finds the received light at which a lane under stress has an error ratio; limit and curve as for [`sensitivity`].
///
/// ```
/// use lightlane::engine::tdecq::TdecqConfig;
/// use lightlane::lane::{Networks, preset};
/// use lightlane::report::{Stress, stressed_sensitivity};
/// use lightlane::{Run, units::w_to_dbm};
/// use std::path::Path;
/// let (lane, stress) = (
///     preset("cpo-dr1-mzm")?,
///     Stress { secq_db: 3.4, sj_ui: 0.025, sj_hz: 40e6, config: TdecqConfig::preset("802.3dj")? },
/// );
/// let (networks, run) = (Networks::default(), Run::default());
/// let found = stressed_sensitivity(&lane, &networks, Path::new("."), &stress, None, Some(&[]), &run)?;
/// assert!((found.secq_db - 3.4).abs() < 0.03 && found.bandwidth_hz < 60e9);
/// // The lane as it is meets its limit at -6.5 dBm.
/// assert!(w_to_dbm(found.sensitivity.limit.oma_w) > -6.3);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for a lane without an optical section or other than PAM4, for an SECQ below that of the lane's own
/// light or beyond what a driver of 0.15 times the symbol rate makes, jitter of a negative amplitude or no frequency; those of
/// [`sensitivity`] and of [`tdecq`].
pub fn stressed_sensitivity(
    lane: &Lane,
    networks: &Networks,
    base: &Path,
    stress: &Stress,
    ber_limit: Option<f64>,
    attenuations_db: Option<&[f64]>,
    run: &Run,
) -> Result<StressedSensitivity> {
    require::positive("secq_db", stress.secq_db)?;
    require::non_negative("sj_ui", stress.sj_ui)?;
    if stress.sj_ui > 0.0 {
        require::positive("sj_hz", stress.sj_hz)?;
    }
    require::non_negative("sj_hz", stress.sj_hz)?;
    let optics = optics_of(lane)?;
    if lane.modulation != Modulation::Pam4 {
        return Err(Error::parameter("modulation", "nrz", "pam4, for which SECQ is defined"));
    }
    let pattern = ssprq()?;
    let prepared = PreparedLane::new(lane, &mut networks.clone(), base, run)?;
    let secq_db = |bandwidth_hz: f64| -> Result<f64> {
        let mut optics = optics.clone();
        optics.driver.bandwidth_hz = bandwidth_hz;
        let light = prepared.light_of(&optics, &pattern, SAMPLES_PER_SYMBOL, run)?;
        let given = Waveform {
            waveform_w: &light.received_w,
            samples_per_symbol: SAMPLES_PER_SYMBOL,
            symbol_rate_hz: light.symbol_rate_hz,
            symbols: Some(&pattern),
        };
        Ok(tdecq(&given, &stress.config, run)?.tdecq_db)
    };
    let own = (optics.driver.bandwidth_hz, secq_db(optics.driver.bandwidth_hz)?);
    let (bandwidth_hz, reached_db) = narrowed(own, lane.symbol_rate_hz, stress.secq_db, secq_db)?;
    let mut stressed = lane.clone();
    optics_mut(&mut stressed)?.driver.bandwidth_hz = bandwidth_hz;
    if stress.sj_ui > 0.0 || stressed.transmitter.jitter.is_some() {
        let jitter = stressed.transmitter.jitter.get_or_insert_with(Jitter::default);
        (jitter.sj_ui, jitter.sj_hz) = (stress.sj_ui, stress.sj_hz);
    }
    let sensitivity = sensitivity(&stressed, networks, base, ber_limit, attenuations_db, run)?;
    Ok(StressedSensitivity {
        own_secq_db: own.1,
        secq_db: reached_db,
        bandwidth_hz,
        lane: stressed,
        sensitivity,
    })
}

/// Bandwidth of the driver at which the SECQ is the one wanted, and the SECQ there, from the lane's own pair on. A closed eye
/// is an infinite SECQ, so the interval is halved on a logarithmic scale.
fn narrowed(
    own: (f64, f64),
    symbol_rate_hz: f64,
    wanted_db: f64,
    secq_db: impl Fn(f64) -> Result<f64>,
) -> Result<(f64, f64)> {
    if wanted_db < own.1 - RESOLUTION_DB {
        let requirement = format!("at least the {:.2} dB of the lane's own light", own.1);
        return Err(Error::parameter("secq_db", wanted_db, requirement));
    }
    let (mut narrow, mut wide) = (NARROWEST * symbol_rate_hz, own.0.min(4.0 * symbol_rate_hz));
    if (own.1 - wanted_db).abs() <= RESOLUTION_DB {
        return Ok(own);
    }
    let most_db = if narrow < wide { secq_db(narrow)? } else { own.1 };
    if most_db < wanted_db {
        let requirement =
            format!("at most the {most_db:.2} dB that a driver of {:.3e} Hz makes", narrow.min(wide));
        return Err(Error::parameter("secq_db", wanted_db, requirement));
    }
    let mut best = own;
    for _ in 0..MOST_STEPS {
        let middle = (narrow * wide).sqrt();
        let reached = secq_db(middle)?;
        if (reached - wanted_db).abs() < (best.1 - wanted_db).abs() {
            best = (middle, reached);
        }
        if (best.1 - wanted_db).abs() <= RESOLUTION_DB {
            return Ok(best);
        }
        *(if reached < wanted_db { &mut wide } else { &mut narrow }) = middle;
    }
    Err(Error::Convergence {
        method: "stressed sensitivity".into(),
        figure: "distance from the SECQ wanted, dB".into(),
        value: (best.1 - wanted_db).abs(),
        limit: RESOLUTION_DB,
        iterations: MOST_STEPS,
    })
}
