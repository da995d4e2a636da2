"""What the classes of modulators and of couplers on a chip can do, written by hand."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lightlane import _native
from lightlane._base import Config
from lightlane._optics_guides import joined

__all__ = ["EvanescentCouplerMethods", "GratingCouplerMethods", "RingModulatorMethods", "StaticModulator"]


class RingModulatorMethods(Config):
    """A micro-ring: its static and small-signal figures, and the field behind it."""

    __slots__ = ()

    @property
    def linewidth_hz(self) -> float:
        """Full width of the resonance at half its depth, f0/Q, Hz.

        Examples
        --------
        >>> from lightlane import RingModulator
        >>> round(RingModulator(q_total=5000.0).linewidth_hz / 1e9, 2)
        45.77
        """
        return _native.ring_figures(self._native_json())[0]

    @property
    def photon_lifetime_s(self) -> float:
        """Time in which the stored energy falls to 1/e, Q/(2 pi f0), s.

        Examples
        --------
        >>> from lightlane import RingModulator
        >>> round(RingModulator(q_total=5000.0).photon_lifetime_s * 1e12, 2)
        3.48
        """
        return _native.ring_figures(self._native_json())[1]

    @property
    def drift_hz(self) -> float:
        """What control leaves of the thermal drift of the resonance, Hz.

        Examples
        --------
        >>> from lightlane import RingModulator
        >>> round(RingModulator(temperature_offset_k=5.0, control_gain=9.0).drift_hz / 1e9, 2)
        -6.1
        """
        return _native.ring_figures(self._native_json())[2]

    @property
    def heater_change_w(self) -> float:
        """Change of heater power by the control against the drift, W.

        Examples
        --------
        >>> from lightlane import RingModulator
        >>> round(RingModulator(temperature_offset_k=5.0, control_gain=9.0).heater_change_w * 1e3, 2)
        -3.14
        """
        return _native.ring_figures(self._native_json())[3]

    @property
    def self_heating_limit_w(self) -> float:
        """Power at the input, W, above which the light's own heat makes the resonance bistable.

        A bound for a warning: all light taken is counted as heat, and control as faster than the heating.

        Examples
        --------
        >>> from lightlane import RingModulator
        >>> round(RingModulator(control_gain=0.0).self_heating_limit_w * 1e3, 2)
        2.01
        """
        return _native.ring_figures(self._native_json())[4]

    def transmission(self, wavelength_m: ArrayLike) -> Any:
        """Return the power out over the power in without drive, settled.

        Parameters
        ----------
        wavelength_m : float or array
            Wavelength of the light in vacuum, 0.8 to 2 um.

        Examples
        --------
        >>> from lightlane import RingModulator
        >>> RingModulator(q_total=5000.0, q_intrinsic=10e3).transmission([1310e-9, 1320e-9]).round(3).tolist()
        [0.0, 1.0]
        """
        return _native.ring_transmission_at(self._native_json(), wavelength_m)

    def driven_transmission(self, v: ArrayLike) -> Any:
        """Return the power out over the power in at a drive of `v` volts, settled, drift included.

        Examples
        --------
        >>> from lightlane import RingModulator
        >>> RingModulator().driven_transmission([-1.25, 0.0, 1.25]).round(3).tolist()
        [0.147, 0.328, 0.492]
        """
        return _native.ring_driven_transmission(self._native_json(), v)

    def small_signal_response(self, freq_hz: ArrayLike, detuning_hz: ArrayLike) -> Any:
        """Return the complex response of the power to a small change of the detuning, 1 at 0 Hz, of the cavity alone.

        Parameters
        ----------
        freq_hz : float or array
            Frequency of the change, Hz.
        detuning_hz : float or array
            Resonance minus laser frequency, Hz; the response does not depend on its sign. At 0 the power follows the
            square of the change, which a warning says: the response is then the limit for small detunings.

        Raises
        ------
        ParameterError
            For ``q_intrinsic=math.inf``: a lossless ring passes all light, so there is nothing to refer to at 0 Hz.

        Notes
        -----
        J. Mueller et al., Sci. Rep. 4 (2014) 6310. The junction's pole, on the drive, is not included.

        Examples
        --------
        >>> from lightlane import RingModulator
        >>> ring = RingModulator(q_total=5000.0, q_intrinsic=10e3)
        >>> g = ring.linewidth_hz / 2
        >>> round(float(abs(ring.small_signal_response(1.4553 * ring.linewidth_hz, g))), 4)
        0.7071
        """
        response = joined(_native.ring_small_signal_response(self._native_json(), freq_hz, detuning_hz))
        _warn_undetuned(detuning_hz)
        return response

    def bandwidth_hz(self, detuning_hz: ArrayLike) -> Any:
        """Return the frequency at which the small-signal response has ``|H|^2`` half of that at 0 Hz; cavity alone.

        Parameters
        ----------
        detuning_hz : float or array
            Resonance minus laser frequency, Hz; at 0 as in `small_signal_response`.

        Raises
        ------
        ParameterError
            For ``q_intrinsic=math.inf``.

        Examples
        --------
        >>> from lightlane import RingModulator
        >>> ring = RingModulator(q_total=5000.0, q_intrinsic=10e3)
        >>> round(ring.bandwidth_hz(ring.linewidth_hz / 2) / ring.linewidth_hz, 4)
        1.4553
        """
        bandwidth_hz = _native.ring_bandwidth_hz(self._native_json(), detuning_hz)
        _warn_undetuned(detuning_hz)
        return bandwidth_hz

    def propagate(
        self, field: ArrayLike, sample_rate_hz: float, detuning_hz: ArrayLike
    ) -> NDArray[np.complex128]:
        """Return the complex field behind the ring for any field in front of it; the ring begins empty.

        Parameters
        ----------
        field : array of complex
            Field in front of the ring in one dimension, exp(+j w t), relative to the laser; its square is power.
        sample_rate_hz : float
            Samples a second.
        detuning_hz : float or array
            Resonance minus laser frequency, Hz: one number, or one a sample. It stands for the ring's own
            detuning, drive and drift.

        Notes
        -----
        Exact exponential steps. Between samples field and detuning follow the cubic through the last four, so the error
        falls with the fourth power of the step and no output depends on a later sample; constant light and detuning are
        exact for any step. A lossless ring keeps the energy of light that the samples resolve.

        Examples
        --------
        >>> import numpy as np
        >>> from lightlane import RingModulator
        >>> ring = RingModulator(q_total=5000.0, q_intrinsic=float("inf"))
        >>> t = (np.arange(2000) - 500) / 2e12
        >>> pulse = np.exp(-((t / 20e-12) ** 2))
        >>> out = ring.propagate(pulse, 2e12, 10e9)
        >>> round(float(np.sum(abs(out) ** 2) / np.sum(pulse**2)), 6)
        1.0
        """
        return _native.ring_propagate(self._native_json(), field, sample_rate_hz, detuning_hz)


class StaticModulator(Config):
    """A modulator whose light follows the voltage at once: its static figures.

    Voltages are from the bias, which is quadrature for a Mach-Zehnder; swings are peak to peak around it, and drive
    levels equally spaced.
    """

    __slots__ = ()

    def transmission(self, v: ArrayLike) -> Any:
        """Return the power out over the power in at a drive of `v` volts from the bias.

        It rises with `v` through a Mach-Zehnder, up to half of `v_pi_v`, and falls through electro-absorption.

        Examples
        --------
        >>> from lightlane import Eam, MachZehnder
        >>> MachZehnder(v_pi_v=2.0).transmission([-1.0, 0.0, 1.0]).tolist()
        [0.0, 0.5, 1.0]
        >>> round(Eam(v0=2.0, bias_v=1.0).transmission(1.0), 4)
        0.3679
        """
        return _native.modulator_transmission(*self._native_modulator(), v)

    def oma_w(self, power_w: ArrayLike, swing_v: ArrayLike) -> Any:
        """Return the optical modulation amplitude, W, for `power_w` at the input.

        Examples
        --------
        >>> from lightlane import Eam, MachZehnder
        >>> round(MachZehnder(v_pi_v=2.0).oma_w(1.0, 1.0), 4)
        0.7071
        >>> round(Eam().oma_w(1e-3, 2.5) * 1e3, 3)
        0.702
        """
        return _native.modulator_oma_w(*self._native_modulator(), power_w, swing_v)

    def extinction_ratio_db(self, swing_v: ArrayLike) -> Any:
        """Return the extinction ratio of the outer levels, dB.

        Examples
        --------
        >>> from lightlane import Eam, MachZehnder
        >>> round(MachZehnder(v_pi_v=2.0).extinction_ratio_db(1.0), 3)
        7.656
        >>> round(Eam().extinction_ratio_db(2.5), 2)
        5.92
        """
        return _native.modulator_extinction_ratio_db(*self._native_modulator(), swing_v)

    def level_mismatch(self, swing_v: ArrayLike) -> Any:
        """Return R_LM of the four powers, 1 for a small swing; valid up to a Mach-Zehnder's half-wave voltage.

        Examples
        --------
        >>> from lightlane import Eam, MachZehnder
        >>> round(MachZehnder(v_pi_v=2.0).level_mismatch(1.0), 5)
        0.90192
        >>> round(Eam().level_mismatch(2.5), 3)
        0.746
        """
        return _native.modulator_level_mismatch(*self._native_modulator(), swing_v)

    def linear_drive_v(self, swing_v: ArrayLike) -> Any:
        """Return the four voltages with the same outer levels and equally spaced powers, along a last axis.

        Examples
        --------
        >>> from lightlane import Eam, MachZehnder
        >>> modulator = MachZehnder(v_pi_v=2.0)
        >>> modulator.transmission(modulator.linear_drive_v(2.0)).round(4).tolist()
        [0.0, 0.3333, 0.6667, 1.0]
        >>> import numpy as np
        >>> np.diff(Eam().transmission(Eam().linear_drive_v(2.5))).round(4).tolist()
        [-0.234, -0.234, -0.234]
        """
        return _native.modulator_linear_drive_v(*self._native_modulator(), swing_v)

    def _native_modulator(self) -> tuple[str, str]:
        """Return the kind and the JSON, as native functions take a modulator."""
        return type(self).__name__, self._native_json()


class GratingCouplerMethods(Config):
    """A grating coupler: its passband."""

    __slots__ = ()

    @property
    def bandwidth_3db_m(self) -> float:
        """Full width of the passband at 3 dB more than the least loss, m.

        Examples
        --------
        >>> from lightlane import GratingCoupler
        >>> round(GratingCoupler(bandwidth_1db_m=30e-9).bandwidth_3db_m * 1e9, 2)
        51.96
        """
        return _native.grating_coupler_bandwidth_3db_m(self._native_json())

    def loss_db(self, wavelength_m: ArrayLike) -> Any:
        """Return the loss by passband and offset, optical dB.

        Parameters
        ----------
        wavelength_m : float or array
            Wavelength in vacuum, 0.8 to 2 um.

        Examples
        --------
        >>> from lightlane import GratingCoupler
        >>> GratingCoupler().loss_db([1310e-9, 1325e-9]).round(9).tolist()
        [2.5, 3.5]
        """
        return _native.grating_coupler_loss_db(self._native_json(), wavelength_m)


class EvanescentCouplerMethods(Config):
    """An evanescent coupler: its loss."""

    __slots__ = ()

    @property
    def transfer(self) -> float:
        """Share of the power that changes guides.

        Examples
        --------
        >>> from lightlane import EvanescentCoupler
        >>> round(EvanescentCoupler(coupling_per_m=5e3, sweep_per_m2=4e7).transfer, 4)
        0.9803
        """
        return _native.evanescent_coupler_figures(self._native_json())[1]

    def loss_db(self) -> float:
        """Return the loss of transfer, glass and excess, optical dB; it does not depend on the wavelength.

        Examples
        --------
        >>> from lightlane import EvanescentCoupler
        >>> round(EvanescentCoupler().loss_db(), 4)
        0.3864
        """
        return _native.evanescent_coupler_figures(self._native_json())[0]


def _warn_undetuned(detuning_hz: ArrayLike) -> None:
    if np.any(np.asarray(detuning_hz) == 0):
        warnings.warn(
            "detuning_hz = 0: the power follows the square of a change; the response is the limit of small detunings",
            UserWarning,
            stacklevel=3,
        )
