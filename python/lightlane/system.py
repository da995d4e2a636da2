"""Systems built of lanes: alignment and its yield.

Lengths are in m, angles in rad, losses in optical dB; standard deviations are per axis.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from lightlane import _native

__all__ = ["alignment_mean_loss_db", "alignment_sigma_m", "alignment_yield"]


def alignment_mean_loss_db(mfd_m: ArrayLike, sigma_m: ArrayLike) -> Any:
    """Return the mean coupling loss of equal Gaussian modes with a normal offset, (20/ln 10) sigma^2/w^2.

    The loss in dB is exponential: a budget of b dB is met with probability 1 - exp(-b/mean).

    Parameters
    ----------
    mfd_m : float or array
        Mode field diameter, twice the radius w.
    sigma_m : float or array
        Standard deviation of the offset per axis.

    Returns
    -------
    float or ndarray
        Mean loss, optical dB.

    Raises
    ------
    ParameterError
        For a diameter that is not positive or a negative deviation.

    Examples
    --------
    >>> import lightlane as ll
    >>> round(ll.system.alignment_mean_loss_db(4e-6, 0.4e-6), 5)
    0.34744
    """
    return _native.alignment_mean_loss_db(mfd_m, sigma_m)


def alignment_yield(
    mfd_m: ArrayLike,
    budget_db: ArrayLike,
    sigma_fiber_m: ArrayLike,
    sigma_common_m: ArrayLike = 0.0,
    sigma_rotation_rad: ArrayLike = 0.0,
    n_fibers: ArrayLike = 1,
    pitch_m: ArrayLike = 127e-6,
) -> Any:
    """Return the probability that all fibres of an array couple within a loss budget.

    Offset of fibre i: ``(X + e, Y + x_i theta + e)``, x_i its place from the array's centre. X, Y and theta are common
    to the array, so that its fibres are not independent; the product over them is averaged over X, Y and theta.

    Parameters
    ----------
    mfd_m : float or array
        Mode field diameter of both modes, which are equal, without gap and tilt.
    budget_db : float or array
        Largest loss of a fibre, optical dB.
    sigma_fiber_m : float or array
        Deviation of each fibre's own offset per axis.
    sigma_common_m : float or array, default 0.0
        Deviation of the array's offset per axis.
    sigma_rotation_rad : float or array, default 0.0
        Deviation of the array's rotation about its centre, at most 0.1.
    n_fibers : int or array, default 1
        Fibres of the array, at most 4096.
    pitch_m : float or array, default 127e-6
        Distance of neighbouring fibres.

    Returns
    -------
    float or ndarray
        Yield, within 1e-5 of itself.

    Raises
    ------
    ParameterError
        For a value out of its range.

    See Also
    --------
    lightlane.Alignment.losses : Drawn losses of unequal modes, gap and tilt.
    lightlane.Lane.alignment_yield : The yield at an error ratio.

    Examples
    --------
    >>> import lightlane as ll
    >>> round(ll.system.alignment_yield(4e-6, 1.0, 0.4e-6), 4)
    0.9438

    18 fibres whose errors are all their own, and 18 that share most of it:

    >>> round(ll.system.alignment_yield(4e-6, 1.0, 0.4e-6, n_fibers=18), 3)
    0.353
    >>> round(ll.system.alignment_yield(4e-6, 1.0, 0.1e-6, sigma_common_m=0.387e-6, n_fibers=18), 2) > 0.8
    True
    """
    return _native.alignment_yield(
        mfd_m, budget_db, sigma_fiber_m, sigma_common_m, sigma_rotation_rad, n_fibers, pitch_m
    )


def alignment_sigma_m(yield_: ArrayLike, n_fibers: ArrayLike, budget_db: ArrayLike, mfd_m: ArrayLike) -> Any:
    """Return the largest independent deviation per axis at which all fibres meet a budget with a probability.

    Parameters
    ----------
    yield_ : float or array
        Probability, above 0 and below 1.
    n_fibers : int or array
        Fibres.
    budget_db : float or array
        Largest loss of a fibre, optical dB.
    mfd_m : float or array
        Mode field diameter of both modes.

    Returns
    -------
    float or ndarray
        Deviation, m.

    Raises
    ------
    ParameterError
        For a value out of its range.

    Examples
    --------
    >>> import lightlane as ll
    >>> sigma_m = ll.system.alignment_sigma_m(0.99, 18, 1.0, 4e-6)
    >>> round(ll.system.alignment_yield(4e-6, 1.0, sigma_m, n_fibers=18), 9)
    0.99
    """
    return _native.alignment_sigma_m(yield_, n_fibers, budget_db, mfd_m)
