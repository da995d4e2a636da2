//! Pairs as written to complex numbers, four at a time.
//!
//! The polar formats need a sine, a cosine and a power of ten for every pair, which would take longer than reading its
//! digits; vectors of four make them cheaper than the digits.

use super::options::Format;
use num_complex::Complex64;
use wide::f64x4;

/// Beyond this many degrees the quotient by 360 has lost its fraction, and the exact remainder is needed.
const LARGE_DEGREES: f64 = 1e9;

/// Appends the complex numbers of `values`, pair by pair.
pub(super) fn decode(format: Format, values: &[f64], out: &mut Vec<Complex64>) {
    if format == Format::Ri {
        out.extend(values.chunks_exact(2).map(|pair| Complex64::new(pair[0], pair[1])));
        return;
    }
    for group in values.chunks(8) {
        // A last group of fewer pairs is filled up, so that a pair gives the same bits wherever it stands.
        let (mut first, mut degrees) = ([0.0; 4], [0.0; 4]);
        for (i, pair) in group.chunks_exact(2).enumerate() {
            (first[i], degrees[i]) = (pair[0], reduced(pair[1]));
        }
        let magnitude = match format {
            Format::Db => (f64x4::new(first) * f64x4::splat(std::f64::consts::LN_10 / 20.0)).exp(),
            _ => f64x4::new(first),
        };
        let (sin, cos) = (f64x4::new(degrees) * f64x4::splat(std::f64::consts::PI / 180.0)).sin_cos();
        let (re, im) = ((magnitude * cos).to_array(), (magnitude * sin).to_array());
        out.extend((0..group.len() / 2).map(|i| Complex64::new(re[i], im[i])));
    }
}

/// The angle within half a turn of 0, exact.
#[inline(always)]
fn reduced(degrees: f64) -> f64 {
    if degrees.abs() <= 180.0 {
        degrees
    } else if degrees.abs() <= LARGE_DEGREES {
        degrees - 360.0 * (degrees / 360.0).round()
    } else {
        degrees % 360.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_standard_functions() {
        for i in 0..2000 {
            let degrees = -900.0 + 0.913 * f64::from(i);
            let db = -200.0 + 0.11 * f64::from(i);
            let mut out = Vec::new();
            decode(Format::Db, &[db, degrees, 0.0, 0.0, -3.0, 45.0], &mut out);
            let expected = Complex64::from_polar(10f64.powf(db / 20.0), reduced(degrees).to_radians());
            // Half an ulp in the exponent, up to 23, of e^x and a few ulp of the functions.
            assert!(
                (out[0] - expected).norm() <= 6e-15 * expected.norm(),
                "{db} dB {degrees}: {} {expected}",
                out[0]
            );
            assert_eq!(out.len(), 3);
            let mut polar = Vec::new();
            decode(Format::Ma, &[2.0, degrees], &mut polar);
            let expected = Complex64::from_polar(2.0, reduced(degrees).to_radians());
            assert!((polar[0] - expected).norm() <= 2e-15, "{degrees}");
        }
    }

    #[test]
    fn extremes_stay_in_bounds() {
        for degrees in [1e9, 1e15, -1e300, 360.0, 540.0] {
            let mut out = Vec::new();
            decode(Format::Ma, &[1.0, degrees], &mut out);
            assert!((out[0].norm() - 1.0).abs() < 1e-15);
        }
        let mut out = Vec::new();
        decode(Format::Db, &[-9999.0, 12.0, 0.0, 0.0], &mut out);
        assert_eq!((out[0].norm(), out[1]), (0.0, Complex64::ONE));
    }

    #[test]
    fn every_format_decodes_what_it_encodes() {
        let s = Complex64::new(-0.3, 0.4);
        for format in [Format::Ri, Format::Ma, Format::Db] {
            let mut out = Vec::new();
            for value in [s, Complex64::ZERO] {
                let (a, b) = format.encode(value);
                decode(format, &[a, b], &mut out);
            }
            // a few roundings of numbers below 1
            assert!((out[0] - s).norm() < 1e-15);
            assert_eq!(out[1], Complex64::ZERO);
        }
    }
}
