"""TDECQ of captured waveforms: the call, the files it reads, its result."""

from __future__ import annotations

import json
import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lightlane import _native
from lightlane._capture_file import read_capture
from lightlane._card import card
from lightlane._config import TdecqConfig
from lightlane._dataset import dataset
from lightlane._exceptions import wrong_type
from lightlane._frozen import Frozen, read_only
from lightlane._plot import axes_or_new
from lightlane._text import decibels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from xarray import Dataset

__all__ = ["Tdecq", "checked_config", "tdecq"]

Reals = NDArray[np.float64]

#: Figures that are infinite or not a number where JSON says null.
_INFINITE = ("tdecq_db", "extinction_ratio_db", "eye_closure_db")
_MISSING = ("transition_time_s", "rin_oma_db_per_hz")

#: Share by which the time step of a file may leave that of the samples a symbol and the symbol rate.
_STEP_TOLERANCE = 1e-3


class Tdecq(Frozen):
    """Eye closure of a captured waveform and what else it tells.

    Attributes
    ----------
    tdecq_db : float
        Transmitter and dispersion eye closure, dB; infinite where the equalized eye is closed.
    oma_w, average_power_w : float
        Outer optical modulation amplitude behind the reference filter, by runs; average power, W.
    extinction_ratio_db : float
        Level of threes over that of zeros, dB.
    level_mismatch : float
        Level-separation mismatch ratio of the equalized levels.
    levels_w, thresholds_w : numpy.ndarray
        Equalized levels, (4,), and thresholds, (3,), W, ascending.
    taps : numpy.ndarray
        Taps of the equalizer; the first acts on the newest symbol.
    main_tap : int
        Index of the main tap within `taps`.
    dfe_tap : float
        Feedback of the symbol before, relative to the signal; 0 without.
    noise_enhancement : float
        Ceq, rms noise behind the equalizer over that before it.
    added_noise_w, instrument_noise_w : float
        Noise that may be added (sigma_G) and that of the instrument (sigma_S), W rms.
    symbol_error_ratio : float
        Of the worse histogram with the added noise: the target, unless the eye is closed.
    side_error_ratios : numpy.ndarray
        Of the left and the right histogram, (2,).
    time_ui : float
        Middle between the histograms, UI after the instant at which signal and symbols correlate best.
    is_closed : bool
        Whether no noise could be added.
    eye_closure_db : float
        A third of the OMA over the least opening of the equalized eye, optical dB.
    transition_time_s : float
        20 % to 80 % of the slower mean edge between the outer levels, s; nan without such an edge.
    overshoot, undershoot : float
        Power that 1 % of the samples exceed beyond the outer levels, over the OMA.
    rin_oma_db_per_hz : float
        RIN_OMA by the variance between periods, dB/Hz; nan for one period.
    pattern : str
        What the waveform holds.
    pattern_start : int
        Symbol of the pattern that the waveform begins with.
    n_symbols, n_periods : int
        Symbols used, and the whole periods that they are.
    bandwidth_hz : float
        3 dB bandwidth of the reference filter, Hz.
    eye_time_ui, eye_power_w, eye_counts : numpy.ndarray
        Equalized eye of at most 16,384 symbols: UI from the middle of the histograms, (T,); W, (P,); counts, (P, T).
    histogram_left, histogram_right : numpy.ndarray
        Share of the samples of each histogram in each power bin, (P,).
    config : TdecqConfig
        The rules.
    warnings, assumptions : tuple of str
        What was taken for granted about the waveform; what of the rules is not in a published standard.
    """

    tdecq_db: float
    oma_w: float
    average_power_w: float
    extinction_ratio_db: float
    level_mismatch: float
    levels_w: Reals
    thresholds_w: Reals
    taps: Reals
    main_tap: int
    dfe_tap: float
    noise_enhancement: float
    added_noise_w: float
    instrument_noise_w: float
    symbol_error_ratio: float
    side_error_ratios: Reals
    time_ui: float
    is_closed: bool
    eye_closure_db: float
    transition_time_s: float
    overshoot: float
    undershoot: float
    rin_oma_db_per_hz: float
    pattern: str
    pattern_start: int
    n_symbols: int
    n_periods: int
    bandwidth_hz: float
    eye_time_ui: Reals
    eye_power_w: Reals
    eye_counts: NDArray[np.uint32]
    histogram_left: Reals
    histogram_right: Reals
    config: TdecqConfig
    warnings: tuple[str, ...]
    assumptions: tuple[str, ...]

    def __init__(self, figures: dict[str, Any], eye: tuple[Any, ...], config: TdecqConfig) -> None:
        for name, value in figures.items():
            if name in _INFINITE and value is None:
                value = math.inf
            elif name in _MISSING and value is None:
                value = math.nan
            elif name in ("warnings", "assumptions"):
                value = tuple(value)
            elif isinstance(value, list):
                value = read_only(np.array(value, dtype=np.float64))
            setattr(self, name, value)
        names = ("eye_time_ui", "eye_power_w", "eye_counts", "histogram_left", "histogram_right")
        for name, array in zip(names, eye, strict=True):
            setattr(self, name, array)
        self.config = config
        self._freeze()

    def figures(self) -> dict[str, Any]:
        """Return every figure but the eye as plain data.

        Returns
        -------
        dict
            Names and values.
        """
        plain: dict[str, Any] = {}
        for name in Tdecq.__annotations__:
            value = getattr(self, name)
            if name.startswith(("eye_time", "eye_power", "eye_counts", "histogram_")):
                continue
            if isinstance(value, np.ndarray):
                value = value.tolist()
            plain[name] = value.to_dict() if isinstance(value, TdecqConfig) else value
        for name in ("warnings", "assumptions"):
            plain[name] = list(plain[name])
        return plain

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the equalized eye, its thresholds and the two histograms.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure's if None.

        Returns
        -------
        matplotlib.axes.Axes
            Where it was drawn.
        """
        ax = axes_or_new(ax)
        power_mw = 1e3 * self.eye_power_w
        image = np.full(self.eye_counts.shape, np.nan)
        np.log10(self.eye_counts, out=image, where=self.eye_counts > 0)
        ax.pcolormesh(self.eye_time_ui, power_mw, image, cmap="Blues", shading="nearest")
        for i, threshold in enumerate(self.thresholds_w):
            ax.axhline(
                1e3 * threshold,
                color="0.3",
                linestyle=":",
                linewidth=1,
                label="threshold" if i == 0 else None,
            )
        half = 0.5 * self.config.histogram_spacing_ui
        sides = ((self.histogram_left, -half, -1, "left"), (self.histogram_right, half, 1, "right"))
        tallest = max(float(self.histogram_left.max()), float(self.histogram_right.max()))
        for share, at, direction, name in sides:
            color = "tab:orange" if name == "left" else "tab:red"
            edge = at + direction * 0.3 * share / tallest
            ax.fill_betweenx(
                power_mw, at, edge, color=color, alpha=0.6, linewidth=0, label=f"{name} histogram"
            )
            ax.axvline(at, color=color, linewidth=0.8)
        seen = np.flatnonzero(self.eye_counts.any(axis=1))
        bin_mw = power_mw[1] - power_mw[0]
        ax.set(
            xlim=(float(self.eye_time_ui[0]), float(self.eye_time_ui[-1])),
            ylim=(power_mw[seen[0]] - 8 * bin_mw, power_mw[seen[-1]] + 8 * bin_mw),
            xlabel="time from the middle of the histograms (UI)",
            ylabel="equalized power (mW)",
            title=f"TDECQ {decibels(self.tdecq_db, 2)}, OMA {1e3 * self.oma_w:.3g} mW, "
            f"Ceq {self.noise_enhancement:.2f}",
        )
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3, fontsize="small")
        return ax

    def to_xarray(self) -> Dataset:
        """Return the equalized eye and histograms as labelled data, the figures as attributes.

        Returns
        -------
        xarray.Dataset
            ``counts`` over ``power_w`` and ``time_ui``, ``histogram`` over ``side`` and ``power_w``, ``taps``.
        """
        numbers = {k: v for k, v in self.figures().items() if isinstance(v, int | float | str)}
        numbers = {k: int(v) if isinstance(v, bool) else v for k, v in numbers.items()}
        return dataset(
            {
                "counts": (("power_w", "time_ui"), self.eye_counts, "1"),
                "histogram": (
                    ("side", "power_w"),
                    np.stack([self.histogram_left, self.histogram_right]),
                    "1",
                ),
                "taps": ("tap", self.taps, "1"),
            },
            {
                "power_w": ("power_w", self.eye_power_w, "W"),
                "time_ui": ("time_ui", self.eye_time_ui, "UI"),
                "side": ("side", ["left", "right"], ""),
                "tap": ("tap", np.arange(len(self.taps)), "1"),
            },
            {**numbers, "config_hash": self.config.digest},
        )

    def _repr_html_(self) -> str:
        rows = [
            ("TDECQ", decibels(self.tdecq_db, 2)),
            ("OMA", f"{1e3 * self.oma_w:.4g} mW"),
            ("extinction ratio", decibels(self.extinction_ratio_db, 2)),
            ("level mismatch", f"{self.level_mismatch:.3f}"),
            (
                "equalizer",
                f"{len(self.taps)} taps, main taps[{self.main_tap}], Ceq {self.noise_enhancement:.3f}",
            ),
            ("pattern", f"{self.pattern}, {self.n_symbols:,} symbols"),
        ]
        return card("captured waveform", rows, [*self.warnings, *(f"assumed: {a}" for a in self.assumptions)])

    def __repr__(self) -> str:
        return f"<Tdecq {decibels(self.tdecq_db, 2)}, main taps[{self.main_tap}], {self.pattern}>"


def checked_config(config: TdecqConfig | str) -> TdecqConfig:
    """Return rules, those of a preset by its name."""
    if isinstance(config, str):
        config = TdecqConfig.preset(config)
    if not isinstance(config, TdecqConfig):
        raise wrong_type("config", config, "a TdecqConfig or the name of a preset")
    return config


def tdecq(
    waveform_w: ArrayLike | str | os.PathLike[str],
    samples_per_symbol: int = 20,
    symbol_rate_hz: float = 53.125e9,
    symbols: ArrayLike | None = None,
    config: TdecqConfig | str = "802.3bs",
) -> Tdecq:
    """TDECQ of a captured PAM4 waveform; TECQ without the test fibre, SECQ of a stressed receiver's source.

    Parameters
    ----------
    waveform_w : array_like or path
        Optical power, W, (n,): one period of the pattern or more, uniformly sampled by the pattern's own clock. Or a
        CSV file of powers, or of rising times and powers; or an NPZ file with ``waveform_w`` and maybe ``symbols``.
    samples_per_symbol : int, default 20
        Samples a symbol.
    symbol_rate_hz : float, default 53.125e9
        Symbols a second.
    symbols : array_like, optional
        One period of the symbols sent, 0 to 3, which may begin anywhere in the waveform. None takes those of the
        file, or looks for SSPRQ and PRBSnQ, or decides them from the waveform.
    config : TdecqConfig or str, default "802.3bs"
        Rules, with the noise of the instrument, or the name of a preset: "802.3bs", "802.3bs-d2.2", "802.3cu",
        "802.3dj", "802.3dj-inner-fec".

    Returns
    -------
    Tdecq
        Figures; ``.plot()`` draws the equalized eye and its histograms.

    Raises
    ------
    ParameterError
        For less than a whole period, another pattern, a slipped symbol, too few samples for the filter, or a number
        outside its domain.

    Examples
    --------
    Rectangular symbols behind a filter so wide that nothing closes the eye:

    >>> import numpy as np
    >>> import lightlane as ll
    >>> wave = np.repeat(1e-3 + 0.3e-3 * ll.patterns.prbs13q(), 16)
    >>> config = ll.TdecqConfig(bandwidth_ratio=4.0, ffe_taps=1, optimize_timing=False)
    >>> q = ll.tdecq(wave, samples_per_symbol=16, config=config)
    >>> abs(q.tdecq_db) < 0.01, q.pattern
    (True, 'PRBS13Q')
    """
    config = checked_config(config)
    _native.whole(samples_per_symbol, "samples_per_symbol", 1)
    step_s = None
    if isinstance(waveform_w, str | os.PathLike):
        waveform_w, in_file, step_s = read_capture(waveform_w)
        symbols = in_file if symbols is None else symbols
    if isinstance(symbol_rate_hz, bool) or not isinstance(
        symbol_rate_hz, int | float | np.integer | np.floating
    ):
        raise wrong_type("symbol_rate_hz", symbol_rate_hz, "a number")
    text, *eye = _native.tdecq_figures(
        waveform_w, samples_per_symbol, float(symbol_rate_hz), symbols, config.to_json()
    )
    figures = json.loads(text)
    given_hz = samples_per_symbol * float(symbol_rate_hz)
    if step_s is not None and abs(step_s * given_hz - 1) > _STEP_TOLERANCE:
        figures["warnings"].append(
            f"times {step_s:.6g} s apart are {1 / step_s:.6g} samples a second: samples_per_symbol and "
            f"symbol_rate_hz, {given_hz:.6g}, count instead"
        )
    return Tdecq(figures, tuple(eye), config)
