"""Arguments of the wrong kind: the exception that Python users expect, naming the argument and what it must be."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import pytest

import lightlane as ll


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("channel") / "line.s2p"
    ll.Trace(length_m=0.1).network(np.linspace(0, 60e9, 121)).write(path)
    return str(path)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: ll.Lane.from_dict(5), TypeError, "data = 5: must be a mapping"),
        (lambda: ll.Lane.from_toml(5), TypeError, "source = 5: must be a path"),
        (lambda: ll.Lane.from_json(5), TypeError, "text = 5: must be JSON"),
        (lambda: ll.compare(a=ll.Lane(), b=5), TypeError, "b = 5: must be a Lane"),
        (lambda: ll.compare(a=ll.Lane(), b=ll.Lane(), threads=-1), ll.ParameterError, "threads = -1"),
        (lambda: ll.Lane().analyze(threads=-1), ll.ParameterError, "threads = -1"),
        (lambda: ll.Lane().analyze(threads=1.5), TypeError, "threads = 1.5"),
        (lambda: ll.Lane().simulate(1000).agrees_with(5), TypeError, "report = 5"),
        (lambda: ll.Lane().simulate("x"), TypeError, "n_symbols = 'x': must be a whole number"),
        (lambda: ll.Lane().simulate(1000, seed=None), TypeError, "seed = None: must be a whole number"),
        (lambda: ll.Lane().simulate(1000, seed=-1), ll.ParameterError, "seed = -1"),
        (lambda: ll.Lane().simulate(1000, progress=True), TypeError, "progress = True: must be a function"),
        (lambda: ll.Lane().simulate(1000, threads=-1), ll.ParameterError, "threads = -1"),
        (lambda: ll.patterns.prbs(31, -1), ll.ParameterError, "n = -1"),
        (lambda: ll.patterns.prbs(31, 5, seed=-1), ll.ParameterError, "seed = -1"),
        (lambda: ll.patterns.prbs(31, 5, seed=2**40), ll.ParameterError, "seed = 1099511627776"),
        (lambda: ll.patterns.prbs(-7, 5), ll.ParameterError, "order = -7"),
        (lambda: ll.patterns.prbs(8, 5), ll.ParameterError, "order = 8"),
        (lambda: ll.patterns.prbs13q(-1), ll.ParameterError, "n = -1"),
        (lambda: ll.patterns.prbs31q(-1), ll.ParameterError, "n = -1"),
        (lambda: ll.patterns.prbs31q(2**70), ll.ParameterError, "n = 1.18"),
        (lambda: ll.patterns.prbs31q("many"), TypeError, "n = 'many'"),
        (lambda: ll.fec.ber_after(1e-4, interleave=-1), ll.ParameterError, "interleave = -1"),
        (lambda: ll.fec.ber_limit("kp4", 0), ll.ParameterError, "between 1e-300 and"),
        (
            lambda: ll.presets.lane("cpo"),
            ll.ParameterError,
            "copper-kr1, copper-cr1, copper-c2m, retimed-dr1, lpo-dr1, npo-dr1, cpo-dr1",
        ),
    ],
)
def test_wrong_arguments(call, kind, message) -> None:
    with pytest.raises(kind, match=message) as error:
        call()
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda bad: ll.presets.lane("cpo-dr1").sensitivity(ber_limit=bad), "ber_limit"),
        (lambda bad: ll.presets.lane("cpo-dr1").power_penalties(ber_limit=bad), "ber_limit"),
        (lambda bad: ll.presets.lane("cpo-dr1").alignment_yield(ll.Alignment(), ber_limit=bad), "ber_limit"),
        (lambda bad: ll.presets.lane("cpo-dr1").stressed_sensitivity(bad), "secq_db"),
        (lambda bad: ll.Alignment().losses(ll.Coupler(), wavelength_m=bad), "wavelength_m"),
        (lambda bad: ll.Alignment().losses(ll.Coupler(), n_arrays=2).yield_at(bad), "budget_db"),
        (lambda bad: ll.Lane().jitter_transfer(1e6, amplitude_ui=bad), "amplitude_ui"),
        (lambda bad: ll.Lane().jitter_tolerance(1e6, ber_limit=bad), "ber_limit"),
        (lambda bad: ll.dsp.LmsEqualizer(step=bad), "step"),
        (lambda bad: ll.dsp.dual_dirac(np.zeros(100), highest=bad), "highest"),
        (lambda bad: ll.DualDirac(0.01, 0.1, 0.0, 1e-6, 0.0).tj_ui(bad), "ber"),
        (lambda bad: ll.Lane().analyze().bathtub.dual_dirac(highest=bad), "highest"),
        (lambda bad: ll.Lane().analyze().eye.height_v(bad), "probability"),
    ],
)
@pytest.mark.parametrize("bad", ["much", [1, 2], 10**400, {}])
def test_what_is_no_number_is_refused_by_name(call, name, bad) -> None:
    with pytest.raises(ll.ParameterError, match=rf"^{name} = .*: must be a number$") as error:
        call(bad)
    assert (error.value.name, error.value.value) == (name, bad)
    # A number of hundreds of digits does not hide the message.
    assert len(str(error.value)) < 120


@pytest.mark.parametrize("bad", [2.5, "01", 1])
def test_couplers_that_are_no_sequence_are_refused_by_name(bad) -> None:
    with pytest.raises(ll.ParameterError, match=r"^couplers = .*: must be a sequence of whole numbers"):
        ll.presets.lane("cpo-dr1").alignment_yield(ll.Alignment(), couplers=bad)


@pytest.mark.parametrize("pairs", ["ab", 5, ((1, 2.5), (3, 4)), ((1, 2), 3)])
def test_port_pairs_that_are_none(file, pairs) -> None:
    with pytest.raises(ll.ParameterError, match="port_pairs"):
        ll.Channel(file, port_pairs=pairs)


def test_a_port_below_one(file) -> None:
    with pytest.raises(ll.ParameterError, match="port = -1"):
        ll.Network.read(file).return_loss_db(1e9, port=-1)


def test_a_channel_reads_itself_back(file) -> None:
    channel = ll.Channel(file)
    assert ll.Channel.from_toml(f"file = {file!r}\n") == channel
    assert ll.Channel.from_toml(channel.to_toml()) == channel
    assert ll.Channel.from_json(channel.to_json()) == channel
    named = channel.replace(name="line")
    assert ll.Channel.from_json(named.to_json()) == named


def test_a_digest_alone_is_no_network() -> None:
    with pytest.raises(ll.ParameterError, match="digest = 'aa': must be given with the file or the data"):
        ll.Lane.from_json('{"medium": [{"kind": "channel", "digest": "aa"}]}')


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: ll.Lane(fec=None), "fec"),
        (lambda: ll.Lane(medium=None), "medium"),
        (lambda: ll.Lane(receiver=None), "receiver"),
        (lambda: ll.Lane().replace(symbol_rate_hz=None), "symbol_rate_hz"),
        (lambda: ll.Lane(receiver={"ffe": {"pre": None}}), "receiver.ffe.pre"),
        (lambda: ll.Lane.from_json('{"fec": null}'), "fec"),
        (lambda: ll.Fiber(length_m=None), "length_m"),
    ],
)
def test_none_is_no_default(make, name) -> None:
    with pytest.raises(ll.ParameterError, match=f"{name} = None") as error:
        make()
    assert error.value.name == name
    assert error.value.value is None


def test_none_stays_a_value_where_it_is_one() -> None:
    lane = ll.Lane(ber_limit=None, name=None, receiver=ll.Receiver(ctle=None, dfe=None))
    assert lane == ll.Lane.from_json('{"ber_limit": null, "receiver": {"ctle": null}}')
    assert ll.Coupler(mfd_b_m=None).mfd_b_m is None


def test_errors_of_a_file_name_it(tmp_path) -> None:
    path = tmp_path / "lane.toml"
    path.write_text('fec = "kp5"\n')
    with pytest.raises(ll.ParameterError, match=r"lane\.toml: line 1: fec") as error:
        ll.Lane.from_toml(path)
    assert error.value.name == "fec"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ll.ParameterError, match=r"lane\.toml: must be UTF-8"):
        ll.Lane.from_toml(str(path))


@pytest.mark.parametrize("call", ["prbs31q(10**9)", "prbs(31, 10**9)", "prbs13q(10**9)"])
def test_control_c_stops_a_long_pattern(call) -> None:
    # The signal comes while the call is at work, which is also the process's first use of numpy from Rust.
    script = f"""
        import os, signal, threading
        import lightlane as ll
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            ll.patterns.{call}
            print("finished")
        except KeyboardInterrupt:
            print("interrupted")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("interrupted\n", "", 0)


def test_patterns_written_in_blocks_are_the_pattern() -> None:
    n = 2**20 + 77
    bits = ll.patterns.prbs(31, 2 * n)
    assert np.array_equal(ll.patterns.prbs31q(n), ll.patterns.gray_encode(1 - bits))
    period = ll.patterns.prbs13q()
    assert len(period) == 8191
    assert np.array_equal(ll.patterns.prbs13q(n), np.resize(period, n))
    assert np.array_equal(bits[31:], bits[3:-28] ^ bits[:-31])
