"""Real numbers and records of them from outside."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lightlane._exceptions import ParameterError, refused, wrong_type

__all__ = ["leading_shape", "number", "numbers", "reals"]

#: Largest magnitude whose square and whose sums stay finite.
_LARGEST = 1e150


def number(name: str, value: Any) -> float:
    """Return a real number in double precision; what is none is refused by name.

    Examples
    --------
    >>> number("ber_limit", 1e-4)
    0.0001
    >>> number("ber_limit", None)
    Traceback (most recent call last):
    lightlane._exceptions.ParameterError: ber_limit = None: must be a number
    """
    try:
        # Text is for configurations, where it may have a unit.
        if not isinstance(value, str | bytes):
            return float(value)
    except (TypeError, ValueError, OverflowError):
        pass
    raise refused(name, value, "a number", _shown(value))


def numbers(
    name: str, value: ArrayLike, requirement: str = "a number or an array of numbers"
) -> NDArray[np.float64]:
    """Return numbers of any shape in double precision; what is none is refused by name."""
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise refused(name, value, requirement, _shown(value)) from None


def leading_shape(name: str, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    """Return what the shapes of arrays without their last axis broadcast to; `name` is refused where they do not.

    Examples
    --------
    >>> leading_shape("levels", (3, 1), (2,))
    (3, 2)
    """
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        requirement = "of shapes that broadcast but for the last axis"
        raise refused(name, shapes, requirement, f"arrays of shapes {list(shapes)}") from None


def reals(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Return a record in double precision; what is not one row of finite real numbers is refused by name."""
    try:
        given = np.asarray(values)
    except (TypeError, ValueError):
        raise wrong_type(name, values, "an array of real numbers") from None
    if given.dtype.kind not in "fiub":
        raise wrong_type(name, given.dtype, "an array of real numbers")
    if given.ndim != 1:
        requirement = "of one dimension"
        raise ParameterError(
            f"{name} = shape {given.shape}: must be {requirement}", name, given.shape, requirement
        )
    record = given.astype(np.float64)
    bad = np.flatnonzero(~(np.abs(record) <= _LARGEST))
    if len(bad) > 0:
        value = float(record[bad[0]])
        requirement = f"finite and within {_LARGEST:g} of 0"
        raise ParameterError(f"{name}[{bad[0]}] = {value}: must be {requirement}", name, value, requirement)
    return record


def _shown(value: Any) -> str:
    """Return a value as a message shows it: a whole record, or a number of hundreds of digits, would hide the rest."""
    shown = repr(value)
    return shown if len(shown) <= 60 else type(value).__name__
