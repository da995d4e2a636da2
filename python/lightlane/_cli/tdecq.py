"""``lightlane tdecq``: eye closure of a captured waveform."""

from __future__ import annotations

import argparse

from lightlane import _native
from lightlane._cli._output import to_json
from lightlane._cli._parser import Command, Parser, quantity
from lightlane._config import TdecqConfig
from lightlane._tdecq import Tdecq, tdecq
from lightlane._text import decibels

__all__ = ["COMMAND"]


def add_arguments(parser: Parser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", metavar="FILE", help="capture: CSV of powers in W, or NPZ with waveform_w")
    parser.add_argument("--samples-per-symbol", type=int, default=20, metavar="N", help="default 20")
    parser.add_argument(
        "--symbol-rate",
        type=quantity("symbol_rate_hz"),
        default=53.125e9,
        metavar="R",
        help="default 53.125 GBd",
    )
    parser.add_argument(
        "--config", default="802.3bs", metavar="C", help=f"one of {', '.join(_native.tdecq_preset_names())}"
    )
    parser.add_argument("--main-tap", type=int, metavar="K", help="index of a fixed main tap, from 0")
    parser.add_argument(
        "--instrument-noise",
        type=quantity("instrument_noise_w"),
        metavar="W",
        help="noise of the instrument, W rms",
    )
    parser.add_argument("--limit-db", type=float, metavar="L", help="exit with 1 above this TDECQ")
    parser.add_argument("--plot", metavar="PNG", help="write the equalized eye to a file")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Measure, print; 1 where the limit is not met."""
    given = {"main_tap": options.main_tap, "instrument_noise_w": options.instrument_noise}
    changes = {name: value for name, value in given.items() if value is not None}
    config = TdecqConfig.preset(options.config).replace(**changes)
    found = tdecq(
        options.file,
        samples_per_symbol=options.samples_per_symbol,
        symbol_rate_hz=options.symbol_rate,
        config=config,
    )
    if options.plot:
        # A figure and its parts know the whole one by the same name.
        found.plot().figure.figure.savefig(options.plot)
    print(to_json(found.figures()) if options.json else text(options.file, found))
    return 1 if options.limit_db is not None and not found.tdecq_db <= options.limit_db else 0


def text(file: str, found: Tdecq) -> str:
    """Return the figures as lines for people."""
    taps = ", ".join(f"{c:.3f}" for c in found.taps)
    lines = [
        f"{file}: TDECQ {decibels(found.tdecq_db, 2)}, {found.pattern}, {found.n_symbols} symbols",
        f"  levels       OMA {1e3 * found.oma_w:.4g} mW, average {1e3 * found.average_power_w:.4g} mW, "
        f"extinction {decibels(found.extinction_ratio_db, 2)}, mismatch {found.level_mismatch:.3f}",
        f"  equalizer    {taps}; main taps[{found.main_tap}], Ceq {found.noise_enhancement:.3f}",
        f"  noise        added {1e6 * found.added_noise_w:.4g} uW, instrument {1e6 * found.instrument_noise_w:.4g} uW",
        f"  waveform     transition {1e12 * found.transition_time_s:.3g} ps, overshoot {100 * found.overshoot:.1f} %, "
        f"eye closure {decibels(found.eye_closure_db, 2)}",
    ]
    lines += [f"  warning: {w}" for w in found.warnings]
    return "\n".join(lines + [f"  assumed: {a}" for a in found.assumptions])


COMMAND = Command("tdecq", "eye closure (TDECQ) of a captured waveform", add_arguments, run)
