"""Results do not change, and show themselves as datasets and cards."""

from __future__ import annotations

import numpy as np
import pytest

import lightlane as ll


@pytest.fixture(scope="module")
def report():
    lane = ll.Lane(
        name="short",
        transmitter=ll.Transmitter(amplitude_v=0.5),
        medium=[ll.Trace(length_m=0.02)],
        receiver=ll.Receiver(noise_v2_per_hz=1e-14, ffe=ll.Ffe(pre=2, post=3), dfe=ll.Dfe(taps=1)),
    )
    return lane.analyze()


@pytest.fixture(scope="module")
def run(report):
    return report.lane.simulate(200_000, seed=5)


def parts(result):
    """The result and every result inside it."""
    yield result
    names = (
        "channel_response",
        "pulse_response",
        "equalized_pulse",
        "equalizer",
        "energy_j_per_bit",
        "eye",
        "bathtub",
    )
    yield from (getattr(result, name) for name in names if hasattr(result, name))


def names_of(result):
    own = getattr(result, "__dict__", None) or result.__dataclass_fields__
    properties = [n for c in type(result).__mro__ for n, v in vars(c).items() if isinstance(v, property)]
    return [n for n in (*own, *properties) if not n.startswith("_") and n != "plot"]


def test_no_attribute_of_a_result_can_be_set(report, run) -> None:
    assert report.eye.density.size > 0
    comparison = ll.compare(a=report.lane, b=report.lane)
    for result in (*parts(report), run, comparison, comparison.same_serdes[0]):
        for name in names_of(result):
            before = getattr(result, name)
            # Of a property of a class with slots, Python's own dataclass says TypeError.
            with pytest.raises((AttributeError, TypeError)):
                setattr(result, name, 3)
            with pytest.raises((AttributeError, TypeError)):
                delattr(result, name)
            assert type(getattr(result, name)) is type(before)
        # A slip must not pass for a new attribute either.
        with pytest.raises((AttributeError, TypeError)):
            result.bre = 3


def test_no_array_of_a_result_can_be_written(report, run) -> None:
    found = 0
    for result in (*parts(report), run):
        for name in names_of(result):
            value = getattr(result, name)
            if isinstance(value, np.ndarray):
                found += 1
                assert not value.flags.writeable, f"{type(result).__name__}.{name}"
    # 3 levels, 3 of the channel, 3 of either pulse, 2 of the equalizer, 5 of the eye, 4 of the bathtub, 2 of the run.
    assert found == 25
    assert not report.eye.height_v(1e-6).flags.writeable
    for mapping in (report.noise_budget, *report.assumptions, *report.stages):
        with pytest.raises(TypeError):
            mapping["x"] = 1


def test_a_run_as_a_dataset(report, run) -> None:
    data = run.to_xarray()
    assert int((data["burst_lengths"] * data["burst_length"]).sum()) == run.n_symbol_errors
    assert int(data["codeword_errors"].sum()) == run.codeword_errors.sum()
    assert data.attrs["seed"] == 5
    assert data.attrs["config_hash"] == report.lane.digest
    assert data.attrs["version"] == ll.__version__
    assert data.attrs["ber"] == run.ber
    assert all(variable.attrs["units"] == "1" for variable in data.data_vars.values())


def test_cards(report, run) -> None:
    assert f"{run.n_bit_errors:,} of 400,000" in run._repr_html_()
    lane = ll.Lane(name="<mine>", medium=[ll.Trace(name="host")], receiver=ll.Receiver(ffe=ll.Ffe()))
    card = lane._repr_html_()
    assert all(part in card for part in ("&lt;mine&gt;", "106.25 GBd pam4", "Trace host", "FFE", "kp4"))
    four_port = ll.Synthetic().network(np.linspace(0, 60e9, 241))
    card = four_port._repr_html_()
    assert all(part in card for part in ("241 from 0 to 60 GHz", "50 ohm", "on the left"))
    assert "pJ/bit, " in report._repr_html_()


def test_figures_that_are_not_defined_say_so() -> None:
    # Without noise there is no ratio to it.
    card = ll.Lane().analyze()._repr_html_()
    assert "nan" not in card
    assert "-0.0 dB" not in card
    assert "not defined" in card
