"""Sensitivity of an optical lane, and what costs it light."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lightlane import _native
from lightlane._base import Config, checked_threads
from lightlane._card import card
from lightlane._dataset import dataset
from lightlane._exceptions import wrong_type
from lightlane._frozen import Frozen
from lightlane._plot import axes_or_new
from lightlane._reals import number, reals
from lightlane._text import decibels, fixed
from lightlane.units import w_to_dbm

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

__all__ = ["PowerPenalties", "PowerPenalty", "Sensitivity", "SensitivityMethods", "checked_limit"]

#: Error ratios below this are not drawn.
_FLOOR = 1e-18


class Sensitivity(Frozen):
    """Error ratio of an optical lane against the light that it receives.

    Powers and amplitudes are the settled ones at the photodiode. The light is attenuated behind the last part of the
    path; the receiver adapts at every power as the lane lets it.

    Attributes
    ----------
    ber_limit : float
        The error ratio that the sensitivity is taken at.
    oma_w, oma_dbm : float
        Sensitivity: outer modulation amplitude at which the lane meets the limit; inf where no light within 30 dB more
        suffices, 0 (-inf dBm) where any does within 60 dB less.
    power_w, power_dbm : float
        Average power there.
    attenuation_db : float
        Attenuation at which the lane meets the limit: what is left of its light; negative where it delivers too little.
    launched_oma_w, launched_oma_dbm : float
        Outer modulation amplitude behind the modulator of the lane as it is.
    curve_attenuation_db, curve_power_w, curve_oma_w, curve_ber : numpy.ndarray
        The curve, (N,).
    warnings : tuple of str
        What was assumed or is close to a limit of the model, at the sensitivity.
    """

    def __init__(self, found: Any, config_hash: str) -> None:
        self._config_hash = config_hash
        ber_limit, (attenuation_db, power_w, oma_w, _), launched_w, columns, warnings = found
        self.ber_limit: float = ber_limit
        self.oma_w: float = oma_w
        self.oma_dbm = w_to_dbm(oma_w)
        self.power_w: float = power_w
        self.power_dbm = w_to_dbm(power_w)
        self.attenuation_db: float = attenuation_db
        self.launched_oma_w: float = launched_w
        self.launched_oma_dbm = w_to_dbm(launched_w)
        self.curve_attenuation_db: NDArray[np.float64] = columns[0]
        self.curve_power_w: NDArray[np.float64] = columns[1]
        self.curve_oma_w: NDArray[np.float64] = columns[2]
        self.curve_ber: NDArray[np.float64] = columns[3]
        self.warnings: tuple[str, ...] = tuple(warnings)
        self._freeze()

    def figures(self) -> dict[str, Any]:
        """Return the figures and the curve as plain numbers."""
        return {
            "ber_limit": self.ber_limit,
            "oma_dbm": self.oma_dbm,
            "power_dbm": self.power_dbm,
            "attenuation_db": self.attenuation_db,
            "launched_oma_dbm": self.launched_oma_dbm,
            "curve": {
                "attenuation_db": self.curve_attenuation_db.tolist(),
                "oma_w": self.curve_oma_w.tolist(),
                "power_w": self.curve_power_w.tolist(),
                "ber": self.curve_ber.tolist(),
            },
            "warnings": list(self.warnings),
        }

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the error ratio against the received outer modulation amplitude, limit and sensitivity marked."""
        ax = axes_or_new(ax)
        order = np.argsort(self.curve_oma_w)
        oma_dbm = w_to_dbm(self.curve_oma_w[order])
        ax.semilogy(oma_dbm, np.maximum(self.curve_ber[order], _FLOOR), "o-", markersize=3, color="tab:blue")
        ax.axhline(self.ber_limit, color="tab:red", linestyle="--", label=f"limit {self.ber_limit:.2e}")
        if math.isfinite(self.oma_dbm):
            label = f"sensitivity {fixed(self.oma_dbm, 2)} dBm"
            ax.plot([self.oma_dbm], [self.ber_limit], "D", color="tab:red", label=label)
        ax.set(
            xlabel="received OMA (dBm)",
            ylabel="bit error ratio before FEC",
            title=f"sensitivity, {decibels(self.attenuation_db, 2, sign=True)} of light left",
        )
        ax.legend()
        ax.grid(alpha=0.3)
        return ax

    def to_xarray(self) -> xarray.Dataset:
        """Return the curve as a labelled Dataset over ``attenuation_db``; attrs carry the sensitivity."""
        at = "attenuation_db"
        return dataset(
            {
                "ber": (at, self.curve_ber, "1"),
                "oma_w": (at, self.curve_oma_w, "W"),
                "power_w": (at, self.curve_power_w, "W"),
            },
            {at: (at, self.curve_attenuation_db, "dB")},
            {
                "ber_limit": self.ber_limit,
                "sensitivity_oma_w": self.oma_w,
                "sensitivity_power_w": self.power_w,
                "sensitivity_attenuation_db": self.attenuation_db,
                "launched_oma_w": self.launched_oma_w,
                "config_hash": self._config_hash,
            },
        )

    def _repr_html_(self) -> str:
        rows = [
            ("sensitivity, outer OMA", f"{fixed(self.oma_dbm, 2)} dBm at BER {self.ber_limit:.2e}"),
            ("average power there", f"{fixed(self.power_dbm, 2)} dBm"),
            ("light that is left", decibels(self.attenuation_db, 2, sign=True)),
            ("launched OMA", f"{fixed(self.launched_oma_dbm, 2)} dBm"),
        ]
        return card("sensitivity", rows, self.warnings)

    def __repr__(self) -> str:
        return (
            f"<Sensitivity oma={fixed(self.oma_dbm, 2)} dBm at {self.ber_limit:.2e}, "
            f"{decibels(self.attenuation_db, 2, sign=True)} left>"
        )


