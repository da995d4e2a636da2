//! A network to a file.

use super::options::{Format, FrequencyUnit, Version};
use crate::error::{Error, Result};
use crate::medium::network::Network;
use num_complex::Complex64;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

impl Network {
    /// Writes a Touchstone file. `version` `None` is 2 for the extension `.ts`, otherwise 1; a name that ends in
    /// `.gz` is compressed.
    ///
    /// Numbers are written so that reading gives the same ones: bit for bit in [`Format::Ri`], to 1e-12 in the
    /// polar formats.
    ///
    /// # Errors
    /// [`Error::Parameter`] for version 1 with several reference impedances or an extension `.sNp` of another port
    /// count, [`Error::Io`] if the file cannot be written.
    pub fn write(
        &self,
        path: impl AsRef<Path>,
        format: Format,
        frequency_unit: FrequencyUnit,
        version: Option<Version>,
    ) -> Result<()> {
        let path = path.as_ref();
        let name = path.to_string_lossy().to_lowercase();
        let stem = name.strip_suffix(".gz").unwrap_or(&name);
        let by_name = if stem.ends_with(".ts") { Version::V2 } else { Version::V1 };
        if let Some(n) = super::read::ports_of_name(stem)
            && n != self.n_ports()
        {
            let requirement = format!("a name that ends in .s{}p or .ts", self.n_ports());
            return Err(Error::parameter("path", path.display(), requirement));
        }
        let text = self.to_touchstone(format, frequency_unit, version.unwrap_or(by_name))?;
        let io = |e: std::io::Error| Error::Io { path: path.to_path_buf(), reason: e.to_string() };
        if stem.len() == name.len() {
            return std::fs::write(path, text).map_err(io);
        }
        let file = std::fs::File::create(path).map_err(io)?;
        let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::default());
        encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish().map(drop)).map_err(io)
    }

    /// The text of a Touchstone file.
    ///
    /// # Errors
    /// [`Error::Parameter`] for version 1 with several reference impedances.
    pub fn to_touchstone(
        &self,
        format: Format,
        frequency_unit: FrequencyUnit,
        version: Version,
    ) -> Result<String> {
        let n = self.n_ports();
        let reference = self.z0_ohm()[0];
        if version == Version::V1 && self.z0_ohm().iter().any(|z| *z != reference) {
            let requirement = "2, or the network renormalized: version 1 has one reference impedance";
            return Err(Error::parameter("version", 1, requirement));
        }
        let mut text = String::with_capacity(self.s().len() * 48);
        if version == Version::V2 {
            text.push_str("[Version] 2.0\n");
        }
        let option = format!("# {} S {} R {reference}\n", frequency_unit.name(), format.name());
        text.push_str(&option);
        if version == Version::V2 {
            self.write_keywords(&mut text);
        }
        for (k, &freq_hz) in self.freq_hz().iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{}", freq_hz / 10f64.powi(frequency_unit.exponent()));
            let s = &self.s()[k * n * n..(k + 1) * n * n];
            if n == 2 && version == Version::V1 {
                write_pairs(&mut text, &[s[0], s[2], s[1], s[3]], format);
            } else if n <= 2 {
                write_pairs(&mut text, s, format);
            } else {
                s.chunks_exact(n).for_each(|row| write_pairs(&mut text, row, format));
            }
        }
        if version == Version::V2 {
            text.push_str("[End]\n");
        }
        Ok(text)
    }

    fn write_keywords(&self, text: &mut String) {
        let _ = writeln!(text, "[Number of Ports] {}", self.n_ports());
        if self.n_ports() == 2 {
            text.push_str("[Two-Port Data Order] 12_21\n");
        }
        let _ = writeln!(text, "[Number of Frequencies] {}", self.freq_hz().len());
        text.push_str("[Reference]");
        self.z0_ohm().iter().for_each(|z| {
            let _ = write!(text, " {z}");
        });
        text.push_str("\n[Matrix Format] Full\n[Network Data]\n");
    }
}

/// Pairs, at most four a line (version 1), the line closed.
fn write_pairs(text: &mut String, row: &[Complex64], format: Format) {
    for group in row.chunks(4) {
        for &value in group {
            let (a, b) = format.encode(value);
            let _ = write!(text, " {a:e} {b:e}");
        }
        text.push('\n');
    }
}
