"""``lightlane presets``: what there is by name."""

from __future__ import annotations

import argparse
import json

from lightlane._base import Config
from lightlane._cli._parser import Command, Parser, UsageError, nearest_hint
from lightlane._config import Package, Trace

__all__ = ["COMMAND"]


def catalogue() -> dict[str, dict[str, Config]]:
    """Return every preset by kind and name."""
    return {
        "package": {name: Package.preset(name) for name in Package.preset_names()},
        "trace": {name: Trace.preset(name) for name in Trace.preset_names()},
    }


def add_arguments(parser: Parser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="show this preset as TOML")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Print the names, or one preset."""
    kinds = catalogue()
    if options.name is None:
        names = {kind: list(presets) for kind, presets in kinds.items()}
        print(json.dumps(names, indent=2) if options.json else "\n".join(table(names)))
        return 0
    found = {name: preset for presets in kinds.values() for name, preset in presets.items()}
    if options.name not in found:
        raise UsageError(f"{options.name}: unknown preset{nearest_hint(options.name, list(found))}")
    preset = found[options.name]
    print(preset.to_json(indent=2) if options.json else preset.to_toml(), end="\n" if options.json else "")
    return 0


def table(names: dict[str, list[str]]) -> list[str]:
    """Return the names as lines for people."""
    return [f"{kind:8} {name}" for kind, presets in names.items() for name in presets]


COMMAND = Command(
    "presets", "names of everything that is shipped, or one of them in full", add_arguments, run
)
