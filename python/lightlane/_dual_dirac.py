"""Dual-Dirac fit of a bathtub or of crossing times: an extrapolation, beside whatever is exact."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lightlane._card import card
from lightlane._dataset import dataset
from lightlane._exceptions import refused
from lightlane._reals import number, reals

if TYPE_CHECKING:
    import xarray

__all__ = ["DualDirac", "fit_bathtub", "fit_crossings"]

Reals = NDArray[np.float64]

#: Fewest points of a flank: two make a line.
_FEWEST = 2
#: Fewest crossing times of a tail that is fitted.
_FEWEST_CROSSINGS = 50
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class DualDirac:
    """Two Dirac impulses of deterministic jitter, smeared by one Gaussian of random jitter.

    An **extrapolation**: the total jitter at an error ratio that no point of the fit reached supposes that the tails
    stay Gaussian. ``TJ(BER) = DJ_dd + 2 Q^-1(BER) RJ`` (MJSQ, INCITS TR-35-2004); DJ_dd is a parameter of the model,
    smaller than the deterministic jitter's peak-to-peak.

    Attributes
    ----------
    rj_rms_ui : float
        Random jitter, UI rms: mean of the two flanks.
    dj_dd_ui : float
        Distance of the two impulses, UI.
    centre_ui : float
        Middle of the opening, or of the crossings.
    lowest_ratio : float
        Smallest error ratio, or share of the crossings, of the fit: beyond it is extrapolated.
    residual_ui : float
        Root mean square of what the two lines leave, UI.
    """

    rj_rms_ui: float
    dj_dd_ui: float
    centre_ui: float
    lowest_ratio: float
    residual_ui: float

    def tj_ui(self, ber: float) -> float:
        """Total jitter at an error ratio, UI: ``DJ_dd + 2 Q^-1(BER) RJ``.

        Parameters
        ----------
        ber : float
            Error ratio above 0 and at most 1/2.

        Examples
        --------
        >>> from lightlane import DualDirac
        >>> fit = DualDirac(rj_rms_ui=0.01, dj_dd_ui=0.1, centre_ui=0.0, lowest_ratio=1e-6, residual_ui=0.0)
        >>> round(fit.tj_ui(1e-12), 4)
        0.2407
        """
        return float(self.dj_dd_ui + 2.0 * _inverse_q("ber", ber) * self.rj_rms_ui)

    def opening_ui(self, ber: float) -> float:
        """Width of the opening at an error ratio, UI: one less `tj_ui`, 0 when closed."""
        return max(0.0, 1.0 - self.tj_ui(ber))

    def to_xarray(self) -> xarray.Dataset:
        """Return total jitter and opening, extrapolated, as a Dataset over ``ber``; attrs carry the fit."""
        ber = np.logspace(-3, -18, 16)
        total = np.array([self.tj_ui(b) for b in ber])
        opening = np.array([self.opening_ui(b) for b in ber])
        return dataset(
            {"tj_ui": ("ber", total, "UI"), "opening_ui": ("ber", opening, "UI")},
            {"ber": ("ber", ber, "1")},
            asdict(self),
        )

    def _repr_html_(self) -> str:
        rows = [
            ("random jitter", f"{self.rj_rms_ui:.4g} UI rms"),
            ("deterministic jitter, dual Dirac", f"{self.dj_dd_ui:.4g} UI"),
            ("total jitter at 1e-12", f"{self.tj_ui(1e-12):.4g} UI"),
            ("fitted down to", f"{self.lowest_ratio:.1e}"),
        ]
        return card("dual-Dirac fit", rows, ["an extrapolation below the ratios fitted"])


def fit_bathtub(phase_ui: Reals, ber: Reals, highest: float, lowest: float) -> DualDirac:
    """Fit a line to each flank of a bathtub, time against Q^-1(BER), through the points between the two ratios."""
    highest, lowest = number("highest", highest), number("lowest", lowest)
    if not 0.0 < lowest < highest <= 0.5:
        requirement = "above 0 and below highest, which is at most 0.5"
        raise refused("lowest", lowest, requirement)
    least = float(np.min(ber))
    # The floor may hold many phases, all of them 0 in a count: its middle.
    floor = np.flatnonzero(ber <= least * (1.0 + 1e-9))
    middle = int(floor[len(floor) // 2])
    used = (ber <= highest) & (ber >= lowest) & (ber > 0.0)
    left = np.flatnonzero(used[: middle + 1])
    right = middle + np.flatnonzero(used[middle:])
    for name, points in (("left", left), ("right", right)):
        if len(points) < _FEWEST:
            value = f"{len(points)} points between {lowest:.0e} and {highest:.0e}"
            requirement = f"at least {_FEWEST} points of the {name} flank"
            raise refused("bathtub", value, requirement)
        if len(np.unique(ber[points])) < 2:
            value = f"one ratio, {ber[points[0]]:.3g}, at all points of the {name} flank"
            requirement = "at least two different ratios a flank between lowest and highest"
            raise refused("bathtub", value, requirement)
    x = np.array([_inverse_q("ber", b) for b in np.clip(ber, 1e-300, 0.5)])
    (slope_l, at_l), (slope_r, at_r) = (_line(x[i], phase_ui[i]) for i in (left, right))
    if slope_l < slope_r:
        value = f"flanks whose random part is {0.5 * (slope_l - slope_r):.3g} UI"
        requirement = "flanks that fall toward the sampling instant"
        raise refused("bathtub", value, requirement)
    rest = np.concatenate(
        (phase_ui[left] - slope_l * x[left] - at_l, phase_ui[right] - slope_r * x[right] - at_r)
    )
    return DualDirac(
        rj_rms_ui=0.5 * (slope_l - slope_r),
        dj_dd_ui=1.0 - (at_r - at_l),
        centre_ui=0.5 * (at_r + at_l),
        lowest_ratio=float(min(ber[left].min(), ber[right].min())),
        residual_ui=float(np.sqrt(np.mean(rest**2))),
    )


def fit_crossings(times_ui: ArrayLike, highest: float = 0.05) -> DualDirac:
    """Fit the tails of measured crossing times, each impulse taken to hold half of them.

    Parameters
    ----------
    times_ui : array_like
        Time of each crossing from where it ought to be, UI, such as a time-interval error.
    highest : float, default 0.05
        Share of the crossings that each tail's fit uses, at most 1/4: half of one impulse's.

    Returns
    -------
    DualDirac
        The fit; `DualDirac.tj_ui` extrapolates it.

    Raises
    ------
    ParameterError
        For times that are not finite, fewer than 50 of them in a tail, or a share outside its domain.

    Examples
    --------
    >>> import numpy as np
    >>> import lightlane as ll
    >>> rng = np.random.default_rng(1)
    >>> times = 0.02 * rng.choice([-1, 1], 200_000) + 0.005 * rng.standard_normal(200_000)
    >>> fit = ll.dsp.dual_dirac(times)
    >>> abs(fit.dj_dd_ui - 0.04) < 0.001, abs(fit.rj_rms_ui - 0.005) < 0.0003
    (True, True)
    """
    times = np.sort(reals("times_ui", times_ui))
    highest = number("highest", highest)
    if not 0.0 < highest <= 0.25:
        requirement = "above 0 and at most 0.25, half of an impulse's crossings"
        raise refused("highest", highest, requirement)
    tail = int(highest * len(times))
    if tail < _FEWEST_CROSSINGS:
        requirement = f"enough that {highest:g} of them are at least {_FEWEST_CROSSINGS}"
        value = f"{len(times)} times"
        raise refused("times_ui", value, requirement)
    # The share beyond the i-th from the end, of the one impulse whose half of the crossings it belongs to.
    share = 2.0 * (np.arange(tail) + 0.5) / len(times)
    x = np.array([_inverse_q("share", s) for s in share])
    # A quantile's variance is s/n over the density's square: points weigh by the count behind them.
    weight = np.sqrt(np.arange(tail) + 0.5)
    slope_l, at_l = _line(x, times[:tail], weight)
    slope_r, at_r = _line(x, times[::-1][:tail], weight)
    rest = np.concatenate((times[:tail] - slope_l * x - at_l, times[::-1][:tail] - slope_r * x - at_r))
    return DualDirac(
        rj_rms_ui=0.5 * (slope_r - slope_l),
        dj_dd_ui=at_r - at_l,
        centre_ui=0.5 * (at_r + at_l),
        lowest_ratio=float(share[0]),
        residual_ui=float(np.sqrt(np.mean(rest**2))),
    )


def _line(x: Reals, y: Reals, weight: Reals | None = None) -> tuple[float, float]:
    slope, offset = np.polyfit(x, y, 1, w=weight)
    return float(slope), float(offset)


def _inverse_q(name: str, probability: float) -> float:
    share = number(name, probability)
    if not 0.0 < share <= 0.5:
        requirement = "above 0 and at most 0.5"
        raise refused(name, probability, requirement)
    return -_NORMAL.inv_cdf(share)
