//! A cursor over the bytes of a file that knows its line.

use super::number::{is_delimiter, scan, token_length};
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// Where errors say they happened.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin {
    path: Option<PathBuf>,
}

impl Origin {
    pub(super) fn new(name: Option<&str>) -> Self {
        Self { path: name.map(|n| Path::new(n).to_path_buf()) }
    }

    pub(super) fn error(
        &self,
        line: usize,
        found: impl Into<String>,
        requirement: impl Into<String>,
    ) -> Error {
        Error::Touchstone {
            path: self.path.clone(),
            line,
            found: found.into(),
            requirement: requirement.into(),
        }
    }
}

/// Reads tokens, lines and numbers; comments run from `!` to the end of their line.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
    line: usize,
    origin: &'a Origin,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], origin: &'a Origin) -> Self {
        let bom = bytes.starts_with(b"\xef\xbb\xbf");
        Self { bytes, position: if bom { 3 } else { 0 }, line: 1, origin }
    }

    /// One-based line of the next byte.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// Bytes not read yet.
    pub(super) fn remaining(&self) -> usize {
        self.bytes.len() - self.position
    }

    /// The next byte, after [`Cursor::skip`].
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    /// An error at a line of this file.
    pub(super) fn error_at(
        &self,
        line: usize,
        found: impl Into<String>,
        requirement: impl Into<String>,
    ) -> Error {
        self.origin.error(line, found, requirement)
    }

    /// An error at the token under the cursor.
    pub(super) fn error_here(&self, requirement: impl Into<String>) -> Error {
        let found = if self.remaining() == 0 { "end of file".to_string() } else { self.token_text() };
        self.error_at(self.line, found, requirement)
    }

    /// Skips blanks and comments on the current line; true if something is left on it.
    #[inline]
    pub(super) fn skip_in_line(&mut self) -> bool {
        while let Some(byte) = self.peek() {
            match byte {
                b'\n' | b'\r' => return false,
                b'!' => self.go_to_line_end(),
                byte if byte <= b' ' => self.position += 1,
                _ => return true,
            }
        }
        false
    }

    /// Skips blanks, comments and line ends; true if a line end was among them.
    #[inline(always)]
    pub(super) fn skip(&mut self) -> bool {
        // Nearly every number follows a single blank.
        if let [b' ' | b'\t', next, ..] = self.bytes[self.position..]
            && !is_delimiter(next)
        {
            self.position += 1;
            return false;
        }
        self.skip_any()
    }

    fn skip_any(&mut self) -> bool {
        let line = self.line;
        while !self.skip_in_line() && self.peek().is_some() {
            self.end_line();
        }
        self.line != line
    }

    fn go_to_line_end(&mut self) {
        let rest = &self.bytes[self.position..];
        self.position += rest.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(rest.len());
    }

    /// Steps over one line end of any of the three conventions.
    fn end_line(&mut self) {
        let crlf = self.bytes[self.position..].starts_with(b"\r\n");
        self.position += if crlf { 2 } else { 1 };
        self.line += 1;
    }

    /// Skips what is left of the line.
    pub(super) fn skip_line(&mut self) {
        self.go_to_line_end();
    }

    /// The number under the cursor, times 10^`shift`.
    #[inline]
    pub(super) fn number(&mut self, shift: i32) -> Result<f64> {
        match scan(&self.bytes[self.position..], shift) {
            Some((value, length)) => {
                self.position += length;
                Ok(value)
            }
            None => Err(self.error_here("a finite number")),
        }
    }

    /// The next token of the current line, in lower case; `None` at its end.
    pub(super) fn word(&mut self) -> Option<String> {
        if !self.skip_in_line() {
            return None;
        }
        let length = token_length(&self.bytes[self.position..]);
        let word = String::from_utf8_lossy(&self.bytes[self.position..self.position + length]).to_lowercase();
        self.position += length;
        Some(word)
    }

    /// The name between brackets under the cursor, in lower case with single blanks: `[Number of Ports]`.
    pub(super) fn keyword(&mut self) -> Result<String> {
        let rest = &self.bytes[self.position..];
        let end = rest.iter().position(|b| matches!(b, b']' | b'\n' | b'\r' | b'!'));
        match end {
            Some(end) if rest[end] == b']' => {
                self.position += end + 1;
                let name = String::from_utf8_lossy(&rest[1..end]).to_lowercase();
                Ok(name.split_whitespace().collect::<Vec<_>>().join(" "))
            }
            _ => Err(self.error_here("a keyword closed by ]")),
        }
    }

    /// How many tokens are left on the line, without moving.
    pub(super) fn tokens_left_in_line(&self) -> usize {
        let mut probe = self.clone();
        std::iter::from_fn(|| probe.step_over_token()).count()
    }

    /// Steps over the next token of the line.
    pub(super) fn step_over_token(&mut self) -> Option<()> {
        self.skip_in_line().then(|| self.position += token_length(&self.bytes[self.position..]))
    }

    /// The token under the cursor, printable and short.
    fn token_text(&self) -> String {
        let rest = &self.bytes[self.position..];
        let length = rest.iter().position(|b| is_delimiter(*b)).unwrap_or(rest.len()).max(1);
        shorten(&rest[..length])
    }
}

/// At most 32 characters of foreign bytes, fit for one line of an error message.
fn shorten(bytes: &[u8]) -> String {
    const LIMIT: usize = 32;
    let text: String =
        String::from_utf8_lossy(&bytes[..bytes.len().min(4 * LIMIT)]).escape_debug().take(LIMIT).collect();
    if bytes.len() > LIMIT { format!("'{text}...'") } else { format!("'{text}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_of_all_three_conventions() {
        let origin = Origin::default();
        let mut cursor = Cursor::new(b"\xef\xbb\xbf1 ! one\r\n2\n\n3\r4", &origin);
        for line in [1, 2, 4, 5] {
            cursor.skip();
            assert_eq!(cursor.line(), line);
            assert!(cursor.number(0).is_ok());
        }
        assert!(!cursor.skip());
        assert_eq!(cursor.remaining(), 0);
    }

    #[test]
    fn keywords_fold_case_and_blanks() {
        let origin = Origin::default();
        assert_eq!(Cursor::new(b"[Number  OF Ports] 4", &origin).keyword(), Ok("number of ports".into()));
        assert!(Cursor::new(b"[Number of", &origin).keyword().is_err());
    }
}
