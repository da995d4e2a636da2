//! Numbers with units as people write them: `"150 mm"`, `"106.25 GBd"`, `"12 pA/rtHz"`, `"-4 dBm"`.
//!
//! What a text must measure is read from the name it is given to: `length_m` wants a length and gets metres,
//! `noise_a_per_rthz` wants a current density. Dimensions are compared, so a pair that does not fit is an error and
//! never a wrong number. Decibels are converted only where their meaning is unambiguous: dBm to watts and back, and
//! dB/Hz to a relative density per hertz.
//!
//! ```
//! use lightlane::quantity::parse_quantity;
//! assert_eq!(parse_quantity("150 mm", "length_m")?, 0.15);
//! assert_eq!(parse_quantity("0.35 dB/km", "attenuation_db_per_m")?, 0.35e-3);
//! assert!(parse_quantity("150 GHz", "length_m").is_err());
//! # Ok::<(), lightlane::Error>(())
//! ```

mod unit;

use crate::error::{Error, Result};
use crate::units::{dbm_to_w, power_ratio, w_to_dbm};
use unit::{DECIBEL, ONE, PER_HERTZ, Unit, WATT, parse_unit, product, root, symbol_unit};

/// How a unit is spelled at the end of a name; the same symbol as in text unless listed.
const SPELLINGS: [(&str, &str); 13] = [
    ("hz", "Hz"),
    ("rthz", "rtHz"),
    ("v", "V"),
    ("a", "A"),
    ("w", "W"),
    ("j", "J"),
    ("f", "F"),
    ("k", "K"),
    ("s", "s"),
    ("ui", "UI"),
    ("db", "dB"),
    ("wh", "Wh"),
    ("rad", "rad"),
];

/// The value of `text` in the unit that ends `name`.
///
/// A number without a unit is taken to be in that unit already; `inf` and `-inf` stand for infinity.
///
/// # Errors
/// [`Error::Parameter`] carrying `name`, for a text that is not a number with a unit, or whose unit measures
/// something else than the name asks for.
pub fn parse_quantity(text: &str, name: &str) -> Result<f64> {
    let wanted = unit_of_name(name);
    let refuse = || Error::parameter(name, format!("{text:?}"), requirement(name));
    let (number, unit_text) = split_number(text.trim()).ok_or_else(refuse)?;
    if unit_text.is_empty() {
        return Ok(number);
    }
    let value = match (wanted, unit_text) {
        (Wanted::Dbm, "dBm") => number,
        (Wanted::Dbm, _) => {
            let unit = parse_unit(unit_text).filter(|u| u.dimension == WATT).ok_or_else(refuse)?;
            w_to_dbm(number * unit.scale)
        }
        (Wanted::Units(targets), "dBm") => {
            targets.iter().find(|t| t.dimension == WATT).ok_or_else(refuse)?;
            dbm_to_w(number)
        }
        (Wanted::Units(targets), "°C" | "degC") => {
            targets.iter().find(|t| t.dimension == [0, 0, 0, 0, 2, 0, 0, 0, 0]).ok_or_else(refuse)?;
            number + 273.15
        }
        (Wanted::Units(targets), _) => {
            let unit = parse_unit(unit_text).ok_or_else(refuse)?;
            targets.iter().find_map(|t| convert(number, unit, *t)).ok_or_else(refuse)?
        }
    };
    if value.is_nan() { Err(refuse()) } else { Ok(value) }
}

/// The unit in which a name's values are, as it is written in tables and on axes: `"m"`, `"A/rtHz"`, `"1"`.
pub fn unit_symbol(name: &str) -> String {
    let tokens: Vec<&str> = name.split('_').collect();
    let known = |t: &str| t == "dbm" || suffix_unit(t).is_some();
    let spelled = |t: &str| if t == "dbm" { "dBm".into() } else { spelling(t) };
    match tokens.iter().rposition(|t| *t == "per") {
        Some(k) if k > 0 && k + 1 < tokens.len() && tokens[k + 1..].iter().all(|t| known(t)) => {
            let below = tokens[k + 1..].iter().map(|t| spelled(t)).collect::<Vec<_>>().join("/");
            let above = if known(tokens[k - 1]) { spelled(tokens[k - 1]) } else { "1".into() };
            format!("{above}/{below}")
        }
        _ => match tokens.last() {
            Some(t) if tokens.len() > 1 && known(t) => spelled(t),
            _ => "1".into(),
        },
    }
}

