"""How a field of a configuration is written as plain data, and how it is built from it.

Sugar goes in on the way to plain data (paths, arrays, mappings, numpy numbers); the native reader then
settles texts with units, defaults and domains; canonical objects are built from what it returns.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from lightlane._exceptions import refused
from lightlane._mapping import FrozenMap

if TYPE_CHECKING:
    from lightlane._base import Config
    from lightlane._native import Network

__all__ = ["CLASSES", "Either", "Many", "Networks", "Scalar", "Spec", "Struct", "Table", "Tagged", "anything"]

#: Every configuration class by name; filled as the classes are made.
CLASSES: dict[str, type[Config]] = {}


class Networks(dict[str, "Network"]):
    """Networks by the digest of their data: what the channels of a configuration refer to.

    Parameters
    ----------
    folder : str, default "."
        Where a relative file name starts.
    """

    def __init__(self, folder: str = ".") -> None:
        super().__init__()
        self.folder = folder

    def add(self, network: Network) -> str:
        """Add a network; return its digest."""
        digest = network.digest
        self.setdefault(digest, network)
        return digest


class Spec(Protocol):
    """The two directions of one field."""

    def plain(self, value: Any, path: str, networks: Networks) -> Any:
        """Write `value`, sugar or canonical, as plain data."""

    def build(self, data: Any, networks: Networks) -> Any:
        """Make the canonical object of canonical plain data."""


class Scalar:
    """A number, text, word or truth value."""

    __slots__ = ()

    def plain(self, value: Any, path: str, networks: Networks) -> Any:
        """Write it as a JSON scalar; infinity becomes a text and nan is refused."""
        if value is None or isinstance(value, bool | int | str):
            return value
        if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
            value = value.item()
        if isinstance(value, bool | int | str):
            return value
        if isinstance(value, float):
            if math.isnan(value):
                raise refused(path, value, "a number")
            return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        # Not a scalar after all: the native reader says what it must be, in the words of the schema.
        return anything(value, path, networks)

    def build(self, data: Any, networks: Networks) -> Any:
        """Give infinity back."""
        if data == "inf":
            return math.inf
        return -math.inf if data == "-inf" else data


class Many:
    """A list; a tuple once it is canonical."""

    __slots__ = ("item",)

    def __init__(self, item: Spec) -> None:
        self.item = item

    def plain(self, value: Any, path: str, networks: Networks) -> Any:
        """Write each member."""
        if hasattr(value, "tolist"):
            value = value.tolist()
        if isinstance(value, str | bytes | os.PathLike | Mapping) or not isinstance(value, Iterable):
            one = self.item.plain(value, path, networks)
            # A single block is a medium of one; a single number is no list of numbers.
            return [one] if isinstance(self.item, Tagged) and value is not None else one
        return [self.item.plain(v, f"{path}.{i}", networks) for i, v in enumerate(value)]

    def build(self, data: Any, networks: Networks) -> Any:
        """Make a tuple."""
        return (
            tuple(self.item.build(v, networks) for v in data)
            if isinstance(data, list)
            else self.item.build(data, networks)
        )


class Table:
    """A mapping from whole numbers."""

    __slots__ = ("item",)

    def __init__(self, item: Spec) -> None:
        self.item = item

    def plain(self, value: Any, path: str, networks: Networks) -> Any:
        """Write the keys as texts."""
        if isinstance(value, Mapping):
            return {str(key): self.item.plain(v, f"{path}.{key}", networks) for key, v in value.items()}
        return anything(value, path, networks)

    def build(self, data: Any, networks: Networks) -> Any:
        """Make a mapping that does not change."""
        return (
            data
            if data is None
            else FrozenMap({int(k): self.item.build(v, networks) for k, v in data.items()})
        )


class Struct:
    """A configuration of one class."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def plain(self, value: Any, path: str, networks: Networks) -> Any:
        """Write its fields."""
        cls = CLASSES[self.name]
        if cls._adopts(value):
            return cls._adopt(value, networks)._plain(networks)
        if isinstance(value, Mapping):
            return cls._plain_fields(value, path, networks)
        return anything(value, path, networks)

    def build(self, data: Any, networks: Networks) -> Any:
        """Make an object of the class, trusting the data."""
        return data if data is None else CLASSES[self.name]._build(data, networks)


class Tagged:
    """A configuration of one of some classes, told apart by the word under a key."""

    __slots__ = ("tag", "words")

    def __init__(self, tag: str, words: Mapping[str, str]) -> None:
        self.tag = tag
        self.words = dict(words)

    def plain(self, value: Any, path: str, networks: Networks) -> Any:
        """Write its fields after the word of its class."""
        for word, name in self.words.items():
            if CLASSES[name]._adopts(value):
                return {self.tag: word, **Struct(name).plain(value, path, networks)}
        if isinstance(value, Mapping):
            name_ = self.words.get(str(value.get(self.tag)))
            if name_ is None:
                return anything(value, path, networks)
            rest = {key: v for key, v in value.items() if key != self.tag}
            return {self.tag: value[self.tag], **CLASSES[name_]._plain_fields(rest, path, networks)}
        return anything(value, path, networks)

    def build(self, data: Any, networks: Networks) -> Any:
        """Make an object of the class that the word names."""
        if data is None:
            return None
        rest = {key: v for key, v in data.items() if key != self.tag}
        return CLASSES[self.words[data[self.tag]]]._build(rest, networks)


class Either:
    """One of several shapes: a mapping or object, a list, or else a scalar."""

    __slots__ = ("mapping", "sequence")

    def __init__(self, *, mapping: Spec | None = None, sequence: Spec | None = None) -> None:
        self.mapping = mapping or Scalar()
        self.sequence = sequence or Scalar()

    def plain(self, value: Any, path: str, networks: Networks) -> Any:
        """Write it in the shape it has."""
        if isinstance(value, Mapping) or hasattr(value, "_specs"):
            return self.mapping.plain(value, path, networks)
        if isinstance(value, list | tuple) or getattr(value, "ndim", None):
            return self.sequence.plain(value, path, networks)
        return Scalar().plain(value, path, networks)

    def build(self, data: Any, networks: Networks) -> Any:
        """Make the object of the shape it has."""
        if isinstance(data, dict):
            return self.mapping.build(data, networks)
        return (self.sequence if isinstance(data, list) else Scalar()).build(data, networks)


def anything(value: Any, path: str, networks: Networks) -> Any:
    """Write a value that fits no field as plain data, for the native reader to refuse."""
    plain = getattr(value, "_plain", None)
    if plain is not None:
        return plain(networks)
    if isinstance(value, Mapping):
        return {str(key): anything(v, f"{path}.{key}", networks) for key, v in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [anything(v, f"{path}.{i}", networks) for i, v in enumerate(value)]
    if value is None or isinstance(value, str | bool | int | float):
        return Scalar().plain(value, path, networks)
    requirement = "plain data: a number, text, list or mapping"
    raise refused(path, value, requirement, repr(value))
