"""``lightlane sensitivity``: the light that a lane needs, and what costs it light."""

from __future__ import annotations

import argparse
from pathlib import Path

from lightlane._cli._output import to_json
from lightlane._cli._parser import Command, Parser
from lightlane._cli.compare import read_lane
from lightlane._sensitivity import PowerPenalties, Sensitivity
from lightlane._text import decibels, fixed

__all__ = ["COMMAND"]


def add_arguments(parser: Parser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "lane", metavar="LANE", help="TOML file that lane.to_toml() wrote, or the name of a shipped lane"
    )
    parser.add_argument(
        "--ber-limit", type=float, metavar="BER", help="before FEC; the lane's own limit if left out"
    )
    parser.add_argument("--penalties", action="store_true", help="what each cause costs, too")
    parser.add_argument("--plot", metavar="PNG", help="write the curve to a file")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Find the sensitivity, print; 1 where the lane delivers less light than it needs."""
    lane = read_lane(options.lane)
    # A curve only where one is shown.
    wanted = None if options.plot or options.json else [0.0]
    found = lane.sensitivity(ber_limit=options.ber_limit, attenuation_db=wanted)
    penalties = lane.power_penalties(ber_limit=options.ber_limit) if options.penalties else None
    if options.plot:
        # A figure and its parts know the whole one by the same name.
        found.plot().figure.figure.savefig(options.plot)
    label = lane.name or Path(options.lane).stem
    if options.json:
        told = found.figures() if penalties is None else {**found.figures(), "penalties": penalties.figures()}
        print(to_json(told))
    else:
        print(text(label, found, penalties))
    return 0 if found.attenuation_db >= 0.0 else 1


def text(label: str, found: Sensitivity, penalties: PowerPenalties | None) -> str:
    """Return the figures as lines for people."""
    lines = [
        f"{label}: sensitivity {fixed(found.oma_dbm, 2)} dBm outer OMA at BER {found.ber_limit:.2e}, "
        f"{decibels(found.attenuation_db, 2, sign=True)} of light left",
        f"  received     {fixed(found.power_dbm, 2)} dBm average there",
        f"  launched     {fixed(found.launched_oma_dbm, 2)} dBm outer OMA behind the modulator",
    ]
    warnings = list(found.warnings)
    if penalties is not None:
        lines += [
            f"  penalty      {p.cause}: {decibels(p.launched_db, 2)} launched, {decibels(p.received_db, 2)} received"
            for p in penalties
        ]
        warnings += [w for w in penalties.warnings if w not in warnings]
    return "\n".join(lines + [f"  warning: {w}" for w in warnings])


COMMAND = Command("sensitivity", "the light that an optical lane needs", add_arguments, run)
