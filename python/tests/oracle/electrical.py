"""Electrical sections of the differential mode from their published formulas.

A section is an array (frequencies, 2, 2). Models are built as chain matrices, [V1, I1] = M [V2, I2] with V between the
legs, and joined with measured channels as S-parameters in 100 ohm, which a path without transmission has too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

C0 = 299792458.0
MU0 = 4e-7 * np.pi
Z0_OHM = 100.0
LEGS_IN_A_ROW = ((1, 3), (2, 4))


def chain(a: Any, b: Any, c: Any, d: Any, n: int) -> np.ndarray:
    out = np.empty((n, 2, 2), dtype=complex)
    out[:, 0, 0], out[:, 0, 1], out[:, 1, 0], out[:, 1, 1] = a, b, c, d
    return out


def series(z_ohm: np.ndarray) -> np.ndarray:
    return chain(1, z_ohm, 0, 1, len(z_ohm))


def shunt(y_siemens: np.ndarray) -> np.ndarray:
    return chain(1, 0, y_siemens, 1, len(y_siemens))


def line(series_ohm: np.ndarray, shunt_siemens: np.ndarray) -> np.ndarray:
    """Return a uniform line of these total impedances; the mean of exponentials holds at 0 Hz too."""
    x = np.sqrt(series_ohm * shunt_siemens + 0j)
    small = np.abs(x) < 1e-6
    safe = np.where(small, 1.0, x)
    over = np.where(small, 1.0, np.sinh(safe) / safe)
    return chain(np.cosh(x), series_ohm * over, shunt_siemens * over, np.cosh(x), len(x))


def product(chains: list[np.ndarray]) -> np.ndarray:
    total = chains[0]
    for following in chains[1:]:
        total = total @ following
    return total


def scattering(chains: np.ndarray, z0_ohm: float = Z0_OHM) -> np.ndarray:
    """Return the S-parameters of a reciprocal section from its chain matrix."""
    a, b, c, d = chains[:, 0, 0], chains[:, 0, 1] / z0_ohm, chains[:, 1, 0] * z0_ohm, chains[:, 1, 1]
    total = a + b + c + d
    return chain((a + b - c - d) / total, 2 / total, 2 / total, (b + d - a - c) / total, len(total))


def join(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return two sections in a row: what bounces between them is a geometric series."""
    bounce = 1 / (1 - left[:, 1, 1] * right[:, 0, 0])
    return chain(
        left[:, 0, 0] + left[:, 0, 1] * right[:, 0, 0] * left[:, 1, 0] * bounce,
        left[:, 0, 1] * right[:, 0, 1] * bounce,
        left[:, 1, 0] * right[:, 1, 0] * bounce,
        right[:, 1, 1] + right[:, 1, 0] * left[:, 1, 1] * right[:, 0, 1] * bounce,
        len(left),
    )


def transfer(s: np.ndarray, source_ohm: float, load_ohm: float, z0_ohm: float = Z0_OHM) -> np.ndarray:
    """Return the voltage transfer of 93A-17 and 93A-18: S21 between matched terminations."""
    g1 = (source_ohm - z0_ohm) / (source_ohm + z0_ohm)
    g2 = (load_ohm - z0_ohm) / (load_ohm + z0_ohm)
    s11, s12, s21, s22 = s[:, 0, 0], s[:, 0, 1], s[:, 1, 0], s[:, 1, 1]
    below = 1 - s11 * g1 - s22 * g2 + g1 * g2 * (s11 * s22 - s12 * s21)
    return s21 * (1 - g1) * (1 + g2) / below


def differential(s: np.ndarray, pairs: tuple[tuple[int, int], tuple[int, int]] = LEGS_IN_A_ROW) -> np.ndarray:
    """Return Sdd of a four-port with equal references: power waves (P - N)/√2 of either side."""
    m = np.zeros((2, 4))
    for row, (plus, minus) in enumerate(pairs):
        m[row, plus - 1], m[row, minus - 1] = np.sqrt(0.5), -np.sqrt(0.5)
    return m @ s @ m.T


def package(config: Any, freq_hz: np.ndarray) -> np.ndarray:
    """Return the device and package of Annex 93A/178A: C_d and L_s by stage, C_b, lines, C_p, from the die outward."""
    jw = 2j * np.pi * freq_hz
    sections = []
    # Values are those of one leg: the pair sees half a capacitance and twice an inductance.
    for c_d, l_s in zip(config.die_capacitance_f, config.die_inductance_h, strict=True):
        sections += [shunt(jw * c_d / 2), series(jw * l_s * 2)]
    sections.append(shunt(jw * config.bump_capacitance_f / 2))
    for part in config.lines:
        ghz = np.where(freq_hz > 0, freq_hz, 1e9) / 1e9
        gamma = (
            part.gamma0_per_m
            + part.a1_sqrt_s_per_m * (1 + 1j) * np.sqrt(freq_hz)
            + part.a2_s_per_m * (1 - 2j / np.pi * np.log(ghz)) * freq_hz
            + 2j * np.pi * part.tau_s_per_m * freq_hz
        )
        x = gamma * part.length_m
        sections.append(line(x * part.z0_ohm, x / part.z0_ohm))
    sections.append(shunt(jw * config.board_capacitance_f / 2))
    return product(sections if config.side == "tx" else sections[::-1])


def trace(config: Any, freq_hz: np.ndarray) -> np.ndarray:
    """Return a uniform trace: wideband Debye dielectric, skin effect, cannonball roughness in its causal form."""
    if config.skew_s != 0.0:
        raise ValueError("a trace with skew is left to a four-port")
    jw = 2j * np.pi * freq_hz

    def logarithm(f: np.ndarray | float) -> np.ndarray:
        return np.log((1e12 + 1j * f) / (1e4 + 1j * f))

    slope = -config.dk * config.df / logarithm(config.reference_freq_hz).imag
    permittivity = config.dk + slope * (logarithm(freq_hz) - logarithm(config.reference_freq_hz).real)
    delay_per_m = np.sqrt(config.dk) / C0
    sigma, area = config.conductivity_s_per_m, config.width_m * config.thickness_m
    perimeter = 2 * (config.width_m + config.thickness_m) / config.current_crowding
    g = (1 + 1j) * np.sqrt(np.pi * freq_hz * MU0 * sigma)
    x = g * area / perimeter
    safe = np.where(np.abs(x) > 1e-4, x, 1.0)
    x_coth = np.where(np.abs(x) > 1e-4, safe / np.tanh(np.minimum(safe.real, 30) + 1j * safe.imag), 1.0)
    radius, spheres = 0.06 * config.roughness_rz_m, 14 * 4 * np.pi / 36
    rough = 1.5 * spheres * g * radius / (1 + g * radius)
    internal = (x_coth + x * rough) / (sigma * area)
    impedance = jw * config.z0_ohm * delay_per_m + 2 * internal
    admittance = jw * delay_per_m / config.z0_ohm * permittivity / config.dk
    return line(impedance * config.length_m, admittance * config.length_m)
