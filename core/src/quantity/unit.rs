//! Units as people write them: a table of symbols and prefixes, products and quotients of them.

/// Exponents, in halves, of metre, second, volt, ampere, kelvin, radian, unit interval, bit, decibel.
pub(super) type Dimension = [i8; 9];

/// A unit: how much of its coherent SI unit it is, and what it measures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Unit {
    pub(super) scale: f64,
    pub(super) dimension: Dimension,
}

pub(super) const ONE: Unit = Unit { scale: 1.0, dimension: [0; 9] };
pub(super) const DECIBEL: usize = 8;
pub(super) const WATT: Dimension = [0, 0, 2, 2, 0, 0, 0, 0, 0];
pub(super) const PER_HERTZ: Dimension = [0, 2, 0, 0, 0, 0, 0, 0, 0];

/// Symbol, scale, dimension, and whether decimal prefixes may stand before it.
const UNITS: [(&str, f64, Dimension, bool); 29] = [
    ("m", 1.0, [2, 0, 0, 0, 0, 0, 0, 0, 0], true),
    ("in", 0.0254, [2, 0, 0, 0, 0, 0, 0, 0, 0], false),
    ("mil", 25.4e-6, [2, 0, 0, 0, 0, 0, 0, 0, 0], false),
    ("s", 1.0, [0, 2, 0, 0, 0, 0, 0, 0, 0], true),
    ("h", 3600.0, [0, 2, 0, 0, 0, 0, 0, 0, 0], false),
    ("Hz", 1.0, [0, -2, 0, 0, 0, 0, 0, 0, 0], true),
    ("Bd", 1.0, [0, -2, 0, 0, 0, 0, 0, 0, 0], true),
    ("baud", 1.0, [0, -2, 0, 0, 0, 0, 0, 0, 0], true),
    ("V", 1.0, [0, 0, 2, 0, 0, 0, 0, 0, 0], true),
    ("A", 1.0, [0, 0, 0, 2, 0, 0, 0, 0, 0], true),
    ("W", 1.0, WATT, true),
    ("J", 1.0, [0, 2, 2, 2, 0, 0, 0, 0, 0], true),
    ("Wh", 3600.0, [0, 2, 2, 2, 0, 0, 0, 0, 0], true),
    ("ohm", 1.0, [0, 0, 2, -2, 0, 0, 0, 0, 0], true),
    ("Ohm", 1.0, [0, 0, 2, -2, 0, 0, 0, 0, 0], true),
    ("Ω", 1.0, [0, 0, 2, -2, 0, 0, 0, 0, 0], true),
    ("S", 1.0, [0, 0, -2, 2, 0, 0, 0, 0, 0], true),
    ("F", 1.0, [0, 2, -2, 2, 0, 0, 0, 0, 0], true),
    ("H", 1.0, [0, 2, 2, -2, 0, 0, 0, 0, 0], true),
    ("K", 1.0, [0, 0, 0, 0, 2, 0, 0, 0, 0], true),
    ("rad", 1.0, [0, 0, 0, 0, 0, 2, 0, 0, 0], true),
    ("deg", std::f64::consts::PI / 180.0, [0, 0, 0, 0, 0, 2, 0, 0, 0], false),
    ("°", std::f64::consts::PI / 180.0, [0, 0, 0, 0, 0, 2, 0, 0, 0], false),
    ("UI", 1.0, [0, 0, 0, 0, 0, 0, 2, 0, 0], true),
    ("bit", 1.0, [0, 0, 0, 0, 0, 0, 0, 2, 0], true),
    ("b", 1.0, [0, 0, 0, 0, 0, 0, 0, 2, 0], true),
    ("bps", 1.0, [0, -2, 0, 0, 0, 0, 0, 2, 0], true),
    ("dB", 1.0, [0, 0, 0, 0, 0, 0, 0, 0, 2], false),
    ("%", 0.01, [0; 9], false),
];

const PREFIXES: [(&str, f64); 11] = [
    ("f", 1e-15),
    ("p", 1e-12),
    ("n", 1e-9),
    ("u", 1e-6),
    ("µ", 1e-6),
    ("μ", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
];

/// A product and quotient of units: `dB/km`, `V^2/GHz`, `ps/(nm km)`, `ps/nm/km`.
pub(super) fn parse_unit(text: &str) -> Option<Unit> {
    let mut result = ONE;
    let mut sign = 1;
    // The root of a unit is one symbol; other parentheses group a denominator.
    let text = text.replace("sqrt(Hz)", "rtHz").replace("sqrt(GHz)", "rtGHz").replace('√', "rt");
    let mut grouped = false;
    let mut word = String::new();
    for c in text.chars().chain(['\0']) {
        match c {
            '/' | ' ' | '·' | '*' | '(' | ')' | '\0' => {
                if !word.is_empty() {
                    result = product(result, powered(&word)?, sign);
                    word.clear();
                    if !grouped {
                        sign = 1;
                    }
                }
                match c {
                    '/' if !grouped => sign = -1,
                    '(' if !grouped => grouped = true,
                    ')' if grouped => (grouped, sign) = (false, 1),
                    '/' | '(' | ')' => return None,
                    _ => {}
                }
            }
            c => word.push(c),
        }
    }
    (!grouped).then_some(result)
}

/// One factor with its exponent: `m`, `nm^2`, `V2`, `m²`.
fn powered(word: &str) -> Option<Unit> {
    if word == "1" {
        return Some(ONE);
    }
    let word = word.replace('²', "^2").replace('³', "^3");
    let base = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let exponent: i8 = if base.len() == word.len() { 1 } else { word[base.len()..].parse().ok()? };
    let (base, exponent) = match base.strip_suffix("^-") {
        Some(b) => (b, -exponent),
        None => (base.strip_suffix('^').unwrap_or(base), exponent),
    };
    if !(-4..=4).contains(&exponent) {
        return None;
    }
    let unit = symbol_unit(base)?;
    Some((0..exponent.unsigned_abs()).fold(ONE, |u, _| product(u, unit, exponent.signum())))
}

pub(super) fn symbol_unit(symbol: &str) -> Option<Unit> {
    let exact = |s: &str| UNITS.iter().find(|u| u.0 == s);
    if let Some(&(_, scale, dimension, _)) = exact(symbol) {
        return Some(Unit { scale, dimension });
    }
    if symbol == "cm" {
        return Some(Unit { scale: 1e-2, ..symbol_unit("m")? });
    }
    if let Some(square) = symbol.strip_prefix("rt").and_then(symbol_unit) {
        return Some(root(square));
    }
    PREFIXES.iter().find_map(|(prefix, factor)| {
        let &(_, scale, dimension, takes_prefix) = exact(symbol.strip_prefix(prefix)?)?;
        takes_prefix.then_some(Unit { scale: factor * scale, dimension })
    })
}

/// The square root of a unit.
pub(super) fn root(unit: Unit) -> Unit {
    Unit { scale: unit.scale.sqrt(), dimension: unit.dimension.map(|d| d / 2) }
}

/// `a` times `b`, or divided by it for a negative `sign`.
pub(super) fn product(a: Unit, b: Unit, sign: i8) -> Unit {
    let mut dimension = a.dimension;
    for (d, e) in dimension.iter_mut().zip(b.dimension) {
        *d += sign * e;
    }
    Unit { scale: if sign > 0 { a.scale * b.scale } else { a.scale / b.scale }, dimension }
}
