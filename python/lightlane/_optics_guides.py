"""Closed forms of waveguides, electrodes and rings: the part of `lightlane.optics` about guides."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lightlane import _native

__all__ = [
    "directional_coupler",
    "joined",
    "ring_transmission",
    "taper_residual",
    "travelling_wave_response",
    "wdm_crosstalk_db",
]


def joined(parts: Any) -> Any:
    """Return complex numbers whose real and imaginary parts stand along a last axis; a number for two parts."""
    return complex(*parts) if np.ndim(parts) == 1 else parts[..., 0] + 1j * parts[..., 1]


def directional_coupler(coupling_per_m: ArrayLike, detuning_per_m: ArrayLike, length_m: ArrayLike) -> Any:
    """Return the share of the power that crosses into a neighbouring waveguide.

    Parameters
    ----------
    coupling_per_m : float or array
        Coupling of the two guides, 1/m.
    detuning_per_m : float or array
        Half the difference of their propagation constants, 1/m.
    length_m : float or array
        Length side by side, m.

    Notes
    -----
    Coupled modes of lossless, weakly coupled guides: A. Yariv, IEEE J. Quantum Electron. 9 (1973) 919.

    Examples
    --------
    >>> import math
    >>> import lightlane as ll
    >>> round(ll.optics.directional_coupler(1e3, 0.0, math.pi / 2e3), 12)
    1.0
    """
    return _native.directional_coupler(coupling_per_m, detuning_per_m, length_m)


def taper_residual(coupling_per_m: ArrayLike, sweep_per_m2: ArrayLike) -> Any:
    """Return the share of the power that an adiabatic taper leaves in the launch guide, exp(-2 pi k^2/sweep).

    Parameters
    ----------
    coupling_per_m : float or array
        Coupling k of the two guides, 1/m.
    sweep_per_m2 : float or array
        Change along the taper of the full difference of the propagation constants, 1/m^2; its sign does not matter.

    Notes
    -----
    A linear sweep from far on one side of phase match to far on the other: C. Zener, Proc. R. Soc. A 137 (1932) 696.

    Examples
    --------
    >>> import lightlane as ll
    >>> round(ll.optics.taper_residual(5e3, 5e7), 4)
    0.0432
    """
    return _native.taper_residual(coupling_per_m, sweep_per_m2)


def travelling_wave_response(
    freq_hz: ArrayLike, length_m: ArrayLike, index_mismatch: ArrayLike = 0.0, rf_loss_db: ArrayLike = 0.0
) -> Any:
    """Return the complex response of a matched travelling-wave electrode, 1 at 0 Hz without loss.

    Parameters
    ----------
    freq_hz : float or array
        Frequency of the drive, Hz.
    length_m : float or array
        Length of the electrode, m.
    index_mismatch : float or array, default 0.0
        Group index of the light minus the index of the electrical wave.
    rf_loss_db : float or array, default 0.0
        Electrical loss over the whole length, dB: one number, or one a frequency.

    Notes
    -----
    The average of the drive that the light meets on its way. R. C. Alferness, IEEE Trans. Microw. Theory Tech. 30
    (1982) 1121.

    Examples
    --------
    >>> import lightlane as ll
    >>> round(ll.units.amplitude_db(abs(ll.optics.travelling_wave_response(50e9, 3e-3, rf_loss_db=6.41))), 2)
    -3.01
    """
    return joined(_native.travelling_wave_response(freq_hz, length_m, index_mismatch, rf_loss_db))


def ring_transmission(phase_rad: ArrayLike, self_coupling: ArrayLike, round_trip_amplitude: ArrayLike) -> Any:
    """Return the power transmission of a ring on one bus.

    Parameters
    ----------
    phase_rad : float or array
        Phase of one round trip, 0 on resonance.
    self_coupling : float or array
        Share of the amplitude that stays on the bus, 0 to 1.
    round_trip_amplitude : float or array
        Amplitude left after one round trip, 0 to 1; 1 is a lossless ring, which passes all light.

    Notes
    -----
    W. Bogaerts et al., Laser Photonics Rev. 6 (2012) 47. Near one resonance it is `lightlane.RingModulator`.

    Examples
    --------
    >>> import lightlane as ll
    >>> ll.optics.ring_transmission(0.0, 0.98, [0.98, 1.0]).tolist()
    [0.0, 1.0]
    """
    return _native.ring_transmission(phase_rad, self_coupling, round_trip_amplitude)


def wdm_crosstalk_db(spacing_hz: ArrayLike, linewidth_hz: ArrayLike) -> Any:
    """Return the crosstalk of another wavelength through a single drop ring, optical dB, negative.

    Parameters
    ----------
    spacing_hz : float or array
        Distance of the other wavelength, Hz, not 0: light of the same wavelength interferes instead.
    linewidth_hz : float or array
        Full linewidth of the ring, Hz.

    Notes
    -----
    Near one resonance: a neighbour beyond half the free spectral range meets the next one.

    Examples
    --------
    >>> import lightlane as ll
    >>> round(ll.optics.wdm_crosstalk_db(200e9, ll.RingModulator(q_total=5000.0).linewidth_hz), 2)
    -18.89
    """
    return _native.wdm_crosstalk_db(spacing_hz, linewidth_hz)
