"""Plots of a report. matplotlib is imported when the first one is drawn; nothing is ever shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from lightlane._text import decibels, fixed, ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lightlane._report import LaneReport
    from lightlane._simulation import Simulation

__all__ = ["ReportPlots", "SimulationPlots", "axes_or_new", "noise_budget"]

_BATHTUB_FLOOR = 1e-18
_EYE_DECADES = 1e-8
_CHANNEL_FLOOR_DB = -120.0
_CHANNEL_BOTTOM_DB = -80.0


class ReportPlots:
    """Plots of one report; each takes an Axes or makes one, and returns it."""

    def __init__(self, report: LaneReport) -> None:
        self._report = report

    def __call__(self) -> Figure:
        """Draw the four panels: channel, pulses, eye and bathtub."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(11, 7.5), layout="constrained")
        axes = figure.subplots(2, 2)
        self.channel(axes[0, 0])
        self.pulse(axes[0, 1])
        self.eye(axes[1, 0])
        self.bathtub(axes[1, 1])
        r = self._report
        name = r.lane.name or "lane"
        figure.suptitle(
            f"{name}: BER {r.ber:.2e}, margin {decibels(r.margin_db, 2, sign=True)}, "
            f"after FEC {ratio(r.ber_after_fec, 1)}"
        )
        return figure

    def channel(self, ax: Axes | None = None) -> Axes:
        """Draw the transfer function in decibels."""
        ax = axes_or_new(ax)
        response = self._report.channel_response
        nyquist_ghz = 0.5e-9 * self._report.lane.symbol_rate_hz
        freq_ghz, level_db = response.freq_hz / 1e9, np.maximum(-response.loss_db, _CHANNEL_FLOOR_DB)
        ax.plot(freq_ghz, level_db, color="tab:blue")
        ax.axvline(nyquist_ghz, color="0.5", linestyle=":")
        at_nyquist = float(np.interp(nyquist_ghz, freq_ghz, level_db))
        bottom, top = max(_CHANNEL_BOTTOM_DB, float(level_db.min()) - 3.0), float(level_db.max()) + 3.0
        below = "below " if at_nyquist <= _CHANNEL_FLOOR_DB else ""
        label = f"{below}{fixed(at_nyquist, 1)} dB at {nyquist_ghz:.1f} GHz"
        # Beside the curve, or inside the axes where the curve has left them.
        height = float(np.clip(at_nyquist, bottom, top))
        ax.annotate(label, (nyquist_ghz, height), xytext=(6, 6), textcoords="offset points")
        ax.set(xlabel="frequency (GHz)", ylabel="|H| (dB)", title="channel response")
        ax.set_ylim(bottom, top)
        ax.grid(alpha=0.3)
        return ax

    def pulse(self, ax: Axes | None = None) -> Axes:
        """Draw the pulse before and after equalization against the time from the cursor."""
        ax = axes_or_new(ax)
        rate_hz = self._report.lane.symbol_rate_hz
        for pulse, label, colour in (
            (self._report.pulse_response, "received", "tab:orange"),
            (self._report.equalized_pulse, "equalized", "tab:blue"),
        ):
            ui = (pulse.time_s - pulse.time_s[pulse.cursor_index]) * rate_hz
            ax.plot(
                ui,
                pulse.v * 1e3,
                color=colour,
                label=f"{label}, cursor {pulse.v[pulse.cursor_index] * 1e3:.3g} mV",
            )
            at = slice(pulse.cursor_index % pulse.samples_per_symbol, None, pulse.samples_per_symbol)
            ax.plot(ui[at], pulse.v[at] * 1e3, ".", color=colour, markersize=4)
        ax.set(
            xlim=(-8, 16), xlabel="time from the cursor (UI)", ylabel="response (mV)", title="pulse response"
        )
        ax.legend()
        ax.grid(alpha=0.3)
        return ax

    def eye(self, ax: Axes | None = None) -> Axes:
        """Draw the density of the slicer's input with contours at 1e-6 and 1e-12 and the thresholds."""
        from matplotlib.colors import LogNorm

        ax = axes_or_new(ax)
        eye = self._report.eye
        top = float(eye.density.max())
        shown = np.flatnonzero((eye.density > top * _EYE_DECADES).any(axis=1))
        mesh = ax.pcolormesh(
            eye.phase_ui,
            eye.voltage_v * 1e3,
            np.maximum(eye.density, top * _EYE_DECADES),
            norm=LogNorm(vmin=top * _EYE_DECADES, vmax=top),
            cmap="inferno",
            shading="nearest",
            rasterized=True,
        )
        for probability, style in ((1e-6, "-"), (1e-12, "--")):
            c = int(np.argmin(np.abs(np.log(eye.contour_probability / probability))))
            edges = eye.contours_v[c].reshape(-1, len(eye.phase_ui)) * 1e3
            lines = ax.plot(eye.phase_ui, edges.T, style, color="deepskyblue", linewidth=1)
            if np.isfinite(edges).any():
                lines[0].set_label(f"{eye.contour_probability[c]:.0e}")
        ax.plot(np.zeros_like(self._report.thresholds_v), self._report.thresholds_v * 1e3, "+", color="white")
        ax.figure.colorbar(mesh, ax=ax, label="density (1/V)")
        if ax.get_legend_handles_labels()[0]:
            ax.legend(loc="upper right")
        ax.set(xlabel="sampling phase (UI)", ylabel="slicer input (mV)", title="statistical eye")
        ax.set_ylim(eye.voltage_v[shown[0]] * 1e3, eye.voltage_v[shown[-1]] * 1e3)
        return ax

    def bathtub(self, ax: Axes | None = None) -> Axes:
        """Draw the bit error ratio against the sampling phase, thresholds fixed and decision feedback ideal."""
        ax = axes_or_new(ax)
        report, bathtub = self._report, self._report.bathtub
        has_feedback = report.equalizer.dfe.size > 0
        label = "BER, ideal feedback" if has_feedback else "BER"
        ax.semilogy(bathtub.phase_ui, np.maximum(bathtub.ber, _BATHTUB_FLOOR), color="tab:blue", label=label)
        ax.axhline(report.ber_limit, color="tab:red", linestyle="--", label=f"limit {report.ber_limit:.2e}")
        ax.plot([0], [max(report.ber_ideal_feedback, _BATHTUB_FLOOR)], "o", color="tab:blue", markersize=4)
        if has_feedback:
            told = f"BER {report.ber:.2e}, feedback of decisions"
            ax.plot([0], [max(report.ber, _BATHTUB_FLOOR)], "x", color="tab:orange", label=told)
        ax.set(
            xlabel="sampling phase (UI)",
            ylabel="bit error ratio before FEC",
            title="bathtub",
            ylim=(_BATHTUB_FLOOR, 1),
        )
        ax.legend()
        ax.grid(alpha=0.3)
        return ax

    def noise_budget(self, ax: Axes | None = None) -> Axes:
        """Draw the contributions at the slicer."""
        return noise_budget(self._report.noise_budget, ax)


