"""Eye and bathtub of a captured waveform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lightlane import _native
from lightlane._card import card
from lightlane._dataset import dataset
from lightlane._exceptions import refused
from lightlane._frozen import read_only
from lightlane._reals import reals
from lightlane._responses import Bathtub

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

__all__ = ["CapturedEye", "bathtub", "eye"]

Reals = NDArray[np.float64]

#: Fewest symbols of a record: of four levels some hundred each.
_FEWEST_SYMBOLS = 64
#: Symbols within which a known sequence is looked for to either side.
_LAG_SYMBOLS = 64
#: Rounds of the search for levels without known symbols; it settles in a handful.
_ROUNDS = 50
#: Spread of a level, over all samples' peak to peak, below which a phase is as clean as it can be.
_CLEAN = 1e-3
#: Most bins of an axis: beyond it an image holds less than its memory.
_MAX_BINS = 4096


@dataclass(frozen=True, slots=True)
class CapturedEye:
    """Density image of a captured waveform over one symbol, and what its openings measure.

    Attributes
    ----------
    phase_ui : numpy.ndarray
        Sampling phase from the sampling instant, (P,), one for every sample of a symbol.
    amplitude : numpy.ndarray
        Middle of each amplitude bin in the samples' unit, (V,).
    counts : numpy.ndarray
        Samples in each bin, (V, P).
    levels, noise_rms : numpy.ndarray
        Mean and standard deviation of each level at the sampling instant, ascending, (L,); the spread holds
        interference too.
    thresholds : numpy.ndarray
        Middle of each opening at the sampling instant, (L - 1,).
    heights, widths_ui : numpy.ndarray
        Of each opening: from the upper level's lower edge to the lower level's upper edge at the sampling instant, 0
        when closed; and how long the threshold lies between the edges, UI, at most the window's.
    sampling_index : int
        First sample that is at the sampling instant of a whole symbol.
    symbols : numpy.ndarray
        Symbol of each sampling instant, known or sliced, (n,).
    """

    phase_ui: Reals
    amplitude: Reals
    counts: NDArray[np.int64]
    levels: Reals
    noise_rms: Reals
    thresholds: Reals
    heights: Reals
    widths_ui: Reals
    sampling_index: int
    symbols: NDArray[np.uint8]

    @property
    def density(self) -> Reals:
        """Probability density of each phase, one over the samples' unit, (V, P)."""
        width = self.amplitude[1] - self.amplitude[0]
        share: Reals = self.counts / (width * self.counts.sum(axis=0))
        return share

    def to_xarray(self) -> xarray.Dataset:
        """Return image, levels and openings as a labelled Dataset; ``opening`` counts from the lowest."""
        return dataset(
            {
                "counts": (("amplitude", "phase_ui"), self.counts, "1"),
                "levels": ("level", self.levels, "unit of the samples"),
                "noise_rms": ("level", self.noise_rms, "unit of the samples"),
                "thresholds": ("opening", self.thresholds, "unit of the samples"),
                "heights": ("opening", self.heights, "unit of the samples"),
                "widths_ui": ("opening", self.widths_ui, "UI"),
            },
            {
                "amplitude": ("amplitude", self.amplitude, "unit of the samples"),
                "phase_ui": ("phase_ui", self.phase_ui, "UI"),
                "level": ("level", np.arange(len(self.levels)), "1"),
                "opening": ("opening", np.arange(len(self.thresholds)), "1"),
            },
            {"sampling_index": self.sampling_index, "n_symbols": len(self.symbols)},
        )

    def _repr_html_(self) -> str:
        def texts(values: Reals) -> str:
            return ", ".join(f"{v:.3g}" for v in values)

        rows = [
            ("levels", texts(self.levels)),
            ("deviation of each", texts(self.noise_rms)),
            ("thresholds", texts(self.thresholds)),
            ("heights", texts(self.heights)),
            ("widths", f"{texts(self.widths_ui)} UI"),
            ("symbols", f"{len(self.symbols):,}"),
        ]
        return card("captured eye", rows)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the density on a logarithmic scale, with levels and thresholds."""
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        image = np.full(self.counts.shape, np.nan)
        np.log10(self.counts, out=image, where=self.counts > 0)
        mesh = ax.pcolormesh(self.phase_ui, self.amplitude, image, cmap="viridis", shading="nearest")
        plt.colorbar(mesh, ax=ax, label="log10 of the samples a bin")
        for level in self.levels:
            ax.axhline(level, color="white", linewidth=0.5, linestyle=":")
        for threshold, width in zip(self.thresholds, self.widths_ui, strict=True):
            ax.axhline(
                threshold, color="tab:red", linewidth=0.8, label=f"{threshold:.3g}: {width:.2f} UI wide"
            )
        ax.set(xlabel="time from the sampling instant (UI)", ylabel="amplitude", title="captured eye")
        # Below the image, which it would hide.
        ax.legend(
            loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3, fontsize="small", title="thresholds"
        )
        return ax


@dataclass(frozen=True, slots=True)
class _Aligned:
    """Symbols and the samples around each of their instants."""

    #: Rows of one symbol, the sampling instant in the middle column.
    rows: Reals
    symbols: NDArray[np.uint8]
    index: int


def eye(
    samples: ArrayLike,
    samples_per_symbol: int,
    *,
    symbols: ArrayLike | None = None,
    levels: int = 4,
    bins: int = 128,
    outside: float = 0.0,
) -> CapturedEye:
    """Fold a captured waveform into an eye.

    The sampling instant is the phase at which the openings are largest beside the spread of the levels. Without
    `symbols` the levels are found there by clustering, and every symbol is the nearest of them.

    Parameters
    ----------
    samples : array_like
        Waveform, uniformly sampled by the recovered clock, of at least 64 symbols.
    samples_per_symbol : int
        Samples a symbol, at least 2.
    symbols : array_like, optional
        The symbols sent, 0 to ``levels - 1``, that the waveform holds from its first symbol on, late or early by up to
        64 symbols. None slices the waveform.
    levels : int, default 4
        Number of levels, 2 or 4.
    bins : int, default 128
        Amplitude bins, from the smallest to the largest sample.
    outside : float, default 0
        Share of a level's samples that may lie beyond its edge, when heights and widths are measured: 0 takes the
        outermost sample.

    Returns
    -------
    CapturedEye
        Image, levels, heights and widths; ``.plot()`` draws it.

    Raises
    ------
    ParameterError
        For samples that are not finite or too few, a level that never occurs, or a number outside its domain.

    Examples
    --------
    >>> import lightlane as ll
    >>> sent = ll.patterns.prbs13q(2000)
    >>> pulse = [0.2, 0.7, 1.0, 0.7, 0.2, 0.0, 0.0, 0.0]
    >>> wave = ll.dsp.pulse_train(ll.patterns.levels(sent), pulse, 4)
    >>> found = ll.dsp.eye(wave, 4)
    >>> found.levels.round(2).tolist()
    [-1.0, -0.33, 0.33, 1.0]
    """
    _native.whole(bins, "bins", 2)
    _in_domain("bins", bins, bins <= _MAX_BINS, f"at most {_MAX_BINS}")
    _in_domain("outside", outside, 0.0 <= outside < 0.5, "at least 0 and below 0.5")
    aligned = _align(samples, samples_per_symbol, symbols, levels)
    rows, sent = aligned.rows, aligned.symbols
    low, high = float(rows.min()), float(rows.max())
    edges = np.linspace(low, high, bins + 1)
    row = np.clip(((rows - low) * (bins / (high - low))).astype(np.int64), 0, bins - 1)
    n_phases = rows.shape[1]
    flat = np.bincount((row * n_phases + np.arange(n_phases)).ravel(), minlength=bins * n_phases)
    middle = n_phases // 2
    means = np.array([rows[sent == level, middle].mean() for level in range(levels)])
    spreads = np.array([rows[sent == level, middle].std() for level in range(levels)])
    inner = [
        (
            np.quantile(rows[sent == i], 1.0 - outside, axis=0),
            np.quantile(rows[sent == i + 1], outside, axis=0),
        )
        for i in range(levels - 1)
    ]
    thresholds = np.array([0.5 * (lower[middle] + upper[middle]) for lower, upper in inner])
    return CapturedEye(
        phase_ui=read_only((np.arange(n_phases) - middle) / samples_per_symbol),
        amplitude=read_only(0.5 * (edges[1:] + edges[:-1])),
        counts=read_only(flat.reshape(bins, n_phases)),
        levels=read_only(means),
        noise_rms=read_only(spreads),
        thresholds=read_only(thresholds),
        heights=read_only(np.array([max(0.0, float(u[middle] - lo[middle])) for lo, u in inner])),
        widths_ui=read_only(
            np.array([_width(u - t, t - lo) for (lo, u), t in zip(inner, thresholds, strict=True)])
            / samples_per_symbol
        ),
        sampling_index=aligned.index,
        symbols=read_only(sent.copy()),
    )


def bathtub(
    samples: ArrayLike,
    samples_per_symbol: int,
    *,
    symbols: ArrayLike | None = None,
    levels: int = 4,
    bins: int = 257,
) -> Bathtub:
    """Count error ratios of a captured waveform against the sampling phase and against the thresholds.

    Thresholds lie midway between the levels' means at the sampling instant (see `eye`) and stay for every phase.
    Without `symbols` errors are those against the symbols sliced there, so there are next to none at that phase.

    Parameters
    ----------
    samples, samples_per_symbol, symbols, levels
        As of `eye`.
    bins : int, default 257
        Thresholds to try, from the lowest level's mean to the highest's.

    Returns
    -------
    Bathtub
        Counted ratios, 0 where no error was seen; `Bathtub.dual_dirac` extrapolates them.

    Raises
    ------
    ParameterError
        As `eye`.

    Examples
    --------
    >>> import lightlane as ll
    >>> sent = ll.patterns.prbs13q(2000)
    >>> wave = ll.dsp.pulse_train(ll.patterns.levels(sent), [0.2, 0.7, 1.0, 0.7, 0.2, 0.0, 0.0, 0.0], 4)
    >>> tub = ll.dsp.bathtub(wave, 4, symbols=sent)
    >>> tub.phase_ui.tolist(), float(tub.ber[2])
    ([-0.5, -0.25, 0.0, 0.25], 0.0)
    """
    _native.whole(bins, "bins", 2)
    _in_domain("bins", bins, bins <= _MAX_BINS, f"at most {_MAX_BINS}")
    aligned = _align(samples, samples_per_symbol, symbols, levels)
    rows, sent = aligned.rows, aligned.symbols
    n, n_phases = rows.shape
    middle = n_phases // 2
    means = np.array([rows[sent == level, middle].mean() for level in range(levels)])
    decided = np.searchsorted(0.5 * (means[1:] + means[:-1]), rows)
    gray = np.arange(levels) ^ (np.arange(levels) >> 1)
    wrong = np.array([bin(x).count("1") for x in range(levels)])[gray[decided] ^ gray[sent][:, None]]
    thresholds = np.linspace(means[0], means[-1], bins)
    shares = []
    for i in range(levels - 1):
        lower, upper = (np.sort(rows[sent == level, middle]) for level in (i, i + 1))
        above = len(lower) - np.searchsorted(lower, thresholds, side="right")
        shares.append((above + np.searchsorted(upper, thresholds, side="right")) / n)
    return Bathtub(
        read_only((np.arange(n_phases) - middle) / samples_per_symbol),
        read_only(wrong.mean(axis=0) / np.log2(levels)),
        read_only(thresholds),
        read_only(np.array(shares)),
    )


def _align(samples: ArrayLike, samples_per_symbol: int, symbols: ArrayLike | None, levels: int) -> _Aligned:
    """Find the sampling instant, and the symbols."""
    _native.whole(samples_per_symbol, "samples_per_symbol", 2)
    _native.whole(levels, "levels", 2)
    _in_domain("levels", levels, levels in (2, 4), "2 or 4")
    y = reals("samples", samples)
    m = int(samples_per_symbol)
    n = len(y) // m
    _in_domain("samples", f"{len(y)} samples", n >= _FEWEST_SYMBOLS, f"at least {_FEWEST_SYMBOLS} symbols")
    _in_domain("samples", "all equal", float(np.ptp(y)) > 0.0, "of more than one value")
    if symbols is None:
        # A whole symbol is left at each end, so that every phase has a whole window.
        folded = y[m : (n - 1) * m].reshape(-1, m)
        found = [_cluster(folded[:, p], levels, float(np.ptp(y))) for p in range(m)]
        phase = int(np.argmax([quality for quality, _ in found]))
        sent, first = found[phase][1], m + phase
    else:
        sent = _checked(symbols, levels)
        first, sent = _locate(y, m, sent, levels)
    count = len(sent)
    start = first - m // 2
    rows = y[start : start + count * m].reshape(count, m)
    for level in range(levels):
        seen = int(np.count_nonzero(sent == level))
        _in_domain("samples", f"{seen} symbols of level {level}", seen >= 2, "at least 2 of every level")
    return _Aligned(rows, sent, first)


def _checked(symbols: ArrayLike, levels: int) -> NDArray[np.uint8]:
    given = np.asarray(symbols).ravel()
    if given.dtype.kind not in "iub" or len(given) < _FEWEST_SYMBOLS:
        value = f"{len(given)} of {given.dtype}"
        _in_domain("symbols", value, False, f"at least {_FEWEST_SYMBOLS} integers")
    worst = int(given.max()) if int(given.min()) >= 0 else int(given.min())
    _in_domain("symbols", worst, 0 <= worst < levels, f"0 to {levels - 1}")
    return given.astype(np.uint8)


def _locate(y: Reals, m: int, sent: NDArray[np.uint8], levels: int) -> tuple[int, NDArray[np.uint8]]:
    """Where the known symbols lie: the delay of largest correlation, then the best phase within half a symbol."""
    value = sent.astype(np.float64) - 0.5 * (levels - 1)
    count = min(len(sent), len(y) // m)
    size = 1 << int(np.ceil(np.log2(len(y) + count * m)))
    comb = np.zeros(count * m)
    comb[::m] = value[:count]
    spectrum = np.fft.rfft(y - y.mean(), size) * np.conj(np.fft.rfft(comb, size))
    correlation = np.fft.irfft(spectrum, size)
    lags = np.arange(-_LAG_SYMBOLS * m, _LAG_SYMBOLS * m + 1)
    around = correlation[lags % size]
    if around.max() < -around.min():
        _in_domain(
            "samples", "inverted", False, "upright: their levels fall as the symbols rise, pass -samples"
        )
    delay = int(lags[np.argmax(around)])
    best: tuple[float, int, NDArray[np.uint8]] | None = None
    for at in range(delay - m // 2, delay - m // 2 + m):
        # Symbols whose whole window lies within the record.
        first = max(0, -((at - m // 2) // m))
        last = min(len(sent), (len(y) - at + m // 2 - m) // m + 1)
        if last - first < _FEWEST_SYMBOLS:
            continue
        kept = sent[first:last]
        quality = _quality(y[at + first * m :: m][: len(kept)], kept, levels, float(np.ptp(y)))
        if best is None or quality > best[0]:
            best = (quality, at + first * m, kept)
    if best is None:
        value_text = f"{len(sent)} symbols"
        requirement = f"at least {_FEWEST_SYMBOLS} that the samples hold"
        raise refused("symbols", value_text, requirement)
    return best[1], best[2]


def _quality(x: Reals, sent: NDArray[np.uint8], levels: int, scale: float) -> float:
    """Smallest distance of neighbouring levels over the sum of their deviations; of clean phases the wider one's."""
    groups = [x[sent == level] for level in range(levels)]
    if any(len(g) < 2 for g in groups):
        return -np.inf
    means = np.array([g.mean() for g in groups])
    spread = np.array([g.std() for g in groups])
    return float(np.min(np.diff(means) / (spread[1:] + spread[:-1] + _CLEAN * scale)))


