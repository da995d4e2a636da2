"""The light of an optical lane: its waveform, eye closure, and what a receiver needs of a stressed one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lightlane import _native
from lightlane._base import Config, checked_threads, joint_digest
from lightlane._card import card
from lightlane._dataset import dataset
from lightlane._exceptions import refused
from lightlane._frozen import Frozen, read_only
from lightlane._plot import axes_or_new
from lightlane._reals import number, reals
from lightlane._sensitivity import Sensitivity, checked_limit
from lightlane._text import decibels, fixed

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

    from lightlane._config import Lane, TdecqConfig
    from lightlane._tdecq import Tdecq

__all__ = ["LightMethods", "LightWaveform", "StressedSensitivity"]

#: Where the light of a lane can be looked at.
_PLACES = ("launched", "received")


class LightWaveform(Frozen):
    """Optical power of a lane for one period of a pattern that is sent for ever, without noise.

    Attributes
    ----------
    launched_w, received_w : numpy.ndarray
        Power behind the modulator and at the photodiode, W, (N,): sample i of symbol k at index
        ``k * samples_per_symbol + i``.
    time_s : numpy.ndarray
        Times of the samples, s, (N,).
    symbols : numpy.ndarray
        The pattern, uint8.
    samples_per_symbol : int
        Samples a symbol.
    symbol_rate_hz : float
        Symbols a second.
    warnings : tuple of str
        What a user should know about where the section settled, and what of the lane's light is left out.
    """

    def __init__(self, found: Any, config_hash: str) -> None:
        self._config_hash = config_hash
        self.symbols: NDArray[np.uint8] = found[0]
        self.samples_per_symbol: int = found[1]
        self.symbol_rate_hz: float = found[2]
        self.launched_w: NDArray[np.float64] = found[3]
        self.received_w: NDArray[np.float64] = found[4]
        self.warnings: tuple[str, ...] = tuple(found[5])
        self._freeze()

    @property
    def time_s(self) -> NDArray[np.float64]:
        """Times of the samples, s."""
        return read_only(np.arange(self.received_w.size) / (self.samples_per_symbol * self.symbol_rate_hz))

    def tdecq(
        self,
        config: TdecqConfig | str = "802.3dj",
        *,
        at: Literal["launched", "received"] = "received",
    ) -> Tdecq:
        """Measure its eye closure: TECQ where it is launched, TDECQ behind the fibre.

        Parameters
        ----------
        config : TdecqConfig or str, default "802.3dj"
            Rules, or the name of a preset of them.
        at : "received" or "launched"
            Where the instrument stands.

        Returns
        -------
        Tdecq
            As `lightlane.tdecq` finds it.

        Raises
        ------
        ParameterError
            For another place, and what `lightlane.tdecq` refuses.

        Examples
        --------
        >>> import lightlane as ll
        >>> light = ll.presets.lane("cpo-dr1-mzm").light(ll.patterns.prbs13q())
        >>> bool(light.tdecq(at="launched").tdecq_db <= light.tdecq().tdecq_db + 0.01)
        True
        """
        from lightlane._tdecq import tdecq

        power_w = self.launched_w if _checked_place(at) == "launched" else self.received_w
        return tdecq(power_w, self.samples_per_symbol, self.symbol_rate_hz, self.symbols, config)

    def plot(self, ax: Axes | None = None, *, n_symbols: int = 48) -> Axes:
        """Draw the launched and the received power of the first symbols.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure's if None.
        n_symbols : int, default 48
            Symbols that are drawn.

        Returns
        -------
        matplotlib.axes.Axes
            Where it was drawn.
        """
        _native.whole(n_symbols, "n_symbols", 1)
        ax = axes_or_new(ax)
        n = min(self.received_w.size, self.samples_per_symbol * n_symbols)
        time_ui = np.arange(n) / self.samples_per_symbol
        ax.plot(time_ui, 1e3 * self.launched_w[:n], color="tab:orange", label="behind the modulator")
        ax.plot(time_ui, 1e3 * self.received_w[:n], color="tab:blue", label="at the photodiode")
        ax.set(xlabel="time (UI)", ylabel="optical power (mW)", title="light of the lane")
        ax.legend()
        ax.grid(alpha=0.3)
        return ax

    def to_xarray(self) -> xarray.Dataset:
        """Return both powers over ``time_s`` and the pattern over ``symbol`` as a labelled Dataset."""
        return dataset(
            {
                "launched_w": ("time_s", self.launched_w, "W"),
                "received_w": ("time_s", self.received_w, "W"),
                "symbols": ("symbol", self.symbols, "1"),
            },
            {
                "time_s": ("time_s", self.time_s, "s"),
                "symbol": ("symbol", np.arange(self.symbols.size), "1"),
            },
            {
                "samples_per_symbol": self.samples_per_symbol,
                "symbol_rate_hz": self.symbol_rate_hz,
                "config_hash": self._config_hash,
            },
        )

    def _repr_html_(self) -> str:
        rows = [
            ("symbols", f"{self.symbols.size:,} at {1e-9 * self.symbol_rate_hz:g} GBd"),
            ("average power behind the modulator", f"{1e3 * self.launched_w.mean():.4g} mW"),
            ("average power at the photodiode", f"{1e3 * self.received_w.mean():.4g} mW"),
        ]
        return card("light", rows, self.warnings)

    def __repr__(self) -> str:
        return (
            f"<LightWaveform {self.symbols.size:,} symbols, {1e3 * self.received_w.mean():.3g} mW received>"
        )


class StressedSensitivity(Frozen):
    """Light that a receiver needs when it comes from a stressed source.

    Attributes
    ----------
    oma_w, oma_dbm : float
        Stressed sensitivity: outer modulation amplitude at the photodiode at which the lane meets the limit.
    secq_db : float
        Stressed eye closure of the light there, dB.
    own_secq_db : float
        That of the lane's light without stress, dB.
    bandwidth_hz : float
        3 dB bandwidth of the driver that makes the stress, Hz.
    sj_ui, sj_hz : float
        Sinusoidal jitter, UI zero to peak, and its frequency, Hz.
    config : TdecqConfig
        Rules of the SECQ.
    lane : Lane
        The lane under stress.
    sensitivity : Sensitivity
        Its sensitivity, with the curve.
    warnings : tuple of str
        What was assumed or is close to a limit of the model, at the sensitivity.
    """

    def __init__(
        self, found: Any, config_hash: str, lane: Lane, jitter: tuple[float, float], config: TdecqConfig
    ) -> None:
        self._config_hash = config_hash
        self.sj_ui, self.sj_hz = jitter
        self.config = config
        self.own_secq_db, self.secq_db, self.bandwidth_hz = found[:3]
        self.lane = lane
        self.sensitivity = Sensitivity(found[4], lane.digest)
        self.oma_w = self.sensitivity.oma_w
        self.oma_dbm = self.sensitivity.oma_dbm
        self.warnings = self.sensitivity.warnings
        self._freeze()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the error ratio under stress against the received outer modulation amplitude."""
        return self.sensitivity.plot(ax)

    def to_xarray(self) -> xarray.Dataset:
        """Return the curve under stress; attrs carry the stress and the hash of lane and rules."""
        curve = self.sensitivity.to_xarray()
        names = ("secq_db", "own_secq_db", "bandwidth_hz", "sj_ui", "sj_hz")
        stress = {name: getattr(self, name) for name in names}
        return curve.assign_attrs(stress, config_hash=self._config_hash)

    def _repr_html_(self) -> str:
        rows = [
            ("stressed sensitivity, outer OMA", f"{fixed(self.oma_dbm, 2)} dBm"),
            ("at a bit error ratio of", f"{self.sensitivity.ber_limit:.2e}"),
            ("SECQ", f"{decibels(self.secq_db, 2)} (the lane's own light {decibels(self.own_secq_db, 2)})"),
            ("driver that makes it", f"{1e-9 * self.bandwidth_hz:.1f} GHz"),
        ]
        return card("stressed sensitivity", rows, self.warnings)

    def __repr__(self) -> str:
        return f"<StressedSensitivity oma={fixed(self.oma_dbm, 2)} dBm at an SECQ of {decibels(self.secq_db, 2)}>"


