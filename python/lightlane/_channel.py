"""A network in the place of a block: what paths and scikit-rf objects become in a configuration."""

from __future__ import annotations

import operator
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, cast

from lightlane._base import Config, _canonical
from lightlane._exceptions import ParameterError
from lightlane._native import Network, as_network
from lightlane._spec import Many, Networks, Scalar, Spec

__all__ = ["Channel"]


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Channel(Config):
    """A network in a medium, under a name or with its pairs stated. Without either, the network alone does.

    Parameters
    ----------
    network : Network, str, path or scikit-rf network
        The network.
    name : str, optional
        Unique name in the medium, for parameter paths.
    port_pairs : tuple, optional
        Differential pairs ((left +, left -), (right +, right -)), ports from 1; guessed if None.
    """

    network: Network
    name: str | None
    port_pairs: tuple[tuple[int, int], tuple[int, int]] | None
    _specs: ClassVar[Mapping[str, Spec]] = {
        "network": Scalar(),
        "name": Scalar(),
        "port_pairs": Many(Many(Scalar())),
    }

    def __init__(self, network: Any, *, name: str | None = None, port_pairs: Any = None) -> None:
        self._fill(as_network(network), name, port_pairs)
        _canonical("Channel", self._plain(Networks()))

    def _fill(self, network: Network, name: str | None, port_pairs: Any) -> None:
        for key, value in (("network", network), ("name", name), ("port_pairs", _pairs(port_pairs))):
            object.__setattr__(self, key, value)

    @classmethod
    def _adopts(cls, value: Any) -> bool:
        skrf = all(hasattr(value, name) for name in ("f", "s", "z0"))
        return isinstance(value, cls | Network | str | os.PathLike) or skrf

    @classmethod
    def _adopt(cls, value: Any, networks: Networks) -> Config:
        return value if isinstance(value, cls) else cls(as_network(value, networks.folder))

    def _plain(self, networks: Networks) -> dict[str, Any]:
        plain: dict[str, Any] = {"digest": networks.add(self.network)}
        if self.network.path is not None:
            plain["file"] = self.network.path
        if self.name is not None:
            plain["name"] = self.name
        if self.port_pairs is not None:
            plain["port_pairs"] = [list(pair) for pair in self.port_pairs]
        return plain

    @classmethod
    def _plain_fields(cls, values: Mapping[str, Any], path: str, networks: Networks) -> dict[str, Any]:
        plain = {key: value for key, value in values.items() if key != "data"}
        if "data" in values:
            networks.add(Network._from_data(values["data"], values.get("file")))
        return plain

    @classmethod
    def _build(cls, data: Mapping[str, Any], networks: Networks) -> Config:
        if data.get("name") is None and data.get("port_pairs") is None:
            return cast(Config, cls._network_of(data, networks))
        return cls._made(data, networks)

    @classmethod
    def _made(cls, canonical: Mapping[str, Any], networks: Networks) -> Self:
        made = object.__new__(cls)
        network = cls._network_of(canonical, networks)
        made._fill(network, canonical.get("name"), canonical.get("port_pairs"))
        return made

    @staticmethod
    def _network_of(data: Mapping[str, Any], networks: Networks) -> Network:
        digest = data.get("digest")
        network = networks.get(digest) if digest else None
        if network is None:
            if data.get("file") is None:
                requirement = "given with the file or the data of its network"
                message = f"digest = {digest!r}: must be {requirement}"
                raise ParameterError(message, "digest", digest, requirement)
            network = as_network(data["file"], networks.folder)
            if digest not in (None, network.digest):
                requirement = f"the file that the configuration was written for, of digest {digest[:12]}"
                message = f"file = {data['file']!r}: must be {requirement}"
                raise ParameterError(message, "file", data["file"], requirement)
        return network


def _pairs(given: Any) -> Any:
    """Pairs as tuples of whole numbers; their shape is checked by the native reader."""
    try:
        return None if given is None else tuple(tuple(operator.index(p) for p in pair) for pair in given)
    except TypeError:
        requirement = "((left +, left -), (right +, right -)), ports from 1"
        message = f"port_pairs = {given!r}: must be {requirement}"
        raise ParameterError(message, "port_pairs", given, requirement) from None
