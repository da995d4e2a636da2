"""``lightlane run``: one lane from a TOML file or by name."""

from __future__ import annotations

import argparse
from pathlib import Path

from lightlane._cli._output import to_json
from lightlane._cli._parser import Command, Parser
from lightlane._cli.compare import read_lane
from lightlane._compare import ComparedLane
from lightlane._report import LaneReport
from lightlane._text import decibels, ranged, ratio, segment_line

__all__ = ["COMMAND"]


def add_arguments(parser: Parser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "lane", metavar="LANE", help="TOML file that lane.to_toml() wrote, or the name of a shipped lane"
    )
    parser.add_argument("--plot", metavar="PNG", help="write the four panels there")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Analyse, print; 1 where the margin is negative."""
    lane = read_lane(options.lane)
    report = lane.analyze()
    label = lane.name or Path(options.lane).stem
    if options.plot:
        report.plot().savefig(options.plot)
    if options.json:
        print(to_json(ComparedLane(label, report).figures()))
    else:
        print(text(label, report))
    return 0 if report.margin_db >= 0 else 1


def text(label: str, report: LaneReport) -> str:
    """Return the figures as lines for people."""
    verdict = "passes" if report.margin_db >= 0 else "fails"
    budget = sorted(report.noise_budget.items(), key=lambda item: -item[1])
    noise = ", ".join(f"{name} {1e3 * v:.3g} mV" for name, v in budget)
    lines = [
        f"{label}: BER {report.ber:.3e} before FEC, {verdict} {report.ber_limit:.2e} by "
        f"{decibels(report.margin_db, 2, sign=True)}",
        f"  after FEC    BER {ratio(report.ber_after_fec)}, frame loss {ratio(report.frame_loss_ratio)}",
        f"  slicer       SNR {decibels(report.snr_db, 2)}, {noise}",
        f"  electrical   {decibels(report.electrical_loss_db)} at Nyquist",
        f"  energy       {ranged(report.energy_j_per_bit, 1e12, 'pJ/bit')}",
        f"  latency      {ranged(report.latency_s, 1e9, 'ns')}",
    ]
    lines += [f"  segment      {part.lane.name}: {segment_line(part)}" for part in report.segments]
    if report.stages:
        lines += [f"  {row}" for row in str(report.stages).splitlines()]
    return "\n".join(lines + [f"  warning: {w}" for w in report.warnings])


COMMAND = Command("run", "analyse one lane", add_arguments, run)
