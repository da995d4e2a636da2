//! Multipath interference: light that is reflected twice on its way follows itself as an echo.
//!
//! ```text
//! x = √(R₁ R₂) T      ripple of the power ±2 x P at most, rms √(2 · pairs) R P for N equal parts, N(N − 1)/2 pairs
//! ```
//!
//! | symbol | name | meaning | unit |
//! |---|---|---|---|
//! | R | `reflectance_db` | power reflected by a part | dB |
//! | T | – | power transmission, one way, of what lies between the two | 1 |
//! | x | `amplitude` | field of the echo over the light's own | 1 |
//!
//! Between the two parts the echo goes twice more, so that its field falls by T. Every pair of reflecting parts makes one;
//! phases of different pairs are taken as independent, polarization as aligned, more than two reflections and x² are left
//! out. The parts are taken to be many symbols apart: at 106 GBd a metre of fibre is 500 of them. What happens to the
//! signal is told in [`crate::response::Interference`].

use super::link::{OpticalLink, regression};
use super::operating_point::NO_MODULATION;
use super::{OpticalPart, Optics};
use crate::error::{Error, Result};
use crate::response::Interference;
use crate::units::power_ratio;

/// Most reflecting parts of a path: 120 echoes.
const MAX_PARTS: usize = 16;
/// Sum of the amplitudes above which the square that is left out is said.
const LARGE: f64 = 0.1;

impl Optics {
    /// Field of every echo over the light's own: one for each pair of reflecting parts, in the order of the path.
    ///
    /// ```
    /// use lightlane::medium::optics::{Connector, OpticalPart, Optics};
    /// // Two connectors of -26 dB with a third of 0.5 dB between them that reflects nothing: 10^-2.6 · 10^-0.05.
    /// let end = OpticalPart::Connector(Connector { reflectance_db: Some(-26.0), ..Connector::default() });
    /// let middle = OpticalPart::Connector(Connector { loss_db: 0.5, ..Connector::default() });
    /// let optics = Optics { path: vec![end.clone(), middle, end], ..Optics::default() };
    /// let x = optics.echo_amplitudes();
    /// assert!(x.len() == 1 && (x[0] - 10f64.powf(-2.65)).abs() < 1e-12);
    /// ```
    pub fn echo_amplitudes(&self) -> Vec<f64> {
        let mut amplitudes = Vec::new();
        for (i, first) in self.path.iter().enumerate().filter(|(_, p)| p.reflectance() > 0.0) {
            let mut between = 1.0;
            for second in &self.path[i + 1..] {
                let both = first.reflectance() * second.reflectance();
                if both > 0.0 {
                    amplitudes.push(both.sqrt() * between);
                }
                between *= power_ratio(-second.loss_db(self.laser.wavelength_m));
            }
        }
        amplitudes
    }

    /// What interferes with the light of a section: the echoes of its path, and light of the same wavelength that leaks
    /// into it.
    pub(crate) fn interference(&self, link: &OpticalLink) -> Vec<Interference> {
        let Some(light) = in_levels(&link.settled_w, &link.levels_v) else { return Vec::new() };
        let one = |name: &str, amplitude| Interference {
            name: name.into(),
            amplitude,
            light: light.clone(),
            interferer: light.clone(),
        };
        let mut all: Vec<Interference> = self.echo_amplitudes().into_iter().map(|x| one("mpi", x)).collect();
        let leak = self.wavelengths.as_ref().map_or(0.0, |w| w.same_wavelength_amplitude());
        if leak > 0.0 {
            all.push(one("leakage", leak));
        }
        all
    }

    /// What a user should know of the echoes.
    pub(crate) fn interference_warnings(&self) -> Vec<String> {
        let sum: f64 = self.echo_amplitudes().iter().sum();
        if sum <= LARGE {
            return Vec::new();
        }
        vec![format!(
            "path: echoes of {sum:.2} of the field interfere with the light; their own power, {:.0} % of that, is left out",
            50.0 * sum
        )]
    }

