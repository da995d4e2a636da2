"""What every configuration class can do. The classes themselves are generated, in `_config`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import MISSING, fields
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Self

from lightlane import _native
from lightlane._exceptions import ParameterError, refused, wrong_type
from lightlane._spec import CLASSES, Networks, Spec

__all__ = ["Config", "checked_threads", "joint_digest"]


class Config:
    """Base of the configuration classes: frozen, validated when built, and written as TOML, JSON or a dict.

    Quantities may be given as texts with a unit (``"150 mm"``); what is kept is the number in the unit of the
    field's name. Two configurations are equal when all their fields are.
    """

    __slots__ = ()
    _specs: ClassVar[Mapping[str, Spec]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "_specs" in cls.__dict__:
            CLASSES[cls.__name__] = cls

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Refuse unknown keywords with the nearest known one, which ``__init__`` could not name."""
        for name in kwargs:
            if name not in cls._specs:
                hint = _native.nearest_name(name, list(cls._specs))
                suggestion = f", did you mean {hint!r}?" if hint else f"; known are {', '.join(cls._specs)}"
                raise TypeError(f"{cls.__name__}() has no keyword {name!r}{suggestion}")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        networks = Networks()
        raw = {name: getattr(self, name) for name in self._specs}
        plain = self._plain_fields(raw, "", networks)
        self._settle(_canonical(type(self).__name__, plain), networks)

    def _settle(self, data: Mapping[str, Any], networks: Networks) -> None:
        for name, spec in self._specs.items():
            object.__setattr__(self, name, spec.build(data.get(name), networks))

    @classmethod
    def _adopts(cls, value: Any) -> bool:
        """Whether `value` can stand for an object of this class."""
        return isinstance(value, cls)

    @classmethod
    def _adopt(cls, value: Any, networks: Networks) -> Config:
        """Make an object of this class of a value that it adopts."""
        assert isinstance(value, cls)
        return value

    @classmethod
    def _plain_fields(cls, values: Mapping[str, Any], path: str, networks: Networks) -> dict[str, Any]:
        prefix = f"{path}." if path else ""
        plain = {}
        for name, value in values.items():
            spec = cls._specs.get(name)
            if spec is None:
                # An unknown key goes through as it is: the native reader names the nearest.
                plain[name] = value
            elif value is not None:
                plain[name] = spec.plain(value, f"{prefix}{name}", networks)
            elif not cls._is_optional(name):
                at, requirement = f"{prefix}{name}", "given; leave the field out to have its default"
                raise refused(at, None, requirement)
        return plain

    @classmethod
    def _is_optional(cls, name: str) -> bool:
        """Whether None is a value of the field: it is exactly where it is the default."""
        return next(f.default is None for f in fields(cls) if f.name == name)  # type: ignore[arg-type]

    def _plain(self, networks: Networks) -> dict[str, Any]:
        return self._plain_fields({name: getattr(self, name) for name in self._specs}, "", networks)

    def _native_json(self, networks: Networks | None = None) -> str:
        """Return the JSON that native functions take; the networks that it names are put into `networks`."""
        return json.dumps(self._plain(Networks() if networks is None else networks))

    @classmethod
    def _build(cls, data: Mapping[str, Any], networks: Networks) -> Config:
        """Make an object of canonical plain data, which need not be checked again."""
        made = object.__new__(cls)
        made._settle(data, networks)
        return made

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed.

        Parameters
        ----------
        **changes
            New values by field name.

        Raises
        ------
        TypeError
            For a name that is not a field.
        ParameterError
            For a value outside its domain.
        """
        kept = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        return type(self)(**{**kept, **changes})

    __replace__ = replace

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as plain data; fields that are None are left out.

        Networks are held with their data, so that the dict says everything.
        """
        networks = Networks()
        return _with_data(self._plain(networks), networks)  # type: ignore[no-any-return]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make a configuration of what `to_dict` returned, or of any mapping of fields."""
        if not isinstance(data, Mapping):
            raise wrong_type("data", data, "a mapping of fields")
        networks = Networks()
        plain = cls._plain_fields(data, "", networks)
        return cls._made(_canonical(cls.__name__, plain), networks)

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the configuration as a JSON text, the data of its networks included."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Make a configuration of a JSON text."""
        if not isinstance(text, str | bytes | bytearray):
            raise wrong_type("text", text, "JSON")
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            requirement = f"valid JSON ({error.msg})"
            message = f"line {error.lineno}: document: must be {requirement}"
            raise ParameterError(message, "document", text[:60], requirement) from None
        if not isinstance(data, dict):
            raise ParameterError("document: must be a table", "document", data, "a table")
        return cls.from_dict(data)

    def to_toml(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return the configuration as a TOML text, and write it to `path` if one is given.

        Networks are named by their file, relative to the folder of `path` (the working folder if none is
        given), and the digest of their data.

        Raises
        ------
        ParameterError
            For a network that was never in a file: `Network.write` it and read it back.
        """
        folder = "." if path is None else os.path.dirname(os.path.abspath(path))
        plain = _with_relative_files(self._plain(Networks()), folder, "")
        text = _native.config_to_toml(type(self).__name__, json.dumps(plain, allow_nan=False))
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    @classmethod
    def from_toml(cls, source: str | os.PathLike[str]) -> Self:
        """Make a configuration of a TOML text or file.

        Parameters
        ----------
        source : str or path
            A path, or the text itself. A text of one line that ends in ``.toml`` is a path.
        """
        if not isinstance(source, str | os.PathLike):
            raise wrong_type("source", source, "a path or a TOML text")
        if isinstance(source, str) and ("\n" in source or not source.endswith(".toml")):
            return cls._of_toml(source, ".")
        file = os.fspath(source)
        try:
            return cls._of_toml(
                Path(file).read_text(encoding="utf-8"), os.path.dirname(os.path.abspath(file))
            )
        except UnicodeDecodeError:
            raise ParameterError(f"{file}: must be UTF-8 text", "source", file, "UTF-8 text") from None
        except ParameterError as error:
            raise ParameterError(f"{file}: {error}", error.name, error.value, error.requirement) from None

    @classmethod
    def _of_toml(cls, text: str, folder: str) -> Self:
        return cls._made(json.loads(_native.config_from_toml(cls.__name__, text)), Networks(folder))

    @classmethod
    def _made(cls, canonical: Mapping[str, Any], networks: Networks) -> Self:
        made = cls._build(canonical, networks)
        assert isinstance(made, cls)
        return made

    @property
    def digest(self) -> str:
        """SHA-256 of the configuration, hexadecimal: equal for equal ones, whatever they were read from."""
        plain = _without_files(self._plain(Networks()))
        return sha256(json.dumps([type(self).__name__, plain], sort_keys=True).encode()).hexdigest()

    def __repr__(self) -> str:
        shown = []
        for f in fields(self):  # type: ignore[arg-type]
            value = getattr(self, f.name)
            default = f.default_factory() if f.default_factory is not MISSING else f.default
            if default is MISSING or value != default:
                shown.append(f"{f.name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"


def joint_digest(*configs: Config) -> str:
    """Return the digest of configurations together, in their order: what a result that rests on all of them carries."""
    return sha256("".join(config.digest for config in configs).encode()).hexdigest()


def checked_threads(threads: Any) -> int | None:
    """Return a number of threads; what is no whole number from 1 to the most that a run takes is refused."""
    if threads is None:
        return None
    count = _native.whole(threads, "threads", 1)
    if count > _native.MAX_THREADS:
        requirement = f"between 1 and {_native.MAX_THREADS}"
        raise refused("threads", count, requirement)
    return count


def _canonical(kind: str, plain: Mapping[str, Any]) -> Any:
    return json.loads(_native.config_from_json(kind, json.dumps(plain, allow_nan=False)))


def _is_channel(data: Mapping[str, Any]) -> bool:
    return "digest" in data and data.get("kind", "channel") == "channel"


def _mapped(data: Any, change: Any, path: str = "") -> Any:
    """Copy plain data, each channel in it changed by `change`."""
    if isinstance(data, dict):
        if _is_channel(data):
            return change(data, path)
        return {key: _mapped(value, change, f"{path}.{key}" if path else key) for key, value in data.items()}
    if isinstance(data, list):
        return [_mapped(value, change, f"{path}.{i}") for i, value in enumerate(data)]
    return data


def _with_data(plain: Any, networks: Networks) -> Any:
    return _mapped(plain, lambda channel, _: {**channel, "data": networks[channel["digest"]]._data()})


def _without_files(plain: Any) -> Any:
    return _mapped(plain, lambda channel, _: {k: v for k, v in channel.items() if k != "file"})


def _with_relative_files(plain: Any, folder: str, path: str) -> Any:
    def relative(channel: dict[str, Any], at: str) -> dict[str, Any]:
        if "file" not in channel:
            requirement = (
                "in a file: keep it with Network.write(path) and read it back with Network.read(path)"
            )
            raise refused(at, None, requirement, "a network in memory")
        return {**channel, "file": os.path.relpath(channel["file"], folder)}

    return _mapped(plain, relative, path)
