"""Named conversions between ratios, decibels and powers. Each takes numbers or arrays.

Optical decibels are of power (10 log10), electrical decibels are of amplitude (20 log10).
"""

from __future__ import annotations

from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lightlane import _native

__all__ = ["amplitude_db", "amplitude_ratio", "dbm_to_w", "power_db", "power_ratio", "w_to_dbm"]

Reals = NDArray[np.float64]


@overload
def power_ratio(db: float) -> float: ...
@overload
def power_ratio(db: ArrayLike) -> Reals: ...
def power_ratio(db: ArrayLike) -> float | Reals:
    """Return the power ratio of a decibel figure, 10^(dB/10).

    Examples
    --------
    >>> import lightlane as ll
    >>> round(ll.units.power_ratio(3.0), 4)
    1.9953
    """
    return _native.power_ratio(db)


@overload
def amplitude_ratio(db: float) -> float: ...
@overload
def amplitude_ratio(db: ArrayLike) -> Reals: ...
def amplitude_ratio(db: ArrayLike) -> float | Reals:
    """Return the amplitude ratio of a decibel figure, 10^(dB/20)."""
    return _native.amplitude_ratio(db)


@overload
def power_db(ratio: float) -> float: ...
@overload
def power_db(ratio: ArrayLike) -> Reals: ...
def power_db(ratio: ArrayLike) -> float | Reals:
    """Return the decibels of a power ratio, 10 log10."""
    return _native.power_db(ratio)


@overload
def amplitude_db(ratio: float) -> float: ...
@overload
def amplitude_db(ratio: ArrayLike) -> Reals: ...
def amplitude_db(ratio: ArrayLike) -> float | Reals:
    """Return the decibels of an amplitude ratio, 20 log10."""
    return _native.amplitude_db(ratio)


@overload
def dbm_to_w(dbm: float) -> float: ...
@overload
def dbm_to_w(dbm: ArrayLike) -> Reals: ...
def dbm_to_w(dbm: ArrayLike) -> float | Reals:
    """Return the watts of a power in dBm."""
    return _native.dbm_to_w(dbm)


@overload
def w_to_dbm(power_w: float) -> float: ...
@overload
def w_to_dbm(power_w: ArrayLike) -> Reals: ...
def w_to_dbm(power_w: ArrayLike) -> float | Reals:
    """Return the power in dBm of watts."""
    return _native.w_to_dbm(power_w)
