"""``lightlane doctor``: what is installed here, and whether it works."""

from __future__ import annotations

import argparse
import os
import platform
from importlib import metadata
from typing import Any

import numpy as np

from lightlane import __version__
from lightlane._cli._output import to_json
from lightlane._cli._parser import Command, Parser
from lightlane._config import Trace
from lightlane._native import Network, simd_level

__all__ = ["COMMAND"]

NEEDED = ("numpy", "xarray", "matplotlib")
OPTIONAL = ("scikit-rf",)


def version_of(package: str) -> str | None:
    """Return the installed version, None if there is none."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def works() -> bool:
    """Check that arrays go through the native module and come back right."""
    freq_hz = np.linspace(0, 60e9, 61)
    line = Trace(length_m=0.1).network(freq_hz)
    twin = Network(line.freq_hz, line.s, line.z0_ohm)
    return twin == line and line.quality().passive


def facts() -> dict[str, Any]:
    """Return everything that is printed."""
    return {
        "lightlane": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "simd_level": simd_level(),
        "packages": {name: version_of(name) for name in NEEDED},
        "optional": {name: version_of(name) for name in OPTIONAL},
        "native_module_works": works(),
    }


def add_arguments(parser: Parser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Print them; 1 if something that is needed is missing."""
    told = facts()
    if options.json:
        print(to_json(told))
    else:
        print(f"lightlane {told['lightlane']} on Python {told['python']}, {told['platform']}")
        print(f"  cores          {told['cores']}")
        print(f"  SIMD level     {told['simd_level']}")
        for name, version in told["packages"].items():
            print(f"  {name:14} {version or 'MISSING: pip install ' + name}")
        for name, version in told["optional"].items():
            print(f"  {name:14} {version or 'not installed (optional)'}")
        print(f"  native module  {'works' if told['native_module_works'] else 'DOES NOT WORK'}")
    healthy = told["native_module_works"] and all(told["packages"].values())
    return 0 if healthy else 1


COMMAND = Command("doctor", "versions, machine, and a check of the native module", add_arguments, run)
