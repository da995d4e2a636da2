"""Jitter tolerance and transfer of a lane's clock recovery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lightlane import _native
from lightlane._card import card
from lightlane._dataset import dataset
from lightlane._exceptions import refused, wrong_type
from lightlane._frozen import read_only
from lightlane._reals import number

if TYPE_CHECKING:
    import xarray

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
    seed : int
        Seed of the runs.
    config_hash : str
        Digest of the lane.
    """

    frequency_hz: Array
    gain: Array
    model: Array
    seed: int
    config_hash: str

    def to_xarray(self) -> xarray.Dataset:
        """Return the transfer as a labelled Dataset over ``frequency_hz``; attrs carry seed and config hash."""
        at = "frequency_hz"
        return dataset(
            {"gain": (at, self.gain, "1"), "model": (at, self.model, "1")},
            {at: (at, self.frequency_hz, "Hz")},
            {"seed": self.seed, "config_hash": self.config_hash},
        )

    def _repr_html_(self) -> str:
        rows = zip(self.frequency_hz, self.gain, self.model, strict=True)
        return card("jitter transfer", [(f"{f / 1e6:g} MHz", f"{g:.3f} (loop {m:.3f})") for f, g, m in rows])


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
    mask_ui : numpy.ndarray
        What 802.3dj asks of a receiver, UI zero to peak, (F,); nan below 40 kHz and above 40 MHz, where it asks for
        nothing. Draft: IEEE P802.3dj/D1.3, Table 179-12, as quoted in public engineering notes.
    passes : numpy.ndarray
        Whether `amplitude_ui` reaches the mask, (F,); True where there is none.
    seed : int
        Seed of the runs.
    config_hash : str
        Digest of the lane.
    """

    frequency_hz: Array
    amplitude_ui: Array
    ber: Array
    mask_ui: Array
    passes: NDArray[np.bool_]
    seed: int
    config_hash: str

    def to_xarray(self) -> xarray.Dataset:
        """Return the tolerance and its mask as a labelled Dataset over ``frequency_hz``.

        Its attrs carry the mask's source, seed and config hash.
        """
        at = "frequency_hz"
        return dataset(
            {
                "amplitude_ui": (at, self.amplitude_ui, "UI"),
                "ber": (at, self.ber, "1"),
                "mask_ui": (at, self.mask_ui, "UI"),
                "passes": (at, self.passes, "1"),
            },
            {at: (at, self.frequency_hz, "Hz")},
            {
                "mask": "IEEE P802.3dj/D1.3, Table 179-12 (draft)",
                "seed": self.seed,
                "config_hash": self.config_hash,
            },
        )

    def _repr_html_(self) -> str:
        def told(amplitude_ui: float, mask_ui: float, passes: bool) -> str:
            if np.isnan(mask_ui):
                return f"{amplitude_ui:.3g} UI"
            return f"{amplitude_ui:.3g} UI ({'passes' if passes else 'fails'}, mask {mask_ui:.3g} UI)"

        rows = zip(self.frequency_hz, self.amplitude_ui, self.mask_ui, self.passes, strict=True)
        return card(
            "jitter tolerance, zero to peak", [(f"{f / 1e6:g} MHz", told(a, m, p)) for f, a, m, p in rows]
        )


def jitter_transfer(
    lane: LaneMethods,
    frequencies_hz: ArrayLike | Sequence[float],
    amplitude_ui: float,
    settings: tuple[int, int, int | None],
) -> JitterTransfer:
    """Measure the sampling phase that follows sinusoidal jitter; settings are n_symbols, seed and threads."""
    amplitude = number("amplitude_ui", amplitude_ui)
    text, networks, frequencies = _asked(lane, frequencies_hz)
    found = _native.jitter_transfer(text, networks, frequencies, amplitude, *settings)
    return JitterTransfer(*found, settings[1], lane.digest)


def jitter_tolerance(
    lane: LaneMethods,
    frequencies_hz: ArrayLike | Sequence[float],
    ber_limit: float,
    settings: tuple[int, int, int | None],
) -> JitterTolerance:
    """Find the largest sinusoidal jitter within an error ratio; settings are n_symbols, seed and threads."""
    limit = number("ber_limit", ber_limit)
    text, networks, frequencies = _asked(lane, frequencies_hz)
    found = _native.jitter_tolerance(text, networks, frequencies, limit, *settings)
    frequency_hz, amplitude_ui, ber, mask_ui, passes = found
    met = read_only(np.array(passes, dtype=np.bool_))
    return JitterTolerance(frequency_hz, amplitude_ui, ber, mask_ui, met, settings[1], lane.digest)


def _asked(
    lane: LaneMethods, frequencies_hz: ArrayLike
) -> tuple[str, dict[str, _native.Network], list[float]]:
    try:
        frequencies = np.atleast_1d(np.asarray(frequencies_hz, dtype=float))
    except (TypeError, ValueError):
        raise wrong_type("frequencies_hz", frequencies_hz, "an array of real numbers") from None
    if frequencies.ndim > 1:
        shape = f"an array of shape {frequencies.shape}"
        raise refused("frequencies_hz", frequencies.shape, "a number or one dimension of them", shape)
    return *lane._native_arguments(), frequencies.tolist()
