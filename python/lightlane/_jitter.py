"""Jitter tolerance and transfer of a lane's clock recovery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lightlane import _native

if TYPE_CHECKING:
    from lightlane._methods import LaneMethods

__all__ = ["JitterTolerance", "JitterTransfer", "jitter_tolerance", "jitter_transfer"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class JitterTransfer:
    """What clock recovery makes of sinusoidal jitter.

    Attributes
    ----------
    frequency_hz : numpy.ndarray
        Frequencies, (F,).
    gain : numpy.ndarray
        Amplitude of the sampling phase over that of the jitter, measured, (F,).
    model : numpy.ndarray
        Magnitude of the transfer of the second-order loop without latency, (F,).
    """

    frequency_hz: Array
    gain: Array
    model: Array


@dataclass(frozen=True, slots=True)
class JitterTolerance:
    """Largest sinusoidal jitter at which a lane stays within an error ratio.

    Attributes
    ----------
    frequency_hz : numpy.ndarray
        Frequencies, (F,).
    amplitude_ui : numpy.ndarray
        Largest amplitude, UI zero to peak (masks are often peak to peak), to 5 %; inf above 8 UI, (F,).
    ber : numpy.ndarray
        Bit error ratio counted there, (F,).
    """

    frequency_hz: Array
    amplitude_ui: Array
    ber: Array


def jitter_transfer(
    lane: LaneMethods,
    frequencies_hz: ArrayLike | Sequence[float],
    amplitude_ui: float,
    settings: tuple[int, int, int | None],
) -> JitterTransfer:
    """Measure the sampling phase that follows sinusoidal jitter; settings are n_symbols, seed and threads."""
    text, networks, frequencies = _asked(lane, frequencies_hz)
    return JitterTransfer(
        *_native.jitter_transfer(text, networks, frequencies, float(amplitude_ui), *settings)
    )


def jitter_tolerance(
    lane: LaneMethods,
    frequencies_hz: ArrayLike | Sequence[float],
    ber_limit: float,
    settings: tuple[int, int, int | None],
) -> JitterTolerance:
    """Find the largest sinusoidal jitter within an error ratio; settings are n_symbols, seed and threads."""
    text, networks, frequencies = _asked(lane, frequencies_hz)
    return JitterTolerance(
        *_native.jitter_tolerance(text, networks, frequencies, float(ber_limit), *settings)
    )


def _asked(
    lane: LaneMethods, frequencies_hz: ArrayLike
) -> tuple[str, dict[str, _native.Network], list[float]]:
    return *lane._native_arguments(), np.atleast_1d(np.asarray(frequencies_hz, dtype=float)).tolist()
