"""The time-domain job as a Python user would write it, beside Lightlane: one table, ratios within one run.

The job: PAM4 symbols, a pulse of 128 symbols, Gaussian noise, an FFE of 16 taps, a DFE of one tap, count the errors.

    python benches/rivals/chain.py path/to/rival [seconds per measurement]

Everything runs on one thread unless a row says otherwise. Rivals and Lightlane take turns, and the fastest turn of each
counts, so that what else runs on the machine falls on all of them.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable

import numba
import numpy as np
import scipy
import scipy.signal

LEVELS = np.array([-3.0, -1.0, 1.0, 3.0])
THRESHOLDS = np.array([-2.0, 0.0, 2.0])
N_PULSE, N_FFE, CURSOR, PRE = 128, 16, 12, 4
NOISE_V = 0.2
TURNS = 8


def job() -> dict:
    """Pulse, least-squares FFE and DFE for a unit cursor."""
    k = np.arange(N_PULSE) - CURSOR
    pulse = np.where(
        k < 0, 0.25 * 0.35 ** np.abs(k + 1), 0.55 ** np.abs(k) + 0.03 * np.exp(-k / 40.0) * np.cos(0.9 * k)
    )
    pulse[CURSOR] = 1.0
    columns = np.array([np.convolve(np.eye(N_FFE)[i], pulse) for i in range(N_FFE)]).T
    main = CURSOR + PRE
    free = np.arange(columns.shape[0]) != main + 1
    wanted = (np.arange(columns.shape[0]) == main).astype(float)
    # Minimum mean square error: intersymbol interference outside the feedback, and noise over E[a²] = 5.
    matrix = columns[free].T @ columns[free] + NOISE_V**2 / 5 * np.eye(N_FFE)
    ffe = np.linalg.solve(matrix, columns[free].T @ wanted[free])
    ffe /= columns[main] @ ffe
    return {
        "pulse": pulse.tolist(),
        "ffe": ffe.tolist(),
        "main": main,
        "dfe": float(columns[main + 1] @ ffe),
        "noise_v": NOISE_V,
        "levels": LEVELS.tolist(),
        "thresholds_v": THRESHOLDS.tolist(),
        "seed": 1,
        "threads": 1,
    }


@numba.njit(fastmath=True)
def dot(x, at, taps):
    total = np.float32(0.0)
    for i in range(taps.size):
        total += x[at + i] * taps[i]
    return total


@numba.njit(fastmath=True)
def uniform64(state):
    # xorshift64*, as good as a loop of one's own needs.
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return x * np.uint64(2685821657736338717)


@numba.njit(fastmath=True)
def fused(pulse_reversed, ffe_reversed, main, dfe, noise_v, n, seed, own_generator):
    """One loop over the symbols, in single precision, with buffers of one block so that both sums vectorize."""
    block = 4096
    n_pulse, n_ffe = pulse_reversed.size, ffe_reversed.size
    np.random.seed(seed)  # noqa: NPY002 - what numba offers
    state = np.array([seed * 2 + 0x9E3779B97F4A7C15], dtype=np.uint64)
    sent = np.zeros(block + n_pulse + n_ffe, dtype=np.int8)
    x = np.zeros(block + n_pulse - 1, dtype=np.float32)
    y = np.zeros(block + n_ffe - 1, dtype=np.float32)
    spare, has_spare = np.float32(0.0), False
    errors, previous, done = 0, np.float32(0.0), 0
    while done < n:
        for k in range(block):
            if own_generator:
                symbol = np.int8(uniform64(state) >> np.uint64(62))
                if has_spare:
                    noise = spare
                    has_spare = False
                else:
                    word = uniform64(state)
                    u = (np.float32(word >> np.uint64(40)) + np.float32(0.5)) * np.float32(2.0**-24)
                    angle = np.float32((word >> np.uint64(8)) & np.uint64(0xFFFFFF)) * np.float32(
                        2 * np.pi * 2.0**-24
                    )
                    radius = np.sqrt(np.float32(-2.0) * np.log(u))
                    noise = radius * np.cos(angle)
                    spare = radius * np.sin(angle)
                    has_spare = True
            else:
                symbol = np.int8(np.random.randint(4))  # noqa: NPY002
                noise = np.float32(np.random.standard_normal())  # noqa: NPY002
            sent[n_pulse + n_ffe + k] = symbol
            x[n_pulse - 1 + k] = np.float32(2 * symbol - 3)
            y[n_ffe - 1 + k] = dot(x, k, pulse_reversed) + np.float32(noise_v) * noise
            z = dot(y, k, ffe_reversed) - np.float32(dfe) * previous
            decided = (z > np.float32(-2)) + (z > np.float32(0)) + (z > np.float32(2))
            previous = np.float32(2 * decided - 3)
            errors += decided != sent[n_pulse + n_ffe + k - main]
        x[: n_pulse - 1] = x[block:]
        y[: n_ffe - 1] = y[block:]
        sent[: n_pulse + n_ffe] = sent[block:]
        done += block
    return errors


@numba.njit(fastmath=True)
def decide(z, sent, dfe):
    """Feed decisions back, the only step that numpy and scipy do not have."""
    errors, previous = 0, np.float32(0.0)
    for k in range(z.size):
        value = z[k] - np.float32(dfe) * previous
        decided = (value > np.float32(-2)) + (value > np.float32(0)) + (value > np.float32(2))
        previous = np.float32(2 * decided - 3)
        errors += decided != sent[k]
    return errors


def arrays(job: dict, n: int, seed: int) -> int:
    """Whole arrays: numpy draws, scipy convolves by FFT, and numba only feeds decisions back."""
    rng = np.random.default_rng(seed)
    sent = rng.integers(0, 4, n, dtype=np.int8)
    x = sent.astype(np.float32) * np.float32(2) - np.float32(3)
    y = scipy.signal.oaconvolve(x, np.array(job["pulse"], dtype=np.float32))[:n]
    y += np.float32(job["noise_v"]) * rng.standard_normal(n, dtype=np.float32)
    z = np.convolve(y, np.array(job["ffe"], dtype=np.float32))[:n]
    main = job["main"]
    return decide(z[main:], sent[: n - main], job["dfe"])


def best(work: Callable[[], object], seconds: float) -> float:
    """Shortest of the repetitions that fit."""
    start, shortest = time.perf_counter(), float("inf")
    while time.perf_counter() - start < seconds:
        now = time.perf_counter()
        work()
        shortest = min(shortest, time.perf_counter() - now)
    return shortest


def lightlane(program: str, job: dict, **changes) -> dict:
    text = json.dumps(job | changes)
    done = subprocess.run([program], input=text, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def peak_memory_bytes(program: str, job: dict, n_symbols: int, threads: int) -> tuple[int, float]:
    """Largest resident set of one run of that length, and its seconds."""
    text = json.dumps(job | {"task": "engine", "n_symbols": n_symbols, "threads": threads, "seconds": 0.0})
    child = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    child.stdin.write(text)
    child.stdin.close()
    largest = 0
    # The kernel's own high-water mark; getrusage would start from that of the parent.
    while child.poll() is None:
        with open(f"/proc/{child.pid}/status") as status:
            found = [line.split()[1] for line in status if line.startswith("VmHWM")]
        largest = max([largest, *(int(size) * 1024 for size in found)])
        time.sleep(0.01)
    output = child.stdout.read()
    child.stdout.close()
    return largest, json.loads(output)["seconds"]


def main() -> None:
    program = sys.argv[1]
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    the = job()
    # Short repetitions: on a shared machine some of them run undisturbed. A run of the engine first prepares its
    # filters; that is timed alone and taken off.
    n, long, many = 1 << 15, 1 << 17, 1 << 21
    reversed_ = [np.array(the[name], dtype=np.float32)[::-1].copy() for name in ("pulse", "ffe")]
    rng = np.random.default_rng(1)
    normals = np.empty(8192, dtype=np.float32)

    def fused_with(own_generator: bool, n: int) -> int:
        return fused(*reversed_, the["main"], the["dfe"], NOISE_V, n, 1, own_generator)

    rivals = {
        "numba, one fused loop": lambda n: fused_with(False, n),
        "numba, fused, own generator": lambda n: fused_with(True, n),
        "numpy + scipy, numba for the DFE": lambda n: arrays(the, n, 1),
    }
    ours = {
        "lightlane, every stage": {"task": "stages", "n_symbols": n},
        "lightlane engine": {"task": "engine", "n_symbols": long},
        "lightlane engine, two threads": {"task": "engine", "n_symbols": 8 * long, "threads": 2},
    }
    # Compiles, and counts enough errors to compare.
    errors = {name: work(many) for name, work in rivals.items()}
    errors |= {
        name: lightlane(program, the, **(changes | {"n_symbols": many, "seconds": 0.0}))["errors"]
        for name, changes in ours.items()
    }
    times = dict.fromkeys([*rivals, *ours, "numpy normals", "lightlane normals"], float("inf"))
    preparation = float("inf")
    level = ""

    def turn_normals() -> None:
        rng.standard_normal(out=normals, dtype=np.float32)

    for _ in range(TURNS):
        for name, work in rivals.items():
            times[name] = min(times[name], best(lambda work=work: work(n), seconds / TURNS) / n)
        for name, changes in ours.items():
            result = lightlane(program, the, seconds=seconds / TURNS, **changes)
            times[name] = min(times[name], result["seconds"])
            level = result["simd_level"]
        few = lightlane(program, the, task="engine", n_symbols=1024, seconds=seconds / TURNS)["seconds"]
        preparation = min(preparation, few)
        times["numpy normals"] = min(
            times["numpy normals"], best(turn_normals, seconds / TURNS) / normals.size
        )
        result = lightlane(program, the, task="normals", n_symbols=8192, seconds=seconds / TURNS)
        times["lightlane normals"] = min(times["lightlane normals"], result["seconds"] / 8192)

    for name, changes in ours.items():
        engine = changes["task"] == "engine"
        times[name] = (times[name] - engine * preparation) / (changes["n_symbols"] - engine * 1024)

    print(
        f"numpy {np.__version__}, scipy {scipy.__version__}, numba {numba.__version__}; SIMD level {level}\n"
    )
    print("PAM4, pulse of 128 symbols, noise, FFE of 16, DFE of 1, errors counted")
    reference = times["numba, one fused loop"]
    print(f"  {'':36}{'Msym/s':>9}{'x numba':>9}{'SER':>11}")
    for name in [*rivals, *ours]:
        print(
            f"  {name:36}{1e-6 / times[name]:9.1f}{reference / times[name]:9.2f}{errors[name] / many:11.3e}"
        )
    scaling = times["lightlane engine"] / times["lightlane engine, two threads"]
    print(f"  two threads over one: {scaling:.2f}")
    print(
        "  The engine folds the FFE into the pulse and shapes the noise instead; 'every stage' folds nothing.\n"
    )
    print("Normals in single precision")
    reference = times["numpy normals"]
    print(f"  {'':36}{'M/s':>9}{'x numpy':>9}")
    for name in ("numpy normals", "lightlane normals"):
        print(f"  {name:36}{1e-6 / times[name]:9.1f}{reference / times[name]:9.2f}")
    print("\nMemory of the engine, two threads")
    for n_symbols in (20_000_000, 2_000_000_000):
        size, elapsed = peak_memory_bytes(program, the, n_symbols, 2)
        print(f"  {n_symbols:>13,} symbols: {size / 1e6:6.1f} MB at most, {elapsed:.2f} s")


if __name__ == "__main__":
    main()
