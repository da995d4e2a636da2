"""Rare events: error ratios too small to count, from weighted draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lightlane import _native
from lightlane._base import Config
from lightlane._card import card
from lightlane._dataset import dataset
from lightlane._exceptions import wrong_type
from lightlane._frozen import Frozen

if TYPE_CHECKING:
    import xarray

__all__ = ["RareMethods", "RareSimulation"]


class RareSimulation(Frozen):
    """Error ratios estimated by importance sampling.

    Attributes
    ----------
    ber, ser : float
        Estimated error ratios, decision errors propagating.
    relative_error, ser_relative_error : float
        Standard deviation of `ber` and of `ser` over themselves, from the spread of the draws; inf without an error.
    effective_errors : float
        Independent bit errors that counting would need for the same `relative_error`: its square's inverse.
    n_draws : int
        Crossings of a threshold that were drawn.
    n_symbols : int
        Decisions that were taken, those around the crossings included.
    n_errors : int
        Draws that were errors.
    seed : int
        Seed of the run.
    simd_level : str
        The kernels that ran.
    """

    def __init__(self, native: _native.RareCounts, seed: int, config_hash: str) -> None:
        self._native = native
        self._config_hash = config_hash
        self.seed = int(seed)
        self.ber, self.relative_error = native.ber
        self.ser, self.ser_relative_error = native.ser
        self.effective_errors: float = native.effective_errors
        self.n_draws: int = native.n_draws
        self.n_symbols: int = native.n_symbols
        self.n_errors: int = native.n_errors
        self.simd_level: str = native.simd_level
        self._freeze()

    def ber_interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Interval of the bit error ratio, of a normal law of its logarithm; (0, 1) without an error."""
        return self._native.ber_interval(confidence)

    def ser_interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Interval of the symbol error ratio, of a normal law of its logarithm; (0, 1) without an error."""
        return self._native.ser_interval(confidence)

    def to_xarray(self) -> xarray.Dataset:
        """Return the estimates as a Dataset over ``of``, bits and symbols; attrs carry draws, seed and config hash."""
        return dataset(
            {
                "ratio": ("of", [self.ber, self.ser], "1"),
                "relative_error": ("of", [self.relative_error, self.ser_relative_error], "1"),
            },
            {"of": ("of", ["bit", "symbol"], "1")},
            {
                "n_draws": self.n_draws,
                "n_symbols": self.n_symbols,
                "n_errors": self.n_errors,
                "seed": self.seed,
                "simd_level": self.simd_level,
                "config_hash": self._config_hash,
            },
        )

    def _repr_html_(self) -> str:
        low, high = self.ber_interval()
        rows = [
            ("BER", f"{self.ber:.3e} (95 %: {low:.3e} to {high:.3e})"),
            ("SER", f"{self.ser:.3e}"),
            ("relative error", f"{100 * self.relative_error:.2g} %"),
            ("draws", f"{self.n_draws:,}, of which {self.n_errors:,} were errors"),
            ("seed", str(self.seed)),
            ("kernels", self.simd_level),
        ]
        return card("rare events", rows)

    def __repr__(self) -> str:
        low, high = self.ber_interval()
        return f"<RareSimulation ber={self.ber:.3e} [{low:.3e}, {high:.3e}] {self.n_draws} draws>"


class RareMethods(Config):
    """What a lane can be asked of rare events."""

    __slots__ = ()

    def simulate_rare(
        self,
        n_draws: int = 100_000,
        *,
        seed: int = 1,
        threads: int | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> RareSimulation:
        """Estimate error ratios too small to count, by importance sampling in the time domain.

        Symbols, noise, crosstalk and jitter are drawn from an exponentially tilted law under which a decision errs
        about every other time, and weighted by the exact likelihood ratio; bursts of errors are followed with true
        feedback. Nothing of the statistical engine's densities enters but the thresholds, which are the lane's. The
        relative error is about a percent for 100,000 draws at any error ratio.

        Parameters
        ----------
        n_draws : int, default 100_000
            Crossings of a threshold to draw.
        seed : int, default 1
            The same seed gives the same estimate for any number of threads.
        threads : int, optional
            Threads to use; every core if None.
        progress : callable, optional
            Called with (done, total) in draws.

        Raises
        ------
        ParameterError
            For more than 2**53 draws, fewer than 64 for each level and each side on which it may be left (384 of PAM4;
            as many more times as slow jitter is taken at values), and what stops `analyze`.
        ConvergenceError
            Where bursts of decision errors do not end.

        Examples
        --------
        >>> from lightlane import Lane, Receiver, Transmitter
        >>> lane = Lane(transmitter=Transmitter(amplitude_v=0.5), receiver=Receiver(noise_v2_per_hz=1e-14))
        >>> run = lane.simulate_rare(20_000)
        >>> low, high = run.ber_interval(0.9999)
        >>> low < lane.analyze().ber < high
        True
        """
        for name, value in {"n_draws": n_draws, "seed": seed}.items():
            _native.whole(value, name, 0)
        if progress is not None and not callable(progress):
            raise wrong_type("progress", progress, "a function of (done, total)")
        native: _native.LaneReport = self._native_report(threads)  # type: ignore[attr-defined]
        counts = _native.simulate_rare(native, n_draws, seed, threads, progress)
        return RareSimulation(counts, seed, self.digest)
