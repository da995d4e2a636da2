"""The numpy oracle against closed forms: what it is worth before it judges anything."""

import gzip
import json
import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from oracle import common, counting, electrical, optical
from oracle.copper import FourPort, on_record

RATE = 106.25e9


def q(x):
    return 0.5 * math.erfc(x / math.sqrt(2))


@dataclass(frozen=True)
class Transmitter:
    amplitude_v: float = 1.0
    level_mismatch: float = 1.0
    ffe: dict | None = None
    snr_db: float | None = None
    jitter: SimpleNamespace | None = None
    transition_s: float | None = None


@dataclass(frozen=True)
class Receiver:
    noise_v2_per_hz: float = 0.0
    bandwidth_hz: float | None = None
    ctle: None = None


@dataclass(frozen=True)
class Equalizer:
    ffe: list = field(default_factory=list)
    ffe_pre: int = 0
    dfe: list = field(default_factory=list)
    sampling_ui: float = 0.0


def raised_cosine(freq_hz, roll_off=0.5):
    turns = freq_hz / RATE
    slope = 0.5 * (1 + np.cos(np.pi / roll_off * (turns - 0.5 * (1 - roll_off))))
    return np.where(turns < 0.5 * (1 - roll_off), 1.0, np.where(turns > 0.5 * (1 + roll_off), 0.0, slope))


def nyquist_channel(record, bandwidth_hz=None):
    """The medium that makes transmitter and front end together free of intersymbol interference at t = 0."""
    sinc = np.sinc(record.freq_hz / RATE)
    wanted = raised_cosine(record.freq_hz)
    inside = wanted > 0
    front = common.butterworth4(record.freq_hz, bandwidth_hz)
    return np.where(inside, wanted / np.where(inside, sinc * front, 1.0), 0.0)


def test_the_beta_function_is_the_binomial_tail():
    n, p, k = 40, 0.07, 4
    tail = sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1))
    assert counting.regularized_beta(p, k, n - k + 1) == pytest.approx(tail, rel=1e-12)


def test_the_interval_is_clopper_and_pearsons():
    low, high = counting.clopper_pearson(0, 1000, 0.95)
    assert low == 0.0
    assert high == pytest.approx(1 - 0.025 ** (1 / 1000), rel=1e-9)
    # 10 of 100 at 95 %: printed in many tables.
    assert counting.clopper_pearson(10, 100, 0.95) == pytest.approx((0.04900, 0.17622), abs=1e-5)


def test_bursts_widen_it_by_their_mean_square_length():
    errors = np.zeros(1000, dtype=int)
    errors[[10, 11, 12, 500]] = 1
    assert counting.burst_inflation(errors) == pytest.approx((9 + 1) / 4)


@pytest.mark.parametrize(("bandwidth_hz", "seed"), [(60e9, 1), (None, 2)])
def test_white_noise_gives_the_closed_form_error_ratio(bandwidth_hz, seed):
    record = common.Record(RATE, 100_000)
    rng = np.random.default_rng(seed)
    noise_bandwidth = RATE / 2 if bandwidth_hz is None else bandwidth_hz * (np.pi / 8) / np.sin(np.pi / 8)
    sigma = (1 / 3) / 2.8
    receiver = Receiver(noise_v2_per_hz=sigma**2 / noise_bandwidth, bandwidth_hz=bandwidth_hz)
    sent = common.random_symbols(record.n_symbols, rng)
    spectrum = common.transmit(record, Transmitter(), sent, rng) * nyquist_channel(record, bandwidth_hz)
    spectrum += common.receiver_noise(record, receiver, rng)
    levels = common.levels_v(Transmitter())
    z = common.equalized(record, spectrum, receiver, Equalizer())
    out = common.decide(z, Equalizer(), np.array([-2, 0, 2]) / 3, levels, sent)
    assert np.std(out.z - levels[sent]) == pytest.approx(sigma, rel=0.01)  # 4 sigma of a sample of 1e5
    ser = 1.5 * q(2.8)
    low, high = counting.interval(out.symbol_errors, 1)
    assert low < ser < high
    ber = 0.75 * q(2.8) + 0.5 * q(3 * 2.8) - 0.25 * q(5 * 2.8)
    low, high = counting.interval(out.bit_errors, 2)
    assert low < ber < high
    assert not low < 1.3 * ber < high


def test_the_transmitters_noise_is_held_for_a_symbol():
    record = common.Record(RATE, 100_000)
    rng = np.random.default_rng(3)
    transmitter = Transmitter(snr_db=20.0)
    sent = common.random_symbols(record.n_symbols, rng)
    spectrum = common.transmit(record, transmitter, sent, rng) * nyquist_channel(record)
    z = common.equalized(record, spectrum, Receiver(), Equalizer())
    assert np.std(z - common.levels_v(transmitter)[sent]) == pytest.approx(0.1, rel=0.01)


