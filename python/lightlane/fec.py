"""What forward error correction makes of the slicer's error ratio.

Figures are closed form. Errors are independent bits, or the two-state process of PAM4 symbols that decision
feedback makes, when `burst_continuation` is above 0 or precoding is on.
"""

from __future__ import annotations

from typing import Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lightlane import _native

__all__ = ["ber_after", "ber_limit", "codeword_error_ratio", "frame_loss_ratio"]

Code = Literal["kp4", "kr4"]
Reals = NDArray[np.float64]


@overload
def codeword_error_ratio(
    ber: float,
    code: Code = "kp4",
    interleave: int = 1,
    burst_continuation: float = 0.0,
    precoding: bool = False,
) -> float: ...
@overload
def codeword_error_ratio(
    ber: ArrayLike,
    code: Code = "kp4",
    interleave: int = 1,
    burst_continuation: float = 0.0,
    precoding: bool = False,
) -> Reals: ...
def codeword_error_ratio(
    ber: ArrayLike,
    code: Code = "kp4",
    interleave: int = 1,
    burst_continuation: float = 0.0,
    precoding: bool = False,
) -> float | Reals:
    """Return the share of codewords with more wrong symbols than can be corrected.

    Parameters
    ----------
    ber : float or array
        Bit error ratio of the slicer, 0 to 1.
    code : {'kp4', 'kr4'}, default 'kp4'
        RS(544, 514) or RS(528, 514) over GF(2^10).
    interleave : int, default 1
        Codewords that share the lane symbol by symbol; it matters to bursts.
    burst_continuation : float, default 0.0
        Probability that an error follows an error.
    precoding : bool, default False
        Whether 1/(1+D) precoding is on.

    Examples
    --------
    >>> import lightlane as ll
    >>> print(f"{ll.fec.codeword_error_ratio(2.4e-4):.3e}")
    8.152e-13
    """
    return _native.codeword_error_ratio(ber, code, interleave, burst_continuation, precoding)


@overload
def ber_after(
    ber: float,
    code: Code = "kp4",
    interleave: int = 1,
    burst_continuation: float = 0.0,
    precoding: bool = False,
) -> float: ...
@overload
def ber_after(
    ber: ArrayLike,
    code: Code = "kp4",
    interleave: int = 1,
    burst_continuation: float = 0.0,
    precoding: bool = False,
) -> Reals: ...
def ber_after(
    ber: ArrayLike,
    code: Code = "kp4",
    interleave: int = 1,
    burst_continuation: float = 0.0,
    precoding: bool = False,
) -> float | Reals:
    """Return the bit error ratio after FEC; parameters as for `codeword_error_ratio`."""
    return _native.ber_after(ber, code, interleave, burst_continuation, precoding)


@overload
def frame_loss_ratio(
    ber: float,
    code: Code = "kp4",
    interleave: int = 1,
    burst_continuation: float = 0.0,
    precoding: bool = False,
) -> float: ...
@overload
def frame_loss_ratio(
    ber: ArrayLike,
    code: Code = "kp4",
    interleave: int = 1,
    burst_continuation: float = 0.0,
    precoding: bool = False,
) -> Reals: ...
def frame_loss_ratio(
    ber: ArrayLike,
    code: Code = "kp4",
    interleave: int = 1,
    burst_continuation: float = 0.0,
    precoding: bool = False,
) -> float | Reals:
    """Return the share of minimum-size Ethernet frames lost; parameters as for `codeword_error_ratio`."""
    return _native.frame_loss_ratio(ber, code, interleave, burst_continuation, precoding)


def ber_limit(code: Code, ber_after: float = 1e-15) -> float:
    """Return the error ratio before FEC that leaves `ber_after` after it, for independent bits.

    Examples
    --------
    >>> import lightlane as ll
    >>> print(f"{ll.fec.ber_limit('kp4'):.2e}")
    2.26e-04
    """
    return _native.ber_limit(code, ber_after)
