"""What runs must not depend on, and by how much SIMD levels may differ."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

SCRIPT = """
    import json
    import lightlane as ll
    lane = ll.presets.lane("copper-kr1")
    noise = 4.0 * lane.receiver.noise_v2_per_hz
    jitter = lane.transmitter.jitter.replace(sj_ui=0.04, sj_hz=1e7, dcd_ui=0.03)
    lane = lane.replace(
        receiver=lane.receiver.replace(noise_v2_per_hz=noise),
        transmitter=lane.transmitter.replace(jitter=jitter),
    )
    found = {}
    for threads in (1, 2):
        run = lane.simulate(400_000, seed=9, threads=threads)
        rare = lane.simulate_rare(6_144, seed=9, threads=threads)
        found[threads] = [run.n_bit_errors, run.burst_lengths.tolist(), rare.ber, rare.n_errors]
    low, high = run.ber_interval(0.9999)
    print(json.dumps([run.simd_level, found, run.ber, [low, high], rare.ber, rare.relative_error]))
"""


def at_level(level):
    """The figures of a process of its own that runs at that level; None where the processor lacks it."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LIGHTLANE_SIMD": level},
    )
    if "LIGHTLANE_SIMD" in done.stderr:
        return None
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_counts_are_identical_for_any_threads_and_within_the_interval_across_levels():
    found = {level: at_level(level) for level in ("portable", "avx2")}
    if found["avx2"] is None:
        pytest.skip("this processor has no AVX2")
    for level, (name, by_threads, *_) in found.items():
        assert name == level
        assert by_threads["1"] == by_threads["2"], level
    (*_, portable, interval, rare, error), (*_, avx2, _, rare2, _) = found.values()
    # The same draws, summed in another order: the counts may differ by a decision on the edge.
    assert interval[0] < avx2 < interval[1], (portable, avx2)
    assert abs(rare2 / rare - 1) < 4 * error
