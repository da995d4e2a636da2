"""Lightlane simulates one 200 Gb/s PAM4 lane through copper or co-packaged optics.

Units are SI and stand in the name (``freq_hz``, ``length_m``); decibels appear only in names that end in
``_db`` or ``_dbm``.
"""

from __future__ import annotations

from lightlane import fec, optics, patterns, presets, units
from lightlane._base import Config
from lightlane._channel import Channel
from lightlane._compare import ComparedLane, Comparison, compare
from lightlane._config import (
    Aggressor,
    BoardConnector,
    Connector,
    Coupler,
    Ctle,
    Dfe,
    Driver,
    Ffe,
    Fiber,
    Ideal,
    Jitter,
    Lane,
    Laser,
    Lumped,
    MachZehnder,
    Optics,
    Package,
    PackageLine,
    Photodiode,
    Receiver,
    SettingRange,
    Synthetic,
    Tia,
    Trace,
    Transmitter,
    Twinax,
    Via,
)
from lightlane._exceptions import ConvergenceError, LightlaneError, ParameterError, TouchstoneError
from lightlane._native import Network, __version__
from lightlane._results import (
    Bathtub,
    ChannelResponse,
    Equalizer,
    Eye,
    LaneReport,
    PulseResponse,
    Ranged,
    Simulation,
)

__all__ = [
    "Aggressor",
    "Bathtub",
    "BoardConnector",
    "Channel",
    "ChannelResponse",
    "ComparedLane",
    "Comparison",
    "Config",
    "Connector",
    "ConvergenceError",
    "Coupler",
    "Ctle",
    "Dfe",
    "Driver",
    "Equalizer",
    "Eye",
    "Ffe",
    "Fiber",
    "Ideal",
    "Jitter",
    "Lane",
    "LaneReport",
    "Laser",
    "LightlaneError",
    "Lumped",
    "MachZehnder",
    "Network",
    "Optics",
    "Package",
    "PackageLine",
    "ParameterError",
    "Photodiode",
    "PulseResponse",
    "Ranged",
    "Receiver",
    "SettingRange",
    "Simulation",
    "Synthetic",
    "Tia",
    "TouchstoneError",
    "Trace",
    "Transmitter",
    "Twinax",
    "Via",
    "__version__",
    "compare",
    "fec",
    "optics",
    "patterns",
    "presets",
    "units",
]
