//! Chain (ABCD) matrices of reciprocal differential two-ports.
//!
//! ```text
//! | V1 |   | a b | | V2 |        S21 = 2 / (a + b/Z + cZ + d)
//! | I1 | = | c d | | I2 |        S11 = (a + b/Z - cZ - d) / (a + b/Z + cZ + d)
//! ```
//!
//! V is the voltage between the legs, I the current in the P leg; I2 leaves the two-port. Every block of this
//! module is reciprocal (ad - bc = 1), so S12 = S21 is set, not computed. Pozar, Microwave Engineering, ch. 4.4.

use crate::error::{Error, Result, require};
use crate::medium::Network;
use num_complex::Complex64;

/// Differential reference impedance of every network made here, ohm.
pub const DIFFERENTIAL_Z0_OHM: f64 = 100.0;

/// Chain matrix of a reciprocal two-port at one frequency. `a`, `d` are pure numbers, `b` is in ohm, `c` in siemens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TwoPort {
    /// V1/V2 into an open end.
    pub a: Complex64,
    /// V1/I2 into a short, ohm.
    pub b: Complex64,
    /// I1/V2 into an open end, S.
    pub c: Complex64,
    /// I1/I2 into a short.
    pub d: Complex64,
}

const ZERO: Complex64 = Complex64 { re: 0.0, im: 0.0 };
const ONE: Complex64 = Complex64 { re: 1.0, im: 0.0 };

impl TwoPort {
    /// A wire of no length.
    pub const IDENTITY: Self = Self { a: ONE, b: ZERO, c: ZERO, d: ONE };

    /// An impedance (ohm) in series.
    pub fn series(z_ohm: Complex64) -> Self {
        Self { b: z_ohm, ..Self::IDENTITY }
    }

    /// An admittance (S) across the pair.
    pub fn shunt(y_siemens: Complex64) -> Self {
        Self { c: y_siemens, ..Self::IDENTITY }
    }

    /// A uniform line of total series impedance `z_ohm` = Z'l and total shunt admittance `y_siemens` = Y'l.
    ///
    /// Written with sinh(x)/x, x = sqrt(ZY), so that a line without shunt admittance (any line at f = 0) is exact.
    pub fn line(z_ohm: Complex64, y_siemens: Complex64) -> Self {
        let x2 = z_ohm * y_siemens;
        let (cosh, sinhc) = if x2.norm_sqr() < 1e-8 {
            // |x|² < 1e-4: the terms left out are below x^6/720 < 2e-15.
            (1.0 + x2 * (0.5 + x2 / 24.0), 1.0 + x2 * (1.0 / 6.0 + x2 / 120.0))
        } else {
            let x = principal_sqrt(x2);
            let grow = x.exp();
            let decay = grow.inv();
            (0.5 * (grow + decay), 0.5 * (grow - decay) / x)
        };
        Self { a: cosh, b: z_ohm * sinhc, c: y_siemens * sinhc, d: cosh }
    }

    /// A section of transmission `s21` that reflects nothing in `z0_ohm`.
    pub fn matched(s21: Complex64, z0_ohm: f64) -> Self {
        let inverse = s21.inv();
        let (cosh, sinh) = (0.5 * (inverse + s21), 0.5 * (inverse - s21));
        Self { a: cosh, b: sinh * z0_ohm, c: sinh / z0_ohm, d: cosh }
    }

    /// This two-port followed by `next`.
    #[must_use]
    pub fn then(&self, next: &Self) -> Self {
        Self {
            a: self.a * next.a + self.b * next.c,
            b: self.a * next.b + self.b * next.d,
            c: self.c * next.a + self.d * next.c,
            d: self.c * next.b + self.d * next.d,
        }
    }

    /// The same two-port seen from its other end.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        Self { a: self.d, d: self.a, ..*self }
    }

    /// (S11, S21, S22) between references of `z0_ohm`; S12 = S21.
    pub fn scattering(&self, z0_ohm: f64) -> [Complex64; 3] {
        let (b, c) = (self.b / z0_ohm, self.c * z0_ohm);
        let inverse = (self.a + b + c + self.d).inv();
        [(self.a + b - c - self.d) * inverse, 2.0 * inverse, (b + self.d - self.a - c) * inverse]
    }
}

