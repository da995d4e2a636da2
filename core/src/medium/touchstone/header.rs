//! The keywords of version 2 ahead of `[Network Data]`.

use super::cursor::Cursor;
use super::layout::{Layout, Matrix};
use super::mixed_order::MixedOrder;
use super::options::Options;
use crate::error::{Result, nearest_name};

/// More ports than any file holds: a larger count is a slip, and would let N² overflow.
pub(super) const MAX_PORTS: usize = 4096;

const KEYWORDS: [&str; 11] = [
    "number of ports",
    "two-port data order",
    "number of frequencies",
    "number of noise frequencies",
    "reference",
    "matrix format",
    "mixed-mode order",
    "begin information",
    "network data",
    "noise data",
    "end",
];

/// What a version 2 header says.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) layout: Layout,
    pub(super) n_frequencies: usize,
    pub(super) references: Vec<f64>,
    pub(super) mixed: Option<MixedOrder>,
}

/// The header as far as it was read.
#[derive(Debug, Default)]
struct Draft {
    options: Option<Options>,
    n_ports: Option<usize>,
    transposed: Option<bool>,
    n_frequencies: Option<usize>,
    references: Option<Vec<f64>>,
    matrix: Option<Matrix>,
    mixed: Option<MixedOrder>,
}

/// Reads from after `[Version]` up to and including `[Network Data]`.
pub(super) fn read_header(cursor: &mut Cursor<'_>) -> Result<Header> {
    let mut draft = Draft::default();
    let mut seen: Vec<String> = Vec::new();
    loop {
        cursor.skip();
        match cursor.peek() {
            Some(b'#') if draft.options.is_none() => draft.options = Some(Options::read(cursor)?),
            Some(b'#') => cursor.skip_line(),
            Some(b'[') => {
                let line = cursor.line();
                let keyword = cursor.keyword()?;
                if keyword == "network data" {
                    return draft.finish(cursor, line);
                }
                if seen.contains(&keyword) {
                    return Err(cursor.error_at(line, format!("[{keyword}] again"), "given once"));
                }
                draft.read_keyword(cursor, &keyword, line)?;
                seen.push(keyword);
            }
            _ => return Err(cursor.error_here("a keyword, as [Network Data] has not been reached")),
        }
    }
}

impl Draft {
    fn read_keyword(&mut self, cursor: &mut Cursor<'_>, keyword: &str, line: usize) -> Result<()> {
        match keyword {
            "number of ports" => self.n_ports = Some(read_count(cursor, keyword, MAX_PORTS)?),
            "number of frequencies" => self.n_frequencies = Some(read_count(cursor, keyword, usize::MAX)?),
            "number of noise frequencies" => {
                read_count(cursor, keyword, usize::MAX)?;
            }
            "two-port data order" => {
                self.transposed = Some(match cursor.word().as_deref() {
                    Some("12_21") => false,
                    Some("21_12") => true,
                    other => return Err(wrong_word(cursor, line, other, "12_21 or 21_12")),
                });
            }
            "matrix format" => {
                self.matrix = Some(match cursor.word().as_deref() {
                    Some("full") => Matrix::Full,
                    Some("lower") => Matrix::Lower,
                    Some("upper") => Matrix::Upper,
                    other => return Err(wrong_word(cursor, line, other, "Full, Lower or Upper")),
                });
            }
            "reference" => {
                let n_ports = self.ports_before(cursor, keyword, line)?;
                let mut references = Vec::with_capacity(n_ports);
                while references.len() < n_ports {
                    cursor.skip();
                    let value = cursor.number(0)?;
                    if value <= 0.0 {
                        return Err(cursor.error_at(
                            cursor.line(),
                            value.to_string(),
                            "an impedance above 0 ohm",
                        ));
                    }
                    references.push(value);
                }
                self.references = Some(references);
            }
            "mixed-mode order" => {
                let n_ports = self.ports_before(cursor, keyword, line)?;
                self.mixed = Some(MixedOrder::read(cursor, n_ports)?);
            }
            "begin information" => skip_information(cursor, line)?,
            _ => {
                let hint = nearest_name(keyword, KEYWORDS)
                    .map_or(String::new(), |n| format!(", did you mean [{n}]?"));
                let found = format!("keyword [{}]{hint}", keyword.escape_debug());
                return Err(cursor.error_at(
                    line,
                    found,
                    "a keyword of version 2 that stands before [Network Data]",
                ));
            }
        }
        if cursor.skip_in_line() {
            return Err(cursor.error_here(format!("nothing more after [{keyword}]")));
        }
        Ok(())
    }

    fn ports_before(&self, cursor: &Cursor<'_>, keyword: &str, line: usize) -> Result<usize> {
        self.n_ports.ok_or_else(|| {
            cursor.error_at(line, format!("[{keyword}] without a number of ports"), "after [Number of Ports]")
        })
    }

    fn finish(self, cursor: &Cursor<'_>, line: usize) -> Result<Header> {
        let missing = |what: &str| {
            cursor.error_at(line, format!("[Network Data] without {what}"), format!("preceded by {what}"))
        };
        let options = self.options.ok_or_else(|| missing("an option line"))?;
        let n_ports = self.n_ports.ok_or_else(|| missing("[Number of Ports]"))?;
        let n_frequencies = self.n_frequencies.ok_or_else(|| missing("[Number of Frequencies]"))?;
        let matrix = match (self.matrix.unwrap_or(Matrix::Full), n_ports, self.transposed) {
            (Matrix::Full, 2, None) => return Err(missing("[Two-Port Data Order]")),
            (Matrix::Full, 2, Some(true)) => Matrix::FullTransposed,
            (matrix, _, _) => matrix,
        };
        let references = match self.references {
            Some(references) => references,
            None => options.references(n_ports, cursor)?,
        };
        let layout = Layout { n_ports, unit: options.unit, format: options.format, matrix };
        Ok(Header { layout, n_frequencies, references, mixed: self.mixed })
    }
}

/// A whole number from 1 to `limit` after a keyword.
fn read_count(cursor: &mut Cursor<'_>, keyword: &str, limit: usize) -> Result<usize> {
    let line = cursor.line();
    let word = cursor.word();
    match word.as_deref().and_then(|w| w.parse::<usize>().ok()) {
        Some(n) if (1..=limit).contains(&n) => Ok(n),
        _ if limit == usize::MAX => Err(wrong_word(
            cursor,
            line,
            word.as_deref(),
            &format!("a count of at least 1 after [{keyword}]"),
        )),
        _ => {
            let requirement = format!("a count from 1 to {limit} after [{keyword}]");
            Err(wrong_word(cursor, line, word.as_deref(), &requirement))
        }
    }
}

fn wrong_word(cursor: &Cursor<'_>, line: usize, found: Option<&str>, requirement: &str) -> crate::Error {
    let text = found.map_or("end of line".to_string(), |w| {
        format!("'{}'", w.chars().take(32).collect::<String>().escape_debug())
    });
    cursor.error_at(line, text, requirement)
}

/// Skips to and over `[End Information]`.
fn skip_information(cursor: &mut Cursor<'_>, line: usize) -> Result<()> {
    loop {
        cursor.skip_line();
        cursor.skip();
        match cursor.peek() {
            None => {
                let requirement = "closed by [End Information]";
                return Err(cursor.error_at(line, "[Begin Information] to the end of the file", requirement));
            }
            Some(b'[') if cursor.clone().keyword().is_ok_and(|k| k == "end information") => {
                cursor.keyword()?;
                return Ok(());
            }
            Some(_) => {}
        }
    }
}
