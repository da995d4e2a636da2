"""Channel operating margin: the call, its arguments, the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lightlane as ll
from lightlane._cli import main

SHARED = Path(__file__).parents[3] / "shared"

KEYWORDS: dict[str, Any] = {
    "f_b": 53.125,
    "DER_0": 1e-4,
    "T_r": 0.0075,
    "FORCE_TR": 1,
    "f_r": 0.75,
    "R_LM": 0.95,
    "A_v": 0.413,
    "A_fe": 0.413,
    "A_ne": 0.608,
    "A_DD": 0.02,
    "sigma_RJ": 0.01,
    "SNR_TX": 33,
    "eta_0": 8.2e-9,
    "R_d": "[50 50]",
    "C_d": "[1.2e-4 1.2e-4]",
    "L_s": "[0.12, 0.12]",
    "C_b": "[0.3e-4 0.3e-4]",
    "C_p": "[0.87e-4 0.87e-4]",
    "package_tl_gamma0_a1_a2": "[0 0.0009909 0.0002772]",
    "package_Z_c": "[87.5 87.5; 92.5 92.5]",
    "z_p select": "[1 2]",
    "z_p (TX)": "[12 31; 1.8 1.8]",
    "z_p (RX)": "[12 29; 1.8 1.8]",
    "z_p (FEXT)": "[12 31; 1.8 1.8]",
    "z_p (NEXT)": "[12 29; 1.8 1.8]",
    "c(0)": 0.54,
    "c(-1)": "[-0.2:0.1:0]",
    "c(-2)": [0, 0.04],
    "g_DC": "[-6:3:0]",
    "g_DC_HP": "[-2 -1]",
    "f_z": 21.25,
    "f_p1": 21.25,
    "f_p2": 53.125,
    "f_HP_PZ": 0.6640625,
    "N_b": 12,
    "b_max(1)": 0.85,
    "b_max(2..N_b)": "[0.3 0.2*ones(1,5) 0.1*ones(1,5)]",
    "b_min(1)": 0.3,
    "b_min(2..N_b)": "[0.05 -0.03*ones(1,10)]",
}


@pytest.fixture(scope="module")
def thru() -> ll.Network:
    """A trace of 200 mm, as a differential two-port."""
    return ll.Trace(length_m=0.2).network(np.arange(1, 6001) * 10e6)


@pytest.fixture(scope="module")
def found(thru: ll.Network) -> ll.Com:
    return ll.com(thru, config=KEYWORDS)


def test_the_worst_case_is_reported(found: ll.Com) -> None:
    assert len(found.cases) == 2
    assert found.com_db == min(case.com_db for case in found.cases)
    assert found.com_db == pytest.approx(20 * np.log10(found.signal_v / found.noise_v), abs=1e-12)
    assert found.veo_v == pytest.approx(2 * (found.signal_v - found.noise_v), rel=1e-12)
    assert found.passed == (found.com_db >= 3)
    assert found.n_candidates == 36
    assert any("extrapolated" in w for w in found.warnings)


def test_the_figure_of_merit_is_that_of_the_budget(found: ll.Com) -> None:
    total = sum(v**2 for v in found.noise_budget.values())
    assert found.fom_db == pytest.approx(10 * np.log10(found.signal_v**2 / total), abs=1e-9)


def test_what_is_found_gives_the_same_when_fixed(thru: ll.Network, found: ll.Com) -> None:
    case = found.cases.index(min(found.cases, key=lambda c: c.com_db)) + 1
    again = ll.com(thru, config=KEYWORDS | {"z_p select": case}, fixed_equalizer=found.equalizer)
    assert again.com_db == found.com_db
    assert again.equalizer.tx_ffe == found.equalizer["tx_ffe"]


def test_threads_change_nothing(thru: ll.Network, found: ll.Com) -> None:
    assert ll.com(thru, config=KEYWORDS, threads=1).figures() == found.figures()


def test_more_jitter_noise_and_crosstalk_cost_margin(thru: ll.Network, found: ll.Com) -> None:
    fixed = dict(found.equalizer)
    base = ll.com(thru, config=KEYWORDS, fixed_equalizer=fixed).com_db
    for worse in ({"A_DD": 0.04}, {"eta_0": 8.2e-8}, {"SNR_TX": 27}, {"DER_0": 1e-6}):
        assert ll.com(thru, config=KEYWORDS | worse, fixed_equalizer=fixed).com_db < base - 0.05
    weak = ll.Network(thru.freq_hz, 0.05 * thru.s, thru.z0_ohm)
    assert ll.com(thru, fext=[weak], config=KEYWORDS, fixed_equalizer=fixed).com_db < base - 0.05


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"SNR_TXX": 33}, 'did you mean "SNR_TX"'),
        ({"g_DC": "[0:"}, "g_DC = "),
        ({"N_bg": 3}, "N_f = 12"),
        ({"ffe_pre_tap_len": 6}, "ffe_pre_tap_len = 6"),
        ({"z_p select": 3}, "z_p select = 3"),
        ({"b_max(2..N_b)": "[0.1 0.1]"}, "b_max"),
        ({"release": "5.0"}, "release"),
        ({"DER_0": 0}, "DER_0 = 0"),
    ],
)
def test_bad_keywords_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ll.ParameterError) as caught:
        ll.ComConfig(KEYWORDS | change)
    assert message in str(caught.value)


def test_bad_settings_and_channels_are_named(thru: ll.Network) -> None:
    with pytest.raises(ll.ParameterError, match="ctle_gdc_db"):
        ll.com(thru, config=KEYWORDS, fixed_equalizer={"ctle_gdc": 0})
    with pytest.raises(ll.ParameterError, match="N_b = 12"):
        ll.com(thru, config=KEYWORDS, fixed_equalizer={"dfe": [0.5]})
    with pytest.raises(ll.ParameterError, match="swapped"):
        ll.com(ll.Network(thru.freq_hz, -thru.s, thru.z0_ohm), config=KEYWORDS)
    with pytest.raises(ValueError, match="before its cause"):
        ll.com(ll.Network(thru.freq_hz, thru.s.conj(), thru.z0_ohm), config=KEYWORDS)
    with pytest.raises(ValueError, match="at least 52"):
        ll.com(ll.Network(thru.freq_hz[:20], thru.s[:20], thru.z0_ohm), config=KEYWORDS)
    with pytest.raises(TypeError, match="fext"):
        ll.com(thru, fext="fext.s4p", config=KEYWORDS)


def test_the_command_prints_json_and_tells_by_its_status(
    tmp_path: Path, thru: ll.Network, found: ll.Com, capsys: pytest.CaptureFixture[str]
) -> None:
    file, config = tmp_path / "thru.s2p", tmp_path / "keywords.json"
    thru.write(file)
    config.write_text(json.dumps(KEYWORDS))
    status = main(["com", str(file), "--config", str(config), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["com_db"] == pytest.approx(found.com_db, abs=1e-9)
    assert status == (0 if told["passed"] else 1)
    config.write_text(json.dumps(KEYWORDS | {"COM Pass threshold": 60}))
    assert main(["com", str(file), "--config", str(config)]) == 1
    assert "fails 60" in capsys.readouterr().out
    config.write_text(json.dumps({"f_bb": 1}))
    assert main(["com", str(file), "--config", str(config)]) == 2
    told_error = capsys.readouterr()
    assert told_error.out == ""
    assert told_error.err.count("\n") == 1


def test_release_4_50_is_matched_through_the_command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    reference = SHARED / "reference" / "c2c_12db.json"
    if not reference.exists():
        pytest.skip(f"{reference} is absent")
    data = json.loads(reference.read_text())
    config = tmp_path / "keywords.json"
    config.write_text(json.dumps(data["configs"]["cfgKR100"]["keywords"]))
    thru = SHARED / "channels" / data["thru"]
    assert main(["com", str(thru), "--config", str(config), "--json"]) == 0
    expected = next(e for e in data["com"] if e["config"] == "cfgKR100")["results"]["COM_dB"]
    # The contract of a searched value.
    assert json.loads(capsys.readouterr().out)["com_db"] == pytest.approx(expected, abs=0.05)
