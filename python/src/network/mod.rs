//! The class `lightlane.Network`.

mod argument;
mod quality;
mod store;

pub(crate) use argument::as_network;

use crate::array::{complexes, read_only, read_only_shaped, reals};
use crate::error::{Raise, parameter};
use argument::{port_pairs, references};
use lightlane::medium::Network as Core;
use lightlane::medium::network::{ChosenPairs, PairOrigin, PortPairs};
use lightlane::medium::touchstone::{Format, FrequencyUnit, Version};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};
use quality::Quality;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Differential pairs as Python writes them: ((left +, left -), (right +, right -)), ports from 1.
type Pairs = ((usize, usize), (usize, usize));

/// Scattering parameters of an N-port on an ascending frequency grid; it does not change.
///
/// Equality and hash are those of grid, parameters and reference impedances.
///
/// Parameters
/// ----------
/// freq_hz : array of shape (F,)
///     Frequencies, Hz, strictly ascending.
/// s : array of shape (F, N, N)
///     Scattering parameters, ``s[k, out, in]``.
/// z0_ohm : float or array of shape (N,), default 50.0
///     Reference impedances, ohm; one a frequency, as scikit-rf has them, if they do not change over frequency.
#[pyclass(module = "lightlane._native", name = "Network", frozen)]
pub(crate) struct PyNetwork {
    core: Arc<Core>,
    path: Option<String>,
    digest: OnceLock<String>,
    s: PyOnceLock<Py<PyAny>>,
}

impl PyNetwork {
    pub(crate) fn of(core: Core) -> Self {
        Self::from_file(core, None)
    }

    fn from_file(core: Core, path: Option<String>) -> Self {
        Self { core: Arc::new(core), path, digest: OnceLock::new(), s: PyOnceLock::new() }
    }

    /// The network itself, for the functions of other modules.
    pub(crate) fn core(&self) -> Arc<Core> {
        Arc::clone(&self.core)
    }

    fn derive(
        &self,
        py: Python<'_>,
        make: impl FnOnce(&Core) -> lightlane::Result<Core> + Send,
    ) -> PyResult<Self> {
        py.detach(|| make(&self.core)).or_raise().map(Self::of)
    }
}

#[pymethods]
impl PyNetwork {
    #[new]
    #[pyo3(signature = (freq_hz, s, z0_ohm = None))]
    fn new(
        freq_hz: &Bound<'_, PyAny>,
        s: &Bound<'_, PyAny>,
        z0_ohm: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let freq = reals(freq_hz, "freq_hz")?;
        let s = complexes(s, "s")?;
        let shape = s.as_array().shape().to_vec();
        if freq.as_array().ndim() != 1 {
            return Err(parameter(
                "freq_hz",
                format!("an array of {} dimensions", freq.as_array().ndim()),
                "of one dimension",
            ));
        }
        if shape.len() != 3 || shape[1] != shape[2] || shape[0] != freq.as_array().len() {
            let wanted = format!("of shape ({}, N, N), a matrix a frequency", freq.as_array().len());
            return Err(parameter("s", format!("an array of shape {shape:?}"), &wanted));
        }
        let references =
            z0_ohm.map_or_else(|| Ok(vec![50.0; shape[1]]), |z| references(z, shape[0], shape[1]))?;
        let core = Core::new(
            freq.as_array().iter().copied().collect(),
            s.as_array().iter().copied().collect(),
            references,
        );
        core.or_raise().map(Self::of)
    }

    /// Read a Touchstone file, version 1.x or 2.x, plain or gzip.
    ///
    /// Parameters
    /// ----------
    /// source : str, path, bytes or binary file
    ///     A path, the file's content, or a file opened in binary mode.
    ///
    /// Raises
    /// ------
    /// TouchstoneError
    ///     For a line that cannot be understood; its number is ``.line``.
    #[staticmethod]
    fn read(source: &Bound<'_, PyAny>) -> PyResult<Self> {
        store::read(source)
    }

    /// Write a Touchstone file; a name that ends in ``.gz`` is compressed.
    ///
    /// Parameters
    /// ----------
    /// path : str or path
    ///     Where to.
    /// format : {'ri', 'ma', 'db'}, default 'ri'
    ///     Real and imaginary part, magnitude and angle, or decibels and angle.
    /// frequency_unit : {'Hz', 'kHz', 'MHz', 'GHz'}, default 'GHz'
    ///     Unit of the frequencies.
    /// version : {1, 2}, optional
    ///     Version of the file format; 2 for the extension ``.ts``, otherwise 1.
    #[pyo3(signature = (path, format = "ri", frequency_unit = "GHz", version = None))]
    fn write(
        &self,
        py: Python<'_>,
        path: PathBuf,
        format: &str,
        frequency_unit: &str,
        version: Option<u32>,
    ) -> PyResult<()> {
        let format = Format::from_name(format).or_raise()?;
        let unit = FrequencyUnit::from_name(frequency_unit).or_raise()?;
        let version = version.map(Version::from_number).transpose().or_raise()?;
        py.detach(|| self.core.write(&path, format, unit, version)).or_raise()
    }

