"""Waveforms of a periodic record of random symbols: edges, filters, noise, equalizer, slicer.

A record is `n_symbols` symbols long and repeats, so that no end has to be dropped. Symbol m is sent from t = m T to
(m + 1) T. A spectrum is what `numpy.fft.rfft` would make of the record sampled `per_symbol` times a symbol.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

GRAY = ((0, 0), (0, 1), (1, 1), (1, 0))


@dataclass(frozen=True)
class Record:
    """The time and frequency grid of a periodic record."""

    symbol_rate_hz: float
    n_symbols: int
    per_symbol: int = 16

    @property
    def n_samples(self) -> int:
        return self.n_symbols * self.per_symbol

    @property
    def freq_hz(self) -> np.ndarray:
        return np.arange(self.n_samples // 2 + 1) * (self.symbol_rate_hz / self.n_symbols)

    @property
    def band_hz(self) -> float:
        """Half the sampling rate: up to here a noise series is white."""
        return 0.5 * self.per_symbol * self.symbol_rate_hz

    def series(self, spectrum: np.ndarray) -> np.ndarray:
        return np.fft.irfft(spectrum, self.n_samples)

    def white(self, density: float, rng: np.random.Generator) -> np.ndarray:
        """Return a Gaussian series of this one-sided density: its variance is density times bandwidth."""
        return rng.normal(scale=np.sqrt(density * self.band_hz), size=self.n_samples)

    def spectrum_of_steps(self, height: np.ndarray, late_ui: np.ndarray | None) -> np.ndarray:
        """Return Σ height[m] exp(-jω (m + late[m]) T) at every frequency: impulses at instants off the grid."""
        if late_ui is None:
            return np.resize(np.fft.fft(height), self.n_samples // 2 + 1)
        # Spread each impulse as a Gaussian of 1.2 samples and divide by its spectrum: with 16 samples a symbol the
        # images of the sampling lie below 1e-9 up to three times the symbol rate, and further out nothing arrives.
        width = 1.2
        late = late_ui * self.per_symbol
        reach = int(np.ceil(np.abs(late).max() + 7.5 * width))
        grid = np.zeros((self.n_symbols, self.per_symbol))
        for k in range(-reach, reach + 1):
            symbol, place = divmod(k, self.per_symbol)
            share = np.exp(-0.5 * ((k - late) / width) ** 2) / (width * np.sqrt(2 * np.pi))
            grid[:, place] += np.roll(height * share, symbol)
        cycles = np.arange(self.n_samples // 2 + 1) / self.n_samples
        with np.errstate(under="ignore"):
            spread = np.exp(-2 * (np.pi * cycles * width) ** 2)
        inside = self.freq_hz <= 3 * self.symbol_rate_hz
        return np.where(inside, np.fft.rfft(grid.ravel()) / np.where(inside, spread, 1.0), 0.0)

    def staircase(self, level: np.ndarray, late_ui: np.ndarray | None = None) -> np.ndarray:
        """Return the spectrum of a waveform that holds each level for a symbol, every edge moved on its own."""
        edges = self.spectrum_of_steps(level - np.roll(level, 1), late_ui)
        late = np.zeros(self.n_symbols) if late_ui is None else late_ui
        edges[0] = np.sum(level * (1.0 + np.roll(late, -1) - late)) / self.n_symbols * self.n_samples
        index = np.arange(1, len(edges))
        edges[1:] *= self.n_samples / (2j * np.pi * index)
        return edges

    def moved_symbols(self, level: np.ndarray, late_ui: np.ndarray) -> np.ndarray:
        """Return the spectrum of one-symbol rectangles, each moved as a whole: both its edges alike."""
        impulses = self.spectrum_of_steps(level, late_ui)
        return impulses * self.rectangle() * self.per_symbol

    def rectangle(self) -> np.ndarray:
        """Return the spectrum of a one-symbol rectangle of unit area that begins at t = 0."""
        turns = self.freq_hz / self.symbol_rate_hz
        return np.sinc(turns) * np.exp(-1j * np.pi * turns)


def random_symbols(n: int, rng: np.random.Generator, alphabet: int = 4) -> np.ndarray:
    """Return uniform symbols, each exactly as frequent as the others, so that the record has no mean of its own."""
    return rng.permutation(np.arange(n) % alphabet)


def levels_v(transmitter: Any) -> np.ndarray:
    """Return the four levels: outer ones at the amplitude, inner ones at (2 - R)/3 of it unless they are given."""
    given = getattr(transmitter, "levels", None)
    inner = (2.0 - transmitter.level_mismatch) / 3.0
    relative = np.array([-1.0, -inner, inner, 1.0]) if given is None else np.array(given, dtype=float)
    return relative * transmitter.amplitude_v


def transmit_taps(transmitter: Any) -> dict[int, float]:
    """Return the transmit FFE as a mapping from UI after the cursor to tap."""
    ffe = transmitter.ffe
    if ffe is None:
        return {0: 1.0}
    if hasattr(ffe, "items"):
        taps = {int(k): float(v) for k, v in ffe.items()}
        taps[0] = 1.0 - sum(abs(v) for v in taps.values())
        return taps
    return {i - transmitter.ffe_pre: float(v) for i, v in enumerate(ffe)}


def jitter_ui(jitter: Any, n: int, rng: np.random.Generator) -> np.ndarray | None:
    """Return how late each event is: random jitter of the rms given, and the two Dirac impulses at ± dd."""
    if jitter is None or (jitter.rj_ui == 0.0 and jitter.dd_ui == 0.0):
        return None
    return jitter.rj_ui * rng.normal(size=n) + jitter.dd_ui * rng.choice([-1.0, 1.0], size=n)


def transmit(record: Record, transmitter: Any, symbols: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the spectrum of the transmitter's output, edges and their jitter exact."""
    level = levels_v(transmitter)[symbols]
    taps = transmit_taps(transmitter)
    late = jitter_ui(transmitter.jitter, record.n_symbols, rng)
    if transmitter.snr_db is None:
        noise = np.zeros(record.n_symbols)
    else:
        noise = transmitter.amplitude_v * 10 ** (-transmitter.snr_db / 20) * rng.normal(size=record.n_symbols)
    if late is not None and transmitter.jitter.model == "com":
        turns = record.freq_hz / record.symbol_rate_hz
        fir = sum(c * np.exp(-2j * np.pi * turns * i) for i, c in taps.items())
        spectrum = record.moved_symbols(level, late) * fir + record.staircase(noise)
    else:
        shaped = sum(c * np.roll(level, i) for i, c in taps.items())
        spectrum = record.staircase(shaped + noise, late)
    if transmitter.transition_s is not None:
        spectrum = spectrum * gaussian_edge(record.freq_hz, transmitter.transition_s)
    return spectrum


