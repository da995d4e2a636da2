//! Network data records, and the noise data that may follow them.

use super::cursor::Cursor;
use super::layout::{Layout, Matrix, numbers_in_record};
use crate::error::{Error, Result};
use num_complex::Complex64;

/// Frequencies in Hz and matrices, row-major, of the records read.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) freq_hz: Vec<f64>,
    pub(super) s: Vec<Complex64>,
}

/// Reads records up to the end of the file or, with `keywords`, the next keyword.
///
/// A record starts a line and ends one. In version 1 a pair is never split over lines, which tells a file of fewer
/// ports from wrapped data.
pub(super) fn read_records(cursor: &mut Cursor<'_>, layout: &Layout, keywords: bool) -> Result<Records> {
    let n_values = layout.n_values();
    let mut records = Records::default();
    let mut values = Vec::new();
    let start = cursor.clone();
    let mut begun = cursor.line();
    let mut first = true;
    loop {
        let new_line = cursor.skip() || first;
        match cursor.peek() {
            None => break,
            Some(b'[') if keywords => break,
            Some(b'[') => {
                return Err(cursor.error_here("no keyword, as [Version] 2.0 is not on the first line"));
            }
            Some(b'#') if !keywords => {
                // Only the first option line counts (version 1).
                cursor.skip_line();
                continue;
            }
            Some(_) if !new_line => return Err(wrong_length(&start, layout, begun, cursor.line())),
            Some(_) => {}
        }
        first = false;
        let before = cursor.remaining();
        begun = cursor.line();
        let at_frequency = cursor.clone();
        let freq_hz = cursor.number(layout.unit.exponent())?;
        if let Some(&last) = records.freq_hz.last()
            && freq_hz <= last
        {
            if !keywords && layout.matrix == Matrix::FullTransposed && at_frequency.tokens_left_in_line() == 5
            {
                *cursor = at_frequency;
                skip_noise(cursor)?;
                break;
            }
            let requirement = format!("above the frequency before it, {last} Hz");
            return Err(cursor.error_at(begun, format!("frequency {freq_hz} Hz"), requirement));
        }
        if freq_hz < 0.0 {
            return Err(cursor.error_at(begun, format!("frequency {freq_hz} Hz"), "at least 0"));
        }
        values.clear();
        while values.len() < n_values {
            let line_crossed = cursor.skip();
            if line_crossed && !keywords && values.len() % 2 == 1 && cursor.peek().is_some() {
                return Err(wrong_length(&start, layout, begun, cursor.line()));
            }
            match cursor.number(0) {
                Ok(value) => values.push(value),
                Err(error) => return Err(incomplete(cursor, begun, values.len(), n_values, error)),
            }
        }
        records.freq_hz.push(freq_hz);
        layout.store(&values, &mut records.s);
        if records.freq_hz.len() == 1 {
            reserve(&mut records, layout, before - cursor.remaining(), cursor.remaining());
        }
    }
    Ok(records)
}

/// Room for as many records like the first as can follow. A record cannot be shorter than two bytes a number,
/// which bounds what a hostile first record can make us allocate to a few times the size of the file.
fn reserve(records: &mut Records, layout: &Layout, record_bytes: usize, remaining: usize) {
    let bytes = record_bytes.max(2 * (1 + layout.n_values()));
    let more = remaining / bytes + 1;
    records.freq_hz.reserve(more);
    records.s.reserve(more * layout.n_ports * layout.n_ports);
}

/// The error of a record that does not fill whole lines.
fn wrong_length(start: &Cursor<'_>, layout: &Layout, begun: usize, now: usize) -> Error {
    let expected = 1 + layout.n_values();
    let mut first = start.clone();
    first.skip();
    let found = if first.line() == begun {
        format!("a record of {} numbers by its line breaks", numbers_in_record(start))
    } else {
        format!("a record that begins here and does not end at the end of line {now}")
    };
    start.error_at(
        begun,
        found,
        format!("{expected} numbers on lines of their own, for {} ports", layout.n_ports),
    )
}

/// The error of a record that stops early: a bad token, or the end of the data.
fn incomplete(cursor: &Cursor<'_>, begun: usize, read: usize, expected: usize, error: Error) -> Error {
    if !matches!(cursor.peek(), None | Some(b'[' | b'#')) {
        return error;
    }
    let found = format!("a record cut off after {} of {} numbers", read + 1, expected + 1);
    cursor.error_at(begun, found, "complete")
}

/// Skips the noise parameters of a two-port: lines of five numbers to the end of the file (version 1).
fn skip_noise(cursor: &mut Cursor<'_>) -> Result<()> {
    while cursor.peek().is_some() {
        if cursor.tokens_left_in_line() != 5 {
            let found = format!("{} numbers in the noise data", cursor.tokens_left_in_line());
            return Err(cursor.error_at(cursor.line(), found, "5 numbers a line"));
        }
        for _ in 0..5 {
            cursor.skip_in_line();
            cursor.number(0)?;
        }
        cursor.skip();
    }
    Ok(())
}

/// Skips what may stand between network data and `[End]` in version 2, and demands `[End]`: without it a file cut
/// in the middle of its last number would pass.
pub(super) fn read_end(cursor: &mut Cursor<'_>) -> Result<()> {
    let mut noise = false;
    loop {
        cursor.skip();
        match cursor.peek() {
            Some(b'[') => {
                let line = cursor.line();
                match cursor.keyword()?.as_str() {
                    "end" => return Ok(()),
                    "noise data" => noise = true,
                    other => {
                        let found = format!("keyword [{}]", other.escape_debug());
                        return Err(cursor.error_at(line, found, "[Noise Data] or [End]"));
                    }
                }
            }
            Some(_) if noise => {
                cursor.number(0)?;
            }
            _ => return Err(cursor.error_here("[End]")),
        }
    }
}
