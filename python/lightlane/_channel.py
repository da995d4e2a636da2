"""A network in the place of a block: what paths and scikit-rf objects become in a configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

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
        pairs = None if port_pairs is None else tuple(tuple(int(p) for p in pair) for pair in port_pairs)
        for key, value in (("network", network), ("name", name), ("port_pairs", pairs)):
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
        digest = data.get("digest")
        network = networks.get(digest) if digest else None
        if network is None:
            network = as_network(data["file"], networks.folder)
            if digest not in (None, network.digest):
                requirement = f"the file that the configuration was written for, of digest {digest[:12]}"
                message = f"file = {data['file']!r}: must be {requirement}"
                raise ParameterError(message, "file", data["file"], requirement)
        if data.get("name") is None and data.get("port_pairs") is None:
            return cast(Config, network)
        made = object.__new__(cls)
        made._fill(network, data.get("name"), data.get("port_pairs"))
        return made
