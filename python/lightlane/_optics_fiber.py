"""Closed forms of fibre: the part of `lightlane.optics` about polarization and bends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from numpy.typing import ArrayLike

from lightlane import _native
from lightlane._exceptions import refused

__all__ = [
    "bend_loss_db",
    "bend_loss_limit_db",
    "bend_loss_marcuse_db_per_m",
    "bend_strain",
    "dgd_exceedance",
    "dgd_response",
]


def dgd_response(freq_hz: ArrayLike, dgd_s: ArrayLike, split: ArrayLike = 0.5) -> Any:
    """Return the size of the response of modulated power to a differential group delay, 1 at 0 Hz.

    Parameters
    ----------
    freq_hz : float or array
        Frequency of the modulation, Hz.
    dgd_s : float or array
        Difference of the delays of the two states of polarization, s.
    split : float or array, default 0.5
        Share of the power in the slow state, 0 to 1; 1/2 is worst.

    Examples
    --------
    >>> import lightlane as ll
    >>> round(ll.optics.dgd_response(25e9, 10e-12), 4)
    0.7071
    """
    return _native.dgd_response(freq_hz, dgd_s, split)


def dgd_exceedance(ratio_to_mean: ArrayLike) -> Any:
    """Return the probability that a differential group delay exceeds so many times its mean (Maxwell's law).

    Examples
    --------
    >>> import lightlane as ll
    >>> print(f"{ll.optics.dgd_exceedance(3.0):.2e}")
    4.20e-05
    """
    return _native.dgd_exceedance(ratio_to_mean)


def bend_loss_limit_db(
    grade: Literal["G.652.D", "G.657.A1", "G.657.A2", "G.657.B3"],
    radius_m: ArrayLike,
    turns: ArrayLike,
    wavelength_m: ArrayLike,
) -> Any:
    """Return the largest bend loss, dB, that ITU-T allows a grade of fibre, in proportion to the turns.

    Parameters
    ----------
    grade : {'G.652.D', 'G.657.A1', 'G.657.A2', 'G.657.B3'}
        Grade of the fibre.
    radius_m : float or array
        A radius of its table, m.
    turns : float or array
        Number of turns.
    wavelength_m : float or array
        1550e-9 or 1625e-9; G.652.D has a limit at 1625 nm only. None has one at 1310 nm, where the loss is far lower.

    Notes
    -----
    ITU-T G.652 and G.657 (2016). 1550 nm of A1 and A2 was read in public notes; the rest is as commonly quoted.

    Raises
    ------
    ParameterError
        Where the table has no entry: nothing is interpolated.

    Examples
    --------
    >>> import lightlane as ll
    >>> ll.optics.bend_loss_limit_db("G.657.A1", 15e-3, [10, 20], 1550e-9).tolist()
    [0.25, 0.5]
    """
    return _native.bend_loss_limit_db(grade, radius_m, turns, wavelength_m)


def bend_loss_db(table: Sequence[tuple[float, float]], radius_m: ArrayLike, turns: ArrayLike) -> Any:
    """Return the bend loss, dB, by a fibre's own table; log10 of the loss is linear in the radius.

    Parameters
    ----------
    table : sequence of (float, float)
        Radii, m, and losses, dB a turn; two at least, in any order. Beyond the outermost two
        the line goes on, as a trend.
    radius_m : float or array
        Radius of the bend, m.
    turns : float or array
        Number of turns.

    Examples
    --------
    >>> import lightlane as ll
    >>> table = ((7.5e-3, 0.5), (10e-3, 0.1))
    >>> ll.optics.bend_loss_db(table, [7.5e-3, 8.75e-3], 2.0).round(4).tolist()
    [1.0, 0.4472]
    """
    try:
        pairs = [(float(radius), float(loss)) for radius, loss in table]
    except (TypeError, ValueError):
        raise refused("table", table, "pairs of radius and loss", repr(table)) from None
    return _native.bend_loss_db(pairs, radius_m, turns)


def bend_loss_marcuse_db_per_m(
    radius_m: ArrayLike,
    core_radius_m: ArrayLike,
    index_clad: ArrayLike,
    delta: ArrayLike,
    wavelength_m: ArrayLike,
    elasto_optic_factor: ArrayLike = 1.28,
) -> Any:
    """Return the bend loss of a step-index fibre by Marcuse's formula, dB/m: a trend, exponential in the radius.

    Parameters
    ----------
    radius_m : float or array
        Radius of the bend, m.
    core_radius_m : float or array
        Radius of the core, m.
    index_clad : float or array
        Refractive index of the cladding.
    delta : float or array
        Relative index step: that of the core is index_clad (1 + delta).
    wavelength_m : float or array
        Wavelength in vacuum, 0.8 to 2 um.
    elasto_optic_factor : float or array, default 1.28
        By how much the strain of the bend widens it.

    Notes
    -----
    The fundamental mode is solved exactly. No trench and no coating. D. Marcuse, J. Opt. Soc. Am. 66 (1976) 216.

    Examples
    --------
    >>> import lightlane as ll
    >>> round(ll.optics.bend_loss_marcuse_db_per_m(10e-3, 4.1e-6, 1.444, 0.0036, 1550e-9), 3)
    9.593
    """
    return _native.bend_loss_marcuse_db_per_m(
        radius_m, core_radius_m, index_clad, delta, wavelength_m, elasto_optic_factor
    )


def bend_strain(cladding_m: ArrayLike, radius_m: ArrayLike) -> Any:
    """Return the largest strain of the glass in a bend: half the cladding's diameter over the radius.

    Examples
    --------
    >>> import lightlane as ll
    >>> ll.optics.bend_strain(125e-6, 5e-3)
    0.0125
    """
    return _native.bend_strain(cladding_m, radius_m)
