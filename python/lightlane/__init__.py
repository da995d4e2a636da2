"""Lightlane simulates one 200 Gb/s PAM4 lane through copper or co-packaged optics.

Units are SI and stand in the name (``freq_hz``, ``length_m``); decibels appear only in names that end in
``_db`` or ``_dbm``.
"""

from __future__ import annotations

from lightlane import dsp, fec, optics, patterns, presets, system, units
from lightlane._adaptation import Adapted
from lightlane._alignment import AlignmentYield, ArrayLosses
from lightlane._base import Config
from lightlane._budget import OpticalBudget
from lightlane._channel import Channel
from lightlane._com import (
    Com,
    ComCase,
    ComEqualizer,
    ComLosses,
    ComPulse,
    ComReflection,
    NoiseDensity,
    com,
)
from lightlane._com_config import ComConfig, KeywordEvidence
from lightlane._compare import ComparedLane, Comparison, compare
from lightlane._config import (
    Adaptation,
    Adc,
    Aggressor,
    Alignment,
    BoardConnector,
    ClockRecovery,
    Connector,
    Coupler,
    Ctle,
    Dfe,
    Driver,
    Eam,
    EvanescentCoupler,
    Ffe,
    Fiber,
    GratingCoupler,
    Ideal,
    Jitter,
    Lane,
    Laser,
    Lumped,
    MachZehnder,
    Mlsd,
    Optics,
    Package,
    PackageLine,
    Photodiode,
    Receiver,
    Retimer,
    RingModulator,
    SettingRange,
    Synthetic,
    TdecqConfig,
    Tia,
    Trace,
    Transmitter,
    Twinax,
    Via,
    Wavelengths,
)
from lightlane._detection import Detection
from lightlane._dual_dirac import DualDirac
from lightlane._exceptions import ConvergenceError, LightlaneError, ParameterError, TouchstoneError
from lightlane._jitter import JitterTolerance, JitterTransfer
from lightlane._light import LightWaveform, StressedSensitivity
from lightlane._native import Network, __version__
from lightlane._operating import OperatingMargin
from lightlane._rare import RareSimulation
from lightlane._report import LaneReport
from lightlane._responses import Bathtub, ChannelResponse, Equalizer, Eye, PulseResponse, Ranged
from lightlane._sensitivity import PowerPenalties, PowerPenalty, Sensitivity
from lightlane._simulation import Clock, EyeDensity, Simulation
from lightlane._tdecq import Tdecq, tdecq
from lightlane._winner import Flip, Winner

__all__ = [
    "Adaptation",
    "Adapted",
    "Adc",
    "Aggressor",
    "Alignment",
    "AlignmentYield",
    "ArrayLosses",
    "Bathtub",
    "BoardConnector",
    "Channel",
    "ChannelResponse",
    "Clock",
    "ClockRecovery",
    "Com",
    "ComCase",
    "ComConfig",
    "ComEqualizer",
    "ComLosses",
    "ComPulse",
    "ComReflection",
    "ComparedLane",
    "Comparison",
    "Config",
    "Connector",
    "ConvergenceError",
    "Coupler",
    "Ctle",
    "Detection",
    "Dfe",
    "Driver",
    "DualDirac",
    "Eam",
    "Equalizer",
    "EvanescentCoupler",
    "Eye",
    "EyeDensity",
    "Ffe",
    "Fiber",
    "Flip",
    "GratingCoupler",
    "Ideal",
    "Jitter",
    "JitterTolerance",
    "JitterTransfer",
    "KeywordEvidence",
    "Lane",
    "LaneReport",
    "Laser",
    "LightWaveform",
    "LightlaneError",
    "Lumped",
    "MachZehnder",
    "Mlsd",
    "Network",
    "NoiseDensity",
    "OperatingMargin",
    "OpticalBudget",
    "Optics",
    "Package",
    "PackageLine",
    "ParameterError",
    "Photodiode",
    "PowerPenalties",
    "PowerPenalty",
    "PulseResponse",
    "Ranged",
    "RareSimulation",
    "Receiver",
    "Retimer",
    "RingModulator",
    "Sensitivity",
    "SettingRange",
    "Simulation",
    "StressedSensitivity",
    "Synthetic",
    "Tdecq",
    "TdecqConfig",
    "Tia",
    "TouchstoneError",
    "Trace",
    "Transmitter",
    "Twinax",
    "Via",
    "Wavelengths",
    "Winner",
    "__version__",
    "com",
    "compare",
    "dsp",
    "fec",
    "optics",
    "patterns",
    "presets",
    "system",
    "tdecq",
    "units",
]
