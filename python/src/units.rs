//! `lightlane.units`.

use crate::array::elementwise;
use lightlane::units;
use pyo3::prelude::*;

/// Applies one conversion of the core to numbers and arrays.
macro_rules! conversion {
    ($name:ident, $argument:ident) => {
        #[pyfunction]
        fn $name($argument: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
            elementwise($argument, stringify!($argument), |x| Ok(units::$name(x)))
        }
    };
}

conversion!(power_ratio, db);
conversion!(amplitude_ratio, db);
conversion!(power_db, ratio);
conversion!(amplitude_db, ratio);
conversion!(dbm_to_w, dbm);
conversion!(w_to_dbm, power_w);

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(power_ratio, module)?)?;
    module.add_function(wrap_pyfunction!(amplitude_ratio, module)?)?;
    module.add_function(wrap_pyfunction!(power_db, module)?)?;
    module.add_function(wrap_pyfunction!(amplitude_db, module)?)?;
    module.add_function(wrap_pyfunction!(dbm_to_w, module)?)?;
    module.add_function(wrap_pyfunction!(w_to_dbm, module)?)
}
