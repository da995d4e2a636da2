"""``lightlane com``: the channel operating margin of a channel with its aggressors."""

from __future__ import annotations

import argparse
from typing import Any

from lightlane._cli._output import to_json
from lightlane._cli._parser import Command, Pairs, Parser, port_pairs
from lightlane._com import Com, com
from lightlane._com_config import ComConfig
from lightlane._exceptions import ParameterError
from lightlane._text import decibels

__all__ = ["COMMAND"]

#: What a lane of a file is to the victim.
KINDS = ("thru", "fext", "next")


def add_arguments(parser: Parser) -> None:
    """Declare the arguments."""
    parser.add_argument("thru", nargs="?", metavar="THRU", help="Touchstone file of the channel, .gz too")
    parser.add_argument(
        "--fext", action="append", default=[], metavar="F", help="far-end aggressor; may be repeated"
    )
    parser.add_argument(
        "--next", action="append", default=[], metavar="F", help="near-end aggressor; may be repeated"
    )
    parser.add_argument(
        "--lane-map",
        action="append",
        type=lane,
        metavar="KIND=PAIRS",
        help="lane within THRU, such as thru=1,2:7,8 or fext=3,4:7,8, (left +,- or aggressor's):(right +,-); repeated",
    )
    parser.add_argument(
        "--config",
        metavar="C",
        help="name of a shipped configuration, or JSON, TOML or workbook file of keywords; --configs lists the names",
    )
    parser.add_argument("--configs", action="store_true", help="list the shipped configurations")
    parser.add_argument("--write-config", metavar="FILE", help="write the resolved configuration to FILE")
    parser.add_argument("--json", action="store_true", help="print JSON")


def lane(text: str) -> tuple[str, Pairs]:
    """Read ``fext=3,4:7,8``."""
    kind, equals, pairs = text.partition("=")
    if not equals or kind not in KINDS:
        raise argparse.ArgumentTypeError(f"{text!r}: must be thru=, fext= or next= and pairs such as 1,3:2,4")
    return kind, port_pairs(pairs)


def lane_map(lanes: list[tuple[str, Pairs]] | None) -> dict[str, Any] | None:
    """Return what `com` takes."""
    if lanes is None:
        return None
    by_kind = {kind: [pairs for k, pairs in lanes if k == kind] for kind in KINDS}
    thru = by_kind.pop("thru")
    if len(thru) != 1:
        requirement = "one lane thru=, as there is one victim"
        raise ParameterError(f"--lane-map: must have {requirement}", "--lane-map", len(thru), requirement)
    return {"thru": thru[0], **by_kind}


def run(options: argparse.Namespace) -> int:
    """Compute, print; 1 where the limit is not met."""
    if options.configs:
        names = {name: ComConfig.summary_of(name) for name in ComConfig.names()}
        width = max(len(name) for name in names)
        lines = (f"{name:{width}}  {summary}" for name, summary in names.items())
        print(to_json(names) if options.json else "\n".join(lines))
        return 0
    for name in ("thru", "config"):
        if getattr(options, name) is None:
            shown = "THRU" if name == "thru" else "--config"
            requirement = "given, unless --configs lists the configurations"
            raise ParameterError(f"{shown}: must be {requirement}", shown, None, requirement)
    found = com(
        options.thru,
        fext=options.fext,
        next=options.next,
        config=options.config,
        lane_map=lane_map(options.lane_map),
    )
    if options.write_config is not None:
        found.config.write(options.write_config)
    print(to_json(found.figures()) if options.json else text(options.thru, found))
    return 0 if found.passed else 1


def text(file: str, found: Com) -> str:
    """Return the figures as lines for people."""
    verdict = "passes" if found.passed else "fails"
    budget = sorted(found.noise_budget.items(), key=lambda item: -item[1])
    noise = ", ".join(f"{name} {1e3 * v:.3g} mV" for name, v in budget if v > 0)
    setting = found.equalizer
    taps = ", ".join(f"c({place}) {c:g}" for place, c in setting.tx_ffe.items()) or "off"
    lines = [
        f"{file}: COM {decibels(found.com_db, 2)} ({verdict} {decibels(found.pass_db, 2)}), release {found.release}",
        f"  eye          signal {1e3 * found.signal_v:.4g} mV, noise {1e3 * found.noise_v:.4g} mV, "
        f"opening {1e3 * found.veo_v:.4g} mV, FOM {decibels(found.fom_db, 2)}",
        f"  noise        {noise}",
        f"  CTLE         {setting.ctle_gdc_db:g} dB, {setting.ctle_gdc2_db:g} dB",
        f"  transmitter  {taps}",
        f"  channel      {_channel(found)}",
    ]
    if len(found.cases) > 1:
        lines += [
            f"  case {case.case}       COM {decibels(case.com_db, 2)}, VEC {decibels(case.vec_db, 2)}, "
            f"FOM {decibels(case.fom_db, 2)}"
            for case in found.cases
        ]
    if found.assumptions:
        lines.append(f"  assumed      {', '.join(found.assumptions)}")
    return "\n".join(lines + [f"  warning: {w}" for w in found.warnings])


def _channel(found: Com) -> str:
    parts = []
    if found.losses is not None:
        parts = [
            f"loss at Nyquist {decibels(found.losses.nyquist_loss_db)}",
            f"FOM ILD {decibels(found.fom_ild_db, 2)}",
            f"ICN {1e3 * found.icn_v:.3g} mV",
        ]
    if found.erl_db == found.erl_db:
        limit = f" (limit {decibels(found.erl_pass_db)})" if found.erl_pass_db == found.erl_pass_db else ""
        parts.append(f"ERL {decibels(found.erl_db, 2)}{limit}")
    return ", ".join(parts) or "no figures"


COMMAND = Command("com", "channel operating margin (Annexes 93A and 178A)", add_arguments, run)
