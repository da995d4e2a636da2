"""Sequence detection beside the decision feedback that it replaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lightlane._card import card
from lightlane._dataset import dataset
from lightlane._frozen import read_only
from lightlane._text import decibels

if TYPE_CHECKING:
    import xarray

__all__ = ["Detection"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Detection:
    """The sequence detector of a lane, as `LaneReport.mlsd` has it.

    Attributes
    ----------
    states : int
        States of the trellis: levels to the power of DFE taps and whitening taps together.
    feedback_v : numpy.ndarray
        Response to past symbols that the trellis knows of, V per V of level, the latest first.
    whitening : numpy.ndarray
        Filter before the trellis, 1 first; a single 1 without whitening.
    gain_db : float
        What detection gains over the slicer with correct feedback where errors are rare: 20 log10 of the least
        distance of its error events over that of the slicer, both in standard deviations of what disturbs them.
        10 log10(1 + a^2) on 1 + aD in white noise (G. D. Forney, IEEE Trans. Inf. Theory 18 (1972) 363).
    dfe_ser, dfe_ber : float
        Error ratios of decision feedback in the detector's place.
    config_hash : str
        Digest of the lane.

    Examples
    --------
    >>> from lightlane import presets
    >>> lane = presets.lane("copper-kr1")
    >>> report = lane.replace(receiver=lane.receiver.replace(mlsd=True)).analyze()
    >>> report.ber_kind, report.mlsd.states, report.ber < report.mlsd.dfe_ber
    ('bound', 4, True)
    """

    states: int
    feedback_v: NDArray[np.float64]
    whitening: NDArray[np.float64]
    gain_db: float
    dfe_ser: float
    dfe_ber: float
    config_hash: str

    @classmethod
    def of(cls, figures: dict[str, Any], config_hash: str) -> Detection:
        """Make it from the figures of a native report."""
        reals = {
            name: read_only(np.array(figures[key], dtype=np.float64))
            for name, key in (("feedback_v", "feedback"), ("whitening", "whitening"))
        }
        gain = figures["gain_db"]
        return cls(
            states=figures["states"],
            gain_db=float("nan") if gain is None else float(gain),
            dfe_ser=figures["dfe_ser"],
            dfe_ber=figures["dfe_ber"],
            config_hash=config_hash,
            **reals,
        )

    def to_xarray(self) -> xarray.Dataset:
        """Return the detector's responses as a labelled Dataset over ``lag`` in symbols; figures are its attrs."""
        return dataset(
            {
                "feedback_v": ("lag", self.feedback_v, "V"),
                "whitening": ("whitening_lag", self.whitening, "1"),
            },
            {
                "lag": ("lag", np.arange(1, len(self.feedback_v) + 1), "1"),
                "whitening_lag": ("whitening_lag", np.arange(len(self.whitening)), "1"),
            },
            {
                "states": self.states,
                "gain_db": self.gain_db,
                "dfe_ser": self.dfe_ser,
                "dfe_ber": self.dfe_ber,
                "config_hash": self.config_hash,
            },
        )

    def _repr_html_(self) -> str:
        rows = [
            ("trellis", f"{self.states} states"),
            ("gain over the slicer", decibels(self.gain_db, 2)),
            ("BER of decision feedback", f"{self.dfe_ber:.3e}"),
            ("whitening", ", ".join(f"{w:.3g}" for w in self.whitening)),
        ]
        return card("sequence detection", rows)
