//! The core's error as the exceptions of `lightlane._exceptions`.

use lightlane::Error;
use pyo3::exceptions::{PyKeyboardInterrupt, PyOSError};
use pyo3::prelude::*;

mod python {
    use pyo3::import_exception;

    import_exception!(lightlane._exceptions, ConvergenceError);
    import_exception!(lightlane._exceptions, LightlaneError);
    import_exception!(lightlane._exceptions, ParameterError);
    import_exception!(lightlane._exceptions, TouchstoneError);
}

/// Turns a result of the core into one of Python.
pub(crate) trait Raise<T> {
    /// The value, or the exception of its error.
    fn or_raise(self) -> PyResult<T>;
}

impl<T> Raise<T> for lightlane::Result<T> {
    fn or_raise(self) -> PyResult<T> {
        self.map_err(exception)
    }
}

/// A parameter that is refused before the core is asked.
pub(crate) fn parameter(name: &str, value: impl std::fmt::Display, requirement: &str) -> PyErr {
    exception(Error::parameter(name, value, requirement))
}

fn exception(error: Error) -> PyErr {
    let message = error.to_string();
    match error {
        Error::Parameter { name, value, requirement }
        | Error::Document { name, value, requirement, .. }
        | Error::Grid { name, value, requirement } => refused(message, name, &value, requirement),
        Error::Unknown { name, value, nearest } => {
            let requirement =
                nearest.map_or_else(|| "a known name".into(), |n| format!("a known name such as {n:?}"));
            python::ParameterError::new_err((message, name, value, requirement))
        }
        Error::Window { name, lost, limit, .. } => {
            let requirement = format!("at most {limit:e} of the energy outside the window");
            python::ParameterError::new_err((message, name, lost, requirement))
        }
        Error::Touchstone { line, .. } => python::TouchstoneError::new_err((message, line)),
        Error::Convergence { .. } => python::ConvergenceError::new_err(message),
        Error::Io { path, reason } => os_error(&path, &reason),
        Error::Interrupted => PyKeyboardInterrupt::new_err(()),
        _ => python::LightlaneError::new_err(message),
    }
}

/// `value` is given as a number where it is one, so that a caller may compute with it.
fn refused(message: String, name: String, value: &str, requirement: String) -> PyErr {
    match (value.parse::<i64>(), value.parse::<f64>()) {
        (Ok(i), _) => python::ParameterError::new_err((message, name, i, requirement)),
        (_, Ok(x)) => python::ParameterError::new_err((message, name, x, requirement)),
        _ => python::ParameterError::new_err((message, name, value.to_string(), requirement)),
    }
}

/// The operating system's number picks the class: a file that is not there is a `FileNotFoundError`.
fn os_error(path: &std::path::Path, reason: &str) -> PyErr {
    let file = path.display().to_string();
    let number =
        reason.rsplit_once("(os error ").and_then(|(_, n)| n.trim_end_matches(')').parse::<i32>().ok());
    match number {
        Some(n) => {
            let text = reason.rsplit_once(" (os error").map_or(reason, |(t, _)| t).to_string();
            PyOSError::new_err((n, text, file))
        }
        None => PyOSError::new_err(format!("{file}: {reason}")),
    }
}
