//! Coupling of two Gaussian modes.
//!
//! In each transverse direction the light of mode a, of waist w_a at 0, meets mode b at its waist in the plane z = gap:
//!
//! ```text
//! a(x) = exp(−A x²),                               A = j k / (2 (gap + j z_a)),  z_a = π n w_a²/λ,  k = 2πn/λ
//! b(x) = exp(−(x − d)²/w_b²) exp(−jκ (x − d)),     κ = k sin(tilt)
//! η    = |∫ a b* dx|² / (∫|a|² dx ∫|b|² dx)
//!      = 2 √(Re A · B) / |A + B| · exp(2 Re[(2 B d + jκ)²/(4 (A + B))] − 2 B d²),  B = 1/w_b²
//! ```
//!
//! and the power coupled is η_x η_y. Offset, tilt and gap are one overlap and not a sum of losses: the light that
//! arrives off the axis of a diverging beam is itself tilted, so the sign of the tilt matters.
//!
//! | symbol | name | unit |
//! |---|---|---|
//! | w | mode radius, half of MFD | m |
//! | d | offset of b against a's axis | m |
//! | tilt | lean of b's axis towards positive offset | rad |
//! | gap | distance of the waists, in a medium of index n | m |
//!
//! Reference: W. B. Joyce and B. C. DeLoach, Appl. Opt. 23 (1984) 4187. Paraxial; diffraction only: reflections at
//! faces are [`fresnel_reflectance`].

use crate::error::{Result, require};
use crate::units::power_db;
use num_complex::Complex64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::{LN_10, PI};

/// A butt coupling between two Gaussian modes, circular or elliptical along x and y.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Coupler {
    /// Mode field diameter of the source, m; in x alone when that in y is given.
    pub mfd_a_m: f64,
    /// Mode field diameter of the receiver, m; none means equal to the source's.
    pub mfd_b_m: Option<f64>,
    /// Mode field diameter of the source in y, m; none means that it is circular.
    pub mfd_a_y_m: Option<f64>,
    /// Mode field diameter of the receiver in y, m; none means that it is circular, or the source's where that in x is.
    pub mfd_b_y_m: Option<f64>,
    /// Offset of the receiving axis in x, m.
    pub offset_x_m: f64,
    /// Offset of the receiving axis in y, m.
    pub offset_y_m: f64,
    /// Tilt in the x plane, rad; positive leans the receiving axis towards positive offset, as diverging light does.
    pub tilt_x_rad: f64,
    /// Tilt in the y plane, rad.
    pub tilt_y_rad: f64,
    /// Distance between the two waists, m.
    pub gap_m: f64,
    /// Refractive index of the gap.
    pub index: f64,
    /// Loss beyond the overlap (scattering, mode converter), optical dB.
    pub excess_loss_db: f64,
}

impl Default for Coupler {
    fn default() -> Self {
        Self {
            mfd_a_m: 9.2e-6,
            mfd_b_m: None,
            mfd_a_y_m: None,
            mfd_b_y_m: None,
            offset_x_m: 0.0,
            offset_y_m: 0.0,
            tilt_x_rad: 0.0,
            tilt_y_rad: 0.0,
            gap_m: 0.0,
            index: 1.0,
            excess_loss_db: 0.0,
        }
    }
}

impl Coupler {
    /// Checks every field.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] for a diameter that is not positive, an index below 1, a tilt beyond ±π/2, a
    /// negative gap or excess loss, or an offset that is not finite.
    pub fn validate(&self) -> Result<()> {
        require::positive("mfd_a_m", self.mfd_a_m)?;
        let others =
            [("mfd_b_m", self.mfd_b_m), ("mfd_a_y_m", self.mfd_a_y_m), ("mfd_b_y_m", self.mfd_b_y_m)];
        for (name, diameter) in others {
            diameter.map_or(Ok(0.0), |d| require::positive(name, d))?;
        }
        require::finite("offset_x_m", self.offset_x_m)?;
        require::finite("offset_y_m", self.offset_y_m)?;
        require::within("tilt_x_rad", self.tilt_x_rad, -0.5 * PI, 0.5 * PI)?;
        require::within("tilt_y_rad", self.tilt_y_rad, -0.5 * PI, 0.5 * PI)?;
        require::non_negative("gap_m", self.gap_m)?;
        require::within("index", self.index, 1.0, 10.0)?;
        require::non_negative("excess_loss_db", self.excess_loss_db).map(drop)
    }