    /// The same network as an object of scikit-rf, which must be installed.
    fn to_skrf<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        store::to_skrf(slf)
    }

    /// Frequencies, Hz, ascending.
    #[getter]
    fn freq_hz<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        read_only(py, self.core.freq_hz().to_vec())
    }

    /// Scattering parameters, ``s[k, out, in]``.
    #[getter]
    fn s(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let made = self.s.get_or_try_init(py, || {
            let n = self.core.n_ports();
            let shape = [self.core.freq_hz().len(), n, n];
            read_only_shaped(py, self.core.s().to_vec(), shape).map(Bound::unbind)
        });
        Ok(made?.clone_ref(py))
    }

    /// Reference impedance of each port, ohm.
    #[getter]
    fn z0_ohm<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        read_only(py, self.core.z0_ohm().to_vec())
    }

    /// Number of ports.
    #[getter]
    fn n_ports(&self) -> usize {
        self.core.n_ports()
    }

    /// The file that the network was read from, None for one in memory.
    #[getter]
    fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// SHA-256 of grid, parameters and reference impedances, hexadecimal.
    #[getter]
    fn digest(&self) -> &str {
        self.digest.get_or_init(|| self.core.digest())
    }

    /// Differential pairs ((left +, left -), (right +, right -)), ports from 1.
    ///
    /// Those that the network was made with or that its file states; guessed from the data for another 4-port. None
    /// for a network that has none.
    #[getter]
    fn port_pairs(&self) -> Option<Pairs> {
        self.chosen().map(|c| (c.pairs.left, c.pairs.right))
    }

    /// Where `port_pairs` comes from: 'given', 'file', 'guessed' or 'assumed' (the data does not tell).
    #[getter]
    fn port_pairs_origin(&self) -> Option<&'static str> {
        self.chosen().map(|c| c.origin.name())
    }

    /// What a user should know about how the network came about, such as an assumed port map.
    #[getter]
    fn warnings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.core.warnings())
    }

    /// The differential two-port, of twice the reference impedance.
    ///
    /// Parameters
    /// ----------
    /// pairs : tuple, optional
    ///     ((left +, left -), (right +, right -)), ports from 1; as the file states or guessed from the data if None.
    #[pyo3(signature = (pairs = None))]
    fn differential(&self, py: Python<'_>, pairs: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let pairs = port_pairs(pairs)?;
        self.derive(py, |core| core.differential(pairs))
    }

    /// The mixed-mode 4-port in the order d1 d2 c1 c2, by power waves: references 2 z0 and z0/2.
    ///
    /// Parameters
    /// ----------
    /// pairs : tuple, optional
    ///     As for `differential`.
    #[pyo3(signature = (pairs = None))]
    fn mixed_mode(&self, py: Python<'_>, pairs: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let pairs = port_pairs(pairs)?;
        self.derive(py, |core| core.mixed_mode(pairs))
    }

    /// This network followed by another: right side to left side, ports 1..N left and N+1..2N right.
    ///
    /// Parameters
    /// ----------
    /// other : Network, str, path or scikit-rf network
    ///     The next network, of as many ports and on the same frequencies.
    fn cascade(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<Self> {
        let next = as_network(other, None)?.get().core();
        self.derive(py, |core| core.cascade(&next))
    }

    fn __matmul__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<Self> {
        self.cascade(py, other)
    }

    fn __rmatmul__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<Self> {
        as_network(other, None)?.get().derive(py, |core| core.cascade(&self.core))
    }

    /// The same device in other reference impedances.
    ///
    /// Parameters
    /// ----------
    /// z0_ohm : float or array of shape (N,)
    ///     New reference impedances, ohm.
    fn renormalized(&self, py: Python<'_>, z0_ohm: &Bound<'_, PyAny>) -> PyResult<Self> {
        let wanted = references(z0_ohm, self.core.freq_hz().len(), self.core.n_ports())?;
        self.derive(py, |core| core.renormalized(&wanted))
    }

    /// The same device with its ports in another order; ports left out are terminated.
    ///
    /// Parameters
    /// ----------
    /// ports : sequence of int
    ///     New port i is old port ``ports[i]``, both from 1.
    fn reordered(&self, py: Python<'_>, ports: &Bound<'_, PyAny>) -> PyResult<Self> {
        let Ok(ports) =
            ports.try_iter().and_then(|i| i.map(|p| p?.extract::<usize>()).collect::<PyResult<Vec<_>>>())
        else {
            return Err(parameter("ports", ports.repr()?, "port numbers from 1"));
        };
        self.derive(py, |core| core.reordered(&ports))
    }

    /// Insertion loss, dB: of the differential path for a 4-port. Decibels are interpolated between grid points.
    ///
    /// Parameters
    /// ----------
    /// freq_hz : float or array
    ///     Frequencies within those of the network, Hz.
    fn insertion_loss_db(&self, freq_hz: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.loss(freq_hz, |core, f| core.insertion_loss_db(f))
    }

    /// Return loss of a port, dB. Decibels are interpolated between grid points.
    ///
    /// Parameters
    /// ----------
    /// freq_hz : float or array
    ///     Frequencies within those of the network, Hz.
    /// port : int, default 1
    ///     Port, from 1.
    #[pyo3(signature = (freq_hz, port = 1))]
    fn return_loss_db(&self, freq_hz: &Bound<'_, PyAny>, port: i64) -> PyResult<Py<PyAny>> {
        let port = usize::try_from(port).map_err(|_| parameter("port", port, "a port, from 1"))?;
        self.loss(freq_hz, |core, f| core.return_loss_db(f, port))
    }

    /// Passivity, reciprocity and causality of the network as it is, and what is worth a warning.
    fn quality(&self, py: Python<'_>) -> PyResult<Quality> {
        py.detach(|| self.core.quality()).or_raise().map(Quality)
    }

    /// Grid, parameters and impedances as plain lists, for JSON.
    fn _data<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        store::to_lists(&self.core, py)
    }

    /// The network of what `_data` returned.
    #[staticmethod]
    #[pyo3(signature = (data, path = None))]
    fn _from_data(data: &Bound<'_, PyAny>, path: Option<String>) -> PyResult<Self> {
        store::from_lists(data, path)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let py = slf.py();
        let this = slf.get();
        let make = slf.get_type().getattr("_from_pickle")?;
        let map = this.core.port_pairs().map(|c| ((c.pairs.left, c.pairs.right), c.origin.name()));
        let warnings = this.core.warnings();
        let arrays = (slf.getattr("freq_hz")?, slf.getattr("s")?, slf.getattr("z0_ohm")?);
        let arguments = (arrays, this.path.as_deref(), map, warnings);
        Ok((make, arguments.into_pyobject(py)?))
    }

    #[staticmethod]
    fn _from_pickle(
        arrays: (Bound<'_, PyAny>, Bound<'_, PyAny>, Bound<'_, PyAny>),
        path: Option<String>,
        map: Option<(Pairs, String)>,
        warnings: Vec<String>,
    ) -> PyResult<Self> {
        let mut core =
            Core::clone(&Self::new(&arrays.0, &arrays.1, Some(&arrays.2))?.core).with_warnings(warnings);
        if let Some(((left, right), origin)) = map {
            let origins = [PairOrigin::Given, PairOrigin::File, PairOrigin::Guessed, PairOrigin::Assumed];
            let origin = origins.into_iter().find(|o| o.name() == origin).unwrap_or(PairOrigin::Given);
            core = core.with_port_pairs(ChosenPairs { pairs: PortPairs { left, right }, origin });
        }
        Ok(Self::from_file(core, path))
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__<'py>(slf: Bound<'py, Self>, _memo: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        slf
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|o| self.core == o.get().core)
    }

    fn __hash__(&self) -> u64 {
        u64::from_str_radix(self.digest().get(..16).unwrap_or("0"), 16).unwrap_or(0)
    }

    fn _repr_html_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("lightlane._card")?.call_method1("network_card", (slf,))
    }

    fn __repr__(&self) -> String {
        let freq = self.core.freq_hz();
        let (first, last) = (freq.first().copied().unwrap_or(0.0), freq.last().copied().unwrap_or(0.0));
        let from = self.path.as_ref().map_or_else(String::new, |p| format!(", {:?}", file_name(p)));
        let (first, last) = (first / 1e9, last / 1e9);
        format!("Network({} ports, {} points, {first} to {last} GHz{from})", self.core.n_ports(), freq.len())
    }
}

impl PyNetwork {
    fn chosen(&self) -> Option<ChosenPairs> {
        self.core.port_pairs().or_else(|| self.core.guessed_port_pairs().ok())
    }

    fn loss(
        &self,
        freq_hz: &Bound<'_, PyAny>,
        f: impl FnOnce(&Core, &[f64]) -> lightlane::Result<Vec<f64>> + Send,
    ) -> PyResult<Py<PyAny>> {
        let py = freq_hz.py();
        let array = reals(freq_hz, "freq_hz")?;
        let shape = array.as_array().shape().to_vec();
        let freq: Vec<f64> = array.as_array().iter().copied().collect();
        let loss = py.detach(|| f(&self.core, &freq)).or_raise()?;
        crate::array::shaped(py, loss, &shape)
    }
}

fn file_name(path: &str) -> &str {
    Path::new(path).file_name().and_then(|n| n.to_str()).unwrap_or(path)
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyNetwork>()?;
    module.add_class::<Quality>()?;
    module.add_function(wrap_pyfunction!(as_network, module)?)
}
