"""Channel operating margin: the call, its configuration and its results."""

from __future__ import annotations

import json
import math
import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from lightlane import _native
from lightlane._base import checked_threads
from lightlane._exceptions import ParameterError, wrong_type
from lightlane._frozen import Frozen
from lightlane._mapping import FrozenMap

__all__ = ["Com", "ComCase", "ComConfig", "ComEqualizer", "com"]

#: Files of keywords that can be read.
SUFFIXES = (".json", ".toml")


class ComConfig(Frozen):
    """Keywords of a COM workbook, checked.

    Parameters
    ----------
    keywords : mapping
        Spelled and in the units of the IEEE workbooks (``"f_b"`` in GHz, ``"z_p (TX)"`` in mm); values are numbers,
        lists, or MATLAB texts such as ``"[-0.2:0.1:0]"``. ``"release"`` may be ``"4.50"``, which is the default.

    Attributes
    ----------
    keywords : mapping
        As given, with arrays as lists.

    Raises
    ------
    ParameterError
        For an unknown keyword, naming the nearest; a value outside its domain; a part that is switched on but not
        computed.

    Examples
    --------
    >>> import lightlane as ll
    >>> ll.ComConfig({"f_bb": 53.125})
    Traceback (most recent call last):
    lightlane._exceptions.ParameterError: keyword = "f_bb": unknown, did you mean "f_b"?
    """

    keywords: Mapping[str, Any]

    def __init__(self, keywords: Mapping[str, Any]) -> None:
        if not isinstance(keywords, Mapping):
            raise wrong_type("keywords", keywords, "a mapping of workbook keywords")
        plain = {str(name): _plain(f"config.{name}", value) for name, value in keywords.items()}
        _native.com_check(_json("config", plain))
        self.keywords = MappingProxyType(plain)
        self._freeze()

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> ComConfig:
        """Read a JSON or TOML file of keywords.

        Parameters
        ----------
        path : str or path
            The file, ending in ``.json`` or ``.toml``.

        Returns
        -------
        ComConfig
            The configuration.

        Raises
        ------
        ParameterError
            For another ending, a file that cannot be understood, or its keywords.
        """
        file = Path(path)
        if file.suffix.lower() not in SUFFIXES:
            requirement = f"a file of keywords ending in {' or '.join(SUFFIXES)}"
            raise ParameterError(
                f"config = {str(path)!r}: must be {requirement}", "config", str(path), requirement
            )
        text = file.read_text(encoding="utf-8")
        try:
            data = json.loads(text) if file.suffix.lower() == ".json" else tomllib.loads(text)
        except ValueError as error:
            raise ParameterError(f"{path}: {error}", "config", str(path), "JSON or TOML") from None
        if not isinstance(data, dict):
            requirement = "a mapping of keywords"
            raise ParameterError(f"{path}: must hold {requirement}", "config", str(path), requirement)
        return cls(data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ComConfig) and dict(self.keywords) == dict(other.keywords)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"ComConfig({dict(self.keywords)!r})"


class ComEqualizer(Mapping[str, Any]):
    """An equalizer setting, by attribute and by key; what ``fixed_equalizer`` takes.

    Attributes
    ----------
    ctle_gdc_db, ctle_gdc2_db : float
        Gains of the CTLE's stages at 0 Hz, dB.
    tx_ffe : mapping
        Transmitter taps by place in UI; c(0) = 1 - sum of magnitudes is left out.
    rx_ffe : tuple of float
        Receiver FFE in time order; ``(1.0,)`` in Annex 93A.
    rx_ffe_pre : int
        Taps of it before the main one.
    dfe : tuple of float
        DFE taps relative to the cursor.
    sampling_offset : int
        Samples of T_b/M after the sampling time of the release.
    """

    ctle_gdc_db: float
    ctle_gdc2_db: float
    tx_ffe: Mapping[int, float]
    rx_ffe: tuple[float, ...]
    rx_ffe_pre: int
    dfe: tuple[float, ...]
    sampling_offset: int

    def __init__(self, values: Mapping[str, Any]) -> None:
        settled = dict(values)
        settled["tx_ffe"] = FrozenMap({int(place): c for place, c in values["tx_ffe"].items()})
        settled["rx_ffe"], settled["dfe"] = tuple(values["rx_ffe"]), tuple(values["dfe"])
        self.__dict__.update(settled)

    def __getitem__(self, key: str) -> Any:
        return self.__dict__[key]

    def __iter__(self) -> Any:
        return iter(self.__dict__)

    def __len__(self) -> int:
        return len(self.__dict__)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"ComEqualizer does not change: {name} cannot be set")

    def __repr__(self) -> str:
        return f"ComEqualizer({self.__dict__!r})"


