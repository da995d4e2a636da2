//! How the matrices of a file are laid out.

use super::cursor::Cursor;
use super::decode::decode;
use super::options::{Format, FrequencyUnit};
use crate::error::Result;
use num_complex::Complex64;

/// Which entries of a matrix a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Matrix {
    /// All, row by row.
    Full,
    /// Two ports in the order of version 1: S11 S21 S12 S22.
    FullTransposed,
    /// The lower triangle of a symmetric matrix, row by row.
    Lower,
    /// The upper triangle of a symmetric matrix, row by row.
    Upper,
}

/// Everything needed to read one record of network data.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) n_ports: usize,
    pub(super) unit: FrequencyUnit,
    pub(super) format: Format,
    pub(super) matrix: Matrix,
}

impl Layout {
    /// Numbers that follow a frequency.
    pub(super) fn n_values(&self) -> usize {
        let n = self.n_ports;
        match self.matrix {
            Matrix::Full | Matrix::FullTransposed => 2 * n * n,
            Matrix::Lower | Matrix::Upper => n * (n + 1),
        }
    }

    /// Appends the matrix of one record to `s`, row-major.
    pub(super) fn store(&self, values: &[f64], s: &mut Vec<Complex64>) {
        let n = self.n_ports;
        let base = s.len();
        match self.matrix {
            Matrix::Full => decode(self.format, values, s),
            Matrix::FullTransposed => {
                decode(self.format, values, s);
                s.swap(base + 1, base + 2);
            }
            Matrix::Lower | Matrix::Upper => {
                let mut entries = Vec::with_capacity(values.len() / 2);
                decode(self.format, values, &mut entries);
                s.resize(base + n * n, Complex64::ZERO);
                let (mut row, mut column) = (0, 0);
                for value in entries {
                    s[base + row * n + column] = value;
                    s[base + column * n + row] = value;
                    column += 1;
                    let row_end = if self.matrix == Matrix::Lower { row + 1 } else { n };
                    if column == row_end {
                        row += 1;
                        column = if self.matrix == Matrix::Lower { 0 } else { row };
                    }
                }
            }
        }
    }
}

/// Numbers in the first record of a version 1 file, by its line breaks: a record starts with a line of an odd number
/// of numbers (frequency and pairs) and goes on in lines of an even number (pairs).
pub(super) fn numbers_in_record(cursor: &Cursor<'_>) -> usize {
    let mut probe = cursor.clone();
    probe.skip();
    let mut total = 0;
    loop {
        let on_line = probe.tokens_left_in_line();
        if on_line == 0 || (total > 0 && on_line % 2 == 1) {
            return total;
        }
        total += on_line;
        probe.skip_line();
        probe.skip();
    }
}

/// The port count whose record holds `total` numbers, frequency included.
pub(super) fn ports_of_record(total: usize) -> Option<usize> {
    let n = (total.saturating_sub(1) / 2).isqrt();
    (n > 0 && 1 + 2 * n * n == total).then_some(n)
}

/// The port count of a version 1 file without a telling name.
pub(super) fn infer_ports(cursor: &Cursor<'_>) -> Result<usize> {
    let total = numbers_in_record(cursor);
    ports_of_record(total).ok_or_else(|| {
        let mut first = cursor.clone();
        first.skip();
        let requirement = "1 + 2 N^2 numbers for N ports (3, 9, 19, 33, ...)";
        cursor.error_at(first.line(), format!("a first record of {total} numbers"), requirement)
    })
}
