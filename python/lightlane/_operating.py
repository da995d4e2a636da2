"""The operating margin of a lane: COM, whatever the medium."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["OperatingMargin"]


class OperatingMargin(NamedTuple):
    """How much all that is not signal may grow until the detector error ratio is reached.

    Noise, interference, crosstalk and jitter grow together until an edge - a level and a threshold beside it - is
    crossed with probability `der`, averaged over the edges. For equidistant levels with the same noise this is the
    20 log10(A_s/A_ni) of Annex 93A; the noise of each level is its own, so that light has the same margin.

    Attributes
    ----------
    com_db : float
        The margin, dB: ``com_dfe_db`` + ``mlsd_gain_db``.
    mlsd_gain_db : float
        What sequence detection gains where errors are rare; 0 without it.
    com_dfe_db : float
        The margin of the slicer with correct feedback.
    signal_v, noise_v : float
        A_s, the mean distance of levels and thresholds, and A_ni = A_s 10^(-com_dfe_db/20), V.
    der : float
        DER_0.
    edge_ratio : float
        Mean probability that an edge is crossed now; at most `der` exactly where ``com_dfe_db`` is at least 0.
    """

    com_db: float
    mlsd_gain_db: float
    com_dfe_db: float
    signal_v: float
    noise_v: float
    der: float
    edge_ratio: float
