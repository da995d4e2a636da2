"""A waveform through a CTLE and an adaptive equalizer, as a Python user would write it, beside `lightlane.dsp`.

The job: PAM4 symbols, a pulse of 128 symbols at 32 samples each, a CTLE as a recursive filter at every sample, one
sample a symbol, LMS with an FFE of 16 taps and a DFE of one, decisions. Single precision in the waveform, double in
the equalizer.

    python benches/rivals/waveform.py [seconds per measurement]

Everything runs on one thread. Each piece of the rivals' side is written in several ways; the whole job is made of the
fastest pieces, and of a loop of all pieces fused, which keeps the waveform in the cache. Both sides take turns, and
the fastest turn counts. All ways must give the same decisions.
"""

import os
import sys
from collections.abc import Callable

os.environ.setdefault("RAYON_NUM_THREADS", "1")

import numba
import numpy as np
import scipy
import scipy.signal
from chain import best

import lightlane as ll

LEVELS = np.array([-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0], dtype=np.float32)
SAMPLES, N_PULSE, N_FFE, PRE, STEP, N_TRAINING = 32, 128, 16, 4, 2e-3, 20_000
CURSOR = 12
N_SYMBOLS = 1 << 17
TURNS = 6


def pulse_and_ctle() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A pulse that decays over the symbols, and a zero and two poles that lift its edge, by the bilinear rule."""
    t = np.arange(N_PULSE * SAMPLES) / SAMPLES - CURSOR
    rise = np.exp(-((np.minimum(t, 0.0) / 0.45) ** 2))
    fall = 0.6 * np.exp(-np.maximum(t, 0.0) / 1.1) + 0.4 * np.exp(-((np.maximum(t, 0.0) / 0.6) ** 2))
    pulse = rise * fall + 0.01 * (t > 0) * np.exp(-t / 30.0) * np.cos(0.9 * t)
    # In units of the symbol rate: zero at 0.125, poles at 0.5 and 1.
    zero, poles = 2 * np.pi * 0.125, 2 * np.pi * np.array([0.5, 1.0])
    analogue = scipy.signal.zpk2tf([-zero], -poles, 2 * np.pi)
    b, a = scipy.signal.bilinear(*analogue, fs=SAMPLES)
    return pulse.astype(np.float32), b, a


# --- the rivals ---------------------------------------------------------------------------------------------------


def stuffed(levels: np.ndarray, pulse: np.ndarray) -> np.ndarray:
    """Zero-stuffed levels through one convolution at the full rate."""
    x = np.zeros(levels.size * SAMPLES, dtype=np.float32)
    x[::SAMPLES] = levels
    return scipy.signal.oaconvolve(x, pulse)[: x.size]


def by_phase(levels: np.ndarray, pulse: np.ndarray) -> np.ndarray:
    """One convolution a phase, at the symbol rate."""
    phases = pulse.reshape(-1, SAMPLES).T
    y = scipy.signal.oaconvolve(levels[np.newaxis, :], phases, axes=1)
    return np.ascontiguousarray(y[:, : levels.size].T).reshape(-1)


@numba.njit(fastmath=True)
def by_symbol(levels, pulse):
    """The direct sum, all phases of a symbol at a time."""
    n, taps = levels.size, pulse.size // SAMPLES
    y = np.zeros(n * SAMPLES, dtype=np.float32)
    for k in range(n):
        column = y[k * SAMPLES : (k + 1) * SAMPLES]
        for j in range(min(taps, k + 1)):
            level = levels[k - j]
            row = pulse[j * SAMPLES : (j + 1) * SAMPLES]
            for i in range(SAMPLES):
                column[i] += level * row[i]
    return y


def lfilter(b, a, x):
    return scipy.signal.lfilter(b.astype(np.float32), a.astype(np.float32), x)


@numba.njit(fastmath=True)
def biquad(b, a, x):
    """Transposed direct form II of order two, state in double precision."""
    y = np.empty_like(x)
    s1, s2 = 0.0, 0.0
    b0, b1, b2, a1, a2 = b[0], b[1], b[2], a[1], a[2]
    for k in range(x.size):
        v = np.float64(x[k])
        out = b0 * v + s1
        s1 = b1 * v - a1 * out + s2
        s2 = b2 * v - a2 * out
        y[k] = out
    return y


@numba.njit(fastmath=True)
def adapt(r, training, n_training, step):
    """LMS as `lightlane.dsp.LmsEqualizer` defines it."""
    n = r.size
    c, d = np.zeros(N_FFE), 0.0
    c[N_FFE - 1 - PRE] = 1.0
    # The FFE's taps reversed, so that they run along the samples.
    padded = np.zeros(n + N_FFE)
    padded[N_FFE - 1 - PRE : N_FFE - 1 - PRE + n] = r
    decisions = np.empty(n, dtype=np.uint8)
    previous = 0.0
    for k in range(n):
        window = padded[k : k + N_FFE]
        z = 0.0
        for i in range(N_FFE):
            z += c[i] * window[i]
        z -= d * previous
        s = min(max(int(np.floor(1.5 * z + 2.0)), 0), 3)
        decisions[k] = s
        known = training[k] if k < n_training else s
        level = (2.0 * known - 3.0) / 3.0
        g = step * (z - level)
        for i in range(N_FFE):
            c[i] -= g * window[i]
        d += g * previous
        previous = level
    return decisions


@numba.njit(fastmath=True)
def fused(levels, pulse, b, a, phase, training, n_training, step):
    """Synthesis and CTLE in buffers of one block, then the equalizer."""
    block, taps = 256, pulse.size // SAMPLES
    n = levels.size
    r = np.empty(n, dtype=np.float32)
    s1, s2 = 0.0, 0.0
    b0, b1, b2, a1, a2 = b[0], b[1], b[2], a[1], a[2]
    y = np.empty(block * SAMPLES, dtype=np.float32)
    for first in range(0, n, block):
        count = min(block, n - first)
        y[:] = 0.0
        for k in range(count):
            column = y[k * SAMPLES : (k + 1) * SAMPLES]
            for j in range(min(taps, first + k + 1)):
                level = levels[first + k - j]
                row = pulse[j * SAMPLES : (j + 1) * SAMPLES]
                for i in range(SAMPLES):
                    column[i] += level * row[i]
        for k in range(count):
            for i in range(SAMPLES):
                v = np.float64(y[k * SAMPLES + i])
                out = b0 * v + s1
                s1 = b1 * v - a1 * out + s2
                s2 = b2 * v - a2 * out
                if i == phase:
                    r[first + k] = out
    return adapt(r, training, n_training, step)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    symbols = np.random.default_rng(1).integers(0, 4, N_SYMBOLS, dtype=np.uint8)
    levels = LEVELS[symbols]
    pulse, b, a = pulse_and_ctle()
    delayed = np.roll(symbols, CURSOR)
    waveform = ll.dsp.pulse_train(levels, pulse, SAMPLES)
    # Sampled where the pulse after the CTLE is largest.
    phase = int(np.argmax(np.abs(ll.dsp.iir(b, a, pulse)))) % SAMPLES
    equalized = ll.dsp.iir(b, a, waveform)
    samples = np.ascontiguousarray(equalized[phase::SAMPLES])
    lms = ll.dsp.LmsEqualizer(ffe_taps=N_FFE, pre=PRE, dfe_taps=1, step=STEP)

    def whole() -> np.ndarray:
        y = ll.dsp.iir(b, a, ll.dsp.pulse_train(levels, pulse, SAMPLES))
        return lms.run(y[phase::SAMPLES], training=delayed, n_training=N_TRAINING).decisions

    def pieces() -> np.ndarray:
        y = biquad(b, a, by_phase(levels, pulse))
        return adapt(np.ascontiguousarray(y[phase::SAMPLES]), delayed, N_TRAINING, STEP)

    ours: dict[str, Callable[[], object]] = {
        "waveform": lambda: ll.dsp.pulse_train(levels, pulse, SAMPLES),
        "CTLE": lambda: ll.dsp.iir(b, a, waveform),
        "equalizer": lambda: lms.run(samples, training=delayed, n_training=N_TRAINING),
        "all": whole,
    }
    rivals: dict[str, dict[str, Callable[[], object]]] = {
        "waveform": {
            "scipy, full rate": lambda: stuffed(levels, pulse),
            "scipy, by phase": lambda: by_phase(levels, pulse),
            "numba": lambda: by_symbol(levels, pulse),
        },
        "CTLE": {"scipy": lambda: lfilter(b, a, waveform), "numba": lambda: biquad(b, a, waveform)},
        "equalizer": {"numba": lambda: adapt(samples, delayed, N_TRAINING, STEP)},
        "all": {
            "scipy by phase, numba": pieces,
            "numba, fused": lambda: fused(levels, pulse, b, a, phase, delayed, N_TRAINING, STEP),
        },
    }
    # Compiles, and compares: every way sees the same waveform to single precision and makes the same decisions.
    for name, ways in rivals.items():
        reference = ours[name]()
        for way, work in ways.items():
            if name in ("waveform", "CTLE"):
                error = np.max(np.abs(work() - reference))
                assert error < 1e-4, (name, way, error)
            else:
                decisions = getattr(reference, "decisions", reference)
                # Before the first symbol arrives there is nothing to decide: 0 but for rounding, on a threshold.
                assert np.array_equal(work()[CURSOR:], decisions[CURSOR:]), (name, way)
    decisions = whole()
    settled = slice(N_TRAINING, N_SYMBOLS)
    wrong = np.count_nonzero(decisions[settled] != delayed[settled])
    assert wrong == 0, f"{wrong} wrong decisions: the equalizer has not converged"

    times: dict[tuple[str, str], float] = {}
    for _ in range(TURNS):
        for name, work in ours.items():
            took = best(work, seconds / TURNS)
            times[name, "lightlane"] = min(times.get((name, "lightlane"), float("inf")), took)
            for way, rival in rivals[name].items():
                took = best(rival, seconds / TURNS)
                times[name, way] = min(times.get((name, way), float("inf")), took)

    print(f"numpy {np.__version__}, scipy {scipy.__version__}, numba {numba.__version__}\n")
    print("PAM4, 32 samples a symbol, pulse of 128 symbols, CTLE, LMS 16 + 1; decisions equal")
    print(f"  {'':24}{'ns/symbol':>12}{'x lightlane':>14}")
    for name in ours:
        own = times[name, "lightlane"]
        print(f"  {name}, lightlane".ljust(34) + f"{own / N_SYMBOLS * 1e9:8.1f}")
        for way in rivals[name]:
            took = times[name, way]
            print(f"  {name}, {way}".ljust(34) + f"{took / N_SYMBOLS * 1e9:8.1f}{took / own:14.2f}")
    rival = min(times["all", way] for way in rivals["all"])
    print(f"  lightlane over the fastest rival: {rival / times['all', 'lightlane']:.2f}")


if __name__ == "__main__":
    main()
