"""An optical lane: everything up to the modulator's voltage is a linear waveform, behind it a complex field.

Two arms interfere in a Mach-Zehnder; a ring is its differential equation, by Runge and Kutta's method; fibre turns the
field; the laser's intensity noise is in the field in front of the modulator.
"""

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


def mach_zehnder_field(config: Any, v: np.ndarray) -> np.ndarray:
    """Return field out over field in, `v` from quadrature: the interference of two arms of unequal field.

    With fields 1 and ρ the powers lie between (1 - ρ)² and (1 + ρ)², whose ratio is the static extinction. Push-pull
    turns the arms against each other; a chirp of ±1 turns one of them only.
    """
    root = np.sqrt(10.0 ** (config.static_extinction_ratio_db / 10.0))
    rho = 1.0 if np.isinf(root) else (root - 1.0) / (root + 1.0)
    phase = np.pi * np.asarray(v) / config.v_pi_v - 0.5 * np.pi
    strong = np.exp(0.5j * (1.0 + config.chirp) * phase)
    weak = rho * np.exp(-0.5j * (1.0 - config.chirp) * phase)
    return np.sqrt(power_ratio(config.loss_db) / (2.0 * (1.0 + rho**2))) * (strong + weak)


def mach_zehnder(config: Any, v: np.ndarray) -> np.ndarray:
    """Return power out over power in, `v` from quadrature."""
    return np.abs(mach_zehnder_field(config, v)) ** 2


def ring_rates(config: Any) -> tuple[float, float]:
    """Return the decay of the ring's field and the part of it into the bus, rad/s."""
    carrier = C0 / config.resonance_m
    decay = np.pi * carrier / config.q_total
    return decay, decay - np.pi * carrier / config.q_intrinsic


def ring(config: Any, v: np.ndarray) -> np.ndarray:
    """Return the settled power out over power in."""
    decay, bus = ring_rates(config)
    detuning = 2 * np.pi * (config.detuning_hz + config.shift_hz_per_v * np.asarray(v))
    return power_ratio(config.loss_db) * np.abs(1.0 - 2.0 * bus / (decay - 1j * detuning)) ** 2


def ring_field(
    config: Any, v: np.ndarray, source: np.ndarray, step_s: float, segment: int = 960
) -> np.ndarray:
    """Return the field behind a ring driven by `v` with the field `source` before it, both twice a step and periodic.

    Segments of the record are integrated side by side, each from an empty ring 25 lifetimes of its field earlier.
    """
    decay, bus = ring_rates(config)
    n = len(v) // 2
    warm = int(np.ceil(25.0 / (decay * step_s)))
    start = np.arange(0, n, segment) - warm
    rate = 2j * np.pi * (config.detuning_hz + config.shift_hz_per_v * v) - decay
    inside = np.zeros(len(start), complex)
    out = np.empty(n, complex)
    for i in range(warm + segment):
        at = 2 * (start + i)
        now, middle, then = at % (2 * n), (at + 1) % (2 * n), (at + 2) % (2 * n)
        if i >= warm:
            keep = start + i < n
            out[(start + i)[keep]] = (source[now] + 1j * inside)[keep]
        k1 = rate[now] * inside + 2j * bus * source[now]
        k2 = rate[middle] * (inside + 0.5 * step_s * k1) + 2j * bus * source[middle]
        k3 = rate[middle] * (inside + 0.5 * step_s * k2) + 2j * bus * source[middle]
        k4 = rate[then] * (inside + step_s * k3) + 2j * bus * source[then]
        inside = inside + step_s / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return np.sqrt(power_ratio(config.loss_db)) * out


def transmission(config: Any, v: np.ndarray) -> np.ndarray:
    """Return the settled power out over power in."""
    return ring(config, v) if kind(config) == "ringmodulator" else mach_zehnder(config, v)


