"""The cards that a notebook shows."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any

from lightlane._native import Network
from lightlane._text import decibels, ranged, ratio, segment_line

if TYPE_CHECKING:
    from lightlane._com import Com
    from lightlane._config import Lane
    from lightlane._report import LaneReport
    from lightlane._simulation import Simulation

__all__ = [
    "card",
    "com_card",
    "lane_card",
    "network_card",
    "report_card",
    "simulation_card",
]

Rows = Iterable[tuple[str, str]]


def report_card(report: LaneReport) -> str:
    """Return a report as an HTML card: figures, noise budget, warnings and assumptions."""
    verdict = "passes" if report.margin_db >= 0 else "fails"
    rows = [
        ("BER before FEC", f"{report.ber:.3e} ({verdict}, limit {report.ber_limit:.2e})"),
        ("margin", decibels(report.margin_db, 2, sign=True)),
        ("BER after FEC", ratio(report.ber_after_fec)),
        ("frame loss", ratio(report.frame_loss_ratio)),
        ("SNR at the slicer", decibels(report.snr_db, 2)),
        ("electrical loss at Nyquist", decibels(report.electrical_loss_db)),
        ("energy, one end", ranged(report.energy_j_per_bit, 1e12, "pJ/bit")),
        ("latency", ranged(report.latency_s, 1e9, "ns")),
    ]
    if report.nonlinear_residual is not None:
        rows.append(("nonlinear residual", f"{100 * report.nonlinear_residual:.2f} % of the half-eye"))
    rows += [(part.lane.name or "segment", segment_line(part)) for part in report.segments]
    if report.stages:
        last = report.stages.rows()[-1]
        rows.append(("light at the photodiode", f"{last[3]} dBm, OMA {last[4]} dBm (stages: the table)"))
    budget = sorted(report.noise_budget.items(), key=lambda item: -item[1])
    rows.append(("noise at the slicer", ", ".join(f"{name} {1e3 * v:.3g} mV" for name, v in budget)))
    notes = list(report.warnings)
    if report.assumptions:
        names = ", ".join(a["path"] for a in report.assumptions)
        notes.append(f"rests on {len(report.assumptions)} assumed values: {names}")
    return card(report.lane.name or "lane", rows, notes)


def com_card(com: Com) -> str:
    """Return a margin as an HTML card: figures, noise budget, warnings and assumptions."""
    verdict = "passes" if com.passed else "fails"
    budget = sorted(com.noise_budget.items(), key=lambda item: -item[1])
    rows = [
        ("COM", f"{decibels(com.com_db, 2)} ({verdict} {decibels(com.pass_db, 2)})"),
        ("signal, noise", f"{1e3 * com.signal_v:.4g} mV, {1e3 * com.noise_v:.4g} mV"),
        ("eye opening, closure", f"{1e3 * com.veo_v:.4g} mV, {decibels(com.vec_db, 2)}"),
        ("FOM", decibels(com.fom_db, 2)),
        ("ERL", decibels(com.erl_db, 2)),
        ("ICN", "not defined" if com.icn_v != com.icn_v else f"{1e3 * com.icn_v:.3g} mV"),
        ("FOM ILD", decibels(com.fom_ild_db, 2)),
        ("noise at the slicer", ", ".join(f"{name} {1e3 * v:.3g} mV" for name, v in budget)),
        ("cases", ", ".join(f"{case.case}: {decibels(case.com_db, 2)}" for case in com.cases)),
        ("rules", com.release),
    ]
    notes = list(com.warnings)
    if com.assumptions:
        notes.append(f"rests on {len(com.assumptions)} assumed values: {', '.join(com.assumptions)}")
    return card(com.config.name or "channel operating margin", rows, notes)


def simulation_card(run: Simulation) -> str:
    """Return a count as an HTML card."""
    low, high = run.ber_interval()
    rows = [
        ("BER", f"{run.ber:.3e} (95 %: {low:.3e} to {high:.3e})"),
        ("wrong bits", f"{run.n_bit_errors:,} of {run.n_bits:,}"),
        ("wrong symbols", f"{run.n_symbol_errors:,} of {run.n_symbols:,}"),
        *[(f"segment {i}", f"{s.n_bit_errors:,} wrong bits") for i, s in enumerate(run.segments)],
        ("codewords beyond correction", ratio(run.codeword_error_ratio)),
        ("seed", str(run.seed)),
        ("kernels", run.simd_level),
    ]
    return card("simulation", rows)


def network_card(network: Network) -> str:
    """Return what a network holds as an HTML card."""
    first, last = network.freq_hz[0] / 1e9, network.freq_hz[-1] / 1e9
    impedances = " and ".join(f"{z:g}" for z in sorted(set(network.z0_ohm.tolist())))
    rows = [
        ("ports", str(network.n_ports)),
        ("frequencies", f"{len(network.freq_hz):,} from {first:g} to {last:g} GHz"),
        ("reference", f"{impedances} ohm"),
    ]
    if network.port_pairs is not None:
        (left_p, left_n), (right_p, right_n) = network.port_pairs
        sides = f"{left_p}+ {left_n}- on the left, {right_p}+ {right_n}- on the right"
        rows.append(("port map", f"{sides} ({network.port_pairs_origin})"))
    return card(network.path or "network", rows, network.warnings)


def lane_card(lane: Lane) -> str:
    """Return the parts of a lane as an HTML card."""
    receiver = lane.receiver
    # The DFE's taps are the response that a sequence detector knows of, not feedback.
    last = "DFE" if receiver.mlsd is False else "MLSD"
    stages = {"CTLE": receiver.ctle, "FFE": receiver.ffe, last: receiver.dfe}
    rows = [
        ("symbols", f"{lane.symbol_rate_hz / 1e9:g} GBd {lane.modulation}"),
        ("medium", " → ".join(_block(b) for b in lane.medium) or "nothing"),
        ("aggressors", str(len(lane.aggressors))),
        ("equalizer", ", ".join(k for k, stage in stages.items() if stage is not None) or "none"),
        ("code", lane.fec),
    ]
    return card(lane.name or "lane", rows)


def _block(block: Any) -> str:
    name = getattr(block, "name", None)
    return f"{type(block).__name__} {name}" if name else type(block).__name__


def card(title: str, rows: Rows, notes: Iterable[str] = ()) -> str:
    """Return rows of a name and a text, and notes below them, as an HTML card."""
    table = "".join(
        f"<tr><th style='text-align:left'>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in rows
    )
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f"<div><b>{escape(title)}</b><table>{table}</table>{f'<ul>{items}</ul>' if items else ''}</div>"
