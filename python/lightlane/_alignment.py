"""Alignment of fibres: drawn coupling losses, and the yield of a lane at an error ratio."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lightlane import _native
from lightlane._base import Config, checked_threads, joint_digest
from lightlane._card import card
from lightlane._dataset import dataset
from lightlane._exceptions import refused, wrong_type
from lightlane._frozen import Frozen, read_only
from lightlane._plot import axes_or_new
from lightlane._reals import number
from lightlane._sensitivity import checked_limit
from lightlane._text import decibels

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

    from lightlane._config import Alignment, Coupler

__all__ = ["AlignmentMethods", "AlignmentYield", "ArrayLosses", "LaneAlignment"]


class ArrayLosses(Frozen):
    """Drawn coupling losses of arrays of fibres.

    Attributes
    ----------
    loss_db : numpy.ndarray
        Loss of every fibre, optical dB, (arrays, fibres).
    worst_db : numpy.ndarray
        Of the worst fibre of each array, (arrays,).
    seed : int
        Seed of the draws.
    wavelength_m : float
        Wavelength in vacuum, m.
    """

    def __init__(
        self, loss_db: NDArray[np.float64], seed: int, wavelength_m: float, config_hash: str
    ) -> None:
        self._config_hash = config_hash
        self.wavelength_m = wavelength_m
        self.loss_db = loss_db
        self.worst_db: NDArray[np.float64] = read_only(loss_db.max(axis=1))
        self.seed = int(seed)
        self._freeze()

    def yield_at(self, budget_db: float) -> float:
        """Return the share of arrays all of whose fibres lose at most `budget_db`."""
        return float((self.worst_db <= number("budget_db", budget_db)).mean())

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how the losses of fibres and of the worst of each array are distributed."""
        ax = axes_or_new(ax)
        for values, label in ((self.loss_db.ravel(), "a fibre"), (self.worst_db, "worst of an array")):
            ordered = np.sort(values)
            share = np.arange(len(ordered), 0, -1) / len(ordered)
            # As many points as a line shows: the last decades matter most.
            shown = np.unique(len(ordered) - np.geomspace(1, len(ordered), 500).astype(int))
            ax.semilogy(ordered[shown], share[shown], label=label)
        ax.set(xlabel="coupling loss (optical dB)", ylabel="share that loses more", title="alignment")
        ax.legend()
        ax.grid(alpha=0.3)
        return ax

    def to_xarray(self) -> xarray.Dataset:
        """Return the losses as a labelled Dataset over ``array`` and ``fiber``.

        Its attrs carry wavelength, seed, and the hash of alignment and coupler.
        """
        arrays, fibers = self.loss_db.shape
        return dataset(
            {"loss_db": (("array", "fiber"), self.loss_db, "dB"), "worst_db": ("array", self.worst_db, "dB")},
            {"array": ("array", np.arange(arrays), "1"), "fiber": ("fiber", np.arange(fibers), "1")},
            {"wavelength_m": self.wavelength_m, "seed": self.seed, "config_hash": self._config_hash},
        )

    def _repr_html_(self) -> str:
        arrays, fibers = self.loss_db.shape
        rows = [
            ("arrays", f"{arrays:,} of {fibers}"),
            ("mean of a fibre", decibels(float(self.loss_db.mean()), 3)),
            ("mean of the worst", decibels(float(self.worst_db.mean()), 3)),
            ("99 % of arrays lose less than", decibels(float(np.quantile(self.worst_db, 0.99)), 3)),
            ("seed", str(self.seed)),
        ]
        return card("coupling losses", rows)

    def __repr__(self) -> str:
        arrays, fibers = self.loss_db.shape
        return f"<ArrayLosses {arrays} arrays of {fibers}, mean {decibels(float(self.loss_db.mean()), 3)}>"


