"""What an equalizer learnt while it ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from lightlane import _native
    from lightlane._config import Lane, Receiver

__all__ = ["Adapted"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Adapted:
    """Taps and convergence of a run with ``lane.simulate(adapt=...)``, as `Simulation.adapted` has them.

    Attributes
    ----------
    ffe : numpy.ndarray
        FFE taps after the last symbol, in time order; the main one is 1 in magnitude.
    dfe : numpy.ndarray
        DFE taps after the last symbol, relative to the cursor.
    receiver : Receiver
        The receiver frozen with these taps: ``lane.replace(receiver=...)`` analyses them, resumes from them, or runs
        with them.
    error_rms : float
        Rms error over the symbols that count, in outer levels.
    error_rms_trace : numpy.ndarray
        The same over each `trace_symbols` of training and settling before them: how it converged.
    trace_symbols : int
        Symbols of one entry of the trace.
    """

    ffe: NDArray[np.float64]
    dfe: NDArray[np.float64]
    receiver: Receiver
    error_rms: float
    error_rms_trace: NDArray[np.float64]
    trace_symbols: int

    @classmethod
    def of(cls, native: _native.AdaptiveCounts, lane: Lane, trace_symbols: int) -> Adapted:
        """Make it from what a native run left of `lane`."""
        ffe, dfe, trace = native.arrays()
        return cls(
            ffe=ffe,
            dfe=dfe,
            receiver=lane._resolved_as(native.lane()).receiver,
            error_rms=native.error_rms,
            error_rms_trace=trace,
            trace_symbols=trace_symbols,
        )