def gaussian_edge(freq_hz: np.ndarray, transition_s: float) -> np.ndarray:
    """Return COM's H_t, made causal by three transition times."""
    scale = np.pi * freq_hz * transition_s / 1.6832
    return np.exp(-2 * scale**2 - 6j * np.pi * freq_hz * transition_s)


def butterworth4(freq_hz: np.ndarray, bandwidth_hz: float | None) -> np.ndarray:
    """Return the 4th-order Butterworth low-pass from its poles on the unit circle."""
    if bandwidth_hz is None:
        return np.ones(len(freq_hz))
    s = 1j * freq_hz / bandwidth_hz
    poles = np.exp(1j * np.pi * np.array([5, 7, 9, 11]) / 8)
    return 1.0 / np.prod([s - p for p in poles], axis=0)


def bessel4(freq_hz: np.ndarray, bandwidth_hz: float) -> np.ndarray:
    """Return the 4th-order Bessel-Thomson low-pass; 2.113917674904216 rad/s is its 3 dB point for unit delay."""
    if np.isinf(bandwidth_hz):
        return np.ones(len(freq_hz))
    s = 2.113917674904216j * freq_hz / bandwidth_hz
    return 105.0 / (105.0 + s * (105.0 + s * (45.0 + s * (10.0 + s))))


def one_pole(freq_hz: np.ndarray, bandwidth_hz: float) -> np.ndarray:
    return 1.0 / (1.0 + 1j * freq_hz / bandwidth_hz)


