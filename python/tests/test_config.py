from __future__ import annotations

import copy
import dataclasses
import inspect
import json
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lightlane as ll
from lightlane._mapping import FrozenMap
from lightlane._spec import CLASSES

#: What a class cannot be built without.
REQUIRED = {
    "Aggressor": {"channel": {"kind": "synthetic"}},
    "SettingRange": {"min": -2.0, "max": 0.0, "step": 1.0},
}

GENERATED = sorted((c for n, c in CLASSES.items() if n != "Channel"), key=lambda c: c.__name__)


def plain(value):
    """Every leaf of plain data."""
    if isinstance(value, dict):
        return [leaf for v in value.values() for leaf in plain(v)]
    if isinstance(value, list):
        return [leaf for v in value for leaf in plain(v)]
    return [value]


def build(cls):
    return cls(**REQUIRED.get(cls.__name__, {}))


@pytest.mark.parametrize("cls", GENERATED, ids=lambda c: c.__name__)
class TestEveryClass:
    def test_is_public_and_documents_each_field(self, cls):
        assert getattr(ll, cls.__name__) is cls
        documented = {line.split(" : ")[0].strip() for line in cls.__doc__.splitlines() if " : " in line}
        assert documented == {f.name for f in dataclasses.fields(cls)}

    def test_defaults_build_and_round_trip(self, cls):
        made = build(cls)
        assert cls.from_dict(made.to_dict()) == made
        assert cls.from_json(made.to_json()) == made
        assert cls.from_toml(made.to_toml()) == made
        assert made.digest == build(cls).digest

    def test_copies_are_equal(self, cls):
        made = build(cls)
        for twin in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made)), made.replace()):
            assert twin == made
            assert hash(twin) == hash(made)

    def test_is_frozen_and_slotted(self, cls):
        made = build(cls)
        name = dataclasses.fields(cls)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(made, name, None)
        assert not hasattr(made, "__dict__")

    def test_signature_shows_the_fields(self, cls):
        assert list(inspect.signature(cls).parameters) == [f.name for f in dataclasses.fields(cls)]

    def test_unknown_keyword_names_the_nearest(self, cls):
        name = max((f.name for f in dataclasses.fields(cls)), key=len)
        # At its end: Jitter's dcd_ui with its first letters swapped is nearer to dd_ui.
        slip = name[:-2] + name[-1] + name[-2]
        with pytest.raises(TypeError, match=f"did you mean '{name}'"):
            cls(**{slip: 1})
        with pytest.raises(TypeError, match=f"did you mean '{name}'"):
            build(cls).replace(**{slip: 1})

    def test_unknown_key_of_a_file_names_line_and_nearest(self, cls):
        name = max((f.name for f in dataclasses.fields(cls)), key=len)
        # At its end: Jitter's dcd_ui with its first letters swapped is nearer to dd_ui.
        slip = name[:-2] + name[-1] + name[-2]
        with pytest.raises(
            ValueError, match=f'line 2: {slip} = 1: must be a known key, did you mean "{name}"'
        ):
            cls.from_toml(f"# a comment\n{slip} = 1\n")


def test_texts_with_units_become_numbers():
    trace = ll.Trace(length_m="150 mm", reference_freq_hz="14 GHz", conductivity_s_per_m="58 MS/m")
    assert (trace.length_m, trace.reference_freq_hz, trace.conductivity_s_per_m) == (0.15, 14e9, 58e6)
    assert ll.Trace.from_toml('length_m = "150 mm"').length_m == 0.15
    with pytest.raises(ll.ParameterError, match="unit that converts to m") as caught:
        ll.Trace(length_m="150 GHz")
    assert caught.value.name == "length_m"
    assert caught.value.value == '"150 GHz"'


@pytest.mark.parametrize("number", [np.float64(0.25), np.float32(0.25), np.array(0.25), 0.25])
def test_numpy_numbers_become_floats(number):
    assert type(ll.Trace(length_m=number).length_m) is float


def test_sequences_become_tuples():
    package = ll.Package(die_capacitance_f=np.array([1e-13, 1e-13]), die_inductance_h=["130 pH", 1e-10])
    assert package.die_capacitance_f == (1e-13, 1e-13)
    assert package.die_inductance_h == (130e-12, 1e-10)


