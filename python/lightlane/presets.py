"""The shipped lanes."""

from __future__ import annotations

from lightlane import _native
from lightlane._config import Lane
from lightlane._exceptions import ParameterError

__all__ = ["lane", "names", "summary"]


def names() -> tuple[str, ...]:
    """Return the names of the shipped lanes.

    Examples
    --------
    >>> "cpo-dr1" in names()
    True
    """
    return tuple(_native.preset_lane_names())


def summary(name: str) -> str:
    """Return one sentence on a shipped lane."""
    return _native.preset_lane_summary(name)


def lane(name: str) -> Lane:
    """Return a shipped lane.

    Parameters
    ----------
    name : str
        One of `names`.

    Raises
    ------
    ParameterError
        For an unknown name, with the nearest known one and the list of all.

    Examples
    --------
    >>> lane("copper-kr1").symbol_rate_hz
    106250000000.0
    """
    if name not in names():
        nearest = _native.nearest_name(str(name), names())
        hint = f", did you mean {nearest!r}?" if nearest else ";"
        known = ", ".join(names())
        requirement = f"one of {known}"
        message = f"lane = {name!r}: unknown{hint} known are {known}"
        raise ParameterError(message, "lane", name, requirement)
    return Lane.from_json(_native.preset_lane(name))
