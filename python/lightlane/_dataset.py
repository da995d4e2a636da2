"""Labelled datasets of results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lightlane import _native

if TYPE_CHECKING:
    import xarray

__all__ = ["dataset"]

#: Names, dimensions, values and unit.
Variables = Mapping[str, tuple[str | tuple[str, ...], Any, str]]


def dataset(variables: Variables, coords: Variables, figures: Mapping[str, Any]) -> xarray.Dataset:
    """Return a Dataset of variables with units; its attrs carry figures and the version."""
    import xarray

    def labelled(values: Variables) -> dict[str, Any]:
        return {name: (dims, array, {"units": unit}) for name, (dims, array, unit) in values.items()}

    attrs = {**figures, "version": _native.__version__}
    return xarray.Dataset(labelled(variables), coords=labelled(coords), attrs=attrs)
