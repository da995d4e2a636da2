"""The best of several lanes in one figure, and what would make another one the best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from lightlane._exceptions import refused
from lightlane._responses import Ranged

if TYPE_CHECKING:
    from lightlane._report import LaneReport

__all__ = ["METRICS", "OF_LEDGER", "Flip", "Winner", "find_winner", "is_known"]


class Flip(NamedTuple):
    """An entry of the ledgers that alone would make another lane the best, inside its own range.

    Attributes
    ----------
    name : str
        The entry.
    label : str or None
        The lane that has it; None where several do: it is then one input that they share.
    value : float
        Where the winner and the next are equal, in `unit`.
    unit : str
        Unit of the entry.
    winner : str
        The lane that is best beyond that value.
    """

    name: str
    label: str | None
    value: float
    unit: str
    winner: str


class Winner(NamedTuple):
    """The best lane of a comparison in one figure.

    Attributes
    ----------
    metric : str
        The figure.
    label : str
        The lane; the first of equals.
    value : float
        Its figure.
    runner_up : str or None
        The next one; None where no other has the figure.
    margin : float
        How far the next is behind, in the figure's unit; nan without one.
    flips : tuple of Flip
        Entries of the ledgers that alone, moved within their low to high while the others stay, make another lane the
        best. Energy and latency rest on ledgers; the other figures are simulated, and no entry moves them.
    """

    metric: str
    label: str
    value: float
    runner_up: str | None
    margin: float
    flips: tuple[Flip, ...]


#: What `Comparison.winner` can be asked for.
METRICS = (
    "energy_j_per_bit",
    "latency_s",
    "margin_db",
    "ber",
    "ber_after_fec",
    "frame_loss_ratio",
    "electrical_loss_db",
)
_MOST = ("margin_db",)
OF_LEDGER = ("energy_j_per_bit", "latency_s")

#: Name and unit of an entry, the row that has it alone, the value at which two are equal, the row that wins beyond.
NativeFlip = tuple[str, str, int | None, float, int]


def is_known(metric: str, reports: Sequence[LaneReport]) -> bool:
    """Whether any of the lanes has the figure."""
    return any(not math.isnan(_figure(metric, report)) for report in reports)


def find_winner(metric: str, rows: Sequence[tuple[str, LaneReport]], flips: Sequence[NativeFlip]) -> Winner:
    """Return the best of labelled lanes; `flips` are those of their ledgers."""
    if metric not in METRICS:
        raise refused("metric", metric, f"one of {', '.join(METRICS)}", repr(metric))
    if not is_known(metric, [report for _, report in rows]):
        raise refused("metric", metric, "a figure that a lane has", repr(metric))
    figures = [(label, _figure(metric, report)) for label, report in rows]
    sign = -1.0 if metric in _MOST else 1.0
    # Those that are equal stay as the lanes were given.
    (label, value), *others = sorted((f for f in figures if not math.isnan(f[1])), key=lambda f: sign * f[1])
    runner_up, next_value = others[0] if others else (None, math.nan)
    # Two infinities of the same sign are no distance apart.
    margin = 0.0 if next_value == value else abs(next_value - value)
    named = tuple(
        Flip(name, None if member is None else rows[member][0], at, unit, rows[winner][0])
        for name, unit, member, at, winner in flips
    )
    return Winner(metric, label, value, runner_up, margin, named)


def _figure(metric: str, report: LaneReport) -> float:
    figure: float | Ranged = getattr(report, metric)
    return figure.value if isinstance(figure, Ranged) else figure
