"""Figures as texts for people: the same wherever they are shown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lightlane._report import LaneReport
    from lightlane._responses import Ranged

__all__ = [
    "aligned",
    "decibels",
    "fixed",
    "html_table",
    "ranged",
    "ratio",
    "segment_line",
    "value_range",
]

Cells = Sequence[str]


def fixed(value: float, digits: int, *, sign: bool = False) -> str:
    """Return a number with so many decimals, a dash where there is none, and no negative zero.

    Examples
    --------
    >>> fixed(-0.004, 2), fixed(-0.004, 2, sign=True), fixed(1.5, 2, sign=True), fixed(float("nan"), 1)
    ('0.00', '+0.00', '+1.50', '-')
    """
    if math.isnan(value):
        return "-"
    # Rounded first: what rounds to zero loses its sign.
    return f"{round(value, digits) + 0.0:{'+' if sign else ''}.{digits}f}"


def decibels(value: float, digits: int = 1, *, sign: bool = False) -> str:
    """Return a figure in decibels, ``not defined`` where it is not.

    Examples
    --------
    >>> decibels(-0.04), decibels(float("nan"))
    ('0.0 dB', 'not defined')
    """
    return "not defined" if math.isnan(value) else f"{fixed(value, digits, sign=sign)} dB"


def ratio(value: float, digits: int = 2) -> str:
    """Return an error ratio, a dash where there is none."""
    return "-" if math.isnan(value) else f"{value:.{digits}e}"


def ranged(x: Ranged, scale: float, unit: str) -> str:
    """Return a figure with its range, unit and grade.

    Examples
    --------
    >>> from lightlane import Ranged
    >>> ranged(Ranged(5e-12, 4e-12, 7e-12, "assumed"), 1e12, "pJ/bit")
    '5.00 (4.00 to 7.00) pJ/bit, assumed'
    """
    return f"{value_range(x, scale, 2)} {unit}, {x.grade}"


def value_range(x: Ranged, scale: float, digits: int) -> str:
    """Return a figure with its range."""
    value, low, high = (fixed(v * scale, digits) for v in (x.value, x.low, x.high))
    return f"{value} ({low} to {high})"


def segment_line(report: LaneReport) -> str:
    """Return what one segment of a lane contributes."""
    margin, loss = decibels(report.margin_db, 2, sign=True), decibels(report.electrical_loss_db)
    return f"BER {report.ber:.3e}, {margin} alone, {loss} at Nyquist"


def aligned(header: Cells, rows: Iterable[Cells], *, numbers: bool = False, rule: bool = False) -> list[str]:
    """Return a table as lines, columns two spaces apart.

    With `numbers` all but the first stand at the right; with `rule` dashes stand under the heading.

    Examples
    --------
    >>> aligned(("part", "W"), [("laser", "10"), ("tia", "2")], numbers=True)
    ['part    W', 'laser  10', 'tia     2']
    >>> aligned(("part", "W"), [("laser", "10")], rule=True)
    ['part   W', '-----  --', 'laser  10']
    """
    table = [header, *rows]
    widths = [max(len(row[k]) for row in table) for k in range(len(header))]

    def line(row: Cells) -> str:
        cells = [
            c.rjust(w) if numbers and k else c.ljust(w)
            for k, (c, w) in enumerate(zip(row, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()

    head, *body = [line(row) for row in table]
    return [head, *(["  ".join("-" * w for w in widths)] if rule else []), *body]


def html_table(header: Cells, rows: Iterable[Cells]) -> str:
    """Return a table as HTML.

    Examples
    --------
    >>> html_table(("part",), [("a < b",)])
    '<table><tr><th>part</th></tr><tr><td>a &lt; b</td></tr></table>'
    """

    def line(cells: Cells, tag: str) -> str:
        return f"<tr>{''.join(f'<{tag}>{escape(c)}</{tag}>' for c in cells)}</tr>"

    return f"<table>{line(header, 'th')}{''.join(line(row, 'td') for row in rows)}</table>"
