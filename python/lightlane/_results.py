"""Results: frozen objects with plain attributes, read-only arrays, plots and a card."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lightlane import _native
from lightlane._adaptation import Adapted
from lightlane._card import report_card, simulation_card
from lightlane._detection import Detection
from lightlane._dual_dirac import DualDirac, fit_bathtub
from lightlane._exceptions import ParameterError, wrong_type
from lightlane._frozen import Frozen, read_only
from lightlane._operating import OperatingMargin
from lightlane._plot import ReportPlots, SimulationPlots

if TYPE_CHECKING:
    import xarray

    from lightlane._config import Lane

__all__ = [
    "Bathtub",
    "ChannelResponse",
    "Clock",
    "Equalizer",
    "Eye",
    "EyeDensity",
    "LaneReport",
    "PulseResponse",
    "Ranged",
    "Simulation",
]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ChannelResponse:
    """Transfer function from the transmitter's output to the receiver's input.

    Attributes
    ----------
    freq_hz : numpy.ndarray
        Frequencies from 0 Hz, ascending.
    h : numpy.ndarray
        Complex voltage transfer; small-signal across optics.
    """

    freq_hz: Array
    h: NDArray[np.complex128]

    @property
    def loss_db(self) -> Array:
        """Loss at every frequency, dB."""
        with np.errstate(divide="ignore"):
            return read_only(np.asarray(-20.0 * np.log10(np.abs(self.h))))


@dataclass(frozen=True, slots=True)
class PulseResponse:
    """Response to one symbol of the transmitter's amplitude.

    Attributes
    ----------
    time_s : numpy.ndarray
        Time of each sample from the centre of the transmitted symbol.
    v : numpy.ndarray
        Voltage.
    samples_per_symbol : int
        Samples a symbol.
    cursor_index : int
        Index of the sampling instant of the cursor.
    """

    time_s: Array
    v: Array
    samples_per_symbol: int
    cursor_index: int

    @property
    def cursors_v(self) -> Array:
        """One value a symbol at the sampling phase, in time order."""
        return self.v[self.cursor_index % self.samples_per_symbol :: self.samples_per_symbol]


@dataclass(frozen=True, slots=True)
class Equalizer:
    """The equalizer that the receiver settled on.

    Attributes
    ----------
    ctle_gdc_db, ctle_gdc2_db : float or None
        Gains of the CTLE; None without one.
    ffe : numpy.ndarray
        Taps in time order.
    ffe_pre : int
        Index of the main tap.
    dfe : numpy.ndarray
        Feedback relative to the cursor.
    sampling_ui : float
        Sampling instant from the centre of the transmitted symbol, UI.
    """

    ctle_gdc_db: float | None
    ctle_gdc2_db: float | None
    ffe: Array
    ffe_pre: int
    dfe: Array
    sampling_ui: float


@dataclass(frozen=True, slots=True)
class Ranged:
    """A figure folded over graded ledger entries.

    Attributes
    ----------
    value, low, high : float
        From the central values of the entries, and its bounds over their ranges.
    grade : str
        The weakest grade among them.
    """

    value: float
    low: float
    high: float
    grade: str


@dataclass(frozen=True, slots=True)
class Eye:
    """Statistical eye at the slicer, decision feedback subtracted.

    Attributes
    ----------
    phase_ui : numpy.ndarray
        Sampling phase from the sampling instant, (P,).
    voltage_v : numpy.ndarray
        Voltage, (V,).
    density : numpy.ndarray
        Probability density, 1/V, (V, P).
    contour_probability : numpy.ndarray
        Probabilities of the contours, (C,).
    contours_v : numpy.ndarray
        Lower and upper edge of each opening, (C, openings, 2, P); nan where it is closed.
    """

    phase_ui: Array
    voltage_v: Array
    density: Array
    contour_probability: Array
    contours_v: Array

    def height_v(self, probability: float) -> Array:
        """Height of each opening at the sampling instant at one of the contours' probabilities; 0 where closed."""
        c = int(np.argmin(np.abs(np.log(self.contour_probability / probability))))
        if not math.isclose(self.contour_probability[c], probability, rel_tol=1e-6):
            requirement = "one of " + ", ".join(f"{p:.0e}" for p in self.contour_probability)
            raise ParameterError(
                f"probability = {probability}: must be {requirement}", "probability", probability, requirement
            )
        edges = self.contours_v[c, :, :, int(np.argmin(np.abs(self.phase_ui)))]
        return read_only(np.nan_to_num(edges[:, 1] - edges[:, 0]))


