"""Rare events, from Python: against a closed form, against the other engine, and bad input."""

import math
import subprocess
import sys
import textwrap

import pytest

import lightlane as ll


def q(x):
    return 0.5 * math.erfc(x / math.sqrt(2))


def ideal(x):
    """An ideal PAM4 lane whose thresholds are x deviations of the noise away."""
    lane = ll.Lane()
    sigma2 = (lane.transmitter.amplitude_v / 3 / x) ** 2
    return lane.replace(receiver=ll.Receiver(noise_v2_per_hz=2 * sigma2 / lane.symbol_rate_hz))


@pytest.mark.parametrize("x", [3.0, 7.0, 9.0])
def test_white_noise_has_its_closed_form(x):
    run = ideal(x).simulate_rare(20_000, seed=3)
    low, high = run.ber_interval(0.9999)
    assert low < 0.75 * q(x) + 0.5 * q(3 * x) - 0.25 * q(5 * x) < high
    low, high = run.ser_interval(0.9999)
    assert low < 1.5 * q(x) < high
    # A shifted Gaussian has a relative variance of 1.25 x a draw.
    assert run.relative_error < 1.5 * math.sqrt(1.25 * x / 20_000)
    assert run.effective_errors == pytest.approx(run.relative_error**-2)
    assert run.n_draws <= run.n_symbols
    assert 0 < run.n_errors < run.n_draws


@pytest.mark.parametrize("name", ll.presets.names())
def test_presets_agree_with_the_statistical_engine_as_they_are(name):
    lane = ll.presets.lane(name)
    if name == "cpo-nrz-wdm":
        # As it is it errs once in 1e74 bits, which says nothing.
        optics = lane.medium[1]
        noisy = optics.replace(tia=optics.tia.replace(noise_a_per_rthz=8 * optics.tia.noise_a_per_rthz))
        lane = lane.replace(medium=[lane.medium[0], noisy, lane.medium[2]])
    report, run = lane.analyze(), lane.simulate_rare(50_000)
    # 5 % for the bursts that the statistical engine draws and for noise by level beyond its words.
    assert abs(math.log(run.ber / report.ber)) < 0.05 + 4 * run.relative_error, (run, report.ber)
    # A ring's table folds words onto each other, which no one tilt reaches equally.
    assert run.relative_error < (0.15 if name == "cpo-dr1" else 0.05)


def test_the_seed_decides_and_threads_do_not():
    lane = ideal(5.0)
    one, two = (lane.simulate_rare(5_000, seed=4, threads=n) for n in (1, 2))
    assert (one.ber, one.relative_error, one.n_errors) == (two.ber, two.relative_error, two.n_errors)
    assert lane.simulate_rare(5_000, seed=5).ber != one.ber
    assert "RareSimulation ber=" in repr(one)
    told = []
    lane.simulate_rare(5_000, progress=lambda done, total: told.append((done, total)))
    assert told
    assert all(0 < done <= total for done, total in told)


@pytest.mark.parametrize("n_draws", [0, -1, 2**53 + 1])
def test_numbers_of_draws_outside_their_domain_are_refused(n_draws):
    with pytest.raises(ll.ParameterError) as error:
        ideal(5.0).simulate_rare(n_draws)
    assert error.value.name == "n_draws"


def test_wrong_types_and_confidences_are_refused():
    lane = ideal(5.0)
    with pytest.raises(TypeError, match="n_draws"):
        lane.simulate_rare(1.5)
    with pytest.raises(TypeError, match="progress"):
        lane.simulate_rare(progress=3)
    run = lane.simulate_rare(1000)
    for confidence in (0.0, 1.0, math.nan):
        with pytest.raises(ll.ParameterError):
            run.ber_interval(confidence)
    # Nothing disturbs it: no draw is an error, which says nothing of the ratio.
    still = ll.Lane().simulate_rare(400)
    assert still.ber == 0.0
    assert still.relative_error == math.inf
    assert still.ber_interval() == (0.0, 1.0)


LONG = {
    "analyze": "while True: ll.presets.lane('copper-kr1').analyze()",
    "simulate": "ll.presets.lane('copper-c2m').simulate(10**14)",
    "waveform": "ll.presets.lane('copper-c2m').simulate(10**14, mode='waveform')",
    "rare": "ll.presets.lane('copper-kr1').simulate_rare(10**14)",
}


@pytest.mark.parametrize("call", LONG)
def test_control_c_stops_long_calls(call):
    """The call ends although it would take hours; the timeout only keeps a call that does not from hanging."""
    script = f"""
        import os, signal, threading, time
        import lightlane as ll
        sent = []
        def send():
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)
        threading.Timer(1.5, send).start()
        try:
            {LONG[call]}
            print("finished")
        except KeyboardInterrupt:
            print("interrupted", time.monotonic() - sent[0])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.startswith("interrupted"), (done.stdout, done.stderr)
    assert done.returncode == 0
