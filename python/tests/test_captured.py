"""Eye and bathtub of a captured waveform, and the dual-Dirac fit, against what made them."""

import itertools
import math

import numpy as np
import pytest

import lightlane as ll

M = 16


def waveform(n=4000, sigma=0.0, delay=0, seed=1):
    """Symbols, and their waveform through a smooth pulse whose peak is `delay` samples after the symbol's first."""
    rng = np.random.default_rng(seed)
    around = 4
    sent = rng.integers(0, 4, n + 2 * around)
    # A raised cosine that is 1 at its peak and 0 a symbol away, from 1.5 symbols before the peak to 1.5 after.
    t = (np.arange(3 * M) - 1.5 * M) / M
    pulse = np.where(np.abs(t) < 1, 0.5 * (1 + np.cos(np.pi * t)), 0.0)
    wave = ll.dsp.pulse_train((2 * sent - 3) / 3, pulse, M).astype(float)
    start = around * M + 3 * M // 2 - delay
    wave = wave[start : start + n * M]
    return sent[around : around + n], wave + sigma * rng.standard_normal(len(wave))


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("delay", [0, 3, 8, 13])
def test_the_sampling_instant_is_found_whatever_the_phase(known, delay):
    sent, wave = waveform(sigma=0.02, delay=delay)
    found = ll.dsp.eye(wave, M, symbols=sent if known else None)
    # The peak of the pulse; noise moves the best phase by a sample where the pulse is flat.
    off = (found.sampling_index - delay) % M
    assert min(off, M - off) <= 1
    np.testing.assert_allclose(found.levels, [-1, -1 / 3, 1 / 3, 1], atol=0.02)
    np.testing.assert_allclose(found.noise_rms, 0.02, rtol=0.25)
    # Levels two thirds apart, each spread by some four deviations to either side.
    assert ((found.heights > 0.45) & (found.heights < 0.6)).all()
    assert ((found.widths_ui > 0.3) & (found.widths_ui < 1.0)).all()


@pytest.mark.parametrize("lag", [-20, 0, 37])
def test_known_symbols_are_found_early_or_late(lag):
    sent, wave = waveform(sigma=0.05)
    found = ll.dsp.eye(np.roll(wave, lag * M), M, symbols=sent)
    # Most of them lie within the record, each at its own sample.
    assert len(found.symbols) >= len(sent) - abs(lag) - 2
    first = found.sampling_index // M - lag
    start = max(first, 0)
    np.testing.assert_array_equal(found.symbols[:100], sent[start : start + 100])


