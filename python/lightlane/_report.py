"""What the statistical engine and the code make of a lane."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lightlane import _native
from lightlane._budget import OpticalBudget
from lightlane._card import report_card
from lightlane._detection import Detection
from lightlane._frozen import Frozen, read_only
from lightlane._operating import OperatingMargin
from lightlane._plot import ReportPlots
from lightlane._responses import Bathtub, ChannelResponse, Equalizer, Eye, PulseResponse, Ranged

if TYPE_CHECKING:
    import xarray

    from lightlane._config import Lane

__all__ = ["LaneReport"]


class LaneReport(Frozen):
    """What the statistical engine and the code make of a lane.

    Every figure is a plain attribute; `eye` and `bathtub` are computed when first asked for.

    Of a lane with retimers error ratios are the sums of those of its `segments`, `margin_db` is the growth of all noise
    of all segments at which the sum reaches the limit, and the code sees a process of bursts from each segment.
    `electrical_loss_db` and `nonlinear_residual` are the largest of any segment, `stages` and `warnings` those of all.
    What describes a slicer, an equalizer or a response is that of `worst_segment`.

    Attributes
    ----------
    ber, ser : float
        Error ratios before FEC, for independent uniform symbols.
    ber_kind : str
        ``"model"``; ``"bound"`` with sequence detection, where `ber` is the union of its error events or, where that is
        no better, the figure of decision feedback.
    ber_ideal_feedback : float
        `ber` with perfect decisions in the feedback.
    burst_continuation : float
        Probability that a wrong decision is followed by another one.
    margin_db : float
        dB (20 log10) by which all Gaussian noise may grow until `ber` reaches `ber_limit`.
    ber_limit : float
        The error ratio that the margin is taken to.
    snr_db : float
        10 log10(E[signal^2]/sigma^2) at the slicer, sigma^2 the sum of squares of `noise_budget`.
    ber_after_fec, frame_loss_ratio, codeword_error_ratio : float
        What the lane's code leaves; nan where it has none.
    levels_v, level_noise_v, thresholds_v : numpy.ndarray
        What the slicer sees, ascending.
    nonlinear_residual : float or None
        max|u| over the half-eye of an optical lane's table; None for a linear lane.
    noise_budget : Mapping[str, float]
        V rms at the slicer by source.
    electrical_loss_db : float
        Loss at the Nyquist frequency that the SerDes equalizes.
    energy_j_per_bit, latency_s : Ranged
        Energy per payload bit of one end, and latency of the lane.
    equalizer : Equalizer
        What the receiver settled on.
    mlsd : Detection or None
        Sequence detection beside the decision feedback that it replaces; None without.
    stages : OpticalBudget
        The optical path stage by stage, a tuple that prints as a table; empty for copper.
    worst_segment : int or None
        With retimers, the segment with the largest error ratio; None without.
    warnings : tuple of str
        What was assumed or is close to a limit of the model.
    assumptions : tuple of Mapping
        Numbers of the configuration that rest on assumptions: path, value, grade, source.
    """

    def __init__(self, native: _native.LaneReport, lane: Lane) -> None:
        self._native = native
        self._asked = lane
        figures: dict[str, Any] = json.loads(native.figures())
        self._resolved: str = json.dumps(figures["lane"])
        self.ber: float = figures["ber"]
        self.ser: float = figures["ser"]
        self.ber_kind: str = figures["ber_kind"]
        self.ber_ideal_feedback: float = figures["ber_ideal_feedback"]
        self.burst_continuation: float = figures["burst_continuation"]
        self.snr_db = _number(figures["snr_db"])
        self.margin_db = _number(figures["margin_db"])
        self.ber_limit: float = figures["ber_limit"]
        self.ber_after_fec: float = figures["ber_after_fec"]
        self.frame_loss_ratio = _number(figures["frame_loss_ratio"])
        self.codeword_error_ratio = _number(figures["codeword_error_ratio"])
        self.electrical_loss_db = _number(figures["electrical_loss_db"])
        self.worst_segment: int | None = figures["worst_segment"]
        self.nonlinear_residual: float | None = figures["nonlinear_residual"]
        self.noise_budget: Mapping[str, float] = MappingProxyType(dict(figures["noise_budget"]))
        self.energy_j_per_bit = Ranged(**figures["energy_j_per_bit"])
        self.latency_s = Ranged(**figures["latency_s"])
        self.warnings: tuple[str, ...] = tuple(figures["warnings"])
        self.assumptions: tuple[Mapping[str, str], ...] = tuple(
            MappingProxyType(a) for a in figures["assumptions"]
        )
        stages = (MappingProxyType({**s, "loss_db": _number(s["loss_db"])}) for s in figures["stages"])
        self.stages = OpticalBudget(stages, lane.digest)
        self.levels_v = _reals(figures["levels_v"])
        self.level_noise_v = _reals(figures["level_noise_v"])
        self.thresholds_v = _reals(figures["thresholds_v"])
        mlsd = figures["mlsd"]
        self.mlsd: Detection | None = None if mlsd is None else Detection.of(mlsd, lane.digest)
        taps = figures["equalizer_taps"]
        self._equalizer_taps: tuple[int, int] = (taps["ffe"], taps["dfe"])
        found = figures["equalizer"]
        self.equalizer = Equalizer(**{**found, "ffe": _reals(found["ffe"]), "dfe": _reals(found["dfe"])})
        self._freeze()

    @cached_property
    def lane(self) -> Lane:
        """The lane with everything automatic resolved: simulate it, freeze it, compare it."""
        return self._asked._resolved_as(self._resolved)

    @cached_property
    def segments(self) -> tuple[LaneReport, ...]:
        """With retimers, the report of each segment as if it were the lane; empty without."""
        return tuple(LaneReport(native, self._asked) for native in self._native.segments())

    @cached_property
    def channel_response(self) -> ChannelResponse:
        """Transfer from transmitter to receiver input."""
        return ChannelResponse(*self._native.channel_response())

    @cached_property
    def pulse_response(self) -> PulseResponse:
        """Pulse at the receiver's input behind its front-end filter, before CTLE and FFE."""
        return PulseResponse(*self._native.pulse_response())

    @cached_property
    def equalized_pulse(self) -> PulseResponse:
        """Pulse after CTLE and FFE."""
        return PulseResponse(*self._native.equalized_pulse())

    @cached_property
    def eye(self) -> Eye:
        """Statistical eye, with contours from 1e-3 to 1e-18."""
        return Eye(*self._native.eye())

    @cached_property
    def bathtub(self) -> Bathtub:
        """Error ratio against phase and threshold."""
        return Bathtub(*self._native.bathtub())

    def operating_margin(self, der: float | None = None) -> OperatingMargin:
        """Channel operating margin of this lane, whatever its medium.

        Parameters
        ----------
        der : float, optional
            Detector error ratio DER_0; the one that belongs to `ber_limit` if None (``ber_limit`` / 0.75 for PAM4).

        Returns
        -------
        OperatingMargin
            The margin and what it is made of.

        Raises
        ------
        ParameterError
            Unless 0 < der < 0.5.

        Examples
        --------
        >>> import lightlane as ll
        >>> report = ll.presets.lane("cpo-dr1").analyze()
        >>> margin = report.operating_margin()
        >>> 0 < margin.com_db <= report.margin_db
        True
        """
        return OperatingMargin(*self._native.operating_margin(der))

    @property
    def plot(self) -> ReportPlots:
        """Plots: ``plot()`` for the four panels, ``plot.eye(ax=None)`` and so on for one."""
        return ReportPlots(self)

    def to_xarray(self) -> xarray.Dataset:
        """Return the responses and figures as a labelled Dataset; its attrs carry figures, config hash and version."""
        import xarray

        channel, before, after = self.channel_response, self.pulse_response, self.equalized_pulse
        return xarray.Dataset(
            {
                "loss_db": ("freq_hz", channel.loss_db, {"units": "dB"}),
                "pulse_v": ("time_s", before.v, {"units": "V"}),
                "equalized_pulse_v": ("equalized_time_s", after.v, {"units": "V"}),
                "noise_v": ("source", list(self.noise_budget.values()), {"units": "V"}),
                "level_v": ("level", self.levels_v, {"units": "V"}),
                "level_noise_v": ("level", self.level_noise_v, {"units": "V"}),
            },
            coords={
                "freq_hz": ("freq_hz", channel.freq_hz, {"units": "Hz"}),
                "time_s": ("time_s", before.time_s, {"units": "s"}),
                "equalized_time_s": ("equalized_time_s", after.time_s, {"units": "s"}),
                "source": list(self.noise_budget),
                "level": np.arange(len(self.levels_v)),
            },
            attrs={
                "ber": self.ber,
                "ser": self.ser,
                "snr_db": self.snr_db,
                "margin_db": self.margin_db,
                "version": _native.__version__,
                "config_hash": self._asked.digest,
            },
        )

    def _repr_html_(self) -> str:
        return report_card(self)

    def __repr__(self) -> str:
        return f"<LaneReport ber={self.ber:.3e} margin={self.margin_db:+.2f} dB after_fec={self.ber_after_fec:.3e}>"


def _reals(values: Any) -> NDArray[np.float64]:
    return read_only(np.array(values, dtype=np.float64))


def _number(value: float | str | None) -> float:
    """JSON has no infinity and no nan: they come as texts and None."""
    return math.nan if value is None else float(value)
