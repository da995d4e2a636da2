"""Channel operating margin: the call and its results."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lightlane import _native
from lightlane._base import checked_threads
from lightlane._card import com_card
from lightlane._com_channels import channels
from lightlane._com_config import ComConfig, plain_json
from lightlane._com_plot import ComPlots
from lightlane._dataset import dataset
from lightlane._exceptions import wrong_type
from lightlane._frozen import Frozen, read_only
from lightlane._mapping import FrozenMap

if TYPE_CHECKING:
    import xarray

__all__ = ["Com", "ComCase", "ComEqualizer", "ComLosses", "ComPulse", "ComReflection", "NoiseDensity", "com"]

Array = NDArray[np.float64]


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


class ComPulse(NamedTuple):
    """The pulse of a case behind transmitter, channel and CTLE, and what the receiver's equalizer leaves of it.

    Attributes
    ----------
    time_ui : ndarray
        Time from the cursor, UI.
    v : ndarray
        Pulse response, V.
    symbol_ui : ndarray
        Times of ``equalized_v``, one UI apart, 0 the cursor.
    equalized_v : ndarray
        The sampled pulse behind FFE and DFE, the FFE's main tap being 1, V.
    """

    time_ui: Array
    v: Array
    symbol_ui: Array
    equalized_v: Array


class NoiseDensity(NamedTuple):
    """Distribution of everything that is not signal at the sampling time.

    Attributes
    ----------
    voltage_v : ndarray
        Middles of the bins, V.
    probability : ndarray
        Probability of each bin; the sum is 1.
    cumulative : ndarray
        Probability of at most this voltage.
    """

    voltage_v: Array
    probability: Array
    cumulative: Array


class ComLosses(NamedTuple):
    """What the files of a channel say, between their reference impedances.

    Attributes
    ----------
    freq_hz : ndarray
        Frequencies of the thru, Hz.
    insertion_loss_db, fitted_db : ndarray
        Loss of the thru, and the fit to it; nan outside the fitted band.
    return_loss_db : tuple of two ndarray
        Return loss of the left and the right port.
    nyquist_loss_db : float
        Insertion loss at half the symbol rate, nan if the file ends before.
    fext_loss_db, next_loss_db : ndarray or None
        Power sum of all aggressors of a kind; None without.
    """

    freq_hz: Array
    insertion_loss_db: Array
    fitted_db: Array
    return_loss_db: tuple[Array, Array]
    nyquist_loss_db: float
    fext_loss_db: Array | None
    next_loss_db: Array | None


class ComReflection(NamedTuple):
    """What one port of the channel reflects.

    Attributes
    ----------
    time_s : ndarray
        Time after the incident edge, s.
    impedance_ohm : ndarray
        Impedance profile, differential.
    port_impedance_ohm : float
        Mean impedance near the port.
    gated : ndarray
        Gated reflection of one symbol, V/V.
    erl_db : float
        Effective return loss, nan if it was not asked for.
    """

    time_s: Array
    impedance_ohm: Array
    port_impedance_ohm: float
    gated: Array
    erl_db: float


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
    pulse : ComPulse
        Pulse response of the setting.
    noise : NoiseDensity
        Distribution of noise and interference.
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
    pulse: ComPulse
    noise: NoiseDensity

    def __init__(self, figures: Mapping[str, Any], curves: Mapping[str, Array]) -> None:
        self._fill(figures, curves)
        self._freeze()

    def _fill(self, figures: Mapping[str, Any], curves: Mapping[str, Array]) -> None:
        for name in _FIGURES:
            setattr(self, name, figures[name])
        self.noise_budget = MappingProxyType(dict(figures["noise_budget"]))
        self.equalizer = ComEqualizer(figures["equalizer"])
        self.trace = tuple(
            MappingProxyType(step | {"tx_ffe": FrozenMap({int(k): c for k, c in step["tx_ffe"].items()})})
            for step in figures["trace"]
        )
        self.vec_db = _number(figures["vec_db"])
        self.pulse = _pulse(self.case, figures, curves)
        self.noise = _noise(self.case, figures, curves)

    def der(self, margin_db: Any) -> Any:
        """Detector error ratio that noise and interference make if so much margin is asked for.

        Parameters
        ----------
        margin_db : float or array_like
            Margin m, dB; at ``com_dfe_db`` it is DER_0, but for the width of a bin. The distribution is that of the
            sampling time; the COM of chip-to-module is of its eye over a window, where less is asked of it.

        Returns
        -------
        float or ndarray
            P(y <= -A_s 10^(-m/20)); sequence detection is not in it.
        """
        v = -self.signal_v * 10.0 ** (-np.asarray(margin_db, dtype=float) / 20.0)
        # The sum up to a bin, bins as points: the first at which it reaches DER_0 is A_ni.
        index = np.searchsorted(self.noise.voltage_v, v * (1.0 - 1e-9), side="right")
        found = np.concatenate([[0.0], self.noise.cumulative])[index]
        return float(found) if found.ndim == 0 else found

    def figures(self) -> dict[str, Any]:
        """Return every figure as plain data, curves left out; nan and infinity are None.

        Returns
        -------
        dict
            Names and values.
        """
        plain = {name: getattr(self, name) for name in _FIGURES}
        plain |= {name: _none(value) for name, value in plain.items() if isinstance(value, float)}
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


#: Figures that a Dataset carries in its attrs.
_LABELLED = (
    "com_db",
    "fom_db",
    "signal_v",
    "noise_v",
    "veo_v",
    "vec_db",
    "erl_db",
    "icn_v",
    "fom_ild_db",
)
#: Figures of a case, curves left out.
_FIGURES = tuple(name for name in ComCase.__annotations__ if name not in ("pulse", "noise"))


class Com(ComCase):
    """The margin of a channel: the figures of its worst package case, and all cases.

    Attributes
    ----------
    release : str
        Release whose rules were followed.
    passed : bool
        Whether ``com_db`` reaches ``pass_db``; for C2M also ``veo_v`` and ``vec_db`` their limits.
    pass_db : float
        The keyword ``COM Pass threshold``, dB.
    symbol_rate_hz, target_der : float
        The keywords ``f_b``, in Hz, and ``DER_0``.
    erl_db, erl_pass_db : float
        Effective return loss of the worse port, nan without the keyword ``ERL``, and its limit, nan without one, dB.
    icn_v, fom_ild_db : float
        Integrated crosstalk noise, V rms, and RMS deviation of the insertion loss from its fit, dB; nan for a file
        too short for them.
    losses : ComLosses or None
        Losses over frequency.
    reflections : tuple of ComReflection
        TDR of the left and the right port; empty without the keyword ``TDR``.
    cases : tuple of ComCase
        One a package case.
    warnings : tuple of str
        What was assumed of the files.
    assumptions : tuple of str
        Keywords of a shipped configuration whose values are assumed.
    config : ComConfig
        The configuration.
    plot : ComPlots
        Plots: ``c.plot()`` the panel, ``c.plot.pulse(ax)`` and others one each.
    """

    release: str
    passed: bool
    pass_db: float
    symbol_rate_hz: float
    target_der: float
    erl_db: float
    erl_pass_db: float
    icn_v: float
    fom_ild_db: float
    losses: ComLosses | None
    reflections: tuple[ComReflection, ...]
    cases: tuple[ComCase, ...]
    warnings: tuple[str, ...]
    assumptions: tuple[str, ...]
    config: ComConfig

    def __init__(self, figures: Mapping[str, Any], curves: Mapping[str, Array], config: ComConfig) -> None:
        self._fill(figures, curves)
        self.release, self.passed = figures["release"], figures["passed"]
        self.pass_db, self.warnings = figures["pass_db"], tuple(figures["warnings"])
        self.symbol_rate_hz, self.target_der = figures["symbol_rate_hz"], figures["target_der"]
        for name in ("erl_db", "erl_pass_db", "icn_v", "fom_ild_db"):
            setattr(self, name, _number(figures[name]))
        self.losses = None if figures["losses"] is None else _losses(figures["losses"], curves)
        both = enumerate(figures["reflections"] or ())
        self.reflections = tuple(_reflection(i, r, curves) for i, r in both)
        self.cases = tuple(ComCase(case, curves) for case in figures["cases"])
        self.config = config
        self.assumptions = tuple(k for k, e in config.evidence.items() if e.grade == "assumed")
        self._freeze()

    @property
    def plot(self) -> ComPlots:
        return ComPlots(self)

    def figures(self) -> dict[str, Any]:
        """Return every figure as plain data, curves left out; nan and infinity are None.

        Returns
        -------
        dict
            Names and values.
        """
        losses = self.losses
        return {
            "release": self.release,
            "config": self.config.name,
            "passed": self.passed,
            "pass_db": self.pass_db,
            "symbol_rate_hz": self.symbol_rate_hz,
            "target_der": self.target_der,
            **super().figures(),
            "erl_db": _none(self.erl_db),
            "erl_pass_db": _none(self.erl_pass_db),
            "erl_port_db": [_none(r.erl_db) for r in self.reflections],
            "icn_v": _none(self.icn_v),
            "fom_ild_db": _none(self.fom_ild_db),
            "nyquist_loss_db": None if losses is None else _none(losses.nyquist_loss_db),
            "cases": [case.figures() for case in self.cases],
            "warnings": list(self.warnings),
            "assumptions": list(self.assumptions),
        }

    def to_xarray(self) -> xarray.Dataset:
        """Return pulse, distribution, losses and budget as a labelled Dataset; its attrs carry the figures."""
        cases = [case.case for case in self.cases]
        coords: dict[str, Any] = {
            "source": ("source", list(self.noise_budget), ""),
            "case": ("case", cases, ""),
            "time_ui": ("time_ui", self.pulse.time_ui, "UI"),
            "symbol_ui": ("symbol_ui", self.pulse.symbol_ui, "UI"),
            "noise_v": ("noise_v", self.noise.voltage_v, "V"),
        }
        data: dict[str, Any] = {
            "budget_v": ("source", list(self.noise_budget.values()), "V"),
            "case_com_db": ("case", [case.com_db for case in self.cases], "dB"),
            "pulse_v": ("time_ui", self.pulse.v, "V"),
            "equalized_pulse_v": ("symbol_ui", self.pulse.equalized_v, "V"),
            "probability": ("noise_v", self.noise.probability, "1"),
        }
        if self.losses is not None:
            coords["freq_hz"] = ("freq_hz", self.losses.freq_hz, "Hz")
            data["insertion_loss_db"] = ("freq_hz", self.losses.insertion_loss_db, "dB")
            data["fitted_loss_db"] = ("freq_hz", self.losses.fitted_db, "dB")
        for side, reflection in zip(("left", "right"), self.reflections, strict=False):
            coords[f"{side}_time_s"] = (f"{side}_time_s", reflection.time_s, "s")
            data[f"{side}_impedance_ohm"] = (f"{side}_time_s", reflection.impedance_ohm, "ohm")
        figures = {name: getattr(self, name) for name in _LABELLED}
        told = {"release": self.release, "config": self.config.name or "", "config_hash": self.config.digest}
        return dataset(data, coords, {**figures, **told})

    def _repr_html_(self) -> str:
        return com_card(self)


def com(
    thru: Any,
    *,
    fext: Iterable[Any] = (),
    next: Iterable[Any] = (),  # noqa: A002 - the standard's word
    config: ComConfig | Mapping[str, Any] | str | os.PathLike[str],
    lane_map: Mapping[str, Any] | None = None,
    fixed_equalizer: Mapping[str, Any] | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Com:
    """Channel operating margin of a channel with its aggressors.

    Parameters
    ----------
    thru : Network, path or scikit-rf network
        The channel: a 4-port, its pairs guessed or given by the keyword ``Port Order``, a differential two-port, or
        with `lane_map` a file of several lanes.
    fext, next : sequence of the same, default ()
        Aggressors at the far and the near end, from the aggressor's transmitter to the victim's receiver.
    config : str, ComConfig, mapping or path
        A name of `ComConfig.names`; keywords of a workbook; a JSON or TOML file of them; or an IEEE workbook.
    lane_map : mapping, optional
        Where the lanes lie in the file of `thru`, ports counted from 1: ``"thru"`` is ``((left +, left -),
        (right +, right -))``, ``"fext"`` and ``"next"`` are lists of the same, each ((aggressor's +, -),
        (victim's +, -)). The other ports are terminated by their reference impedance.
    fixed_equalizer : mapping, optional
        What of the setting is fixed; the rest is searched over the grid, as ``Local Search`` says.
    threads : int, optional
        Threads of the search; every core if None. The result does not depend on it.
    progress : callable, optional
        Called with (done, total): CTLE settings, or candidates of an adaptive search.

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
    >>> ll.com("thru.s4p", config="802.3ck-kr")
    Traceback (most recent call last):
    lightlane._exceptions.ParameterError: config = "802.3ck-kr": unknown, did you mean "802.3ck-kr@4.50"?
    """
    config = ComConfig._of(config)
    if fixed_equalizer is not None and not isinstance(fixed_equalizer, Mapping):
        raise wrong_type("fixed_equalizer", fixed_equalizer, "a mapping")
    victim, far, near = channels(thru, fext, next, lane_map)
    figures, curves = _native.com_figures(
        victim,
        far,
        near,
        plain_json("config", config.keywords),
        plain_json("fixed_equalizer", fixed_equalizer or {}),
        checked_threads(threads),
        progress,
    )
    return Com(json.loads(figures), dict(curves), config)


def _number(value: float | str | None) -> float:
    return math.nan if value is None else float(value)


def _none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _pulse(case: int, figures: Mapping[str, Any], curves: Mapping[str, Array]) -> ComPulse:
    at, scale = f"cases.{case - 1}", figures["curves"]
    v, equalized = curves[f"{at}.pulse_v"], curves[f"{at}.equalized_v"]
    time_ui = (np.arange(len(v)) - scale["cursor_index"]) / scale["samples_per_symbol"]
    symbol_ui = np.arange(len(equalized), dtype=float) - scale["cursor_symbol"]
    return ComPulse(read_only(time_ui), v, read_only(symbol_ui), equalized)


def _noise(case: int, figures: Mapping[str, Any], curves: Mapping[str, Array]) -> NoiseDensity:
    probability = curves[f"cases.{case - 1}.probability"]
    voltage = (np.arange(len(probability)) - len(probability) // 2) * figures["curves"]["bin_v"]
    return NoiseDensity(read_only(voltage), probability, read_only(np.cumsum(probability)))


def _losses(figures: Mapping[str, Any], curves: Mapping[str, Array]) -> ComLosses:
    fext, near = (curves[f"losses.crosstalk.{i}"] for i in (0, 1))
    return ComLosses(
        curves["losses.freq_hz"],
        curves["losses.insertion_loss_db"],
        curves["losses.fitted_db"],
        (curves["losses.return.0"], curves["losses.return.1"]),
        _number(figures["nyquist_loss_db"]),
        fext if len(fext) else None,
        near if len(near) else None,
    )


def _reflection(port: int, figures: Mapping[str, Any], curves: Mapping[str, Array]) -> ComReflection:
    time_s, impedance_ohm, gated = (
        curves[f"reflections.{port}.{name}"] for name in ("time_s", "impedance_ohm", "gated")
    )
    erl_db = _number(figures["erl_db"])
    return ComReflection(time_s, impedance_ohm, figures["port_impedance_ohm"], gated, erl_db)
