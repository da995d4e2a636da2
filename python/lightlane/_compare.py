"""Lanes side by side: two tables and a page with the plots inside."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import asdict
from html import escape
from pathlib import Path
from textwrap import fill
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from lightlane import _native
from lightlane._base import checked_threads, joint_digest
from lightlane._exceptions import refused, wrong_type
from lightlane._frozen import Frozen
from lightlane._report import LaneReport
from lightlane._spec import Networks
from lightlane._text import aligned, fixed, html_table, ratio, value_range
from lightlane._winner import METRICS, OF_LEDGER, Winner, find_winner, is_known

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

    from lightlane._config import Lane

__all__ = ["ComparedLane", "Comparison", "compare"]

_TABLES = {
    "same_serdes": "the same SerDes on every medium",
    "equal_margin": "equal margin: the cheapest equalizer that passes",
}
_HEADINGS = (
    "lane",
    "loss dB",
    "equalizer",
    "BER",
    "limit",
    "margin dB",
    "BER after FEC",
    "frame loss",
    "pJ/bit",
    "latency ns",
)
#: Characters of a line of a name beside its bar.
_LABEL_WIDTH = 24
_STYLE = (
    "body{font-family:sans-serif;margin:2em}table{border-collapse:collapse}img{max-width:100%}"
    "td,th{padding:.2em .8em;border-bottom:1px solid #ccc;text-align:left}"
)


class ComparedLane(Frozen):
    """One lane of a comparison.

    Attributes
    ----------
    label : str
        Its label.
    report : LaneReport
        Its analysis.
    ffe_taps, dfe_taps : int
        Size of the host's equalizer: taps that are not exactly 0 in place.
    """

    def __init__(self, label: str, report: LaneReport) -> None:
        self.label = label
        self.report = report
        self.ffe_taps, self.dfe_taps = report._equalizer_taps
        self._freeze()

    def cells(self) -> tuple[str, ...]:
        """One text a column of the table."""
        r = self.report
        return (
            self.label,
            fixed(r.electrical_loss_db, 1),
            f"FFE {self.ffe_taps}, DFE {self.dfe_taps}",
            f"{r.ber:.2e}",
            f"{r.ber_limit:.2e}",
            fixed(r.margin_db, 2, sign=True),
            ratio(r.ber_after_fec, 1),
            ratio(r.frame_loss_ratio, 1),
            value_range(r.energy_j_per_bit, 1e12, 1),
            value_range(r.latency_s, 1e9, 1),
        )

    def figures(self) -> dict[str, Any]:
        """Plain numbers; nan where there is none."""
        r = self.report
        return {
            "label": self.label,
            "ber": r.ber,
            "margin_db": r.margin_db,
            "ber_limit": r.ber_limit,
            "ber_after_fec": r.ber_after_fec,
            "frame_loss_ratio": r.frame_loss_ratio,
            "snr_db": r.snr_db,
            "electrical_loss_db": r.electrical_loss_db,
            "ffe_taps": self.ffe_taps,
            "dfe_taps": self.dfe_taps,
            "energy_j_per_bit": asdict(r.energy_j_per_bit),
            "latency_s": asdict(r.latency_s),
            "warnings": list(r.warnings),
            "assumptions": len(r.assumptions),
            "segments": [{"name": s.lane.name, "ber": s.ber, "margin_db": s.margin_db} for s in r.segments],
        }


class Comparison(Frozen):
    """Two tables over the same lanes.

    Attributes
    ----------
    same_serdes : tuple of ComparedLane
        Every lane with the transmitter and receiver of the first; retimers keep their own.
    equal_margin : tuple of ComparedLane
        Every lane with the cheapest equalizer of a ladder that reaches 0 dB of margin; the largest where none does.
    warnings : tuple of str
        What a reader of the tables must know.
    """

    def __init__(self, native: _native.Comparison, lanes: Mapping[str, Lane]) -> None:
        def rows(table: str) -> tuple[ComparedLane, ...]:
            labelled = zip(lanes.items(), native.reports(table), strict=True)
            return tuple(ComparedLane(label, LaneReport(report, lane)) for (label, lane), report in labelled)

        self.same_serdes = rows("same_serdes")
        self.equal_margin = rows("equal_margin")
        self.warnings: tuple[str, ...] = tuple(native.warnings)
        self._native = native
        self._config_hash = joint_digest(*lanes.values())
        self._freeze()

    def table(self, which: str = "same_serdes") -> xarray.Dataset:
        """Return one of the tables, ``"same_serdes"`` or ``"equal_margin"``, as a Dataset over the labels.

        Its attrs carry the hash of the lanes together, in their order, and the version.
        """
        import xarray

        rows = self._rows(which)
        columns = {
            "electrical_loss_db": ("dB", [r.report.electrical_loss_db for r in rows]),
            "ber": ("1", [r.report.ber for r in rows]),
            "ber_limit": ("1", [r.report.ber_limit for r in rows]),
            "margin_db": ("dB", [r.report.margin_db for r in rows]),
            "ber_after_fec": ("1", [r.report.ber_after_fec for r in rows]),
            "frame_loss_ratio": ("1", [r.report.frame_loss_ratio for r in rows]),
            "ffe_taps": ("1", [r.ffe_taps for r in rows]),
            "dfe_taps": ("1", [r.dfe_taps for r in rows]),
            "energy_j_per_bit": ("J/bit", [r.report.energy_j_per_bit.value for r in rows]),
            "energy_low_j_per_bit": ("J/bit", [r.report.energy_j_per_bit.low for r in rows]),
            "energy_high_j_per_bit": ("J/bit", [r.report.energy_j_per_bit.high for r in rows]),
            "latency_s": ("s", [r.report.latency_s.value for r in rows]),
            "latency_low_s": ("s", [r.report.latency_s.low for r in rows]),
            "latency_high_s": ("s", [r.report.latency_s.high for r in rows]),
        }
        return xarray.Dataset(
            {name: ("lane", values, {"units": units}) for name, (units, values) in columns.items()},
            coords={"lane": [r.label for r in rows]},
            attrs={
                "title": _TABLES[which],
                "version": _native.__version__,
                "config_hash": self._config_hash,
            },
        )

    def winner(self, metric: str, which: str = "same_serdes") -> Winner:
        """Return the lane that is best in one figure, and what would make another one best.

        Parameters
        ----------
        metric : str
            ``"energy_j_per_bit"``, ``"latency_s"``, ``"ber"``, ``"ber_after_fec"``, ``"frame_loss_ratio"`` or
            ``"electrical_loss_db"``, of which the least is best, or ``"margin_db"``, of which the most is.
        which : str, default "same_serdes"
            The table.

        Returns
        -------
        Winner
            The lane, the next one, and the ledger entries that alone would change the order.

        Raises
        ------
        ParameterError
            For another metric, or one that no lane has, such as losses of frames without a code.

        Examples
        --------
        >>> import lightlane as ll
        >>> lanes = {name.replace("-", "_"): ll.presets.lane(name) for name in ("copper-c2m", "cpo-dr1")}
        >>> best = ll.compare(**lanes).winner("latency_s")
        >>> best.label, best.runner_up, 20e-9 < best.margin < 3e-6, best.flips
        ('copper_c2m', 'cpo_dr1', True, ())
        """
        rows = self._rows(which)
        flips = self._native.flips(which, metric) if metric in OF_LEDGER else []
        return find_winner(metric, [(row.label, row.report) for row in rows], flips)

    def winners(self, which: str = "same_serdes") -> Mapping[str, Winner]:
        """Return the `winner` of every metric that a lane has."""
        reports = [row.report for row in self._rows(which)]
        return MappingProxyType({m: self.winner(m, which) for m in METRICS if is_known(m, reports)})

    def to_text(self, which: str = "same_serdes") -> str:
        """Return one of the tables as aligned text."""
        lines = aligned(_HEADINGS, [row.cells() for row in self._rows(which)], rule=True)
        return "\n".join([_TABLES[which], *lines])

    def to_markdown(self, which: str = "same_serdes") -> str:
        """Return one of the tables as Markdown."""
        rows = [_HEADINGS, tuple("---" for _ in _HEADINGS), *(row.cells() for row in self._rows(which))]
        return "\n".join("| " + " | ".join(row) + " |" for row in rows)

    def to_html(self, path: str | Path | None = None) -> str:
        """Return a self-contained page, tables and plots inside; write it to `path` if one is given."""
        tables = "".join(f"<h2>{escape(_TABLES[w])}</h2>{self._html_table(w)}" for w in _TABLES)
        notes = "".join(f"<li>{escape(w)}</li>" for w in self.warnings)
        plots = "".join(self._html_lane(row) for row in self.same_serdes)
        title = f"Lightlane {escape(_native.__version__)}: comparison"
        page = (
            f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{title}</title><style>{_STYLE}</style>"
            f"<h1>{title}</h1><ul>{notes}</ul>{tables}{plots}</html>"
        )
        if path is not None:
            Path(path).write_text(page, encoding="utf-8")
        return page

    def plot(self) -> Figure:
        """Draw error ratio, margin, energy and latency of the lanes beside each other, ranges as bars."""
        from matplotlib.figure import Figure

        rows = self.same_serdes
        # Bars lie so that names of any length stand beside them.
        labels = [fill(r.label, _LABEL_WIDTH) for r in rows]
        n_lines = sum(1 + label.count("\n") for label in labels)
        figure = Figure(figsize=(10, max(6.0, 2.5 + 0.4 * n_lines)), layout="constrained")
        axes = figure.subplots(2, 2, sharey=True)
        at = np.arange(len(rows))
        axes[0, 0].barh(at, [np.log10(max(r.report.ber, 1e-30)) for r in rows], color="tab:blue")
        axes[0, 0].set(title="log10 of the BER before FEC")
        margins_db = np.array([r.report.margin_db for r in rows])
        axes[0, 1].barh(at, np.where(np.isfinite(margins_db), margins_db, 0.0), color="tab:blue")
        for i in np.flatnonzero(~np.isfinite(margins_db)):
            # A lane that fails without noise has no bar; an empty place would read as a margin of 0 dB.
            axes[0, 1].text(0.0, at[i], f"{margins_db[i]} dB", ha="left", va="center", color="tab:red")
        axes[0, 1].set(title="margin (dB)")
        for ax, ranges, scale, title in (
            (axes[1, 0], [r.report.energy_j_per_bit for r in rows], 1e12, "energy, one end (pJ/bit)"),
            (axes[1, 1], [r.report.latency_s for r in rows], 1e9, "latency (ns)"),
        ):
            values = np.array([x.value for x in ranges]) * scale
            low, high = (np.array([getattr(x, end) for x in ranges]) * scale for end in ("low", "high"))
            ax.barh(at, values, xerr=np.vstack([values - low, high - values]), capsize=4, color="tab:blue")
            ax.set(title=title)
        axes[0, 0].set_yticks(at, labels)
        axes[0, 0].invert_yaxis()
        for ax in axes.flat:
            ax.grid(alpha=0.3, axis="x")
        return figure

    def save(self, folder: str | Path) -> list[Path]:
        """Write ``compare.html``, ``compare.png`` and one PNG a lane into `folder`; return their paths."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        page = folder / "compare.html"
        self.to_html(page)
        overview = folder / "compare.png"
        overview.write_bytes(_png(self.plot()))
        paths = [page, overview]
        for row in self.same_serdes:
            path = folder / f"{_file_name(row.label)}.png"
            path.write_bytes(_png(row.report.plot()))
            paths.append(path)
        return paths

    def figures(self) -> dict[str, Any]:
        """Both tables as plain numbers, and the warnings."""
        tables = {which: [row.figures() for row in self._rows(which)] for which in _TABLES}
        return {**tables, "warnings": list(self.warnings)}

    def _rows(self, which: str) -> tuple[ComparedLane, ...]:
        if which not in _TABLES:
            requirement = "one of " + ", ".join(_TABLES)
            raise refused("which", which, requirement, repr(which))
        rows: tuple[ComparedLane, ...] = getattr(self, which)
        return rows

    @staticmethod
    def _html_lane(row: ComparedLane) -> str:
        label, picture = escape(row.label), base64.b64encode(_png(row.report.plot())).decode()
        image = f"<img alt='plots of {label}' src='data:image/png;base64,{picture}'>"
        return f"<h2>{label}</h2>{row.report._repr_html_()}{image}"

    def _html_table(self, which: str) -> str:
        return html_table(_HEADINGS, [row.cells() for row in self._rows(which)])

    def _repr_html_(self) -> str:
        return "".join(
            f"<h4>{escape(title)}</h4>{self._html_table(which)}" for which, title in _TABLES.items()
        )

    def __repr__(self) -> str:
        return self.to_text()


def compare(*, threads: int | None = None, **lanes: Lane) -> Comparison:
    """Analyse lanes side by side.

    Parameters
    ----------
    threads : int, optional
        Threads to use; every core if None.
    **lanes : Lane
        The lanes by label, at least two. The transmitter and receiver of the first serve the table of the same SerDes.

    Returns
    -------
    Comparison
        Both tables, the reports, the winners and the plots.
    """
    return compare_labelled(lanes, threads)


def compare_labelled(lanes: Mapping[str, Lane], threads: int | None = None) -> Comparison:
    """Compare lanes whose labels need not be Python names."""
    from lightlane._config import Lane

    for label, lane in lanes.items():
        if not isinstance(lane, Lane):
            raise wrong_type(label, lane, "a Lane")
    networks = Networks()
    texts = [lane._native_json(networks) for lane in lanes.values()]
    return Comparison(_native.compare(list(lanes), texts, dict(networks), checked_threads(threads)), lanes)


def _png(figure: Figure) -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=100)
    return out.getvalue()


def _file_name(label: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in label)