def test_the_transmit_ffe_looks_ahead_with_negative_offsets():
    record = common.Record(RATE, 64)
    rng = np.random.default_rng(4)
    sent = common.random_symbols(64, rng)
    transmitter = Transmitter(ffe={"-1": -0.1, "2": 0.05})
    y = record.series(common.transmit(record, transmitter, sent, rng) * nyquist_channel(record))
    at_centre = np.roll(y, -8)[::16]
    a = common.levels_v(transmitter)[sent]
    assert at_centre == pytest.approx(0.85 * a - 0.1 * np.roll(a, -1) + 0.05 * np.roll(a, 2), abs=1e-9)


def test_a_moved_edge_is_the_error_function_at_its_new_place():
    record = common.Record(RATE, 64)
    level = np.zeros(64)
    level[20:40] = 1.0
    late = np.zeros(64)
    late[20], late[40] = 0.137, -0.0421
    edge = common.gaussian_edge(record.freq_hz, 4e-12)
    v = record.series(record.staircase(level, late) * edge)
    t = np.arange(record.n_samples) / record.per_symbol / RATE - 12e-12
    sigma = 4e-12 / 1.6832
    erf = np.vectorize(math.erf)
    rise, fall = (erf((t - at / RATE) / sigma / np.sqrt(2)) for at in (20.137, 39.9579))
    # 1e-6: the Gaussian edge itself at three symbol rates, where the spread impulses end.
    assert v == pytest.approx(0.5 * (rise - fall), abs=1e-6)


def test_moving_every_symbol_alike_moves_the_waveform():
    record = common.Record(RATE, 128)
    level = np.random.default_rng(5).normal(size=128)
    shape = common.gaussian_edge(record.freq_hz, 4e-12)
    delay = np.exp(-2j * np.pi * record.freq_hz / RATE * 0.2)
    still = record.series(record.staircase(level) * shape * delay)
    for moved in (record.moved_symbols(level, np.full(128, 0.2)), record.staircase(level, np.full(128, 0.2))):
        assert record.series(moved * shape) == pytest.approx(still, abs=1e-6)


@pytest.mark.parametrize("model", ["com", "edge"])
def test_small_jitter_is_the_slope_of_pulse_or_step(model):
    record = common.Record(RATE, 40_000)
    rng = np.random.default_rng(6)
    jitter = SimpleNamespace(rj_ui=0.006, dd_ui=0.008, model=model)
    sent = common.random_symbols(record.n_symbols, rng)
    medium = common.butterworth4(record.freq_hz, 50e9)
    base = Transmitter(transition_s=4e-12)
    waves = [
        record.series(common.transmit(record, t, sent, np.random.default_rng(7)) * medium)
        for t in (base, replace(base, jitter=jitter))
    ]
    # In one window of 64 symbols: the impulse response, and from it the slope of pulse and step, 1/UI.
    window = common.Record(RATE, 64)
    h = common.gaussian_edge(window.freq_hz, 4e-12) * common.butterworth4(window.freq_hz, 50e9)
    impulse = window.series(h) * window.per_symbol
    slope = impulse if model == "edge" else impulse - np.roll(impulse, window.per_symbol)
    power = 5 / 9 * (2 if model == "edge" else 1)
    for phase in (0, 5, 10):
        expected = (0.006**2 + 0.008**2) * power * np.sum(slope[phase :: window.per_symbol] ** 2)
        measured = np.mean((waves[1] - waves[0])[phase :: record.per_symbol] ** 2)
        # A variance from 4e4 symbols, and the second order of a jitter of 0.01 UI.
        assert measured == pytest.approx(expected, rel=0.04)


def test_filters_have_their_bandwidths_and_noise_bandwidths():
    f = np.linspace(0, 60, 600_001)
    for filter_, noise_bandwidth in (
        (common.butterworth4, (np.pi / 8) / np.sin(np.pi / 8)),
        (common.bessel4, 1.04637),
    ):
        h = filter_(f, 1.0)
        assert abs(filter_(np.array([1.0]), 1.0)[0]) ** 2 == pytest.approx(0.5, abs=1e-9)
        assert np.trapezoid(np.abs(h) ** 2, f) == pytest.approx(noise_bandwidth, abs=1e-5)
        assert np.all(np.diff(np.unwrap(np.angle(h[:50_000]))) < 0)  # e^{+jωt}: a delay turns the phase down


