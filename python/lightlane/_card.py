"""The card that a notebook shows for a report."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lightlane._results import LaneReport

__all__ = ["report_card"]


def report_card(report: LaneReport) -> str:
    """Return a report as an HTML card: figures, noise budget, warnings and assumptions."""
    verdict = "passes" if report.margin_db >= 0 else "fails"
    energy, latency = report.energy_j_per_bit, report.latency_s
    rows = [
        ("BER before FEC", f"{report.ber:.3e} ({verdict}, limit {report.ber_limit:.2e})"),
        ("margin", f"{report.margin_db:+.2f} dB"),
        ("BER after FEC", f"{report.ber_after_fec:.2e}"),
        ("frame loss", f"{report.frame_loss_ratio:.2e}"),
        ("SNR at the slicer", f"{report.snr_db:.2f} dB"),
        ("electrical loss at Nyquist", f"{report.electrical_loss_db:.1f} dB"),
        (
            "energy, one end",
            f"{energy.value * 1e12:.2f} ({energy.low * 1e12:.2f} to {energy.high * 1e12:.2f}) pJ/bit, {energy.grade}",
        ),
        (
            "latency",
            f"{latency.value * 1e9:.1f} ({latency.low * 1e9:.1f} to {latency.high * 1e9:.1f}) ns, {latency.grade}",
        ),
    ]
    if report.nonlinear_residual is not None:
        rows.append(("nonlinear residual", f"{100 * report.nonlinear_residual:.2f} % of the half-eye"))
    budget = sorted(report.noise_budget.items(), key=lambda item: -item[1])
    rows.append(("noise at the slicer", ", ".join(f"{name} {1e3 * v:.3g} mV" for name, v in budget)))
    table = "".join(
        f"<tr><th style='text-align:left'>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in rows
    )
    return f"<div><b>{escape(report.lane.name or 'lane')}</b><table>{table}</table>{_notes(report)}</div>"


def _notes(report: LaneReport) -> str:
    parts = [f"<li>{escape(w)}</li>" for w in report.warnings]
    if report.assumptions:
        names = ", ".join(escape(a["path"]) for a in report.assumptions)
        parts.append(f"<li>rests on {len(report.assumptions)} assumed values: {names}</li>")
    return f"<ul>{''.join(parts)}</ul>" if parts else ""