@dataclass(frozen=True, slots=True)
class Bathtub:
    """Error ratio against the sampling phase with the thresholds fixed, and against the thresholds.

    Attributes
    ----------
    phase_ui, ber : numpy.ndarray
        Sampling phase from the sampling instant and the bit error ratio there.
    threshold_v : numpy.ndarray
        Voltage of a threshold, (V,).
    threshold_error_ratio : numpy.ndarray
        Share of all symbols that each opening's threshold gets wrong there, (openings, V).
    """

    phase_ui: Array
    ber: Array
    threshold_v: Array
    threshold_error_ratio: Array

    def dual_dirac(self, *, highest: float = 1e-3, lowest: float = 1e-18) -> DualDirac:
        """Fit the dual-Dirac model to the flanks: an extrapolation, beside the exact `ber`.

        Parameters
        ----------
        highest, lowest : float
            Error ratios between which points are used; at least two of each flank.

        Returns
        -------
        DualDirac
            Random jitter, distance of the impulses, and total jitter at any error ratio.

        Raises
        ------
        ParameterError
            For fewer than two points of a flank.

        Notes
        -----
        A lane's bathtub closes by noise and interference as well as by jitter; the fit tells all of it as jitter.
        """
        return fit_bathtub(self.phase_ui, self.ber, highest, lowest)