def _cluster(x: Reals, levels: int, scale: float) -> tuple[float, NDArray[np.uint8]]:
    """Levels of least squared distance, from equally filled ones, and which of them is nearest to each sample."""
    centres = np.quantile(x, (np.arange(levels) + 0.5) / levels)
    sent = np.zeros(len(x), dtype=np.uint8)
    for _ in range(_ROUNDS):
        sent = np.searchsorted(0.5 * (centres[1:] + centres[:-1]), x).astype(np.uint8)
        moved = np.array([x[sent == i].mean() if (sent == i).any() else centres[i] for i in range(levels)])
        if np.allclose(moved, centres, rtol=0.0, atol=1e-9 * float(np.ptp(x))):
            break
        centres = moved
    return _quality(x, sent, levels, scale), sent


def _width(above: Reals, below: Reals) -> float:
    """Count the samples around the middle for which both distances are positive, their ends interpolated."""
    margin = np.minimum(above, below)
    middle = len(margin) // 2
    if margin[middle] <= 0.0:
        return 0.0
    width = 0.0
    for step in (-1, 1):
        at = middle
        while 0 <= at + step < len(margin) and margin[at + step] > 0.0:
            at += step
        width += abs(at - middle)
        if 0 <= at + step < len(margin):
            width += float(margin[at] / (margin[at] - margin[at + step]))
    return width


def _in_domain(name: str, value: object, holds: bool, requirement: str) -> None:
    if not holds:
        raise refused(name, value, requirement)
