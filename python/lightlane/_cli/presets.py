"""``lightlane presets``: what there is by name."""

from __future__ import annotations

import argparse

from lightlane import presets
from lightlane._base import Config
from lightlane._cli._output import to_json
from lightlane._cli._parser import Command, Parser, UsageError, nearest_hint
from lightlane._config import Package, Synthetic, Trace

__all__ = ["COMMAND"]


def catalogue() -> dict[str, dict[str, Config]]:
    """Return every preset by kind and name."""
    return {
        "lane": {name: presets.lane(name) for name in presets.names()},
        "channel": {name: Synthetic(recipe=name) for name in Synthetic.recipe_names()},
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
        names = {kind: list(members) for kind, members in kinds.items()}
        print(to_json(names) if options.json else "\n".join(table(names)))
        return 0
    found = {name: preset for members in kinds.values() for name, preset in members.items()}
    if options.name not in found:
        raise UsageError(f"{options.name}: unknown preset{nearest_hint(options.name, list(found))}")
    preset = found[options.name]
    print(preset.to_json(indent=2) if options.json else preset.to_toml(), end="\n" if options.json else "")
    return 0


def table(names: dict[str, list[str]]) -> list[str]:
    """Return the names as lines for people."""
    return [f"{kind:8} {name}" for kind, members in names.items() for name in members]


COMMAND = Command(
    "presets", "names of everything that is shipped, or one of them in full", add_arguments, run
)
