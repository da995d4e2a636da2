"""What a lane's signal looks like on its way, as a report has it: responses, equalizer, eye, bathtub."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lightlane._dual_dirac import DualDirac, fit_bathtub
from lightlane._exceptions import refused
from lightlane._frozen import read_only
from lightlane._reals import number

__all__ = ["Bathtub", "ChannelResponse", "Equalizer", "Eye", "PulseResponse", "Ranged"]

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
        probability = number("probability", probability)
        known = self.contour_probability
        c = int(np.argmin(np.abs(np.log(known / probability)))) if probability > 0.0 else 0
        if not math.isclose(self.contour_probability[c], probability, rel_tol=1e-6):
            requirement = "one of " + ", ".join(f"{p:.0e}" for p in self.contour_probability)
            raise refused("probability", probability, requirement)
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
