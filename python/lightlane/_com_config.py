"""Configurations of the channel operating margin: keywords, where they come from, and files of them."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from lightlane import _native
from lightlane._com_workbook import WORKBOOKS, read_workbook, write_workbook
from lightlane._exceptions import ParameterError, wrong_type
from lightlane._frozen import Frozen
from lightlane._spec import Networks, anything

__all__ = ["ComConfig", "KeywordEvidence", "plain_json"]

#: Files of keywords that can be read.
SUFFIXES = (".json", ".toml", *WORKBOOKS)


class KeywordEvidence(NamedTuple):
    """What a value of a shipped configuration rests on.

    Attributes
    ----------
    grade : str
        ``"sourced"``, ``"draft"`` or ``"assumed"``.
    source : str
        Where the value comes from.
    """

    grade: str
    source: str


class ComConfig(Frozen):
    """Keywords of a COM workbook, checked.

    Parameters
    ----------
    keywords : mapping
        Spelled and in the units of the IEEE workbooks (``"f_b"`` in GHz, ``"z_p (TX)"`` in mm); values are numbers,
        lists, or MATLAB texts such as ``"[-0.2:0.1:0]"``.

    Two are equal when their resolved keywords are, wherever these came from.

    Attributes
    ----------
    keywords : mapping
        As given, with arrays as lists.
    name, summary : str or None
        Of a shipped configuration.
    evidence : mapping
        Of a shipped configuration: `KeywordEvidence` by keyword, and by limit.
    limits : mapping
        Limits of the channel that no keyword holds: ``"insertion_loss_db"`` at half the symbol rate.

    Raises
    ------
    ParameterError
        For an unknown keyword, naming the nearest; a value outside its domain; a part that is switched on but not
        computed.

    Examples
    --------
    >>> import lightlane as ll
    >>> kr = ll.ComConfig.named("802.3ck-kr@4.50")
    >>> kr.keywords["f_b"], kr.evidence["f_b"].grade
    (53.125, 'sourced')
    >>> ll.ComConfig({"f_bb": 53.125})
    Traceback (most recent call last):
    lightlane._exceptions.ParameterError: keyword = "f_bb": unknown, did you mean "f_b"?
    """

    keywords: Mapping[str, Any]
    name: str | None
    summary: str | None
    evidence: Mapping[str, KeywordEvidence]
    limits: Mapping[str, float]
    _resolved: Mapping[str, Any]

    def __init__(self, keywords: Mapping[str, Any]) -> None:
        self._fill(keywords, None, None, {}, {})

    def _fill(
        self,
        keywords: Mapping[str, Any],
        name: str | None,
        summary: str | None,
        evidence: Mapping[str, KeywordEvidence],
        limits: Mapping[str, float],
    ) -> None:
        if not isinstance(keywords, Mapping):
            raise wrong_type("keywords", keywords, "a mapping of workbook keywords")
        text = plain_json("config", keywords)
        plain = json.loads(text)
        self._resolved = MappingProxyType(json.loads(_native.com_resolved(text)))
        self.keywords = MappingProxyType(plain)
        self.name, self.summary = name, summary
        self.evidence, self.limits = MappingProxyType(dict(evidence)), MappingProxyType(dict(limits))
        self._freeze()

    @staticmethod
    def names() -> tuple[str, ...]:
        """Return the names of the shipped configurations.

        After the ``@`` stand the rules and values: ``4.50`` and ``d3.3``, or ``2025`` for the older generation of
        802.3dj values, which is computed by the rules of D3.3.

        Examples
        --------
        >>> import lightlane as ll
        >>> [name for name in ll.ComConfig.names() if name.startswith("802.3ck")]
        ['802.3ck-kr@4.50', '802.3ck-cr@4.50', '802.3ck-c2c@4.50', '802.3ck-c2m@4.50']
        """
        return tuple(_native.com_config_names())

    @staticmethod
    def summary_of(name: str) -> str:
        """Return one sentence on a shipped configuration."""
        return str(json.loads(_native.com_config_named(name))["summary"])

    @classmethod
    def named(cls, name: str) -> ComConfig:
        """Return a shipped configuration.

        Parameters
        ----------
        name : str
            One of `names`.

        Raises
        ------
        ParameterError
            For an unknown name, with the nearest known one.

        Examples
        --------
        >>> import lightlane as ll
        >>> ll.ComConfig.named("802.3ck-kr")
        Traceback (most recent call last):
        lightlane._exceptions.ParameterError: config = "802.3ck-kr": unknown, did you mean "802.3ck-kr@4.50"?
        """
        data = json.loads(_native.com_config_named(name))
        evidence = {e["keyword"]: KeywordEvidence(e["grade"], e["source"]) for e in data["evidence"]}
        return _made(cls, data["keywords"], name, data["summary"], evidence, data["limits"])

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> ComConfig:
        """Read a file of keywords.

        Parameters
        ----------
        path : str or path
            The file: ``.json``, ``.toml``, or an IEEE workbook, ``.xls`` or ``.xlsx``. Of a workbook the sheet
            ``COM_Settings`` counts, or the first one; workbooks need the extra ``lightlane[com]``.

        Returns
        -------
        ComConfig
            The configuration.

        Raises
        ------
        ParameterError
            For another ending, a file that cannot be understood, or its keywords; the file is named.
        ImportError
            For a workbook without the library that reads it.
        """
        file = Path(path)
        kind = file.suffix.lower()
        if kind not in SUFFIXES:
            requirement = f"a file of keywords ending in {', '.join(SUFFIXES)}"
            raise ParameterError(
                f"config = {str(path)!r}: must be {requirement}", "config", str(path), requirement
            )
        data = read_workbook(file, _native.com_keywords()) if kind in WORKBOOKS else _read_text(file, kind)
        if not isinstance(data, dict):
            requirement = "a mapping of keywords"
            raise ParameterError(f"{path}: must hold {requirement}", "config", str(path), requirement)
        try:
            return cls(data)
        except ParameterError as error:
            raise ParameterError(f"{path}: {error}", error.name, error.value, error.requirement) from None

    @classmethod
    def _of(cls, value: Any) -> ComConfig:
        """Make a configuration of whatever `com` accepts."""
        if isinstance(value, ComConfig):
            return value
        if isinstance(value, str) and not value.lower().endswith(SUFFIXES):
            return cls.named(value)
        return cls.read(value) if isinstance(value, str | os.PathLike) else cls(value)

    @property
    def digest(self) -> str:
        """SHA-256 of the resolved keywords, hexadecimal: equal for equal configurations.

        Examples
        --------
        >>> import lightlane as ll
        >>> kr = ll.ComConfig.named("802.3ck-kr@4.50")
        >>> kr.digest == kr.resolved().digest, len(kr.digest)
        (True, 64)
        """
        # 53 and 53.0 are one value.
        plain = json.loads(json.dumps(dict(self._resolved)), parse_int=float)
        return sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()

    def resolved(self) -> ComConfig:
        """Return the same configuration with every default of the release written out, lists as a workbook's texts.

        Examples
        --------
        >>> import lightlane as ll
        >>> kr = ll.ComConfig.named("802.3ck-kr@4.50").resolved()
        >>> kr.keywords["z_p (TX)"], kr.keywords["Z_t"], kr.resolved() == kr
        ('[12 31; 1.8 1.8]', 50.0, True)
        """
        return _made(type(self), self._resolved, self.name, self.summary, self.evidence, self.limits)

    def replace(self, changes: Mapping[str, Any]) -> ComConfig:
        """Return a copy with some keywords changed; a changed keyword has no evidence any more.

        Parameters
        ----------
        changes : mapping
            New values by keyword.
        """
        kept = {key: value for key, value in self.evidence.items() if key not in changes}
        return _made(type(self), {**self.keywords, **changes}, None, self.summary, kept, self.limits)

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the resolved configuration, which reads back as it is.

        Parameters
        ----------
        path : str or path
            A file ending in ``.json``, ``.toml`` or ``.xlsx``; the last is a workbook with the sheet
            ``COM_Settings`` and needs the extra ``lightlane[com]``.

        Raises
        ------
        ParameterError
            For another ending.
        """
        file, keywords = Path(path), dict(self._resolved)
        match file.suffix.lower():
            case ".json":
                file.write_text(json.dumps(keywords, indent=1) + "\n", encoding="utf-8")
            case ".toml":
                lines = [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in keywords.items()]
                file.write_text("\n".join(lines) + "\n", encoding="utf-8")
            case ".xlsx":
                write_workbook(file, keywords, {key: e.source for key, e in self.evidence.items()})
            case _:
                requirement = "a file ending in .json, .toml or .xlsx"
                raise ParameterError(
                    f"path = {str(path)!r}: must be {requirement}", "path", str(path), requirement
                )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ComConfig) and self._resolved == other._resolved

    def __hash__(self) -> int:
        return hash(frozenset(self._resolved.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        mappings = (dict(self.evidence), dict(self.limits))
        return _made, (type(self), dict(self.keywords), self.name, self.summary, *mappings)

    def __repr__(self) -> str:
        return f"ComConfig.named({self.name!r})" if self.name else f"ComConfig({dict(self.keywords)!r})"


def _read_text(file: Path, kind: str) -> Any:
    try:
        text = file.read_text(encoding="utf-8")
        return json.loads(text) if kind == ".json" else tomllib.loads(text)
    except ValueError as error:
        raise ParameterError(f"{file}: {error}", "config", str(file), "JSON or TOML") from None


def plain_json(name: str, data: Mapping[str, Any]) -> str:
    """Return a mapping as JSON, arrays and numpy numbers as plain ones; an infinite one becomes a text."""
    return json.dumps(anything(dict(data), name, Networks()), allow_nan=False)


def _made(cls: type[ComConfig], *fields: Any) -> ComConfig:
    made = object.__new__(cls)
    made._fill(*fields)
    return made
