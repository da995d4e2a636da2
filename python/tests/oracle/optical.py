"""An optical lane: everything up to the modulator's voltage is a linear waveform, the light follows it by sin²."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .common import (
    Outcome,
    Record,
    bessel4,
    decide,
    equalized,
    levels_v,
    one_pole,
    random_symbols,
    receiver_noise,
    transmit,
    transmit_taps,
)
from .copper import kind, section
from .reflections import echo_fields, interfering

ELECTRON_C = 1.602176634e-19
C0 = 299792458.0
# Differential impedance of a driver's input and a TIA's output.
PORT_OHM = 100.0


def power_ratio(db: float) -> float:
    return 10.0 ** (-db / 10.0)


def mach_zehnder(config: Any, v: np.ndarray) -> np.ndarray:
    """Return power out over power in, `v` from quadrature: the interference of two arms of unequal field.

    With fields 1 and ρ the powers lie between (1 - ρ)² and (1 + ρ)², whose ratio is the static extinction.
    """
    root = np.sqrt(10.0 ** (config.static_extinction_ratio_db / 10.0))
    rho = 1.0 if np.isinf(root) else (root - 1.0) / (root + 1.0)
    phase = np.pi * np.asarray(v) / config.v_pi_v - 0.5 * np.pi
    power = np.abs(1.0 + rho * np.exp(1j * phase)) ** 2 / (2.0 * (1.0 + rho**2))
    return power_ratio(config.loss_db) * power


def coupler_loss_db(config: Any, wavelength_m: float) -> float:
    """Return excess loss and the overlap of two Gaussian modes, integrated numerically in either plane."""
    radius_a = 0.5 * config.mfd_a_m
    radius_b = 0.5 * (config.mfd_b_m or config.mfd_a_m)
    k = 2 * np.pi * config.index / wavelength_m
    reach = 8 * max(radius_a, radius_b) * (1 + config.gap_m / (0.5 * k * radius_a**2))
    x = np.linspace(-reach, reach, 20001)
    diverging = np.exp(-0.5j * k * x**2 / (config.gap_m + 0.5j * k * radius_a**2))
    eta = 1.0
    for offset, tilt in ((config.offset_x_m, config.tilt_x_rad), (config.offset_y_m, config.tilt_y_rad)):
        leaning = np.exp(-(((x - offset) / radius_b) ** 2) - 1j * k * np.sin(tilt) * (x - offset))
        norm = np.sum(np.abs(diverging) ** 2) * np.sum(np.abs(leaning) ** 2)
        eta *= np.abs(np.sum(diverging * np.conj(leaning))) ** 2 / norm
    return config.excess_loss_db - 10 * np.log10(eta)


def part_loss_db(optics: Any, part: Any) -> float:
    if kind(part) == "coupler":
        return coupler_loss_db(part, optics.laser.wavelength_m)
    if kind(part) == "fiber":
        return part.attenuation_db_per_m * part.length_m
    return part.loss_db


def path_loss_db(optics: Any) -> float:
    return sum(part_loss_db(optics, part) for part in optics.path)


def dispersion(optics: Any, freq_hz: np.ndarray) -> np.ndarray:
    """Return the response of modulated power: cos(π λ² D L f²/c) a fibre."""
    lam = optics.laser.wavelength_m
    h = np.ones(len(freq_hz))
    for part in optics.path:
        if kind(part) == "fiber":
            d = part.dispersion_slope_s_per_m3 / 4 * (lam - part.dispersion_zero_m**4 / lam**3)
            h = h * np.cos(np.pi * lam**2 * d * part.length_m * freq_hz**2 / C0)
    return h


@dataclass(frozen=True)
class Settled:
    """What the amplifiers settle to."""

    driver_gain: float
    tia_ohm: float
    lane_power_w: float
    power_w: np.ndarray


def settle(lane: Any, optics: Any, host_at_dc: float) -> Settled:
    """Set both gains so that settled outer levels have the stated swing, up to the largest gain."""
    levels = levels_v(lane.transmitter)
    settled = host_at_dc * sum(transmit_taps(lane.transmitter).values())
    swing = (levels[-1] - levels[0]) * abs(settled)
    gain = min(optics.driver.swing_v / swing, 10 ** (optics.driver.gain_max_db / 20))
    lane_power = optics.laser.power_w * power_ratio(optics.laser.feed_loss_db) / optics.laser.lanes_per_laser
    # The driver is AC-coupled: the mean of the levels does not pass.
    power = lane_power * mach_zehnder(optics.modulator, gain * settled * (levels - np.mean(levels)))
    to_current = power_ratio(path_loss_db(optics)) * optics.photodiode.responsivity_a_per_w
    ohm = min(optics.tia.output_swing_v / ((power[-1] - power[0]) * to_current), optics.tia.gain_max_ohm)
    return Settled(gain, ohm, lane_power, power)


@dataclass(frozen=True)
class Section:
    """The optical section of a lane with the electrical ones around it, on a record's frequencies."""

    record: Record
    lane: Any
    optics: Any
    host: np.ndarray
    point: Settled
    light_to_receiver: np.ndarray
    current_to_receiver: np.ndarray
    amplified: np.ndarray

    @classmethod
    def of(cls, record: Record, lane: Any) -> Section:
        at = next(i for i, block in enumerate(lane.medium) if kind(block) == "optics")
        optics, freq = lane.medium[at], record.freq_hz
        host = section(record, lane.medium[:at], None, lane.transmitter.termination_ohm, PORT_OHM)
        after = section(record, lane.medium[at + 1 :], None, PORT_OHM, lane.receiver.termination_ohm)
        point = settle(lane, optics, host[0].real)
        amplified = point.tia_ohm * bessel4(freq, optics.tia.bandwidth_hz) * after
        amplified[0] = 0.0  # the receiver is AC-coupled: the mean of the light does not pass
        current = amplified * one_pole(freq, optics.photodiode.bandwidth_hz)
        to_current = power_ratio(path_loss_db(optics)) * optics.photodiode.responsivity_a_per_w
        light = current * to_current * dispersion(optics, freq)
        return cls(record, lane, optics, host, point, light, current, amplified)

    def light(self, symbols: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the power behind the modulator, noise of transmitter and driver included."""
        optics, record, freq = self.optics, self.record, self.record.freq_hz
        at_driver = transmit(record, self.lane.transmitter, symbols, rng) * self.host
        at_driver += np.fft.rfft(record.white(optics.driver.input_noise_v2_per_hz, rng))
        drive = bessel4(freq, optics.driver.bandwidth_hz) * one_pole(freq, optics.modulator.bandwidth_hz)
        voltage = record.series(at_driver * drive * self.point.driver_gain)
        return self.point.lane_power_w * mach_zehnder(optics.modulator, voltage)

    def shot(self, light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return shot noise whose variance follows the current of this light."""
        optics = self.optics
        loss = power_ratio(path_loss_db(optics)) * dispersion(optics, self.record.freq_hz)
        power = self.record.series(np.fft.rfft(light) * loss)
        current = optics.photodiode.responsivity_a_per_w * np.maximum(power, 0.0)
        return np.sqrt(2 * ELECTRON_C * (current + optics.photodiode.dark_current_a)) * self.record.white(
            1.0, rng
        )


def simulate(
    lane: Any,
    equalizer: Any,
    thresholds_v: np.ndarray,
    n_symbols: int,
    seed: int,
    per_symbol: int = 16,
    rin_follows: str = "light",
) -> Outcome:
    """Send random symbols through the lane and decide them.

    `rin_follows` plants faults: with "decided" the laser's noise at the slicer is that of the light of the
    decided symbol alone, with "average" that of the average light; the truth is "light", instant by instant.
    """
    rng = np.random.default_rng(seed)
    record = Record(lane.symbol_rate_hz, n_symbols, per_symbol)
    levels, symbols = levels_v(lane.transmitter), random_symbols(n_symbols, rng)
    way = Section.of(record, lane)
    optics = way.optics
    light = way.light(symbols, rng)
    fields = echo_fields(optics, lambda part: part_loss_db(optics, part))
    light = interfering(record, fields, light, rng)
    laser = record.white(optics.laser.rin_per_hz, rng)
    carried = {"light": light, "average": np.mean(light), "decided": 0.0}[rin_follows]
    spectrum = np.fft.rfft(light + carried * laser) * way.light_to_receiver
    spectrum += np.fft.rfft(way.shot(light, rng)) * way.current_to_receiver
    spectrum += np.fft.rfft(record.white(optics.tia.noise_a_per_rthz**2, rng)) * way.amplified
    spectrum += receiver_noise(record, lane.receiver, rng)
    z = equalized(record, spectrum, lane.receiver, equalizer)
    if rin_follows == "decided":
        unit = equalized(record, np.fft.rfft(laser) * way.light_to_receiver, lane.receiver, equalizer)
        z = z + unit * way.point.power_w[symbols]
    return decide(z, equalizer, thresholds_v, levels, symbols)