class AlignmentYield(Frozen):
    """Yield of a lane's alignment at an error ratio.

    Attributes
    ----------
    yield_ : float
        Share of the drawn arrays whose worst fibre meets the limit.
    integrated : float or None
        The same by quadrature, within 1e-5, where the losses are those of offsets alone: one coupler of equal modes
        without offset, gap and tilt. None elsewhere.
    ber_limit : float
        The error ratio.
    budget_db : float
        Loss of the couplers together at which the lane's margin is gone; -inf where it has none, inf where it keeps it.
    configured_loss_db : float
        Loss of the couplers together in the lane as it is.
    curve_loss_db, curve_margin_db : numpy.ndarray
        Losses at which the lane was analysed, and its margin; between them it is interpolated.
    worst_loss_db, margin_db : numpy.ndarray
        Loss of the worst fibre of each array, and the lane's margin at it, (arrays,).
    seed : int
        Seed of the draws.
    """

    def __init__(self, native: _native.AlignmentYield, seed: int, config_hash: str) -> None:
        self._native = native
        self._config_hash = config_hash
        self.curve_loss_db, self.curve_margin_db = native.curve()
        self.worst_loss_db, self.margin_db = native.arrays()
        self.yield_: float = native.n_passed / len(self.worst_loss_db)
        self.integrated: float | None = native.integrated
        self.ber_limit: float = native.ber_limit
        self.budget_db: float = native.budget_db
        self.configured_loss_db: float = native.configured_loss_db
        self.seed = int(seed)
        self._freeze()

    def yield_interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the exact (Clopper-Pearson) interval of the yield."""
        return self._native.interval(confidence)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the margin against the loss, and how the worst fibres of the arrays lie on it."""
        ax = axes_or_new(ax)
        low, high = self.curve_loss_db[0], self.curve_loss_db[-1]
        shown = self.worst_loss_db[self.worst_loss_db <= high]
        counts = ax.twinx()
        counts.hist(shown, bins=80, range=(low, high), color="0.8")
        counts.set(ylabel="arrays", yscale="log")
        # The curve stands in front of the counts.
        ax.set_zorder(counts.get_zorder() + 1)
        ax.patch.set_visible(False)
        ax.plot(self.curve_loss_db, self.curve_margin_db, "o-", color="tab:blue")
        ax.axhline(0.0, color="tab:red", linestyle="--")
        if low <= self.budget_db <= high:
            ax.axvline(self.budget_db, color="tab:red", linestyle=":")
        ax.set(
            xlabel="loss of the couplers (optical dB)",
            ylabel="margin (dB)",
            title=f"{100 * self.yield_:.4g} % within {decibels(self.budget_db, 2)} at BER {self.ber_limit:.2e}",
        )
        ax.grid(alpha=0.3)
        return ax

    def to_xarray(self) -> xarray.Dataset:
        """Return curve and arrays as a labelled Dataset.

        Its attrs carry yield, budget, seed, and the hash of lane and alignment.
        """
        at = "curve_loss_db"
        return dataset(
            {
                "curve_margin_db": (at, self.curve_margin_db, "dB"),
                "worst_loss_db": ("array", self.worst_loss_db, "dB"),
                "margin_db": ("array", self.margin_db, "dB"),
            },
            {
                at: (at, self.curve_loss_db, "dB"),
                "array": ("array", np.arange(len(self.worst_loss_db)), "1"),
            },
            {
                "yield": self.yield_,
                "ber_limit": self.ber_limit,
                "budget_db": self.budget_db,
                "seed": self.seed,
                "config_hash": self._config_hash,
            },
        )

    def _repr_html_(self) -> str:
        low, high = self.yield_interval()
        rows = [
            ("yield", f"{self.yield_:.5f} (95 %: {low:.5f} to {high:.5f})"),
            ("by quadrature", "-" if self.integrated is None else f"{self.integrated:.6f}"),
            ("coupling loss that the lane bears", decibels(self.budget_db, 2)),
            ("as configured", decibels(self.configured_loss_db, 2)),
            ("arrays", f"{len(self.worst_loss_db):,}"),
            ("seed", str(self.seed)),
        ]
        return card(f"alignment at BER {self.ber_limit:.2e}", rows)

    def __repr__(self) -> str:
        low, high = self.yield_interval()
        return (
            f"<AlignmentYield {self.yield_:.5f} [{low:.5f}, {high:.5f}] within {decibels(self.budget_db, 2)}>"
        )


