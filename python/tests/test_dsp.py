from __future__ import annotations

import itertools
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import linalg, signal

import lightlane as ll

LEVELS = np.array([-1, -1 / 3, 1 / 3, 1])


def pam4(n, seed):
    return np.random.default_rng(seed).integers(0, 4, n).astype(np.uint8)


def through(symbols, response, sigma, seed):
    """Samples of a record, one a symbol, levels zero before it."""
    noise = np.random.default_rng(seed).normal(0, sigma, len(symbols))
    return np.convolve(LEVELS[symbols], response)[: len(symbols)] + noise


def lms_loop(r, training, n_training, c, pre, d, step):
    """The definition, symbol by symbol."""
    c, d = np.array(c, float), np.array(d, float)
    a = np.zeros(len(r))
    soft, decisions, errors = [], [], []
    sample = lambda k: r[k] if 0 <= k < len(r) else 0.0  # noqa: E731
    for k in range(len(r)):
        x = np.array([sample(k + pre - i) for i in range(len(c))])
        past = np.array([a[k - j] if k >= j else 0.0 for j in range(1, len(d) + 1)])
        z = c @ x - d @ past
        s = int(np.clip(np.floor(1.5 * z + 2), 0, 3))
        a[k] = LEVELS[training[k] if k < n_training else s]
        e = z - a[k]
        c -= step * e * x
        d += step * e * past
        soft.append(z)
        decisions.append(s)
        errors.append(e)
    return np.array(decisions), np.array(soft), c, d, np.sqrt(np.mean(np.square(errors)))


@given(
    hnp.arrays(np.float32, st.integers(0, 70), elements=st.floats(-1, 1, width=32)),
    hnp.arrays(np.float32, st.integers(0, 90), elements=st.floats(-1, 1, width=32)),
    st.integers(1, 40),
)
def test_pulse_train_is_the_convolution_of_stuffed_levels(levels, pulse, m):
    y = ll.dsp.pulse_train(levels, pulse, m)
    assert y.dtype == np.float32
    assert y.shape == (len(levels) * m,)
    assert y.flags.writeable
    if len(levels) and len(pulse):
        stuffed = np.zeros(len(levels) * m)
        stuffed[::m] = levels
        # At most 90 products below 1 in single precision.
        assert np.allclose(y, np.convolve(stuffed, pulse)[: len(y)], atol=1e-5)


def test_pulse_train_takes_what_array_likes_there_are():
    pulse = np.arange(12.0)[::2]
    assert np.array_equal(ll.dsp.pulse_train([1, 0, -1], pulse, 3), [0, 2, 4, 6, 8, 10, 0, -2, -4])
    for bad in ([[1.0]], ["a"], [1j], [np.nan]):
        with pytest.raises(ll.ParameterError, match="levels"):
            ll.dsp.pulse_train(bad, pulse, 3)
    for m in (0, -1):
        with pytest.raises(ll.ParameterError, match="samples_per_symbol"):
            ll.dsp.pulse_train([1.0], pulse, m)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", [0, 1, 2, 3, 4, 7])
def test_iir_is_lfilter(dtype, order):
    rng = np.random.default_rng(order)
    b, a = signal.butter(order, 0.3) if order else ([0.7], [2.0])
    x = rng.normal(size=20_000).astype(dtype)
    y = ll.dsp.iir(b, a, x)
    assert y.dtype == dtype
    wanted = signal.lfilter(np.asarray(b), np.asarray(a), x.astype(float))
    # Single precision is rounded once, at the end; a Butterworth of order 7 loses three digits to its coefficients.
    assert np.allclose(y, wanted, rtol=6e-8 if dtype == np.float32 else 0, atol=1e-12)


