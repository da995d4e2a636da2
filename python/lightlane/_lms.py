"""Adaptive equalizer of captured waveforms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lightlane import _native
from lightlane._exceptions import refused
from lightlane._reals import number

__all__ = ["LmsEqualizer", "LmsResult"]

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LmsResult:
    """What an adaptive equalizer made of a record.

    Attributes
    ----------
    decisions : ndarray of uint8
        Symbol 0..3 of each sample, by the slicer, in training too.
    soft : ndarray
        Slicer input of each sample.
    ffe : ndarray
        FFE taps after the last symbol, in time order.
    dfe : ndarray
        DFE taps after the last symbol; ``dfe[0]`` multiplies the decision before.
    error_rms : float
        Root mean square of the error over all symbols.
    error_rms_trace : ndarray
        The same over each `LmsEqualizer.trace_block` symbols, the last of which may be fewer: how it converged.
    """

    decisions: NDArray[np.uint8]
    soft: Reals
    ffe: Reals
    dfe: Reals
    error_rms: float
    error_rms_trace: Reals


@dataclass(frozen=True)
class LmsEqualizer:
    """An FFE and DFE for PAM4 that adapt by least mean squares.

    ``z[k] = sum_i c[i] r[k + pre - i] - sum_j d[j] a[k - j]``, ``e[k] = z[k] - a[k]``, then ``c -= step e r`` and
    ``d += step e a``, where a is the level of the training symbol or else of the decision
    ``clip(floor(1.5 z + 2), 0, 3)``. Samples and symbols outside the record are 0; sums are in double precision.

    Parameters
    ----------
    ffe_taps : int, default 16
        FFE taps.
    pre : int, default 4
        FFE taps before the main one.
    dfe_taps : int, default 1
        DFE taps.
    step : float, default 1e-3
        Step size; 0 freezes the taps.
    ffe : sequence of float, optional
        Initial FFE taps, such as those of `mmse` or of a run before; None is 1 at `pre`.
    dfe : sequence of float, optional
        Initial DFE taps; None is zeros.
    positions : sequence of int, optional
        Indices of the FFE taps that there are, ascending and the main one among them: groups of floating taps, such as
        those of `mmse`. The others are 0 and stay it. None is all `ffe_taps`.
    update : {'lms', 'sign_sign', 'block'}, default 'lms'
        By error times sample, by the signs of both, or by their sum once a block.
    block : int, default 32
        Symbols of a block; of no effect unless `update` is 'block'.
    trace_block : int, default 1024
        Symbols of one entry of `LmsResult.error_rms_trace`.

    Raises
    ------
    ParameterError
        For values outside their domain.

    Examples
    --------
    The echo of each symbol is learnt, and taken off by feedback:

    >>> import lightlane as ll
    >>> symbols = ll.patterns.prbs13q()
    >>> samples = ll.dsp.pulse_train(ll.patterns.levels(symbols), [0.8, 0.3], samples_per_symbol=1)
    >>> run = ll.dsp.LmsEqualizer(ffe_taps=1, pre=0, step=0.02).run(samples, symbols, 2000)
    >>> int((run.decisions != symbols)[2000:].sum()), run.ffe.round(3).tolist(), run.dfe.round(3).tolist()
    (0, [1.25], [0.375])

    Taps of least error, two of which float to an echo 20 symbols late, are found again from a wire:

    >>> import numpy as np
    >>> pulse = np.zeros(21)
    >>> pulse[[0, 1, 20]] = 1.0, 0.2, 0.1
    >>> samples = ll.dsp.pulse_train(ll.patterns.levels(symbols), pulse, samples_per_symbol=1)
    >>> best = ll.dsp.mmse(pulse, [1e-4], 3, 0, 0, 5 / 9, delay=0, floating_groups=1, floating_taps=2)
    >>> best.positions[-2:]
    (20, 21)
    >>> wire = ll.dsp.LmsEqualizer(len(best.ffe), 0, 0, step=0.01, positions=best.positions)
    >>> bool(abs(wire.run(samples, symbols, 8000).ffe - best.ffe).max() < 0.01)
    True
    """

    ffe_taps: int = 16
    pre: int = 4
    dfe_taps: int = 1
    step: float = 1e-3
    ffe: tuple[float, ...] | None = None
    dfe: tuple[float, ...] | None = None
    update: Literal["lms", "sign_sign", "block"] = "lms"
    block: int = 32
    trace_block: int = 1024
    positions: tuple[int, ...] | None = None

    def __init__(
        self,
        ffe_taps: int = 16,
        pre: int = 4,
        dfe_taps: int = 1,
        step: float = 1e-3,
        ffe: ArrayLike | None = None,
        dfe: ArrayLike | None = None,
        *,
        update: Literal["lms", "sign_sign", "block"] = "lms",
        block: int = 32,
        trace_block: int = 1024,
        positions: Sequence[int] | None = None,
    ) -> None:
        fields = {
            "ffe_taps": ffe_taps,
            "pre": pre,
            "dfe_taps": dfe_taps,
            "step": number("step", step),
            "ffe": _taps("ffe", ffe),
            "dfe": _taps("dfe", dfe),
            "update": update,
            "block": block,
            "trace_block": trace_block,
            "positions": None if positions is None else tuple(positions),
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        _native.lms_check(*self._fields())

    def _fields(self) -> tuple[Any, ...]:
        return (
            self.ffe_taps,
            self.pre,
            self.dfe_taps,
            self.step,
            self.ffe,
            self.dfe,
            self.update,
            self.block,
            self.trace_block,
            self.positions,
        )

    def run(self, samples: ArrayLike, training: ArrayLike | None = None, n_training: int = 0) -> LmsResult:
        """Equalize a record, adapting as it goes; the equalizer itself does not change.

        Parameters
        ----------
        samples : array_like
            One sample a symbol. Borrowed when float32 or float64.
        training : array_like of int, optional
            Symbols 0..3 that were sent.
        n_training : int, default 0
            How many of them are used; from there on decisions are.

        Returns
        -------
        LmsResult

        Raises
        ------
        ParameterError
            For samples that are none or not finite, or training that is too short or above 3.
        ConvergenceError
            When the taps diverge; the message has the error that crossed the line.
        """
        return LmsResult(*_native.lms_run(samples, training, n_training, *self._fields()))


def _taps(name: str, taps: ArrayLike | None) -> tuple[float, ...] | None:
    if taps is None:
        return None
    array = np.asarray(taps, float)
    if array.ndim != 1:
        requirement = "in one dimension"
        raise refused(name, taps, requirement, f"{array.ndim} dimensions")
    return tuple(array.tolist())