    /// Loss at a wavelength, optical dB: excess and overlap in x and y.
    pub fn loss_db(&self, wavelength_m: f64) -> f64 {
        let a_y = self.mfd_a_y_m.unwrap_or(self.mfd_a_m);
        let b = self.mfd_b_m.unwrap_or(self.mfd_a_m);
        let b_y = self.mfd_b_y_m.or(self.mfd_b_m).unwrap_or(a_y);
        let plane =
            |a, b, offset, tilt| plane_loss_db(a, b, offset, tilt, self.gap_m, wavelength_m, self.index);
        self.excess_loss_db
            + plane(self.mfd_a_m, b, self.offset_x_m, self.tilt_x_rad)
            + plane(a_y, b_y, self.offset_y_m, self.tilt_y_rad)
    }
}

/// Coupling loss, optical dB, of two circular Gaussian modes with offset and tilt in one plane.
///
/// `mfd_b_m` of `None` means equal modes; see the signs at [`Coupler`].
///
/// ```
/// use lightlane::medium::optics::coupling_loss_db;
/// assert!((coupling_loss_db(9.2e-6, None, 1e-6, 0.0, 0.0, 1.31e-6, 1.0) - 0.2052).abs() < 5e-5);
/// ```
pub fn coupling_loss_db(
    mfd_a_m: f64,
    mfd_b_m: Option<f64>,
    offset_m: f64,
    tilt_rad: f64,
    gap_m: f64,
    wavelength_m: f64,
    index: f64,
) -> f64 {
    Coupler {
        mfd_a_m,
        mfd_b_m,
        offset_x_m: offset_m,
        tilt_x_rad: tilt_rad,
        gap_m,
        index,
        ..Coupler::default()
    }
    .loss_db(wavelength_m)
}

/// Overlap in one transverse direction as a loss in dB; in logarithms, so that a far offset stays finite.
fn plane_loss_db(
    mfd_a_m: f64,
    mfd_b_m: f64,
    offset_m: f64,
    tilt_rad: f64,
    gap_m: f64,
    wavelength_m: f64,
    index: f64,
) -> f64 {
    let k = 2.0 * PI * index / wavelength_m;
    let z_a = 0.5 * k * (0.5 * mfd_a_m).powi(2);
    let a = Complex64::new(0.0, 0.5 * k) / Complex64::new(gap_m, z_a);
    let b = (0.5 * mfd_b_m).powi(-2);
    let lean = Complex64::new(2.0 * b * offset_m, k * tilt_rad.sin());
    let exponent = 2.0 * (lean * lean / (4.0 * (a + b))).re - 2.0 * b * offset_m.powi(2);
    let loss = -power_db(2.0 * (a.re * b).sqrt() / (a + b).norm()) - exponent * 10.0 / LN_10;
    // Aligned equal modes lose nothing; rounding must not make that a gain.
    loss.max(0.0)
}