def test_mappings_become_objects():
    package = ll.Package(lines=[{"length_m": "12 mm"}, ll.PackageLine(z0_ohm=90)])
    assert package.lines == (ll.PackageLine(length_m=0.012), ll.PackageLine(z0_ohm=90.0))


def test_errors_carry_path_value_and_requirement():
    with pytest.raises(ll.ParameterError) as caught:
        ll.Package(lines=[ll.PackageLine(), {"length_m": -1}])
    error = caught.value
    assert (error.name, error.value) == ("lines.1.length_m", -1)
    assert "between" in error.requirement
    assert str(error) == f"lines.1.length_m = -1: must be {error.requirement}"
    assert pickle.loads(pickle.dumps(error)).name == error.name


@pytest.mark.parametrize("bad", [math.nan, math.inf, "nan", True, [1.0], {}, object(), 1 + 2j, b"1"])
def test_what_is_no_finite_number_is_refused(bad):
    with pytest.raises(ll.ParameterError):
        ll.Trace(length_m=bad)


def test_a_word_that_is_unknown_names_the_nearest():
    with pytest.raises(ll.ParameterError, match='did you mean "edge"'):
        ll.Jitter(model="edg")


def test_nested_json_is_refused_by_its_path():
    with pytest.raises(ValueError, match=r'key of lines\.0 = "lenght_m": unknown, did you mean "length_m"'):
        ll.Package.from_json('{"lines": [{"lenght_m": 1}]}')
    with pytest.raises(ValueError, match="valid JSON"):
        ll.Package.from_json("{")
    with pytest.raises(ValueError, match="a table"):
        ll.Package.from_json("[]")


def test_toml_files(tmp_path):
    trace = ll.Trace(length_m=0.2, name="host")
    path = tmp_path / "trace.toml"
    text = trace.to_toml(path)
    assert ll.Trace.from_toml(path) == ll.Trace.from_toml(str(path)) == ll.Trace.from_toml(text) == trace


def test_repr_shows_what_differs_from_the_defaults():
    assert repr(ll.Trace(length_m=0.2)) == "Trace(length_m=0.2)"


def test_digest_tells_configurations_apart():
    assert ll.Trace().digest != ll.Trace(length_m=0.2).digest


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(
    length_m=st.floats(0, 1),
    df=st.floats(0, 0.1),
    name=st.none() | st.text(max_size=12),
    skew_s=st.floats(-1e-12, 1e-12),
)
def test_any_trace_round_trips_exactly(length_m, df, name, skew_s):
    trace = ll.Trace(length_m=length_m, df=df, name=name, skew_s=skew_s)
    for twin in (
        ll.Trace.from_toml(trace.to_toml()),
        ll.Trace.from_json(trace.to_json()),
        ll.Trace.from_dict(trace.to_dict()),
        pickle.loads(pickle.dumps(trace)),
    ):
        assert twin == trace
        assert [math.copysign(1, x) for x in plain(twin.to_dict()) if isinstance(x, float)] == [
            math.copysign(1, x) for x in plain(trace.to_dict()) if isinstance(x, float)
        ]


json_like = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | finite | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([f.name for f in dataclasses.fields(ll.Package)]), json_like))
def test_any_data_is_accepted_or_refused_as_a_value_error(data):
    try:
        made = ll.Package.from_dict(data)
    except ValueError:
        return
    assert ll.Package.from_json(json.dumps(made.to_dict())) == made


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_as_a_value_error(text):
    try:
        ll.Jitter.from_toml(text + "\n")
    except ValueError:
        return


@given(st.dictionaries(st.integers(-9, 9), finite, max_size=5))
def test_frozen_maps_are_values(items):
    frozen = FrozenMap(items)
    assert frozen == items
    assert hash(frozen) == hash(FrozenMap(dict(reversed(items.items()))))
    assert pickle.loads(pickle.dumps(frozen)) == frozen
    with pytest.raises(TypeError):
        frozen[0] = 1.0
    with pytest.raises(AttributeError):
        frozen.x = 1