def electrode(config: Any, freq_hz: np.ndarray) -> np.ndarray:
    """Return the response on the modulator's drive: one pole, or none."""
    bandwidth_hz = config.junction_bandwidth_hz if kind(config) == "ringmodulator" else config.bandwidth_hz
    return np.ones(len(freq_hz)) if bandwidth_hz is None else one_pole(freq_hz, bandwidth_hz)


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


def dispersed(optics: Any, field: np.ndarray, step_s: float) -> np.ndarray:
    """Return the field behind the fibres: turned by π λ² D L f²/c at an offset f from the carrier."""
    lam, offset = optics.laser.wavelength_m, np.fft.fftfreq(len(field), step_s)
    turn = np.zeros(len(field))
    for part in optics.path:
        if kind(part) == "fiber":
            d = part.dispersion_slope_s_per_m3 / 4 * (lam - part.dispersion_zero_m**4 / lam**3)
            turn = turn + np.pi * lam**2 * d * part.length_m * offset**2 / C0
    return np.fft.ifft(np.fft.fft(field) * np.exp(1j * turn))


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
    power = lane_power * transmission(optics.modulator, gain * settled * (levels - np.mean(levels)))
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
        return cls(record, lane, optics, host, point, current, amplified)

    @property
    def path_share(self) -> float:
        return power_ratio(path_loss_db(self.optics))

    def light(self, symbols: np.ndarray, laser: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the power at the photodiode, noise of transmitter, driver and laser included."""
        optics, record, freq = self.optics, self.record, self.record.freq_hz
        modulator = optics.modulator
        at_driver = transmit(record, self.lane.transmitter, symbols, rng) * self.host
        at_driver += np.fft.rfft(record.white(optics.driver.input_noise_v2_per_hz, rng))
        drive = at_driver * bessel4(freq, optics.driver.bandwidth_hz) * electrode(modulator, freq)
        drive = drive * self.point.driver_gain
        step_s = 1.0 / (record.symbol_rate_hz * record.per_symbol)
        if kind(modulator) == "ringmodulator":
            # Twice as many samples of the same band.
            n = 2 * record.n_samples
            v = 2.0 * np.fft.irfft(drive, n)
            source = np.sqrt(np.maximum(1.0 + 2.0 * np.fft.irfft(np.fft.rfft(laser), n), 0.0))
            field = ring_field(modulator, v, source, step_s)
        else:
            field = np.sqrt(np.maximum(1.0 + laser, 0.0)) * mach_zehnder_field(
                modulator, record.series(drive)
            )
        field = dispersed(optics, field, step_s)
        return self.point.lane_power_w * self.path_share * np.abs(field) ** 2

    def shot(self, light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return shot noise whose variance follows the current of this light."""
        diode = self.optics.photodiode
        current = diode.responsivity_a_per_w * light + diode.dark_current_a
        return np.sqrt(2 * ELECTRON_C * current) * self.record.white(1.0, rng)


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
    laser = record.white(optics.laser.rin_per_hz, rng)
    quiet = np.zeros(record.n_samples)
    light = way.light(symbols, laser if rin_follows == "light" else quiet, rng)
    fields = echo_fields(optics, lambda part: part_loss_db(optics, part))
    light = interfering(record, fields, light, rng)
    if rin_follows == "average":
        light = light + np.mean(light) * laser
    to_receiver = way.current_to_receiver * optics.photodiode.responsivity_a_per_w
    spectrum = np.fft.rfft(light) * to_receiver
    spectrum += np.fft.rfft(way.shot(np.maximum(light, 0.0), rng)) * way.current_to_receiver
    spectrum += np.fft.rfft(record.white(optics.tia.noise_a_per_rthz**2, rng)) * way.amplified
    spectrum += receiver_noise(record, lane.receiver, rng)
    z = equalized(record, spectrum, lane.receiver, equalizer)
    if rin_follows == "decided":
        unit = equalized(record, np.fft.rfft(laser) * to_receiver * way.path_share, lane.receiver, equalizer)
        z = z + unit * way.point.power_w[symbols]
    return decide(z, equalizer, thresholds_v, levels, symbols)