class ComCase(Frozen):
    """The figures of one package case.

    Attributes
    ----------
    case : int
        Its number, from 1, in the order of ``z_p select``.
    com_db, com_dfe_db, mlsd_gain_db : float
        COM; without sequence detection; what that is credited with (0 in Annex 93A), dB.
    fom_db : float
        Figure of merit, dB.
    signal_v, noise_v : float
        A_s and A_ni at DER_0, V.
    veo_v, vec_db : float
        2 (A_s - A_ni), V, and -20 log10(1 - 10^(-COM/20)), dB, nan for a COM of at most 0.
    noise_budget : mapping
        V rms at the slicer by origin.
    equalizer : ComEqualizer
        The setting.
    n_candidates : int
        Settings tried.
    trace : tuple of mapping
        The best setting behind each CTLE setting that was tried, in the order of the grid: ``ctle_gdc_db``,
        ``ctle_gdc2_db``, ``tx_ffe`` and ``fom_db``.
    """

    case: int
    com_db: float
    com_dfe_db: float
    mlsd_gain_db: float
    fom_db: float
    signal_v: float
    noise_v: float
    veo_v: float
    vec_db: float
    noise_budget: Mapping[str, float]
    equalizer: ComEqualizer
    n_candidates: int
    trace: tuple[Mapping[str, Any], ...]

    def __init__(self, figures: Mapping[str, Any]) -> None:
        self._fill(figures)
        self._freeze()

    def _fill(self, figures: Mapping[str, Any]) -> None:
        for name in ComCase.__annotations__:
            setattr(self, name, figures[name])
        self.noise_budget = MappingProxyType(dict(figures["noise_budget"]))
        self.equalizer = ComEqualizer(figures["equalizer"])
        self.trace = tuple(
            MappingProxyType(step | {"tx_ffe": FrozenMap({int(k): c for k, c in step["tx_ffe"].items()})})
            for step in figures["trace"]
        )
        if figures["vec_db"] is None:
            self.vec_db = math.nan

    def figures(self) -> dict[str, Any]:
        """Return every figure as plain data.

        Returns
        -------
        dict
            Names and values.
        """
        plain = {name: getattr(self, name) for name in ComCase.__annotations__}
        plain["noise_budget"] = dict(self.noise_budget)
        plain["equalizer"] = dict(self.equalizer) | {
            "tx_ffe": {str(k): v for k, v in self.equalizer.tx_ffe.items()}
        }
        plain["trace"] = [
            dict(step) | {"tx_ffe": {str(k): c for k, c in step["tx_ffe"].items()}} for step in self.trace
        ]
        return plain

    def __repr__(self) -> str:
        return f"<{type(self).__name__} case {self.case}: COM {self.com_db:.2f} dB>"