class LaneReport(Frozen):
    """What the statistical engine and the code make of a lane.

    Every figure is a plain attribute; `eye` and `bathtub` are computed when first asked for.

    Attributes
    ----------
    ber, ser : float
        Error ratios before FEC, for independent uniform symbols.
    ber_kind : str
        ``"model"``; ``"bound"`` with sequence detection, where `ber` is the union of its error events or, where that is
        no better, the figure of decision feedback.
    ber_ideal_feedback : float
        `ber` with perfect decisions in the feedback.
    burst_continuation : float
        Probability that a wrong decision is followed by another one.
    margin_db : float
        dB (20 log10) by which all Gaussian noise may grow until `ber` reaches `ber_limit`.
    ber_limit : float
        The error ratio that the margin is taken to.
    snr_db : float
        10 log10(E[signal^2]/sigma^2) at the slicer, sigma^2 the sum of squares of `noise_budget`.
    ber_after_fec, frame_loss_ratio, codeword_error_ratio : float
        What the lane's code leaves; nan where it has none.
    levels_v, level_noise_v, thresholds_v : numpy.ndarray
        What the slicer sees, ascending.
    nonlinear_residual : float or None
        max|u| over the half-eye of an optical lane's table; None for a linear lane.
    noise_budget : Mapping[str, float]
        V rms at the slicer by source.
    electrical_loss_db : float
        Loss at the Nyquist frequency that the SerDes equalizes.
    energy_j_per_bit, latency_s : Ranged
        Energy per payload bit of one end, and latency of the lane.
    equalizer : Equalizer
        What the receiver settled on.
    mlsd : Detection or None
        Sequence detection beside the decision feedback that it replaces; None without.
    stages : tuple of Mapping
        The optical path stage by stage; empty for copper.
    warnings : tuple of str
        What was assumed or is close to a limit of the model.
    assumptions : tuple of Mapping
        Numbers of the configuration that rest on assumptions: path, value, grade, source.
    """

    def __init__(self, native: _native.LaneReport, lane: Lane) -> None:
        self._native = native
        self._asked = lane
        figures: dict[str, Any] = json.loads(native.figures())
        self._resolved: str = json.dumps(figures["lane"])
        self.ber: float = figures["ber"]
        self.ser: float = figures["ser"]
        self.ber_kind: str = figures["ber_kind"]
        self.ber_ideal_feedback: float = figures["ber_ideal_feedback"]
        self.burst_continuation: float = figures["burst_continuation"]
        self.snr_db = _number(figures["snr_db"])
        self.margin_db = _number(figures["margin_db"])
        self.ber_limit: float = figures["ber_limit"]
        self.ber_after_fec: float = figures["ber_after_fec"]
        self.frame_loss_ratio = _number(figures["frame_loss_ratio"])
        self.codeword_error_ratio = _number(figures["codeword_error_ratio"])
        self.electrical_loss_db = _number(figures["electrical_loss_db"])
        self.nonlinear_residual: float | None = figures["nonlinear_residual"]
        self.noise_budget: Mapping[str, float] = MappingProxyType(dict(figures["noise_budget"]))
        self.energy_j_per_bit = Ranged(**figures["energy_j_per_bit"])
        self.latency_s = Ranged(**figures["latency_s"])
        self.warnings: tuple[str, ...] = tuple(figures["warnings"])
        self.assumptions: tuple[Mapping[str, str], ...] = tuple(
            MappingProxyType(a) for a in figures["assumptions"]
        )
        self.stages: tuple[Mapping[str, Any], ...] = tuple(
            MappingProxyType({**s, "loss_db": _number(s["loss_db"])}) for s in figures["stages"]
        )
        self.levels_v = _reals(figures["levels_v"])
        self.level_noise_v = _reals(figures["level_noise_v"])
        self.thresholds_v = _reals(figures["thresholds_v"])
        mlsd = figures["mlsd"]
        self.mlsd: Detection | None = None if mlsd is None else Detection.of(mlsd)
        found = figures["equalizer"]
        self.equalizer = Equalizer(**{**found, "ffe": _reals(found["ffe"]), "dfe": _reals(found["dfe"])})
        self._freeze()

    @cached_property
    def lane(self) -> Lane:
        """The lane with everything automatic resolved: simulate it, freeze it, compare it."""
        return self._asked._resolved_as(self._resolved)

    @cached_property
    def channel_response(self) -> ChannelResponse:
        """Transfer from transmitter to receiver input."""
        return ChannelResponse(*self._native.channel_response())

    @cached_property
    def pulse_response(self) -> PulseResponse:
        """Pulse at the receiver's input behind its front-end filter, before CTLE and FFE."""
        return PulseResponse(*self._native.pulse_response())

    @cached_property
    def equalized_pulse(self) -> PulseResponse:
        """Pulse after CTLE and FFE."""
        return PulseResponse(*self._native.equalized_pulse())

    @cached_property
    def eye(self) -> Eye:
        """Statistical eye, with contours from 1e-3 to 1e-18."""
        return Eye(*self._native.eye())

    @cached_property
    def bathtub(self) -> Bathtub:
        """Error ratio against phase and threshold."""
        return Bathtub(*self._native.bathtub())

    def operating_margin(self, der: float | None = None) -> OperatingMargin:
        """Channel operating margin of this lane, whatever its medium.

        Parameters
        ----------
        der : float, optional
            Detector error ratio DER_0; the one that belongs to `ber_limit` if None (``ber_limit`` / 0.75 for PAM4).

        Returns
        -------
        OperatingMargin
            The margin and what it is made of.

        Raises
        ------
        ParameterError
            Unless 0 < der < 0.5.

        Examples
        --------
        >>> import lightlane as ll
        >>> report = ll.presets.lane("cpo-dr1").analyze()
        >>> margin = report.operating_margin()
        >>> 0 < margin.com_db <= report.margin_db
        True
        """
        return OperatingMargin(*self._native.operating_margin(der))

    @property
    def plot(self) -> ReportPlots:
        """Plots: ``plot()`` for the four panels, ``plot.eye(ax=None)`` and so on for one."""
        return ReportPlots(self)

    def to_xarray(self) -> xarray.Dataset:
        """Return the responses and figures as a labelled Dataset; its attrs carry figures, config hash and version."""
        import xarray

        channel, before, after = self.channel_response, self.pulse_response, self.equalized_pulse
        return xarray.Dataset(
            {
                "loss_db": ("freq_hz", channel.loss_db, {"units": "dB"}),
                "pulse_v": ("time_s", before.v, {"units": "V"}),
                "equalized_pulse_v": ("equalized_time_s", after.v, {"units": "V"}),
                "noise_v": ("source", list(self.noise_budget.values()), {"units": "V"}),
                "level_v": ("level", self.levels_v, {"units": "V"}),
                "level_noise_v": ("level", self.level_noise_v, {"units": "V"}),
            },
            coords={
                "freq_hz": ("freq_hz", channel.freq_hz, {"units": "Hz"}),
                "time_s": ("time_s", before.time_s, {"units": "s"}),
                "equalized_time_s": ("equalized_time_s", after.time_s, {"units": "s"}),
                "source": list(self.noise_budget),
                "level": np.arange(len(self.levels_v)),
            },
            attrs={
                "ber": self.ber,
                "ser": self.ser,
                "snr_db": self.snr_db,
                "margin_db": self.margin_db,
                "version": _native.__version__,
                "config_hash": self._asked.digest,
            },
        )

    def _repr_html_(self) -> str:
        return report_card(self)

    def __repr__(self) -> str:
        return f"<LaneReport ber={self.ber:.3e} margin={self.margin_db:+.2f} dB after_fec={self.ber_after_fec:.3e}>"


