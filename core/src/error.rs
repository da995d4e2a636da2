//! The one error of the core.
//!
//! Every variant carries the name of what is wrong, its value and the requirement it fails, so that a caller in
//! any language can act on the parts and a person can read the sentence. There is no free-text variant: a new
//! kind of failure gets a variant of its own.

use std::path::PathBuf;

/// Result of every fallible function of the crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong. Non-exhaustive: match with a wildcard arm.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter is outside its domain.
    #[error("{name} = {value}: must be {requirement}")]
    Parameter {
        /// Field or argument, with its unit suffix; a path such as `medium.0.length_m` inside a configuration.
        name: String,
        /// The value as given.
        value: String,
        /// What it must be, as a phrase that follows "must be".
        requirement: String,
    },
    /// A name that is not known, with the closest one that is.
    #[error("{name} = {value:?}: unknown{}", nearest_hint(.nearest))]
    Unknown {
        /// What kind of name: an option, a preset, a key.
        name: String,
        /// The name given.
        value: String,
        /// Closest known name, when one is close.
        nearest: Option<String>,
    },
    /// A line of a Touchstone file cannot be understood.
    #[error("{}line {line}: {found}: must be {requirement}", file_prefix(.path))]
    Touchstone {
        /// File, if the data came from one.
        path: Option<PathBuf>,
        /// One-based line; 0 when the whole file is meant.
        line: usize,
        /// What stands there.
        found: String,
        /// What must stand there.
        requirement: String,
    },
    /// A line of a TOML document cannot be understood.
    #[error("line {line}: {name} = {value}: must be {requirement}")]
    Document {
        /// One-based line.
        line: usize,
        /// Key, as a path.
        name: String,
        /// The value as written.
        value: String,
        /// What it must be.
        requirement: String,
    },
    /// A channel's frequency grid cannot serve the symbol rate.
    #[error("{name} = {value}: must be {requirement}")]
    Grid {
        /// The property that falls short, with its unit.
        name: String,
        /// Its value.
        value: String,
        /// What would suffice.
        requirement: String,
    },
    /// An impulse response does not fit its window.
    #[error(
        "{name}: {lost:.3e} of the energy lies outside the window of {window_s:.3e} s: must be at most {limit:.1e}; a frequency step of at most {step_hz:.3e} Hz suffices"
    )]
    Window {
        /// Which response.
        name: String,
        /// Share of the energy that is lost or wraps around.
        lost: f64,
        /// The window.
        window_s: f64,
        /// The share allowed.
        limit: f64,
        /// A frequency step that would suffice.
        step_hz: f64,
    },
    /// An iterative method did not settle.
    #[error("{method}: {figure} = {value:.6e} after {iterations} iterations: must be at most {limit:.1e}")]
    Convergence {
        /// The method.
        method: String,
        /// The figure that crossed the line.
        figure: String,
        /// Its value.
        value: f64,
        /// The line.
        limit: f64,
        /// How long it was tried.
        iterations: usize,
    },
    /// A file could not be read or written.
    #[error("{}: {reason}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        reason: String,
    },
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// A parameter outside its domain; `requirement` follows "must be". Numbers below 1e-5 and of more than 20 digits
    /// are written with an exponent.
    ///
    /// ```
    /// let e = lightlane::error::require::within("ser", 2e-300, 1e-21, 0.5).unwrap_err();
    /// assert_eq!(e.to_string(), "ser = 2e-300: must be between 1e-21 and 0.5");
    /// ```
    pub fn parameter(
        name: impl Into<String>,
        value: impl std::fmt::Display,
        requirement: impl Into<String>,
    ) -> Self {
        let (value, requirement) = (shortened(&value.to_string()), shortened(&requirement.into()));
        Self::Parameter { name: name.into(), value, requirement }
    }

    /// An unknown name; the nearest of `known` is suggested when it is close enough to be a slip.
    ///
    /// ```
    /// let e = lightlane::Error::unknown("fec", "kp5", ["none", "kp4"]);
    /// assert_eq!(e.to_string(), "fec = \"kp5\": unknown, did you mean \"kp4\"?");
    /// ```
    pub fn unknown<'a>(
        name: impl Into<String>,
        value: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Self::Unknown {
            name: name.into(),
            value: value.into(),
            nearest: nearest_name(value, known).map(str::to_string),
        }
    }
}

impl Error {
    /// The same error with `prefix.` before the name of its parameter: the path inside a larger configuration.
    #[must_use]
    pub fn within(self, prefix: &str) -> Self {
        match self {
            Self::Parameter { name, value, requirement } => {
                Self::Parameter { name: format!("{prefix}.{name}"), value, requirement }
            }
            Self::Unknown { name, value, nearest } => {
                Self::Unknown { name: format!("{prefix}.{name}"), value, nearest }
            }
            other => other,
        }
    }
}

