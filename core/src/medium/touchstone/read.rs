//! Bytes or a file to a network.

use super::cursor::{Cursor, Origin};
use super::data::{Records, read_end, read_records};
use super::header::{MAX_PORTS, read_header};
use super::layout::{Layout, Matrix, infer_ports};
use super::options::Options;
use crate::error::{Error, Result};
use crate::medium::network::{ChosenPairs, Network, PairOrigin};
use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

/// No file is larger than this once decompressed.
const MAX_BYTES: u64 = 1 << 30;
/// A compressed file may always grow to this size, and beyond it only by [`MAX_RATIO`].
const ALWAYS_ALLOWED_BYTES: u64 = 64 << 20;
/// Touchstone text compresses 3 to 20 times; deflate reaches 1000 on a bomb.
const MAX_RATIO: u64 = 100;

impl Network {
    /// Reads a Touchstone file, version 1.x or 2.x, plain or gzip.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read, [`Error::Touchstone`] with the line for anything wrong inside.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let io = |e: std::io::Error| Error::Io { path: path.to_path_buf(), reason: e.to_string() };
        let file = std::fs::File::open(path).map_err(io)?;
        let mut bytes = Vec::new();
        // Bounded, since the path may name a device.
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
        Self::read_bytes(&bytes, Some(&path.to_string_lossy()))
    }

    /// Reads a Touchstone file held in memory. `name` appears in errors, and its extension (`.s4p`, `.s4p.gz`) tells
    /// the port count of a version 1 file; without it the count is inferred from the first record.
    ///
    /// # Errors
    /// [`Error::Touchstone`] with the line for anything wrong.
    ///
    /// ```
    /// use lightlane::medium::Network;
    /// let n = Network::read_bytes(b"# MHz S RI R 75\n100 0.1 0 0.9 -0.1 0.8 -0.2 0.2 0\n", Some("amplifier.s2p"))?;
    /// assert_eq!(n.freq_hz(), [1e8]);
    /// assert_eq!(n.at(0, 1, 0).re, 0.9); // version 1 writes S11 S21 S12 S22
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    pub fn read_bytes(bytes: &[u8], name: Option<&str>) -> Result<Self> {
        let origin = Origin::new(name);
        let text = inflate(bytes, &origin)?;
        let named_ports = name.and_then(ports_of_name);
        let mut cursor = Cursor::new(&text, &origin);
        cursor.skip();
        match cursor.peek() {
            None => Err(origin.error(0, "no data", "a Touchstone file with at least one frequency")),
            Some(b'[') => read_version_2(&mut cursor, named_ports),
            Some(_) => read_version_1(&mut cursor, named_ports),
        }
    }
}

fn read_version_1(cursor: &mut Cursor<'_>, named_ports: Option<usize>) -> Result<Network> {
    if cursor.peek() != Some(b'#') {
        return Err(cursor.error_here("an option line, which begins with #, or [Version] 2.0"));
    }
    let options = Options::read(cursor)?;
    let n_ports = match named_ports {
        Some(n) => n,
        None => infer_ports(cursor)?,
    };
    if !(1..=MAX_PORTS).contains(&n_ports) {
        return Err(cursor.error_at(0, format!("{n_ports} ports"), format!("from 1 to {MAX_PORTS}")));
    }
    let matrix = if n_ports == 2 { Matrix::FullTransposed } else { Matrix::Full };
    let layout = Layout { n_ports, unit: options.unit, format: options.format, matrix };
    let references = options.references(n_ports, cursor)?;
    let records = read_records(cursor, &layout, false)?;
    assemble(records, references, cursor)
}

fn read_version_2(cursor: &mut Cursor<'_>, named_ports: Option<usize>) -> Result<Network> {
    let line = cursor.line();
    if cursor.keyword()? != "version" {
        return Err(cursor.error_at(line, "a keyword", "[Version] first"));
    }
    match cursor.word().as_deref() {
        Some("2.0" | "2.1") => {}
        other => {
            let found = format!("version {}", other.unwrap_or("missing").escape_debug());
            return Err(cursor.error_at(line, found, "2.0 or 2.1"));
        }
    }
    let header = read_header(cursor)?;
    if let Some(n) = named_ports
        && n != header.layout.n_ports
    {
        let found = format!("[Number of Ports] {}", header.layout.n_ports);
        return Err(cursor.error_at(cursor.line(), found, format!("{n}, as the file's extension says")));
    }
    if let Some(mixed) = &header.mixed {
        mixed.check_references(&header.references, cursor)?;
    }
    let mut records = read_records(cursor, &header.layout, true)?;
    let found = records.freq_hz.len();
    if found != header.n_frequencies {
        let requirement = format!("{}, as [Number of Frequencies] says", header.n_frequencies);
        return Err(cursor.error_at(cursor.line(), format!("{found} frequencies up to here"), requirement));
    }
    read_end(cursor)?;
    let Some(mixed) = header.mixed else { return assemble(records, header.references, cursor) };
    let n = header.layout.n_ports;
    records.s.chunks_exact_mut(n * n).for_each(|s| mixed.to_single_ended(s));
    let network = assemble(records, header.references, cursor)?;
    Ok(match mixed.port_pairs() {
        Some(pairs) => network.with_port_pairs(ChosenPairs { pairs, origin: PairOrigin::File }),
        None => network,
    })
}

fn assemble(records: Records, references: Vec<f64>, cursor: &Cursor<'_>) -> Result<Network> {
    if records.freq_hz.is_empty() {
        return Err(cursor.error_at(cursor.line(), "no network data", "at least one frequency"));
    }
    // The reader has checked every number; what is left is an overflow of decibels or of the frequency unit.
    Network::new(records.freq_hz, records.s, references)
        .map_err(|e| cursor.error_at(0, e.to_string(), "numbers in the range of double precision"))
}

/// The port count in an extension `.sNp` or `.sNp.gz`.
pub(super) fn ports_of_name(name: &str) -> Option<usize> {
    let lower = name.to_lowercase();
    let stem = lower.strip_suffix(".gz").unwrap_or(&lower);
    let extension = stem.rsplit_once('.')?.1;
    extension.strip_prefix('s')?.strip_suffix('p')?.parse().ok()
}

/// Decompresses gzip data, told by its magic bytes, within a bound.
fn inflate<'a>(bytes: &'a [u8], origin: &Origin) -> Result<Cow<'a, [u8]>> {
    let limit = if bytes.starts_with(&[0x1f, 0x8b]) {
        (bytes.len() as u64 * MAX_RATIO).clamp(ALWAYS_ALLOWED_BYTES, MAX_BYTES)
    } else {
        MAX_BYTES
    };
    let too_large =
        |n: u64| origin.error(0, format!("more than {n} bytes"), format!("at most {n} bytes of text"));
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return if bytes.len() as u64 > limit { Err(too_large(limit)) } else { Ok(Cow::Borrowed(bytes)) };
    }
    let mut text = Vec::new();
    let mut decoder = flate2::read::MultiGzDecoder::new(bytes).take(limit + 1);
    if let Err(e) = decoder.read_to_end(&mut text) {
        return Err(origin.error(0, format!("gzip data: {e}"), "a complete gzip file"));
    }
    if text.len() as u64 > limit { Err(too_large(limit)) } else { Ok(Cow::Owned(text)) }
}
