"""The optical budget of a lane, stage by stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

from lightlane._dataset import dataset
from lightlane._frozen import Frozen
from lightlane._plot import axes_or_new
from lightlane._text import aligned, fixed, html_table
from lightlane.units import w_to_dbm

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

__all__ = ["OpticalBudget"]

_HEADER = ("stage", "loss, dB", "power, mW", "power, dBm", "OMA, dBm")


class OpticalBudget(Frozen, tuple[Mapping[str, Any], ...]):
    """The way of the light from the laser to the photodiode: a tuple of stages, of what the simulation uses.

    A stage maps ``name``, ``loss_db`` (of average power in it), ``power_w`` (average, after it) and ``oma_w`` (settled
    outer modulation amplitude after it, 0 before the modulator). It prints as a table; empty for copper.
    """

    _config_hash: str

    def __new__(cls, stages: Iterable[Mapping[str, Any]], config_hash: str) -> Self:
        """Hold the stages of the lane with that digest."""
        budget = super().__new__(cls, stages)
        budget._config_hash = config_hash
        budget._freeze()
        return budget

    def __getnewargs__(self) -> Any:
        return tuple(self), self._config_hash

    def rows(self) -> list[tuple[str, ...]]:
        """Return the table's cells: stage, loss in dB, average power in mW and dBm, OMA in dBm."""
        return [
            (
                s["name"],
                fixed(s["loss_db"], 2),
                f"{1e3 * s['power_w']:.4g}",
                fixed(w_to_dbm(s["power_w"]), 2),
                fixed(w_to_dbm(s["oma_w"]), 2) if s["oma_w"] > 0.0 else "-",
            )
            for s in self
        ]

    def __str__(self) -> str:
        return "\n".join(aligned(_HEADER, self.rows(), numbers=True))

    def _repr_html_(self) -> str:
        return html_table(_HEADER, self.rows())

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw average power and modulation amplitude after each stage, with the loss in it."""
        ax = axes_or_new(ax)
        at = range(len(self))
        power_dbm = [w_to_dbm(s["power_w"]) for s in self]
        ax.plot(at, power_dbm, "o-", color="tab:blue", label="average power")
        modulated = [(i, w_to_dbm(s["oma_w"])) for i, s in enumerate(self) if s["oma_w"] > 0.0]
        if modulated:
            ax.plot(*zip(*modulated, strict=True), "s--", color="tab:orange", label="outer OMA")
        for i, stage in enumerate(self):
            if stage["loss_db"] > 0.0:
                label = f"-{fixed(stage['loss_db'], 2)}"
                # Below both curves.
                at_point: dict[str, Any] = {
                    "xytext": (0, -12),
                    "textcoords": "offset points",
                    "ha": "center",
                    "fontsize": 8,
                }
                lower = min([power_dbm[i]] + [w_to_dbm(w) for w in (stage["oma_w"],) if w > 0.0])
                ax.annotate(label, (i, lower), **at_point)
        ax.set_xticks(list(at), [s["name"] for s in self], rotation=30, ha="right")
        ax.set(ylabel="dBm after the stage", title="optical budget")
        ax.margins(y=0.15)
        ax.legend()
        ax.grid(alpha=0.3)
        return ax

    def to_xarray(self) -> xarray.Dataset:
        """Return the budget as a labelled Dataset over ``stage``; attrs carry the config hash."""

        def column(name: str) -> list[float]:
            return [s[name] for s in self]

        return dataset(
            {
                "loss_db": ("stage", column("loss_db"), "dB"),
                "power_w": ("stage", column("power_w"), "W"),
                "oma_w": ("stage", column("oma_w"), "W"),
            },
            {"stage": ("stage", [s["name"] for s in self], "1")},
            {"config_hash": self._config_hash},
        )