class Com(ComCase):
    """The margin of a channel: the figures of its worst package case, and all cases.

    Attributes
    ----------
    release : str
        Release whose rules were followed.
    passed : bool
        Whether ``com_db`` reaches ``pass_db``.
    pass_db : float
        The keyword ``COM Pass threshold``, dB.
    cases : tuple of ComCase
        One a package case.
    warnings : tuple of str
        What was assumed.
    """

    release: str
    passed: bool
    pass_db: float
    cases: tuple[ComCase, ...]
    warnings: tuple[str, ...]

    def __init__(self, figures: Mapping[str, Any]) -> None:
        self._fill(figures)
        self.release, self.passed = figures["release"], figures["passed"]
        self.pass_db, self.warnings = figures["pass_db"], tuple(figures["warnings"])
        self.cases = tuple(ComCase(case) for case in figures["cases"])
        self._freeze()

    def figures(self) -> dict[str, Any]:
        """Return every figure as plain data.

        Returns
        -------
        dict
            Names and values.
        """
        return {
            "release": self.release,
            "passed": self.passed,
            "pass_db": self.pass_db,
            **super().figures(),
            "cases": [case.figures() for case in self.cases],
            "warnings": list(self.warnings),
        }


def com(
    thru: Any,
    *,
    fext: Iterable[Any] = (),
    next: Iterable[Any] = (),  # noqa: A002 - the standard's word
    config: ComConfig | Mapping[str, Any] | str | os.PathLike[str],
    fixed_equalizer: Mapping[str, Any] | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Com:
    """Channel operating margin by Annex 93A, in the numbers of release 4.50 of the IEEE reference code.

    Parameters
    ----------
    thru : Network, path or scikit-rf network
        The channel: a 4-port, its pairs guessed, or a differential two-port.
    fext, next : sequence of the same, default ()
        Aggressors at the far and the near end.
    config : ComConfig, mapping or path
        Keywords of a workbook, or a JSON or TOML file of them.
    fixed_equalizer : mapping, optional
        What of the setting is fixed; the rest is searched over the whole grid.
    threads : int, optional
        Threads of the search; every core if None. The result does not depend on it.
    progress : callable, optional
        Called with (done, total) CTLE settings.

    Returns
    -------
    Com
        The figures of the worst package case, and of all cases.

    Raises
    ------
    ParameterError
        For keywords, keys or networks that do not fit; see :class:`ComConfig`.
    ValueError
        For a channel too short or with a response before its cause.

    Examples
    --------
    >>> import lightlane as ll
    >>> ll.com("thru.s4p", config={"f_b": 53.125})
    Traceback (most recent call last):
    lightlane._exceptions.ParameterError: DER_0 = nothing: must be given: the release has no default for it
    """
    if not isinstance(config, ComConfig):
        config = ComConfig.read(config) if isinstance(config, str | os.PathLike) else ComConfig(config)
    if fixed_equalizer is not None and not isinstance(fixed_equalizer, Mapping):
        raise wrong_type("fixed_equalizer", fixed_equalizer, "a mapping")
    fixed = {str(k): _plain(f"fixed_equalizer.{k}", v) for k, v in (fixed_equalizer or {}).items()}
    figures = _native.com_figures(
        _native.as_network(thru),
        _networks("fext", fext),
        _networks("next", next),
        _json("config", dict(config.keywords)),
        _json("fixed_equalizer", fixed),
        checked_threads(threads),
        progress,
    )
    return Com(json.loads(figures))


def _networks(name: str, values: Iterable[Any]) -> list[_native.Network]:
    if isinstance(values, str | os.PathLike | _native.Network) or not isinstance(values, Iterable):
        raise wrong_type(name, values, "a sequence of channels")
    return [_native.as_network(value) for value in values]


def _plain(name: str, value: Any) -> Any:
    """Write arrays, numpy numbers and mappings as plain data."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(k): _plain(f"{name}.{k}", v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(name, v) for v in value]
    if isinstance(value, bool | int | float | str) or value is None:
        return value
    raise wrong_type(name, value, "a number, a list or a text")


def _json(name: str, data: Mapping[str, Any]) -> str:
    try:
        return json.dumps(data, allow_nan=False)
    except ValueError:
        raise ParameterError(f"{name}: must hold finite numbers", name, None, "finite numbers") from None