def test_the_image_is_an_independent_histogram():
    sent, wave = waveform(sigma=0.05, delay=5)
    found = ll.dsp.eye(wave, M, bins=64)
    start = found.sampling_index - M // 2
    n = len(found.symbols)
    used = wave[start : start + n * M]
    phase = np.tile(np.arange(M), n)
    expected, _, _ = np.histogram2d(
        used, phase, bins=[np.linspace(used.min(), used.max(), 65), np.arange(M + 1) - 0.5]
    )
    # numpy puts a sample on an edge by a division of its own: a few may lie in the neighbouring bin.
    assert np.abs(found.counts - expected).sum() <= 4
    assert found.counts.sum() == n * M
    width = found.amplitude[1] - found.amplitude[0]
    np.testing.assert_allclose(found.density.sum(axis=0) * width, 1.0)
    np.testing.assert_array_equal(found.symbols, sent[found.sampling_index // M :][:n])
    middle = used.reshape(n, M)[:, M // 2]
    for level in range(4):
        assert found.levels[level] == pytest.approx(middle[found.symbols == level].mean())
    lower, upper = middle[found.symbols == 1].max(), middle[found.symbols == 2].min()
    assert found.heights[1] == pytest.approx(max(0.0, upper - lower))
    wider = ll.dsp.eye(wave, M, outside=0.01)
    assert (wider.heights > found.heights).all()
    assert (wider.widths_ui >= found.widths_ui).all()
    axes = found.plot()
    assert axes.get_xlabel() == "time from the sampling instant (UI)"


def test_nrz_has_one_opening_and_a_closed_eye_none():
    rng = np.random.default_rng(3)
    bits = rng.integers(0, 2, 2000)
    wave = np.repeat(2.0 * bits - 1, 8) + 0.1 * rng.standard_normal(16_000)
    found = ll.dsp.eye(wave, 8, levels=2, symbols=bits)
    assert len(found.heights) == 1
    assert 1.0 < found.heights[0] < 1.6
    noise = ll.dsp.eye(wave + 2 * rng.standard_normal(16_000), 8, levels=2, symbols=bits)
    assert noise.heights[0] == 0.0
    assert noise.widths_ui[0] == 0.0


def test_the_bathtub_counts_what_a_loop_counts():
    sent, wave = waveform(sigma=0.2)
    tub = ll.dsp.bathtub(wave, M, symbols=sent)
    found = ll.dsp.eye(wave, M, symbols=sent)
    start, n = found.sampling_index - M // 2, len(found.symbols)
    rows = wave[start : start + n * M].reshape(n, M)
    middle = rows[:, M // 2]
    means = [middle[found.symbols == level].mean() for level in range(4)]
    thresholds = [(a + b) / 2 for a, b in itertools.pairwise(means)]
    gray = [0b00, 0b01, 0b11, 0b10]
    for phase in (0, M // 2, M - 3):
        errors = 0
        for value, symbol in zip(rows[:, phase], found.symbols, strict=True):
            errors += (gray[sum(value > t for t in thresholds)] ^ gray[symbol]).bit_count()
        assert tub.ber[phase] == pytest.approx(errors / (2 * n))
    at = 100
    t = tub.threshold_v[at]
    wrong = ((found.symbols == 0) & (middle > t)) | ((found.symbols == 1) & (middle <= t))
    assert tub.threshold_error_ratio[0, at] == pytest.approx(wrong.sum() / n)
    assert tub.ber[M // 2] < 0.25 * tub.ber[0]


def test_a_captured_waveform_of_the_engine_has_its_error_ratio():
    # A pulse of one sample a symbol apart from its neighbours and white noise: the closed form at every phase.
    rng = np.random.default_rng(5)
    sent = rng.integers(0, 4, 200_000)
    wave = np.repeat((2 * sent - 3) / 3, 4) + (1 / 9) * rng.standard_normal(800_000)
    tub = ll.dsp.bathtub(wave, 4, symbols=sent)

    def q(x):
        return 0.5 * math.erfc(x / math.sqrt(2))

    exact = 0.75 * q(3) + 0.5 * q(9)
    inside = np.argmin(tub.ber)
    # Four deviations of a count of 400 errors.
    assert tub.ber[inside] == pytest.approx(exact, rel=0.25)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"samples": [np.nan] * 4000}, "samples"),
        ({"samples": [np.inf] + [0.0] * 4000}, "samples"),
        ({"samples": [0.0] * 4000}, "samples"),
        ({"samples": [0.0, 1.0] * 30}, "samples"),
        ({"samples_per_symbol": 1}, "samples_per_symbol"),
        ({"levels": 3}, "levels"),
        ({"bins": 1}, "bins"),
        ({"bins": 10**6}, "bins"),
        ({"outside": 0.5}, "outside"),
        ({"outside": np.nan}, "outside"),
        ({"symbols": [4] * 4000}, "symbols"),
        ({"symbols": [-1] * 4000}, "symbols"),
        ({"symbols": [0.5] * 4000}, "symbols"),
        ({"symbols": [1] * 4000}, "samples"),
    ],
)
def test_bad_input_is_named(arguments, name):
    _, wave = waveform()
    with pytest.raises(ll.ParameterError) as error:
        ll.dsp.eye(**{"samples": wave, "samples_per_symbol": M, **arguments})
    assert error.value.name == name
    if "outside" not in arguments:
        with pytest.raises(ll.ParameterError):
            ll.dsp.bathtub(**{"samples": wave, "samples_per_symbol": M, **arguments})


def test_a_bathtub_of_two_impulses_and_a_gaussian_is_fitted_exactly():
    rj, dj = 0.012, 0.15
    phase = np.linspace(-0.5, 0.5, 201)

    def q(x):
        return 0.5 * np.array([math.erfc(v / math.sqrt(2)) for v in x])

    edge = 0.5 - dj / 2
    tub = ll.Bathtub(phase, q((phase + edge) / rj) + q((edge - phase) / rj), np.zeros(1), np.zeros((1, 1)))
    fit = tub.dual_dirac()
    assert fit.rj_rms_ui == pytest.approx(rj, rel=1e-6)
    assert fit.dj_dd_ui == pytest.approx(dj, rel=1e-6)
    # Q^-1(1e-12) = 7.0345.
    assert fit.tj_ui(1e-12) == pytest.approx(dj + 2 * 7.0345 * rj, rel=1e-5)
    assert fit.opening_ui(1e-12) == pytest.approx(1 - fit.tj_ui(1e-12))
    assert abs(fit.centre_ui) < 1e-9
    assert fit.residual_ui < 1e-9
    for ber in (0.0, 0.6, math.nan):
        with pytest.raises(ll.ParameterError):
            fit.tj_ui(ber)
    with pytest.raises(ll.ParameterError, match="flank"):
        tub.dual_dirac(highest=1e-3, lowest=0.99e-3)


def test_the_fit_of_a_lane_is_near_its_bathtub_where_it_was_fitted():
    tub = ll.presets.lane("copper-c2m").analyze().bathtub
    fit = tub.dual_dirac()
    inside = tub.phase_ui[tub.ber < 1e-9]
    # Sixteen phases a UI or more: the width between them is known to one of their steps.
    step = tub.phase_ui[1] - tub.phase_ui[0]
    assert abs(fit.opening_ui(1e-9) - (inside[-1] - inside[0])) < 2 * step + 3 * fit.residual_ui
    assert fit.tj_ui(1e-12) > fit.tj_ui(1e-9)


@pytest.mark.parametrize("times", [[np.nan] * 10_000, [0.0] * 100])
def test_crossing_times_that_cannot_be_fitted_are_refused(times):
    with pytest.raises(ll.ParameterError) as error:
        ll.dsp.dual_dirac(times)
    assert error.value.name == "times_ui"
