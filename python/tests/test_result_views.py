"""Every result as a labelled dataset and as a card."""

import numpy as np
import pytest

import lightlane as ll


def noisy(**receiver):
    lane = ll.presets.lane("copper-kr1")
    noise_v2_per_hz = 4.0 * lane.receiver.noise_v2_per_hz
    return lane.replace(receiver=lane.receiver.replace(noise_v2_per_hz=noise_v2_per_hz, **receiver))


def test_rare_events():
    lane = noisy()
    run = lane.simulate_rare(2000)
    data = run.to_xarray()
    assert data.ratio.sel(of="bit") == run.ber
    assert data.ratio.sel(of="symbol") == run.ser
    assert (data.attrs["config_hash"], data.attrs["n_draws"]) == (lane.digest, run.n_draws)
    assert f"{run.ber:.3e}" in run._repr_html_()
    with pytest.raises(
        ll.ParameterError, match=r"n_draws = 1: must be at least 384: 64 for each of the 6 ways"
    ):
        lane.simulate_rare(1)


def test_an_adaptive_run_is_told_apart_from_a_fixed_one_and_from_another():
    lane = noisy()
    runs = [lane.simulate(4096, adapt=ll.Adaptation(step=step)) for step in (1e-4, 2e-4)]
    hashes = {run.to_xarray().attrs["config_hash"] for run in (*runs, lane.simulate(4096))}
    assert len(hashes) == 3
    adapted = runs[0].adapted
    data = adapted.to_xarray()
    np.testing.assert_array_equal(data.ffe, adapted.ffe)
    assert data.symbol[1] == adapted.trace_symbols
    assert data.attrs["config_hash"] == runs[0].to_xarray().attrs["config_hash"]
    assert data.attrs["seed"] == 1
    assert len(data.symbol) == len(adapted.error_rms_trace)
    assert f"{adapted.error_rms:.4g}" in adapted._repr_html_()


def test_sequence_detection():
    lane = noisy(mlsd=ll.Mlsd(whitening_taps=1))
    assert "MLSD" in lane._repr_html_()
    assert "DFE" not in lane._repr_html_()
    assert "DFE" in noisy()._repr_html_()
    found = lane.analyze().mlsd
    data = found.to_xarray()
    assert data.attrs["states"] == 16
    assert data.attrs["config_hash"] == lane.digest
    assert data.whitening[0] == 1.0
    assert data.feedback_v.sel(lag=1) == found.feedback_v[0]
    assert "16 states" in found._repr_html_()


def test_a_sequence_is_detected_behind_the_waveform():
    lane = noisy(mlsd=True)
    wave, baud = (lane.simulate(200_000, mode=mode) for mode in ("waveform", "baud"))
    assert wave.dfe.n_symbols == wave.n_symbols == 200_000
    assert wave.n_bit_errors < wave.dfe.n_bit_errors
    # Both counts have a few hundred errors in bursts of two.
    assert wave.ber == pytest.approx(baud.ber, rel=0.4)


def test_jitter_has_the_mask_of_the_standard():
    clock = ll.ClockRecovery(bandwidth_hz=40e6, latency_ui=8)
    lane = ll.presets.lane("copper-c2m")
    lane = lane.replace(receiver=lane.receiver.replace(clock_recovery=clock))
    found = lane.jitter_tolerance([12e6, 100e6], ber_limit=1e-2, n_symbols=20_000)
    # 0.05 UI peak to peak from 4 to 40 MHz, and nothing beyond.
    assert found.mask_ui[0] == pytest.approx(0.025)
    assert np.isnan(found.mask_ui[1])
    assert found.passes.tolist() == [True, True]
    data = found.to_xarray()
    assert data.passes.sel(frequency_hz=12e6)
    assert "draft" in data.attrs["mask"]
    assert (data.attrs["seed"], data.attrs["config_hash"]) == (1, lane.digest)
    assert "12 MHz" in found._repr_html_()
    assert "mask 0.025 UI" in found._repr_html_()
    transfer = lane.jitter_transfer(100e6, n_symbols=20_000, seed=2)
    assert transfer.to_xarray().attrs["config_hash"] == lane.digest
    assert transfer.to_xarray().attrs["seed"] == 2
    assert transfer.to_xarray().gain.sel(frequency_hz=100e6) == transfer.gain[0]
    assert "100 MHz" in transfer._repr_html_()
    with pytest.raises(
        ll.ParameterError, match=r"frequencies_hz = an array of shape \(1, 2\): must be a number or"
    ):
        lane.jitter_transfer([[1e6, 2e6]])
    with pytest.raises(ll.ParameterError, match=r"frequencies_hz\[1\] = 1: must be at least 2.125e4 Hz"):
        lane.jitter_tolerance([1e6, 1.0], ber_limit=1e-2)
    moving = ll.Jitter(sj_ui=0.02, sj_hz=100e6)
    moved = lane.replace(transmitter=lane.transmitter.replace(jitter=moving))
    run = moved.simulate(20_000, mode="waveform")
    assert run.clock.transfer == pytest.approx(transfer.gain[0], rel=0.1)
    assert lane.simulate(5_000, mode="waveform").clock.transfer is None


def test_fits_and_captured_eyes():
    fit = ll.DualDirac(rj_rms_ui=0.01, dj_dd_ui=0.1, centre_ui=0.0, lowest_ratio=1e-6, residual_ui=0.0)
    data = fit.to_xarray()
    assert data.tj_ui.sel(ber=1e-12, method="nearest") == pytest.approx(fit.tj_ui(1e-12))
    assert data.attrs["rj_rms_ui"] == 0.01
    assert "0.2407 UI" in fit._repr_html_()
    sent = np.random.default_rng(1).integers(0, 4, 2000)
    wave = ll.dsp.pulse_train(ll.patterns.levels(sent), [0.2, 0.7, 1.0, 0.7, 0.2, 0.0, 0.0, 0.0], 4)
    eye = ll.dsp.eye(wave, 4)
    data = eye.to_xarray()
    np.testing.assert_array_equal(data.counts, eye.counts)
    assert data.counts.dims == ("amplitude", "phase_ui")
    assert len(data.opening) == 3
    assert "captured eye" in eye._repr_html_()
