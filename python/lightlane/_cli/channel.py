"""``lightlane channel``: what a Touchstone file holds, and whether to trust it."""

from __future__ import annotations

import argparse
from typing import Any

from lightlane._cli._output import to_json
from lightlane._cli._parser import Command, Pairs, Parser, port_pairs, quantity
from lightlane._native import Network
from lightlane._text import decibels

__all__ = ["COMMAND"]

#: Nyquist frequencies of 26.5625, 53.125 and 106.25 GBd.
USUAL_FREQ_HZ = (13.28125e9, 26.5625e9, 53.125e9)


def add_arguments(parser: Parser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", metavar="FILE", help="Touchstone file, .gz too")
    parser.add_argument(
        "--pairs", type=port_pairs, help="differential pairs, such as 1,3:2,4; guessed if left out"
    )
    parser.add_argument(
        "--freq",
        type=quantity("freq_hz"),
        action="append",
        metavar="FREQ",
        help="frequency of the loss, such as 26.56GHz; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def facts(network: Network, pairs: Pairs | None, freq_hz: list[float] | None) -> dict[str, Any]:
    """Return everything that is printed."""
    quality = network.quality()
    two_port = network
    if network.n_ports == 4 or pairs:
        two_port = network.differential(pairs)
    if freq_hz is None:
        inside = (network.freq_hz[0], network.freq_hz[-1])
        freq_hz = [f for f in USUAL_FREQ_HZ if inside[0] <= f <= inside[1]] or [inside[1]]
    loss = two_port.insertion_loss_db(freq_hz).tolist() if two_port.n_ports == 2 else []
    return {
        "file": network.path,
        "n_ports": network.n_ports,
        "n_points": len(network.freq_hz),
        "freq_min_hz": float(network.freq_hz[0]),
        "freq_max_hz": float(network.freq_hz[-1]),
        "z0_ohm": network.z0_ohm.tolist(),
        "port_pairs": two_port.port_pairs,
        "port_pairs_origin": two_port.port_pairs_origin,
        "insertion_loss_db": {f"{f:.15g}": db for f, db in zip(freq_hz, loss, strict=False)},
        "max_singular_value": quality.max_singular_value,
        "max_singular_value_freq_hz": quality.max_singular_value_freq_hz,
        "passive": quality.passive,
        "reciprocity_error": quality.reciprocity_error,
        "causality_error": quality.causality_error,
        "causality_quality_percent": quality.causality_quality_percent,
        "has_dc": quality.has_dc,
        "digest": network.digest,
        "warnings": list(dict.fromkeys((*two_port.warnings, *quality.warnings))),
    }


def table(file: str, told: dict[str, Any]) -> str:
    """Return the facts as lines for people."""
    references = sorted(set(told["z0_ohm"]))
    lines = [
        f"{file}: {told['n_ports']} ports, {told['n_points']} points, "
        f"{told['freq_min_hz'] / 1e9:g} to {told['freq_max_hz'] / 1e9:g} GHz, "
        f"{' and '.join(f'{z:g}' for z in references)} ohm"
    ]
    if told["port_pairs"]:
        (left_p, left_n), (right_p, right_n) = told["port_pairs"]
        lines.append(
            f"  port map     {left_p}+ {left_n}- on the left, {right_p}+ {right_n}- on the right"
            f" ({told['port_pairs_origin']})"
        )
    losses = [f"{decibels(db, 2)} at {float(f) / 1e9:.5g} GHz" for f, db in told["insertion_loss_db"].items()]
    if losses:
        lines.append(f"  loss         {', '.join(losses)}")
    lines += [
        f"  passive      {'yes' if told['passive'] else 'no'}, largest singular value "
        f"{told['max_singular_value']:.6f} at {told['max_singular_value_freq_hz'] / 1e9:g} GHz",
        f"  reciprocity  |S - S^T| at most {told['reciprocity_error']:.2e}",
        f"  causality    {100 * told['causality_error']:.3g} % of the energy before t = 0, "
        f"quality measure {told['causality_quality_percent']:.1f} %",
        f"  0 Hz         {'in the file' if told['has_dc'] else 'not in the file, will be extrapolated'}",
    ]
    return "\n".join(lines + [f"  warning: {w}" for w in told["warnings"]])


def run(options: argparse.Namespace) -> int:
    """Print them."""
    told = facts(Network.read(options.file), options.pairs, options.freq)
    print(to_json(told) if options.json else table(options.file, told))
    return 0


COMMAND = Command("channel", "quality, loss and port map of a Touchstone file", add_arguments, run)
