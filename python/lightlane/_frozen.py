"""Results that do not change once they are made."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Frozen", "read_only"]

Values = TypeVar("Values", bound=np.generic)


class Frozen:
    """Base of a result: its constructor sets attributes and then calls `_freeze`; afterwards nothing can."""

    def _freeze(self) -> None:
        self.__dict__["_is_frozen"] = True

    def __setattr__(self, name: str, value: Any) -> None:
        if "_is_frozen" in self.__dict__:
            raise FrozenInstanceError(f"cannot assign to field {name!r}: a {type(self).__name__} is a result")
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}: a {type(self).__name__} is a result")


def read_only(array: NDArray[Values]) -> NDArray[Values]:
    """Forbid writing to an array that nobody else holds, and return it."""
    array.setflags(write=False)
    return array
