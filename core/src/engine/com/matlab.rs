//! Values of a workbook: numbers, lists, and the matrix texts of MATLAB that the IEEE workbooks hold.
//!
//! ```text
//! text   = "[" row (";" row)* "]" | row        row = item (blank or "," item)*
//! item   = number | first:last | first:step:last | number*ones(1,n) | ones(1,n)*number | ones(1,n)
//! ```
//!
//! A range includes its end. Arithmetic beyond this is refused rather than guessed.

use crate::error::{Error, Result};
use serde_json::Value;

/// Most values that a text may hold.
const MAX_VALUES: usize = 100_000;

/// Rows of numbers; rows may differ in length, as the workbooks' do.
pub(super) type Matrix = Vec<Vec<f64>>;

/// Reads the value of a keyword.
pub(super) fn matrix(name: &str, value: &Value) -> Result<Matrix> {
    let requirement =
        "a number, a list of numbers, or a text such as \"[12 31; 1.8 1.8]\" or \"[-0.2:0.1:0]\"";
    let refuse = || Error::parameter(name, value, requirement);
    let rows = match value {
        Value::Number(_) | Value::Bool(_) => vec![vec![number(value).ok_or_else(refuse)?]],
        Value::String(text) => parse(text).ok_or_else(refuse)?,
        Value::Array(items) if items.iter().any(Value::is_array) => items
            .iter()
            .map(|row| match row {
                Value::Array(row) => row.iter().map(number).collect::<Option<Vec<f64>>>(),
                single => number(single).map(|x| vec![x]),
            })
            .collect::<Option<Matrix>>()
            .ok_or_else(refuse)?,
        Value::Array(items) => {
            vec![items.iter().map(number).collect::<Option<Vec<f64>>>().ok_or_else(refuse)?]
        }
        _ => return Err(refuse()),
    };
    if rows.iter().flatten().all(|x| x.is_finite()) { Ok(rows) } else { Err(refuse()) }
}

/// The text of a matrix, which reading gives back to the last bit; a single number stays one.
pub(super) fn written(rows: &Matrix) -> Value {
    match &rows[..] {
        [row] if row.len() == 1 => row[0].into(),
        _ => {
            let row = |r: &Vec<f64>| r.iter().map(f64::to_string).collect::<Vec<_>>().join(" ");
            format!("[{}]", rows.iter().map(row).collect::<Vec<_>>().join("; ")).into()
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        value => value.as_f64(),
    }
}

fn parse(text: &str) -> Option<Matrix> {
    let text = text.trim();
    let inner = match text.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?,
        None => text,
    };
    if inner.contains(['[', ']']) {
        return None;
    }
    inner.split(';').map(str::trim).filter(|row| !row.is_empty()).map(row).collect()
}

fn row(text: &str) -> Option<Vec<f64>> {
    let mut values = Vec::new();
    for item in items(text) {
        values.extend(expand(&item)?);
        if values.len() > MAX_VALUES {
            return None;
        }
    }
    Some(values)
}

/// The items of a row: separated by blanks or commas, but not inside parentheses nor beside `:` or `*`.
fn items(text: &str) -> Vec<String> {
    let mut joined = String::with_capacity(text.len());
    let mut depth = 0_usize;
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let separator = c.is_whitespace() || c == ',';
        joined.push(match (separator, depth) {
            (true, 0) => ' ',
            (true, _) if c == ',' => ',',
            (true, _) => continue,
            _ => c,
        });
    }
    for sign in [':', '*'] {
        let parts: Vec<&str> = joined.split(sign).map(str::trim).collect();
        joined = parts.join(&sign.to_string());
    }
    joined.split_whitespace().map(str::to_string).collect()
}

fn expand(item: &str) -> Option<Vec<f64>> {
    if let Some((a, b)) = item.split_once('*') {
        let (count, factor) = if a.starts_with("ones") { (ones(a)?, b) } else { (ones(b)?, a) };
        return Some(vec![factor.parse().ok()?; count]);
    }
    if item.starts_with("ones") {
        return Some(vec![1.0; ones(item)?]);
    }
    let parts: Vec<f64> = item.split(':').map(|p| p.parse().ok()).collect::<Option<_>>()?;
    match parts[..] {
        [x] => Some(vec![x]),
        [first, last] => range(first, 1.0, last),
        [first, step, last] => range(first, step, last),
        _ => None,
    }
}

fn ones(text: &str) -> Option<usize> {
    let inside = text.strip_prefix("ones(")?.strip_suffix(')')?;
    let (rows, columns) = inside.split_once(',')?;
    let count: usize = columns.parse().ok()?;
    (rows == "1" && count <= MAX_VALUES).then_some(count)
}

/// first, first + step, … up to and including last; the margin forgives the rounding of decimal steps.
fn range(first: f64, step: f64, last: f64) -> Option<Vec<f64>> {
    let count = (last - first) / step;
    if count.is_nan() || count > MAX_VALUES as f64 {
        return None;
    }
    if count < -1e-9 {
        return Some(Vec::new());
    }
    let n = (count + 1e-9).floor() as usize;
    // Settings are decimal: -0.2 + 2·0.1 must be 0, not 2.8e-17, or equal settings would differ.
    Some((0..=n).map(|i| ((first + i as f64 * step) * 1e12).round() / 1e12).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> Matrix {
        matrix("k", &value).expect("readable")
    }

    #[test]
    fn the_texts_of_the_workbooks_are_read() {
        assert_eq!(read(json!("[12 31;  1.8 1.8]")), [[12.0, 31.0], [1.8, 1.8]]);
        assert_eq!(read(json!("[0.12, 0.12]")), [[0.12, 0.12]]);
        assert_eq!(read(json!("[-0.2:0.1:0]")), [[-0.2, -0.1, 0.0]]);
        assert_eq!(read(json!("[ -0.2 : 0.1 : 0 ]")), [[-0.2, -0.1, 0.0]]);
        assert_eq!(read(json!("[0.3 0.2*ones(1,2) 0.1 * ones(1, 1)]")), [[0.3, 0.2, 0.2, 0.1]]);
        assert_eq!(read(json!("[8 ; 1.8]")), [vec![8.0], vec![1.8]]);
        assert_eq!(read(json!("1e-4")), [[1e-4]]);
        assert_eq!(read(json!([[1, 2], [3.5, 4]])), [[1.0, 2.0], [3.5, 4.0]]);
        assert_eq!(read(json!([1, 2])), [[1.0, 2.0]]);
        assert_eq!(read(json!(true)), [[1.0]]);
    }

    #[test]
    fn what_is_written_is_read_again() {
        for value in [json!([[12, 31.5], [1.8, 1e-9]]), json!([-0.02, 0.1]), json!(8.2e-9), json!([3])] {
            assert_eq!(read(written(&read(value.clone()))), read(value));
        }
        assert_eq!(written(&vec![vec![12.0, 0.5], vec![1.0, 2.0]]), json!("[12 0.5; 1 2]"));
    }

    #[test]
    fn what_is_no_matrix_is_refused() {
        for bad in [
            json!("[1 2"),
            json!("[a]"),
            json!("[0:0:1]"),
            json!("[0:1e-9:1]"),
            json!("2*3"),
            json!("[1:2:3:4]"),
            json!(null),
            json!({}),
            json!(["1"]),
            json!("nan"),
            json!("ones(2,3)"),
        ] {
            let error = matrix("c(-1)", &bad).expect_err("no matrix").to_string();
            assert!(error.starts_with("c(-1) = "), "{error}");
        }
    }
}
