"""Equalizers that adapt while a lane runs."""

import numpy as np
import pytest

import lightlane as ll


@pytest.fixture(scope="module")
def lane():
    """Copper with noise that makes errors countable and taps without limits."""
    lane = ll.presets.lane("copper-c2m")
    return lane.replace(
        receiver=lane.receiver.replace(
            noise_v2_per_hz=60.0 * lane.receiver.noise_v2_per_hz,
            # Taps after the main one could do the feedback's work, and only noise tells the two apart.
            ffe=ll.Ffe(pre=5, post=0),
            dfe=ll.Dfe(taps=1, limit=float("inf")),
        )
    )


def test_taps_converge_to_the_closed_form_and_are_exported(lane):
    report = lane.analyze()
    adaptation = ll.Adaptation(start="wire", step=3e-4, training_symbols=150_000)
    run = lane.simulate(200_000, adapt=adaptation)
    # Gradient noise leaves taps within about sqrt(step mse) of the optimum.
    assert np.abs(run.adapted.ffe - report.equalizer.ffe).max() < 0.006
    assert np.abs(run.adapted.dfe - report.equalizer.dfe).max() < 0.006
    trace = run.adapted.error_rms_trace
    assert len(trace) == 200_000 // run.adapted.trace_symbols
    assert trace[0] > 1.5 * trace[-1]
    learnt = lane.replace(receiver=run.adapted.receiver)
    np.testing.assert_array_equal(learnt.analyze().equalizer.ffe, run.adapted.ffe)
    assert run.agrees_with(learnt.analyze())
    with pytest.raises(AttributeError):
        run.adapted.error_rms = 0.0
    with pytest.raises(ValueError, match="read-only"):
        run.adapted.ffe[0] = 0.0


def test_a_waveform_teaches_the_same_taps_behind_its_clock(lane):
    clocked = lane.replace(receiver=lane.receiver.replace(clock_recovery=ll.ClockRecovery()))
    adaptation = ll.Adaptation(start="wire", step=1e-3, training_symbols=60_000, settling_symbols=10_000)
    run = clocked.simulate(50_000, mode="waveform", samples_per_symbol=8, adapt=adaptation)
    assert run.mode == "waveform"
    assert run.clock.n_slips == 0
    assert run.settling_symbols == 70_000
    assert len(run.adapted.error_rms_trace) == 70_000 // 1024
    assert run.adapted.error_rms_trace[0] > 1.5 * run.adapted.error_rms
    # The taps are those of the instant at which the clock locks, not of the one that an analysis takes.
    learnt = clocked.replace(receiver=run.adapted.receiver)
    assert learnt.receiver.clock_recovery == ll.ClockRecovery()
    fixed = learnt.simulate(50_000, mode="waveform", samples_per_symbol=8)
    # Levels decided midway, gradient noise, and some hundred errors.
    assert 0.6 < run.ber / fixed.ber < 1.6
    # An eye as large as that of the fixed taps, V rms at the instant of the decision.
    rms = [
        float(np.sqrt((e.density[:, 4] @ e.voltage_v**2) / e.density[:, 4].sum()))
        for e in (run.eye, fixed.eye)
    ]
    assert rms[0] == pytest.approx(rms[1], rel=0.03)


def test_divergence_and_wrong_arguments_are_named(lane):
    with pytest.raises(ll.ConvergenceError, match=r"adaptation of the receiver: error of symbol"):
        lane.simulate(1000, adapt=ll.Adaptation(step=5.0))
    with pytest.raises(TypeError, match="adapt"):
        lane.simulate(1000, adapt=0.1)
    with pytest.raises(ll.ConvergenceError, match=r"adaptation of the receiver: error of symbol"):
        lane.simulate(1000, mode="waveform", samples_per_symbol=8, adapt=ll.Adaptation(step=5.0))
    clocked = lane.replace(receiver=lane.receiver.replace(clock_recovery=ll.ClockRecovery()))
    with pytest.raises(ll.ParameterError, match="clock_recovery"):
        clocked.simulate(1000, adapt=ll.Adaptation())
    with pytest.raises(ll.ParameterError, match="algorithm"):
        ll.Adaptation(algorithm="rls")


def test_floating_taps_of_captured_samples():
    pulse = np.zeros(31)
    pulse[[0, 1, 14, 30]] = 1.0, 0.2, 0.1, -0.12
    best = ll.dsp.mmse(
        pulse, [1e-4], 3, 0, 0, 5 / 9, delay=0, floating_groups=2, floating_taps=2, floating_span_ui=40
    )
    assert {14, 30} < set(best.positions)
    assert len(best.positions) == 7
    # Least squares over the same taps, all in numpy, from columns of the convolution.
    columns = np.array([np.convolve(pulse, np.eye(1, 60, p)[0])[:90] for p in best.positions]).T
    matrix = 5 / 9 * columns.T @ columns + 1e-4 * np.eye(7)
    taps = np.linalg.solve(matrix, 5 / 9 * columns[0])
    np.testing.assert_allclose(best.ffe[list(best.positions)], taps, atol=1e-9)
    symbols = np.random.default_rng(1).integers(0, 4, 60_000)
    samples = ll.dsp.pulse_train(ll.patterns.levels(symbols), pulse, samples_per_symbol=1)
    wire = ll.dsp.LmsEqualizer(len(best.ffe), 0, dfe_taps=0, step=3e-3, positions=best.positions)
    run = wire.run(samples, symbols, len(symbols))
    np.testing.assert_allclose(run.ffe, best.ffe, atol=0.01)
    outside = np.setdiff1d(np.arange(len(best.ffe)), best.positions)
    assert not run.ffe[outside].any()
    with pytest.raises(ll.ParameterError, match=r"positions\[1\] = 99"):
        ll.dsp.LmsEqualizer(4, 0, positions=(0, 99))
