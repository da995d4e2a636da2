from __future__ import annotations

import copy
import json
import math
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lightlane as ll

FREQ = np.linspace(0, 60e9, 61)


@pytest.fixture
def network():
    return ll.Trace(length_m=0.1).network(FREQ)


@pytest.fixture
def file(network, tmp_path):
    path = tmp_path / "thru.s2p"
    network.write(path)
    return path


def test_a_lane_of_the_contract(file):
    lane = ll.Lane(
        symbol_rate_hz="106.25 GBd",
        modulation="pam4",
        transmitter=ll.Transmitter(
            amplitude_v=0.413,
            ffe={-2: 0.04, -1: -0.2, 1: 0.0},
            snr_db=33.0,
            level_mismatch=0.95,
            jitter=ll.Jitter(rj_ui=0.01, dd_ui=0.02, model="edge"),
        ),
        medium=[ll.Package.preset("802.3dj-class-a"), file, ll.Package.preset("802.3dj-class-a", side="rx")],
        aggressors=[ll.Aggressor(str(file), kind="fext", amplitude_v="413 mV")],
        crosstalk_phase=0.25,
        receiver=ll.Receiver(
            noise_v2_per_hz="7.5e-9 V2/GHz",
            ctle=ll.Ctle(gdc_db={"min": -6, "max": 0, "step": 1}, gdc2_db=-2),
            ffe=ll.Ffe(pre=6, post=8, floating_groups=2, floating_taps=4),
            dfe=ll.Dfe(taps=1, limit=math.inf),
        ),
    )
    assert isinstance(lane.medium, tuple)
    assert lane.medium[1] == ll.Network.read(file)
    assert lane.aggressors[0].channel is not file
    assert lane.transmitter.ffe[-1] == -0.2
    assert lane.receiver.noise_v2_per_hz == pytest.approx(7.5e-18, rel=1e-15)
    assert lane.receiver.ctle.gdc_db == ll.SettingRange(min=-6.0, max=0.0, step=1.0)
    assert lane.receiver.ctle.gdc2_db == -2.0
    assert lane.receiver.dfe.limit == math.inf
    twins = [
        ll.Lane.from_dict(lane.to_dict()),
        ll.Lane.from_json(lane.to_json()),
        ll.Lane.from_toml(lane.to_toml()),
        pickle.loads(pickle.dumps(lane)),
        copy.deepcopy(lane),
        lane.replace(),
    ]
    for twin in twins:
        assert twin == lane
        assert hash(twin) == hash(lane)
        assert twin.digest == lane.digest
    assert lane.replace(receiver=lane.receiver.replace(noise_v2_per_hz=0.0)) != lane


@pytest.mark.parametrize("make", [str, Path, ll.Network.read, lambda p: ll.Network.read(p).to_skrf()])
def test_every_channel_argument_becomes_the_network(file, network, make):
    assert ll.Lane(medium=[make(file)]).medium == (network,)
    assert ll.Lane(medium=make(file)).medium == (network,)


def test_a_network_in_memory_needs_a_file_for_toml_only(network, tmp_path):
    lane = ll.Lane(medium=[network])
    assert ll.Lane.from_json(lane.to_json()) == lane
    with pytest.raises(ll.ParameterError, match=r"medium\.0.*Network\.write"):
        lane.to_toml()
    path = tmp_path / "kept.s2p"
    network.write(path)
    kept = lane.replace(medium=[ll.Network.read(path)])
    assert kept == lane
    assert ll.Lane.from_toml(kept.to_toml()) == lane


def test_toml_names_files_relative_to_itself(file, network, tmp_path, monkeypatch):
    lane = ll.Lane(medium=[file])
    there = tmp_path / "lanes"
    there.mkdir()
    text = lane.to_toml(there / "lane.toml")
    assert 'file = "../thru.s2p"' in text
    assert f'digest = "{network.digest}"' in text
    monkeypatch.chdir("/")
    assert ll.Lane.from_toml(there / "lane.toml") == lane


def test_a_file_that_changed_is_refused(file, tmp_path):
    path = tmp_path / "lane.toml"
    ll.Lane(medium=[file]).to_toml(path)
    ll.Trace(length_m=0.2).network(FREQ).write(file)
    with pytest.raises(ll.ParameterError, match="written for"):
        ll.Lane.from_toml(path)


