"""A copper lane: transmitter, packages and traces around one measured channel, aggressors, receiver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from types import SimpleNamespace
from typing import Any

import numpy as np

from . import electrical
from .common import (
    Outcome,
    Record,
    decide,
    equalized,
    levels_v,
    random_symbols,
    receiver_noise,
    transmit,
)

# Closed forms are followed to here; at 2.5 times the symbol rate the slowest-falling lane is below -100 dB.
BAND_IN_SYMBOL_RATES = 2.5


@dataclass(frozen=True)
class FourPort:
    """Raw S-parameters of a channel in 50 ohm, from 0 Hz in equal steps; `pairs` as in the file, ports from 1."""

    freq_hz: np.ndarray
    s: np.ndarray
    pairs: tuple[tuple[int, int], tuple[int, int]] = electrical.LEGS_IN_A_ROW

    @property
    def differential(self) -> np.ndarray:
        return electrical.differential(self.s, self.pairs)


def on_record(record: Record, h: np.ndarray, step_hz: float) -> np.ndarray:
    """Move a response from 0 Hz in equal steps to the record's frequencies, by way of its impulse response.

    What the last eighth of the window holds came before t = 0: the ringing of a band that ends abruptly.
    """
    samples = record.per_symbol * record.symbol_rate_hz / step_hz
    n = round(samples)
    if abs(samples - n) > 1e-6 * n or n % 2 or n > record.n_samples:
        raise ValueError(f"the window, {samples} samples, must be even, whole and shorter than the record")
    padded = np.zeros(n // 2 + 1, dtype=complex)
    used = min(len(h), len(padded))
    padded[:used] = h[:used]
    impulse = np.fft.irfft(padded, n)
    long = np.zeros(record.n_samples)
    early = n // 8
    long[: n - early] = impulse[: n - early]
    long[-early:] += impulse[-early:]
    return np.fft.rfft(long)


def kind(block: Any) -> str:
    return type(block).__name__.lower()


def section(
    record: Record, blocks: Any, channel: FourPort | None, source_ohm: float, load_ohm: float
) -> np.ndarray:
    """Return the voltage transfer of a run of blocks; `channel` stands in the place of the block that is no model."""
    freq = record.freq_hz if channel is None else channel.freq_hz
    inside = freq <= BAND_IN_SYMBOL_RATES * record.symbol_rate_hz
    freq = freq[inside]
    sections = []
    for block in blocks:
        if kind(block) == "package":
            sections.append(electrical.scattering(electrical.package(block, freq)))
        elif kind(block) == "trace":
            sections.append(electrical.scattering(electrical.trace(block, freq)))
        elif kind(block) != "ideal":
            assert channel is not None, kind(block)
            sections.append(channel.differential[inside])
    if not sections:
        return np.ones(len(record.freq_hz))
    h = electrical.transfer(reduce(electrical.join, sections), source_ohm, load_ohm)
    if channel is None:
        return np.concatenate([h, np.zeros(len(record.freq_hz) - len(h))])
    return on_record(record, h, channel.freq_hz[1] - channel.freq_hz[0])


def arriving(
    record: Record, lane: Any, channels: Mapping[Any, FourPort], symbols: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return the spectrum at the receiver's input: the victim's and every aggressor's.

    `channels` holds the victim's channel under "thru" and an aggressor's under its index.
    """
    ends = (lane.transmitter.termination_ohm, lane.receiver.termination_ohm)
    through = section(record, lane.medium, channels.get("thru"), *ends)
    total = transmit(record, lane.transmitter, symbols, rng) * through
    for i, aggressor in enumerate(lane.aggressors):
        path = section(record, lane.medium, channels[i], *ends)
        other = random_symbols(record.n_symbols, rng)
        late = np.exp(-2j * np.pi * record.freq_hz / record.symbol_rate_hz * lane.crosstalk_phase)
        total = total + transmit(record, neighbour(lane.transmitter, aggressor), other, rng) * path * late
    return total


def neighbour(transmitter: Any, aggressor: Any) -> SimpleNamespace:
    """Return an aggressor's transmitter: the victim's, without noise and jitter, at the near end without FFE too."""
    return SimpleNamespace(
        amplitude_v=aggressor.amplitude_v or transmitter.amplitude_v,
        level_mismatch=transmitter.level_mismatch,
        levels=transmitter.levels,
        ffe=None if aggressor.kind == "next" else transmitter.ffe,
        ffe_pre=transmitter.ffe_pre,
        snr_db=None,
        jitter=None,
        transition_s=transmitter.transition_s,
    )


def simulate(
    lane: Any,
    equalizer: Any,
    thresholds_v: np.ndarray,
    channels: Mapping[Any, FourPort],
    n_symbols: int,
    seed: int,
    per_symbol: int = 16,
) -> Outcome:
    """Send random symbols through the lane and decide them."""
    rng = np.random.default_rng(seed)
    record = Record(lane.symbol_rate_hz, n_symbols, per_symbol)
    levels, symbols = levels_v(lane.transmitter), random_symbols(n_symbols, rng)
    spectrum = arriving(record, lane, channels, symbols, rng)
    spectrum += receiver_noise(record, lane.receiver, rng)
    z = equalized(record, spectrum, lane.receiver, equalizer)
    return decide(z, equalizer, thresholds_v, levels, symbols)
