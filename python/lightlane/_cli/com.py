"""``lightlane com``: the channel operating margin of a channel with its aggressors."""

from __future__ import annotations

import argparse

from lightlane._cli._output import to_json
from lightlane._cli._parser import Command, Parser
from lightlane._com import Com, com
from lightlane._com_config import ComConfig
from lightlane._exceptions import ParameterError
from lightlane._text import decibels

__all__ = ["COMMAND"]


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
        "--config",
        metavar="C",
        help="name of a shipped configuration, or JSON, TOML or workbook file of keywords; --configs lists the names",
    )
    parser.add_argument("--configs", action="store_true", help="list the shipped configurations")
    parser.add_argument("--write-config", metavar="FILE", help="write the resolved configuration to FILE")
    parser.add_argument("--json", action="store_true", help="print JSON")


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
    found = com(options.thru, fext=options.fext, next=options.next, config=options.config)
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


COMMAND = Command("com", "channel operating margin (Annex 93A)", add_arguments, run)