def test_iir_takes_rows_whole_numbers_and_refuses_the_rest():
    x = np.arange(12).reshape(2, 2, 3)
    assert np.allclose(ll.dsp.iir([1, 1], [2, 1], x), signal.lfilter([1.0, 1.0], [2.0, 1.0], x), rtol=1e-15)
    assert ll.dsp.iir(0.5, 1, [2, 4]).tolist() == [1.0, 2.0]
    assert ll.dsp.iir([1.0], [1.0], np.array([], np.float32)).dtype == np.float32
    for b, a, x, name in [
        ([1.0], [0.0, 1.0], [1.0], "a"),
        ([], [1.0], [1.0], "b"),
        ([1.0], [np.inf], [1.0], "a"),
        ([1.0], [1.0], [np.nan], "x"),
        ([1.0], [1.0], 1.0, "x"),
        ([1.0], [1.0], [1j], "x"),
    ]:
        with pytest.raises(ll.ParameterError, match=f"^{name}"):
            ll.dsp.iir(b, a, x)
    with pytest.raises(ll.ConvergenceError, match="output 127"):
        ll.dsp.iir([1.0], [1.0, -2.0], np.ones(200, np.float32))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("taps", "pre", "dfe_taps"), [(16, 4, 1), (1, 0, 0), (5, 4, 3), (7, 0, 2)])
def test_lms_is_its_definition(dtype, taps, pre, dfe_taps):
    symbols = pam4(700, taps)
    r = through(symbols, [0.1, 0.9, 0.3, -0.1], 0.05, taps).astype(dtype)
    equalizer = ll.dsp.LmsEqualizer(ffe_taps=taps, pre=pre, dfe_taps=dfe_taps, step=1e-2)
    run = equalizer.run(r, symbols, 400)
    c, d = np.zeros(taps), np.zeros(dfe_taps)
    c[pre] = 1
    decisions, soft, c, d, rms = lms_loop(r.astype(float), symbols, 400, c, pre, d, 1e-2)
    assert run.decisions.dtype == np.uint8
    assert np.array_equal(run.decisions, decisions)
    # Sums in another order: a few 1e-16 a symbol, and errors of the taps decay.
    assert np.allclose(run.soft, soft, atol=1e-12)
    assert np.allclose(run.ffe, c, atol=1e-12)
    assert np.allclose(run.dfe, d, atol=1e-12)
    assert run.error_rms == pytest.approx(rms, rel=1e-12)
    assert not run.ffe.flags.writeable


def test_lms_freezes_and_resumes():
    symbols = pam4(4000, 1)
    r = through(symbols, [0.9, 0.3], 0.02, 2)
    options = {"ffe_taps": 4, "pre": 1, "dfe_taps": 1, "step": 5e-3}
    first = ll.dsp.LmsEqualizer(**options).run(r, symbols, 4000)
    frozen = ll.dsp.LmsEqualizer(**options | {"step": 0.0}, ffe=first.ffe, dfe=first.dfe).run(r)
    assert np.array_equal(frozen.ffe, first.ffe)
    assert np.array_equal(frozen.dfe, first.dfe)
    # By then trained: 2 % of noise against a distance of 1/3 to the threshold. The first symbol has no past.
    assert np.array_equal(frozen.decisions[1:], symbols[1:])
    assert frozen.error_rms < first.error_rms
    assert len(first.error_rms_trace) == 4
    blocks = np.add.reduceat((first.soft - LEVELS[symbols]) ** 2, [0, 1024, 2048, 3072])
    assert np.allclose(first.error_rms_trace, np.sqrt(blocks / [1024, 1024, 1024, 928]), rtol=1e-12)


def test_lms_converges_to_mmse():
    response, sigma, steps = [0.2, 1.0, 0.4, -0.1], 0.1, 200_000
    symbols = pam4(steps, 5)
    r = through(symbols, response, sigma, 6)
    best = ll.dsp.mmse(response, [sigma**2], 4, 3, 1, 5 / 9, delay=1)
    shifted = np.concatenate([r[1:], [0.0]])
    run = ll.dsp.LmsEqualizer(ffe_taps=4, pre=3, step=1e-3).run(shifted, symbols, steps)
    # Gradient noise moves each tap by about sqrt(step mse / 2) = 2.4e-3 rms; five of that.
    assert np.allclose(run.ffe, best.ffe, atol=1.2e-2)
    assert np.allclose(run.dfe, best.dfe, atol=1.2e-2)
    assert run.error_rms_trace[-100:].mean() == pytest.approx(np.sqrt(best.mse), rel=0.02)


