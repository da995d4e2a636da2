"""Errors counted in the time domain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lightlane import _native
from lightlane._adaptation import Adapted
from lightlane._card import simulation_card
from lightlane._exceptions import refused, wrong_type
from lightlane._frozen import Frozen, read_only
from lightlane._plot import SimulationPlots
from lightlane._report import LaneReport

if TYPE_CHECKING:
    import xarray

__all__ = ["Clock", "EyeDensity", "Simulation"]

Array = NDArray[np.float64]


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
    transfer : float or None
        Amplitude of the sampling phase at the frequency of the sinusoidal jitter, over that of the jitter; None
        without such jitter.
    """

    lock_phase_ui: float
    untracked_ui: float
    time_to_lock: int
    n_slips: int
    transfer: float | None = None


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
    segments : tuple of Simulation
        Of a lane with retimers each segment, its errors against what it was sent; empty without. The lane's own errors
        are those of the last decisions against the symbols sent first; its eye and clock are those of the segment with
        most errors.
    """

    def __init__(
        self,
        native: _native.Counts,
        seed: int,
        config_hash: str,
        waveform: _native.WaveformCounts | None = None,
        dfe: _native.Counts | None = None,
        adapted: Adapted | None = None,
        segments: tuple[Simulation, ...] = (),
        of_retimed: bool = False,
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
        self.segments = segments
        self._of_retimed = of_retimed or bool(segments)
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
            raise refused("mode", "baud", requirement, "'baud'")
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
        if report.mlsd is not None and self.dfe is None and not self._of_retimed:
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


def _counts(values: Any) -> NDArray[np.int64]:
    return read_only(np.array(values, dtype=np.int64))
