"""Reflections and other wavelengths from Python."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lightlane as ll


def _lane(**changes: object) -> ll.Lane:
    lane = ll.presets.lane("cpo-dr1-mzm")
    medium = [block.replace(**changes) if isinstance(block, ll.Optics) else block for block in lane.medium]
    return lane.replace(medium=medium)


def _path(reflectance_db: float) -> list[object]:
    end = ll.Connector(loss_db=0.25, reflectance_db=reflectance_db)
    return [end, ll.Fiber(length_m=500.0), end]


def test_an_echo_is_in_the_budget_and_costs_margin() -> None:
    reports = {db: _lane(path=_path(db)).analyze() for db in (-math.inf, -60.0, -30.0, -24.0)}
    assert "mpi" not in reports[-math.inf].noise_budget
    # One pair, rms of 2 x P cos(theta): a factor of 4 in the reflectance is one in the rms.
    ratio = reports[-24.0].noise_budget["mpi"] / reports[-30.0].noise_budget["mpi"]
    assert ratio == pytest.approx(10**0.6, rel=1e-3)
    margins = [reports[db].margin_db for db in (-math.inf, -60.0, -30.0, -24.0)]
    assert margins == sorted(margins, reverse=True)
    assert margins[0] - margins[1] < 1e-3 < margins[0] - margins[3]


def test_counts_have_the_echo_too() -> None:
    lane = _lane(path=_path(-20.0))
    optics = next(block for block in lane.medium if isinstance(block, ll.Optics))
    tia = optics.tia.replace(noise_a_per_rthz=11 * optics.tia.noise_a_per_rthz)
    lane = _lane(path=_path(-20.0), tia=tia)
    report = lane.analyze()
    assert 1e-5 < report.ber < 0.1
    for mode in ("baud", "waveform"):
        count = lane.simulate(300_000, mode=mode)
        # 5 % for bursts that are drawn; the interval allows for errors that cluster.
        low, high = count.ber_interval(0.9999)
        assert 0.9 * low < report.ber < 1.1 * high, mode


def test_echo_amplitudes_of_a_path() -> None:
    optics = ll.Optics(path=[*_path(-30.0), ll.Connector(loss_db=1.0, reflectance_db=-40.0)])
    x = optics.echo_amplitudes()
    # 500 m at 0.35 dB/km between the first two, and a connector of 0.25 dB more to the third.
    exact = 10 ** (-0.1 * np.array([30.0 + 0.175, 35.0 + 0.425, 35.0]))
    assert x == pytest.approx(exact, rel=1e-9)


def test_connectors_carry_a_distribution() -> None:
    mpo = ll.Connector(loss_mean_db=0.25, loss_97_db=0.75)
    draws = mpo.loss_quantile_db((np.arange(20_000) + 0.5) / 20_000)
    # The tail beyond the last of them holds a thousandth of the mean.
    assert draws.mean() == pytest.approx(0.25, rel=2e-3)
    with pytest.raises(ll.ParameterError, match="loss_mean_db"):
        ll.Connector().loss_quantile_db(0.5)
    with pytest.raises(ll.ParameterError, match="loss_97_db = None"):
        ll.Connector(loss_mean_db=0.2)
    with pytest.raises(ll.ParameterError, match="reflectance_db = 26"):
        ll.Connector(reflectance_db=26.0)


def test_neighbours_and_coherent_leakage_cost_margin() -> None:
    alone = _lane().analyze()
    grid = _lane(wavelengths=ll.Wavelengths(count=3, isolation_db=22.0)).analyze()
    assert "crosstalk" in grid.noise_budget
    assert grid.margin_db < alone.margin_db
    leak = _lane(wavelengths=ll.Wavelengths(count=1, same_wavelength_isolation_db=32.0)).analyze()
    assert "leakage" in leak.noise_budget
    assert leak.margin_db < alone.margin_db
    with pytest.raises(ll.ParameterError, match="count = 0"):
        ll.Wavelengths(count=0)


def test_reflectance_survives_a_round_trip() -> None:
    for db in (-35.0, -math.inf):
        lane = _lane(path=_path(db))
        assert ll.Lane.from_toml(lane.to_toml()) == lane
