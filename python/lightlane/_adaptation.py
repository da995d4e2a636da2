"""What an equalizer learnt while it ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lightlane._card import card
from lightlane._dataset import dataset

if TYPE_CHECKING:
    import xarray

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
    seed : int
        Seed of the run.
    config_hash : str
        Digest of the lane and of its `Adaptation`.
    """

    ffe: NDArray[np.float64]
    dfe: NDArray[np.float64]
    receiver: Receiver
    error_rms: float
    error_rms_trace: NDArray[np.float64]
    trace_symbols: int
    seed: int
    config_hash: str

    @classmethod
    def of(
        cls, native: _native.Adapted, lane: Lane, trace_symbols: int, seed: int, config_hash: str
    ) -> Adapted:
        """Make it from what a native run left of `lane`."""
        ffe, dfe, trace = native.arrays()
        return cls(
            ffe=ffe,
            dfe=dfe,
            receiver=lane._resolved_as(native.lane()).receiver,
            error_rms=native.error_rms,
            error_rms_trace=trace,
            trace_symbols=trace_symbols,
            seed=seed,
            config_hash=config_hash,
        )

    def to_xarray(self) -> xarray.Dataset:
        """Return taps and trace as a labelled Dataset; ``symbol`` is the first of an entry of the trace.

        Its attrs carry the rms error, seed and config hash.
        """
        return dataset(
            {
                "ffe": ("ffe_tap", self.ffe, "1"),
                "dfe": ("dfe_tap", self.dfe, "1"),
                "error_rms_trace": ("symbol", self.error_rms_trace, "outer levels"),
            },
            {
                "ffe_tap": ("ffe_tap", np.arange(len(self.ffe)), "1"),
                "dfe_tap": ("dfe_tap", np.arange(1, len(self.dfe) + 1), "1"),
                "symbol": ("symbol", self.trace_symbols * np.arange(len(self.error_rms_trace)), "1"),
            },
            {
                "error_rms": self.error_rms,
                "trace_symbols": self.trace_symbols,
                "seed": self.seed,
                "config_hash": self.config_hash,
            },
        )

    def _repr_html_(self) -> str:
        rows = [
            ("FFE", ", ".join(f"{c:.3g}" for c in self.ffe)),
            ("DFE", ", ".join(f"{d:.3g}" for d in self.dfe) or "none"),
            ("rms error", f"{self.error_rms:.4g} outer levels"),
        ]
        return card("adapted equalizer", rows)
