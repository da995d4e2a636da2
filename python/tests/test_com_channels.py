"""The inputs of a channel operating margin: kinds of networks, lane maps, and what is wrong with files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skrf

import lightlane as ll
from lightlane._cli import main

CONFIG = ll.ComConfig.named("802.3ck-c2c@4.50").replace({"z_p select": 1})
FIXED = {"ctle_gdc_db": -4.0, "ctle_gdc2_db": -1.0, "tx_ffe": {-1: -0.1}}
FREQ_HZ = np.arange(0, 6001) * 10e6


def com(thru: Any, **arguments: Any) -> ll.Com:
    return ll.com(thru, fixed_equalizer=FIXED, **{"config": CONFIG, **arguments})


@pytest.fixture(scope="module")
def thru() -> ll.Network:
    return ll.Trace(length_m=0.15).network(FREQ_HZ)


@pytest.fixture(scope="module")
def aggressor(thru: ll.Network) -> ll.Network:
    """Crosstalk of 1 %, its right side the thru's right side, its left side a better match."""
    s = np.array(thru.s)
    s[:, 0, 1] *= 0.01
    s[:, 1, 0] *= 0.01
    s[:, 0, 0] = 0.3 * s[:, 0, 0] + 0.05
    return ll.Network(thru.freq_hz, s, thru.z0_ohm)


@pytest.fixture(scope="module")
def base(thru: ll.Network, aggressor: ll.Network) -> ll.Com:
    return com(thru, fext=[aggressor], next=[aggressor, aggressor])


def named(found: ll.Com, what: str) -> list[str]:
    return [warning for warning in found.warnings if what in warning]


def test_files_networks_and_scikit_rf_give_the_same(
    tmp_path: Path, thru: ll.Network, aggressor: ll.Network, base: ll.Com
) -> None:
    thru.write(tmp_path / "thru.s2p")
    other = skrf.Network(f=aggressor.freq_hz, f_unit="Hz", s=aggressor.s, z0=aggressor.z0_ohm)
    found = com(str(tmp_path / "thru.s2p"), fext=(n for n in [other]), next=[aggressor, other])
    # A file keeps 1e-12 of each number.
    assert found.com_db == pytest.approx(base.com_db, abs=1e-9)
    assert found.noise_budget["crosstalk"] > 0


@pytest.fixture(scope="module")
def whole(thru: ll.Network, aggressor: ll.Network) -> ll.Network:
    """Three lanes in one file: ports 1, 2 to 7, 8, aggressors at 3, 4 (far) and 5, 6 (near)."""
    # Single-ended ports: pair p of a differential port d is d's parameters on both legs, common mode matched.
    ports = {"tx": (1, 2), "rx": (7, 8), "far": (3, 4), "near": (5, 6)}
    s = np.zeros((len(FREQ_HZ), 8, 8), complex)

    def couple(a: str, b: str, sab: Any) -> None:
        for i in (0, 1):
            for j in (0, 1):
                sign = 0.5 if i == j else -0.5
                s[:, ports[a][i] - 1, ports[b][j] - 1] = sign * sab

    couple("tx", "tx", thru.s[:, 0, 0])
    couple("rx", "rx", thru.s[:, 1, 1])
    couple("rx", "tx", thru.s[:, 1, 0])
    couple("tx", "rx", thru.s[:, 0, 1])
    for side in ("far", "near"):
        couple(side, side, aggressor.s[:, 0, 0])
        couple("rx", side, aggressor.s[:, 1, 0])
        couple(side, "rx", aggressor.s[:, 0, 1])
    return ll.Network(FREQ_HZ, s, z0_ohm=50.0)


def test_lanes_of_one_file_are_found_by_a_map(whole: ll.Network, base: ll.Com) -> None:
    near = ((5, 6), (7, 8))
    lane_map = {"thru": ((1, 2), (7, 8)), "fext": [((3, 4), (7, 8))], "next": [near, near]}
    assert com(whole, lane_map=lane_map).com_db == pytest.approx(base.com_db, abs=1e-9)


