"""What single configuration classes can do beyond `Config`, written by hand.

`BASES` tells which class here a generated class is built on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

from numpy.typing import ArrayLike

from lightlane import _native
from lightlane._base import Config
from lightlane._exceptions import ParameterError
from lightlane._results import LaneReport, Simulation
from lightlane._spec import Networks

if TYPE_CHECKING:
    from lightlane._config import Lane

__all__ = [
    "BASES",
    "Block",
    "CtleMethods",
    "LaneMethods",
    "PackagePresets",
    "SyntheticNetwork",
    "TracePresets",
]

#: Base of a generated class by its name; `Config` for those that are not listed.
BASES = {
    "BoardConnector": "Block",
    "Ctle": "CtleMethods",
    "Ideal": "Block",
    "Lane": "LaneMethods",
    "Lumped": "Block",
    "Package": "PackagePresets",
    "Synthetic": "SyntheticNetwork",
    "Trace": "TracePresets",
    "Twinax": "Block",
    "Via": "Block",
}


class Block(Config):
    """An electrical block: a linear two-port between differential ports."""

    __slots__ = ()

    def network(self, freq_hz: ArrayLike) -> _native.Network:
        """Return the differential two-port, reference 100 ohm.

        Parameters
        ----------
        freq_hz : array
            Frequencies, Hz, ascending; 0 is exact.
        """
        return _native.block_network(type(self).__name__, json.dumps(self._plain(Networks())), freq_hz)


class SyntheticNetwork(Config):
    """A path of a synthetic channel set: a four-port, as a measured channel is."""

    __slots__ = ()

    def network(self, freq_hz: ArrayLike) -> _native.Network:
        """Return the single-ended four-port, reference 50 ohm; ports 1 to 2 are one leg, 3 to 4 the other.

        Parameters
        ----------
        freq_hz : array
            Frequencies, Hz: 0 and upwards in equal steps.

        Examples
        --------
        >>> from lightlane import Synthetic
        >>> four_port = Synthetic(recipe="synthetic-c2m-16db").network([0.0, 53.125e9])
        >>> round(float(four_port.differential().insertion_loss_db(53.125e9)))
        16
        """
        return _native.block_network(type(self).__name__, json.dumps(self._plain(Networks())), freq_hz)


class PackagePresets(Block):
    """A package, by name too."""

    __slots__ = ()

    @classmethod
    def preset(cls, name: str, *, side: Literal["tx", "rx"] = "tx", **changes: Any) -> Self:
        """Return a published package.

        Parameters
        ----------
        name : str
            One of `preset_names`.
        side : {'tx', 'rx'}, default 'tx'
            End of the lane; the receiver's package is the mirror image.
        **changes
            Fields to change.
        """
        preset = cls.from_json(_native.block_preset("Package", name, side))
        return preset.replace(**changes) if changes else preset

    @staticmethod
    def preset_names() -> tuple[str, ...]:
        """Return the names of the presets."""
        return tuple(_native.block_preset_names("Package"))


class TracePresets(Block):
    """A trace, by the name of its material too."""

    __slots__ = ()

    @classmethod
    def preset(cls, name: str, **changes: Any) -> Self:
        """Return a trace in a named material.

        Parameters
        ----------
        name : str
            One of `preset_names`.
        **changes
            Fields to change, such as ``length_m``.
        """
        preset = cls.from_json(_native.block_preset("Trace", name, "tx"))
        return preset.replace(**changes) if changes else preset

    @staticmethod
    def preset_names() -> tuple[str, ...]:
        """Return the names of the materials."""
        return tuple(_native.block_preset_names("Trace"))


class CtleMethods(Config):
    """A CTLE, with its gains left to the receiver too."""

    __slots__ = ()

    @classmethod
    def auto(cls, **changes: Any) -> Self:
        """Return a CTLE whose gains are searched over the stage's own ranges, 0 to -20 dB and 0 to -6 dB.

        Parameters
        ----------
        **changes
            Fields to change, such as ``zero_hz``.
        """
        return cls(**{"gdc_db": "auto", "gdc2_db": "auto", **changes})


class LaneMethods(Config):
    """A lane: what can be asked of it."""

    __slots__ = ()

    def analyze(self, *, threads: int | None = None) -> LaneReport:
        """Find the error ratios by the statistical engine.

        Parameters
        ----------
        threads : int, optional
            Threads to use; every core if None.

        Returns
        -------
        LaneReport
            Error ratios before and after FEC, margin, budget, responses, equalizer, energy and latency.

        Raises
        ------
        ParameterError
            For a channel whose grid cannot serve the symbol rate, and what else stops the composition.
        """
        return LaneReport(self._native_report(threads), self._as_lane())

    def simulate(
        self,
        n_symbols: int = 10_000_000,
        *,
        seed: int = 1,
        threads: int | None = None,
        mode: Literal["baud", "waveform"] = "baud",
        samples_per_symbol: int | None = None,
        progress: Callable[[int, int], object] | None = None,
        stop_at_bit_errors: int | None = None,
    ) -> Simulation:
        """Count errors bit by bit, with the equalizer and thresholds that `analyze` finds.

        Parameters
        ----------
        n_symbols : int, default 10_000_000
            Symbols to compare; memory does not depend on it.
        seed : int, default 1
            The same seed gives the same bits for any number of threads.
        threads : int, optional
            Threads to use; every core if None.
        mode : {'baud', 'waveform'}
            One value a symbol at the sampling instant, or the received waveform through converter, clock recovery and
            equalizer, which also gives `Simulation.eye`. Only the waveform has clock recovery, mismatch of
            sub-converters, sinusoidal and even-odd jitter; the lane's equalizer is found without them.
        samples_per_symbol : int, optional
            Of the waveform: at least 4 and a divisor of the lane's own (32 for copper, 16 behind optics), which None
            takes.
        progress : callable, optional
            Called with (done, total) in symbols.
        stop_at_bit_errors : int, optional
            Stop at the end of the 65,536 symbols (32,768 of a waveform) in which the bit errors reach this number, wherever that is before
            `n_symbols`. A ratio from a run stopped at N errors is too high by 1/N on average.

        Raises
        ------
        ParameterError
            For a waveform of a lane whose `signal_form` is ``"record"``, and what stops `analyze`.

        Examples
        --------
        >>> from lightlane import Lane, Receiver, Transmitter
        >>> lane = Lane(transmitter=Transmitter(amplitude_v=0.5), receiver=Receiver(noise_v2_per_hz=1e-13))
        >>> run = lane.simulate(1_000_000, seed=3, stop_at_bit_errors=500)
        >>> run.n_symbols, run.n_bit_errors >= 500
        (65536, True)
        """
        if mode not in ("baud", "waveform"):
            requirement = "'baud' or 'waveform'"
            raise ParameterError(f"mode = {mode!r}: must be {requirement}", "mode", mode, requirement)
        if mode == "baud" and samples_per_symbol is not None:
            requirement = "None in baud mode"
            message = f"samples_per_symbol = {samples_per_symbol}: must be {requirement}"
            raise ParameterError(message, "samples_per_symbol", samples_per_symbol, requirement)
        wanted = {"n_symbols": n_symbols, "seed": seed}
        if stop_at_bit_errors is not None:
            wanted["stop_at_bit_errors"] = stop_at_bit_errors
        for name, value in wanted.items():
            if not 0 <= value < 2**63:
                requirement = "a whole number from 0 to 2^63 - 1"
                raise ParameterError(f"{name} = {value}: must be {requirement}", name, value, requirement)
        if mode == "baud":
            native = self._native_report(threads)
            return Simulation(native.simulate(n_symbols, seed, threads, progress, stop_at_bit_errors), seed)
        if samples_per_symbol is not None and not 0 <= samples_per_symbol < 2**31:
            requirement = "a whole number of at least 4"
            message = f"samples_per_symbol = {samples_per_symbol}: must be {requirement}"
            raise ParameterError(message, "samples_per_symbol", samples_per_symbol, requirement)
        networks = Networks()
        text = json.dumps(self._plain(networks))
        found = _native.simulate_waveform(
            text, dict(networks), n_symbols, seed, samples_per_symbol, threads, progress, stop_at_bit_errors
        )
        return Simulation(found.counts(), seed, found)

    def with_channel(
        self,
        channel: Any,
        *,
        fext: Sequence[Any] = (),
        next: Sequence[Any] = (),  # noqa: A002 - near-end crosstalk has no other name
    ) -> Self:
        """Return the lane with another network in the place of its channel and of its aggressors.

        Parameters
        ----------
        channel : Network, str, path or scikit-rf network
            The new channel.
        fext, next : sequence of the same
            Crosstalk paths; the aggressors of the lane's own channel are dropped.
        """
        places = self._channel_places()
        if len(places) != 1:
            requirement = "a lane with exactly one channel block"
            value = f"{len(places)} channel blocks"
            raise ParameterError(f"medium = {value}: must be {requirement}", "medium", value, requirement)
        medium = list(self.medium)  # type: ignore[attr-defined]
        medium[places[0]] = channel
        near = [a for a in self.aggressors if a.kind == "next"]  # type: ignore[attr-defined]
        amplitude = near[0].amplitude_v if near else None
        aggressors: list[dict[str, Any]] = [{"channel": path, "kind": "fext"} for path in fext]
        aggressors += [{"channel": path, "kind": "next", "amplitude_v": amplitude} for path in next]
        return self.replace(medium=medium, aggressors=aggressors)

    def _channel_places(self) -> list[int]:
        from lightlane._channel import Channel
        from lightlane._config import Synthetic

        kinds = (_native.Network, Channel, Synthetic)
        return [i for i, block in enumerate(self.medium) if isinstance(block, kinds)]  # type: ignore[attr-defined]

    def _native_report(self, threads: int | None) -> _native.LaneReport:
        networks = Networks()
        text = json.dumps(self._plain(networks))
        return _native.analyze(text, dict(networks), threads)

    def _resolved_as(self, text: str) -> Lane:
        """Make the lane that a native report resolved this one to; its networks are this one's."""
        networks = Networks()
        self._plain(networks)
        return type(self)._build(json.loads(text), networks)  # type: ignore[return-value]

    def _as_lane(self) -> Lane:
        return self  # type: ignore[return-value]
