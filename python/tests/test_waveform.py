"""The waveform mode of a simulation, from Python."""

import numpy as np
import pytest

import lightlane as ll


def noisy(**changes):
    """Copper with noise that makes errors countable and no feedback."""
    lane = ll.presets.lane("copper-c2m")
    noise = 60.0 * lane.receiver.noise_v2_per_hz
    return lane.replace(receiver=lane.receiver.replace(noise_v2_per_hz=noise, dfe=None, **changes))


def test_the_waveform_agrees_with_the_statistical_engine_and_has_an_eye():
    lane = noisy()
    report = lane.analyze()
    count = lane.simulate(100_000, mode="waveform", samples_per_symbol=16)
    assert count.agrees_with(report, confidence=0.9999)
    assert (count.mode, count.clock, count.n_clipped) == ("waveform", None, 0)
    eye = count.eye
    assert eye.density.shape == (len(eye.voltage_v), len(eye.phase_ui)) == (256, 16)
    width_v = eye.voltage_v[1] - eye.voltage_v[0]
    centre = eye.density[:, np.flatnonzero(eye.phase_ui == 0.0)[0]]
    # All but the samples beyond two outer levels.
    assert centre.sum() * width_v == pytest.approx(1.0, abs=1e-3)
    # The mean square at the sampling instant is that of levels and budget; 3 % is several deviations of 1e5 samples.
    wanted = np.mean(report.levels_v**2) + sum(v**2 for v in report.noise_budget.values())
    measured = np.sum(centre * eye.voltage_v**2) * width_v
    assert measured == pytest.approx(wanted, rel=0.03)
    axes = count.plot.eye()
    assert axes.get_xlabel() == "sampling phase (UI)"


def test_the_same_seed_gives_the_same_errors_on_any_number_of_threads():
    lane = noisy(adc_bits=6, adc=ll.Adc(interleave=4, gain_mismatch=0.01))
    one, two = (lane.simulate(20_000, mode="waveform", seed=3, threads=n) for n in (1, 2))
    assert one.n_bit_errors == two.n_bit_errors > 0
    np.testing.assert_array_equal(one.eye.density, two.eye.density)


def test_clock_recovery_locks_and_is_reported():
    clock = ll.ClockRecovery(bandwidth_hz=40e6, latency_ui=32, start_ui=0.1)
    count = noisy(clock_recovery=clock).simulate(20_000, mode="waveform")
    assert abs(count.clock.lock_phase_ui) < 0.25
    assert count.clock.n_slips == 0
    assert count.settling_symbols > count.clock.time_to_lock >= 0


def test_light_is_simulated_at_32_samples_a_symbol():
    count = ll.presets.lane("cpo-dr1").simulate(5000, mode="waveform", samples_per_symbol=32)
    assert count.eye.density.shape == (256, 32)
    # The preset meets its limit before the code, a few errors in 1e4 bits at most.
    assert count.n_bit_errors < 20


def test_a_transmitter_of_another_frequency_is_followed():
    clock = ll.ClockRecovery(bandwidth_hz=40e6, latency_ui=32)
    lane = noisy(clock_recovery=clock)
    moving = ll.Jitter(frequency_offset_ppm=-100.0, ssc_ppm=200.0, ssc_hz=100e3)
    found = lane.replace(transmitter=lane.transmitter.replace(jitter=moving)).simulate(
        100_000, mode="waveform"
    )
    still = lane.simulate(100_000, mode="waveform")
    assert found.clock.n_slips == 0
    assert found.clock.lock_phase_ui == pytest.approx(still.clock.lock_phase_ui, abs=0.02)
    without = noisy()
    with pytest.raises(ll.ParameterError) as error:
        without.replace(transmitter=without.transmitter.replace(jitter=moving)).simulate(100, mode="waveform")
    assert error.value.name == "transmitter.jitter.frequency_offset_ppm"
    with pytest.raises(ll.ParameterError) as error:
        without.replace(transmitter=without.transmitter.replace(jitter=moving)).analyze()
    assert error.value.name == "transmitter.jitter.frequency_offset_ppm"


def test_jitter_is_followed_and_tolerated_as_the_loop_allows():
    lane = noisy(clock_recovery=ll.ClockRecovery(bandwidth_hz=20e6, latency_ui=16))
    transfer = lane.jitter_transfer([5e6, 100e6], n_symbols=50_000)
    # Adapted taps bend the detector's slope by about a tenth, and the loop has a latency.
    np.testing.assert_allclose(transfer.gain, transfer.model, rtol=0.2)
    tolerance = lane.jitter_tolerance([5e6, 100e6], ber_limit=2e-3, n_symbols=50_000)
    assert tolerance.amplitude_ui[0] > 1.5 * tolerance.amplitude_ui[1] > 0.03
    with pytest.raises(ll.ParameterError) as error:
        noisy().jitter_tolerance([5e6], ber_limit=2e-3)
    assert error.value.name == "receiver.clock_recovery"
    with pytest.raises(ll.ParameterError) as error:
        lane.jitter_tolerance([5e6], ber_limit=1e-12)
    assert error.value.name == "ber_limit"


def test_what_only_the_waveform_has_is_refused_elsewhere():
    lane = noisy(clock_recovery=ll.ClockRecovery())
    with pytest.raises(ll.ParameterError) as error:
        lane.analyze()
    assert error.value.name == "receiver.clock_recovery"
    with pytest.raises(ll.ParameterError) as error:
        lane.simulate(1000)
    assert error.value.name == "receiver.clock_recovery"


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"mode": "wave"}, "mode"),
        ({"samples_per_symbol": 32}, "samples_per_symbol"),
        ({"mode": "waveform", "samples_per_symbol": 3}, "samples_per_symbol"),
        ({"mode": "waveform", "samples_per_symbol": -1}, "samples_per_symbol"),
        ({"mode": "waveform", "n_symbols": 0}, "n_symbols"),
    ],
)
def test_bad_arguments_are_named(arguments, name):
    with pytest.raises(ll.ParameterError) as error:
        ll.Lane().simulate(**{"n_symbols": 100, **arguments})
    assert error.value.name == name


def test_a_baud_run_has_no_eye():
    with pytest.raises(ll.ParameterError) as error:
        _ = ll.Lane().simulate(100).eye
    assert error.value.name == "mode"