    /// Refuses more reflecting parts than an engine convolves in reasonable time.
    pub(super) fn check_reflections(&self) -> Result<()> {
        let n = self.path.iter().filter(|p| p.reflectance() > 0.0).count();
        if n <= MAX_PARTS {
            return Ok(());
        }
        let requirement = format!("at most {MAX_PARTS} of them with a reflectance");
        Err(Error::parameter("path", format!("{n} reflecting parts"), requirement))
    }
}

impl OpticalPart {
    /// Power reflected over power that arrives.
    pub fn reflectance(&self) -> f64 {
        match self {
            Self::Connector(c) => c.reflectance(),
            _ => 0.0,
        }
    }
}

/// The light of each symbol in the unit of the levels: scaled to a slope of ±1. `None` where the light does not follow
/// the levels.
fn in_levels(light_w: &[f64], levels: &[f64]) -> Option<Vec<f64>> {
    let slope = regression(levels, light_w).abs();
    let range = levels.last()? - levels.first()?;
    let mean = light_w.iter().sum::<f64>() / light_w.len() as f64;
    (slope * range > NO_MODULATION * mean).then(|| light_w.iter().map(|p| p / slope).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::medium::optics::{Connector, Coupler};

    fn reflecting(reflectance_db: f64, loss_db: f64) -> OpticalPart {
        OpticalPart::Connector(Connector {
            loss_db,
            reflectance_db: Some(reflectance_db),
            ..Connector::default()
        })
    }

    #[test]
    fn equal_connectors_have_the_rms_of_their_pairs() {
        // Lossless: rms ripple √(2 pairs) R over the power, each pair with half the square of 2R.
        for n in 2..=6 {
            let optics = Optics { path: vec![reflecting(-35.0, 0.0); n], ..Optics::default() };
            let x = optics.echo_amplitudes();
            assert_eq!(x.len(), n * (n - 1) / 2);
            let rms = x.iter().map(|x| 0.5 * (2.0 * x).powi(2)).sum::<f64>().sqrt();
            let r = 10f64.powf(-3.5);
            assert!((rms / ((n * (n - 1)) as f64).sqrt() / r - 1.0).abs() < 1e-12, "{n}");
        }
    }

    #[test]
    fn loss_between_two_parts_counts_once_in_the_field() {
        let port = OpticalPart::Coupler(Coupler { excess_loss_db: 1.5, ..Coupler::default() });
        let path = vec![reflecting(-30.0, 0.3), port, reflecting(-40.0, 0.7), reflecting(-20.0, 0.2)];
        let x = Optics { path, ..Optics::default() }.echo_amplitudes();
        let exact = [-35.0 - 1.5, -25.0 - 2.2, -30.0].map(|db: f64| 10f64.powf(0.1 * db));
        assert!(x.iter().zip(exact).all(|(a, b)| (a / b - 1.0).abs() < 1e-12), "{x:?} {exact:?}");
    }

    #[test]
    fn light_is_scaled_to_the_slope_of_the_levels() {
        let levels = [-0.4, 0.4];
        let light = in_levels(&[1e-3, 3e-3], &levels).unwrap();
        assert!((light[0] - 0.4).abs() < 1e-12 && (light[1] - 1.2).abs() < 1e-12);
        // Falling light has the same ripple.
        assert!((in_levels(&[3e-3, 1e-3], &levels).unwrap()[0] - 1.2).abs() < 1e-12);
        assert_eq!(in_levels(&[1e-3, 1e-3], &levels), None);
    }

    #[test]
    fn too_many_reflecting_parts_are_refused() {
        let optics = Optics { path: vec![reflecting(-35.0, 0.1); 17], ..Optics::default() };
        assert!(optics.validate().unwrap_err().to_string().starts_with("path = 17 reflecting parts"));
    }
}