@dataclass(frozen=True, slots=True)
class EyeDensity:
    """Density of the slicer's input over one UI, from the samples of a run; feedback of the decisions subtracted.

    Attributes
    ----------
    phase_ui : numpy.ndarray
        Sampling phase from the instant at which symbols are decided, (P,).
    voltage_v : numpy.ndarray
        Voltage, (V,).
    density : numpy.ndarray
        Probability density, 1/V, (V, P).
    """

    phase_ui: Array
    voltage_v: Array
    density: Array


@dataclass(frozen=True, slots=True)
class Clock:
    """What clock recovery did in a run.

    Attributes
    ----------
    lock_phase_ui : float
        Mean sampling phase from the receiver's own instant, sinusoidal jitter taken out.
    untracked_ui : float
        Standard deviation of the sampling phase less the sinusoidal jitter, UI.
    time_to_lock : int
        Symbols until the phase stayed within 0.02 UI of where settling ended.
    n_slips : int
        Symbols lost or gained while errors were counted.
    """

    lock_phase_ui: float
    untracked_ui: float
    time_to_lock: int
    n_slips: int


class Simulation(Frozen):
    """Errors counted bit by bit.

    Attributes
    ----------
    ber, ser : float
        Counted error ratios.
    n_symbols, n_bits, n_symbol_errors, n_bit_errors : int
        What was compared, and what was wrong.
    burst_lengths : numpy.ndarray
        Element L is the number of runs of exactly L consecutive wrong symbols.
    codeword_errors : numpy.ndarray
        Element e is the number of whole codewords of the lane's code with exactly e wrong Reed-Solomon symbols, under
        the lane's interleaving and after its precoding is undone; empty without a code.
    codeword_error_ratio : float
        Share of the codewords that cannot be corrected; nan without a whole codeword.
    seed : int
        Seed of the run.
    simd_level : str
        The kernels that ran.
    mode : str
        ``"baud"`` or ``"waveform"``.
    settling_symbols : int
        Symbols that a waveform run took before the first that it counted; 0 in baud mode.
    n_clipped : int
        Samples of a waveform run that clipped at the converter.
    clock : Clock or None
        Clock recovery of a waveform run; None without.
    dfe : Simulation or None
        Decision feedback on the same samples, where a sequence was detected instead of it; None otherwise.
    adapted : Adapted or None
        What the equalizer learnt in a run with ``adapt=``; None without.
    """

    def __init__(
        self,
        native: _native.Counts,
        seed: int,
        config_hash: str,
        waveform: _native.WaveformCounts | None = None,
        dfe: _native.Counts | None = None,
        adapted: Adapted | None = None,
    ) -> None:
        self._native = native
        self._config_hash = config_hash
        self._waveform = waveform
        self.mode = "baud" if waveform is None else "waveform"
        self.settling_symbols: int = 0 if waveform is None else waveform.settling_symbols
        self.n_clipped: int = 0 if waveform is None else waveform.n_clipped
        clock = None if waveform is None else waveform.clock()
        self.clock = None if clock is None else Clock(*clock)
        self.adapted = adapted
        self.dfe = None if dfe is None else Simulation(dfe, seed, config_hash)
        self.seed = int(seed)
        self.n_symbols: int = native.n_symbols
        self.n_bits: int = native.n_bits
        self.n_symbol_errors: int = native.n_symbol_errors
        self.n_bit_errors: int = native.n_bit_errors
        self.ber: float = self.n_bit_errors / self.n_bits
        self.ser: float = self.n_symbol_errors / self.n_symbols
        self.burst_lengths = _counts(native.burst_lengths)
        self.codeword_errors = _counts(native.codeword_errors)
        self.codeword_error_ratio: float = native.codeword_error_ratio
        self.simd_level: str = native.simd_level
        self._freeze()

    @cached_property
    def eye(self) -> EyeDensity:
        """Density image of the slicer's input; a ParameterError in baud mode, which has one phase only."""
        if self._waveform is None:
            requirement = "'waveform' for an eye; lane.analyze().eye is the statistical one"
            raise ParameterError(f"mode = 'baud': must be {requirement}", "mode", "baud", requirement)
        return EyeDensity(*self._waveform.eye())

    @property
    def plot(self) -> SimulationPlots:
        """Plots: ``plot.eye(ax=None)``."""
        return SimulationPlots(self)

    def ber_interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Clopper-Pearson interval of the bit error ratio, exact for independent errors."""
        return self._native.ber_interval(confidence)

    def agrees_with(self, report: LaneReport, confidence: float = 0.999) -> bool:
        """Whether the count is compatible with a report's prediction; errors in bursts are allowed for.

        Where the prediction is a bound (sequence detection), the count may be down to half of it. Decision feedback on
        the same samples, `dfe`, is compared with the report's ``mlsd.dfe_ber``.
        """
        if not isinstance(report, LaneReport):
            raise wrong_type("report", report, "what Lane.analyze returned")
        if report.mlsd is not None and self.dfe is None:
            return self._native.agrees_with(report.mlsd.dfe_ber, confidence)
        if report.ber_kind == "bound":
            return self._native.agrees_with_bound(report.ber, confidence)
        return self._native.agrees_with(report.ber, confidence)

    def to_xarray(self) -> xarray.Dataset:
        """Return the counts as a labelled Dataset; its attrs carry figures, seed, config hash and version.

        ``burst_lengths`` lies over ``burst_length`` in symbols and ``codeword_errors`` over ``wrong_symbols``.
        """
        import xarray

        return xarray.Dataset(
            {
                "burst_lengths": ("burst_length", self.burst_lengths, {"units": "1"}),
                "codeword_errors": ("wrong_symbols", self.codeword_errors, {"units": "1"}),
            },
            coords={
                "burst_length": np.arange(len(self.burst_lengths)),
                "wrong_symbols": np.arange(len(self.codeword_errors)),
            },
            attrs={
                "ber": self.ber,
                "ser": self.ser,
                "n_symbols": self.n_symbols,
                "n_bits": self.n_bits,
                "n_symbol_errors": self.n_symbol_errors,
                "n_bit_errors": self.n_bit_errors,
                "codeword_error_ratio": self.codeword_error_ratio,
                "seed": self.seed,
                "simd_level": self.simd_level,
                "version": _native.__version__,
                "config_hash": self._config_hash,
            },
        )

    def _repr_html_(self) -> str:
        return simulation_card(self)

    def __repr__(self) -> str:
        low, high = self.ber_interval()
        counted = f"{self.n_bit_errors} errors in {self.n_bits} bits"
        return f"<Simulation ber={self.ber:.3e} [{low:.3e}, {high:.3e}] {counted}>"


def _reals(values: Any) -> Array:
    return read_only(np.array(values, dtype=np.float64))


def _counts(values: Any) -> NDArray[np.int64]:
    return read_only(np.array(values, dtype=np.int64))


def _number(value: float | str | None) -> float:
    """JSON has no infinity and no nan: they come as texts and None."""
    return math.nan if value is None else float(value)