/// Power reflectance of one face at normal incidence, ((n_a − n_b)/(n_a + n_b))².
pub fn fresnel_reflectance(index_a: f64, index_b: f64) -> f64 {
    ((index_a - index_b) / (index_a + index_b)).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::power_ratio;
    use proptest::prelude::*;

    const L: f64 = 1.31e-6;

    /// |∫ a b* dx|² over the norms by the trapezoid rule, from the fields themselves.
    fn by_quadrature(mfd_a: f64, mfd_b: f64, offset: f64, tilt: f64, gap: f64, index: f64) -> f64 {
        let k = 2.0 * PI * index / L;
        let (wa, wb) = (0.5 * mfd_a, 0.5 * mfd_b);
        let zr = PI * index * wa * wa / L;
        // Radius and curvature of the diverged beam, written out rather than as a complex q.
        let w = wa * (1.0 + (gap / zr).powi(2)).sqrt();
        let curvature = gap / (gap * gap + zr * zr);
        let reach = 8.0 * (w + wb) + offset.abs();
        let n = 20_000;
        let (mut ab, mut aa, mut bb) = (Complex64::new(0.0, 0.0), 0.0, 0.0);
        for i in 0..=n {
            let x = -reach + 2.0 * reach * f64::from(i) / f64::from(n);
            let fa = Complex64::from_polar((-x * x / (w * w)).exp(), -0.5 * k * curvature * x * x);
            let y = x - offset;
            let fb = Complex64::from_polar((-y * y / (wb * wb)).exp(), -k * tilt.sin() * y);
            ab += fa * fb.conj();
            aa += fa.norm_sqr();
            bb += fb.norm_sqr();
        }
        ab.norm_sqr() / (aa * bb)
    }

    #[test]
    fn the_published_table() {
        // Four decimals, as printed.
        let check = |found: f64, table: f64| assert!((found - table).abs() < 5.1e-5, "{found} {table}");
        check(coupling_loss_db(9.2e-6, None, 1e-6, 0.0, 0.0, L, 1.0), 0.2052);
        check(coupling_loss_db(4.5e-6, None, 1e-6, 0.0, 0.0, L, 1.0), 0.8579);
        check(coupling_loss_db(9.2e-6, Some(4.5e-6), 0.0, 0.0, 0.0, L, 1.0), 2.0541);
        check(coupling_loss_db(9.2e-6, None, 0.0, 1f64.to_radians(), 0.0, L, 1.0), 0.1610);
        check(coupling_loss_db(9.2e-6, None, 0.0, 0.0, 20e-6, L, 1.0), 0.1655);
        // 1 dB at 0.47985 mode radii.
        check(coupling_loss_db(9.2e-6, None, 0.47985 * 4.6e-6, 0.0, 0.0, L, 1.0), 1.0);
    }

    #[test]
    fn aligned_equal_modes_lose_nothing_and_a_far_offset_stays_finite() {
        assert_eq!(Coupler::default().loss_db(L), 0.0);
        let far = coupling_loss_db(9.2e-6, None, 1e-3, 0.0, 0.0, L, 1.0);
        assert!(far.is_finite() && far > 1e4);
    }

    #[test]
    fn elliptical_modes_lose_in_each_direction_by_themselves() {
        let edge = Coupler { mfd_b_m: Some(6e-6), mfd_b_y_m: Some(3e-6), ..Coupler::default() };
        // Half of what a circular mode of either diameter loses.
        let half = |b: f64| 0.5 * coupling_loss_db(9.2e-6, Some(b), 0.0, 0.0, 0.0, L, 1.0);
        assert!((edge.loss_db(L) - half(6e-6) - half(3e-6)).abs() < 1e-12);
        // The same ellipse on both sides loses nothing, whether it is told once or twice.
        let ellipse = Coupler { mfd_a_y_m: Some(4e-6), ..Coupler::default() };
        assert_eq!(ellipse.loss_db(L), 0.0);
        let told = Coupler { mfd_b_m: Some(9.2e-6), mfd_b_y_m: Some(4e-6), ..ellipse };
        assert_eq!(told.loss_db(L), 0.0);
        let text = Coupler { mfd_b_y_m: Some(0.0), ..told }.validate().unwrap_err().to_string();
        assert!(text.starts_with("mfd_b_y_m = 0"), "{text}");
    }

    #[test]
    fn across_a_gap_a_tilt_along_the_diverging_light_loses_less() {
        let loss = |tilt: f64| coupling_loss_db(9.2e-6, None, 2e-6, tilt, 50e-6, L, 1.0);
        assert!(loss(0.01) < loss(-0.01));
        assert!(loss(0.01) < loss(0.0));
    }

    #[test]
    fn fresnel_of_glass_in_air_is_about_four_percent() {
        assert!((fresnel_reflectance(1.5, 1.0) - 0.04).abs() < 1e-15);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn the_closed_form_is_the_overlap_integral(
            mfd_a in 2e-6..12e-6f64, mfd_b in 2e-6..12e-6f64, offset in -4e-6..4e-6f64,
            tilt in -0.06..0.06f64, gap in 0.0..100e-6f64, index in 1.0..1.6f64,
        ) {
            let exact = by_quadrature(mfd_a, mfd_b, offset, tilt, gap, index);
            let closed = power_ratio(-plane_loss_db(mfd_a, mfd_b, offset, tilt, gap, L, index));
            // The trapezoid rule converges faster than any power on Gaussians: rounding is what remains.
            prop_assert!((exact - closed).abs() < 1e-9, "{} {}", exact, closed);
        }

        #[test]
        fn nothing_amplifies(
            mfd_a in 1e-6..20e-6f64, mfd_b in 1e-6..20e-6f64, x in -2e-5..2e-5f64, y in -2e-5..2e-5f64,
            tilt in -0.5..0.5f64, gap in 0.0..1e-3f64, index in 1.0..3.5f64,
        ) {
            let c = Coupler {
                mfd_a_m: mfd_a, mfd_b_m: Some(mfd_b), offset_x_m: x, offset_y_m: y, tilt_x_rad: tilt,
                gap_m: gap, index, ..Coupler::default()
            };
            prop_assert!(c.loss_db(L) >= 0.0);
        }

        #[test]
        fn mirroring_offset_and_tilt_together_changes_nothing(
            offset in -4e-6..4e-6f64, tilt in -0.05..0.05f64, gap in 0.0..1e-4f64,
        ) {
            let a = coupling_loss_db(9.2e-6, Some(5e-6), offset, tilt, gap, L, 1.0);
            let b = coupling_loss_db(9.2e-6, Some(5e-6), -offset, -tilt, gap, L, 1.0);
            prop_assert!((a - b).abs() < 1e-12);
        }
    }
}
