//! `lightlane.fec`.

use crate::array::{elementwise, whole};
use crate::error::Raise;
use lightlane::fec::{self, Code};
use pyo3::prelude::*;

/// Applies one figure of the core to error ratios, numbers or arrays.
macro_rules! figure {
    ($name:ident) => {
        #[pyfunction]
        fn $name(
            ber: &Bound<'_, PyAny>,
            code: &str,
            interleave: &Bound<'_, PyAny>,
            burst_continuation: f64,
            precoding: bool,
        ) -> PyResult<Py<PyAny>> {
            let code = Code::from_name(code).or_raise()?;
            let interleave = whole(interleave, "interleave", 1)? as usize;
            elementwise(ber, "ber", |x| {
                fec::$name(x, code, interleave, burst_continuation, precoding).or_raise()
            })
        }
    };
}

figure!(codeword_error_ratio);
figure!(ber_after);
figure!(frame_loss_ratio);

#[pyfunction]
fn ber_limit(py: Python<'_>, code: &str, ber_after: f64) -> PyResult<f64> {
    let code = Code::from_name(code).or_raise()?;
    py.detach(|| fec::ber_limit(code, ber_after)).or_raise()
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(codeword_error_ratio, module)?)?;
    module.add_function(wrap_pyfunction!(ber_after, module)?)?;
    module.add_function(wrap_pyfunction!(frame_loss_ratio, module)?)?;
    module.add_function(wrap_pyfunction!(ber_limit, module)?)
}
