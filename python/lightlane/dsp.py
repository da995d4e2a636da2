"""Equalization and detection of captured waveforms.

Arrays are borrowed where they are contiguous and of the right type; levels of PAM4 symbols 0..3 are -1, -1/3, 1/3
and 1. Samples are one a symbol unless an argument says how many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lightlane import _native
from lightlane._captured import CapturedEye, bathtub, eye
from lightlane._dual_dirac import fit_crossings as dual_dirac
from lightlane._lms import LmsEqualizer, LmsResult

__all__ = [
    "CapturedEye",
    "LmsEqualizer",
    "LmsResult",
    "MmseResult",
    "bathtub",
    "dual_dirac",
    "eye",
    "iir",
    "mlsd",
    "mmse",
    "mueller_muller_phase",
    "pulse_train",
]

Reals = NDArray[np.float64]


def pulse_train(levels: ArrayLike, pulse: ArrayLike, samples_per_symbol: int) -> NDArray[np.float32]:
    """Return the waveform of a sequence of levels.

    ``y[k M + i] = sum_j levels[k - j] pulse[j M + i]`` with M samples a symbol, cut at the end of the last symbol.

    Parameters
    ----------
    levels : array_like
        Level of each symbol, such as `lightlane.patterns.levels` gives. Borrowed when float32.
    pulse : array_like
        Response to one symbol of level 1, of any length. Borrowed when float32.
    samples_per_symbol : int
        Samples a symbol, of pulse and waveform.

    Returns
    -------
    ndarray of float32
        ``len(levels) * samples_per_symbol`` samples; sums are in single precision.

    Raises
    ------
    ParameterError
        For no samples a symbol, or values that are not finite.

    Examples
    --------
    >>> import lightlane as ll
    >>> ll.dsp.pulse_train([1, -1], [0.5, 1.0, 0.25], samples_per_symbol=2).tolist()
    [0.5, 1.0, -0.25, -1.0]
    """
    return _native.pulse_train(levels, pulse, samples_per_symbol)


def iir(b: ArrayLike, a: ArrayLike, x: ArrayLike) -> NDArray[Any]:
    """Filter samples by the rational transfer function b(z)/a(z), as `scipy.signal.lfilter` does.

    ``a[0] y[k] = sum_i b[i] x[k - i] - sum_(i >= 1) a[i] y[k - i]``, both zero before the record.

    Parameters
    ----------
    b, a : array_like
        Coefficients in rising powers of 1/z; ``a[0]`` is not 0.
    x : array_like
        Samples; of more than one dimension, each row along the last is filtered on its own.

    Returns
    -------
    ndarray
        float32 when `x` is, else float64; the state is float64 in either case.

    Raises
    ------
    ParameterError
        For samples or coefficients that are not finite, or ``a[0] == 0``.
    ConvergenceError
        When the output of an unstable filter overflows.

    Examples
    --------
    >>> import lightlane as ll
    >>> ll.dsp.iir([2], [2, -1], [1, 1, 1]).tolist()
    [1.0, 1.5, 1.75]
    """
    b, a = np.atleast_1d(b), np.atleast_1d(a)
    samples = np.asarray(x)
    if samples.ndim < 2 or samples.size == 0:
        return _native.iir(b, a, samples)
    rows = samples.reshape(-1, samples.shape[-1])
    return np.stack([_native.iir(b, a, row) for row in rows]).reshape(samples.shape)


@dataclass(frozen=True, slots=True, eq=False)
class MmseResult:
    """Taps of least mean-square error.

    Attributes
    ----------
    ffe : ndarray
        FFE taps in time order, zeros between fixed and floating ones.
    dfe : ndarray
        DFE taps; ``dfe[0]`` multiplies the decision before.
    mse : float
        Mean-square error, in the unit of the signal power.
    snr_db : float
        Unbiased signal-to-noise ratio, 10 log10(signal_power/mse - 1).
    delay : int
        Index of the main tap of the pulse.
    positions : tuple of int
        Indices of the FFE taps that there are: all of them without floating groups.
    """

    ffe: Reals
    dfe: Reals
    mse: float
    snr_db: float
    delay: int
    positions: tuple[int, ...]


def mmse(
    pulse: ArrayLike,
    noise_autocorrelation: ArrayLike,
    ffe_taps: int,
    pre: int,
    dfe_taps: int,
    signal_power: float,
    delay: int | None = None,
    *,
    floating_groups: int = 0,
    floating_taps: int = 4,
    floating_span_ui: int = 80,
) -> MmseResult:
    """Return the FFE and DFE of least mean-square error in closed form, past decisions being right.

    ``r[k] = sum_m pulse[m] a[k - m + delay] + n[k]`` and
    ``z[k] = sum_i ffe[i] r[k + pre - i] - sum_j dfe[j - 1] a[k - j]``.

    Parameters
    ----------
    pulse : array_like
        Response, one sample a symbol.
    noise_autocorrelation : array_like
        ``E[n[k] n[k + l]]`` for l = 0, 1, …; zero past its end.
    ffe_taps, pre, dfe_taps : int
        FFE taps, those of them before the main one, and DFE taps.
    signal_power : float
        E[a²], 5/9 for PAM4 on the scale -1..1.
    delay : int, optional
        Index of the main tap of the pulse; None takes the one of least error.
    floating_groups, floating_taps : int, default 0 and 4
        Groups of FFE taps beyond the others and the taps of each, placed one by one where each leaves the least error.
    floating_span_ui : int, default 80
        Farthest floating tap, symbols after the main one.

    Raises
    ------
    ParameterError
        For values outside their domain.
    ConvergenceError
        When the equations cannot be solved in double precision.

    Examples
    --------
    >>> import lightlane as ll
    >>> m = ll.dsp.mmse([1.0], [0.25], ffe_taps=1, pre=0, dfe_taps=0, signal_power=1.0)
    >>> m.ffe.round(12).tolist(), round(m.mse, 12), round(m.snr_db, 3)
    ([0.8], 0.2, 6.021)
    """
    floating = (floating_groups, floating_taps, floating_span_ui)
    ffe, dfe, mse, snr_db, delay, positions = _native.mmse(
        pulse, noise_autocorrelation, ffe_taps, pre, dfe_taps, signal_power, delay, floating
    )
    return MmseResult(ffe, dfe, mse, snr_db, delay, tuple(positions))


def mlsd(samples: ArrayLike, response: ArrayLike, levels: int = 4) -> NDArray[np.uint8]:
    """Return the most likely sequence of a whole record in white noise, by the Viterbi algorithm.

    ``y[k] = sum_m response[m] a[k - m]``, a being zero before the first sample. Nothing is decided before the end.

    Parameters
    ----------
    samples : array_like
        One sample a symbol. Borrowed when float32 or float64.
    response : array_like
        Response after equalization, such as ``[1, a]``.
    levels : {4, 2}, default 4
        Size of the alphabet, equally spaced from -1 to 1.

    Returns
    -------
    ndarray of uint8
        Symbols from 0.

    Raises
    ------
    ParameterError
        For samples that are not finite, or a trellis, ``levels ** (len(response) - 1)`` states, of more than 4096.

    Examples
    --------
    >>> import lightlane as ll
    >>> ll.dsp.mlsd([1.0, 0.0, 0.0, 2 / 3], response=[1.0, 1.0]).tolist()
    [3, 0, 3, 1]
    """
    return _native.mlsd(samples, response, levels)


def mueller_muller_phase(pulse: ArrayLike, samples_per_symbol: int) -> float:
    """Return the phase at which a Mueller-Müller detector locks, where h(t0 - 1) = h(t0 + 1).

    Parameters
    ----------
    pulse : array_like
        Pulse response.
    samples_per_symbol : int
        Samples a symbol.

    Returns
    -------
    float
        Phase in UI from ``pulse[0]``: of several roots the one nearest the largest ``|pulse|``, interpolated between
        samples.

    Raises
    ------
    ParameterError
        For a pulse that is empty, all zeros or not finite.

    Examples
    --------
    >>> import lightlane as ll
    >>> ll.dsp.mueller_muller_phase([0, 0.5, 1, 0.5, 0], samples_per_symbol=2)
    1.0
    """
    return _native.mueller_muller_phase(pulse, samples_per_symbol)
