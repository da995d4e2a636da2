"""A lane from Python: closed forms, both engines, round trips, plots, bad input."""

from __future__ import annotations

import copy
import math
import pickle

import matplotlib as mpl
import numpy as np
import pytest

import lightlane as ll

mpl.use("Agg")


def q(x: float) -> float:
    return 0.5 * math.erfc(x / math.sqrt(2))


def white(ber_kind: str, snr_db: float) -> ll.Lane:
    """An ideal lane whose SNR is known: (5/9) A^2 over N f_b/2 for PAM4, A^2 over it for NRZ."""
    power = 5 / 9 if ber_kind == "pam4" else 1.0
    noise = 2 * power * 0.5**2 / 10 ** (snr_db / 10) / 106.25e9
    return ll.Lane(
        modulation=ber_kind,
        transmitter=ll.Transmitter(amplitude_v=0.5),
        receiver=ll.Receiver(noise_v2_per_hz=noise),
        fec="none",
    )


@pytest.mark.parametrize("snr_db", [8.0, 14.0, 20.0, 23.5])
def test_white_noise_is_the_closed_form(snr_db: float) -> None:
    # 1e-6 relative is the requirement on the engine, from 1e-1 to 1e-15.
    report = white("pam4", snr_db).analyze()
    x = math.sqrt(10 ** (snr_db / 10) / 5)
    exact = 0.75 * q(x) + 0.5 * q(3 * x) - 0.25 * q(5 * x)
    assert report.ber == pytest.approx(exact, rel=1e-6)
    assert report.ser == pytest.approx(1.5 * q(x), rel=1e-6)
    assert report.snr_db == pytest.approx(snr_db, abs=1e-9)
    nrz = white("nrz", snr_db - 7).analyze()
    assert nrz.ber == pytest.approx(q(10 ** ((snr_db - 7) / 20)), rel=1e-6)


def test_counts_lie_in_the_exact_interval_and_repeat() -> None:
    lane = white("pam4", 16.0)
    report = lane.analyze()
    one, two = lane.simulate(1_000_000, seed=3, threads=1), lane.simulate(1_000_000, seed=3, threads=2)
    low, high = one.ber_interval(0.9999)
    assert low < report.ber < high
    assert (one.n_bit_errors, list(one.burst_lengths)) == (two.n_bit_errors, list(two.burst_lengths))
    assert sum(n * b for n, b in enumerate(one.burst_lengths)) == one.n_symbol_errors
    assert one.agrees_with(report)
    assert lane.simulate(1_000_000, seed=4).n_bit_errors != one.n_bit_errors


def test_codewords_are_counted_against_what_was_sent() -> None:
    # 4.5e-3 before the code: about one codeword in six fails. Independent bit errors, so the binomial figure is exact.
    lane = white("pam4", 14.55).replace(fec="kp4", interleave=2)
    run = lane.simulate(20_000_000, seed=2)
    expected = ll.fec.codeword_error_ratio(run.ber)
    n = run.codeword_errors.sum()
    assert n == 20_000_000 // (544 * 5 * 2) * 2
    # Four standard deviations of the count; the ratio counted for is itself known to a few per mille.
    assert run.codeword_error_ratio == pytest.approx(
        expected, abs=4 * math.sqrt(expected / n) + 0.01 * expected
    )
    assert run.codeword_error_ratio == run.codeword_errors[16:].sum() / n
    assert math.isnan(lane.replace(fec="none").simulate(10_000).codeword_error_ratio)
    # The same run for any number of threads, and stopped early at the end of a segment.
    short = lane.simulate(20_000_000, seed=2, stop_at_bit_errors=1000, threads=2)
    assert short.n_symbols % 65_536 == 0
    assert short.n_bit_errors >= 1000
    assert (
        short.n_bit_errors
        == lane.simulate(20_000_000, seed=2, stop_at_bit_errors=1000, threads=1).n_bit_errors
    )


