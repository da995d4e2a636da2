"""What single configuration classes can do beyond `Config`, written by hand.

`BASES` tells which class here a generated class is built on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from numpy.typing import ArrayLike

from lightlane import _native
from lightlane._adaptation import Adapted
from lightlane._base import Config, checked_threads
from lightlane._card import lane_card
from lightlane._exceptions import ParameterError, wrong_type
from lightlane._jitter import JitterTolerance, JitterTransfer, jitter_tolerance, jitter_transfer
from lightlane._rare import RareMethods
from lightlane._results import LaneReport, Simulation
from lightlane._spec import Networks

if TYPE_CHECKING:
    from lightlane._config import Adaptation, Connector, Coupler, Fiber, Lane

__all__ = [
    "BASES",
    "Block",
    "CouplerMethods",
    "CtleMethods",
    "FiberMethods",
    "LaneMethods",
    "MachZehnderMethods",
    "OpticsParts",
    "PackagePresets",
    "SyntheticNetwork",
    "TracePresets",
]

Part = TypeVar("Part")

#: Base of a generated class by its name; `Config` for those that are not listed.
BASES = {
    "BoardConnector": "Block",
    "Coupler": "CouplerMethods",
    "Ctle": "CtleMethods",
    "Fiber": "FiberMethods",
    "Ideal": "Block",
    "Lane": "LaneMethods",
    "Lumped": "Block",
    "MachZehnder": "MachZehnderMethods",
    "Optics": "OpticsParts",
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

    @staticmethod
    def recipe_names() -> tuple[str, ...]:
        """Return the names of the recipes.

        Examples
        --------
        >>> from lightlane import Synthetic
        >>> "synthetic-c2m-16db" in Synthetic.recipe_names()
        True
        """
        return tuple(_native.block_preset_names("Synthetic"))

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


class CouplerMethods(Config):
    """A coupling: its loss."""

    __slots__ = ()

    def loss_db(self, wavelength_m: ArrayLike) -> Any:
        """Return excess and overlap in x and y, optical dB.

        Parameters
        ----------
        wavelength_m : float or array
            Wavelength in vacuum, 0.8 to 2 um.

        Examples
        --------
        >>> from lightlane import Coupler
        >>> round(Coupler(offset_x_m=1e-6, excess_loss_db=0.5).loss_db(1.31e-6), 4)
        0.7052
        """
        return _native.coupler_loss_db(_text(self), wavelength_m)


class FiberMethods(Config):
    """A fibre: its dispersion and what that does to a small signal."""

    __slots__ = ()

    def dispersion_s_per_m2(self, wavelength_m: ArrayLike) -> Any:
        """Return the dispersion; 1 ps/(nm km) is 1e-6 s/m^2, positive is anomalous.

        Parameters
        ----------
        wavelength_m : float or array
            Wavelength in vacuum, 0.8 to 2 um.

        Examples
        --------
        >>> from lightlane import Fiber
        >>> round(1e6 * Fiber().dispersion_s_per_m2(1550e-9), 2)
        17.46
        """
        return _native.fiber_dispersion_s_per_m2(_text(self), wavelength_m)

    def small_signal_response(
        self, freq_hz: ArrayLike, wavelength_m: ArrayLike, chirp: ArrayLike = 0.0
    ) -> Any:
        """Return the response of modulated optical power, 1 at 0 Hz, attenuation left out.

        Parameters
        ----------
        freq_hz : float or array
            Frequency of the modulation, Hz.
        wavelength_m : float or array
            Wavelength in vacuum, 0.8 to 2 um.
        chirp : float or array, default 0.0
            Phase over half the logarithm of the power, in a field exp(+j w t).

        Notes
        -----
        A real number that changes its sign at every null; 20 log10 of its size is electrical dB. Small signals only.
        J. Wang and K. Petermann, J. Lightwave Technol. 10 (1992) 96.

        Examples
        --------
        >>> from lightlane import Fiber
        >>> worst = Fiber(length_m=10e3, dispersion_zero_m=1324e-9, dispersion_slope_s_per_m3=93.0)
        >>> round(worst.small_signal_response(41.67e9, 1270e-9), 3)
        0.0
        """
        return _native.fiber_small_signal_response(_text(self), freq_hz, wavelength_m, chirp)


class MachZehnderMethods(Config):
    """A Mach-Zehnder modulator at quadrature: its static figures. Swings are peak to peak, levels equally spaced."""

    __slots__ = ()

    def transmission(self, v: ArrayLike) -> Any:
        """Return the power out over the power in at a drive of `v` volts from quadrature; it rises with `v`.

        Examples
        --------
        >>> from lightlane import MachZehnder
        >>> MachZehnder(v_pi_v=2.0).transmission([-1.0, 0.0, 1.0]).tolist()
        [0.0, 0.5, 1.0]
        """
        return _native.mach_zehnder_transmission(_text(self), v)

    def oma_w(self, power_w: ArrayLike, swing_v: ArrayLike) -> Any:
        """Return the optical modulation amplitude, W, for `power_w` at the input.

        Examples
        --------
        >>> from lightlane import MachZehnder
        >>> round(MachZehnder(v_pi_v=2.0).oma_w(1.0, 1.0), 4)
        0.7071
        """
        return _native.mach_zehnder_oma_w(_text(self), power_w, swing_v)

    def extinction_ratio_db(self, swing_v: ArrayLike) -> Any:
        """Return the extinction ratio of the outer levels, dB.

        Examples
        --------
        >>> from lightlane import MachZehnder
        >>> round(MachZehnder(v_pi_v=2.0).extinction_ratio_db(1.0), 3)
        7.656
        """
        return _native.mach_zehnder_extinction_ratio_db(_text(self), swing_v)

    def level_mismatch(self, swing_v: ArrayLike) -> Any:
        """Return R_LM of the four powers, 1 for a small swing; valid up to the half-wave voltage.

        Examples
        --------
        >>> from lightlane import MachZehnder
        >>> round(MachZehnder(v_pi_v=2.0).level_mismatch(1.0), 5)
        0.90192
        """
        return _native.mach_zehnder_level_mismatch(_text(self), swing_v)

    def linear_drive_v(self, swing_v: ArrayLike) -> Any:
        """Return the four voltages with the same outer levels and equally spaced powers, along a last axis.

        Examples
        --------
        >>> from lightlane import MachZehnder
        >>> modulator = MachZehnder(v_pi_v=2.0)
        >>> modulator.transmission(modulator.linear_drive_v(2.0)).round(4).tolist()
        [0.0, 0.3333, 0.6667, 1.0]
        """
        return _native.mach_zehnder_linear_drive_v(_text(self), swing_v)


class OpticsParts(Config):
    """An optical section: the parts of its path by kind."""

    __slots__ = ()

    @property
    def couplers(self) -> tuple[Coupler, ...]:
        """Couplers of the path, in order."""
        from lightlane._config import Coupler

        return self._parts(Coupler)

    @property
    def connectors(self) -> tuple[Connector, ...]:
        """Connectors of the path, in order."""
        from lightlane._config import Connector

        return self._parts(Connector)

    @property
    def fiber(self) -> Fiber | None:
        """The fibre of the path, None without one; a path of several has them in ``path``.

        Examples
        --------
        >>> from lightlane import Optics
        >>> Optics().fiber.length_m, len(Optics().couplers)
        (500.0, 2)
        """
        from lightlane._config import Fiber

        fibers = self._parts(Fiber)
        if len(fibers) > 1:
            requirement = "a path with one fibre at most"
            message = f"path = {len(fibers)} fibres: must be {requirement}"
            raise ParameterError(message, "path", len(fibers), requirement)
        return fibers[0] if fibers else None

    def _parts(self, kind: type[Part]) -> tuple[Part, ...]:
        return tuple(part for part in self.path if isinstance(part, kind))  # type: ignore[attr-defined]


class LaneMethods(RareMethods):
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
        adapt: Adaptation | None = None,
    ) -> Simulation:
        """Count errors bit by bit, with the equalizer and thresholds that `analyze` finds, or one that adapts.

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
            sub-converters, a converter that clips and a transmitter with a frequency of its own; the lane's equalizer is found without them. In baud mode a
            converter's error is a uniform of the step's width, independent from sample to sample.
        samples_per_symbol : int, optional
            Of the waveform: at least 4, with a multiple up to 1024 in common with the lane's own (32 for copper, 16
            behind optics), which None takes.
        progress : callable, optional
            Called with (done, total) in symbols.
        stop_at_bit_errors : int, optional
            Stop at the end of the 65,536 symbols (32,768 of a waveform) in which the bit errors reach this number,
            wherever that is before `n_symbols`. A ratio from a run stopped at N errors is too high by 1/N on average.
        adapt : Adaptation, optional
            Let FFE and DFE adapt while they run, trained and then by their own decisions, from the lane's taps or from
            a wire; `Simulation.adapted` has the taps and the trace. The run is serial, in baud mode. None keeps the
            taps.

        Raises
        ------
        ParameterError
            For what only the other mode has, a receiver that detects sequences in the waveform mode, and what stops
            `analyze`.
        ConvergenceError
            When the taps diverge; the message has the error that crossed the line.

        Examples
        --------
        >>> from lightlane import Lane, Receiver, Transmitter
        >>> lane = Lane(transmitter=Transmitter(amplitude_v=0.5), receiver=Receiver(noise_v2_per_hz=1e-13))
        >>> run = lane.simulate(1_000_000, seed=3, stop_at_bit_errors=500)
        >>> run.n_symbols, run.n_bit_errors >= 500
        (65536, True)

        Taps that start as a wire and learn the lane:

        >>> from lightlane import Adaptation, Dfe, Ffe, presets
        >>> lane = presets.lane("copper-c2m")
        >>> lane = lane.replace(receiver=lane.receiver.replace(ffe=Ffe(pre=5, post=0), dfe=Dfe(taps=1)))
        >>> run = lane.simulate(10_000, adapt=Adaptation(start="wire", step=1e-3))
        >>> trace = run.adapted.error_rms_trace
        >>> bool(trace[-1] < 0.5 * trace[0]), run.n_bit_errors
        (True, 0)
        >>> learnt = lane.replace(receiver=run.adapted.receiver).analyze().equalizer.ffe
        >>> bool(abs(learnt - lane.analyze().equalizer.ffe).max() < 0.05)
        True
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
            _native.whole(value, name, 0)
        if progress is not None and not callable(progress):
            raise wrong_type("progress", progress, "a function of (done, total)")
        if adapt is not None:
            return self._adapted(adapt, mode, n_symbols, seed, threads, progress, stop_at_bit_errors)
        if mode == "baud":
            native = self._native_report(threads)
            counts, dfe = native.simulate(n_symbols, seed, threads, progress, stop_at_bit_errors)
            return Simulation(counts, seed, self.digest, dfe=dfe)
        if samples_per_symbol is not None:
            _native.whole(samples_per_symbol, "samples_per_symbol", 1)
        networks = Networks()
        text = json.dumps(self._plain(networks))
        found = _native.simulate_waveform(
            text, dict(networks), n_symbols, seed, samples_per_symbol, threads, progress, stop_at_bit_errors
        )
        return Simulation(found.counts(), seed, self.digest, found)

    def _adapted(
        self,
        adapt: Adaptation,
        mode: str,
        n_symbols: int,
        seed: int,
        threads: int | None,
        progress: Callable[[int, int], object] | None,
        stop_at_bit_errors: int | None,
    ) -> Simulation:
        from lightlane._config import Adaptation

        if not isinstance(adapt, Adaptation):
            raise wrong_type("adapt", adapt, "an Adaptation")
        if mode != "baud":
            requirement = "'baud' with adapt"
            raise ParameterError(f"mode = {mode!r}: must be {requirement}", "mode", mode, requirement)
        networks = Networks()
        text = json.dumps(self._plain(networks))
        found = _native.simulate_adaptive(
            text, dict(networks), _text(adapt), n_symbols, seed, threads, progress, stop_at_bit_errors
        )
        adapted = Adapted.of(found, self._as_lane(), adapt.trace_symbols)
        return Simulation(found.counts(), seed, self.digest, adapted=adapted)

    def jitter_transfer(
        self,
        frequencies_hz: ArrayLike,
        *,
        amplitude_ui: float = 0.02,
        n_symbols: int = 200_000,
        seed: int = 1,
        threads: int | None = None,
    ) -> JitterTransfer:
        """Measure how clock recovery follows sinusoidal jitter, beside its closed form.

        Parameters
        ----------
        frequencies_hz : array_like
            Frequencies, at most a thousandth of the symbol rate.
        amplitude_ui : float, default 0.02
            Amplitude, UI zero to peak.
        n_symbols : int, default 200_000
            Symbols of each run; four periods of the jitter where these are longer.
        seed : int, default 1
            Seed of the runs.
        threads : int, optional
            Threads to use; every core if None.

        Raises
        ------
        ParameterError
            For a lane without `Receiver.clock_recovery`, an amplitude under which it slips, and what stops `simulate`.

        Examples
        --------
        >>> from lightlane import ClockRecovery, presets
        >>> lane = presets.lane("copper-c2m")
        >>> clock = ClockRecovery(bandwidth_hz=40e6, latency_ui=8)
        >>> lane = lane.replace(receiver=lane.receiver.replace(clock_recovery=clock))
        >>> transfer = lane.jitter_transfer([100e6], n_symbols=20_000)
        >>> bool(abs(transfer.gain[0] / transfer.model[0] - 1.0) < 0.25)
        True
        """
        settings = self._runs(n_symbols, seed, threads)
        return jitter_transfer(self, frequencies_hz, amplitude_ui, settings)

    def jitter_tolerance(
        self,
        frequencies_hz: ArrayLike,
        *,
        ber_limit: float,
        n_symbols: int = 200_000,
        seed: int = 1,
        threads: int | None = None,
    ) -> JitterTolerance:
        """Find the largest sinusoidal jitter at which the error ratio stays within a limit and the clock does not slip.

        Parameters
        ----------
        frequencies_hz : array_like
            Frequencies, at most a thousandth of the symbol rate.
        ber_limit : float
            Bit error ratio, one that a run shows 20 errors of.
        n_symbols : int, default 200_000
            Symbols of each run; four periods of the jitter where these are longer.
        seed : int, default 1
            Seed of the runs.
        threads : int, optional
            Threads to use; every core if None.

        Raises
        ------
        ParameterError
            For a lane without `Receiver.clock_recovery` or one that misses the limit without the jitter, and what stops
            `simulate`.

        Examples
        --------
        >>> from lightlane import ClockRecovery, presets
        >>> lane = presets.lane("copper-c2m")
        >>> clock = ClockRecovery(bandwidth_hz=40e6, latency_ui=8)
        >>> lane = lane.replace(receiver=lane.receiver.replace(clock_recovery=clock))
        >>> tolerance = lane.jitter_tolerance([100e6], ber_limit=1e-2, n_symbols=20_000)
        >>> bool(0.05 < tolerance.amplitude_ui[0] < 0.5)
        True
        """
        settings = self._runs(n_symbols, seed, threads)
        return jitter_tolerance(self, frequencies_hz, ber_limit, settings)

    def _runs(self, n_symbols: int, seed: int, threads: int | None) -> tuple[int, int, int | None]:
        for name, value in (("n_symbols", n_symbols), ("seed", seed)):
            _native.whole(value, name, 0)
        return n_symbols, seed, threads

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

    def _repr_html_(self) -> str:
        return lane_card(self._as_lane())

    def _native_report(self, threads: int | None) -> _native.LaneReport:
        networks = Networks()
        text = json.dumps(self._plain(networks))
        return _native.analyze(text, dict(networks), checked_threads(threads))

    def _resolved_as(self, text: str) -> Lane:
        """Make the lane that a native report resolved this one to; its networks are this one's."""
        networks = Networks()
        self._plain(networks)
        return type(self)._build(json.loads(text), networks)  # type: ignore[return-value]

    def _as_lane(self) -> Lane:
        return self  # type: ignore[return-value]


def _text(device: Config) -> str:
    return json.dumps(device._plain(Networks()))
