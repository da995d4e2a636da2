"""Plots of a channel operating margin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lightlane._plot import axes_or_new, noise_budget
from lightlane._text import decibels, fixed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lightlane._com import Com

__all__ = ["ComPlots"]

#: Losses beyond this are noise of a file.
_DEEPEST_DB = 90.0
#: Probabilities below this are not drawn.
_LEAST_PROBABILITY = 1e-12


class ComPlots:
    """Plots of one margin; each takes an Axes or makes one, and returns it."""

    def __init__(self, com: Com) -> None:
        self._com = com

    def __call__(self) -> Figure:
        """Draw six panels: loss, pulse, distribution, margin, budget and impedance."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(15, 8), layout="constrained")
        axes = figure.subplots(2, 3)
        self.loss(axes[0, 0])
        self.pulse(axes[0, 1])
        self.distribution(axes[0, 2])
        self.margin(axes[1, 0])
        self.noise_budget(axes[1, 1])
        self.tdr(axes[1, 2])
        c = self._com
        verdict = "passes" if c.passed else "fails"
        name = f"{c.config.name}: " if c.config.name else ""
        figure.suptitle(
            f"{name}COM {decibels(c.com_db, 2)}, {verdict} {decibels(c.pass_db, 2)} (rules of {c.release})"
        )
        return figure

    def loss(self, ax: Axes | None = None) -> Axes:
        """Draw losses of thru and aggressors, the fit, return losses, and the limit of the configuration."""
        ax = axes_or_new(ax)
        c, losses = self._com, self._com.losses
        ax.set(xlabel="frequency (GHz)", ylabel="loss (dB)", title="losses of the files")
        if losses is None:
            return _empty(ax, "too few frequencies")
        freq_ghz = losses.freq_hz / 1e9
        drawn = [
            ("return, left", losses.return_loss_db[0], "0.75", "-", 0.8),
            ("return, right", losses.return_loss_db[1], "0.55", "-", 0.8),
            ("FEXT", losses.fext_loss_db, "tab:orange", "-", 1.0),
            ("NEXT", losses.next_loss_db, "tab:red", "-", 1.0),
            ("insertion", losses.insertion_loss_db, "tab:blue", "-", 1.6),
            (f"fit, FOM ILD {decibels(c.fom_ild_db, 2)}", losses.fitted_db, "black", "--", 1.0),
        ]
        for label, loss_db, colour, style, width in drawn:
            if loss_db is not None:
                loss = np.minimum(loss_db, _DEEPEST_DB)
                ax.plot(freq_ghz, loss, style, color=colour, linewidth=width, label=label)
        nyquist_ghz = 0.5e-9 * c.symbol_rate_hz
        ax.axvline(nyquist_ghz, color="0.5", linestyle=":")
        limit = c.config.limits.get("insertion_loss_db")
        if limit is not None:
            ax.plot([nyquist_ghz], [limit], "v", color="tab:green", label=f"limit {fixed(limit, 1)} dB")
        deepest = max(float(np.max(np.minimum(losses.insertion_loss_db, _DEEPEST_DB))), 40.0)
        ax.set_ylim(min(deepest + 25.0, _DEEPEST_DB), 0.0)
        ax.legend(fontsize="small", ncols=2, loc="lower left")
        ax.grid(alpha=0.3)
        return ax

    def pulse(self, ax: Axes | None = None) -> Axes:
        """Draw the pulse and what the receiver's equalizer leaves of its samples."""
        ax = axes_or_new(ax)
        pulse = self._com.pulse
        ax.plot(pulse.time_ui, pulse.v * 1e3, color="tab:orange", label="behind the CTLE")
        ax.plot(
            pulse.symbol_ui,
            pulse.equalized_v * 1e3,
            "o",
            color="tab:blue",
            markersize=3,
            label="behind the equalizer",
        )
        ax.axhline(0, color="0.7", linewidth=0.8)
        title = f"pulse, case {self._com.case}"
        ax.set(xlabel="time from the cursor (UI)", ylabel="pulse (mV)", title=title, xlim=(-6, 30))
        ax.legend()
        ax.grid(alpha=0.3)
        return ax

    def distribution(self, ax: Axes | None = None) -> Axes:
        """Draw density and cumulative probability of noise and interference, with A_s and A_ni."""
        ax = axes_or_new(ax)
        c, noise = self._com, self._com.noise
        mv, bin_mv = noise.voltage_v * 1e3, 1e3 * float(noise.voltage_v[1] - noise.voltage_v[0])
        shown = noise.probability / bin_mv > _LEAST_PROBABILITY
        ax.semilogy(mv[shown], noise.probability[shown] / bin_mv, color="tab:blue", label="density (1/mV)")
        shown = (noise.cumulative > _LEAST_PROBABILITY) & (mv <= 0)
        ax.semilogy(mv[shown], noise.cumulative[shown], color="tab:orange", label="cumulative")
        ax.axvline(
            -1e3 * c.noise_v, color="tab:red", linestyle="--", label=f"$A_{{ni}}$ {1e3 * c.noise_v:.3g} mV"
        )
        ax.axvline(
            -1e3 * c.signal_v, color="tab:green", linestyle="--", label=f"$A_s$ {1e3 * c.signal_v:.3g} mV"
        )
        ax.set(
            xlabel="noise and interference (mV)",
            ylabel="probability",
            title="distribution",
            ylim=(_LEAST_PROBABILITY, 10),
            xlim=(-1.3e3 * max(c.signal_v, c.noise_v), 1.3e3 * max(c.signal_v, c.noise_v)),
        )
        ax.legend(fontsize="small")
        ax.grid(alpha=0.3)
        return ax

    def margin(self, ax: Axes | None = None) -> Axes:
        """Draw the error ratio of the slicer against the margin that is asked for, all cases."""
        ax = axes_or_new(ax)
        c = self._com
        reach = max((case.com_dfe_db for case in c.cases), default=c.com_dfe_db) + 4.0
        margin_db = np.linspace(0.0, max(reach, c.pass_db + 2.0), 400)
        for case in c.cases:
            der = np.maximum(case.der(margin_db), _LEAST_PROBABILITY)
            ax.semilogy(margin_db, der, label=f"case {case.case}, COM {decibels(case.com_dfe_db, 2)}")
        target = c.target_der
        ax.axhline(target, color="tab:red", linestyle="--", label=f"DER_0 {target:.1e}")
        ax.axvline(c.pass_db, color="0.5", linestyle=":", label=f"limit {decibels(c.pass_db, 1)}")
        ax.set(xlabel="margin (dB)", ylabel="detector error ratio", title="error ratio against margin")
        ax.set_ylim(_LEAST_PROBABILITY, 1)
        ax.legend(fontsize="small", loc="lower right")
        ax.grid(alpha=0.3)
        return ax

    def noise_budget(self, ax: Axes | None = None) -> Axes:
        """Draw the contributions at the slicer."""
        return noise_budget(self._com.noise_budget, ax)

    def tdr(self, ax: Axes | None = None) -> Axes:
        """Draw the impedance profiles of both ports."""
        ax = axes_or_new(ax)
        ax.set(xlabel="time after the edge (ns)", ylabel="impedance (ohm)", title="impedance profile")
        if not self._com.reflections:
            return _empty(ax, "TDR is 0 in the configuration")
        for side, colour, r in zip(
            ("left", "right"), ("tab:blue", "tab:orange"), self._com.reflections, strict=True
        ):
            ax.plot(r.time_s * 1e9, r.impedance_ohm, color=colour, linewidth=1, label=side)
        ax.set_xlim(0, 1e9 * _end_of_profile(self._com))
        ax.legend()
        ax.grid(alpha=0.3)
        return ax

    def erl(self, ax: Axes | None = None) -> Axes:
        """Draw the gated reflections of one symbol, from which the effective return loss is taken."""
        ax = axes_or_new(ax)
        title = f"reflections, ERL {decibels(self._com.erl_db, 2)}"
        ax.set(xlabel="time after the edge (ns)", ylabel="reflection (mV/V)", title=title)
        if not self._com.reflections:
            return _empty(ax, "TDR is 0 in the configuration")
        for side, colour, r in zip(
            ("left", "right"), ("tab:blue", "tab:orange"), self._com.reflections, strict=True
        ):
            label = f"{side}, {decibels(r.erl_db, 2)}"
            ax.plot(r.time_s * 1e9, r.gated * 1e3, color=colour, linewidth=1, label=label)
        ax.set_xlim(0, 1e9 * _end_of_profile(self._com))
        ax.legend()
        ax.grid(alpha=0.3)
        return ax


def _end_of_profile(com: Com) -> float:
    """Return the time after which less than a hundredth of a millivolt a volt is reflected."""
    ends = [r.time_s[np.flatnonzero(np.abs(r.gated) > 1e-4)] for r in com.reflections]
    return max((float(end[-1]) for end in ends if len(end)), default=1e-9) * 1.05


def _empty(ax: Axes, reason: str) -> Axes:
    ax.text(0.5, 0.5, reason, ha="center", va="center", transform=ax.transAxes, color="0.5")
    return ax