class PowerPenalty(NamedTuple):
    """What one cause costs.

    Attributes
    ----------
    cause : str
        Its name.
    launched_db : float
        Light that the modulator need not launch without it, optical dB; inf where the lane meets the limit only then.
    received_db : float
        Light that the photodiode need not receive without it, optical dB: 0 for a loss.
    launched_oma_w, received_oma_w : float
        Outer modulation amplitudes at the limit without it.
    """

    cause: str
    launched_db: float
    received_db: float
    launched_oma_w: float
    received_oma_w: float


class PowerPenalties(Frozen):
    """What each cause costs an optical lane in light, the dearest first.

    Each is taken away alone, so that the penalties do not add up exactly.

    Attributes
    ----------
    penalties : tuple of PowerPenalty
        One a cause; iterating over the result gives them too, and ``penalties["rin"]`` the one of that name.
    sensitivity : Sensitivity
        Of the lane as it is, without a curve.
    warnings : tuple of str
        Causes without a defined penalty, and what the sensitivity has.
    """

    def __init__(self, found: Any, config_hash: str) -> None:
        sensitivity, rows, warnings = found
        self.sensitivity = Sensitivity(sensitivity, config_hash)
        self.penalties: tuple[PowerPenalty, ...] = tuple(
            PowerPenalty(cause, launched_db, received_db, launched_w, received_w)
            for cause, received_w, launched_w, received_db, launched_db in rows
        )
        self.warnings: tuple[str, ...] = tuple(warnings)
        self._config_hash = config_hash
        self._freeze()

    def __iter__(self) -> Any:
        return iter(self.penalties)

    def __len__(self) -> int:
        return len(self.penalties)

    def __contains__(self, cause: object) -> bool:
        return any(cause in (p.cause, p) for p in self.penalties)

    def __getitem__(self, cause: str) -> PowerPenalty:
        for penalty in self.penalties:
            if penalty.cause == cause:
                return penalty
        raise KeyError(f"{cause!r}; known are {', '.join(self.keys())}")

    def keys(self) -> tuple[str, ...]:
        """Return the names of the causes, the dearest first; ``dict(penalties)`` maps them to their penalties."""
        return tuple(p.cause for p in self.penalties)

    def figures(self) -> list[dict[str, Any]]:
        """Return the penalties as plain numbers, the dearest first."""
        return [p._asdict() for p in self.penalties]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the penalties in launched and in received light."""
        ax = axes_or_new(ax)
        shown = [p for p in reversed(self.penalties) if math.isfinite(p.launched_db)]
        at = np.arange(len(shown))
        ax.barh(at + 0.2, [p.launched_db for p in shown], 0.38, color="tab:blue", label="launched")
        ax.barh(at - 0.2, [p.received_db for p in shown], 0.38, color="tab:orange", label="received")
        ax.set_yticks(at, [p.cause for p in shown])
        limit = self.sensitivity.ber_limit
        ax.set(xlabel="penalty (optical dB)", title=f"power penalties at BER {limit:.2e}")
        ax.legend(loc="lower right")
        ax.grid(alpha=0.3, axis="x")
        return ax

    def to_xarray(self) -> xarray.Dataset:
        """Return the penalties as a labelled Dataset over ``cause``; attrs carry the sensitivity and config hash."""

        def column(name: str) -> list[float]:
            return [getattr(p, name) for p in self.penalties]

        return dataset(
            {
                "launched_db": ("cause", column("launched_db"), "dB"),
                "received_db": ("cause", column("received_db"), "dB"),
                "launched_oma_w": ("cause", column("launched_oma_w"), "W"),
                "received_oma_w": ("cause", column("received_oma_w"), "W"),
            },
            {"cause": ("cause", [p.cause for p in self.penalties], "1")},
            {
                "ber_limit": self.sensitivity.ber_limit,
                "sensitivity_oma_w": self.sensitivity.oma_w,
                "config_hash": self._config_hash,
            },
        )

    def _repr_html_(self) -> str:
        rows = [("sensitivity, outer OMA", f"{fixed(self.sensitivity.oma_dbm, 2)} dBm")]
        rows += [
            (p.cause, f"{decibels(p.launched_db, 2)} launched, {decibels(p.received_db, 2)} received")
            for p in self.penalties
        ]
        return card(f"power penalties at BER {self.sensitivity.ber_limit:.2e}", rows, self.warnings)

    def __repr__(self) -> str:
        told = ", ".join(f"{p.cause} {decibels(p.launched_db, 2)}" for p in self.penalties)
        return f"<PowerPenalties {told}>"


class SensitivityMethods(Config):
    """What a lane can be asked of the light that it needs."""

    __slots__ = ()

    def sensitivity(
        self,
        *,
        ber_limit: float | None = None,
        attenuation_db: ArrayLike | None = None,
        threads: int | None = None,
    ) -> Sensitivity:
        """Find the received light at which an optical lane has an error ratio, and its error ratio around.

        The light is attenuated behind the last part of the path, in front of the photodiode; light that the lane does
        not deliver comes from a stronger laser.

        Parameters
        ----------
        ber_limit : float, optional
            Bit error ratio before FEC; the lane's own limit if None.
        attenuation_db : array_like, optional
            Attenuations of the curve, optical dB from -30 to 60, negative for more light. None takes steps of half a
            decibel around the limit.
        threads : int, optional
            Threads to use; every core if None. The result does not depend on it.

        Returns
        -------
        Sensitivity
            Outer modulation amplitude and average power at the limit, and the curve.

        Raises
        ------
        ParameterError
            For a lane without optics or with retimers (see `segments`), a limit outside 0 to 0.5, an attenuation out
            of range, and what stops `analyze`.

        Examples
        --------
        >>> import lightlane as ll
        >>> found = ll.presets.lane("cpo-dr1").sensitivity(attenuation_db=[0.0])
        >>> bool(found.attenuation_db > 0.0), bool(found.curve_ber[0] < found.ber_limit)
        (True, True)
        """
        asked = None
        if attenuation_db is not None:
            asked = reals("attenuation_db", np.atleast_1d(attenuation_db)).tolist()
        limit = checked_limit(ber_limit)
        text, networks = self._native_arguments()  # type: ignore[attr-defined]
        found = _native.sensitivity(text, networks, limit, asked, checked_threads(threads))
        return Sensitivity(found, self.digest)

    def power_penalties(
        self,
        causes: Iterable[str] | None = None,
        *,
        ber_limit: float | None = None,
        threads: int | None = None,
    ) -> PowerPenalties:
        """Find how much less light an optical lane would need without each of the things that disturb it.

        Parameters
        ----------
        causes : iterable of str, optional
            Of ``"dispersion"``, ``"rin"``, ``"misalignment"``, ``"driver noise"``, ``"transmitter noise"``,
            ``"jitter"``, ``"crosstalk"`` (electrical), ``"reflections"``, ``"wavelengths"``, ``"receiver noise"``; all
            that the lane has if None.
        ber_limit : float, optional
            Bit error ratio before FEC; the lane's own limit if None.
        threads : int, optional
            Threads to use; every core if None. The result does not depend on it.

        Returns
        -------
        PowerPenalties
            In launched light, which losses cost too, and in received light.

        Raises
        ------
        ParameterError
            For a lane without optics or with retimers (see `segments`), an unknown cause or one that the lane does not
            have, and what stops `analyze`.

        Examples
        --------
        >>> import lightlane as ll
        >>> found = ll.presets.lane("cpo-dr1").power_penalties(["rin"])
        >>> bool(found["rin"].received_db > 0.0), "rin" in found, "jitter" in found
        (True, True, False)
        """
        if causes is not None:
            if isinstance(causes, str):
                raise wrong_type("causes", causes, "an iterable of names")
            causes = list(causes)
        limit = checked_limit(ber_limit)
        text, networks = self._native_arguments()  # type: ignore[attr-defined]
        found = _native.power_penalties(text, networks, causes, limit, checked_threads(threads))
        return PowerPenalties(found, self.digest)


def checked_limit(ber_limit: float | None) -> float | None:
    """Return a limit as a number, None for the lane's own."""
    return None if ber_limit is None else number("ber_limit", ber_limit)
