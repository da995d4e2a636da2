//! Internal impedance of a conductor: direct current, skin effect and surface roughness, as one analytic function.
//!
//! ```text
//! Z'(f) = (1/(sigma A)) x (coth(x) + h),   x = g A/p,   g = (1 + j)/delta,   delta = 1/sqrt(pi f mu0 sigma)
//! h(f)  = (3/2) F g r/(1 + g r)
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | A | cross-section of the conductor | m² |
//! | p | perimeter that carries current at high frequency | m |
//! | sigma | conductivity | S/m |
//! | delta | skin depth | m |
//! | r, F | radius of the snowballs, their total area over that of the flat foil | m, 1 |
//!
//! Z' is 1/(sigma A) at f = 0 and (1 + h) g/(sigma p) well above the skin-effect corner. 1 + h is the causal form of
//! the snowball model (P. G. Huray et al., DesignCon 2010; J. E. Bracken, "A causal Huray model for surface
//! roughness", DesignCon 2012): g r/(1 + g r) is analytic in √(jω), and the real part of (1 + j)(1 + h) is Huray's
//! factor of the loss, 1 + (3/2) F/(1 + delta/r + delta²/(2 r²)), exactly. Its imaginary part is the inductance that
//! goes with it. As a surface impedance in series it leaves the resistance at low frequency alone. Valid while the
//! spheres are far smaller than a wavelength (any frequency here).

use crate::units::VACUUM_PERMEABILITY_H_PER_M;
use num_complex::Complex64;
use std::f64::consts::PI;

/// Snowballs of one radius on a flat foil.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Roughness {
    /// Radius, m.
    pub radius_m: f64,
    /// Area of all spheres over the area of the foil.
    pub area_ratio: f64,
}

impl Roughness {
    /// A polished surface.
    pub const SMOOTH: Self = Self { radius_m: 0.0, area_ratio: 0.0 };

    /// The cannonball stack of 14 spheres on a square of 6 by 6 radii, r = 0.06 Rz (L. Simonovich, "Practical method
    /// for modeling conductor roughness using cubic close-packing of equal spheres", DesignCon 2015 and EDI CON 2016);
    /// `rz_m` is the ten-point roughness of the data sheet, m.
    pub fn cannonball(rz_m: f64) -> Self {
        if rz_m == 0.0 {
            return Self::SMOOTH;
        }
        Self { radius_m: 0.06 * rz_m, area_ratio: 14.0 * 4.0 * PI / 36.0 }
    }

    /// h for the skin-effect constant g = (1 + j)/delta, 1/m.
    fn excess(&self, skin_per_m: Complex64) -> Complex64 {
        let gr = skin_per_m * self.radius_m;
        1.5 * self.area_ratio * gr / (1.0 + gr)
    }
}

/// A conductor of uniform cross-section.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conductor {
    /// Cross-section, m².
    pub area_m2: f64,
    /// Perimeter that carries the current at high frequency, m.
    pub perimeter_m: f64,
    /// Conductivity, S/m.
    pub conductivity_s_per_m: f64,
    /// Surface.
    pub roughness: Roughness,
}

impl Conductor {
    /// A rectangular strip. `crowding` ≥ 1 divides the perimeter: it stands for the uneven current of a strip between
    /// planes and for the loss of the planes themselves.
    pub fn strip(width_m: f64, thickness_m: f64, conductivity_s_per_m: f64, crowding: f64) -> Self {
        Self {
            area_m2: width_m * thickness_m,
            perimeter_m: 2.0 * (width_m + thickness_m) / crowding,
            conductivity_s_per_m,
            roughness: Roughness::SMOOTH,
        }
    }

    /// A round wire; `crowding` as for [`Conductor::strip`] (neighbouring wire, shield).
    pub fn wire(diameter_m: f64, conductivity_s_per_m: f64, crowding: f64) -> Self {
        Self {
            area_m2: 0.25 * PI * diameter_m * diameter_m,
            perimeter_m: PI * diameter_m / crowding,
            conductivity_s_per_m,
            roughness: Roughness::SMOOTH,
        }
    }

    /// The same conductor with a rough surface.
    #[must_use]
    pub fn with_roughness(self, roughness: Roughness) -> Self {
        Self { roughness, ..self }
    }