class AlignmentMethods(Config):
    """Errors of placing an array of fibres: what is drawn from them."""

    __slots__ = ()

    def losses(
        self,
        coupler: Coupler,
        *,
        wavelength_m: float = 1.31e-6,
        n_arrays: int = 100_000,
        seed: int = 1,
        threads: int | None = None,
    ) -> ArrayLosses:
        """Draw coupling losses of arrays through the whole overlap of a coupler.

        Parameters
        ----------
        coupler : Coupler
            Its own offsets, tilts and gap are what the errors are added to.
        wavelength_m : float, default 1.31e-6
            Wavelength in vacuum, 0.8 to 2 um.
        n_arrays : int, default 100_000
            Arrays, of `n_fibers` each; at most 2e7 fibres.
        seed : int, default 1
            The same seed gives the same bits for any number of threads.
        threads : int, optional
            Threads to use; every core if None.

        Raises
        ------
        ParameterError
            For too many fibres or none, a wavelength out of range.

        Examples
        --------
        >>> import lightlane as ll
        >>> drawn = ll.Alignment(sigma_fiber_m=0.4e-6).losses(ll.Coupler(mfd_a_m=4e-6))
        >>> exact = ll.system.alignment_mean_loss_db(4e-6, 0.4e-6)
        >>> bool(abs(drawn.loss_db.mean() / exact - 1.0) < 0.02)
        True
        """
        from lightlane._config import Coupler

        if not isinstance(coupler, Coupler):
            raise wrong_type("coupler", coupler, "a Coupler")
        for name, value in (("n_arrays", n_arrays), ("seed", seed)):
            _native.whole(value, name, 0)
        wavelength = number("wavelength_m", wavelength_m)
        found = _native.alignment_losses(
            self._native_json(), coupler._native_json(), wavelength, n_arrays, seed, checked_threads(threads)
        )
        return ArrayLosses(found, seed, wavelength, joint_digest(self, coupler))


class LaneAlignment(Config):
    """What a lane can be asked of the alignment of its couplers."""

    __slots__ = ()

    def alignment_yield(
        self,
        alignment: Alignment,
        *,
        couplers: Sequence[int] | None = None,
        ber_limit: float | None = None,
        n_arrays: int = 100_000,
        seed: int = 1,
        threads: int | None = None,
    ) -> AlignmentYield:
        """Find the share of fibre arrays through which every lane stays within an error ratio.

        The lane is analysed at some losses of its couplers, its margin interpolated between them, and the losses of
        many arrays drawn; every fibre of an array carries such a lane. A lane's loss is the sum over its couplers.

        Parameters
        ----------
        alignment : Alignment
            Errors of placing the array, drawn for each coupler by itself and added to its own offsets, tilts and gap.
        couplers : sequence of int, optional
            Which couplers of the path, by their place in ``Optics.couplers``; all if None.
        ber_limit : float, optional
            Bit error ratio before FEC; the lane's own limit if None.
        n_arrays : int, default 100_000
            Arrays drawn; with their fibres at most 2e7.
        seed : int, default 1
            The same seed gives the same bits for any number of threads.
        threads : int, optional
            Threads to use; every core if None.

        Returns
        -------
        AlignmentYield
            The yield, its exact interval, the loss that the lane bears, margins.

        Raises
        ------
        ParameterError
            For a lane without optics or couplers or with retimers (see `segments`), a coupler that it does not have, a
            limit outside 0 to 0.5, and what stops `analyze`.

        Examples
        --------
        >>> import lightlane as ll
        >>> lane = ll.presets.lane("cpo-dr1")
        >>> loose, tight = (ll.Alignment(sigma_fiber_m=s, n_fibers=8) for s in (4e-6, 0.2e-6))
        >>> found = lane.alignment_yield(loose, couplers=[0], n_arrays=1000)
        >>> found.yield_ < lane.alignment_yield(tight, couplers=[0], n_arrays=1000).yield_
        True
        """
        from lightlane._config import Alignment

        if not isinstance(alignment, Alignment):
            raise wrong_type("alignment", alignment, "an Alignment")
        places = None
        if couplers is not None:
            if isinstance(couplers, str) or not isinstance(couplers, Iterable):
                raise refused("couplers", couplers, "a sequence of whole numbers, or None", repr(couplers))
            places = [_native.whole(k, "couplers", 0) for k in couplers]
        for name, value in (("n_arrays", n_arrays), ("seed", seed)):
            _native.whole(value, name, 0)
        text, networks = self._native_arguments()  # type: ignore[attr-defined]
        limit = checked_limit(ber_limit)
        found = _native.lane_alignment_yield(
            text, networks, alignment._native_json(), places, limit, n_arrays, seed, checked_threads(threads)
        )
        return AlignmentYield(found, seed, joint_digest(self, alignment))