def test_feedback_propagates_errors_as_on_1_plus_d():
    # At a = 1 and 16 dB the symbol error ratio is 3.92 times that with ideal feedback (a Markov chain's answer).
    rng = np.random.default_rng(8)
    levels = np.array([-3.0, -1.0, 1.0, 3.0])
    sent = common.random_symbols(400_000, rng)
    x = 10 ** (16 / 20) / np.sqrt(5)
    z = levels[sent] + np.roll(levels[sent], 1) + rng.normal(size=len(sent)) / x
    decided, _ = common.slice_with_feedback(z, [1.0], np.array([-2.0, 0.0, 2.0]), levels, sent)
    errors = (decided != sent).astype(int)
    low, high = counting.interval(errors, 1)
    assert low < 3.92 * 1.5 * q(x) < high
    assert high / low < 1.3


def test_sections_in_a_row_are_the_product_of_their_chain_matrices():
    rng = np.random.default_rng(9)
    z = rng.normal(size=(4, 5)) + 1j * rng.normal(size=(4, 5))
    parts = [electrical.series(10 * z[0]), electrical.shunt(z[1] / 50), electrical.line(z[2] * 30, z[3] / 90)]
    s = [electrical.scattering(part) for part in parts]
    joined = electrical.join(electrical.join(s[0], s[1]), s[2])
    total = electrical.product(parts)
    assert joined == pytest.approx(electrical.scattering(total), rel=1e-10)
    # Twice the load's voltage over the source's, straight from the chain matrix.
    (a, b), (c, d) = total[0]
    direct = 2 * 107 / (a * 107 + b + 85 * (c * 107 + d))
    assert electrical.transfer(joined, 85.0, 107.0)[0] == pytest.approx(direct, rel=1e-10)


def test_a_package_line_has_the_reflections_of_93a_13():
    freq = np.array([0.0, 1e9, 30e9, 90e9])
    part = SimpleNamespace(
        length_m=0.012,
        z0_ohm=87.5,
        gamma0_per_m=0.5,
        a1_sqrt_s_per_m=2.8e-5,
        a2_s_per_m=2e-10,
        tau_s_per_m=6.141e-9,
    )
    config = SimpleNamespace(
        die_capacitance_f=[],
        die_inductance_h=[],
        bump_capacitance_f=0.0,
        board_capacitance_f=0.0,
        lines=[part],
        side="tx",
    )
    h = electrical.scattering(electrical.package(config, freq))[:, 1, 0]
    # In the annex's units: GHz and mm.
    f, d = freq / 1e9, 12.0
    log = np.log(np.where(f > 0, f, 1.0))
    a1, a2 = 2.8e-5 * np.sqrt(1e9) * 1e-3, 2e-10 * 1e9 * 1e-3
    gamma = 0.5e-3 + a1 * (1 + 1j) * np.sqrt(f) + a2 * (1 - 2j / np.pi * log) * f + 2j * np.pi * 6.141e-3 * f
    rho = (87.5 - 100) / (87.5 + 100)
    s21 = (1 - rho**2) * np.exp(-gamma * d) / (1 - rho**2 * np.exp(-2 * gamma * d))
    assert h == pytest.approx(s21, rel=1e-10)


def test_sdd_is_that_of_two_legs():
    rng = np.random.default_rng(10)
    s = rng.normal(size=(1, 4, 4)) + 1j * rng.normal(size=(1, 4, 4))
    sdd = electrical.differential(s)[0]
    assert sdd[1, 0] == pytest.approx(0.5 * (s[0, 1, 0] - s[0, 1, 2] - s[0, 3, 0] + s[0, 3, 2]))
    assert FourPort(np.zeros(1), s).differential.shape == (1, 2, 2)


def test_a_response_moves_between_grids():
    record = common.Record(RATE, 4096)
    f = np.arange(2048) * (RATE / 1024)
    h = common.butterworth4(f, 40e9) * np.exp(-2j * np.pi * f * 1.234e-9)
    exact = common.butterworth4(record.freq_hz, 40e9) * np.exp(-2j * np.pi * record.freq_hz * 1.234e-9)
    # 1e-4: the filter at the end of its band, (40/212)^4 = 1e-3, rings as 1/t.
    assert np.abs(on_record(record, h, RATE / 1024) - exact)[:6000].max() < 2e-4


def test_a_mach_zehnder_meets_its_static_levels():
    config = SimpleNamespace(v_pi_v=4.0, loss_db=3.0, static_extinction_ratio_db=math.inf, chirp=0.0)
    p = optical.mach_zehnder(config, np.array([-1.0, -1 / 3, 1 / 3, 1.0])) / optical.power_ratio(3.0)
    assert p[3] - p[0] == pytest.approx(0.70711, abs=1e-5)
    assert 10 * np.log10(p[3] / p[0]) == pytest.approx(7.656, abs=1e-3)
    assert 2 - 3 * (p[2] - p[1]) / (p[3] - p[0]) == pytest.approx(0.90192, abs=1e-5)
    weak = SimpleNamespace(v_pi_v=4.0, loss_db=0.0, static_extinction_ratio_db=20.0, chirp=1.0)
    bright, dark = optical.mach_zehnder(weak, np.array([2.0, -2.0]))
    assert bright == pytest.approx((1 + 99 / 101) / 2)
    assert 10 * np.log10(bright / dark) == pytest.approx(20.0)


