"""What a lane can do beyond `Config`: analysis, simulation, its clock's jitter, other channels."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

from numpy.typing import ArrayLike

from lightlane import _native
from lightlane._adaptation import Adapted
from lightlane._alignment import LaneAlignment
from lightlane._base import checked_threads, joint_digest
from lightlane._card import lane_card
from lightlane._exceptions import refused, wrong_type
from lightlane._jitter import JitterTolerance, JitterTransfer, jitter_tolerance, jitter_transfer
from lightlane._light import LightMethods
from lightlane._rare import RareMethods
from lightlane._report import LaneReport
from lightlane._sensitivity import SensitivityMethods
from lightlane._simulation import Simulation
from lightlane._spec import Networks

if TYPE_CHECKING:
    from lightlane._config import Adaptation, Lane

__all__ = ["LaneMethods"]

#: Analyses kept, the latest last: what is simulated is often what was analysed just before.
_KEPT_REPORTS = 4
_reports: dict[tuple[Lane, str | None], _native.LaneReport] = {}
_lock = threading.Lock()


class LaneMethods(RareMethods, SensitivityMethods, LightMethods, LaneAlignment):
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

        A retimer sends what it decided, right or wrong: errors reach the next segment, disturb it and may be undone.

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
            sub-converters, a converter that clips and a transmitter with a frequency of its own; the lane's equalizer
            is found without them. In baud mode a converter's error is a uniform of the step's width, independent from
            sample to sample.
        samples_per_symbol : int, optional
            Of the waveform: at least 4, with a multiple up to 1024 in common with the lane's own (32 for copper, 16
            behind optics), which None takes.
        progress : callable, optional
            Called with (done, total) in symbols.
        stop_at_bit_errors : int, optional
            Stop at the end of the 65,536 symbols (32,768 of a waveform, 4096 with `adapt`) in which the bit errors
            reach this number, wherever that is before `n_symbols`. A ratio from a run stopped at N errors is too high
            by 1/N on average.
        adapt : Adaptation, optional
            Let FFE and DFE adapt while they run, trained and then by their own decisions, from the lane's taps or from
            a wire; `Simulation.adapted` has the taps and the trace. The equalizer is serial then, whatever `threads`
            is. Clock recovery goes by the lane's own taps meanwhile. None keeps the taps.

        Raises
        ------
        ParameterError
            For what only the other mode has, `adapt` of a lane with retimers (see `segments`), and what stops
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
            raise refused("mode", mode, requirement, repr(mode))
        if mode == "baud" and samples_per_symbol is not None:
            requirement = "None in baud mode"
            raise refused("samples_per_symbol", samples_per_symbol, requirement)
        wanted = {"n_symbols": n_symbols, "seed": seed}
        if stop_at_bit_errors is not None:
            wanted["stop_at_bit_errors"] = stop_at_bit_errors
        for name, value in wanted.items():
            _native.whole(value, name, 0)
        if progress is not None and not callable(progress):
            raise wrong_type("progress", progress, "a function of (done, total)")
        threads = checked_threads(threads)
        adaptation, config_hash = self._adaptation(adapt)
        if mode == "baud" and adaptation is None:
            native = self._native_report(threads)
            counts, dfe, parts = native.simulate(n_symbols, seed, threads, progress, stop_at_bit_errors)
            segments = tuple(Simulation(part, seed, config_hash, of_retimed=True) for part in parts)
            return Simulation(counts, seed, config_hash, dfe=dfe, segments=segments)
        if mode == "baud":
            assert adaptation is not None
            arguments = (*self._native_arguments(), adaptation, n_symbols, seed)
            counts, learnt = _native.simulate_adaptive(*arguments, threads, progress, stop_at_bit_errors)
            return Simulation(
                counts, seed, config_hash, adapted=self._learnt(learnt, adapt, seed, config_hash)
            )
        if samples_per_symbol is not None:
            _native.whole(samples_per_symbol, "samples_per_symbol", 1)
        found, waveforms = _native.simulate_waveform(
            *self._native_arguments(),
            adaptation,
            n_symbols,
            seed,
            samples_per_symbol,
            threads,
            progress,
            stop_at_bit_errors,
        )
        segments = tuple(
            Simulation(part.counts(), seed, config_hash, part, of_retimed=True) for part in waveforms
        )
        adapted = self._learnt(found.adapted(), adapt, seed, config_hash)
        return Simulation(found.counts(), seed, config_hash, found, found.dfe(), adapted, segments=segments)

    def _adaptation(self, adapt: Adaptation | None) -> tuple[str | None, str]:
        """Return how a run adapts, as JSON, and the digest of all that its counts depend on."""
        from lightlane._config import Adaptation

        if adapt is None:
            return None, self.digest
        if not isinstance(adapt, Adaptation):
            raise wrong_type("adapt", adapt, "an Adaptation")
        return adapt._native_json(), joint_digest(self, adapt)

    def _learnt(
        self, native: _native.Adapted | None, adapt: Adaptation | None, seed: int, config_hash: str
    ) -> Adapted | None:
        if native is None or adapt is None:
            return None
        return Adapted.of(native, self._as_lane(), adapt.trace_symbols, seed, config_hash)

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
            Frequencies, at most a thousandth of the symbol rate, and so high that four periods last at most 2e7
            symbols or `n_symbols`.
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
            For a lane without `Receiver.clock_recovery`, one with retimers (see `segments`), an amplitude under which
            it slips, and what stops `simulate`.

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
            Frequencies, at most a thousandth of the symbol rate, and so high that four periods last at most 2e7
            symbols or `n_symbols`.
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
            For a lane without `Receiver.clock_recovery`, one with retimers (see `segments`), one that misses the limit
            without the jitter, and what stops `simulate`.

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

    def segments(self) -> tuple[Lane, ...]:
        """Return what lies between retimers, each a lane of its own; the lane alone where there are none.

        What takes one segment only takes these: `sensitivity`, `stressed_sensitivity`, `power_penalties`, `light`,
        `tdecq`, `alignment_yield`, `jitter_tolerance`, `jitter_transfer` and ``simulate(adapt=...)``.

        Examples
        --------
        >>> from lightlane import Ideal, Lane, Retimer
        >>> lane = Lane(medium=[Ideal(), Retimer(name="module")], name="x")
        >>> [segment.name for segment in lane.segments()]
        ['x: transmitter to module', 'x: module to receiver']
        """
        networks = Networks()
        texts = _native.lane_segments(self._native_json(networks))
        return tuple(type(self)._build(json.loads(text), networks) for text in texts)  # type: ignore[misc]

    def _runs(self, n_symbols: int, seed: int, threads: int | None) -> tuple[int, int, int | None]:
        for name, value in (("n_symbols", n_symbols), ("seed", seed)):
            _native.whole(value, name, 0)
        return n_symbols, seed, checked_threads(threads)

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
            raise refused("medium", value, requirement)
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
        count = checked_threads(threads)
        # The same bits for any number of threads; another level may differ in the last.
        key = (self._as_lane(), os.environ.get("LIGHTLANE_SIMD"))
        with _lock:
            report = _reports.pop(key, None)
        if report is None:
            report = _native.analyze(*self._native_arguments(), count)
        with _lock:
            _reports[key] = report
            while len(_reports) > _KEPT_REPORTS:
                del _reports[next(iter(_reports))]
        return report

    def _native_arguments(self) -> tuple[str, dict[str, _native.Network]]:
        """Return the lane as native functions take it: its text, and the networks that the text names."""
        networks = Networks()
        return self._native_json(networks), dict(networks)

    def _resolved_as(self, text: str) -> Lane:
        """Make the lane that a native report resolved this one to; its networks are this one's."""
        networks = Networks()
        self._plain(networks)
        return type(self)._build(json.loads(text), networks)  # type: ignore[return-value]

    def _as_lane(self) -> Lane:
        return self  # type: ignore[return-value]