def test_the_resolved_lane_gives_the_same_bits() -> None:
    report = ll.presets.lane("copper-c2m").analyze()
    again = report.lane.analyze()
    assert again.ber == report.ber
    assert np.array_equal(again.equalizer.ffe, report.equalizer.ffe)
    assert again.lane == report.lane


@pytest.mark.parametrize("name", ll.presets.names())
def test_presets_round_trip(name: str) -> None:
    lane = ll.presets.lane(name)
    assert ll.Lane.from_toml(lane.to_toml()) == lane
    assert ll.Lane.from_json(lane.to_json()) == lane
    assert ll.Lane.from_dict(lane.to_dict()) == lane
    assert pickle.loads(pickle.dumps(lane)) == lane
    assert copy.deepcopy(lane) == lane
    assert hash(lane) == hash(copy.copy(lane))
    assert lane.replace(receiver=lane.receiver.replace(noise_v2_per_hz=1e-16)) != lane


def test_an_optical_report_says_what_its_slicer_sees() -> None:
    report = ll.presets.lane("cpo-dr1").analyze()
    assert report.nonlinear_residual is not None
    assert 0 < report.nonlinear_residual < 0.1
    # Shot and laser noise grow with the light of the level.
    assert np.all(np.diff(report.level_noise_v) > 0)
    assert np.all(np.diff(report.levels_v) > 0)
    assert len(report.thresholds_v) == 3
    assert {"rin", "shot", "tia", "driver", "transmitter", "thermal"} <= set(report.noise_budget)
    assert any("path" in a["path"] or "optics" in a["path"] for a in report.assumptions)


def test_every_picture_can_be_drawn() -> None:
    report = ll.presets.lane("copper-c2m").analyze()
    for name in ("channel", "pulse", "eye", "bathtub", "noise_budget"):
        assert getattr(report.plot, name)().has_data()
    assert len(report.plot().axes) >= 4
    assert "BER before FEC" in report._repr_html_()
    data = report.to_xarray()
    assert data["loss_db"].attrs["units"] == "dB"
    assert data.attrs["ber"] == report.ber
    assert not report.thresholds_v.flags.writeable


def test_compare_makes_both_tables(tmp_path) -> None:
    lane = ll.presets.lane("copper-c2m")
    comparison = ll.compare(
        c2m=lane, short=lane.replace(medium=[ll.Trace.preset("megtron8", length_m="20 mm")], aggressors=[])
    )
    table = comparison.table()
    assert list(table["lane"].values) == ["c2m", "short"]
    hashes = {comparison.table(which).attrs["config_hash"] for which in ("same_serdes", "equal_margin")}
    assert len(hashes) == 1
    assert lane.digest not in hashes
    cheap = comparison.table("equal_margin")
    assert (cheap["margin_db"] >= 0).all()
    assert (cheap["ffe_taps"] <= table["ffe_taps"]).all()
    assert "| c2m |" in comparison.to_markdown()
    assert "data:image/png;base64," in comparison.to_html(tmp_path / "page.html")
    with pytest.raises(ll.ParameterError, match="same_serdes"):
        comparison.table("same")


@pytest.fixture(scope="module")
def three() -> ll.Comparison:
    names = {"retimed": "retimed-dr1", "linear": "lpo-dr1", "ring": "cpo-dr1"}
    return ll.compare(**{label: ll.presets.lane(name) for label, name in names.items()})