    /// Internal impedance of one conductor, ohm per metre, at `freq_hz` ≥ 0.
    pub fn impedance_ohm_per_m(&self, freq_hz: f64) -> Complex64 {
        let per_skin_depth = (PI * freq_hz * VACUUM_PERMEABILITY_H_PER_M * self.conductivity_s_per_m).sqrt();
        let skin = Complex64::new(per_skin_depth, per_skin_depth);
        let x = skin * (self.area_m2 / self.perimeter_m);
        let direct = 1.0 / (self.conductivity_s_per_m * self.area_m2);
        direct * (x_coth_x(x) + x * self.roughness.excess(skin))
    }
}

/// x coth x on the diagonal x = t(1 + j), t ≥ 0.
fn x_coth_x(x: Complex64) -> Complex64 {
    if x.re < 1e-3 {
        // The next term is 2x^6/945 < 2e-20.
        let x2 = x * x;
        1.0 + x2 * (1.0 / 3.0 - x2 / 45.0)
    } else if x.re > 20.0 {
        // coth = 1 + 2e^-2x: within 1e-17 of 1.
        x
    } else {
        let decay = (-2.0 * x).exp();
        x * (1.0 + decay) / (1.0 - decay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COPPER: f64 = 5.8e7;

    #[test]
    fn direct_current_sees_the_whole_section() {
        let z = Conductor::strip(125e-6, 15e-6, COPPER, 1.35).impedance_ohm_per_m(0.0);
        assert!((z.re - 1.0 / (COPPER * 125e-6 * 15e-6)).abs() < 1e-12 && z.im == 0.0);
    }

    #[test]
    fn skin_effect_rises_with_the_root_of_frequency() {
        let wire = Conductor::wire(0.4e-3, COPPER, 1.0);
        let (one, four) = (wire.impedance_ohm_per_m(10e9), wire.impedance_ohm_per_m(40e9));
        // At 10 GHz the wire is 300 skin depths thick: the slope is exact to rounding.
        assert!((four.re / one.re - 2.0).abs() < 1e-12 && (one.im / one.re - 1.0).abs() < 1e-12);
        // Rs/(pi d) with Rs = sqrt(pi f mu0/sigma).
        let expected = (PI * 10e9 * VACUUM_PERMEABILITY_H_PER_M / COPPER).sqrt() / (PI * 0.4e-3);
        assert!((one.re / expected - 1.0).abs() < 1e-12);
    }

    #[test]
    fn roughness_raises_the_loss_by_hurays_factor() {
        let smooth = Conductor::strip(125e-6, 15e-6, COPPER, 1.0);
        let rough = smooth.with_roughness(Roughness::cannonball(1.5e-6));
        let f = 53.125e9;
        let delta = 1.0 / (PI * f * VACUUM_PERMEABILITY_H_PER_M * COPPER).sqrt();
        let x = delta / 0.09e-6;
        let huray = 1.0 + 1.5 * (14.0 * 4.0 * PI / 36.0) / (1.0 + x + 0.5 * x * x);
        let ratio = rough.impedance_ohm_per_m(f).re / smooth.impedance_ohm_per_m(f).re;
        // Both forms are closed; at 53 GHz coth x = 1 to rounding.
        assert!((ratio / huray - 1.0).abs() < 1e-12, "{ratio} {huray}");
        assert!((huray - 1.79).abs() < 0.01);
        assert_eq!(rough.impedance_ohm_per_m(0.0), smooth.impedance_ohm_per_m(0.0));
        // Where the current fills the foil, the bumps add inductance only, to first order.
        let ratio = rough.impedance_ohm_per_m(1e5).re / smooth.impedance_ohm_per_m(1e5).re;
        assert!((ratio - 1.0).abs() < 1e-4, "{ratio}");
    }

    #[test]
    fn branches_of_coth_join() {
        for t in [1e-3, 20.0] {
            let (below, above) = (t * (1.0 - 1e-12), t * (1.0 + 1e-12));
            let step = x_coth_x(Complex64::new(above, above)) - x_coth_x(Complex64::new(below, below));
            // A jump would show; the function itself moves by less than 1e-10.
            assert!(step.norm() < 1e-10, "{t}: {step}");
        }
    }
}
