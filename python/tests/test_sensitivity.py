"""Sensitivity, power penalties and the optical budget."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest

import lightlane as ll
from lightlane._cli import main


def lane(loss_db=1.0, rin_per_hz=10**-14.5, **changes):
    """PAM4 at 106.25 GBd through a Mach-Zehnder behind nothing, equalized."""
    optics = ll.Optics(
        laser=ll.Laser(power_w=20e-3, rin_per_hz=rin_per_hz),
        path=[ll.Coupler(excess_loss_db=loss_db), ll.Fiber(length_m=500.0, dispersion_zero_m=1324e-9)],
    )
    receiver = ll.Receiver(ffe=ll.Ffe(pre=4, post=8))
    transmitter = ll.Transmitter(amplitude_v=0.4, snr_db=33.0)
    return ll.Lane(medium=[optics], transmitter=transmitter, receiver=receiver, ber_limit=2.4e-4).replace(
        **changes
    )


@pytest.fixture(scope="module")
def found() -> ll.Sensitivity:
    return lane().sensitivity()


def test_the_lane_meets_its_limit_at_the_sensitivity(found) -> None:
    assert found.ber_limit == 2.4e-4
    assert found.oma_dbm == pytest.approx(10.0 * math.log10(found.oma_w / 1e-3))
    there = lane(loss_db=1.0 + found.attenuation_db).analyze()
    assert there.ber == pytest.approx(2.4e-4, rel=2e-3)
    # What the budget of that lane says at its end.
    assert there.stages[-1]["oma_w"] == pytest.approx(found.oma_w, rel=1e-9)
    assert there.stages[-1]["power_w"] == pytest.approx(found.power_w, rel=1e-9)


def test_the_curve_falls_with_light(found) -> None:
    order = np.argsort(found.curve_oma_w)
    assert len(order) == 15
    assert (np.diff(found.curve_ber[order]) < 0.0).all()
    assert found.curve_ber.min() < found.ber_limit < found.curve_ber.max()
    # The lane as it is stands on it.
    here = lane().sensitivity(attenuation_db=[0.0])
    assert here.curve_ber.tolist() == [lane().analyze().ber]


def test_a_decibel_of_loss_takes_a_decibel_of_what_is_left(found) -> None:
    lossier = lane(loss_db=2.0).sensitivity(attenuation_db=[0.0])
    # Both are found to 1e-3 dB.
    assert found.attenuation_db - lossier.attenuation_db == pytest.approx(1.0, abs=3e-3)
    assert lossier.oma_dbm == pytest.approx(found.oma_dbm, abs=3e-3)


def test_a_looser_limit_needs_less_light(found) -> None:
    looser = lane().sensitivity(ber_limit=2e-3, attenuation_db=0.0)
    assert looser.oma_w < found.oma_w
    assert looser.ber_limit == 2e-3
    assert "sensitivity" in looser._repr_html_()


def test_threads_do_not_matter(found) -> None:
    one = lane().sensitivity(threads=1)
    assert (one.oma_w, one.curve_ber.tolist()) == (found.oma_w, found.curve_ber.tolist())


def test_it_can_be_shown(found) -> None:
    ax = found.plot()
    assert "dBm" in ax.get_xlabel()
    assert any("sensitivity" in text.get_text() for text in ax.get_legend().get_texts())
    data = found.to_xarray()
    assert data["oma_w"].attrs["units"] == "W"
    assert data.attrs["sensitivity_oma_w"] == found.oma_w
    with pytest.raises(AttributeError):
        found.oma_w = 0.0


@pytest.fixture(scope="module")
def penalties() -> ll.PowerPenalties:
    misaligned = ll.Coupler(offset_x_m=1e-6, excess_loss_db=1.0)
    optics = lane().medium[0]
    return lane(medium=[optics.replace(path=[misaligned, *optics.path[1:]])]).power_penalties()


def test_penalties_are_not_negative_and_the_dearest_comes_first(penalties) -> None:
    names = [p.cause for p in penalties]
    assert set(names) == {"dispersion", "rin", "misalignment", "driver noise", "transmitter noise"}
    launched = [p.launched_db for p in penalties]
    assert launched == sorted(launched, reverse=True)
    # Limits are found to 1e-3 dB.
    assert min(launched) > -3e-3
    assert penalties["rin"].received_db == pytest.approx(penalties["rin"].launched_db, abs=3e-3)
    loss_db = ll.optics.coupling_loss_db(9.2e-6, offset_m=1e-6)
    assert penalties["misalignment"].launched_db == pytest.approx(loss_db, abs=3e-3)
    assert penalties["misalignment"].received_db == pytest.approx(0.0, abs=3e-3)
    with pytest.raises(KeyError, match="known are"):
        penalties["crosstalk"]


def test_penalties_are_found_by_name(penalties) -> None:
    assert "rin" in penalties
    assert penalties["rin"] in penalties
    assert "crosstalk" not in penalties
    assert penalties.keys() == tuple(p.cause for p in penalties)
    assert dict(penalties) == {p.cause: p for p in penalties}


def test_penalties_can_be_shown(penalties) -> None:
    ax = penalties.plot()
    assert [t.get_text() for t in ax.get_yticklabels()][-1] == penalties.penalties[0].cause
    assert penalties.to_xarray()["received_db"].attrs["units"] == "dB"
    assert "launched" in penalties._repr_html_()


def test_a_floor_has_no_sensitivity_and_an_infinite_penalty() -> None:
    floor = lane(rin_per_hz=1e-12)
    found = floor.sensitivity(attenuation_db=[0.0])
    assert (found.oma_w, found.attenuation_db) == (math.inf, -math.inf)
    assert floor.power_penalties(["rin"])["rin"].received_db == math.inf
    # What does not help has no penalty, and that is said.
    other = floor.power_penalties(["dispersion"])
    assert len(other) == 0
    assert any("not defined" in w for w in other.warnings)


def test_what_cannot_be_asked_is_refused() -> None:
    with pytest.raises(ll.ParameterError, match="Optics"):
        ll.Lane().sensitivity()
    with pytest.raises(ll.ParameterError, match=r"'rim'|\"rim\""):
        lane().power_penalties(["rim"])
    with pytest.raises(ll.ParameterError, match="crosstalk"):
        lane().power_penalties(["crosstalk"])
    with pytest.raises(TypeError, match="iterable"):
        lane().power_penalties("rin")
    for bad in (
        {"ber_limit": 0.7},
        {"ber_limit": "much"},
        {"attenuation_db": [90.0]},
        {"attenuation_db": [math.nan]},
    ):
        with pytest.raises(ll.ParameterError):
            lane().sensitivity(**bad)


def test_the_budget_is_a_table_of_what_the_simulation_uses() -> None:
    report = lane().analyze()
    stages = report.stages
    assert isinstance(stages, tuple)
    assert [s["name"] for s in stages][:3] == ["laser", "split and feed", "modulator"]
    for before, after in itertools.pairwise(stages):
        assert after["power_w"] == pytest.approx(
            before["power_w"] * 10 ** (-0.1 * after["loss_db"]), rel=1e-12
        )
    lines = str(stages).splitlines()
    assert len(lines) == len(stages) + 1
    assert "OMA, dBm" in lines[0]
    assert lines[1].split()[:2] == ["laser", "0.00"]
    assert stages._repr_html_().count("<tr>") == len(lines)
    assert "light at the photodiode" in report._repr_html_()
    data = stages.to_xarray()
    assert data["loss_db"].attrs["units"] == "dB"
    assert (data.attrs["config_hash"], data.attrs["version"]) == (lane().digest, ll.__version__)
    with pytest.raises(AttributeError):
        stages.anything = 1
    assert "dBm" in stages.plot().get_ylabel()
    assert ll.Lane().analyze().stages == ()


def test_the_command_tells_sensitivity_penalties_and_budget(tmp_path, capsys) -> None:
    path = tmp_path / "lane.toml"
    path.write_text(lane().to_toml())
    picture = tmp_path / "curve.png"
    assert main(["sensitivity", str(path), "--json", "--plot", str(picture)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["oma_dbm"] == pytest.approx(lane().sensitivity(attenuation_db=[0.0]).oma_dbm)
    assert len(told["curve"]["ber"]) == 15
    assert picture.stat().st_size > 10_000
    assert main(["sensitivity", str(path), "--penalties"]) == 0
    out = capsys.readouterr().out
    assert "penalty      rin" in out
    assert "of light left" in out
    assert main(["run", str(path)]) in (0, 1)
    assert "OMA, dBm" in capsys.readouterr().out
    assert main(["sensitivity", "copper-c2m"]) == 2
    assert "Optics" in capsys.readouterr().err
