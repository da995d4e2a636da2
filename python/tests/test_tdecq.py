"""TDECQ: measured waveforms beside the instrument's figures, synthetic ones beside closed forms, bad input."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import NormalDist

import matplotlib
import numpy as np
import pytest
from numpy.typing import NDArray

import lightlane as ll
from lightlane._capture_file import read_capture
from lightlane._cli import main

matplotlib.use("Agg")

SHARED = Path(__file__).parents[3] / "shared" / "waveforms"
Reals = NDArray[np.float64]


def rectangular(symbols: NDArray[np.uint8], samples: int = 16) -> Reals:
    return np.repeat(1e-3 + 2e-3 / 3 * symbols, samples)


def fixed() -> ll.TdecqConfig:
    # Without freedom its noise enhancement is 1, so the closed forms hold; free taps and timing average a little noise.
    return wide(ffe_taps=1, main_tap_max=0, optimize_timing=False)


def wide(**changes: object) -> ll.TdecqConfig:
    return ll.TdecqConfig(bandwidth_ratio=4.0).replace(**changes)


def smeared() -> tuple[Reals, NDArray[np.uint8]]:
    """Rectangular PRBS13Q behind a single pole at 0.4 of the symbol rate."""
    symbols = ll.patterns.prbs13q()
    spectrum = np.fft.rfft(rectangular(symbols))
    freq = np.arange(len(spectrum)) / len(symbols)
    return np.fft.irfft(spectrum / (1 + 1j * freq / 0.4), 16 * len(symbols)), symbols


@pytest.mark.parametrize(("name", "tolerance_db"), [("43G", 0.25), ("28G", 0.45), ("70G", 0.45)])
def test_measured_waveforms_are_near_the_instrument(name: str, tolerance_db: float) -> None:
    if not SHARED.exists():
        pytest.skip(f"no {SHARED}")
    entry = next(w for w in json.loads((SHARED / "library.json").read_text())["waveforms"] if w["id"] == name)
    config = ll.TdecqConfig.preset("802.3bs-d2.2").replace(instrument_noise_w=entry["channel_noise_w"])
    found = ll.tdecq(SHARED / f"{name}.npz", config=config)
    # The tolerances are what one setup for all three leaves; the documentation says what of it is known.
    assert abs(found.tdecq_db - entry["reference"]["tdecq_5t_min_db"]) < tolerance_db
    assert found.taps.sum() == pytest.approx(1.0, abs=1e-9)
    assert any("run of 7" in w for w in found.warnings)
    assert found.instrument_noise_w == entry["channel_noise_w"]
    assert any("draft" in a for a in found.assumptions)


def test_noise_of_the_transmitter_costs_its_closed_form() -> None:
    # Q_t of 4.8e-4 / 1.5, as published.
    q_target, sigma = 3.41407, 0.02
    symbols = np.tile(ll.patterns.prbs13q(), 8)
    rng = np.random.default_rng(7)
    # One draw a symbol, held: the wide filter leaves it at both histograms as it is.
    noisy = rectangular(symbols) + np.repeat(rng.normal(0.0, sigma * 2e-3, len(symbols)), 16)
    found = ll.tdecq(noisy, samples_per_symbol=16, symbols=ll.patterns.prbs13q(), config=fixed())
    expected = -5 * np.log10(1 - (6 * q_target * sigma) ** 2)
    # 65,528 draws estimate a variance to 0.6 %, and the tail that matters somewhat worse: 0.01 dB.
    assert found.tdecq_db == pytest.approx(expected, abs=0.02)


def test_the_gaussian_case_is_exact_with_quantiles_for_draws() -> None:
    q_target, sigma = 3.41407, 0.02
    # Every level carries the same 4,001 quantiles of a Gaussian: no sampling error.
    grid = np.array([NormalDist().inv_cdf((i + 0.5) / 4001) for i in range(4001)])
    rng = np.random.default_rng(3)
    # Blocks of all four levels hold no long run: that at the end is the only one, and without noise.
    symbols = rng.permuted(np.tile(np.arange(4, dtype=np.uint8), (4001, 1)), axis=1).ravel()
    noise = np.empty(len(symbols))
    for level in range(4):
        noise[symbols == level] = rng.permutation(grid)
    runs = np.array([1] + [0] * 6 + [1] + [3] * 7 + [2], dtype=np.uint8)
    sent = np.concatenate([symbols, runs])
    wave = 1e-3 + 2e-3 / 3 * sent + 2e-3 * sigma * np.concatenate([noise, np.zeros(len(runs))])
    found = ll.tdecq(np.repeat(wave, 16), samples_per_symbol=16, symbols=sent, config=fixed())
    expected = -5 * np.log10(1 - (6 * q_target * sigma) ** 2)
    assert found.tdecq_db == pytest.approx(expected, abs=0.01)


def test_an_ideal_signal_has_none_wherever_its_pattern_begins() -> None:
    for shift in (0, 5, 16 * 4000 + 9):
        wave = np.roll(rectangular(ll.patterns.prbs13q()), shift)
        found = ll.tdecq(wave, samples_per_symbol=16, config=fixed())
        assert abs(found.tdecq_db) < 0.01
        assert found.pattern == "PRBS13Q"
        assert found.level_mismatch == pytest.approx(1.0, abs=2e-3)
        assert found.extinction_ratio_db == pytest.approx(10 * np.log10(3), abs=1e-3)


def test_threshold_adjustment_and_feedback_never_cost() -> None:
    wave, symbols = smeared()
    nominal = ll.tdecq(wave, samples_per_symbol=16, symbols=symbols)
    adjusted = ll.tdecq(wave, samples_per_symbol=16, symbols=symbols, config="802.3cu")
    dj = ll.tdecq(wave, samples_per_symbol=16, symbols=symbols, config="802.3dj")
    # The search ends within 0.005 dB of its minimum.
    assert adjusted.tdecq_db < nominal.tdecq_db + 0.005
    assert dj.tdecq_db < adjusted.tdecq_db + 0.005
    assert dj.taps.sum() - dj.dfe_tap == pytest.approx(1.0, abs=1e-9)
    assert any("draft" in a for a in dj.assumptions)
    assert nominal.assumptions == ()


def test_a_changed_rule_keeps_the_assumptions_of_the_others() -> None:
    wave, symbols = smeared()
    dj = ll.TdecqConfig.preset("802.3dj")
    plain, changed = (ll.tdecq(wave, 16, symbols=symbols, config=c) for c in (dj, dj.replace(dfe_limit=0.4)))
    assert set(plain.assumptions) - set(changed.assumptions) == {"dfe_limit = 0.5: assumed"}
    assert len(changed.assumptions) == len(plain.assumptions) - 1 == 4


def test_main_tap_is_an_index_into_the_taps() -> None:
    wave, symbols = smeared()
    found = ll.tdecq(wave, 16, 53.125e9, symbols, "802.3bs")
    assert found.main_tap == int(np.argmax(found.taps))
    third = ll.tdecq(wave, 16, symbols=symbols, config=ll.TdecqConfig(main_tap=2))
    assert third.main_tap == 2 == int(np.argmax(third.taps))
    assert third.tdecq_db > found.tdecq_db - 0.005


def test_given_taps_are_used_as_they_are() -> None:
    wave, symbols = smeared()
    best = ll.tdecq(wave, 16, symbols=symbols)
    # The same taps once more: only the timing is searched, to some thousandths.
    again = ll.tdecq(wave, 16, symbols=symbols, config=ll.TdecqConfig(taps=best.taps))
    np.testing.assert_array_equal(again.taps, best.taps)
    assert again.main_tap == best.main_tap
    assert again.tdecq_db == pytest.approx(best.tdecq_db, abs=0.005)
    # Any other taps are no better, and their number is their own.
    taps = [-0.1, 1.2, -0.1]
    fixed_taps = ll.tdecq(wave, 16, symbols=symbols, config=ll.TdecqConfig(taps=taps))
    assert fixed_taps.taps.tolist() == taps
    assert fixed_taps.main_tap == 1
    assert fixed_taps.tdecq_db > best.tdecq_db - 0.005
    # Published to four decimals.
    assert fixed_taps.noise_enhancement == pytest.approx(1.2042, abs=5e-5)


def test_feedback_beside_given_taps_is_what_their_sum_leaves() -> None:
    wave, symbols = smeared()
    config = ll.TdecqConfig(taps=[1.3, -0.1], dfe_taps=1)
    found = ll.tdecq(wave, 16, symbols=symbols, config=config)
    assert found.dfe_tap == pytest.approx(0.2)
    assert found.main_tap == 0


def test_bandwidth_is_half_the_symbol_rate_unless_given() -> None:
    wave, symbols = smeared()
    plain = ll.tdecq(wave, 16, 40e9, symbols)
    assert plain.bandwidth_hz == pytest.approx(20e9)
    given = ll.tdecq(wave, 16, 40e9, symbols, ll.TdecqConfig(bandwidth_hz=20e9))
    assert given.tdecq_db == pytest.approx(plain.tdecq_db, abs=1e-9)
    draft = ll.tdecq(wave, 16, 40e9, symbols, "802.3bs-d2.2")
    assert draft.bandwidth_hz == pytest.approx(0.728 * 40e9)


def test_unknown_symbols_are_decided_and_said_to_be() -> None:
    symbols = np.random.default_rng(1).permutation(ll.patterns.prbs13q())
    found = ll.tdecq(rectangular(symbols), samples_per_symbol=16, config=fixed())
    # As for the known pattern; its runs may be short, which costs some hundredths at most.
    assert abs(found.tdecq_db) < 0.03
    assert found.pattern == "decided"
    assert any("decided from the waveform" in w for w in found.warnings)


def test_bad_input_is_named() -> None:
    symbols = ll.patterns.prbs13q()
    wave = rectangular(symbols)
    for changes, words in [
        ({"waveform_w": wave[:-32]}, "one whole period"),
        (
            {"waveform_w": np.roll(wave, 3), "symbols": np.random.default_rng(2).integers(0, 4, 8191)},
            "correlates",
        ),
        ({"waveform_w": wave * np.nan}, "finite"),
        ({"waveform_w": np.ones_like(wave)}, "more than one value"),
        ({"waveform_w": wave[:100]}, "at least 128 symbols"),
        ({"samples_per_symbol": 0}, "whole number"),
        ({"symbol_rate_hz": 53.125, "config": ll.TdecqConfig(bandwidth_hz=26.5e9)}, "symbol_rate_hz"),
        ({"config": "802.3bx"}, "did you mean"),
    ]:
        with pytest.raises(ValueError, match=words):
            ll.tdecq(**{"waveform_w": wave, "samples_per_symbol": 16, "symbols": symbols, **changes})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"instrument_noise_w": -1.0}, "at least 0"),
        ({"main_tap": 5}, "between 0 and 4"),
        ({"taps": [0.1, 1.2, -0.1]}, "sum 1"),
        ({"taps": []}, "between 1 and 64"),
        ({"taps": [-0.1, 1.2, -0.1], "main_tap": 3}, "between 0 and 2"),
        ({"taps": [1.8, -0.2], "dfe_taps": 1}, "dfe_limit"),
    ],
)
def test_bad_rules_are_named(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ll.ParameterError, match=words):
        ll.TdecqConfig().replace(**changes)


def test_a_slipped_pattern_is_named() -> None:
    symbols = ll.patterns.prbs13q()
    # One symbol is lost in the middle, one is repeated near the end.
    slipped = np.concatenate([symbols[:5000], symbols[5001:7500], symbols[7499:]])
    with pytest.raises(ll.ParameterError, match="leaves its pattern near symbol"):
        ll.tdecq(rectangular(slipped), samples_per_symbol=16, symbols=symbols, config=wide())


def test_units_wrong_by_a_thousand_are_doubted() -> None:
    wave = rectangular(ll.patterns.prbs13q())
    right = ll.tdecq(wave, samples_per_symbol=16, config=wide())
    wrong = ll.tdecq(1e3 * wave, samples_per_symbol=16, config=wide())
    assert right.warnings == ()
    assert any("milliwatts" in w for w in wrong.warnings)
    assert wrong.tdecq_db == pytest.approx(right.tdecq_db, abs=1e-4)


def test_result_draws_and_labels_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    symbols = ll.patterns.prbs13q()
    np.savez(tmp_path / "capture.npz", waveform_w=rectangular(symbols, 8), symbols=symbols)
    found = ll.tdecq(tmp_path / "capture.npz", samples_per_symbol=8)
    assert "histogram" in found.plot().get_legend_handles_labels()[1][-1]
    data = found.to_xarray()
    assert data.attrs["tdecq_db"] == found.tdecq_db
    assert float(data.histogram.sum()) == pytest.approx(2.0)
    assert "TDECQ" in found._repr_html_()
    np.savetxt(
        tmp_path / "capture.csv",
        np.c_[np.arange(8 * 8191) * 1e-12, rectangular(symbols, 8)],
        delimiter=",",
        header="s,W",
    )
    assert main(["tdecq", str(tmp_path / "capture.csv"), "--samples-per-symbol", "8", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    # The file has eighteen digits.
    assert printed["tdecq_db"] == pytest.approx(found.tdecq_db, abs=1e-6)
    assert (
        main(["tdecq", str(tmp_path / "capture.npz"), "--samples-per-symbol", "8", "--limit-db", "-3"]) == 1
    )
    plot = tmp_path / "eye.png"
    assert (
        main(["tdecq", str(tmp_path / "capture.npz"), "--samples-per-symbol", "8", "--plot", str(plot)]) == 0
    )
    assert plot.read_bytes().startswith(b"\x89PNG")
    (tmp_path / "broken.csv").write_text("t,P\n1,2\nx,3\n")
    assert main(["tdecq", str(tmp_path / "broken.csv")]) == 2
    assert "line 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("t;P\n0,0;1,5\n0,1;1,6\n", "line 2 = 0,0;1,5: must be numbers with a decimal point"),
        ("1e-3,2\n2e-3,3\n1e-3,4\n", "first column = sample 2 at 0.001: must be times that rise"),
        ("1,2\n1,3\n", "first column = all 1: must be times that rise"),
        ("1,2\n2,nan,3\n", "line 2 = 3 columns: must be one power"),
        ("1,2,3\n4,5,6\n", "line 1 = 3 columns: must be one power"),
        ("t,P\nnothing\n", "no numbers in 2 lines"),
        ("\n1,2,\n2,x\n", "line 3 = 2,x: must be numbers"),
    ],
)
def test_a_file_that_cannot_be_understood_is_named(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "capture.csv"
    file.write_text(text)
    with pytest.raises(ll.ParameterError, match=words):
        read_capture(file)


@pytest.mark.parametrize("line", ["{t},{p}", "{t};{p}", "{t}\t{p}", " {t} , {p} ,", "{t},{p}\n"])
def test_every_separator_reads_alike(tmp_path: Path, line: str) -> None:
    file = tmp_path / "capture.csv"
    powers = [1e-3, 2e-3, 1.5e-3]
    # Times of few digits stand still here and there.
    times = ["0.0", "0.0", "1e-12"]
    rows = [line.format(t=t, p=p) for t, p in zip(times, powers, strict=True)]
    file.write_text("\n".join(["model, X; 3", "s,W", *rows]))
    read = read_capture(file)
    assert read.waveform_w.tolist() == powers
    assert read.step_s == 0.5e-12
    assert read.symbols is None


def test_a_time_step_beside_the_sampling_rate_is_doubted(tmp_path: Path) -> None:
    wave = rectangular(ll.patterns.prbs13q(), 8)
    for off, is_doubted in [(1.0, False), (1.0005, False), (1.002, True), (1e12, True)]:
        times = np.arange(len(wave)) * off / (8 * 53.125e9)
        np.savetxt(tmp_path / "capture.csv", np.c_[times, wave], delimiter=",")
        found = ll.tdecq(tmp_path / "capture.csv", samples_per_symbol=8)
        assert any("count instead" in w for w in found.warnings) == is_doubted