/// `number` of `unit` in terms of `target`, if they measure the same.
fn convert(number: f64, unit: Unit, target: Unit) -> Option<f64> {
    if unit.dimension == target.dimension {
        // One rounding where the ratio is a power of ten: 150 mm must be 0.15 and not its neighbour.
        let ratio = unit.scale / target.scale;
        return Some(if ratio < 1.0 {
            number / whole(target.scale / unit.scale)
        } else {
            number * whole(ratio)
        });
    }
    let mut without_db = unit.dimension;
    without_db[DECIBEL] = 0;
    let density = unit.dimension[DECIBEL] == 2 && without_db == PER_HERTZ && target.dimension == PER_HERTZ;
    density.then(|| power_ratio(number) * unit.scale / target.scale)
}

/// The nearest whole number where rounding error alone separates the two.
fn whole(x: f64) -> f64 {
    let nearest = x.round();
    if (x - nearest).abs() <= 4.0 * f64::EPSILON * nearest { nearest } else { x }
}

/// What a name asks for: a level in dBm, or one of some units.
enum Wanted {
    Dbm,
    Units(Vec<Unit>),
}

fn unit_of_name(name: &str) -> Wanted {
    let tokens: Vec<&str> = name.split('_').collect();
    let Some((last, rest)) = tokens.split_last() else { return Wanted::Units(vec![ONE]) };
    if *last == "dbm" {
        return Wanted::Dbm;
    }
    if let Some(k) = tokens.iter().rposition(|t| *t == "per")
        && k + 1 < tokens.len()
        && let Some(below) = tokens[k + 1..].iter().map(|t| suffix_unit(t)).collect::<Option<Vec<_>>>()
    {
        let above = if k > 0 { suffix_unit(tokens[k - 1]).unwrap_or(ONE) } else { ONE };
        let above = if k > 1 && tokens[k - 2] == "sqrt" { root(above) } else { above };
        // Seconds and siemens share a letter, as in a dispersion and a conductivity; the text says which is meant.
        let siemens = symbol_unit("S").filter(|_| k > 0 && tokens[k - 1] == "s");
        let quotient = |above: Unit| below.iter().fold(above, |a, b| product(a, *b, -1));
        return Wanted::Units([Some(above), siemens].into_iter().flatten().map(quotient).collect());
    }
    if rest.is_empty() {
        return Wanted::Units(vec![ONE]);
    }
    // Hours and henries share a letter; the text says which is meant.
    if *last == "h" {
        return Wanted::Units(["h", "H"].iter().filter_map(|s| symbol_unit(s)).collect());
    }
    Wanted::Units(vec![suffix_unit(last).unwrap_or(ONE)])
}

fn spelling(token: &str) -> String {
    let base = token.trim_end_matches(|c: char| c.is_ascii_digit());
    let power = &token[base.len()..];
    let symbol = SPELLINGS.iter().find(|(t, _)| *t == base).map_or(base, |(_, s)| s);
    if power.is_empty() { symbol.into() } else { format!("{symbol}^{power}") }
}

/// The unit of one token of a name, such as `m2` or `rthz`.
fn suffix_unit(token: &str) -> Option<Unit> {
    let base = token.trim_end_matches(|c: char| c.is_ascii_digit());
    if !SPELLINGS.iter().any(|(t, _)| *t == base) && !matches!(base, "m" | "ohm" | "bps" | "bit") {
        return None;
    }
    parse_unit(&spelling(token))
}

fn requirement(name: &str) -> String {
    match unit_symbol(name).as_str() {
        "1" => "a number".into(),
        symbol => format!("a number, or a text with a unit that converts to {symbol}"),
    }
}

