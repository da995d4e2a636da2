"""What a channel operating margin tells beside the margin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lightlane as ll
from lightlane._cli import main

FREQ_HZ = np.arange(0, 6001) * 10e6
FIXED = {"ctle_gdc_db": -4.0, "ctle_gdc2_db": -1.0, "tx_ffe": {-1: -0.1}}


def config(name: str = "802.3ck-c2c@4.50", **changes: Any) -> ll.ComConfig:
    return ll.ComConfig.named(name).replace({"z_p select": 1, **changes})


@pytest.fixture(scope="module")
def thru() -> ll.Network:
    return ll.Trace(length_m=0.15).network(FREQ_HZ)


@pytest.fixture(scope="module")
def found(thru: ll.Network) -> ll.Com:
    return ll.com(thru, config=ll.ComConfig.named("802.3ck-c2c@4.50"), fixed_equalizer=FIXED)


def test_the_error_ratio_at_the_margin_is_der_0(found: ll.Com) -> None:
    for case in found.cases:
        # One bin lower DER_0 is not reached yet.
        assert case.der(case.com_db) >= 1e-5
        bin_db = 20 * np.log10(1 + (case.noise.voltage_v[1] - case.noise.voltage_v[0]) / case.noise_v)
        assert case.der(case.com_db - 1.01 * bin_db) < 1e-5
    assert np.all(np.diff(found.der(np.linspace(0, 10, 50))) >= 0)


def test_the_distribution_has_the_variance_of_the_budget(found: ll.Com) -> None:
    noise = found.noise
    assert noise.probability.sum() == pytest.approx(1, abs=1e-12)
    variance = float(noise.probability @ noise.voltage_v**2)
    # Interference and jitter below a bin of 10 uV are left out.
    assert variance == pytest.approx(sum(v**2 for v in found.noise_budget.values()), rel=1e-2)


def test_the_pulse_has_its_cursor_and_the_dfe_its_effect(found: ll.Com) -> None:
    pulse = found.pulse
    cursor = pulse.v[pulse.time_ui == 0][0]
    assert cursor == pytest.approx(found.signal_v * 3 / 0.95, rel=1e-12)
    assert pulse.equalized_v[pulse.symbol_ui == 0] == pytest.approx([cursor])
    one_later = pulse.v[pulse.time_ui == 1][0] - found.equalizer.dfe[0] * cursor
    assert pulse.equalized_v[pulse.symbol_ui == 1] == pytest.approx([one_later], abs=1e-15)


def test_a_mismatched_line_has_the_impedance_and_erl_of_theory(thru: ll.Network) -> None:
    # A matched line of 1 ns with a reflection of 5 % behind it, from both sides.
    delay = np.exp(-2j * np.pi * FREQ_HZ * 1e-9)
    s = np.zeros((len(FREQ_HZ), 2, 2), complex)
    s[:, 1, 0] = s[:, 0, 1] = np.sqrt(1 - 0.05**2) * delay
    s[:, 0, 0], s[:, 1, 1] = 0.05 * delay**2, -0.05
    rules = {"ERL": 1, "TDR": 1, "N": 400, "N_bx": 4, "rho_x": 0.5, "beta_x": 0, "Tukey_Window": 1}
    c = ll.com(ll.Network(FREQ_HZ, s, 100.0), config=config(**rules), fixed_equalizer=FIXED)
    left, right = c.reflections
    late = np.searchsorted(left.time_s, 2.5e-9)
    # (1 + 0.05)/(1 - 0.05) of 100 ohm, and its inverse.
    assert left.impedance_ohm[late] == pytest.approx(110.5, abs=0.1)
    assert left.impedance_ohm[np.searchsorted(left.time_s, 1e-9)] == pytest.approx(100, abs=0.1)
    # After its last reflection the profile ends.
    assert right.impedance_ohm[-1] == pytest.approx(90.5, abs=0.1)
    # One reflection of 5 % a symbol, spread by the edge over a second one: at DER_0 both have their outer level.
    assert left.erl_db == pytest.approx(-20 * np.log10(0.05), abs=0.3)
    # At the port, within the window, G_rr = 0.75 exp(-(x - 5)^2/25) is 0.28 to 0.40 in the first symbol: 8 to 11 dB.
    assert left.erl_db + 7 < right.erl_db < left.erl_db + 12
    assert c.erl_db == left.erl_db


def test_the_time_window_and_the_fixture_gate_reflections(thru: ll.Network) -> None:
    delay = np.exp(-2j * np.pi * FREQ_HZ * 1e-9)
    s = np.zeros((len(FREQ_HZ), 2, 2), complex)
    s[:, 1, 0] = s[:, 0, 1] = 0.9 * delay
    s[:, 0, 0], s[:, 1, 1] = 0.05 * delay**2, 0.01
    network = ll.Network(FREQ_HZ, s, 100.0)

    def erl(**rules: Any) -> float:
        keywords = {"ERL": 1, "TDR": 1, "N": 400, "N_bx": 0, **rules}
        found = ll.com(network, config=config(**keywords), fixed_equalizer=FIXED)
        return found.reflections[0].erl_db

    # The reflection comes after 2 ns, 106 UI: a window of 50 UI does not see it, a fixture of 3 ns hides it.
    assert erl() < 30
    assert erl(N=50) > 40
    assert erl(**{"fixture delay time": [3e-9, 0]}) > 40


def test_a_loss_of_the_fitted_form_has_no_deviation() -> None:
    f = FREQ_HZ / 1e9
    loss_db = 0.2 + 0.9 * np.sqrt(f) + 0.15 * f + 2e-3 * f**2
    s = np.zeros((len(FREQ_HZ), 2, 2), complex)
    s[:, 1, 0] = s[:, 0, 1] = 10 ** (-loss_db / 20) * np.exp(-2j * np.pi * FREQ_HZ * 0.5e-9)
    network = ll.Network(FREQ_HZ, s, 100.0)
    c = ll.com(network, config=config(), fixed_equalizer=FIXED)
    assert c.fom_ild_db < 1e-9
    assert c.icn_v == 0
    assert c.losses is not None
    assert c.losses.nyquist_loss_db == pytest.approx(np.interp(26.5625, f, loss_db), abs=1e-6)
    # Crosstalk at -40 dB over the whole band, integrated by hand.
    flat = np.zeros_like(s)
    flat[:, 1, 0] = flat[:, 0, 1] = 0.01 * np.exp(-2j * np.pi * FREQ_HZ * 0.5e-9)
    c = ll.com(network, next=[ll.Network(FREQ_HZ, flat, 100.0)], config=config(), fixed_equalizer=FIXED)
    f = np.arange(5, 4001) * 10e6
    rate, corner = 53.125e9, 0.5935686274509804 * 53.125e9
    weight = np.sinc(f / rate) ** 2 / (1 + (f / corner) ** 4) / (1 + (f / (0.75 * rate)) ** 8)
    icn = np.sqrt(2 * 10e6 / 40e9 * np.sum(weight * (0.6 * 0.01) ** 2))
    assert c.icn_v == pytest.approx(icn, rel=1e-9)
    # Half the points above 20 GHz: each stands for its own step. The sums differ by half a step at the corners.
    thin = np.r_[0:2000, 2000:6001:2]
    networks = [ll.Network(FREQ_HZ[thin], v[thin], 100.0) for v in (s, flat)]
    thinned = ll.com(networks[0], next=networks[1:], config=config(), fixed_equalizer=FIXED)
    assert thinned.icn_v == pytest.approx(icn, rel=1e-3)


def test_a_limit_on_the_tail_is_none_of_the_draft() -> None:
    with pytest.raises(ll.ParameterError, match="N_tail_start = 5: must be 0"):
        ll.ComConfig.named("802.3dj-kr1@d3.3").replace({"N_tail_start": 5})


def test_host_boards_cost_margin_and_are_lines(thru: ll.Network) -> None:
    board = {"Include PCB": 1, "board_Z_c": 100, "C_0": 0, "C_1": 0}
    plain = ll.com(thru, config=config(), fixed_equalizer=FIXED)
    no_length = {f"z_bp ({end})": 0 for end in ("TX", "RX", "FEXT", "NEXT")}
    none = ll.com(thru, config=config(**board, **no_length), fixed_equalizer=FIXED)
    assert none.com_db == pytest.approx(plain.com_db, abs=1e-9)
    long = ll.com(thru, config=config(**board), fixed_equalizer=FIXED)
    right_only = ll.com(thru, config=config(**board | {"Include PCB": 2}), fixed_equalizer=FIXED)
    assert long.com_db < right_only.com_db < plain.com_db


def test_floating_taps_take_late_reflections_away(thru: ll.Network) -> None:
    # An echo of 3 % after 20 UI.
    echo = 1 + 0.03 * np.exp(-2j * np.pi * FREQ_HZ * 20 / 53.125e9)
    s = np.where(np.eye(2, dtype=bool), thru.s, np.array(thru.s) * echo[:, None, None])
    network = ll.Network(FREQ_HZ, s, 100.0)
    plain = ll.com(network, config=config(), fixed_equalizer=FIXED)
    floats = {"N_bg": 1, "N_bf": 3, "N_f": 40, "bmaxg": 0.05}
    floating = ll.com(network, config=config(**floats), fixed_equalizer=FIXED)
    assert floating.com_db > plain.com_db + 0.1
    taps = np.flatnonzero(floating.equalizer.dfe[6:]) + 7
    assert len(floating.equalizer.dfe) == 40
    assert 20 in taps
    limited = ll.com(
        network,
        config=config(**floats, N_tail_start=10, B_float_RSS_MAX=0.01),
        fixed_equalizer=FIXED,
    )
    assert np.sqrt(np.sum(np.square(limited.equalizer.dfe[9:]))) == pytest.approx(0.01)
    assert plain.com_db < limited.com_db < floating.com_db


def test_the_eye_of_a_module_is_the_margin_at_one_phase_and_less_over_a_window(thru: ll.Network) -> None:
    one = config("802.3ck-c2m@4.50", T_O=0)
    usual = config("802.3ck-c2m@4.50", PMD_type="C2C")
    at_one = ll.com(thru, config=one, fixed_equalizer=FIXED)
    reference = ll.com(thru, config=usual, fixed_equalizer=FIXED)
    # The same distribution, the edges taken at the next bin of 10 uV.
    assert at_one.noise_v == pytest.approx(reference.noise_v, abs=3e-5)
    windowed = ll.com(thru, config=config("802.3ck-c2m@4.50"), fixed_equalizer=FIXED)
    assert windowed.veo_v < at_one.veo_v
    assert windowed.vec_db == pytest.approx(20 * np.log10(2 * windowed.signal_v / windowed.veo_v), abs=1e-9)
    flat = config("802.3ck-c2m@4.50", Histogram_Window_Weight="rectangle")
    assert ll.com(thru, config=flat, fixed_equalizer=FIXED).veo_v < windowed.veo_v
    strict = config("802.3ck-c2m@4.50", **{"VEC Pass threshold": 0.1})
    assert not ll.com(thru, config=strict, fixed_equalizer=FIXED).passed


def test_plots_draw_on_the_axes_given(found: ll.Com) -> None:
    from matplotlib.figure import Figure

    for name in ("loss", "pulse", "distribution", "margin", "noise_budget", "tdr", "erl"):
        ax = Figure().subplots()
        assert getattr(found.plot, name)(ax) is ax
        assert ax.get_title()
    assert len(found.plot().axes) == 6


def test_the_dataset_and_the_card_hold_the_figures(found: ll.Com) -> None:
    data = found.to_xarray()
    assert data.attrs["com_db"] == found.com_db
    assert data.attrs["config_hash"] == found.config.digest
    changed = {**found.config.keywords, "eta_0": 1e-7}
    assert ll.ComConfig(changed).digest != found.config.digest
    whole, real = (ll.ComConfig({**found.config.keywords, "f_b": f_b}) for f_b in (53, 53.0))
    assert whole == real
    assert whole.digest == real.digest
    assert data["pulse_v"].attrs["units"] == "V"
    assert float(data["case_com_db"].min()) == found.com_db
    card = found._repr_html_()
    assert f"{found.com_db:.2f} dB" in card
    assert "assumed values" in card
    assert "ICN" in card
    assert set(found.assumptions) >= {"rho_x", "N_bx"}


def test_the_command_tells_all_figures(
    tmp_path: Path, thru: ll.Network, capsys: pytest.CaptureFixture[str]
) -> None:
    file, kept = tmp_path / "thru.s2p", tmp_path / "config.toml"
    thru.write(file)
    keywords = tmp_path / "keywords.json"
    keywords.write_text(
        json.dumps({**config().keywords, "g_DC": -4, "c(-1)": -0.1, "c(-2)": 0, "c(-3)": 0, "c(1)": 0})
    )
    status = main(["com", str(file), "--config", str(keywords), "--write-config", str(kept), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert status == (0 if told["passed"] else 1)
    assert {"erl_db", "icn_v", "fom_ild_db", "vec_db", "veo_v", "nyquist_loss_db", "cases"} <= set(told)
    assert ll.ComConfig.read(kept) == ll.ComConfig.read(keywords).resolved()
    main(["com", str(file), "--config", str(keywords)])
    text = capsys.readouterr().out
    assert "ERL" in text
    assert "FOM ILD" in text
    assert main(["com", "--configs", "--json"]) == 0
    assert "802.3ck-kr@4.50" in json.loads(capsys.readouterr().out)
    assert main(["com", str(file)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_dfe_of_a_wrong_length_is_told_the_keyword_that_counts(thru: ll.Network) -> None:
    with pytest.raises(ll.ParameterError, match=r"length of fixed_equalizer\.dfe = 1: must be N_f = 40"):
        ll.com(thru, config="802.3ck-kr@4.50", fixed_equalizer={"dfe": [0.1]})
    with pytest.raises(ll.ParameterError, match=r"must be N_b = "):
        ll.com(thru, config=config(), fixed_equalizer={"dfe": [0.1] * 99})


def test_figures_are_json_and_plots_take_keywords_as_texts(thru: ll.Network) -> None:
    # A channel that fails has no VEC.
    closed = ll.com(thru, config=config(eta_0=1e-2, f_b="[53.125]"), fixed_equalizer=FIXED)
    assert closed.com_db <= 0
    assert closed.figures()["vec_db"] is None
    assert closed.figures()["cases"][0]["vec_db"] is None
    json.dumps(closed.figures(), allow_nan=False)
    assert closed.symbol_rate_hz == 53.125e9
    assert [line.get_xdata()[0] for line in closed.plot.loss().lines if line.get_linestyle() == ":"] == [
        26.5625
    ]
    data = closed.to_xarray()
    assert data.pulse_v.units == "V"
    assert data.attrs["version"] == ll.__version__
