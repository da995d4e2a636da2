"""Power penalties and multipath interference: the part of `lightlane.optics` about what modulation they cost."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lightlane import _native
from lightlane._exceptions import refused
from lightlane._reals import leading_shape, numbers

__all__ = ["mpi_penalty_db", "mpi_rms", "noise_penalty_db", "rin_penalty_db"]


def noise_penalty_db(sigma_over_oma: ArrayLike, ser: ArrayLike) -> Any:
    """Return the penalty of noise in proportion to the modulation, optical dB: -5 log10(1 - (6 Q sigma/OMA)^2).

    Parameters
    ----------
    sigma_over_oma : float or array
        Rms of the Gaussian noise over the outer OMA.
    ser : float or array
        PAM4 symbol error ratio to keep, at most 0.75; Q is that of SER/1.5.

    Returns
    -------
    float or ndarray
        Penalty; infinite where no modulation is enough.

    Examples
    --------
    >>> import lightlane as ll
    >>> ll.optics.noise_penalty_db([0.02, 0.1], 4.8e-4).round(4).tolist()
    [0.399, inf]
    """
    return _native.noise_penalty_db(sigma_over_oma, ser)


def rin_penalty_db(
    rin_per_hz: ArrayLike, extinction_ratio_db: ArrayLike, noise_bandwidth_hz: ArrayLike, ser: ArrayLike
) -> Any:
    """Return the penalty of relative intensity noise, optical dB: an upper bound, the noise of the top level for all.

    Parameters
    ----------
    rin_per_hz : float or array
        RIN of the laser itself, 1/Hz; see `rin_from_rin_oma` for a standard's figure.
    extinction_ratio_db : float or array
        Extinction ratio, above 0 dB; ``math.inf`` for a dark lowest level.
    noise_bandwidth_hz : float or array
        Equivalent noise bandwidth, Hz.
    ser : float or array
        PAM4 symbol error ratio to keep, at most 0.75.

    Examples
    --------
    >>> import lightlane as ll
    >>> round(ll.optics.rin_penalty_db(ll.units.power_ratio(-145.0), 4.0, 50e9, 4.8e-4), 3)
    0.439
    """
    return _native.rin_penalty_db(rin_per_hz, extinction_ratio_db, noise_bandwidth_hz, ser)


def mpi_rms(reflectances_db: ArrayLike, loss_between_db: ArrayLike = 0.0) -> Any:
    """Return the ripple of the power by multipath interference, rms over the power.

    Parameters
    ----------
    reflectances_db : array
        Reflectances of the connectors in the light's order along the last axis, dB, at most 0; ``-math.inf`` for none.
    loss_between_db : float or array, default 0.0
        Loss one way between neighbours, dB: one number, or one for each gap along a last axis.

    Notes
    -----
    All pairs, each of a phase of its own, in the signal's polarization: an upper bound. The ripple is bounded and slow;
    a lane convolves its distribution instead of a Gaussian one.

    Examples
    --------
    >>> import lightlane as ll
    >>> print(f"{ll.optics.mpi_rms([-35.0, -35.0, -35.0, -35.0]):.4e}")
    1.0954e-03
    """
    reflectances, losses, lead = _rows(reflectances_db, loss_between_db)
    return _shaped(_native.mpi_rms(reflectances, losses), lead)


def mpi_penalty_db(
    reflectances_db: ArrayLike,
    extinction_ratio_db: ArrayLike,
    ser: ArrayLike,
    loss_between_db: ArrayLike = 0.0,
) -> Any:
    """Return the penalty of multipath interference at the top level, optical dB, its ripple taken as Gaussian.

    Parameters
    ----------
    reflectances_db : array
        As in `mpi_rms`.
    extinction_ratio_db : float or array
        Extinction ratio, above 0 dB; ``math.inf`` for a dark lowest level.
    ser : float or array
        PAM4 symbol error ratio to keep, at most 0.75.
    loss_between_db : float or array, default 0.0
        As in `mpi_rms`.

    Examples
    --------
    >>> import lightlane as ll
    >>> ll.optics.mpi_penalty_db([[-55.0] * 4, [-26.0] * 4], 4.0, 4.8e-4).round(3).tolist()
    [0.0, 0.199]
    """
    levels = [numbers("extinction_ratio_db", extinction_ratio_db), numbers("ser", ser)]
    reflectances, losses, lead = _rows(reflectances_db, loss_between_db, *levels)
    ratio, error = (np.broadcast_to(x, lead).ravel().tolist() for x in levels)
    return _shaped(_native.mpi_penalty_db(reflectances, ratio, error, losses), lead)


def _rows(
    reflectances_db: ArrayLike, loss_between_db: ArrayLike, *others: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[int, ...]]:
    """Return reflectances and losses as rows, and the shape that the rows make."""
    reflectances = numbers("reflectances_db", reflectances_db)
    if reflectances.ndim == 0:
        requirement = "an array of one number a connector"
        raise refused("reflectances_db", reflectances_db, requirement, repr(reflectances_db))
    losses = numbers("loss_between_db", loss_between_db)
    losses = losses[np.newaxis] if losses.ndim == 0 else losses
    shapes = (reflectances.shape[:-1], losses.shape[:-1], *(x.shape for x in others))
    lead = leading_shape("reflectances_db", *shapes)
    rows = [
        np.broadcast_to(x, (*lead, x.shape[-1])).reshape((math.prod(lead), x.shape[-1]))
        for x in (reflectances, losses)
    ]
    return rows[0], rows[1], lead


def _shaped(values: list[float], lead: tuple[int, ...]) -> Any:
    return np.array(values).reshape(lead) if lead else values[0]