def test_a_ring_settles_to_its_static_curve_and_forgets_its_segments():
    config = SimpleNamespace(q_total=5000.0, q_intrinsic=12000.0, resonance_m=1310e-9, detuning_hz=14e9)
    config.shift_hz_per_v, config.loss_db = 5e9, 1.0
    n = 4000
    held = optical.ring_field(config, np.full(2 * n, 0.7), np.ones(2 * n), 0.5e-12)
    assert np.abs(np.abs(held) ** 2 - optical.ring(config, np.array(0.7))).max() < 1e-9
    t = np.arange(2 * n)
    v = np.sin(2 * np.pi * 60 * t / (2 * n))
    one, many = (optical.ring_field(config, v, 1 + 0.1 * v, 0.5e-12, segment) for segment in (n, 333))
    # Each segment begins empty, e^-25 of a field earlier.
    assert np.abs(one - many).max() < 1e-10


@pytest.mark.parametrize(
    ("fields", "loss_db"),
    [
        ({"offset_x_m": 1e-6}, 0.2052),
        ({"mfd_a_m": 4.5e-6, "offset_y_m": 1e-6}, 0.8579),
        ({"mfd_b_m": 4.5e-6}, 2.0541),
        ({"tilt_x_rad": math.radians(1)}, 0.1610),
        ({"gap_m": 20e-6}, 0.1655),
    ],
)
def test_couplers_lose_what_the_table_says(fields, loss_db):
    base = {"mfd_a_m": 9.2e-6, "mfd_b_m": None, "offset_x_m": 0.0, "offset_y_m": 0.0, "tilt_x_rad": 0.0}
    base |= {"tilt_y_rad": 0.0, "gap_m": 0.0, "index": 1.0, "excess_loss_db": 0.0}
    config = SimpleNamespace(**(base | fields))
    assert optical.coupler_loss_db(config, 1310e-9) == pytest.approx(loss_db, abs=5e-5)


@pytest.mark.parametrize("name", ["c2m_z100_14db", "pychopmarg_example2"])
@pytest.mark.parametrize("rate_gbd", ["106p25", "53p125"])
def test_the_pulse_of_a_public_channel_has_its_published_cursors(name, rate_gbd):
    shared = Path(__file__).parents[3] / "shared"
    reference_path, file = shared / f"reference/{name}.json", shared / f"channels/{name}__THRU.s4p.gz"
    if not (reference_path.exists() and file.exists()):
        pytest.skip(f"missing {reference_path}")
    reference = json.loads(reference_path.read_text())[f"pulse_{rate_gbd}GBd"]
    stated = reference["params"]
    channel = read_touchstone(file)
    rate = stated["f_b_GBd"] * 1e9
    record = common.Record(rate, 16_384, stated["M"])
    one = np.zeros(record.n_symbols)
    one[0] = stated["A_v_V"]
    x = record.staircase(one) * common.butterworth4(record.freq_hz, stated["f_r"] * rate)
    delay = np.exp(6j * np.pi * record.freq_hz * stated["T_r_s"])
    x = x * common.gaussian_edge(record.freq_hz, stated["T_r_s"]) * delay
    h = channel.differential[:, 1, 0]
    pulse = record.series(x * on_record(record, h, channel.freq_hz[1] - channel.freq_hz[0]))
    peak = reference["peak_index_k"] + record.per_symbol // 2  # there t = 0 is the symbol's centre
    cursors = pulse[peak - 3 * record.per_symbol :: record.per_symbol][:9]
    # The band ends abruptly at the end of the file and rings beyond the window that is cut here: 1e-4 of the peak.
    assert cursors == pytest.approx(
        reference["cursors_at_peak_V"]["pre3..post5"], abs=1e-4 * reference["peak_V"]
    )


def read_touchstone(path):
    """Read a four-port in magnitude and angle: enough for the files named above."""
    with gzip.open(path, "rt") as file:
        lines = [line.split("!")[0].split() for line in file]
    option = next(line for line in lines if line and line[0] == "#")
    numbers = np.array([float(x) for line in lines if line and line[0] != "#" for x in line]).reshape(-1, 33)
    first, second = numbers[:, 1::2], numbers[:, 2::2]
    s = first + 1j * second if option[3] == "RI" else first * np.exp(1j * np.radians(second))
    scale = {"GHZ": 1e9, "MHZ": 1e6, "HZ": 1.0}[option[1].upper()]
    return FourPort(numbers[:, 0] * scale, s.reshape(-1, 4, 4))
