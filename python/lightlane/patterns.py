"""Test patterns, Gray coding and precoding of PAM4 symbols 0..3."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lightlane import _native

__all__ = [
    "gray_decode",
    "gray_encode",
    "levels",
    "prbs",
    "prbs13q",
    "prbs31q",
    "precode",
    "ssprq",
    "unprecode",
]

Symbols = NDArray[np.uint8]


def prbs(order: int, n: int, seed: int | None = None) -> Symbols:
    """Return bits of a pseudo-random binary sequence.

    Parameters
    ----------
    order : {7, 9, 11, 13, 15, 23, 31}
        Length of the shift register.
    n : int
        Number of bits; it may exceed the period.
    seed : int, optional
        State of the register before the first bit, bit i being S_i; all ones if None. Zero is refused.

    Returns
    -------
    ndarray of uint8
        The first is the first new feedback bit; not inverted.
    """
    return _native.prbs(order, n, seed)


def prbs13q(n: int | None = None) -> Symbols:
    """Return PRBS13Q symbols from the start of the example in IEEE 802.3.

    Parameters
    ----------
    n : int, optional
        Number of symbols; one period of 8191 if None, a longer pattern repeats.
    """
    return _native.prbs13q(n)


def prbs31q(n: int) -> Symbols:
    """Return the first `n` PRBS31Q symbols from the all-ones seed."""
    return _native.prbs31q(n)


def ssprq() -> Symbols:
    """Return one period of SSPRQ, 65535 symbols."""
    return _native.ssprq()


def gray_encode(bits: ArrayLike) -> Symbols:
    """Return the PAM4 symbols of an even number of bits; the first bit of a pair is the most significant.

    Examples
    --------
    >>> import lightlane as ll
    >>> ll.patterns.gray_encode([0, 0, 0, 1, 1, 1, 1, 0]).tolist()
    [0, 1, 2, 3]
    """
    return _native.gray_encode(bits)


def gray_decode(symbols: ArrayLike) -> Symbols:
    """Return the bits of PAM4 symbols, the inverse of `gray_encode`."""
    return _native.gray_decode(symbols)


def precode(symbols: ArrayLike) -> Symbols:
    """Return symbols precoded by 1/(1+D) modulo 4, from 0."""
    return _native.precode(symbols)


def unprecode(symbols: ArrayLike) -> Symbols:
    """Undo `precode`, (1+D) modulo 4."""
    return _native.unprecode(symbols)


def levels(symbols: ArrayLike) -> NDArray[np.float64]:
    """Return the level of each symbol: -1, -1/3, 1/3, 1."""
    return _native.levels(symbols)
