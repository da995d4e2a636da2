"""Sequence detection in lanes, and that a whitened detector is the most likely one, by exhaustion."""

import itertools

import numpy as np
import pytest

import lightlane as ll


def noisy(name="copper-kr1", factor=4.0, **changes):
    """Lane with noise that makes errors countable."""
    lane = ll.presets.lane(name)
    noise = factor * lane.receiver.noise_v2_per_hz
    return lane.replace(receiver=lane.receiver.replace(noise_v2_per_hz=noise, **changes))


def test_whitened_detection_is_the_most_likely_sequence():
    """Exhaustion over every sequence with the full covariance, no trellis and no filter in it."""
    rng = np.random.default_rng(4)
    n, rho, a, sigma = 6, 0.7, 0.8, 0.3
    levels = np.array([-1, -1 / 3, 1 / 3, 1])
    sequences = np.array(list(itertools.product(range(4), repeat=n)))
    # n[k] = rho n[k-1] + white from nothing before the record, as the symbols.
    colour = np.linalg.inv(np.eye(n) - rho * np.eye(n, k=-1))
    channel = np.eye(n) + a * np.eye(n, k=-1)
    weight = np.linalg.inv(sigma**2 * colour @ colour.T)
    noiseless = levels[sequences] @ channel.T
    whitened_response = np.convolve([1, a], [1, -rho])
    differs = 0
    for _ in range(300):
        y = levels[rng.integers(0, 4, n)] @ channel.T + sigma * colour @ rng.standard_normal(n)
        error = y - noiseless
        likely = sequences[np.argmin(np.einsum("ij,jk,ik->i", error, weight, error))]
        whitened = np.convolve(y, [1, -rho])[:n]
        assert ll.dsp.mlsd(whitened, whitened_response).tolist() == likely.tolist()
        differs += ll.dsp.mlsd(y, [1, a]).tolist() != likely.tolist()
    # Without the filter the metric is another one.
    assert differs > 30


@pytest.mark.parametrize("mlsd", [True, ll.Mlsd(whitening_taps=1)])
def test_a_lane_detects_sequences_and_says_what_feedback_does(mlsd):
    lane = noisy(mlsd=mlsd)
    report, plain = lane.analyze(), noisy().analyze()
    assert (report.ber_kind, plain.ber_kind, plain.mlsd) == ("bound", "model", None)
    assert report.mlsd.dfe_ber == plain.ber
    assert report.ber <= plain.ber
    assert report.mlsd.states == 4 ** (1 + len(report.mlsd.whitening) - 1)
    assert report.energy_j_per_bit.value > plain.energy_j_per_bit.value
    count = lane.simulate(1_000_000)
    assert count.agrees_with(report)
    assert count.dfe.agrees_with(report)
    assert count.n_symbol_errors < count.dfe.n_symbol_errors
    same = noisy().simulate(1_000_000)
    assert same.dfe is None
    assert same.n_symbol_errors == count.dfe.n_symbol_errors
    assert ll.Lane.from_toml(lane.to_toml()) == lane
    again = report.lane.simulate(100_000, threads=1)
    assert again.n_bit_errors == lane.simulate(100_000, threads=2).n_bit_errors


def test_what_has_no_trellis_is_refused_when_built():
    with pytest.raises(ll.ParameterError, match=r"mlsd = 4\^4 states: must be at most 64"):
        ll.Receiver(dfe=ll.Dfe(taps=3), mlsd=ll.Mlsd(whitening_taps=1))
    with pytest.raises(ll.ParameterError, match=r"dfe.taps = 0: must be 1 to 3"):
        ll.Receiver(mlsd=True)
    assert ll.Receiver().mlsd is False