def test_lms_refuses_and_names():
    for options, name in [
        ({"ffe_taps": 0}, "ffe_taps"),
        ({"ffe_taps": -3}, "ffe_taps"),
        ({"pre": 16}, "pre"),
        ({"dfe_taps": -1}, "dfe_taps"),
        ({"step": -1e-3}, "step"),
        ({"step": np.nan}, "step"),
        ({"ffe": [1.0, 2.0]}, "ffe"),
        ({"ffe": np.ones((4, 4))}, "ffe"),
        ({"dfe": [np.inf]}, "dfe"),
        ({"update": "sign"}, "update"),
        ({"block": 0, "update": "block"}, "block"),
        ({"trace_block": 0}, "trace_block"),
    ]:
        with pytest.raises(ll.ParameterError, match=f"^{name}"):
            ll.dsp.LmsEqualizer(**options)
    equalizer = ll.dsp.LmsEqualizer()
    for samples, training, n, name in [
        ([], None, 0, "samples"),
        ([np.nan], None, 0, "samples"),
        ([[1.0]], None, 0, "samples"),
        ([1.0], None, 1, "n_training"),
        ([1.0], [1], -1, "n_training"),
        ([1.0], [1], 2, "n_training"),
        ([1.0], [4], 1, "training"),
        ([1.0], [0.5], 1, "training"),
    ]:
        with pytest.raises(ll.ParameterError, match=f"^{name}"):
            equalizer.run(samples, training, n)
    with pytest.raises(ll.ConvergenceError, match="error of symbol"):
        ll.dsp.LmsEqualizer(step=10.0).run(np.random.default_rng(1).normal(size=1000))
    with pytest.raises(AttributeError):
        equalizer.step = 1.0
    assert ll.dsp.LmsEqualizer(ffe=np.eye(16)[4]) == ll.dsp.LmsEqualizer(ffe=list(np.eye(16)[4]))


@pytest.mark.parametrize(("update", "block"), [("sign_sign", 32), ("block", 7)])
def test_lms_variants_are_their_definitions(update, block):
    symbols = pam4(300, 3)
    r = through(symbols, [0.9, 0.3], 0.05, 4)
    options = {"ffe_taps": 3, "pre": 0, "dfe_taps": 1, "step": 1e-2}
    run = ll.dsp.LmsEqualizer(**options, update=update, block=block).run(r, symbols, 300)
    c, d, a = np.array([1.0, 0, 0]), np.zeros(1), LEVELS[symbols]
    gradient = np.zeros(4)
    for k in range(300):
        x = np.array([r[k - i] if k >= i else 0.0 for i in range(3)])
        past = np.array([a[k - 1] if k else 0.0])
        e = c @ x - d @ past - a[k]
        both = np.r_[x, -past]
        gradient = np.sign(e) * np.sign(both) if update == "sign_sign" else gradient + e * both
        if update == "sign_sign" or k % block == block - 1:
            c, d = c - 1e-2 * gradient[:3], d - 1e-2 * gradient[3:]
            gradient = np.zeros(4)
    assert np.allclose(run.ffe, c, atol=1e-12)
    assert np.allclose(run.dfe, d, atol=1e-12)


def test_the_interpreter_is_free_and_results_survive_a_copy():
    equalizer = ll.dsp.LmsEqualizer(ffe_taps=4, pre=1)
    again = pickle.loads(pickle.dumps(equalizer))
    assert again == equalizer
    assert hash(again) == hash(equalizer)
    r = through(pam4(3000, 1), [0.9, 0.3], 0.02, 2)
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(equalizer.run, [r, r]))
    assert np.array_equal(runs[0].soft, runs[1].soft)
    assert np.array_equal(pickle.loads(pickle.dumps(runs[0])).ffe, runs[0].ffe)