/// The longest leading number, and what follows it.
fn split_number(text: &str) -> Option<(f64, &str)> {
    for word in ["inf", "-inf", "+inf"] {
        if text == word {
            return Some((if word == "-inf" { f64::NEG_INFINITY } else { f64::INFINITY }, ""));
        }
    }
    let numeric = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E' | '−');
    let end = text.find(|c| !numeric(c)).unwrap_or(text.len());
    // "5e" of "5 eV" or "3E" may reach too far; step back to what parses.
    (1..=end).rev().filter(|k| text.is_char_boundary(*k)).find_map(|k| {
        let number: f64 = text[..k].replace('−', "-").parse().ok()?;
        number.is_finite().then(|| (number, text[k..].trim_start_matches([' ', '\u{a0}', '_', '*', '·'])))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_convert_to_the_one_of_the_name() {
        // Exact equality: each of these is one correctly rounded operation away from the decimal it stands for.
        for (text, name, value) in [
            ("150 mm", "length_m", 0.15),
            ("150mm", "length_m", 0.15),
            ("4 in", "length_m", 0.1016),
            ("4.6 µm", "mfd_a_m", 4.6e-6),
            ("106.25 GBd", "symbol_rate_hz", 106.25e9),
            ("4 MHz", "sj_hz", 4e6),
            ("12 pA/rtHz", "noise_a_per_rthz", 12e-12),
            ("12 pA/√Hz", "noise_a_per_rthz", 12e-12),
            ("12 pA/sqrt(Hz)", "noise_a_per_rthz", 12e-12),
            ("0.35 dB/km", "attenuation_db_per_m", 0.35e-3),
            ("7.5e-9 V^2/GHz", "noise_v2_per_hz", 7.5e-18),
            ("92 ps/(nm km)", "dispersion_s_per_m2", 92e-6),
            ("92 ps/nm/km", "dispersion_s_per_m2", 92e-6),
            ("-6 dB", "gain_db", -6.0),
            ("0 dBm", "power_w", 1e-3),
            ("1 mW", "launch_power_dbm", 0.0),
            ("-4 dBm", "launch_power_dbm", -4.0),
            ("85 °C", "temperature_k", 358.15),
            ("0.9 A/W", "responsivity_a_per_w", 0.9),
            ("40 fF", "shunt_f", 40e-15),
            ("130 pH", "series_h", 130e-12),
            ("2 h", "mttr_h", 2.0),
            ("50 Ω", "z0_ohm", 50.0),
            ("58 MS/m", "conductivity_s_per_m", 58e6),
            ("6.141 ps/mm", "tau_s_per_m", 6.141e-9),
            ("4 rts/m", "a1_sqrt_s_per_m", 4.0),
            ("5 %", "df", 0.05),
            ("20 mUI", "dd_ui", 0.02),
            ("5 pJ/b", "energy_j_per_bit", 5e-12),
            ("1.5", "length_m", 1.5),
            ("inf", "static_extinction_ratio_db", f64::INFINITY),
            ("−3 dB", "gain_db", -3.0),
        ] {
            let read = parse_quantity(text, name).unwrap_or(f64::NAN);
            assert!(
                read == value || (read - value).abs() <= 1e-15 * value.abs(),
                "{text} as {name}: {read:e}, not {value:e}"
            );
        }
        let rin = parse_quantity("-147 dB/Hz", "rin_per_hz").unwrap_or(f64::NAN);
        assert!((rin / 10f64.powf(-14.7) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn what_does_not_measure_the_same_is_refused() {
        for (text, name) in [
            ("150 GHz", "length_m"),
            ("3 dB", "length_m"),
            ("3 mm", "dk"),
            ("12 pA", "noise_a_per_rthz"),
            ("3 dB", "power_w"),
            ("", "length_m"),
            ("mm", "length_m"),
            ("1 2 mm", "length_m"),
            ("nan", "length_m"),
            ("1e999 m", "length_m"),
            ("5 m/(s", "length_m"),
            ("5 furlong", "length_m"),
            ("3 m^99999", "length_m"),
        ] {
            assert!(matches!(parse_quantity(text, name), Err(Error::Parameter { .. })), "{text} as {name}");
        }
        let message = parse_quantity("3 GHz", "length_m").map_err(|e| e.to_string());
        assert_eq!(
            message,
            Err("length_m = \"3 GHz\": must be a number, or a text with a unit that converts to m".into())
        );
    }

    #[test]
    fn symbols_are_those_of_axes() {
        for (name, symbol) in [
            ("length_m", "m"),
            ("noise_a_per_rthz", "A/rtHz"),
            ("rin_per_hz", "1/Hz"),
            ("dispersion_slope_s_per_m3", "s/m^3"),
            ("loss_db", "dB"),
            ("launch_power_dbm", "dBm"),
            ("dk", "1"),
            ("z0_ohm", "ohm"),
            ("taps", "1"),
        ] {
            assert_eq!(unit_symbol(name), symbol, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,24}", name in "[a-z0-9_]{0,16}") {
            if let Ok(value) = parse_quantity(&text, &name) {
                proptest::prop_assert!(!value.is_nan());
            }
        }

        #[test]
        fn a_number_with_its_own_unit_is_itself(value in -1e12f64..1e12) {
            proptest::prop_assert_eq!(parse_quantity(&format!("{value:e} m"), "length_m"), Ok(value));
        }
    }
}
