"""Lanes against the numpy oracle, which shares nothing with the package but the lane's configuration.

The oracle sends random symbols as an oversampled waveform, filters, samples and decides them, and counts. What is taken
from the report is what the lane was resolved to: equalizer, sampling phase and thresholds. It is the gate for slips
that both engines would share: a one-sided density taken as two-sided, a peak for an rms, the noise of the decided
symbol alone.
"""

import numpy as np
import pytest
from oracle import copper, counting, optical

import lightlane as ll

N_SYMBOLS = 60_000
# The engine's own error: bursts drawn to 1 or 2 %, jitter taken along the slope of the waveform. The counting error
# stands in the interval.
MODEL = 0.05


def with_noise(lane, factor):
    return lane.replace(
        receiver=lane.receiver.replace(noise_v2_per_hz=lane.receiver.noise_v2_per_hz * factor)
    )


def with_optics(lane, change):
    blocks = [change(block) if isinstance(block, ll.Optics) else block for block in lane.medium]
    return lane.replace(medium=blocks)


def agrees(report, outcome):
    low, high = counting.interval(outcome.bit_errors, 2, 0.9999)
    counted = outcome.bit_errors.sum() / (2 * len(outcome.sent))
    assert outcome.bit_errors.sum() > 100, counted
    assert low < report.ber * (1 + MODEL), f"predicted {report.ber:.3e}, counted {counted:.3e}"
    assert report.ber * (1 - MODEL) < high, f"predicted {report.ber:.3e}, counted {counted:.3e}"
    # Sharper than the count: the rms of what lies between the slicer's input and its level, where the feedback (one
    # tap) was right. Its own spread is 1/sqrt(2 N), 0.3 %.
    sigma = np.sqrt(sum(v**2 for v in report.noise_budget.values()))
    right = np.roll(outcome.symbol_errors == 0, 1)
    found = np.sqrt(np.mean((outcome.z - report.levels_v[outcome.sent])[right] ** 2))
    assert found == pytest.approx(sigma, rel=0.02), "rms of the disturbance at the slicer"


def four_port(block):
    freq_hz = np.arange(0.0, 110e9 + 1e6, 50e6)
    network = block.network(freq_hz)
    return copper.FourPort(freq_hz, np.asarray(network.s), ((1, 3), (2, 4)))


@pytest.mark.parametrize("model", ["com", "edge"])
def test_a_copper_lane(model: str) -> None:
    lane = ll.presets.lane("copper-c2m")
    jitter = lane.transmitter.jitter.replace(model=model)
    lane = lane.replace(crosstalk_phase=0.3, transmitter=lane.transmitter.replace(jitter=jitter))
    report = with_noise(lane, 110.0).analyze()
    channels = {"thru": four_port(lane.medium[1])}
    channels |= {i: four_port(a.channel) for i, a in enumerate(lane.aggressors)}
    agrees(
        report,
        copper.simulate(report.lane, report.equalizer, report.thresholds_v, channels, N_SYMBOLS, seed=5),
    )


@pytest.mark.parametrize("name", ["cpo-dr1-mzm", "cpo-dr1"])
@pytest.mark.parametrize("source", ["thermal", "rin"])
def test_an_optical_lane(source: str, name: str) -> None:
    lane = ll.presets.lane(name)
    if source == "thermal":
        lane = with_optics(
            lane, lambda o: o.replace(tia=o.tia.replace(noise_a_per_rthz=10 * o.tia.noise_a_per_rthz))
        )
    else:
        lane = with_optics(
            lane, lambda o: o.replace(laser=o.laser.replace(rin_per_hz=14 * o.laser.rin_per_hz))
        )
    report = lane.analyze()
    agrees(report, optical.simulate(report.lane, report.equalizer, report.thresholds_v, N_SYMBOLS, seed=6))


@pytest.mark.parametrize("feedback", [True, False])
def test_an_optical_lane_with_reflections(feedback: bool) -> None:
    # Connectors of -18 dB and thermal noise: the echoes are as fields in the oracle, delayed by parts of a symbol too,
    # and their own power is not left out.
    lane = ll.presets.lane("cpo-dr1")
    mated = ll.Connector(reflectance_db=-18.0)

    def change(optics):
        path = [mated if isinstance(part, ll.Connector) else part for part in optics.path]
        tia = optics.tia.replace(noise_a_per_rthz=6 * optics.tia.noise_a_per_rthz)
        return optics.replace(path=[*path, mated], tia=tia)

    lane = with_optics(lane, change)
    if not feedback:
        lane = lane.replace(receiver=lane.receiver.replace(dfe=None))
    report = lane.analyze()
    assert report.noise_budget["mpi"] > 0.4 * report.noise_budget["tia"]
    agrees(report, optical.simulate(report.lane, report.equalizer, report.thresholds_v, N_SYMBOLS, seed=6))
