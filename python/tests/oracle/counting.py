"""Exact intervals of counted errors, without a library of special functions."""

from __future__ import annotations

import math

import numpy as np


def regularized_beta(x: float, a: float, b: float) -> float:
    """Return I_x(a, b) by the continued fraction of its definition (modified Lentz)."""
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - regularized_beta(1.0 - x, b, a)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    tiny = 1e-300
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > tiny else tiny)
    fraction = d
    for m in range(1, 10_000):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 + numerator * d
            d = 1.0 / (d if abs(d) > tiny else tiny)
            c = 1.0 + numerator / c
            c = c if abs(c) > tiny else tiny
            fraction *= c * d
        if abs(c * d - 1.0) < 1e-14:
            break
    return front * fraction / a


def clopper_pearson(errors: float, trials: float, confidence: float) -> tuple[float, float]:
    """Return the exact interval of a probability; counts may be effective ones and need not be whole."""
    tail = 0.5 * (1.0 - confidence)

    def solve(target: float, a: float, b: float) -> float:
        low, high = 0.0, 1.0
        for _ in range(80):
            middle = 0.5 * (low + high)
            if regularized_beta(middle, a, b) < target:
                low = middle
            else:
                high = middle
        return 0.5 * (low + high)

    lower = 0.0 if errors <= 0 else solve(tail, errors, trials - errors + 1)
    upper = 1.0 if errors >= trials else solve(1.0 - tail, errors + 1, trials - errors)
    return lower, upper


def burst_inflation(errors: np.ndarray, apart: int = 3) -> float:
    """Return how much more the count of clustered errors varies than that of single ones: E[L²]/E[L].

    A cluster is a run of erroneous symbols not more than `apart` symbols from each other, L its errors.
    """
    where = np.flatnonzero(errors)
    if len(where) == 0:
        return 1.0
    cluster = np.concatenate([[0], np.cumsum(np.diff(where) > apart)])
    size = np.bincount(cluster, weights=errors[where])
    return float(np.sum(size**2) / np.sum(size))


def interval(errors: np.ndarray, trials_per_symbol: int, confidence: float = 0.999) -> tuple[float, float]:
    """Return the interval of an error ratio from the errors of each symbol, widened for their bursts."""
    inflation = burst_inflation(errors)
    trials = trials_per_symbol * len(errors)
    return clopper_pearson(errors.sum() / inflation, trials / inflation, confidence)
