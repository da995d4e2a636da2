"""The networks of a margin: files, networks of other libraries, and lanes within one file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lightlane import _native
from lightlane._exceptions import ParameterError, refused, wrong_type

__all__ = ["channels"]

#: Keys of a lane map.
KEYS = ("thru", "fext", "next")
Networks = list[_native.Network]


def channels(
    thru: Any, fext: Iterable[Any], near: Iterable[Any], lane_map: Mapping[str, Any] | None
) -> tuple[_native.Network, Networks, Networks]:
    """Return victim, far-end and near-end aggressors; those of a lane map stand before those given beside it."""
    far, next_ = _networks("fext", fext), _networks("next", near)
    victim = _native.as_network(thru)
    if lane_map is None:
        return victim, far, next_
    if not isinstance(lane_map, Mapping):
        raise wrong_type("lane_map", lane_map, "a mapping with the keys thru, fext and next")
    for key in lane_map:
        if key not in KEYS:
            nearest = _native.nearest_name(str(key), KEYS)
            hint = f", did you mean {nearest!r}?" if nearest else f"; known are {', '.join(KEYS)}"
            raise ParameterError(f"lane_map: {key!r}: unknown{hint}", "lane_map", key, f"one of {KEYS}")
    if "thru" not in lane_map:
        requirement = "given: ((left +, left -), (right +, right -))"
        raise ParameterError(f"lane_map.thru: must be {requirement}", "lane_map.thru", None, requirement)
    lanes = {}
    for key in ("fext", "next"):
        aggressors = lane_map.get(key, ())
        if not isinstance(aggressors, Sequence):
            raise wrong_type(f"lane_map.{key}", aggressors, "a list of pairs of pairs")
        lanes[key] = [_lane(victim, f"lane_map.{key}.{i}", pairs) for i, pairs in enumerate(aggressors)]
    return _lane(victim, "lane_map.thru", lane_map["thru"]), lanes["fext"] + far, lanes["next"] + next_


def _lane(network: _native.Network, name: str, pairs: Any) -> _native.Network:
    """Return the differential two-port between two pairs of a larger network."""
    requirement = f"((+, -), (+, -)), four different ports of 1 to {network.n_ports}"
    try:
        return network.differential(pairs=pairs)
    except (TypeError, ValueError):
        raise refused(name, pairs, requirement, repr(pairs)) from None


def _networks(name: str, values: Iterable[Any]) -> Networks:
    if isinstance(values, str | os.PathLike | _native.Network) or not isinstance(values, Iterable):
        raise wrong_type(name, values, "a sequence of channels")
    return [_native.as_network(value) for value in values]