def _checked_place(at: str) -> Literal["launched", "received"]:
    if at not in _PLACES:
        raise refused("at", at, '"launched" or "received"', repr(at))
    return "launched" if at == "launched" else "received"


class LightMethods(Config):
    """What a lane can be asked of its light."""

    __slots__ = ()

    def light(self, symbols: ArrayLike | None = None, *, samples_per_symbol: int = 16) -> LightWaveform:
        """Compute the optical power for a pattern sent for ever, behind the modulator and at the photodiode.

        Driver, modulator and fibre act on the complex field as in `analyze`; noise, jitter, reflections and other
        wavelengths are left out.

        Parameters
        ----------
        symbols : array_like, optional
            One period of the pattern, 0 to 3 or, for NRZ, 0 and 1. None takes SSPRQ, for NRZ PRBS13.
        samples_per_symbol : int, default 16
            Even, from 2 to 64.

        Returns
        -------
        LightWaveform
            Powers, times, and `tdecq` of either.

        Raises
        ------
        ParameterError
            For a lane without optics or with retimers (ask each of ``lane.segments()``), and symbols or samples outside
            their domain.

        Examples
        --------
        >>> import lightlane as ll
        >>> light = ll.presets.lane("cpo-dr1-mzm").light(ll.patterns.prbs13q(), samples_per_symbol=8)
        >>> light.received_w.shape, bool(light.received_w.mean() < 0.5 * light.launched_w.mean())
        ((65528,), True)
        """
        from lightlane import patterns

        if symbols is None:
            nrz = self.modulation == "nrz"  # type: ignore[attr-defined]
            symbols = patterns.prbs(13, 8191) if nrz else patterns.ssprq()
        _native.whole(samples_per_symbol, "samples_per_symbol", 1)
        text, networks = self._native_arguments()  # type: ignore[attr-defined]
        return LightWaveform(_native.light_waveform(text, networks, symbols, samples_per_symbol), self.digest)

    def tdecq(
        self,
        config: TdecqConfig | str = "802.3dj",
        *,
        at: Literal["launched", "received"] = "received",
    ) -> Tdecq:
        """Measure the eye closure of the lane's light for SSPRQ at 16 samples a symbol, without noise.

        Parameters
        ----------
        config : TdecqConfig or str, default "802.3dj"
            Rules, or the name of a preset of them.
        at : "received" or "launched"
            Behind the fibre (TDECQ) or behind the modulator (TECQ).

        Returns
        -------
        Tdecq
            As `lightlane.tdecq` finds it.

        Raises
        ------
        ParameterError
            For a lane without optics or with retimers, other than PAM4, and what `lightlane.tdecq` refuses.

        Examples
        --------
        >>> import lightlane as ll
        >>> q = ll.presets.lane("cpo-dr1-mzm").tdecq()
        >>> q.n_symbols, bool(0 < q.tdecq_db < 3.4)
        (65535, True)
        """
        from lightlane._tdecq import checked_config

        if self.modulation != "pam4":  # type: ignore[attr-defined]
            raise refused("modulation", "nrz", "pam4, for which TDECQ is defined", "nrz")
        # What is wrong is said before the light is computed.
        config, at = checked_config(config), _checked_place(at)
        return self.light().tdecq(config, at=at)

    def stressed_sensitivity(
        self,
        secq_db: float = 3.4,
        *,
        sj_ui: float = 0.025,
        sj_hz: float = 40e6,
        config: TdecqConfig | str = "802.3dj",
        ber_limit: float | None = None,
        attenuation_db: ArrayLike | None = None,
        threads: int | None = None,
    ) -> StressedSensitivity:
        """Find the light that the receiver needs when it comes from a stressed source.

        The lane's own driver is narrowed until its light has the stated SECQ at the photodiode, for SSPRQ, and
        sinusoidal jitter takes the place of the lane's own; the lane so changed is asked for its `sensitivity`.

        Parameters
        ----------
        secq_db : float, default 3.4
            Stressed eye closure, dB; at least that of the lane's own light.
        sj_ui : float, default 0.025
            Amplitude of the sinusoidal jitter, UI zero to peak (masks often state peak to peak, 0.05); 0 for none.
        sj_hz : float, default 40e6
            Its frequency, Hz. The sensitivity takes every phase alike and lets no loop follow it; runs of ``lane`` in
            the waveform mode take it.
        config : TdecqConfig or str, default "802.3dj"
            Rules of the SECQ.
        ber_limit, attenuation_db, threads
            As for `sensitivity`.

        Returns
        -------
        StressedSensitivity
            The sensitivity, and the stress it is for.

        Raises
        ------
        ParameterError
            For a lane without optics or with retimers, other than PAM4, an SECQ that the light exceeds already or that
            no driver makes, and what `sensitivity` refuses.

        Notes
        -----
        The conformance test (IEEE 802.3 121.8.9) makes its stress of a filter's intersymbol interference, noise and
        jitter; here the noise is the lane's own.

        Examples
        --------
        >>> import lightlane as ll
        >>> lane = ll.presets.lane("cpo-dr1-mzm")
        >>> stressed = lane.stressed_sensitivity(3.4, attenuation_db=[0.0])
        >>> bool(stressed.oma_dbm > lane.sensitivity(attenuation_db=[0.0]).oma_dbm + 0.3)
        True
        """
        from lightlane._tdecq import checked_config

        asked = None
        if attenuation_db is not None:
            asked = reals("attenuation_db", np.atleast_1d(attenuation_db)).tolist()
        given = {"secq_db": secq_db, "sj_ui": sj_ui, "sj_hz": sj_hz}
        numbers = [number(name, value) for name, value in given.items()]
        config = checked_config(config)
        stress = (numbers[0], numbers[1], numbers[2], config.to_json())
        text, networks = self._native_arguments()  # type: ignore[attr-defined]
        found = _native.stressed_sensitivity(
            text, networks, stress, checked_limit(ber_limit), asked, checked_threads(threads)
        )
        lane = self._resolved_as(found[3])  # type: ignore[attr-defined]
        return StressedSensitivity(found, joint_digest(self, config), lane, (numbers[1], numbers[2]), config)