class SimulationPlots:
    """Plots of one run; each takes an Axes or makes one, and returns it."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def eye(self, ax: Axes | None = None) -> Axes:
        """Draw the density of the slicer's input that a waveform run counted."""
        from matplotlib.colors import LogNorm

        ax = axes_or_new(ax)
        eye = self._simulation.eye
        seen = eye.density > 0.0
        shown = np.flatnonzero(seen.any(axis=1))
        mesh = ax.pcolormesh(
            eye.phase_ui,
            eye.voltage_v * 1e3,
            np.where(seen, eye.density, np.nan),
            norm=LogNorm(vmin=float(eye.density[seen].min()), vmax=float(eye.density.max())),
            cmap="inferno",
            shading="nearest",
            rasterized=True,
        )
        ax.set_facecolor("black")
        ax.figure.colorbar(mesh, ax=ax, label="density (1/V)")
        title = f"eye of {self._simulation.n_symbols} symbols"
        ax.set(xlabel="sampling phase (UI)", ylabel="slicer input (mV)", title=title)
        ax.set_ylim(eye.voltage_v[shown[0]] * 1e3, eye.voltage_v[shown[-1]] * 1e3)
        return ax


def axes_or_new(ax: Axes | None) -> Axes:
    """Return the axes given, or those of a new figure."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained")[1]


def noise_budget(budget_v: Mapping[str, float], ax: Axes | None) -> Axes:
    """Draw contributions in V rms at the slicer, the largest on top."""
    ax = axes_or_new(ax)
    budget = sorted(budget_v.items(), key=lambda item: item[1])
    ax.barh([name for name, _ in budget], [v * 1e3 for _, v in budget], color="tab:blue")
    ax.set(xlabel="mV rms at the slicer", title="noise budget")
    ax.grid(alpha=0.3, axis="x")
    return ax
