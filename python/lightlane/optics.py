"""Optics on their own: coupling, guides, fibre, levels, noise, penalties and sensitivity, apart from any lane.

Every function takes numbers or arrays, which broadcast; numbers give a number. Optical decibels are of power, a mode
field diameter is a diameter, OMA is level 3 minus level 0, and noise densities are one-sided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lightlane import _native
from lightlane._exceptions import refused
from lightlane._optics_fiber import (
    bend_loss_db,
    bend_loss_limit_db,
    bend_loss_marcuse_db_per_m,
    bend_strain,
    dgd_exceedance,
    dgd_response,
)
from lightlane._optics_guides import (
    directional_coupler,
    ring_transmission,
    taper_residual,
    travelling_wave_response,
    wdm_crosstalk_db,
)
from lightlane._optics_penalties import mpi_penalty_db, mpi_rms, noise_penalty_db, rin_penalty_db
from lightlane._reals import leading_shape, numbers

__all__ = [
    "PamErrors",
    "average_power_w",
    "bend_loss_db",
    "bend_loss_limit_db",
    "bend_loss_marcuse_db_per_m",
    "bend_strain",
    "coupling_loss_db",
    "dgd_exceedance",
    "dgd_response",
    "directional_coupler",
    "fresnel_reflectance",
    "level_noise_a",
    "mpi_penalty_db",
    "mpi_rms",
    "noise_bandwidth_hz",
    "noise_penalty_db",
    "oma_w",
    "pam4_levels_w",
    "pam4_ser",
    "rin_from_rin_oma",
    "rin_noise_a_per_rthz",
    "rin_penalty_db",
    "ring_transmission",
    "sensitivity_oma_w",
    "shot_noise_a_per_rthz",
    "taper_residual",
    "thermal_noise_a_per_rthz",
    "travelling_wave_response",
    "wdm_crosstalk_db",
]


def coupling_loss_db(
    mfd_a_m: ArrayLike,
    mfd_b_m: ArrayLike | None = None,
    offset_m: ArrayLike = 0.0,
    tilt_rad: ArrayLike = 0.0,
    gap_m: ArrayLike = 0.0,
    wavelength_m: ArrayLike = 1.31e-6,
    index: ArrayLike = 1.0,
) -> Any:
    """Return the coupling loss of two Gaussian modes, optical dB: the full overlap, not a sum of separate losses.

    Parameters
    ----------
    mfd_a_m : float or array
        Mode field diameter of the source, whose waist is at 0, m.
    mfd_b_m : float or array, optional
        That of the receiver, whose waist is at `gap_m`; equal to the source's if None.
    offset_m : float or array, default 0.0
        Offset of the receiving axis, in the plane of the tilt, m.
    tilt_rad : float or array, default 0.0
        Tilt of the receiving axis; positive leans it towards positive offset, as diverging light does.
    gap_m : float or array, default 0.0
        Distance between the waists, m.
    wavelength_m : float or array, default 1.31e-6
        Wavelength in vacuum, 0.8 to 2 um.
    index : float or array, default 1.0
        Refractive index of the gap.

    Returns
    -------
    float or ndarray
        Loss; diffraction only, see `fresnel_reflectance`.

    Notes
    -----
    Paraxial. W. B. Joyce and B. C. DeLoach, Appl. Opt. 23 (1984) 4187.

    Examples
    --------
    >>> import lightlane as ll
    >>> round(ll.optics.coupling_loss_db(9.2e-6, offset_m=1e-6), 4)
    0.2052
    >>> ll.optics.coupling_loss_db(9.2e-6, gap_m=[0.0, 20e-6]).round(4).tolist()
    [0.0, 0.1655]
    """
    b = mfd_a_m if mfd_b_m is None else mfd_b_m
    return _native.coupling_loss_db(mfd_a_m, b, offset_m, tilt_rad, gap_m, wavelength_m, index)


def fresnel_reflectance(index_a: ArrayLike, index_b: ArrayLike = 1.0) -> Any:
    """Return the power reflectance of one face at normal incidence, ((a - b)/(a + b))^2.

    Examples
    --------
    >>> import lightlane as ll
    >>> round(ll.optics.fresnel_reflectance(1.5), 6)
    0.04
    """
    return _native.fresnel_reflectance(index_a, index_b)


def oma_w(average_power_w: ArrayLike, extinction_ratio_db: ArrayLike) -> Any:
    """Return the outer optical modulation amplitude, W; ``math.inf`` is the ratio of a dark lowest level.

    Examples
    --------
    >>> import lightlane as ll
    >>> ll.optics.oma_w(1e-3, float("inf"))
    0.002
    """
    return _native.oma_w(average_power_w, extinction_ratio_db)


def average_power_w(oma_w: ArrayLike, extinction_ratio_db: ArrayLike) -> Any:
    """Return the average power, W, of an outer OMA and an extinction ratio above 0 dB: the inverse of `oma_w`.

    Examples
    --------
    >>> import lightlane as ll
    >>> ll.optics.average_power_w(2e-3, float("inf"))
    0.001
    """
    return _native.average_power_w(oma_w, extinction_ratio_db)


def pam4_levels_w(average_power_w: ArrayLike, extinction_ratio_db: ArrayLike) -> NDArray[np.float64]:
    """Return the four equally spaced levels, W, ascending along a last axis.

    Examples
    --------
    >>> import lightlane as ll
    >>> ll.optics.pam4_levels_w(3.0, float("inf")).round(12).tolist()
    [0.0, 2.0, 4.0, 6.0]
    """
    levels: NDArray[np.float64] = _native.pam4_levels_w(average_power_w, extinction_ratio_db)
    return levels


def rin_from_rin_oma(rin_oma_per_hz: ArrayLike, extinction_ratio_db: ArrayLike) -> Any:
    """Return the laser's own RIN, 1/Hz, from a standard's RIN_OMA, which refers the noise to the OMA.

    RIN = RIN_OMA ((r - 1)/(r + 1))^2 with r the extinction ratio.

    Examples
    --------
    >>> import lightlane as ll
    >>> rin = ll.optics.rin_from_rin_oma(ll.units.power_ratio(-139.0), 3.5)
    >>> round(ll.units.power_db(rin), 1)
    -147.3
    """
    return _native.rin_from_rin_oma(rin_oma_per_hz, extinction_ratio_db)


def shot_noise_a_per_rthz(current_a: ArrayLike) -> Any:
    """Return the shot noise of a current, sqrt(2 q I), A/rtHz.

    Examples
    --------
    >>> import lightlane as ll
    >>> print(f"{ll.optics.shot_noise_a_per_rthz(1e-3):.3e}")
    1.790e-11
    """
    return _native.shot_noise_a_per_rthz(current_a)


def thermal_noise_a_per_rthz(resistance_ohm: ArrayLike, temperature_k: ArrayLike) -> Any:
    """Return the noise of a resistor, sqrt(4 k T/R), A/rtHz. A resistor is not a TIA.

    Examples
    --------
    >>> import lightlane as ll
    >>> print(f"{ll.optics.thermal_noise_a_per_rthz(50.0, 300.0):.3e}")
    1.820e-11
    """
    return _native.thermal_noise_a_per_rthz(resistance_ohm, temperature_k)


def rin_noise_a_per_rthz(current_a: ArrayLike, rin_per_hz: ArrayLike) -> Any:
    """Return the relative intensity noise I sqrt(RIN), A/rtHz, at the current of a level.

    Examples
    --------
    >>> import lightlane as ll
    >>> print(f"{ll.optics.rin_noise_a_per_rthz(1e-3, ll.units.power_ratio(-145.0)):.3e}")
    5.623e-11
    """
    return _native.rin_noise_a_per_rthz(current_a, rin_per_hz)


def noise_bandwidth_hz(
    bandwidth_hz: ArrayLike, kind: Literal["bessel", "butterworth"] = "bessel", order: int = 4
) -> Any:
    """Return the equivalent noise bandwidth, Hz, of a low-pass.

    Parameters
    ----------
    bandwidth_hz : float or array
        Its 3 dB bandwidth, Hz.
    kind : {'bessel', 'butterworth'}, default 'bessel'
        Bessel-Thomson or Butterworth.
    order : int, default 4
        Order; a Bessel-Thomson filter has at most 12.

    Examples
    --------
    >>> import lightlane as ll
    >>> round(ll.optics.noise_bandwidth_hz(1.0), 5)
    1.04637
    """
    return _native.noise_bandwidth_hz(bandwidth_hz, kind, order)


def level_noise_a(
    current_a: ArrayLike,
    noise_a_per_rthz: ArrayLike,
    rin_per_hz: ArrayLike,
    noise_bandwidth_hz: ArrayLike,
) -> Any:
    """Return the noise of a level, A rms: sqrt((i_n^2 + 2 q I + RIN I^2) B). RIN acts at the level, not the average.

    Examples
    --------
    >>> import lightlane as ll
    >>> print(f"{ll.optics.level_noise_a(0.0, 20e-12, 1e-14, 25e9):.4e}")
    3.1623e-06
    """
    return _native.level_noise_a(current_a, noise_a_per_rthz, rin_per_hz, noise_bandwidth_hz)


def sensitivity_oma_w(
    ser: ArrayLike,
    noise_a_per_rthz: ArrayLike,
    noise_bandwidth_hz: ArrayLike,
    responsivity_a_per_w: ArrayLike,
) -> Any:
    """Return the sensitivity as outer OMA, W, of a receiver with thermal noise alone, 6 Q i_n sqrt(B)/responsivity.

    Parameters
    ----------
    ser : float or array
        PAM4 symbol error ratio to reach, at most 0.75; Q is that of SER/1.5.
    noise_a_per_rthz : float or array
        Input noise of the TIA, A/rtHz.
    noise_bandwidth_hz : float or array
        Equivalent noise bandwidth, Hz.
    responsivity_a_per_w : float or array
        Responsivity of the photodiode, A/W.

    Notes
    -----
    A bound: equalization and RIN cost more.

    Examples
    --------
    >>> import lightlane as ll
    >>> oma_w = ll.optics.sensitivity_oma_w(4.8e-4, 15e-12, 50e9, 0.9)
    >>> round(ll.units.w_to_dbm(oma_w), 2)
    -11.17
    """
    return _native.sensitivity_oma_w(ser, noise_a_per_rthz, noise_bandwidth_hz, responsivity_a_per_w)


@dataclass(frozen=True, slots=True)
class PamErrors:
    """What `pam4_ser` returns.

    Attributes
    ----------
    ser : float or numpy.ndarray
        Symbol error ratio for equally likely symbols.
    thresholds : numpy.ndarray
        Thresholds used, ascending along the last axis, (..., 3).
    """

    ser: Any
    thresholds: NDArray[np.float64]


def pam4_ser(
    levels: ArrayLike,
    sigmas: ArrayLike,
    thresholds: Literal["optimum", "midpoint", "equal_q"] | ArrayLike = "optimum",
) -> PamErrors:
    """Return the symbol error ratio of four levels, each with its own Gaussian noise.

    Parameters
    ----------
    levels : array
        Levels, ascending along the last axis, (..., 4), in any unit.
    sigmas : float or array
        Noise rms of each, in the same unit, (..., 4).
    thresholds : {'optimum', 'midpoint', 'equal_q'} or array, default 'optimum'
        Where two levels are equally likely, half way, as many sigmas from one as from the other, or (..., 3) given.

    Examples
    --------
    >>> import lightlane as ll
    >>> found = ll.optics.pam4_ser([-3.0, -1.0, 1.0, 3.0], 0.25)
    >>> print(f"{found.ser:.4e}", found.thresholds.tolist())
    4.7507e-05 [-2.0, 0.0, 2.0]
    """
    level = _last_axis("levels", levels, 4)
    sigma = _last_axis("sigmas", np.repeat(sigmas, 4) if np.ndim(sigmas) == 0 else sigmas, 4)
    given = None if isinstance(thresholds, str) else _last_axis("thresholds", thresholds, 3)
    lead = leading_shape("levels", *(a.shape[:-1] for a in (level, sigma, given) if a is not None))
    level, sigma = np.broadcast_to(level, (*lead, 4)), np.broadcast_to(sigma, (*lead, 4))
    at = thresholds if given is None else np.broadcast_to(given, (*lead, 3))
    ser, found = _native.pam4_ser(level, sigma, at)
    found = found.reshape((*lead, 3))
    found.setflags(write=False)
    return PamErrors(ser.reshape(lead) if lead else float(ser[0]), found)


def _last_axis(name: str, value: ArrayLike, n: int) -> NDArray[np.float64]:
    requirement = f"an array of numbers whose last axis has {n}"
    array = numbers(name, value, requirement)
    if array.ndim == 0 or array.shape[-1] != n:
        raise refused(name, value, requirement, f"an array of shape {array.shape}")
    return array
