//! Decimal numbers out of a byte buffer, bit-equal to the standard parser.
//!
//! Nearly all tokens of a Touchstone file have at most 17 digits and a small exponent. For those the value is an
//! integer below 2^53 times or over a power of ten up to 10^22, both exact in binary64, so that the one rounding of
//! the product or quotient is the correct one (Clinger, "How to read floating point numbers accurately", PLDI
//! 1990). Everything else goes to the standard parser.

const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];
/// Integers up to here are exact in binary64.
const EXACT: u64 = 1 << 53;

/// Whether a byte ends a number: blank, line end or the start of a comment.
#[inline(always)]
pub(crate) fn is_delimiter(byte: u8) -> bool {
    byte <= b' ' || byte == b'!'
}

/// The finite number that starts at `bytes[0]`, times 10^`shift`, and its length; `None` for anything else.
///
/// The token extends to the first blank, `!` or the end. With `shift` 0 the value has the bits that
/// `str::parse::<f64>` gives; a shift (the frequency unit) is applied before rounding wherever the fast path holds,
/// so that `0.07` GHz is exactly 7e7 Hz.
#[inline]
pub fn scan(bytes: &[u8], shift: i32) -> Option<(f64, usize)> {
    let mut i = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    let mut mantissa = 0u64;
    let start = i;
    while let Some(digit) = digit_at(bytes, i) {
        mantissa = mantissa.wrapping_mul(10).wrapping_add(digit);
        i += 1;
    }
    let mut n_digits = i - start;
    let mut exponent = shift;
    if bytes.get(i) == Some(&b'.') {
        i += 1;
        let fraction = i;
        while let Some(digit) = digit_at(bytes, i) {
            mantissa = mantissa.wrapping_mul(10).wrapping_add(digit);
            i += 1;
        }
        n_digits += i - fraction;
        exponent = exponent.saturating_sub(i32::try_from(i - fraction).unwrap_or(i32::MAX));
    }
    let mut plain = n_digits > 0 && n_digits <= 19;
    if matches!(bytes.get(i), Some(b'e' | b'E')) {
        let negative = bytes.get(i + 1) == Some(&b'-');
        i += 1 + usize::from(matches!(bytes.get(i + 1), Some(b'-' | b'+')));
        let first = i;
        let mut power = 0i32;
        while let Some(digit) = digit_at(bytes, i) {
            power = power.saturating_mul(10).saturating_add(digit as i32);
            i += 1;
        }
        plain &= i > first;
        exponent = exponent.saturating_add(if negative { -power } else { power });
    }
    plain &= bytes.get(i).is_none_or(|b| is_delimiter(*b));
    if !(plain && mantissa <= EXACT && exponent.unsigned_abs() <= 22) {
        return scan_slowly(bytes, shift);
    }
    let power = POWERS[exponent.unsigned_abs() as usize];
    let magnitude = if exponent < 0 { mantissa as f64 / power } else { mantissa as f64 * power };
    Some((if bytes[0] == b'-' { -magnitude } else { magnitude }, i))
}

#[inline(always)]
fn digit_at(bytes: &[u8], i: usize) -> Option<u64> {
    let digit = bytes.get(i)?.wrapping_sub(b'0');
    (digit < 10).then_some(u64::from(digit))
}

/// Length of the token that starts at `bytes[0]`.
pub(crate) fn token_length(bytes: &[u8]) -> usize {
    bytes.iter().position(|b| is_delimiter(*b)).unwrap_or(bytes.len())
}

/// The twin of [`scan`]: the standard parser on the token, and the fallback of the fast path.
#[cold]
pub fn scan_slowly(bytes: &[u8], shift: i32) -> Option<(f64, usize)> {
    let length = token_length(bytes);
    let value: f64 = std::str::from_utf8(&bytes[..length]).ok()?.parse().ok()?;
    let value = if shift == 0 { value } else { value * 10f64.powi(shift) };
    value.is_finite().then_some((value, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_standard_parser_on_awkward_tokens() {
        for token in [
            "0",
            "-0",
            "-0.0",
            "+1",
            "1.",
            ".5",
            "-.5e-3",
            "1e22",
            "1e23",
            "1E-22",
            "1e-23",
            "9007199254740993",
            "9007199254740991e22",
            "123456789012345678901234567890",
            "0.00000000000000000000000012345",
            "26.065882430015744",
            "2.2250738585072014e-308",
            "5e-324",
            "1e+05",
            "1.7976931348623157e308",
            "00000000000000000000001.5",
            "18446744073709551617",
            "99999999999999999999.5e-10",
        ] {
            let (value, length) = scan(token.as_bytes(), 0).expect(token);
            let expected: f64 = token.parse().expect(token);
            assert_eq!(value.to_bits(), expected.to_bits(), "{token}");
            assert_eq!(length, token.len(), "{token}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_finite_number() {
        for token in [
            "", ".", "-", "e5", "1e", "1e+", "nan", "inf", "-inf", "1e999", "1.2.3", "0x10", "1,5", "12a",
            "--1",
        ] {
            assert_eq!(scan(token.as_bytes(), 0), None, "{token}");
        }
    }

    #[test]
    fn stops_at_blanks_and_comments() {
        assert_eq!(scan(b"1.5 2", 0), Some((1.5, 3)));
        assert_eq!(scan(b"1.5!x", 0), Some((1.5, 3)));
        assert_eq!(scan(b"-7\r\n", 0), Some((-7.0, 2)));
    }

    #[test]
    fn shifts_before_rounding() {
        // 0.07 * 1e9 rounds to 70000000.00000001; the shifted scan must not.
        assert_eq!(scan(b"0.07", 9), Some((7e7, 4)));
        assert_eq!(scan(b"26.5625", 9), Some((26.5625e9, 7)));
        assert_eq!(scan(b"1e1", 9), Some((1e10, 3)));
    }
}