def test_the_command_line_takes_a_lane_map(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], whole: ll.Network
) -> None:
    file, config = str(tmp_path / "whole.s8p"), str(tmp_path / "one.toml")
    whole.write(file)
    places = [p for p in range(-6, 4) if p != 0]
    one = CONFIG.replace({"g_DC": -4, "g_DC_HP": -1, **{f"c({p})": -0.1 if p == -1 else 0 for p in places}})
    one.write(config)
    lanes = ["--lane-map", "thru=1,2:7,8", "--lane-map", "fext=3,4:7,8", "--lane-map", "next=5,6:7,8"]
    main(["com", file, "--config", config, "--json", *lanes])
    lane_map = {"thru": ((1, 2), (7, 8)), "fext": [((3, 4), (7, 8))], "next": [((5, 6), (7, 8))]}
    expected = ll.com(whole, lane_map=lane_map, config=one)
    # A file keeps 1e-12 of each number.
    assert json.loads(capsys.readouterr().out)["com_db"] == pytest.approx(expected.com_db, abs=1e-9)
    for wrong, told in [
        ("thr=1,2:7,8", "thru=, fext= or next="),
        ("thru=1,2", "1,3:2,4"),
        ("next=5,6:7,8", "victim"),
    ]:
        assert main(["com", file, "--config", config, "--lane-map", wrong]) == 2
        assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lane_map", "message"),
    [
        ({"thruu": ((1, 2), (3, 4))}, "did you mean 'thru'"),
        ({"fext": []}, "lane_map.thru: must be given"),
        ({"thru": ((1, 2), (2, 3))}, "four different ports of 1 to 8"),
        ({"thru": ((1, 2), (3, 9))}, "four different ports of 1 to 8"),
        ({"thru": ((1, 2), (3, 4.5))}, "four different ports of 1 to 8"),
        ({"thru": ((1, 2), (3, 4)), "next": [5]}, "lane_map.next.0 = 5"),
    ],
)
def test_a_wrong_lane_map_is_named(lane_map: dict[str, Any], message: str) -> None:
    whole = ll.Network(FREQ_HZ, np.zeros((len(FREQ_HZ), 8, 8)))
    with pytest.raises(ll.ParameterError) as error:
        com(whole, lane_map=lane_map)
    assert message in str(error.value)
    with pytest.raises(TypeError, match=r"lane_map\.next = 5: must be a list of pairs of pairs"):
        com(whole, lane_map={"thru": ((1, 2), (3, 4)), "next": 5})
    with pytest.raises(ll.ParameterError, match=r"ports of thru = 8: must be 4, or 2"):
        com(whole)


def test_an_aggressor_turned_around_is_named(thru: ll.Network, aggressor: ll.Network, base: ll.Com) -> None:
    assert not named(base, "turned around")
    turned = ll.Network(thru.freq_hz, np.array(aggressor.s)[:, ::-1, ::-1], thru.z0_ohm)
    found = com(thru, fext=[aggressor, turned], next=[turned])
    assert [w.split(":")[0] for w in named(found, "turned around")] == ["fext.1", "next.0"]


def test_a_thru_among_the_aggressors_is_named(thru: ll.Network, aggressor: ll.Network) -> None:
    found = com(aggressor, fext=[thru])
    assert [w.split(":")[0] for w in named(found, "exchanged")] == ["fext.0"]


def test_swapped_legs_are_refused(thru: ll.Network) -> None:
    s = np.array(thru.s)
    s[:, 0, 1] *= -1
    s[:, 1, 0] *= -1
    with pytest.raises(ll.ParameterError, match="legs of one side are swapped"):
        com(ll.Network(thru.freq_hz, s, thru.z0_ohm))


def test_what_files_lack_is_named(thru: ll.Network) -> None:
    s, f = np.array(thru.s), thru.freq_hz
    short = com(ll.Network(f[:2001], s[:2001], thru.z0_ohm))
    assert named(short, "ends at 20000000000 Hz, below half the symbol rate")
    assert named(short, "ICN and ILD are taken up to there")
    assert np.isnan(short.losses.nyquist_loss_db)  # type: ignore[union-attr]
    no_dc = com(ll.Network(f[5:], s[5:], thru.z0_ohm))
    assert named(no_dc, "no point at 0 Hz")
    kept = np.r_[0:3000, 3000:6001:2]
    assert named(com(ll.Network(f[kept], s[kept], thru.z0_ohm)), "not equidistant")
    active = s.copy()
    active[1000, 1, 0] *= 2.0
    assert named(com(ll.Network(f, active, thru.z0_ohm)), "not passive")
    one_way = s.copy()
    one_way[:, 0, 1] *= 0.5
    assert named(com(ll.Network(f, one_way, thru.z0_ohm)), "not reciprocal")


def test_port_order_is_followed_and_a_contradiction_named() -> None:
    line = ll.Trace(length_m=0.1).network(FREQ_HZ)
    s = np.zeros((len(FREQ_HZ), 4, 4), complex)
    # 1 to 3 and 2 to 4: not the order of COM.
    for a, b in ((0, 2), (1, 3)):
        s[:, a, a], s[:, b, b] = line.s[:, 0, 0], line.s[:, 1, 1]
        s[:, b, a], s[:, a, b] = line.s[:, 1, 0], line.s[:, 0, 1]
    network = ll.Network(FREQ_HZ, s, z0_ohm=50.0)
    guessed = com(network)
    given = com(network, config=CONFIG.replace({"Port Order": "[1 2 3 4]"}))
    assert given.com_db == guessed.com_db
    assert not named(given, "Port Order")
    with pytest.raises(ll.ParameterError, match="Port Order"):
        com(network, config=CONFIG.replace({"Port Order": "[1 2 2 4]"}))


def test_without_force_tr_there_is_no_transmitter_filter(thru: ll.Network, base: ll.Com) -> None:
    found = com(thru, config=CONFIG.replace({"FORCE_TR": 0}))
    assert named(found, "FORCE_TR")
    assert not named(base, "FORCE_TR")
    # The filter takes signal away.
    assert found.signal_v > com(thru).signal_v


def test_points_too_far_apart_for_their_phase_are_named() -> None:
    # 1.8 ns of delay turn the phase by a quarter within 140 MHz.
    def line(step_hz: float) -> ll.Network:
        return ll.Trace(length_m=0.3).network(np.arange(0, 60e9, step_hz))

    assert not named(com(line(50e6)), "too far apart")
    assert named(com(line(200e6)), "thru: points are too far apart for their phase from 200000000 Hz on")