def test_the_winner_is_the_best_row_of_the_table(three) -> None:
    best = three.winner("energy_j_per_bit")
    energies = {row.label: row.report.energy_j_per_bit.value for row in three.same_serdes}
    (label, value), (runner_up, next_value), _ = sorted(energies.items(), key=lambda kv: kv[1])
    assert (best.metric, best.label, best.value, best.runner_up) == (
        "energy_j_per_bit",
        label,
        value,
        runner_up,
    )
    assert best.margin == pytest.approx(next_value - value, rel=1e-12)
    margins = {row.label: row.report.margin_db for row in three.equal_margin}
    most = three.winner("margin_db", "equal_margin")
    assert most.label == max(margins, key=margins.get)
    # No entry of a ledger moves a simulated figure.
    assert most.flips == ()
    assert three.winners()["latency_s"] == three.winner("latency_s")
    with pytest.raises(ll.ParameterError, match=r"metric = 'price': must be one of energy_j_per_bit"):
        three.winner("price")
    with pytest.raises(ll.ParameterError, match="which = 'same'"):
        three.winner("ber", "same")


def test_a_flip_is_where_two_lanes_are_equal() -> None:
    best = ll.compare(ring=ll.presets.lane("cpo-dr1"), mzm=ll.presets.lane("cpo-dr1-mzm")).winner(
        "energy_j_per_bit"
    )
    assert (best.label, best.runner_up) == ("ring", "mzm")
    flips = {flip.name: flip for flip in best.flips}
    # 0.7 and 1.2 pJ/bit of the drivers stand behind a regulator of 90 %.
    gap = 0.9 * best.margin
    assert flips["driver_mrm"][1:] == ("ring", pytest.approx(0.7e-12 + gap, rel=1e-9), "J/bit", "mzm")
    assert flips["driver_mzm"][1:] == ("mzm", pytest.approx(1.2e-12 - gap, rel=1e-9), "J/bit", "mzm")
    # Both have the host's parts alike, and no value of them makes one lane dearer than the other.
    assert not {"serdes_afe", "serdes_per_ffe_tap", "vrm_efficiency", "tia"} & set(flips)


def test_a_lane_against_itself_is_no_winner_by_anything() -> None:
    lane = ll.presets.lane("copper-c2m")
    best = ll.compare(first=lane, second=lane).winner("energy_j_per_bit")
    assert (best.label, best.runner_up, best.margin, best.flips) == ("first", "second", 0.0, ())


def test_a_channel_of_ones_own_takes_the_place(tmp_path) -> None:
    freq_hz = np.arange(0, 110e9, 50e6)
    s = np.zeros((len(freq_hz), 2, 2), complex)
    s[:, 0, 1] = s[:, 1, 0] = 10 ** (-freq_hz / 53.125e9 * 10 / 20) * np.exp(-2j * np.pi * freq_hz * 1e-9)
    lane = ll.presets.lane("copper-c2m").with_channel(ll.Network(freq_hz, s, 100.0))
    report = lane.analyze()
    assert report.ber < lane.ber_limit
    assert pickle.loads(pickle.dumps(lane)).analyze().ber == report.ber
    with pytest.raises(ll.LightlaneError, match="write"):
        lane.to_toml()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ll.Lane(symbol_rate_hz=-1.0), "symbol_rate_hz"),
        (lambda: ll.Lane(modulation="pam8"), "pam4"),
        (lambda: ll.Receiver(ffe=ll.Ffe(pre=-1)), "pre"),
        (lambda: ll.presets.lane("copper-kr2"), "copper-kr1"),
        (lambda: ll.Transmitter(ffe={-1: 2.0}), "ffe"),
        (lambda: ll.Lane(medium=[ll.Optics(), ll.Optics()]).analyze(), "only optical section"),
        (lambda: ll.Lane().simulate(0), "n_symbols"),
        (lambda: ll.Lane().simulate(100, seed=-1), "seed"),
        (lambda: ll.Lane().analyze(threads=0), "threads"),
        (lambda: ll.Lane().analyze(threads=100_000), "threads"),
    ],
)
def test_bad_input_names_what_is_wrong(make, message: str) -> None:
    with pytest.raises(ll.ParameterError, match=message):
        make()


def test_an_unknown_keyword_names_the_nearest() -> None:
    with pytest.raises(TypeError, match="noise_v2_per_hz"):
        ll.Receiver(noise_v2_per_Hz=1.0)