def test_toml_by_hand_takes_bare_file_names(file, network, tmp_path):
    path = tmp_path / "lane.toml"
    path.write_text('medium = ["thru.s2p"]\n[transmitter]\nffe = { -1 = -0.1 }\n')
    lane = ll.Lane.from_toml(path)
    assert lane.medium == (network,)
    assert lane.transmitter.ffe == {-1: -0.1}
    path.write_text('medium = ["none.s2p"]\n')
    with pytest.raises(FileNotFoundError):
        ll.Lane.from_toml(path)


def test_a_channel_may_have_a_name(file, network):
    lane = ll.Lane(medium=[ll.Channel(file, name="thru")])
    assert lane.medium[0].name == "thru"
    assert lane.medium[0].network == network
    assert ll.Lane.from_toml(lane.to_toml()) == lane
    assert ll.Lane.from_json(lane.to_json()) == lane
    assert pickle.loads(pickle.dumps(lane)) == lane
    with pytest.raises(TypeError, match="did you mean 'name'"):
        ll.Channel(file, nmae="thru")


def test_optics_in_the_order_of_the_light():
    optics = ll.Optics(
        path=[ll.Coupler(), ll.Fiber(length_m="2 km"), ll.Coupler()], laser={"power_w": "10 dBm"}
    )
    assert optics.path[1].length_m == 2000
    assert optics.laser.power_w == pytest.approx(0.01, rel=1e-15)
    lane = ll.Lane(medium=[ll.Trace(), optics, ll.Trace()])
    assert ll.Lane.from_toml(lane.to_toml()) == lane
    assert isinstance(lane.medium[1].modulator, ll.MachZehnder)


def test_errors_name_the_path(file):
    with pytest.raises(ll.ParameterError) as caught:
        ll.Lane(medium=[file, {"kind": "trace", "length_m": -1}])
    assert caught.value.name == "medium.1.length_m"
    with pytest.raises(ll.ParameterError, match='did you mean "trace"'):
        ll.Lane(medium=[{"kind": "trase"}])
    with pytest.raises(ll.ParameterError) as caught:
        ll.Transmitter(amplitude_v=-1)
    assert caught.value.name == "amplitude_v"
    with pytest.raises(ll.ParameterError) as caught:
        ll.Lane(transmitter={"jitter": {"rj_ui": 2}})
    assert caught.value.name == "transmitter.jitter.rj_ui"
    with pytest.raises(
        ValueError, match=r'line 3: receiver\.ffe\.psot = 4: must be a known key, did you mean "post"'
    ):
        ll.Lane.from_toml("[receiver]\n[receiver.ffe]\npsot = 4\n")
    with pytest.raises(ll.ParameterError, match="medium"):
        ll.Lane(medium=[object()])
    with pytest.raises(ll.ParameterError, match="a list"):
        ll.Transmitter(levels=1.0)
    with pytest.raises(ll.ParameterError):
        ll.Transmitter(ffe={"x": 0.1})


@given(
    ffe=st.none() | st.dictionaries(st.integers(-4, 4).filter(bool), st.floats(-0.1, 0.1), max_size=5),
    gain=st.sampled_from(["auto"]) | st.floats(-20, 0),
    limit=st.floats(0.01, 2) | st.just(math.inf),
    phase=st.sampled_from(["uniform", "worst"]) | st.floats(-1, 1),
    lengths=st.lists(st.floats(0, 1), max_size=3),
)
def test_any_lane_round_trips_exactly(ffe, gain, limit, phase, lengths):
    lane = ll.Lane(
        transmitter=ll.Transmitter(ffe=ffe),
        receiver=ll.Receiver(ctle=ll.Ctle(gdc_db=gain), dfe=ll.Dfe(limit=limit)),
        crosstalk_phase=phase,
        medium=[ll.Trace(length_m=x) for x in lengths],
    )
    assert ll.Lane.from_toml(lane.to_toml()) == lane
    assert ll.Lane.from_json(lane.to_json()) == lane
    assert ll.Lane.from_dict(json.loads(json.dumps(lane.to_dict()))) == lane
    assert pickle.loads(pickle.dumps(lane)) == lane
    assert hash(ll.Lane.from_dict(lane.to_dict())) == hash(lane)
