"""One margin for both worlds: the operating margin of copper and of light."""

from __future__ import annotations

import numpy as np
import pytest

import lightlane as ll

LANES = ("copper-c2m", "cpo-dr1")


@pytest.fixture(scope="module", params=LANES)
def report(request: pytest.FixtureRequest) -> ll.LaneReport:
    return ll.presets.lane(request.param).analyze()


def test_the_margin_is_that_of_its_signal_and_noise(report: ll.LaneReport) -> None:
    m = report.operating_margin()
    assert m.der == pytest.approx(report.ber_limit / 0.75, rel=1e-12)
    assert m.com_dfe_db == pytest.approx(20 * np.log10(m.signal_v / m.noise_v), abs=1e-9)
    assert m.com_db == m.com_dfe_db + m.mlsd_gain_db
    distances = [
        abs(report.levels_v[level] - threshold)
        for k, threshold in enumerate(report.thresholds_v)
        for level in (k, k + 1)
    ]
    # The mean distance of levels and thresholds; levels_v are the same means from the model's moments.
    assert m.signal_v == pytest.approx(np.mean(distances), rel=1e-3)


def test_it_agrees_with_the_analysis_on_which_side_of_its_limit_a_lane_is(report: ll.LaneReport) -> None:
    m = report.operating_margin()
    # One bit an edge: the error ratio with correct feedback, but for errors by two levels.
    assert 0.75 * m.edge_ratio == pytest.approx(report.ber_ideal_feedback, rel=1e-3)
    assert (m.com_dfe_db >= 0) == (report.ber_ideal_feedback <= report.ber_limit)
    # At the error ratio that it has, a lane has no margin.
    assert report.operating_margin(m.edge_ratio).com_dfe_db == pytest.approx(0, abs=1e-6)
    if report.mlsd is None and m.com_dfe_db > 0:
        # Interference grows with the noise here, and is held there.
        assert m.com_dfe_db <= report.margin_db + 1e-6


def test_a_stricter_error_ratio_leaves_less(report: ll.LaneReport) -> None:
    margins = [report.operating_margin(der).com_db for der in (1e-3, 1e-4, 1e-6, 1e-9)]
    assert margins == sorted(margins, reverse=True)
    for bad in (0.0, 0.5 + 1e-9, -1.0, float("nan")):
        with pytest.raises(ll.ParameterError, match="der"):
            report.operating_margin(bad)


@pytest.mark.parametrize("name", LANES)
def test_a_bit_true_run_has_the_margin_within_its_interval(name: str) -> None:
    lane = ll.presets.lane(name)
    report = lane.analyze()
    # No feedback, whose propagated errors are not in the margin, as they are not in Annex 93A; and noise enough for
    # errors to count.
    receiver = lane.receiver.replace(
        dfe=None, mlsd=False, noise_v2_per_hz=100 * lane.receiver.noise_v2_per_hz
    )
    lane = lane.replace(receiver=receiver)
    report = lane.analyze()
    run = lane.simulate(n_symbols=400_000, seed=3)
    low, high = run.ber_interval(0.999)
    assert run.n_bit_errors > 100
    at_low, at_high = (report.operating_margin(ber / 0.75).com_dfe_db for ber in (low, high))
    assert at_low <= 0 <= at_high