/// The text with its very small and very large numbers written with an exponent; `Display` of a float has none.
fn shortened(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        if c.is_ascii_digit() && !before.is_alphanumeric() && !matches!(before, '.' | '_') {
            taken = digits(rest);
            if let Some(decimals) = rest[taken..].strip_prefix('.').map(digits).filter(|n| *n > 0) {
                taken += 1 + decimals;
            }
        }
        let (word, after) = rest.split_at(taken);
        let ends = !after.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_'));
        let long = word.starts_with("0.0000") || word.split('.').next().is_some_and(|whole| whole.len() > 20);
        match word.parse::<f64>() {
            Ok(x) if long && ends && x != 0.0 => out += &format!("{x:e}"),
            _ => out += word,
        }
        before = word.chars().last().unwrap_or(c);
        rest = after;
    }
    out
}

/// How many digits the text begins with.
fn digits(text: &str) -> usize {
    text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len()
}

fn nearest_hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |n| format!(", did you mean {n:?}?"))
}

fn file_prefix(path: &Option<PathBuf>) -> String {
    path.as_ref().map_or_else(String::new, |p| format!("{}: ", p.display()))
}

/// The known name closest to `name` by edit distance, if any is within 2 edits or 40 % of the length.
///
/// ```
/// assert_eq!(lightlane::error::nearest_name("lenght_m", ["length_m", "dk"]), Some("length_m"));
/// assert_eq!(lightlane::error::nearest_name("zzz", ["length_m", "dk"]), None);
/// ```
pub fn nearest_name<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (name.chars().count() * 2 / 5).max(2);
    known
        .into_iter()
        .map(|k| (edit_distance(name, k), k))
        .filter(|(d, k)| *d <= allowed && *d < k.chars().count().max(2))
        .min_by_key(|(d, _)| *d)
        .map(|(_, k)| k)
}

/// Levenshtein distance over lower-cased characters, `-` and `_` alike.
fn edit_distance(a: &str, b: &str) -> usize {
    let fold = |s: &str| s.to_lowercase().replace('-', "_").chars().collect::<Vec<_>>();
    let (a, b) = (fold(a), fold(b));
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut diagonal = row[0];
        row[0] = i;
        for j in 1..=b.len() {
            let substitute = diagonal + usize::from(a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = substitute.min(row[j] + 1).min(row[j - 1] + 1);
        }
    }
    row[b.len()]
}

/// Checks of a parameter's domain that every constructor shares.
pub mod require {
    use super::{Error, Result};

    /// Finite and above zero.
    pub fn positive(name: &str, value: f64) -> Result<f64> {
        check(value.is_finite() && value > 0.0, name, value, "finite and above 0")
    }

    /// Finite and not below zero.
    pub fn non_negative(name: &str, value: f64) -> Result<f64> {
        check(value.is_finite() && value >= 0.0, name, value, "finite and at least 0")
    }

    /// Finite.
    pub fn finite(name: &str, value: f64) -> Result<f64> {
        check(value.is_finite(), name, value, "finite")
    }

    /// Within a closed interval.
    pub fn within(name: &str, value: f64, low: f64, high: f64) -> Result<f64> {
        if value >= low && value <= high {
            return Ok(value);
        }
        Err(Error::parameter(name, value, format!("between {low} and {high}")))
    }

    fn check(ok: bool, name: &str, value: f64, requirement: &str) -> Result<f64> {
        if ok { Ok(value) } else { Err(Error::parameter(name, value, requirement)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_messages_have_exponents_where_digits_would_be_counted() {
        for (plain, short) in [
            (format!("between {} and {}", 1e-21, 1e30), "between 1e-21 and 1e30"),
            (format!("{}", -2.5e-7), "-2.5e-7"),
            (format!("{}", u64::MAX), "18446744073709551615"),
            (
                format!("at most {}, or {} at {}", 1e-300, 0.5, 106.25e9),
                "at most 1e-300, or 0.5 at 106250000000",
            ),
            (
                "a 0.0000001.s2p, x0.0000001, 0.00001 and 0.0001 W".into(),
                "a 0.0000001.s2p, x0.0000001, 1e-5 and 0.0001 W",
            ),
            ("\"µ 0.00000\", 3. and .25".into(), "\"µ 0.00000\", 3. and .25"),
        ] {
            assert_eq!(shortened(&plain), short);
        }
    }
}