def test_mmse_solves_the_stacked_normal_equations():
    pulse, noise, power = np.array([0.1, 0.8, 0.4, -0.2]), np.array([0.02, 0.005]), 5 / 9
    taps, pre, feedback = 7, 3, 2
    found = ll.dsp.mmse(pulse, noise, taps, pre, feedback, power)

    def solve(delay):
        # Row i: r_(k+pre-i); column: a_(k+pre+delay-column).
        columns = taps + len(pulse) - 1
        rows = linalg.toeplitz(np.r_[pulse[0], np.zeros(taps - 1)], np.r_[pulse, np.zeros(taps - 1)])
        past = np.zeros((feedback, columns))
        for j in range(feedback):
            if pre + delay + 1 + j < columns:
                past[j, pre + delay + 1 + j] = -1.0
        stacked = np.vstack([rows, past])
        covariance = power * stacked @ stacked.T
        covariance[:taps, :taps] += linalg.toeplitz(np.r_[noise, np.zeros(taps - 2)])
        cross = power * stacked[:, pre + delay]
        w = np.linalg.lstsq(covariance, cross, rcond=None)[0]
        return power - cross @ w, w

    mse, w = solve(found.delay)
    assert found.mse == pytest.approx(mse, rel=1e-9)
    assert mse == pytest.approx(min(solve(delay)[0] for delay in range(4)), rel=1e-9)
    assert np.allclose(np.r_[found.ffe, found.dfe], w, atol=1e-9)
    assert found.snr_db == pytest.approx(10 * np.log10(power / mse - 1), rel=1e-9)
    given = ll.dsp.mmse(pulse, noise, taps, pre, feedback, power, delay=2)
    assert given.delay == 2
    assert given.mse == pytest.approx(solve(2)[0], rel=1e-9)
    for change in ({"pulse": []}, {"signal_power": 0.0}, {"pre": 7}, {"ffe_taps": -1}, {"delay": 4}):
        arguments = {"pulse": pulse, "noise_autocorrelation": noise, "ffe_taps": 7, "pre": 3, "dfe_taps": 2}
        with pytest.raises(ll.ParameterError, match=next(iter(change))):
            ll.dsp.mmse(**arguments | {"signal_power": power} | change)


@given(
    hnp.arrays(float, st.integers(0, 6), elements=st.floats(-2, 2)),
    hnp.arrays(float, st.integers(1, 4), elements=st.floats(-1, 1)),
    st.sampled_from([2, 4]),
)
def test_mlsd_is_the_best_of_all_sequences(y, response, n_levels):
    levels = np.linspace(-1, 1, n_levels)
    found = ll.dsp.mlsd(y, response, n_levels)
    assert found.dtype == np.uint8
    assert found.shape == y.shape

    def distance(symbols):
        return np.sum((y - np.convolve(levels[symbols], response)[: len(y)]) ** 2)

    if len(y):
        every = np.array(list(itertools.product(range(n_levels), repeat=len(y))))
        taps = np.zeros((len(y), len(y)))
        for m, h in enumerate(response[: len(y)]):
            taps += h * np.eye(len(y), k=m)
        least = np.min(np.sum((y - levels[every] @ taps) ** 2, axis=1))
        # Sums of some ten squares below 100.
        assert distance(found) <= least + 1e-12


def test_mlsd_of_single_precision_and_strides():
    symbols = pam4(5000, 9)
    r = through(symbols, [1.0, 0.5], 0.08, 10)
    wanted = ll.dsp.mlsd(r, [1.0, 0.5])
    assert np.array_equal(ll.dsp.mlsd(np.repeat(r, 2)[::2], [1.0, 0.5]), wanted)
    assert np.mean(ll.dsp.mlsd(r.astype(np.float32), [1.0, 0.5]) != wanted) < 1e-3
    assert np.mean(wanted != symbols) < 1e-3
    for bad, name in [
        (([np.nan], [1.0]), "samples"),
        (([0.0], []), "response"),
        (([0.0], [1.0, np.inf]), "response"),
        (([0.0], np.ones(9)), "response = 65536 states"),
        (([0.0], [1.0], 3), "levels"),
        (([0.0], [1.0], -4), "levels"),
    ]:
        with pytest.raises(ll.ParameterError, match=f"^{name}"):
            ll.dsp.mlsd(*bad)


def test_mueller_muller_locks_in_the_middle_of_what_is_symmetric():
    t = np.arange(-6, 6.001, 1 / 32)
    for shift in (0.0, 0.013, -0.4):
        pulse = np.exp(-((t - shift) ** 2))
        # Interpolated between samples 1/32 apart: second order.
        assert ll.dsp.mueller_muller_phase(pulse, 32) == pytest.approx(6 + shift, abs=1e-3)
    for pulse, m in [([], 4), ([0.0, 0.0], 1), ([np.nan], 1), ([1.0], 0), ([1.0], -1)]:
        with pytest.raises(ll.ParameterError):
            ll.dsp.mueller_muller_phase(pulse, m)