/// √z with a real part of at least 0. Twice as fast as the polar form of the library, and lines spend their time here.
fn principal_sqrt(z: Complex64) -> Complex64 {
    let modulus = z.norm_sqr().sqrt();
    // The sum below never cancels.
    let large = (0.5 * (modulus + z.re.abs())).sqrt();
    if large == 0.0 {
        return ZERO;
    }
    let small = 0.5 * z.im.abs() / large;
    let (re, im) = if z.re >= 0.0 { (large, small) } else { (small, large) };
    Complex64::new(re, im.copysign(z.im))
}

/// Frequency by frequency, `first` followed by `second`.
///
/// # Errors
/// [`Error::Parameter`] if the two are of different length.
pub fn cascade(first: &[TwoPort], second: &[TwoPort]) -> Result<Vec<TwoPort>> {
    if first.len() != second.len() {
        let requirement = format!("as long as the first, {}", first.len());
        return Err(Error::parameter("second", format!("{} frequencies", second.len()), requirement));
    }
    Ok(first.iter().zip(second).map(|(a, b)| a.then(b)).collect())
}

/// The two-port network of chain matrices, referred to 100 ohm differential.
///
/// # Errors
/// Those of [`Network::new`], for the grid or a chain that is not finite.
pub fn differential_network(freq_hz: &[f64], chain: &[TwoPort]) -> Result<Network> {
    let mut s = Vec::with_capacity(4 * chain.len());
    for section in chain {
        let [s11, s21, s22] = section.scattering(DIFFERENTIAL_Z0_OHM);
        s.extend([s11, s21, s21, s22]);
    }
    Network::new(freq_hz.to_vec(), s, vec![DIFFERENTIAL_Z0_OHM; 2])
}

/// Refuses frequencies no block can be evaluated at.
pub(super) fn check_freq(freq_hz: &[f64]) -> Result<()> {
    for (k, &f) in freq_hz.iter().enumerate() {
        if !(f.is_finite() && f >= 0.0) {
            require::non_negative(&format!("freq_hz[{k}]"), f)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn c(re: f64, im: f64) -> Complex64 {
        Complex64::new(re, im)
    }

    #[test]
    fn cascade_is_associative() {
        let (x, y, z) = (
            TwoPort::line(c(3.0, 40.0), c(0.001, 0.02)),
            TwoPort::shunt(c(0.002, 0.01)),
            TwoPort::series(c(5.0, -30.0)),
        );
        let (left, right) = (x.then(&y).then(&z), x.then(&y.then(&z)));
        for (p, q) in [(left.a, right.a), (left.b, right.b), (left.c, right.c), (left.d, right.d)] {
            // Rounding of a few products of numbers below 100.
            assert!((p - q).norm() < 1e-12, "{p} {q}");
        }
    }

    #[test]
    fn small_argument_joins_the_exponential_form() {
        // Just either side of the switch at |x²| = 1e-4 the two forms agree to rounding.
        let (z, y) = (c(0.0, 1e-1), c(0.0, 1e-3));
        let below = TwoPort::line(z * (1.0 - 1e-9), y);
        let above = TwoPort::line(z * (1.0 + 1e-9), y);
        assert!((below.a - above.a).norm() < 1e-12);
        assert!((below.b / above.b - 1.0).norm() < 1e-8);
    }

    #[test]
    fn root_is_the_principal_one() {
        for z in
            [c(3.0, 4.0), c(-3.0, 4.0), c(-3.0, -4.0), c(3.0, -4.0), c(-9.0, 0.0), c(-9e4, 1e-9), c(0.0, 0.0)]
        {
            let root = principal_sqrt(z);
            // Two roundings of numbers near |z|.
            assert!((root * root - z).norm() <= 1e-15 * z.norm() && root.re >= 0.0, "{z} {root}");
        }
    }

    #[test]
    fn matched_section_reflects_nothing() {
        let [s11, s21, s22] = TwoPort::matched(c(0.3, -0.4), 85.0).scattering(85.0);
        assert!(s11.norm() < 1e-15 && s22.norm() < 1e-15 && (s21 - c(0.3, -0.4)).norm() < 1e-15);
    }

    #[test]
    fn mirrored_swaps_the_reflections() {
        let two = TwoPort::shunt(c(0.0, 0.02)).then(&TwoPort::series(c(10.0, 5.0)));
        let ([s11, s21, s22], [m11, m21, m22]) = (two.scattering(100.0), two.mirrored().scattering(100.0));
        assert_eq!((s11, s21, s22), (m22, m21, m11));
    }
}
