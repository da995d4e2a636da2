"""Published simulators beside Lightlane, each doing its own job: symbols a second of one run, on one thread.

    python benches/rivals/peers.py path/to/rival path/to/python/with/lightlane

serdespy gets the job of `chain.py` at one sample a symbol. PyBERT has one job, the whole of its default link at 32
samples a bit with its own analysis of the result; beside it stands a lane of Lightlane in the waveform mode. A rival
that cannot be imported is named with the reason.
"""

import contextlib
import io
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
import scipy.signal
from chain import LEVELS, N_FFE, NOISE_V, job, lightlane

BITS = 15_000
"""PyBERT's own default length of a run."""

LANE = """
import time, lightlane as ll
lane = ll.presets.lane("copper-c2m").analyze().lane
def seconds(n):
    start = time.perf_counter()
    lane.simulate(n_symbols=n, mode="waveform", samples_per_symbol=32, threads=1)
    return time.perf_counter() - start
seconds(1000)
print(min(seconds(65536) for _ in range(4)) / 65536)
"""


def serdespy_chain(the: dict, n: int) -> Callable[[], int]:
    """The job of `chain.py` as serdespy does it: returns its symbol errors."""
    from serdespy import Receiver

    rng = np.random.default_rng(1)
    pulse, ffe = np.array(the["pulse"]), np.array(the["ffe"])
    # Its FFE keeps the length of the signal, the middle tap in place.
    shift = the["main"] - (N_FFE - 1) // 2

    def run() -> int:
        sent = rng.integers(0, 4, n)
        signal = scipy.signal.oaconvolve(LEVELS[sent], pulse)[:n]
        receiver = Receiver(signal, 1, 53.125e9, LEVELS, shift=False)
        receiver.noise(NOISE_V)
        receiver.slice_signal()
        receiver.FFE_BR(ffe, 0)
        receiver.pam4_DFE_BR(np.array([the["dfe"]]))
        # The ends, where its convolution has no signal, do not count.
        middle = slice(64, n - 64)
        return int(np.sum(np.roll(receiver.symbols_out, -shift)[middle] != sent[middle]))

    return run


def pybert_default() -> Callable[[], object]:
    """PyBERT's default link, PAM4, without its window."""
    os.environ |= {"ETS_TOOLKIT": "null", "QT_QPA_PLATFORM": "offscreen"}
    from pybert.models.bert import my_run_simulation
    from pybert.pybert import PyBERT

    link = PyBERT(run_simulation=False, gui=False)
    link.mod_type, link.nbits = "PAM-4", BITS
    return lambda: my_run_simulation(link, update_plots=False)


def timed(call: Callable[[], object], turns: int) -> tuple[float, object]:
    """Shortest time of the turns, and what the last one returned."""
    shortest, result = float("inf"), None
    for _ in range(turns):
        start = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = call()
        shortest = min(shortest, time.perf_counter() - start)
    return shortest, result


def row(name: str, rate: float, reference: float, note: str) -> None:
    print(f"  {name:44}{1e-3 * rate:12.4g}{rate / reference:12.4g}  {note}")


def main() -> None:
    program, python = sys.argv[1:3]
    the, n = job(), 200_000
    print(f"  {'':44}{'ksym/s':>12}{'times':>12}")
    try:
        seconds, errors = timed(serdespy_chain(the, n), 3)
    except ImportError as error:
        print(f"  serdespy: not here ({error})")
    else:
        ours = lightlane(program, the, task="stages", n_symbols=1 << 20, seconds=1.0)
        slow, fast = n / seconds, (1 << 20) / ours["seconds"]
        ser = ours["errors"] / (1 << 20)
        row(f"serdespy {version('serdespy')}, job of chain.py", slow, slow, f"SER {errors / (n - 128):.2e}")
        row("lightlane, the same job, every stage", fast, slow, f"SER {ser:.2e}")
    try:
        link = pybert_default()
    except ImportError as error:
        print(f"  PyBERT: not here ({error})")
    else:
        seconds, _ = timed(link, 2)
        slow = BITS / 2 / seconds
        done = subprocess.run([python, "-c", LANE], capture_output=True, text=True, check=True)
        row(f"PyBERT {version('PipBERT')}, its default link, PAM4", slow, slow, "32 samples a symbol")
        row("lightlane, copper-c2m, mode='waveform'", 1 / float(done.stdout), slow, "32 samples a symbol")


if __name__ == "__main__":
    main()
