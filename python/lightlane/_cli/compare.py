"""``lightlane compare``: lanes side by side, as tables and as a page with the plots inside."""

from __future__ import annotations

import argparse
from pathlib import Path

from lightlane import presets
from lightlane._cli._output import to_json
from lightlane._cli._parser import Command, Parser, UsageError
from lightlane._compare import Comparison, compare_labelled
from lightlane._config import Lane

__all__ = ["COMMAND", "read_lane"]

#: What is compared when no lane is named.
DEFAULT_LANES = ("copper-kr1", "copper-cr1", "retimed-dr1", "lpo-dr1", "npo-dr1", "cpo-dr1")
#: What a channel of the user's own is put into, and what it is compared with.
CHANNEL_LANES = ("copper-c2m", "cpo-dr1")


def read_lane(name: str) -> Lane:
    """Return a shipped lane by name, or the one that a TOML file holds."""
    if name.endswith(".toml") or Path(name).is_file():
        return Lane.from_toml(Path(name))
    return presets.lane(name)


def add_arguments(parser: Parser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "lanes",
        metavar="LANE",
        nargs="*",
        help="name of a shipped lane or TOML file of one; a default set if left out",
    )
    parser.add_argument(
        "--channel", metavar="FILE", help="Touchstone file in the place of every copper lane's channel"
    )
    parser.add_argument(
        "--fext", metavar="FILE", action="append", default=[], help="far-end crosstalk of --channel"
    )
    parser.add_argument(
        "--next", metavar="FILE", action="append", default=[], help="near-end crosstalk of --channel"
    )
    parser.add_argument("--out", metavar="DIR", help="write the page and the plots there")
    parser.add_argument("--json", action="store_true", help="print JSON")


def lanes_of(options: argparse.Namespace) -> dict[str, Lane]:
    """Return the lanes by label."""
    if (options.fext or options.next) and not options.channel:
        raise UsageError(f"{'--fext' if options.fext else '--next'}: needs --channel, whose crosstalk it is")
    names = options.lanes or (CHANNEL_LANES if options.channel else DEFAULT_LANES)
    lanes: dict[str, Lane] = {}
    placed = False
    for name in names:
        lane = read_lane(name)
        label = Path(name).stem if name.endswith(".toml") else name
        if options.channel and lane._channel_places():
            lane = lane.with_channel(options.channel, fext=options.fext, next=options.next)
            placed = True
            label = f"{label} {Path(options.channel).name.split('.')[0]}"
        if label in lanes:
            raise UsageError(f"{name}: named twice")
        lanes[label] = lane.replace(name=label)
    if options.channel and not placed:
        raise UsageError(f"--channel: no place for it in {', '.join(names)}: the medium has no channel block")
    if len(lanes) == 1:
        (only,) = lanes
        other = "cpo-dr1" if only != "cpo-dr1" else "copper-c2m"
        lanes[other] = presets.lane(other)
    return lanes


def run(options: argparse.Namespace) -> int:
    """Compare, print, write; 1 where a lane with the SerDes of the first misses its limit."""
    comparison = compare_labelled(lanes_of(options))
    written = comparison.save(options.out) if options.out else []
    if options.json:
        print(to_json(comparison.figures()))
    else:
        print(text(comparison))
        for path in written:
            print(f"wrote {path}")
    return 0 if all(row.report.margin_db >= 0 for row in comparison.same_serdes) else 1


def text(comparison: Comparison) -> str:
    """Return both tables and the notes."""
    parts = [comparison.to_text("same_serdes"), comparison.to_text("equal_margin")]
    notes = list(comparison.warnings)
    for row in comparison.same_serdes:
        notes += [f"{row.label}: {w}" for w in row.report.warnings]
        notes.append(
            f"{row.label}: rests on {len(row.report.assumptions)} assumed values (report.assumptions)"
        )
    return "\n\n".join(parts) + "\n\n" + "\n".join(f"note: {n}" for n in dict.fromkeys(notes))


COMMAND = Command(
    "compare", "lanes side by side: error ratio, margin, energy and latency", add_arguments, run
)
