"""Annex 178A at draft D3.3: golden values, invariants, the search."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lightlane as ll

DIE = "[4e-5 9e-5 1.1e-4; 4e-5 9e-5 1.1e-4]"

# 200GBASE-KR1 with package A2, as PyChOpMarg's ieee_8023dj_d3p3 has it.
KEYWORDS: dict[str, Any] = {
    "release": "d3.3",
    "f_b": 106.25,
    "Delta_f": 0.01,
    "DER_0": 2e-4,
    "T_r": 0.004,
    "R_LM": 0.95,
    "A_v": 0.385,
    "A_fe": 0.385,
    "A_ne": 0.481,
    "A_DD": 0.02,
    "sigma_RJ": 0.01,
    "SNR_TX": 33.5,
    "eta_0": 7.5e-9,
    "f_r": 0.55,
    "R_d": 46.25,
    "C_d": DIE,
    "L_s": "[0.13 0.15 0.14; 0.13 0.15 0.14]",
    "C_b": 3e-5,
    "C_p": 4e-5,
    "package_tl_gamma0_a1_a2": "[5e-4 8.9e-4 2e-4]",
    "package_Z_c": "[87.5 87.5; 92.5 92.5]",
    "z_p (TX)": "[12; 1.8]",
    "z_p (RX)": "[12; 1.8]",
    "z_p (FEXT)": "[12; 1.8]",
    "z_p (NEXT)": "[12; 1.8]",
    "f_z": 42.5,
    "f_p1": 42.5,
    "f_p2": 106.25,
    "f_HP_PZ": 1.328125,
    "g_DC": "[-20:1:0]",
    "g_DC_HP": "[-6:1:0]",
    "c(0)": 0.54,
    "c(-2)": "[0:0.02:0.14]",
    "c(-1)": "[-0.34:0.02:0]",
    "c(1)": "[-0.2:0.02:0]",
    "N_b": 1,
    "b_max(1)": 0.85,
    "b_min(1)": 0,
    "ffe_pre_tap_len": 6,
    "ffe_post_tap_len": 8,
    "ffe_pre_tap1_max": 0.7,
    "ffe_post_tap1_max": 0.7,
    "ffe_tapn_max": 0.7,
    "N_bg": 2,
    "N_bf": 4,
    "N_f": 80,
    "bmaxg": 0.05,
    "N_qb": 6,
    "P_qc": 1e-7,
    "MLSD": 1,
    "add_rx_noise": 3,
}
FREQ_HZ = np.arange(6701) * 10e6
FIXED = {"ctle_gdc_db": -4.0, "ctle_gdc2_db": -1.0, "tx_ffe": {-1: -0.06}}


def network(name: str, path: str = "thru") -> ll.Network:
    n = ll.Synthetic(recipe=name, path=path).network(FREQ_HZ).differential()
    return ll.Network(n.freq_hz[1:], n.s[1:], n.z0_ohm)


@pytest.fixture(scope="module")
def thru() -> ll.Network:
    return network("synthetic-c2m-16db")


@pytest.fixture(scope="module")
def found(thru: ll.Network) -> ll.Com:
    return ll.com(thru, config=KEYWORDS, fixed_equalizer=FIXED)


# channel, aggressors, g_DC, g_DC_HP, transmitter taps; COM_DFE, MLSD gain, FOM, dB. From PyChOpMarg 3.4.0 on Touchstone
# files of the same networks: benches/rivals/com.py prints them.
GOLDEN: list[tuple[str, tuple[str, ...], float, float, dict[int, float], float, float, float]] = [
    ("synthetic-c2c-4db", (), 0.0, 0.0, {}, 5.5309, 0.6137, 16.2892),
    ("synthetic-c2m-16db", ("fext1", "next1"), -4.0, -1.0, {-1: -0.06}, 4.8812, 1.2333, 15.5718),
    (
        "synthetic-kr-28db",
        ("fext1", "fext2", "next1"),
        -10.0,
        -2.0,
        {-2: 0.02, -1: -0.1},
        2.3723,
        1.2966,
        13.1878,
    ),
    (
        "synthetic-kr-40db",
        ("fext1", "next1"),
        -14.0,
        -3.0,
        {-2: 0.04, -1: -0.16, 1: -0.02},
        -1.8754,
        0.4650,
        9.0319,
    ),
]


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda g: g[0])
def test_synthetic_channels_have_the_margin_of_pychopmarg(golden: Any) -> None:
    name, aggressors, gdc, gdc2, taps, com_dfe_db, gain_db, fom_db = golden
    c = ll.com(
        network(name),
        fext=[network(name, a) for a in aggressors if a[0] == "f"],
        next=[network(name, a) for a in aggressors if a[0] == "n"],
        config=KEYWORDS,
        fixed_equalizer={"ctle_gdc_db": gdc, "ctle_gdc2_db": gdc2, "tx_ffe": taps},
    )
    # The contract of the mode. A bin of 10 µV alone is up to 0.02 dB of COM.
    assert c.com_dfe_db == pytest.approx(com_dfe_db, abs=0.1)
    assert c.mlsd_gain_db == pytest.approx(max(gain_db, 0.0), abs=0.15)
    # Its search takes the quantizer's step from a grid of 2,001 points, up to 0.6 % too large.
    assert c.fom_db == pytest.approx(fom_db, abs=0.03)


def test_the_figures_belong_together(found: ll.Com) -> None:
    assert found.release == "d3.3"
    assert found.com_dfe_db == pytest.approx(20 * np.log10(found.signal_v / found.noise_v), abs=1e-12)
    assert found.com_db == found.com_dfe_db + found.mlsd_gain_db
    assert found.noise_budget["quantizer"] > 0
    equalizer = found.equalizer
    assert len(equalizer.rx_ffe) == 87
    assert equalizer.rx_ffe_pre == 6
    assert equalizer.rx_ffe[6] == 1.0
    # Two groups of four at most, and within their limit.
    floating = np.array(equalizer.rx_ffe[15:])
    assert 0 < np.count_nonzero(floating) <= 8
    assert np.max(np.abs(floating)) <= 0.05 * (1 + 1e-12)
    assert np.max(np.abs(np.delete(equalizer.rx_ffe[:15], 6))) <= 0.7 * (1 + 1e-12)
    assert 0 <= equalizer.dfe[0] <= 0.85


def test_what_is_found_gives_the_same_when_fixed(thru: ll.Network, found: ll.Com) -> None:
    again = ll.com(thru, config=KEYWORDS, fixed_equalizer=found.equalizer)
    # The taps, divided by the main one and scaled back, differ in their last bits; A_ni is a whole number of bins.
    assert again.com_db == pytest.approx(found.com_db, abs=1e-9)
    assert again.fom_db == pytest.approx(found.fom_db, abs=1e-9)
    assert again.equalizer.sampling_offset == found.equalizer.sampling_offset


def test_a_sampling_time_beside_the_best_is_worse(thru: ll.Network, found: ll.Com) -> None:
    for offset in (-8, 8):
        fixed = FIXED | {"sampling_offset": offset}
        assert ll.com(thru, config=KEYWORDS, fixed_equalizer=fixed).fom_db < found.fom_db


def test_floating_taps_and_quantizer_count(thru: ll.Network, found: ll.Com) -> None:
    plain = ll.com(thru, config=KEYWORDS | {"N_bg": 0}, fixed_equalizer=FIXED)
    assert len(plain.equalizer.rx_ffe) == 15
    assert plain.fom_db < found.fom_db
    exact = ll.com(thru, config=KEYWORDS | {"N_qb": 0}, fixed_equalizer=FIXED)
    assert exact.noise_budget["quantizer"] == 0
    assert exact.com_dfe_db > found.com_dfe_db + 0.1
    assert ll.com(thru, config=KEYWORDS | {"MLSD": 0}, fixed_equalizer=FIXED).mlsd_gain_db == 0


@pytest.mark.parametrize("name", ["synthetic-c2c-4db", "synthetic-c2m-16db", "synthetic-kr-28db"])
def test_the_adaptive_search_finds_what_the_whole_grid_holds(name: str) -> None:
    reduced = KEYWORDS | {
        "g_DC": "[-14:2:0]",
        "g_DC_HP": "[-4:2:0]",
        "c(-2)": "[0:0.04:0.08]",
        "c(-1)": "[-0.24:0.04:0]",
        "c(1)": "[-0.12:0.04:0]",
    }
    thru, fext = network(name), [network(name, "fext1")] if name != "synthetic-c2c-4db" else []
    whole = ll.com(thru, fext=fext, config=reduced | {"Local Search": 0})
    adaptive = ll.com(thru, fext=fext, config=reduced)
    assert adaptive.n_candidates < whole.n_candidates
    assert adaptive.fom_db == whole.fom_db
    assert adaptive.equalizer == whole.equalizer
    # The trace of the whole grid has every CTLE setting, and the best of them is the result.
    assert len(whole.trace) == 24
    assert max(step["fom_db"] for step in whole.trace) == whole.fom_db
    assert max(step["fom_db"] for step in adaptive.trace) == whole.fom_db


def test_pulse_and_distribution_are_those_of_the_figures(found: ll.Com) -> None:
    pulse, noise = found.pulse, found.noise
    cursor = pulse.equalized_v[pulse.symbol_ui == 0]
    assert cursor == pytest.approx([found.signal_v * 3 / 0.95], rel=1e-12)
    left = pulse.equalized_v[pulse.symbol_ui != 0]
    isi_v = float(np.sqrt(5 / 9 * np.sum(left**2)))
    assert isi_v == pytest.approx(found.noise_budget["isi"], rel=1e-9)
    assert noise.probability.sum() == pytest.approx(1, abs=1e-9)
    variance = float(noise.probability @ noise.voltage_v**2)
    # Samples below a thousandth of A_s are left out, uniforms have a whole number of bins.
    assert variance == pytest.approx(sum(v**2 for v in found.noise_budget.values()), rel=1e-2)
    assert found.der(found.com_dfe_db) >= found.target_der
    bin_db = 20 * np.log10(1 + (noise.voltage_v[1] - noise.voltage_v[0]) / found.noise_v)
    assert found.der(found.com_dfe_db - 1.01 * bin_db) < found.target_der
    assert {"pulse_v", "probability"} < set(found.to_xarray())
    assert found.plot.margin().get_ylabel() == "detector error ratio"


def test_almost_no_noise_leaves_every_figure_finite(thru: ll.Network) -> None:
    quiet = {"eta_0": 1e-16, "SNR_TX": 150, "A_DD": 0, "sigma_RJ": 0, "N_qb": 0, "DER_0": 1e-15}
    c = ll.com(thru, config=KEYWORDS | quiet, fixed_equalizer=FIXED)
    assert c.mlsd_gain_db >= 0
    assert np.isfinite([c.com_db, c.noise_v, c.fom_db]).all()


def test_erl_follows_its_keywords_by_these_rules_too(thru: ll.Network) -> None:
    erl = {"TDR": 1, "ERL": 1, "TR_TDR": 0.01, "N": 800, "N_bx": 21, "rho_x": 0.618, "Z_t": 50}
    c = ll.com(thru, config=KEYWORDS | erl, fixed_equalizer=FIXED)
    assert c.erl_db == min(r.erl_db for r in c.reflections)
    assert 5 < c.erl_db < 60


def test_threads_change_nothing(thru: ll.Network) -> None:
    reduced = KEYWORDS | {"g_DC": "[-8:4:0]", "g_DC_HP": 0, "c(-2)": 0, "c(-1)": "[-0.1:0.02:0]", "c(1)": 0}
    figures = [ll.com(thru, config=reduced, threads=n).figures() for n in (1, 3)]
    assert figures[0] == figures[1]


@settings(max_examples=8, deadline=None)
@given(
    worse=st.sampled_from(
        [("eta_0", 3.0), ("SNR_TX", 0.85), ("A_DD", 2.0), ("sigma_RJ", 2.5), ("R_LM", 0.9), ("DER_0", 0.1)]
    ),
    gdc=st.sampled_from([-8.0, -4.0, 0.0]),
    pre=st.sampled_from([-0.12, -0.06, 0.0]),
)
def test_more_noise_costs_margin(worse: tuple[str, float], gdc: float, pre: float) -> None:
    name, factor = worse
    thru = network("synthetic-c2m-16db")
    fixed = {"ctle_gdc_db": gdc, "ctle_gdc2_db": -1.0, "tx_ffe": {-1: pre}}
    base = ll.com(thru, config=KEYWORDS, fixed_equalizer=fixed)
    less = ll.com(thru, config=KEYWORDS | {name: KEYWORDS[name] * factor}, fixed_equalizer=fixed)
    assert base.mlsd_gain_db >= 0
    assert less.mlsd_gain_db >= 0
    assert less.com_dfe_db < base.com_dfe_db


def test_crosstalk_and_loss_cost_margin(thru: ll.Network, found: ll.Com) -> None:
    margins = [found.com_dfe_db]
    for strength in (0.02, 0.05):
        weak = ll.Network(thru.freq_hz, strength * thru.s, thru.z0_ohm)
        margins.append(ll.com(thru, fext=[weak], config=KEYWORDS, fixed_equalizer=FIXED).com_dfe_db)
    assert margins == sorted(margins, reverse=True)
    longer = thru.cascade(ll.Trace(length_m=0.05).network(np.asarray(thru.freq_hz)))
    assert ll.com(longer, config=KEYWORDS, fixed_equalizer=FIXED).com_db < found.com_db


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"N_b": 2, "b_max(2..N_b)": 0.1, "b_min(2..N_b)": 0}, "N_b = 2"),
        ({"N_f": 12}, "N_f = 12"),
        ({"ffe_tapn_max": 2}, "ffe_tapn_max = 2"),
        ({"MLSD": 2}, "MLSD = 2"),
        ({"N_qb": 0.5}, "N_qb = 0.5"),
        ({"Local Search": -1}, "Local Search = -1"),
        ({"release": "d3.4"}, '"d3.3"'),
    ],
)
def test_bad_keywords_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ll.ParameterError) as caught:
        ll.ComConfig(KEYWORDS | change)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("fixed", "message"),
    [
        ({"rx_ffe": [0.1, 1.0], "rx_ffe_pre": 0}, r"rx_ffe\[0\] = 0.1"),
        ({"rx_ffe": [0.1, 1.0], "rx_ffe_pre": 2}, "rx_ffe_pre = 2"),
        ({"rx_ffe": [1.0] * 88, "rx_ffe_pre": 0}, "88 taps"),
        ({"rx_ffe_pre": 3}, "rx_ffe_pre = 3"),
        ({"rx_ffe_pre": -1}, "rx_ffe_pre = -1"),
        ({"dfe": [0.1, 0.1]}, "N_b = 1"),
        ({"sampling_offset": 1 << 20}, "sampling_offset"),
    ],
)
def test_bad_settings_are_named(thru: ll.Network, fixed: dict[str, Any], message: str) -> None:
    with pytest.raises(ll.ParameterError, match=message):
        ll.com(thru, config=KEYWORDS, fixed_equalizer=FIXED | fixed)
