"""What a call cannot honour it refuses by name, instead of leaving it out in silence."""

import numpy as np
import pytest

import lightlane as ll


def copper(*, jitter=None, **receiver):
    lane = ll.presets.lane("copper-kr1")
    lane = lane.replace(receiver=lane.receiver.replace(**receiver))
    return lane.replace(transmitter=lane.transmitter.replace(jitter=jitter)) if jitter else lane


def test_rare_draws_know_no_sequence_detector():
    with pytest.raises(ll.ParameterError, match=r"receiver.mlsd = true: must be false in simulate_rare"):
        copper(mlsd=True).simulate_rare(1000)


def test_a_sequence_detector_knows_no_more_even_odd_jitter_than_is_verified():
    lane = copper(mlsd=True, jitter=ll.Jitter(rj_ui=0.01, dcd_ui=0.06))
    for call in (lane.analyze, lambda: lane.simulate(1000)):
        with pytest.raises(
            ll.ParameterError, match=r"transmitter.jitter.dcd_ui = 0.06: must be at most 0.05 where"
        ):
            call()


def test_even_odd_jitter_before_feedback_needs_no_warning():
    report = copper(jitter=ll.Jitter(dcd_ui=0.08)).analyze()
    assert not any("dcd_ui" in warning for warning in report.warnings)


def test_adaptation_has_thresholds_of_its_own():
    adapt = ll.Adaptation(step=1e-4)
    with pytest.raises(ll.ParameterError, match=r"receiver.thresholds_v = \[-0.1, 0.0, 0.1\]: must be None"):
        copper(thresholds_v=(-0.1, 0.0, 0.1)).simulate(1000, adapt=adapt)
    # Those that an analysis settled with its taps go with them.
    assert copper().analyze().lane.simulate(5000, adapt=adapt).n_symbols == 5000


@pytest.mark.parametrize("threads", [-1, 0, 100_000, 1.5, "two"])
def test_threads_are_checked_in_every_mode(threads):
    lane = ll.Lane(receiver=ll.Receiver(noise_v2_per_hz=1e-16, bandwidth_hz=50e9, ffe=ll.Ffe(pre=1, post=1)))
    clocked = lane.replace(receiver=lane.receiver.replace(clock_recovery=ll.ClockRecovery()))
    for call in (
        lambda: lane.analyze(threads=threads),
        lambda: lane.simulate(1000, threads=threads),
        lambda: lane.simulate(1000, threads=threads, mode="waveform"),
        lambda: lane.simulate(1000, threads=threads, adapt=ll.Adaptation(step=1e-4)),
        lambda: lane.simulate_rare(1000, threads=threads),
        lambda: clocked.jitter_tolerance([1e6], ber_limit=1e-2, threads=threads),
    ):
        with pytest.raises((ll.ParameterError, TypeError), match="threads"):
            call()


@pytest.mark.parametrize("n_symbols", [0, 2**53 + 1])
def test_jitter_is_measured_over_at_least_one_symbol(n_symbols):
    lane = ll.presets.lane("copper-c2m")
    lane = lane.replace(receiver=lane.receiver.replace(clock_recovery=ll.ClockRecovery()))
    for call in (
        lambda: lane.jitter_tolerance([1e6], ber_limit=1e-2, n_symbols=n_symbols),
        lambda: lane.jitter_transfer([1e6], n_symbols=n_symbols),
    ):
        with pytest.raises(ll.ParameterError, match=r"n_symbols = \d+: must be between 1 and 2\^53"):
            call()


def captured():
    sent = np.random.default_rng(1).integers(0, 4, 2000)
    pulse = [0.2, 0.7, 1.0, 0.7, 0.2, 0.0, 0.0, 0.0]
    return sent, ll.dsp.pulse_train(ll.patterns.levels(sent), pulse, 4)


def test_an_inverted_capture_is_named():
    sent, wave = captured()
    assert np.all(np.diff(ll.dsp.eye(wave, 4, symbols=sent).levels) > 0)
    for call in (ll.dsp.eye, ll.dsp.bathtub):
        with pytest.raises(ll.ParameterError, match="inverted"):
            call(-wave, 4, symbols=sent)


@pytest.mark.parametrize(
    "spoil", [lambda w: w + 0j, lambda w: w.reshape(2, -1), lambda w: w * 1e300, lambda w: ["a"]]
)
def test_what_is_no_record_of_real_numbers_is_refused(spoil):
    sent, wave = captured()
    for call in (lambda w: ll.dsp.eye(w, 4, symbols=sent), ll.dsp.dual_dirac):
        with pytest.raises((ll.ParameterError, TypeError), match=r"samples|times_ui"):
            call(spoil(wave.astype(float)))


def test_flanks_of_one_ratio_are_no_fit():
    phase = np.linspace(-0.5, 0.5, 9)
    ber = np.array([0.3, 1e-4, 1e-4, 0.0, 0.0, 0.0, 1e-4, 1e-4, 0.3])
    tub = ll.Bathtub(phase, ber, np.array([0.0]), np.array([[0.0]]))
    with pytest.raises(ll.ParameterError, match="two different ratios"):
        tub.dual_dirac(highest=1e-3)
    with pytest.raises(ll.ParameterError, match=r"highest = 0.3: must be above 0 and at most 0.25"):
        ll.dsp.dual_dirac(np.random.default_rng(1).standard_normal(10_000), highest=0.3)