def ctle(freq_hz: np.ndarray, config: Any, equalizer: Any, symbol_rate_hz: float) -> np.ndarray:
    """Return Annex 93A's CTLE with the gains that were settled on; frequencies left out follow the symbol rate."""
    if config is None:
        return np.ones(len(freq_hz))
    zero = config.zero_hz or symbol_rate_hz / 2.5
    pole1 = config.pole1_hz or symbol_rate_hz / 2.5
    pole2 = config.pole2_hz or symbol_rate_hz
    low = config.low_frequency_hz or symbol_rate_hz / 80
    g1, g2 = 10 ** (equalizer.ctle_gdc_db / 20), 10 ** (equalizer.ctle_gdc2_db / 20)
    jf = 1j * freq_hz
    return (g1 + jf / zero) * (g2 + jf / low) / ((1 + jf / pole1) * (1 + jf / pole2) * (1 + jf / low))


@dataclass(frozen=True)
class Outcome:
    """Sent and decided symbols, and the slicer's input."""

    sent: np.ndarray
    decided: np.ndarray
    z: np.ndarray

    @property
    def symbol_errors(self) -> np.ndarray:
        return (self.sent != self.decided).astype(int)

    @property
    def bit_errors(self) -> np.ndarray:
        """Wrong bits of each symbol after Gray decoding."""
        code = np.array(GRAY)
        return np.sum(code[self.sent] != code[self.decided], axis=1)


def receiver_noise(record: Record, receiver: Any, rng: np.random.Generator) -> np.ndarray:
    """Return the spectrum of the noise at the receiver's input."""
    density = receiver.noise_v2_per_hz
    if receiver.bandwidth_hz is not None:
        return np.fft.rfft(record.white(density, rng))
    # White from one sampling instant to the next: flat to half the symbol rate, nothing above.
    noise = np.zeros(record.n_samples // 2 + 1, dtype=complex)
    half = record.n_symbols // 2
    scale = np.sqrt(0.5 * density * record.symbol_rate_hz) * record.per_symbol
    noise[:half] = np.fft.rfft(scale * rng.normal(size=record.n_symbols))[:half]
    return noise


def equalized(record: Record, spectrum: np.ndarray, receiver: Any, equalizer: Any) -> np.ndarray:
    """Filter what arrives, sample it once a symbol and pass it through the FFE."""
    freq = record.freq_hz
    turns = freq / record.symbol_rate_hz
    front = butterworth4(freq, receiver.bandwidth_hz) * ctle(
        freq, receiver.ctle, equalizer, record.symbol_rate_hz
    )
    at_sampling = np.exp(2j * np.pi * turns * (0.5 + equalizer.sampling_ui))
    y = record.series(spectrum * front * at_sampling)[:: record.per_symbol]
    taps = list(equalizer.ffe) or [1.0]
    pre = equalizer.ffe_pre if len(equalizer.ffe) else 0
    return sum(c * np.roll(y, i - pre) for i, c in enumerate(taps) if c != 0.0)


def decide(
    z: np.ndarray, equalizer: Any, thresholds_v: np.ndarray, levels: np.ndarray, sent: np.ndarray
) -> Outcome:
    """Decide symbol by symbol. A DFE tap is relative to the cursor: the part of z that follows the symbol itself."""
    cursor = np.mean(z * levels[sent]) / np.mean(levels[sent] ** 2)
    decided, z = slice_with_feedback(z, list(equalizer.dfe), np.asarray(thresholds_v), cursor * levels, sent)
    return Outcome(sent, decided, z)


def slice_with_feedback(
    z: np.ndarray, dfe: list[float], thresholds_v: np.ndarray, feedback_v: np.ndarray, sent: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Decide symbol by symbol; the feedback takes the decisions, before the first one the symbols sent."""
    if not dfe:
        return np.searchsorted(thresholds_v, z), z
    low, middle, high = (float(t) for t in thresholds_v)
    taps = [[float(b * v) for v in feedback_v] for b in dfe]
    past = [int(sent[-1 - j]) for j in range(len(dfe))]
    decided, out = [], []
    for value in z.tolist():
        for tap, decision in zip(taps, past, strict=True):
            value -= tap[decision]
        decision = (value > low) + (value > middle) + (value > high)
        past = [decision, *past[:-1]]
        decided.append(decision)
        out.append(value)
    return np.array(decided), np.array(out)
