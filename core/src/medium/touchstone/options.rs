//! Formats, units, versions and the option line.

use super::cursor::Cursor;
use crate::error::{Error, Result};
use num_complex::Complex64;

/// How a complex number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Real and imaginary part.
    #[default]
    Ri,
    /// Magnitude and angle in degrees.
    Ma,
    /// 20 log10 of the magnitude and angle in degrees.
    Db,
}

impl Format {
    /// The format of a name, `"ri"`, `"ma"` or `"db"` in any case.
    ///
    /// # Errors
    /// [`Error::Unknown`] for another name.
    pub fn from_name(name: &str) -> Result<Self> {
        match name.to_lowercase().as_str() {
            "ri" => Ok(Self::Ri),
            "ma" => Ok(Self::Ma),
            "db" => Ok(Self::Db),
            _ => Err(Error::unknown("format", name, ["ri", "ma", "db"])),
        }
    }

    /// The name on the option line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ri => "RI",
            Self::Ma => "MA",
            Self::Db => "DB",
        }
    }

    /// The pair to write for a complex number.
    pub(super) fn encode(self, s: Complex64) -> (f64, f64) {
        /// Decibels whose amplitude underflows to exactly 0: Touchstone has no word for minus infinity.
        const ZERO_DB: f64 = -9999.0;
        match self {
            Self::Ri => (s.re, s.im),
            Self::Ma => (s.norm(), s.arg().to_degrees()),
            Self::Db => (crate::units::amplitude_db(s.norm()).max(ZERO_DB), s.arg().to_degrees()),
        }
    }
}

/// Unit of the frequencies of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FrequencyUnit {
    /// Hertz.
    Hz,
    /// Kilohertz.
    KHz,
    /// Megahertz.
    MHz,
    /// Gigahertz, the default of the format.
    #[default]
    GHz,
}

impl FrequencyUnit {
    /// The unit of a name, `"Hz"`, `"kHz"`, `"MHz"` or `"GHz"` in any case.
    ///
    /// # Errors
    /// [`Error::Unknown`] for another name.
    pub fn from_name(name: &str) -> Result<Self> {
        match name.to_lowercase().as_str() {
            "hz" => Ok(Self::Hz),
            "khz" => Ok(Self::KHz),
            "mhz" => Ok(Self::MHz),
            "ghz" => Ok(Self::GHz),
            _ => Err(Error::unknown("frequency_unit", name, ["Hz", "kHz", "MHz", "GHz"])),
        }
    }

    /// The name on the option line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hz => "Hz",
            Self::KHz => "kHz",
            Self::MHz => "MHz",
            Self::GHz => "GHz",
        }
    }

    /// The unit as a power of ten of hertz.
    pub(super) fn exponent(self) -> i32 {
        match self {
            Self::Hz => 0,
            Self::KHz => 3,
            Self::MHz => 6,
            Self::GHz => 9,
        }
    }
}

/// Version of the file format to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Version 1: an option line and data, one reference impedance.
    V1,
    /// Version 2.0: keywords, one reference impedance a port.
    V2,
}

impl Version {
    /// The version of a number, 1 or 2.
    ///
    /// # Errors
    /// [`Error::Parameter`] for another number.
    pub fn from_number(version: u32) -> Result<Self> {
        match version {
            1 => Ok(Self::V1),
            2 => Ok(Self::V2),
            _ => Err(Error::parameter("version", version, "1 or 2")),
        }
    }
}

/// What the option line says; its defaults are those of the format, `# GHz S MA R 50`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Options {
    pub(super) unit: FrequencyUnit,
    pub(super) format: Format,
    /// One impedance, or one a port (Touchstone 1.1).
    pub(super) reference_ohm: Vec<f64>,
    pub(super) line: usize,
}

impl Options {
    /// Reads the option line under the cursor, which stands on its `#`.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        let line = cursor.line();
        let mut options =
            Self { unit: FrequencyUnit::GHz, format: Format::Ma, reference_ohm: Vec::new(), line };
        // The mark may touch the first word: "#GHz".
        let mut next = cursor.word().map(|w| w.trim_start_matches('#').to_string()).filter(|w| !w.is_empty());
        while let Some(word) = next.take().or_else(|| cursor.word()) {
            match word.as_str() {
                "s" => {}
                "y" | "z" | "g" | "h" => {
                    let found = format!("parameter type {}", word.to_uppercase());
                    return Err(cursor.error_at(line, found, "S: convert the file to scattering parameters"));
                }
                "r" => {
                    while cursor.skip_in_line() && cursor.peek().is_some_and(|b| !b.is_ascii_alphabetic()) {
                        let value = cursor.number(0)?;
                        if value <= 0.0 {
                            return Err(cursor.error_at(
                                line,
                                format!("R {value}"),
                                "an impedance above 0 ohm",
                            ));
                        }
                        options.reference_ohm.push(value);
                    }
                    if options.reference_ohm.is_empty() {
                        return Err(cursor.error_at(line, "R", "followed by an impedance in ohm"));
                    }
                }
                other => {
                    if let Ok(unit) = FrequencyUnit::from_name(other) {
                        options.unit = unit;
                    } else if let Ok(format) = Format::from_name(other) {
                        options.format = format;
                    } else {
                        let requirement = "one of Hz, kHz, MHz, GHz, S, RI, MA, DB or R followed by ohms";
                        return Err(cursor.error_at(
                            line,
                            format!("option '{}'", other.escape_debug()),
                            requirement,
                        ));
                    }
                }
            }
        }
        if options.reference_ohm.is_empty() {
            options.reference_ohm.push(50.0);
        }
        Ok(options)
    }

    /// One reference impedance a port.
    pub(super) fn references(&self, n_ports: usize, cursor: &Cursor<'_>) -> Result<Vec<f64>> {
        match self.reference_ohm.len() {
            1 => Ok(vec![self.reference_ohm[0]; n_ports]),
            n if n == n_ports => Ok(self.reference_ohm.clone()),
            n => {
                let requirement = format!("1 or {n_ports}, the number of ports");
                Err(cursor.error_at(self.line, format!("{n} reference impedances"), requirement))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cursor::Origin;
    use super::*;

    fn read(text: &str) -> Result<Options> {
        Options::read(&mut Cursor::new(text.as_bytes(), &Origin::default()))
    }

    #[test]
    fn an_empty_option_line_has_the_defaults_of_the_format() {
        let options = read("#\n").expect("defaults");
        assert_eq!((options.unit, options.format), (FrequencyUnit::GHz, Format::Ma));
        assert_eq!(options.reference_ohm, [50.0]);
    }

    #[test]
    fn options_come_in_any_order_and_case() {
        let options = read("#r 75 ri s mhz ! comment").expect("options");
        assert_eq!((options.unit, options.format), (FrequencyUnit::MHz, Format::Ri));
        assert_eq!(options.reference_ohm, [75.0]);
        assert_eq!(read("# GHz S RI R 50 25").expect("two").reference_ohm, [50.0, 25.0]);
    }

    #[test]
    fn other_parameters_and_unknown_words_are_refused() {
        for (line, word) in
            [("# GHz Z RI R 1", "parameter type Z"), ("# THz S", "thz"), ("# R", "R"), ("# R -5", "R -5")]
        {
            let message = read(line).expect_err(line).to_string();
            assert!(message.contains(word) && message.starts_with("line 1:"), "{message}");
        }
    }
}
