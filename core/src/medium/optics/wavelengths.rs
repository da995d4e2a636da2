//! Wavelengths that share a fibre, and what the receiver's filter lets through of the others.
//!
//! ```text
//! leak of a neighbour n channels away = 1/(1 + (2 n spacing/linewidth)²)        a single drop ring
//! ```
//!
//! | symbol | name | meaning | unit |
//! |---|---|---|---|
//! | spacing | `spacing_hz` | distance of neighbours | Hz |
//! | linewidth | `linewidth_hz` | full width at half maximum of the drop ring, f₀/Q | Hz |
//!
//! Light of another wavelength beats far outside the receiver's band, so that powers add: a neighbour is an aggressor on the
//! lane's own response, at its own power, free-running. Its average light adds to the shot noise. Light of the same
//! wavelength that leaks in is coherent: it interferes as an echo does. The lane is in the middle of its neighbours, where
//! they are nearest. The ring's pass band is not part of the lane's response, which holds as long as the ring is wide
//! beside the symbol rate; neighbours' intensity noise is left out.

use super::wdm::leak as leak_of_ring;
use super::{OpticalLink, Optics};
use crate::error::{Error, Result, require};
use crate::response::{Crosstalk, LevelLaw, NoiseKind, NoiseSource, Plane, Signal};
use crate::units::{amplitude_ratio, power_ratio};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most wavelengths of one fibre: the aggressors are convolved one by one.
const MAX_COUNT: u32 = 64;

/// Wavelengths side by side in one fibre.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Wavelengths {
    /// Number of wavelengths, the lane's own included.
    pub count: u32,
    /// Distance of neighbours, Hz.
    pub spacing_hz: f64,
    /// Full width at half maximum of the ring that drops the lane's wavelength, Hz.
    pub linewidth_hz: f64,
    /// Isolation from every neighbour, optical dB, in the place of the drop ring's; none takes the ring's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolation_db: Option<f64>,
    /// Power of other light at the lane's own wavelength below the lane's, optical dB: what an imperfect drop leaves of
    /// the channel that was there before. None leaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_wavelength_isolation_db: Option<f64>,
}

impl Default for Wavelengths {
    fn default() -> Self {
        Self {
            count: 4,
            spacing_hz: 400e9,
            linewidth_hz: 45.8e9,
            isolation_db: None,
            same_wavelength_isolation_db: None,
        }
    }
}

impl Wavelengths {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] for other than 1 to 64 wavelengths, a spacing or linewidth that is not positive, or an
    /// isolation below 0 dB.
    pub fn validate(&self) -> Result<()> {
        if !(1..=MAX_COUNT).contains(&self.count) {
            return Err(Error::parameter("count", self.count, format!("between 1 and {MAX_COUNT}")));
        }
        require::positive("spacing_hz", self.spacing_hz)?;
        require::positive("linewidth_hz", self.linewidth_hz)?;
        for (name, db) in [
            ("isolation_db", self.isolation_db),
            ("same_wavelength_isolation_db", self.same_wavelength_isolation_db),
        ] {
            db.map_or(Ok(0.0), |db| require::non_negative(name, db))?;
        }
        Ok(())
    }

    /// Power that the receiver takes in of each neighbour over its own light, by the neighbour's distance in channels:
    /// negative below, positive above.
    ///
    /// ```
    /// use lightlane::medium::optics::Wavelengths;
    /// // 200 GHz behind a ring of Q 5000 at 1310 nm: -18.89 dB.
    /// let grid = Wavelengths { count: 3, spacing_hz: 200e9, linewidth_hz: 45.77e9, ..Wavelengths::default() };
    /// let leaks = grid.leaks();
    /// assert!(leaks.len() == 2 && (10.0 * leaks[0].1.log10() + 18.89).abs() < 5e-3);
    /// ```
    pub fn leaks(&self) -> Vec<(i32, f64)> {
        let below = (self.count as i32 - 1) / 2;
        let above = self.count as i32 - 1 - below;
        let ring = |n: i32| leak_of_ring(f64::from(n) * self.spacing_hz, self.linewidth_hz);
        let leak = |n: i32| self.isolation_db.map_or_else(|| ring(n), |db| power_ratio(-db));
        (-below..=above).filter(|n| *n != 0).map(|n| (n, leak(n))).collect()
    }

    /// Field of the light that leaks in at the same wavelength over the lane's own.
    pub(super) fn same_wavelength_amplitude(&self) -> f64 {
        self.same_wavelength_isolation_db.map_or(0.0, |db| amplitude_ratio(-db))
    }
}

impl Optics {
    /// Neighbours on other wavelengths as aggressors on the lane's own response.
    pub(crate) fn neighbours(&self, link: &OpticalLink) -> Vec<Crosstalk> {
        let (response, ffe, ffe_main) = match &link.signal {
            Signal::Linear { response, ffe, ffe_main } => (response, ffe, *ffe_main),
            Signal::Record(record) => (&record.small_signal, &record.ffe, record.ffe_main),
        };
        let neighbour = |(n, leak): (i32, f64)| Crosstalk {
            name: format!("wavelength {n:+}"),
            response: response.scaled(leak),
            levels: link.levels_v.clone(),
            ffe: ffe.clone(),
            ffe_main,
        };
        self.wavelengths.iter().flat_map(Wavelengths::leaks).filter(|l| l.1 > 0.0).map(neighbour).collect()
    }

    /// Adds the shot noise of the neighbours' average light, which no symbol of the lane carries.
    pub(crate) fn add_leaked_light(&self, noise: &mut [NoiseSource]) {
        let leaked: f64 = self.wavelengths.iter().flat_map(Wavelengths::leaks).map(|l| l.1).sum();
        for source in noise.iter_mut().filter(|n| n.plane == Plane::Photodiode) {
            if let NoiseKind::Density { density, .. } = &mut source.kind {
                density.iter_mut().for_each(|d| *d *= 1.0 + leaked);
            }
            if let LevelLaw::BySymbol { factor, .. } = &mut source.law {
                // Of mean 1, as the section normalizes them.
                factor.iter_mut().for_each(|f| *f = (*f + leaked) / (1.0 + leaked));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lane_is_in_the_middle_of_its_neighbours() {
        let places = |count| {
            let all = Wavelengths { count, ..Wavelengths::default() }.leaks();
            all.into_iter().map(|l| l.0).collect::<Vec<_>>()
        };
        assert!(places(1).is_empty());
        assert_eq!(places(2), [1]);
        assert_eq!(places(5), [-2, -1, 1, 2]);
        let fixed = Wavelengths { isolation_db: Some(20.0), ..Wavelengths::default() };
        assert!(fixed.leaks().iter().all(|l| (l.1 - 0.01).abs() < 1e-15));
        let leak = Wavelengths { same_wavelength_isolation_db: Some(40.0), ..fixed };
        assert!((leak.same_wavelength_amplitude() - 0.01).abs() < 1e-15);
    }

    #[test]
    fn bad_fields_are_named() {
        let text = |w: Wavelengths| w.validate().unwrap_err().to_string();
        assert!(text(Wavelengths { count: 0, ..Wavelengths::default() }).starts_with("count = 0"));
        assert!(
            text(Wavelengths { spacing_hz: 0.0, ..Wavelengths::default() }).starts_with("spacing_hz = 0")
        );
        let amplifies = Wavelengths { isolation_db: Some(-3.0), ..Wavelengths::default() };
        assert!(text(amplifies).starts_with("isolation_db = -3"));
    }
}
