from __future__ import annotations

import copy
import gzip
import io
import pickle
import threading
import time

import numpy as np
import pytest
import skrf

import lightlane as ll

FREQ = np.linspace(0, 40e9, 81)


@pytest.fixture
def line():
    return ll.Trace(length_m=0.1, z0_ohm=92.0).network(FREQ)


@pytest.fixture
def four_port():
    # Two uncoupled lines, 1 to 2 and 3 to 4, of different loss.
    s = np.zeros((FREQ.size, 4, 4), complex)
    for (i, j), loss in (((0, 1), 0.8), ((2, 3), 0.7)):
        s[:, i, j] = s[:, j, i] = loss * np.exp(-2j * np.pi * FREQ * 1e-9)
    return ll.Network(FREQ, s)


def test_arrays_are_read_only_copies(line):
    assert line.s.shape == (81, 2, 2)
    assert line.s is line.s
    for array in (line.freq_hz, line.s, line.z0_ohm):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    given = FREQ.copy()
    network = ll.Network(given, np.zeros((81, 1, 1)), 50)
    given[0] = 1.0
    assert network.freq_hz[0] == 0.0


def test_networks_are_values(line):
    twin = ll.Network(line.freq_hz, line.s, line.z0_ohm)
    assert twin == line
    assert hash(twin) == hash(line)
    assert twin.digest == line.digest
    assert copy.deepcopy(line) is line
    assert ll.Network(line.freq_hz, line.s, 50) != line
    assert line != "line"


def test_pickle_keeps_the_port_map(four_port):
    differential = four_port.differential()
    twin = pickle.loads(pickle.dumps(differential))
    assert twin == differential
    assert (twin.port_pairs, twin.port_pairs_origin) == (((1, 3), (2, 4)), "guessed")


def test_differential_of_uncoupled_lines(four_port):
    # Half the sum of both lines' transmissions: no coupling between them.
    differential = four_port.differential()
    assert np.allclose(np.abs(differential.s[:, 1, 0]), 0.75, rtol=1e-12)
    assert np.array_equal(differential.z0_ohm, [100, 100])
    mixed = four_port.mixed_mode(pairs=[[1, 3], [2, 4]])
    assert np.allclose(np.abs(mixed.s[:, 3, 0]), 0.05, atol=1e-12)


def test_cascade_is_that_of_scikit_rf(line):
    other = ll.Trace(length_m=0.05, z0_ohm=110.0).network(FREQ)
    ours = line @ other
    theirs = line.to_skrf() ** other.to_skrf()
    # Both solve the same 2 by 2 systems: nothing but rounding separates them.
    assert np.allclose(ours.s, theirs.s, atol=1e-12)
    assert line.cascade(other.to_skrf()) == ours


def test_channel_arguments(line, tmp_path):
    path = tmp_path / "line.s2p"
    line.write(path)
    for argument in (path, str(path), line.to_skrf(), line):
        assert line @ argument == line @ line
    with pytest.raises(ll.ParameterError, match="a Network, the path"):
        line @ 3


@pytest.mark.parametrize("version", [1, 2, None])
@pytest.mark.parametrize("frequency_unit", ["Hz", "kHz", "MHz", "GHz"])
@pytest.mark.parametrize("numbers", ["ri", "ma", "db"])
def test_written_files_read_back(line, tmp_path, version, frequency_unit, numbers):
    path = tmp_path / ("line.ts" if version is None else "line.s2p.gz")
    line.write(path, format=numbers, frequency_unit=frequency_unit, version=version)
    twin = ll.Network.read(path)
    assert np.allclose(twin.s, line.s, rtol=1e-12, atol=1e-300)
    assert np.allclose(twin.freq_hz, line.freq_hz, rtol=1e-12)
    assert twin.path == str(path)


def test_sources_of_bytes(line, tmp_path):
    path = tmp_path / "line.s2p"
    line.write(path)
    content = path.read_bytes()
    with path.open("rb") as file:
        assert ll.Network.read(file) == line
    assert ll.Network.read(content) == line
    assert ll.Network.read(io.BytesIO(gzip.compress(content))) == line
    with path.open() as file, pytest.raises(ll.ParameterError, match="binary"):
        ll.Network.read(file)


def test_errors(tmp_path):
    path = tmp_path / "bad.s2p"
    path.write_text("# GHz S RI R 50\n1 0 0 1 0 1 0 0 0\n2 0 0 x 0 1 0 0 0\n")
    with pytest.raises(ll.TouchstoneError, match=r"bad\.s2p: line 3") as caught:
        ll.Network.read(path)
    assert caught.value.line == 3
    assert pickle.loads(pickle.dumps(caught.value)).line == 3
    with pytest.raises(FileNotFoundError) as missing:
        ll.Network.read(tmp_path / "none.s2p")
    assert missing.value.filename.endswith("none.s2p")
    with pytest.raises(ll.ParameterError, match="shape"):
        ll.Network([1e9], np.zeros((2, 1, 1)))
    with pytest.raises(ll.ParameterError, match="z0_ohm"):
        ll.Network([1e9], np.zeros((1, 1, 1)), 50 + 1j)
    with pytest.raises(ll.ParameterError, match="freq_hz"):
        ll.Network("x", np.zeros((1, 1, 1)))
    with pytest.raises(ll.ParameterError, match="did you mean"):
        ll.Network([1e9], np.zeros((1, 1, 1))).write(tmp_path / "x.s1p", format="rj")


def test_losses_interpolate_and_stay_inside(line):
    middle = line.insertion_loss_db(0.5 * (FREQ[3] + FREQ[4]))
    assert isinstance(middle, float)
    assert np.isclose(middle, line.insertion_loss_db(FREQ[3:5]).mean(), rtol=1e-12)
    assert line.return_loss_db(FREQ[:4].reshape(2, 2), port=2).shape == (2, 2)
    with pytest.raises(ValueError, match="range"):
        line.insertion_loss_db(41e9)


def test_quality(line):
    quality = line.quality()
    assert quality.passive
    assert quality.max_singular_value <= 1 + 1e-6
    assert quality.reciprocity_error < 1e-12
    assert quality.has_dc
    assert quality.freq_max_hz == 40e9
    assert isinstance(quality.warnings, tuple)


def test_skrf_with_references_per_frequency():
    network = skrf.Network(frequency=skrf.Frequency.from_f(FREQ, unit="hz"), s=np.zeros((81, 2, 2)), z0=75)
    assert np.array_equal((ll.Network(network.f, network.s, network.z0)).z0_ohm, [75, 75])
    z0 = np.full((81, 2), 50.0)
    z0[3] = 60
    with pytest.raises(ll.ParameterError, match="same at all frequencies"):
        ll.Network(FREQ, network.s, z0)


def test_the_interpreter_is_released_while_reading(tmp_path):
    n = 4000
    rng = np.random.default_rng(1)
    network = ll.Network(np.arange(1, n + 1) * 1e6, rng.uniform(-0.2, 0.2, (n, 8, 8)) + 0j)
    path = tmp_path / "big.s8p"
    network.write(path)
    ticks = []
    stop = threading.Event()

    def tick():
        while not stop.is_set():
            ticks.append(time.perf_counter())
            time.sleep(1e-4)

    thread = threading.Thread(target=tick)
    thread.start()
    begin = time.perf_counter()
    for _ in range(5):
        network.quality()
    end = time.perf_counter()
    stop.set()
    thread.join()
    # Held for the whole time, the other thread would not tick once in between.
    assert sum(begin < t < end for t in ticks) >= 3
